// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./Fixture.sol";

contract OwnershipTest is Fixture {
    Ownable2Step private owned;

    function setUp() public override {
        super.setUp();
        owned = Ownable2Step(address(vault));
    }

    function test_passes_in_two_steps() public {
        vm.prank(governor);
        owned.transferOwnership(stranger);
        assertEq(owned.owner(), governor);
        vm.expectRevert(NotOffered.selector);
        owned.acceptOwnership();
        vm.prank(stranger);
        owned.acceptOwnership();
        assertEq(owned.owner(), stranger);
    }

    function test_refuses_NotGovernor() public {
        vm.expectRevert(NotGovernor.selector);
        owned.transferOwnership(stranger);
    }

    function test_refuses_NotRenounceable() public {
        vm.expectRevert(NotRenounceable.selector);
        vm.prank(governor);
        owned.renounceOwnership();
    }
}
