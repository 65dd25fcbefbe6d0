//! What becomes of a transaction that somebody asked for: the rules of the outbox, without the chain and without the disk.
//!
//! An *intent* is one call that is to happen once. Every transaction that is signed for it is an *attempt*, and all of them
//! share one [`Pin`]: the chain takes at most one transaction of an account with a nonce, so of all that was ever signed for
//! an intent at most one happens, however often, by whom and in which order it is sent. A cancellation is an attempt too:
//! the same pin and nothing to do. On Solana the pin is a blockhash, and there is one attempt: see [`FinalView`] for when
//! that one can never happen any more.
//!
//! Nothing is over before a quorum says so about a final block. Until then a reorganisation may take back whatever was
//! seen, and the same bytes go out again. What an endpoint answers when it is given a transaction decides nothing at all,
//! it only says where to look: see [`Answer`].
//!
//! What was once seen in a block is believed for as long as the chain has that block, and nothing else takes it back: nodes
//! forget old receipts, and one that forgot looks like one that never had it. For the same reason a missing receipt tells
//! something only for a while, see [`Trail::absence_tells`].
//!
//! [`Stage::after`] is the whole of it: a stage, an [`Observation`], the next stage and the next [`Step`]. How fees rise is
//! in [`Fees`], when to stop after failures in [`may_sign`].

use std::fmt;

use crate::cycle::Height;
use crate::hash::Hash;

mod budget;
mod expiry;
mod fees;
mod name;
mod told;
mod trail;

pub use budget::{FAILURES_CAP, TooManyFailures, may_sign};
pub use expiry::{FinalView, Stretch};
pub use fees::{Fees, RAISED_AT_MOST, Wei};
pub use name::TransactionName;
pub use told::StageOn;
pub use trail::{ATTEMPTS_CAP, REMEMBERED_BLOCKS, Trail};

/// The number of an intent, counted from 1 in every database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentId(pub u64);

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What lets at most one of an intent's attempts happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// Base: the account's nonce.
    Nonce(u64),
    /// Solana: the blockhash, and the height that endpoints call its last valid one: one more block takes it.
    Blockhash { blockhash: Hash, last_valid: Height },
}

/// What an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To do what was asked for.
    Call,
    /// To use the pin up, so that nothing is done.
    Cancel,
}

/// A block. On Solana its height is the slot, of which a chain has one block at most, and the hash is zero: no endpoint
/// tells it beside a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub height: Height,
    pub hash: Hash,
}

impl Place {
    /// The block in this slot of Solana.
    #[must_use]
    pub const fn slot(slot: Height) -> Self {
        Self { height: slot, hash: Hash([0; 32]) }
    }
}

/// An attempt in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// Which one, counted from 1.
    pub attempt: u32,
    pub purpose: Purpose,
    pub place: Place,
    /// False if the chain undid it and took the fee.
    pub succeeded: bool,
}

/// How far an intent has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It was written down and nothing was signed: nothing can have happened.
    Intended,
    /// Bytes were signed and stored. They may have been sent, they may be in a block.
    Signed(Trail),
    /// One attempt is in a block that may still be reorganised away.
    Included(Trail, Inclusion),
    /// As of this block the pin is used up, and by none of the attempts. That too may be reorganised away.
    Spent(Trail, Place),
    Settled(Outcome),
}

/// How an intent ended. Nothing changes it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened.
    Done(Inclusion),
    /// It was undone by the chain; only the fee is gone.
    Failed(Inclusion),
    /// The cancellation happened in its place.
    Cancelled(Inclusion),
    /// Base: the nonce was used by a transaction that is none of ours.
    Overtaken(Place),
    /// Solana: the blockhash is too old to be taken, and the chain has not seen the signature.
    Expired(Place),
    NotSent(Unsent),
}

/// Why nothing was ever signed for an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// Its process ended first.
    Interrupted,
    /// The trial of the call, or what has to be known to sign it, failed.
    Refused,
    /// A call that was to happen before it did not.
    NotItsTurn,
    /// Somebody called it off.
    CalledOff,
}

