//! What people are told of an intent.

use std::fmt;

use super::{Inclusion, Outcome, Pin, Purpose, Stage, Trail};
use crate::identity::ChainId;

/// A stage in the words of its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StageOn {
    pub chain: ChainId,
    pub stage: Stage,
}

impl Stage {
    #[must_use]
    pub const fn on(self, chain: ChainId) -> StageOn {
        StageOn { chain, stage: self }
    }
}

impl fmt::Display for StageOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Intended => f.write_str("not signed yet"),
            Stage::Signed(_) => f.write_str("signed, not in a block yet"),
            Stage::Included(_, Inclusion { purpose: Purpose::Call, succeeded: true, place, .. }) => {
                write!(f, "in {}, not final yet", place.height.on(self.chain))
            }
            Stage::Included(_, inclusion) => {
                self.end(f, Outcome::of(inclusion))?;
                f.write_str(", not final yet")
            }
            Stage::Spent(Trail { pin: Pin::Nonce(_), .. }, place) => {
                let at = place.height.on(self.chain);
                write!(f, "its nonce is used up as of {at}, by nothing that it signed; not final yet")
            }
            Stage::Spent(Trail { pin: Pin::Blockhash { .. }, .. }, place) => {
                let at = place.height.on(self.chain);
                write!(f, "its blockhash expired before {at}; not certain yet that it did not happen")
            }
            Stage::Settled(outcome) => self.end(f, outcome),
        }
    }
}

impl StageOn {
    fn end(&self, f: &mut fmt::Formatter<'_>, outcome: Outcome) -> fmt::Result {
        let at = |inclusion: Inclusion| inclusion.place.height.on(self.chain);
        match outcome {
            Outcome::Done(inclusion) => write!(f, "done in {}", at(inclusion)),
            Outcome::Failed(inclusion) => write!(f, "failed in {}", at(inclusion)),
            Outcome::Cancelled(inclusion) => write!(f, "cancelled in {}", at(inclusion)),
            Outcome::Overtaken(_) => f.write_str("not done: its nonce was used by another transaction"),
            Outcome::Expired(_) => f.write_str("not done: its blockhash expired, and it is in no block"),
            Outcome::NotSent(why) => write!(f, "not sent: {why}"),
        }
    }
}
