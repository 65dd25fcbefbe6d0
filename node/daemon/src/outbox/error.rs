//! Why something was not carried out, and what to do about it.

use std::io;
use std::path::PathBuf;

use williw_chain::base::{ChainError, Faults};
use williw_chain::send::SendError;
use williw_chain::wallet::WalletError;
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::outbox::{Contradiction, IntentId, Stage, TooManyFailures};
use williw_store::StoreError;

use super::Receipt;
use crate::error::{Cause, whole};

/// Why the outbox did not do what was asked, or not to its end. What it says of an intent is on disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("{}", whole(.0))]
    Store(#[from] StoreError),
    #[error("{} cannot be used: {source}", path.display())]
    Lock { path: PathBuf, source: io::Error },
    #[error("{account} is in use by {}", by.map_or_else(|| "another process".to_owned(), |by| format!("process {by}")))]
    Owned { account: String, by: Option<u32> },
    #[error(transparent)]
    TooManyFailures(#[from] TooManyFailures),
    #[error("{what}: this was asked before (intent {}) and is {stage}", receipt.intent)]
    AskedBefore { receipt: Receipt, what: String, stage: Box<Stage> },
    #[error("{what}: no endpoint took transaction {hash} (intent {intent}): {faults}")]
    NotTaken { intent: IntentId, what: String, hash: Hash, faults: Faults },
    #[error("{what}: transaction {hash} (intent {intent}) failed in block {block}; only its gas is gone")]
    Reverted { intent: IntentId, what: String, hash: Hash, block: Height },
    #[error(
        "{what}: no receipt of transaction {hash} with nonce {nonce} in time (intent {intent}); it may still be mined: {faults}"
    )]
    NoReceipt { intent: IntentId, what: String, hash: Hash, nonce: u64, faults: Faults },
    #[error("{what}: nonce {nonce} was used by another transaction as of block {block} (intent {intent})")]
    Spent { intent: IntentId, what: String, nonce: u64, block: Height },
    #[error("{what}: intent {intent} was cancelled in block {block}")]
    Cancelled { intent: IntentId, what: String, block: Height },
    #[error(
        "the nonce that the endpoints agree on, {nonce}, is that of intent {intent}: they are behind, or a block was reorganised away"
    )]
    Behind { intent: IntentId, nonce: u64 },
    #[error("there is no intent {0} in the outbox")]
    NoIntent(IntentId),
    #[error("intent {intent} has ended: {stage}")]
    Ended { intent: IntentId, stage: Box<Stage> },
    #[error("intent {intent} is of account {account}, which is not the keystore's")]
    OtherAccount { intent: IntentId, account: String },
    #[error("intent {intent} is none of base")]
    OtherChain { intent: IntentId },
    #[error("{0} is no account of base")]
    ForeignTarget(Account),
    #[error("intent {intent}: a new transaction has to be signed for it")]
    NeedsKey { intent: IntentId },
    #[error("the outbox contradicts itself: {0}")]
    Contradiction(#[from] Contradiction),
}

impl From<ChainError> for OutboxError {
    fn from(error: ChainError) -> Self {
        Self::Send(error.into())
    }
}

impl From<WalletError> for OutboxError {
    fn from(error: WalletError) -> Self {
        Self::Send(error.into())
    }
}

impl OutboxError {
    /// Whose move it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Lock { .. }
            | Self::Owned { .. }
            | Self::AskedBefore { .. }
            | Self::NoIntent(_)
            | Self::Ended { .. }
            | Self::OtherAccount { .. }
            | Self::OtherChain { .. }
            | Self::ForeignTarget(_)
            | Self::NeedsKey { .. } => Cause::Settings,
            Self::Send(_)
            | Self::TooManyFailures(_)
            | Self::NotTaken { .. }
            | Self::Reverted { .. }
            | Self::NoReceipt { .. }
            | Self::Spent { .. }
            | Self::Cancelled { .. }
            | Self::Behind { .. } => Cause::Outside,
            Self::Store(_) | Self::Contradiction(_) => Cause::Failure,
        }
    }

    /// What to do, where the error itself does not say it.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Owned { .. } => Some("wait until it is done with it, or stop it; what it has signed is kept"),
            Self::TooManyFailures(_) => Some(
                "see why with `williw outbox list`, then repeat one with `williw outbox retry`: when that is done, the rest goes on",
            ),
            Self::AskedBefore { .. } => Some("if you want it twice, ask again"),
            Self::NotTaken { .. } => Some(
                "it is signed and kept: `williw outbox retry` sends it again, `williw outbox cancel` takes its place",
            ),
            Self::NoReceipt { .. } => Some(
                "the outbox goes on with it: see `williw outbox show`, or call it off with `williw outbox cancel`; do not send it anew",
            ),
            Self::Spent { .. } => Some(
                "something else sends from this account; `williw outbox show` says how it ended once that block is final",
            ),
            Self::Behind { .. } => Some("try again in a moment"),
            Self::NeedsKey { .. } => Some("name the account's keystore with --keystore or ETH_KEYSTORE"),
            Self::NoIntent(_) => Some("see `williw outbox list`"),
            Self::OtherAccount { .. } => Some("name the keystore of that account"),
            Self::Lock { .. } => Some("the home has to be a folder that this user can write to"),
            Self::Send(_)
            | Self::Store(_)
            | Self::Reverted { .. }
            | Self::Cancelled { .. }
            | Self::Ended { .. }
            | Self::OtherChain { .. }
            | Self::ForeignTarget(_)
            | Self::Contradiction(_) => None,
        }
    }
}
