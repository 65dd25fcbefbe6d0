//! Strict verification of the peer key's signatures: one verdict, the same on every machine.
//!
//! Beside the equation (without the cofactor) it demands what the original definition leaves open: `S` below the group
//! order, canonical encodings of `A` and `R`, and neither of them of small order. So a signature that one node accepts
//! is accepted by all, and nobody can turn one valid signature into another.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::identity::PeerId;

/// The order of the prime subgroup, little-endian as `S` is.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The prime of the field, little-endian as the y coordinate of a point is.
const PRIME: [u8; 32] = [
    0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
];

/// `R` and `S` as they travel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerSignature(pub [u8; 64]);

crate::hex::hex_type!(PeerSignature, 64);

/// Why a signature by a peer key is refused; the first reason in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum PeerFault {
    #[error("S is not below the group order")]
    BadS,
    #[error("the public key is not encoded canonically")]
    NonCanonicalA,
    #[error("the public key or R is not a point of the curve")]
    NotAPoint,
    #[error("the public key has small order")]
    SmallOrderA,
    #[error("R is not encoded canonically")]
    NonCanonicalR,
    #[error("R has small order")]
    SmallOrderR,
    #[error("the signature is not by this key over this message")]
    Mismatch,
}

/// Accepts `signature` over `message` by `peer`, or says what is wrong with it.
pub fn verify_strict(peer: PeerId, message: &[u8], signature: &PeerSignature) -> Result<(), PeerFault> {
    let (r, s): (&[u8; 32], &[u8; 32]) = halves(&signature.0);
    if !is_below(s, &ORDER) {
        return Err(PeerFault::BadS);
    }
    let key = point(&peer.0, PeerFault::NonCanonicalA, PeerFault::SmallOrderA)?;
    match key.verify_strict(message, &Signature::from_bytes(&signature.0)) {
        Ok(()) => Ok(()),
        // Rare, so only here is the time spent to find out which of the reasons it was.
        Err(_) => {
            point(r, PeerFault::NonCanonicalR, PeerFault::SmallOrderR)?;
            Err(PeerFault::Mismatch)
        }
    }
}

/// The point behind an encoding that is canonical and not of small order.
fn point(encoding: &[u8; 32], not_canonical: PeerFault, small_order: PeerFault) -> Result<VerifyingKey, PeerFault> {
    let mut y = *encoding;
    y[31] &= 0x7f; // the top bit is the sign of x
    if !is_below(&y, &PRIME) {
        return Err(not_canonical);
    }
    let point = VerifyingKey::from_bytes(encoding).map_err(|_| PeerFault::NotAPoint)?;
    if point.is_weak() { Err(small_order) } else { Ok(point) }
}

/// Compares little-endian numbers.
fn is_below(number: &[u8; 32], bound: &[u8; 32]) -> bool {
    number.iter().rev().lt(bound.iter().rev())
}

fn halves(bytes: &[u8; 64]) -> (&[u8; 32], &[u8; 32]) {
    let (r, s) = bytes.split_at(32);
    (r.try_into().expect("half of 64 bytes"), s.try_into().expect("half of 64 bytes"))
}
