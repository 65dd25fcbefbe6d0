//! The task that takes what gossip brings, and passes on what counts.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_lite::StreamExt as _;
use futures_lite::future::poll_once;
use iroh_gossip::api::Event as GossipEvent;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tracing::{debug, error, warn};
use williw_core::cycle::UnixSeconds;
use williw_core::identity::PeerId;
use williw_core::reputation::Conduct;

use super::line::{Heard, Line};
use super::{Event, NEIGHBOUR_TIMEOUT, NetworkCounts};
use crate::authors::{Authors, News};
use crate::door::Door;

pub(super) const UNBROKEN: &str = "nothing panics while it hears or counts";

/// How often connections are looked at that have no neighbour.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Room in the queue of events that is kept for neighbours coming and going.
const NEIGHBOUR_EVENTS_ROOM: usize = 128;

/// What the task lets others see.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) counts: NetworkCounts,
    /// At most as many as gossip's active view holds, and for a moment those whose leaving was lost in a lag.
    pub(super) neighbours: BTreeSet<PeerId>,
}

pub(super) struct Listener {
    pub(super) authors: Arc<Mutex<Authors>>,
    pub(super) door: Door,
    pub(super) line: Arc<Line>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) shared: Arc<Mutex<Shared>>,
    /// Whether something got lost since the subscription was made.
    pub(super) lagged: bool,
}

fn arrival(event: &GossipEvent) -> Option<PeerId> {
    if let GossipEvent::NeighborUp(id) = event { Some(PeerId(*id.as_bytes())) } else { None }
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
                    self.tell_echoes();
                    if self.lagged || !self.line.is_current(&heard) {
                        // Gossip stands still or is busy. Who is a neighbour is not known, so nobody is hung up on.
                        let Some(anew) = self.line.subscribe().await else { continue };
                        (heard, ended) = (anew, false);
                        self.catch_up(&mut heard).await;
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

    /// A new subscription begins with all present neighbours: who is not among them has left, even if the news of it got
    /// lost, and who is there has come. Without this, a neighbour that was not noticed would be hung up on again and again,
    /// and one that was not missed would never be dialled again.
    async fn catch_up(&mut self, heard: &mut Heard) {
        self.lagged = false;
        let before = std::mem::take(&mut self.shared().neighbours);
        // What is there without waiting is what gossip said while it took the subscription, and perhaps a little more.
        let mut first = Vec::new();
        while let Some(Some(Ok(event))) = poll_once(heard.topic.next()).await {
            let is_arrival = matches!(event, GossipEvent::NeighborUp(_));
            first.push(event);
            if !is_arrival {
                break;
            }
        }
        let present: BTreeSet<PeerId> = first.iter().filter_map(arrival).collect();
        self.shared().neighbours = before.intersection(&present).copied().collect();
        before.difference(&present).for_each(|peer| self.tell(Event::Down(*peer)));
        first.into_iter().for_each(|event| self.take(event));
    }

    fn take(&mut self, event: GossipEvent) {
        match event {
            // Who was known to be there, or known to be gone, is no news.
            GossipEvent::NeighborUp(id) => {
                let peer = PeerId(*id.as_bytes());
                if self.shared().neighbours.insert(peer) {
                    self.tell(Event::Up(peer));
                }
            }
            GossipEvent::NeighborDown(id) => {
                let peer = PeerId(*id.as_bytes());
                if self.shared().neighbours.remove(&peer) {
                    self.tell(Event::Down(peer));
                }
            }
            GossipEvent::Received(message) => self.hear(&message.content),
            GossipEvent::Lagged => {
                self.lagged = true;
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
        let outcome = self.authors().hear(bytes, clock(), |peer| self.door.standing_of(peer));
        self.shared().counts.hearing.count(&outcome);
        match outcome {
            Ok(News::Heard(heard, earns)) => {
                self.tell(Event::Heard(heard));
                if earns {
                    self.tell(Event::Conduct { peer: heard.author, conduct: Conduct::ValidMessage });
                }
            }
            // Told at the next look.
            Ok(News::Echo) => {}
            Err(reason) => debug!(%reason, "a message does not count"),
        }
    }

    /// An echo takes any room that there is, and is kept until there is some.
    fn tell_echoes(&self) {
        self.authors().echoes.tell(|echo| self.events.try_send(Event::Echo(echo)).is_ok());
    }

    /// Never waits: a slow reader must not stop gossip. What peers say does not take the last of the room.
    fn tell(&self, event: Event) {
        let said = matches!(event, Event::Heard(_) | Event::Conduct { .. });
        let crowded = said && self.events.capacity() <= NEIGHBOUR_EVENTS_ROOM;
        if crowded || self.events.try_send(event).is_err() {
            let dropped = &mut self.shared().counts.events_dropped;
            *dropped = dropped.saturating_add(1);
            if dropped.is_power_of_two() {
                warn!(dropped, "events of the network are not taken fast enough");
            }
        }
    }

    fn authors(&self) -> MutexGuard<'_, Authors> {
        self.authors.lock().expect(UNBROKEN)
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
