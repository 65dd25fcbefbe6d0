//! How commands end.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | it is done |
//! | 1 | it failed |
//! | 2 | the command line, the settings, a key or another file is not what it has to be |
//! | 3 | a chain or the node did not answer, not as it should, or the chain refused |

use std::fmt;
use std::process::ExitCode;

use williw_chain::base::ChainError;
use williw_chain::send::SendError;
use williw_chain::wallet::WalletError;
use williw_daemon::keys::KeyError;
use williw_daemon::outbox::OutboxError;
use williw_daemon::settings::SettingsError;
use williw_daemon::{Cause, DaemonError};
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
}

impl Failure {
    pub(crate) fn new(status: ExitStatus, text: impl fmt::Display) -> Self {
        Self { status, text: text.to_string(), hint: None }
    }

    /// Something that the person who typed the command has to change.
    pub(crate) fn usage(text: impl fmt::Display) -> Self {
        Self::new(ExitStatus::Usage, text)
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

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Settings(fault) => Self::usage(fault).hint("see `[base] rpcs` in williw.toml"),
            ChainError::NoQuorum { .. } => Self::new(ExitStatus::Outside, error)
                .hint("see `[base]` in williw.toml: `rpcs` must serve chain `chain_id` with the vault"),
            error => Self::new(ExitStatus::Outside, error),
        }
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Chain(error) => error.into(),
            SendError::Wallet(error) => error.into(),
            SendError::Refused { what, refusal } => {
                let failure =
                    Self::new(ExitStatus::Outside, format_args!("{what}: {} [{}]", refusal.why, refusal.name));
                Self { hint: refusal.hint.map(str::to_owned), ..failure }
            }
            error @ SendError::TooFewTokens { .. } => {
                Self::new(ExitStatus::Outside, error).hint("get more tokens, or stake less")
            }
            error @ SendError::Pending { .. } => Self::new(ExitStatus::Outside, error)
                .hint("wait until what is pending is mined, or replace it in the wallet that sent it"),
            error @ SendError::TooPoor { .. } => {
                Self::new(ExitStatus::Outside, error).hint("give the account more of the chain's own coin")
            }
            error => Self::new(ExitStatus::Outside, error),
        }
    }
}

impl From<GuardError> for Failure {
    fn from(error: GuardError) -> Self {
        DaemonError::Guard { source: error }.into()
    }
}

impl From<OutboxError> for Failure {
    fn from(error: OutboxError) -> Self {
        match error {
            OutboxError::Send(error) => error.into(),
            error => Self { hint: error.hint().map(str::to_owned), ..Self::new(error.cause().into(), &error) },
        }
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
