//! The link between stake and node: which peer key and which signer an owner stands behind.

use anchor_lang::prelude::*;

use super::hashes::{address_word, hex32, keccak, word};
use super::signatures;
use crate::error::Refusal;

/// The bytes of a link inside a fact.
pub const LEN: usize = 124;

/// `keccak("Link(bytes32 peer,address signer,uint8 chain,bytes32 owner,uint64 nonce)")`
const TYPE: [u8; 32] = hex32(b"eeaf1dcea960ad4ee58db043f5609bbaa2d033cb862f072e880971a0b08a8b0b");

/// A link as the owner sends it to the chain.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkTerms {
    /// The ed25519 key of the node.
    pub peer: [u8; 32],
    /// The secp256k1 key that signs statements.
    pub signer: [u8; 20],
    pub nonce: u64,
    /// The peer's half. The program records it and every node verifies it: a link whose peer half is bad names no peer.
    pub peer_signature: [u8; 64],
}

impl LinkTerms {
    /// What the signer signs, and the peer key behind a prefix.
    #[must_use]
    pub fn digest(&self, domain: &[u8; 32], chain: u8, owner: &[u8; 32]) -> [u8; 32] {
        let struct_hash = keccak(&[
            &TYPE,
            &self.peer,
            &address_word(&self.signer),
            &word(u128::from(chain)),
            owner,
            &word(u128::from(self.nonce)),
        ]);
        signatures::digest(domain, &struct_hash)
    }

    /// The signer that the link names has signed it for this owner.
    pub fn check_signer(
        &self,
        domain: &[u8; 32],
        chain: u8,
        owner: &[u8; 32],
        signature: &[u8],
    ) -> core::result::Result<(), Refusal> {
        if self.signer == [0; 20] {
            return Err(Refusal::ZeroSigner);
        }
        if signatures::recover(&self.digest(domain, chain, owner), signature)? == self.signer {
            Ok(())
        } else {
            Err(Refusal::WrongSigner)
        }
    }

    /// Its bytes inside a fact.
    #[must_use]
    pub fn encode(&self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes[..32].copy_from_slice(&self.peer);
        bytes[32..52].copy_from_slice(&self.signer);
        bytes[52..60].copy_from_slice(&self.nonce.to_be_bytes());
        bytes[60..].copy_from_slice(&self.peer_signature);
        bytes
    }
}
