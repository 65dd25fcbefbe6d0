// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

/// A queue with no room left: there is no empty entry behind the last one that could end a search.
contract FullQueueTest is Fixture {
    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        for (uint128 i = 1; i <= 8; i++) {
            assertEq(unstake(alice, i * 1e18), i - 1);
        }
    }

    function test_restake_refuses_NoSuchEntry() public {
        vm.expectRevert(NoSuchEntry.selector);
        vm.prank(alice);
        vault.restake(8);
    }

    function test_restake_takes_back_the_last_entry() public {
        vm.prank(alice);
        vault.restake(7);
        assertEq(vault.operatorOf(alice).active, STAKE - 28e18);
        assertEq(vault.queueOf(alice).length, 7);
        assertEq(unstake(alice, 8e18), 8);
    }

    function test_withdraw_empties_it() public {
        skip(PERIOD);
        assertEq(withdraw(alice, 8), 36e18);
        assertEq(vault.queueOf(alice).length, 0);
    }
}
