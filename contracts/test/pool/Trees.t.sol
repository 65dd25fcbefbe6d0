// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {stdJson} from "forge-std/StdJson.sol";

import "../PoolFixture.sol";

/// Trees that OpenZeppelin's package built are claimed leaf by leaf: `node contracts/tools/trees.mjs`. TREE names another file, in
/// contracts/cache.
contract TreesTest is PoolFixture {
    using stdJson for string;

    function claimed(string memory file) private {
        string memory json = vm.readFile(file);
        uint128 total = uint128(vm.parseUint(json.readString(".total")));
        PoolDeployment memory d = poolDeployment();
        (d.parameters.maxPerCycle, d.bounds.most.maxPerCycle) = (type(uint128).max, type(uint128).max);
        pool = deployPool(d);
        fundPool(total);
        skipCycles(1);
        vm.warp(GENESIS + vault.currentCycle() * LENGTH);
        post(vault.currentCycle() - 1, rootOf(json.readBytes32(".root"), total));
        skip(DELAY);
        uint256 count = 0;
        for (string memory path = at(0); vm.keyExistsJson(json, path); path = at(++count)) {
            address owner = address(uint160(uint256(json.readBytes32(string.concat(path, ".owner")))));
            uint128 cumulative = uint128(vm.parseUint(json.readString(string.concat(path, ".cumulative"))));
            bytes32[] memory proof = json.readBytes32Array(string.concat(path, ".proof"));
            vm.expectRevert(BadProof.selector);
            pool.claim(owner, cumulative + 1, proof);
            uint256 before = reward.balanceOf(owner);
            assertEq(pool.claim(owner, cumulative, proof), cumulative);
            assertEq(reward.balanceOf(owner) - before, cumulative);
        }
        uint256 leaves = vm.parseUint(json.readString(".leaves"));
        assertEq(count, leaves < 20 ? leaves : 20);
    }

    function at(uint256 index) private pure returns (string memory) {
        return string.concat(".samples[", vm.toString(index), "]");
    }

    function test_trees_of_every_size() public {
        string memory named = vm.envOr("TREE", string(""));
        if (bytes(named).length != 0) return claimed(named);
        uint16[4] memory sizes = [1, 2, 3, 1_000];
        for (uint256 i = 0; i < sizes.length; i++) {
            claimed(string.concat("../node/core/tests/it/trees/", vm.toString(sizes[i]), ".json"));
        }
    }
}
