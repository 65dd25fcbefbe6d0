//! Bodies of facts, and the heads over them.

use serde_json::Value;
use williw_program::rules::amounts::Amount;
use williw_program::rules::roots::RewardRoot;
use williw_program::rules::terms::{PoolTerms, VaultTerms};

use super::signed::link;
use super::{Event, Question, Vectors, bytes, decoded, done, fixed, list, number};

fn vault(fields: &Value) -> VaultTerms {
    VaultTerms {
        min_stake: Amount::new(number(&fields["min_stake"])),
        min_deposit: Amount::new(number(&fields["min_deposit"])),
        unstaking_period: number(&fields["unstaking_period"]),
        evidence_cycles: number(&fields["evidence_cycles"]),
        slash_bps: number(&fields["slash_bps"]),
    }
}

fn pool(fields: &Value) -> PoolTerms {
    PoolTerms {
        min_quorum: Amount::new(number(&fields["min_quorum"])),
        delay: number(&fields["delay"]),
        max_per_cycle: Amount::new(number(&fields["max_per_cycle"])),
    }
}

/// What the verbs would have handed to the facts.
fn event(fact: &Value) -> Event {
    let (f, body) = (&fact["fields"], bytes(&fact["body"]));
    let (owner, active, queued) = (|| fixed(&f["owner"]), || number(&f["active"]), || number(&f["queued"]));
    let link = || link(body.last_chunk::<124>().expect("the link is the last field"));
    match fact["kind"].as_str().unwrap() {
        "Registered" => {
            Event::Registered { owner: owner(), index: number(&f["index"]), active: active(), link: link() }
        }
        "Staked" => Event::Staked { owner: owner(), active: active() },
        "Unstaked" => Event::Unstaked {
            owner: owner(),
            active: active(),
            queued: queued(),
            amount: number(&f["amount"]),
            maturity: number(&f["maturity"]),
        },
        "Restaked" => Event::Restaked { owner: owner(), active: active(), queued: queued() },
        "Withdrawn" => Event::Withdrawn { owner: owner(), queued: queued(), amount: number(&f["amount"]) },
        "Rotated" => Event::Rotated { owner: owner(), link: link() },
        "Unjailed" => Event::Unjailed { owner: owner(), active: active(), link: link() },
        "Slashed" => Event::Slashed {
            owner: owner(),
            active: active(),
            queued: queued(),
            taken: number(&f["taken"]),
            bounty: number(&f["bounty"]),
            beneficiary: fixed(&f["beneficiary"]),
            evidence: bytes(&f["evidence"]),
        },
        "VaultParameters" => Event::VaultParameters { terms: vault(f) },
        "VaultParametersProposed" => {
            Event::VaultParametersProposed { terms: vault(f), effective: number(&f["effective"]) }
        }
        "PoolParameters" => Event::PoolParameters { terms: pool(f) },
        "PoolParametersProposed" => {
            Event::PoolParametersProposed { terms: pool(f), effective: number(&f["effective"]) }
        }
        "Funded" => Event::Funded { funded: number(&f["funded"]) },
        "RootPending" => Event::RootPending {
            cycle: number(&f["cycle"]),
            root: RewardRoot {
                root: fixed(&f["root"]),
                total_base: number(&f["total_base"]),
                total_solana: number(&f["total_solana"]),
                blob_hash: fixed(&f["blob_hash"]),
            },
            activates: number(&f["activates"]),
        },
        "RootVetoed" => Event::RootVetoed { cycle: number(&f["cycle"]) },
        other => panic!("there is no kind {other}"),
    }
}

/// Refused bodies are for whoever decodes them; the program only makes bodies.
#[test]
fn journals() {
    let vectors = Vectors::load("journal.json");
    vectors.each("cases", 24, |asked, case| {
        let (network, chain) = (fixed(&case["network_id"]), number(&case["chain"]));
        let empty = Question::EmptyHead { network, chain, journal: fixed(&case["account"]) };
        let mut head: [u8; 32] = decoded(asked.answer(&empty));
        assert_eq!(head, fixed::<32>(&case["head0"]));
        for fact in list(&case["facts"]) {
            let question = Question::Record {
                head,
                seq: number(&fact["seq"]),
                time: number(&fact["time"]),
                slot: number(&fact["height"]),
                event: event(fact),
            };
            let after: [u8; 32] = fixed(&fact["head"]);
            assert_eq!(asked.answer(&question), done((bytes(&fact["body"]), after)));
            head = after;
        }
    });
}
