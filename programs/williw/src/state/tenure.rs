use anchor_lang::prelude::*;

use super::VERSION;
use crate::rules::tenures::Interval;

/// Whose signer an address is or was, and when. An address that ever had one never gets another.
#[account(zero_copy, discriminator = super::TENURE)]
#[derive(Debug)]
pub struct Tenure {
    pub version: u8,
    padding: [u8; 3],
    pub signer: [u8; 20],
    pub owner: Pubkey,
    pub from: u64,
    pub through: u64,
    pub term: u64,
    spare: [u64; 4],
}

impl Tenure {
    pub const SEED: &'static [u8] = b"signer";

    #[must_use]
    pub const fn new(signer: [u8; 20], owner: Pubkey, interval: Interval) -> Self {
        let Interval { from, through, term } = interval;
        Self { version: VERSION, padding: [0; 3], signer, owner, from, through, term, spare: [0; 4] }
    }

    #[must_use]
    pub const fn interval(&self) -> Interval {
        Interval { from: self.from, through: self.through, term: self.term }
    }
}
