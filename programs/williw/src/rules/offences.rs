//! Provable misbehaviour: two conflicting statements by one signer, in its interval, not too old.
//!
//! `signed = statement 49 | signature 65`, `evidence = signed | signed`. The same 228 bytes slash on both chains.

use super::tenures::Interval;
use super::{signatures, statements};
use crate::error::Refusal;
use statements::Statement;

const SIGNED_LEN: usize = statements::LEN + signatures::LEN;
pub const EVIDENCE_LEN: usize = 2 * SIGNED_LEN;

/// Proof that a signer contradicted itself, in statements of these cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradiction {
    pub signer: [u8; 20],
    pub cycles: [u64; 2],
}

/// Who is accused, as the chain knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accused {
    pub interval: Interval,
    pub term: u64,
    pub is_jailed: bool,
}

impl Contradiction {
    /// What the evidence proves by itself.
    pub fn prove(evidence: &[u8], domain: &[u8; 32]) -> Result<Self, Refusal> {
        if evidence.len() != EVIDENCE_LEN {
            return Err(Refusal::Length);
        }
        let (first, second) = evidence.split_at(SIGNED_LEN);
        let [(first, first_signature), (second, second_signature)] =
            [first, second].map(|signed| signed.split_at(statements::LEN));
        let (first, second) = (Statement::decode(first)?, Statement::decode(second)?);
        let signer = first.signer(domain, first_signature)?;
        if second.signer(domain, second_signature)? != signer {
            return Err(Refusal::DifferentSigners);
        }
        if !first.conflicts(&second) {
            return Err(Refusal::NoConflict);
        }
        Ok(Self { signer, cycles: [first.cycle, second.cycle] })
    }

    /// Whether the accused answers for it in cycle `present`: nobody can be slashed by role, only by this.
    pub fn convict(&self, accused: &Accused, present: u64, evidence_cycles: u64) -> Result<(), Refusal> {
        if accused.is_jailed {
            return Err(Refusal::Jailed);
        }
        if !self.cycles.iter().all(|cycle| accused.interval.covers(*cycle, accused.term)) {
            return Err(Refusal::OutsideTenure);
        }
        // A statement of a future cycle is not too old.
        if self.cycles.iter().any(|cycle| present > cycle.saturating_add(evidence_cycles)) {
            return Err(Refusal::TooOld);
        }
        Ok(())
    }
}
