//! The vault's state and its way in: `register` and `stake`.

use std::collections::BTreeMap;

use super::terms::Proposal;
use super::{Block, Contracts, Refusal};
use crate::amount::Amount;
use crate::cycle::{Cycle, UnixSeconds};
use crate::cycle_stake::CycleStake;
use crate::fact::{Body, VaultParameters};
use crate::identity::{Account, Owner, Signer};
use crate::link::LinkTerms;
use crate::secp256k1::Signature;
use crate::tenure::Tenure;

/// The most entries in an operator's queue. A full queue refuses the next `unstake`; it never resets a clock.
pub const QUEUE_CAP: usize = 8;

/// Stake on its way out. Its maturity is the one it was created with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub ticket: u64,
    pub amount: Amount,
    pub maturity: UnixSeconds,
}

/// The record of an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    pub index: u64,
    pub active: Amount,
    pub queue: Vec<Entry>,
    pub next_ticket: u64,
    pub signer: Signer,
    pub nonce: u64,
    /// How often its jail ended. Signers of an earlier term are void.
    pub term: u64,
    /// Before this moment its jail cannot end; none while it is free.
    pub jailed_until: Option<UnixSeconds>,
    pub stake: CycleStake,
}

/// Where every atom that ever came in is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    pub deposited: Amount,
    pub withdrawn: Amount,
    pub burned: Amount,
    pub bounties_paid: Amount,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    pub(super) parameters: VaultParameters,
    pub(super) proposed: Option<Proposal<VaultParameters>>,
    pub(super) paused: bool,
    pub(super) operators: BTreeMap<Account, Operator>,
    pub(super) signers: BTreeMap<Signer, Tenure>,
    pub(super) total: CycleStake,
    pub(super) bounties: BTreeMap<Account, Amount>,
    pub(super) books: Books,
}

impl Operator {
    /// Everything in the queue, matured or not.
    #[must_use]
    pub fn queued(&self) -> Amount {
        Amount::sum(self.queue.iter().map(|entry| entry.amount)).expect("parts of the deposits, which fit")
    }

    pub(super) fn is_jailed(&self) -> bool {
        self.jailed_until.is_some()
    }

    /// Sets the active amount and carries it into the cycle stake, where a jailed operator counts nothing.
    pub(super) fn set_active(&mut self, total: &mut CycleStake, cycle: Cycle, active: Amount) {
        self.active = active;
        let counted = if self.is_jailed() { Amount::ZERO } else { active };
        self.stake.set(total, cycle, counted).expect("the total is the sum of what the operators count");
    }
}

impl Vault {
    pub(super) const fn new(parameters: VaultParameters, cycle: Cycle) -> Self {
        Self {
            parameters,
            proposed: None,
            paused: false,
            operators: BTreeMap::new(),
            signers: BTreeMap::new(),
            total: CycleStake::empty(cycle),
            bounties: BTreeMap::new(),
            books: Books {
                deposited: Amount::ZERO,
                withdrawn: Amount::ZERO,
                burned: Amount::ZERO,
                bounties_paid: Amount::ZERO,
            },
        }
    }

    #[must_use]
    pub const fn parameters(&self) -> &VaultParameters {
        &self.parameters
    }

    #[must_use]
    pub const fn proposed(&self) -> Option<&Proposal<VaultParameters>> {
        self.proposed.as_ref()
    }

    #[must_use]
    pub const fn operators(&self) -> &BTreeMap<Account, Operator> {
        &self.operators
    }

    #[must_use]
    pub const fn signers(&self) -> &BTreeMap<Signer, Tenure> {
        &self.signers
    }

