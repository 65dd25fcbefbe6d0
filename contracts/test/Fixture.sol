// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";

import {IJournal} from "../src/interfaces/IJournal.sol";
import {Deployment, IStakeVault, OperatorView} from "../src/interfaces/IStakeVault.sol";
import {CycleStake} from "../src/libraries/CycleStakes.sol";
import {Facts} from "../src/libraries/Facts.sol";
import {LinkTerms, Links} from "../src/libraries/Links.sol";
import {Entry} from "../src/libraries/Operators.sol";
import "../src/libraries/Refusals.sol";
import {Signatures} from "../src/libraries/Signatures.sol";
import {Statement, Statements} from "../src/libraries/Statements.sol";
import {Tenure} from "../src/libraries/Tenures.sol";
import {Bounds, Parameters, Proposal} from "../src/libraries/Terms.sol";
import {Coin} from "./tokens/Coin.sol";

/// A vault on a network of two chains, and the people around it.
abstract contract Fixture is Test {
    uint64 internal constant GENESIS = 1_800_000_000;
    uint64 internal constant LENGTH = 1 days;
    uint64 internal constant PERIOD = 14 days;
    uint128 internal constant STAKE = 5_000e18;

    Coin internal coin;
    IStakeVault internal vault;
    address internal governor = makeAddr("governor");
    address internal stranger = makeAddr("stranger");
    address internal alice;
    address internal bob;
    uint256 internal aliceKey;

    bytes32 private _nextHead;

    function setUp() public virtual {
        vm.warp(GENESIS + 100 * LENGTH);
        vm.roll(30_000_000);
        coin = Coin(create("Coin.sol:Coin", ""));
        vault = deploy(deployment(IERC20(address(coin))));
        aliceKey = key("alice's first signer");
        alice = makeAddr("alice");
        bob = makeAddr("bob");
    }

    /// Creates a contract from its build. With `new`, every file of tests would compile the vault once more.
    function create(string memory name, bytes memory arguments) internal returns (address created) {
        bytes memory code = abi.encodePacked(vm.getCode(name), arguments);
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
            if iszero(created) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    function deploy(Deployment memory d) internal returns (IStakeVault) {
        return IStakeVault(create("StakeVault.sol:StakeVault", abi.encode(d)));
    }

    function deployment(IERC20 token) internal view returns (Deployment memory) {
        return Deployment({
            token: token,
            governor: governor,
            name: "fixture",
            solanaGenesisHash: keccak256("genesis"),
            solanaProgramId: keccak256("program"),
            genesis: GENESIS,
            cycleLength: LENGTH,
            parameters: Parameters(1_000e18, 10e18, PERIOD, 500, 12),
            bounds: Bounds({
                least: Parameters(1e18, 0, 1 days, 0, 0), most: Parameters(1e24, 1e24, 365 days, 10_000, 300)
            })
        });
    }

    // People.

    function fund(address account, uint128 amount) internal {
        coin.mint(account, amount);
        vm.prank(account);
        coin.approve(address(vault), type(uint256).max);
    }

    function key(string memory label) internal returns (uint256 secret) {
        (, secret) = makeAddrAndKey(label);
    }

    function terms(uint256 signerKey, uint64 nonce) internal pure returns (LinkTerms memory) {
        bytes32 peer = keccak256(abi.encode("peer", signerKey, nonce));
        return LinkTerms(peer, vm.addr(signerKey), nonce, [keccak256(abi.encode(peer)), peer]);
    }

    function domain() internal view returns (bytes32) {
        return Signatures.domainSeparator(vault.networkId());
    }

    function signLink(address account, LinkTerms memory link, uint256 signerKey) internal view returns (bytes memory) {
        return sign(signerKey, Links.digest(link, domain(), 1, word(account)));
    }

    function sign(uint256 secret, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return abi.encodePacked(r, s, v);
    }

    function register(address account, uint256 signerKey, uint128 amount) internal {
        fund(account, amount);
        LinkTerms memory link = terms(signerKey, 1);
        bytes memory signature = signLink(account, link, signerKey);
        vm.prank(account);
        vault.register(amount, link, signature);
    }

    function rotate(address account, uint256 signerKey, uint64 nonce) internal {
        LinkTerms memory link = terms(signerKey, nonce);
        bytes memory signature = signLink(account, link, signerKey);
        vm.prank(account);
        vault.rotate(link, signature);
    }

    function unjail(address account, uint256 signerKey, uint64 nonce) internal {
        LinkTerms memory link = terms(signerKey, nonce);
        bytes memory signature = signLink(account, link, signerKey);
        vm.prank(account);
        vault.unjail(link, signature);
    }

    function stake(address account, uint128 amount) internal {
        fund(account, amount);
        vm.prank(account);
        vault.stake(account, amount);
    }

    function unstake(address account, uint128 amount) internal returns (uint64 ticket) {
        vm.prank(account);
        return vault.unstake(amount);
    }

    function withdraw(address account, uint256 limit) internal returns (uint128) {
        vm.prank(account);
        return vault.withdraw(limit);
    }

    // Evidence.

    function signed(uint256 secret, Statement memory statement) internal view returns (bytes memory) {
        bytes32 digest = Signatures.digest(domain(), Statements.structHash(statement));
        return abi.encodePacked(statement.kind, statement.cycle, statement.slot, statement.digest, sign(secret, digest));
    }

    function vote(uint256 secret, uint64 cycle, string memory root) internal view returns (bytes memory) {
        return signed(secret, Statement(3, cycle, 0, keccak256(bytes(root))));
    }

    /// Two votes for different roots of one cycle.
    function evidence(uint256 secret, uint64 cycle) internal view returns (bytes memory) {
        return abi.encodePacked(vote(secret, cycle, "one root"), vote(secret, cycle, "another"));
    }

    function slash(uint256 secret) internal returns (uint128) {
        return vault.slash(evidence(secret, vault.currentCycle()), stranger);
    }

    // Expectations.

    function word(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    function packed(LinkTerms memory link) internal pure returns (bytes memory) {
        return abi.encodePacked(link.peer, link.signer, link.nonce, link.peerSignature[0], link.peerSignature[1]);
    }

    /// The next call records exactly this; `assertFolded` then compares the head.
    function expectFact(uint8 kind, address account, bytes memory body) internal {
        (bytes32 head, uint64 seq) = vault.head();
        bytes memory fact = abi.encodePacked(head, seq + 1, uint64(block.timestamp), uint64(block.number), kind, body);
        _nextHead = keccak256(fact);
        vm.expectEmit(address(vault));
        emit IJournal.Recorded(seq + 1, kind, account, body);
    }

    function assertFolded() internal view {
        (bytes32 head,) = vault.head();
        assertEq(head, _nextHead, "the head does not fold the fact");
        assertEq(vm.load(address(vault), bytes32(vault.HEAD_SLOT())), head, "the head lies in another slot");
    }

    function skipCycles(uint64 count) internal {
        skip(count * LENGTH);
        vm.roll(block.number + uint256(count) * LENGTH / 2);
    }

    function assertStake(CycleStake memory found, uint128 value, uint128 floor, uint128 floorPrev) internal pure {
        assertEq(found.value, value, "value");
        assertEq(found.floor, floor, "floor");
        assertEq(found.floorPrev, floorPrev, "floorPrev");
    }
}
