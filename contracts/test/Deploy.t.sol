// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";

import {Deploy} from "../script/Deploy.s.sol";
import {DeploymentFile, Landed} from "../script/DeploymentFile.sol";
import {Landing} from "../script/Landing.sol";
import {Plan, PlanFile} from "../script/PlanFile.sol";
import {Soundness} from "../script/Soundness.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {UnsoundPeriods} from "../src/libraries/Refusals.sol";
import {Coin} from "./tokens/Coin.sol";

/// From outside, so that a refusal is one call deep.
contract Reader {
    function read(string memory json) external view returns (Plan memory) {
        return PlanFile.read(json);
    }

    function record(string memory path, Plan memory plan, Landed memory site) external {
        DeploymentFile.record(path, plan, site);
    }
}

abstract contract Plans is Test, Landing {
    uint256 internal constant NOW = 1_800_000_000;
    string internal constant ZEROS = "0x0000000000000000000000000000000000000000000000000000000000000000";

    Deploy internal script = new Deploy();
    Reader internal reader = new Reader();

    function setUp() public virtual {
        vm.warp(NOW);
        vm.roll(30_000_000);
    }

    function anvil() internal view returns (Plan memory) {
        return reader.read(vm.readFile("script/anvil.json"));
    }

    /// The values that only a deployer knows, in the order of the file.
    function blanks() internal pure returns (string[6] memory) {
        return ["token", "reward_token", "governor", "guardian", "solana_genesis_hash", "solana_program_id"];
    }

    /// A file with all blanks filled in but one. The governor is a contract, as on Base it has to be or be said not to.
    function filled(string memory path, string memory spared) internal returns (string memory json) {
        json = vm.readFile(path);
        string memory coin = vm.toString(address(new Coin()));
        string memory governor = vm.toString(address(this));
        string memory guardian = vm.toString(makeAddr("guardian"));
        string[6] memory values = [coin, coin, governor, guardian, ZEROS, ZEROS];
        for (uint256 i = 0; i < values.length; i++) {
            json = fill(json, blanks()[i], spared, values[i]);
        }
        json = fill(json, "genesis", spared, vm.toString(NOW - 1 days));
        if (vm.indexOf(vm.parseJsonString(json, ".governor_is"), "fill in") == 0) {
            json = fill(json, "governor_is", spared, "contract");
        }
    }

    function fill(string memory json, string memory key, string memory spared, string memory value)
        private
        pure
        returns (string memory)
    {
        if (keccak256(bytes(key)) == keccak256(bytes(spared))) return json;
        string memory label = string.concat("\"", key, "\": \"");
        string memory blank = vm.parseJsonString(json, string.concat(".", key));
        return vm.replace(json, string.concat(label, blank), string.concat(label, value));
    }
}

contract PlanFileTest is Plans {
    string private json = vm.readFile("script/anvil.json");

    function with(string memory old, string memory next) private returns (string memory) {
        assertTrue(vm.contains(json, old), old);
        return vm.replace(json, old, next);
    }

    function test_reads_what_the_file_says() public view {
        Plan memory plan = anvil();
        assertEq(plan.vault.parameters.minStake, 1_000e18);
        assertEq(plan.vault.bounds.most.evidenceCycles, 10_000);
        assertEq(plan.pool.parameters.delay, 30);
        assertEq(plan.pool.bounds.least.minQuorum, 1_000e18);
        assertEq(plan.pool.governor, plan.vault.governor);
        assertFalse(plan.governedByContract);
    }

    function test_refuses_a_key_too_many() public {
        vm.expectPartialRevert(PlanFile.UnknownKey.selector);
        reader.read(with("\"name\"", "\"surprise\": \"1\", \"name\""));
    }

    function test_refuses_a_key_too_few() public {
        vm.expectPartialRevert(PlanFile.UnknownKey.selector);
        reader.read(with("\"min_deposit\": \"0\",", ""));
    }

    function test_refuses_the_file_of_another_chain() public {
        vm.expectRevert(abi.encodeWithSelector(PlanFile.AnotherChain.selector, 8453, block.chainid));
        reader.read(with("31337", "8453"));
    }

    function test_refuses_a_number_that_does_not_fit() public {
        vm.expectRevert(abi.encodeWithSelector(PlanFile.TooLarge.selector, ".vault.parameters.slash_bps"));
        reader.read(with("\"500\"", "\"65536\""));
    }

    function test_refuses_a_governor_that_is_something_else() public {
        vm.expectRevert(abi.encodeWithSelector(PlanFile.UnknownValue.selector, ".governor_is", "friend"));
        reader.read(with("\"key\"", "\"friend\""));
    }

    /// Each by its name, in every file that has blanks.
    function test_refuses_what_was_not_filled_in() public {
        refusesBlanks("script/base-sepolia.json", 84_532);
        refusesBlanks("script/base.json", 8453);
    }

    function refusesBlanks(string memory path, uint256 chainId) private {
        vm.chainId(chainId);
        refusesBlank(path, "genesis");
        for (uint256 i = 0; i < 6; i++) {
            refusesBlank(path, blanks()[i]);
        }
        reader.read(filled(path, "none"));
    }

    function refusesBlank(string memory path, string memory key) private {
        string memory text = filled(path, key);
        vm.expectRevert(abi.encodeWithSelector(PlanFile.NotFilledIn.selector, string.concat(".", key)));
        reader.read(text);
    }

    function test_refuses_an_address_that_was_mistyped() public {
        string memory guardian = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720";
        string memory mistyped = "0xa0Ee7A142d267C1f36714E4a8F75612F20a79721";
        reader.read(with(vm.toLowercase(guardian), guardian));
        vm.expectRevert(abi.encodeWithSelector(PlanFile.WrongChecksum.selector, ".guardian", mistyped));
        reader.read(with(vm.toLowercase(guardian), mistyped));
    }

    function test_refuses_an_empty_value_too() public {
        vm.expectRevert(abi.encodeWithSelector(PlanFile.NotFilledIn.selector, ".governor"));
        reader.read(with("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", ""));
    }
}

