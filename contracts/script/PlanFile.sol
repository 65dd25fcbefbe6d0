// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {VmSafe} from "forge-std/Vm.sol";

import {PoolDeployment} from "../src/interfaces/IRewardPool.sol";
import {Deployment} from "../src/interfaces/IStakeVault.sol";
import {PoolBounds, PoolParameters} from "../src/libraries/PoolTerms.sol";
import {Bounds, Parameters} from "../src/libraries/Terms.sol";

/// What is to be deployed, as a file says it.
struct Plan {
    bytes32 salt;
    /// The governor is said to be a contract, and not the key of somebody.
    bool governedByContract;
    /// What the amounts in the file are meant in.
    uint8 tokenDecimals;
    uint8 rewardTokenDecimals;
    Deployment vault;
    /// Without its vault, whose address follows from the rest.
    PoolDeployment pool;
}

/// Reads the file of a deployment. Nothing in it is optional and nothing has a default, so what is deployed is what
/// somebody has read.
library PlanFile {
    VmSafe private constant VM = VmSafe(address(uint160(uint256(keccak256("hevm cheat code")))));
    /// How a value begins that only the deployer knows.
    string private constant BLANK = "fill in";

    /// The file is for another chain.
    error AnotherChain(uint256 wanted, uint256 found);
    /// There is a key too many, too few, or at another place.
    error UnknownKey(string expected, string found);
    /// A value was not filled in.
    error NotFilledIn(string key);
    /// An address whose capitals are not those of its checksum: somebody mistyped it.
    error WrongChecksum(string key, string found);
    /// A number does not fit its place.
    error TooLarge(string key);
    /// A value is none of those that the key can have.
    error UnknownValue(string key, string value);

    function read(string memory json) internal view returns (Plan memory plan) {
        _checkAllKeys(json);
        checkChain(json);
        plan.salt = word(json, ".salt");
        plan.governedByContract = _isContract(json, ".governor_is");
        plan.tokenDecimals = uint8(number(json, ".token_decimals", type(uint8).max));
        plan.rewardTokenDecimals = uint8(number(json, ".reward_token_decimals", type(uint8).max));
        _readVault(json, plan.vault);
        _readPool(json, plan.pool);
        plan.pool.governor = plan.vault.governor;
    }

    function checkChain(string memory json) internal view {
        uint256 chainId = number(json, ".chain_id", type(uint256).max);
        require(chainId == block.chainid, AnotherChain(chainId, block.chainid));
    }

    function _readVault(string memory json, Deployment memory d) private pure {
        d.token = IERC20(_address(json, ".token"));
        d.governor = _address(json, ".governor");
        d.name = _text(json, ".name");
        d.solanaGenesisHash = word(json, ".solana_genesis_hash");
        d.solanaProgramId = word(json, ".solana_program_id");
        d.genesis = _u64(json, ".genesis");
        d.cycleLength = _u64(json, ".cycle_length");
        d.parameters = _parameters(json, ".vault.parameters");
        d.bounds = Bounds(_parameters(json, ".vault.least"), _parameters(json, ".vault.most"));
    }

    function _readPool(string memory json, PoolDeployment memory d) private pure {
        d.token = IERC20(_address(json, ".reward_token"));
        d.guardian = _address(json, ".guardian");
        d.parameters = _poolParameters(json, ".pool.parameters");
        d.bounds = PoolBounds(_poolParameters(json, ".pool.least"), _poolParameters(json, ".pool.most"));
    }

    function _parameters(string memory json, string memory at) private pure returns (Parameters memory) {
        return Parameters({
            minStake: _u128(json, string.concat(at, ".min_stake")),
            minDeposit: _u128(json, string.concat(at, ".min_deposit")),
            unstakingPeriod: _u64(json, string.concat(at, ".unstaking_period")),
            slashBps: uint16(number(json, string.concat(at, ".slash_bps"), type(uint16).max)),
            evidenceCycles: _u64(json, string.concat(at, ".evidence_cycles"))
        });
    }

    function _poolParameters(string memory json, string memory at) private pure returns (PoolParameters memory) {
        return PoolParameters({
            minQuorum: _u128(json, string.concat(at, ".min_quorum")),
            delay: _u64(json, string.concat(at, ".delay")),
            maxPerCycle: _u128(json, string.concat(at, ".max_per_cycle"))
        });
    }

    // Keys.

    function _checkAllKeys(string memory json) private pure {
        checkKeys(
            json,
            ".",
            "chain_id,name,salt,token,token_decimals,reward_token,reward_token_decimals,governor,governor_is,guardian,"
            "solana_genesis_hash,solana_program_id,genesis,cycle_length,vault,pool"
        );
        string[3] memory parts = ["parameters", "least", "most"];
        checkKeys(json, ".vault", "parameters,least,most");
        checkKeys(json, ".pool", "parameters,least,most");
        for (uint256 i = 0; i < parts.length; i++) {
            string memory of_ = "min_stake,min_deposit,unstaking_period,slash_bps,evidence_cycles";
            checkKeys(json, string.concat(".vault.", parts[i]), of_);
            checkKeys(json, string.concat(".pool.", parts[i]), "min_quorum,delay,max_per_cycle");
        }
    }

    /// These keys, in this order, and no other.
    function checkKeys(string memory json, string memory at, string memory wanted) internal pure {
        string[] memory keys = VM.split(wanted, ",");
        string[] memory found = VM.parseJsonKeys(json, at);
        for (uint256 i = 0; i < keys.length || i < found.length; i++) {
            string memory expected = i < keys.length ? keys[i] : "nothing";
            string memory got = i < found.length ? found[i] : "nothing";
            require(_same(expected, got), UnknownKey(expected, got));
        }
    }

    // Values. All of them are texts: JSON's own numbers end where doubles do.

    function _text(string memory json, string memory key) private pure returns (string memory value) {
        value = VM.parseJsonString(json, key);
        require(_isFilledIn(value), NotFilledIn(key));
    }

    function _isFilledIn(string memory value) private pure returns (bool) {
        return bytes(value).length != 0 && VM.indexOf(value, BLANK) != 0;
    }

    function _address(string memory json, string memory key) private pure returns (address) {
        return _checked(_text(json, key), key);
    }

    /// With the capitals of its checksum, or with none.
    function _checked(string memory text, string memory key) private pure returns (address account) {
        account = VM.parseAddress(text);
        require(_same(text, VM.toString(account)) || _same(text, VM.toLowercase(text)), WrongChecksum(key, text));
    }

    function word(string memory json, string memory key) internal pure returns (bytes32) {
        return VM.parseBytes32(_text(json, key));
    }

    function _isContract(string memory json, string memory key) private pure returns (bool) {
        string memory value = _text(json, key);
        require(_same(value, "contract") || _same(value, "key"), UnknownValue(key, value));
        return _same(value, "contract");
    }

    function _u64(string memory json, string memory key) private pure returns (uint64) {
        return uint64(number(json, key, type(uint64).max));
    }

    function _u128(string memory json, string memory key) private pure returns (uint128) {
        return uint128(number(json, key, type(uint128).max));
    }

    function number(string memory json, string memory key, uint256 most) internal pure returns (uint256 value) {
        value = VM.parseUint(_text(json, key));
        require(value <= most, TooLarge(key));
    }

    function accounts(string memory json, string memory key) internal pure returns (address[] memory values) {
        string[] memory texts = VM.parseJsonStringArray(json, key);
        values = new address[](texts.length);
        for (uint256 i = 0; i < texts.length; i++) {
            require(_isFilledIn(texts[i]), NotFilledIn(key));
            values[i] = _checked(texts[i], key);
        }
    }

    function _same(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }
}
