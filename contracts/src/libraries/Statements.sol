// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DifferentSigners, Length, NoConflict, SlotNotZero, UnknownKind} from "./Refusals.sol";
import {Signatures} from "./Signatures.sol";

/// One position taken by a signer.
struct Statement {
    uint8 kind;
    uint64 cycle;
    uint64 slot;
    bytes32 digest;
}

/// What a signer puts its stake behind, and when two such statements contradict each other.
///
/// `statement = kind 1 | cycle 8 | slot 8 | digest 32`, `signed = statement | signature 65`,
/// `evidence = signed | signed`. The same bytes slash on both chains.
library Statements {
    uint8 internal constant UPDATE = 1;
    uint8 internal constant CHECKPOINT = 2;
    uint8 internal constant ROOT_VOTE = 3;
    uint8 internal constant PROPOSAL = 4;

    uint256 private constant STATEMENT_LEN = 49;
    uint256 private constant SIGNED_LEN = STATEMENT_LEN + Signatures.LEN;
    uint256 private constant EVIDENCE_LEN = 2 * SIGNED_LEN;

    bytes32 private constant TYPE = keccak256("Statement(uint8 kind,uint64 cycle,uint64 slot,bytes32 digest)");

    /// What the evidence proves by itself: that one signer contradicted itself, in statements of these two cycles.
    function prove(bytes calldata evidence, bytes32 domain)
        internal
        pure
        returns (address signer, uint64 firstCycle, uint64 secondCycle)
    {
        require(evidence.length == EVIDENCE_LEN, Length(evidence.length));
        Statement memory first = _read(evidence[:STATEMENT_LEN]);
        Statement memory second = _read(evidence[SIGNED_LEN:SIGNED_LEN + STATEMENT_LEN]);
        signer = signerOf(first, domain, evidence[STATEMENT_LEN:SIGNED_LEN]);
        address other = signerOf(second, domain, evidence[SIGNED_LEN + STATEMENT_LEN:]);
        require(signer == other, DifferentSigners());
        require(conflict(first, second), NoConflict());
        return (signer, first.cycle, second.cycle);
    }

    /// A statement from its 49 bytes. Kinds are a closed list; a vote or proposal has slot 0.
    function decode(bytes calldata encoded) internal pure returns (Statement memory) {
        require(encoded.length == STATEMENT_LEN, Length(encoded.length));
        return _read(encoded);
    }

    /// Who signed the statement.
    function signerOf(Statement memory statement, bytes32 domain, bytes calldata signature)
        internal
        pure
        returns (address)
    {
        return Signatures.recover(Signatures.digest(domain, structHash(statement)), signature);
    }

    function structHash(Statement memory statement) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPE, statement.kind, statement.cycle, statement.slot, statement.digest));
    }

    /// True if nobody may sign both: for updates and checkpoints one digest per slot, whatever the cycle; for votes and
    /// proposals one digest per cycle.
    function conflict(Statement memory first, Statement memory second) internal pure returns (bool) {
        if (first.kind != second.kind || first.digest == second.digest) return false;
        return first.kind <= CHECKPOINT ? first.slot == second.slot : first.cycle == second.cycle;
    }

    function _read(bytes calldata encoded) private pure returns (Statement memory statement) {
        statement.kind = uint8(encoded[0]);
        statement.cycle = uint64(bytes8(encoded[1:9]));
        statement.slot = uint64(bytes8(encoded[9:17]));
        statement.digest = bytes32(encoded[17:49]);
        require(statement.kind >= UPDATE && statement.kind <= PROPOSAL, UnknownKind(statement.kind));
        require(statement.kind < ROOT_VOTE || statement.slot == 0, SlotNotZero());
    }
}
