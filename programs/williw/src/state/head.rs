use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};

use crate::events::Recorded;
use crate::rules::SOLANA;
use crate::rules::facts::{self, Fact};
use crate::rules::times::Moment;

/// The hash that stands for the whole journal of an account, the number of its last fact, and the block of that.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Head {
    pub hash: [u8; 32],
    pub seq: u64,
    /// Zeros before the first fact.
    pub last: Moment,
}

impl Head {
    /// Of a journal that holds nothing yet.
    #[must_use]
    pub fn empty(network: &[u8; 32], journal: &Pubkey) -> Self {
        Self { hash: facts::empty_head(network, SOLANA, &journal.to_bytes()), seq: 0, last: Moment::default() }
    }

    /// Folds one fact in; what it returns has to be told.
    #[must_use]
    pub fn record(&mut self, journal: &Pubkey, at: Moment, fact: Fact) -> Recorded {
        self.seq = self.seq.saturating_add(1);
        self.hash = facts::head_after(&self.hash, self.seq, at, &fact);
        self.last = at;
        Recorded {
            journal: *journal,
            seq: self.seq,
            time: at.time,
            slot: at.slot,
            kind: fact.kind as u8,
            body: fact.body,
        }
    }
}
