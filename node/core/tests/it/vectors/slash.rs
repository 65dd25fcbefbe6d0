//! `slash.json`: what a slash takes, leaves and pays.

use serde::Deserialize;
use serde_json::Value;
use williw_core::amount::{Amount, Bps};
use williw_core::slash::{Cut, cut};

use super::exact::Exact;
use super::faults::Named as _;
use super::{Vectors, Verdict, parse, same};

pub(super) const VECTORS: Vectors = Vectors { file: "slash.json", case, refused };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    active: Exact<u128>,
    queue: Vec<Exact<u128>>,
    slash_bps: Exact<u16>,
    taken_active: Exact<u128>,
    taken_queue: Vec<Exact<u128>>,
    taken: Exact<u128>,
    bounty: Exact<u128>,
    left_active: Exact<u128>,
    left_queue: Vec<Exact<u128>>,
    left_queued: Exact<u128>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    active: Exact<u128>,
    queue: Vec<Exact<u128>>,
    slash_bps: Exact<u16>,
    refused: &'a str,
}

fn amounts(values: &[Exact<u128>]) -> Vec<Amount> {
    values.iter().map(|value| Amount(value.0)).collect()
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    let (active, queue) = (Amount(case.active.0), amounts(&case.queue));
    let fraction = Bps::try_from(case.slash_bps.0).map_err(|fault| fault.name().to_owned())?;
    let wanted = Cut {
        taken: Amount(case.taken.0),
        bounty: Amount(case.bounty.0),
        active: Amount(case.left_active.0),
        queue: amounts(&case.left_queue),
    };
    let found = cut(active, &queue, fraction).map_err(|fault| fault.name().to_owned())?;
    same("left_queued", Amount::sum(found.queue.iter().copied()), Ok(Amount(case.left_queued.0)))?;
    same("cut", found, wanted)?;
    same("taken_active", active.fraction_up(fraction), Amount(case.taken_active.0))?;
    let taken_queue: Vec<Amount> = queue.iter().map(|part| part.fraction_up(fraction)).collect();
    same("taken_queue", taken_queue, amounts(&case.taken_queue))
}

fn refused(value: &Value) -> Verdict {
    let case: Refused<'_> = parse(value)?;
    let refusal = match Bps::try_from(case.slash_bps.0) {
        Err(fault) => fault.name(),
        Ok(fraction) => match cut(Amount(case.active.0), &amounts(&case.queue), fraction) {
            Err(fault) => fault.name(),
            Ok(found) => return Err(format!("accepted: {found:?}")),
        },
    };
    same("refusal", refusal, case.refused)
}

#[test]
fn slashes() {
    VECTORS.hold(61, 7);
}
