//! Money: integer atoms, checked arithmetic, rounding in the name.

use core::num::{NonZeroU64, NonZeroU128};

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};

use crate::error::Refusal;

/// How many ten-thousandths make the whole.
pub const BPS_WHOLE: u64 = 10_000;
const WHOLE: NonZeroU64 = NonZeroU64::new(BPS_WHOLE).expect("ten thousand is not zero");
const THREE: NonZeroU64 = NonZeroU64::new(3).expect("three is not zero");

/// A number of token atoms. Two halves, because accounts align to eight bytes and a `u128` does not.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Amount {
    low: u64,
    high: u64,
}

impl Amount {
    pub const ZERO: Self = Self { low: 0, high: 0 };

    #[must_use]
    pub const fn new(atoms: u128) -> Self {
        Self { low: atoms as u64, high: (atoms >> 64) as u64 }
    }

    #[must_use]
    pub const fn get(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    /// As a token program counts; whatever lies in a token account fits.
    pub fn tokens(self) -> core::result::Result<u64, Refusal> {
        if self.high == 0 { Ok(self.low) } else { Err(Refusal::Overflow) }
    }

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.low == 0 && self.high == 0
    }

    pub fn plus(self, other: Self) -> core::result::Result<Self, Refusal> {
        self.get().checked_add(other.get()).map(Self::new).ok_or(Refusal::Overflow)
    }

    pub fn minus(self, other: Self) -> core::result::Result<Self, Refusal> {
        self.get().checked_sub(other.get()).map(Self::new).ok_or(Refusal::Overflow)
    }

    /// What remains after taking `other`, nothing if that is more.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self::new(self.get().saturating_sub(other.get()))
    }

    /// Rounds up: a slash may take one atom too much, never one too little.
    ///
    /// The whole ten-thousandths are multiplied apart from the rest, so no intermediate value exceeds the amount itself.
    pub fn fraction_up(self, bps: u64) -> core::result::Result<Self, Refusal> {
        if bps > BPS_WHOLE {
            return Err(Refusal::Bps);
        }
        let (whole, rest) = self.split(WHOLE);
        let from_whole = whole.get().checked_mul(u128::from(bps)).ok_or(Refusal::Overflow)?;
        let from_rest = rest.checked_mul(bps).ok_or(Refusal::Overflow)?.div_ceil(BPS_WHOLE);
        Self::new(from_whole).plus(from_rest.into())
    }

    /// Rounds down: a bounty is paid out of what was taken, never beside it.
    #[must_use]
    pub fn divided_down(self, divisor: NonZeroU64) -> Self {
        self.split(divisor).0
    }

    /// Quotient and remainder. What fits 64 bits, as nearly everything does, is divided as such: a division of 128 bits is a
    /// routine of many instructions here.
    fn split(self, divisor: NonZeroU64) -> (Self, u64) {
        if self.high == 0 {
            return ((self.low / divisor).into(), self.low % divisor);
        }
        let divisor = NonZeroU128::from(divisor);
        (Self::new(self.get() / divisor), (self.get() % divisor) as u64)
    }

    /// True when `self` is at least two thirds of `whole`, decided without rounding.
    #[must_use]
    pub fn is_two_thirds_of(self, whole: Self) -> bool {
        // The smallest a with 3a >= 2w is ceil(2w / 3), which is w - floor(w / 3) and cannot overflow.
        self >= whole.less(whole.divided_down(THREE))
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.get().cmp(&other.get())
    }
}

impl From<u64> for Amount {
    fn from(atoms: u64) -> Self {
        Self { low: atoms, high: 0 }
    }
}
