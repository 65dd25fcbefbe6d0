//! Whose heartbeats count: those of members and of peers on probation, signed, fresh, and each only once. What is said by the
//! key of this node itself goes to [`Echoes`].
//!
//! iroh-gossip remembers a message for ninety seconds; repeated later it looks new. So every author has a mark, the
//! (boot, seq) of its last heartbeat, and only what lies above it counts; and the author's clock must be near ours, or
//! a restart, which forgets the marks, would bring old heartbeats back to life.
//!
//! The cheap checks come first, and nothing is remembered before the signature was verified: nobody but the author can
//! move its mark. Nothing that is dropped is held against anyone. The author did not necessarily send it, and the
//! neighbour who did may have another roster or another clock.
//!
//! The newest *beating* envelope of every author is kept as it came, for the author alone to ask for (`network/ask`): it may
//! be a copy that wants to know whether another one runs. A start that only listens does not take its place, nor does its
//! higher boot end the keeping: while it listens, what the other one says has to stay up to date.

use std::collections::BTreeMap;

use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::ed25519::PeerFault;
use williw_core::guard::Pulse;
use williw_core::identity::PeerId;
use williw_core::network::NetworkId;
use williw_core::standing::Standing;

use crate::echoes::Echoes;
use crate::envelope::{Envelope, EnvelopeFault, Heartbeat};

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
    pub pulse: Pulse,
}

/// What a message was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// A heartbeat, and whether it earns its author a valid message.
    Heard(Heard, bool),
    /// By the key of this node, and not by this run of it. [`Echoes`] has it.
    Echo,
}

/// Why a message does not count; the first reason in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unheard {
    #[error(transparent)]
    Malformed(#[from] EnvelopeFault),
    #[error("we said it ourselves")]
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
    /// Said by this run of this node, and brought back.
    pub own: u64,
    /// By the key of this node, and not said by this run of it.
    pub echoes: u64,
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
    pub(crate) fn count(&mut self, outcome: &Result<News, Unheard>) {
        let counter = match outcome {
            Ok(News::Heard(..)) => &mut self.heard,
            Ok(News::Echo) => &mut self.echoes,
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
    /// When a boot was heard for the first time, by our clock.
    risen: UnixSeconds,
    /// When the author last earned something, by our clock.
    credited: UnixSeconds,
    /// The newest heartbeat that beats.
    beating: Option<Envelope>,
    /// The newest one that only listens.
    listening: Option<Envelope>,
    /// When that was taken although a later start had been heard, by our clock.
    caught_up: Option<UnixSeconds>,
}

impl Mark {
    /// When something of this sort was last verified. Hearts beat every few seconds; whatever more than one a second
    /// there is costs no verification and displaces no news of others. Two copies may beat in the same second time after
    /// time, so none of them takes the turn of the other.
    fn last(&self, beat: &Heartbeat) -> Option<UnixSeconds> {
        if beat.rank() <= self.newest {
            self.caught_up
        } else if beat.boot > self.newest.0 {
            Some(self.risen)
        } else {
            Some(self.heard)
        }
    }
}

/// Whether a heartbeat takes the place of the one that is kept.
fn supersedes(beat: &Heartbeat, kept: Option<&Envelope>) -> bool {
    beat.pulse == Pulse::Beating && kept.is_none_or(|kept| kept.heartbeat.rank() < beat.rank())
}

#[derive(Debug)]
pub(crate) struct Authors {
    network: NetworkId,
    me: PeerId,
    cap: usize,
    marks: BTreeMap<PeerId, Mark>,
    pub(crate) echoes: Echoes,
}

impl Authors {
    pub(crate) const fn new(network: NetworkId, me: PeerId) -> Self {
        Self { network, me, cap: AUTHORS_CAP, marks: BTreeMap::new(), echoes: Echoes::new(network) }
    }

    /// Takes a message and says what it was.
    pub(crate) fn hear(
        &mut self,
        bytes: &[u8],
        now: UnixSeconds,
        standing: impl Fn(PeerId) -> Standing,
    ) -> Result<News, Unheard> {
        let envelope = Envelope::decode(bytes)?;
        let beat = envelope.heartbeat;
        if beat.author == self.me {
            return self.echoes.hear(&envelope).map(|()| News::Echo);
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
        let before = self.marks.get(&beat.author).copied();
        if before.is_some_and(|mark| beat.rank() <= mark.newest && !supersedes(&beat, mark.beating.as_ref())) {
            return Err(Unheard::Repeated);
        }
        if before.is_some_and(|mark| mark.last(&beat) == Some(now)) {
            return Err(Unheard::Hasty);
        }
        envelope.verify(self.network)?;
        if before.is_none() {
            self.make_room(standing)?;
        }
        self.note(&envelope, before, now)
    }

    /// Writes down what was verified.
    fn note(&mut self, envelope: &Envelope, before: Option<Mark>, now: UnixSeconds) -> Result<News, Unheard> {
        let beat = envelope.heartbeat;
        let kept = before.and_then(|mark| mark.beating);
        let beating = if supersedes(&beat, kept.as_ref()) { Some(*envelope) } else { kept };
        if let Some(mark) = before.filter(|mark| beat.rank() <= mark.newest) {
            self.marks.insert(beat.author, Mark { beating, caught_up: Some(now), ..mark });
            return Err(Unheard::Repeated);
        }
        let earns = before.is_none_or(|mark| now.since(mark.credited) >= CREDIT_INTERVAL);
        let mark = Mark {
            newest: beat.rank(),
            heard: now,
            risen: before.filter(|mark| mark.newest.0 == beat.boot).map_or(now, |mark| mark.risen),
            credited: before.filter(|_| !earns).map_or(now, |mark| mark.credited),
            beating,
            listening: if beat.pulse == Pulse::Listening {
                Some(*envelope)
            } else {
                before.and_then(|mark| mark.listening)
            },
            caught_up: before.and_then(|mark| mark.caught_up),
        };
        self.marks.insert(beat.author, mark);
        let Heartbeat { author, boot, seq, time, pulse, .. } = beat;
        Ok(News::Heard(Heard { author, boot, seq, time, pulse }, earns))
    }

    /// The newest envelopes of an author as they came: the one that beats, and the one that listens. Of two copies that
    /// listen at once, the one behind finds out by the second.
    pub(crate) fn kept(&self, author: PeerId) -> [Option<Envelope>; 2] {
        self.marks.get(&author).map_or([None; 2], |mark| [mark.beating, mark.listening])
    }

    fn make_room(&mut self, standing: impl Fn(PeerId) -> Standing) -> Result<(), Unheard> {
        if self.marks.len() >= self.cap {
            self.marks.retain(|author, _| !standing(*author).is_barred());
        }
        if self.marks.len() < self.cap { Ok(()) } else { Err(Unheard::Crowded) }
    }
}
