use anchor_lang::prelude::*;

use super::VERSION;
use crate::rules::amounts::Amount;

/// What an owner was paid, and where it wants to be paid.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Claimant {
    pub version: u8,
    padding: [u8; 7],
    pub owner: Pubkey,
    /// Everything that was ever paid for the owner.
    pub claimed: Amount,
    /// Who is paid: the owner until another confirmed.
    pub recipient: Pubkey,
    /// Who has to confirm to be paid from then on; zero if nobody.
    pub proposed: Pubkey,
    /// The recipient's associated token account, once it was derived; zero before. Deriving costs more than comparing.
    pub tokens: Pubkey,
    spare: [u64; 2],
}

impl Claimant {
    pub const SEED: &'static [u8] = b"claimant";

    #[must_use]
    pub const fn new(owner: Pubkey) -> Self {
        let nobody = Pubkey::new_from_array([0; 32]);
        Self {
            version: VERSION,
            padding: [0; 7],
            owner,
            claimed: Amount::ZERO,
            recipient: owner,
            proposed: nobody,
            tokens: nobody,
            spare: [0; 2],
        }
    }
}
