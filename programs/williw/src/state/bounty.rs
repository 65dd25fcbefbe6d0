use anchor_lang::prelude::*;

use super::VERSION;
use crate::rules::amounts::Amount;

/// What somebody is owed for evidence.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Bounty {
    pub version: u8,
    padding: [u8; 7],
    pub beneficiary: Pubkey,
    pub amount: Amount,
    spare: [u64; 2],
}

impl Bounty {
    pub const SEED: &'static [u8] = b"bounty";

    #[must_use]
    pub const fn new(beneficiary: Pubkey, amount: Amount) -> Self {
        Self { version: VERSION, padding: [0; 7], beneficiary, amount, spare: [0; 2] }
    }
}
