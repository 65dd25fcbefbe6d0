use anchor_lang::prelude::*;

use super::now;
use crate::error::Refusal;
use crate::state::{self, Config, Tally};

#[derive(Accounts)]
pub struct CloseTally<'info> {
    pub config: AccountLoader<'info, Config>,
    #[account(mut, close = payer)]
    pub tally: AccountLoader<'info, Tally>,
    /// CHECK: who paid the tally's rent, as the tally says.
    #[account(mut)]
    pub payer: UncheckedAccount<'info>,
}

impl<'info> CloseTally<'info> {
    /// Gives the rent of a tally back. Nobody counts for its cycle any more, so nothing is forgotten.
    pub fn run(ctx: Context<'info, Self>) -> Result<()> {
        let accounts = &ctx.accounts;
        let (config, tally) = (state::load(&accounts.config)?, state::load(&accounts.tally)?);
        require_keys_eq!(*accounts.payer.key, tally.payer, Refusal::ForeignAccount);
        let is_over = config.cycle(now()?)? > tally.cycle.saturating_add(1) || tally.cycle < config.first_open;
        require!(is_over, Refusal::VotesOpen);
        Ok(())
    }
}
