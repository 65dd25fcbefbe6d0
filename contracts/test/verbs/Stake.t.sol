// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract StakeTest is Fixture {
    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        fund(stranger, 100e18);
    }

    function stakeFor(address account, uint128 amount) private {
        vm.prank(stranger);
        vault.stake(account, amount);
    }

    function test_anyone_stakes_for_any_owner() public {
        expectFact(2, alice, abi.encodePacked(word(alice), STAKE + 10e18));
        stakeFor(alice, 10e18);
        assertFolded();
        assertEq(vault.operatorOf(alice).active, STAKE + 10e18);
        assertEq(coin.balanceOf(address(vault)), STAKE + 10e18);
        assertEq(coin.balanceOf(stranger), 90e18);
        assertEq(vault.deposited(), STAKE + 10e18);
    }

    function test_an_increase_raises_no_floor() public {
        skipCycles(1);
        assertStake(vault.cycleStakeOf(alice), STAKE, STAKE, 0);
        stakeFor(alice, 50e18);
        assertStake(vault.cycleStakeOf(alice), STAKE + 50e18, STAKE, 0);
        skipCycles(1);
        assertStake(vault.cycleStakeOf(alice), STAKE + 50e18, STAKE + 50e18, STAKE);
        assertStake(vault.totalCycleStake(), STAKE + 50e18, STAKE + 50e18, STAKE);
    }

    function test_a_jailed_operator_counts_nothing() public {
        slash(aliceKey);
        uint128 left = vault.operatorOf(alice).active;
        stakeFor(alice, 10e18);
        assertEq(vault.operatorOf(alice).active, left + 10e18);
        assertStake(vault.cycleStakeOf(alice), 0, 0, 0);
        assertEq(vault.totalCycleStake().value, 0);
    }

    function test_refuses_Paused() public {
        vm.prank(governor);
        vault.setPaused(true);
        vm.expectRevert(Paused.selector);
        stakeFor(alice, 10e18);
    }

    function test_refuses_NotRegistered() public {
        vm.expectRevert(NotRegistered.selector);
        stakeFor(bob, 10e18);
    }

    function test_refuses_BelowMinDeposit() public {
        vm.expectRevert(BelowMinDeposit.selector);
        stakeFor(alice, 10e18 - 1);
    }

    function test_refuses_nothing_even_without_a_least_deposit() public {
        vm.prank(governor);
        vault.propose(Parameters(1_000e18, 0, PERIOD, 500, 12));
        skip(PERIOD);
        vault.applyProposed();
        vm.expectRevert(BelowMinDeposit.selector);
        stakeFor(alice, 0);
        stakeFor(alice, 1);
    }

    function test_refuses_Overflow() public {
        vm.expectRevert(Overflow.selector);
        stakeFor(alice, type(uint128).max - STAKE + 1);
    }

    function testFuzz_what_comes_in_is_active(uint128 amount) public {
        amount = uint128(bound(amount, 10e18, type(uint128).max - STAKE));
        stake(alice, amount);
        assertEq(vault.operatorOf(alice).active, STAKE + amount);
        assertEq(vault.totalCycleStake().value, STAKE + amount);
    }
}
