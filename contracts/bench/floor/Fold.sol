// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IJournal} from "../../src/interfaces/IJournal.sol";

/// The fold of a journal without a copy: the hash and the event take the body from the same place.
library Fold {
    /// Goes twice before the body of a fact; `record` fills it.
    bytes32 internal constant ROOM = 0;

    /// Emits a fact and returns the head that holds it.
    function record(bytes32 head, uint64 seq, uint8 kind, address account, bytes memory fact)
        internal
        returns (bytes32 next)
    {
        bytes32 topic = IJournal.Recorded.selector;
        assembly ("memory-safe") {
            let body := add(fact, 0x60)
            let length := sub(mload(fact), 0x40)
            // head 32 | seq 8 | time 8 | height 8 | kind 1, and then the body.
            mstore(sub(body, 32), or(or(shl(136, seq), shl(72, timestamp())), or(shl(8, number()), kind)))
            mstore(sub(body, 57), head)
            next := keccak256(sub(body, 57), add(57, length))
            // As the only argument of the event: its place, its length, and then the body, filled up with zeros.
            mstore(sub(body, 64), 0x20)
            mstore(sub(body, 32), length)
            mstore(add(body, length), 0)
            log4(sub(body, 64), add(64, and(add(length, 31), not(31))), topic, seq, kind, account)
        }
    }
}
