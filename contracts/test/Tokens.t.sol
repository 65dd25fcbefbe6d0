// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./Fixture.sol";
import {Hostile} from "./tokens/Hostile.sol";

/// Tokens that do what no token should: each is refused at the door, or harms nobody but itself.
contract TokensTest is Fixture {
    Hostile private token;

    function setUp() public override {
        super.setUp();
        token = Hostile(create("Hostile.sol:Hostile", ""));
        coin = Coin(address(token));
        vault = deploy(deployment(IERC20(address(token))));
        register(alice, aliceKey, STAKE);
        register(bob, key("bob's"), STAKE);
        unstake(alice, 100e18);
        skip(PERIOD);
        fund(stranger, 100e18);
    }

    function refusedDeposit(Hostile.Way way) private {
        token.behave(way);
        vm.expectRevert();
        vm.prank(stranger);
        vault.stake(alice, 50e18);
        assertEq(vault.operatorOf(alice).active, STAKE - 100e18);
    }

    function test_a_fee_on_transfer_is_refused() public {
        token.behave(Hostile.Way.TakesAFee);
        vm.expectRevert(abi.encodeWithSelector(InexactTransfer.selector, 50e18, 49.5e18));
        vm.prank(stranger);
        vault.stake(alice, 50e18);
    }

    function test_a_token_that_gives_more_is_refused() public {
        token.behave(Hostile.Way.PaysExtra);
        vm.expectRevert(abi.encodeWithSelector(InexactTransfer.selector, 50e18, 50e18 + 1));
        vm.prank(stranger);
        vault.stake(alice, 50e18);
    }

    function test_a_token_that_returns_false_is_refused() public {
        refusedDeposit(Hostile.Way.ReturnsFalse);
    }

    function test_a_token_that_reverts_is_refused() public {
        refusedDeposit(Hostile.Way.Reverts);
    }

    function test_a_token_that_returns_nothing_is_accepted() public {
        token.behave(Hostile.Way.ReturnsNothing);
        vm.prank(stranger);
        vault.stake(alice, 50e18);
        assertEq(withdraw(alice, 8), 100e18);
        assertEq(token.balanceOf(alice), 100e18);
    }

    function test_a_withdrawal_that_returns_false_keeps_the_entry() public {
        token.behave(Hostile.Way.ReturnsFalse);
        vm.expectRevert();
        withdraw(alice, 8);
        token.behave(Hostile.Way.Well);
        assertEq(withdraw(alice, 8), 100e18);
    }

    function test_an_owner_whom_the_token_refuses_blocks_nobody_else() public {
        unstake(bob, 100e18);
        skip(PERIOD);
        token.refuse(alice);
        vm.expectRevert();
        withdraw(alice, 8);
        assertEq(withdraw(bob, 8), 100e18);
    }

    function test_a_token_that_shrinks_harms_those_who_hold_it_only() public {
        token.shrink(50);
        assertEq(withdraw(alice, 8), 100e18);
        slash(aliceKey);
        unstake(bob, STAKE);
    }

    function test_coming_back_in_during_a_withdrawal_pays_once() public {
        Reentrant owner = new Reentrant(vault);
        uint256 secret = key("reentrant's");
        LinkTerms memory link = terms(secret, 1);
        bytes memory signature = signLink(address(owner), link, secret);
        token.mint(address(owner), STAKE);
        owner.register(token, STAKE, link, signature);
        owner.unstake(100e18);
        skip(PERIOD);
        token.callBack(address(owner), abi.encodeCall(Reentrant.tryWithdraw, ()));
        owner.withdraw();
        assertTrue(owner.wasRefused());
        assertEq(token.balanceOf(address(owner)), 100e18);
    }

    function test_coming_back_in_during_a_deposit_is_refused() public {
        fund(address(token), 50e18);
        token.callBack(address(vault), abi.encodeCall(IStakeVault.stake, (alice, 10e18)));
        vm.expectRevert(abi.encodeWithSelector(InexactTransfer.selector, 50e18, 60e18));
        vm.prank(stranger);
        vault.stake(alice, 50e18);
    }

    function test_collecting_during_a_deposit_is_refused() public {
        slash(key("bob's"));
        token.callBack(address(vault), abi.encodeCall(IStakeVault.collect, (stranger)));
        vm.expectRevert();
        vm.prank(stranger);
        vault.stake(alice, 50e18);
    }
}

/// An owner that is a contract and tries to be paid twice.
contract Reentrant {
    IStakeVault private immutable vault;
    bool public wasRefused;

    constructor(IStakeVault at) {
        vault = at;
    }

    function register(IERC20 token, uint128 amount, LinkTerms calldata link, bytes calldata signature) external {
        token.approve(address(vault), amount);
        vault.register(amount, link, signature);
    }

    function unstake(uint128 amount) external {
        vault.unstake(amount);
    }

    function withdraw() external {
        vault.withdraw(8);
    }

    function tryWithdraw() external {
        try vault.withdraw(8) {}
        catch {
            wasRefused = true;
        }
    }
}
