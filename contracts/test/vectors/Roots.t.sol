// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {RewardRoot, Roots} from "../../src/libraries/Roots.sol";
import {Vectors} from "./Vectors.sol";

/// `root_vote.json`, `tree.json`: what is voted for, and what a leaf proves. The trees are OpenZeppelin's.
contract RootsTest is Vectors {
    function test_root_votes() public {
        load("root_vote");
        uint256 count = 0;
        for (string memory path = at(".cases", 0); has(path); path = at(".cases", ++count)) {
            RewardRoot memory root = RewardRoot(
                hash(string.concat(path, ".root")),
                uint128(number(string.concat(path, ".total_base"))),
                uint128(number(string.concat(path, ".total_solana"))),
                hash(string.concat(path, ".blob_hash"))
            );
            assertEq(probe.digest(root), hash(string.concat(path, ".digest")), path);
        }
        assertEq(count, 13);
    }

    function test_trees() public {
        load("tree");
        (uint256 count, uint256 leaves) = (0, 0);
        for (string memory path = at(".cases", 0); has(path); path = at(".cases", ++count)) {
            uint256 leaf = 0;
            for (; has(at(string.concat(path, ".values"), leaf)); leaf++) {
                this.follow(path, leaf);
            }
            leaves += leaf;
        }
        assertEq(count, 10);
        assertEq(leaves, 71);
    }

    /// A call of its own, so that the memory that reading takes is given back.
    function follow(string memory path, uint256 index) external view {
        string memory value = at(string.concat(path, ".values"), index);
        (uint8 chain, bytes32 account) = (uint8(number(at(value, 0))), hash(at(value, 1)));
        uint128 cumulative = uint128(number(at(value, 2)));
        bytes32[] memory proof = vm.parseJsonBytes32Array(json, at(string.concat(path, ".proofs"), index));
        assertEq(Roots.leaf(chain, account, cumulative), hash(at(string.concat(path, ".leaves"), index)), value);
        probe.claim(hash(string.concat(path, ".root")), chain, account, cumulative, proof);
    }

    function test_refused_proofs() public {
        load("tree");
        uint256 count = 0;
        for (string memory path = at(".refused", 0); has(path); path = at(".refused", ++count)) {
            try probe.claim(
                hash(string.concat(path, ".root")),
                uint8(number(string.concat(path, ".chain"))),
                hash(string.concat(path, ".owner")),
                uint128(number(string.concat(path, ".cumulative"))),
                vm.parseJsonBytes32Array(json, string.concat(path, ".proof"))
            ) {
                revert(path);
            } catch (bytes memory reason) {
                assertRefusal(reason, text(string.concat(path, ".refused")), path);
            }
        }
        assertEq(count, 48);
    }
}
