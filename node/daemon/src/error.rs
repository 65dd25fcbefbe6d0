//! Why a node does not start or stopped, and whose move it is.

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use williw_chain::ChainError;
use williw_core::guard::Twin;
use williw_core::identity::ChainId;
use williw_core::offence::Acquittal;
use williw_gossip::GossipError;
use williw_store::StoreError;
use williw_store::guard::GuardError;

/// Who has to do something before it is worth trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Whoever runs the node: settings, keys or files are not what they have to be.
    Settings,
    /// Somebody else: a chain does not answer, or not what it should.
    Outside,
    /// Something broke while the node ran.
    Failure,
}

/// Why a node does not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DaemonError {
    #[error("{chain} cannot be read: {source}")]
    Chain { chain: ChainId, source: ChainError },
    #[error("{}", whole(source))]
    Open { source: StoreError },
    #[error("the store failed: {}", whole(source))]
    Store { source: StoreError },
    #[error("evidence in the database proves nothing: {source}")]
    Evidence { source: Acquittal },
    #[error("cannot listen on {listen} for http: {source}")]
    Http { listen: SocketAddr, source: io::Error },
    #[error("the http server failed: {source}")]
    Serving { source: io::Error },
    #[error("a peer cannot be noted: {}", whole(source))]
    Peer { source: GossipError },
    #[error("{}", whole(source))]
    Listen { source: GossipError },
    #[error("the network failed: {}", whole(source))]
    Network { source: GossipError },
    #[error("the network ended by itself")]
    NetworkEnded,
    #[error("the reader of a chain broke: {source}")]
    Follower { source: tokio::task::JoinError },
    #[error("{}", whole(source))]
    Guard { source: GuardError },
    #[error("the guard ended by itself")]
    GuardEnded,
    #[error("{twin}; nothing is signed here")]
    Twin { twin: Twin },
}

impl DaemonError {
    /// Whose move it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Chain { source: ChainError::Settings(_), .. }
            | Self::Open { .. }
            | Self::Evidence { .. }
            | Self::Http { .. }
            | Self::Peer { .. }
            | Self::Listen { .. } => Cause::Settings,
            Self::Guard { source } if !matches!(source, GuardError::Full | GuardError::Failed { .. }) => {
                Cause::Settings
            }
            Self::Chain { .. } => Cause::Outside,
            Self::Store { .. }
            | Self::Serving { .. }
            | Self::Network { .. }
            | Self::NetworkEnded
            | Self::Follower { .. }
            | Self::Guard { .. }
            | Self::GuardEnded
            | Self::Twin { .. } => Cause::Failure,
        }
    }

    /// What to do, where the error itself does not say it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Chain { chain: ChainId::Base, source: ChainError::Settings(_) } => {
                Some("see `[base] rpcs` in williw.toml")
            }
            Self::Chain { chain: ChainId::Solana, source: ChainError::Settings(_) } => {
                Some("see `[solana] rpcs` in williw.toml")
            }
            Self::Chain { chain: ChainId::Base, .. } => {
                Some("see `[base]` in williw.toml: `rpcs` must serve chain `chain_id` with the vault")
            }
            Self::Chain { chain: ChainId::Solana, .. } => {
                Some("see `[solana]` in williw.toml: `rpcs` must serve the cluster of `genesis` with the program")
            }
            Self::Evidence { .. } => Some("restore a backup, or move the database away to read the chains again"),
            Self::Http { source, .. } => Some(match source.kind() {
                io::ErrorKind::AddrInUse => "another program has that port: stop it, or choose another `[http] listen`",
                _ => "choose another `[http] listen` in williw.toml",
            }),
            Self::Peer { .. } => Some("check `[gossip] peers` in williw.toml"),
            Self::Listen { source } => Some(match io_kind(source) {
                Some(io::ErrorKind::AddrInUse) => {
                    "another program has that port: stop it, or choose another `[gossip] listen`"
                }
                _ => "choose another `[gossip] listen` in williw.toml",
            }),
            Self::NetworkEnded
            | Self::Network { .. }
            | Self::Serving { .. }
            | Self::GuardEnded
            | Self::Follower { .. } => Some("start the node again; the log before this line says more"),
            Self::Guard { source } => source.hint(),
            Self::Twin { twin: Twin::Ahead { .. } | Twin::Behind { .. } } => Some(
                "if no other copy runs, this home is older than what it signed: name a new signer with `williw keys rotate --restored`, or, if that is impossible, see `williw guard accept --help`",
            ),
            Self::Twin { twin: Twin::Beside { .. } } => {
                Some("stop the other copy, and keep it from starting again; then start this one")
            }
            // Errors of the store say what to do.
            Self::Open { .. } | Self::Store { .. } => None,
        }
    }
}

/// An error with all that it stands on. What an error says already, because its source is part of its text, is not said
/// again.
pub(crate) fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error;
    while let Some(source) = cause.source() {
        let more = source.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = source;
    }
    text
}

/// What the operating system said, if it was that.
fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}
