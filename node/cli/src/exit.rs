//! How commands end.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | it is done |
//! | 1 | it failed |
//! | 2 | the command line, the settings, a key or another file is not what it has to be |
//! | 3 | a chain or the node did not answer, not as it should, or the chain refused |
//! | 130 | it was interrupted before it was done: by a signal, or as a node that was told to stop twice |

use std::fmt;
use std::process::ExitCode;

use williw_chain::base::ChainError;
use williw_chain::send::SendError;
use williw_chain::wallet::WalletError;
use williw_core::identity::ChainId;
use williw_daemon::keys::KeyError;
use williw_daemon::outbox::OutboxError;
use williw_daemon::settings::SettingsError;
use williw_daemon::{Cause, DaemonError};
use williw_store::StoreError;
use williw_store::guard::GuardError;

/// What a shell sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    Failed,
    Usage,
    Outside,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Failed => 1,
            ExitStatus::Usage => 2,
            ExitStatus::Outside => 3,
        })
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: ExitStatus,
    pub(crate) text: String,
    pub(crate) hint: Option<String>,
    /// The name under which a chain refused, if it did.
    pub(crate) refusal: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: ExitStatus, text: impl fmt::Display) -> Self {
        Self { status, text: text.to_string(), hint: None, refusal: None }
    }

    /// Something that the person who typed the command has to change.
    pub(crate) fn usage(text: impl fmt::Display) -> Self {
        Self::new(ExitStatus::Usage, text)
    }

    /// Why a chain of the settings was not read, or nothing was sent to it.
    pub(crate) fn of(chain: ChainId, error: impl Into<OutboxError>) -> Self {
        match error.into() {
            OutboxError::Send(error) => sending(chain, error),
            error => outbox(&error),
        }
    }

    pub(crate) fn hint(self, hint: impl fmt::Display) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::usage(error)
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        Self::usage(error)
    }
}

impl From<WalletError> for Failure {
    fn from(error: WalletError) -> Self {
        Self::usage(error)
    }
}

/// Of a chain that no settings name: whoever asked says which endpoints were meant.
impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        let status = if matches!(error, ChainError::Settings(_)) { ExitStatus::Usage } else { ExitStatus::Outside };
        Self::new(status, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        outbox(&error.into())
    }
}

impl From<GuardError> for Failure {
    fn from(error: GuardError) -> Self {
        DaemonError::Guard { source: error }.into()
    }
}

impl From<Cause> for ExitStatus {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Settings => Self::Usage,
            Cause::Outside => Self::Outside,
            Cause::Failure => Self::Failed,
        }
    }
}

impl From<DaemonError> for Failure {
    fn from(error: DaemonError) -> Self {
        Self { hint: error.hint().map(str::to_owned), ..Self::new(error.cause().into(), &error) }
    }
}

fn sending(chain: ChainId, error: SendError) -> Failure {
    match error {
        // Not what an endpoint did.
        SendError::Chain(error @ (ChainError::ForeignAccount(_) | ChainError::TooManyAccounts { .. })) => error.into(),
        SendError::Chain(source) => DaemonError::Chain { chain, source }.into(),
        SendError::Wallet(error) => error.into(),
        SendError::Refused { what, refusal } => {
            let text = format_args!("{what}: {} [{}]", refusal.why, refusal.name).to_string();
            let hint = match refusal.name.as_str() {
                "Jailed" => {
                    Some("its owner brings it back with a new signer: `williw keys rotate` makes one, and says how")
                }
                "StillJailed" => Some("`williw operator` says until when; the signer that was made waits in the home"),
                "NoSuchEntry" => Some("`williw operator` lists the queue with its tickets"),
                _ => refusal.hint,
            };
            let hint = hint.map(str::to_owned);
            Failure { hint, refusal: Some(refusal.name), ..Failure::new(ExitStatus::Outside, text) }
        }
        error => {
            let hint = match error {
                SendError::TooFewTokens { .. } => Some("get more tokens, or stake less"),
                SendError::Pending { .. } => {
                    Some("wait until what is pending is mined, or replace it in the wallet that sent it")
                }
                SendError::TooPoor { .. } | SendError::TooFewLamports { .. } => {
                    Some("give the account more of the chain's own coin")
                }
                _ => None,
            };
            Failure { hint: hint.map(str::to_owned), ..Failure::new(ExitStatus::Outside, error) }
        }
    }
}

fn outbox(error: &OutboxError) -> Failure {
    Failure { hint: error.hint().map(str::to_owned), ..Failure::new(error.cause().into(), error) }
}
