//! Where rewards are paid: named by the owner, in force once the new address confirms.

use anchor_lang::prelude::*;

use crate::error::Refusal;
use crate::events::{RecipientConfirmed, RecipientProposed, tell};
use crate::state::{self, Claimant};

#[event_cpi]
#[derive(Accounts)]
pub struct SetRecipient<'info> {
    pub owner: Signer<'info>,
    #[account(mut)]
    pub payer: Signer<'info>,
    /// CHECK: the owner's; created if it is absent.
    #[account(mut)]
    pub claimant: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

#[event_cpi]
#[derive(Accounts)]
pub struct ConfirmRecipient<'info> {
    pub recipient: Signer<'info>,
    /// CHECK: that of the owner who named the recipient.
    #[account(mut)]
    pub claimant: UncheckedAccount<'info>,
}

impl<'info> SetRecipient<'info> {
    /// Until it is confirmed, and if it never is, nothing changes. Zero takes the offer back.
    pub fn run(ctx: Context<'info, Self>, recipient: Pubkey) -> Result<()> {
        let accounts = &ctx.accounts;
        let owner = accounts.owner.key();
        accounts.propose(owner, recipient)?;
        tell(&accounts.event_authority, &RecipientProposed { owner, recipient })
    }

    fn propose(&self, owner: Pubkey, recipient: Pubkey) -> Result<()> {
        if let Some(mut claimant) = state::write::<Claimant>(&self.claimant)? {
            require_keys_eq!(claimant.owner, owner, Refusal::ForeignAccount);
            claimant.proposed = recipient;
            return Ok(());
        }
        let mut claimant = Claimant::new(owner);
        claimant.proposed = recipient;
        state::create(&self.claimant, &self.payer, &[Claimant::SEED, owner.as_ref()], &claimant)
    }
}

impl<'info> ConfirmRecipient<'info> {
    pub fn run(ctx: Context<'info, Self>, owner: Pubkey) -> Result<()> {
        let accounts = &ctx.accounts;
        let recipient = accounts.recipient.key();
        {
            let mut claimant = state::write::<Claimant>(&accounts.claimant)?.ok_or(Refusal::NotRecipient)?;
            require_keys_eq!(claimant.owner, owner, Refusal::ForeignAccount);
            require_keys_eq!(claimant.proposed, recipient, Refusal::NotRecipient);
            (claimant.recipient, claimant.proposed) = (recipient, Pubkey::default());
            claimant.tokens = Pubkey::default();
        }
        tell(&accounts.event_authority, &RecipientConfirmed { owner, recipient })
    }
}
