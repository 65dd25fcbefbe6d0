// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract TermsTest is Fixture {
    Parameters private next = Parameters(2_000e18, 20e18, 30 days, 1_000, 20);

    function propose(Parameters memory parameters) private {
        vm.prank(governor);
        vault.propose(parameters);
    }

    function refused(bytes4 reason, Parameters memory parameters) private {
        vm.expectPartialRevert(reason);
        propose(parameters);
    }

    function body(Parameters memory p) private pure returns (bytes memory) {
        return abi.encodePacked(p.minStake, p.minDeposit, p.unstakingPeriod, p.slashBps, p.evidenceCycles);
    }

    function test_change_after_their_notice() public {
        uint64 effective = uint64(block.timestamp) + PERIOD;
        expectFact(17, address(0), abi.encodePacked(body(next), effective));
        propose(next);
        assertFolded();
        assertEq(vault.proposal().effective, effective);
        assertEq(vault.parameters().minStake, 1_000e18);

        skip(PERIOD - 1);
        vm.expectRevert(NoticeRunning.selector);
        vault.applyProposed();

        skip(1);
        expectFact(16, address(0), body(next));
        vm.prank(stranger);
        vault.applyProposed();
        assertFolded();
        assertEq(abi.encode(vault.parameters()), abi.encode(next));
        assertEq(vault.proposal().effective, 0);
    }

    function test_a_new_proposal_starts_the_notice_anew() public {
        propose(next);
        skip(PERIOD - 1);
        propose(next);
        skip(1);
        vm.expectRevert(NoticeRunning.selector);
        vault.applyProposed();
    }

    function test_the_bounds_themselves_are_allowed() public {
        propose(Parameters(1e18, 0, 1 days + 1 days, 0, 0));
        propose(Parameters(1e24, 1e24, 365 days, 10_000, 300));
    }

    function test_refuses_NotGovernor() public {
        vm.expectRevert(NotGovernor.selector);
        vault.propose(next);
    }

    function test_refuses_Bps() public {
        refused(Bps.selector, Parameters(2_000e18, 20e18, 30 days, 10_001, 20));
    }

    function test_refuses_OutOfBounds_on_either_side() public {
        refused(OutOfBounds.selector, Parameters(1e18 - 1, 20e18, 30 days, 1_000, 20));
        refused(OutOfBounds.selector, Parameters(1e24 + 1, 20e18, 30 days, 1_000, 20));
        refused(OutOfBounds.selector, Parameters(2_000e18, 1e24 + 1, 30 days, 1_000, 20));
        refused(OutOfBounds.selector, Parameters(2_000e18, 20e18, 1 days - 1, 1_000, 0));
        refused(OutOfBounds.selector, Parameters(2_000e18, 20e18, 365 days + 1, 1_000, 20));
        refused(OutOfBounds.selector, Parameters(2_000e18, 20e18, 365 days, 1_000, 301));
    }

    function test_refuses_UnsoundPeriods() public {
        propose(Parameters(2_000e18, 20e18, 22 days, 1_000, 20));
        refused(UnsoundPeriods.selector, Parameters(2_000e18, 20e18, 22 days - 1, 1_000, 20));
    }

    function test_refuses_NothingProposed() public {
        vm.expectRevert(NothingProposed.selector);
        vault.applyProposed();
        propose(next);
        skip(PERIOD);
        vault.applyProposed();
        vm.expectRevert(NothingProposed.selector);
        vault.applyProposed();
    }

    function test_an_unstake_keeps_the_maturity_it_was_created_with() public {
        register(alice, aliceKey, STAKE);
        unstake(alice, 1e18);
        propose(next);
        skip(PERIOD);
        vault.applyProposed();
        assertEq(withdraw(alice, 1), 1e18);
    }

    function test_only_the_governor_pauses() public {
        vm.expectRevert(NotGovernor.selector);
        vault.setPaused(true);
        vm.expectEmit(address(vault));
        emit IStakeVault.DepositsPaused(true);
        vm.startPrank(governor);
        vault.setPaused(true);
        assertTrue(vault.paused());
        vault.setPaused(false);
        vm.stopPrank();
        register(alice, aliceKey, STAKE);
    }
}
