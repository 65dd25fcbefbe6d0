use anchor_lang::prelude::*;

use crate::error::Refusal;
use crate::events::{BountyCollected, tell};
use crate::rules::amounts::Amount;
use crate::state::{self, Bounty, Config};
use crate::tokens::{Purse, belongs, home_of};

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
        let amount = match state::write::<Bounty>(&accounts.bounty)? {
            None => 0,
            Some(mut bounty) => {
                require_keys_eq!(bounty.beneficiary, beneficiary, Refusal::ForeignAccount);
                core::mem::replace(&mut bounty.amount, Amount::ZERO).tokens()?
            }
        };
        if amount == 0 {
            return Ok(0);
        }
        let purse = {
            let config = state::load(&accounts.config)?;
            let purse = Purse::of_stake(&config, &accounts.stake_tokens, &accounts.mint, &accounts.token_program)?;
            require_keys_eq!(*accounts.destination.key, home_of(&beneficiary, &config), Refusal::ForeignTokens);
            belongs(&accounts.destination, accounts.token_program.key, &beneficiary)?;
            purse
        };
        tell(&accounts.event_authority, &BountyCollected { beneficiary, amount })?;
        purse.pay(accounts.config.as_ref(), &accounts.destination, amount)?;
        Ok(amount)
    }
}
