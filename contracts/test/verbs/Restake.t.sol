// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract RestakeTest is Fixture {
    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        skipCycles(2);
        for (uint128 i = 1; i <= 3; i++) {
            unstake(alice, i * 1e18);
        }
    }

    function restake(address account, uint64 ticket) private {
        vm.prank(account);
        vault.restake(ticket);
    }

    function test_takes_one_entry_back_and_keeps_the_order_of_the_rest() public {
        expectFact(4, alice, abi.encodePacked(word(alice), STAKE - 4e18, uint128(4e18)));
        restake(alice, 1);
        assertFolded();
        Entry[] memory queue = vault.queueOf(alice);
        assertEq(queue.length, 2);
        assertEq(queue[0].ticket, 0);
        assertEq(queue[1].ticket, 2);
        assertEq(queue[1].amount, 3e18);
        // The floor fell with the unstake and does not come back in this cycle.
        assertStake(vault.cycleStakeOf(alice), STAKE - 4e18, STAKE - 6e18, STAKE);
    }

    function test_gives_back_only_what_a_slash_left() public {
        slash(aliceKey);
        uint128 active = vault.operatorOf(alice).active;
        restake(alice, 2);
        assertEq(vault.operatorOf(alice).active, active + 2.85e18);
        assertEq(vault.totalCycleStake().value, 0);
    }

    function test_a_ticket_is_never_given_twice() public {
        restake(alice, 2);
        assertEq(unstake(alice, 1), 3);
    }

    function test_works_while_deposits_are_paused() public {
        vm.prank(governor);
        vault.setPaused(true);
        restake(alice, 0);
    }

    function test_refuses_NotRegistered() public {
        vm.expectRevert(NotRegistered.selector);
        restake(bob, 0);
    }

    function test_refuses_NoSuchEntry() public {
        vm.expectRevert(NoSuchEntry.selector);
        restake(alice, 3);
        restake(alice, 1);
        vm.expectRevert(NoSuchEntry.selector);
        restake(alice, 1);
    }

    function test_refuses_ZeroAmount() public {
        vm.prank(governor);
        vault.propose(Parameters(1_000e18, 10e18, PERIOD, 10_000, 12));
        skip(PERIOD);
        vault.applyProposed();
        slash(aliceKey);
        vm.expectRevert(ZeroAmount.selector);
        restake(alice, 0);
    }
}
