// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Bps, Overflow} from "./Refusals.sol";

/// What a slash took and what it left.
struct Cut {
    uint128 taken;
    uint128 bounty;
    uint128 active;
    uint128 queued;
    uint128[] queue;
}

/// How much a slash takes, to the atom.
library Slashes {
    uint16 internal constant WHOLE = 10_000;
    /// The part of a slash that is credited to whoever brought the evidence: one in this many.
    uint128 internal constant BOUNTY_DIVISOR = 20;

    /// Takes the fraction of the active amount and of every queue entry by itself, each rounded up, so nobody lightens a
    /// slash by splitting stake. The bounty is rounded down; what it leaves is burned.
    function cut(uint128 active, uint128[] memory queue, uint16 bps) internal pure returns (Cut memory result) {
        require(bps <= WHOLE, Bps(bps));
        uint128 part = fractionUp(active, bps);
        uint256 taken = part;
        result.active = active - part;
        result.queue = new uint128[](queue.length);
        uint256 queued = 0;
        for (uint256 i = 0; i < queue.length; i++) {
            part = fractionUp(queue[i], bps);
            uint128 left = queue[i] - part;
            result.queue[i] = left;
            taken += part;
            queued += left;
        }
        require(taken <= type(uint128).max && queued <= type(uint128).max, Overflow());
        result.taken = uint128(taken);
        result.queued = uint128(queued);
        result.bounty = result.taken / BOUNTY_DIVISOR;
    }

    /// Rounds up: a slash may take one atom too much, never one too little. `bps` is at most the whole.
    function fractionUp(uint128 amount, uint16 bps) internal pure returns (uint128) {
        unchecked {
            // 128 bits and 16 fit into a word.
            return uint128((uint256(amount) * bps + WHOLE - 1) / WHOLE);
        }
    }
}
