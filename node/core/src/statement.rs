//! What a signer puts its stake behind, and when two such statements contradict each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::cycle::Cycle;
use crate::hash::{Hash, keccak, word};
use crate::identity::Signer;
use crate::network::NetworkId;
use crate::secp256k1::{Signature, SignatureFault};
use crate::typed;
use crate::wire::{Reader, WrongLength};

const STATEMENT_TYPE: &str = "Statement(uint8 kind,uint64 cycle,uint64 slot,bytes32 digest)";

/// What a statement is about. The list is closed: chains and nodes refuse every other number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    Update = 1,
    Checkpoint = 2,
    RootVote = 3,
    Proposal = 4,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Update, Self::Checkpoint, Self::RootVote, Self::Proposal];

    /// Its number in every encoding.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Update),
            2 => Some(Self::Checkpoint),
            3 => Some(Self::RootVote),
            4 => Some(Self::Proposal),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Update => "update",
            Self::Checkpoint => "checkpoint",
            Self::RootVote => "root vote",
            Self::Proposal => "proposal",
        })
    }
}

/// Why bytes are no statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementFault {
    #[error("statement: {0}")]
    Length(#[from] WrongLength),
    #[error("{0} is not a kind of statement")]
    UnknownKind(u8),
    #[error("a vote or proposal has slot 0")]
    SlotNotZero,
}

/// One position taken by a signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(Kind, Cycle, u64, Hash)", into = "(Kind, Cycle, u64, Hash)")]
pub struct Statement {
    kind: Kind,
    cycle: Cycle,
    slot: u64,
    digest: Hash,
}

impl TryFrom<(Kind, Cycle, u64, Hash)> for Statement {
    type Error = StatementFault;

    fn try_from((kind, cycle, slot, digest): (Kind, Cycle, u64, Hash)) -> Result<Self, StatementFault> {
        Self::new(kind, cycle, slot, digest)
    }
}

impl From<Statement> for (Kind, Cycle, u64, Hash) {
    fn from(statement: Statement) -> Self {
        (statement.kind, statement.cycle, statement.slot, statement.digest)
    }
}

/// What two conflicting statements have in common. The guard keeps one signature per key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConflictKey {
    /// Updates and checkpoints: one digest per slot, whatever the cycle.
    Slot { kind: Kind, slot: u64 },
    /// Votes and proposals: one digest per cycle.
    Cycle { kind: Kind, cycle: Cycle },
}

impl ConflictKey {
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Slot { kind, .. } | Self::Cycle { kind, .. } => *kind,
        }
    }

    /// Where it lies among the keys of its kind: its slot or its cycle.
    #[must_use]
    pub const fn position(&self) -> u64 {
        match self {
            Self::Slot { slot, .. } => *slot,
            Self::Cycle { cycle, .. } => cycle.0,
        }
    }

    /// The key of this kind at this position.
    #[must_use]
    pub const fn at(kind: Kind, position: u64) -> Self {
        match kind {
            Kind::Update | Kind::Checkpoint => Self::Slot { kind, slot: position },
            Kind::RootVote | Kind::Proposal => Self::Cycle { kind, cycle: Cycle(position) },
        }
    }
}

impl fmt::Display for ConflictKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot { kind, slot } => write!(f, "{kind} at slot {slot}"),
            Self::Cycle { kind, cycle } => write!(f, "{kind} of cycle {cycle}"),
        }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.conflict_key() {
            key @ ConflictKey::Slot { .. } => write!(f, "{key} in cycle {} for {}", self.cycle, self.digest),
            key @ ConflictKey::Cycle { .. } => write!(f, "{key} for {}", self.digest),
        }
    }
}

impl Statement {
    /// The bytes of an encoded statement.
    pub const LEN: usize = 49;

    pub fn new(kind: Kind, cycle: Cycle, slot: u64, digest: Hash) -> Result<Self, StatementFault> {
        match kind {
            Kind::RootVote | Kind::Proposal if slot != 0 => Err(StatementFault::SlotNotZero),
            Kind::Update | Kind::Checkpoint | Kind::RootVote | Kind::Proposal => Ok(Self { kind, cycle, slot, digest }),
        }
    }

    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    #[must_use]
    pub const fn cycle(&self) -> Cycle {
        self.cycle
    }

