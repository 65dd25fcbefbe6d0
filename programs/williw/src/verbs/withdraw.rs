use anchor_lang::prelude::*;

use super::{now, own_operator};
use crate::events::tell;
use crate::rules::facts;
use crate::state::{self, Config};
use crate::tokens::{Purse, belongs};

#[event_cpi]
#[derive(Accounts)]
pub struct Withdraw<'info> {
    pub owner: Signer<'info>,
    pub config: AccountLoader<'info, Config>,
    /// CHECK: the owner's operator, or the verb is refused.
    #[account(mut)]
    pub operator: UncheckedAccount<'info>,
    /// CHECK: a token account of the owner's.
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    #[account(mut)]
    pub stake_tokens: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub token_program: UncheckedAccount<'info>,
}

impl<'info> Withdraw<'info> {
    pub fn run(ctx: Context<'info, Self>, limit: u64) -> Result<u64> {
        let accounts = &ctx.accounts;
        let at = now()?;
        let (recorded, purse, amount) = {
            let config = state::load(&accounts.config)?;
            let purse = Purse::of_stake(&config, &accounts.stake_tokens, &accounts.mint, &accounts.token_program)?;
            let mut operator = own_operator(&accounts.operator, accounts.owner.key)?;
            let amount = operator.withdraw(at.time, limit)?;
            let fact = facts::withdrawn(&operator.owner.to_bytes(), operator.queued()?, amount);
            let recorded = operator.head.record(accounts.operator.key, at, fact);
            operator.invariant();
            (recorded, purse, amount.tokens()?)
        };
        tell(&accounts.event_authority, &recorded)?;
        // A slash of the whole leaves entries of zero: they go, and nothing is moved.
        if amount != 0 {
            belongs(&accounts.destination, accounts.token_program.key, accounts.owner.key)?;
            purse.pay(accounts.config.as_ref(), &accounts.destination, amount)?;
        }
        Ok(amount)
    }
}
