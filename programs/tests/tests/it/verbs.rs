//! Verb by verb: what each does, what it says, what it returns, and why it refuses, in the order of
//! `docs/decisions/0002-verbs.md`.

mod claim;
mod close_tally;
mod collect;
mod fund;
mod initialize;
mod recipient;
mod register;
mod restake;
mod roles;
mod rotate;
mod slash;
mod stake;
mod terms;
mod unjail;
mod unstake;
mod veto;
mod vote;
mod withdraw;

/// Refusals that no transaction can meet, and why.
const NEVER_MET: [(&str, &str); 2] = [
    ("Overflow", "amounts come in 64 bits and their sums have 128"),
    ("NoChain", "a program has an id, so there is always this chain"),
];

/// Every refusal of the program is met by a test of its own.
#[test]
fn every_refusal_is_met() {
    let idl: serde_json::Value = serde_json::from_str(include_str!("../../../idl/williw.json")).expect("the IDL");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/");
    let mut tests = String::new();
    for file in ["verbs", "attacks"].iter().flat_map(|name| std::fs::read_dir(format!("{folder}{name}")).unwrap()) {
        tests.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
    }
    let errors = idl["errors"].as_array().expect("the program's errors").iter();
    let names: Vec<&str> = errors.map(|error| error["name"].as_str().expect("a name")).collect();
    let is_met = |name: &&str| tests.contains(&format!("\"{name}\""));
    let unmet: Vec<&str> = names.iter().copied().filter(|name| !is_met(name)).collect();
    assert_eq!(unmet, NEVER_MET.map(|(name, _)| name));
}
