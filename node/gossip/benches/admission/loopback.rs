//! Whole connections: dialled, judged, closed. Beside them the same without a door.

use std::net::Ipv4Addr;

use iroh::endpoint::{Connection, ConnectionError, NetReportConfig, QuicTransportConfig, presets};
use iroh::protocol::{AcceptError, ProtocolHandler, Router};
use iroh::{Endpoint, EndpointAddr, EndpointId, SecretKey};
use serde_json::Value;
use williw_core::identity::PeerId;
use williw_core::network::NetworkId;
use williw_gossip::{Door, Network, NetworkSettings, PeerSecret, Protocols};

use crate::{Best, row};

const ALPN: &[u8] = b"williw-bench/close/1";
const ROUNDS: usize = 15;
/// Connections per turn.
const CONNECTIONS: usize = 100;
/// The code that the protocol closes with, when the door let a connection in.
const LET_IN: u32 = 7;
/// The code that the door closes with on a stranger.
const UNKNOWN: u32 = 0x100;

/// Closes what it is given, so that a connection that was let in ends in as many steps as one that was not.
#[derive(Debug)]
struct Close;

impl ProtocolHandler for Close {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        connection.close(LET_IN.into(), b"");
        Ok(())
    }
}

async fn bare(seed: u8) -> Endpoint {
    let builder = Endpoint::builder(presets::Minimal).secret_key(SecretKey::from_bytes(&[seed; 32]));
    // Set up as behind the door, or more would differ than the door.
    let transport = QuicTransportConfig::builder().datagram_receive_buffer_size(None).build();
    let builder = builder.transport_config(transport).max_tls_tickets(0).net_report_config(NetReportConfig::minimal());
    let builder = builder.clear_ip_transports().bind_addr((Ipv4Addr::LOCALHOST, 0)).expect("loopback is an address");
    builder.bind().await.expect("loopback has a free port")
}

/// Connects again and again, and sees each connection closed with the code.
async fn connect(endpoint: &Endpoint, to: &EndpointAddr, code: u32) {
    for _ in 0..CONNECTIONS {
        let connection = endpoint.connect(to.clone(), ALPN).await.expect("the handshake is done");
        match connection.closed().await {
            ConnectionError::ApplicationClosed(close) if close.error_code == code.into() => {}
            end => panic!("closed otherwise: {end}"),
        }
    }
}

pub(crate) fn rows() -> Vec<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    let (network, open, member, stranger) = runtime.block_on(async {
        let (member, stranger) = (bare(2).await, bare(3).await);
        let door = Door::new();
        door.admit(PeerId(*member.id().as_bytes()));
        let listen = (Ipv4Addr::LOCALHOST, 0).into();
        let settings = NetworkSettings { secret: PeerSecret([1; 32]), listen, network: NetworkId([0; 32]) };
        let started = Network::start_serving(settings, door, Protocols::new().serve(ALPN, Close)).await;
        let (network, _) = started.expect("loopback has a free port");
        let open = Router::builder(bare(4).await).accept(ALPN, Close).spawn();
        (network, open, member, stranger)
    });
    let behind = EndpointId::from_bytes(&network.peer().0).expect("a node's name is a key");
    let behind = network.address().into_iter().fold(EndpointAddr::new(behind), EndpointAddr::with_ip_addr);
    let open_sockets = open.endpoint().bound_sockets();
    let doorless = open_sockets.into_iter().fold(EndpointAddr::new(open.endpoint().id()), EndpointAddr::with_ip_addr);

    let (mut admitted, mut refused, mut floor) = (Best::NONE, Best::NONE, Best::NONE);
    for _ in 0..ROUNDS {
        admitted.turn(|| runtime.block_on(connect(&member, &behind, LET_IN)));
        refused.turn(|| runtime.block_on(connect(&stranger, &behind, UNKNOWN)));
        floor.turn(|| runtime.block_on(connect(&member, &doorless, LET_IN)));
    }
    runtime.block_on(async {
        network.close().await.expect("the network ends");
        open.shutdown().await.expect("the router ends");
        tokio::join!(member.close(), stranger.close());
    });
    let rate = |best: Best| CONNECTIONS as f64 / best.seconds;
    let beside = |name: &str, best| row(name, rate(best), "connections/s", Some(rate(floor)));
    vec![beside("loopback: connected and admitted", admitted), beside("loopback: connected and refused", refused)]
}
