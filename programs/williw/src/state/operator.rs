use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};

use super::{Head, VERSION};
use crate::error::Refusal;
use crate::rules::amounts::Amount;
use crate::rules::cycle_stakes::CycleStake;
use crate::rules::facts::Holdings;
use crate::rules::links::LinkTerms;
use crate::rules::slashes::Cut;

/// The most entries in an operator's queue. A full queue refuses the next `unstake`; it never resets a clock.
pub const QUEUE_CAP: usize = 8;

/// Stake on its way out. Its maturity is the one it was created with.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Entry {
    pub ticket: u64,
    pub amount: Amount,
    pub maturity: u64,
}

/// The record of an owner. Never closed: its index is part of the count by which a set of operators is known to be whole.
#[account(zero_copy, discriminator = super::OPERATOR)]
#[derive(Debug)]
pub struct Operator {
    pub version: u8,
    /// How many entries of the queue are in use.
    pub entries: u8,
    padding: [u8; 2],
    pub signer: [u8; 20],
    /// Of the present link, with the peer's half, which the program does not verify.
    pub peer: [u8; 32],
    pub peer_signature: [u8; 64],
    pub owner: Pubkey,
    pub head: Head,
    pub index: u64,
    /// The number of the last link.
    pub nonce: u64,
    /// How often its jail ended. Signers of an earlier term are void.
    pub term: u64,
    /// Before this moment its jail cannot end; 0 while it is free.
    pub jailed_until: u64,
    pub next_ticket: u64,
    /// The cycle after the last one in which its vote was counted.
    pub voted_before: u64,
    pub active: Amount,
    pub stake: CycleStake,
    pub queue: [Entry; QUEUE_CAP],
    spare: [u64; 16],
}

impl Operator {
    pub const SEED: &'static [u8] = b"operator";

    #[must_use]
    pub fn new(owner: Pubkey, head: Head, index: u64, cycle: u64) -> Self {
        Self {
            version: VERSION,
            entries: 0,
            padding: [0; 2],
            signer: [0; 20],
            peer: [0; 32],
            peer_signature: [0; 64],
            owner,
            head,
            index,
            nonce: 0,
            term: 0,
            jailed_until: 0,
            next_ticket: 0,
            voted_before: 0,
            active: Amount::ZERO,
            stake: CycleStake::empty(cycle),
            queue: [Entry::default(); QUEUE_CAP],
            spare: [0; 16],
        }
    }

    #[must_use]
    pub const fn is_jailed(&self) -> bool {
        self.jailed_until != 0
    }

    /// Stands behind this link from now on.
    pub fn take_link(&mut self, link: &LinkTerms) {
        let LinkTerms { peer, signer, nonce, peer_signature } = *link;
        (self.peer, self.signer, self.nonce, self.peer_signature) = (peer, signer, nonce, peer_signature);
    }

    fn queue(&self) -> &[Entry] {
        &self.queue[..usize::from(self.entries)]
    }

    /// Everything in the queue, matured or not.
    pub fn queued(&self) -> Result<Amount> {
        self.queue().iter().try_fold(Amount::ZERO, |sum, entry| Ok(sum.plus(entry.amount)?))
    }

    pub fn holdings(&self) -> Result<Holdings> {
        Ok(Holdings { active: self.active, queued: self.queued()? })
    }

    /// Sets the active amount and carries it into the cycle stake, where a jailed operator counts nothing.
    pub fn set_active(&mut self, total: &mut CycleStake, cycle: u64, active: Amount) -> Result<()> {
        self.active = active;
        let counted = if self.is_jailed() { Amount::ZERO } else { active };
        Ok(self.stake.set(total, cycle, counted)?)
    }

    /// Moves stake into the queue, where it stays slashable until it is withdrawn. Returns the ticket of the entry.
    pub fn unstake(&mut self, total: &mut CycleStake, cycle: u64, amount: Amount, maturity: u64) -> Result<u64> {
        let place = usize::from(self.entries);
        require!(place < QUEUE_CAP, Refusal::QueueFull);
        require!(!amount.is_zero(), Refusal::ZeroAmount);
        let active = self.active.minus(amount).map_err(|_| Refusal::InsufficientStake)?;

        let ticket = self.next_ticket;
        self.next_ticket = ticket.saturating_add(1);
        self.queue[place] = Entry { ticket, amount, maturity };
        self.entries = self.entries.saturating_add(1);
        self.set_active(total, cycle, active)?;
        Ok(ticket)
    }

    /// Takes an unstake back: what is left of the entry is active again.
    pub fn restake(&mut self, total: &mut CycleStake, cycle: u64, ticket: u64) -> Result<()> {
        let place = self.queue().iter().position(|entry| entry.ticket == ticket).ok_or(Refusal::NoSuchEntry)?;
        let amount = self.queue[place].amount;
        require!(!amount.is_zero(), Refusal::ZeroAmount);
        let active = self.active.plus(amount)?;

        self.keep(|at, _| at != place);
        self.set_active(total, cycle, active)
    }

    /// Takes the oldest matured entries out of the queue, at most `limit` of them. Returns what they held.
    ///
    /// An entry behind one that is still thawing is not blocked by it.
    pub fn withdraw(&mut self, now: u64, limit: u64) -> Result<Amount> {
        let (mut amount, mut left) = (Amount::ZERO, limit);
        for entry in self.queue().iter().filter(|entry| entry.maturity <= now) {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(1);
            amount = amount.plus(entry.amount)?;
        }
        let mut taken = limit.saturating_sub(left);
        require!(taken != 0, Refusal::NothingMatured);
        self.keep(|_, entry| {
            let goes = taken != 0 && entry.maturity <= now;
            taken = taken.saturating_sub(u64::from(goes));
            !goes
        });
        Ok(amount)
    }

    /// Drops the other entries; those that stay keep their order.
    fn keep(&mut self, mut stays: impl FnMut(usize, &Entry) -> bool) {
        let mut kept = 0usize;
        for at in 0..usize::from(self.entries) {
            let entry = self.queue[at];
            if stays(at, &entry) {
                self.queue[kept] = entry;
                kept = kept.saturating_add(1);
            }
        }
        self.queue[kept..].fill(Entry::default());
        self.entries = kept as u8;
    }

    /// Takes what is there, queue included, and jails. Thawing or matured, no part of it can make a slash fail.
    pub fn slash(&mut self, total: &mut CycleStake, cycle: u64, bps: u64, until: u64) -> Result<Cut> {
        let mut cut = Cut::default();
        cut.take(&mut self.active, bps)?;
        for entry in &mut self.queue[..usize::from(self.entries)] {
            cut.take(&mut entry.amount, bps)?;
        }
        self.jailed_until = until;
        self.stake.jail(total, cycle)?;
        Ok(cut)
    }

    /// Ends the jail: every earlier signer is void, and the stake counts again.
    pub fn unjail(&mut self, total: &mut CycleStake, cycle: u64) -> Result<()> {
        self.jailed_until = 0;
        self.term = self.term.saturating_add(1);
        self.set_active(total, cycle, self.active)
    }

    /// What holds after every verb.
    pub fn invariant(&self) {
        let counted = if self.is_jailed() { Amount::ZERO } else { self.active };
        assert!(self.stake.value == counted, "the counted stake is the active stake, or nothing in jail");
        assert!(self.stake.floor <= self.stake.value, "a floor is the lowest value of its cycle");
        assert!(usize::from(self.entries) <= QUEUE_CAP, "the queue is within its cap");
    }
}
