// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Vm, VmSafe} from "forge-std/Vm.sol";

import {IRewardPool} from "../src/interfaces/IRewardPool.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {PoolParameters} from "../src/libraries/PoolTerms.sol";
import {Parameters} from "../src/libraries/Terms.sol";
import {Plan} from "./PlanFile.sol";

/// Where a deployment stands.
struct Landed {
    IStakeVault vault;
    IRewardPool pool;
    bytes32 networkId;
    /// They stood there before this run.
    bool vaultStood;
    bool poolStood;
}

/// Writes what a node and `williw deploy verify` read: where everything stands, what it was created with (`deployed`, which
/// its address commits to), and what is to be in force (`in_force`, which governance changes: whoever does, changes it here).
library DeploymentFile {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// The vault stands, and no file says since when. Name a block before it in FROM_HEIGHT, none of the future.
    error SinceWhen(address vault);

    /// The file tells of another vault or pool on this chain, which still stands. Name another file in DEPLOYMENT.
    error AnotherDeployment(string path, address stands);
    /// The file tells of a deployment on another chain. Name another file in DEPLOYMENT.
    error OfAnotherChain(uint256 ofFile, uint256 here);

    function usualName() internal view returns (string memory) {
        return string.concat(VM.toString(block.chainid), ".json");
    }

    /// False while a script is only tried.
    function isSending() internal view returns (bool) {
        return VM.isContext(VmSafe.ForgeContext.ScriptBroadcast) || VM.isContext(VmSafe.ForgeContext.ScriptResume);
    }

    /// Leaves a file as it is that tells of a vault which stood there before, and of this pool: it knows since when, and who
    /// owns them by now. One that tells of another vault may be all that is known of it, unless nothing stands there: then it
    /// is of another chain with the same number, or of a run that came to nothing.
    function record(string memory path, Plan memory plan, Landed memory site) internal {
        uint256 known = site.vaultStood ? type(uint256).max : block.number;
        if (VM.exists(path)) {
            string memory json = VM.readFile(path);
            checkChain(json);
            (address vault, address pool) = (VM.parseJsonAddress(json, ".vault"), VM.parseJsonAddress(json, ".pool"));
            _refuseToForget(path, vault, address(site.vault));
            _refuseToForget(path, pool, address(site.pool));
            if (vault == address(site.vault) && site.vaultStood) {
                if (pool == address(site.pool)) return;
                known = VM.parseJsonUint(json, ".from_height");
            }
        }
        uint256 height = VM.envOr("FROM_HEIGHT", known);
        require(height <= block.number, SinceWhen(address(site.vault)));
        VM.writeJson(render(plan, site, height), path);
    }

    function _refuseToForget(string memory path, address named, address landed) private view {
        require(named == landed || named.code.length == 0, AnotherDeployment(path, named));
    }

    /// The same file gives the same addresses on every chain, so they do not tell of which one it is.
    function checkChain(string memory json) internal view {
        uint256 wanted = VM.parseJsonUint(json, ".chain_id");
        require(wanted == block.chainid, OfAnotherChain(wanted, block.chainid));
    }

    /// The whole file.
    function render(Plan memory plan, Landed memory site, uint256 height) internal returns (string memory) {
        string memory o = "deployment";
        VM.serializeUint(o, "chain_id", block.chainid);
        VM.serializeString(o, "name", plan.vault.name);
        // Nothing of the vault lies before this block.
        VM.serializeUint(o, "from_height", height);
        VM.serializeBytes32(o, "network_id", site.networkId);
        VM.serializeAddress(o, "vault", address(site.vault));
        VM.serializeAddress(o, "pool", address(site.pool));
        VM.serializeAddress(o, "token", address(plan.vault.token));
        VM.serializeAddress(o, "reward_token", address(plan.pool.token));
        VM.serializeBytes32(o, "salt", plan.salt);
        VM.serializeBytes32(o, "solana_genesis_hash", plan.vault.solanaGenesisHash);
        VM.serializeBytes32(o, "solana_program_id", plan.vault.solanaProgramId);
        VM.serializeString(o, "deployed", _deployed(plan));
        return VM.serializeString(o, "in_force", _inForce(site));
    }

    function _deployed(Plan memory plan) private returns (string memory) {
        string memory o = "deployed";
        VM.serializeAddress(o, "governor", plan.vault.governor);
        VM.serializeAddress(o, "guardian", plan.pool.guardian);
        VM.serializeString(o, "genesis", VM.toString(plan.vault.genesis));
        VM.serializeString(o, "cycle_length", VM.toString(plan.vault.cycleLength));
        string memory vault = "deployed vault";
        VM.serializeString(vault, "parameters", _parameters(plan.vault.parameters));
        VM.serializeString(vault, "least", _parameters(plan.vault.bounds.least));
        VM.serializeString(o, "vault", VM.serializeString(vault, "most", _parameters(plan.vault.bounds.most)));
        string memory pool = "deployed pool";
        VM.serializeString(pool, "parameters", _poolParameters(plan.pool.parameters));
        VM.serializeString(pool, "least", _poolParameters(plan.pool.bounds.least));
        return VM.serializeString(o, "pool", VM.serializeString(pool, "most", _poolParameters(plan.pool.bounds.most)));
    }

    function _inForce(Landed memory site) private returns (string memory) {
        string memory o = "in force";
        VM.serializeAddress(o, "owner", Ownable(address(site.vault)).owner());
        VM.serializeAddress(o, "guardian", site.pool.guardian());
        VM.serializeString(o, "vault", _parameters(site.vault.parameters()));
        return VM.serializeString(o, "pool", _poolParameters(site.pool.parameters()));
    }

    function _parameters(Parameters memory p) private returns (string memory) {
        string memory o = "vault parameters";
        VM.serializeString(o, "min_stake", VM.toString(p.minStake));
        VM.serializeString(o, "min_deposit", VM.toString(p.minDeposit));
        VM.serializeString(o, "unstaking_period", VM.toString(p.unstakingPeriod));
        VM.serializeString(o, "slash_bps", VM.toString(p.slashBps));
        return VM.serializeString(o, "evidence_cycles", VM.toString(p.evidenceCycles));
    }

    function _poolParameters(PoolParameters memory p) private returns (string memory) {
        string memory o = "pool parameters";
        VM.serializeString(o, "min_quorum", VM.toString(p.minQuorum));
        VM.serializeString(o, "delay", VM.toString(p.delay));
        return VM.serializeString(o, "max_per_cycle", VM.toString(p.maxPerCycle));
    }
}
