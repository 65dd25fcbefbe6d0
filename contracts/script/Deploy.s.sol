// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Script} from "forge-std/Script.sol";

import {IRewardPool} from "../src/interfaces/IRewardPool.sol";
import {IStakeVault} from "../src/interfaces/IStakeVault.sol";
import {Network} from "../src/libraries/Network.sol";
import {Coin} from "../test/tokens/Coin.sol";
import {DeploymentFile, Landed} from "./DeploymentFile.sol";
import {Landing} from "./Landing.sol";
import {Plan, PlanFile} from "./PlanFile.sol";
import {Report} from "./Report.sol";
import {Soundness} from "./Soundness.sol";
import {TokenProbe} from "./TokenProbe.sol";

/// Deploys a vault and its pool as a file says: script/anvil.json unless PARAMETERS names another. Without --broadcast it
/// tries everything on a copy of the chain, prints what would be sent, and sends nothing:
///
///     PARAMETERS=script/base.json forge script script/Deploy.s.sol --rpc-url <url>
///
/// With --broadcast it sends it, and writes where everything stands to deployments/<chain id>.json, or to the file there
/// that DEPLOYMENT names. Run again, it sends only what is missing. On anvil, and only there, a token of zero stands for
/// one that anyone may mint.
contract Deploy is Script, Landing {
    /// What stands at the address of the vault or the pool is of another network or vault: its code is not what was built.
    error NotOurs(address found);

    function run() external {
        Plan memory plan = PlanFile.read(vm.readFile(vm.envOr("PARAMETERS", string("script/anvil.json"))));
        Landed memory site = deploy(plan);
        Report.print(plan, site);
        string memory path = string.concat("deployments/", vm.envOr("DEPLOYMENT", DeploymentFile.usualName()));
        if (DeploymentFile.isSending()) DeploymentFile.record(path, plan, site);
    }

    /// Refuses what is unsound, then lands what does not stand yet. Fills in what the plan leaves to it.
    function deploy(Plan memory plan) public returns (Landed memory site) {
        _mintCoins(plan);
        Soundness.check(plan);
        bytes memory vaultCreation = _vaultCreation(plan);
        site.vault = IStakeVault(addressOf(plan.salt, vaultCreation));
        plan.pool.vault = site.vault;
        bytes memory poolCreation = abi.encodePacked(vm.getCode("RewardPool.sol:RewardPool"), abi.encode(plan.pool));
        site.pool = IRewardPool(addressOf(plan.salt, poolCreation));
        TokenProbe.check(plan.vault.token, plan.tokenDecimals, address(site.vault), plan.vault.parameters.minStake);
        TokenProbe.check(
            plan.pool.token, plan.rewardTokenDecimals, address(site.pool), plan.pool.parameters.maxPerCycle
        );

        (, site.vaultStood) = land(plan.salt, vaultCreation);
        (, site.poolStood) = land(plan.salt, poolCreation);
        site.networkId = Network.id(
            plan.vault.name,
            block.chainid,
            address(site.vault),
            plan.vault.solanaGenesisHash,
            plan.vault.solanaProgramId
        );
        require(site.vault.networkId() == site.networkId, NotOurs(address(site.vault)));
        require(site.pool.vault() == site.vault, NotOurs(address(site.pool)));
    }

    function _vaultCreation(Plan memory plan) private view returns (bytes memory) {
        return abi.encodePacked(vm.getCode("StakeVault.sol:StakeVault"), abi.encode(plan.vault));
    }

    /// One coin for both purposes, at the same address whenever the file is the same.
    function _mintCoins(Plan memory plan) private {
        if (block.chainid != Soundness.ANVIL) return;
        if (address(plan.vault.token) != address(0) && address(plan.pool.token) != address(0)) return;
        (address coin,) = land(plan.salt, type(Coin).creationCode);
        if (address(plan.vault.token) == address(0)) plan.vault.token = IERC20(coin);
        if (address(plan.pool.token) == address(0)) plan.pool.token = IERC20(coin);
    }
}
