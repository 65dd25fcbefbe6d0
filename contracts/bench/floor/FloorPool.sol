// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import "../../src/libraries/Refusals.sol";
import {RewardRoot} from "../../src/libraries/Roots.sol";
import {Checks} from "./Checks.sol";
import {CycledVault} from "./CycledVault.sol";

/// The least that a pool can do: the checks of RewardPool in its order, the storage that they need, one plain event.
///
/// There is no journal here; FoldedPool adds it, to tell what it costs.
contract FloorPool {
    using Checks for IERC20;
    using SafeERC20 for IERC20;

    event Claimed(address indexed account, address indexed recipient, uint128 amount, uint128 cumulative);
    event Posted(uint64 cycle, RewardRoot root, uint64 activates);

    struct Settings {
        uint128 minQuorum;
        uint64 delay;
        uint128 maxPerCycle;
    }

    struct Purse {
        uint128 unpaid;
        uint64 activates;
        uint48 uncovered;
        uint8 vetoes;
        uint8 place;
    }

    struct Claimant {
        uint128 claimed;
        bool isRedirected;
    }

    bytes32 private constant STATEMENT = keccak256("Statement(uint8 kind,uint64 cycle,uint64 slot,bytes32 digest)");
    uint256 private constant PROOF_CAP = 64;

    CycledVault private immutable _vault;
    IERC20 private immutable _token;
    bytes32 private immutable _domain;
    uint64 private immutable _genesis;
    uint64 private immutable _cycleLength;

    Purse private _purse;
    uint128 private _active;
    uint128 private _pending;
    bytes32[2] private _roots;
    Settings private _settings;
    mapping(bytes32 ballot => uint128) private _tallies;
    mapping(address account => uint64) private _votedBefore;
    mapping(address account => Claimant) private _claimants;
    mapping(address account => address) private _recipients;
    uint64 private _firstOpen;
    uint128 private _funded;

    constructor(
        CycledVault vault,
        IERC20 token,
        bytes32 domain,
        uint64 genesis,
        uint64 cycleLength,
        Settings memory settings
    ) {
        (_vault, _token, _domain, _genesis, _cycleLength) = (vault, token, domain, genesis, cycleLength);
        _settings = settings;
        _purse.uncovered = uint48((block.timestamp - genesis) / cycleLength);
    }

    function fund(uint128 amount) external {
        require(amount != 0, ZeroAmount());
        uint128 before = _funded;
        require(amount <= type(uint128).max - before, Overflow());
        unchecked {
            _funded = before + amount;
        }
        _token.pull(amount);
    }

    function vote(uint64 cycle, RewardRoot calldata root, bytes calldata signatures) external {
        unchecked {
            uint256 elapsed = block.timestamp - _genesis;
            uint256 present = elapsed / _cycleLength;
            bool isOpen = present == uint256(cycle) + 1 && elapsed % _cycleLength < _cycleLength / 2;
            require(isOpen, OutsideVoting());
        }
        require(cycle >= _firstOpen, CycleClosed());
        Purse memory purse = _settled();
        _checkTotal(root.totalBase, cycle, purse.uncovered);
        require(signatures.length % Checks.SIGNATURE_LEN == 0, Length(signatures.length));

        bytes32 ballot = _ballot(root, cycle);
        uint128 tally;
        unchecked {
            tally = _tallies[ballot] + _count(ballot, cycle, signatures);
        }
        uint256 total = _vault.total();
        if (total < _settings.minQuorum || uint256(tally) * 3 < total * 2) {
            _tallies[ballot] = tally;
            return;
        }
        delete _tallies[ballot];
        uint256 end = block.timestamp + _settings.delay;
        purse.activates = end > type(uint64).max ? type(uint64).max : uint64(end);
        (_firstOpen, _pending) = (cycle + 1, root.totalBase);
        _roots[purse.place == 1 ? 1 : 0] = root.root;
        _purse = purse;
        _posted(cycle, root, purse.activates);
    }

    function claim(address account, uint128 cumulative, bytes32[] calldata proof) external returns (uint128 amount) {
        Purse memory purse = _settled();
        require(purse.place != 0, NoRoot());
        require(proof.length <= PROOF_CAP, BadProof());
        require(_rootOf(_leaf(account, cumulative), proof) == _roots[purse.place - 1], BadProof());
        Claimant memory claimant = _claimants[account];
        if (cumulative <= claimant.claimed) return 0;
        unchecked {
            amount = cumulative - claimant.claimed;
            require(amount <= purse.unpaid, AboveTotal());
            purse.unpaid -= amount;
        }
        _purse = purse;
        _claimants[account].claimed = cumulative;
        address recipient = claimant.isRedirected ? _recipients[account] : account;
        emit Claimed(account, recipient, amount, cumulative);
        _token.safeTransfer(recipient, amount);
    }

    function _posted(uint64 cycle, RewardRoot calldata root, uint64 activates) internal virtual {
        emit Posted(cycle, root, activates);
    }

    // Checks.

    function _checkTotal(uint128 total, uint64 cycle, uint64 from) private view {
        uint128 before = _active;
        require(total >= before, TotalFell());
        unchecked {
            require(total - before <= uint256(_settings.maxPerCycle) * (cycle + 1 - from), TotalTooHigh());
        }
        require(total <= _funded, Unfunded());
    }

    /// The purse, moved on to the pending root once that pays.
    function _settled() private returns (Purse memory purse) {
        purse = _purse;
        if (purse.activates == 0 || block.timestamp < purse.activates) return purse;
        (uint128 active, uint128 pending) = (_active, _pending);
        unchecked {
            purse.unpaid += pending - active;
        }
        (purse.activates, purse.uncovered, purse.vetoes) = (0, uint48(_firstOpen), 0);
        purse.place = purse.place == 1 ? 2 : 1;
        (_active, _purse) = (pending, purse);
    }

    function _count(bytes32 ballot, uint64 cycle, bytes calldata signatures) private returns (uint128 weight) {
        uint256 at;
        assembly ("memory-safe") {
            at := signatures.offset
        }
        uint256 end = at + signatures.length;
        for (; at < end; at += Checks.SIGNATURE_LEN) {
            (address account, uint128 counted) = _vault.voterOf(Checks.recover(ballot, at));
            if (counted == 0 || _votedBefore[account] > cycle) continue;
            _votedBefore[account] = cycle + 1;
            unchecked {
                weight += counted;
            }
        }
    }

    function _ballot(RewardRoot calldata root, uint64 cycle) private view returns (bytes32) {
        bytes32 digest = keccak256(abi.encode(root.root, root.totalBase, root.totalSolana, root.blobHash));
        return Checks.digest(_domain, keccak256(abi.encode(STATEMENT, 3, cycle, 0, digest)));
    }

    function _leaf(address account, uint128 cumulative) private pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(0x00, 1)
            mstore(0x20, account)
            mstore(0x40, cumulative)
            mstore(0x00, keccak256(0x00, 0x60))
            leaf := keccak256(0x00, 0x20)
            mstore(0x40, free)
        }
    }

    function _rootOf(bytes32 node, bytes32[] calldata proof) private pure returns (bytes32) {
        assembly ("memory-safe") {
            let end := add(proof.offset, shl(5, proof.length))
            for { let at := proof.offset } lt(at, end) { at := add(at, 0x20) } {
                // The smaller of the two goes first.
                let side := calldataload(at)
                let place := shl(5, gt(node, side))
                mstore(place, node)
                mstore(xor(place, 0x20), side)
                node := keccak256(0x00, 0x40)
            }
        }
        return node;
    }
}
