use anchor_lang::prelude::*;

use super::{now, own_operator};
use crate::events::tell;
use crate::rules::facts;
use crate::state::{self, Config};

#[event_cpi]
#[derive(Accounts)]
pub struct Restake<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    /// CHECK: the owner's operator, or the verb is refused.
    #[account(mut)]
    pub operator: UncheckedAccount<'info>,
}

impl<'info> Restake<'info> {
    pub fn run(ctx: Context<'info, Self>, ticket: u64) -> Result<()> {
        let accounts = &ctx.accounts;
        let at = now()?;
        let recorded = {
            let mut config = state::load_mut(&accounts.config)?;
            let cycle = config.cycle(at)?;
            let mut operator = own_operator(&accounts.operator, accounts.owner.key)?;
            operator.restake(&mut config.total, cycle, ticket)?;
            let fact = facts::restaked(&operator.owner.to_bytes(), operator.holdings()?);
            let recorded = operator.head.record(accounts.operator.key, at, fact);
            operator.invariant();
            config.invariant();
            recorded
        };
        tell(&accounts.event_authority, &recorded)
    }
}
