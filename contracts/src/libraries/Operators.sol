// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CycleStake, CycleStakes} from "./CycleStakes.sol";
import {InsufficientStake, NoSuchEntry, NotRegistered, NothingMatured, QueueFull, ZeroAmount} from "./Refusals.sol";
import {Cut, Slashes} from "./Slashes.sol";

// The most entries in an operator's queue. A full queue refuses the next `unstake`; it never resets a clock.
uint256 constant QUEUE_CAP = 8;

/// Stake on its way out; one storage slot. Its maturity is the one it was created with.
struct Entry {
    uint128 amount;
    uint64 maturity;
    uint64 ticket;
}

/// The record of an owner: four slots and its queue.
///
/// Its counted stake is `active`, or zero while it is jailed; so the value of its cycle stake needs no room of its own.
struct Operator {
    // Slot 0: what every verb reads. Whose stake has stood still through a cycle votes with what stands here alone.
    uint128 active;
    uint64 cycle;
    uint56 jailedUntil;
    bool isRegistered;
    // Slot 1
    uint128 floor;
    uint128 floorPrev;
    // Slot 2
    uint128 queued;
    uint64 nextTicket;
    uint56 index;
    uint8 entries;
    // Slot 3
    address signer;
    uint64 nonce;
    uint32 term;
    // Slots 4 to 11: the first `entries` hold the queue in the order of its tickets. The rest keep what they last held:
    // writing over that costs a quarter of what an empty slot does.
    Entry[QUEUE_CAP] queue;
}

/// What happens to one operator's stake. The vault decides whether it may.
library Operators {
    using CycleStakes for CycleStake;

    function isJailed(Operator storage self) internal view returns (bool) {
        return self.jailedUntil != 0;
    }

    /// The cycle stake as of the last touch.
    function cycleStake(Operator storage self) internal view returns (CycleStake memory) {
        return CycleStake(isJailed(self) ? 0 : self.active, self.floor, self.floorPrev, self.cycle);
    }

    /// What its votes about the cycle before `present` weigh: the `floorPrev` of `cycleStake(self).at(present)`, read from
    /// no more slots than it takes.
    function weight(Operator storage self, uint64 present) internal view returns (uint128) {
        uint64 touched = self.cycle;
        if (present <= touched) return self.floorPrev;
        if (present == touched + 1) return self.floor;
        return isJailed(self) ? 0 : self.active;
    }

    /// Sets the active amount and carries it into the cycle stake, where a jailed operator counts nothing.
    function setActive(Operator storage self, CycleStake storage total, uint64 cycle, uint128 active) internal {
        (CycleStake memory next, CycleStake memory sum) =
            cycleStake(self).set(total, cycle, isJailed(self) ? 0 : active);
        _store(self, total, active, next, sum);
    }

    /// Takes a fraction of everything that is there, matured entries included, and jails until then.
    function slash(Operator storage self, CycleStake storage total, uint64 cycle, uint16 bps, uint64 until)
        internal
        returns (Cut memory cut)
    {
        uint256 entries = self.entries;
        uint128[] memory amounts = new uint128[](entries);
        for (uint256 i = 0; i < entries; i++) {
            amounts[i] = self.queue[i].amount;
        }
        cut = Slashes.cut(self.active, amounts, bps);
        for (uint256 i = 0; i < entries; i++) {
            self.queue[i].amount = cut.queue[i];
        }
        (CycleStake memory next, CycleStake memory sum) = cycleStake(self).jail(total, cycle);
        (self.queued, self.jailedUntil) = (cut.queued, _clamp(until));
        _store(self, total, cut.active, next, sum);
    }

    /// A jail beyond all block times never ends, in fewer bits too.
    function _clamp(uint64 until) private pure returns (uint56) {
        return until < type(uint56).max ? uint56(until) : type(uint56).max;
    }

    /// Ends the jail; what is active counts again.
    function unjail(Operator storage self, CycleStake storage total, uint64 cycle) internal {
        // The cycle stake is closed while the operator still counts nothing, and only then its stake comes back.
        uint128 active = self.active;
        (CycleStake memory next, CycleStake memory sum) = cycleStake(self).set(total, cycle, active);
        self.jailedUntil = 0;
        self.term += 1;
        _store(self, total, active, next, sum);
    }

    /// Moves active stake into a new entry at the end of the queue.
    function unstake(Operator storage self, CycleStake storage total, uint64 cycle, uint128 amount, uint64 maturity)
        internal
        returns (uint64 ticket)
    {
        uint8 entries = self.entries;
        require(entries < QUEUE_CAP, QueueFull());
        require(amount != 0, ZeroAmount());
        require(amount <= self.active, InsufficientStake());

        ticket = self.nextTicket;
        self.queue[entries] = Entry(amount, maturity, ticket);
        (self.queued, self.nextTicket, self.entries) = (self.queued + amount, ticket + 1, entries + 1);
        setActive(self, total, cycle, self.active - amount);
    }

    /// Moves what is left of one entry back to the active stake.
    function restake(Operator storage self, CycleStake storage total, uint64 cycle, uint64 ticket) internal {
        uint256 entries = self.entries;
        uint256 place = 0;
        while (place < entries && self.queue[place].ticket != ticket) place++;
        require(place < entries, NoSuchEntry());
        uint128 amount = self.queue[place].amount;
        require(amount != 0, ZeroAmount());

        for (uint256 i = place + 1; i < entries; i++) {
            self.queue[i - 1] = self.queue[i];
        }
        (self.queued, self.entries) = (self.queued - amount, uint8(entries - 1));
        setActive(self, total, cycle, self.active + amount);
    }

    /// Removes the oldest matured entries of an owner, at most `limit` of them; the rest keeps its order.
    function withdraw(Operator storage self, uint256 limit) internal returns (uint128 amount) {
        uint256 entries = self.entries;
        // Whoever has entries is registered: that slot need not be read.
        require(entries != 0 || self.isRegistered, NotRegistered());
        uint256 kept = 0;
        for (uint256 i = 0; i < entries; i++) {
            Entry memory entry = self.queue[i];
            if (entry.maturity <= block.timestamp && i - kept < limit) {
                amount += entry.amount;
            } else {
                if (kept != i) self.queue[kept] = entry;
                kept++;
            }
        }
        require(kept < entries, NothingMatured());
        (self.queued, self.entries) = (self.queued - amount, uint8(kept));
    }

    function _store(
        Operator storage self,
        CycleStake storage total,
        uint128 active,
        CycleStake memory next,
        CycleStake memory sum
    ) private {
        (self.active, self.cycle) = (active, next.cycle);
        (self.floor, self.floorPrev) = (next.floor, next.floorPrev);
        (total.value, total.floor, total.floorPrev, total.cycle) = (sum.value, sum.floor, sum.floorPrev, sum.cycle);
    }
}
