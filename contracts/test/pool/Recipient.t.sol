// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";

contract RecipientTest is PoolFixture {
    address private cold = makeAddr("cold");

    function propose(address recipient) private {
        vm.expectEmit(address(pool));
        emit IRewardPool.RecipientProposed(alice, recipient);
        vm.prank(alice);
        pool.setRecipient(recipient);
    }

    function confirm(address by) private {
        vm.expectEmit(address(pool));
        emit IRewardPool.RecipientConfirmed(alice, by);
        vm.prank(by);
        pool.confirmRecipient(alice);
    }

    function test_is_the_owner_until_another_confirms() public {
        assertEq(pool.recipientOf(alice), alice);
        propose(cold);
        assertEq(pool.recipientOf(alice), alice);
        assertEq(pool.proposedRecipientOf(alice), cold);
        assertEq(pool.claim(alice, 10e18, pay(10e18)), 10e18);
        assertEq(reward.balanceOf(alice), 10e18);

        confirm(cold);
        assertEq(pool.recipientOf(alice), cold);
        assertEq(pool.proposedRecipientOf(alice), address(0));
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        bytes32[] memory proof = pay(15e18);
        vm.expectEmit(address(pool));
        emit IRewardPool.Claimed(alice, cold, 5e18, 15e18);
        pool.claim(alice, 15e18, proof);
        assertEq(reward.balanceOf(cold), 5e18);
        assertEq(pool.claimedOf(alice), 15e18);
    }

    function test_the_owner_can_be_it_again() public {
        propose(cold);
        confirm(cold);
        propose(alice);
        confirm(alice);
        assertEq(pool.recipientOf(alice), alice);
        pool.claim(alice, 10e18, pay(10e18));
        assertEq(reward.balanceOf(alice), 10e18);
    }

    function test_an_offer_is_replaced_and_taken_back() public {
        propose(cold);
        propose(stranger);
        vm.expectRevert(NotRecipient.selector);
        vm.prank(cold);
        pool.confirmRecipient(alice);
        propose(address(0));
        vm.expectRevert(NotRecipient.selector);
        vm.prank(stranger);
        pool.confirmRecipient(alice);
    }

    function test_an_offer_is_confirmed_once() public {
        propose(cold);
        confirm(cold);
        propose(stranger);
        confirm(stranger);
        vm.expectRevert(NotRecipient.selector);
        vm.prank(cold);
        pool.confirmRecipient(alice);
        assertEq(pool.recipientOf(alice), stranger);
    }

    function test_refuses_NotRecipient_of_the_owner_itself() public {
        propose(cold);
        vm.expectRevert(NotRecipient.selector);
        vm.prank(alice);
        pool.confirmRecipient(alice);
    }

    function test_one_owner_names_nothing_for_another() public {
        propose(cold);
        vm.expectRevert(NotRecipient.selector);
        vm.prank(cold);
        pool.confirmRecipient(bob);
    }

    function test_is_paid_again_and_by_claims_of_many() public {
        propose(cold);
        confirm(cold);
        pool.claim(alice, 10e18, pay(10e18));
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        pool.claim(alice, 15e18, pay(15e18));
        assertEq(reward.balanceOf(cold), 15e18);
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        Claim[] memory claims = new Claim[](1);
        claims[0] = Claim(alice, 30e18, pay(30e18));
        assertEq(pool.claimMany(claims), 15e18);
        assertEq(reward.balanceOf(cold), 30e18);
        assertEq(reward.balanceOf(alice), 0);
    }
}
