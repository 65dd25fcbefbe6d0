//! What the tests have in common: nodes, bare endpoints, a protocol that keeps its connections, and waiting with a
//! deadline.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::{Connection, ConnectionError, WeakConnectionHandle, presets};
use iroh::protocol::{AcceptError, ProtocolHandler};
use iroh::{Endpoint, EndpointAddr, EndpointId, SecretKey};
use tokio::sync::mpsc;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::guard::Pulse;
use williw_core::hash::keccak;
use williw_core::identity::{ChainId, PeerId};
use williw_core::network::NetworkId;
use williw_core::standing::{Bar, Doubt};
use williw_gossip::{Door, Event, Network, NetworkSettings, PeerSecret, Protocols};

pub(crate) const NETWORK: NetworkId = NetworkId([0x42; 32]);
pub(crate) const JAILED: Bar = Bar::Jailed { chain: ChainId::Base, height: Height(7) };
pub(crate) const DOUBT: Doubt = Doubt::Stale { chain: ChainId::Base };
pub(crate) const KEEP: &[u8] = b"williw-test/keep/1";

/// Longer than anything takes; only a test that fails waits for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Node {
    pub(crate) network: Network,
    pub(crate) door: Door,
    pub(crate) events: mpsc::Receiver<Event>,
}

impl Node {
    pub(crate) async fn start(seed: u8) -> Self {
        Self::serving(seed, Protocols::new()).await
    }

    pub(crate) async fn serving(seed: u8, protocols: Protocols) -> Self {
        let door = Door::new();
        let settings = NetworkSettings { secret: PeerSecret([seed; 32]), listen: loopback(), network: NETWORK };
        let (network, events) = Network::start_serving(settings, door.clone(), protocols).await.unwrap();
        assert_eq!(network.peer(), peer(seed));
        Self { network, door, events }
    }

    /// A node that keeps every connection for [`KEEP`].
    pub(crate) async fn keeping(seed: u8) -> (Self, Keeper) {
        let keeper = Keeper::default();
        (Self::serving(seed, Protocols::new().serve(KEEP, keeper.clone())).await, keeper)
    }

    pub(crate) fn address(&self) -> EndpointAddr {
        let id = id(self.network.peer());
        self.network.address().into_iter().fold(EndpointAddr::new(id), |entry, address| entry.with_ip_addr(address))
    }

    /// Admits `other` and knows where it is.
    pub(crate) fn befriend(&self, other: &Self) {
        self.door.admit(other.network.peer());
        self.network.know(other.network.peer(), &other.network.address()).unwrap();
    }

    pub(crate) async fn beat(&self) {
        self.beat_as(1, Pulse::Beating).await;
    }

    pub(crate) async fn beat_as(&self, boot: u64, pulse: Pulse) {
        self.network.beat(now(), (boot, 0), pulse).await.unwrap();
    }

    /// The next event that `pick` makes something of.
    pub(crate) async fn next<T>(&mut self, pick: impl Fn(Event) -> Option<T>) -> T {
        let found = async {
            loop {
                let event = self.events.recv().await.expect("the network runs");
                if let Some(picked) = pick(event) {
                    return picked;
                }
            }
        };
        tokio::time::timeout(DEADLINE, found).await.expect("the event happens")
    }

    /// Joins the peer until it is a neighbour: from time to time again, as `join` asks for.
    pub(crate) async fn join(&mut self, peer: PeerId) {
        let joined = async {
            let mut again = tokio::time::interval(Duration::from_secs(1));
            loop {
                tokio::select! {
                    _ = again.tick() => drop(self.network.join(&[peer]).await.unwrap()),
                    event = self.events.recv() => {
                        if event.expect("the network runs") == Event::Up(peer) {
                            return;
                        }
                    }
                }
            }
        };
        tokio::time::timeout(DEADLINE, joined).await.expect("it becomes a neighbour");
    }

    pub(crate) async fn up(&mut self, peer: PeerId) {
        self.next(|event| (event == Event::Up(peer)).then_some(())).await;
    }
}

/// Two nodes that admit each other and are neighbours.
pub(crate) async fn neighbours(one: &mut Node, other: &mut Node) {
    one.befriend(other);
    other.befriend(one);
    one.join(other.network.peer()).await;
    other.up(one.network.peer()).await;
}

