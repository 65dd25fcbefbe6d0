//! The gossip that runs at present, and what is asked of it. It can be replaced by a new one.
//!
//! iroh-gossip (0.101) is one task. It gives a neighbour's frames to a queue of 64 and waits when that is full, however
//! long the neighbour takes to read; meanwhile it does nothing else. So nothing here waits for it without a deadline,
//! and `watch` sees to it that it goes on.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use iroh::Endpoint;
use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::Connection;
use iroh::protocol::{AcceptError, ProtocolHandler};
use iroh_gossip::api::{GossipReceiver, GossipSender};
use iroh_gossip::metrics::Metrics;
use iroh_gossip::proto::PlumtreeConfig;
use iroh_gossip::{Gossip, TopicId};
use tokio::time::timeout;
use tracing::{debug, warn};

use super::MESSAGE_BYTES_CAP;
use crate::error::{BoxError, GossipError};

/// How long gossip keeps a message for neighbours that ask for it; they ask within a second. It keeps whatever a member
/// sends, so this times the rate of a flood is the memory that it takes.
const MESSAGE_KEPT_FOR: Duration = Duration::from_secs(5);

/// How long gossip knows a message again. Later it would relay it once more; `authors` does not take it for news.
const MESSAGE_ID_KEPT_FOR: Duration = Duration::from_secs(30);

/// How long gossip may take to accept what it is given. When it does work, that is a matter of microseconds.
const TAKE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long saying goodbye to the neighbours may take.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often the counters of gossip are read while something waits for them.
const READ_INTERVAL: Duration = Duration::from_millis(5);

const UNBROKEN: &str = "nothing panics while it holds the line";

/// One gossip and its topic. When the last clone is gone, so is its task, whatever it was waiting for.
#[derive(Clone)]
pub(super) struct Spoken {
    pub(super) gossip: Gossip,
    pub(super) topic: GossipSender,
    /// How many there were before.
    turn: u64,
}

/// What a listener listens to.
pub(super) struct Heard {
    pub(super) topic: GossipReceiver,
    turn: u64,
}

pub(super) struct Line {
    endpoint: Endpoint,
    book: MemoryLookup,
    topic: TopicId,
    spoken: Mutex<Spoken>,
}

impl Line {
    pub(super) async fn open(
        endpoint: Endpoint,
        book: MemoryLookup,
        topic: TopicId,
    ) -> Result<(Self, Heard), GossipError> {
        let (spoken, heard) = speak(&endpoint, topic, 0).await?;
        Ok((Self { endpoint, book, topic, spoken: Mutex::new(spoken) }, heard))
    }

    /// Lets gossip take something, and says whether it did: not if it stands still, nor if it was replaced meanwhile.
    pub(super) async fn give<F>(&self, give: impl FnOnce(Spoken) -> F) -> Result<bool, GossipError>
    where
        F: Future<Output = Result<(), BoxError>>,
    {
        let spoken = self.spoken().clone();
        let turn = spoken.turn;
        match timeout(TAKE_TIMEOUT, give(spoken)).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(source)) if turn == self.spoken().turn => Err(GossipError::Closed { source }),
            Ok(Err(_)) | Err(_) => Ok(false),
        }
    }

    /// Whether this is what is spoken at present.
    pub(super) fn is_current(&self, heard: &Heard) -> bool {
        heard.turn == self.spoken().turn
    }

    /// Subscribes to the topic. Gossip has named all its present neighbours when this returns: their arrival can be read
    /// from the subscription without waiting. `None` if gossip does not answer.
    pub(super) async fn subscribe(&self) -> Option<Heard> {
        let spoken = self.spoken().clone();
        let subscribed = timeout(TAKE_TIMEOUT, async {
            let metrics = spoken.gossip.metrics();
            let before = metrics.actor_tick_rx.get();
            let (_, topic) = spoken.gossip.subscribe(self.topic, Vec::new()).await.ok()?.split();
            until(|| metrics.actor_tick_rx.get() > before).await;
            // Counted when it begins, so it is done when anything after it is counted.
            turned(&spoken, metrics).await.then_some(topic)
        });
        let topic = subscribed.await.ok().flatten()?;
        Some(Heard { topic, turn: spoken.turn })
    }

    /// Whether gossip does anything within `patience`.
    pub(super) async fn answers(&self, patience: Duration) -> bool {
        let spoken = self.spoken().clone();
        timeout(patience, turned(&spoken, spoken.gossip.metrics())).await.unwrap_or(false)
    }

    /// Begins anew with another gossip. The listener has to subscribe to it.
    pub(super) async fn replace(&self) -> Result<(), GossipError> {
        // Gossip brings its own address book along, and never takes it away.
        if let Ok(lookup) = self.endpoint.address_lookup() {
            lookup.clear();
            lookup.add(self.book.clone());
        }
        let turn = self.spoken().turn.saturating_add(1);
        let (spoken, _) = speak(&self.endpoint, self.topic, turn).await?;
        *self.spoken() = spoken;
        Ok(())
    }

    fn spoken(&self) -> MutexGuard<'_, Spoken> {
        self.spoken.lock().expect(UNBROKEN)
    }
}

async fn speak(endpoint: &Endpoint, topic: TopicId, turn: u64) -> Result<(Spoken, Heard), GossipError> {
    let broadcast = PlumtreeConfig {
        message_cache_retention: MESSAGE_KEPT_FOR,
        message_id_retention: MESSAGE_ID_KEPT_FOR,
        ..PlumtreeConfig::default()
    };
    let gossip = Gossip::builder().max_message_size(MESSAGE_BYTES_CAP).broadcast_config(broadcast);
    let gossip = gossip.spawn(endpoint.clone());
    let subscribed = gossip.subscribe(topic, Vec::new()).await;
    let (topic, heard) = subscribed.map_err(|source| GossipError::Closed { source: source.into() })?.split();
    Ok((Spoken { gossip, topic, turn }, Heard { topic: heard, turn }))
}

/// Gives gossip nothing to do and waits until it has done anything. `false` if it ended.
async fn turned(spoken: &Spoken, metrics: &Metrics) -> bool {
    let before = metrics.actor_tick_main.get();
    if spoken.topic.join_peers(Vec::new()).await.is_err() {
        return false;
    }
    until(|| metrics.actor_tick_main.get() > before).await;
    true
}

async fn until(condition: impl Fn() -> bool) {
    let mut look = tokio::time::interval(READ_INTERVAL);
    while !condition() {
        look.tick().await;
    }
}

/// Gives gossip the connections that others open.
#[derive(Clone)]
pub(super) struct Answering(pub(super) Arc<Line>);

impl std::fmt::Debug for Answering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answering(..)")
    }
}

impl ProtocolHandler for Answering {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let give = async |spoken: Spoken| Ok(spoken.gossip.handle_connection(connection).await?);
        match self.0.give(give).await {
            Ok(true) => {}
            // It ends with this: nobody holds it.
            Ok(false) => debug!("gossip takes no connections at present"),
            Err(error) => return Err(AcceptError::from_err(error)),
        }
        Ok(())
    }

    async fn shutdown(&self) {
        let gossip = self.0.spoken().gossip.clone();
        match timeout(GOODBYE_TIMEOUT, gossip.shutdown()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(%error, "gossip had ended before"),
            Err(_) => warn!("gossip stands still, its neighbours get no goodbye"),
        }
    }
}
