// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Length, SlotNotZero, UnknownKind} from "./Refusals.sol";
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
/// `statement = kind 1 | cycle 8 | slot 8 | digest 32`
library Statements {
    uint8 internal constant UPDATE = 1;
    uint8 internal constant CHECKPOINT = 2;
    uint8 internal constant ROOT_VOTE = 3;
    uint8 internal constant PROPOSAL = 4;

    /// The bytes of a statement.
    uint256 internal constant LEN = 49;

    bytes32 private constant TYPE = keccak256("Statement(uint8 kind,uint64 cycle,uint64 slot,bytes32 digest)");

    /// A statement from its 49 bytes. Kinds are a closed list; a vote or proposal has slot 0.
    function decode(bytes calldata encoded) internal pure returns (Statement memory statement) {
        require(encoded.length == LEN, Length(encoded.length));
        statement.kind = uint8(encoded[0]);
        statement.cycle = uint64(bytes8(encoded[1:9]));
        statement.slot = uint64(bytes8(encoded[9:17]));
        statement.digest = bytes32(encoded[17:49]);
        require(statement.kind >= UPDATE && statement.kind <= PROPOSAL, UnknownKind(statement.kind));
        require(statement.kind < ROOT_VOTE || statement.slot == 0, SlotNotZero());
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
}
