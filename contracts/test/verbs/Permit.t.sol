// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract PermitTest is Fixture {
    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    uint256 private walletKey;
    address private wallet;

    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        (wallet, walletKey) = makeAddrAndKey("wallet");
        coin.mint(wallet, STAKE);
    }

    function permit(uint256 value) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 hash =
            keccak256(abi.encode(PERMIT, wallet, address(vault), value, coin.nonces(wallet), block.timestamp));
        return vm.sign(walletKey, Signatures.digest(coin.DOMAIN_SEPARATOR(), hash));
    }

    function test_stakes_with_a_permit() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(20e18);
        vm.prank(wallet);
        vault.stakeWithPermit(alice, 20e18, block.timestamp, v, r, s);
        assertEq(vault.operatorOf(alice).active, STAKE + 20e18);
    }

    function test_registers_with_a_permit() public {
        LinkTerms memory link = terms(key("wallet's"), 1);
        bytes memory signature = signLink(wallet, link, key("wallet's"));
        (uint8 v, bytes32 r, bytes32 s) = permit(STAKE);
        vm.prank(wallet);
        vault.registerWithPermit(STAKE, link, signature, block.timestamp, v, r, s);
        assertEq(vault.operatorOf(wallet).active, STAKE);
    }

    function test_a_permit_that_somebody_used_before_is_no_obstacle() public {
        (uint8 v, bytes32 r, bytes32 s) = permit(20e18);
        vm.prank(stranger);
        coin.permit(wallet, address(vault), 20e18, block.timestamp, v, r, s);
        vm.prank(wallet);
        vault.stakeWithPermit(alice, 20e18, block.timestamp, v, r, s);
        assertEq(vault.operatorOf(alice).active, STAKE + 20e18);
    }

    function test_a_bad_permit_without_allowance_is_refused() public {
        vm.expectRevert();
        vm.prank(wallet);
        vault.stakeWithPermit(alice, 20e18, block.timestamp, 27, bytes32(uint256(1)), bytes32(uint256(1)));
    }
}
