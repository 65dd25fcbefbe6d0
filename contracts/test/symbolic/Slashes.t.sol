// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {Cut, Slashes} from "../../src/libraries/Slashes.sol";

/// What a slash takes, for all amounts at once. `scripts/audit halmos` proves the functions named `check_`.
contract SlashesLaws is Test {
    /// The fraction is the smallest whole number that is not below the exact one.
    function check_a_fraction_is_the_exact_one_rounded_up(uint128 amount, uint16 bps) public pure {
        vm.assume(bps <= Slashes.WHOLE);
        uint256 exact = uint256(amount) * bps;
        uint256 part = uint256(Slashes.fractionUp(amount, bps)) * Slashes.WHOLE;
        assert(part >= exact && part - exact < Slashes.WHOLE);
    }

    /// A slash can never take what is not there.
    function check_a_fraction_is_within_the_amount(uint128 amount, uint16 bps) public pure {
        vm.assume(bps <= Slashes.WHOLE);
        assert(Slashes.fractionUp(amount, bps) <= amount);
    }

    function check_nothing_and_the_whole_are_exact(uint128 amount) public pure {
        assert(Slashes.fractionUp(amount, 0) == 0);
        assert(Slashes.fractionUp(amount, Slashes.WHOLE) == amount);
    }

    /// Whoever has more loses no less.
    function check_a_fraction_grows_with_the_amount(uint128 less, uint128 more) public pure {
        vm.assume(less <= more);
        assert(Slashes.fractionUp(less, 500) <= Slashes.fractionUp(more, 500));
    }

    /// Nobody lightens a slash by splitting stake.
    function check_splitting_saves_nothing(uint128 one, uint128 other) public pure {
        vm.assume(uint256(one) + other <= type(uint128).max);
        assert(
            uint256(Slashes.fractionUp(one, 500)) + Slashes.fractionUp(other, 500)
                >= Slashes.fractionUp(one + other, 500)
        );
    }

    /// Nothing appears or disappears: what is taken and what is left are what was there. At a twentieth and with one entry,
    /// since no solver gets through more; every fraction and any queue are left to fuzzing.
    function check_a_cut_loses_no_atom(uint128 active, uint128 entry) public pure {
        vm.assume(uint256(active) + entry <= type(uint128).max);
        uint128[] memory queue = new uint128[](1);
        queue[0] = entry;

        Cut memory cut = Slashes.cut(active, queue, 500);

        assert(cut.queue.length == 1 && cut.queued == cut.queue[0]);
        assert(cut.active <= active && cut.queued <= entry);
        assert(uint256(cut.taken) + cut.active + cut.queued == uint256(active) + entry);
    }

    /// The bounty is a twentieth of what is taken, rounded down; the burned rest is never negative. A slash of the whole takes
    /// every amount there is.
    function check_the_bounty_is_a_twentieth_rounded_down(uint128 taken) public pure {
        Cut memory cut = Slashes.cut(taken, new uint128[](0), Slashes.WHOLE);
        uint256 twenty = uint256(cut.bounty) * 20;
        assert(cut.taken == taken && twenty <= taken && taken - twenty < 20);
    }
}
