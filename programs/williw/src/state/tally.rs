use anchor_lang::prelude::*;

use super::VERSION;
use crate::rules::amounts::Amount;

/// The stake that was counted for one root of one cycle.
#[account(zero_copy)]
#[derive(Debug)]
pub struct Tally {
    pub version: u8,
    padding: [u8; 7],
    pub cycle: u64,
    /// Of the root: what its voters signed.
    pub digest: [u8; 32],
    /// Nothing again once the root was posted.
    pub counted: Amount,
    /// Who paid the rent, and gets it back.
    pub payer: Pubkey,
    spare: [u64; 2],
}

impl Tally {
    pub const SEED: &'static [u8] = b"tally";

    #[must_use]
    pub const fn new(cycle: u64, digest: [u8; 32], counted: Amount, payer: Pubkey) -> Self {
        Self { version: VERSION, padding: [0; 7], cycle, digest, counted, payer, spare: [0; 2] }
    }
}
