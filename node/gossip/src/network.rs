//! The network as the rest of the node sees it: start, know, join, beat, open, close, and a queue of events.
//!
//! It works without anybody else's servers: no relays, no DNS, no discovery, no port mapping. Addresses come from
//! [`Network::know`], and from members by way of gossip.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::{ConnectError, ConnectWithOptsError, ConnectingError, Connection, TransportAddrUsage};
use iroh::protocol::Router;
use iroh::{Endpoint, EndpointAddr, EndpointId, TransportAddr};
use iroh_gossip::{ALPN, TopicId};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tracing::{debug, warn};
use williw_core::cycle::UnixSeconds;
use williw_core::ed25519::PeerSignature;
use williw_core::guard::{Echo, Pulse};
use williw_core::hash::keccak;
use williw_core::identity::PeerId;
use williw_core::network::NetworkId;
use williw_core::reputation::Conduct;

use crate::authors::{Authors, Heard, HearingCounts};
use crate::door::Door;
use crate::envelope::Heartbeat;
use crate::error::{BoxError, GossipError};
use crate::protocols::Protocols;

mod ask;
mod bind;
mod line;
mod listen;
mod watch;

use ask::Asker;
pub use ask::{ASK_TIMEOUT, ASKED_CAP};
use bind::{bind, validate};
use line::{Answering, Line, Spoken};
use listen::{Listener, Shared};
pub use watch::STALLED_FOR;
use watch::Watch;

/// In front of the network id when the topic is derived from it.
const TOPIC_TAG: &[u8] = b"williw-topic-v1";

/// Events waiting for whoever runs the network. When full the newest is dropped and counted: all of them are news, none
/// is state, and waiting would stop gossip. An eighth is kept for neighbours coming and going.
pub const EVENT_QUEUE_CAP: usize = 1024;

/// Bytes of a gossip frame. Larger ones end the connection they came by. Heartbeats are much smaller; shuffles of the
/// membership protocol, with their addresses, are not.
pub const MESSAGE_BYTES_CAP: usize = 4096;

/// Peers whose addresses were told with [`Network::know`]. One more is refused.
pub const KNOWN_PEERS_CAP: usize = 65_536;

/// Addresses of one peer. A longer list is refused.
pub const ADDRESSES_PER_PEER_CAP: usize = 16;

/// Dials of one [`Network::join`] under way at a time; the others wait.
const DIALS_AT_ONCE_CAP: usize = 32;

/// How long a dial may take.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a gossip connection may be open without its peer being a neighbour. Then it is closed: it is one that was not
/// answered, or left behind.
pub const NEIGHBOUR_TIMEOUT: Duration = Duration::from_secs(5);

/// How long [`Network::close`] takes at most, whatever peers do.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// The secret half of a peer key. It is never shown.
#[derive(Clone)]
pub struct PeerSecret(pub [u8; 32]);

impl fmt::Debug for PeerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PeerSecret(..)")
    }
}

/// What a network needs to start.
#[derive(Clone, Debug)]
pub struct NetworkSettings {
    pub secret: PeerSecret,
    /// The one address that is bound. Port 0 takes a free one.
    pub listen: SocketAddr,
    pub network: NetworkId,
}

/// Something that happened on the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A peer's heart beat: signed by it, fresh, heard for the first time, and the peer is not barred here.
    Heard(Heard),
    /// Somebody speaks, or spoke, with the key of this node: the newest of what was heard, of either pulse. Told at most once
    /// a second, and again until there is room for it in the queue.
    Echo(Echo),
    /// How a peer behaved.
    Conduct { peer: PeerId, conduct: Conduct },
    /// A peer became a neighbour in gossip.
    Up(PeerId),
    /// A peer is no neighbour any more.
    Down(PeerId),
}

