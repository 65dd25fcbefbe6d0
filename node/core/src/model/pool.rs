//! The pool: funded by anyone, emptied only by roots that two thirds of the stake voted for.

use std::collections::BTreeMap;

use super::terms::Proposal;
use super::{Block, Contracts, Refusal, add};
use crate::amount::Amount;
use crate::cycle::{Cycle, UnixSeconds};
use crate::fact::{Body, PoolParameters};
use crate::hash::Hash;
use crate::identity::{Account, ChainId};
use crate::secp256k1::Signature;
use crate::statement::{RewardRoot, Statement};

/// After so many vetoes in a row the guardian has none until a root activates.
const VETOES_IN_A_ROW: u8 = 3;

/// A root that has its votes and waits out the guardian's delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub cycle: Cycle,
    pub root: RewardRoot,
    pub activates: UnixSeconds,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    pub(super) parameters: PoolParameters,
    pub(super) proposed: Option<Proposal<PoolParameters>>,
    pub(super) funded: Amount,
    pub(super) paid: Amount,
    pub(super) active: Option<RewardRoot>,
    pub(super) pending: Option<Pending>,
    /// The first cycle that no activated root covers.
    pub(super) uncovered: Cycle,
    /// The last cycle for which a root was posted, vetoed or not.
    pub(super) closed: Option<Cycle>,
    pub(super) vetoes: u8,
    pub(super) tallies: BTreeMap<(Cycle, Hash), Amount>,
    /// The last cycle each operator was counted in.
    pub(super) voted: BTreeMap<Account, Cycle>,
    pub(super) claimed: BTreeMap<Account, Amount>,
    pub(super) recipients: BTreeMap<Account, Account>,
    pub(super) proposed_recipients: BTreeMap<Account, Account>,
}

impl Pool {
    pub(super) const fn new(parameters: PoolParameters, cycle: Cycle) -> Self {
        Self {
            parameters,
            proposed: None,
            funded: Amount::ZERO,
            paid: Amount::ZERO,
            active: None,
            pending: None,
            uncovered: cycle,
            closed: None,
            vetoes: 0,
            tallies: BTreeMap::new(),
            voted: BTreeMap::new(),
            claimed: BTreeMap::new(),
            recipients: BTreeMap::new(),
            proposed_recipients: BTreeMap::new(),
        }
    }

    #[must_use]
    pub const fn parameters(&self) -> &PoolParameters {
        &self.parameters
    }

    #[must_use]
    pub const fn proposed(&self) -> Option<&Proposal<PoolParameters>> {
        self.proposed.as_ref()
    }

    #[must_use]
    pub const fn funded(&self) -> Amount {
        self.funded
    }

    #[must_use]
    pub const fn paid(&self) -> Amount {
        self.paid
    }

    #[must_use]
    pub fn claimed(&self, owner: Account) -> Amount {
        self.claimed.get(&owner).copied().unwrap_or(Amount::ZERO)
    }

    /// Where the owner's rewards go: to itself until another address was confirmed.
    #[must_use]
    pub fn recipient(&self, owner: Account) -> Account {
        self.recipients.get(&owner).copied().unwrap_or(owner)
    }

    /// Who has to confirm to become the owner's recipient.
    #[must_use]
    pub fn proposed_recipient(&self, owner: Account) -> Option<Account> {
        self.proposed_recipients.get(&owner).copied()
    }

    /// How many vetoes came in a row, as of `time`.
    #[must_use]
    pub fn vetoes_at(&self, time: UnixSeconds) -> u8 {
        if self.pending.is_some_and(|pending| pending.activates <= time) { 0 } else { self.vetoes }
    }

    /// The root that pays at `time`, whether or not a transaction has settled it.
    #[must_use]
    pub fn active_at(&self, time: UnixSeconds) -> Option<RewardRoot> {
        let ripe = self.pending.filter(|pending| pending.activates <= time);
        ripe.map_or(self.active, |pending| Some(pending.root))
    }

    /// The root that a veto could still strike out at `time`.
    #[must_use]
    pub fn pending_at(&self, time: UnixSeconds) -> Option<Pending> {
        self.pending.filter(|pending| time < pending.activates)
    }

    /// The first cycle that no activated root covers, as of `time`.
    #[must_use]
    pub fn uncovered_at(&self, time: UnixSeconds) -> Cycle {
        let ripe = self.pending.filter(|pending| pending.activates <= time);
        ripe.map_or(self.uncovered, |pending| pending.cycle.plus(1))
    }

    /// The last cycle for which a root was posted, vetoed or not.
    #[must_use]
    pub const fn closed(&self) -> Option<Cycle> {
        self.closed
    }

    /// How much cycle stake voted for a root of `cycle`.
    #[must_use]
    pub fn tally(&self, cycle: Cycle, root: &RewardRoot) -> Amount {
        self.tallies.get(&(cycle, root.digest())).copied().unwrap_or_default()
    }

    /// The last cycle that an operator was counted in.
    #[must_use]
    pub fn last_vote(&self, account: Account) -> Option<Cycle> {
        self.voted.get(&account).copied()
    }

    /// A root whose delay is over is active by time alone; the next verb writes that down.
    pub(super) fn settle(&mut self, at: Block) {
        if let Some(pending) = self.pending.take_if(|pending| pending.activates <= at.time) {
            self.active = Some(pending.root);
            self.uncovered = pending.cycle.plus(1);
            self.vetoes = 0;
        }
    }

