//! What is voted for, and what is claimed from it.

use anchor_lang::prelude::*;

use super::hashes::{keccak, word};
use super::statements::{ROOT_VOTE, Statement};
use crate::error::Refusal;

/// No tree is deeper.
const PROOF_CAP: usize = 64;

/// A tree of cumulative rewards, and what it pays on each chain in total.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RewardRoot {
    pub root: [u8; 32],
    pub total_base: u128,
    pub total_solana: u128,
    /// Where the reports are that it was made from.
    pub blob_hash: [u8; 32],
}

impl RewardRoot {
    /// What a vote says. The totals are padded to words.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        keccak(&[&self.root, &word(self.total_base), &word(self.total_solana), &self.blob_hash])
    }

    /// What a signer states by voting for it.
    #[must_use]
    pub fn vote(&self, cycle: u64) -> Statement {
        Statement { kind: ROOT_VOTE, cycle, slot: 0, digest: self.digest() }
    }
}

/// The leaf as OpenZeppelin's StandardMerkleTree makes it.
#[must_use]
pub fn leaf(chain: u8, owner: &[u8; 32], cumulative: u128) -> [u8; 32] {
    keccak(&[&keccak(&[&word(u128::from(chain)), owner, &word(cumulative)])])
}

/// The leaf is under the root. A proof is the siblings on the way up, one behind the other.
pub fn check(root: &[u8; 32], leaf: [u8; 32], proof: &[u8]) -> core::result::Result<(), Refusal> {
    let (proof, rest) = proof.as_chunks::<32>();
    if !rest.is_empty() || proof.len() > PROOF_CAP {
        return Err(Refusal::BadProof);
    }
    // The smaller hash goes first, so a proof needs no directions.
    let top =
        proof.iter().fold(
            leaf,
            |node, sibling| {
                if node < *sibling { keccak(&[&node, sibling]) } else { keccak(&[sibling, &node]) }
            },
        );
    if top == *root { Ok(()) } else { Err(Refusal::BadProof) }
}
