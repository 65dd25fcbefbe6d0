//! The one door that every connection passes, and that closes behind whoever loses standing.
//!
//! It keeps no opinion of its own: the census says who is admitted, suspended or evicted, and whoever it has not spoken
//! of is unknown and barred. A peer is asked about three times: before it is dialled, when a handshake with it is done
//! (whichever side began), and whenever its standing changes.
//!
//! An eviction and a new connection may happen at the same time. So a connection is registered *before* it is let in by
//! a judgement, and an eviction bars *before* it closes what is registered: whichever comes second sees the first
//! (`registry`, whose tests try every interleaving). One look before that only refuses: strangers leave no trace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use iroh::EndpointAddr;
use iroh::endpoint::{
    AfterHandshakeOutcome, BeforeConnectOutcome, Connection, EndpointHooks, Side, VarInt, WeakConnectionHandle,
};
use iroh_gossip::ALPN;
use tracing::{debug, info};
use williw_core::identity::PeerId;
use williw_core::standing::{Bar, Doubt, Standing};

use crate::code::Refusal;

pub(crate) mod registry;

pub use registry::CONNECTIONS_PER_PEER_CAP;
use registry::Registry;

/// Peers whose refused dials are counted one by one. When there are more, the newest count only in the total.
pub const REFUSED_PEERS_CAP: usize = 1024;

/// The door. A clone is the same door.
#[derive(Clone)]
pub struct Door {
    inner: Arc<Inner>,
}

struct Inner {
    registry: Registry<Live>,
    refused: Mutex<BTreeMap<PeerId, u64>>,
    /// Who stopped gossip, and until when it gets no gossip connection. Stalls are seconds apart, so they are few.
    stalled: Mutex<BTreeMap<PeerId, Instant>>,
    counters: Counters,
}

/// What is registered of a connection.
#[derive(Clone)]
pub(crate) struct Live {
    // Weak, because the protocols decide how long a connection lives, not the door.
    handle: WeakConnectionHandle,
    gossip: bool,
    since: Instant,
}

#[derive(Default)]
struct Counters {
    admitted: AtomicU64,
    refused_dials: AtomicU64,
    refused_arrivals: AtomicU64,
    refused_departures: AtomicU64,
    closed: AtomicU64,
}

/// What the door did since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DoorCounts {
    /// Connections let through, in either direction.
    pub admitted: u64,
    /// Dials stopped before a packet was sent.
    pub refused_dials: u64,
    /// Connections that others opened and that were refused when their handshake was done.
    pub refused_arrivals: u64,
    /// The same for connections that this node opened: their peer lost its standing during the handshake.
    pub refused_departures: u64,
    /// Live connections closed because their peer was evicted.
    pub closed: u64,
}

impl Default for Door {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Door {
    /// A door that lets nobody in.
    #[must_use]
    pub fn new() -> Self {
        let (refused, stalled) = (Mutex::default(), Mutex::default());
        let inner = Inner { registry: Registry::default(), refused, stalled, counters: Counters::default() };
        Self { inner: Arc::new(inner) }
    }

    /// From now on the peer may be dialled and may come in.
    pub fn admit(&self, peer: PeerId) {
        self.inner.registry.place(peer, Standing::Member);
    }

    /// From now on the peer is neither dialled nor let in anew; what is open stays open.
    pub fn suspend(&self, peer: PeerId, doubt: Doubt) {
        self.inner.registry.place(peer, Standing::Probation(doubt));
    }

    /// Bars the peer, then closes every connection with it.
    pub fn evict(&self, peer: PeerId, bar: Bar) {
        let refusal = Refusal::Barred(bar);
        self.inner.registry.evict(peer, bar, |live: Live| {
            if let Some(connection) = live.handle.upgrade() {
                connection.close(refusal.wire(), refusal.reason().as_bytes());
                add_one(&self.inner.counters.closed);
                info!(%peer, %bar, "closed a connection");
            }
        });
    }

    /// What the door was last told about the peer.
    #[must_use]
    pub fn standing_of(&self, peer: PeerId) -> Standing {
        self.inner.registry.standing(peer)
    }

    /// How many connections are open, per peer that has any.
    #[must_use]
    pub fn live(&self) -> BTreeMap<PeerId, usize> {
        self.inner.registry.live()
    }

    /// The peers that a gossip connection is open with.
    pub(crate) fn gossiping(&self) -> BTreeSet<PeerId> {
        self.inner.registry.list(|live| live.gossip).into_iter().map(|(peer, _)| peer).collect()
    }

    /// Closes the gossip connections that are older than `patience` and whose peer is no neighbour in gossip.
    pub(crate) fn hang_up(&self, neighbours: &BTreeSet<PeerId>, patience: Duration) {
        for (peer, live) in self.inner.registry.list(|live| live.gossip && live.since.elapsed() > patience) {
            if let Some(connection) = live.handle.upgrade().filter(|_| !neighbours.contains(&peer)) {
                // Code 0 is gossip's own for an end without a quarrel.
                connection.close(VarInt::from_u32(0), b"no neighbour");
                debug!(%peer, "closed a gossip connection without a neighbour");
            }
        }
    }

