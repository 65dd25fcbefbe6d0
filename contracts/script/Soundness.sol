// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Plan} from "./PlanFile.sol";
import {PoolParameters} from "../src/libraries/PoolTerms.sol";
import {Parameters} from "../src/libraries/Terms.sol";

/// What a chain demands of a deployment. Bounds are held to it, not only what is in force at first: a governor may go
/// wherever the bounds allow.
struct Demands {
    uint64 leastCycle;
    uint64 mostCycle;
    /// An exit has to last as long as people need to notice that something is wrong, and must not last for ever.
    uint64 leastUnstaking;
    uint64 mostUnstaking;
    /// How long a contradiction can be brought, in seconds.
    uint64 leastEvidence;
    /// How long the guardian has to look at a root.
    uint64 leastDelay;
    uint16 leastSlashBps;
    /// How many of the smallest stakes a quorum is worth.
    uint128 quorumStakes;
}

/// The checks of a plan that the contracts cannot make, or can only refuse without naming the key.
library Soundness {
    uint256 internal constant ANVIL = 31_337;
    uint256 internal constant BASE_SEPOLIA = 84_532;
    uint256 internal constant BASE = 8_453;

    /// Something in the file would make a deployment that nobody should stake in.
    error Unsound(string key, string why);
    /// Nothing is known of what a deployment on this chain needs.
    error UnknownChain(uint256 chainId);

    function check(Plan memory plan) internal view {
        Demands memory demands = demandsOf(block.chainid);
        _checkRoles(plan);
        _checkVault(plan, demands);
        _checkPool(plan, demands);
    }

    function demandsOf(uint256 chainId) internal pure returns (Demands memory) {
        if (chainId == ANVIL) return Demands(2, 365 days, 0, type(uint64).max, 0, 0, 0, 1);
        if (chainId == BASE_SEPOLIA) return Demands(5 minutes, 30 days, 1 hours, 365 days, 30 minutes, 0, 1, 1);
        if (chainId == BASE) return Demands(1 hours, 30 days, 7 days, 90 days, 3 days, 1 hours, 1, 10);
        revert UnknownChain(chainId);
    }

    function _checkRoles(Plan memory plan) private view {
        (address governor, address guardian) = (plan.vault.governor, plan.pool.guardian);
        demand(governor != address(0), ".governor", "it is zero: nobody could resume deposits or change a parameter");
        demand(guardian != address(0), ".guardian", "it is zero: nobody could strike out a wrong root");
        demand(guardian != governor, ".guardian", "it is the governor: one stolen key would have both roles");
        bool found = isContract(governor);
        if (plan.governedByContract) demand(found, ".governor", "no contract stands there, and governor_is says so");
        else demand(!found, ".governor", "a contract stands there, and governor_is says it is a key");
    }

    function _checkVault(Plan memory plan, Demands memory demands) private view {
        uint64 cycle = plan.vault.cycleLength;
        (Parameters memory least, Parameters memory most) = (plan.vault.bounds.least, plan.vault.bounds.most);
        demand(plan.vault.genesis <= block.timestamp, ".genesis", "it lies in the future: deploy after it");
        demand(cycle >= demands.leastCycle, ".cycle_length", "it is too short for this chain");
        demand(cycle <= demands.mostCycle, ".cycle_length", "it is too long for this chain");
        demand(
            least.unstakingPeriod >= demands.leastUnstaking,
            ".vault.least.unstaking_period",
            "it is too short for this chain"
        );
        demand(
            most.unstakingPeriod <= demands.mostUnstaking,
            ".vault.most.unstaking_period",
            "a governor could keep stake from leaving for longer than this chain allows"
        );
        demand(
            uint256(least.evidenceCycles) * cycle >= demands.leastEvidence,
            ".vault.least.evidence_cycles",
            "evidence could live too short to be brought"
        );
        demand(least.slashBps >= demands.leastSlashBps, ".vault.least.slash_bps", "a slash could take nothing");
        _inside(".vault.parameters.min_stake", plan.vault.parameters.minStake, least.minStake, most.minStake);
        _inside(".vault.parameters.min_deposit", plan.vault.parameters.minDeposit, least.minDeposit, most.minDeposit);
        _inside(
            ".vault.parameters.unstaking_period",
            plan.vault.parameters.unstakingPeriod,
            least.unstakingPeriod,
            most.unstakingPeriod
        );
        _inside(".vault.parameters.slash_bps", plan.vault.parameters.slashBps, least.slashBps, most.slashBps);
        _inside(
            ".vault.parameters.evidence_cycles",
            plan.vault.parameters.evidenceCycles,
            least.evidenceCycles,
            most.evidenceCycles
        );
    }

    function _checkPool(Plan memory plan, Demands memory demands) private pure {
        PoolParameters memory first = plan.pool.parameters;
        (PoolParameters memory least, PoolParameters memory most) = (plan.pool.bounds.least, plan.pool.bounds.most);
        demand(
            least.minQuorum >= uint256(demands.quorumStakes) * plan.vault.parameters.minStake,
            ".pool.least.min_quorum",
            "fewer of the smallest stakes could decide than this chain demands"
        );
        demand(
            least.delay >= demands.leastDelay, ".pool.least.delay", "the guardian could have too little time for a veto"
        );
        _inside(".pool.parameters.min_quorum", first.minQuorum, least.minQuorum, most.minQuorum);
        _inside(".pool.parameters.delay", first.delay, least.delay, most.delay);
        _inside(".pool.parameters.max_per_cycle", first.maxPerCycle, least.maxPerCycle, most.maxPerCycle);
    }

    /// An account whose key has delegated to code (EIP-7702) is still governed by that key.
    function isContract(address account) internal view returns (bool) {
        bytes memory code = account.code;
        bool isDelegated = code.length == 23 && code[0] == 0xef && code[1] == 0x01 && code[2] == 0x00;
        return code.length != 0 && !isDelegated;
    }

    function _inside(string memory key, uint256 value, uint256 least, uint256 most) private pure {
        demand(least <= value && value <= most, key, "it is outside of least and most");
    }

    function demand(bool holds, string memory key, string memory why) internal pure {
        require(holds, Unsound(key, why));
    }
}
