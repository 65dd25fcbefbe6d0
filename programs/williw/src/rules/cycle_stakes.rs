//! The lowest stake of a cycle, without a loop over anything.
//!
//! Each operator, and the chain's total, keep four numbers. The first touch in a cycle closes the books of the one before;
//! after that a decrease may lower the floor and an increase never raises it. Votes for cycle c read `floor_prev` in c + 1.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};

use super::amounts::Amount;
use crate::error::Refusal;

#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct CycleStake {
    pub value: Amount,
    /// The lowest value of the cycle of the last touch, so far.
    pub floor: Amount,
    /// The lowest value of the cycle before that of the last touch.
    pub floor_prev: Amount,
    /// The cycle of the last touch.
    pub cycle: u64,
}

impl CycleStake {
    /// Nothing counted yet, as of `cycle`.
    #[must_use]
    pub const fn empty(cycle: u64) -> Self {
        Self { value: Amount::ZERO, floor: Amount::ZERO, floor_prev: Amount::ZERO, cycle }
    }

    /// The same stake as seen in `cycle`, which is not before the last touch.
    #[must_use]
    pub fn at(mut self, cycle: u64) -> Self {
        self.touch(cycle);
        self
    }

    fn touch(&mut self, cycle: u64) {
        if cycle <= self.cycle {
            return;
        }
        // Untouched for a whole cycle means that the value stood still through it.
        self.floor_prev = if self.cycle.checked_add(1) == Some(cycle) { self.floor } else { self.value };
        self.floor = self.value;
        self.cycle = cycle;
    }

    /// Sets an operator's counted stake and carries the difference into the chain's `total`.
    pub fn set(&mut self, total: &mut Self, cycle: u64, value: Amount) -> core::result::Result<(), Refusal> {
        self.touch(cycle);
        total.touch(cycle);
        total.value = total.value.minus(self.value)?.plus(value)?;
        self.value = value;
        if value < self.floor {
            total.floor = total.floor.minus(self.floor)?.plus(value)?;
            self.floor = value;
        }
        Ok(())
    }

    /// Takes a jailed operator out of this cycle and the one before.
    ///
    /// The total keeps its `floor_prev`: a slash never lowers a quorum that is being counted.
    pub fn jail(&mut self, total: &mut Self, cycle: u64) -> core::result::Result<(), Refusal> {
        self.set(total, cycle, Amount::ZERO)?;
        self.floor_prev = Amount::ZERO;
        Ok(())
    }
}
