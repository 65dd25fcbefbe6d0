//! One endpoint in front of the chain: what it holds back, and what it lies about.

use std::collections::HashSet;

use serde_json::Value;
use solana_address::Address;
use solana_signature::Signature;

use crate::chain::Chain;

pub(crate) mod lie;
pub(crate) mod view;

pub(crate) use lie::Lie;
pub(crate) use view::View;

/// How sure an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Commitment {
    Processed,
    Confirmed,
    Finalized,
}

/// How many blocks have to lie above one for each commitment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depths {
    pub(crate) confirmed: usize,
    pub(crate) finalized: usize,
}

/// What happens to the next transactions that are sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mail {
    /// So many are answered and thrown away.
    pub(crate) drop: u64,
    /// So many are executed, and the connection breaks before the answer.
    pub(crate) mute: u64,
    /// So many are executed only so many slots later.
    pub(crate) delay: u64,
    pub(crate) delay_slots: u64,
}

#[derive(Debug)]
pub(crate) struct Face {
    depths: Depths,
    held_confirmed: Option<u64>,
    held_finalized: Option<u64>,
    /// The highest slot that was ever final here. It does not go back unless it is taken back by force.
    final_slot: u64,
    pub(crate) withheld_transactions: HashSet<Signature>,
    pub(crate) withheld_accounts: HashSet<Address>,
    /// By so many slots the store of past transactions is behind the newest one.
    pub(crate) history_lag: u64,
    pub(crate) mail: Mail,
    pub(crate) lies: Vec<Lie>,
}

impl Face {
    pub(crate) fn new(depths: Depths) -> Self {
        Self {
            depths,
            held_confirmed: None,
            held_finalized: None,
            final_slot: 0,
            withheld_transactions: HashSet::new(),
            withheld_accounts: HashSet::new(),
            history_lag: 0,
            mail: Mail::default(),
            lies: Vec::new(),
        }
    }

    /// The slot that stands for a commitment here.
    pub(crate) fn slot(&self, chain: &Chain, commitment: Commitment) -> u64 {
        let confirmed = || chain.buried(self.depths.confirmed).min(self.held_confirmed.unwrap_or(u64::MAX));
        let slot = match commitment {
            Commitment::Processed => chain.newest(),
            Commitment::Confirmed => confirmed(),
            Commitment::Finalized => {
                let reached = chain.buried(self.depths.finalized).max(self.final_slot);
                reached.min(self.held_finalized.unwrap_or(u64::MAX)).min(confirmed())
            }
        };
        // What is held may have been taken back, or never have had a block.
        chain.block_through(slot).0
    }

    /// To be called whenever a slot has begun.
    pub(crate) fn advance(&mut self, chain: &Chain) {
        self.final_slot = self.slot(chain, Commitment::Finalized);
    }

    pub(crate) fn final_slot(&self) -> u64 {
        self.final_slot
    }

    /// Nothing above the slot was ever final.
    pub(crate) fn forget_above(&mut self, slot: u64) {
        self.final_slot = self.final_slot.min(slot);
    }

    /// Nothing above the slot is shown at this commitment; without a slot, nothing above what is shown now.
    pub(crate) fn hold(&mut self, chain: &Chain, commitment: Commitment, at: Option<u64>) {
        let at = at.unwrap_or_else(|| self.slot(chain, commitment));
        match commitment {
            Commitment::Processed => unreachable!("it cannot be asked for"),
            Commitment::Confirmed => self.held_confirmed = Some(at),
            Commitment::Finalized => self.held_finalized = Some(at),
        }
        self.final_slot = self.slot(chain, Commitment::Finalized);
    }

    pub(crate) fn release(&mut self, chain: &Chain, commitment: Commitment) {
        match commitment {
            Commitment::Processed => unreachable!("it cannot be asked for"),
            Commitment::Confirmed => self.held_confirmed = None,
            Commitment::Finalized => self.held_finalized = None,
        }
        self.advance(chain);
    }

    /// Ends everything that is held, withheld, late or lost. Lies end by `honest`.
    pub(crate) fn release_all(&mut self, chain: &Chain) {
        self.held_confirmed = None;
        self.held_finalized = None;
        self.withheld_transactions.clear();
        self.withheld_accounts.clear();
        self.history_lag = 0;
        self.mail = Mail::default();
        self.advance(chain);
    }

    /// Whether it answers at all.
    pub(crate) fn is_down(&self) -> bool {
        self.lies.iter().any(|lie| matches!(lie, Lie::Down))
    }

    /// What it answers to every call of a method instead of the truth.
    pub(crate) fn false_answer(&self, asked: &str) -> Option<&Value> {
        self.lies.iter().rev().find_map(|lie| match lie {
            Lie::FalseAnswer { method, result } if method == asked => Some(result),
            _ => None,
        })
    }

    /// How long every answer takes.
    pub(crate) fn slowness_ms(&self) -> u64 {
        let waits = self.lies.iter().map(|lie| if let Lie::Slow { ms } = lie { *ms } else { 0 });
        waits.max().unwrap_or(0)
    }
}