    #[must_use]
    pub const fn total(&self) -> &CycleStake {
        &self.total
    }

    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }

    #[must_use]
    pub const fn bounties(&self) -> &BTreeMap<Account, Amount> {
        &self.bounties
    }

    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    pub(super) fn operator_mut(&mut self, owner: Account) -> Result<&mut Operator, Refusal> {
        self.operators.get_mut(&owner).ok_or(Refusal::NotRegistered)
    }

    /// `deposited = active + queued + burned + bounties unpaid + bounties paid + withdrawn`, and the totals are sums.
    pub(super) fn audit(&self) -> Result<(), String> {
        let sum = |parts: &[Amount]| Amount::sum(parts.iter().copied()).map_err(|error| error.to_string());
        let active = sum(&self.operators.values().map(|operator| operator.active).collect::<Vec<_>>())?;
        let queued = sum(&self.operators.values().map(Operator::queued).collect::<Vec<_>>())?;
        let bounties = sum(&self.bounties.values().copied().collect::<Vec<_>>())?;
        let Books { deposited, withdrawn, burned, bounties_paid } = self.books;
        let found = sum(&[active, queued, burned, bounties, bounties_paid, withdrawn])?;
        if found != deposited {
            return Err(format!("deposited {deposited}, but {found} is accounted for"));
        }
        let counted = sum(&self.operators.values().map(|operator| operator.stake.value()).collect::<Vec<_>>())?;
        if counted != self.total.value() {
            return Err(format!("the total counts {}, the operators {counted}", self.total.value()));
        }
        match self.operators.iter().find(|(_, operator)| operator.queue.len() > QUEUE_CAP) {
            Some((owner, _)) => Err(format!("the queue of {owner} is over its cap")),
            None => Ok(()),
        }
    }
}

impl Contracts {
    /// Creates the owner's operator with its first stake, its peer and its signer.
    pub fn register(
        &mut self,
        at: Block,
        owner: Account,
        amount: Amount,
        link: LinkTerms,
        signature: &Signature,
    ) -> Result<(), Refusal> {
        if self.vault.paused {
            return Err(Refusal::Paused);
        }
        if self.vault.operators.contains_key(&owner) {
            return Err(Refusal::AlreadyRegistered);
        }
        self.check_link(owner, 0, None, &link, signature)?;
        if amount < self.vault.parameters.min_stake || amount.is_zero() {
            return Err(Refusal::BelowMinStake);
        }
        let (cycle, deposited) = (self.cycle(at)?, self.vault.books.deposited.plus(amount)?);

        let index = u64::try_from(self.vault.operators.len()).expect("a usize fits 64 bits");
        let mut operator = Operator {
            index,
            active: Amount::ZERO,
            queue: Vec::new(),
            next_ticket: 0,
            signer: link.signer,
            nonce: link.nonce,
            term: 0,
            jailed_until: None,
            stake: CycleStake::empty(cycle),
        };
        operator.set_active(&mut self.vault.total, cycle, amount);
        self.vault.operators.insert(owner, operator);
        self.vault.signers.insert(link.signer, Tenure::begin(self.owner(owner), cycle, 0));
        self.vault.books.deposited = deposited;
        self.record(at, Body::Registered { account: owner, index, active: amount, link });
        Ok(())
    }

    /// Adds to the stake of `owner`; anyone may. It moves no clock of the owner's.
    pub fn stake(&mut self, at: Block, owner: Account, amount: Amount) -> Result<(), Refusal> {
        if self.vault.paused {
            return Err(Refusal::Paused);
        }
        let (cycle, parameters) = (self.cycle(at)?, self.vault.parameters);
        let operator = self.vault.operators.get_mut(&owner).ok_or(Refusal::NotRegistered)?;
        if amount < parameters.min_deposit || amount.is_zero() {
            return Err(Refusal::BelowMinDeposit);
        }
        let (deposited, active) = (self.vault.books.deposited.plus(amount)?, operator.active.plus(amount)?);

        self.vault.books.deposited = deposited;
        operator.set_active(&mut self.vault.total, cycle, active);
        self.record(at, Body::Staked { account: owner, active });
        Ok(())
    }

    pub(super) const fn owner(&self, account: Account) -> Owner {
        Owner { chain: self.chain(), account }
    }

    /// The nonce grows, the signer is new here (or stays), and the signer's half verifies.
    pub(super) fn check_link(
        &self,
        owner: Account,
        nonce: u64,
        present: Option<Signer>,
        link: &LinkTerms,
        signature: &Signature,
    ) -> Result<(), Refusal> {
        if link.nonce <= nonce {
            return Err(Refusal::StaleNonce);
        }
        if present != Some(link.signer) && self.vault.signers.contains_key(&link.signer) {
            return Err(Refusal::SignerTaken);
        }
        Ok(link.check_signer(self.deployment.network, self.owner(owner), signature)?)
    }
}
