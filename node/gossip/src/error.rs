//! What can go wrong with the network itself. What peers do wrong is no error here.

use std::net::SocketAddr;

use williw_core::identity::PeerId;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum GossipError {
    #[error("cannot listen on {listen}")]
    Listen { listen: SocketAddr, source: BoxError },
    #[error("peer {0} is no ed25519 public key")]
    NotAKey(PeerId),
    #[error("the address book is full: {cap} peers are known")]
    BookFull { cap: usize },
    #[error("{got} addresses for peer {peer}, at most {cap} are taken")]
    TooManyAddresses { peer: PeerId, got: usize, cap: usize },
    #[error("peer {0} may not be dialled")]
    Refused(PeerId),
    #[error("peer {peer} could not be dialled")]
    Dial { peer: PeerId, source: BoxError },
    #[error("the gossip topic is closed")]
    Closed { source: BoxError },
    #[error("the network did not shut down cleanly")]
    Shutdown { source: BoxError },
}
