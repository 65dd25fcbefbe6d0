// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract RotateTest is Fixture {
    address private first;
    uint256 private secondKey;
    address private second;

    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE); // in cycle 100
        skipCycles(5);
        secondKey = key("second");
        (first, second) = (vm.addr(aliceKey), vm.addr(secondKey));
    }

    function assertOnly(address signer, uint64 cycle) private view {
        assertEq(vault.speaksIn(first, cycle), signer == first, "the first signer");
        assertEq(vault.speaksIn(second, cycle), signer == second, "the second signer");
    }

    function test_the_new_signer_begins_after_the_next_cycle() public {
        LinkTerms memory link = terms(secondKey, 2);
        bytes memory signature = signLink(alice, link, secondKey);
        expectFact(6, alice, abi.encodePacked(word(alice), packed(link)));
        vm.prank(alice);
        vault.rotate(link, signature);
        assertFolded();
        assertOnly(address(0), 99);
        assertOnly(first, 100);
        assertOnly(first, 106);
        assertOnly(second, 107);
        assertOnly(second, type(uint64).max);
        assertEq(vault.operatorOf(alice).signer, second);
        assertEq(vault.operatorOf(alice).nonce, 2);
    }

    function test_a_signer_replaced_before_its_first_cycle_never_serves() public {
        rotate(alice, secondKey, 2);
        rotate(alice, key("third"), 3);
        assertOnly(first, 106);
        assertOnly(address(0), 107);
        assertTrue(vault.speaksIn(vm.addr(key("third")), 107));
    }

    function test_with_the_present_signer_only_the_peer_changes() public {
        rotate(alice, aliceKey, 7);
        assertOnly(first, 1_000);
        assertEq(vault.tenureOf(first).through, 0);
        assertEq(vault.operatorOf(alice).nonce, 7);
    }

    function test_refuses_NotRegistered() public {
        vm.expectRevert(NotRegistered.selector);
        this.rotateAs(bob, secondKey, 2);
    }

    function test_refuses_Jailed() public {
        slash(aliceKey);
        vm.expectRevert(Jailed.selector);
        this.rotateAs(alice, secondKey, 2);
    }

    function test_refuses_StaleNonce() public {
        vm.expectRevert(StaleNonce.selector);
        this.rotateAs(alice, secondKey, 1);
    }

    function test_refuses_SignerTaken() public {
        register(bob, secondKey, STAKE);
        vm.expectRevert(SignerTaken.selector);
        this.rotateAs(alice, secondKey, 2);
    }

    function test_refuses_SignerTaken_for_a_signer_of_its_own_past() public {
        rotate(alice, secondKey, 2);
        vm.expectRevert(SignerTaken.selector);
        this.rotateAs(alice, aliceKey, 3);
    }

    function test_refuses_WrongSigner() public {
        LinkTerms memory link = terms(secondKey, 2);
        bytes memory signature = signLink(alice, link, aliceKey);
        vm.expectRevert(abi.encodeWithSelector(WrongSigner.selector, first));
        vm.prank(alice);
        vault.rotate(link, signature);
    }

    function test_refuses_ZeroSigner() public {
        LinkTerms memory link = terms(secondKey, 2);
        link.signer = address(0);
        vm.expectRevert(ZeroSigner.selector);
        vm.prank(alice);
        vault.rotate(link, "");
    }

    /// Called through `this`, so that the expectation meets the vault and not a cheat code before it.
    function rotateAs(address account, uint256 signerKey, uint64 nonce) external {
        rotate(account, signerKey, nonce);
    }
}
