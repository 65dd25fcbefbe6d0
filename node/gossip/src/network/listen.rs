//! The task that takes what gossip brings, and passes on what counts.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use futures_lite::StreamExt as _;
use iroh_gossip::api::{Event as GossipEvent, GossipReceiver};
use tokio::sync::mpsc;
use tracing::{debug, error, warn};
use williw_core::cycle::UnixSeconds;
use williw_core::identity::PeerId;
use williw_core::reputation::Conduct;

use super::{Event, NetworkCounts};
use crate::authors::Authors;
use crate::door::Door;

pub(super) const UNBROKEN: &str = "nothing panics while it counts";

/// What the task lets others see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) counts: NetworkCounts,
    /// At most as many as gossip's active view holds, and those whose leaving was lost in a lag.
    pub(super) neighbours: BTreeSet<PeerId>,
}

pub(super) struct Listener {
    pub(super) authors: Authors,
    pub(super) door: Door,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) shared: Arc<Mutex<Shared>>,
}

impl Listener {
    /// Ends, and with it the queue of events, when the topic does. That happens only if the gossip task died, so there
    /// is nothing to subscribe to again.
    pub(super) async fn listen(mut self, mut topic: GossipReceiver) {
        while let Some(event) = topic.next().await {
            match event {
                Ok(GossipEvent::NeighborUp(id)) => {
                    let peer = PeerId(*id.as_bytes());
                    self.shared().neighbours.insert(peer);
                    self.tell(Event::Up(peer));
                }
                Ok(GossipEvent::NeighborDown(id)) => {
                    let peer = PeerId(*id.as_bytes());
                    self.shared().neighbours.remove(&peer);
                    self.tell(Event::Down(peer));
                }
                Ok(GossipEvent::Received(message)) => self.hear(&message.content),
                Ok(GossipEvent::Lagged) => {
                    let lagged = &mut self.shared().counts.lagged;
                    *lagged = lagged.saturating_add(1);
                }
                Err(error) => {
                    error!(%error, "the gossip topic broke");
                    return;
                }
            }
        }
        error!("the gossip topic ended");
    }

    fn hear(&mut self, bytes: &[u8]) {
        let outcome = self.authors.hear(bytes, clock(), |peer| self.door.standing_of(peer));
        self.shared().counts.hearing.count(&outcome);
        match outcome {
            Ok((heard, earns)) => {
                self.tell(Event::Heard(heard));
                if earns {
                    self.tell(Event::Conduct { peer: heard.author, conduct: Conduct::ValidMessage });
                }
            }
            Err(reason) => debug!(%reason, "a message does not count"),
        }
    }

    /// Never waits: a slow reader must not stop gossip.
    fn tell(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            let dropped = &mut self.shared().counts.events_dropped;
            *dropped = dropped.saturating_add(1);
            if dropped.is_power_of_two() {
                warn!(dropped, "events of the network are not taken fast enough");
            }
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect(UNBROKEN)
    }
}

/// The wall clock. One set before 1970 reads as the beginning of 1970: every heartbeat is then too early and is counted
/// as untimely, which is the truth about that clock.
fn clock() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
