use anchor_lang::prelude::*;

use super::now;
use crate::error::Refusal;
use crate::events::tell;
use crate::rules::facts;
use crate::state::{self, Config};
use crate::tokens::Purse;

#[event_cpi]
#[derive(Accounts)]
pub struct Fund<'info> {
    /// Anybody. Nobody can take it out again but by claims.
    pub funder: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    /// CHECK: the token program looks whether the funder can spend it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    #[account(mut)]
    pub reward_tokens: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub token_program: UncheckedAccount<'info>,
}

impl<'info> Fund<'info> {
    pub fn run(ctx: Context<'info, Self>, amount: u64) -> Result<()> {
        let (accounts, at) = (&ctx.accounts, now()?);
        let (recorded, purse) = {
            let mut config = state::load_mut(&accounts.config)?;
            let purse = Purse::of_rewards(&config, &accounts.reward_tokens, &accounts.mint, &accounts.token_program)?;
            require!(amount != 0, Refusal::ZeroAmount);
            config.funded = config.funded.plus(amount.into())?;
            let fact = facts::funded(config.funded);
            (config.head.record(&accounts.config.key(), at, fact), purse)
        };
        tell(&accounts.event_authority, &recorded)?;
        purse.pull(&accounts.source, &accounts.funder, amount)
    }
}