contract SoundnessTest is Plans {
    Plan private plan;

    function setUp() public override {
        super.setUp();
        vm.chainId(8453);
        plan = reader.read(filled("script/base.json", "none"));
    }

    /// Refused, and by this key.
    function unsound(string memory key) private {
        try script.deploy(plan) {
            revert(string.concat("deployed, with an unsound ", key));
        } catch (bytes memory refusal) {
            assertEq(bytes4(refusal), Soundness.Unsound.selector);
            bytes memory rest = new bytes(refusal.length - 4);
            for (uint256 i = 0; i < rest.length; i++) {
                rest[i] = refusal[i + 4];
            }
            (string memory found,) = abi.decode(rest, (string, string));
            assertEq(found, key);
        }
    }

    function test_the_files_are_sound_once_filled_in() public {
        script.deploy(plan);
        vm.chainId(84_532);
        script.deploy(reader.read(filled("script/base-sepolia.json", "none")));
    }

    function test_refuses_a_chain_that_it_does_not_know() public {
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(Soundness.UnknownChain.selector, 1));
        script.deploy(plan);
    }

    function test_refuses_roles_of_nobody_or_of_one() public {
        plan.vault.governor = address(0);
        unsound(".governor");
        plan.vault.governor = address(this);
        plan.pool.guardian = address(0);
        unsound(".guardian");
        plan.pool.guardian = address(this);
        unsound(".guardian");
    }

    function test_refuses_a_governor_that_is_not_what_it_is_said_to_be() public {
        plan.governedByContract = false;
        unsound(".governor");
        plan.vault.governor = makeAddr("somebody");
        plan.pool.governor = plan.vault.governor;
        script.deploy(plan);
        plan.governedByContract = true;
        unsound(".governor");
    }

    function test_a_key_that_delegates_to_code_stays_a_key() public {
        address somebody = makeAddr("somebody");
        vm.etch(somebody, abi.encodePacked(hex"ef0100", address(this)));
        (plan.vault.governor, plan.pool.governor) = (somebody, somebody);
        unsound(".governor");
        plan.governedByContract = false;
        script.deploy(plan);
    }

    function test_refuses_a_genesis_to_come() public {
        plan.vault.genesis = uint64(NOW + 1);
        unsound(".genesis");
    }

    function test_refuses_unsound_cycles() public {
        plan.vault.cycleLength = 1 hours - 1;
        unsound(".cycle_length");
        plan.vault.cycleLength = 30 days + 1;
        unsound(".cycle_length");
    }

    function test_refuses_bounds_that_let_a_governor_go_too_far() public {
        Plan memory sound = plan;
        plan.vault.bounds.least.unstakingPeriod = 7 days - 1;
        unsound(".vault.least.unstaking_period");
        plan = sound;
        plan.vault.bounds.most.unstakingPeriod = 90 days + 1;
        unsound(".vault.most.unstaking_period");
        plan = sound;
        plan.vault.bounds.least.evidenceCycles = 2;
        unsound(".vault.least.evidence_cycles");
        plan = sound;
        plan.vault.bounds.least.slashBps = 0;
        unsound(".vault.least.slash_bps");
        plan = sound;
        plan.pool.bounds.least.delay = 1 hours - 1;
        unsound(".pool.least.delay");
        plan = sound;
        plan.pool.bounds.least.minQuorum = plan.vault.parameters.minStake * 10 - 1;
        unsound(".pool.least.min_quorum");
    }

    function test_names_the_parameter_that_is_outside_of_its_bounds() public {
        Plan memory sound = plan;
        plan.vault.parameters.minStake = plan.vault.bounds.least.minStake - 1;
        unsound(".vault.parameters.min_stake");
        plan = sound;
        plan.vault.parameters.minDeposit = plan.vault.bounds.most.minDeposit + 1;
        unsound(".vault.parameters.min_deposit");
        plan = sound;
        plan.vault.parameters.unstakingPeriod = plan.vault.bounds.least.unstakingPeriod - 1;
        unsound(".vault.parameters.unstaking_period");
        plan = sound;
        plan.vault.parameters.slashBps = 10_001;
        unsound(".vault.parameters.slash_bps");
        plan = sound;
        plan.vault.parameters.evidenceCycles = 61;
        unsound(".vault.parameters.evidence_cycles");
        plan = sound;
        plan.pool.parameters.minQuorum = plan.pool.bounds.most.minQuorum + 1;
        unsound(".pool.parameters.min_quorum");
        plan = sound;
        plan.pool.parameters.delay = plan.pool.bounds.most.delay + 1;
        unsound(".pool.parameters.delay");
        plan = sound;
        plan.pool.parameters.maxPerCycle = plan.pool.bounds.most.maxPerCycle + 1;
        unsound(".pool.parameters.max_per_cycle");
    }
}

