// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Script} from "forge-std/Script.sol";

import {Coin} from "../test/tokens/Coin.sol";
import {Deployment, IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {Bounds, Parameters} from "../src/libraries/Terms.sol";

/// Deploys a vault with the parameters of a file, script/anvil.json unless PARAMETERS names another, and writes where it
/// stands to deployments/<chain id>.json, or to the file there that DEPLOYMENT names. On anvil, and only there, a token of
/// zero stands for a new one that anyone may mint.
///
///     forge script script/Deploy.s.sol --rpc-url http://127.0.0.1:8545 --broadcast --private-key <key>
contract Deploy is Script {
    uint256 private constant ANVIL = 31337;

    /// A file that is not for this chain.
    error AnotherChain(uint256 wanted, uint256 found);
    /// A file with a key too many, too few, or at another place.
    error UnknownKey(string expected, string found);
    /// A number that does not fit its place.
    error TooLarge(string key);

    function run() external {
        Deployment memory d = read(vm.readFile(vm.envOr("PARAMETERS", string("script/anvil.json"))));
        IStakeVault vault = deploy(d);

        string memory out = "deployment";
        vm.serializeUint(out, "chain_id", block.chainid);
        vm.serializeString(out, "name", d.name);
        vm.serializeAddress(out, "token", address(vault.token()));
        // Nothing of the vault lies before this block.
        vm.serializeUint(out, "from_height", block.number);
        vm.serializeBytes32(out, "network_id", vault.networkId());
        string memory json = vm.serializeAddress(out, "vault", address(vault));
        string memory file = vm.envOr("DEPLOYMENT", string.concat(vm.toString(block.chainid), ".json"));
        vm.writeJson(json, string.concat("deployments/", file));
    }

    function deploy(Deployment memory d) public returns (IStakeVault vault) {
        vm.startBroadcast();
        if (block.chainid == ANVIL && address(d.token) == address(0)) d.token = new Coin();
        vault = IStakeVault(_create(abi.encodePacked(vm.getCode("StakeVault.sol:StakeVault"), abi.encode(d))));
        vm.stopBroadcast();
    }

    /// The deployment that a file describes. What the vault itself refuses is left to it.
    function read(string memory json) public view returns (Deployment memory d) {
        string[11] memory keys = [
            "chain_id",
            "name",
            "token",
            "governor",
            "solana_genesis_hash",
            "solana_program_id",
            "genesis",
            "cycle_length",
            "parameters",
            "least",
            "most"
        ];
        string[] memory found = vm.parseJsonKeys(json, ".");
        for (uint256 i = 0; i < keys.length || i < found.length; i++) {
            _same(i < keys.length ? keys[i] : "nothing", i < found.length ? found[i] : "nothing");
        }
        uint256 chainId = _number(json, ".chain_id", type(uint256).max);
        require(chainId == block.chainid, AnotherChain(chainId, block.chainid));
        d.name = vm.parseJsonString(json, ".name");
        d.token = IERC20(vm.parseJsonAddress(json, ".token"));
        d.governor = vm.parseJsonAddress(json, ".governor");
        d.solanaGenesisHash = vm.parseJsonBytes32(json, ".solana_genesis_hash");
        d.solanaProgramId = vm.parseJsonBytes32(json, ".solana_program_id");
        d.genesis = _u64(json, ".genesis");
        d.cycleLength = _u64(json, ".cycle_length");
        d.parameters = _parameters(json, ".parameters");
        d.bounds = Bounds(_parameters(json, ".least"), _parameters(json, ".most"));
    }

    function _parameters(string memory json, string memory path) private pure returns (Parameters memory) {
        string[5] memory keys = ["min_stake", "min_deposit", "unstaking_period", "slash_bps", "evidence_cycles"];
        string[] memory found = vm.parseJsonKeys(json, path);
        for (uint256 i = 0; i < keys.length || i < found.length; i++) {
            _same(i < keys.length ? keys[i] : "nothing", i < found.length ? found[i] : "nothing");
        }
        return Parameters(
            uint128(_number(json, string.concat(path, ".min_stake"), type(uint128).max)),
            uint128(_number(json, string.concat(path, ".min_deposit"), type(uint128).max)),
            _u64(json, string.concat(path, ".unstaking_period")),
            uint16(_number(json, string.concat(path, ".slash_bps"), type(uint16).max)),
            _u64(json, string.concat(path, ".evidence_cycles"))
        );
    }

    function _same(string memory expected, string memory found) private pure {
        require(keccak256(bytes(expected)) == keccak256(bytes(found)), UnknownKey(expected, found));
    }

    function _u64(string memory json, string memory path) private pure returns (uint64) {
        return uint64(_number(json, path, type(uint64).max));
    }

    function _number(string memory json, string memory path, uint256 most) private pure returns (uint256 number) {
        number = vm.parseUint(vm.parseJsonString(json, path));
        require(number <= most, TooLarge(path));
    }

    function _create(bytes memory code) private returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
            if iszero(created) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }
}
