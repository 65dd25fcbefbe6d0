//! Numbers of 256 bits: what a token of Base counts in. People there begin with more than all amounts together.

use crate::amount::Amount;

/// Twice the bits of an [`Amount`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide {
    high: u128,
    low: u128,
}

impl Wide {
    pub const ZERO: Self = Self::new(0, 0);
    pub const MAX: Self = Self::new(u128::MAX, u128::MAX);

    /// `high` times 2^128, and `low`.
    #[must_use]
    pub const fn new(high: u128, low: u128) -> Self {
        Self { high, low }
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let (low, carried) = self.low.overflowing_add(other.low);
        let high = self.high.checked_add(other.high)?.checked_add(carried.into())?;
        Some(Self { high, low })
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        let (low, borrowed) = self.low.overflowing_sub(other.low);
        let high = self.high.checked_sub(other.high)?.checked_sub(borrowed.into())?;
        Some(Self { high, low })
    }

    #[must_use]
    pub fn from_be_bytes(bytes: [u8; 32]) -> Self {
        let half = |at: usize| u128::from_be_bytes(*bytes[at..].first_chunk().expect("sixteen bytes follow from here"));
        Self { high: half(0), low: half(16) }
    }

    #[must_use]
    pub fn to_be_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&self.high.to_be_bytes());
        bytes[16..].copy_from_slice(&self.low.to_be_bytes());
        bytes
    }
}

impl From<u128> for Wide {
    fn from(low: u128) -> Self {
        Self { high: 0, low }
    }
}

/// A number too large for what it was to be put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number of more than 64 bits")]
pub struct TooWide;

impl TryFrom<Wide> for u64 {
    type Error = TooWide;

    fn try_from(number: Wide) -> Result<Self, TooWide> {
        if number.high == 0 { Self::try_from(number.low).map_err(|_| TooWide) } else { Err(TooWide) }
    }
}

impl From<Amount> for Wide {
    fn from(amount: Amount) -> Self {
        amount.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::{TooWide, Wide};

    #[test]
    fn sums_carry_and_differences_borrow() {
        let (most, one) = (Wide::from(u128::MAX), Wide::from(1));
        let carried = most.plus(one).unwrap();
        assert_eq!(carried, Wide::new(1, 0));
        assert_eq!(carried.minus(one), Some(most));
        assert_eq!(Wide::MAX.plus(one), None);
        assert_eq!(Wide::ZERO.minus(one), None);
        assert_eq!(Wide::new(3, 0).minus(Wide::new(2, 1)), Some(Wide::new(0, u128::MAX)));
        assert!(Wide::new(1, 0) > most);
    }

    #[test]
    fn what_has_more_bits_does_not_fit() {
        assert_eq!(u64::try_from(Wide::from(u128::from(u64::MAX))), Ok(u64::MAX));
        assert_eq!(u64::try_from(Wide::new(0, 1 << 64)), Err(TooWide));
        assert_eq!(u64::try_from(Wide::new(1, 0)), Err(TooWide));
    }

    #[test]
    fn bytes_are_big_endian() {
        let mut bytes = [0; 32];
        (bytes[15], bytes[31]) = (2, 3);
        assert_eq!(Wide::new(2, 3).to_be_bytes(), bytes);
        assert_eq!(Wide::from_be_bytes(bytes), Wide::new(2, 3));
    }
}
