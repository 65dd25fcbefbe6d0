// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim, IRewardPool, PoolDeployment} from "../../src/interfaces/IRewardPool.sol";
import {PoolBounds, PoolParameters} from "../../src/libraries/PoolTerms.sol";
import {RewardRoot, Roots} from "../../src/libraries/Roots.sol";
import "./Measured.sol";

/// What the verbs of the pool cost, beside the least that does the same.
contract PoolGasTest is Measured {
    uint64 private constant DELAY = 6 hours;
    uint128 private constant FUNDS = 1e27;
    uint128 private constant MAX_PER_CYCLE = 1e24;
    /// The stake of six of the nine is two thirds.
    uint256 private constant VOTERS = 9;
    uint256 private constant NEEDED = 6;
    /// Every claimant is a leaf of a tree of 2^20 of which only its own corner is ever looked at.
    uint256 private constant CLAIMANTS = 8;
    uint256 private constant CORNER_DEPTH = 3;
    /// So many of them have claimed before.
    uint256 private constant OLD_CLAIMANTS = 5;
    uint256 private constant PROOF_LENGTH = 20;

    uint256[] private _voters;
    address[] private _claimants;
    PoolParameters private _parameters = PoolParameters(1, DELAY, MAX_PER_CYCLE);
    bytes32 private _domain;

    function setUp() public override {
        super.setUp();
        _domain = domain();
        for (uint256 i = 0; i < VOTERS; i++) {
            _voters.push(key(string.concat("voter ", vm.toString(i))));
        }
        for (uint256 i = 0; i < CLAIMANTS; i++) {
            _claimants.push(makeAddr(string.concat("claimant ", vm.toString(i))));
            // Whoever is paid has something already.
            coin.mint(_claimants[i], 1);
        }
    }

    /// Plays the scenario to everyone, from the middle of a life on: two roots have paid, and everyone has voted.
    modifier played() {
        string[3] memory subjects = [ITSELF, FLOOR, FOLDED];
        for (uint256 i = 0; i < subjects.length; i++) {
            _begin(subjects[i]);
            _;
        }
    }

    modifier playedToItself() {
        _begin(ITSELF);
        _;
    }

    function _begin(string memory name) private {
        vm.warp(GENESIS + 100 * LENGTH);
        subject = name;
        target = isItself() ? address(vault) : _floorVault();
        for (uint256 i = 0; i < VOTERS; i++) {
            enrol(vm.addr(_voters[i]), _voters[i], STAKE);
        }
        // In the cycle in which it came stake does not vote yet.
        skip(LENGTH);
        target = isItself() ? _itself() : _floor(target);
        approve(stranger, 2 * FUNDS);
        act(stranger, abi.encodeCall(IRewardPool.fund, (FUNDS)));
        for (uint128 round = 1; round <= 2; round++) {
            skip(LENGTH);
            act(stranger, _vote(round, 0, NEEDED));
            skip(DELAY);
            for (uint256 i = 0; i < OLD_CLAIMANTS; i++) {
                act(stranger, _claim(round, i));
            }
            skip(LENGTH - DELAY);
        }
    }

    function _itself() private returns (address) {
        PoolBounds memory bounds =
            PoolBounds({least: PoolParameters(1, 1, 1), most: PoolParameters(type(uint128).max, LENGTH, FUNDS)});
        PoolDeployment memory d = PoolDeployment(vault, IERC20(address(coin)), governor, governor, _parameters, bounds);
        return create("RewardPool.sol:RewardPool", abi.encode(d));
    }

    function _floorVault() private returns (address) {
        bytes memory arguments = abi.encode(coin, _domain, GENESIS, LENGTH, vault.parameters());
        return create("CycledVault.sol:CycledVault", arguments);
    }

    function _floor(address floorVault) private returns (address) {
        bytes memory arguments = abi.encode(floorVault, coin, _domain, GENESIS, LENGTH, _parameters);
        return create(same(subject, FLOOR) ? "FloorPool.sol:FloorPool" : "FoldedPool.sol:FoldedPool", arguments);
    }

    // The tree of a round: everyone has earned as much as there were rounds.

    function _leaf(uint128 round, uint256 claimant) private view returns (bytes32) {
        return Roots.leaf(1, word(_claimants[claimant]), round * 1e18);
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    /// The leaves at `place` and beside it that lie under a node of this height.
    function _node(uint128 round, uint256 height, uint256 place) private view returns (bytes32) {
        if (height == 0) return _leaf(round, place);
        return _pair(_node(round, height - 1, 2 * place), _node(round, height - 1, 2 * place + 1));
    }

    function _proof(uint128 round, uint256 claimant) private view returns (bytes32[] memory proof) {
        proof = new bytes32[](PROOF_LENGTH);
        for (uint256 height = 0; height < PROOF_LENGTH; height++) {
            proof[height] = height < CORNER_DEPTH
                ? _node(round, height, (claimant >> height) ^ 1)
                : keccak256(abi.encode("the rest of the tree", round, height));
        }
    }

    function _root(uint128 round) private view returns (RewardRoot memory root) {
        bytes32[] memory proof = _proof(round, 0);
        bytes32 node = _leaf(round, 0);
        for (uint256 height = 0; height < PROOF_LENGTH; height++) {
            node = _pair(node, proof[height]);
        }
        return RewardRoot(node, round * MAX_PER_CYCLE, 2e18, keccak256(abi.encode("the blob", round)));
    }

    // Calls.

    /// The signatures of `count` voters, from `first` on, for the root of a round and the cycle before this one.
    function _vote(uint128 round, uint256 first, uint256 count) private view returns (bytes memory) {
        uint64 cycle = (uint64(block.timestamp) - GENESIS) / LENGTH - 1;
        RewardRoot memory root = _root(round);
        bytes32 digest = keccak256(abi.encode(root.root, root.totalBase, root.totalSolana, root.blobHash));
        bytes32 ballot = Signatures.digest(_domain, Statements.structHash(Statement(3, cycle, 0, digest)));
        bytes memory signatures;
        for (uint256 i = first; i < first + count; i++) {
            signatures = abi.encodePacked(signatures, sign(_voters[i], ballot));
        }
        return _voteFor(cycle, root, signatures);
    }

    function _voteFor(uint64 cycle, RewardRoot memory root, bytes memory signatures)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeCall(IRewardPool.vote, (cycle, root, signatures));
    }

    function _claim(uint128 round, uint256 claimant) private view returns (bytes memory) {
        bytes32[] memory proof = _proof(round, claimant);
        return abi.encodeCall(IRewardPool.claim, (_claimants[claimant], round * 1e18, proof));
    }

    function test_vote() public played {
        act(stranger, _vote(3, 0, 1));
        measure("vote, one signature", stranger, _vote(3, 1, 1));
        measure("vote, three signatures", stranger, _vote(3, 2, 3));
        // With the sixth there are two thirds.
        measure("vote, one signature, and post root", stranger, _vote(3, 5, 1));
        bytes memory none = _vote(3, 0, 0);
        vm.snapshotValue(subject, "vote, no signature, before it begins", _intrinsic(none));
        vm.snapshotValue("calldata", "post root", none.length);
    }

    /// What is paid for a call before its first instruction.
    function _intrinsic(bytes memory call) private pure returns (uint256 gas) {
        gas = 21_000;
        for (uint256 i = 0; i < call.length; i++) {
            gas += call[i] == 0 ? 4 : 16;
        }
    }

    function test_claim() public played {
        act(stranger, _vote(3, 0, NEEDED));
        skip(DELAY);
        measure("claim, again, first from a root", stranger, _claim(3, 0));
        measure("claim, again", stranger, _claim(3, 1));
        measure("claim, first", stranger, _claim(3, 5));
        measure("claim, nothing to claim", stranger, _claim(3, 1));
        uint256 poor = 6;
        uint256 had = coin.balanceOf(_claimants[poor]);
        vm.prank(_claimants[poor]);
        coin.transfer(stranger, had);
        measure("claim, first, by whoever had no token", stranger, _claim(3, poor));
    }

    function test_claimMany() public playedToItself {
        act(stranger, _vote(3, 0, NEEDED));
        skip(DELAY);
        act(stranger, _claim(3, 4));
        measure("claimMany, one", stranger, abi.encodeCall(IRewardPool.claimMany, (_claims(3, 0, 1))));
        measure("claimMany, three", stranger, abi.encodeCall(IRewardPool.claimMany, (_claims(3, 1, 3))));
    }

    function _claims(uint128 round, uint256 first, uint256 count) private view returns (Claim[] memory claims) {
        claims = new Claim[](count);
        for (uint256 i = 0; i < count; i++) {
            claims[i] = Claim(_claimants[first + i], round * 1e18, _proof(round, first + i));
        }
    }

    function test_fund() public playedToItself {
        measure("fund", stranger, abi.encodeCall(IRewardPool.fund, (1e18)));
    }

    function test_veto() public playedToItself {
        act(stranger, _vote(3, 0, NEEDED));
        measure("veto", governor, abi.encodeCall(IRewardPool.veto, ()));
    }

    /// A floor that checked less would be none.
    function test_the_floor_refuses_what_the_pool_refuses() public {
        _begin(ITSELF);
        address itself = target;
        _begin(FLOOR);
        address floor = target;
        target = itself;
        act(stranger, _vote(3, 0, 1));
        uint64 cycle = (uint64(block.timestamp) - GENESIS) / LENGTH;

        bytes memory call = _vote(3, 0, 1);
        call[call.length - 32] ^= 0x01;
        assertRefused(floor, stranger, call, abi.encodeWithSelector(BadV.selector));
        RewardRoot memory root = _root(3);
        assertRefused(floor, stranger, _voteFor(cycle, root, ""), abi.encodeWithSelector(OutsideVoting.selector));
        assertRefused(floor, stranger, _voteFor(cycle - 1, root, "short"), abi.encodeWithSelector(Length.selector, 5));
        bytes memory unknown = sign(key("nobody's"), keccak256("anything"));
        assertRefused(
            floor, stranger, _voteFor(cycle - 1, root, unknown), abi.encodeWithSelector(UnknownSigner.selector)
        );
        root.totalBase = 1;
        assertRefused(floor, stranger, _voteFor(cycle - 1, root, ""), abi.encodeWithSelector(TotalFell.selector));
        root.totalBase = 2 * MAX_PER_CYCLE + 1 + MAX_PER_CYCLE;
        assertRefused(floor, stranger, _voteFor(cycle - 1, root, ""), abi.encodeWithSelector(TotalTooHigh.selector));

        assertRefused(floor, stranger, _claim(3, 0), abi.encodeWithSelector(BadProof.selector));
        assertRefused(
            floor,
            stranger,
            abi.encodeCall(IRewardPool.claim, (_claimants[0], 2e18, new bytes32[](65))),
            abi.encodeWithSelector(BadProof.selector)
        );
        skip(LENGTH / 2);
        assertRefused(
            floor, stranger, _voteFor(cycle - 1, _root(3), ""), abi.encodeWithSelector(OutsideVoting.selector)
        );
    }
}
