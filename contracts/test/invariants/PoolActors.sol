// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

import "../PoolFixture.sol";

/// People who fund, vote, veto and claim in every way that a pool allows, and keep books of their own.
///
/// As with a vault's actors every call succeeds, and a revert is a bug. Some roots promise more than their total.
contract PoolActors is PoolFixture {
    uint256 private constant OWNERS = 4;

    address[] public owners;
    uint256[3] private _voters;

    /// What the leaves of a root say.
    struct Tree {
        RewardRoot root;
        uint128[OWNERS] leaves;
    }

    // The books.
    Tree private _proposed;
    uint64 private _proposedFor;
    Tree private _posted;
    Tree private _active;
    uint64 private _activates;
    uint256 public paidOut;
    uint256 public fundedIn;
    bytes32 public folded;
    uint64 public facts;
    mapping(address owner => uint256) public claimedBy;
    mapping(uint8 kind => uint256) public told;
    uint256 public redirected;
    uint256 public claims;
    uint256 public refusedClaims;
    uint256 public tried;
    uint256 public done;

    constructor() {
        setUp();
        (folded, facts) = pool.head();
        fundedIn = FUNDS;
        _voters = [aliceKey, bobKey, carolKey];
        owners = [alice, bob, carol, stranger];
    }

    function thePool() external view returns (IRewardPool, IStakeVault, Coin) {
        return (pool, vault, reward);
    }

    function ownerCount() external view returns (uint256) {
        return owners.length;
    }

    /// What the active root pays in all, as its voters meant it.
    function entitled() external view returns (uint128) {
        return _activeNow().root.totalBase;
    }

    // What happens.

    function fund(uint128 amount) external recorded {
        _fund(uint128(bound(amount, 1, 500e18)));
    }

    /// Somebody, or two or three of them, vote about the cycle before; the first of them says for what.
    function vote(uint8 who, uint128 growth, uint256 split, bool isBad) external recorded {
        uint64 cycle = _votable();
        if (cycle == 0) return;
        if (_proposedFor != cycle) _propose(cycle, growth, split, isBad);
        bytes memory signatures;
        for (uint256 i = 0; i < 3; i++) {
            if (who & (1 << i) != 0) signatures = abi.encodePacked(signatures, _signed(i, cycle));
        }
        if (signatures.length == 0) signatures = _signed(who % 3, cycle);
        pool.vote(cycle, _proposed.root, signatures);
        if (pool.firstOpen() == cycle + 1) {
            _active = _activeNow();
            _posted = _proposed;
            _activates = uint64(block.timestamp) + DELAY;
        }
    }

    function veto(uint8 dice) external recorded {
        // Not each time, or nothing would ever be paid.
        if (dice % 4 != 0 || block.timestamp >= _activates || pool.vetoes() == 3) return _fund(uint128(dice) + 1);
        vm.prank(guardian);
        pool.veto();
        _activates = 0;
    }

    function claim(uint256 who) external recorded {
        uint256 i = who % OWNERS;
        if (!_isDue(i, 0) || _due(i) == 0) return _fund(1e18);
        _book(i, pool.claim(owners[i], _activeNow().leaves[i], _proof(_activeNow(), i)));
    }

    function claimAll(uint256 first) external recorded {
        uint256 promised = 0;
        Claim[] memory all = new Claim[](OWNERS);
        for (uint256 n = 0; n < OWNERS; n++) {
            uint256 i = (first % OWNERS + n) % OWNERS;
            if (!_isDue(i, promised)) return _fund(1e18);
            all[n] = Claim(owners[i], _activeNow().leaves[i], _proof(_activeNow(), i));
            promised += _due(i);
        }
        assertEq(pool.claimMany(all), promised);
        for (uint256 i = 0; i < OWNERS; i++) {
            _book(i, _due(i));
        }
    }

    function redirect(uint256 who, uint256 to) external recorded {
        address owner = owners[who % OWNERS];
        address recipient = to % 3 == 0 ? owner : address(uint160(0xd000 + to % 5));
        vm.prank(owner);
        pool.setRecipient(recipient);
        vm.prank(recipient);
        pool.confirmRecipient(owner);
        assertEq(pool.recipientOf(owner), recipient);
        redirected++;
    }

    function govern(uint128 perCycle) external recorded {
        PoolProposal memory proposed = pool.proposal();
        if (proposed.effective != 0 && proposed.effective <= block.timestamp) {
            // What was voted for may grow by too much now.
            _proposedFor = 0;
            return pool.applyProposed();
        }
        if (proposed.effective != 0) return _fund(1e18);
        vm.prank(governor);
        pool.propose(PoolParameters(2_000e18, DELAY, uint128(bound(perCycle, 1e18, 200e18))));
    }

    function wait(uint32 time) external {
        _wait(time);
    }

    // How they do it.

    function _fund(uint128 amount) private {
        fundPool(amount);
        fundedIn += amount;
    }

    function _wait(uint32 time) private {
        uint256 span = bound(time, 1, 1 days);
        vm.warp(block.timestamp + span);
        vm.roll(block.number + span / 2 + 1);
    }

    /// The cycle that is voted about now; if none is, it waits for the next.
    function _votable() private returns (uint64 cycle) {
        uint64 present = vault.currentCycle();
        if ((block.timestamp - GENESIS) % LENGTH >= LENGTH / 2 || pool.firstOpen() >= present) {
            vm.warp(GENESIS + (present + 1) * LENGTH);
            vm.roll(block.number + LENGTH / 2);
            present += 1;
        }
        return present - 1;
    }

    function _propose(uint64 cycle, uint128 growth, uint256 split, bool isBad) private {
        Tree memory active = _activeNow();
        uint256 most = uint256(pool.parameters().maxPerCycle) * (cycle + 1 - pool.uncovered());
        uint256 left = pool.funded() - active.root.totalBase;
        growth = uint128(bound(growth, 0, most < left ? most : left));
        Tree memory next;
        for (uint256 i = 0; i < OWNERS; i++) {
            uint128 part = i + 1 < OWNERS ? uint128((split >> (i * 8)) & 255) * growth / 1024 : growth / 4;
            next.leaves[i] = active.leaves[i] + part + (isBad && split % 4 == i ? 3 * growth : 0);
        }
        next.root = rootOf(_node(_pair(next, 0), _pair(next, 2)), active.root.totalBase + growth);
        (_proposed, _proposedFor) = (next, cycle);
    }

    function _activeNow() private view returns (Tree memory) {
        return _activates != 0 && _activates <= block.timestamp ? _posted : _active;
    }

    function _due(uint256 i) private view returns (uint256) {
        uint256 leaf = _activeNow().leaves[i];
        return leaf > claimedBy[owners[i]] ? leaf - claimedBy[owners[i]] : 0;
    }

    /// True if there is a root, and it has enough left for this claim; one that asks for too much has to be refused.
    function _isDue(uint256 i, uint256 before) private returns (bool) {
        Tree memory tree = _activeNow();
        if (tree.root.root == 0) return false;
        if (paidOut + before + _due(i) <= tree.root.totalBase) return true;
        bytes32[] memory proof = _proof(tree, i);
        if (before == 0) {
            vm.expectRevert(AboveTotal.selector);
            pool.claim(owners[i], tree.leaves[i], proof);
            refusedClaims++;
        }
        return false;
    }

    function _book(uint256 i, uint256 amount) private {
        assertEq(amount, _due(i), "another amount than what was due");
        claimedBy[owners[i]] += amount;
        paidOut += amount;
        claims++;
    }

    function _signed(uint256 i, uint64 cycle) private view returns (bytes memory) {
        return ballot(_voters[i], cycle, _proposed.root);
    }

    function _leaf(Tree memory tree, uint256 i) private view returns (bytes32) {
        return Roots.leaf(1, word(owners[i]), tree.leaves[i]);
    }

    function _pair(Tree memory tree, uint256 i) private view returns (bytes32) {
        return _node(_leaf(tree, i), _leaf(tree, i + 1));
    }

    function _proof(Tree memory tree, uint256 i) private view returns (bytes32[] memory proof) {
        proof = new bytes32[](2);
        (proof[0], proof[1]) = (_leaf(tree, i ^ 1), _pair(tree, i < 2 ? 2 : 0));
    }

    function _node(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }

    /// Folds what the action recorded, in the block in which it happened.
    modifier recorded() {
        vm.recordLogs();
        _;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        tried++;
        if (logs.length > 0) done++;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != IJournal.Recorded.selector) continue;
            assertEq(uint256(logs[i].topics[1]), ++facts, "a fact is missing");
            uint8 kind = uint8(uint256(logs[i].topics[2]));
            told[kind]++;
            bytes memory body = abi.decode(logs[i].data, (bytes));
            folded =
                keccak256(abi.encodePacked(folded, facts, uint64(block.timestamp), uint64(block.number), kind, body));
        }
    }
}
