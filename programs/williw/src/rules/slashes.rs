//! How much a slash takes, to the atom.

use core::num::NonZeroU64;

use super::amounts::Amount;
use crate::error::Refusal;

/// The part of a slash that is credited to whoever brought the evidence: one in this many.
const BOUNTY_DIVISOR: NonZeroU64 = NonZeroU64::new(20).expect("twenty is not zero");

/// What was taken of all parts together, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    pub taken: Amount,
}

impl Cut {
    /// Takes the fraction, rounded up, of one part, and leaves the rest.
    ///
    /// Each part is rounded up alone, so nobody lightens a slash by splitting stake, and what is thawing (matured or not)
    /// pays like what is not.
    pub fn take(&mut self, part: &mut Amount, bps: u64) -> Result<(), Refusal> {
        let taken = part.fraction_up(bps)?;
        self.taken = self.taken.plus(taken)?;
        *part = part.minus(taken)?;
        Ok(())
    }

    /// Rounded down; what it leaves is burned.
    #[must_use]
    pub fn bounty(&self) -> Amount {
        self.taken.divided_down(BOUNTY_DIVISOR)
    }
}
