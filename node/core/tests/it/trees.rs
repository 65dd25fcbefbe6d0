//! Large reward trees: the same root and proofs as those that OpenZeppelin's package built, and verifies. Written by
//! `contracts/tools/trees.mjs`; TREE names another file.

use std::path::Path;

use serde::Deserialize;
use williw_core::amount::Amount;
use williw_core::hash::{Hash, keccak};
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::merkle::{Entitlement, Proof, Tree};

#[derive(Deserialize)]
struct Built {
    leaves: String,
    root: Hash,
    total: String,
    samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    index: String,
    owner: Account,
    cumulative: String,
    proof: Vec<Hash>,
}

fn entitlement(index: usize) -> Entitlement {
    let mut account = keccak(&[format!("owner {index}").as_bytes()]).0;
    account[..12].fill(0);
    let amount = keccak(&[format!("amount {index}").as_bytes()]).0;
    let cumulative = amount[..11].iter().fold(0, |sum, &byte| sum << 8 | u128::from(byte));
    Entitlement { owner: Owner { chain: ChainId::Base, account: Account(account) }, cumulative: Amount(cumulative) }
}

fn rebuild(file: &Path) {
    let built: Built = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let entitlements: Vec<_> = (0..built.leaves.parse().unwrap()).map(entitlement).collect();
    let tree = Tree::build(&entitlements).unwrap();
    assert_eq!(tree.root(), built.root);
    let total = Amount::sum(entitlements.iter().map(|entitlement| entitlement.cumulative)).unwrap();
    assert_eq!(total.0.to_string(), built.total);
    assert_eq!(built.samples.len(), entitlements.len().min(20));
    for sample in built.samples {
        let entitlement = entitlements[sample.index.parse::<usize>().unwrap()];
        assert_eq!(entitlement.owner.account, sample.owner);
        assert_eq!(entitlement.cumulative.0.to_string(), sample.cumulative);
        assert_eq!(tree.proof(&entitlement), Some(Proof(sample.proof)));
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "whoever asks for a large tree names it")]
fn trees_are_those_of_openzeppelin() {
    if let Some(named) = std::env::var_os("TREE") {
        return rebuild(Path::new(&named));
    }
    for size in [1, 2, 3, 1_000] {
        rebuild(&Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/trees/{size}.json")));
    }
}
