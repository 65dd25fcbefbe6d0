// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {WrongSigner, ZeroSigner} from "./Refusals.sol";
import {Signatures} from "./Signatures.sol";

/// Which peer key and which signer an owner stands behind, as the owner sends it to the chain.
struct LinkTerms {
    /// The ed25519 key of the node.
    bytes32 peer;
    /// The secp256k1 key that signs statements.
    address signer;
    uint64 nonce;
    /// The peer's half. The vault records it and every node verifies it: a link whose peer half is bad names no peer.
    bytes32[2] peerSignature;
}

/// The signer's half of a link.
library Links {
    bytes32 private constant TYPE =
        keccak256("Link(bytes32 peer,address signer,uint8 chain,bytes32 owner,uint64 nonce)");

    /// What the signer signs, and the peer key behind a prefix.
    function digest(LinkTerms memory link, bytes32 domain, uint8 chain, bytes32 account)
        internal
        pure
        returns (bytes32)
    {
        return Signatures.digest(
            domain, keccak256(abi.encode(TYPE, link.peer, link.signer, chain, account, link.nonce))
        );
    }

    /// The signer that the link names has signed it for this owner.
    function checkSigner(LinkTerms memory link, bytes32 domain, uint8 chain, bytes32 account, bytes calldata signature)
        internal
        pure
    {
        require(link.signer != address(0), ZeroSigner());
        address signedBy = Signatures.recover(digest(link, domain, chain, account), signature);
        require(signedBy == link.signer, WrongSigner(signedBy));
    }
}