/// What became of what arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkCounts {
    pub hearing: HearingCounts,
    /// Times that gossip dropped messages because they were not taken fast enough.
    pub lagged: u64,
    /// Events dropped because [`EVENT_QUEUE_CAP`] of them were waiting.
    pub events_dropped: u64,
    /// Times that gossip stood still because a neighbour did not read what it was sent.
    pub stalls: u64,
    /// How many of these only a new gossip could end.
    pub restarts: u64,
    /// Heartbeats of this node that were not sent, because gossip stood still.
    pub beats_lost: u64,
    /// Times that a member said what it last heard by the key of this node, be it nothing: without any, that there was no
    /// [`Event::Echo`] means little.
    pub answers: u64,
}

/// A running network. Dropping it ends it without goodbyes; see [`Network::close`].
pub struct Network {
    // Holds the only endpoint. Nothing hands it out.
    router: Router,
    line: Arc<Line>,
    door: Door,
    book: MemoryLookup,
    known: Mutex<BTreeSet<PeerId>>,
    network: NetworkId,
    authors: Arc<Mutex<Authors>>,
    asker: Asker,
    shared: Arc<Mutex<Shared>>,
    listener: JoinHandle<()>,
    watch: JoinHandle<()>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("peer", &self.peer()).field("network", &self.network).finish_non_exhaustive()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.listener.abort();
        self.watch.abort();
    }
}

impl Network {
    /// Starts a network that serves nothing but gossip.
    ///
    /// The events end when the network does, be it because it was closed or because gossip broke down.
    pub async fn start(settings: NetworkSettings, door: Door) -> Result<(Self, mpsc::Receiver<Event>), GossipError> {
        Self::start_serving(settings, door, Protocols::new()).await
    }

    /// Starts a network that serves other protocols too, behind the same door.
    pub async fn start_serving(
        settings: NetworkSettings,
        door: Door,
        protocols: Protocols,
    ) -> Result<(Self, mpsc::Receiver<Event>), GossipError> {
        let NetworkSettings { secret, listen, network } = settings;
        let book = MemoryLookup::new();
        let endpoint = bind(&secret, listen, book.clone(), door.clone())
            .await
            .map_err(|source| GossipError::Listen { listen, source })?;
        let me = PeerId(*endpoint.id().as_bytes());

        let (line, heard) = Line::open(endpoint.clone(), book.clone(), topic_of(network)).await?;
        let line = Arc::new(line);
        let authors = Arc::new(Mutex::new(Authors::new(network, me)));
        let shared = Arc::new(Mutex::default());
        let asker = Asker::new(endpoint.clone(), door.clone(), Arc::clone(&authors), Arc::clone(&shared));
        let mut router = Router::builder(endpoint).accept(ALPN, Answering(Arc::clone(&line)));
        router = router.accept(ask::ALPN, ask::Keeping(Arc::clone(&authors)));
        for (alpn, protocol) in protocols.into_served() {
            router = router.accept(alpn, protocol);
        }
        let router = router.incoming_filter(Arc::new(validate)).spawn();

        let (events, inbox) = mpsc::channel(EVENT_QUEUE_CAP);
        let listener = Listener {
            authors: Arc::clone(&authors),
            door: door.clone(),
            line: Arc::clone(&line),
            events,
            shared: Arc::clone(&shared),
            lagged: false,
        };
        let listener = tokio::spawn(listener.listen(heard));
        let watch = Watch { line: Arc::clone(&line), door: door.clone(), shared: Arc::clone(&shared) };
        let watch = tokio::spawn(watch.watch());
        let known = Mutex::default();
        Ok((Self { router, line, door, book, known, network, authors, asker, shared, listener, watch }, inbox))
    }

    /// The name of this node.
    #[must_use]
    pub fn peer(&self) -> PeerId {
        PeerId(*self.router.endpoint().id().as_bytes())
    }

    /// Where it listens: as bound, so an unspecified address stays unspecified.
    #[must_use]
    pub fn address(&self) -> Vec<SocketAddr> {
        self.router.endpoint().bound_sockets()
    }

    #[must_use]
    pub fn counts(&self) -> NetworkCounts {
        self.shared().counts
    }

