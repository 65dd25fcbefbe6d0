// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// The counted stake of one operator, or of all of them, with its floors.
struct CycleStake {
    uint128 value;
    /// The lowest value of `cycle`, so far.
    uint128 floor;
    /// The lowest value of the cycle before. Votes for cycle c read it in cycle c + 1.
    uint128 floorPrev;
    /// The cycle of the last touch.
    uint64 cycle;
}

/// The lowest stake of a cycle, without a loop over anything.
///
/// The first touch in a cycle closes the books of the one before; after that a decrease may lower the floor and an
/// increase never raises it.
library CycleStakes {
    /// The same stake as seen in `cycle`, which is not before the last touch.
    function at(CycleStake memory self, uint64 cycle) internal pure returns (CycleStake memory) {
        if (cycle <= self.cycle) return self;
        // Untouched for a whole cycle means that the value stood still through it.
        uint128 floorPrev = self.cycle + 1 == cycle ? self.floor : self.value;
        return CycleStake(self.value, self.value, floorPrev, cycle);
    }

    /// An operator's counted stake set to `value`, and the total with the difference carried into it.
    function set(CycleStake memory operator, CycleStake memory total, uint64 cycle, uint128 value)
        internal
        pure
        returns (CycleStake memory, CycleStake memory)
    {
        (operator, total) = (at(operator, cycle), at(total, cycle));
        total.value = total.value - operator.value + value;
        operator.value = value;
        if (value < operator.floor) {
            total.floor -= operator.floor - value;
            operator.floor = value;
        }
        return (operator, total);
    }

    /// A jailed operator taken out of this cycle and the one before.
    ///
    /// The total keeps its `floorPrev`: a slash never lowers a quorum that is being counted.
    function jail(CycleStake memory operator, CycleStake memory total, uint64 cycle)
        internal
        pure
        returns (CycleStake memory, CycleStake memory)
    {
        (operator, total) = set(operator, total, cycle, 0);
        operator.floorPrev = 0;
        return (operator, total);
    }
}
