//! The heartbeat as it travels: a fixed layout, signed by its author's peer key.
//!
//! ```text
//! version 1 | kind 1 | author 32 | boot 8 | noted 8 | seq 8 | time 8 | signature 64        numbers are big-endian
//! ```
//!
//! The kind is the pulse: 1 beats, 2 only listens ([`Pulse`]). It is the only difference between the two, and it is signed
//! like everything else, so nobody but the author can make the one of the other.
//!
//! The author signs `"williw-heartbeat-v1" | network id 32 | everything in front of the signature`: no other message of a
//! peer key begins like that, and a heartbeat of one network is worth nothing in another. Lengths are exact, so there is
//! one encoding per heartbeat, and the signature is verified strictly, so nobody can turn one valid envelope into
//! another.

use williw_core::cycle::UnixSeconds;
use williw_core::ed25519::{PeerFault, PeerSignature, verify_strict};
use williw_core::guard::Pulse;
use williw_core::identity::PeerId;
use williw_core::network::NetworkId;

#[cfg(test)]
mod tests;

const VERSION: u8 = 1;
const BEATING: u8 = 1;
const LISTENING: u8 = 2;
const DOMAIN: &[u8; 19] = b"williw-heartbeat-v1";

/// Where the parts begin.
const AUTHOR_AT: usize = 2;
const BOOT_AT: usize = 34;
const NOTED_AT: usize = 42;
const SEQ_AT: usize = 50;
const TIME_AT: usize = 58;
const SIGNATURE_AT: usize = 66;

/// Bytes of a heartbeat with its signature.
pub const HEARTBEAT_LEN: usize = 130;

const MESSAGE_LEN: usize = DOMAIN.len() + NetworkId::LEN + SIGNATURE_AT;

const fn kind_of(pulse: Pulse) -> u8 {
    match pulse {
        Pulse::Listening => LISTENING,
        Pulse::Beating => BEATING,
    }
}

const fn pulse_of(kind: u8) -> Result<Pulse, EnvelopeFault> {
    match kind {
        BEATING => Ok(Pulse::Beating),
        LISTENING => Ok(Pulse::Listening),
        _ => Err(EnvelopeFault::Kind(kind)),
    }
}

/// That a peer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heartbeat {
    pub(crate) author: PeerId,
    /// Grows with every start of the author.
    pub(crate) boot: u64,
    /// Grows with every statement that the author's guard has on disk.
    pub(crate) noted: u64,
    /// Grows with every heartbeat since that start, from a number that the author drew then.
    pub(crate) seq: u64,
    /// The author's clock.
    pub(crate) time: UnixSeconds,
    pub(crate) pulse: Pulse,
}

/// A heartbeat and a signature that may or may not be by its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) heartbeat: Heartbeat,
    signature: PeerSignature,
}

/// Why bytes are no heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EnvelopeFault {
    #[error("{0} bytes are no heartbeat, it has {HEARTBEAT_LEN}")]
    Length(usize),
    #[error("version {0} of the envelope is not known")]
    Version(u8),
    #[error("kind {0} of envelope is not known")]
    Kind(u8),
}

impl Heartbeat {
    /// By this, heartbeats of one author are older and newer.
    pub(crate) const fn rank(&self) -> (u64, u64) {
        (self.boot, self.seq)
    }

    fn head(&self) -> [u8; SIGNATURE_AT] {
        let mut head = [0; SIGNATURE_AT];
        head[0] = VERSION;
        head[1] = kind_of(self.pulse);
        head[AUTHOR_AT..BOOT_AT].copy_from_slice(&self.author.0);
        head[BOOT_AT..NOTED_AT].copy_from_slice(&self.boot.to_be_bytes());
        head[NOTED_AT..SEQ_AT].copy_from_slice(&self.noted.to_be_bytes());
        head[SEQ_AT..TIME_AT].copy_from_slice(&self.seq.to_be_bytes());
        head[TIME_AT..].copy_from_slice(&self.time.0.to_be_bytes());
        head
    }

    /// What the author signs.
    fn message(&self, network: NetworkId) -> [u8; MESSAGE_LEN] {
        let (network_at, head_at) = (DOMAIN.len(), DOMAIN.len() + NetworkId::LEN);
        let mut message = [0; MESSAGE_LEN];
        message[..network_at].copy_from_slice(DOMAIN);
        message[network_at..head_at].copy_from_slice(&network.0);
        message[head_at..].copy_from_slice(&self.head());
        message
    }

    /// Signs the heartbeat and puts it in its envelope.
    pub(crate) fn seal(self, network: NetworkId, sign: impl FnOnce(&[u8]) -> PeerSignature) -> Envelope {
        Envelope { heartbeat: self, signature: sign(&self.message(network)) }
    }
}

impl Envelope {
    pub(crate) fn encode(&self) -> [u8; HEARTBEAT_LEN] {
        let mut bytes = [0; HEARTBEAT_LEN];
        bytes[..SIGNATURE_AT].copy_from_slice(&self.heartbeat.head());
        bytes[SIGNATURE_AT..].copy_from_slice(&self.signature.0);
        bytes
    }

    /// Reads the parts. Nothing is verified by that.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, EnvelopeFault> {
        let bytes: &[u8; HEARTBEAT_LEN] = bytes.try_into().map_err(|_| EnvelopeFault::Length(bytes.len()))?;
        if bytes[0] != VERSION {
            return Err(EnvelopeFault::Version(bytes[0]));
        }
        let pulse = pulse_of(bytes[1])?;
        let heartbeat = Heartbeat {
            author: PeerId(part(bytes, AUTHOR_AT)),
            boot: u64::from_be_bytes(part(bytes, BOOT_AT)),
            noted: u64::from_be_bytes(part(bytes, NOTED_AT)),
            seq: u64::from_be_bytes(part(bytes, SEQ_AT)),
            time: UnixSeconds(u64::from_be_bytes(part(bytes, TIME_AT))),
            pulse,
        };
        Ok(Self { heartbeat, signature: PeerSignature(part(bytes, SIGNATURE_AT)) })
    }

    /// Whether the author signed it, for this network.
    pub(crate) fn verify(&self, network: NetworkId) -> Result<(), PeerFault> {
        verify_strict(self.heartbeat.author, &self.heartbeat.message(network), &self.signature)
    }
}

fn part<const N: usize>(bytes: &[u8; HEARTBEAT_LEN], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk().expect("every part lies inside the layout")
}
