//! What an attempt may cost, and how the next one has to outbid it.

use std::fmt;
use std::num::NonZeroU128;

/// A number of wei, in fees for each unit of gas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wei(pub u128);

/// What a transaction offers for each unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// The most, base fee and tip together.
    pub max: Wei,
    pub tip: Wei,
}

/// Pools replace a waiting transaction by one that offers a tenth more; the strictest known wants an eighth.
const RAISE: NonZeroU128 = NonZeroU128::new(8).expect("eight is not zero");

/// How many times its first offer an intent may come to offer: thirteen raises by an eighth are less.
pub const RAISED_AT_MOST: u128 = 5;

impl Wei {
    /// Rounds up: a raise that is one wei too small is none.
    #[must_use]
    const fn raised_up(self) -> Self {
        Self(self.0.saturating_add(self.0.div_ceil(RAISE.get())).saturating_add(if self.0 == 0 { 1 } else { 0 }))
    }
}

impl Fees {
    /// What outbids these everywhere and is not below what is usual now; none if that is beyond `cap` in either part.
    #[must_use]
    pub fn outbid(self, usual: Self, cap: Self) -> Option<Self> {
        let tip = self.tip.raised_up().max(usual.tip.min(cap.tip));
        // Never below the tip, which is a part of it.
        let max = self.max.raised_up().max(usual.max.min(cap.max)).max(tip);
        (max <= cap.max && tip <= cap.tip).then_some(Self { max, tip })
    }
}

impl fmt::Display for Wei {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