/// What an endpoint says to a transaction that it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Taken,
    /// "already known".
    Known,
    /// "nonce too low": something with this pin is in a block. It may be ours.
    PinSpent,
    /// "replacement underpriced": another attempt, or somebody else's transaction, waits with the same pin.
    Underpriced,
    /// Refused for another reason, such as too little money.
    Refused,
    /// No answer, or none that means anything. It may have been taken all the same.
    Unclear,
}

/// What a quorum has of the attempts of an intent near the tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// None of them, and the pin is free as of this height.
    Open(Height),
    Included(Inclusion),
    /// None of them, and the pin is used up as of this block.
    Spent(Place),
}

/// What a quorum has at the height of a block that was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Another block.
    Gone,
    /// That block, or nothing yet: who is behind says nothing about it.
    Stands,
    /// That block, for good.
    Final,
}

/// Something that was learnt about an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// A transaction with this pin was signed, and is stored together with the stage that follows. The pin was free as of
    /// this height.
    Signed { pin: Pin, purpose: Purpose, free_at: Height },
    /// Nothing will be signed.
    GivenUp(Unsent),
    /// An endpoint was given the bytes.
    Answered(Answer),
    /// What was seen of an intent that is in no block, as far as is known.
    Seen(Sight),
    /// How it stands with the block that the stage names. `Final` of a block in which the pin is used up says as well that
    /// still none of the attempts did it.
    Block(Standing),
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sign the first attempt, or give up.
    Sign,
    /// Give the stored bytes to the endpoints.
    Send,
    /// Look whether it is in a block.
    Look,
    /// Look whether its block still stands, and is final.
    LookAtBlock,
    /// Nothing, ever.
    Rest,
}

/// An observation that cannot be, or a signature that must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    #[error("an intent has one pin; another was signed for it")]
    OtherPin,
    #[error("a blockhash is signed for once")]
    SignedTwice,
    #[error("at most {ATTEMPTS_CAP} transactions are signed for one intent, and the last is kept for a cancellation")]
    TooManyAttempts,
    #[error("nothing more is signed for what is in a block, or whose pin is used up")]
    SignedTooLate,
    #[error("nothing is signed for an intent that has ended")]
    SignedAfterTheEnd,
    #[error("something was signed already, so it cannot be said that nothing will be")]
    GivenUpTooLate,
    #[error("nothing was signed yet, so nothing can have been sent or seen")]
    NothingSigned,
    #[error("attempt {0} is none of the intent's")]
    UnknownAttempt(u32),
    #[error("what is in a block stays there until that block is gone")]
    StillIncluded,
    #[error("no block was seen that could stand or fall")]
    NoBlock,
}

impl Stage {
    /// What this observation makes of the stage, and what to do next.
    pub fn after(self, observation: Observation) -> Result<(Self, Step), Contradiction> {
        let next = match (self, observation) {
            (Self::Intended, Observation::Signed { pin, free_at, .. }) => {
                Self::Signed(Trail { pin, attempts: 1, free_at })
            }
            (Self::Intended, Observation::GivenUp(why)) => Self::Settled(Outcome::NotSent(why)),
            (Self::Intended, Observation::Answered(_) | Observation::Seen(_) | Observation::Block(_)) => {
                return Err(Contradiction::NothingSigned);
            }
            (Self::Settled(_), Observation::Signed { .. }) => return Err(Contradiction::SignedAfterTheEnd),
            (Self::Settled(_), _) => self,
            (_, Observation::GivenUp(_)) => return Err(Contradiction::GivenUpTooLate),
            (_, Observation::Answered(answer)) => return Ok((self, answer.leads_to())),
            (Self::Signed(trail), Observation::Signed { pin, purpose, .. }) => Self::Signed(trail.with(pin, purpose)?),
            (_, Observation::Signed { .. }) => return Err(Contradiction::SignedTooLate),
            (Self::Signed(trail) | Self::Spent(trail, _), Observation::Seen(sight)) => self.seeing(trail, sight)?,
            (Self::Included(..), Observation::Seen(_)) => return Err(Contradiction::StillIncluded),
            (Self::Included(trail, _) | Self::Spent(trail, _), Observation::Block(Standing::Gone)) => {
                // It may be in another block by now.
                return Ok((Self::Signed(trail), Step::Look));
            }
            (Self::Included(..) | Self::Spent(..), Observation::Block(Standing::Stands)) => self,
            (Self::Included(_, inclusion), Observation::Block(Standing::Final)) => {
                Self::Settled(Outcome::of(inclusion))
            }
            (Self::Spent(trail, place), Observation::Block(Standing::Final)) => Self::Settled(match trail.pin {
                Pin::Nonce(_) => Outcome::Overtaken(place),
                Pin::Blockhash { .. } => Outcome::Expired(place),
            }),
            (Self::Signed(_), Observation::Block(_)) => return Err(Contradiction::NoBlock),
        };
        Ok((next, next.step()))
    }