    /// Takes note of where a peer can be found, in place of what was told before. Nothing is sent there by that.
    pub fn know(&self, peer: PeerId, addresses: &[SocketAddr]) -> Result<(), GossipError> {
        let id = id_of(peer)?;
        let (got, cap) = (addresses.len(), ADDRESSES_PER_PEER_CAP);
        if got > cap {
            return Err(GossipError::TooManyAddresses { peer, got, cap });
        }
        let mut known = self.known.lock().expect("nothing panics while it notes a peer");
        if known.len() >= KNOWN_PEERS_CAP && !known.contains(&peer) {
            return Err(GossipError::BookFull { cap: KNOWN_PEERS_CAP });
        }
        known.insert(peer);
        let entry = addresses.iter().fold(EndpointAddr::new(id), |entry, address| entry.with_ip_addr(*address));
        self.book.set_endpoint_info(entry);
        Ok(())
    }

    /// Connects to peers, as far as the door lets them be dialled, and asks those that were reached to be neighbours in
    /// gossip. Says who was reached; whoever a gossip connection is open with already is, without being dialled again.
    ///
    /// Call it again from time to time for members that are no neighbours: iroh-gossip never repeats a dial of its own
    /// that failed, and forgets the peer only when that peer connects. So the dialling is done here, and gossip is given
    /// the connection. It takes as long as the slowest dial; dials to nowhere end after [`DIAL_TIMEOUT`].
    ///
    /// To be reached is not yet to be a neighbour: the other side's answer may get lost. iroh-gossip answers by the
    /// connection that it *took* last, and two that arrive within moments (one dropped at once, be it by a join that was
    /// dropped, and its successor) may be taken in the wrong order; it then talks to a dead one, and no question over a
    /// third one makes it ask again. It forgets all that only when the last connection it took ends. So a connection that
    /// made no neighbour within [`NEIGHBOUR_TIMEOUT`] is closed, and only then is the peer dialled again.
    pub async fn join(&self, peers: &[PeerId]) -> Result<BTreeSet<PeerId>, GossipError> {
        let wanted = peers.iter().map(|peer| Ok((*peer, id_of(*peer)?))).collect::<Result<BTreeMap<_, _>, _>>()?;
        let open = self.door.gossiping();
        let (mut reached, mut to_dial) = (BTreeSet::new(), Vec::new());
        for (peer, id) in wanted {
            if open.contains(&peer) {
                reached.insert(peer);
            } else {
                to_dial.push(id);
            }
        }
        for batch in to_dial.chunks(DIALS_AT_ONCE_CAP) {
            let mut dials = JoinSet::new();
            for id in batch {
                dials.spawn(dial(self.router.endpoint().clone(), *id));
            }
            while let Some(dialled) = dials.join_next().await {
                // A dial that panicked reached nobody; it is not this one's to repeat the panic.
                let Ok(Some(connection)) = dialled else { continue };
                let id = connection.remote_id();
                let give = async |spoken: Spoken| {
                    spoken.gossip.handle_connection(connection).await?;
                    Ok(spoken.topic.join_peers(vec![id]).await?)
                };
                if self.line.give(give).await? {
                    reached.insert(PeerId(*id.as_bytes()));
                }
            }
        }
        Ok(reached)
    }

    /// The present neighbours in gossip. The events tell of changes, but may be dropped; this is the state.
    #[must_use]
    pub fn neighbours(&self) -> BTreeSet<PeerId> {
        // When gossip lags, the news that one is gone may be lost. Without a connection nobody is a neighbour.
        let open = self.door.gossiping();
        self.shared().neighbours.intersection(&open).copied().collect()
    }

