// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Facts} from "../../src/libraries/Facts.sol";
import {LinkTerms} from "../../src/libraries/Links.sol";
import {Cut} from "../../src/libraries/Slashes.sol";
import {PoolParameters} from "../../src/libraries/PoolTerms.sol";
import {RewardRoot} from "../../src/libraries/Roots.sol";
import {Parameters} from "../../src/libraries/Terms.sol";
import {Vectors} from "./Vectors.sol";

/// `journal.json`: the bodies of a vault's and a pool's facts, and the heads that fold all of them.
///
/// Bodies that must be refused concern decoders, and no contract decodes a body.
contract JournalTest is Vectors {
    uint256 private encoded;

    function test_journals() public {
        load("journal");
        (uint256 count, uint256 facts) = (0, 0);
        for (string memory path = at(".cases", 0); has(path); path = at(".cases", ++count)) {
            bytes32 head = Facts.head0(
                hash(string.concat(path, ".network_id")),
                uint8(number(string.concat(path, ".chain"))),
                hash(string.concat(path, ".account"))
            );
            assertEq(head, hash(string.concat(path, ".head0")), path);
            string memory told = string.concat(path, ".facts");
            uint256 place = 0;
            for (string memory fact = at(told, 0); has(fact); fact = at(told, ++place)) {
                head = this.follow(fact, head);
            }
            facts += place;
        }
        assertEq(count, 24);
        assertEq(facts, 176);
        assertEq(encoded, 176, "every body");
    }

    /// A call of its own, so that the memory that reading takes is given back.
    function follow(string memory path, bytes32 head) external returns (bytes32 next) {
        uint8 kind = uint8(number(string.concat(path, ".kind_byte")));
        bytes memory body = blob(string.concat(path, ".body"));
        next = Facts.fold(
            head,
            uint64(number(string.concat(path, ".seq"))),
            uint64(number(string.concat(path, ".time"))),
            uint64(number(string.concat(path, ".height"))),
            kind,
            body
        );
        assertEq(next, hash(string.concat(path, ".head")), path);
        string memory fields = string.concat(path, ".fields");
        assertEq(kind < Facts.POOL_PARAMETERS ? encode(kind, fields) : encodeOfPool(kind, fields), body, path);
        encoded++;
    }

    function encode(uint8 kind, string memory fields) private view returns (bytes memory) {
        if (kind == Facts.VAULT_PARAMETERS) return Facts.vaultParameters(parameters(fields));
        if (kind == Facts.VAULT_PARAMETERS_PROPOSED) {
            return Facts.vaultParametersProposed(parameters(fields), u64(fields, "effective"));
        }
        bytes32 account = hash(string.concat(fields, ".owner"));
        if (kind == Facts.WITHDRAWN) return Facts.withdrawn(account, u128(fields, "queued"), u128(fields, "amount"));
        if (kind == Facts.ROTATED) return Facts.rotated(account, link(fields));
        uint128 active = u128(fields, "active");
        if (kind == Facts.REGISTERED) return Facts.registered(account, u64(fields, "index"), active, link(fields));
        if (kind == Facts.STAKED) return Facts.staked(account, active);
        if (kind == Facts.UNJAILED) return Facts.unjailed(account, active, link(fields));
        uint128 queued = u128(fields, "queued");
        if (kind == Facts.RESTAKED) return Facts.restaked(account, active, queued);
        if (kind == Facts.UNSTAKED) {
            return Facts.unstaked(account, active, queued, u128(fields, "amount"), u64(fields, "maturity"));
        }
        assertEq(kind, Facts.SLASHED);
        Cut memory cut = Cut(u128(fields, "taken"), u128(fields, "bounty"), active, queued, new uint128[](0));
        bytes32 beneficiary = hash(string.concat(fields, ".beneficiary"));
        return probe.slashed(account, cut, beneficiary, blob(string.concat(fields, ".evidence")));
    }

    function encodeOfPool(uint8 kind, string memory fields) private view returns (bytes memory) {
        if (kind == Facts.FUNDED) return Facts.funded(u128(fields, "funded"));
        if (kind == Facts.ROOT_VETOED) return Facts.rootVetoed(u64(fields, "cycle"));
        if (kind == Facts.ROOT_PENDING) {
            RewardRoot memory root = RewardRoot(
                hash(string.concat(fields, ".root")),
                u128(fields, "total_base"),
                u128(fields, "total_solana"),
                hash(string.concat(fields, ".blob_hash"))
            );
            return Facts.rootPending(u64(fields, "cycle"), root, u64(fields, "activates"));
        }
        PoolParameters memory p =
            PoolParameters(u128(fields, "min_quorum"), u64(fields, "delay"), u128(fields, "max_per_cycle"));
        if (kind == Facts.POOL_PARAMETERS) return Facts.poolParameters(p);
        assertEq(kind, Facts.POOL_PARAMETERS_PROPOSED);
        return Facts.poolParametersProposed(p, u64(fields, "effective"));
    }

    function parameters(string memory fields) private view returns (Parameters memory) {
        return Parameters(
            u128(fields, "min_stake"),
            u128(fields, "min_deposit"),
            u64(fields, "unstaking_period"),
            uint16(u64(fields, "slash_bps")),
            u64(fields, "evidence_cycles")
        );
    }

    function link(string memory fields) private view returns (LinkTerms memory) {
        string memory path = string.concat(fields, ".link");
        bytes memory half = blob(string.concat(path, ".peer_signature"));
        (bytes32 r, bytes32 s) = abi.decode(half, (bytes32, bytes32));
        address signer = vm.parseAddress(text(string.concat(path, ".signer")));
        return LinkTerms(hash(string.concat(path, ".peer")), signer, u64(path, "nonce"), [r, s]);
    }

    function u128(string memory path, string memory field) private view returns (uint128) {
        return uint128(number(string.concat(path, ".", field)));
    }

    function u64(string memory path, string memory field) private view returns (uint64) {
        return uint64(number(string.concat(path, ".", field)));
    }
}
