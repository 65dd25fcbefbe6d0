//! From a state root to the journal's head: the vault's two slots, proven or read.

use alloy::primitives::{Address, B256, U256, keccak256};
use alloy::rlp;
use alloy::rpc::types::EIP1186AccountProofResponse;
use alloy_trie::proof::verify_proof;
use alloy_trie::{Nibbles, TrieAccount};
use williw_core::hash::Hash;
use williw_core::journal::{HEAD_SLOT, Head, SEQ_SLOT};

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
    verify_proof(root, account_key, Some(rlp::encode(account)), &proof.account_proof).ok()?;

    let [head, seq] = proof.storage_proof.as_slice() else { return None };
    for (number, entry) in [(HEAD_SLOT, head), (SEQ_SLOT, seq)] {
        // The key in the answer is not looked at: the place in the trie is computed from the slot that was asked for.
        let key = Nibbles::unpack(keccak256(B256::from(U256::from(number))));
        let value = (!entry.value.is_zero()).then(|| rlp::encode(entry.value));
        verify_proof(proof.storage_hash, key, value, &entry.proof).ok()?;
    }
    Some(JournalState::of_slots([head.value, seq.value]))
}
