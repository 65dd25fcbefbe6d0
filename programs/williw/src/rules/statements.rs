//! What a signer puts its stake behind, and when two such statements contradict each other.

use super::hashes::{hex32, keccak, word};
use super::signatures;
use crate::error::Refusal;

/// The bytes of a statement: kind, cycle, slot, digest.
pub const LEN: usize = 49;

pub const CHECKPOINT: u8 = 2;
pub const ROOT_VOTE: u8 = 3;
const UPDATE: u8 = 1;
const PROPOSAL: u8 = 4;

/// `keccak("Statement(uint8 kind,uint64 cycle,uint64 slot,bytes32 digest)")`
const TYPE: [u8; 32] = hex32(b"2d8a1b3dd7f184df091bcc53b956d50c35bd4d59f7994514c831c873a7decfef");

/// One position taken by a signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    pub kind: u8,
    pub cycle: u64,
    pub slot: u64,
    pub digest: [u8; 32],
}

impl Statement {
    /// A statement from its 49 bytes. Kinds are a closed list; a vote or proposal has slot 0.
    pub fn decode(encoded: &[u8]) -> Result<Self, Refusal> {
        let encoded: &[u8; LEN] = encoded.try_into().map_err(|_| Refusal::Length)?;
        let number = |at: usize| encoded[at..].first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let digest = encoded.last_chunk().copied().ok_or(Refusal::Length)?;
        let statement = Self { kind: encoded[0], cycle: number(1), slot: number(9), digest };
        if !(UPDATE..=PROPOSAL).contains(&statement.kind) {
            return Err(Refusal::UnknownKind);
        }
        if statement.kind >= ROOT_VOTE && statement.slot != 0 {
            return Err(Refusal::SlotNotZero);
        }
        Ok(statement)
    }

    /// What its signer signs.
    #[must_use]
    pub fn signing_digest(&self, domain: &[u8; 32]) -> [u8; 32] {
        let struct_hash = keccak(&[
            &TYPE,
            &word(u128::from(self.kind)),
            &word(u128::from(self.cycle)),
            &word(u128::from(self.slot)),
            &self.digest,
        ]);
        signatures::digest(domain, &struct_hash)
    }

    /// Who signed it.
    pub fn signer(&self, domain: &[u8; 32], signature: &[u8]) -> Result<[u8; 20], Refusal> {
        signatures::recover(&self.signing_digest(domain), signature)
    }

    /// True if nobody may sign both: for updates and checkpoints one digest per slot, whatever the cycle; for votes and
    /// proposals one digest per cycle.
    #[must_use]
    pub fn conflicts(&self, other: &Self) -> bool {
        if self.kind != other.kind || self.digest == other.digest {
            return false;
        }
        if self.kind <= CHECKPOINT { self.slot == other.slot } else { self.cycle == other.cycle }
    }
}
