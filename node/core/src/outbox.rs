//! What becomes of a transaction that somebody asked for: the rules of the outbox, without the chain and without the disk.
//!
//! An *intent* is one call that is to happen once. Every transaction that is signed for it is an *attempt*, and all of them
//! share one [`Pin`]: the chain takes at most one transaction of an account with a nonce, so of all that was ever signed for
//! an intent at most one happens, however often, by whom and in which order it is sent. A cancellation is an attempt too:
//! the same pin and nothing to do. On Solana the pin is a blockhash, and there is one attempt.
//!
//! Nothing is over before a quorum says so about a final block. Until then a reorganisation may take back whatever was
//! seen, and the same bytes go out again. What an endpoint answers when it is given a transaction decides nothing at all,
//! it only says where to look: see [`Answer`].
//!
//! [`Stage::after`] is the whole of it: a stage, an [`Observation`], the next stage and the next [`Step`]. How fees rise is
//! in [`Fees`], when to stop after failures in [`may_sign`].

use std::fmt;

use crate::cycle::Height;
use crate::hash::Hash;

mod budget;
mod fees;

pub use budget::{FAILURES_CAP, TooManyFailures, may_sign};
pub use fees::{Fees, Wei};

/// The most transactions that are signed for one intent. Each costs at least an eighth more than the one before it, so the
/// last is almost five times as dear as the first.
pub const ATTEMPTS_CAP: u32 = 14;

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
    /// Solana: the blockhash, and the last block height at which the chain takes it.
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

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub height: Height,
    pub hash: Hash,
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

/// What was signed for an intent so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trail {
    pub pin: Pin,
    /// How many attempts there are.
    pub attempts: u32,
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

/// What a quorum has of the attempts of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// None of them, and the pin is free.
    Open,
    Included(Inclusion),
    /// None of them, and the pin is used up as of this block.
    Spent(Place),
}

/// Something that was learnt about an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// A transaction with this pin was signed, and is stored together with the stage that follows.
    Signed(Pin),
    /// Nothing will be signed.
    GivenUp(Unsent),
    /// An endpoint was given the bytes.
    Answered(Answer),
    /// What a quorum has at the tip.
    Seen(Sight),
    /// What a quorum has of it in final blocks. `Open` says that nothing about it is final.
    Final(Sight),
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sign the first attempt, or give up.
    Sign,
    /// Give the stored bytes to the endpoints.
    Send,
    /// Look at the tip.
    Look,
    /// Look at the final block.
    LookAtFinal,
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
    #[error("at most {ATTEMPTS_CAP} transactions are signed for one intent")]
    TooManyAttempts,
    #[error("nothing is signed for an intent that has ended")]
    SignedAfterTheEnd,
    #[error("something was signed already, so it cannot be said that nothing will be")]
    GivenUpTooLate,
    #[error("nothing was signed yet, so nothing can have been sent or seen")]
    NothingSigned,
    #[error("attempt {0} is none of the intent's")]
    UnknownAttempt(u32),
}

impl Stage {
    /// What this observation makes of the stage, and what to do next.
    pub fn after(self, observation: Observation) -> Result<(Self, Step), Contradiction> {
        let next = match (self, observation) {
            (Self::Intended, Observation::Signed(pin)) => Self::Signed(Trail { pin, attempts: 1 }),
            (Self::Intended, Observation::GivenUp(why)) => Self::Settled(Outcome::NotSent(why)),
            (Self::Intended, Observation::Answered(_) | Observation::Seen(_) | Observation::Final(_)) => {
                return Err(Contradiction::NothingSigned);
            }
            (Self::Settled(_), Observation::Signed(_)) => return Err(Contradiction::SignedAfterTheEnd),
            (Self::Settled(_), _) => self,
            (_, Observation::GivenUp(_)) => return Err(Contradiction::GivenUpTooLate),
            (Self::Signed(trail) | Self::Included(trail, _) | Self::Spent(trail, _), observation) => {
                return trail.after(self, observation);
            }
        };
        Ok((next, next.step()))
    }

