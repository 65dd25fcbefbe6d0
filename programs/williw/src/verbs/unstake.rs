use anchor_lang::prelude::*;

use super::{now, own_operator};
use crate::events::tell;
use crate::rules::facts;
use crate::state::{self, Config};

#[event_cpi]
#[derive(Accounts)]
pub struct Unstake<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    /// CHECK: the owner's operator, or the verb is refused.
    #[account(mut)]
    pub operator: UncheckedAccount<'info>,
}

impl<'info> Unstake<'info> {
    pub fn run(ctx: Context<'info, Self>, amount: u64) -> Result<u64> {
        let accounts = &ctx.accounts;
        let at = now()?;
        let (recorded, ticket) = {
            let mut config = state::load_mut(&accounts.config)?;
            let cycle = config.cycle(at)?;
            let mut operator = own_operator(&accounts.operator, accounts.owner.key)?;
            let maturity = at.later(config.vault.unstaking_period);
            let ticket = operator.unstake(&mut config.total, cycle, amount.into(), maturity)?;
            let owner = operator.owner.to_bytes();
            let fact = facts::unstaked(&owner, operator.holdings()?, amount.into(), maturity);
            let recorded = operator.head.record(accounts.operator.key, at, fact);
            operator.invariant();
            config.invariant();
            (recorded, ticket)
        };
        tell(&accounts.event_authority, &recorded)?;
        Ok(ticket)
    }
}
