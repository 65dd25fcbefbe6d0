// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {BadProof} from "./Refusals.sol";
import {Signatures} from "./Signatures.sol";
import {Statement, Statements} from "./Statements.sol";

/// A tree of cumulative rewards, and what it pays on each chain in total.
struct RewardRoot {
    bytes32 root;
    uint128 totalBase;
    uint128 totalSolana;
    /// Where the reports are that it was made from.
    bytes32 blobHash;
}

/// What is voted for, and what is claimed from it.
library Roots {
    /// No tree is deeper.
    uint256 private constant PROOF_CAP = 64;

    /// What a signer signs to vote for `root`.
    function ballot(RewardRoot calldata root, bytes32 domain, uint64 cycle) internal pure returns (bytes32) {
        Statement memory statement = Statement(Statements.ROOT_VOTE, cycle, 0, digest(root));
        return Signatures.digest(domain, Statements.structHash(statement));
    }

    /// What a vote says. The totals are padded to words.
    function digest(RewardRoot calldata root) internal pure returns (bytes32) {
        return keccak256(abi.encode(root.root, root.totalBase, root.totalSolana, root.blobHash));
    }

    /// The leaf as OpenZeppelin's StandardMerkleTree makes it.
    function leaf(uint8 chain, bytes32 account, uint128 cumulative) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(keccak256(abi.encode(chain, account, cumulative))));
    }

    /// The leaf is under the root.
    function check(bytes32 root, bytes32 leafHash, bytes32[] calldata proof) internal pure {
        require(proof.length <= PROOF_CAP && MerkleProof.verifyCalldata(proof, root, leafHash), BadProof());
    }
}
