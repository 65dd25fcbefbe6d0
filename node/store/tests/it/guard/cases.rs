//! The cases of EIP-3076 and more, which the core's tests describe and run on the rules, run on a guard in a file.
//!
//! A guard signs only what it has the bytes of, and the digests of the cases are nobody's hashes. So each stands for the
//! hash of itself, in files and requests alike.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use williw_core::cycle::Cycle;
use williw_core::guard::{Refusal, Verdict, digest_of};
use williw_core::hash::Hash;
use williw_core::identity::Signer;
use williw_core::statement::{Kind, Statement};
use williw_store::guard::Asked;

use super::beside::Beside;

const LISTS: [(&str, Kind); 4] = [
    ("updates", Kind::Update),
    ("checkpoints", Kind::Checkpoint),
    ("root_votes", Kind::RootVote),
    ("proposals", Kind::Proposal),
];

/// Puts hashes in the place of the digests of a file, wherever it has some.
fn hash_digests(mut file: Value) -> Value {
    let records = file.get_mut("data").and_then(Value::as_array_mut);
    for record in records.into_iter().flatten() {
        for (list, kind) in LISTS {
            let entries = record.get_mut(list).and_then(Value::as_array_mut);
            for digest in entries.into_iter().flatten().filter_map(|entry| entry.get_mut("digest")) {
                if let Some(hash) = digest.as_str().and_then(|text| text.parse::<Hash>().ok()) {
                    *digest = digest_of(kind, &hash.0).to_string().into();
                }
            }
        }
    }
    file
}

fn asked(sign: &Value) -> Asked {
    let number = |field: &str| sign[field].as_str().unwrap().parse().unwrap();
    let kind = match sign["kind"].as_str().unwrap() {
        "update" => Kind::Update,
        "checkpoint" => Kind::Checkpoint,
        "root_vote" => Kind::RootVote,
        "proposal" => Kind::Proposal,
        other => panic!("{other} is no kind"),
    };
    let bytes = sign["digest"].as_str().unwrap().parse::<Hash>().unwrap().0.to_vec();
    let statement = Statement::new(kind, Cycle(number("cycle")), number("slot"), digest_of(kind, &bytes)).unwrap();
    Asked { signer: signer(sign), statement, bytes }
}

fn signer(sign: &Value) -> Signer {
    serde_json::from_value(sign["signer"].clone()).unwrap()
}

fn name(verdict: Result<Verdict, Refusal>) -> &'static str {
    match verdict {
        Ok(Verdict::New) => "new",
        Ok(Verdict::Same) => "same",
        Err(Refusal::Conflict { .. }) => "conflict",
        Err(Refusal::Closed { .. }) => "closed",
        Err(Refusal::Below { .. }) => "below",
    }
}

/// Takes the step, and says whether it went as it should.
async fn take(both: &mut Beside, step: &Value) -> bool {
    if let Some(sign) = step.get("sign") {
        return name(both.sign(asked(sign)).await) == step["verdict"];
    }
    let file = match &step["import"] {
        Value::String(text) => serde_json::from_str(text),
        file => serde_json::from_str(&hash_digests(file.clone()).to_string()),
    };
    let taken = match file {
        Ok(file) => both.import(&file).await,
        // The same reader as the guard's; what it refuses does not come to a guard.
        Err(_unreadable) => false,
    };
    taken == step["should_succeed"]
}

#[tokio::test]
async fn a_guard_in_a_file_takes_every_case_as_the_rules_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/it/guard/cases.json");
    let document: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let network = serde_json::from_value(document["network"].clone()).unwrap();
    let cases = document["cases"].as_array().unwrap();
    let mut steps_taken = 0;
    for case in cases {
        let steps = case["steps"].as_array().unwrap();
        let signers: BTreeSet<Signer> = steps.iter().filter_map(|step| step.get("sign")).map(signer).collect();
        let mut both = Beside::new(network, signers).await;
        for (number, step) in (1..).zip(steps) {
            assert!(take(&mut both, step).await, "{}, step {number}", case["name"]);
            steps_taken += 1;
        }
        both.check().await;
    }
    assert!(cases.len() > 100 && steps_taken > 500, "{} cases, {steps_taken} steps", cases.len());
}
