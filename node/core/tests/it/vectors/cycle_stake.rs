//! `cycle_stake.json`: traces of counted stake, and the floors that are read along the way.

use serde::Deserialize;
use serde_json::Value;
use williw_core::amount::Amount;
use williw_core::cycle::Cycle;
use williw_core::cycle_stake::CycleStake;

use super::exact::Exact;
use super::{Vectors, Verdict, nothing_is_refused, parse, same};

pub(super) const VECTORS: Vectors = Vectors { file: "cycle_stake.json", case, refused: nothing_is_refused };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    steps: Vec<Step>,
    reads: Vec<Read>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    cycle: Exact<u64>,
    operator: Exact<usize>,
    counted: Exact<u128>,
    jailed: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    after_step: Exact<usize>,
    cycle: Exact<u64>,
    operators: Vec<Floors>,
    total: Total,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Floors {
    floor: Exact<u128>,
    floor_prev: Exact<u128>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Total {
    value: Exact<u128>,
    floor: Exact<u128>,
    floor_prev: Exact<u128>,
}

/// The state after some of the steps.
struct Stakes {
    cycle: Cycle,
    operators: Vec<CycleStake>,
    total: CycleStake,
}

impl Stakes {
    fn take(&mut self, step: &Step) -> Verdict {
        let cycle = Cycle(step.cycle.0);
        let operator = self.operators.get_mut(step.operator.0).ok_or("no such operator")?;
        if cycle < self.cycle {
            return Err("a step in the past".to_owned());
        }
        self.cycle = cycle;
        let done = if step.jailed {
            same("stake counted of a jailed operator", step.counted.0, 0)?;
            operator.jail(&mut self.total, cycle)
        } else {
            operator.set(&mut self.total, cycle, Amount(step.counted.0))
        };
        done.map_err(|overflow| overflow.to_string())?;
        same("value after the step", operator.value(), Amount(step.counted.0))
    }

    fn compare(&self, read: &Read) -> Verdict {
        let cycle = Cycle(read.cycle.0);
        if cycle < self.cycle {
            return Err("a read of the past".to_owned());
        }
        same("operators", read.operators.len(), self.operators.len())?;
        for (operator, floors) in self.operators.iter().zip(&read.operators) {
            let operator = operator.at(cycle);
            same("floor", operator.floor(), Amount(floors.floor.0))?;
            same("floor_prev", operator.floor_prev(), Amount(floors.floor_prev.0))?;
        }
        let total = self.total.at(cycle);
        same("total value", total.value(), Amount(read.total.value.0))?;
        same("total floor", total.floor(), Amount(read.total.floor.0))?;
        same("total floor_prev", total.floor_prev(), Amount(read.total.floor_prev.0))
    }
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    let first = case.reads.first().ok_or("nothing is read")?;
    let start = Cycle(first.cycle.0);
    same("first step", case.steps.first().map(|step| Cycle(step.cycle.0)), Some(start))?;
    let empty = CycleStake::empty(start);
    let mut stakes = Stakes { cycle: start, operators: vec![empty; first.operators.len()], total: empty };
    let mut reads = case.reads.iter().peekable();
    for done in 0..=case.steps.len() {
        if let Some(step) = done.checked_sub(1).map(|at| &case.steps[at]) {
            stakes.take(step)?;
        }
        // After each step there is a read in its cycle; more follow, each in a later one.
        let mut last = None;
        while let Some(read) = reads.next_if(|read| read.after_step.0 == done) {
            if last.is_none() {
                same("the cycle of the first read after a step", read.cycle.0, stakes.cycle.0)?;
            }
            if last.is_some_and(|last| read.cycle.0 <= last) {
                return Err("reads are out of order".to_owned());
            }
            stakes.compare(read)?;
            last = Some(read.cycle.0);
        }
        last.ok_or_else(|| format!("no read after step {done}"))?;
    }
    same("reads left over", reads.count(), 0)
}

#[test]
fn cycle_stakes() {
    VECTORS.hold(41, 0);
}