    /// What to do when nothing else was learnt: where a process that starts takes an intent up.
    #[must_use]
    pub const fn step(self) -> Step {
        match self {
            Self::Intended => Step::Sign,
            Self::Signed(_) => Step::Send,
            Self::Included(..) | Self::Spent(..) => Step::LookAtFinal,
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

impl Trail {
    /// The same for an intent of which something was signed, and whose end is not final.
    fn after(self, stage: Stage, observation: Observation) -> Result<(Stage, Step), Contradiction> {
        Ok(match observation {
            Observation::Signed(pin) => (Stage::Signed(self.with(pin)?), Step::Send),
            Observation::GivenUp(_) => return Err(Contradiction::GivenUpTooLate),
            Observation::Answered(answer) => (stage, answer.leads_to()),
            Observation::Seen(Sight::Included(inclusion)) => {
                (Stage::Included(self, self.known(inclusion)?), Step::LookAtFinal)
            }
            // The first block that shows it is the first to become final: a later one would put it off for ever.
            Observation::Seen(Sight::Spent(_)) if matches!(stage, Stage::Spent(..)) => (stage, Step::LookAtFinal),
            Observation::Seen(Sight::Spent(place)) => (Stage::Spent(self, place), Step::LookAtFinal),
            // Whatever was seen before was reorganised away.
            Observation::Seen(Sight::Open) => (Stage::Signed(self), Step::Send),
            Observation::Final(Sight::Included(inclusion)) => {
                (Stage::Settled(Outcome::of(self.known(inclusion)?)), Step::Rest)
            }
            Observation::Final(Sight::Spent(place)) => (
                Stage::Settled(match self.pin {
                    Pin::Nonce(_) => Outcome::Overtaken(place),
                    Pin::Blockhash { .. } => Outcome::Expired(place),
                }),
                Step::Rest,
            ),
            Observation::Final(Sight::Open) => (stage, Step::Look),
        })
    }

    /// One attempt more.
    fn with(self, pin: Pin) -> Result<Self, Contradiction> {
        if pin != self.pin {
            return Err(Contradiction::OtherPin);
        }
        match pin {
            Pin::Blockhash { .. } => Err(Contradiction::SignedTwice),
            Pin::Nonce(_) if self.attempts >= ATTEMPTS_CAP => Err(Contradiction::TooManyAttempts),
            Pin::Nonce(_) => Ok(Self { attempts: self.attempts.saturating_add(1), ..self }),
        }
    }

    fn known(self, inclusion: Inclusion) -> Result<Inclusion, Contradiction> {
        if (1..=self.attempts).contains(&inclusion.attempt) {
            Ok(inclusion)
        } else {
            Err(Contradiction::UnknownAttempt(inclusion.attempt))
        }
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

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intended => f.write_str("not signed yet"),
            Self::Signed(_) => f.write_str("signed, not in a block yet"),
            Self::Included(_, Inclusion { place, succeeded: true, .. }) => {
                write!(f, "in block {}, not final yet", place.height)
            }
            Self::Included(_, Inclusion { place, .. }) => write!(f, "failed in block {}, not final yet", place.height),
            Self::Spent(_, place) => write!(f, "its nonce is used by another as of block {}, not final", place.height),
            Self::Settled(outcome) => outcome.fmt(f),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(inclusion) => write!(f, "done in block {}", inclusion.place.height),
            Self::Failed(inclusion) => write!(f, "failed in block {}", inclusion.place.height),
            Self::Cancelled(inclusion) => write!(f, "cancelled in block {}", inclusion.place.height),
            Self::Overtaken(_) => f.write_str("not done: its nonce was used by another transaction"),
            Self::Expired(_) => f.write_str("not done: its blockhash expired"),
            Self::NotSent(why) => write!(f, "not sent: {why}"),
        }
    }
}
