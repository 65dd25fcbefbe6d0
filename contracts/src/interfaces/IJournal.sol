// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title A contract that records every change, and folds it into one hash
interface IJournal {
    /// @notice One fact of the journal. The body's layout follows from its kind: docs/decisions/0001-encodings.md.
    /// @param seq Its number; the first is 1, and there are no gaps.
    /// @param kind What happened.
    /// @param account The owner it happened to; zero for a fact about the whole chain.
    /// @param body The packed fields, as they went into the head.
    event Recorded(uint64 indexed seq, uint8 indexed kind, address indexed account, bytes body);

    /// @notice The storage slot of the journal's head.
    function HEAD_SLOT() external view returns (uint256);

    /// @notice The hash that stands for the whole journal, and the number of its last fact.
    function head() external view returns (bytes32 hash, uint64 seq);
}
