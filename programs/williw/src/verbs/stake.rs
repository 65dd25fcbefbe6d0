use anchor_lang::prelude::*;

use super::{now, operator};
use crate::error::Refusal;
use crate::events::tell;
use crate::rules::amounts::Amount;
use crate::rules::facts;
use crate::state::{self, Config};
use crate::tokens::Purse;

#[event_cpi]
#[derive(Accounts)]
pub struct Stake<'info> {
    /// Anybody: it moves no clock of the owner's.
    pub funder: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    /// CHECK: an operator, or the verb is refused.
    #[account(mut)]
    pub operator: UncheckedAccount<'info>,
    /// CHECK: the token program looks whether the funder can spend it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    #[account(mut)]
    pub stake_tokens: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub token_program: UncheckedAccount<'info>,
}

impl<'info> Stake<'info> {
    pub fn run(ctx: Context<'info, Self>, amount: u64) -> Result<()> {
        let accounts = &ctx.accounts;
        let at = now()?;
        let (recorded, purse) = {
            let mut config = state::load_mut(&accounts.config)?;
            let purse = Purse::of_stake(&config, &accounts.stake_tokens, &accounts.mint, &accounts.token_program)?;
            require!(config.paused == 0, Refusal::Paused);
            let cycle = config.cycle(at)?;
            let mut operator = operator(&accounts.operator)?;
            require!(Amount::from(amount) >= config.vault.min_deposit && amount != 0, Refusal::BelowMinDeposit);
            config.deposited = config.deposited.plus(amount.into())?;

            let active = operator.active.plus(amount.into())?;
            operator.set_active(&mut config.total, cycle, active)?;
            let fact = facts::staked(&operator.owner.to_bytes(), active);
            let recorded = operator.head.record(accounts.operator.key, at, fact);
            operator.invariant();
            config.invariant();
            (recorded, purse)
        };
        tell(&accounts.event_authority, &recorded)?;
        purse.pull(&accounts.source, &accounts.funder, amount)
    }
}
