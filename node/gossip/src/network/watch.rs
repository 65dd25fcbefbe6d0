//! Sees to it that gossip goes on.
//!
//! A neighbour that stops reading stops gossip (see `line`), and whoever stops reading keeps its connection alive all
//! the same. So gossip is asked for a sign of life all the time, and when it gives none, connections are closed one after
//! the other: closing the right one lets gossip go on, and tells who it was. That peer gets no gossip connection for a
//! while ([`STALLED_FOR`]).
//!
//! If that does not help, the task that reads from the culprit waits for gossip, too, because its queue is full; then the
//! two wait for each other for ever, and gossip is replaced. That takes a flood, so whoever sent most since the last sign
//! of life is the one that is kept out. It is a guess: nothing but a connection depends on it, and it is no conduct.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tracing::{debug, error, warn};
use williw_core::identity::PeerId;

use super::NetworkCounts;
use super::line::Line;
use super::listen::{Shared, UNBROKEN};
use crate::door::Door;

/// How long one sign of life may take, and how often it is asked for.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Looks without a sign of life that are too many. A look with one makes up for a quarter of one without: who reads just
/// enough to be no neighbour that stopped slows gossip down by a fifth at most.
const MISSES_CAP: u32 = 4;

const MISS_WEIGHT: u32 = 4;

/// How long it takes gossip to go on after the right connection was closed, with much to spare.
const FREED_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a peer that stopped gossip gets no gossip connection.
pub const STALLED_FOR: Duration = Duration::from_secs(600);

pub(super) struct Watch {
    pub(super) line: Arc<Line>,
    pub(super) door: Door,
    pub(super) shared: Arc<Mutex<Shared>>,
}

impl Watch {
    pub(super) async fn watch(self) {
        let mut look = tokio::time::interval(LOOK_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut owed, mut before) = (0_u32, self.door.received());
        loop {
            look.tick().await;
            if self.line.answers(LOOK_INTERVAL).await {
                owed = owed.saturating_sub(1);
                before = self.door.received();
                continue;
            }
            owed = owed.saturating_add(MISS_WEIGHT);
            if owed >= MISSES_CAP * MISS_WEIGHT {
                owed = 0;
                self.free(&before).await;
            }
        }
    }

    async fn free(&self, before: &BTreeMap<PeerId, u64>) {
        let stalls = self.count(|counts| &mut counts.stalls);
        let since = |peer, now: u64| now.saturating_sub(before.get(&peer).copied().unwrap_or_default());
        let mut suspects: Vec<_> =
            self.door.received().into_iter().map(|(peer, now)| (since(peer, now), peer)).collect();
        suspects.sort_unstable_by(|one, other| other.cmp(one));
        for (_, peer) in &suspects {
            self.door.hang_up_on(*peer);
            if self.line.answers(FREED_TIMEOUT).await {
                self.door.stall(*peer, STALLED_FOR);
                return warn!(%peer, stalls, "a neighbour stopped reading and gossip with it, it is kept out");
            }
            debug!(%peer, "gossip does not stand still because of this one");
        }
        if let Some((_, peer)) = suspects.first() {
            self.door.stall(*peer, STALLED_FOR);
            warn!(%peer, stalls, "gossip stood still and begins anew, who flooded it is kept out");
        }
        match self.line.replace().await {
            Ok(()) => {
                self.count(|counts| &mut counts.restarts);
            }
            // It is tried again when it has been silent for as long again.
            Err(error) => error!(%error, "gossip stands still"),
        }
    }

    fn count(&self, counter: impl Fn(&mut NetworkCounts) -> &mut u64) -> u64 {
        let mut shared = self.shared.lock().expect(UNBROKEN);
        let counter = counter(&mut shared.counts);
        *counter = counter.saturating_add(1);
        *counter
    }
}
