//! Where a peer stands, and why. Every reason names the chain, the block and the rule.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::cycle::Height;
use crate::identity::ChainId;
use crate::reputation::Score;

/// What the door and the network make of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Admitted, dialled, heard.
    Member,
    /// Stays connected and is relayed; not dialled, not admitted anew.
    Probation(Doubt),
    /// Neither admitted nor kept.
    Barred(Bar),
}

/// Why a peer is on probation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// None of its chains was read lately.
    Stale { chain: ChainId },
    /// One endpoint alone shows an unstake below the smallest stake.
    Unstaking { chain: ChainId, height: Height, active: Amount },
    /// Its signer contradicted itself, and nobody has slashed it yet.
    Equivocated { chain: ChainId },
    /// It behaved badly towards this node.
    Disreputable { score: Score },
}

/// Why a peer is barred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bar {
    /// No operator names this peer.
    Unknown,
    /// Its chains have not been read to their final heads since this node started.
    Unread { chain: ChainId },
    /// Its active stake is below the smallest stake, finally or by an unstake that enough endpoints show.
    StakeTooSmall { chain: ChainId, height: Height, active: Amount, needed: Amount },
    /// A slash with valid evidence is on its way to being final.
    SlashPending { chain: ChainId, height: Height },
    /// It was slashed and its jail has not ended.
    Jailed { chain: ChainId, height: Height },
    /// It behaved very badly towards this node.
    Disreputable { score: Score },
}

impl Standing {
    #[must_use]
    pub const fn is_member(&self) -> bool {
        matches!(self, Self::Member)
    }

    #[must_use]
    pub const fn is_barred(&self) -> bool {
        matches!(self, Self::Barred(_))
    }

    /// The worse of two; of two equally bad ones, this.
    #[must_use]
    pub const fn worse(self, other: Self) -> Self {
        if other.badness() > self.badness() { other } else { self }
    }

    /// The better of two; of two equally good ones, this.
    #[must_use]
    pub const fn better(self, other: Self) -> Self {
        if other.badness() < self.badness() { other } else { self }
    }

    const fn badness(&self) -> u8 {
        match self {
            Self::Member => 0,
            Self::Probation(doubt) => match doubt {
                Doubt::Stale { .. } => 1,
                Doubt::Unstaking { .. } => 2,
                Doubt::Disreputable { .. } => 3,
                Doubt::Equivocated { .. } => 4,
            },
            Self::Barred(bar) => match bar {
                Bar::Unread { .. } => 5,
                Bar::Disreputable { .. } => 6,
                Bar::StakeTooSmall { .. } => 7,
                Bar::SlashPending { .. } => 8,
                Bar::Jailed { .. } => 9,
                Bar::Unknown => 10,
            },
        }
    }

    /// True if the network treats a peer of the two standings alike, whatever the reasons.
    #[must_use]
    pub const fn is_like(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Member, Self::Member)
                | (Self::Probation(_), Self::Probation(_))
                | (Self::Barred(_), Self::Barred(_))
        )
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member => f.write_str("member"),
            Self::Probation(doubt) => write!(f, "probation: {doubt}"),
            Self::Barred(bar) => write!(f, "barred: {bar}"),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale { chain } => write!(f, "stale {chain}"),
            Self::Unstaking { chain, height, active } => write!(f, "unstaking to {active} on {chain} at {height}"),
            Self::Equivocated { chain } => write!(f, "equivocated on {chain}"),
            Self::Disreputable { score } => write!(f, "reputation {score}"),
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Unread { chain } => write!(f, "unread {chain}"),
            Self::StakeTooSmall { chain, height, active, needed } => {
                write!(f, "stake {active} of {needed} on {chain} at {height}")
            }
            Self::SlashPending { chain, height } => write!(f, "slash pending on {chain} at {height}"),
            Self::Jailed { chain, height } => write!(f, "jailed on {chain} at {height}"),
            Self::Disreputable { score } => write!(f, "reputation {score}"),
        }
    }
}
