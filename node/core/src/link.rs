//! The link between stake and node: which peer key and which signer an owner stands behind.
//!
//! Both keys must agree. The chain checks the signer's half; it cannot check ed25519 cheaply, so every node does, and a
//! link whose peer half is bad names no peer. Nobody can attach a peer to stake (or to shame) that its key did not sign
//! for.

use serde::{Deserialize, Serialize};

use crate::ed25519::{PeerFault, PeerSignature, verify_strict};
use crate::hash::{Hash, address_word};
use crate::identity::{Owner, PeerId, Signer};
use crate::network::NetworkId;
use crate::secp256k1::{Signature, SignatureFault};
use crate::typed;
use crate::wire::Reader;

const LINK_TYPE: &str = "Link(bytes32 peer,address signer,uint8 chain,bytes32 owner,uint64 nonce)";

/// In front of the digest when the peer key signs it, so that no other ed25519 message can pass for a link.
const PEER_PREFIX: &[u8; 14] = b"williw-link-v1";

/// What the peer key signs.
pub const PEER_MESSAGE_LEN: usize = 46;

/// The terms of a link, as the owner sends them to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkTerms {
    pub peer: PeerId,
    pub signer: Signer,
    pub nonce: u64,
    pub peer_signature: PeerSignature,
}

/// Why the signer's half is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerFault {
    #[error("the signer of a link is not zero")]
    ZeroSigner,
    #[error("the signer's half of the link: {0}")]
    Signature(#[from] SignatureFault),
    #[error("the link was signed by {0}, not by the signer it names")]
    WrongSigner(Signer),
}

impl LinkTerms {
    /// The bytes of the terms inside a journal body.
    pub const LEN: usize = 124;

    #[must_use]
    pub fn struct_hash(&self, owner: Owner) -> Hash {
        typed::struct_hash(
            LINK_TYPE,
            &[
                self.peer.0,
                address_word(self.signer.0),
                typed::number(u64::from(owner.chain.byte())),
                owner.account.0,
                typed::number(self.nonce),
            ],
        )
    }

    /// What the signer signs.
    #[must_use]
    pub fn signing_digest(&self, network: NetworkId, owner: Owner) -> Hash {
        typed::signing_digest(network, self.struct_hash(owner))
    }

    /// What the peer key signs.
    #[must_use]
    pub fn peer_message(&self, network: NetworkId, owner: Owner) -> [u8; PEER_MESSAGE_LEN] {
        let mut message = [0; PEER_MESSAGE_LEN];
        message[..PEER_PREFIX.len()].copy_from_slice(PEER_PREFIX);
        message[PEER_PREFIX.len()..].copy_from_slice(&self.signing_digest(network, owner).0);
        message
    }

    /// The signer's half, as the chains check it.
    pub fn check_signer(&self, network: NetworkId, owner: Owner, signature: &Signature) -> Result<(), SignerFault> {
        if self.signer.is_zero() {
            return Err(SignerFault::ZeroSigner);
        }
        let signed_by = signature.recover(self.signing_digest(network, owner))?;
        if signed_by == self.signer { Ok(()) } else { Err(SignerFault::WrongSigner(signed_by)) }
    }

    /// `peer 32 | signer 20 | nonce 8 | peer signature 64`.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..32].copy_from_slice(&self.peer.0);
        bytes[32..52].copy_from_slice(&self.signer.0);
        bytes[52..60].copy_from_slice(&self.nonce.to_be_bytes());
        bytes[60..].copy_from_slice(&self.peer_signature.0);
        bytes
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            peer: PeerId(reader.bytes()),
            signer: Signer(reader.bytes()),
            nonce: reader.u64(),
            peer_signature: PeerSignature(reader.bytes()),
        }
    }
}

/// A link that both keys agreed to. It is made only by verifying the peer's half (the chain verified the signer's), or by
/// reading back rows of a node that did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Link {
    peer: PeerId,
    signer: Signer,
}

impl Link {
    /// Verifies the peer's half of terms that a chain accepted from `owner`.
    pub fn verify(network: NetworkId, owner: Owner, terms: &LinkTerms) -> Result<Self, PeerFault> {
        verify_strict(terms.peer, &terms.peer_message(network, owner), &terms.peer_signature)?;
        Ok(Self { peer: terms.peer, signer: terms.signer })
    }

    /// Reads back the row of a node that verified it. Nothing is verified again.
    #[must_use]
    pub const fn read_back(peer: PeerId, signer: Signer) -> Self {
        Self { peer, signer }
    }

    #[must_use]
    pub const fn peer(&self) -> PeerId {
        self.peer
    }

    #[must_use]
    pub const fn signer(&self) -> Signer {
        self.signer
    }
}
