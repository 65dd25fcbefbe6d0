// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Vm} from "forge-std/Vm.sol";

import "../Fixture.sol";

/// People who use a vault in every way that it allows, and keep books of their own.
///
/// An action first finds out whether the vault may refuse it, and then does it or something that cannot be refused: so
/// every call succeeds, and a revert is a bug.
contract Actors is Fixture {
    uint256 private constant OWNERS = 5;
    /// Accounts that receive bounties.
    uint256 private constant COURIERS = 3;

    address[] public owners;
    address[] public couriers;
    mapping(address owner => uint256) public signerKey;
    uint256 private _keys;

    // The books.
    uint256 public paidOut;
    uint256 public bountiesPaid;
    uint256 public burned;
    bytes32 public folded;
    uint64 public facts;
    mapping(address owner => uint256) public withdrawnBy;
    /// How many facts of each kind there were.
    mapping(uint8 kind => uint256) public told;
    /// How many actions there were, and how many of them had an effect.
    uint256 public tried;
    uint256 public done;

    constructor() {
        setUp();
        (folded, facts) = vault.head();
        for (uint256 i = 0; i < OWNERS; i++) {
            owners.push(address(uint160(0xa000 + i)));
        }
        for (uint256 i = 0; i < COURIERS; i++) {
            couriers.push(address(uint160(0xc000 + i)));
        }
    }

    function theVault() external view returns (IStakeVault, Coin) {
        return (vault, coin);
    }

    function isRegistered(address owner) public view returns (bool) {
        return signerKey[owner] != 0;
    }

    function ownerCount() external view returns (uint256) {
        return owners.length;
    }

    function courierCount() external view returns (uint256) {
        return couriers.length;
    }

    // What happens.

    function enter(uint256 who, uint128 amount) external recorded {
        address owner = owners[who % OWNERS];
        if (isRegistered(owner)) return _stake(owner, amount);
        signerKey[owner] = ++_keys;
        register(owner, signerKey[owner], uint128(bound(amount, 1_000e18, 100_000e18)));
    }

    function deposit(uint256 who, uint128 amount) external recorded {
        _stake(_someOwner(who), amount);
    }

    function leave(uint256 who, uint128 amount) external recorded {
        address owner = _someOwner(who);
        uint128 active = vault.operatorOf(owner).active;
        if (vault.queueOf(owner).length == 8 || active == 0) return _stake(owner, amount);
        unstake(owner, uint128(bound(amount, 1, active)));
    }

    function comeBack(uint256 who, uint256 which) external recorded {
        address owner = _someOwner(who);
        Entry[] memory queue = vault.queueOf(owner);
        if (queue.length == 0) return _stake(owner, uint128(which));
        Entry memory entry = queue[which % queue.length];
        if (entry.amount == 0) return _stake(owner, uint128(which));
        vm.prank(owner);
        vault.restake(entry.ticket);
    }

    function takeOut(uint256 who, uint256 limit) external recorded {
        address owner = _someOwner(who);
        limit = bound(limit, 1, 8);
        uint256 wanted = 0;
        uint256 count = 0;
        Entry[] memory queue = vault.queueOf(owner);
        for (uint256 i = 0; i < queue.length && count < limit; i++) {
            if (queue[i].maturity <= block.timestamp) {
                wanted += queue[i].amount;
                count++;
            }
        }
        if (count == 0) return _stake(owner, uint128(limit));
        uint256 before = coin.balanceOf(owner);
        assertEq(withdraw(owner, limit), wanted, "a matured entry was not paid");
        assertEq(coin.balanceOf(owner) - before, wanted, "what was paid did not arrive");
        assertEq(vault.queueOf(owner).length, queue.length - count, "another entry than those that were paid went");
        paidOut += wanted;
    }

    function changeKeys(uint256 who, bool onlyPeer) external recorded {
        address owner = _someOwner(who);
        OperatorView memory operator = vault.operatorOf(owner);
        if (operator.jailedUntil != 0) return _release(owner, operator);
        if (!onlyPeer) signerKey[owner] = ++_keys;
        rotate(owner, signerKey[owner], operator.nonce + 1);
    }

    function contradict(uint256 who, uint256 courier) external recorded {
        address owner = _someOwner(who);
        OperatorView memory operator = vault.operatorOf(owner);
        uint64 cycle = vault.currentCycle();
        if (operator.jailedUntil != 0 || !vault.speaksIn(operator.signer, cycle)) {
            return _stake(owner, uint128(courier));
        }
        uint128 taken = vault.slash(evidence(signerKey[owner], cycle), couriers[courier % COURIERS]);
        assertLe(taken, uint256(operator.active) + operator.queued, "more than there is was taken");
        burned += taken - taken / 20;
        // Jail counts nothing, at once and in the cycle that is being counted.
        assertStake(vault.cycleStakeOf(owner), 0, 0, 0);
    }

    function beFreed(uint256 who) external recorded {
        address owner = _someOwner(who);
        _release(owner, vault.operatorOf(owner));
    }

    function collect(uint256 courier) external recorded {
        bountiesPaid += vault.collect(couriers[courier % COURIERS]);
    }

    function govern(uint64 period, uint16 bps, bool stop) external recorded {
        Proposal memory proposed = vault.proposal();
        if (proposed.effective != 0 && proposed.effective <= block.timestamp) return vault.applyProposed();
        vm.startPrank(governor);
        period = uint64(bound(period, 14 days, 60 days));
        vault.propose(Parameters(1_000e18, 10e18, period, uint16(bound(bps, 0, 10_000)), 12));
        // Paused and resumed: exits in between are what the tests of the verbs are for.
        vault.setPaused(stop);
        vault.setPaused(false);
        vm.stopPrank();
    }

    function wait(uint32 time) external {
        uint256 span = bound(time, 1, 10 days);
        vm.warp(block.timestamp + span);
        vm.roll(block.number + span / 2 + 1);
    }

    // How they do it.

    function _stake(address account, uint128 amount) private {
        stake(account, uint128(bound(amount, 10e18, 10_000e18)));
    }

    function _release(address owner, OperatorView memory operator) private {
        bool isKept = operator.jailedUntil == 0 || block.timestamp < operator.jailedUntil;
        if (isKept || operator.active < vault.parameters().minStake) return _stake(owner, 1_000e18);
        signerKey[owner] = ++_keys;
        unjail(owner, signerKey[owner], operator.nonce + 1);
    }

    function _someOwner(uint256 who) private returns (address owner) {
        owner = owners[who % OWNERS];
        if (isRegistered(owner)) return owner;
        signerKey[owner] = ++_keys;
        register(owner, signerKey[owner], 5_000e18);
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
            bytes memory body = abi.decode(logs[i].data, (bytes));
            uint8 kind = uint8(uint256(logs[i].topics[2]));
            told[kind]++;
            folded =
                keccak256(abi.encodePacked(folded, facts, uint64(block.timestamp), uint64(block.number), kind, body));
        }
    }
}
