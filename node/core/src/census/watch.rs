//! What is known of a chain's present: how fresh our reading is, and its unfinal tail.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Alarm, Turn};
use crate::cycle::{Height, Seconds, UnixSeconds};
use crate::identity::{ChainId, Owner};
use crate::ledger::Point;
use crate::tail::{News, Proofs, Rumour};

/// A chain whose tail was not read for this long is stale. Pages alone do not make it fresh: they are news of yesterday.
pub const STALE_AFTER: Seconds = Seconds(60);

/// A chain that was read just now and whose head is this old is halted.
pub const HALT_AFTER: Seconds = Seconds(120);

/// A cursor that moved without any fact is written once it is so far ahead of what was written, in the chain's time. A restart
/// asks for so many blocks again; a write for every poll of a quiet chain would cost more.
pub const CURSOR_AHEAD: Seconds = Seconds(600);

/// What a chain's word is worth now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Freshness {
    /// Not yet read since the start: the journal to its final head, and what is pending beyond.
    #[default]
    Unread,
    Fresh,
    /// Its endpoints answer and agree on one old head. Its word stands: nothing can have changed.
    Halted,
    /// Its endpoints do not answer. It admits nobody on its word.
    Stale,
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unread => "unread",
            Self::Fresh => "fresh",
            Self::Halted => "halted",
            Self::Stale => "stale",
        })
    }
}

impl Freshness {
    /// Whether its word is enough for somebody of whom nothing bad is known.
    pub(super) const fn speaks(self) -> bool {
        matches!(self, Self::Fresh | Self::Halted)
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    /// The journal was read to the chain's final head.
    opened: bool,
    freshness: Freshness,
    /// When the tail was read last.
    read_at: Option<UnixSeconds>,
    head: Point,
    /// The tail as it was read, less what became final since.
    pub(super) tail: Vec<Rumour>,
    pub(super) news: BTreeMap<Owner, News>,
    pub(super) unproven: BTreeSet<(Owner, Height)>,
    pub(super) proofs: Proofs,
    /// Where the cursor stood when it was last written.
    pub(super) written: UnixSeconds,
}

impl Watch {
    /// A watch of a chain whose cursor stands there.
    pub(super) fn new(through: Point) -> Self {
        Self { written: through.time, ..Self::default() }
    }

    pub(super) const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The journal was read to the chain's final head. Returns whether the chain's word is worth more or less now.
    pub(super) fn open(&mut self, now: UnixSeconds, turn: &mut Turn, chain: ChainId) -> bool {
        self.opened = true;
        self.age(now, turn, chain)
    }

    /// The tail was read just now, up to this head.
    pub(super) fn read(&mut self, head: Point, now: UnixSeconds, turn: &mut Turn, chain: ChainId) -> bool {
        (self.head, self.read_at) = (head, Some(now));
        self.age(now, turn, chain)
    }

    /// Weighs the reading again as time passes.
    pub(super) fn age(&mut self, now: UnixSeconds, turn: &mut Turn, chain: ChainId) -> bool {
        // A clock that was set back must not make a reading look fresh for longer than one period.
        self.read_at = self.read_at.map(|read_at| read_at.min(now));
        let next = match self.read_at.filter(|_| self.opened) {
            None => Freshness::Unread,
            Some(read_at) if now.since(read_at) > STALE_AFTER => Freshness::Stale,
            Some(_) if now.since(self.head.time) > HALT_AFTER => Freshness::Halted,
            Some(_) => Freshness::Fresh,
        };
        let before = std::mem::replace(&mut self.freshness, next);
        if before == next {
            return false;
        }
        turn.alarms.push(Alarm::Freshness { chain, before, now: next });
        // A halted chain is worth as much as a fresh one, so nobody needs to be judged again.
        !(before.speaks() && next.speaks())
    }
}
