//! Who signed: recovery of the address behind a 65-byte secp256k1 signature, in its one accepted form.

use k256::ecdsa::{RecoveryId, Signature as Scalars, VerifyingKey};

use crate::hash::{Hash, keccak};
use crate::identity::Signer;

/// The order of the group, big-endian.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc,
    0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// Half of the order, rounded down: the highest `s` that is accepted.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x5d, 0x57, 0x6e,
    0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
];

/// The `v` of a signature whose nonce point has an even y coordinate; 28 is the odd one.
const V_EVEN: u8 = 27;

/// `r`, `s`, `v` as they travel. Nothing is known of it until [`Signature::recover`] accepts it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; 65]);

crate::hex::hex_type!(Signature, 65);

/// Why a signature is not in its one accepted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum SignatureFault {
    #[error("v is neither 27 nor 28")]
    BadV,
    #[error("r or s is zero or not below the group order")]
    BadScalar,
    #[error("s is in the upper half of the group order")]
    HighS,
    #[error("no public key can have made this signature")]
    Unrecoverable,
}

impl Signature {
    /// The address whose key signed `digest`.
    ///
    /// There is exactly one accepted signature per nonce: `v` is 27 or 28 and `s` is in the lower half.
    pub fn recover(&self, digest: Hash) -> Result<Signer, SignatureFault> {
        let (r, s) = (scalar(&self.0, 0), scalar(&self.0, 32));
        let y_is_odd = match self.0[64].checked_sub(V_EVEN) {
            Some(0) => false,
            Some(1) => true,
            _ => return Err(SignatureFault::BadV),
        };
        let in_group = |scalar: &[u8; 32]| *scalar != [0; 32] && *scalar < ORDER;
        if !in_group(&r) || !in_group(&s) {
            return Err(SignatureFault::BadScalar);
        }
        if s > HALF_ORDER {
            return Err(SignatureFault::HighS);
        }
        let scalars = Scalars::from_scalars(r, s).map_err(|_| SignatureFault::BadScalar)?;
        let key = VerifyingKey::recover_from_prehash(&digest.0, &scalars, RecoveryId::new(y_is_odd, false))
            .map_err(|_| SignatureFault::Unrecoverable)?;
        let signer = address_of(&key);
        // No known key hashes to it, and zero means "no signer" wherever an address is stored.
        if signer.is_zero() { Err(SignatureFault::Unrecoverable) } else { Ok(signer) }
    }
}

/// The Ethereum address of a public key.
fn address_of(key: &VerifyingKey) -> Signer {
    let point = key.to_sec1_point(false);
    let digest = keccak(&[&point.as_bytes()[1..]]);
    Signer(*digest.0.last_chunk().expect("a hash is longer than an address"))
}

fn scalar(bytes: &[u8; 65], at: usize) -> [u8; 32] {
    *bytes[at..].first_chunk().expect("at is 0 or 32, and 65 bytes follow from 0")
}
