// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";

contract FundTest is PoolFixture {
    function test_records_the_sum_and_takes_the_tokens() public {
        reward.mint(stranger, 5);
        vm.startPrank(stranger);
        reward.approve(address(pool), 5);
        bytes32 head = expectPoolFact(34, abi.encodePacked(FUNDS + 5));
        pool.fund(5);
        assertPoolHead(head);
        assertEq(pool.funded(), FUNDS + 5);
        assertEq(reward.balanceOf(address(pool)), FUNDS + 5);
    }

    function test_refuses_ZeroAmount() public {
        vm.expectRevert(ZeroAmount.selector);
        pool.fund(0);
    }

    function test_refuses_Overflow() public {
        vm.expectRevert(Overflow.selector);
        pool.fund(type(uint128).max - FUNDS + 1);
    }

    function test_takes_as_much_as_there_can_be() public {
        fundPool(type(uint128).max - FUNDS);
        assertEq(pool.funded(), type(uint128).max);
    }

    function test_refuses_whoever_did_not_approve() public {
        vm.expectRevert();
        vm.prank(stranger);
        pool.fund(1);
    }
}
