// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract UnjailTest is Fixture {
    uint256 private secondKey;

    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        secondKey = key("second");
        skipCycles(2);
        slash(aliceKey);
    }

    function test_ends_the_jail_with_a_new_signer() public {
        skip(PERIOD);
        LinkTerms memory link = terms(secondKey, 2);
        bytes memory signature = signLink(alice, link, secondKey);
        expectFact(8, alice, abi.encodePacked(word(alice), STAKE - 250e18, packed(link)));
        vm.prank(alice);
        vault.unjail(link, signature);
        assertFolded();
        OperatorView memory operator = vault.operatorOf(alice);
        assertEq(operator.jailedUntil, 0);
        assertEq(operator.term, 1);
        assertEq(operator.signer, vm.addr(secondKey));
        assertStake(vault.cycleStakeOf(alice), STAKE - 250e18, 0, 0);
        assertStake(vault.totalCycleStake(), STAKE - 250e18, 0, 0);
    }

    function test_the_new_signer_speaks_at_once_and_every_earlier_one_is_void() public {
        skip(PERIOD);
        unjail(alice, secondKey, 2);
        assertTrue(vault.speaksIn(vm.addr(secondKey), 116));
        assertFalse(vault.speaksIn(vm.addr(secondKey), 115));
        assertFalse(vault.speaksIn(vm.addr(aliceKey), 101));
    }

    function test_a_second_offence_is_slashed_again() public {
        skip(PERIOD);
        unjail(alice, secondKey, 2);
        slash(secondKey);
        assertTrue(vault.operatorOf(alice).jailedUntil != 0);
    }

    /// The end was fixed by the slash: a longer period that comes into force meanwhile changes nothing.
    function test_a_jail_keeps_its_length() public {
        Parameters memory longer = vault.parameters();
        longer.unstakingPeriod = PERIOD * 2;
        vm.prank(governor);
        vault.propose(longer);
        skip(PERIOD);
        vault.applyProposed();
        unjail(alice, secondKey, 2);
        assertEq(vault.operatorOf(alice).jailedUntil, 0);
    }

    function test_refuses_NotRegistered() public {
        vm.expectRevert(NotRegistered.selector);
        this.unjailAs(bob, secondKey, 2);
    }

    function test_refuses_NotJailed() public {
        register(bob, key("bob's"), STAKE);
        vm.expectRevert(NotJailed.selector);
        this.unjailAs(bob, secondKey, 2);
    }

    function test_refuses_StaleNonce() public {
        vm.expectRevert(StaleNonce.selector);
        this.unjailAs(alice, secondKey, 1);
    }

    function test_refuses_SignerTaken_even_for_the_present_signer() public {
        skip(PERIOD);
        vm.expectRevert(SignerTaken.selector);
        this.unjailAs(alice, aliceKey, 2);
    }

    function test_refuses_WrongSigner() public {
        LinkTerms memory link = terms(secondKey, 2);
        bytes memory signature = signLink(alice, link, aliceKey);
        vm.expectRevert(abi.encodeWithSelector(WrongSigner.selector, vm.addr(aliceKey)));
        vm.prank(alice);
        vault.unjail(link, signature);
    }

    function test_refuses_BelowMinStake() public {
        unstake(alice, STAKE - 250e18 - 1_000e18 + 1);
        vm.expectRevert(BelowMinStake.selector);
        this.unjailAs(alice, secondKey, 2);
    }

    function test_refuses_StillJailed() public {
        skip(PERIOD - 1);
        vm.expectRevert(StillJailed.selector);
        this.unjailAs(alice, secondKey, 2);
    }

    /// Called through `this`, so that the expectation meets the vault and not a cheat code before it.
    function unjailAs(address account, uint256 signerKey, uint64 nonce) external {
        unjail(account, signerKey, nonce);
    }
}
