//! Why something was not carried out, and what to do about it.

use std::io;
use std::path::PathBuf;

use williw_chain::base::{ChainError, Faults};
use williw_chain::send::SendError;
use williw_chain::wallet::WalletError;
use williw_core::cycle::{At, Height};
use williw_core::identity::ChainId;
use williw_core::outbox::{Contradiction, IntentId, Pin, StageOn, TooManyFailures, TransactionName};
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
    AskedBefore { receipt: Receipt, what: String, stage: Box<StageOn> },
    #[error("{what}: no endpoint took transaction {name} (intent {intent}): {faults}")]
    NotTaken { intent: IntentId, what: String, name: TransactionName, faults: Faults },
    #[error(
        "{what}: the same was asked before (intent {intent}) and is {stage}: if that block is reorganised away it happens after all"
    )]
    NotFinal { intent: IntentId, what: String, stage: Box<StageOn> },
    #[error(
        "{what}: transaction {name} (intent {intent}) failed in {at}{}; only its {} is gone",
        not_yet(*.is_final), cost(.name)
    )]
    Reverted { intent: IntentId, what: String, name: TransactionName, at: At, is_final: bool },
    #[error(
        "{what}: no receipt of transaction {name} with {pin} in time (intent {intent}); it may still be mined: {faults}"
    )]
    NoReceipt { intent: IntentId, what: String, name: TransactionName, pin: Box<Pin>, faults: Box<Faults> },
    #[error(
        "{what}: transaction {name} (intent {intent}) did not happen and never will: its blockhash expired, and the final chain through slot {slot} does not have it"
    )]
    Expired { intent: IntentId, what: String, name: TransactionName, slot: Height },
    #[error(
        "{what}: the final chain does not move on, so this would be the same transaction as that of intent {intent}; nothing was sent"
    )]
    SameAgain { intent: IntentId, what: String },
    #[error("{what}: intent {intent} was asked for anew as intent {later}, which is {stage}; nothing was sent")]
    AskedAnew { intent: IntentId, what: String, later: IntentId, stage: Box<StageOn> },
    #[error("intent {intent} cannot be called off: nothing takes the place of a transaction of solana")]
    NotReplaceable { intent: IntentId },
    #[error(
        "{what}: intent {intent} has nonce {nonce}, and cannot be mined before nonces {next} to {} are used, which are nobody's: endpoints agreed on a wrong nonce",
        nonce.saturating_sub(1)
    )]
    Gap { intent: IntentId, what: String, nonce: u64, next: u64 },
    #[error("{what}: nonce {nonce} was used by another transaction as of block {block} (intent {intent})")]
    Spent { intent: IntentId, what: String, nonce: u64, block: Height },
    #[error("{what}: intent {intent} was cancelled in block {block}{}", not_yet(*.is_final))]
    Cancelled { intent: IntentId, what: String, block: Height, is_final: bool },
    #[error("intent {intent} is being cancelled")]
    BeingCancelled { intent: IntentId },
    #[error(
        "the nonce that the endpoints agree on, {nonce}, is that of intent {intent}, which is {stage}: they are behind, or a block was reorganised away"
    )]
    Behind { intent: IntentId, nonce: u64, stage: Box<StageOn> },
    #[error("there is no intent {0} in the outbox")]
    NoIntent(IntentId),
    #[error("intent {intent} has ended: {stage}")]
    Ended { intent: IntentId, stage: Box<StageOn> },
    #[error("intent {intent} is of account {account}, which is not the key's")]
    OtherAccount { intent: IntentId, account: String },
    #[error("intent {intent} is of {chain}, and the key is not")]
    OtherChain { intent: IntentId, chain: ChainId },
    #[error("intent {intent}: a new transaction has to be signed for it")]
    NeedsKey { intent: IntentId },
    #[error("{}", contradiction(*.0))]
    Contradiction(#[from] Contradiction),
}

fn contradiction(found: Contradiction) -> String {
    match found {
        Contradiction::TooManyAttempts => found.to_string(),
        other => format!("the outbox contradicts itself: {other}"),
    }
}

/// What a failed transaction costs all the same.
const fn cost(name: &TransactionName) -> &'static str {
    match name {
        TransactionName::Base(_) => "gas",
        TransactionName::Solana(_) => "fee",
    }
}

