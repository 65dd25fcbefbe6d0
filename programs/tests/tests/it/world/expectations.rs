//! What tests expect of more than one verb.

use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;
use williw_core::amount::Amount;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::cycle_stake::CycleStake;
use williw_core::fact::{Body, Fact};
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Head;
use williw_program::rules::terms::VaultTerms;

use super::{Person, Receipt, World};

impl World {
    /// The instruction records exactly this in the journal of this account, whose head folds it.
    #[track_caller]
    pub(crate) fn records(&mut self, journal: Pubkey, body: Body, instruction: Instruction) -> Receipt {
        let account = Account(journal.to_bytes());
        let is_new = self.account(journal).is_none();
        let before = if is_new { Head::empty(self.network, ChainId::Solana, account) } else { self.head(journal) };
        let (time, height) = (UnixSeconds(self.now()), Height(self.slot()));
        let fact = Fact { chain: ChainId::Solana, journal: account, seq: before.seq + 1, time, height, body };
        let receipt = self.must(instruction);
        assert_eq!(receipt.facts(), std::slice::from_ref(&fact));
        assert_eq!(self.head(journal), Head { seq: fact.seq, hash: fact.head_after(before.hash) });
        receipt
    }

    /// The operator's value, floor and floor of the cycle before, as of now.
    #[track_caller]
    pub(crate) fn assert_stake(&self, owner: &Person, wanted: [u64; 3]) {
        assert_eq!(parts(self.stake_of(owner)), wanted.map(|atoms| Amount(atoms.into())), "of {}", owner.name);
    }

    /// The same of all operators together.
    #[track_caller]
    pub(crate) fn assert_total(&self, wanted: [u64; 3]) {
        assert_eq!(parts(self.total()), wanted.map(|atoms| Amount(atoms.into())), "of the total");
    }

    /// New parameters of the vault, announced and waited for.
    pub(crate) fn change_vault(&mut self, terms: VaultTerms) {
        let governor = self.wallet("governor");
        self.must(self.site.propose_vault(governor, terms));
        let notice = self.config().vault.unstaking_period;
        self.skip(notice);
        self.must(self.site.apply_vault());
        assert_eq!(self.config().vault, terms);
    }
}

fn parts(stake: CycleStake) -> [Amount; 3] {
    [stake.value(), stake.floor(), stake.floor_prev()]
}
