//! One thing a chain said, and the bytes by which it said it.

use serde::{Deserialize, Serialize};

use crate::amount::{Amount, Bps};
use crate::cycle::{Cycle, Height, Seconds, UnixSeconds};
use crate::hash::Hash;
use crate::identity::{Account, ChainId, Owner};
use crate::link::LinkTerms;
use crate::offence::Evidence;
use crate::statement::{RewardRoot, StatementFault};
use crate::wire::{Reader, WrongLength};

mod codec;

/// Something that happened on a chain, in its place in one journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    pub chain: ChainId,
    /// The contract, or the Solana account, whose journal this is.
    pub journal: Account,
    /// Its number in that journal; the first is 1.
    pub seq: u64,
    /// Block time.
    pub time: UnixSeconds,
    pub height: Height,
    pub body: Body,
}

/// What a vault demands and takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultParameters {
    pub min_stake: Amount,
    pub min_deposit: Amount,
    pub unstaking_period: Seconds,
    pub slash: Bps,
    pub evidence_cycles: u64,
}

/// What a pool demands and allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolParameters {
    pub min_quorum: Amount,
    pub delay: Seconds,
    pub max_per_cycle: Amount,
}

/// What happened. Balances are absolute and hold after the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    Registered { account: Account, index: u64, active: Amount, link: LinkTerms },
    Staked { account: Account, active: Amount },
    Unstaked { account: Account, active: Amount, queued: Amount, amount: Amount, maturity: UnixSeconds },
    Restaked { account: Account, active: Amount, queued: Amount },
    Withdrawn { account: Account, queued: Amount, amount: Amount },
    Rotated { account: Account, link: LinkTerms },
    Slashed(Box<Slashed>),
    Unjailed { account: Account, active: Amount, link: LinkTerms },
    VaultParameters(VaultParameters),
    VaultParametersProposed { parameters: VaultParameters, effective: UnixSeconds },
    PoolParameters(PoolParameters),
    PoolParametersProposed { parameters: PoolParameters, effective: UnixSeconds },
    Funded { funded: Amount },
    RootPending { cycle: Cycle, root: RewardRoot, activates: UnixSeconds },
    RootVetoed { cycle: Cycle },
}

/// A slash with the whole evidence, so that everyone can judge it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slashed {
    pub account: Account,
    pub active: Amount,
    pub queued: Amount,
    pub taken: Amount,
    pub bounty: Amount,
    pub beneficiary: Account,
    pub evidence: Evidence,
}

/// Which body follows. The numbers are part of the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum BodyKind {
    Registered = 1,
    Staked = 2,
    Unstaked = 3,
    Restaked = 4,
    Withdrawn = 5,
    Rotated = 6,
    Slashed = 7,
    Unjailed = 8,
    VaultParameters = 16,
    VaultParametersProposed = 17,
    PoolParameters = 32,
    PoolParametersProposed = 33,
    Funded = 34,
    RootPending = 35,
    RootVetoed = 36,
}

/// Why bytes are no body of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    #[error("{0} is not a kind of fact")]
    UnknownKind(u8),
    #[error("body: {0}")]
    Length(#[from] WrongLength),
    #[error("an address has bytes set that no Base address has")]
    BadAddress,
    #[error("a slash of {0} basis points is more than the whole")]
    Bps(u16),
    #[error(transparent)]
    Evidence(#[from] StatementFault),
}

impl Body {
    /// Which kind of body this is.
    #[must_use]
    pub const fn kind(&self) -> BodyKind {
        match self {
            Self::Registered { .. } => BodyKind::Registered,
            Self::Staked { .. } => BodyKind::Staked,
            Self::Unstaked { .. } => BodyKind::Unstaked,
            Self::Restaked { .. } => BodyKind::Restaked,
            Self::Withdrawn { .. } => BodyKind::Withdrawn,
            Self::Rotated { .. } => BodyKind::Rotated,
            Self::Slashed(_) => BodyKind::Slashed,
            Self::Unjailed { .. } => BodyKind::Unjailed,
            Self::VaultParameters(_) => BodyKind::VaultParameters,
            Self::VaultParametersProposed { .. } => BodyKind::VaultParametersProposed,
            Self::PoolParameters(_) => BodyKind::PoolParameters,
            Self::PoolParametersProposed { .. } => BodyKind::PoolParametersProposed,
            Self::Funded { .. } => BodyKind::Funded,
            Self::RootPending { .. } => BodyKind::RootPending,
            Self::RootVetoed { .. } => BodyKind::RootVetoed,
        }
    }

    /// From when announced parameters hold, if this announces any.
    #[must_use]
    pub const fn announces(&self) -> Option<UnixSeconds> {
        if let Self::VaultParametersProposed { effective, .. } | Self::PoolParametersProposed { effective, .. } = self {
            Some(*effective)
        } else {
            None
        }
    }

    /// The account it happened to; none for facts about a whole chain.
    #[must_use]
    pub fn account(&self) -> Option<Account> {
        match self {
            Self::Registered { account, .. }
            | Self::Staked { account, .. }
            | Self::Unstaked { account, .. }
            | Self::Restaked { account, .. }
            | Self::Withdrawn { account, .. }
            | Self::Rotated { account, .. }
            | Self::Unjailed { account, .. } => Some(*account),
            Self::Slashed(slashed) => Some(slashed.account),
            Self::VaultParameters(_)
            | Self::VaultParametersProposed { .. }
            | Self::PoolParameters(_)
            | Self::PoolParametersProposed { .. }
            | Self::Funded { .. }
            | Self::RootPending { .. }
            | Self::RootVetoed { .. } => None,
        }
    }
}

impl Fact {
    /// The owner it happened to; none for facts about a whole chain.
    #[must_use]
    pub fn owner(&self) -> Option<Owner> {
        self.body.account().map(|account| Owner { chain: self.chain, account })
    }

    /// The head of its journal after it, given the head before.
    #[must_use]
    pub fn head_after(&self, head: Hash) -> Hash {
        crate::journal::fold(head, self.seq, self.time, self.height, &self.body)
    }
}
