use anchor_lang::prelude::*;
use bytemuck::{Pod, Zeroable};

use super::Head;
use crate::error::Refusal;
use crate::rules::amounts::Amount;
use crate::rules::cycle_stakes::CycleStake;
use crate::rules::roots::RewardRoot;
use crate::rules::terms::{PoolBounds, PoolTerms, VaultBounds, VaultTerms};
use crate::rules::times::{CycleClock, Moment};

/// After so many vetoes in a row the guardian has none until a root activates.
const VETOES_IN_A_ROW: u8 = 3;

/// A root that has its votes, as the fact that posted it says. The program itself needs half of it.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct PostedRoot {
    pub cycle: u64,
    pub root: [u8; 32],
    pub total_base: Amount,
    pub total_solana: Amount,
    pub blob_hash: [u8; 32],
    /// From this moment it pays.
    pub activates: u64,
}

impl PostedRoot {
    #[must_use]
    pub const fn new(cycle: u64, root: &RewardRoot, activates: u64) -> Self {
        let RewardRoot { root, total_base, total_solana, blob_hash } = *root;
        let (total_base, total_solana) = (Amount::new(total_base), Amount::new(total_solana));
        Self { cycle, root, total_base, total_solana, blob_hash, activates }
    }
}

/// A change that was announced.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct VaultProposal {
    pub terms: VaultTerms,
    /// From when it can be applied; 0 if nothing is proposed.
    pub effective: u64,
}

/// A change that was announced.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct PoolProposal {
    pub terms: PoolTerms,
    /// From when it can be applied; 0 if nothing is proposed.
    pub effective: u64,
}

/// Everything that belongs to the whole network on this chain: vault, pool and roles.
#[account(zero_copy, discriminator = super::CONFIG)]
#[derive(Debug)]
pub struct Config {
    pub version: u8,
    pub bump: u8,
    pub decimals: u8,
    /// Stops deposits and nothing else.
    pub paused: u8,
    /// Vetoes in a row, since a root activated.
    pub vetoes: u8,
    /// Whether there is an active root, and whether one is pending (its delay may be over: see `settle`).
    pub has_active: u8,
    pub has_pending: u8,
    padding: [u8; 1],

    pub head: Head,
    pub operators: u64,

    pub network: [u8; 32],
    /// The EIP-712 domain of the network.
    pub domain: [u8; 32],
    pub genesis: u64,
    pub cycle_length: u64,

    pub mint: Pubkey,
    pub token_program: Pubkey,
    pub stake_tokens: Pubkey,
    pub reward_tokens: Pubkey,

    pub governor: Pubkey,
    /// To whom the governor offered the role; zero if to nobody.
    pub offered: Pubkey,
    /// Who may veto; zero is nobody.
    pub guardian: Pubkey,

    /// Everything that was ever staked.
    pub deposited: Amount,
    pub total: CycleStake,
    pub vault: VaultTerms,
    pub vault_proposal: VaultProposal,
    pub vault_bounds: VaultBounds,

    pub pool: PoolTerms,
    pub pool_proposal: PoolProposal,
    pub pool_bounds: PoolBounds,
    /// Everything that was ever paid into the pool.
    pub funded: Amount,
    pub active: PostedRoot,
    pub pending: PostedRoot,
    /// The first cycle that no active root covers.
    pub uncovered: u64,
    /// The cycle after the last one for which a root was posted, vetoed or not.
    pub first_open: u64,

    spare: [u64; 15],
}

impl Config {
    pub const SEED: &'static [u8] = b"config";
    pub const STAKE_SEED: &'static [u8] = b"stake";
    pub const REWARD_SEED: &'static [u8] = b"rewards";

    /// With which the program signs for its token accounts.
    #[must_use]
    pub fn signature(bump: &[u8; 1]) -> [&[u8]; 2] {
        [Self::SEED, bump]
    }

    #[must_use]
    pub const fn clock(&self) -> CycleClock {
        CycleClock { genesis: self.genesis, length: self.cycle_length }
    }

    pub fn cycle(&self, now: Moment) -> Result<u64> {
        Ok(self.clock().cycle(now.time)?)
    }

    pub fn only_governor(&self, caller: &Pubkey) -> Result<()> {
        require_keys_eq!(*caller, self.governor, Refusal::NotGovernor);
        Ok(())
    }

    fn is_ripe(&self, now: Moment) -> bool {
        self.has_pending != 0 && self.pending.activates <= now.time
    }

    /// The root that pays now, whether or not a transaction has written that down.
    #[must_use]
    pub fn paying(&self, now: Moment) -> Option<&PostedRoot> {
        if self.is_ripe(now) { Some(&self.pending) } else { (self.has_active != 0).then_some(&self.active) }
    }

    /// Writes down that a root is active whose delay is over: time alone made it so.
    pub fn settle(&mut self, now: Moment) {
        if self.is_ripe(now) {
            (self.active, self.has_active) = (self.pending, 1);
            (self.pending, self.has_pending) = (PostedRoot::default(), 0);
            // A root is pending for the last cycle that was closed.
            (self.uncovered, self.vetoes) = (self.first_open, 0);
        }
    }

    /// This chain's total only grows, slowly, and never above what is there to pay it. The config is settled.
    pub fn check_total(&self, cycle: u64, total: Amount) -> Result<()> {
        let before = self.active.total_solana;
        require!(total >= before, Refusal::TotalFell);
        let cycles = cycle.saturating_add(1).saturating_sub(self.uncovered);
        // An allowance beyond all amounts allows everything that is funded.
        let allowance = self.pool.max_per_cycle.get().saturating_mul(u128::from(cycles));
        require!(total.minus(before)? <= Amount::new(allowance), Refusal::TotalTooHigh);
        require!(total <= self.funded, Refusal::Unfunded);
        Ok(())
    }

    /// Whether so much stake posts a root in `cycle`, of the cycle before.
    #[must_use]
    pub fn is_enough(&self, cycle: u64, counted: Amount) -> bool {
        let total = self.total.at(cycle).floor_prev;
        total >= self.pool.min_quorum && counted.is_two_thirds_of(total)
    }

    /// Posts a root for `cycle`; it pays from `activates` on.
    pub fn post(&mut self, cycle: u64, root: &RewardRoot, activates: u64) {
        (self.pending, self.has_pending) = (PostedRoot::new(cycle, root, activates), 1);
        self.first_open = cycle.saturating_add(1);
    }

    /// Strikes out the pending root; returns its cycle, which is void for ever. The config is settled.
    pub fn veto(&mut self) -> Result<u64> {
        require!(self.has_pending != 0, Refusal::NothingPending);
        require!(self.vetoes < VETOES_IN_A_ROW, Refusal::VetoesSpent);
        self.vetoes = self.vetoes.saturating_add(1);
        (self.pending, self.has_pending) = (PostedRoot::default(), 0);
        Ok(self.first_open.saturating_sub(1))
    }

    /// What is left of the paying root's total, by what lies in the reward tokens: everything funded and not paid yet.
    ///
    /// What was paid is stored nowhere, so no account of this program is written by all claimants. Whoever sends tokens there
    /// without funding raises what is left by as much as that was, and touches nobody's share.
    #[must_use]
    pub fn unpaid(&self, paying: &PostedRoot, balance: u64) -> Amount {
        let reserved = self.funded.less(paying.total_solana);
        Amount::from(balance).less(reserved)
    }

    /// What holds after every verb.
    pub fn invariant(&self) {
        assert!(self.total.floor <= self.total.value, "a floor is the lowest value of its cycle");
        assert!(self.active.total_solana <= self.funded, "what pays was funded");
    }
}
