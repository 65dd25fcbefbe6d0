use anchor_lang::prelude::*;

use super::now;
use crate::error::Refusal;
use crate::events::tell;
use crate::rules::facts;
use crate::state::{self, Config};

#[event_cpi]
#[derive(Accounts)]
pub struct Veto<'info> {
    pub guardian: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
}

impl<'info> Veto<'info> {
    pub fn run(ctx: Context<'info, Self>) -> Result<()> {
        let (accounts, at) = (&ctx.accounts, now()?);
        let recorded = {
            let mut config = state::load_mut(&accounts.config)?;
            require_keys_eq!(*accounts.guardian.key, config.guardian, Refusal::NotGuardian);
            config.settle(at);
            let cycle = config.veto()?;
            config.head.record(&accounts.config.key(), at, facts::root_vetoed(cycle))
        };
        tell(&accounts.event_authority, &recorded)
    }
}
