// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";
import {Hostile} from "../tokens/Hostile.sol";

/// Rewards in tokens that do what no token should: refused when they come in, harmless to others when they go out.
contract PoolTokensTest is PoolFixture {
    Hostile private token;
    bytes32[] private alices;
    bytes32[] private bobs;

    function setUp() public override {
        super.setUp();
        token = Hostile(create("Hostile.sol:Hostile", ""));
        reward = Coin(address(token));
        pool = deployPool(poolDeployment());
        fundPool(FUNDS);
        skipCycles(1);
        past = vault.currentCycle() - 1;
        bytes32 alicesLeaf = Roots.leaf(1, word(alice), 10e18);
        bytes32 bobsLeaf = Roots.leaf(1, word(bob), 20e18);
        (alices, bobs) = (new bytes32[](1), new bytes32[](1));
        (alices[0], bobs[0]) = (bobsLeaf, alicesLeaf);
        bytes32 root = alicesLeaf < bobsLeaf
            ? keccak256(abi.encodePacked(alicesLeaf, bobsLeaf))
            : keccak256(abi.encodePacked(bobsLeaf, alicesLeaf));
        post(past, rootOf(root, 30e18));
        skip(DELAY);
        token.mint(stranger, 100e18);
        vm.prank(stranger);
        token.approve(address(pool), type(uint256).max);
    }

    function refusedFunds(Hostile.Way way, bytes memory reason) private {
        token.behave(way);
        if (reason.length == 0) vm.expectRevert();
        else vm.expectRevert(reason);
        vm.prank(stranger);
        pool.fund(50e18);
        assertEq(pool.funded(), FUNDS);
    }

    function test_funds_in_another_amount_are_refused() public {
        refusedFunds(Hostile.Way.TakesAFee, abi.encodeWithSelector(InexactTransfer.selector, 50e18, 49.5e18));
        refusedFunds(Hostile.Way.PaysExtra, abi.encodeWithSelector(InexactTransfer.selector, 50e18, 50e18 + 1));
    }

    function test_funds_that_do_not_come_are_refused() public {
        refusedFunds(Hostile.Way.ReturnsFalse, "");
        refusedFunds(Hostile.Way.Reverts, "");
    }

    function test_a_token_that_returns_nothing_is_accepted() public {
        token.behave(Hostile.Way.ReturnsNothing);
        vm.prank(stranger);
        pool.fund(50e18);
        assertEq(pool.claim(alice, 10e18, alices), 10e18);
        assertEq(token.balanceOf(alice), 10e18);
    }

    function test_a_claim_that_returns_false_can_be_made_again() public {
        token.behave(Hostile.Way.ReturnsFalse);
        vm.expectRevert();
        pool.claim(alice, 10e18, alices);
        assertEq(pool.claimedOf(alice), 0);
        token.behave(Hostile.Way.Well);
        assertEq(pool.claim(alice, 10e18, alices), 10e18);
    }

    function test_a_recipient_whom_the_token_refuses_blocks_nobody_else_and_can_be_changed() public {
        token.refuse(alice);
        vm.expectRevert();
        pool.claim(alice, 10e18, alices);
        assertEq(pool.claim(bob, 20e18, bobs), 20e18);
        vm.prank(alice);
        pool.setRecipient(stranger);
        vm.prank(stranger);
        pool.confirmRecipient(alice);
        assertEq(pool.claim(alice, 10e18, alices), 10e18);
        assertEq(token.balanceOf(stranger), 110e18);
    }

    function test_a_token_that_shrinks_takes_nothing_from_the_stake() public {
        token.shrink(1);
        uint256 stakes = coin.balanceOf(address(vault));
        pool.claim(alice, 10e18, alices);
        assertEq(coin.balanceOf(address(vault)), stakes);
    }

    function test_claiming_again_while_being_paid_pays_once() public {
        token.callBack(address(pool), abi.encodeCall(IRewardPool.claim, (alice, 10e18, alices)));
        assertEq(pool.claim(alice, 10e18, alices), 10e18);
        assertTrue(token.calledBack());
        assertEq(token.balanceOf(alice), 10e18);
        assertEq(pool.paid(), 10e18);
    }

    function test_another_claim_while_many_are_paid_pays_each_once() public {
        Claim[] memory claims = new Claim[](2);
        (claims[0], claims[1]) = (Claim(alice, 10e18, alices), Claim(bob, 20e18, bobs));
        token.callBack(address(pool), abi.encodeCall(IRewardPool.claim, (bob, 20e18, bobs)));
        assertEq(pool.claimMany(claims), 30e18);
        assertEq(token.balanceOf(alice), 10e18);
        assertEq(token.balanceOf(bob), 20e18);
        assertEq(pool.paid(), 30e18);
    }

    function test_funding_during_a_funding_is_refused() public {
        token.mint(address(token), 10e18);
        vm.prank(address(token));
        token.approve(address(pool), type(uint256).max);
        token.callBack(address(pool), abi.encodeCall(IRewardPool.fund, (10e18)));
        vm.expectRevert(abi.encodeWithSelector(InexactTransfer.selector, 50e18, 60e18));
        vm.prank(stranger);
        pool.fund(50e18);
    }

    function test_claiming_during_a_funding_is_refused() public {
        token.callBack(address(pool), abi.encodeCall(IRewardPool.claim, (alice, 10e18, alices)));
        vm.expectRevert(abi.encodeWithSelector(InexactTransfer.selector, 50e18, 40e18));
        vm.prank(stranger);
        pool.fund(50e18);
    }

    function test_a_claim_of_another_while_one_is_paid_is_counted() public {
        token.callBack(address(pool), abi.encodeCall(IRewardPool.claim, (bob, 20e18, bobs)));
        assertEq(pool.claim(alice, 10e18, alices), 10e18);
        assertEq(pool.paid(), 30e18);
        assertEq(token.balanceOf(address(pool)), FUNDS - 30e18);
    }

    function test_a_claim_of_another_while_many_are_paid_is_counted() public {
        Claim[] memory claims = new Claim[](1);
        claims[0] = Claim(alice, 10e18, alices);
        token.callBack(address(pool), abi.encodeCall(IRewardPool.claim, (bob, 20e18, bobs)));
        assertEq(pool.claimMany(claims), 10e18);
        assertEq(pool.paid(), 30e18);
        assertEq(token.balanceOf(address(pool)), FUNDS - 30e18);
    }

    function test_nothing_is_moved_for_whoever_has_nothing_to_claim() public {
        Claim[] memory claims = new Claim[](2);
        (claims[0], claims[1]) = (Claim(alice, 10e18, alices), Claim(bob, 20e18, bobs));
        pool.claim(alice, 10e18, alices);
        token.refuse(alice);
        assertEq(pool.claimMany(claims), 20e18);
    }
}
