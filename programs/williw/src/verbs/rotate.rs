use anchor_lang::prelude::*;

use super::{check_link, is_taken, now, own_operator};
use crate::error::Refusal;
use crate::events::tell;
use crate::rules::facts;
use crate::rules::links::LinkTerms;
use crate::state::{self, Config, Tenure};

#[event_cpi]
#[derive(Accounts)]
pub struct Rotate<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    pub config: AccountLoader<'info, Config>,
    /// CHECK: the owner's operator, or the verb is refused.
    #[account(mut)]
    pub operator: UncheckedAccount<'info>,
    /// CHECK: the tenure of the present signer.
    #[account(mut)]
    pub tenure: UncheckedAccount<'info>,
    /// CHECK: absent, and created at the address of the next signer; the same account as `tenure` if the signer stays.
    #[account(mut)]
    pub next: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

impl<'info> Rotate<'info> {
    pub fn run(ctx: Context<'info, Self>, link: &LinkTerms, signature: &[u8]) -> Result<()> {
        let accounts = &ctx.accounts;
        let at = now()?;
        let (recorded, begun) = {
            let config = state::load(&accounts.config)?;
            let cycle = config.cycle(at)?;
            let mut operator = own_operator(&accounts.operator, accounts.owner.key)?;
            require!(!operator.is_jailed(), Refusal::Jailed);
            let stays = link.signer == operator.signer;
            let is_free = stays || !is_taken(&accounts.next, &link.signer)?;
            check_link(&config, accounts.owner.key, operator.nonce, link, signature, is_free)?;

            let begun = if stays { None } else { Some(accounts.replace(&operator.signer, cycle, link)?) };
            operator.take_link(link);
            let fact = facts::rotated(&operator.owner.to_bytes(), link);
            let recorded = operator.head.record(accounts.operator.key, at, fact);
            operator.invariant();
            (recorded, begun)
        };
        if let Some(tenure) = begun {
            state::create(&accounts.next, &accounts.payer, &[Tenure::SEED, &link.signer], &tenure)?;
        }
        tell(&accounts.event_authority, &recorded)
    }

    /// Ends the present signer's tenure; returns that of the next one.
    fn replace(&self, present: &[u8; 20], cycle: u64, link: &LinkTerms) -> Result<Tenure> {
        let mut tenure = state::write::<Tenure>(&self.tenure)?.ok_or(Refusal::ForeignAccount)?;
        require!(tenure.signer == *present, Refusal::ForeignAccount);
        let mut interval = tenure.interval();
        let next = interval.rotate(cycle);
        tenure.through = interval.through;
        Ok(Tenure::new(link.signer, tenure.owner, next))
    }
}
