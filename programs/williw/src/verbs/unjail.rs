use anchor_lang::prelude::*;

use super::{check_link, is_taken, now, own_operator};
use crate::error::Refusal;
use crate::events::tell;
use crate::rules::facts;
use crate::rules::links::LinkTerms;
use crate::rules::tenures::Interval;
use crate::state::{self, Config, Operator, Tenure};

#[event_cpi]
#[derive(Accounts)]
pub struct Unjail<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    /// CHECK: the owner's operator, or the verb is refused.
    #[account(mut)]
    pub operator: UncheckedAccount<'info>,
    /// CHECK: absent, and created at the address of the new signer.
    #[account(mut)]
    pub tenure: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl<'info> Unjail<'info> {
    pub fn run(ctx: Context<'info, Self>, link: &LinkTerms, signature: &[u8]) -> Result<()> {
        let accounts = &ctx.accounts;
        let at = now()?;
        let (recorded, tenure) = {
            let mut config = state::load_mut(&accounts.config)?;
            let cycle = config.cycle(at)?;
            let mut operator = own_operator(&accounts.operator, accounts.owner.key)?;
            accounts.validate(&config, &operator, link, signature, at.time)?;

            operator.unjail(&mut config.total, cycle)?;
            operator.take_link(link);
            let fact = facts::unjailed(&operator.owner.to_bytes(), operator.active, link);
            let recorded = operator.head.record(accounts.operator.key, at, fact);
            operator.invariant();
            config.invariant();
            (recorded, Tenure::new(link.signer, operator.owner, Interval::begin(cycle, operator.term)))
        };
        state::create(&accounts.tenure, &accounts.payer, &[Tenure::SEED, &link.signer], &tenure)?;
        tell(&accounts.event_authority, &recorded)
    }

    /// The present signer is void from now on: a new one is needed even if no other owner had it.
    fn validate(
        &self,
        config: &Config,
        operator: &Operator,
        link: &LinkTerms,
        signature: &[u8],
        time: u64,
    ) -> Result<()> {
        require!(operator.is_jailed(), Refusal::NotJailed);
        let is_free = !is_taken(&self.tenure, &link.signer)?;
        check_link(config, self.owner.key, operator.nonce, link, signature, is_free)?;
        require!(operator.active >= config.vault.min_stake, Refusal::BelowMinStake);
        require!(time >= operator.jailed_until, Refusal::StillJailed);
        Ok(())
    }
}
