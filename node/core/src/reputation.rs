//! How a member behaved towards this node: local, forgetful, and not for sale.
//!
//! A score belongs to the owners behind a peer, not to the peer key, so a rotation does not wash it. Good conduct earns
//! little and is capped, so it cannot be saved up to pay for harm.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cycle::{Seconds, UnixSeconds};

/// After this long without conduct, half of a score is forgotten.
pub const HALF_LIFE: Seconds = Seconds(24 * 60 * 60);

/// At or below this the peer is on probation.
pub const PROBATION_AT: Score = Score(-500_000);

/// At or below this the peer is barred.
pub const BARRED_AT: Score = Score(-1_000_000);

/// The best and the worst a score can be. The worst takes one half-life to come back to [`BARRED_AT`].
pub const SCORE_RANGE: (Score, Score) = (Score(-2_000_000), Score(1_000_000));

/// Millionths; 1,000,000 is one point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Score(pub i64);

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SCALE: u64 = 1_000_000;
        let (sign, size) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{:06}", size / SCALE, size % SCALE)
    }
}

/// What a peer did. Equivocation is not here: it is proven or it is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Conduct {
    TransferServed,
    TransferFailed,
    ValidMessage,
    InvalidMessage,
    PromiseKept,
    PromiseBroken,
}

impl Conduct {
    pub const ALL: [Self; 6] = [
        Self::TransferServed,
        Self::TransferFailed,
        Self::ValidMessage,
        Self::InvalidMessage,
        Self::PromiseKept,
        Self::PromiseBroken,
    ];

    /// What it adds to a score.
    #[must_use]
    pub const fn weight(self) -> Score {
        Score(match self {
            Self::TransferServed => 10_000,
            Self::TransferFailed => -50_000,
            Self::ValidMessage => 1_000,
            Self::InvalidMessage => -20_000,
            Self::PromiseKept => 20_000,
            Self::PromiseBroken => -100_000,
        })
    }
}

/// A score as of the moment it was last changed. It decays by the wall clock, also while the node is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reputation {
    score: Score,
    as_of: UnixSeconds,
}

impl Reputation {
    /// Reads back what [`Reputation::written`] gave.
    #[must_use]
    pub const fn read_back(score: Score, as_of: UnixSeconds) -> Self {
        Self { score, as_of }
    }

    /// The score without any decay since, and the moment it was last changed: what a store writes.
    #[must_use]
    pub const fn written(&self) -> (Score, UnixSeconds) {
        (self.score, self.as_of)
    }

    /// The score at `now`. A clock that jumped back gives no decay.
    #[must_use]
    pub fn at(&self, now: UnixSeconds) -> Score {
        Score(decayed(self.score.0, now.since(self.as_of)))
    }

    /// Takes back a moment that lies ahead, as after a clock that was set wrong: without it the score would not decay
    /// until then. Returns whether it did.
    pub(crate) fn hold_to(&mut self, now: UnixSeconds) -> bool {
        let ahead = self.as_of > now;
        self.as_of = self.as_of.min(now);
        ahead
    }

    /// Adds conduct.
    pub fn add(&mut self, conduct: Conduct, now: UnixSeconds) {
        let (worst, best) = SCORE_RANGE;
        let score = self.at(now).0.saturating_add(conduct.weight().0);
        *self = Self { score: Score(score.clamp(worst.0, best.0)), as_of: now };
    }
}

/// `2^(-2^-i)` for i = 1..=24, as fractions of 2^32, rounded down: half-lives of a half, a quarter, and so on.
const HALVINGS: [u32; 24] = [
    3_037_000_499,
    3_611_622_602,
    3_938_502_375,
    4_112_874_773,
    4_202_935_003,
    4_248_701_964,
    4_271_771_996,
    4_283_353_945,
    4_289_156_690,
    4_292_061_009,
    4_293_513_906,
    4_294_240_539,
    4_294_603_902,
    4_294_785_595,
    4_294_876_444,
    4_294_921_870,
    4_294_944_583,
    4_294_955_939,
    4_294_961_617,
    4_294_964_456,
    4_294_965_876,
    4_294_966_586,
    4_294_966_941,
    4_294_967_118,
];

/// How many binary digits behind the point are kept until the end, so that the factors round it but once.
const POINT: u32 = 32;

/// `score * 2^(-elapsed / HALF_LIFE)`, towards zero, in integers so that every machine agrees.
fn decayed(score: i64, elapsed: Seconds) -> i64 {
    let half_lives = elapsed.0.checked_div(HALF_LIFE.0).expect("the half-life is not zero");
    let rest = elapsed.0.checked_rem(HALF_LIFE.0).expect("the half-life is not zero");
    let whole = u128::from(score.unsigned_abs()) << POINT;
    let Some(mut size) = u32::try_from(half_lives).ok().and_then(|shift| whole.checked_shr(shift)) else {
        return 0;
    };
    // The part of a half-life that is left over, as a binary fraction of as many digits as there are factors.
    let fraction = (rest << HALVINGS.len()).checked_div(HALF_LIFE.0).expect("the half-life is not zero");
    for (place, factor) in HALVINGS.iter().enumerate() {
        if fraction >> (HALVINGS.len().saturating_sub(place).saturating_sub(1)) & 1 == 1 {
            // At most 96 bits by 32.
            size = size.saturating_mul(u128::from(*factor)) >> 32;
        }
    }
    let size = i64::try_from(size >> POINT).unwrap_or(i64::MAX);
    if score < 0 { size.saturating_neg() } else { size }
}
