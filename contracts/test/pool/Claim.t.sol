// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";

contract ClaimTest is PoolFixture {
    function test_pays_what_was_earned_since() public {
        bytes32[] memory proof = pay(10e18);
        vm.expectEmit(address(pool));
        emit IRewardPool.Claimed(alice, alice, 10e18, 10e18);
        vm.prank(stranger);
        assertEq(pool.claim(alice, 10e18, proof), 10e18);
        assertEq(reward.balanceOf(alice), 10e18);
        assertEq(pool.claimedOf(alice), 10e18);
        assertEq(pool.paid(), 10e18);

        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        proof = pay(25e18);
        assertEq(pool.claim(alice, 25e18, proof), 15e18);
        assertEq(reward.balanceOf(alice), 25e18);
        assertEq(pool.paid(), 25e18);
        assertEq(reward.balanceOf(address(pool)), FUNDS - 25e18);
    }

    function test_nothing_to_claim_is_no_error() public {
        bytes32[] memory proof = pay(10e18);
        pool.claim(alice, 10e18, proof);
        vm.recordLogs();
        assertEq(pool.claim(alice, 10e18, proof), 0);
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(reward.balanceOf(alice), 10e18);
    }

    function test_a_leaf_below_what_was_paid_pays_nothing() public {
        pool.claim(alice, 10e18, pay(10e18));
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        (bytes32 root, bytes32[] memory proof) = entitle(alice, 4e18, 3);
        post(vault.currentCycle() - 1, rootOf(root, 20e18));
        skip(DELAY);
        assertEq(pool.claim(alice, 4e18, proof), 0);
        assertEq(pool.claimedOf(alice), 10e18);
        assertEq(pool.paid(), 10e18);
    }

    function test_what_settles_is_kept_even_if_nothing_is_paid() public {
        (bytes32 root, bytes32[] memory proof) = entitle(alice, 0, 1);
        post(past, rootOf(root, PER_CYCLE));
        skip(DELAY);
        assertEq(pool.claim(alice, 0, proof), 0);
        (bytes32 active, uint128 total) = pool.activeRoot();
        assertEq(active, root);
        assertEq(total, PER_CYCLE);
        assertEq(pool.paid(), 0);
        assertEq(pool.uncovered(), past + 1);
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        assertEq(pool.claim(alice, 2 * PER_CYCLE, pay(2 * PER_CYCLE)), 2 * PER_CYCLE);
    }

    function test_the_root_before_pays_until_the_next_is_active() public {
        bytes32[] memory first = pay(10e18);
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        (bytes32 root, bytes32[] memory second) = entitle(alice, 30e18, 2);
        post(vault.currentCycle() - 1, rootOf(root, 30e18));
        skip(DELAY - 1);
        vm.expectRevert(BadProof.selector);
        pool.claim(alice, 30e18, second);
        assertEq(pool.claim(alice, 10e18, first), 10e18);
        skip(1);
        vm.expectRevert(BadProof.selector);
        pool.claim(alice, 10e18, first);
        assertEq(pool.claim(alice, 30e18, second), 20e18);
    }

    function test_a_jailed_owner_is_paid_what_it_earned() public {
        bytes32[] memory proof = pay(10e18);
        slash(aliceKey);
        assertEq(pool.claim(alice, 10e18, proof), 10e18);
    }

    function test_refuses_NoRoot() public {
        vm.expectRevert(NoRoot.selector);
        pool.claim(alice, 1, new bytes32[](0));
        (bytes32 root, bytes32[] memory proof) = entitle(alice, 1, 0);
        post(past, rootOf(root, 1));
        vm.expectRevert(NoRoot.selector);
        pool.claim(alice, 1, proof);
    }

    function test_refuses_BadProof() public {
        bytes32[] memory proof = pay(10e18);
        vm.expectRevert(BadProof.selector);
        pool.claim(bob, 10e18, proof);
        vm.expectRevert(BadProof.selector);
        pool.claim(alice, 10e18 + 1, proof);
        proof[3] = keccak256("another");
        vm.expectRevert(BadProof.selector);
        pool.claim(alice, 10e18, proof);
        vm.expectRevert(BadProof.selector);
        pool.claim(alice, 10e18, new bytes32[](0));
    }

    function test_an_inner_node_is_no_leaf() public {
        // Whoever calls the children of the root a leaf would need an account, an amount and a chain with that hash.
        (bytes32 root, bytes32[] memory proof) = entitle(alice, 10e18, 1);
        post(past, rootOf(root, 10e18));
        skip(DELAY);
        bytes32 inner = Roots.leaf(1, word(alice), 10e18);
        vm.expectRevert(BadProof.selector);
        pool.claim(address(uint160(uint256(inner))), 10e18, proof);
    }

    function test_a_leaf_of_the_other_chain_pays_nothing_here() public {
        bytes32 root = Roots.leaf(2, word(alice), 10e18);
        post(past, rootOf(root, 10e18));
        skip(DELAY);
        vm.expectRevert(BadProof.selector);
        pool.claim(alice, 10e18, new bytes32[](0));
    }

    function test_refuses_a_proof_that_is_deeper_than_any_tree() public {
        (bytes32 root, bytes32[] memory proof) = entitle(alice, 1, 64);
        post(past, rootOf(root, 1));
        skip(DELAY);
        assertEq(pool.claim(alice, 1, proof), 1);

        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        (root, proof) = entitle(alice, 2, 65);
        post(vault.currentCycle() - 1, rootOf(root, 2));
        skip(DELAY);
        vm.expectRevert(BadProof.selector);
        pool.claim(alice, 2, proof);
    }

    function test_refuses_AboveTotal() public {
        (bytes32 root, bytes32[] memory proof) = entitle(alice, 10e18, 5);
        post(past, rootOf(root, 10e18 - 1));
        skip(DELAY);
        vm.expectRevert(AboveTotal.selector);
        pool.claim(alice, 10e18, proof);
        assertEq(pool.paid(), 0);
    }

    // Many.

    function three() private returns (Claim[] memory claims) {
        bytes32[3] memory leaves =
            [Roots.leaf(1, word(alice), 10e18), Roots.leaf(1, word(bob), 20e18), Roots.leaf(1, word(carol), 30e18)];
        bytes32 pair = node(leaves[0], leaves[1]);
        post(past, rootOf(node(pair, leaves[2]), 60e18));
        skip(DELAY);
        claims = new Claim[](3);
        claims[0] = Claim(alice, 10e18, pathOf(leaves[1], leaves[2]));
        claims[1] = Claim(bob, 20e18, pathOf(leaves[0], leaves[2]));
        claims[2] = Claim(carol, 30e18, new bytes32[](1));
        claims[2].proof[0] = pair;
    }

    function node(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }

    function pathOf(bytes32 a, bytes32 b) private pure returns (bytes32[] memory path) {
        path = new bytes32[](2);
        (path[0], path[1]) = (a, b);
    }

    function test_many_are_paid_at_once() public {
        Claim[] memory claims = three();
        pool.claim(bob, 20e18, claims[1].proof);
        assertEq(pool.claimMany(claims), 40e18);
        assertEq(reward.balanceOf(alice), 10e18);
        assertEq(reward.balanceOf(bob), 20e18);
        assertEq(reward.balanceOf(carol), 30e18);
        assertEq(pool.paid(), 60e18);
        assertEq(pool.claimMany(claims), 0);
        assertEq(pool.claimMany(new Claim[](0)), 0);
    }

    function test_the_same_claim_twice_is_paid_once() public {
        Claim[] memory claims = three();
        claims[1] = claims[0];
        claims[2] = claims[0];
        assertEq(pool.claimMany(claims), 10e18);
        assertEq(reward.balanceOf(alice), 10e18);
    }

    function test_all_of_them_or_none() public {
        Claim[] memory claims = three();
        claims[2].cumulative += 1;
        vm.expectRevert(BadProof.selector);
        pool.claimMany(claims);
        assertEq(pool.paid(), 0);
    }

    function test_many_do_not_exceed_the_total_together() public {
        bytes32[2] memory leaves = [Roots.leaf(1, word(alice), 10e18), Roots.leaf(1, word(bob), 20e18)];
        post(past, rootOf(node(leaves[0], leaves[1]), 29e18));
        skip(DELAY);
        Claim[] memory claims = new Claim[](2);
        (claims[0], claims[1]) = (Claim(alice, 10e18, new bytes32[](1)), Claim(bob, 20e18, new bytes32[](1)));
        (claims[0].proof[0], claims[1].proof[0]) = (leaves[1], leaves[0]);
        vm.expectRevert(AboveTotal.selector);
        pool.claimMany(claims);
        assertEq(pool.claim(bob, 20e18, claims[1].proof), 20e18);
        vm.expectRevert(AboveTotal.selector);
        pool.claim(alice, 10e18, claims[0].proof);
    }

    function testFuzz_pays_the_difference(uint128 first, uint128 second, uint8 levels) public {
        first = uint128(bound(first, 0, 2 * PER_CYCLE));
        second = uint128(bound(second, first, first + PER_CYCLE));
        (bytes32 root, bytes32[] memory proof) = entitle(alice, first, levels % 33);
        post(past, rootOf(root, first));
        skip(DELAY);
        assertEq(pool.claim(alice, first, proof), first);
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        (root, proof) = entitle(alice, second, levels % 31);
        post(vault.currentCycle() - 1, rootOf(root, second));
        skip(DELAY);
        assertEq(pool.claim(alice, second, proof), second - first);
        assertEq(reward.balanceOf(alice), second);
        assertEq(pool.paid(), second);
    }
}
