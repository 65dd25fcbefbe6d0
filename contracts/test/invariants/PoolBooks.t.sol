// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";
import {PoolActors} from "./PoolActors.sol";

/// Whatever people do with a pool, in any order: the books balance.
contract PoolBooksTest is Test {
    PoolActors private actors;
    IRewardPool private pool;
    IStakeVault private vault;
    Coin private coin;

    function setUp() public {
        actors = new PoolActors();
        (pool, vault, coin) = actors.thePool();
        bytes4[] memory verbs = new bytes4[](9);
        verbs[0] = PoolActors.fund.selector;
        // Most of what can go wrong needs roots.
        verbs[1] = PoolActors.vote.selector;
        verbs[2] = PoolActors.vote.selector;
        verbs[3] = PoolActors.veto.selector;
        verbs[4] = PoolActors.claim.selector;
        verbs[5] = PoolActors.claimAll.selector;
        verbs[6] = PoolActors.redirect.selector;
        verbs[7] = PoolActors.govern.selector;
        verbs[8] = PoolActors.wait.selector;
        targetContract(address(actors));
        targetSelector(FuzzSelector(address(actors), verbs));
    }

    function invariant_paid_is_within_what_was_entitled_and_that_within_what_was_funded() public view {
        (, uint128 total) = pool.activeRoot();
        assertEq(total, actors.entitled());
        assertLe(pool.paid(), total);
        assertLe(total, pool.funded());
    }

    function invariant_what_came_in_is_here_or_was_paid() public view {
        assertEq(pool.funded(), actors.fundedIn());
        assertEq(pool.paid(), actors.paidOut());
        assertEq(coin.balanceOf(address(pool)), actors.fundedIn() - actors.paidOut());
    }

    function invariant_what_was_paid_is_the_sum_of_what_each_was_paid() public view {
        uint256 sum = 0;
        for (uint256 i = 0; i < actors.ownerCount(); i++) {
            address owner = actors.owners(i);
            assertEq(pool.claimedOf(owner), actors.claimedBy(owner));
            sum += pool.claimedOf(owner);
        }
        assertEq(sum, pool.paid());
    }

    function invariant_cycles_only_close() public view {
        assertLe(pool.firstOpen(), vault.currentCycle());
        assertLe(pool.vetoes(), 3);
        if (pool.pendingRoot().activates != 0) assertEq(pool.pendingRoot().cycle + 1, pool.firstOpen());
    }

    function invariant_the_head_folds_the_recorded_facts() public view {
        (bytes32 head, uint64 seq) = pool.head();
        assertEq(head, actors.folded());
        assertEq(seq, actors.facts());
        assertEq(vm.load(address(pool), bytes32(pool.HEAD_SLOT())), head);
    }

    /// The invariants would hold of people who do nothing, too: these do everything.
    function test_the_actors_do_everything() public {
        for (uint256 i = 0; i < 1_000; i++) {
            uint256 dice = uint256(keccak256(abi.encode(i)));
            (uint256 who, uint128 amount) = (dice >> 8, uint128(dice >> 64));
            uint256 verb = dice % 9;
            if (verb == 0) actors.fund(amount);
            if (verb == 1 || verb == 2) actors.vote(uint8(who), amount, dice >> 16, dice & 3072 == 0);
            if (verb == 3) actors.veto(uint8(who));
            if (verb == 4) actors.claim(who);
            if (verb == 5) actors.claimAll(who);
            if (verb == 6) actors.redirect(who, dice >> 32);
            if (verb == 7) actors.govern(amount);
            if (verb == 8) actors.wait(uint32(dice >> 32));
        }
        for (uint8 kind = 32; kind <= 36; kind++) {
            assertGe(actors.told(kind), 3, vm.toString(kind));
        }
        assertGe(actors.claims(), 100);
        assertGe(actors.refusedClaims(), 5);
        assertGe(actors.redirected(), 20);
        assertGe(10 * actors.done(), 7 * actors.tried(), "too many of them do nothing");
        invariant_paid_is_within_what_was_entitled_and_that_within_what_was_funded();
        invariant_what_came_in_is_here_or_was_paid();
        invariant_what_was_paid_is_the_sum_of_what_each_was_paid();
    }
}
