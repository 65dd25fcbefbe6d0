// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Why a verb was refused. The names are those of the reference model in node/core/src/model/refusal.rs; what only exists
// on Base stands at the end.

/// The network has not begun yet.
error BeforeGenesis();
/// Deposits are paused.
error Paused();
/// Only the governor may do this.
error NotGovernor();
/// The role was not offered to this account.
error NotOffered();
/// Only the guardian may do this.
error NotGuardian();
/// The owner has an operator on this chain already.
error AlreadyRegistered();
/// The owner has no operator on this chain.
error NotRegistered();
/// The operator is jailed.
error Jailed();
/// The operator is not jailed.
error NotJailed();
/// The jail is not over yet.
error StillJailed();
/// The nonce of a link must be above the one before.
error StaleNonce();
/// This signer has served an operator of this chain before.
error SignerTaken();
/// Less than the smallest stake.
error BelowMinStake();
/// Less than the smallest deposit.
error BelowMinDeposit();
/// Nothing would be moved.
error ZeroAmount();
/// More than the active stake.
error InsufficientStake();
/// The queue is full: withdraw or restake first.
error QueueFull();
/// No queue entry has this ticket.
error NoSuchEntry();
/// No queue entry has matured.
error NothingMatured();
/// An amount left the range of 0 to 2^128 - 1.
error Overflow();
/// A parameter lies outside its bounds.
error OutOfBounds();
/// The unstaking period is shorter than evidence lives, or the delay longer than half a cycle.
error UnsoundPeriods();
/// Nothing is proposed.
error NothingProposed();
/// The notice of the proposal is not over yet.
error NoticeRunning();
/// A fraction above 10,000 ten-thousandths.
error Bps(uint16 bps);
/// A cycle must last at least two seconds.
error CycleTooShort(uint64 length);

// Rewards.

/// Votes for a cycle are taken in the first half of the next.
error OutsideVoting();
/// A root for this cycle or a later one was posted before.
error CycleClosed();
/// A total never falls.
error TotalFell();
/// A total grows by at most so much per cycle.
error TotalTooHigh();
/// A total never exceeds what was funded.
error Unfunded();
/// No root is pending.
error NothingPending();
/// The guardian has no veto left until a root activates.
error VetoesSpent();
/// No root is active.
error NoRoot();
/// The proof does not lead to the active root.
error BadProof();
/// The claim exceeds what the active root pays in total.
error AboveTotal();
/// This address was not proposed as recipient.
error NotRecipient();

// Links and signatures.

/// The signer of a link is not zero.
error ZeroSigner();
/// The link was signed by another than the signer it names.
error WrongSigner(address signedBy);
/// v is neither 27 nor 28.
error BadV();
/// r or s is zero or not below the group order.
error BadScalar();
/// s is in the upper half of the group order.
error HighS();
/// No public key can have made this signature.
error Unrecoverable();

// Evidence.

/// The bytes are not as many as the encoding has.
error Length(uint256 got);
/// Not a kind of statement.
error UnknownKind(uint8 kind);
/// A vote or proposal has slot 0.
error SlotNotZero();
/// The statements are by different signers.
error DifferentSigners();
/// The statements do not contradict each other.
error NoConflict();
/// Nobody ever had this signer.
error UnknownSigner();
/// A statement lies outside its signer's interval.
error OutsideTenure();
/// A statement is older than evidence may be.
error TooOld();

// Networks.

/// A network's name has 1 to 32 bytes.
error NameLength(uint256 got);
/// A network's name is made of a-z, 0-9 and `-`.
error NameCharacter();
/// A chain is described by half: give all of its fields or none.
error HalfAbsent();
/// A network needs at least one chain.
error NoChain();

// Only on Base.

/// The token moved another amount than it was asked to: it takes a fee, or its balances move by themselves.
error InexactTransfer(uint256 asked, uint256 received);
/// The token does not wrap the chain's own coin, or failed to.
error NotWrapped();
/// The caller cannot be sent the chain's own coin.
error NotPayable();
/// Nobody could ever bring a governor back; ownership passes in two steps or not at all.
error NotRenounceable();
