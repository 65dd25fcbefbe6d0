// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {CycleStake, CycleStakes} from "../../src/libraries/CycleStakes.sol";

/// The laws of floors, for all stakes and cycles at once. `scripts/audit halmos` proves the functions named `check_`.
contract CycleStakesLaws is Test {
    using CycleStakes for CycleStake;

    /// As every verb leaves it: the floor is one of the values of the cycle, and the last one is not below it.
    function sound(CycleStake memory stake) private pure {
        vm.assume(stake.floor <= stake.value);
    }

    /// Two operators that are all there are, and their total, all read in one cycle. That is no restriction: a change reads
    /// them first, and reading in two steps is reading once.
    function whole(CycleStake memory one, CycleStake memory other, CycleStake memory total) private pure {
        sound(one);
        sound(other);
        vm.assume(one.cycle == total.cycle);
        vm.assume(other.cycle == total.cycle);
        vm.assume(uint256(one.value) + other.value == total.value);
        vm.assume(uint256(one.floor) + other.floor == total.floor);
    }

    function check_reading_keeps_a_stake_sound(CycleStake memory stake, uint64 cycle) public pure {
        sound(stake);
        CycleStake memory read = stake.at(cycle);
        assert(read.floor <= read.value && read.value == stake.value);
        assert(read.cycle == (cycle > stake.cycle ? cycle : stake.cycle));
    }

    /// Whether anybody looked in between makes no difference.
    function check_reading_in_two_steps_is_reading_once(CycleStake memory stake, uint64 first, uint64 second)
        public
        pure
    {
        sound(stake);
        vm.assume(first <= second);
        CycleStake memory once = stake.at(second);
        CycleStake memory twice = stake.at(first).at(second);
        assert(once.value == twice.value && once.cycle == twice.cycle);
        assert(once.floor == twice.floor && once.floorPrev == twice.floorPrev);
    }

    /// A new cycle begins with what is there, and remembers of the one before the lowest.
    function check_a_new_cycle_closes_the_one_before(CycleStake memory stake) public pure {
        vm.assume(stake.cycle < type(uint64).max);
        CycleStake memory next = stake.at(stake.cycle + 1);
        assert(next.floor == stake.value && next.floorPrev == stake.floor);
    }

    /// Within a cycle a floor is the lowest value, so no increase raises it.
    function check_a_floor_is_the_lowest_value(CycleStake memory stake, CycleStake memory total, uint128 value)
        public
        pure
    {
        sound(stake);
        sound(total);
        vm.assume(total.cycle == stake.cycle && stake.value <= total.value && stake.floor <= total.floor);
        vm.assume(uint256(total.value) - stake.value + value <= type(uint128).max);
        uint128 lowest = stake.floor < value ? stake.floor : value;
        uint128 floorPrev = stake.floorPrev;
        (stake,) = stake.set(total, stake.cycle, value);
        assert(stake.value == value && stake.floor == lowest && stake.floorPrev == floorPrev);
    }

    /// The total stays the sum of the parts, its floor the sum of the floors; whoever is not touched keeps its own.
    function check_the_total_stays_the_sum(
        CycleStake memory one,
        CycleStake memory other,
        CycleStake memory total,
        uint64 cycle,
        uint128 value
    ) public pure {
        whole(one, other, total);
        vm.assume(total.cycle <= cycle);
        vm.assume(uint256(other.value) + value <= type(uint128).max);
        (one, total) = one.set(total, cycle, value);
        other = other.at(cycle);
        assert(uint256(one.value) + other.value == total.value);
        assert(uint256(one.floor) + other.floor == total.floor);
    }

    /// Whoever is jailed counts in neither cycle; the total forgets it in this one alone.
    function check_a_jail_takes_out_this_cycle_and_the_one_before(
        CycleStake memory one,
        CycleStake memory other,
        CycleStake memory total,
        uint64 cycle
    ) public pure {
        whole(one, other, total);
        vm.assume(total.cycle <= cycle);
        uint128 floorPrev = total.at(cycle).floorPrev;
        (one, total) = one.jail(total, cycle);
        other = other.at(cycle);
        assert(one.value == 0 && one.floor == 0 && one.floorPrev == 0);
        assert(total.value == other.value && total.floor == other.floor && total.floorPrev == floorPrev);
    }
}
