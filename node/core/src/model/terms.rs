//! Parameters: what they may be, and how they change with notice.

use super::{Block, Contracts, Refusal};
use crate::cycle::{CycleClock, UnixSeconds};
use crate::fact::{Body, PoolParameters, VaultParameters};
use crate::identity::Account;

/// How many cycles stake stays slashable beyond the life of evidence, at the least.
const EVIDENCE_MARGIN_CYCLES: u64 = 2;

/// Immutable limits that no parameter ever leaves, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub vault: (VaultParameters, VaultParameters),
    pub pool: (PoolParameters, PoolParameters),
}

/// A change that was announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal<P> {
    pub parameters: P,
    pub effective: UnixSeconds,
}

impl<P: Copy> Proposal<P> {
    fn ripe(proposal: Option<&Self>, at: Block) -> Result<P, Refusal> {
        let proposal = proposal.ok_or(Refusal::NothingProposed)?;
        if at.time < proposal.effective { Err(Refusal::NoticeRunning) } else { Ok(proposal.parameters) }
    }
}

fn within<T: PartialOrd>(value: T, least: T, most: T) -> Result<(), Refusal> {
    if least <= value && value <= most { Ok(()) } else { Err(Refusal::OutOfBounds) }
}

impl Bounds {
    /// Inside the bounds, and stake stays slashable for as long as evidence lives.
    pub fn check_vault(&self, new: &VaultParameters, clock: &CycleClock) -> Result<(), Refusal> {
        let (least, most) = &self.vault;
        within(new.min_stake, least.min_stake, most.min_stake)?;
        within(new.min_deposit, least.min_deposit, most.min_deposit)?;
        within(new.unstaking_period, least.unstaking_period, most.unstaking_period)?;
        within(new.slash, least.slash, most.slash)?;
        within(new.evidence_cycles, least.evidence_cycles, most.evidence_cycles)?;
        if new.min_stake.is_zero() {
            return Err(Refusal::OutOfBounds);
        }
        let cycles = new.evidence_cycles.checked_add(EVIDENCE_MARGIN_CYCLES).ok_or(Refusal::UnsoundPeriods)?;
        let slashable = clock.span(cycles).ok_or(Refusal::UnsoundPeriods)?;
        if new.unstaking_period < slashable { Err(Refusal::UnsoundPeriods) } else { Ok(()) }
    }

    /// Inside the bounds, with a quorum of somebody, and a root activates before the next can be voted for.
    pub fn check_pool(&self, new: &PoolParameters, clock: &CycleClock) -> Result<(), Refusal> {
        let (least, most) = &self.pool;
        within(new.min_quorum, least.min_quorum, most.min_quorum)?;
        within(new.delay, least.delay, most.delay)?;
        within(new.max_per_cycle, least.max_per_cycle, most.max_per_cycle)?;
        if new.min_quorum.is_zero() {
            return Err(Refusal::OutOfBounds);
        }
        if new.delay > clock.half() { Err(Refusal::UnsoundPeriods) } else { Ok(()) }
    }
}

impl Contracts {
    fn only_governor(&self, caller: Account) -> Result<(), Refusal> {
        if caller == self.roles.governor { Ok(()) } else { Err(Refusal::NotGovernor) }
    }

    /// Offers the governor's role. Until it is accepted nothing changes; a new offer replaces the one before.
    pub fn offer_governor(&mut self, caller: Account, to: Account) -> Result<(), Refusal> {
        self.only_governor(caller)?;
        self.roles.offered = Some(to);
        Ok(())
    }

    /// Takes the offered role over. The old governor has none from that moment on.
    pub fn accept_governor(&mut self, caller: Account) -> Result<(), Refusal> {
        if self.roles.offered != Some(caller) {
            return Err(Refusal::NotOffered);
        }
        (self.roles.governor, self.roles.offered) = (caller, None);
        Ok(())
    }

    /// Replaces the guardian, who can do nothing but veto.
    pub fn set_guardian(&mut self, caller: Account, guardian: Account) -> Result<(), Refusal> {
        self.only_governor(caller)?;
        self.roles.guardian = guardian;
        Ok(())
    }

    /// Stops or resumes deposits (`register`, `stake`) and nothing else.
    pub fn set_paused(&mut self, caller: Account, paused: bool) -> Result<(), Refusal> {
        self.only_governor(caller)?;
        self.vault.paused = paused;
        Ok(())
    }

    /// Announces new vault parameters. Whoever dislikes them can leave by the old ones before they hold.
    pub fn propose_vault(&mut self, at: Block, caller: Account, parameters: VaultParameters) -> Result<(), Refusal> {
        self.only_governor(caller)?;
        self.deployment.bounds.check_vault(&parameters, &self.deployment.clock)?;
        let effective = at.time.plus(self.vault.parameters.unstaking_period);
        self.vault.proposed = Some(Proposal { parameters, effective });
        self.record(at, Body::VaultParametersProposed { parameters, effective });
        Ok(())
    }

    /// Puts announced vault parameters in force; anyone may.
    pub fn apply_vault(&mut self, at: Block) -> Result<(), Refusal> {
        let parameters = Proposal::ripe(self.vault.proposed.as_ref(), at)?;
        self.vault.proposed = None;
        self.vault.parameters = parameters;
        self.record(at, Body::VaultParameters(parameters));
        Ok(())
    }

    /// Announces new pool parameters.
    pub fn propose_pool(&mut self, at: Block, caller: Account, parameters: PoolParameters) -> Result<(), Refusal> {
        self.only_governor(caller)?;
        self.deployment.bounds.check_pool(&parameters, &self.deployment.clock)?;
        let effective = at.time.plus(self.vault.parameters.unstaking_period);
        self.pool.proposed = Some(Proposal { parameters, effective });
        self.record(at, Body::PoolParametersProposed { parameters, effective });
        Ok(())
    }

    /// Puts announced pool parameters in force; anyone may.
    pub fn apply_pool(&mut self, at: Block) -> Result<(), Refusal> {
        let parameters = Proposal::ripe(self.pool.proposed.as_ref(), at)?;
        self.pool.proposed = None;
        self.pool.parameters = parameters;
        self.record(at, Body::PoolParameters(parameters));
        Ok(())
    }
}
