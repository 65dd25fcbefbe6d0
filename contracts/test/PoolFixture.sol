// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Claim, IRewardPool, PendingRoot, PoolDeployment} from "../src/interfaces/IRewardPool.sol";
import {PoolBounds, PoolParameters, PoolProposal} from "../src/libraries/PoolTerms.sol";
import {RewardRoot, Roots} from "../src/libraries/Roots.sol";
import "./Fixture.sol";

/// A pool beside a vault in which three operators have staked: alice 5,000, bob 3,000 and carol 1,000. It is early in the
/// cycle after the first of which all of them have the whole.
abstract contract PoolFixture is Fixture {
    uint128 internal constant FUNDS = 1_000e18;
    uint128 internal constant PER_CYCLE = 100e18;
    uint64 internal constant DELAY = 6 hours;

    IRewardPool internal pool;
    Coin internal reward;
    address internal guardian = makeAddr("guardian");
    address internal carol = makeAddr("carol");
    uint256 internal bobKey = key("bob's first signer");
    uint256 internal carolKey = key("carol's first signer");
    /// The cycle that can be voted about, and the first one that no root covers.
    uint64 internal past;

    function setUp() public virtual override {
        super.setUp();
        reward = Coin(create("Coin.sol:Coin", ""));
        pool = deployPool(poolDeployment());
        register(alice, aliceKey, 5_000e18);
        register(bob, bobKey, 3_000e18);
        register(carol, carolKey, 1_000e18);
        skipCycles(2);
        past = vault.currentCycle() - 1;
        fundPool(FUNDS);
    }

    function deployPool(PoolDeployment memory d) internal returns (IRewardPool) {
        return IRewardPool(create("RewardPool.sol:RewardPool", abi.encode(d)));
    }

    function poolDeployment() internal view returns (PoolDeployment memory) {
        return PoolDeployment({
            vault: vault,
            token: IERC20(address(reward)),
            governor: governor,
            guardian: guardian,
            parameters: PoolParameters(2_000e18, DELAY, PER_CYCLE),
            bounds: PoolBounds({least: PoolParameters(1e18, 1 minutes, 1), most: PoolParameters(1e24, 12 hours, 1e30)})
        });
    }

    function fundPool(uint128 amount) internal {
        reward.mint(address(this), amount);
        reward.approve(address(pool), amount);
        pool.fund(amount);
    }

    // Roots.

    function rootOf(bytes32 root, uint128 total) internal pure returns (RewardRoot memory) {
        return RewardRoot(root, total, 7, keccak256("where the reports are"));
    }

    function ballot(uint256 secret, uint64 cycle, RewardRoot memory root) internal view returns (bytes memory) {
        bytes32 digest =
            keccak256(abi.encode(root.root, uint256(root.totalBase), uint256(root.totalSolana), root.blobHash));
        return sign(secret, Signatures.digest(domain(), Statements.structHash(Statement(3, cycle, 0, digest))));
    }

    /// Alice and bob vote: eight of nine parts.
    function post(uint64 cycle, RewardRoot memory root) internal {
        pool.vote(cycle, root, abi.encodePacked(ballot(aliceKey, cycle, root), ballot(bobKey, cycle, root)));
    }

    /// A root that pays this to the account, and a proof as long as it is said to be.
    function entitle(address account, uint128 cumulative, uint256 levels)
        internal
        pure
        returns (bytes32 root, bytes32[] memory proof)
    {
        root = Roots.leaf(1, word(account), cumulative);
        proof = new bytes32[](levels);
        for (uint256 i = 0; i < levels; i++) {
            proof[i] = keccak256(abi.encode("sibling", i));
            root = root < proof[i]
                ? keccak256(abi.encodePacked(root, proof[i]))
                : keccak256(abi.encodePacked(proof[i], root));
        }
    }

    /// Posts a root that pays alice, and waits until it does.
    function pay(uint128 cumulative) internal returns (bytes32[] memory proof) {
        bytes32 root;
        (root, proof) = entitle(alice, cumulative, 20);
        post(vault.currentCycle() - 1, rootOf(root, cumulative));
        skip(DELAY);
    }

    function expectPoolFact(uint8 kind, bytes memory body) internal returns (bytes32) {
        (bytes32 head, uint64 seq) = pool.head();
        bytes memory fact = abi.encodePacked(head, seq + 1, uint64(block.timestamp), uint64(block.number), kind, body);
        vm.expectEmit(address(pool));
        emit IJournal.Recorded(seq + 1, kind, address(0), body);
        return keccak256(fact);
    }

    function assertPoolHead(bytes32 wanted) internal view {
        (bytes32 head,) = pool.head();
        assertEq(head, wanted, "the head does not fold the fact");
        assertEq(vm.load(address(pool), bytes32(pool.HEAD_SLOT())), head, "the head lies in another slot");
    }

    function encoded(RewardRoot memory root) internal pure returns (bytes memory) {
        return abi.encodePacked(root.root, root.totalBase, root.totalSolana, root.blobHash);
    }
}
