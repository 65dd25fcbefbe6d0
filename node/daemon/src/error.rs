//! Why a node does not start or stopped, and whose move it is.

use std::net::SocketAddr;

use williw_chain::base::ChainError;
use williw_core::offence::Acquittal;
use williw_gossip::GossipError;
use williw_store::StoreError;

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
    #[error("base cannot be read: {source}")]
    Chain { source: ChainError },
    #[error("the vault divides time in another way than the database was founded with")]
    OtherClock,
    #[error("{source}")]
    Open { source: StoreError },
    #[error("the store failed: {source}")]
    Store { source: StoreError },
    #[error("evidence in the database proves nothing: {source}")]
    Evidence { source: Acquittal },
    #[error("cannot listen on {listen} for http: {source}")]
    Http { listen: SocketAddr, source: std::io::Error },
    #[error("the http server failed: {source}")]
    Serving { source: std::io::Error },
    #[error("a peer cannot be noted: {source}")]
    Peer { source: GossipError },
    #[error("{source}: {}", innermost(source))]
    Listen { source: GossipError },
    #[error("the network failed: {source}: {}", innermost(source))]
    Network { source: GossipError },
    #[error("the network ended by itself")]
    NetworkEnded,
}

impl DaemonError {
    /// Whose move it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Chain { source: ChainError::Settings(_) }
            | Self::OtherClock
            | Self::Open { .. }
            | Self::Evidence { .. }
            | Self::Http { .. }
            | Self::Peer { .. }
            | Self::Listen { .. } => Cause::Settings,
            Self::Chain { .. } => Cause::Outside,
            Self::Store { .. } | Self::Serving { .. } | Self::Network { .. } | Self::NetworkEnded => Cause::Failure,
        }
    }

    /// What to do, where the error itself does not say it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Chain { source: ChainError::Settings(_) } => Some("see `[base] rpcs` in williw.toml"),
            Self::Chain { .. } => {
                Some("see `[base]` in williw.toml: `rpcs` must serve chain `chain_id` with the vault")
            }
            Self::OtherClock => Some("check `[base]`; if the vault is the right one, move the database away"),
            Self::Evidence { .. } => Some("restore a backup, or move the database away to read the chains again"),
            Self::Http { .. } => Some("another program has that port: stop it, or choose another `[http] listen`"),
            Self::Peer { .. } => Some("check `[gossip] peers` in williw.toml"),
            Self::Listen { .. } => Some("another program has that port: stop it, or choose another `[gossip] listen`"),
            Self::NetworkEnded | Self::Network { .. } | Self::Serving { .. } => {
                Some("start the node again; the log before this line says more")
            }
            // Errors of the store say what to do.
            Self::Open { .. } | Self::Store { .. } => None,
        }
    }
}

/// What an error of the network stands on: its own text names the deed, not the reason.
fn innermost(error: &GossipError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
