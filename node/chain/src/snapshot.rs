//! How an operator stands in the chain's own state, for people who compare and for owners who are about to act.

use williw_core::amount::Amount;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::identity::{Account, Signer};

/// The most accounts in one look-up; more are refused.
pub const SNAPSHOT_CAP: usize = 64;

/// One owner in the chain's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorSnapshot {
    pub account: Account,
    pub at: Height,
    /// None if it is not registered.
    pub operator: Option<StandingOnChain>,
}

/// An operator's record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StandingOnChain {
    pub index: u64,
    pub active: Amount,
    pub queued: Amount,
    pub signer: Signer,
    pub nonce: u64,
    pub term: u64,
    /// Before this moment its jail cannot end; none if it is free.
    pub jailed_until: Option<UnixSeconds>,
    /// In the order of their tickets.
    pub queue: Vec<QueueEntry>,
}

/// Stake on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueueEntry {
    pub ticket: u64,
    pub amount: Amount,
    pub maturity: UnixSeconds,
}
