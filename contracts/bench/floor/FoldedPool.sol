// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {RewardRoot} from "../../src/libraries/Roots.sol";
import {CycledVault} from "./CycledVault.sol";
import {FloorPool} from "./FloorPool.sol";
import {Fold} from "./Fold.sol";

/// FloorPool that folds the roots that were posted into one hash, in place of its plain event.
contract FoldedPool is FloorPool {
    // The rest of the slot with the sum of all that was funded.
    uint64 private _seq;
    bytes32 private _head = keccak256("the head of a journal that holds nothing");

    constructor(
        CycledVault vault,
        IERC20 token,
        bytes32 domain,
        uint64 genesis,
        uint64 cycleLength,
        Settings memory settings
    ) FloorPool(vault, token, domain, genesis, cycleLength, settings) {}

    function _posted(uint64 cycle, RewardRoot calldata root, uint64 activates) internal override {
        bytes memory fact = abi.encodePacked(
            Fold.ROOM, Fold.ROOM, cycle, root.root, root.totalBase, root.totalSolana, root.blobHash, activates
        );
        uint64 seq;
        unchecked {
            seq = ++_seq;
        }
        _head = Fold.record(_head, seq, 35, address(0), fact);
    }
}
