use anchor_lang::prelude::*;

use super::now;
use crate::error::Refusal;
use crate::events::{Claimed, tell};
use crate::rules::amounts::Amount;
use crate::rules::{SOLANA, roots};
use crate::state::{self, Claimant, Config};
use crate::tokens::{Purse, belongs, home_of};

#[event_cpi]
#[derive(Accounts)]
pub struct Claim<'info> {
    /// Anybody; pays the rent of a first claim.
    #[account(mut)]
    pub payer: Signer<'info>,
    pub config: AccountLoader<'info, Config>,
    /// CHECK: the owner's; created if it is absent.
    #[account(mut)]
    pub claimant: UncheckedAccount<'info>,
    /// CHECK: the recipient's associated token account.
    #[account(mut)]
    pub destination: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    #[account(mut)]
    pub reward_tokens: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub token_program: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl<'info> Claim<'info> {
    pub fn run(ctx: Context<'info, Self>, owner: Pubkey, cumulative: u128, proof: &[u8]) -> Result<u64> {
        let accounts = &ctx.accounts;
        let Some((purse, claimed)) = accounts.settle(owner, cumulative, proof)? else { return Ok(0) };
        tell(&accounts.event_authority, &claimed)?;
        purse.pay(accounts.config.as_ref(), &accounts.destination, claimed.amount)?;
        Ok(claimed.amount)
    }

    /// What the active root says that the owner earned and has not had; none if that is nothing.
    fn settle(&self, owner: Pubkey, cumulative: u128, proof: &[u8]) -> Result<Option<(Purse<'_, 'info>, Claimed)>> {
        let config = state::load(&self.config)?;
        let purse = Purse::of_rewards(&config, &self.reward_tokens, &self.mint, &self.token_program)?;
        let root = config.paying(now()?).ok_or(Refusal::NoRoot)?;
        roots::check(&root.root, roots::leaf(SOLANA, &owner.to_bytes(), cumulative), proof)?;
        let cumulative = Amount::new(cumulative);
        let mut claimant = match state::read::<Claimant>(&self.claimant)? {
            Some(claimant) => *claimant,
            None => Claimant::new(owner),
        };
        require_keys_eq!(claimant.owner, owner, Refusal::ForeignAccount);
        let owed = cumulative.less(claimant.claimed);
        if owed.is_zero() {
            return Ok(None);
        }
        // The leaves of a bad root may promise more than its total, but the pool pays no more than that.
        require!(owed <= config.unpaid(root, purse.balance()?), Refusal::AboveTotal);
        let amount = owed.tokens()?;

        if claimant.tokens != *self.destination.key {
            let home = home_of(&claimant.recipient, &config);
            require_keys_eq!(*self.destination.key, home, Refusal::ForeignTokens);
            claimant.tokens = home;
        }
        belongs(&self.destination, self.token_program.key, &claimant.recipient)?;
        claimant.claimed = cumulative;
        self.keep(&claimant)?;
        let recipient = claimant.recipient;
        Ok(Some((purse, Claimed { owner, recipient, amount, cumulative: cumulative.get() })))
    }

    fn keep(&self, contents: &Claimant) -> Result<()> {
        if let Some(mut claimant) = state::write::<Claimant>(&self.claimant)? {
            *claimant = *contents;
            return Ok(());
        }
        let seeds: [&[u8]; 2] = [Claimant::SEED, contents.owner.as_ref()];
        state::create(&self.claimant, &self.payer, &seeds, contents)
    }
}
