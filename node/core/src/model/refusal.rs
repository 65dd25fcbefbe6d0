//! Why a verb was refused. Solidity's errors and the program's error codes have the same names.

use crate::amount::Overflow;
use crate::link::SignerFault;
use crate::offence::Acquittal;
use crate::secp256k1::SignatureFault;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the network has not begun yet")]
    BeforeGenesis,
    #[error("deposits are paused")]
    Paused,
    #[error("only the governor may do this")]
    NotGovernor,
    #[error("only the guardian may do this")]
    NotGuardian,
    #[error("the role was not offered to this account")]
    NotOffered,
    #[error("the owner has an operator on this chain already")]
    AlreadyRegistered,
    #[error("the owner has no operator on this chain")]
    NotRegistered,
    #[error("the operator is jailed")]
    Jailed,
    #[error("the operator is not jailed")]
    NotJailed,
    #[error("the jail is not over yet")]
    StillJailed,
    #[error("the nonce of a link must be above the one before")]
    StaleNonce,
    #[error("this signer has served an operator of this chain before")]
    SignerTaken,
    #[error(transparent)]
    Signer(#[from] SignerFault),
    #[error(transparent)]
    Signature(#[from] SignatureFault),
    #[error("the evidence convicts nobody: {0}")]
    Evidence(#[from] Acquittal),
    #[error("less than the smallest stake")]
    BelowMinStake,
    #[error("less than the smallest deposit")]
    BelowMinDeposit,
    #[error("nothing would be moved")]
    ZeroAmount,
    #[error("more than the active stake")]
    InsufficientStake,
    #[error("the queue is full: withdraw or restake first")]
    QueueFull,
    #[error("no queue entry has this ticket")]
    NoSuchEntry,
    #[error("no queue entry has matured")]
    NothingMatured,
    #[error("amount left the range of 0 to 2^128 - 1")]
    Overflow,
    #[error("a parameter lies outside its bounds")]
    OutOfBounds,
    #[error("the unstaking period is shorter than evidence lives, or the delay longer than half a cycle")]
    UnsoundPeriods,
    #[error("nothing is proposed")]
    NothingProposed,
    #[error("the notice of the proposal is not over yet")]
    NoticeRunning,
    #[error("votes for a cycle are taken in the first half of the next")]
    OutsideVoting,
    #[error("a root for this cycle or a later one was posted before")]
    CycleClosed,
    #[error("a total never falls")]
    TotalFell,
    #[error("a total grows by at most so much per cycle")]
    TotalTooHigh,
    #[error("a total never exceeds what was funded")]
    Unfunded,
    #[error("nobody ever had this signer")]
    UnknownSigner,
    #[error("the cycle lies outside the signer's interval")]
    OutsideTenure,
    #[error("no root is pending")]
    NothingPending,
    #[error("the guardian has no veto left until a root activates")]
    VetoesSpent,
    #[error("no root is active")]
    NoRoot,
    #[error("the proof does not lead to the active root")]
    BadProof,
    #[error("the claim exceeds what the active root pays in total")]
    AboveTotal,
    #[error("this address was not proposed as recipient")]
    NotRecipient,
}

impl From<Overflow> for Refusal {
    fn from(_: Overflow) -> Self {
        Self::Overflow
    }
}
