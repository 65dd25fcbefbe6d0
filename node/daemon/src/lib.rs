//! The node: what reads the chain, what decides, what writes and the door, wired together.
//!
//! [`run`] starts it and returns when it is told to stop, or when it cannot go on. Inside there are six loops in one
//! task. The clerk (`clerk`) holds the census and carries its orders out; the follower (`follow`) brings it what Base
//! says; `dial` keeps in touch with peers; the heart beats; `outbox` looks after what was sent; and `http` answers people.
//! All but the clerk can be stopped at any point without a loss: what counts is in the store before it has an effect. What
//! is signed is signed in a task of the guard's own, which the clerk's `sentry` begins once it has listened.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tracing::{info, warn};
use williw_chain::base::Base;
use williw_chain::wallet::Wallet;
use williw_core::census::Census;
use williw_core::cycle::CycleClock;
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
mod sentry;
pub mod settings;
mod view;

pub use error::{Cause, DaemonError};

use clerk::Clerk;
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
    let Begun {
        serving,
        census,
        base,
        second,
        unchecked,
        store,
        sentry,
        door,
        network,
        events,
        listener,
        configured,
        poll,
    } = begun;
    info!(peer = %serving.peer, network = %serving.network, gossip = ?serving.gossip, http = %serving.http, "serving");
    let (desk, tray) = clerk::desk();
    let heart = sentry.heart();
    let clerk = Clerk::new(census, (&store, door, &network), sentry, configured.clone(), clerk::now());
    let members = clerk.members();
    ready(&serving);
    let ended = tokio::select! {
        ended = clerk.work(tray, events, stop) => ended,
        // It ends only when there is no clerk any more.
        () = follow::follow(base, desk.clone(), poll, unchecked) => Ok(()),
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
    base: Base,
    /// The outbox has a reader of its own: this one is busy for minutes when there is much to read.
    second: Base,
    unchecked: Option<CycleClock>,
    store: Store,
    sentry: Sentry,
    door: Door,
    network: Network,
    events: mpsc::Receiver<Event>,
    listener: TcpListener,
    configured: BTreeSet<PeerId>,
    poll: Duration,
}

/// Takes ports and files, and asks the chain what cannot be known without it.
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
    let read = || Base::new(&settings.chain()).map_err(|source| DaemonError::Chain { source });
    let (mut base, second) = (read()?, read()?);
    let (clock, unchecked) = clock(&database, &mut base).await?;

    let blank = Ledger::new(id, clock, &[base.site()]);
    let store = Store::open(&database, &blank).await.map_err(|source| DaemonError::Open { source })?;
    let checkpoint = store.checkpoint().await.map_err(|source| DaemonError::Open { source })?;
    let census = Census::restore(checkpoint).map_err(|source| DaemonError::Evidence { source })?;

    let door = Door::new();
    let network = NetworkSettings { secret, listen: settings.gossip.listen, network: id };
    let (network, events) =
        Network::start(network, door.clone()).await.map_err(|source| DaemonError::Listen { source })?;
    let configured = introduce(&network, &settings, &store).await?;
    let serving = Ready { peer: network.peer(), network: id, gossip: network.address(), http };
    let poll = settings.base.poll;
    Ok(Begun {
        serving,
        census,
        base,
        second,
        unchecked,
        store,
        sentry,
        door,
        network,
        events,
        listener,
        configured,
        poll,
    })
}

/// How the network divides time: as its database says, or, when there is none yet, its vault.
///
/// What the database says is still to be compared with the vault, which need not be reachable now.
async fn clock(database: &Path, base: &mut Base) -> Result<(CycleClock, Option<CycleClock>), DaemonError> {
    let known = Store::clock_of(database).await.map_err(|source| DaemonError::Open { source })?;
    if let Some(clock) = known {
        return Ok((clock, Some(clock)));
    }
    let deployment = base.deployment().await.map_err(|source| DaemonError::Chain { source })?;
    for (name, fault) in &deployment.faults.0 {
        warn!(endpoint = %name, %fault, "an endpoint is at fault");
    }
    Ok((deployment.value.clock, None))
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
