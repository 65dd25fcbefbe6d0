//! The history of signers as a file that people carry from one guard to another.
//!
//! Its meaning is that of Ethereum's interchange format for validators (EIP-3076). Nothing is signed at or below the lowest
//! position that a file names for a kind, whatever else it holds: it need not know what was before. So a file is complete
//! if it lists every statement, and minimal if it lists only the highest; both are safe, and the second is shorter. An
//! entry without a digest says that something was signed there. Importing adds to what is known and takes nothing away.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::cycle::Cycle;
use crate::guard::{History, Taken};
use crate::hash::Hash;
use crate::identity::Signer;
use crate::network::NetworkId;
use crate::statement::{ConflictKey, Kind, Statement, StatementFault};

/// The only version there is.
const VERSION: &str = "1";

/// The most entries of one file. One with more is refused whole.
pub const ENTRIES_CAP: usize = 1_000_000;

/// The highest count that a file may tell: no guard comes there by counting, and one that begins there would soon count no
/// further.
const BOOT_CAP: u64 = 1 << 53;

/// A file of histories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interchange {
    metadata: Metadata,
    data: Vec<Record>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    interchange_format_version: String,
    network_id: NetworkId,
    /// How often the guard that wrote the file was started; the next one goes on from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    boot: Option<Number>,
    /// How many statements it announced. A home that is moved goes on with just these: with more it would pass for one that
    /// knows what it has forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    noted: Option<Number>,
}

/// What one signer signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    signer: Signer,
    updates: Vec<Slotted>,
    checkpoints: Vec<Slotted>,
    root_votes: Vec<Cycled>,
    proposals: Vec<Cycled>,
}

/// An update or checkpoint: its cycle and digest are known or both are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slotted {
    slot: Number,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cycle: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Hash>,
}

/// A root vote or proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cycled {
    cycle: Number,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Hash>,
}

/// A number in decimal digits between quotation marks, because many readers of JSON take numbers for floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number(u64);

/// Why a file is not taken. Nothing of it is then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterchangeFault {
    #[error("the file has another interchange_format_version than {VERSION}")]
    Version,
    #[error("the file is of network {found}, not {wanted}")]
    OtherNetwork { found: NetworkId, wanted: NetworkId },
    #[error("the file has more than {ENTRIES_CAP} entries")]
    TooLong,
    #[error("the file is of a guard that counted to {0}, which no guard did")]
    Boot(u64),
    #[error("{signer}, {kind} at slot {slot}: give both cycle and digest, or neither")]
    Half { signer: Signer, kind: Kind, slot: u64 },
    #[error(transparent)]
    Statement(#[from] StatementFault),
}

impl Interchange {
    /// Every statement that is known, down to the floor: the entry there stands for all below.
    #[must_use]
    pub fn complete(network: NetworkId, boot: u64, histories: &BTreeMap<Signer, History>) -> Self {
        Self::of(network, boot, histories, |history| history.clone())
    }

    /// For each signer and kind the highest position at which something was signed, and nothing of what it was.
    #[must_use]
    pub fn minimal(network: NetworkId, boot: u64, histories: &BTreeMap<Signer, History>) -> Self {
        Self::of(network, boot, histories, |history| {
            let mut highest: BTreeMap<Kind, u64> = history.floors().collect();
            // Keys come in order, so the last of a kind is its highest.
            highest.extend(
                history
                    .taken()
                    .map(|(key, _)| (key.kind(), key.position()))
                    .filter(|(kind, position)| history.floors.get(kind).is_none_or(|floor| floor < position)),
            );
            History::new(highest, BTreeMap::new())
        })
    }

    fn of(
        network: NetworkId,
        boot: u64,
        histories: &BTreeMap<Signer, History>,
        what: impl Fn(&History) -> History,
    ) -> Self {
        let metadata = Metadata {
            interchange_format_version: VERSION.to_owned(),
            network_id: network,
            boot: Some(Number(boot)),
            noted: None,
        };
        let data = histories.iter().map(|(signer, history)| Record::of(*signer, &what(history))).collect();
        Self { metadata, data }
    }

    /// The same of a guard that announced so many statements.
    #[must_use]
    pub const fn noting(mut self, noted: u64) -> Self {
        self.metadata.noted = Some(Number(noted));
        self
    }

    /// How often the guard that wrote it was started, if it says so.
    #[must_use]
    pub fn boot(&self) -> Option<u64> {
        self.metadata.boot.map(|boot| boot.0)
    }

    /// How many statements the guard that wrote it announced, if it says so.
    #[must_use]
    pub fn noted(&self) -> Option<u64> {
        self.metadata.noted.map(|noted| noted.0)
    }