    #[must_use]
    pub const fn slot(&self) -> u64 {
        self.slot
    }

    #[must_use]
    pub const fn digest(&self) -> Hash {
        self.digest
    }

    #[must_use]
    pub const fn conflict_key(&self) -> ConflictKey {
        match self.kind {
            Kind::Update | Kind::Checkpoint => ConflictKey::Slot { kind: self.kind, slot: self.slot },
            Kind::RootVote | Kind::Proposal => ConflictKey::Cycle { kind: self.kind, cycle: self.cycle },
        }
    }

    /// True if nobody may sign both.
    #[must_use]
    pub fn conflicts_with(&self, other: &Self) -> bool {
        self.conflict_key() == other.conflict_key() && self.digest != other.digest
    }

    /// The hash of the struct, before the domain is mixed in.
    #[must_use]
    pub fn struct_hash(&self) -> Hash {
        let kind = typed::number(u64::from(self.kind as u8));
        typed::struct_hash(
            STATEMENT_TYPE,
            &[kind, typed::number(self.cycle.0), typed::number(self.slot), self.digest.0],
        )
    }

    /// What a signer of `network` signs.
    #[must_use]
    pub fn signing_digest(&self, network: NetworkId) -> Hash {
        typed::signing_digest(network, self.struct_hash())
    }

    /// `kind 1 | cycle 8 | slot 8 | digest 32`.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[0] = self.kind as u8;
        bytes[1..9].copy_from_slice(&self.cycle.0.to_be_bytes());
        bytes[9..17].copy_from_slice(&self.slot.to_be_bytes());
        bytes[17..].copy_from_slice(&self.digest.0);
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, StatementFault> {
        let mut reader = Reader::new(bytes, Self::LEN)?;
        let statement = Self::read(&mut reader)?;
        reader.done();
        Ok(statement)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, StatementFault> {
        let (kind, cycle, slot, digest) = (reader.u8(), reader.u64(), reader.u64(), reader.bytes());
        let kind = Kind::from_byte(kind).ok_or(StatementFault::UnknownKind(kind))?;
        Self::new(kind, Cycle(cycle), slot, Hash(digest))
    }
}

/// A statement with a signature that nobody has verified yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Signed {
    pub statement: Statement,
    pub signature: Signature,
}

impl Signed {
    /// The bytes of an encoded signed statement.
    pub const LEN: usize = Statement::LEN + Signature::LEN;

    /// Who signed it, as a statement of `network`.
    pub fn signer(&self, network: NetworkId) -> Result<Signer, SignatureFault> {
        self.signature.recover(self.statement.signing_digest(network))
    }

    /// `statement 49 | signature 65`.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..Statement::LEN].copy_from_slice(&self.statement.encode());
        bytes[Statement::LEN..].copy_from_slice(&self.signature.0);
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, StatementFault> {
        let mut reader = Reader::new(bytes, Self::LEN)?;
        let signed = Self::read(&mut reader)?;
        reader.done();
        Ok(signed)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, StatementFault> {
        // Take the whole field before judging it, so that a refusal leaves the reader at a known place.
        let statement = Statement::read(reader);
        let signature = Signature(reader.bytes());
        Ok(Self { statement: statement?, signature })
    }
}

/// What a root vote and a proposal name: the tree, what it pays on each chain in total, and where its inputs lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RewardRoot {
    pub root: Hash,
    pub total_base: Amount,
    pub total_solana: Amount,
    pub blob_hash: Hash,
}

impl RewardRoot {
    /// The digest that votes and proposals carry.
    #[must_use]
    pub fn digest(&self) -> Hash {
        keccak(&[&self.root.0, &word(self.total_base.0), &word(self.total_solana.0), &self.blob_hash.0])
    }

    /// The vote for this root in `cycle`.
    #[must_use]
    pub fn vote(&self, cycle: Cycle) -> Statement {
        Statement::new(Kind::RootVote, cycle, 0, self.digest()).expect("a vote with slot 0 is well formed")
    }
}
