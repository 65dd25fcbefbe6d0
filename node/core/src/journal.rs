//! The journal head: one hash that stands for the whole history of a contract or account.
//!
//! Whoever folds the facts a chain told it and compares the result with the head in the chain's own storage knows that
//! nothing was hidden, invented, re-dated or reordered.

use serde::{Deserialize, Serialize};

use crate::cycle::{Height, UnixSeconds};
use crate::fact::Body;
use crate::hash::{Hash, keccak};
use crate::identity::{Account, ChainId};
use crate::network::NetworkId;

const JOURNAL_TAG: &[u8; 17] = b"williw-journal-v1";

/// How far a journal has been folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the last fact; 0 before the first.
    pub seq: u64,
    pub hash: Hash,
}

impl Head {
    /// The head of a journal that holds nothing.
    #[must_use]
    pub fn empty(network: NetworkId, chain: ChainId, journal: Account) -> Self {
        Self { seq: 0, hash: keccak(&[JOURNAL_TAG, &network.0, &[chain.byte()], &journal.0]) }
    }
}

/// `keccak(head || seq || time || height || kind || body)`.
#[must_use]
pub(crate) fn fold(head: Hash, seq: u64, time: UnixSeconds, height: Height, body: &Body) -> Hash {
    keccak(&[
        &head.0,
        &seq.to_be_bytes(),
        &time.0.to_be_bytes(),
        &height.0.to_be_bytes(),
        &[body.kind().byte()],
        &body.encode(),
    ])
}