    /// Whose statements it tells.
    #[must_use]
    pub fn signers(&self) -> BTreeSet<Signer> {
        self.data.iter().map(|record| record.signer).collect()
    }

    /// What the file says of each signer, if it is one for this network.
    pub fn histories(&self, network: NetworkId) -> Result<BTreeMap<Signer, History>, InterchangeFault> {
        if self.metadata.interchange_format_version != VERSION {
            return Err(InterchangeFault::Version);
        }
        let found = self.metadata.network_id;
        if found != network {
            return Err(InterchangeFault::OtherNetwork { found, wanted: network });
        }
        if let Some(count) = self.boot().max(self.noted()).filter(|count| *count > BOOT_CAP) {
            return Err(InterchangeFault::Boot(count));
        }
        if self.data.iter().map(Record::entries).fold(0, usize::saturating_add) > ENTRIES_CAP {
            return Err(InterchangeFault::TooLong);
        }
        let mut histories: BTreeMap<Signer, History> = BTreeMap::new();
        for record in &self.data {
            // A signer may come twice; each part counts as if it came alone.
            histories.entry(record.signer).or_default().merge(&record.history()?);
        }
        Ok(histories)
    }
}

impl Record {
    /// What is above a floor, and the floor itself as an entry, without a digest where no statement is known: whatever lay
    /// below is refused by it.
    fn of(signer: Signer, history: &History) -> Self {
        let mut record = Self { signer, updates: vec![], checkpoints: vec![], root_votes: vec![], proposals: vec![] };
        for (kind, through) in history.floors() {
            let key = ConflictKey::at(kind, through);
            record.push(key, history.taken.get(&key).copied().unwrap_or(Taken::Closed));
        }
        for (key, taken) in history.taken() {
            if history.floors.get(&key.kind()).is_none_or(|floor| *floor < key.position()) {
                record.push(key, taken);
            }
        }
        record
    }

    fn push(&mut self, key: ConflictKey, taken: Taken) {
        let (digest, cycle) = match taken {
            Taken::By(statement) => (Some(statement.digest()), Some(Number(statement.cycle().0))),
            Taken::Closed => (None, None),
        };
        let position = Number(key.position());
        match key.kind() {
            Kind::Update => self.updates.push(Slotted { slot: position, cycle, digest }),
            Kind::Checkpoint => self.checkpoints.push(Slotted { slot: position, cycle, digest }),
            Kind::RootVote => self.root_votes.push(Cycled { cycle: position, digest }),
            Kind::Proposal => self.proposals.push(Cycled { cycle: position, digest }),
        }
    }

    fn entries(&self) -> usize {
        let slotted = self.updates.len().saturating_add(self.checkpoints.len());
        slotted.saturating_add(self.root_votes.len()).saturating_add(self.proposals.len())
    }

    fn history(&self) -> Result<History, InterchangeFault> {
        let mut history = History::default();
        for (kind, entries) in [(Kind::Update, &self.updates), (Kind::Checkpoint, &self.checkpoints)] {
            for entry in entries {
                let taken = entry.taken(self.signer, kind)?;
                history.note(ConflictKey::at(kind, entry.slot.0), taken);
            }
        }
        for (kind, entries) in [(Kind::RootVote, &self.root_votes), (Kind::Proposal, &self.proposals)] {
            for entry in entries {
                let cycle = Cycle(entry.cycle.0);
                let taken = match entry.digest {
                    Some(digest) => Taken::By(Statement::new(kind, cycle, 0, digest)?),
                    None => Taken::Closed,
                };
                history.note(ConflictKey::at(kind, cycle.0), taken);
            }
        }
        // The keys of a kind come in their order: the first is the lowest.
        let mut lowest = BTreeMap::new();
        for key in history.taken.keys() {
            lowest.entry(key.kind()).or_insert(key.position());
        }
        history.floors = lowest;
        Ok(history)
    }
}

impl Slotted {
    fn taken(&self, signer: Signer, kind: Kind) -> Result<Taken, InterchangeFault> {
        match (self.cycle, self.digest) {
            (Some(cycle), Some(digest)) => Ok(Taken::By(Statement::new(kind, Cycle(cycle.0), self.slot.0, digest)?)),
            (None, None) => Ok(Taken::Closed),
            (Some(_), None) | (None, Some(_)) => Err(InterchangeFault::Half { signer, kind, slot: self.slot.0 }),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Digits)
    }
}

struct Digits;

impl de::Visitor<'_> for Digits {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of at most 64 bits, in decimal digits between quotation marks")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
        // One way to write each number: no sign, no zeros in front.
        let number: u64 = text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))?;
        if number.to_string() == text {
            Ok(Number(number))
        } else {
            Err(E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
}
