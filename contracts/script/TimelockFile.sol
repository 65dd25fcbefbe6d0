// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {PlanFile} from "./PlanFile.sol";
import {Soundness} from "./Soundness.sol";

/// A timelock, as a file says it. It has no administrator: its roles change only by its own calls, after its delay.
struct TimelockPlan {
    bytes32 salt;
    /// Seconds between what is scheduled and what is done.
    uint256 delay;
    /// Who may schedule, and cancel.
    address[] proposers;
    /// Who may carry out what is ripe; zero is everybody.
    address[] executors;
}

/// Reads the file of a timelock and refuses what is unsound.
library TimelockFile {
    /// Longer than this a governor could not even mend a mistake.
    uint256 private constant MOST = 30 days;

    function read(string memory json, address guardian) internal view returns (TimelockPlan memory plan) {
        PlanFile.checkKeys(json, ".", "chain_id,salt,delay,proposers,executors");
        PlanFile.checkChain(json);
        plan.salt = PlanFile.word(json, ".salt");
        plan.delay = PlanFile.number(json, ".delay", type(uint64).max);
        plan.proposers = PlanFile.accounts(json, ".proposers");
        plan.executors = PlanFile.accounts(json, ".executors");
        _check(plan, guardian);
    }

    function _check(TimelockPlan memory plan, address guardian) private view {
        Soundness.demand(plan.delay >= _least(), ".delay", "it is too short for this chain: nobody could leave in time");
        Soundness.demand(plan.delay <= MOST, ".delay", "it is longer than thirty days");
        Soundness.demand(plan.proposers.length != 0, ".proposers", "nobody could ever schedule anything");
        Soundness.demand(plan.executors.length != 0, ".executors", "nobody could ever carry anything out");
        for (uint256 i = 0; i < plan.proposers.length; i++) {
            Soundness.demand(plan.proposers[i] != address(0), ".proposers", "one is zero: that is nobody");
            Soundness.demand(plan.proposers[i] != guardian, ".proposers", "one is the guardian, who is to be another");
        }
    }

    function _least() private view returns (uint256) {
        if (block.chainid == Soundness.ANVIL) return 1;
        if (block.chainid == Soundness.BASE_SEPOLIA) return 10 minutes;
        if (block.chainid == Soundness.BASE) return 2 days;
        revert Soundness.UnknownChain(block.chainid);
    }
}
