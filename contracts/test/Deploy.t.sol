// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {Deploy} from "../script/Deploy.s.sol";
import {Deployment, IStakeVault} from "../src/interfaces/IStakeVault.sol";

contract DeployTest is Test {
    Deploy private script = new Deploy();
    string private json = vm.readFile("script/anvil.json");

    function with(string memory old, string memory next) private returns (string memory) {
        assertTrue(vm.contains(json, old), old);
        return vm.replace(json, old, next);
    }

    function test_deploys_what_the_file_says() public {
        vm.warp(1_800_000_000);
        IStakeVault vault = script.deploy(script.read(json));
        assertEq(vault.parameters().minStake, 1_000e18);
        assertEq(vault.parameters().unstakingPeriod, 840);
        assertEq(vault.bounds().most.evidenceCycles, 10_000);
        assertEq(vault.cycleLength(), 60);
        assertEq(vault.currentCycle(), 1_666_666);
    }

    function test_refuses_a_key_too_many() public {
        vm.expectPartialRevert(Deploy.UnknownKey.selector);
        script.read(with("\"name\"", "\"surprise\": \"1\", \"name\""));
    }

    function test_refuses_a_key_too_few() public {
        vm.expectPartialRevert(Deploy.UnknownKey.selector);
        script.read(with("\"min_deposit\": \"0\",", ""));
    }

    function test_refuses_the_file_of_another_chain() public {
        vm.expectRevert(abi.encodeWithSelector(Deploy.AnotherChain.selector, 8453, block.chainid));
        script.read(with("31337", "8453"));
    }

    function test_refuses_a_number_that_does_not_fit() public {
        vm.expectRevert(abi.encodeWithSelector(Deploy.TooLarge.selector, ".parameters.slash_bps"));
        script.read(with("\"500\"", "\"65536\""));
    }
}
