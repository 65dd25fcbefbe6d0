//! Finding out, before anything is signed, whether another copy of this node runs.
//!
//! A cloned disk, a restored backup and a second installation have the same peer key. Each start of a node has a number, the
//! boot, that its file counts and its heartbeats announce; members repeat to a node that begins to listen what they last
//! heard in its name. So it listens for a while before it signs, and goes on listening after that. What it hears is signed
//! with its own key: only a copy, or its own past, can have said it.
//!
//! - What beat under a boot that is not below its own was never its own past: its file is a copy, or older than what it did.
//! - What was said after it began was never its own past either. This is the only thing that ends a run because of a lower
//!   boot: who has no key of ours can repeat our words, in any order and at any time, but cannot date them anew.
//! - What was said by a guard that knew more than its own was not its past either, whatever its boot: starting again raises
//!   the boot of a guard that was put back from before, but not what it knows.
//! - Words that are older than its start may be those of a copy whose clock is behind. They prove nothing, so they only make
//!   it listen longer: until such a copy would have said something that does.
//! - Of two that listen at once both end: neither can know that the other will.

use crate::cycle::{Seconds, UnixSeconds};

/// How long a node has to listen in company before it signs. While it has no neighbour nobody could tell it anything, and
/// the time does not count.
pub const LISTEN: Seconds = Seconds(20);

/// The first part of that time, in which the last words of its own past may still arrive and raise no doubt.
pub const SETTLE: Seconds = Seconds(8);

/// How long it has to listen when it is in doubt: a copy whose clock is 30 seconds behind says something from after our
/// start within that many seconds and the pause between two heartbeats, and then the words need some time to come. A copy
/// that is further behind is heard after as many seconds as it is behind, and may sign until then.
///
/// Words that are older than this are no reason to doubt, so who wants to delay a start needs records of the last moments
/// before it, and delays it once, by the difference to [`LISTEN`].
const LISTEN_IN_DOUBT: Seconds = Seconds(40);

/// How far ahead of its own clock a node believes that somebody spoke: as far as members take heartbeats from.
const CLOCK_SLACK: Seconds = Seconds(300);

/// What a heartbeat says of whether its author signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pulse {
    /// It began a moment ago and has signed nothing in this boot.
    Listening,
    /// It has listened, and may sign.
    Beating,
}

/// A heartbeat with this node's own name that is not of this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    pub boot: u64,
    /// How many statements its guard had on disk.
    pub noted: u64,
    pub seq: u64,
    pub time: UnixSeconds,
    pub pulse: Pulse,
}

/// Another copy of this node, and how it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Twin {
    #[error(
        "the network knows this node from boot {heard}, this is boot {ours}: another copy runs, or this one was restored \
         from before"
    )]
    Ahead { heard: u64, ours: u64 },
    #[error(
        "the network knows this node with {heard} statements written down, this guard has {ours}: it was put back from \
         before, or another copy signs"
    )]
    Behind { heard: u64, ours: u64 },
    #[error("another copy of this node is running, of boot {heard}; this is boot {ours}")]
    Beside { heard: u64, ours: u64 },
}

/// That a node has listened. There is no other way to one than [`Listening::wait`].
#[derive(Debug)]
pub struct Listened(());

/// What came too late for last words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Late {
    Nothing,
    /// A witness that was met late may bring the last word of our past.
    One(Echo),
    /// Several different ones: somebody seems to speak on.
    More,
}

/// A node's ear for its own name.
#[derive(Debug)]
pub struct Listening {
    boot: u64,
    noted: u64,
    started: UnixSeconds,
    /// How long it has listened in company.
    in_company: Seconds,
    late: Late,
}

impl Listening {
    /// For a start with this number, of a guard that had so many statements on disk by then.
    #[must_use]
    pub const fn new((boot, noted): (u64, u64), started: UnixSeconds) -> Self {
        Self { boot, noted, started, in_company: Seconds(0), late: Late::Nothing }
    }

    /// Lets time pass, of which only that counts in which there was a neighbour who could have said something. Gives the
    /// right to sign when it was enough.
    pub fn wait(&mut self, elapsed: Seconds, company: bool) -> Option<Listened> {
        if company {
            self.in_company = Seconds(self.in_company.0.saturating_add(elapsed.0));
        }
        self.has_listened().then_some(Listened(()))
    }

    /// How long there is still to listen, in company.
    #[must_use]
    pub const fn remaining(&self) -> Seconds {
        Seconds(self.enough().0.saturating_sub(self.in_company.0))
    }

    /// Hears something in its own name, at `now` by the clock that `started` was read from.
    pub fn hear(&mut self, echo: Echo, now: UnixSeconds) -> Result<(), Twin> {
        // If the clock was set back since, it was wrong at the start, and a copy would seem to speak before it for long.
        self.started = self.started.min(now);
        // What was announced was on disk before, so its own past never announced more than there is.
        if echo.noted > self.noted {
            return Err(Twin::Behind { heard: echo.noted, ours: self.noted });
        }
        // Nobody takes heartbeats from further ahead. One from a past whose clock was wrong must not end every later start.
        let beside = echo.time > self.started && echo.time.since(now) <= CLOCK_SLACK;
        let twin = match echo.pulse {
            Pulse::Beating => beside || echo.boot >= self.boot,
            // It has signed nothing, and ends when it hears us beat. While we do not beat, it may never hear of us.
            Pulse::Listening => beside && !self.has_listened(),
        };
        if twin {
            let (heard, ours) = (echo.boot, self.boot);
            return Err(if heard < ours { Twin::Beside { heard, ours } } else { Twin::Ahead { heard, ours } });
        }
        self.wonder(echo, now);
        Ok(())
    }

    /// Takes note of what its past may have said, or a copy whose clock is behind.
    fn wonder(&mut self, echo: Echo, now: UnixSeconds) {
        let timely = self.in_company >= SETTLE && !self.has_listened();
        if timely && now.since(echo.time) <= LISTEN_IN_DOUBT {
            self.late = match self.late {
                Late::Nothing => Late::One(echo),
                Late::One(first) if first == echo => Late::One(first),
                Late::One(_) | Late::More => Late::More,
            };
        }
    }

    const fn enough(&self) -> Seconds {
        match self.late {
            Late::Nothing | Late::One(_) => LISTEN,
            Late::More => LISTEN_IN_DOUBT,
        }
    }

    fn has_listened(&self) -> bool {
        self.in_company >= self.enough()
    }
}

#[cfg(test)]
mod tests;
