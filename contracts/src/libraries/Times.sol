// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {BeforeGenesis} from "./Refusals.sol";

/// Cycles and deadlines by the time of the block.
library Times {
    /// The cycle of this block.
    function cycle(uint64 genesis, uint64 length) internal view returns (uint64) {
        require(block.timestamp >= genesis, BeforeGenesis());
        return (uint64(block.timestamp) - genesis) / length;
    }

    /// The moment after `span`; stays at the end of time instead of wrapping, which only ever delays something.
    function later(uint64 span) internal view returns (uint64) {
        uint256 moment = block.timestamp + span;
        return moment > type(uint64).max ? type(uint64).max : uint64(moment);
    }
}