contract DeployTest is Plans {
    function test_deploys_what_the_file_says() public {
        Landed memory site = script.deploy(anvil());
        assertEq(site.vault.parameters().unstakingPeriod, 840);
        assertEq(site.vault.currentCycle(), 1_666_666);
        assertEq(site.vault.networkId(), site.networkId);
        assertEq(address(site.pool.vault()), address(site.vault));
        assertEq(site.pool.guardian(), anvil().pool.guardian);
        assertEq(site.pool.bounds().most.delay, 30);
        assertFalse(site.vaultStood || site.poolStood);
    }

    function test_the_probe_leaves_nothing_behind() public {
        Landed memory site = script.deploy(anvil());
        assertEq(block.timestamp, NOW);
        assertEq(site.vault.token().balanceOf(address(site.vault)), 0);
        assertEq(site.pool.token().balanceOf(address(site.pool)), 0);
    }

    function test_the_same_file_is_taken_up_and_another_lands_elsewhere() public {
        Landed memory first = script.deploy(anvil());
        skip(1 days);
        Landed memory again = script.deploy(anvil());
        assertTrue(again.vaultStood && again.poolStood);
        assertEq(address(again.vault), address(first.vault));
        assertEq(address(again.pool), address(first.pool));
        Plan memory other = anvil();
        other.salt = keccak256("another");
        other.vault.token = first.vault.token();
        other.pool.token = first.pool.token();
        Landed memory elsewhere = script.deploy(other);
        assertFalse(elsewhere.vaultStood || elsewhere.poolStood);
        assertNotEq(address(elsewhere.vault), address(first.vault));
        assertNotEq(elsewhere.networkId, first.networkId);
    }

    function test_goes_on_where_it_was_interrupted() public {
        uint256 before = vm.snapshotState();
        Landed memory whole = script.deploy(anvil());
        Plan memory plan = anvil();
        plan.vault.token = whole.vault.token();
        vm.revertToState(before);

        land(plan.salt, type(Coin).creationCode);
        land(plan.salt, abi.encodePacked(vm.getCode("StakeVault.sol:StakeVault"), abi.encode(plan.vault)));
        assertEq(address(whole.pool).code.length, 0);
        Landed memory site = script.deploy(anvil());
        assertTrue(site.vaultStood);
        assertFalse(site.poolStood);
        assertEq(address(site.pool), address(whole.pool));
    }

    function test_says_why_a_constructor_refuses() public {
        Plan memory plan = anvil();
        plan.vault.parameters.unstakingPeriod -= 1;
        vm.expectRevert(UnsoundPeriods.selector);
        script.deploy(plan);
        plan = anvil();
        (plan.pool.parameters.delay, plan.pool.bounds.most.delay) = (31, 31);
        vm.expectRevert(UnsoundPeriods.selector);
        script.deploy(plan);
    }

    function test_refuses_what_is_not_ours_at_the_address() public {
        Plan memory plan = anvil();
        Landed memory site = script.deploy(plan);
        vm.mockCall(address(site.vault), abi.encodeCall(IStakeVault.networkId, ()), abi.encode(1));
        vm.expectRevert(abi.encodeWithSelector(Deploy.NotOurs.selector, address(site.vault)));
        script.deploy(plan);
    }

    function test_refuses_a_chain_without_the_deployer() public {
        Plan memory plan = anvil();
        vm.etch(CREATE2_FACTORY, "");
        vm.expectRevert(abi.encodeWithSelector(NoDeployer.selector, CREATE2_FACTORY));
        script.deploy(plan);
    }

    function test_only_anvil_gets_a_coin() public {
        vm.chainId(8453);
        Plan memory plan = reader.read(filled("script/base.json", "none"));
        plan.vault.token = IERC20(address(0));
        vm.expectRevert();
        script.deploy(plan);
    }
}

