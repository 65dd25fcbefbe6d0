//! The node: what reads the chains, what decides, what writes and the door, wired together.
//!
//! [`run`] starts it and returns when it is told to stop, or when it cannot go on. Inside there are five loops in one task,
//! and one more, in a task of its own, for each chain. The clerk (`clerk`) holds the census and carries its orders out; the
//! followers (`follow`), one per chain, bring it what that says; `dial` keeps in touch with peers; the heart beats; `outbox`
//! looks after what was sent; and `http` answers people.
//! All but the clerk can be stopped at any point without a loss: what counts is in the store before it has an effect. What
//! is signed is signed in a task of the guard's own, which the clerk's `sentry` begins once it has listened.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::{info, warn};
use williw_chain::wallet::Wallet;
use williw_core::census::Census;
use williw_core::identity::PeerId;
use williw_core::ledger::Ledger;
use williw_core::network::NetworkId;
use williw_gossip::{ADDRESSES_PER_PEER_CAP, Door, Event, Network, NetworkSettings, PeerSecret};
use williw_store::Store;
use williw_store::guard::Guard;

mod clerk;
mod dial;
mod error;
mod follow;
mod http;
pub mod keys;
mod metrics;
pub mod outbox;
mod readers;
mod sentry;
pub mod settings;
mod view;

pub use error::{Cause, DaemonError};

use clerk::Clerk;
use readers::Readers;
use sentry::Sentry;
use settings::Settings;

/// Peers of earlier runs that are dialled again.
const REMEMBERED_CAP: u32 = 256;

/// What a node is started with.
#[derive(Debug)]
pub struct Start {
    pub settings: Settings,
    pub secret: PeerSecret,
    /// The keys of its signers: of the one that its links name, then of those before it.
    pub signers: Vec<Wallet>,
    /// Where its guard is.
    pub guard: PathBuf,
    /// Where its database is, or is to be.
    pub database: PathBuf,
}

/// A node that serves. Its chain may not be read yet: until then it lets nobody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    pub peer: PeerId,
    pub network: NetworkId,
    pub gossip: Vec<SocketAddr>,
    pub http: SocketAddr,
}

/// Runs a node until `stop`. Calls `ready` once it serves.
pub async fn run(start: Start, ready: impl FnOnce(&Ready), stop: impl Future<Output = ()>) -> Result<(), DaemonError> {
    let mut stop = pin!(stop);
    // Whoever starts it with an endpoint that does not answer must be able to stop it.
    let begun = tokio::select! {
        begun = begin(start) => begun?,
        () = &mut stop => return Ok(()),
    };
    let Begun { serving, census, readers, second, store, sentry, door, network, events, listener, configured } = begun;
    let Readers { base, solana } = readers;
    info!(peer = %serving.peer, network = %serving.network, gossip = ?serving.gossip, http = %serving.http, "serving");
    let (desk, tray) = clerk::desk();
    let heart = sentry.heart();
    let clerk = Clerk::new(census, (&store, door, &network), sentry, configured.clone(), clerk::now());
    let members = clerk.members();
    ready(&serving);
    // In tasks of their own: what an endpoint makes one of them compute holds up nobody else.
    let mut followers = JoinSet::new();
    base.map(|base| followers.spawn(follow::follow(base, desk.clone())));
    solana.map(|solana| followers.spawn(follow::follow(solana, desk.clone())));
    let ended = tokio::select! {
        ended = clerk.work(tray, events, stop) => ended,
        // It ends only when there is no clerk any more.
        error = follow::broken(&mut followers) => Err(error),
        () = outbox::tend(store.outbox(), second) => Ok(()),
        error = dial::dial(&network, &configured, members) => Err(error),
        error = dial::beat(&network, heart) => Err(error),
        error = http::serve(listener, desk) => Err(error),
    };
    info!("stopping");
    // Both are asked to end in order, whatever the reason; the first thing that went wrong is the one to tell.
    let closed = network.close().await.map_err(|source| DaemonError::Network { source });
    let stored = store.close().await.map_err(|source| DaemonError::Store { source });
    ended.and(closed).and(stored)
}

/// A node whose parts are there and do not work yet.
struct Begun {
    serving: Ready,
    census: Census,
    readers: Readers,
    /// The outbox has readers of its own: the others are busy for minutes when there is much to read.
    second: Readers,
    store: Store,
    sentry: Sentry,
    door: Door,
    network: Network,
    events: mpsc::Receiver<Event>,
    listener: TcpListener,
    configured: BTreeSet<PeerId>,
}

/// Takes ports and files, and asks the chains what cannot be known without them.
async fn begin(start: Start) -> Result<Begun, DaemonError> {
    let Start { settings, secret, signers, guard, database } = start;
    let id = settings.network.id();
    // Before anything is asked or said: a home that was copied must not even do that.
    let guarded = |source| DaemonError::Guard { source };
    let guard = Guard::open(&guard, id).await.map_err(guarded)?;
    let sentry = Sentry::start(guard, signers, clerk::now()).await.map_err(guarded)?;
    let http = settings.http.listen;
    let listener = TcpListener::bind(http).await.map_err(|source| DaemonError::Http { listen: http, source })?;
    let http = listener.local_addr().map_err(|source| DaemonError::Http { listen: http, source })?;
    let (mut readers, second) = (Readers::new(&settings)?, Readers::new(&settings)?);
    let clock = readers.clock(&database).await?;
    for (name, fault) in &clock.faults.0 {
        warn!(endpoint = %name, %fault, "an endpoint is at fault");
    }
    let blank = Ledger::new(id, clock.value, &readers.sites());
    let store = Store::open(&database, &blank).await.map_err(|source| DaemonError::Open { source })?;
    let checkpoint = store.checkpoint().await.map_err(|source| DaemonError::Open { source })?;
    let census = Census::restore(checkpoint).map_err(|source| DaemonError::Evidence { source })?;

    let door = Door::new();
    let network = NetworkSettings { secret, listen: settings.gossip.listen, network: id };
    let (network, events) =
        Network::start(network, door.clone()).await.map_err(|source| DaemonError::Listen { source })?;
    let configured = introduce(&network, &settings, &store).await?;
    let serving = Ready { peer: network.peer(), network: id, gossip: network.address(), http };
    Ok(Begun { serving, census, readers, second, store, sentry, door, network, events, listener, configured })
}

/// Tells the network where peers may be found: those of earlier runs, then those of the settings, which know better.
/// Returns everybody to dial. Nobody is dialled by this, and whoever has no standing never is.
async fn introduce(network: &Network, settings: &Settings, store: &Store) -> Result<BTreeSet<PeerId>, DaemonError> {
    let remembered = store.known_peers(REMEMBERED_CAP).await.map_err(|source| DaemonError::Open { source })?;
    let mut configured = BTreeSet::new();
    let named: BTreeSet<PeerId> = settings.gossip.peers.iter().map(|named| named.peer).collect();
    for row in remembered.iter().filter(|row| !named.contains(&row.peer)) {
        network.know(row.peer, &row.addresses).map_err(|source| DaemonError::Peer { source })?;
    }
    for peer in named {
        let addresses = settings.gossip.peers.iter().filter(|named| named.peer == peer).map(|named| named.address);
        let addresses: Vec<SocketAddr> = addresses.take(ADDRESSES_PER_PEER_CAP).collect();
        network.know(peer, &addresses).map_err(|source| DaemonError::Peer { source })?;
        configured.insert(peer);
    }
    Ok(configured)
}
