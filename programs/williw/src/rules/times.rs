//! Time and its division into cycles.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};

use crate::error::Refusal;

/// The block that a verb runs in.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Moment {
    /// Block time in seconds.
    pub time: u64,
    pub slot: u64,
}

impl Moment {
    /// Stays at the end of time instead of wrapping, which only ever delays something.
    #[must_use]
    pub const fn later(self, span: u64) -> u64 {
        self.time.saturating_add(span)
    }
}

/// Where the cycles lie on the time line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CycleClock {
    pub genesis: u64,
    /// At least two seconds.
    pub length: u64,
}

impl CycleClock {
    /// A cycle has to last: one of a single second has no half.
    pub fn check(self) -> core::result::Result<(), Refusal> {
        if self.length < 2 { Err(Refusal::CycleTooShort) } else { Ok(()) }
    }

    /// The cycle that `time` lies in.
    pub fn cycle(self, time: u64) -> core::result::Result<u64, Refusal> {
        let elapsed = time.checked_sub(self.genesis).ok_or(Refusal::BeforeGenesis)?;
        elapsed.checked_div(self.length).ok_or(Refusal::CycleTooShort)
    }

    /// In the first half of a cycle, votes for the one before are taken.
    #[must_use]
    pub fn takes_votes(self, cycle: u64, time: u64) -> bool {
        let Ok(present) = self.cycle(time) else { return false };
        let begun = self.genesis.saturating_add(present.saturating_mul(self.length));
        present.checked_sub(1) == Some(cycle) && time.saturating_sub(begun) < self.half()
    }

    /// Half a cycle, rounded down.
    #[must_use]
    pub const fn half(self) -> u64 {
        self.length >> 1
    }
}
