// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract CollectTest is Fixture {
    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        register(bob, key("bob's"), STAKE);
        slash(aliceKey);
    }

    function test_anyone_has_the_beneficiary_paid() public {
        vm.expectEmit(address(vault));
        emit IStakeVault.BountyCollected(stranger, 12.5e18);
        vm.prank(bob);
        assertEq(vault.collect(stranger), 12.5e18);
        assertEq(coin.balanceOf(stranger), 12.5e18);
        assertEq(vault.bountyOf(stranger), 0);
    }

    function test_bounties_add_up() public {
        slash(key("bob's"));
        assertEq(vault.collect(stranger), 25e18);
    }

    function test_nothing_to_pay_is_no_error_and_no_call() public {
        vm.mockCallRevert(address(coin), bytes(""), bytes("the token is broken"));
        assertEq(vault.collect(bob), 0);
    }

    function test_a_bounty_is_no_fact() public {
        (bytes32 head,) = vault.head();
        vault.collect(stranger);
        (bytes32 after_,) = vault.head();
        assertEq(head, after_);
    }
}
