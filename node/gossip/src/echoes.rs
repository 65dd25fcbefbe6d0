//! What is heard by this node's own key that this node did not say: somebody else speaks with it, or spoke with it before.
//!
//! A cloned disk, a restored backup and a second copy of a node all have its peer key. Nothing but the key makes such an
//! envelope, so nobody else can raise a false alarm; and no age takes away what it says, because an old one tells of a
//! start that this node may know nothing about. So nothing here asks for the time. What it means is decided elsewhere
//! (`williw_core::guard`), by boot, by time and by how much was signed.
//!
//! Every run draws the number that its heartbeats are counted from. Two copies that start in the same second with the same
//! boot would otherwise say the same, byte for byte, and neither would ever hear the other. Two that were copied with their
//! memory have drawn the same number; of these the one that is behind hears the other.
//!
//! Only the newest counts, of each pulse, by boot, by time and by what was signed, and it is told at most once a second:
//! whoever kept what this node said over the years and says it all again makes no flood of it, and displaces nothing newer. That it listens does not hide that another
//! beats, so the two are kept apart.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use williw_core::guard::{Echo, Pulse};
use williw_core::network::NetworkId;

use crate::authors::Unheard;
use crate::envelope::Envelope;

#[cfg(test)]
mod tests;

/// Runs begin to count below 2^48: 2^53, where numbers stop being exact in JSON, is still a million years away, and that the
/// counts of two runs meet is as good as impossible.
const FIRST_SEQ_BITS: u32 = 48;

/// What this node has sent: these numbers, under this boot.
#[derive(Clone, Copy, Debug)]
struct Run {
    boot: u64,
    first: u64,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
struct Newest {
    echo: Echo,
    is_told: bool,
}

#[derive(Debug)]
pub(crate) struct Echoes {
    network: NetworkId,
    run: Option<Run>,
    newest: BTreeMap<(Pulse, By), Newest>,
}

/// In which way something is the newest. A past that was long and ended late has the higher boots, a copy that runs has the
/// later time, and a past that was taken back has signed more: none is to hide another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Rank,
    Time,
    Noted,
}

impl Echoes {
    pub(crate) const fn new(network: NetworkId) -> Self {
        Self { network, run: None, newest: BTreeMap::new() }
    }

    /// The number of the next heartbeat, which counts as sent from now on. Another boot is another run.
    pub(crate) fn number(&mut self, boot: u64) -> u64 {
        let run = self.run.filter(|run| run.boot == boot).unwrap_or_else(|| {
            let first = draw();
            Run { boot, first, next: first }
        });
        // Never reached: it begins 2^63 below the end.
        self.run = Some(Run { next: run.next.saturating_add(1), ..run });
        run.next
    }

    /// Takes an envelope that claims to be by this node. Whether it is new is seen before its signature is verified.
    pub(crate) fn hear(&mut self, envelope: &Envelope) -> Result<(), Unheard> {
        let beat = envelope.heartbeat;
        if self.run.is_some_and(|run| run.boot == beat.boot && (run.first..run.next).contains(&beat.seq)) {
            return Err(Unheard::Own);
        }
        let echo = Echo { boot: beat.boot, noted: beat.noted, seq: beat.seq, time: beat.time, pulse: beat.pulse };
        let is_news = |by: &By| match self.newest.get(&(beat.pulse, *by)) {
            None => true,
            Some(Newest { echo: known, .. }) => match by {
                By::Rank => (known.boot, known.seq) < beat.rank(),
                By::Time => known.time < beat.time,
                By::Noted => known.noted < beat.noted,
            },
        };
        let news: Vec<By> = [By::Rank, By::Time, By::Noted].into_iter().filter(is_news).collect();
        if news.is_empty() {
            return Err(Unheard::Repeated);
        }
        envelope.verify(self.network)?;
        // Told once, if it is both.
        for (nth, by) in news.into_iter().enumerate() {
            self.newest.insert((beat.pulse, by), Newest { echo, is_told: nth > 0 });
        }
        Ok(())
    }

    /// Tells what is new, once `tell` takes it.
    pub(crate) fn tell(&mut self, mut tell: impl FnMut(Echo) -> bool) {
        for newest in self.newest.values_mut().filter(|newest| !newest.is_told) {
            newest.is_told = tell(newest.echo);
        }
    }
}

/// The keys of a map are the randomness that the standard library has.
fn draw() -> u64 {
    RandomState::new().build_hasher().finish() >> (u64::BITS - FIRST_SEQ_BITS)
}