    pub(super) fn active_total(&self, chain: ChainId) -> Amount {
        self.active.map_or(Amount::ZERO, |root| total_of(&root, chain))
    }

    pub(super) fn audit(&self) -> Result<(), String> {
        let claimed = Amount::sum(self.claimed.values().copied()).map_err(|error| error.to_string())?;
        if claimed != self.paid {
            return Err(format!("paid {}, but {claimed} was claimed", self.paid));
        }
        if self.paid > self.funded {
            return Err(format!("paid {} out of {}", self.paid, self.funded));
        }
        Ok(())
    }
}

/// What a root pays on `chain`.
pub(crate) const fn total_of(root: &RewardRoot, chain: ChainId) -> Amount {
    match chain {
        ChainId::Base => root.total_base,
        ChainId::Solana => root.total_solana,
    }
}

impl Contracts {
    /// Pays into the pool; anyone may, and nobody can take it out again but by claims.
    pub fn fund(&mut self, at: Block, amount: Amount) -> Result<(), Refusal> {
        if amount.is_zero() {
            return Err(Refusal::ZeroAmount);
        }
        let funded = self.pool.funded.plus(amount)?;
        self.pool.funded = funded;
        self.record(at, Body::Funded { funded });
        Ok(())
    }

    /// Counts signatures for a root; anyone may bring any number of them, in as many calls as they like.
    pub fn vote(&mut self, at: Block, cycle: Cycle, root: RewardRoot, signatures: &[Signature]) -> Result<(), Refusal> {
        let settled = self.settled_pool(at);
        if !self.deployment.clock.takes_votes(cycle, at.time) {
            return Err(Refusal::OutsideVoting);
        }
        if settled.closed.is_some_and(|closed| cycle <= closed) {
            return Err(Refusal::CycleClosed);
        }
        self.check_totals(&settled, cycle, &root)?;
        let vote = root.vote(cycle);
        let voters = signatures.iter().map(|signature| self.voter(&vote, signature)).collect::<Result<Vec<_>, _>>()?;

        self.pool = settled;
        let now = self.cycle(at)?;
        for voter in voters {
            self.count(voter, cycle, vote.digest(), now);
        }
        let total = self.vault.total.at(now).floor_prev();
        let tally = self.pool.tally(cycle, &root);
        if total >= self.pool.parameters.min_quorum && tally.is_two_thirds_of(total) {
            let activates = at.time.plus(self.pool.parameters.delay);
            self.pool.pending = Some(Pending { cycle, root, activates });
            self.pool.closed = Some(cycle);
            self.record(at, Body::RootPending { cycle, root, activates });
        }
        Ok(())
    }

    /// Strikes out the pending root within its delay. Its cycle is void on this chain for ever.
    pub fn veto(&mut self, at: Block, caller: Account) -> Result<(), Refusal> {
        if caller != self.roles.guardian {
            return Err(Refusal::NotGuardian);
        }
        let mut settled = self.settled_pool(at);
        let pending = settled.pending.take().ok_or(Refusal::NothingPending)?;
        if settled.vetoes >= VETOES_IN_A_ROW {
            return Err(Refusal::VetoesSpent);
        }
        settled.vetoes = settled.vetoes.saturating_add(1);
        self.pool = settled;
        self.record(at, Body::RootVetoed { cycle: pending.cycle });
        Ok(())
    }

    /// The pool as it stands once time has done its part; becomes the pool only if the verb is not refused.
    pub(super) fn settled_pool(&self, at: Block) -> Pool {
        let mut pool = self.pool.clone();
        pool.settle(at);
        pool
    }

    /// This chain's total only grows, slowly, and never above what is there to pay it.
    fn check_totals(&self, pool: &Pool, cycle: Cycle, root: &RewardRoot) -> Result<(), Refusal> {
        let (total, before) = (total_of(root, self.chain()), pool.active_total(self.chain()));
        if total < before {
            return Err(Refusal::TotalFell);
        }
        let cycles = cycle.plus(1).since(pool.uncovered);
        // An allowance beyond all amounts allows everything that is funded.
        let allowance = pool.parameters.max_per_cycle.times(cycles).unwrap_or(Amount::MAX);
        if total.minus(before)? > allowance {
            return Err(Refusal::TotalTooHigh);
        }
        if total > pool.funded { Err(Refusal::Unfunded) } else { Ok(()) }
    }

    /// The operator whose signer signed this vote, and was its signer in that cycle.
    fn voter(&self, vote: &Statement, signature: &Signature) -> Result<Account, Refusal> {
        let signer = signature.recover(vote.signing_digest(self.deployment.network))?;
        let tenure = self.vault.signers.get(&signer).ok_or(Refusal::UnknownSigner)?;
        let operator = &self.vault.operators[&tenure.owner.account];
        if tenure.covers(vote.cycle(), operator.term) { Ok(tenure.owner.account) } else { Err(Refusal::OutsideTenure) }
    }

    /// Counts an operator once per cycle, by its cycle stake.
    fn count(&mut self, voter: Account, cycle: Cycle, digest: Hash, now: Cycle) {
        let weight = self.vault.operators[&voter].stake.at(now).floor_prev();
        if self.pool.last_vote(voter) >= Some(cycle) || weight.is_zero() {
            return;
        }
        self.pool.voted.insert(voter, cycle);
        add(self.pool.tallies.entry((cycle, digest)).or_default(), weight);
    }
}
