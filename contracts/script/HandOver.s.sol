// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Script} from "forge-std/Script.sol";
import {console} from "forge-std/console.sol";

import {IRewardPool} from "../src/interfaces/IRewardPool.sol";
import {DeploymentFile} from "./DeploymentFile.sol";
import {Landing} from "./Landing.sol";
import {Soundness} from "./Soundness.sol";
import {TimelockFile, TimelockPlan} from "./TimelockFile.sol";

/// Hands the vault and the pool of a deployment over to a timelock, in three steps, of which each can be run again:
///
///     TIMELOCK=script/timelock-base.json forge script script/HandOver.s.sol --rpc-url <url> --broadcast ...
///     ... --sig 'schedule()'    by a proposer
///     ... --sig 'execute()'     by an executor, once the delay is over
///
/// The first lands the timelock and offers it the ownership; until the last nothing has changed. Whoever has to act may be
/// a contract, a Safe for one: then nothing is sent for it, and what it has to send is printed. Without --broadcast, each
/// only shows what it would do. DEPLOYMENT names the file in deployments, as for Deploy.s.sol.
contract HandOver is Script, Landing {
    bytes32 private constant NO_PREDECESSOR = 0;

    /// What is handed over, to whom, and by which operation it is accepted.
    struct Passage {
        TimelockPlan plan;
        TimelockController timelock;
        Ownable2Step[2] owned;
        address[] targets;
        uint256[] values;
        bytes[] calls;
        bytes32 operation;
    }

    /// The contract was not offered to the timelock, and does not belong to it.
    error NotOffered(address owned);
    /// Somebody else than the governor of the one governs the other.
    error TwoOwners(address ofVault, address ofPool);
    /// The acceptance was not scheduled.
    error NotScheduled(bytes32 operation);
    /// The delay is not over.
    error TooEarly(uint256 ripe);
    /// It ran, and yet the contract belongs to another.
    error NotPassed(address owned, address owner);

    function run() external {
        Passage memory p = _read();
        offer(p);
    }

    function schedule() external {
        Passage memory p = _read();
        schedule(p, vm.envOr("PROPOSER", p.plan.proposers[0]));
    }

    function execute() external {
        Passage memory p = _read();
        address executor = p.plan.executors[0] == address(0) ? msg.sender : p.plan.executors[0];
        if (!execute(p, vm.envOr("EXECUTOR", executor))) return;
        if (DeploymentFile.isSending()) {
            vm.writeJson(vm.toString(address(p.timelock)), _deploymentPath(), ".in_force.owner");
        }
    }

    /// What a file of a timelock means for this vault and pool.
    function passage(string memory json, Ownable2Step vault, Ownable2Step pool) public view returns (Passage memory p) {
        p.plan = TimelockFile.read(json, IRewardPool(address(pool)).guardian());
        p.owned = [vault, pool];
        p.timelock = TimelockController(payable(addressOf(p.plan.salt, _creation(p.plan))));
        (p.targets, p.values, p.calls) = (new address[](2), new uint256[](2), new bytes[](2));
        for (uint256 i = 0; i < 2; i++) {
            p.targets[i] = address(p.owned[i]);
            p.calls[i] = abi.encodeCall(Ownable2Step.acceptOwnership, ());
        }
        p.operation = keccak256(abi.encode(p.targets, p.values, p.calls, NO_PREDECESSOR, p.plan.salt));
    }

    /// Lands the timelock and offers it what it does not have.
    function offer(Passage memory p) public {
        (address vaultOwner, address poolOwner) = (p.owned[0].owner(), p.owned[1].owner());
        require(vaultOwner == poolOwner, TwoOwners(vaultOwner, poolOwner));
        (, bool stood) = land(p.plan.salt, _creation(p.plan));
        console.log("timelock      %s  %s", address(p.timelock), stood ? "stands already" : "new");
        console.log("delay         %s s", p.plan.delay);
        bytes memory call = abi.encodeCall(Ownable2Step.transferOwnership, (address(p.timelock)));
        for (uint256 i = 0; i < 2; i++) {
            if (p.owned[i].owner() == address(p.timelock)) console.log("%s belongs to it already", p.targets[i]);
            else if (p.owned[i].pendingOwner() == address(p.timelock)) console.log("%s is offered", p.targets[i]);
            else _act(vaultOwner, p.targets[i], call);
        }
    }

    /// Schedules that the timelock accepts both, at once.
    function schedule(Passage memory p, address proposer) public {
        for (uint256 i = 0; i < 2; i++) {
            require(p.owned[i].pendingOwner() == address(p.timelock), NotOffered(p.targets[i]));
        }
        if (p.timelock.isOperation(p.operation)) {
            console.log("scheduled for %s", p.timelock.getTimestamp(p.operation));
            return;
        }
        bytes memory call = abi.encodeCall(
            TimelockController.scheduleBatch,
            (p.targets, p.values, p.calls, NO_PREDECESSOR, p.plan.salt, p.timelock.getMinDelay())
        );
        _act(proposer, address(p.timelock), call);
    }

    /// Carries the acceptance out. False if a contract has to do it.
    function execute(Passage memory p, address executor) public returns (bool done) {
        if (!p.timelock.isOperationDone(p.operation)) {
            require(p.timelock.isOperation(p.operation), NotScheduled(p.operation));
            uint256 ripe = p.timelock.getTimestamp(p.operation);
            require(block.timestamp >= ripe, TooEarly(ripe));
            bytes memory call = abi.encodeCall(
                TimelockController.executeBatch, (p.targets, p.values, p.calls, NO_PREDECESSOR, p.plan.salt)
            );
            if (!_act(executor, address(p.timelock), call)) return false;
        }
        for (uint256 i = 0; i < 2; i++) {
            address owner = p.owned[i].owner();
            require(owner == address(p.timelock), NotPassed(p.targets[i], owner));
        }
        console.log("the vault and the pool belong to %s", address(p.timelock));
        return true;
    }

    /// Sends a call for an account that has a key, or prints it for one that is a contract.
    function _act(address account, address to, bytes memory call) private returns (bool sent) {
        if (Soundness.isContract(account)) {
            console.log("%s is a contract; it has to send to %s:", account, to);
            console.log(vm.toString(call));
            return false;
        }
        vm.broadcast(account);
        (bool done, bytes memory answer) = to.call(call);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        console.log("%s sends to %s:", account, to);
        console.log(vm.toString(call));
        return true;
    }

    function _read() private view returns (Passage memory) {
        string memory json = vm.readFile(_deploymentPath());
        DeploymentFile.checkChain(json);
        return passage(
            vm.readFile(vm.envOr("TIMELOCK", string("script/timelock-anvil.json"))),
            Ownable2Step(vm.parseJsonAddress(json, ".vault")),
            Ownable2Step(vm.parseJsonAddress(json, ".pool"))
        );
    }

    function _deploymentPath() private view returns (string memory) {
        return string.concat("deployments/", vm.envOr("DEPLOYMENT", DeploymentFile.usualName()));
    }

    /// Without an administrator.
    function _creation(TimelockPlan memory plan) private pure returns (bytes memory) {
        bytes memory arguments = abi.encode(plan.delay, plan.proposers, plan.executors, address(0));
        return abi.encodePacked(type(TimelockController).creationCode, arguments);
    }
}
