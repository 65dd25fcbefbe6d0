// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

/// Who votes about a cycle once it has passed: whoever was in office in it, not whoever is now.
contract VoterTest is Fixture {
    address private former;
    address private latter;

    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        (former, latter) = (vm.addr(aliceKey), vm.addr(key("second")));
        skipCycles(2);
        // The former serves through the next cycle, the latter from the one after that.
        rotate(alice, key("second"), 2);
        skipCycles(2);
    }

    function assertVoter(address signer) private view {
        (address account, uint128 weight) = vault.voterOf(signer);
        assertEq(account, alice);
        assertEq(weight, STAKE);
    }

    function test_the_former_signer_votes_about_its_last_cycle_and_no_other() public {
        assertVoter(former);
        skipCycles(1);
        vm.expectRevert(OutsideTenure.selector);
        vault.voterOf(former);
    }

    function test_the_latter_signer_votes_about_its_first_cycle_and_none_before() public {
        vm.expectRevert(OutsideTenure.selector);
        vault.voterOf(latter);
        skipCycles(1);
        assertVoter(latter);
    }
}
