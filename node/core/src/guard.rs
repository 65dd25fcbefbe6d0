//! What a signer may still sign.
//!
//! Stake is lost by signing two statements with one conflict key, so the guard remembers, for every signer, what was
//! signed under each key, and below which position of each kind nothing is signed any more. The rules are here; what makes
//! them hold over crashes is the file that keeps them.
//!
//! One statement is signed per key, even where the law is milder: an update with the same digest in another cycle would be
//! no offence, but it would be a second signature under a key, and nobody needs it.

use std::collections::BTreeMap;

use sha3::{Digest as _, Keccak256};

use crate::cycle::Cycle;
use crate::hash::Hash;
use crate::statement::{ConflictKey, Kind, Statement};

mod interchange;
mod listening;

pub use interchange::{ENTRIES_CAP, Interchange, InterchangeFault, Record};
pub use listening::{Echo, LISTEN, Listened, Listening, Pulse, SETTLE, Twin};

/// What was signed under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    By(Statement),
    /// Something of which no more is known than that, or more than one thing. Nothing is signed there.
    Closed,
}

/// How a request is to be answered that is not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was signed under its key: it is to be written down, then signed.
    New,
    /// It was signed before, or was about to be: the signature is the same.
    Same,
}

/// Why a statement is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("asked to sign {asked}, but {signed} was signed before")]
    Conflict { asked: Statement, signed: Statement },
    #[error("asked to sign {asked}, but something unknown was signed before as {}", asked.conflict_key())]
    Closed { asked: Statement },
    #[error("asked to sign {asked}, but of its kind everything through {through} counts as signed")]
    Below { asked: Statement, through: u64 },
}

/// Decides about one request: `taken` is what was signed under its key, `floor` the highest position of its kind at which
/// everything counts as signed.
pub fn judge(asked: &Statement, taken: Option<Taken>, floor: Option<u64>) -> Result<Verdict, Refusal> {
    match (taken, floor) {
        (Some(Taken::By(signed)), _) if signed == *asked => Ok(Verdict::Same),
        (Some(Taken::By(signed)), _) => Err(Refusal::Conflict { asked: *asked, signed }),
        (Some(Taken::Closed), _) => Err(Refusal::Closed { asked: *asked }),
        (None, Some(through)) if asked.conflict_key().position() <= through => {
            Err(Refusal::Below { asked: *asked, through })
        }
        (None, _) => Ok(Verdict::New),
    }
}

/// The digest that a statement of this kind carries for these bytes: BLAKE3 for what nodes ship to each other, Keccak for
/// what contracts recompute.
#[must_use]
pub fn digest_of(kind: Kind, bytes: &[u8]) -> Hash {
    match kind {
        Kind::Update | Kind::Checkpoint => Hash(*blake3::hash(bytes).as_bytes()),
        Kind::RootVote | Kind::Proposal => Hash(Keccak256::digest(bytes).into()),
    }
}

/// All that is known of what one signer signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    floors: BTreeMap<Kind, u64>,
    taken: BTreeMap<ConflictKey, Taken>,
}

/// What a merge came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Keys of which nothing was known before.
    pub added: usize,
    /// Keys whose statement was known here and which are closed now: the other side names another statement, which is an
    /// offence already, or does not name what was signed.
    pub closed: usize,
    /// Kinds whose floor rose.
    pub raised: usize,
}

impl History {
    #[must_use]
    pub fn new(floors: BTreeMap<Kind, u64>, taken: BTreeMap<ConflictKey, Taken>) -> Self {
        Self { floors, taken }
    }

    pub fn floors(&self) -> impl Iterator<Item = (Kind, u64)> {
        self.floors.iter().map(|(kind, floor)| (*kind, *floor))
    }

    pub fn taken(&self) -> impl Iterator<Item = (ConflictKey, Taken)> {
        self.taken.iter().map(|(key, taken)| (*key, *taken))
    }

    pub fn judge(&self, asked: &Statement) -> Result<Verdict, Refusal> {
        let key = asked.conflict_key();
        judge(asked, self.taken.get(&key).copied(), self.floors.get(&key.kind()).copied())
    }

    /// Takes note of something that was signed. Under a key that holds anything else, it closes the key.
    pub fn note(&mut self, key: ConflictKey, signed: Taken) {
        let taken = self.taken.entry(key).or_insert(signed);
        if *taken != signed {
            *taken = Taken::Closed;
        }
    }

    /// Takes everything of this kind through this position for signed. A floor never sinks.
    pub fn raise(&mut self, kind: Kind, through: u64) {
        let floor = self.floors.entry(kind).or_insert(through);
        *floor = through.max(*floor);
    }

    /// Knows what both knew. Nothing that either refuses is signed afterwards, but for what was signed here already.
    pub fn merge(&mut self, other: &Self) -> Merged {
        let mut merged = Merged::default();
        for (key, taken) in other.taken() {
            let before = self.taken.get(&key).copied();
            // Below a floor we may have signed what we forgot since. What others name there must not bring it back.
            let forgotten = self.floors.get(&key.kind()).is_some_and(|floor| key.position() <= *floor);
            if before.is_none() && forgotten {
                continue;
            }
            self.note(key, taken);
            let closed = self.taken.get(&key) == Some(&Taken::Closed);
            merged.added = merged.added.saturating_add(usize::from(before.is_none()));
            merged.closed = merged.closed.saturating_add(usize::from(closed && matches!(before, Some(Taken::By(_)))));
        }
        for (kind, through) in other.floors() {
            let before = self.floors.get(&kind).copied();
            self.raise(kind, through);
            merged.raised = merged.raised.saturating_add(usize::from(before.is_none_or(|before| before < through)));
        }
        merged
    }

    /// The floors under which everything may be forgotten that is older than `cycle`: for each kind the highest position
    /// below which nothing younger was signed. To forget is to raise the floor first, and then to drop what is at or below
    /// these positions, not what is below some higher floor: there may be a younger statement that is asked for again.
    #[must_use]
    pub fn prunable(&self, cycle: Cycle) -> BTreeMap<Kind, u64> {
        let old = |key: &ConflictKey, taken: &Taken| match (key, taken) {
            (ConflictKey::Cycle { cycle: of, .. }, _) => *of < cycle,
            (ConflictKey::Slot { .. }, Taken::By(statement)) => statement.cycle() < cycle,
            // Nothing says how old it is, but below a floor nothing is lost with it.
            (ConflictKey::Slot { kind, slot }, Taken::Closed) => {
                self.floors.get(kind).is_some_and(|floor| slot <= floor)
            }
        };
        let through = |kind: Kind| {
            let keys = ConflictKey::at(kind, 0)..=ConflictKey::at(kind, u64::MAX);
            let prefix = self.taken.range(keys).take_while(|(key, taken)| old(key, taken));
            Some((kind, prefix.last()?.0.position()))
        };
        Kind::ALL.into_iter().filter_map(through).collect()
    }
}
