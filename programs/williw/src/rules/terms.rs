//! Parameters and what they may be.

use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};

use super::amounts::{Amount, BPS_WHOLE};
use super::times::CycleClock;
use crate::error::Refusal;

/// How many cycles stake stays slashable beyond the life of evidence, at the least.
const EVIDENCE_MARGIN_CYCLES: u64 = 2;

/// What the vault demands and takes.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct VaultTerms {
    pub min_stake: Amount,
    pub min_deposit: Amount,
    pub unstaking_period: u64,
    pub evidence_cycles: u64,
    /// Ten-thousandths.
    pub slash_bps: u64,
}

/// What the pool demands and allows.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct PoolTerms {
    /// The least cycle stake of all operators together that can decide anything.
    pub min_quorum: Amount,
    /// How long a root waits for a veto before it pays.
    pub delay: u64,
    /// By how much a root's total may grow, for each cycle that it covers.
    pub max_per_cycle: Amount,
}

/// Limits that no parameter ever leaves, both ends included.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct VaultBounds {
    pub least: VaultTerms,
    pub most: VaultTerms,
}

/// Limits that no parameter ever leaves, both ends included.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct PoolBounds {
    pub least: PoolTerms,
    pub most: PoolTerms,
}

fn within<T: PartialOrd>(value: T, least: T, most: T) -> core::result::Result<(), Refusal> {
    if least <= value && value <= most { Ok(()) } else { Err(Refusal::OutOfBounds) }
}

impl VaultTerms {
    /// Inside the bounds, and stake stays slashable for as long as evidence lives.
    pub fn check(&self, bounds: &VaultBounds, clock: CycleClock) -> core::result::Result<(), Refusal> {
        let VaultBounds { least, most } = bounds;
        if self.slash_bps > BPS_WHOLE || most.slash_bps > BPS_WHOLE {
            return Err(Refusal::Bps);
        }
        within(self.min_stake, least.min_stake, most.min_stake)?;
        within(self.min_deposit, least.min_deposit, most.min_deposit)?;
        within(self.unstaking_period, least.unstaking_period, most.unstaking_period)?;
        within(self.slash_bps, least.slash_bps, most.slash_bps)?;
        within(self.evidence_cycles, least.evidence_cycles, most.evidence_cycles)?;
        if self.min_stake.is_zero() {
            return Err(Refusal::OutOfBounds);
        }
        let cycles = self.evidence_cycles.checked_add(EVIDENCE_MARGIN_CYCLES);
        let slashable = cycles.and_then(|cycles| cycles.checked_mul(clock.length)).ok_or(Refusal::UnsoundPeriods)?;
        if self.unstaking_period < slashable {
            return Err(Refusal::UnsoundPeriods);
        }
        Ok(())
    }
}

impl PoolTerms {
    /// Inside the bounds, with a quorum of somebody, and a root activates before the next can be voted for.
    pub fn check(&self, bounds: &PoolBounds, clock: CycleClock) -> core::result::Result<(), Refusal> {
        let PoolBounds { least, most } = bounds;
        within(self.min_quorum, least.min_quorum, most.min_quorum)?;
        within(self.delay, least.delay, most.delay)?;
        within(self.max_per_cycle, least.max_per_cycle, most.max_per_cycle)?;
        if self.min_quorum.is_zero() {
            return Err(Refusal::OutOfBounds);
        }
        if self.delay > clock.half() {
            return Err(Refusal::UnsoundPeriods);
        }
        Ok(())
    }
}
