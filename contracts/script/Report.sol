// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {console} from "forge-std/console.sol";

import {PoolParameters} from "../src/libraries/PoolTerms.sol";
import {Parameters} from "../src/libraries/Terms.sol";
import {Landed} from "./DeploymentFile.sol";
import {Plan} from "./PlanFile.sol";
import {TokenProbe} from "./TokenProbe.sol";

/// What a person reads before they send anything. forge prints the gas below it.
library Report {
    VmSafe private constant VM = VmSafe(address(uint160(uint256(keccak256("hevm cheat code")))));

    function print(Plan memory plan, Landed memory site) internal view {
        console.log("network       %s  %s", plan.vault.name, VM.toString(site.networkId));
        console.log("vault         %s  %s", address(site.vault), _state(site.vaultStood));
        console.log("pool          %s  %s", address(site.pool), _state(site.poolStood));
        _token("token       ", plan.vault.token);
        _token("reward token", plan.pool.token);
        string memory kind = plan.governedByContract ? "a contract" : "a key";
        console.log("governor      %s  %s", plan.vault.governor, kind);
        console.log("guardian      %s", plan.pool.guardian);
        console.log("cycle         %s s since %s", plan.vault.cycleLength, plan.vault.genesis);
        bool isAlone = plan.vault.solanaProgramId == 0;
        console.log("solana        %s", isAlone ? "none, and never: that would be another network" : _solana(plan));
        console.log("salt          %s", VM.toString(plan.salt));
        _vault("vault         at first", plan.vault.parameters, plan.tokenDecimals);
        _vault("              at least", plan.vault.bounds.least, plan.tokenDecimals);
        _vault("              at most ", plan.vault.bounds.most, plan.tokenDecimals);
        _pool("pool          at first", plan.pool.parameters, plan);
        _pool("              at least", plan.pool.bounds.least, plan);
        _pool("              at most ", plan.pool.bounds.most, plan);
        console.log("arguments of the vault, for forge verify-contract:");
        console.log(VM.toString(abi.encode(plan.vault)));
        console.log("arguments of the pool:");
        console.log(VM.toString(abi.encode(plan.pool)));
    }

    function _solana(Plan memory plan) private pure returns (string memory) {
        string memory program = VM.toString(plan.vault.solanaProgramId);
        return string.concat("program ", program, ", genesis ", VM.toString(plan.vault.solanaGenesisHash));
    }

    function _state(bool stood) private pure returns (string memory) {
        return stood ? "stands already" : "new";
    }

    function _token(string memory label, IERC20 token) private view {
        string memory symbol = IERC20Metadata(address(token)).symbol();
        string memory may = TokenProbe.mayChange(address(token)) ? "; a proxy: its owner may change how it moves" : "";
        console.log(string.concat(label, "  %s  %s"), address(token), string.concat(symbol, may));
    }

    function _vault(string memory label, Parameters memory p, uint8 decimals) private pure {
        string memory amounts = string.concat(
            "min stake ", _amount(p.minStake, decimals), ", min deposit ", _amount(p.minDeposit, decimals)
        );
        string memory rest = string.concat(
            ", unstaking ", VM.toString(p.unstakingPeriod), " s, slash ", VM.toString(p.slashBps), " bps, evidence "
        );
        console.log(string.concat(label, "  ", amounts, rest, VM.toString(p.evidenceCycles), " cycles"));
    }

    function _pool(string memory label, PoolParameters memory p, Plan memory plan) private pure {
        string memory quorum = string.concat("min quorum ", _amount(p.minQuorum, plan.tokenDecimals));
        string memory delay = string.concat(", delay ", VM.toString(p.delay), " s, at most ");
        string memory most = string.concat(_amount(p.maxPerCycle, plan.rewardTokenDecimals), " a cycle");
        console.log(string.concat(label, "  ", quorum, delay, most));
    }

    /// In whole tokens if it is some, else in atoms: what somebody meant by it is then plain to see.
    function _amount(uint256 atoms, uint8 decimals) private pure returns (string memory) {
        uint256 whole = 10 ** decimals;
        if (atoms % whole == 0) return VM.toString(atoms / whole);
        return string.concat(VM.toString(atoms), " atoms");
    }
}