contract DeploymentFileTest is Plans {
    string private constant PATH = "deployments/31337-recorded.json";
    Plan private plan;
    Landed private site;

    function setUp() public override {
        super.setUp();
        site = script.deploy(anvil());
        plan = anvil();
        (plan.vault.token, plan.pool.token) = (site.vault.token(), site.pool.token());
    }

    /// One test, since all of it is about one file.
    function test_says_what_a_node_reads_and_is_kept_as_long_as_the_vault_stands() public {
        if (vm.exists(PATH)) vm.removeFile(PATH);
        reader.record(PATH, plan, site);
        string memory json = vm.readFile(PATH);
        assertEq(vm.parseJsonUint(json, ".from_height"), 30_000_000);
        assertEq(vm.parseJsonAddress(json, ".pool"), address(site.pool));
        assertEq(vm.parseJsonBytes32(json, ".network_id"), site.vault.networkId());
        assertEq(vm.parseJsonString(json, ".deployed.vault.most.min_stake"), "1000000000000000000000000");
        assertEq(vm.parseJsonString(json, ".deployed.pool.least.min_quorum"), "1000000000000000000000");
        assertEq(vm.parseJsonAddress(json, ".in_force.owner"), plan.vault.governor);

        // What was handed over meanwhile, and since when the vault stands, is kept.
        vm.writeJson(vm.toString(address(this)), PATH, ".in_force.owner");
        vm.roll(30_000_009);
        site.vaultStood = true;
        reader.record(PATH, plan, site);
        assertEq(vm.parseJsonAddress(vm.readFile(PATH), ".in_force.owner"), address(this));

        // On a chain that begins anew, as anvil does, the same vault is younger.
        (site.vaultStood, site.poolStood) = (false, false);
        vm.roll(7);
        reader.record(PATH, plan, site);
        assertEq(vm.parseJsonUint(vm.readFile(PATH), ".from_height"), 7);
        site.vaultStood = true;

        // What still stands is not forgotten for another pool,
        vm.roll(30_000_020);
        Plan memory next = anvil();
        next.pool.guardian = makeAddr("another guardian");
        Landed memory repooled = script.deploy(next);
        assertTrue(repooled.vaultStood && !repooled.poolStood);
        string memory before = vm.readFile(PATH);
        vm.expectRevert(abi.encodeWithSelector(DeploymentFile.AnotherDeployment.selector, PATH, address(site.pool)));
        reader.record(PATH, next, repooled);
        // nor if the pool that is named never came to be: since when the vault stands is known.
        vm.writeJson(vm.toString(makeAddr("no pool")), PATH, ".pool");
        reader.record(PATH, plan, repooled);
        assertEq(vm.parseJsonAddress(vm.readFile(PATH), ".pool"), address(repooled.pool));
        assertEq(vm.parseJsonUint(vm.readFile(PATH), ".from_height"), 7);
        vm.writeFile(PATH, before);

        // for another vault,
        next.vault.name = "another";
        Landed memory other = script.deploy(next);
        vm.expectRevert(abi.encodeWithSelector(DeploymentFile.AnotherDeployment.selector, PATH, address(site.vault)));
        reader.record(PATH, next, other);
        // or on another chain.
        vm.chainId(8453);
        vm.expectRevert(abi.encodeWithSelector(DeploymentFile.OfAnotherChain.selector, 31337, 8453));
        reader.record(PATH, plan, site);
        vm.chainId(31337);
        assertEq(vm.readFile(PATH), before);

        // Without the file nobody knows since when.
        vm.removeFile(PATH);
        vm.expectRevert(abi.encodeWithSelector(DeploymentFile.SinceWhen.selector, address(site.vault)));
        reader.record(PATH, plan, site);
        assertFalse(vm.exists(PATH));
    }
}
