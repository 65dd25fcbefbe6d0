//! Keys of simulated people. Real signatures, made from names instead of randomness.

use std::fmt;

use ed25519_dalek::Signer as _;

use crate::ed25519::PeerSignature;
use crate::hash::{Hash, keccak};
use crate::identity::{Owner, PeerId, Signer};
use crate::link::LinkTerms;
use crate::network::NetworkId;
use crate::secp256k1::Signature;
use crate::statement::{Signed, Statement};

/// A signer's key.
#[derive(Clone)]
pub struct SignerKey {
    key: k256::ecdsa::SigningKey,
    address: Signer,
}

/// A peer's key.
#[derive(Clone)]
pub struct PeerKey {
    key: ed25519_dalek::SigningKey,
}

impl SignerKey {
    /// The key that belongs to this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let secret = keccak(&[b"signer", name.as_bytes()]);
        let key = k256::ecdsa::SigningKey::from_slice(&secret.0).expect("a hash is below the group order");
        let point = key.verifying_key().to_sec1_point(false);
        let digest = keccak(&[&point.as_bytes()[1..]]);
        let address = Signer(*digest.0.last_chunk().expect("a hash is longer than an address"));
        Self { key, address }
    }

    #[must_use]
    pub const fn address(&self) -> Signer {
        self.address
    }

    #[must_use]
    pub fn sign(&self, digest: Hash) -> Signature {
        let (scalars, recovery) = self.key.sign_prehash_recoverable(&digest.0);
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&scalars.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        Signature(bytes)
    }

    #[must_use]
    pub fn state(&self, network: NetworkId, statement: Statement) -> Signed {
        Signed { statement, signature: self.sign(statement.signing_digest(network)) }
    }
}

impl PeerKey {
    /// The key that belongs to this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { key: ed25519_dalek::SigningKey::from_bytes(&keccak(&[b"peer", name.as_bytes()]).0) }
    }

    #[must_use]
    pub fn id(&self) -> PeerId {
        PeerId(self.key.verifying_key().to_bytes())
    }

    /// The terms of a link that both keys agreed to, and the signer's signature.
    #[must_use]
    pub fn link(&self, signer: &SignerKey, network: NetworkId, owner: Owner, nonce: u64) -> (LinkTerms, Signature) {
        let mut terms =
            LinkTerms { peer: self.id(), signer: signer.address, nonce, peer_signature: PeerSignature([0; 64]) };
        terms.peer_signature = PeerSignature(self.key.sign(&terms.peer_message(network, owner)).to_bytes());
        (terms, signer.sign(terms.signing_digest(network, owner)))
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({})", self.address)
    }
}

impl fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerKey({})", self.id())
    }
}
