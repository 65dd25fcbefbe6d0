//! When to stop: transactions that fail one after the other cost money and do nothing.

use super::{Outcome, Stage};

/// After so many failures in a row nothing more is signed for an account.
pub const FAILURES_CAP: u32 = 3;

/// Too many transactions of the account failed in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the last {0} transactions of this account failed, and each cost its gas: nothing more is signed for it")]
pub struct TooManyFailures(pub u32);

/// Whether something may be signed for an account whose intents have come so far, the latest first. What is in a block
/// counts although it is not final: a process that repeats itself is faster than finality. What had no effect and cost
/// nothing neither counts nor makes up for anything, and no more does a failure that a person has acknowledged.
pub fn may_sign(courses: impl IntoIterator<Item = (Stage, bool)>) -> Result<(), TooManyFailures> {
    let mut failures: u32 = 0;
    for (stage, acknowledged) in courses {
        let outcome = match stage {
            Stage::Included(_, inclusion) => Outcome::of(inclusion),
            Stage::Settled(outcome) => outcome,
            Stage::Intended | Stage::Signed(_) | Stage::Spent(..) => continue,
        };
        match outcome {
            Outcome::Done(_) => break,
            Outcome::Failed(_) if acknowledged => {}
            Outcome::Failed(_) => failures = failures.saturating_add(1),
            Outcome::Cancelled(_) | Outcome::Overtaken(_) | Outcome::Expired(_) | Outcome::NotSent(_) => {}
        }
    }
    if failures >= FAILURES_CAP { Err(TooManyFailures(failures)) } else { Ok(()) }
}
