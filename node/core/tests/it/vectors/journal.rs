//! `journal.json`: bodies of facts, and the heads that fold them.

use serde::Deserialize;
use serde_json::Value;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::fact::{Body, BodyKind, Fact};
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::journal::{HEAD_SLOT, Head, SEQ_SLOT};
use williw_core::link::{Link, LinkTerms};
use williw_core::network::NetworkId;

use super::exact::{Bytes, Exact, chain};
use super::faults::Named as _;
use super::{Vectors, Verdict, parse, same};

mod fields;

pub(super) const VECTORS: Vectors = Vectors { file: "journal.json", case, refused };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    network_id: Exact<NetworkId>,
    #[serde(deserialize_with = "chain")]
    chain: ChainId,
    account: Exact<Account>,
    /// Only contracts on Base have slots.
    head_slot: Option<Exact<u64>>,
    seq_slot: Option<Exact<u64>>,
    head0: Exact<Hash>,
    facts: Vec<Told>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    seq: Exact<u64>,
    time: Exact<u64>,
    height: Exact<u64>,
    kind: String,
    kind_byte: Exact<u8>,
    /// Read once the kind is known.
    fields: Value,
    body: Exact<Bytes>,
    head: Exact<Hash>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    kind_byte: Exact<u8>,
    body: Exact<Bytes>,
    #[serde(deserialize_with = "chain")]
    chain: ChainId,
    refused: &'a str,
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    let slots = (case.chain == ChainId::Base).then_some((HEAD_SLOT, SEQ_SLOT));
    same("head slot", slots.map(|(head, _)| head), case.head_slot.as_ref().map(|slot| slot.0))?;
    same("seq slot", slots.map(|(_, seq)| seq), case.seq_slot.as_ref().map(|slot| slot.0))?;
    let mut head = Head::empty(case.network_id.0, case.chain, case.account.0);
    same("head0", head, Head { seq: 0, hash: case.head0.0 })?;
    let mut facts = Vec::new();
    for told in &case.facts {
        let fact = check_fact(&case, told, head)?;
        head = Head { seq: fact.seq, hash: told.head.0 };
        facts.push(fact);
    }
    // Signatures last: they cost the most, and most mistakes are found before.
    facts.iter().try_for_each(|fact| check_signatures(case.network_id.0, fact))
}

fn check_fact(case: &Case<'_>, told: &Told, head: Head) -> Result<Fact, String> {
    let kind = BodyKind::from_byte(told.kind_byte.0).ok_or("an unknown kind")?;
    same("kind", format!("{kind:?}"), told.kind.clone())?;
    same("kind byte", kind.byte(), told.kind_byte.0)?;
    same("length", kind.body_len(), told.body.0.0.len())?;
    let body = Body::decode(case.chain, told.kind_byte.0, &told.body.0.0).map_err(|fault| fault.to_string())?;
    same("fields", &fields::read(kind, &told.fields)?, &body)?;
    same("kind of the body", body.kind(), kind)?;
    same("body", &body.encode(), &told.body.0.0)?;
    same("seq", told.seq.0, head.seq.saturating_add(1))?;
    let fact = Fact {
        chain: case.chain,
        journal: case.account.0,
        seq: told.seq.0,
        time: UnixSeconds(told.time.0),
        height: Height(told.height.0),
        body,
    };
    same("head", fact.head_after(head.hash), told.head.0)?;
    same("is about an operator", fact.owner().is_some(), kind.is_about_operator())?;
    Ok(fact)
}

/// Links and evidence in the journal hold for the network and the owner of the fact.
fn check_signatures(network: NetworkId, fact: &Fact) -> Verdict {
    let check_link = |account: Account, terms: &LinkTerms| {
        let owner = Owner { chain: fact.chain, account };
        same("owner", fact.owner(), Some(owner))?;
        let link = Link::verify(network, owner, terms).map_err(|fault| fault.name().to_owned())?;
        same("link", (link.peer(), link.signer()), (terms.peer, terms.signer))
    };
    match &fact.body {
        Body::Registered { account, link, .. }
        | Body::Rotated { account, link }
        | Body::Unjailed { account, link, .. } => check_link(*account, link),
        Body::Slashed(slashed) => {
            slashed.evidence.prove(network).map(|_| ()).map_err(|acquittal| acquittal.name().to_owned())
        }
        Body::Staked { .. }
        | Body::Unstaked { .. }
        | Body::Restaked { .. }
        | Body::Withdrawn { .. }
        | Body::VaultParameters(_)
        | Body::VaultParametersProposed { .. }
        | Body::PoolParameters(_)
        | Body::PoolParametersProposed { .. }
        | Body::Funded { .. }
        | Body::RootPending { .. }
        | Body::RootVetoed { .. } => Ok(()),
    }
}

fn refused(value: &Value) -> Verdict {
    let case: Refused<'_> = parse(value)?;
    match Body::decode(case.chain, case.kind_byte.0, &case.body.0.0) {
        Ok(body) => Err(format!("accepted: {body:?}")),
        Err(fault) => same("refusal", fault.name(), case.refused),
    }
}

#[test]
fn journals() {
    VECTORS.hold(24, 133);
}
