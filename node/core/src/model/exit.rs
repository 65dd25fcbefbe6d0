//! The way out: `unstake`, `restake`, `withdraw`, `collect`. Nothing here can be paused or blocked by anyone else.

use super::vault::{Entry, QUEUE_CAP};
use super::{Block, Contracts, Refusal, add};
use crate::amount::Amount;
use crate::fact::Body;
use crate::identity::Account;

impl Contracts {
    /// Moves stake into the queue, where it stays slashable until it is withdrawn. Returns the ticket of the entry.
    pub fn unstake(&mut self, at: Block, owner: Account, amount: Amount) -> Result<u64, Refusal> {
        let (cycle, maturity) = (self.cycle(at)?, at.time.plus(self.vault.parameters.unstaking_period));
        let operator = self.vault.operators.get_mut(&owner).ok_or(Refusal::NotRegistered)?;
        if operator.queue.len() >= QUEUE_CAP {
            return Err(Refusal::QueueFull);
        }
        if amount.is_zero() {
            return Err(Refusal::ZeroAmount);
        }
        let active = operator.active.minus(amount).map_err(|_| Refusal::InsufficientStake)?;

        let ticket = operator.next_ticket;
        operator.next_ticket = ticket.checked_add(1).expect("no owner unstakes 2^64 times");
        operator.queue.push(Entry { ticket, amount, maturity });
        operator.set_active(&mut self.vault.total, cycle, active);
        let queued = operator.queued();
        self.record(at, Body::Unstaked { account: owner, active, queued, amount, maturity });
        Ok(ticket)
    }

    /// Takes an unstake back: what is left of the entry is active again.
    pub fn restake(&mut self, at: Block, owner: Account, ticket: u64) -> Result<(), Refusal> {
        let cycle = self.cycle(at)?;
        let operator = self.vault.operators.get_mut(&owner).ok_or(Refusal::NotRegistered)?;
        let place = operator.queue.iter().position(|entry| entry.ticket == ticket).ok_or(Refusal::NoSuchEntry)?;
        if operator.queue[place].amount.is_zero() {
            return Err(Refusal::ZeroAmount);
        }
        let active = operator.active.plus(operator.queue[place].amount)?;

        operator.queue.remove(place);
        operator.set_active(&mut self.vault.total, cycle, active);
        let queued = operator.queued();
        self.record(at, Body::Restaked { account: owner, active, queued });
        Ok(())
    }

    /// Pays the oldest matured entries, at most `limit` of them. Returns what was paid.
    pub fn withdraw(&mut self, at: Block, owner: Account, limit: usize) -> Result<Amount, Refusal> {
        let operator = self.vault.operator_mut(owner)?;
        let matured = operator.queue.iter().filter(|entry| entry.maturity <= at.time).take(limit);
        let tickets: Vec<u64> = matured.map(|entry| entry.ticket).collect();
        if tickets.is_empty() {
            return Err(Refusal::NothingMatured);
        }

        let queued_before = operator.queued();
        operator.queue.retain(|entry| !tickets.contains(&entry.ticket));
        let queued = operator.queued();
        let amount = queued_before.minus(queued)?;
        add(&mut self.vault.books.withdrawn, amount);
        self.record(at, Body::Withdrawn { account: owner, queued, amount });
        Ok(amount)
    }

    /// Pays the bounties of `beneficiary`; nothing to pay is no error. Returns what was paid.
    pub fn collect(&mut self, beneficiary: Account) -> Amount {
        let amount = self.vault.bounties.remove(&beneficiary).unwrap_or(Amount::ZERO);
        add(&mut self.vault.books.bounties_paid, amount);
        amount
    }
}
