// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {LinkTerms} from "../../src/libraries/Links.sol";
import {Fold} from "./Fold.sol";
import {FloorVault} from "./FloorVault.sol";

/// FloorVault that folds what it does into one hash, in place of its plain events.
contract FoldedVault is FloorVault {
    // The rest of the slot with the sum of all deposits.
    uint64 private _seq;
    bytes32 private _head = keccak256("the head of a journal that holds nothing");

    constructor(IERC20 token, bytes32 domain, uint64 genesis, uint64 cycleLength, Settings memory settings)
        FloorVault(token, domain, genesis, cycleLength, settings)
    {}

    function _registered(uint56 index, uint128 active, LinkTerms calldata link) internal override {
        bytes32[2] calldata half = link.peerSignature;
        bytes memory body = abi.encodePacked(
            Fold.ROOM,
            Fold.ROOM,
            uint256(uint160(msg.sender)),
            uint64(index),
            active,
            link.peer,
            link.signer,
            link.nonce,
            half
        );
        _record(1, msg.sender, body);
    }

    function _staked(address account, uint128 active) internal override {
        _record(2, account, abi.encodePacked(Fold.ROOM, Fold.ROOM, uint256(uint160(account)), active));
    }

    function _unstaked(uint128 active, uint128 queued, uint128 amount, uint64 maturity) internal override {
        uint256 account = uint160(msg.sender);
        _record(3, msg.sender, abi.encodePacked(Fold.ROOM, Fold.ROOM, account, active, queued, amount, maturity));
    }

    function _withdrawn(uint128 queued, uint128 amount) internal override {
        _record(5, msg.sender, abi.encodePacked(Fold.ROOM, Fold.ROOM, uint256(uint160(msg.sender)), queued, amount));
    }

    function _slashed(
        address account,
        uint128 active,
        uint128 queued,
        uint128 taken,
        address beneficiary,
        bytes calldata evidence
    ) internal override {
        (uint256 who, uint256 by) = (uint160(account), uint160(beneficiary));
        bytes memory body = abi.encodePacked(Fold.ROOM, Fold.ROOM, who, active, queued, taken, taken / 20, by, evidence);
        _record(7, account, body);
    }

    function _record(uint8 kind, address account, bytes memory fact) private {
        uint64 seq;
        unchecked {
            seq = ++_seq;
        }
        _head = Fold.record(_head, seq, kind, account, fact);
    }
}
