use anchor_lang::prelude::*;

use super::config;
use crate::error::Refusal;
use crate::events::{BountyCollected, tell};
use crate::rules::amounts::Amount;
use crate::state::{self, Bounty, Config};
use crate::tokens::{Purse, atoms, belongs, home_of};

#[event_cpi]
#[derive(Accounts)]
pub struct Collect<'info> {
    pub config: AccountLoader<'info, Config>,
    /// CHECK: the beneficiary's bounty; nothing is owed if it is absent.
    #[account(mut)]
    pub bounty: UncheckedAccount<'info>,
    /// CHECK: the beneficiary's associated token account.
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

impl<'info> Collect<'info> {
    pub fn run(ctx: Context<'info, Self>, beneficiary: Pubkey) -> Result<u64> {
        let accounts = &ctx.accounts;
        let purse =
            Purse { ours: &accounts.stake_tokens, mint: &accounts.mint, token_program: &accounts.token_program };
        let amount = match state::write::<Bounty>(&accounts.bounty)? {
            None => 0,
            Some(mut bounty) => {
                require_keys_eq!(bounty.beneficiary, beneficiary, Refusal::ForeignAccount);
                atoms(core::mem::replace(&mut bounty.amount, Amount::ZERO))?
            }
        };
        if amount == 0 {
            return Ok(0);
        }
        let (bump, decimals) = {
            let config = config(&accounts.config)?;
            purse.check(&config, &config.stake_tokens)?;
            require_keys_eq!(*accounts.destination.key, home_of(&beneficiary, &config), Refusal::ForeignTokens);
            belongs(&accounts.destination, accounts.token_program.key, &beneficiary)?;
            (config.bump, config.decimals)
        };
        tell(&accounts.event_authority, &BountyCollected { beneficiary, amount })?;
        purse.pay(accounts.config.as_ref(), bump, &accounts.destination, amount, decimals)?;
        Ok(amount)
    }
}
