use core::cell::RefMut;

use anchor_lang::prelude::*;

use super::now;
use crate::error::Refusal;
use crate::events::tell;
use crate::rules::amounts::Amount;
use crate::rules::facts;
use crate::rules::offences::{Accused, Contradiction};
use crate::state::{self, Bounty, Config, Operator, Tenure};

#[event_cpi]
#[derive(Accounts)]
pub struct Slash<'info> {
    #[account(mut)]
    pub payer: Signer<'info>,
    #[account(mut)]
    pub config: AccountLoader<'info, Config>,
    /// CHECK: of the signer that the evidence is about; nobody ever had it if it is absent.
    pub tenure: UncheckedAccount<'info>,
    /// CHECK: the operator of that tenure.
    #[account(mut)]
    pub operator: UncheckedAccount<'info>,
    /// CHECK: the beneficiary's; created if it is absent.
    #[account(mut)]
    pub bounty: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl<'info> Slash<'info> {
    pub fn run(ctx: Context<'info, Self>, evidence: &[u8], beneficiary: Pubkey) -> Result<u64> {
        let accounts = &ctx.accounts;
        let at = now()?;
        let (recorded, cut) = {
            let mut config = state::load_mut(&accounts.config)?;
            let cycle = config.cycle(at)?;
            let mut operator = accounts.convict(&config, evidence, cycle)?;
            let until = at.later(config.vault.unstaking_period);
            let bps = config.vault.slash_bps;
            let cut = operator.slash(&mut config.total, cycle, bps, until)?;
            let owner = operator.owner.to_bytes();
            let fact = facts::slashed(
                &owner,
                operator.holdings()?,
                cut.taken,
                cut.bounty(),
                &beneficiary.to_bytes(),
                evidence,
            );
            let recorded = operator.head.record(accounts.operator.key, at, fact);
            operator.invariant();
            config.invariant();
            (recorded, cut)
        };
        accounts.credit(beneficiary, cut.bounty())?;
        tell(&accounts.event_authority, &recorded)?;
        Ok(cut.taken.tokens()?)
    }

    /// Who answers for the evidence in this cycle. There is no other way to be slashed.
    fn convict(&self, config: &Config, evidence: &[u8], cycle: u64) -> Result<RefMut<'_, Operator>> {
        let contradiction = Contradiction::prove(evidence, &config.domain)?;
        let tenure = state::read::<Tenure>(&self.tenure)?.ok_or(Refusal::UnknownSigner)?;
        require!(tenure.signer == contradiction.signer, Refusal::ForeignAccount);
        let operator = state::write::<Operator>(&self.operator)?.ok_or(Refusal::ForeignAccount)?;
        require_keys_eq!(operator.owner, tenure.owner, Refusal::ForeignAccount);
        let accused = Accused { interval: tenure.interval(), term: operator.term, is_jailed: operator.is_jailed() };
        contradiction.convict(&accused, cycle, config.vault.evidence_cycles)?;
        Ok(operator)
    }

    fn credit(&self, beneficiary: Pubkey, amount: Amount) -> Result<()> {
        if let Some(mut bounty) = state::write::<Bounty>(&self.bounty)? {
            require_keys_eq!(bounty.beneficiary, beneficiary, Refusal::ForeignAccount);
            bounty.amount = bounty.amount.plus(amount)?;
            return Ok(());
        }
        let seeds: [&[u8]; 2] = [Bounty::SEED, beneficiary.as_ref()];
        state::create(&self.bounty, &self.payer, &seeds, &Bounty::new(beneficiary, amount))
    }
}
