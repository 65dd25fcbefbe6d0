// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract WithdrawTest is Fixture {
    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        for (uint128 i = 1; i <= 3; i++) {
            unstake(alice, i * 1e18);
            skip(1 days);
        }
        // Now: day 3. The entries mature on days 14, 15 and 16.
    }

    function test_pays_the_matured_entries() public {
        skip(12 days);
        expectFact(5, alice, abi.encodePacked(word(alice), uint128(3e18), uint128(3e18)));
        assertEq(withdraw(alice, 8), 3e18);
        assertFolded();
        assertEq(coin.balanceOf(alice), 3e18);
        Entry[] memory queue = vault.queueOf(alice);
        assertEq(queue.length, 1);
        assertEq(queue[0].ticket, 2);
        assertEq(queue[0].amount, 3e18);
    }

    function test_pays_at_the_second_of_maturity_and_not_before() public {
        skip(11 days - 1);
        vm.expectRevert(NothingMatured.selector);
        withdraw(alice, 8);
        skip(1);
        assertEq(withdraw(alice, 8), 1e18);
    }

    function test_pays_the_oldest_and_at_most_the_limit() public {
        skip(30 days);
        assertEq(withdraw(alice, 1), 1e18);
        assertEq(withdraw(alice, 2), 5e18);
        assertEq(vault.queueOf(alice).length, 0);
        assertEq(vault.operatorOf(alice).queued, 0);
    }

    function test_a_thawing_entry_blocks_none_behind_it() public {
        skip(30 days);
        withdraw(alice, 8);
        changePeriod(100 days);
        vm.prank(governor);
        vault.propose(Parameters(1_000e18, 10e18, 2 days, 500, 0));
        skip(99 days);
        unstake(alice, 5e18); // thaws for 100 days
        skip(1 days);
        vault.applyProposed();
        unstake(alice, 7e18); // thaws for two
        skip(2 days);
        assertEq(withdraw(alice, 8), 7e18);
        assertEq(vault.queueOf(alice)[0].amount, 5e18);
        skip(97 days);
        assertEq(withdraw(alice, 8), 5e18);
    }

    function changePeriod(uint64 period) private {
        vm.prank(governor);
        vault.propose(Parameters(1_000e18, 10e18, period, 500, 0));
        skip(vault.parameters().unstakingPeriod);
        vault.applyProposed();
    }

    function test_a_jailed_owner_leaves_with_what_is_left() public {
        slash(aliceKey);
        skip(30 days);
        assertEq(withdraw(alice, 8), 5.7e18);
    }

    function test_works_while_deposits_are_paused() public {
        vm.prank(governor);
        vault.setPaused(true);
        skip(30 days);
        assertEq(withdraw(alice, 8), 6e18);
    }

    function test_entries_of_zero_can_be_cleared() public {
        vm.prank(governor);
        vault.propose(Parameters(1_000e18, 10e18, PERIOD, 10_000, 12));
        skip(PERIOD);
        vault.applyProposed();
        slash(aliceKey);
        assertEq(vault.queueOf(alice).length, 3);
        vm.mockCallRevert(address(coin), bytes(""), bytes("the token moves nothing"));
        assertEq(withdraw(alice, 8), 0);
        assertEq(vault.queueOf(alice).length, 0);
    }

    function test_refuses_NotRegistered() public {
        vm.expectRevert(NotRegistered.selector);
        withdraw(bob, 8);
    }

    function test_refuses_NothingMatured() public {
        vm.expectRevert(NothingMatured.selector);
        withdraw(alice, 8);
    }

    function test_a_limit_of_zero_moves_nothing() public {
        skip(30 days);
        vm.expectRevert(NothingMatured.selector);
        withdraw(alice, 0);
    }

    function testFuzz_steps_of_any_size_pay_everything(uint8[8] memory limits) public {
        skip(30 days);
        uint256 paid = 0;
        for (uint256 i = 0; i < limits.length && vault.queueOf(alice).length > 0; i++) {
            paid += withdraw(alice, uint256(limits[i]) + 1);
        }
        if (vault.queueOf(alice).length > 0) paid += withdraw(alice, 8);
        assertEq(paid, 6e18);
        assertEq(coin.balanceOf(alice), 6e18);
    }
}