    /// How many bytes came by the gossip connections of each peer that are open.
    pub(crate) fn received(&self) -> BTreeMap<PeerId, u64> {
        let mut received = BTreeMap::<_, u64>::new();
        for (peer, live) in self.inner.registry.list(|live| live.gossip) {
            let bytes = live.handle.upgrade().map_or(0, |connection| connection.stats().udp_rx.bytes);
            let sum = received.entry(peer).or_default();
            *sum = sum.saturating_add(bytes);
        }
        received
    }

    /// Closes the gossip connections with the peer.
    pub(crate) fn hang_up_on(&self, peer: PeerId) {
        for live in self.inner.registry.list_of(peer, |live| live.gossip) {
            if let Some(connection) = live.handle.upgrade() {
                connection.close(Refusal::Stalled.wire(), Refusal::Stalled.reason().as_bytes());
            }
        }
    }

    /// Gives the peer no gossip connection for so long, and closes those it has. In this order, for the same reason as
    /// an eviction.
    pub(crate) fn stall(&self, peer: PeerId, patience: Duration) {
        {
            let (mut stalled, now) = (self.stalled(), Instant::now());
            stalled.retain(|_, until| *until > now);
            stalled.insert(peer, now + patience);
        }
        self.hang_up_on(peer);
    }

    fn is_stalled(&self, peer: PeerId) -> bool {
        self.stalled().get(&peer).is_some_and(|until| *until > Instant::now())
    }

    #[must_use]
    pub fn counts(&self) -> DoorCounts {
        let counters = &self.inner.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DoorCounts {
            admitted: read(&counters.admitted),
            refused_dials: read(&counters.refused_dials),
            refused_arrivals: read(&counters.refused_arrivals),
            refused_departures: read(&counters.refused_departures),
            closed: read(&counters.closed),
        }
    }

    /// How often the peer was to be dialled and was not; see [`REFUSED_PEERS_CAP`].
    #[must_use]
    pub fn refused_dials_of(&self, peer: PeerId) -> u64 {
        self.refused().get(&peer).copied().unwrap_or_default()
    }

    fn refuse_dial(&self, peer: PeerId) {
        add_one(&self.inner.counters.refused_dials);
        let mut refused = self.refused();
        if refused.len() < REFUSED_PEERS_CAP || refused.contains_key(&peer) {
            let count = refused.entry(peer).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Registers the connection and judges it. Not async: nothing can cancel it halfway.
    fn enter(&self, connection: &Connection) -> Result<(), Refusal> {
        let peer = PeerId(*connection.remote_id().as_bytes());
        let (handle, gossip) = (connection.weak_handle(), connection.alpn() == ALPN);
        let ticket = self.inner.registry.enter(peer, Live { handle, gossip, since: Instant::now() })?;
        if gossip && self.is_stalled(peer) {
            self.inner.registry.leave(peer, ticket);
            return Err(Refusal::Stalled);
        }
        add_one(&self.inner.counters.admitted);
        // Taken while the connection is certainly there, so it does report the end. The task lives exactly as long as
        // the connection does, and there are no more of them than connections.
        let closed = connection.weak_handle().closed();
        let inner = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            closed.await;
            if let Some(inner) = inner.upgrade() {
                inner.registry.leave(peer, ticket);
            }
        });
        Ok(())
    }

    fn stalled(&self) -> MutexGuard<'_, BTreeMap<PeerId, Instant>> {
        self.inner.stalled.lock().expect("nothing panics while it looks up a stall")
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<PeerId, u64>> {
        self.inner.refused.lock().expect("nothing panics while it counts")
    }
}

impl EndpointHooks for Door {
    async fn before_connect<'a>(&'a self, remote: &'a EndpointAddr, alpn: &'a [u8]) -> BeforeConnectOutcome {
        let peer = PeerId(*remote.id.as_bytes());
        let standing = self.standing_of(peer);
        let stalled = alpn == ALPN && self.is_stalled(peer);
        if standing.is_member() && !stalled {
            return BeforeConnectOutcome::Accept;
        }
        self.refuse_dial(peer);
        debug!(%peer, %standing, stalled, alpn = %alpn.escape_ascii(), "did not dial");
        BeforeConnectOutcome::Reject
    }

    async fn after_handshake<'a>(&'a self, connection: &'a Connection) -> AfterHandshakeOutcome {
        let Err(refusal) = self.enter(connection) else { return AfterHandshakeOutcome::Accept };
        add_one(match connection.side() {
            Side::Server => &self.inner.counters.refused_arrivals,
            Side::Client => &self.inner.counters.refused_departures,
        });
        let peer = PeerId(*connection.remote_id().as_bytes());
        debug!(%peer, ?refusal, alpn = %connection.alpn().escape_ascii(), "refused a connection");
        AfterHandshakeOutcome::Reject { error_code: refusal.wire(), reason: refusal.reason().into() }
    }
}

/// The counters only report: none of them orders anything else.
fn add_one(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
