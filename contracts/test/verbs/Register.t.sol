// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract RegisterTest is Fixture {
    LinkTerms private link;
    bytes private signature;

    function setUp() public override {
        super.setUp();
        link = terms(aliceKey, 1);
        signature = signLink(alice, link, aliceKey);
        fund(alice, STAKE);
    }

    function registerAs(address account) private {
        vm.prank(account);
        vault.register(STAKE, link, signature);
    }

    function test_register_records_and_counts() public {
        expectFact(1, alice, abi.encodePacked(word(alice), uint64(0), STAKE, packed(link)));
        registerAs(alice);
        assertFolded();

        OperatorView memory operator = vault.operatorOf(alice);
        assertEq(operator.active, STAKE);
        assertEq(operator.signer, link.signer);
        assertEq(operator.nonce, 1);
        assertEq(operator.jailedUntil, 0);
        assertEq(vault.operatorCount(), 1);
        assertEq(vault.deposited(), STAKE);
        assertEq(coin.balanceOf(address(vault)), STAKE);
        assertStake(vault.cycleStakeOf(alice), STAKE, 0, 0);
        assertStake(vault.totalCycleStake(), STAKE, 0, 0);
        Tenure memory tenure = vault.tenureOf(link.signer);
        assertEq(tenure.account, alice);
        assertEq(tenure.from, 100);
        assertEq(tenure.through, 0);
    }

    function test_indexes_grow_by_one() public {
        registerAs(alice);
        register(bob, key("bob's"), STAKE);
        assertEq(vault.operatorOf(bob).index, 1);
        assertEq(vault.operatorCount(), 2);
    }

    function test_refuses_Paused() public {
        vm.prank(governor);
        vault.setPaused(true);
        vm.expectRevert(Paused.selector);
        registerAs(alice);
    }

    function test_refuses_AlreadyRegistered() public {
        registerAs(alice);
        vm.expectRevert(AlreadyRegistered.selector);
        registerAs(alice);
    }

    function test_refuses_StaleNonce() public {
        link.nonce = 0;
        vm.expectRevert(StaleNonce.selector);
        registerAs(alice);
    }

    function test_refuses_SignerTaken() public {
        registerAs(alice);
        fund(bob, STAKE);
        vm.expectRevert(SignerTaken.selector);
        registerAs(bob);
    }

    function test_refuses_ZeroSigner() public {
        link.signer = address(0);
        vm.expectRevert(ZeroSigner.selector);
        registerAs(alice);
    }

    function test_refuses_Length() public {
        signature = hex"00";
        vm.expectRevert(abi.encodeWithSelector(Length.selector, 1));
        registerAs(alice);
    }

    function test_refuses_BadV() public {
        signature[64] = 0x1d;
        vm.expectRevert(BadV.selector);
        registerAs(alice);
    }

    function test_refuses_BadScalar() public {
        for (uint256 i = 0; i < 32; i++) {
            signature[i] = 0;
        }
        vm.expectRevert(BadScalar.selector);
        registerAs(alice);
    }

    function test_refuses_HighS() public {
        signature[32] = 0x80;
        vm.expectRevert(HighS.selector);
        registerAs(alice);
    }

    function test_refuses_Unrecoverable() public {
        // No point of the curve has this x coordinate.
        for (uint256 i = 0; i < 32; i++) {
            signature[i] = i == 31 ? bytes1(0x05) : bytes1(0);
        }
        vm.expectRevert(Unrecoverable.selector);
        registerAs(alice);
    }

    function test_refuses_WrongSigner() public {
        signature = signLink(alice, link, key("somebody"));
        vm.expectRevert(abi.encodeWithSelector(WrongSigner.selector, vm.addr(key("somebody"))));
        registerAs(alice);
    }

    function test_refuses_BelowMinStake() public {
        vm.expectRevert(BelowMinStake.selector);
        vm.prank(alice);
        vault.register(1_000e18 - 1, link, signature);
    }

    function test_the_smallest_stake_is_enough() public {
        vm.prank(alice);
        vault.register(1_000e18, link, signature);
        assertEq(vault.operatorOf(alice).active, 1_000e18);
    }

    function test_refuses_Overflow() public {
        register(bob, key("bob's"), STAKE);
        vm.expectRevert(Overflow.selector);
        vm.prank(alice);
        vault.register(type(uint128).max - STAKE + 1, link, signature);
    }

    function test_refuses_without_the_tokens() public {
        vm.prank(alice);
        coin.transfer(stranger, 1);
        vm.expectRevert();
        registerAs(alice);
    }

    function test_a_link_for_another_owner_is_refused() public {
        fund(bob, STAKE);
        vm.expectPartialRevert(WrongSigner.selector);
        registerAs(bob);
    }

    function test_a_peer_may_be_named_twice() public {
        registerAs(alice);
        LinkTerms memory second = terms(key("bob's"), 1);
        second.peer = link.peer;
        bytes memory half = signLink(bob, second, key("bob's"));
        fund(bob, STAKE);
        vm.prank(bob);
        vault.register(STAKE, second, half);
    }
}