/// What is to be known of a block beside that something is in it.
const fn not_yet(is_final: bool) -> &'static str {
    if is_final { "" } else { ", which is not final yet" }
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
            | Self::BeingCancelled { .. }
            | Self::NotReplaceable { .. }
            | Self::AskedAnew { .. }
            | Self::Contradiction(Contradiction::TooManyAttempts)
            | Self::NeedsKey { .. } => Cause::Settings,
            Self::Send(_)
            | Self::TooManyFailures(_)
            | Self::NotTaken { .. }
            | Self::Reverted { .. }
            | Self::NoReceipt { .. }
            | Self::NotFinal { .. }
            | Self::Gap { .. }
            | Self::Spent { .. }
            | Self::Expired { .. }
            | Self::SameAgain { .. }
            | Self::Cancelled { .. }
            | Self::Behind { .. } => Cause::Outside,
            Self::Store(_) | Self::Contradiction(_) => Cause::Failure,
        }
    }

    /// What to do, where the error itself does not say it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Owned { .. } => Some("wait until it is done with it, or stop it; what it has signed is kept"),
            Self::TooManyFailures(_) => Some(
                "see why with `williw outbox list`; then repeat one with `williw outbox retry`, or say with `williw outbox cancel` that it is wanted no more",
            ),
            Self::AskedBefore { .. } => Some("if you want it twice, ask again"),
            Self::NotTaken { name: TransactionName::Solana(_), .. } => Some(
                "it is signed and kept: `williw outbox retry` sends it again; within some two minutes it has happened or never will",
            ),
            Self::NotTaken { .. } => Some(
                "it is signed and kept: `williw outbox retry` sends it again, `williw outbox cancel` takes its place",
            ),
            Self::NoReceipt { name: TransactionName::Solana(_), .. } => Some(
                "the outbox goes on with it until it has happened or never can: see `williw outbox show`; do not send it anew",
            ),
            Self::Expired { .. } => Some("ask again, or sign it anew with `williw outbox retry`"),
            Self::SameAgain { .. } => Some("see how the endpoints do with `williw status`, and try again"),
            Self::AskedAnew { .. } => Some("if you want it twice, type the verb itself"),
            Self::NotReplaceable { .. } => {
                Some("it happens within some two minutes of its signature, or never: see `williw outbox show`")
            }
            Self::OtherChain { chain: ChainId::Base, .. } => {
                Some("name the account's keystore with --keystore or ETH_KEYSTORE")
            }
            Self::OtherChain { chain: ChainId::Solana, .. } => {
                Some("name the account's keypair with --keypair or SOLANA_KEYPAIR")
            }
            Self::NoReceipt { .. } => Some(
                "the outbox goes on with it: see `williw outbox show`, or call it off with `williw outbox cancel`; do not send it anew",
            ),
            Self::Spent { .. } => Some(
                "something else sends from this account; `williw outbox show` says how it ended once that block is final",
            ),
            Self::Behind { stage, .. } if stage.stage.is_settled() => {
                Some("that intent is final, so these endpoints are far behind or on another chain: name others")
            }
            Self::Behind { .. } => Some("try again in a moment"),
            Self::NotFinal { .. } => Some("ask again once it is final: see `williw outbox show`"),
            Self::Gap { .. } => Some(
                "use the missing nonces up with any other wallet of this account, for instance with transfers of nothing to itself; then this one is mined, or cancelled with `williw outbox cancel`",
            ),
            Self::BeingCancelled { .. } => Some(
                "`williw outbox cancel` raises the fee of its cancellation; once that is final, ask for the same anew",
            ),
            Self::Reverted { is_final: false, .. } | Self::Cancelled { is_final: false, .. } => {
                Some("the same can be asked again once that block is final: see `williw outbox show`")
            }
            Self::NeedsKey { .. } => Some(
                "name the account's key: --keystore or ETH_KEYSTORE on Base, --keypair or SOLANA_KEYPAIR on Solana",
            ),
            Self::NoIntent(_) => Some("see `williw outbox list`"),
            Self::OtherAccount { .. } => Some("name the key of that account"),
            Self::Lock { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                Some("make room on the disk of the home")
            }
            Self::Lock { .. } => Some("the home has to be a folder that this user can write to"),
            Self::Send(_)
            | Self::Store(_)
            | Self::Reverted { .. }
            | Self::Cancelled { .. }
            | Self::Ended { .. }
            | Self::Contradiction(_) => None,
        }
    }
}
