// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";

/// Known defects of others who pay rewards, and that we do not have them.
contract PoolAncestorsTest is PoolFixture {
    function test_a_quorum_of_nobody_decides_nothing() public {
        unstake(alice, 5_000e18);
        unstake(bob, 3_000e18);
        unstake(carol, 1_000e18);
        skipCycles(2);
        uint64 cycle = vault.currentCycle() - 1;
        RewardRoot memory root = rootOf(keccak256("all of it"), 1);
        pool.vote(cycle, root, "");
        post(cycle, root);
        assertEq(pool.pendingRoot().activates, 0);
    }

    function test_no_votes_are_worth_anything_for_another_deployment() public {
        RewardRoot memory root = rootOf(keccak256("root"), 0);
        uint64 cycle = vault.currentCycle() + 1;
        bytes memory votes = abi.encodePacked(ballot(aliceKey, cycle, root), ballot(bobKey, cycle, root));
        vault = deploy(deployment(IERC20(address(coin))));
        pool = deployPool(poolDeployment());
        register(alice, aliceKey, 5_000e18);
        register(bob, bobKey, 3_000e18);
        skipCycles(2);
        vm.expectRevert(UnknownSigner.selector);
        pool.vote(cycle, root, votes);
        post(cycle, root);
        assertEq(pool.pendingRoot().root, root.root);
    }

    function test_the_smallest_reward_is_not_rounded_away() public {
        bytes32[] memory proof = pay(1);
        assertEq(pool.claim(alice, 1, proof), 1);
    }

    function test_a_role_that_passed_leaves_nothing_with_the_old_holder() public {
        Ownable2Step owned = Ownable2Step(address(pool));
        vm.prank(governor);
        owned.transferOwnership(stranger);
        vm.prank(stranger);
        owned.acceptOwnership();
        PoolParameters memory same = pool.parameters();
        vm.startPrank(governor);
        vm.expectRevert(NotGovernor.selector);
        pool.propose(same);
        vm.expectRevert(NotGovernor.selector);
        pool.setGuardian(governor);
        vm.expectRevert(NotGovernor.selector);
        owned.transferOwnership(governor);
        vm.stopPrank();
        vm.prank(stranger);
        pool.setGuardian(stranger);
    }

    function test_nobody_can_make_another_ones_claim_revert_or_go_elsewhere() public {
        bytes32[] memory proof = pay(10e18);
        // Somebody claims first, somebody proposes a recipient for themselves, the owner's old account has no code to run.
        vm.prank(stranger);
        pool.setRecipient(alice);
        vm.etch(alice, hex"fe");
        vm.prank(stranger);
        assertEq(pool.claim(alice, 10e18, proof), 10e18);
        assertEq(pool.claim(alice, 10e18, proof), 0);
        assertEq(reward.balanceOf(alice), 10e18);
    }

    function test_an_unstake_or_slash_during_the_vote_moves_no_goal() public {
        RewardRoot memory root = rootOf(keccak256("root"), 1);
        pool.vote(past, root, ballot(bobKey, past, root));
        slash(aliceKey);
        unstake(carol, 1_000e18);
        assertEq(vault.totalCycleStake().floorPrev, 9_000e18);
        pool.vote(past, root, ballot(carolKey, past, root));
        assertEq(pool.tallyOf(past, root), 4_000e18);
        assertEq(pool.pendingRoot().activates, 0);
    }
}