    /// What a sight makes of an intent that is in no block.
    fn seeing(self, trail: Trail, sight: Sight) -> Result<Self, Contradiction> {
        Ok(match (sight, self) {
            (Sight::Open(height), _) => Self::Signed(trail.free_as_of(height)),
            (Sight::Included(inclusion), _) => Self::Included(trail, trail.known(inclusion)?),
            // The first block that shows it is the first to become final: a later one would put it off for ever.
            (Sight::Spent(_), Self::Spent(..)) => self,
            (Sight::Spent(place), _) => Self::Spent(trail, place),
        })
    }

    /// What to do when nothing else was learnt: where a process that starts takes an intent up.
    #[must_use]
    pub const fn step(self) -> Step {
        match self {
            Self::Intended => Step::Sign,
            Self::Signed(_) => Step::Send,
            Self::Included(..) | Self::Spent(..) => Step::LookAtBlock,
            Self::Settled(_) => Step::Rest,
        }
    }

    /// What was signed for it, while that matters.
    #[must_use]
    pub const fn trail(self) -> Option<Trail> {
        match self {
            Self::Signed(trail) | Self::Included(trail, _) | Self::Spent(trail, _) => Some(trail),
            Self::Intended | Self::Settled(_) => None,
        }
    }

    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Settled(_))
    }
}

impl Answer {
    /// Where to look next. None of these is believed: an endpoint that says "nonce too low" may be wrong, and whoever broke
    /// off may have passed the transaction on.
    const fn leads_to(self) -> Step {
        match self {
            Self::Taken | Self::Known | Self::Underpriced | Self::Refused | Self::PinSpent => Step::Look,
            Self::Unclear => Step::Send,
        }
    }
}

impl Outcome {
    /// What an attempt in a block comes to once that block is final.
    #[must_use]
    pub const fn of(inclusion: Inclusion) -> Self {
        match (inclusion.purpose, inclusion.succeeded) {
            (Purpose::Call, true) => Self::Done(inclusion),
            (Purpose::Call, false) => Self::Failed(inclusion),
            // It was to do nothing, and whether it did that well makes no difference.
            (Purpose::Cancel, _) => Self::Cancelled(inclusion),
        }
    }

    /// The attempt that ended it, if one did.
    #[must_use]
    pub const fn inclusion(self) -> Option<Inclusion> {
        match self {
            Self::Done(inclusion) | Self::Failed(inclusion) | Self::Cancelled(inclusion) => Some(inclusion),
            Self::Overtaken(_) | Self::Expired(_) | Self::NotSent(_) => None,
        }
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nonce(nonce) => write!(f, "nonce {nonce}"),
            Self::Blockhash { last_valid, .. } => {
                write!(f, "a blockhash that is taken up to block height {last_valid}")
            }
        }
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupted => "interrupted before it was signed",
            Self::Refused => "refused before it was signed",
            Self::NotItsTurn => "a call that was to happen before it did not",
            Self::CalledOff => "called off before it was signed",
        })
    }
}
