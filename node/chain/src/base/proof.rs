//! From a state root to the journal's head: the vault's two slots, proven or read.

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::rlp::{self, Decodable};
use alloy::rpc::types::EIP1186AccountProofResponse;
use alloy_trie::nodes::TrieNode;
use alloy_trie::proof::verify_proof;
use alloy_trie::{Nibbles, TrieAccount};
use williw_core::hash::Hash;
use williw_core::journal::{HEAD_SLOT, Head, SEQ_SLOT};

/// Every key in these tries is a hash, so no path is longer than its 64 nibbles, and no proof has more nodes than that.
const PATH_NIBBLES: usize = 64;

/// More bytes than the largest node has: a branch with sixteen hashes takes 532.
const NODE_CAP: usize = 1_024;

/// What the vault's storage says about its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JournalState {
    pub(crate) head: Head,
    pub(crate) operators: u64,
}

impl JournalState {
    /// Takes the two slots apart. Behind the eight bytes of `seq` stand one of `paused` and seven of the count.
    pub(crate) fn of_slots([head, seq]: [U256; 2]) -> Self {
        const COUNT_AT: usize = 72;
        const COUNT_MASK: u64 = (1 << 56) - 1;
        let low = |word: U256| word.as_limbs()[0];
        Self {
            head: Head { seq: low(seq), hash: Hash(head.to_be_bytes()) },
            operators: low(seq >> COUNT_AT) & COUNT_MASK,
        }
    }
}

/// The state that a proof proves under a state root; none if it proves nothing.
pub(crate) fn verify(root: B256, vault: Address, proof: &EIP1186AccountProofResponse) -> Option<JournalState> {
    let account = TrieAccount {
        nonce: proof.nonce,
        balance: proof.balance,
        storage_root: proof.storage_hash,
        code_hash: proof.code_hash,
    };
    let account_key = Nibbles::unpack(keccak256(vault));
    // Before the vault was deployed there is no account at its address, and nothing in its storage.
    let nothing =
        proof.nonce == 0 && proof.balance.is_zero() && proof.storage_proof.iter().all(|at| at.value.is_zero());
    if nothing && proves(root, account_key, None, &proof.account_proof).is_some() {
        return Some(JournalState::of_slots([U256::ZERO; 2]));
    }
    proves(root, account_key, Some(rlp::encode(account)), &proof.account_proof)?;

    let [head, seq] = proof.storage_proof.as_slice() else { return None };
    for (number, entry) in [(HEAD_SLOT, head), (SEQ_SLOT, seq)] {
        // The key in the answer is not looked at: the place in the trie is computed from the slot that was asked for.
        let key = Nibbles::unpack(keccak256(B256::from(U256::from(number))));
        let value = (!entry.value.is_zero()).then(|| rlp::encode(entry.value));
        proves(proof.storage_hash, key, value, &entry.proof)?;
    }
    Some(JournalState::of_slots([head.value, seq.value]))
}

fn proves(root: B256, key: Nibbles, value: Option<Vec<u8>>, proof: &[Bytes]) -> Option<()> {
    // The verifier panics where a path grows longer than any key, and whoever made the nodes chose their paths.
    fits(proof)?;
    verify_proof(root, key, value, proof).ok()
}

/// Whether no path through these nodes can be longer than a key.
fn fits(proof: &[Bytes]) -> Option<()> {
    if proof.len() > PATH_NIBBLES + 1 || proof.iter().any(|node| node.len() > NODE_CAP) {
        return None;
    }
    let mut walked = 0;
    for node in proof {
        let node = TrieNode::decode(&mut &node[..]).ok()?;
        if walked + depth(&node)? > PATH_NIBBLES {
            return None;
        }
        // Behind a child that is kept in place no further node can follow, so this is as far as the next one begins.
        walked += match &node {
            TrieNode::Branch(_) => 1,
            TrieNode::Extension(extension) => extension.key.len(),
            TrieNode::Leaf(leaf) => leaf.key.len(),
            TrieNode::EmptyRoot => 0,
        };
    }
    Some(())
}

/// The longest path through a node and the children that it holds in place: those are short, so they do not nest deep.
fn depth(node: &TrieNode) -> Option<usize> {
    let below = |child: &[u8]| match child.len() {
        // A hash: what is behind it is a node of its own.
        33 => Some(0),
        _ => depth(&TrieNode::decode(&mut &child[..]).ok()?),
    };
    match node {
        TrieNode::EmptyRoot => Some(0),
        TrieNode::Leaf(leaf) => Some(leaf.key.len()),
        TrieNode::Extension(extension) => Some(extension.key.len() + below(&extension.child)?),
        TrieNode::Branch(branch) => {
            branch.stack.iter().try_fold(1, |longest, child| Some(longest.max(1 + below(child)?)))
        }
    }
}

#[cfg(test)]
mod tests {
    use alloy::rpc::types::EIP1186StorageProof;
    use alloy_trie::nodes::LeafNode;

    use super::*;

    /// The vault's address is nobody's before it is deployed: that is proven, and is no lie.
    #[test]
    fn that_there_is_no_vault_yet_is_a_proof_too() {
        let (vault, somebody) = (Address::repeat_byte(7), Address::repeat_byte(8));
        let account = rlp::encode(TrieAccount { nonce: 1, ..TrieAccount::default() });
        let leaf = TrieNode::Leaf(LeafNode::new(Nibbles::unpack(keccak256(somebody)), account));
        let leaf = Bytes::from(rlp::encode(leaf));
        let slot = EIP1186StorageProof::default();
        let proof = EIP1186AccountProofResponse {
            account_proof: vec![leaf.clone()],
            storage_proof: vec![slot.clone(), slot],
            ..EIP1186AccountProofResponse::default()
        };
        let root = keccak256(&leaf);
        assert_eq!(verify(root, vault, &proof), Some(JournalState::of_slots([U256::ZERO; 2])));
        // Where there is an account nobody can prove that there is none, and without nodes nothing is proven.
        assert_eq!(verify(root, somebody, &proof), None);
        assert_eq!(verify(B256::repeat_byte(1), vault, &proof), None);
        assert_eq!(verify(root, vault, &EIP1186AccountProofResponse { account_proof: Vec::new(), ..proof }), None);
    }
}
