//! What is signed, by whom, and for which network.

use serde_json::Value;
use williw_probe::rules::{Office, Said};
use williw_program::rules::links::LinkTerms;

use super::{Answer, Question, Vectors, bytes, decoded, done, fixed, number, refused};

fn network(case: &Value) -> Question {
    let network = &case["network"];
    Question::Network {
        name: network["name"].as_str().expect("a name").to_owned(),
        chain_id: number(&network["base_chain_id"]),
        vault: fixed(&network["vault"]),
        genesis: fixed(&network["solana_genesis"]),
        program: fixed(&network["solana_program"]),
    }
}

#[test]
fn network_ids() {
    let vectors = Vectors::load("network_id.json");
    vectors.each("cases", 15, |asked, case| {
        assert_eq!(asked.answer(&network(case)), done(fixed::<32>(&case["network_id"])));
    });
    vectors.each("refused", 21, |asked, case| assert_eq!(asked.answer(&network(case)), refused(&case["refused"])));
}

fn statement(case: &Value) -> Question {
    Question::Statement { network: fixed(&case["network_id"]), signed: bytes(&case["signed"]) }
}

#[test]
fn statements() {
    let vectors = Vectors::load("statement.json");
    vectors.each("cases", 25, |asked, case| {
        let said = Said {
            kind: number(&case["kind"]),
            cycle: number(&case["cycle"]),
            slot: number(&case["slot"]),
            digest: fixed(&case["digest"]),
            domain: fixed(&case["domain_separator"]),
            signing_digest: fixed(&case["signing_digest"]),
            signer: fixed(&case["signer"]),
        };
        assert_eq!(asked.answer(&statement(case)), done(said));
    });
    vectors.each("refused", 59, |asked, case| {
        let answer = asked.answer(&statement(case));
        if case["refused"] == "WrongSigner" {
            // Somebody signed it, but not who should have.
            assert_ne!(decoded::<Said>(answer).signer, fixed::<20>(&case["signer"]));
        } else {
            assert_eq!(answer, refused(&case["refused"]));
        }
    });
}

/// A link from its 124 bytes.
pub(super) fn link(body: &[u8]) -> LinkTerms {
    assert_eq!(body.len(), 124);
    LinkTerms {
        peer: body[..32].try_into().unwrap(),
        signer: body[32..52].try_into().unwrap(),
        nonce: u64::from_be_bytes(body[52..60].try_into().unwrap()),
        peer_signature: body[60..].try_into().unwrap(),
    }
}

fn linked(case: &Value) -> Question {
    Question::Link {
        network: fixed(&case["network_id"]),
        chain: number(&case["chain"]),
        owner: fixed(&case["owner"]),
        link: link(&bytes(&case["body"])),
        signature: bytes(&case["signature"]),
    }
}

#[test]
fn links() {
    /// Faults of the peer half are for nodes to find: the chain accepts those links and records them.
    const OF_THE_PEER: [&str; 7] =
        ["BadS", "NonCanonicalA", "NonCanonicalR", "NotAPoint", "SmallOrderA", "SmallOrderR", "Mismatch"];
    let vectors = Vectors::load("link.json");
    vectors.each("cases", 11, |asked, case| {
        assert_eq!(asked.answer(&linked(case)), done(fixed::<32>(&case["signing_digest"])));
        let body = Question::LinkBody { link: link(&bytes(&case["body"])) };
        assert_eq!(asked.answer(&body), Answer::Done(bytes(&case["body"])));
    });
    vectors.each("refused", 53, |asked, case| {
        let answer = asked.answer(&linked(case));
        if OF_THE_PEER.contains(&case["refused"].as_str().unwrap()) {
            assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
        } else {
            assert_eq!(answer, refused(&case["refused"]));
        }
    });
}

#[test]
fn offences() {
    let vectors = Vectors::load("offence.json");
    vectors.each("cases", 145, |asked, case| {
        let tenure = &case["tenure"];
        let office = (!tenure.is_null()).then(|| Office {
            signer: fixed(&tenure["signer"]),
            from: number(&tenure["from"]),
            through: if tenure["through"].is_null() { u64::MAX } else { number(&tenure["through"]) },
            term: number(&tenure["term"]),
        });
        let question = Question::Offence {
            network: fixed(&case["network_id"]),
            evidence: bytes(&case["evidence"]),
            office,
            term: number(&case["term"]),
            jailed: case["jailed"].as_bool().unwrap(),
            cycle: number(&case["cycle"]),
            life: number(&case["evidence_cycles"]),
        };
        let wanted = if case["verdict"] == "Convicted" { Answer::Done(Vec::new()) } else { refused(&case["verdict"]) };
        assert_eq!(asked.answer(&question), wanted);
    });
}
