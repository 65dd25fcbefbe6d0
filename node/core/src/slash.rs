//! How much a slash takes, to the atom.

use std::num::NonZeroU128;

use crate::amount::{Amount, Bps, Overflow};

/// The part of a slash that is credited to whoever brought the evidence: one in this many.
pub const BOUNTY_DIVISOR: NonZeroU128 = NonZeroU128::new(20).expect("twenty is not zero");

/// What a slash took and what it left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub taken: Amount,
    pub bounty: Amount,
    pub active: Amount,
    pub queue: Vec<Amount>,
}

/// Takes the fraction, rounded up, of the active amount and of every queue entry by itself.
///
/// Each part is rounded up alone, so nobody lightens a slash by splitting stake, and what is thawing (matured or not)
/// pays like what is not. The bounty is rounded down; what it leaves is burned.
pub fn cut(active: Amount, queue: &[Amount], fraction: Bps) -> Result<Cut, Overflow> {
    let left = |part: Amount| part.minus(part.fraction_up(fraction)).expect("a fraction is at most the whole");
    let parts = std::iter::once(active).chain(queue.iter().copied());
    let taken = Amount::sum(parts.map(|part| part.fraction_up(fraction)))?;
    Ok(Cut {
        taken,
        bounty: taken.divided_down(BOUNTY_DIVISOR),
        active: left(active),
        queue: queue.iter().copied().map(left).collect(),
    })
}
