// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {CycleStake} from "../../src/libraries/CycleStakes.sol";
import {Entry, Operator, Operators, QUEUE_CAP} from "../../src/libraries/Operators.sol";

/// What leaves the queue, and in which order, for all amounts and moments at once. `scripts/audit halmos` proves the
/// functions named `check_`.
contract QueueLaws is Test {
    using Operators for Operator;

    /// How many entries the operator of a proof has; each of them is a fork in the road.
    uint256 private constant COUNT = 4;

    struct Queue {
        uint128[COUNT] amounts;
        uint64[COUNT] maturities;
        /// The ticket of the first; the others follow.
        uint32 ticket;
        /// What an entry that left long ago has left behind the last.
        Entry stale;
    }

    Operator private _operator;
    CycleStake private _total;

    /// An operator as the verbs can have left it.
    function begin(uint128 active, Queue memory queue) private {
        uint256 queued = 0;
        for (uint256 i = 0; i < COUNT; i++) {
            _operator.queue[i] = Entry(queue.amounts[i], queue.maturities[i], uint64(queue.ticket) + uint64(i));
            queued += queue.amounts[i];
        }
        _operator.queue[COUNT] = queue.stale;
        // What was ever deposited fits in 128 bits.
        vm.assume(queued + active <= type(uint128).max);
        (_operator.active, _operator.floor, _operator.queued) = (active, active, uint128(queued));
        (_operator.nextTicket, _operator.entries) = (uint64(queue.ticket) + uint64(COUNT), uint8(COUNT));
        (_total.value, _total.floor) = (active, active);
    }

    /// The entry that was `before` is now at `place`, and is what it was.
    function isKept(Queue memory queue, uint256 before, uint256 place) private view returns (bool) {
        Entry memory found = _operator.queue[place];
        return found.amount == queue.amounts[before] && found.maturity == queue.maturities[before]
            && found.ticket == queue.ticket + before;
    }

    /// Pays the oldest matured entries, at most the limit, and leaves the others what they were, in their order.
    function check_a_withdrawal_takes_the_oldest_matured_entries(Queue memory queue, uint64 time, uint256 limit)
        public
    {
        vm.warp(time);
        begin(0, queue);
        uint128 queued = _operator.queued;

        uint128 amount = _operator.withdraw(limit);

        uint256 matured = 0;
        uint256 kept = 0;
        uint256 paid = 0;
        for (uint256 i = 0; i < COUNT; i++) {
            if (queue.maturities[i] > time) {
                assert(isKept(queue, i, kept++));
            } else if (matured++ < limit) {
                paid += queue.amounts[i];
            } else {
                assert(isKept(queue, i, kept++));
            }
        }
        assert(_operator.entries == kept && kept < COUNT);
        assert(amount == paid && _operator.queued == queued - paid);
    }

    /// The new entry is the last one, with the amount, maturity and ticket it is given; no other entry changes.
    function check_an_unstake_changes_no_other_entry(
        Queue memory queue,
        uint128 active,
        uint128 amount,
        uint64 maturity
    ) public {
        begin(active, queue);
        uint128 queued = _operator.queued;

        uint64 ticket = _operator.unstake(_total, 0, amount, maturity);

        assert(amount != 0 && amount <= active && ticket == queue.ticket + COUNT);
        for (uint256 i = 0; i < COUNT; i++) {
            assert(isKept(queue, i, i));
        }
        Entry memory last = _operator.queue[COUNT];
        assert(last.amount == amount && last.maturity == maturity && last.ticket == ticket);
        assert(_operator.entries == COUNT + 1 && _operator.nextTicket == ticket + 1);
        assert(_operator.active == active - amount && _operator.queued == queued + amount);
        assert(_total.value == active - amount && _total.floor == active - amount);
    }

    /// There is no way in which a full queue replaces an entry, whatever the entries are.
    function check_a_full_queue_refuses(Queue memory queue, uint128 active, uint128 amount, uint64 maturity) public {
        begin(active, queue);
        _operator.entries = uint8(QUEUE_CAP);
        (bool done,) = address(this).call(abi.encodeCall(this.unstake, (amount, maturity)));
        assert(!done);
    }

    function unstake(uint128 amount, uint64 maturity) external {
        _operator.unstake(_total, 0, amount, maturity);
    }

    /// One entry comes back whole; the others stay what they were, in their order.
    function check_a_restake_takes_back_one_entry_whole(Queue memory queue, uint128 active, uint64 ticket) public {
        begin(active, queue);
        uint128 queued = _operator.queued;

        _operator.restake(_total, 0, ticket);

        bool isFound = false;
        uint128 amount = 0;
        for (uint256 i = 0; i < COUNT; i++) {
            if (ticket == queue.ticket + i) {
                (isFound, amount) = (true, queue.amounts[i]);
            } else {
                assert(isKept(queue, i, isFound ? i - 1 : i));
            }
        }
        assert(isFound && amount != 0);
        assert(_operator.entries == COUNT - 1);
        assert(_operator.active == active + amount && _operator.queued == queued - amount);
        assert(_total.value == active + amount && _total.floor == active);
    }
}
