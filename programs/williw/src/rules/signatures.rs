//! Typed data that signers sign (EIP-712), bound to one network by its salt, and who signed it.

use solana_secp256k1_recover::secp256k1_recover;

use super::hashes::{hex32, keccak};
use crate::error::Refusal;

/// The bytes of a signature: r, s, v.
pub const LEN: usize = 65;

/// `keccak("EIP712Domain(string name,string version,bytes32 salt)")`
const DOMAIN_TYPE: [u8; 32] = hex32(b"599a80fcaa47b95e2323ab4d34d34e0cc9feda4b843edafcc30c7bdf60ea15bf");
/// `keccak("williw")`
const DOMAIN_NAME: [u8; 32] = hex32(b"431f81d54ef8257436e2b1ebc779883319688a6f5fb7971ca64282aa32ed804c");
/// `keccak("1")`
const DOMAIN_VERSION: [u8; 32] = hex32(b"c89efdaa54c0f20c7adf612882df0950f5a951637e0307cdcb4c672f298b8bc6");

/// The order of the group, and its half rounded down: the highest `s` that is accepted.
const ORDER: [u8; 32] = hex32(b"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
const HALF_ORDER: [u8; 32] = hex32(b"7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

/// `v` of a signature whose point has an even y.
const V_EVEN: u8 = 27;

#[must_use]
pub fn domain_separator(network: &[u8; 32]) -> [u8; 32] {
    keccak(&[&DOMAIN_TYPE, &DOMAIN_NAME, &DOMAIN_VERSION, network])
}

/// What a signer signs for a struct with this hash.
#[must_use]
pub fn digest(domain: &[u8; 32], struct_hash: &[u8; 32]) -> [u8; 32] {
    keccak(&[&[0x19, 0x01], domain, struct_hash])
}

/// The address whose key signed `digest`; never zero.
///
/// There is exactly one accepted signature per nonce: `v` is 27 or 28 and `s` is in the lower half.
pub fn recover(digest: &[u8; 32], signature: &[u8]) -> Result<[u8; 20], Refusal> {
    let signature: &[u8; LEN] = signature.try_into().map_err(|_| Refusal::Length)?;
    let (scalars, v) = signature.split_at(64);
    let (r, s) = scalars.split_at(32);
    let parity = match v[0].checked_sub(V_EVEN) {
        Some(parity @ (0 | 1)) => parity,
        _ => return Err(Refusal::BadV),
    };
    if !is_scalar(r) || !is_scalar(s) {
        return Err(Refusal::BadScalar);
    }
    if s > &HALF_ORDER[..] {
        return Err(Refusal::HighS);
    }
    let key = secp256k1_recover(digest, parity, scalars).map_err(|_| Refusal::Unrecoverable)?;
    let hash = keccak(&[&key.to_bytes()]);
    let signer: [u8; 20] = hash[12..].try_into().map_err(|_| Refusal::Unrecoverable)?;
    // No known key hashes to it, and zero means "no signer" wherever an address is stored.
    if signer == [0; 20] { Err(Refusal::Unrecoverable) } else { Ok(signer) }
}

fn is_scalar(number: &[u8]) -> bool {
    number.iter().any(|byte| *byte != 0) && number < &ORDER[..]
}
