// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CycleStake, CycleStakes} from "../../src/libraries/CycleStakes.sol";
import {Cut} from "../../src/libraries/Slashes.sol";
import {Tenure} from "../../src/libraries/Tenures.sol";
import {Vectors} from "./Vectors.sol";

/// `offence.json`, `slash.json`, `cycle_stake.json`: who is convicted, what is taken, what counts.
contract RulesTest is Vectors {
    using CycleStakes for CycleStake;

    function test_offences() public {
        load("offence");
        uint256 count = 0;
        for (string memory path = at(".cases", 0); has(path); path = at(".cases", ++count)) {
            this.judge(path);
        }
        assertEq(count, 145);
    }

    /// A call of its own, so that the memory that reading takes is given back.
    function judge(string memory path) external view {
        string memory wanted = text(string.concat(path, ".verdict"));
        (address signer, Tenure memory tenure) = served(string.concat(path, ".tenure"));
        try probe.judge(
            blob(string.concat(path, ".evidence")),
            hash(string.concat(path, ".network_id")),
            signer,
            tenure,
            uint32(number(string.concat(path, ".term"))),
            vm.parseJsonBool(json, string.concat(path, ".jailed")),
            uint64(number(string.concat(path, ".cycle"))),
            uint64(number(string.concat(path, ".evidence_cycles")))
        ) {
            assertEq(wanted, "Convicted", path);
        } catch (bytes memory reason) {
            assertRefusal(reason, wanted, path);
        }
    }

    function served(string memory path) private view returns (address signer, Tenure memory tenure) {
        if (isNull(path)) return (address(0), tenure);
        signer = vm.parseAddress(text(string.concat(path, ".signer")));
        tenure.from = uint64(number(string.concat(path, ".from")));
        tenure.term = uint32(number(string.concat(path, ".term")));
        string memory through = string.concat(path, ".through");
        tenure.through = isNull(through) ? 0 : uint64(number(through));
    }

    struct Slashing {
        uint128 active;
        uint128[] queue;
        uint16 slash_bps;
        uint128 taken;
        uint128 bounty;
        uint128 left_active;
        uint128[] left_queue;
        uint128 left_queued;
    }

    function test_slashes() public {
        load("slash");
        string memory schema = string.concat(
            "Slashing(uint128 active,uint128[] queue,uint16 slash_bps,uint128 taken,uint128 bounty,",
            "uint128 left_active,uint128[] left_queue,uint128 left_queued)"
        );
        Slashing[] memory cases = abi.decode(vm.parseJsonTypeArray(json, ".cases", schema), (Slashing[]));
        assertEq(cases.length, 61);
        for (uint256 i = 0; i < cases.length; i++) {
            Slashing memory c = cases[i];
            string memory path = at(".cases", i);
            Cut memory cut = probe.cut(c.active, c.queue, c.slash_bps);
            assertEq(cut.taken, c.taken, path);
            assertEq(cut.bounty, c.bounty, path);
            assertEq(cut.active, c.left_active, path);
            assertEq(cut.queued, c.left_queued, path);
            assertEq(keccak256(abi.encode(cut.queue)), keccak256(abi.encode(c.left_queue)), path);
        }
    }

    struct Refused {
        uint128 active;
        uint128[] queue;
        uint16 slash_bps;
        string refused;
    }

    function test_refused_slashes() public {
        load("slash");
        string memory schema = "Refused(uint128 active,uint128[] queue,uint16 slash_bps,string refused)";
        Refused[] memory cases = abi.decode(vm.parseJsonTypeArray(json, ".refused", schema), (Refused[]));
        assertEq(cases.length, 7);
        for (uint256 i = 0; i < cases.length; i++) {
            Refused memory c = cases[i];
            try probe.cut(c.active, c.queue, c.slash_bps) {
                revert(at(".refused", i));
            } catch (bytes memory reason) {
                assertRefusal(reason, c.refused, at(".refused", i));
            }
        }
    }

    struct Step {
        uint64 cycle;
        uint256 operator;
        uint128 counted;
        bool jailed;
    }

    struct Floors {
        uint128 floor;
        uint128 floor_prev;
    }

    struct Whole {
        uint128 value;
        uint128 floor;
        uint128 floor_prev;
    }

    struct Read {
        uint256 after_step;
        uint64 cycle;
        Floors[] operators;
        Whole total;
    }

    struct Trace {
        string name;
        Step[] steps;
        Read[] reads;
    }

    function test_cycle_stakes() public {
        load("cycle_stake");
        string memory schema = string.concat(
            "Trace(string name,Step[] steps,Read[] reads)",
            "Floors(uint128 floor,uint128 floor_prev)",
            "Read(uint256 after_step,uint64 cycle,Floors[] operators,Whole total)",
            "Step(uint64 cycle,uint256 operator,uint128 counted,bool jailed)",
            "Whole(uint128 value,uint128 floor,uint128 floor_prev)"
        );
        Trace[] memory traces = abi.decode(vm.parseJsonTypeArray(json, ".cases", schema), (Trace[]));
        assertEq(traces.length, 41);
        for (uint256 i = 0; i < traces.length; i++) {
            follow(traces[i]);
        }
    }

    /// Operators and total begin empty in the cycle of the first step, as those of a vault begin when it is deployed.
    function follow(Trace memory trace) private pure {
        CycleStake[] memory operators = new CycleStake[](4);
        CycleStake memory total;
        uint256 done = 0;
        for (uint256 i = 0; i < trace.reads.length; i++) {
            Read memory read = trace.reads[i];
            for (; done < read.after_step; done++) {
                Step memory step = trace.steps[done];
                uint256 o = step.operator;
                (operators[o], total) = step.jailed
                    ? operators[o].jail(total, step.cycle)
                    : operators[o].set(total, step.cycle, step.counted);
            }
            for (uint256 o = 0; o < read.operators.length; o++) {
                CycleStake memory operator = operators[o].at(read.cycle);
                assertEq(operator.floor, read.operators[o].floor, trace.name);
                assertEq(operator.floorPrev, read.operators[o].floor_prev, trace.name);
            }
            CycleStake memory whole = total.at(read.cycle);
            assertEq(whole.value, read.total.value, trace.name);
            assertEq(whole.floor, read.total.floor, trace.name);
            assertEq(whole.floorPrev, read.total.floor_prev, trace.name);
        }
    }
}
