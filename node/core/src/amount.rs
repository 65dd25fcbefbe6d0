//! Money: integer atoms, checked arithmetic, rounding in the name.

use std::fmt;
use std::num::NonZeroU128;

use serde::{Deserialize, Serialize};

/// A number of token atoms. It never wraps and never meets a float.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Amount(pub u128);

/// An amount left the range of 0 to 2^128 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("amount left the range of 0 to 2^128 - 1")]
pub struct Overflow;

impl Amount {
    pub const ZERO: Self = Self(0);
    pub const MAX: Self = Self(u128::MAX);

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn plus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_add(other.0).map(Self).ok_or(Overflow)
    }

    pub fn minus(self, other: Self) -> Result<Self, Overflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(Overflow)
    }

    pub fn times(self, factor: u64) -> Result<Self, Overflow> {
        self.0.checked_mul(u128::from(factor)).map(Self).ok_or(Overflow)
    }

    /// What remains after taking `other`, nothing if that is more.
    #[must_use]
    pub const fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum of the parts.
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Result<Self, Overflow> {
        parts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    /// Rounds up: a slash may take one atom too much, never one too little.
    ///
    /// The whole ten-thousandths are multiplied apart from the rest, so no intermediate value exceeds the amount itself.
    #[must_use]
    pub fn fraction_up(self, bps: Bps) -> Self {
        let (whole, rest) = (self.0 / BPS_SCALE, self.0 % BPS_SCALE);
        let from_whole = whole.checked_mul(u128::from(bps.0)).expect("bps is at most 10,000, so this is at most self");
        let from_rest =
            rest.checked_mul(u128::from(bps.0)).expect("both factors are at most 10,000").div_ceil(BPS_SCALE.get());
        Self(from_whole.checked_add(from_rest).expect("the sum of the parts is at most self"))
    }

    /// Rounds down: a bounty is paid out of what was taken, never beside it.
    #[must_use]
    pub fn divided_down(self, divisor: NonZeroU128) -> Self {
        Self(self.0 / divisor)
    }

    /// True when `self` is at least two thirds of `whole`, decided without rounding.
    #[must_use]
    pub fn is_two_thirds_of(self, whole: Self) -> bool {
        // The smallest a with 3a >= 2w is ceil(2w / 3), which is w - floor(w / 3) and cannot overflow.
        const THREE: NonZeroU128 = NonZeroU128::new(3).expect("three is not zero");
        self >= whole.less(whole.divided_down(THREE))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many basis points make the whole.
const BPS_SCALE: NonZeroU128 = NonZeroU128::new(10_000).expect("ten thousand is not zero");

/// Ten-thousandths, never more than all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16")]
pub struct Bps(u16);

/// A fraction above 10,000 ten-thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} basis points are more than the whole (10000)")]
pub struct BpsAboveOne(u16);

impl Bps {
    /// All of it.
    pub const ONE: Self = Self(10_000);

    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Bps {
    type Error = BpsAboveOne;

    fn try_from(bps: u16) -> Result<Self, Self::Error> {
        if bps > Self::ONE.0 { Err(BpsAboveOne(bps)) } else { Ok(Self(bps)) }
    }
}
