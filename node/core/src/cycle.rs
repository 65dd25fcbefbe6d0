//! Time and its division into reward cycles.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::identity::ChainId;

/// A moment: seconds since the Unix epoch, from a block or from a clock that the caller read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnixSeconds(pub u64);

/// A span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seconds(pub u64);

/// The number of a reward period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cycle(pub u64);

/// A block number on Base, a slot on Solana.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Height(pub u64);

/// A height under the name that it has on its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum At {
    Block(u64),
    Slot(u64),
}

impl UnixSeconds {
    /// The later moment; stays at the end of time instead of wrapping, which only ever delays something.
    #[must_use]
    pub const fn plus(self, span: Seconds) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long ago `earlier` was; nothing if it lies ahead (clocks jump).
    #[must_use]
    pub const fn since(self, earlier: Self) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }
}

impl Cycle {
    /// The cycle `count` later; stays at the last one there is.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// How many cycles ago `earlier` was; 0 if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The cycle before, unless this is the first.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        match self.0.checked_sub(1) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Height {
    #[must_use]
    pub const fn on(self, chain: ChainId) -> At {
        match chain {
            ChainId::Base => At::Block(self.0),
            ChainId::Solana => At::Slot(self.0),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(height) => write!(f, "block {height}"),
            Self::Slot(height) => write!(f, "slot {height}"),
        }
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where the cycles lie on the time line. Immutable and equal on both chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "(UnixSeconds, Seconds)", into = "(UnixSeconds, Seconds)")]
pub struct CycleClock {
    genesis: UnixSeconds,
    length: Seconds,
}

impl TryFrom<(UnixSeconds, Seconds)> for CycleClock {
    type Error = CycleTooShort;

    fn try_from((genesis, length): (UnixSeconds, Seconds)) -> Result<Self, CycleTooShort> {
        Self::new(genesis, length)
    }
}

impl From<CycleClock> for (UnixSeconds, Seconds) {
    fn from(clock: CycleClock) -> Self {
        (clock.genesis, clock.length)
    }
}

/// A cycle has to last: with a length of zero there is no cycle at any time, and one of a single second has no half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cycle must last at least two seconds, not {0}")]
pub struct CycleTooShort(u64);

impl CycleClock {
    pub const fn new(genesis: UnixSeconds, length: Seconds) -> Result<Self, CycleTooShort> {
        if length.0 < 2 { Err(CycleTooShort(length.0)) } else { Ok(Self { genesis, length }) }
    }

    #[must_use]
    pub const fn genesis(&self) -> UnixSeconds {
        self.genesis
    }

    #[must_use]
    pub const fn length(&self) -> Seconds {
        self.length
    }

    /// The cycle that `time` lies in; none before genesis.
    #[must_use]
    pub fn cycle(&self, time: UnixSeconds) -> Option<Cycle> {
        let elapsed = time.0.checked_sub(self.genesis.0)?;
        Some(Cycle(elapsed.checked_div(self.length.0).expect("the length is at least two seconds")))
    }

    /// When `cycle` begins; the end of time for cycles beyond it.
    #[must_use]
    pub const fn start(&self, cycle: Cycle) -> UnixSeconds {
        UnixSeconds(self.genesis.0.saturating_add(cycle.0.saturating_mul(self.length.0)))
    }

    /// Half a cycle, rounded down: votes end and delays are bounded here.
    #[must_use]
    pub const fn half(&self) -> Seconds {
        Seconds(self.length.0.wrapping_div(2))
    }

    /// The span of `count` cycles; none if it has no number.
    #[must_use]
    pub const fn span(&self, count: u64) -> Option<Seconds> {
        match self.length.0.checked_mul(count) {
            Some(seconds) => Some(Seconds(seconds)),
            None => None,
        }
    }

    /// True in the first half of the cycle after `cycle`, when votes for `cycle` are taken.
    #[must_use]
    pub fn takes_votes(&self, cycle: Cycle, time: UnixSeconds) -> bool {
        let voting = self.cycle(time);
        voting.and_then(Cycle::previous) == Some(cycle) && time.since(self.start(cycle.plus(1))) < self.half()
    }
}
