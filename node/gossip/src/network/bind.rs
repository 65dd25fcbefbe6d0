//! How the endpoint is made, and from where it takes packets.

use std::net::SocketAddr;

use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::{Incoming, NetReportConfig, QuicTransportConfig, VarInt, presets};
use iroh::protocol::IncomingFilterOutcome;
use iroh::{Endpoint, SecretKey};

use super::PeerSecret;
use crate::door::Door;
use crate::error::BoxError;

/// Bytes that a peer may send on one connection before they are read, over all its streams. Without a limit, each of a
/// hundred streams that nobody reads holds more than that.
const CONNECTION_UNREAD_CAP: u32 = 1 << 20;

/// The same for one stream.
const STREAM_UNREAD_CAP: u32 = 1 << 19;

/// The only place where an endpoint is made.
pub(super) async fn bind(
    secret: &PeerSecret,
    listen: SocketAddr,
    book: MemoryLookup,
    door: Door,
) -> Result<Endpoint, BoxError> {
    // Nothing here speaks in datagrams, so none are buffered.
    let transport = QuicTransportConfig::builder()
        .datagram_receive_buffer_size(None)
        .receive_window(VarInt::from_u32(CONNECTION_UNREAD_CAP))
        .stream_receive_window(VarInt::from_u32(STREAM_UNREAD_CAP))
        .build();
    let endpoint = Endpoint::builder(presets::Minimal)
        .secret_key(SecretKey::from_bytes(&secret.0))
        .hooks(door)
        .transport_config(transport)
        .max_tls_tickets(0) // nothing to resume with, so no 0-RTT outwards
        .net_report_config(NetReportConfig::minimal())
        .address_lookup(book)
        .clear_ip_transports()
        .bind_addr(listen)?
        .bind()
        .await?;
    Ok(endpoint)
}

/// Whoever sends from an address that is not its own gets an answer no longer than what it sent, and no handshake.
pub(super) fn validate(incoming: &Incoming) -> IncomingFilterOutcome {
    if incoming.remote_addr_validated() { IncomingFilterOutcome::Accept } else { IncomingFilterOutcome::Retry }
}
