// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Bps, OutOfBounds, UnsoundPeriods} from "./Refusals.sol";
import {Slashes} from "./Slashes.sol";

/// What a vault demands and takes.
struct Parameters {
    uint128 minStake;
    uint128 minDeposit;
    uint64 unstakingPeriod;
    uint16 slashBps;
    uint64 evidenceCycles;
}

/// Limits that no parameter ever leaves, both ends included.
struct Bounds {
    Parameters least;
    Parameters most;
}

/// A change that was announced.
struct Proposal {
    Parameters parameters;
    /// From when it can be applied; 0 if nothing is proposed.
    uint64 effective;
}

/// What parameters may be.
library Terms {
    /// How many cycles stake stays slashable beyond the life of evidence, at the least.
    uint256 private constant EVIDENCE_MARGIN_CYCLES = 2;

    /// Inside the bounds, and stake stays slashable for as long as evidence lives.
    function check(Parameters memory self, Bounds memory bounds, uint64 cycleLength) internal pure {
        (Parameters memory least, Parameters memory most) = (bounds.least, bounds.most);
        require(self.slashBps <= Slashes.WHOLE, Bps(self.slashBps));
        _within(self.minStake, least.minStake, most.minStake);
        _within(self.minDeposit, least.minDeposit, most.minDeposit);
        _within(self.unstakingPeriod, least.unstakingPeriod, most.unstakingPeriod);
        _within(self.slashBps, least.slashBps, most.slashBps);
        _within(self.evidenceCycles, least.evidenceCycles, most.evidenceCycles);
        require(self.minStake != 0, OutOfBounds());
        uint256 slashable = (self.evidenceCycles + EVIDENCE_MARGIN_CYCLES) * cycleLength;
        require(self.unstakingPeriod >= slashable, UnsoundPeriods());
    }

    function _within(uint256 value, uint256 least, uint256 most) private pure {
        require(least <= value && value <= most, OutOfBounds());
    }
}
