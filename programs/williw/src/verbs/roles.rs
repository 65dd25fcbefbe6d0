//! Who may change terms, stop deposits and veto.

use anchor_lang::prelude::*;

use crate::error::Refusal;
use crate::events::{DepositsPaused, GovernorAccepted, GovernorOffered, GuardianSet, tell};
use crate::state::{self, Config};

#[event_cpi]
#[derive(Accounts)]
pub struct Govern<'info> {
    /// The governor; of `accept_governor`, to whom the role was offered.
    pub governor: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
}

impl<'info> Govern<'info> {
    pub fn set_paused(ctx: Context<'info, Self>, paused: bool) -> Result<()> {
        let accounts = &ctx.accounts;
        {
            let mut config = state::load_mut(&accounts.config)?;
            config.only_governor(accounts.governor.key)?;
            config.paused = u8::from(paused);
        }
        tell(&accounts.event_authority, &DepositsPaused { paused })
    }

    /// Until it is accepted nothing changes; a new offer replaces the one before.
    pub fn offer(ctx: Context<'info, Self>, to: Pubkey) -> Result<()> {
        let accounts = &ctx.accounts;
        {
            let mut config = state::load_mut(&accounts.config)?;
            config.only_governor(accounts.governor.key)?;
            config.offered = to;
        }
        tell(&accounts.event_authority, &GovernorOffered { to })
    }

    /// The old governor has no role from that moment on.
    pub fn accept(ctx: Context<'info, Self>) -> Result<()> {
        let accounts = &ctx.accounts;
        let governor = accounts.governor.key();
        {
            let mut config = state::load_mut(&accounts.config)?;
            require_keys_eq!(config.offered, governor, Refusal::NotOffered);
            (config.governor, config.offered) = (governor, Pubkey::default());
        }
        tell(&accounts.event_authority, &GovernorAccepted { governor })
    }

    pub fn set_guardian(ctx: Context<'info, Self>, guardian: Pubkey) -> Result<()> {
        let accounts = &ctx.accounts;
        {
            let mut config = state::load_mut(&accounts.config)?;
            config.only_governor(accounts.governor.key)?;
            config.guardian = guardian;
        }
        tell(&accounts.event_authority, &GuardianSet { guardian })
    }
}
