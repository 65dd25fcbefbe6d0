// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LinkTerms} from "./Links.sol";
import {PoolParameters} from "./PoolTerms.sol";
import {RewardRoot} from "./Roots.sol";
import {Cut} from "./Slashes.sol";
import {Parameters} from "./Terms.sol";

/// What a vault and a pool record, in the packed bytes that every chain and node agrees on, and the hash that stands for all of it.
library Facts {
    uint8 internal constant REGISTERED = 1;
    uint8 internal constant STAKED = 2;
    uint8 internal constant UNSTAKED = 3;
    uint8 internal constant RESTAKED = 4;
    uint8 internal constant WITHDRAWN = 5;
    uint8 internal constant ROTATED = 6;
    uint8 internal constant SLASHED = 7;
    uint8 internal constant UNJAILED = 8;
    uint8 internal constant VAULT_PARAMETERS = 16;
    uint8 internal constant VAULT_PARAMETERS_PROPOSED = 17;
    uint8 internal constant POOL_PARAMETERS = 32;
    uint8 internal constant POOL_PARAMETERS_PROPOSED = 33;
    uint8 internal constant FUNDED = 34;
    uint8 internal constant ROOT_PENDING = 35;
    uint8 internal constant ROOT_VETOED = 36;

    bytes private constant JOURNAL_TAG = "williw-journal-v1";

    /// The head of a journal that holds nothing.
    function head0(bytes32 networkId, uint8 chain, bytes32 account) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(JOURNAL_TAG, networkId, chain, account));
    }

    /// The head after one more fact.
    function fold(bytes32 head, uint64 seq, uint64 time, uint64 height, uint8 kind, bytes memory body)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(head, seq, time, height, kind, body));
    }

    function registered(bytes32 account, uint64 index, uint128 active, LinkTerms memory link)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(account, index, active, _link(link));
    }

    function staked(bytes32 account, uint128 active) internal pure returns (bytes memory) {
        return abi.encodePacked(account, active);
    }

    function unstaked(bytes32 account, uint128 active, uint128 queued, uint128 amount, uint64 maturity)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(account, active, queued, amount, maturity);
    }

    function restaked(bytes32 account, uint128 active, uint128 queued) internal pure returns (bytes memory) {
        return abi.encodePacked(account, active, queued);
    }

    function withdrawn(bytes32 account, uint128 queued, uint128 amount) internal pure returns (bytes memory) {
        return abi.encodePacked(account, queued, amount);
    }

    function rotated(bytes32 account, LinkTerms memory link) internal pure returns (bytes memory) {
        return abi.encodePacked(account, _link(link));
    }

    function slashed(bytes32 account, Cut memory cut, bytes32 beneficiary, bytes calldata evidence)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(account, cut.active, cut.queued, cut.taken, cut.bounty, beneficiary, evidence);
    }

    function unjailed(bytes32 account, uint128 active, LinkTerms memory link) internal pure returns (bytes memory) {
        return abi.encodePacked(account, active, _link(link));
    }

    function vaultParameters(Parameters memory p) internal pure returns (bytes memory) {
        return abi.encodePacked(p.minStake, p.minDeposit, p.unstakingPeriod, p.slashBps, p.evidenceCycles);
    }

    function vaultParametersProposed(Parameters memory p, uint64 effective) internal pure returns (bytes memory) {
        return abi.encodePacked(vaultParameters(p), effective);
    }

    function poolParameters(PoolParameters memory p) internal pure returns (bytes memory) {
        return abi.encodePacked(p.minQuorum, p.delay, p.maxPerCycle);
    }

    function poolParametersProposed(PoolParameters memory p, uint64 effective) internal pure returns (bytes memory) {
        return abi.encodePacked(poolParameters(p), effective);
    }

    function funded(uint128 sum) internal pure returns (bytes memory) {
        return abi.encodePacked(sum);
    }

    function rootPending(uint64 cycle, RewardRoot memory root, uint64 activates) internal pure returns (bytes memory) {
        return abi.encodePacked(cycle, root.root, root.totalBase, root.totalSolana, root.blobHash, activates);
    }

    function rootVetoed(uint64 cycle) internal pure returns (bytes memory) {
        return abi.encodePacked(cycle);
    }

    function _link(LinkTerms memory link) private pure returns (bytes memory) {
        return abi.encodePacked(link.peer, link.signer, link.nonce, link.peerSignature);
    }
}
