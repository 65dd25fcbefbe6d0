// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {OutOfBounds, UnsoundPeriods} from "./Refusals.sol";

/// What a pool demands and allows.
struct PoolParameters {
    /// The least cycle stake of all operators together that can decide anything.
    uint128 minQuorum;
    /// How long a root waits for a veto before it pays.
    uint64 delay;
    /// By how much a root's total may grow, for each cycle that it covers.
    uint128 maxPerCycle;
}

/// Limits that no parameter ever leaves, both ends included.
struct PoolBounds {
    PoolParameters least;
    PoolParameters most;
}

/// A change that was announced.
struct PoolProposal {
    PoolParameters parameters;
    /// From when it can be applied; 0 if nothing is proposed.
    uint64 effective;
}

/// What a pool's parameters may be.
library PoolTerms {
    /// Inside the bounds, with a quorum of somebody, and a root activates before the next can be voted for.
    function check(PoolParameters memory self, PoolBounds memory bounds, uint64 cycleLength) internal pure {
        (PoolParameters memory least, PoolParameters memory most) = (bounds.least, bounds.most);
        _within(self.minQuorum, least.minQuorum, most.minQuorum);
        _within(self.delay, least.delay, most.delay);
        _within(self.maxPerCycle, least.maxPerCycle, most.maxPerCycle);
        require(self.minQuorum != 0, OutOfBounds());
        require(self.delay <= cycleLength / 2, UnsoundPeriods());
    }

    function _within(uint256 value, uint256 least, uint256 most) private pure {
        require(least <= value && value <= most, OutOfBounds());
    }
}
