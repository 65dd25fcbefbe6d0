//! Keccak-256, the one hash of every encoding that a chain has to recompute.

use sha3::{Digest as _, Keccak256};

use crate::hex::hex_type;

/// Thirty-two bytes that came out of a hash function (or will be compared with such).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

hex_type!(Hash, 32);

/// Hashes the parts as if they were one message.
#[must_use]
pub fn keccak(parts: &[&[u8]]) -> Hash {
    let mut hasher = Keccak256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// One 32-byte word of Ethereum's ABI, holding an unsigned number.
#[must_use]
pub(crate) fn word(number: u128) -> [u8; 32] {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&number.to_be_bytes());
    word
}

/// One ABI word holding a twenty-byte address.
#[must_use]
pub(crate) fn address_word(address: [u8; 20]) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(&address);
    word
}