/// An endpoint without a door.
pub(crate) async fn bare(seed: u8, book: &MemoryLookup) -> Endpoint {
    bare_builder(seed).address_lookup(book.clone()).bind().await.unwrap()
}

pub(crate) fn bare_builder(seed: u8) -> iroh::endpoint::Builder {
    let builder = Endpoint::builder(presets::Minimal).secret_key(SecretKey::from_bytes(&[seed; 32]));
    builder.clear_ip_transports().bind_addr(loopback()).unwrap()
}

/// Keeps connections and answers on each of their streams with what was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keeper {
    pub(crate) accepted: Arc<AtomicUsize>,
    pub(crate) connections: Arc<Mutex<Vec<WeakConnectionHandle>>>,
}

impl Keeper {
    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// How many of the connections ever accepted are open, whatever the door thinks.
    pub(crate) fn open(&self) -> usize {
        let connections = self.connections.lock().unwrap();
        let open = |handle: &&WeakConnectionHandle| handle.upgrade().is_some_and(|it| it.close_reason().is_none());
        connections.iter().filter(open).count()
    }
}

impl ProtocolHandler for Keeper {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        self.accepted.fetch_add(1, Ordering::SeqCst);
        self.connections.lock().unwrap().push(connection.weak_handle());
        while let Ok((mut send, mut recv)) = connection.accept_bi().await {
            let question = recv.read_to_end(64).await.map_err(AcceptError::from_err)?;
            send.write_all(&question).await.map_err(AcceptError::from_err)?;
            send.finish()?;
        }
        Ok(())
    }
}

pub(crate) async fn echo(connection: &Connection) {
    let (mut send, mut recv) = connection.open_bi().await.unwrap();
    send.write_all(b"there?").await.unwrap();
    send.finish().unwrap();
    assert_eq!(recv.read_to_end(64).await.unwrap(), b"there?");
}

/// Waits until the connection ends and says with which code and reason the other side closed it.
pub(crate) async fn closed(connection: &Connection) -> (u64, String) {
    let end = tokio::time::timeout(DEADLINE, connection.closed()).await.expect("the connection ends");
    code_of(&end).unwrap_or_else(|| panic!("not closed by the other side's application: {end}"))
}

pub(crate) fn code_of(end: &ConnectionError) -> Option<(u64, String)> {
    match end {
        ConnectionError::ApplicationClosed(close) => {
            Some((close.error_code.into_inner(), String::from_utf8(close.reason.to_vec()).unwrap()))
        }
        _ => None,
    }
}

/// Waits for a condition that nothing announces.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    let held = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while !condition() {
            look.tick().await;
        }
    };
    tokio::time::timeout(DEADLINE, held).await.unwrap_or_else(|_| panic!("never: {what}"));
}

pub(crate) fn peer(seed: u8) -> PeerId {
    PeerId(*SecretKey::from_bytes(&[seed; 32]).public().as_bytes())
}

pub(crate) fn id(peer: PeerId) -> EndpointId {
    EndpointId::from_bytes(&peer.0).unwrap()
}

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

pub(crate) fn now() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

pub(crate) fn topic() -> iroh_gossip::TopicId {
    iroh_gossip::TopicId::from_bytes(keccak(&[b"williw-topic-v1", &NETWORK.0]).0)
}

/// A heartbeat as decision and documentation have it, put together by hand.
pub(crate) fn envelope(network: NetworkId, author: PeerId, signer: u8, seq: u64, time: UnixSeconds) -> Vec<u8> {
    envelope_by(&SecretKey::from_bytes(&[signer; 32]), network, author, seq, time)
}

pub(crate) fn envelope_by(
    signer: &SecretKey,
    network: NetworkId,
    author: PeerId,
    seq: u64,
    time: UnixSeconds,
) -> Vec<u8> {
    heartbeat_by(signer, network, author, (1, seq), time)
}

/// The same of any boot.
pub(crate) fn heartbeat_by(
    signer: &SecretKey,
    network: NetworkId,
    author: PeerId,
    (boot, seq): (u64, u64),
    time: UnixSeconds,
) -> Vec<u8> {
    let mut head = vec![1, 1];
    head.extend(author.0);
    for number in [boot, 0, seq, time.0] {
        head.extend(number.to_be_bytes());
    }
    let message = [b"williw-heartbeat-v1".as_slice(), &network.0, &head].concat();
    head.extend(signer.sign(&message).to_bytes());
    head
}
