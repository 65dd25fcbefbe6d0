//! Why a verb was refused. The names are those of the reference model in `node/core/src/model/refusal.rs`; what only exists
//! on Solana stands at the end.

use anchor_lang::prelude::*;

#[error_code]
#[derive(PartialEq, Eq)]
pub enum Refusal {
    #[msg("the network has not begun yet")]
    BeforeGenesis,
    #[msg("deposits are paused")]
    Paused,
    #[msg("only the governor may do this")]
    NotGovernor,
    #[msg("the role was not offered to this account")]
    NotOffered,
    #[msg("only the guardian may do this")]
    NotGuardian,
    #[msg("the owner has an operator on this chain already")]
    AlreadyRegistered,
    #[msg("the owner has no operator on this chain")]
    NotRegistered,
    #[msg("the operator is jailed")]
    Jailed,
    #[msg("the operator is not jailed")]
    NotJailed,
    #[msg("the jail is not over yet")]
    StillJailed,
    #[msg("the nonce of a link must be above the one before")]
    StaleNonce,
    #[msg("this signer has served an operator of this chain before")]
    SignerTaken,
    #[msg("less than the smallest stake")]
    BelowMinStake,
    #[msg("less than the smallest deposit")]
    BelowMinDeposit,
    #[msg("nothing would be moved")]
    ZeroAmount,
    #[msg("more than the active stake")]
    InsufficientStake,
    #[msg("the queue is full: withdraw or restake first")]
    QueueFull,
    #[msg("no queue entry has this ticket")]
    NoSuchEntry,
    #[msg("no queue entry has matured")]
    NothingMatured,
    #[msg("an amount left the range of 0 to 2^128 - 1")]
    Overflow,
    #[msg("a parameter lies outside its bounds")]
    OutOfBounds,
    #[msg("the unstaking period is shorter than evidence lives, or the delay longer than half a cycle")]
    UnsoundPeriods,
    #[msg("nothing is proposed")]
    NothingProposed,
    #[msg("the notice of the proposal is not over yet")]
    NoticeRunning,
    #[msg("a fraction above 10,000 ten-thousandths")]
    Bps,
    #[msg("a cycle must last at least two seconds")]
    CycleTooShort,

    #[msg("votes for a cycle are taken in the first half of the next")]
    OutsideVoting,
    #[msg("a root for this cycle or a later one was posted before")]
    CycleClosed,
    #[msg("a total never falls")]
    TotalFell,
    #[msg("a total grows by at most so much per cycle")]
    TotalTooHigh,
    #[msg("a total never exceeds what was funded")]
    Unfunded,
    #[msg("no root is pending")]
    NothingPending,
    #[msg("the guardian has no veto left until a root activates")]
    VetoesSpent,
    #[msg("no root is active")]
    NoRoot,
    #[msg("the proof does not lead to the active root")]
    BadProof,
    #[msg("the claim exceeds what the active root pays in total")]
    AboveTotal,
    #[msg("this address was not proposed as recipient")]
    NotRecipient,

    #[msg("the signer of a link is not zero")]
    ZeroSigner,
    #[msg("the link was signed by another than the signer it names")]
    WrongSigner,
    #[msg("v is neither 27 nor 28")]
    BadV,
    #[msg("r or s is zero or not below the group order")]
    BadScalar,
    #[msg("s is in the upper half of the group order")]
    HighS,
    #[msg("no public key can have made this signature")]
    Unrecoverable,

    #[msg("the bytes are not as many as the encoding has")]
    Length,
    #[msg("not a kind of statement")]
    UnknownKind,
    #[msg("a vote or proposal has slot 0")]
    SlotNotZero,
    #[msg("the statements are by different signers")]
    DifferentSigners,
    #[msg("the statements do not contradict each other")]
    NoConflict,
    #[msg("nobody ever had this signer")]
    UnknownSigner,
    #[msg("a statement lies outside its signer's interval")]
    OutsideTenure,
    #[msg("a statement is older than evidence may be")]
    TooOld,

    #[msg("a network's name has 1 to 32 bytes")]
    NameLength,
    #[msg("a network's name is made of a-z, 0-9 and `-`")]
    NameCharacter,
    #[msg("a chain is described by half: give all of its fields or none")]
    HalfAbsent,
    #[msg("a network needs at least one chain")]
    NoChain,

    // Only on Solana.
    #[msg("an account is not the one that this verb needs")]
    ForeignAccount,
    #[msg("the token account does not belong to whom is paid")]
    ForeignTokens,
    #[msg("an account has a layout that this program does not know")]
    UnknownVersion,
    #[msg("the mint has an extension that could move, freeze or shrink what is held")]
    UnsoundMint,
    #[msg("only the program's upgrade authority may initialise it")]
    NotDeployer,
    #[msg("a network needs a governor")]
    NoGovernor,
    #[msg("votes for this cycle are still counted")]
    VotesOpen,
    #[msg("the token program moved another amount than it was asked to")]
    InexactTransfer,
}
