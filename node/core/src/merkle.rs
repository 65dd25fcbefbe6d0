//! The reward tree, in the form that OpenZeppelin's StandardMerkleTree builds and checks.

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::hash::{Hash, keccak, word};
use crate::identity::Owner;

/// The longest proof that is looked at: a tree with more leaves than 2^64 cannot exist.
pub const PROOF_CAP: usize = 64;

/// What an owner may have claimed in total, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entitlement {
    pub owner: Owner,
    pub cumulative: Amount,
}

impl Entitlement {
    /// Its leaf. Hashed twice, so no inner node of a tree can be passed off as a leaf.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        let chain = word(u128::from(self.owner.chain.byte()));
        let inner = keccak(&[&chain, &self.owner.account.0, &word(self.cumulative.0)]);
        keccak(&[&inner.0])
    }
}

/// The siblings of a leaf on its way to the root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof(pub Vec<Hash>);

impl Proof {
    /// True if the leaf of `entitlement` is under `root`.
    #[must_use]
    pub fn verify(&self, root: Hash, entitlement: &Entitlement) -> bool {
        self.0.len() <= PROOF_CAP
            && self.0.iter().fold(entitlement.leaf(), |node, &sibling| parent(node, sibling)) == root
    }
}

/// A whole tree: `2n - 1` nodes, the root first, the leaves last and in descending order of their hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    nodes: Vec<Hash>,
}

impl Tree {
    /// The tree over these entitlements, in whatever order they come; none for no entitlements.
    #[must_use]
    pub fn build(entitlements: &[Entitlement]) -> Option<Self> {
        let mut nodes: Vec<Hash> = entitlements.iter().map(Entitlement::leaf).collect();
        let inner = nodes.len().checked_sub(1)?;
        nodes.sort_unstable_by(|a, b| b.cmp(a));
        nodes.splice(0..0, std::iter::repeat_n(Hash::default(), inner));
        for at in (0..inner).rev() {
            let (left, right) = children(at);
            nodes[at] = parent(nodes[left], nodes[right]);
        }
        Some(Self { nodes })
    }

    #[must_use]
    pub fn root(&self) -> Hash {
        self.nodes[0]
    }

    /// The proof of an entitlement that is in the tree.
    #[must_use]
    pub fn proof(&self, entitlement: &Entitlement) -> Option<Proof> {
        let leaf = entitlement.leaf();
        let first_leaf = self.nodes.len() / 2;
        let offset = self.nodes[first_leaf..].binary_search_by(|node| leaf.cmp(node)).ok()?;
        let mut at = first_leaf.checked_add(offset)?;
        let mut siblings = Vec::new();
        while let Some(above) = at.checked_sub(1) {
            // Children sit at odd and even places: 2i + 1 and 2i + 2.
            let sibling = if at.is_multiple_of(2) { above } else { at.checked_add(1)? };
            siblings.push(self.nodes[sibling]);
            at = above / 2;
        }
        Some(Proof(siblings))
    }
}

/// The places of a node's children.
fn children(at: usize) -> (usize, usize) {
    let left = at.saturating_mul(2).saturating_add(1);
    (left, left.saturating_add(1))
}

/// The smaller hash goes first, so a proof needs no directions.
fn parent(a: Hash, b: Hash) -> Hash {
    if a < b { keccak(&[&a.0, &b.0]) } else { keccak(&[&b.0, &a.0]) }
}
