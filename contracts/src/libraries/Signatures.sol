// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BadScalar, BadV, HighS, Length, Unrecoverable} from "./Refusals.sol";

/// Typed data that signers sign (EIP-712), bound to one network by its salt, and who signed it.
library Signatures {
    /// The bytes of a signature: r, s, v.
    uint256 internal constant LEN = 65;

    bytes32 private constant DOMAIN_TYPE = keccak256("EIP712Domain(string name,string version,bytes32 salt)");
    bytes32 private constant DOMAIN_NAME = keccak256("williw");
    bytes32 private constant DOMAIN_VERSION = keccak256("1");

    /// The order of the group, and its half rounded down: the highest `s` that is accepted.
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant HALF_ORDER = ORDER / 2;

    function domainSeparator(bytes32 networkId) internal pure returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPE, DOMAIN_NAME, DOMAIN_VERSION, networkId));
    }

    /// What a signer signs for a struct with this hash.
    function digest(bytes32 domain, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// The address whose key signed `hash`; never zero.
    ///
    /// There is exactly one accepted signature per nonce: `v` is 27 or 28 and `s` is in the lower half.
    function recover(bytes32 hash, bytes calldata signature) internal pure returns (address signer) {
        require(signature.length == LEN, Length(signature.length));
        (bytes32 r, bytes32 s) = (bytes32(signature[0:32]), bytes32(signature[32:64]));
        uint8 v = uint8(signature[64]);
        require(v == 27 || v == 28, BadV());
        require(_isScalar(uint256(r)) && _isScalar(uint256(s)), BadScalar());
        require(uint256(s) <= HALF_ORDER, HighS());
        signer = ecrecover(hash, v, r, s);
        require(signer != address(0), Unrecoverable());
    }

    function _isScalar(uint256 number) private pure returns (bool) {
        return number != 0 && number < ORDER;
    }
}
