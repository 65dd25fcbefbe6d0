// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {IJournal} from "./interfaces/IJournal.sol";
import {Facts} from "./libraries/Facts.sol";
import {Network} from "./libraries/Network.sol";
import {NotGovernor, NotOffered, NotRenounceable} from "./libraries/Refusals.sol";

/// @title Journal
/// @notice What a vault and a pool have in common: a governor, and a head in the same slot.
abstract contract Journal is IJournal, Ownable2Step {
    /// @inheritdoc IJournal
    uint256 public constant HEAD_SLOT = 2;

    // Slots 0 and 1 belong to Ownable2Step. The next two are read by proofs: do not move them. The rest of the second is
    // filled by the contract itself.
    bytes32 private _head;
    uint64 private _seq;

    constructor(address governor) Ownable(governor) {}

    /// @notice Takes over the governor's role; the one before has none from then on.
    /// @dev Whoever it was offered to may call it. Refuses: NotOffered.
    function acceptOwnership() public override {
        require(msg.sender == pendingOwner(), NotOffered());
        super.acceptOwnership();
    }

    /// @notice Refuses always: nobody could ever bring a governor back.
    function renounceOwnership() public pure override {
        revert NotRenounceable();
    }

    /// @inheritdoc IJournal
    function head() external view returns (bytes32 hash, uint64 seq) {
        return (_head, _seq);
    }

    function _checkOwner() internal view override {
        require(msg.sender == owner(), NotGovernor());
    }

    function _begin(bytes32 networkId) internal {
        _head = Facts.head0(networkId, Network.BASE, _word(address(this)));
    }

    function _record(uint8 kind, address account, bytes memory body) internal {
        uint64 seq = ++_seq;
        _head = Facts.fold(_head, seq, uint64(block.timestamp), uint64(block.number), kind, body);
        emit Recorded(seq, kind, account, body);
    }

    function _word(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }
}
