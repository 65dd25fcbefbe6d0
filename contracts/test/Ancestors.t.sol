// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./Fixture.sol";

/// Known defects of others in this field, and that we do not have them.
contract AncestorsTest is Fixture {
    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        skipCycles(2);
    }

    function test_a_slash_does_not_skip_matured_unstakes_or_strand_them() public {
        unstake(alice, 1_000e18);
        skip(PERIOD + 1);
        assertEq(slash(aliceKey), 250e18, "the matured entry pays like the rest");
        assertEq(withdraw(alice, 8), 950e18, "and what is left of it can be withdrawn");
    }

    function test_a_full_queue_resets_no_clock() public {
        unstake(alice, 1e18);
        uint64 maturity = vault.queueOf(alice)[0].maturity;
        skip(1 days);
        for (uint256 i = 1; i < 8; i++) {
            unstake(alice, 1e18);
        }
        vm.expectRevert(QueueFull.selector);
        unstake(alice, 1e18);
        assertEq(vault.queueOf(alice)[0].maturity, maturity);
        assertEq(vault.queueOf(alice)[0].amount, 1e18);
        vm.warp(maturity);
        assertEq(withdraw(alice, 8), 1e18);
        unstake(alice, 1e18);
    }

    function test_nobody_makes_its_own_removal_revert() public {
        // The owner is a contract without a way to receive anything, its queue is full, deposits are paused, the token is
        // broken and the one who is slashed cannot be asked: still the slash goes through.
        vm.etch(alice, hex"fe");
        for (uint256 i = 0; i < 8; i++) {
            unstake(alice, 1e18);
        }
        vm.prank(governor);
        vault.setPaused(true);
        vm.mockCallRevert(address(coin), bytes(""), bytes("the token is broken"));
        assertEq(slash(aliceKey), 250e18);
    }

    function test_an_exit_does_not_fail_because_of_a_slash() public {
        unstake(alice, 1_000e18);
        slash(aliceKey);
        skip(PERIOD);
        unstake(alice, vault.operatorOf(alice).active);
        assertEq(withdraw(alice, 8), 950e18);
        skip(PERIOD);
        assertEq(withdraw(alice, 8), 3_800e18);
    }

    function test_no_capacity_is_left_of_who_has_gone() public {
        unstake(alice, STAKE);
        assertStake(vault.cycleStakeOf(alice), 0, 0, STAKE);
        skipCycles(1);
        assertStake(vault.cycleStakeOf(alice), 0, 0, 0);
        assertStake(vault.totalCycleStake(), 0, 0, 0);
    }

    function test_a_role_that_passed_leaves_nothing_with_the_old_holder() public {
        Ownable2Step owned = Ownable2Step(address(vault));
        vm.prank(governor);
        owned.transferOwnership(stranger);
        vm.prank(stranger);
        owned.acceptOwnership();

        Parameters memory same = vault.parameters();
        vm.startPrank(governor);
        vm.expectRevert(NotGovernor.selector);
        vault.setPaused(true);
        vm.expectRevert(NotGovernor.selector);
        vault.propose(same);
        vm.expectRevert(NotGovernor.selector);
        owned.transferOwnership(governor);
        vm.stopPrank();
        vm.prank(stranger);
        vault.setPaused(true);
    }

    function test_empty_evidence_pays_nobody() public {
        vm.expectRevert(abi.encodeWithSelector(Length.selector, 0));
        vault.slash("", stranger);
        vm.expectRevert(abi.encodeWithSelector(UnknownKind.selector, 0));
        vault.slash(new bytes(228), stranger);
        assertEq(vault.bountyOf(stranger), 0);
    }

    function test_nothing_signed_for_one_deployment_is_worth_anything_for_another() public {
        bytes memory proof = evidence(aliceKey, 102);
        LinkTerms memory link = terms(aliceKey, 1);
        bytes memory half = signLink(alice, link, aliceKey);

        vault = deploy(deployment(IERC20(address(coin))));
        fund(alice, STAKE);
        vm.expectPartialRevert(WrongSigner.selector);
        vm.prank(alice);
        vault.register(STAKE, link, half);

        register(alice, aliceKey, STAKE);
        // Both signatures recover to somebody there, but not to the same, and not to her.
        vm.expectRevert(DifferentSigners.selector);
        vault.slash(proof, stranger);
    }

    function test_a_link_cannot_be_used_twice() public {
        LinkTerms memory link = terms(key("second"), 2);
        bytes memory half = signLink(alice, link, key("second"));
        vm.startPrank(alice);
        vault.rotate(link, half);
        vm.expectRevert(StaleNonce.selector);
        vault.rotate(link, half);
        vm.stopPrank();
    }

    function test_dust_on_behalf_of_others_resets_no_clock() public {
        unstake(alice, 1e18);
        uint64 maturity = vault.queueOf(alice)[0].maturity;
        skip(PERIOD - 1);
        fund(stranger, 10e18);
        vm.prank(stranger);
        vault.stake(alice, 10e18);
        assertEq(vault.queueOf(alice)[0].maturity, maturity);
        skip(1);
        assertEq(withdraw(alice, 8), 1e18);
    }

    function test_dust_on_behalf_of_others_ends_and_lengthens_no_jail() public {
        slash(aliceKey);
        skip(PERIOD - 1);
        stake(alice, 10e18);
        skip(1);
        unjail(alice, key("second"), 2);
    }
}
