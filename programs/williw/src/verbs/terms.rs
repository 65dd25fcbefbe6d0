//! Parameters change with notice: whoever dislikes them can leave by the old ones before they hold.

use anchor_lang::prelude::*;

use super::now;
use crate::error::Refusal;
use crate::events::{Recorded, tell};
use crate::rules::facts;
use crate::rules::terms::{PoolTerms, VaultTerms};
use crate::rules::times::Moment;
use crate::state::{self, Config, PoolProposal, VaultProposal};

#[event_cpi]
#[derive(Accounts)]
pub struct Propose<'info> {
    pub governor: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
}

#[event_cpi]
#[derive(Accounts)]
pub struct Apply<'info> {
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
}

impl<'info> Propose<'info> {
    pub fn vault(ctx: Context<'info, Self>, terms: VaultTerms) -> Result<()> {
        Self::run(&ctx, |config, effective| {
            terms.check(&config.vault_bounds, config.clock())?;
            config.vault_proposal = VaultProposal { terms, effective };
            Ok(facts::vault_parameters_proposed(&terms, effective))
        })
    }

    pub fn pool(ctx: Context<'info, Self>, terms: PoolTerms) -> Result<()> {
        Self::run(&ctx, |config, effective| {
            terms.check(&config.pool_bounds, config.clock())?;
            config.pool_proposal = PoolProposal { terms, effective };
            Ok(facts::pool_parameters_proposed(&terms, effective))
        })
    }

    /// The notice is the unstaking period in force now.
    fn run(ctx: &Context<'info, Self>, announce: impl FnOnce(&mut Config, u64) -> Result<facts::Fact>) -> Result<()> {
        let (accounts, at) = (&ctx.accounts, now()?);
        let recorded = {
            let mut config = state::load_mut(&accounts.config)?;
            config.only_governor(accounts.governor.key)?;
            let effective = at.later(config.vault.unstaking_period);
            let fact = announce(&mut config, effective)?;
            config.head.record(&accounts.config.key(), at, fact)
        };
        tell(&accounts.event_authority, &recorded)
    }
}

impl<'info> Apply<'info> {
    pub fn vault(ctx: Context<'info, Self>) -> Result<()> {
        let (accounts, at) = (&ctx.accounts, now()?);
        let recorded = {
            let mut config = state::load_mut(&accounts.config)?;
            let VaultProposal { terms, effective } = config.vault_proposal;
            ripe(effective, at)?;
            (config.vault, config.vault_proposal) = (terms, VaultProposal::default());
            accounts.record(&mut config, at, facts::vault_parameters(&terms))
        };
        tell(&accounts.event_authority, &recorded)
    }

    pub fn pool(ctx: Context<'info, Self>) -> Result<()> {
        let (accounts, at) = (&ctx.accounts, now()?);
        let recorded = {
            let mut config = state::load_mut(&accounts.config)?;
            let PoolProposal { terms, effective } = config.pool_proposal;
            ripe(effective, at)?;
            (config.pool, config.pool_proposal) = (terms, PoolProposal::default());
            accounts.record(&mut config, at, facts::pool_parameters(&terms))
        };
        tell(&accounts.event_authority, &recorded)
    }

    fn record(&self, config: &mut Config, at: Moment, fact: facts::Fact) -> Recorded {
        config.head.record(&self.config.key(), at, fact)
    }
}

fn ripe(effective: u64, at: Moment) -> Result<()> {
    require!(effective != 0, Refusal::NothingProposed);
    require!(at.time >= effective, Refusal::NoticeRunning);
    Ok(())
}
