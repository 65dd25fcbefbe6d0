//! The journal head: one hash that stands for the whole history of a contract or account.
//!
//! Whoever folds the facts a chain told it and compares the result with the head in the chain's own storage knows that
//! nothing was hidden, invented, re-dated or reordered.

use serde::{Deserialize, Serialize};

use crate::cycle::{Height, UnixSeconds};
use crate::fact::{Body, BodyKind};
use crate::hash::{Hash, keccak};
use crate::identity::{Account, ChainId};
use crate::network::NetworkId;

const JOURNAL_TAG: &[u8; 17] = b"williw-journal-v1";

/// The storage slot of the head in each contract on Base.
pub const HEAD_SLOT: u64 = 2;

/// The storage slot behind it, whose lowest eight bytes are the number of the last fact.
pub const SEQ_SLOT: u64 = 3;

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

/// Where a chain keeps its journals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Site {
    /// One head per contract. A network without rewards has no pool.
    Base { vault: Account, pool: Option<Account> },
    /// One head per operator account and one in the config account.
    Solana { config: Account },
}

impl Site {
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        match self {
            Self::Base { .. } => ChainId::Base,
            Self::Solana { .. } => ChainId::Solana,
        }
    }

    /// The journal that records such a fact; none if the site does not name it: an operator account's own, or that of a
    /// pool that does not exist.
    #[must_use]
    pub const fn journal_of(&self, body: &Body) -> Option<Account> {
        match (self, body.kind()) {
            (Self::Solana { config }, kind) => {
                if kind.is_about_operator() {
                    None
                } else {
                    Some(*config)
                }
            }
            (Self::Base { vault, pool }, kind) => match kind {
                BodyKind::PoolParameters
                | BodyKind::PoolParametersProposed
                | BodyKind::Funded
                | BodyKind::RootPending
                | BodyKind::RootVetoed => *pool,
                BodyKind::Registered
                | BodyKind::Staked
                | BodyKind::Unstaked
                | BodyKind::Restaked
                | BodyKind::Withdrawn
                | BodyKind::Rotated
                | BodyKind::Slashed
                | BodyKind::Unjailed
                | BodyKind::VaultParameters
                | BodyKind::VaultParametersProposed => Some(*vault),
            },
        }
    }

    /// The journals that every page must attest: those that exist from the first block on.
    #[must_use]
    pub fn standing_journals(&self) -> Vec<Account> {
        match self {
            Self::Base { vault, pool } => std::iter::once(*vault).chain(*pool).collect(),
            Self::Solana { config } => vec![*config],
        }
    }
}
