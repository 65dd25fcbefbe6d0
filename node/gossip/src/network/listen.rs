//! The task that takes what gossip brings, and passes on what counts.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_lite::StreamExt as _;
use iroh_gossip::api::Event as GossipEvent;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tracing::{debug, error, warn};
use williw_core::cycle::UnixSeconds;
use williw_core::identity::PeerId;
use williw_core::reputation::Conduct;

use super::line::{Heard, Line};
use super::{Event, NEIGHBOUR_TIMEOUT, NetworkCounts};
use crate::authors::Authors;
use crate::door::Door;

pub(super) const UNBROKEN: &str = "nothing panics while it counts";

/// How often connections are looked at that have no neighbour.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

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
    pub(super) line: Arc<Line>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) shared: Arc<Mutex<Shared>>,
}

impl Listener {
    /// Ends, and with it the queue of events, when the topic does and nobody replaced it. That happens only if the gossip
    /// task died, so there is nothing to subscribe to again.
    pub(super) async fn listen(mut self, mut heard: Heard) {
        let mut look = tokio::time::interval(LOOK_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ended = false;
        loop {
            tokio::select! {
                _ = look.tick() => {
                    if !self.line.is_current(&heard) {
                        // Nobody is a neighbour who was one of the gossip before.
                        let Some(anew) = self.line.subscribe().await else { continue };
                        (heard, ended) = (anew, false);
                        self.forget_neighbours();
                    }
                    self.hang_up();
                }
                event = heard.topic.next(), if !ended => match event {
                    Some(Ok(event)) => self.take(event),
                    _ if !self.line.is_current(&heard) => ended = true,
                    Some(Err(error)) => return error!(%error, "the gossip topic broke"),
                    None => return error!("the gossip topic ended"),
                },
            }
        }
    }

    fn forget_neighbours(&mut self) {
        let gone = std::mem::take(&mut self.shared().neighbours);
        gone.into_iter().for_each(|peer| self.tell(Event::Down(peer)));
    }

    fn take(&mut self, event: GossipEvent) {
        match event {
            GossipEvent::NeighborUp(id) => {
                let peer = PeerId(*id.as_bytes());
                self.shared().neighbours.insert(peer);
                self.tell(Event::Up(peer));
            }
            GossipEvent::NeighborDown(id) => {
                let peer = PeerId(*id.as_bytes());
                self.shared().neighbours.remove(&peer);
                self.tell(Event::Down(peer));
            }
            GossipEvent::Received(message) => self.hear(&message.content),
            GossipEvent::Lagged => {
                let lagged = &mut self.shared().counts.lagged;
                *lagged = lagged.saturating_add(1);
            }
        }
    }

    /// Ends the connections that gossip leaves behind. When it drops a neighbour, or somebody told it something and became
    /// none, it (0.101) ends what it sends there and waits for the other side to close the connection; the other side
    /// waits too, and keep-alives hold it open for ever. [`crate::CONNECTIONS_PER_PEER_CAP`] of them, and the peer could
    /// not come back.
    fn hang_up(&self) {
        let neighbours = self.shared().neighbours.clone();
        self.door.hang_up(&neighbours, NEIGHBOUR_TIMEOUT);
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
