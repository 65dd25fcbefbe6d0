//! The lowest stake of a cycle, without a loop over anything.
//!
//! Each operator, and each chain's total, keep four numbers. The first touch in a cycle closes the books of the one
//! before; after that a decrease may lower the floor and an increase never raises it. Votes for cycle c read
//! [`CycleStake::floor_prev`] in cycle c + 1.

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, Overflow};
use crate::cycle::Cycle;

/// The counted stake of one operator, or of all of a chain, with its floors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CycleStake {
    value: Amount,
    floor: Amount,
    floor_prev: Amount,
    cycle: Cycle,
}

impl CycleStake {
    /// Nothing counted yet, as of `cycle`.
    #[must_use]
    pub const fn empty(cycle: Cycle) -> Self {
        Self { value: Amount::ZERO, floor: Amount::ZERO, floor_prev: Amount::ZERO, cycle }
    }

    /// Reads back what the four getters gave.
    #[must_use]
    pub const fn read_back(value: Amount, floor: Amount, floor_prev: Amount, cycle: Cycle) -> Self {
        Self { value, floor, floor_prev, cycle }
    }

    /// The same stake as seen in `cycle`, which is not before the last touch (block time never runs backwards).
    #[must_use]
    pub fn at(mut self, cycle: Cycle) -> Self {
        self.touch(cycle);
        self
    }

    #[must_use]
    pub const fn value(&self) -> Amount {
        self.value
    }

    /// The lowest value of the cycle of the last touch, so far.
    #[must_use]
    pub const fn floor(&self) -> Amount {
        self.floor
    }

    /// The lowest value of the cycle before that of the last touch.
    #[must_use]
    pub const fn floor_prev(&self) -> Amount {
        self.floor_prev
    }

    /// The cycle of the last touch.
    #[must_use]
    pub const fn cycle(&self) -> Cycle {
        self.cycle
    }

    fn touch(&mut self, cycle: Cycle) {
        if cycle <= self.cycle {
            return;
        }
        // Untouched for a whole cycle means that the value stood still through it.
        self.floor_prev = if self.cycle.plus(1) == cycle { self.floor } else { self.value };
        self.floor = self.value;
        self.cycle = cycle;
    }

    /// Sets an operator's counted stake and carries the difference into its chain's `total`.
    ///
    /// The contracts only ever see the cycle of the total's last touch or a later one. A ledger of Solana may hear of one
    /// operator's past after another's present, so what changes is the operator's part of the total as it is by now: a
    /// total is the same in whatever order the operators come to it.
    pub fn set(&mut self, total: &mut Self, cycle: Cycle, value: Amount) -> Result<(), Overflow> {
        let (mut operator, mut chain) = (self.at(cycle), total.at(cycle));
        let before = operator.at(chain.cycle);
        operator.value = value;
        operator.floor = operator.floor.min(value);
        let after = operator.at(chain.cycle);
        chain.value = chain.value.minus(before.value)?.plus(after.value)?;
        chain.floor = chain.floor.minus(before.floor)?.plus(after.floor)?;
        chain.floor_prev = chain.floor_prev.minus(before.floor_prev)?.plus(after.floor_prev)?;
        (*self, *total) = (operator, chain);
        Ok(())
    }

    /// Takes a jailed operator out of this cycle and the one before.
    ///
    /// The total keeps its `floor_prev`: a slash never lowers a quorum that is being counted.
    pub fn jail(&mut self, total: &mut Self, cycle: Cycle) -> Result<(), Overflow> {
        self.set(total, cycle, Amount::ZERO)?;
        self.floor_prev = Amount::ZERO;
        Ok(())
    }
}
