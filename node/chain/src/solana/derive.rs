//! The addresses at which the program keeps things: each follows from its id and what is kept.

use anchor_lang::prelude::{Pubkey, pubkey};
use williw_core::identity::{Account, Signer};

/// The sysvar that holds the time of the last block, and who owns all sysvars.
pub(crate) const CLOCK: Pubkey = pubkey!("SysvarC1ock11111111111111111111111111111111");
pub(crate) const SYSVARS: Pubkey = pubkey!("Sysvar1111111111111111111111111111111111111");

/// The program, and its accounts that there is one of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    pub(crate) program: Pubkey,
    pub(crate) config: Pubkey,
    /// Who signs for every event: nobody but the program can.
    pub(crate) event_authority: Pubkey,
}

impl Addresses {
    pub(crate) fn of(program: Pubkey) -> Self {
        let derive = |seed: &[u8]| Pubkey::find_program_address(&[seed], &program).0;
        Self { program, config: derive(b"config"), event_authority: derive(b"__event_authority") }
    }

    pub(crate) fn operator(&self, owner: Account) -> Pubkey {
        Pubkey::find_program_address(&[b"operator", &owner.0], &self.program).0
    }

    pub(crate) fn tenure(&self, signer: Signer) -> Pubkey {
        Pubkey::find_program_address(&[b"signer", &signer.0], &self.program).0
    }
}

pub(crate) const fn account_of(address: Pubkey) -> Account {
    Account(address.to_bytes())
}
