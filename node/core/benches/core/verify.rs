//! Verification beside the bare curve operations that it cannot do without.

use std::hint::black_box;

use ed25519_dalek::{Signature as PeerScalars, VerifyingKey as PeerKeyBare};
use k256::ecdsa::{RecoveryId, Signature as Scalars, VerifyingKey};
use serde_json::{Value, json};
use williw_core::cycle::Cycle;
use williw_core::hash::{Hash, keccak};
use williw_core::identity::Owner;
use williw_core::link::{Link, LinkTerms};
use williw_core::network::NetworkId;
use williw_core::offence::Evidence;
use williw_core::secp256k1::Signature;
use williw_core::sim::keys::{PeerKey, SignerKey};
use williw_core::statement::{Kind, Signed, Statement};

use crate::clock::timed;
use crate::row_above;
use crate::world::{CHAIN, account, network};

/// How many different signatures there are. Few, so that a turn is over before the machine does something else.
const CASES: usize = 16;
/// How often each entrant takes its turn.
const TURNS: usize = 200;
/// How many operations are counted.
const ITERATIONS: usize = 128;

struct Case {
    signed: Signed,
    evidence: Evidence,
    digest: Hash,
    scalars: Scalars,
    recovery: RecoveryId,
    owner: Owner,
    terms: LinkTerms,
    signer_half: Signature,
    message: Vec<u8>,
    peer_scalars: PeerScalars,
    peer_key: PeerKeyBare,
}

impl Case {
    fn new(nth: u64) -> Self {
        let (signer, peer) = (SignerKey::named(&format!("verify {nth}")), PeerKey::named(&format!("verify {nth}")));
        let owner = Owner { chain: CHAIN, account: account(nth) };
        let state = |side: u8| {
            let digest = keccak(&[&[side], &nth.to_be_bytes()]);
            let statement = Statement::new(Kind::Update, Cycle(7), nth, digest).expect("an update has any slot");
            signer.state(network(), statement)
        };
        let (signed, second) = (state(1), state(2));
        let (terms, signer_half) = peer.link(&signer, network(), owner, 1);
        let bytes = signed.signature.0;
        Self {
            signed,
            evidence: Evidence { first: signed, second },
            digest: signed.statement.signing_digest(network()),
            scalars: Scalars::from_slice(&bytes[..64]).expect("the signature is sound"),
            recovery: RecoveryId::new(bytes[64] == 28, false),
            owner,
            terms,
            signer_half,
            message: terms.peer_message(network(), owner).to_vec(),
            peer_scalars: PeerScalars::from_bytes(&terms.peer_signature.0),
            peer_key: PeerKeyBare::from_bytes(&terms.peer.0).expect("the key is sound"),
        }
    }
}

struct Entrant {
    name: &'static str,
    work: fn(&Case, NetworkId) -> bool,
}

const SIGNER: usize = 0;
const RECOVER: usize = 1;
const AGAIN: usize = 2;
const PROVE: usize = 3;
const SIGNER_HALF: usize = 4;
const LINK: usize = 5;
const STRICT: usize = 6;
const PLAIN: usize = 7;
const PARSED: usize = 8;

/// In the order in which they take their turns.
const ENTRANTS: [Entrant; 9] = [
    Entrant { name: "Signed::signer", work: |case, network| case.signed.signer(network).is_ok() },
    Entrant { name: "bare recover", work: bare_recover },
    Entrant { name: "bare recover again", work: bare_recover },
    Entrant { name: "Evidence::prove", work: |case, network| case.evidence.prove(network).is_ok() },
    Entrant {
        name: "LinkTerms::check_signer",
        work: |case, network| case.terms.check_signer(network, case.owner, &case.signer_half).is_ok(),
    },
    Entrant { name: "Link::verify", work: |case, network| Link::verify(network, case.owner, &case.terms).is_ok() },
    Entrant {
        name: "bare verify_strict",
        work: |case, _| {
            let key = PeerKeyBare::from_bytes(&case.terms.peer.0);
            key.is_ok_and(|key| key.verify_strict(&case.message, &case.peer_scalars).is_ok())
        },
    },
    Entrant {
        name: "bare verify",
        work: |case, _| {
            let key = PeerKeyBare::from_bytes(&case.terms.peer.0);
            key.is_ok_and(|key| ed25519_dalek::Verifier::verify(&key, &case.message, &case.peer_scalars).is_ok())
        },
    },
    Entrant {
        name: "bare verify_strict of a parsed key",
        work: |case, _| case.peer_key.verify_strict(&case.message, &case.peer_scalars).is_ok(),
    },
];

fn bare_recover(case: &Case, _: NetworkId) -> bool {
    VerifyingKey::recover_from_prehash(&case.digest.0, &case.scalars, case.recovery).is_ok()
}

fn cases() -> Vec<Case> {
    (0..CASES as u64).map(Case::new).collect()
}

fn run(entrant: &Entrant, cases: &[Case], times: usize) {
    let network = network();
    for case in cases.iter().cycle().take(times) {
        assert!((entrant.work)(black_box(case), network), "{} accepts", entrant.name);
    }
}

pub(crate) fn rows() -> Vec<Value> {
    let cases = cases();
    let mut best = [f64::INFINITY; ENTRANTS.len()];
    for _ in 0..TURNS {
        for (best, entrant) in best.iter_mut().zip(&ENTRANTS) {
            *best = best.min(timed(|| run(entrant, &cases, CASES)).0);
        }
    }
    let micros = best.map(|seconds| seconds * 1e6 / CASES as f64);
    let above = |entrant: usize, floor: f64| {
        row_above(&format!("verify: {}", ENTRANTS[entrant].name), micros[entrant], "us", floor)
    };
    let mut link = above(LINK, micros[STRICT]);
    for peer in [PLAIN, PARSED] {
        link["peers"][ENTRANTS[peer].name] = json!(crate::rounded(micros[peer]));
    }
    vec![
        above(SIGNER, micros[RECOVER]),
        above(PROVE, 2.0 * micros[RECOVER]),
        above(SIGNER_HALF, micros[RECOVER]),
        link,
        above(AGAIN, micros[RECOVER]),
    ]
}

/// What is counted, and which count before it is its floor.
const COUNTED: [(usize, Option<usize>); 4] =
    [(RECOVER, None), (SIGNER, Some(RECOVER)), (STRICT, None), (LINK, Some(STRICT))];

fn counted(entrant: usize) -> String {
    format!("verify: {}, instructions", ENTRANTS[entrant].name)
}

pub(crate) fn counts() -> Vec<Value> {
    let count = |(entrant, floor): (usize, Option<usize>)| {
        let mut count = json!({ "name": counted(entrant), "unit": "per op", "iterations": ITERATIONS });
        if let Some(floor) = floor {
            count["floor"] = json!(counted(floor));
        }
        count
    };
    COUNTED.into_iter().map(count).collect()
}

/// Does an operation so many times; false if there is no such operation.
pub(crate) fn count(name: &str, iterations: usize) -> bool {
    let Some((entrant, _)) = COUNTED.into_iter().find(|(entrant, _)| counted(*entrant) == name) else { return false };
    run(&ENTRANTS[entrant], &cases(), iterations);
    true
}
