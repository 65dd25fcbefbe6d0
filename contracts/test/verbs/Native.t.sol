// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";
import {Wrapped} from "../tokens/Wrapped.sol";

/// Staking the chain's own coin, where the token wraps it.
contract NativeTest is Fixture {
    Wrapped private wrapped;

    function setUp() public override {
        super.setUp();
        wrapped = Wrapped(create("Wrapped.sol:Wrapped", ""));
        vault = deploy(deployment(IERC20(address(wrapped))));
        vm.deal(alice, 10_000e18);
        vm.deal(stranger, 10_000e18);
        enter();
    }

    function enter() private {
        LinkTerms memory link = terms(aliceKey, 1);
        bytes memory half = signLink(alice, link, aliceKey);
        vm.prank(alice);
        vault.registerNative{value: STAKE}(link, half);
    }

    function matured(uint128 amount) private {
        unstake(alice, amount);
        skip(PERIOD);
    }

    function withdrawNative() private returns (uint128) {
        vm.prank(alice);
        return vault.withdrawNative(8);
    }

    function test_what_is_sent_along_is_staked() public {
        assertEq(vault.operatorOf(alice).active, STAKE);
        assertEq(wrapped.balanceOf(address(vault)), STAKE);
        bytes memory body = abi.encodePacked(word(alice), STAKE + 20e18);
        expectFact(2, alice, body);
        vm.prank(stranger);
        vault.stakeNative{value: 20e18}(alice);
        assertFolded();
        assertEq(vault.operatorOf(alice).active, STAKE + 20e18);
        assertEq(wrapped.balanceOf(address(vault)), STAKE + 20e18);
        assertEq(address(vault).balance, 0);
    }

    function test_is_paid_out_unwrapped_or_not() public {
        matured(100e18);
        uint256 before = alice.balance;
        assertEq(withdrawNative(), 100e18);
        assertEq(alice.balance - before, 100e18);
        assertEq(address(vault).balance, 0);
        matured(50e18);
        assertEq(withdraw(alice, 8), 50e18);
        assertEq(wrapped.balanceOf(alice), 50e18);
    }

    function test_what_a_slash_left_empty_pays_nothing() public {
        vm.startPrank(governor);
        vault.propose(Parameters(1_000e18, 10e18, PERIOD, 10_000, 12));
        skip(PERIOD);
        vault.applyProposed();
        vm.stopPrank();
        unstake(alice, 100e18);
        slash(aliceKey);
        skip(PERIOD);
        assertEq(withdrawNative(), 0);
    }

    function test_refuses_as_the_other_deposits_do() public {
        vm.startPrank(stranger);
        vm.expectRevert(BelowMinDeposit.selector);
        vault.stakeNative{value: 10e18 - 1}(alice);
        vm.expectRevert(NotRegistered.selector);
        vault.stakeNative{value: 20e18}(bob);
        vm.deal(stranger, uint256(type(uint128).max) + 1);
        vm.expectRevert(Overflow.selector);
        vault.stakeNative{value: uint256(type(uint128).max) + 1}(alice);
        vm.expectRevert(Overflow.selector);
        vault.stakeNative{value: type(uint128).max}(alice);
        vm.stopPrank();
        LinkTerms memory link = terms(aliceKey, 2);
        bytes memory half = signLink(alice, link, aliceKey);
        vm.expectRevert(AlreadyRegistered.selector);
        vm.prank(alice);
        vault.registerNative{value: STAKE}(link, half);
        vm.prank(governor);
        vault.setPaused(true);
        vm.expectRevert(Paused.selector);
        vm.prank(stranger);
        vault.stakeNative{value: 20e18}(alice);
    }

    function test_refuses_NothingMatured() public {
        vm.expectRevert(NothingMatured.selector);
        withdrawNative();
    }

    function test_refuses_InexactTransfer() public {
        matured(100e18);
        wrapped.keep(1);
        vm.expectRevert(abi.encodeWithSelector(InexactTransfer.selector, 20e18, 20e18 - 1));
        vm.prank(stranger);
        vault.stakeNative{value: 20e18}(alice);
        vm.expectRevert(abi.encodeWithSelector(InexactTransfer.selector, 100e18, 100e18 - 1));
        withdrawNative();
        assertEq(vault.queueOf(alice).length, 1, "what is not paid stays");
    }

    function test_refuses_NotWrapped() public {
        super.setUp();
        register(alice, aliceKey, STAKE);
        matured(100e18);
        vm.expectRevert(NotWrapped.selector);
        vm.prank(stranger);
        vault.stakeNative{value: 20e18}(alice);
        vm.expectRevert(NotWrapped.selector);
        withdrawNative();
        assertEq(stranger.balance, 10_000e18);
    }

    function test_refuses_the_coin_from_anybody_else() public {
        vm.prank(stranger);
        (bool done, bytes memory why) = address(vault).call{value: 1}("");
        assertFalse(done);
        assertEq(why, abi.encodeWithSelector(NotWrapped.selector));
    }

    function test_refuses_NotPayable_and_the_token_is_left() public {
        matured(100e18);
        vm.etch(alice, hex"fe");
        vm.expectRevert(NotPayable.selector);
        withdrawNative();
        assertEq(withdraw(alice, 8), 100e18);
        assertEq(wrapped.balanceOf(alice), 100e18);
    }

    function test_coming_back_in_while_being_paid_pays_once() public {
        matured(100e18);
        Greedy greedy = new Greedy();
        vm.etch(alice, address(greedy).code);
        uint256 before = alice.balance;
        assertEq(withdrawNative(), 100e18);
        assertEq(alice.balance - before, 100e18);
        assertEq(wrapped.balanceOf(address(vault)), STAKE - 100e18);
    }

    function test_a_pause_stops_no_way_out() public {
        matured(100e18);
        vm.prank(governor);
        vault.setPaused(true);
        assertEq(withdrawNative(), 100e18);
    }

    function test_coin_that_was_forced_on_the_vault_stays_there() public {
        matured(100e18);
        vm.deal(address(vault), 7);
        uint256 before = alice.balance;
        assertEq(withdrawNative(), 100e18);
        assertEq(alice.balance - before, 100e18);
        assertEq(address(vault).balance, 7);
    }
}

/// Asks again as soon as it is paid, and is refused.
contract Greedy {
    receive() external payable {
        (bool done,) = msg.sender.call(abi.encodeCall(IStakeVault.withdrawNative, (8)));
        require(!done, "paid twice");
    }
}
