// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

/// What can be asked of a vault that no verb needs.
contract ViewsTest is Fixture {
    function test_the_bounds_are_those_it_was_deployed_with() public view {
        Deployment memory d = deployment(IERC20(address(coin)));
        assertEq(abi.encode(vault.bounds()), abi.encode(d.bounds));
        assertEq(abi.encode(vault.parameters()), abi.encode(d.parameters));
    }

    function test_the_count_of_operators_is_of_every_registration_and_nothing_else() public {
        assertEq(vault.operatorCount(), 0);
        register(alice, aliceKey, STAKE);
        assertEq(vault.operatorCount(), 1);
        assertEq(vault.operatorOf(alice).index, 0);
        stake(alice, STAKE);
        slash(aliceKey);
        assertEq(vault.operatorCount(), 1);
        register(bob, key("bob's"), STAKE);
        assertEq(vault.operatorCount(), 2);
        assertEq(vault.operatorOf(bob).index, 1);
    }
}
