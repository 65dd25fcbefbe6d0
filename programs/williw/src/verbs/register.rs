use anchor_lang::prelude::*;

use super::{check_link, is_taken, now};
use crate::error::Refusal;
use crate::events::tell;
use crate::rules::amounts::Amount;
use crate::rules::facts;
use crate::rules::links::LinkTerms;
use crate::rules::tenures::Interval;
use crate::state::{self, Config, Head, Operator, Tenure};
use crate::tokens::Purse;

#[event_cpi]
#[derive(Accounts)]
pub struct Register<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    /// CHECK: absent, and created at the address of the owner.
    #[account(mut)]
    pub operator: UncheckedAccount<'info>,
    /// CHECK: absent, and created at the address of the signer.
    #[account(mut)]
    pub tenure: UncheckedAccount<'info>,
    /// CHECK: the token program looks whether the owner can spend it.
    #[account(mut)]
    pub source: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    #[account(mut)]
    pub stake_tokens: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub mint: UncheckedAccount<'info>,
    /// CHECK: compared with the config.
    pub token_program: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl<'info> Register<'info> {
    pub fn run(ctx: Context<'info, Self>, amount: u64, link: &LinkTerms, signature: &[u8]) -> Result<()> {
        let accounts = &ctx.accounts;
        let (at, owner) = (now()?, accounts.owner.key());
        let (recorded, purse) = {
            let mut config = state::load_mut(&accounts.config)?;
            let purse = Purse::of_stake(&config, &accounts.stake_tokens, &accounts.mint, &accounts.token_program)?;
            accounts.validate(&config, amount, link, signature)?;
            let cycle = config.cycle(at)?;
            config.deposited = config.deposited.plus(amount.into())?;

            let head = Head::empty(&config.network, accounts.operator.key);
            let mut operator = Box::new(Operator::new(owner, head, config.operators, cycle));
            config.operators = config.operators.saturating_add(1);
            operator.take_link(link);
            operator.set_active(&mut config.total, cycle, amount.into())?;
            let fact = facts::registered(&owner.to_bytes(), operator.index, operator.active, link);
            let recorded = operator.head.record(accounts.operator.key, at, fact);
            operator.invariant();
            config.invariant();
            drop(config);

            let tenure = Tenure::new(link.signer, owner, Interval::begin(cycle, operator.term));
            let owner = owner.to_bytes();
            state::create(&accounts.operator, &accounts.payer, &[Operator::SEED, &owner], &*operator)?;
            state::create(&accounts.tenure, &accounts.payer, &[Tenure::SEED, &link.signer], &tenure)?;
            (recorded, purse)
        };
        tell(&accounts.event_authority, &recorded)?;
        purse.pull(&accounts.source, &accounts.owner, amount)
    }

    fn validate(&self, config: &Config, amount: u64, link: &LinkTerms, signature: &[u8]) -> Result<()> {
        require!(config.paused == 0, Refusal::Paused);
        if let Some(operator) = state::read::<Operator>(&self.operator)? {
            require_keys_eq!(operator.owner, *self.owner.key, Refusal::ForeignAccount);
            return err!(Refusal::AlreadyRegistered);
        }
        let is_free = !is_taken(&self.tenure, &link.signer)?;
        check_link(config, self.owner.key, 0, link, signature, is_free)?;
        let amount = Amount::from(amount);
        require!(amount >= config.vault.min_stake && !amount.is_zero(), Refusal::BelowMinStake);
        Ok(())
    }
}
