// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";

contract VetoTest is PoolFixture {
    function postNext() private {
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        past = vault.currentCycle() - 1;
        post(past, rootOf(keccak256(abi.encode(past)), PER_CYCLE));
    }

    function veto() private {
        vm.prank(guardian);
        pool.veto();
    }

    function test_strikes_out_the_pending_root() public {
        postNext();
        bytes32 head = expectPoolFact(36, abi.encodePacked(past));
        veto();
        assertPoolHead(head);
        assertEq(pool.vetoes(), 1);
        assertEq(pool.pendingRoot().activates, 0);
        skip(DELAY);
        (bytes32 active,) = pool.activeRoot();
        assertEq(active, 0);
        assertEq(pool.uncovered(), 100);
        assertEq(pool.firstOpen(), past + 1);
    }

    function test_leaves_the_root_that_pays() public {
        bytes32[] memory proof = pay(PER_CYCLE);
        (bytes32 before,) = pool.activeRoot();
        postNext();
        veto();
        (bytes32 active, uint128 total) = pool.activeRoot();
        assertEq(active, before);
        assertEq(total, PER_CYCLE);
        assertEq(pool.claim(alice, PER_CYCLE, proof), PER_CYCLE);
    }

    function test_the_delay_ends_a_veto() public {
        postNext();
        skip(DELAY - 1);
        uint256 snapshot = vm.snapshotState();
        veto();
        vm.revertToState(snapshot);
        skip(1);
        vm.expectRevert(NothingPending.selector);
        veto();
    }

    function test_refuses_NotGuardian() public {
        postNext();
        vm.expectRevert(NotGuardian.selector);
        pool.veto();
        vm.prank(governor);
        pool.setGuardian(stranger);
        assertEq(pool.guardian(), stranger);
        vm.expectRevert(NotGuardian.selector);
        veto();
        vm.prank(stranger);
        pool.veto();
    }

    function test_refuses_NothingPending() public {
        vm.expectRevert(NothingPending.selector);
        veto();
        postNext();
        veto();
        vm.expectRevert(NothingPending.selector);
        veto();
    }

    function test_refuses_VetoesSpent_until_a_root_activates() public {
        for (uint256 i = 0; i < 3; i++) {
            postNext();
            veto();
        }
        assertEq(pool.vetoes(), 3);
        postNext();
        vm.expectRevert(VetoesSpent.selector);
        veto();
        skip(DELAY);
        assertEq(pool.vetoes(), 0, "it is active by time alone");
        postNext();
        assertEq(pool.vetoes(), 0);
        veto();
        assertEq(pool.vetoes(), 1);
    }

    function test_a_guardian_that_is_nobody_vetoes_nothing() public {
        vm.prank(governor);
        vm.expectEmit(address(pool));
        emit IRewardPool.GuardianSet(address(0));
        pool.setGuardian(address(0));
        postNext();
        vm.expectRevert(NotGuardian.selector);
        veto();
    }

    function test_refuses_NotGovernor() public {
        vm.expectRevert(NotGovernor.selector);
        pool.setGuardian(stranger);
    }

    function test_nothing_pending_is_told_before_spent_vetoes() public {
        for (uint256 i = 0; i < 3; i++) {
            postNext();
            veto();
        }
        vm.expectRevert(NothingPending.selector);
        veto();
    }
}
