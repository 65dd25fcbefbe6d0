//! Whose heartbeats count: those of members and of peers on probation, signed, fresh, and each only once.
//!
//! iroh-gossip remembers a message for ninety seconds; repeated later it looks new. So every author has a mark, the
//! (boot, seq) of its last heartbeat, and only what lies above it counts; and the author's clock must be near ours, or
//! a restart, which forgets the marks, would bring old heartbeats back to life.
//!
//! The cheap checks come first, and nothing is remembered before the signature was verified: nobody but the author can
//! move its mark. Nothing that is dropped is held against anyone. The author did not necessarily send it, and the
//! neighbour who did may have another roster or another clock.

use std::collections::BTreeMap;

use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::ed25519::PeerFault;
use williw_core::identity::PeerId;
use williw_core::network::NetworkId;
use williw_core::standing::Standing;

use crate::envelope::{Envelope, EnvelopeFault};

#[cfg(test)]
mod tests;

/// How far an author's clock may be from ours, either way.
pub const HEARTBEAT_SLACK: Seconds = Seconds(300);

/// An author earns at most one valid message per interval, however often its heart beats: a flood must not buy reputation.
pub const CREDIT_INTERVAL: Seconds = Seconds(60);

/// Authors that have a mark. When full, those that are barred by now are forgotten; if that frees nothing, the newest
/// author is not heard.
const AUTHORS_CAP: usize = 65_536;

/// A verified heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    pub author: PeerId,
    pub boot: u64,
    pub seq: u64,
    /// The author's clock.
    pub time: UnixSeconds,
}

/// Why a message does not count; the first reason in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unheard {
    #[error(transparent)]
    Malformed(#[from] EnvelopeFault),
    #[error("it is our own")]
    Own,
    #[error("its author is barred here")]
    Stranger,
    #[error("its time is {0:?} ahead of ours")]
    Early(Seconds),
    #[error("it is {0:?} old")]
    Late(Seconds),
    #[error("a heartbeat of its author at least as new was heard before")]
    Repeated,
    #[error("its author's heart beat within this second")]
    Hasty,
    #[error(transparent)]
    Forged(#[from] PeerFault),
    #[error("there are too many authors")]
    Crowded,
}

/// What became of the messages that arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HearingCounts {
    pub heard: u64,
    pub malformed: u64,
    /// By this node itself, and brought back.
    pub own: u64,
    /// By authors that are neither members nor on probation here.
    pub strangers: u64,
    /// By authors whose clock is too far ahead of or behind ours.
    pub untimely: u64,
    pub repeated: u64,
    /// Within the second in which a heartbeat of the same author was heard.
    pub hasty: u64,
    pub forged: u64,
    /// Not heard because there were too many authors.
    pub crowded: u64,
}

impl HearingCounts {
    pub(crate) fn count(&mut self, outcome: &Result<(Heard, bool), Unheard>) {
        let counter = match outcome {
            Ok(_) => &mut self.heard,
            Err(Unheard::Malformed(_)) => &mut self.malformed,
            Err(Unheard::Own) => &mut self.own,
            Err(Unheard::Stranger) => &mut self.strangers,
            Err(Unheard::Early(_) | Unheard::Late(_)) => &mut self.untimely,
            Err(Unheard::Repeated) => &mut self.repeated,
            Err(Unheard::Hasty) => &mut self.hasty,
            Err(Unheard::Forged(_)) => &mut self.forged,
            Err(Unheard::Crowded) => &mut self.crowded,
        };
        *counter = counter.saturating_add(1);
    }
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    /// (boot, seq) of the newest heartbeat.
    newest: (u64, u64),
    /// When that was heard, by our clock.
    heard: UnixSeconds,
    /// When the author last earned something, by our clock.
    credited: UnixSeconds,
}

#[derive(Debug)]
pub(crate) struct Authors {
    network: NetworkId,
    me: PeerId,
    cap: usize,
    marks: BTreeMap<PeerId, Mark>,
}

impl Authors {
    pub(crate) const fn new(network: NetworkId, me: PeerId) -> Self {
        Self { network, me, cap: AUTHORS_CAP, marks: BTreeMap::new() }
    }

    /// Takes a message and says what was heard, and whether it earns its author a valid message.
    pub(crate) fn hear(
        &mut self,
        bytes: &[u8],
        now: UnixSeconds,
        standing: impl Fn(PeerId) -> Standing,
    ) -> Result<(Heard, bool), Unheard> {
        let envelope = Envelope::decode(bytes)?;
        let beat = envelope.heartbeat;
        if beat.author == self.me {
            return Err(Unheard::Own);
        }
        if standing(beat.author).is_barred() {
            return Err(Unheard::Stranger);
        }
        let (ahead, age) = (beat.time.since(now), now.since(beat.time));
        if ahead > HEARTBEAT_SLACK {
            return Err(Unheard::Early(ahead));
        }
        if age > HEARTBEAT_SLACK {
            return Err(Unheard::Late(age));
        }
        let (newest, before) = ((beat.boot, beat.seq), self.marks.get(&beat.author).copied());
        if before.is_some_and(|mark| newest <= mark.newest) {
            return Err(Unheard::Repeated);
        }
        // Hearts beat every twenty seconds. Whatever more there is costs no verification and displaces no news of others.
        if before.is_some_and(|mark| mark.heard == now) {
            return Err(Unheard::Hasty);
        }
        envelope.verify(self.network)?;
        if before.is_none() {
            self.make_room(standing)?;
        }
        let earns = before.is_none_or(|mark| now.since(mark.credited) >= CREDIT_INTERVAL);
        let credited = before.filter(|_| !earns).map_or(now, |mark| mark.credited);
        self.marks.insert(beat.author, Mark { newest, heard: now, credited });
        Ok((Heard { author: beat.author, boot: beat.boot, seq: beat.seq, time: beat.time }, earns))
    }

    fn make_room(&mut self, standing: impl Fn(PeerId) -> Standing) -> Result<(), Unheard> {
        if self.marks.len() >= self.cap {
            self.marks.retain(|author, _| !standing(*author).is_barred());
        }
        if self.marks.len() < self.cap { Ok(()) } else { Err(Unheard::Crowded) }
    }
}
