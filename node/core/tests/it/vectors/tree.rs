//! `tree.json`: reward trees and proofs.

use serde::Deserialize;
use serde_json::Value;
use williw_core::amount::Amount;
use williw_core::hash::{Hash, keccak};
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::merkle::{Entitlement, PROOF_CAP, Proof, Tree};

use super::exact::{Exact, chain};
use super::{Vectors, Verdict, parse, same};

pub(super) const VECTORS: Vectors = Vectors { file: "tree.json", case, refused };

/// `[chain, owner, cumulative]`.
#[derive(Deserialize)]
struct Claimed(#[serde(deserialize_with = "chain")] ChainId, Exact<Account>, Exact<u128>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    values: Vec<Claimed>,
    leaves: Vec<Exact<Hash>>,
    root: Exact<Hash>,
    proofs: Vec<Vec<Exact<Hash>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    root: Exact<Hash>,
    #[serde(deserialize_with = "chain")]
    chain: ChainId,
    owner: Exact<Account>,
    cumulative: Exact<u128>,
    proof: Vec<Exact<Hash>>,
    refused: &'a str,
}

fn entitlement(Claimed(chain, account, cumulative): &Claimed) -> Entitlement {
    Entitlement { owner: Owner { chain: *chain, account: account.0 }, cumulative: Amount(cumulative.0) }
}

fn proof(siblings: &[Exact<Hash>]) -> Proof {
    Proof(siblings.iter().map(|sibling| sibling.0).collect())
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    let mut entitlements: Vec<Entitlement> = case.values.iter().map(entitlement).collect();
    same("leaves", case.leaves.len(), entitlements.len())?;
    same("proofs", case.proofs.len(), entitlements.len())?;
    for (entitlement, leaf) in entitlements.iter().zip(&case.leaves) {
        same("leaf", entitlement.leaf(), leaf.0)?;
    }
    let tree = Tree::build(&entitlements).ok_or("no tree over these")?;
    same("root", tree.root(), case.root.0)?;
    for (entitlement, siblings) in entitlements.iter().zip(&case.proofs) {
        let proof = proof(siblings);
        same("proof", tree.proof(entitlement).as_ref(), Some(&proof))?;
        same("proof verified", proof.verify(case.root.0, entitlement), true)?;
    }
    entitlements.reverse();
    same("the tree of the same in another order", Tree::build(&entitlements), Some(tree))
}

fn refused(value: &Value) -> Verdict {
    let case: Refused<'_> = parse(value)?;
    let owner = Owner { chain: case.chain, account: case.owner.0 };
    let claimed = Entitlement { owner, cumulative: Amount(case.cumulative.0) };
    let verdict = if proof(&case.proof).verify(case.root.0, &claimed) { "accepted" } else { "BadProof" };
    same("refusal", verdict, case.refused)
}

#[test]
fn trees() {
    VECTORS.hold(10, 48);
}

#[test]
fn there_is_no_tree_of_nothing() {
    assert_eq!(Tree::build(&[]), None);
}

#[test]
fn a_proof_of_any_possible_length_is_looked_at_and_no_longer_one() {
    let owner = Owner { chain: ChainId::Solana, account: Account([7; 32]) };
    let entitlement = Entitlement { owner, cumulative: Amount(1) };
    let (mut root, mut siblings) = (entitlement.leaf(), Vec::new());
    for length in 0..=PROOF_CAP + 1 {
        assert_eq!(Proof(siblings.clone()).verify(root, &entitlement), length <= PROOF_CAP, "{length} siblings");
        let sibling = keccak(&[&root.0, b"sibling"]);
        let (low, high) = (root.min(sibling), root.max(sibling));
        root = keccak(&[&low.0, &high.0]);
        siblings.push(sibling);
    }
}
