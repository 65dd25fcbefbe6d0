//! `offence.json`: which evidence slashes.

use serde::Deserialize;
use serde_json::Value;
use williw_core::cycle::Cycle;
use williw_core::identity::{Account, ChainId, Owner, Signer};
use williw_core::network::NetworkId;
use williw_core::offence::{Accused, Acquittal, Evidence};
use williw_core::tenure::Tenure;

use super::exact::{Bytes, Exact, nullable};
use super::faults::Named as _;
use super::{Vectors, Verdict, nothing_is_refused, parse, same};

pub(super) const VECTORS: Vectors = Vectors { file: "offence.json", case, refused: nothing_is_refused };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Served {
    signer: Exact<Signer>,
    from: Exact<u64>,
    #[serde(deserialize_with = "nullable")]
    through: Option<Exact<u64>>,
    term: Exact<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    network_id: Exact<NetworkId>,
    cycle: Exact<u64>,
    evidence_cycles: Exact<u64>,
    #[serde(deserialize_with = "nullable")]
    tenure: Option<Served>,
    term: Exact<u64>,
    jailed: bool,
    evidence: Exact<Bytes>,
    verdict: &'a str,
}

/// The accused as a chain would find it: by the signer that the evidence convicts.
fn accused(case: &Case<'_>, signer: Signer) -> Option<Accused> {
    let served = case.tenure.as_ref().filter(|served| served.signer.0 == signer)?;
    let tenure = Tenure {
        owner: Owner { chain: ChainId::Base, account: Account::default() }, // no part of the judgement
        from: Cycle(served.from.0),
        through: served.through.map(|through| Cycle(through.0)),
        term: served.term.0,
    };
    Some(Accused { tenure, term: case.term.0, jailed: case.jailed })
}

fn judge(case: &Case<'_>, evidence: &Evidence) -> Result<(), Acquittal> {
    let contradiction = evidence.prove(case.network_id.0)?;
    contradiction.convict(accused(case, contradiction.signer()), Cycle(case.cycle.0), case.evidence_cycles.0)
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    let bytes = &case.evidence.0.0;
    let evidence = match Evidence::decode(bytes) {
        Ok(evidence) => evidence,
        Err(fault) => return same("verdict", fault.name(), case.verdict),
    };
    same("evidence written", evidence.encode().as_slice(), bytes)?;
    let name = |verdict: Result<(), Acquittal>| verdict.map_or_else(|acquittal| acquittal.name(), |()| "Convicted");
    let verdict = judge(&case, &evidence);
    same("verdict", name(verdict), case.verdict)?;
    // Which statement comes first matters only when each of them has a fault of its own.
    let swapped = Evidence { first: evidence.second, second: evidence.first };
    let is_faulty = matches!(verdict, Err(Acquittal::Signature(_)));
    if is_faulty { Ok(()) } else { same("verdict in the other order", name(judge(&case, &swapped)), case.verdict) }
}

#[test]
fn offences() {
    VECTORS.hold(145, 0);
}
