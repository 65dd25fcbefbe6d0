// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract UnstakeTest is Fixture {
    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        skipCycles(2);
    }

    function test_moves_stake_into_the_queue() public {
        uint64 maturity = uint64(block.timestamp) + PERIOD;
        expectFact(3, alice, abi.encodePacked(word(alice), STAKE - 7e18, uint128(7e18), uint128(7e18), maturity));
        assertEq(unstake(alice, 7e18), 0);
        assertFolded();
        Entry[] memory queue = vault.queueOf(alice);
        assertEq(queue.length, 1);
        assertEq(queue[0].amount, 7e18);
        assertEq(queue[0].maturity, maturity);
        assertEq(vault.operatorOf(alice).queued, 7e18);
    }

    function test_lowers_the_floor_at_once() public {
        unstake(alice, 7e18);
        assertStake(vault.cycleStakeOf(alice), STAKE - 7e18, STAKE - 7e18, STAKE);
        assertStake(vault.totalCycleStake(), STAKE - 7e18, STAKE - 7e18, STAKE);
    }

    function test_entries_never_merge_and_tickets_grow() public {
        assertEq(unstake(alice, 1e18), 0);
        assertEq(unstake(alice, 2e18), 1);
        Entry[] memory queue = vault.queueOf(alice);
        assertEq(queue.length, 2);
        assertEq(queue[1].amount, 2e18);
        assertEq(queue[1].ticket, 1);
        assertEq(vault.operatorOf(alice).queued, 3e18);
    }

    function test_everything_may_go_even_while_jailed() public {
        slash(aliceKey);
        unstake(alice, vault.operatorOf(alice).active);
        assertEq(vault.operatorOf(alice).active, 0);
        assertStake(vault.totalCycleStake(), 0, 0, STAKE);
    }

    function test_a_maturity_beyond_time_stays_at_its_end() public {
        Deployment memory d = deployment(IERC20(address(coin)));
        d.bounds.most.unstakingPeriod = type(uint64).max;
        d.parameters.unstakingPeriod = type(uint64).max;
        vault = deploy(d);
        register(alice, aliceKey, STAKE);
        unstake(alice, 1);
        assertEq(vault.queueOf(alice)[0].maturity, type(uint64).max);
    }

    function test_refuses_NotRegistered() public {
        vm.expectRevert(NotRegistered.selector);
        unstake(bob, 1);
    }

    function test_refuses_QueueFull() public {
        for (uint256 i = 0; i < 8; i++) {
            unstake(alice, 1);
        }
        vm.expectRevert(QueueFull.selector);
        unstake(alice, 1);
    }

    function test_refuses_ZeroAmount() public {
        vm.expectRevert(ZeroAmount.selector);
        unstake(alice, 0);
    }

    function test_refuses_InsufficientStake() public {
        vm.expectRevert(InsufficientStake.selector);
        unstake(alice, STAKE + 1);
    }

    function testFuzz_active_and_queue_share_the_stake(uint128 amount) public {
        amount = uint128(bound(amount, 1, STAKE));
        unstake(alice, amount);
        OperatorView memory operator = vault.operatorOf(alice);
        assertEq(operator.active + operator.queued, STAKE);
        assertEq(operator.queued, amount);
    }
}
