// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Test} from "forge-std/Test.sol";

import {HandOver} from "../script/HandOver.s.sol";
import {Plan, PlanFile} from "../script/PlanFile.sol";
import {Soundness} from "../script/Soundness.sol";
import {IRewardPool} from "../src/interfaces/IRewardPool.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {PoolParameters} from "../src/libraries/PoolTerms.sol";
import {NotGovernor, NotOffered} from "../src/libraries/Refusals.sol";
import {Parameters} from "../src/libraries/Terms.sol";
import {Coin} from "./tokens/Coin.sol";

contract HandOverTest is Test {
    uint256 private constant DELAY = 60;

    HandOver private script = new HandOver();
    string private json = vm.readFile("script/timelock-anvil.json");
    address private governor;
    address private proposer = makeAddr("proposer");
    address private executor = makeAddr("executor");
    Ownable2Step private vault;
    Ownable2Step private pool;
    IStakeVault private stakes;
    IRewardPool private rewards;

    function setUp() public {
        vm.warp(1_800_000_000);
        Plan memory plan = PlanFile.read(vm.readFile("script/anvil.json"));
        governor = plan.vault.governor;
        Coin coin = new Coin();
        (plan.vault.token, plan.pool.token) = (coin, coin);
        stakes = IStakeVault(vm.deployCode("StakeVault.sol:StakeVault", abi.encode(plan.vault)));
        plan.pool.vault = stakes;
        rewards = IRewardPool(vm.deployCode("RewardPool.sol:RewardPool", abi.encode(plan.pool)));
        (vault, pool) = (Ownable2Step(address(stakes)), Ownable2Step(address(rewards)));
        json = vm.replace(
            json, "\"proposers\": [\n    \"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", named("proposers", proposer)
        );
        json = vm.replace(
            json, "\"executors\": [\n    \"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", named("executors", executor)
        );
    }

    function named(string memory role, address account) private pure returns (string memory) {
        return string.concat("\"", role, "\": [\n    \"", vm.toString(account));
    }

    function passage() private view returns (HandOver.Passage memory) {
        return script.passage(json, vault, pool);
    }

    function handOver() private returns (TimelockController timelock) {
        HandOver.Passage memory p = passage();
        script.offer(p);
        script.schedule(p, proposer);
        skip(DELAY);
        assertTrue(script.execute(p, executor));
        return p.timelock;
    }

    function test_nothing_passes_before_the_last_step() public {
        HandOver.Passage memory p = passage();
        script.offer(p);
        assertEq(vault.owner(), governor);
        assertEq(pool.pendingOwner(), address(p.timelock));
        script.schedule(p, proposer);
        assertEq(vault.owner(), governor);
        skip(DELAY - 1);
        vm.expectRevert(abi.encodeWithSelector(HandOver.TooEarly.selector, block.timestamp + 1));
        script.execute(p, executor);
        skip(1);
        assertTrue(script.execute(p, executor));
        assertEq(vault.owner(), address(p.timelock));
        assertEq(pool.owner(), address(p.timelock));
    }

    function test_the_old_governor_can_do_nothing_afterwards() public {
        handOver();
        Parameters memory parameters = stakes.parameters();
        PoolParameters memory ofPool = rewards.parameters();
        vm.startPrank(governor);
        vm.expectRevert(NotGovernor.selector);
        stakes.setPaused(true);
        vm.expectRevert(NotGovernor.selector);
        stakes.propose(parameters);
        vm.expectRevert(NotGovernor.selector);
        rewards.propose(ofPool);
        vm.expectRevert(NotGovernor.selector);
        rewards.setGuardian(governor);
        vm.expectRevert(NotGovernor.selector);
        vault.transferOwnership(governor);
        vm.expectRevert(NotGovernor.selector);
        pool.transferOwnership(governor);
        vm.expectRevert(NotOffered.selector);
        vault.acceptOwnership();
    }

    function test_the_timelock_governs_after_its_delay() public {
        TimelockController timelock = handOver();
        bytes memory call = abi.encodeCall(stakes.setPaused, (true));
        vm.prank(proposer);
        timelock.schedule(address(vault), 0, call, 0, 0, DELAY);
        vm.startPrank(executor);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        timelock.execute(address(vault), 0, call, 0, 0);
        skip(DELAY);
        timelock.execute(address(vault), 0, call, 0, 0);
        assertTrue(stakes.paused());
    }

    function test_nobody_administers_the_timelock() public {
        TimelockController timelock = handOver();
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        assertTrue(timelock.hasRole(admin, address(timelock)));
        address[4] memory others = [governor, proposer, executor, address(script)];
        for (uint256 i = 0; i < others.length; i++) {
            assertFalse(timelock.hasRole(admin, others[i]));
        }
        bytes32 role = timelock.PROPOSER_ROLE();
        vm.expectRevert(
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, proposer, admin)
        );
        vm.prank(proposer);
        timelock.grantRole(role, governor);
    }

    function test_every_step_can_be_run_again() public {
        HandOver.Passage memory p = passage();
        script.offer(p);
        script.offer(p);
        script.schedule(p, proposer);
        uint256 ripe = p.timelock.getTimestamp(p.operation);
        skip(1);
        script.schedule(p, proposer);
        assertEq(p.timelock.getTimestamp(p.operation), ripe);
        skip(DELAY);
        assertTrue(script.execute(p, executor));
        assertTrue(script.execute(p, executor));
        script.offer(p);
        assertEq(vault.pendingOwner(), address(0));
    }

    function test_goes_on_where_one_of_two_was_offered() public {
        HandOver.Passage memory p = passage();
        vm.prank(governor);
        vault.transferOwnership(address(p.timelock));
        vm.expectRevert(abi.encodeWithSelector(HandOver.NotOffered.selector, pool));
        script.schedule(p, proposer);
        script.offer(p);
        assertEq(pool.pendingOwner(), address(p.timelock));
    }

    /// Safes send what is printed; nothing is sent in their name.
    function test_sends_nothing_for_a_contract() public {
        HandOver.Passage memory p = passage();
        vm.etch(governor, hex"00");
        script.offer(p);
        assertEq(vault.pendingOwner(), address(0));
        vm.etch(governor, "");
        script.offer(p);
        vm.etch(proposer, hex"00");
        script.schedule(p, proposer);
        assertFalse(p.timelock.isOperation(p.operation));
        vm.etch(proposer, "");
        script.schedule(p, proposer);
        skip(DELAY);
        vm.etch(executor, hex"00");
        assertFalse(script.execute(p, executor));
        assertEq(vault.owner(), governor);
    }

    function test_refuses_steps_out_of_order() public {
        HandOver.Passage memory p = passage();
        vm.expectRevert(abi.encodeWithSelector(HandOver.NotOffered.selector, vault));
        script.schedule(p, proposer);
        script.offer(p);
        vm.expectRevert(abi.encodeWithSelector(HandOver.NotScheduled.selector, p.operation));
        script.execute(p, executor);
    }

    function test_refuses_two_owners() public {
        HandOver.Passage memory p = passage();
        vm.prank(governor);
        pool.transferOwnership(executor);
        vm.prank(executor);
        pool.acceptOwnership();
        vm.expectRevert(abi.encodeWithSelector(HandOver.TwoOwners.selector, governor, executor));
        script.offer(p);
    }

    function unsound(string memory old, string memory next, string memory key) private {
        assertTrue(vm.contains(json, old), old);
        string memory kept = json;
        json = vm.replace(json, old, next);
        try script.passage(json, vault, pool) {
            revert(string.concat("read, with an unsound ", key));
        } catch (bytes memory refusal) {
            assertEq(bytes4(refusal), Soundness.Unsound.selector);
            assertTrue(vm.contains(string(refusal), key), key);
        }
        json = kept;
    }

    function test_refuses_an_unsound_timelock() public {
        unsound("\"60\"", "\"0\"", ".delay");
        unsound("\"60\"", "\"2592001\"", ".delay");
        unsound(vm.toString(proposer), vm.toString(address(0)), ".proposers");
        unsound(vm.toString(proposer), vm.toString(rewards.guardian()), ".proposers");
        unsound(string.concat("\"", vm.toString(proposer), "\""), "", ".proposers");
        unsound(string.concat("\"", vm.toString(executor), "\""), "", ".executors");
    }

    function test_refuses_what_was_not_filled_in() public {
        string[2] memory paths = ["script/timelock-base-sepolia.json", "script/timelock-base.json"];
        uint256[2] memory chains = [uint256(84_532), 8453];
        for (uint256 i = 0; i < 2; i++) {
            vm.chainId(chains[i]);
            string memory text = vm.readFile(paths[i]);
            vm.expectRevert(abi.encodeWithSelector(PlanFile.NotFilledIn.selector, ".proposers"));
            script.passage(text, vault, pool);
            text = vm.replace(text, vm.parseJsonStringArray(text, ".proposers")[0], vm.toString(proposer));
            vm.expectRevert(abi.encodeWithSelector(PlanFile.NotFilledIn.selector, ".executors"));
            script.passage(text, vault, pool);
            text = vm.replace(text, vm.parseJsonStringArray(text, ".executors")[0], vm.toString(address(0)));
            script.passage(text, vault, pool);
        }
    }
}