    /// The addresses at which a connected peer is being reached right now.
    pub async fn found_at(&self, peer: PeerId) -> Result<Vec<SocketAddr>, GossipError> {
        let Some(remote) = self.router.endpoint().remote_info(id_of(peer)?).await else { return Ok(Vec::new()) };
        let used = remote.addrs().filter(|address| matches!(address.usage(), TransportAddrUsage::Active));
        let ip = used.filter_map(|address| match address.addr() {
            TransportAddr::Ip(address) => Some(*address),
            _ => None,
        });
        Ok(ip.take(ADDRESSES_PER_PEER_CAP).collect())
    }

    /// Sends a heartbeat to whoever is in the network by now. While gossip stands still it is lost and counted, like one
    /// that nobody heard: the next one says the same.
    ///
    /// `boot` has to grow with every start of this peer key, or others take the heartbeats for repetitions, and is the same
    /// for as long as the network runs. `noted` is how many statements its guard has on disk, and never less than before.
    ///
    /// With every heartbeat members are asked what they last heard by this peer key: all that gossip is spoken with while it
    /// is only [`Pulse::Listening`], one of them after the other when it is beating. What this node did not say comes as an
    /// [`Event::Echo`].
    pub async fn beat(&self, now: UnixSeconds, (boot, noted): (u64, u64), pulse: Pulse) -> Result<(), GossipError> {
        let seq = self.authors.lock().expect(listen::UNBROKEN).echoes.number(boot);
        self.asker.ask(pulse);
        let heartbeat = Heartbeat { author: self.peer(), boot, noted, seq, time: now, pulse };
        let secret = self.router.endpoint().secret_key();
        let envelope = heartbeat.seal(self.network, |message| PeerSignature(secret.sign(message).to_bytes()));
        let message = Bytes::copy_from_slice(&envelope.encode());
        if !self.line.give(async |spoken: Spoken| Ok(spoken.topic.broadcast(message).await?)).await? {
            let lost = &mut self.shared().counts.beats_lost;
            *lost = lost.saturating_add(1);
            warn!(lost, "gossip stands still, a heartbeat was not sent");
        }
        Ok(())
    }

    /// Opens a connection for another protocol, through the door like every other.
    pub async fn open(&self, peer: PeerId, alpn: &[u8]) -> Result<Connection, GossipError> {
        self.router.endpoint().connect(id_of(peer)?, alpn).await.map_err(|error| match error {
            ConnectError::Connect { source: ConnectWithOptsError::LocallyRejected { .. }, .. }
            | ConnectError::Connecting { source: ConnectingError::LocallyRejected { .. }, .. } => {
                GossipError::Refused(peer)
            }
            error => GossipError::Dial { peer, source: error.into() },
        })
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect(listen::UNBROKEN)
    }

    /// Says goodbye to the neighbours and closes every connection. Ends within [`CLOSE_TIMEOUT`].
    pub async fn close(self) -> Result<(), GossipError> {
        // First, or they would take the end of the topic for a breakdown.
        self.listener.abort();
        self.watch.abort();
        self.asker.stop();
        let ended = tokio::time::timeout(CLOSE_TIMEOUT, self.router.shutdown()).await;
        let ended = ended.map_err(BoxError::from).and_then(|ended| ended.map_err(BoxError::from));
        ended.map_err(|source| GossipError::Shutdown { source })
    }
}

async fn dial(endpoint: Endpoint, id: EndpointId) -> Option<Connection> {
    let peer = PeerId(*id.as_bytes());
    match tokio::time::timeout(DIAL_TIMEOUT, endpoint.connect(id, ALPN)).await {
        Ok(Ok(connection)) => Some(connection),
        Ok(Err(error)) => {
            debug!(%peer, %error, "not reached");
            None
        }
        Err(_) => {
            debug!(%peer, "not reached in time");
            None
        }
    }
}

fn topic_of(network: NetworkId) -> TopicId {
    TopicId::from_bytes(keccak(&[TOPIC_TAG, &network.0]).0)
}

fn id_of(peer: PeerId) -> Result<EndpointId, GossipError> {
    EndpointId::from_bytes(&peer.0).map_err(|_| GossipError::NotAKey(peer))
}
