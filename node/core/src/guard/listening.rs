//! Finding out, before anything is signed, whether another copy of this node runs.
//!
//! A cloned disk, a restored backup and a second installation have the same peer key. Each start of a node has a number, the
//! boot, that its file counts and its heartbeats announce; members repeat to a node that begins to listen what they last
//! heard in its name. So it listens for a while before it signs, and goes on listening after that. What it hears is signed
//! with its own key: only a copy, or its own past, can have said it.
//!
//! - A boot that is not below its own was never its own past: its file is a copy, or older than what it did.
//! - A lower boot is its past, unless it goes on speaking.

use crate::cycle::{Seconds, UnixSeconds};

/// How long a node has to listen in company before it signs. While it has no neighbour nobody could tell it anything, and
/// the time does not count.
pub const LISTEN: Seconds = Seconds(20);

/// The first part of that time, in which the last words of its own past may still arrive.
pub const SETTLE: Seconds = Seconds(8);

/// News of a lower boot after [`SETTLE`] that make it certain that it still speaks. Its past ended: only a few of its last
/// words can come late, by witnesses that are met late.
const LATE_NEWS_CAP: u8 = 3;

/// What a heartbeat says of whether its author signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    #[error("another copy of this node is running, of boot {heard}; this is boot {ours}")]
    Beside { heard: u64, ours: u64 },
}

/// That a node has listened. There is no other way to one than [`Listening::wait`].
#[derive(Debug)]
pub struct Listened(());

/// A node's ear for its own name.
#[derive(Debug)]
pub struct Listening {
    boot: u64,
    started: UnixSeconds,
    /// How long it has listened in company.
    in_company: Seconds,
    /// The last word of lower boots that was heard.
    past: Option<(u64, u64)>,
    late_news: u8,
}

impl Listening {
    #[must_use]
    pub const fn new(boot: u64, started: UnixSeconds) -> Self {
        Self { boot, started, in_company: Seconds(0), past: None, late_news: 0 }
    }

    /// Lets time pass, of which only that counts in which there was a neighbour who could have said something. Gives the
    /// right to sign when it was enough.
    pub fn wait(&mut self, elapsed: Seconds, company: bool) -> Option<Listened> {
        if company {
            self.in_company = Seconds(self.in_company.0.saturating_add(elapsed.0));
        }
        (self.in_company >= LISTEN).then_some(Listened(()))
    }

    /// How long there is still to listen, in company.
    #[must_use]
    pub const fn remaining(&self) -> Seconds {
        Seconds(LISTEN.0.saturating_sub(self.in_company.0))
    }

    /// Hears something in its own name.
    pub fn hear(&mut self, echo: Echo) -> Result<(), Twin> {
        let (heard, ours) = (echo.boot, self.boot);
        if heard >= ours {
            // One that only listens knows of nothing that we do not, and will hear us.
            return match echo.pulse {
                Pulse::Listening if heard > ours => Ok(()),
                Pulse::Listening | Pulse::Beating => Err(Twin::Ahead { heard, ours }),
            };
        }
        let news = self.past.is_none_or(|past| past < (echo.boot, echo.seq));
        if !news || echo.pulse == Pulse::Listening {
            return Ok(());
        }
        self.past = Some((echo.boot, echo.seq));
        if self.in_company >= SETTLE {
            self.late_news = self.late_news.saturating_add(1);
        }
        // Its own past cannot have spoken after it began, by the clock that both go by. A copy elsewhere may go by another.
        if echo.time > self.started || self.late_news >= LATE_NEWS_CAP {
            return Err(Twin::Beside { heard, ours });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
