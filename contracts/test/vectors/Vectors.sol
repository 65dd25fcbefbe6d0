// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {stdJson} from "forge-std/StdJson.sol";

import {Probe} from "./Probe.sol";

/// Reads the vectors that every implementation shares. Integers are decimal strings in them.
abstract contract Vectors is Test {
    using stdJson for string;

    string internal json;
    Probe internal probe = new Probe();

    function load(string memory name) internal {
        json = vm.readFile(string.concat("../node/core/vectors/", name, ".json"));
    }

    /// The paths of the elements of an array, one by one until there is none.
    function at(string memory array, uint256 index) internal pure returns (string memory) {
        return string.concat(array, "[", vm.toString(index), "]");
    }

    function has(string memory path) internal view returns (bool) {
        return vm.keyExistsJson(json, path);
    }

    function number(string memory path) internal view returns (uint256) {
        return vm.parseUint(json.readString(path));
    }

    function text(string memory path) internal view returns (string memory) {
        return json.readString(path);
    }

    function hash(string memory path) internal view returns (bytes32) {
        return json.readBytes32(path);
    }

    function blob(string memory path) internal view returns (bytes memory) {
        return json.readBytes(path);
    }

    function isNull(string memory path) internal view returns (bool) {
        return keccak256(vm.parseJson(json, path)) == keccak256(abi.encode(0));
    }

    /// The name of a refusal is the name of its error, whatever it carries.
    function assertRefusal(bytes memory reason, string memory wanted, string memory path) internal pure {
        string memory signature = string.concat(wanted, "()");
        if (same(wanted, "Length") || same(wanted, "NameLength")) signature = string.concat(wanted, "(uint256)");
        if (same(wanted, "UnknownKind")) signature = "UnknownKind(uint8)";
        if (same(wanted, "WrongSigner")) signature = "WrongSigner(address)";
        if (same(wanted, "Bps")) signature = "Bps(uint16)";
        assertEq(bytes4(reason), bytes4(keccak256(bytes(signature))), string.concat(path, ": ", wanted));
    }

    function same(string memory a, string memory b) internal pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }
}
