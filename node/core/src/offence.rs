//! Provable misbehaviour: two conflicting statements by one signer, in its interval, not too old.

use serde::{Deserialize, Serialize};

use crate::cycle::Cycle;
use crate::identity::Signer;
use crate::network::NetworkId;
use crate::secp256k1::SignatureFault;
use crate::statement::{Signed, StatementFault};
use crate::tenure::Tenure;
use crate::wire::Reader;

/// Two signed statements. The same bytes slash on Base and on Solana.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Evidence {
    pub first: Signed,
    pub second: Signed,
}

/// Why evidence convicts nobody; the first reason in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Acquittal {
    #[error("evidence: {0}")]
    Malformed(#[from] StatementFault),
    #[error("a signature of the evidence: {0}")]
    Signature(#[from] SignatureFault),
    #[error("the statements are by different signers")]
    DifferentSigners,
    #[error("the statements do not contradict each other")]
    NoConflict,
    #[error("nobody ever had this signer")]
    UnknownSigner,
    #[error("the operator is jailed already")]
    Jailed,
    #[error("a statement lies outside its signer's interval")]
    OutsideTenure,
    #[error("a statement is older than evidence may be")]
    TooOld,
}

impl Evidence {
    /// The bytes of encoded evidence.
    pub const LEN: usize = 2 * Signed::LEN;

    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..Signed::LEN].copy_from_slice(&self.first.encode());
        bytes[Signed::LEN..].copy_from_slice(&self.second.encode());
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, StatementFault> {
        let mut reader = Reader::new(bytes, Self::LEN)?;
        let evidence = Self::read(&mut reader)?;
        reader.done();
        Ok(evidence)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, StatementFault> {
        let (first, second) = (Signed::read(reader), Signed::read(reader));
        Ok(Self { first: first?, second: second? })
    }

    /// Whether the statements contradict each other, whoever signed them.
    #[must_use]
    pub fn conflicts(&self) -> bool {
        self.first.statement.conflicts_with(&self.second.statement)
    }

    /// What the evidence proves by itself: that one signer contradicted itself.
    pub fn prove(&self, network: NetworkId) -> Result<Contradiction, Acquittal> {
        let (first, second) = (self.first.signer(network)?, self.second.signer(network)?);
        if first != second {
            return Err(Acquittal::DifferentSigners);
        }
        if !self.conflicts() {
            return Err(Acquittal::NoConflict);
        }
        Ok(Contradiction { signer: first, cycles: [self.first.statement.cycle(), self.second.statement.cycle()] })
    }
}

/// Proof that a signer contradicted itself. It exists only if both signatures verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    signer: Signer,
    cycles: [Cycle; 2],
}

/// The accused, as a chain's state or a node's journal has it.
#[derive(Clone, Copy, Debug)]
pub struct Accused {
    pub tenure: Tenure,
    pub term: u64,
    pub jailed: bool,
}

impl Contradiction {
    #[must_use]
    pub const fn signer(&self) -> Signer {
        self.signer
    }

    /// Whether the accused answers for it in cycle `now`: nobody can be slashed by role, only by this.
    pub fn convict(&self, accused: Option<Accused>, now: Cycle, evidence_cycles: u64) -> Result<(), Acquittal> {
        let accused = accused.ok_or(Acquittal::UnknownSigner)?;
        if accused.jailed {
            return Err(Acquittal::Jailed);
        }
        if !self.cycles.iter().all(|&cycle| accused.tenure.covers(cycle, accused.term)) {
            return Err(Acquittal::OutsideTenure);
        }
        if self.expired(now, evidence_cycles) { Err(Acquittal::TooOld) } else { Ok(()) }
    }

    /// The older of the two cycles: the one whose age decides.
    #[must_use]
    pub fn since(&self) -> Cycle {
        self.cycles[0].min(self.cycles[1])
    }

    /// True once one of the statements is older than evidence may be.
    #[must_use]
    pub fn expired(&self, now: Cycle, evidence_cycles: u64) -> bool {
        now.since(self.since()) > evidence_cycles
    }
}
