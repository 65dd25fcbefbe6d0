//! Typed data that signers sign (EIP-712), bound to one network by its salt.

use crate::hash::{Hash, keccak, word};
use crate::network::NetworkId;

const DOMAIN_TYPE: &str = "EIP712Domain(string name,string version,bytes32 salt)";
const DOMAIN_NAME: &str = "williw";
const DOMAIN_VERSION: &str = "1";

/// In front of every digest of typed data.
const TYPED_DATA_PREFIX: [u8; 2] = [0x19, 0x01];

/// What a signer of `network` signs for a struct with this hash.
#[must_use]
pub(crate) fn signing_digest(network: NetworkId, struct_hash: Hash) -> Hash {
    keccak(&[&TYPED_DATA_PREFIX, &domain_separator(network).0, &struct_hash.0])
}

/// The domain separator of `network`.
#[must_use]
pub fn domain_separator(network: NetworkId) -> Hash {
    keccak(&[
        &keccak(&[DOMAIN_TYPE.as_bytes()]).0,
        &keccak(&[DOMAIN_NAME.as_bytes()]).0,
        &keccak(&[DOMAIN_VERSION.as_bytes()]).0,
        &network.0,
    ])
}

/// The hash of a struct: its type's hash and one word per field.
#[must_use]
pub(crate) fn struct_hash(type_text: &str, fields: &[[u8; 32]]) -> Hash {
    let type_hash = keccak(&[type_text.as_bytes()]);
    let mut parts: Vec<&[u8]> = vec![&type_hash.0];
    parts.extend(fields.iter().map(<[u8; 32]>::as_slice));
    keccak(&parts)
}

/// A field that is a small number.
#[must_use]
pub(crate) fn number(value: u64) -> [u8; 32] {
    word(u128::from(value))
}
