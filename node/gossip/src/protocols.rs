//! Other protocols behind the same door.
//!
//! A protocol is given connections and nothing else, and only such as completed their handshake and were let in. It
//! cannot take one earlier: iroh's early callback is not passed on.

use std::fmt;

use iroh::endpoint::Connection;
use iroh::protocol::{AcceptError, DynProtocolHandler, ProtocolHandler};

/// The protocols that a network serves besides gossip, by ALPN.
#[derive(Default)]
pub struct Protocols {
    served: Vec<(Vec<u8>, Box<dyn DynProtocolHandler>)>,
}

impl fmt::Debug for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.served.iter().map(|(alpn, _)| alpn.escape_ascii().to_string())).finish()
    }
}

impl Protocols {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a protocol. Its own `on_accepting` is never called.
    #[must_use]
    pub fn serve(mut self, alpn: &[u8], protocol: impl ProtocolHandler) -> Self {
        self.served.push((alpn.to_vec(), Box::new(AfterHandshake(protocol))));
        self
    }

    pub(crate) fn into_served(self) -> impl Iterator<Item = (Vec<u8>, Box<dyn DynProtocolHandler>)> {
        self.served.into_iter()
    }
}

/// Leaves `on_accepting` as iroh has it: wait for the handshake and the door.
#[derive(Debug)]
struct AfterHandshake<P>(P);

impl<P: ProtocolHandler> ProtocolHandler for AfterHandshake<P> {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        self.0.accept(connection).await
    }

    async fn shutdown(&self) {
        self.0.shutdown().await;
    }
}
