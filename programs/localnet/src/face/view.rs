//! What an endpoint shows at one commitment: the chain as of a slot, less what is withheld, and with its lies.

use std::collections::BTreeMap;
use std::sync::Arc;

use solana_account::{Account, AccountSharedData, ReadableAccount, WritableAccount};
use solana_address::Address;
use solana_signature::Signature;

use super::lie::{Forged, Invented};
use super::{Commitment, Face, Lie};
use crate::chain::{Block, Chain, Executed};

#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) face: &'a Face,
    pub(crate) commitment: Commitment,
    pub(crate) slot: u64,
}

impl<'a> View<'a> {
    pub(crate) fn new(chain: &'a Chain, face: &'a Face, commitment: Commitment) -> Self {
        Self { chain, face, commitment, slot: face.slot(chain, commitment) }
    }

    fn lies(&self) -> impl Iterator<Item = &'a Lie> {
        self.face.lies.iter()
    }

    // Accounts.

    pub(crate) fn account(&self, address: &Address) -> Option<AccountSharedData> {
        self.account_at(address, self.slot)
    }

    fn account_at(&self, address: &Address, slot: u64) -> Option<AccountSharedData> {
        if self.face.withheld_accounts.contains(address) {
            return None;
        }
        let old = self.lies().find_map(|lie| match lie {
            Lie::Mixed { account, slot } if account == address => Some(*slot),
            _ => None,
        });
        let truth = self.chain.account(address, old.unwrap_or(slot));
        match self.forgeries().find(|forged| forged.account == *address) {
            Some(forged) => Some(forge(forged, truth)),
            None => truth,
        }
    }

    /// All accounts of a program, by address.
    pub(crate) fn owned_by(&self, program: &Address) -> BTreeMap<Address, AccountSharedData> {
        let old = self.lies().find_map(|lie| if let Lie::OldSet { slot } = lie { Some(*slot) } else { None });
        let slot = old.unwrap_or(self.slot).min(self.slot);
        let mut addresses: Vec<Address> = self.chain.owned_by(program, slot).into_keys().collect();
        // What lies say of an account may put it among those of the program.
        addresses.extend(self.lies().filter_map(|lie| match lie {
            Lie::Mixed { account, .. } | Lie::Forged(Forged { account, .. }) => Some(*account),
            _ => None,
        }));
        let omitted = |address: &Address| {
            self.lies().any(|lie| matches!(lie, Lie::OmitOperator { account } if account == address))
        };
        addresses
            .into_iter()
            .filter(|address| !omitted(address))
            .filter_map(|address| Some((address, self.account_at(&address, slot)?)))
            .filter(|(_, account)| account.owner() == program)
            .collect()
    }

    fn forgeries(&self) -> impl Iterator<Item = &'a Forged> {
        self.lies().filter_map(|lie| if let Lie::Forged(forged) = lie { Some(forged) } else { None })
    }

    // Transactions.

    pub(crate) fn transaction(&self, signature: &Signature) -> Option<&'a Arc<Executed>> {
        self.chain.transaction(signature).filter(|executed| self.shows(executed))
    }

    /// The same out of the store of past transactions, which may be written later than accounts and statuses.
    pub(crate) fn stored(&self, signature: &Signature) -> Option<&'a Arc<Executed>> {
        self.transaction(signature).filter(|executed| self.has_stored(executed))
    }

    fn has_stored(&self, executed: &Executed) -> bool {
        executed.slot <= self.chain.newest().saturating_sub(self.face.history_lag)
    }

    /// Those of that store that name the address, newest first.
    pub(crate) fn mentioning(&self, address: &Address) -> impl Iterator<Item = &'a Arc<Executed>> {
        let hidden = self.lies().any(|lie| matches!(lie, Lie::HideHistory { account } if account == address));
        let hidden = hidden || self.face.withheld_accounts.contains(address);
        let view = *self;
        self.chain
            .mentioning(address)
            .filter(move |executed| !hidden && view.shows(executed) && view.has_stored(executed))
    }

    pub(crate) fn shows(&self, executed: &Executed) -> bool {
        let kept = executed.slot <= self.slot && self.keeps(executed.slot);
        let silent = self.lies().any(|lie| matches!(lie, Lie::SilentTail));
        let silenced = silent && executed.slot > self.face.slot(self.chain, Commitment::Finalized);
        kept && !silenced && !self.face.withheld_transactions.contains(&executed.signature)
    }

    /// Whether anything is known of a slot.
    fn keeps(&self, slot: u64) -> bool {
        let lost = |lie: &Lie| matches!(lie, Lie::Hole { from_slot, through_slot } if (*from_slot..=*through_slot).contains(&slot));
        slot >= self.first_slot() && !self.lies().any(lost)
    }

    /// The blocks from a slot on, as far as they are shown.
    pub(crate) fn blocks_from(&self, slot: u64) -> impl Iterator<Item = (u64, &'a Block)> {
        let view = *self;
        let blocks = self.chain.blocks_between(slot.max(self.first_slot()), self.slot);
        blocks.map(|(slot, block)| (*slot, block)).filter(move |(slot, _)| view.keeps(*slot))
    }

    /// The first slot of which it knows anything.
    pub(crate) fn first_slot(&self) -> u64 {
        let pruned =
            self.lies().filter_map(|lie| if let Lie::Pruned { before_slot } = lie { Some(*before_slot) } else { None });
        pruned.max().unwrap_or(0).max(self.chain.oldest())
    }

    pub(crate) fn invented(&self) -> impl Iterator<Item = &'a Invented> {
        let slot = self.slot;
        let invented =
            self.lies().filter_map(|lie| if let Lie::Invented(one) = lie { Some(one.as_ref()) } else { None });
        invented.filter(move |one| one.slot <= slot)
    }

    /// How sure a slot is here.
    pub(crate) fn commitment_of(&self, slot: u64) -> Commitment {
        [Commitment::Finalized, Commitment::Confirmed]
            .into_iter()
            .find(|commitment| slot <= self.face.slot(self.chain, *commitment))
            .unwrap_or(Commitment::Processed)
    }
}

fn forge(forged: &Forged, truth: Option<AccountSharedData>) -> AccountSharedData {
    let made_up = || AccountSharedData::from(Account { lamports: 1, ..Account::default() });
    let mut account = truth.unwrap_or_else(made_up);
    if let Some(owner) = forged.owner {
        account.set_owner(owner);
    }
    if let Some(lamports) = forged.lamports {
        account.set_lamports(lamports);
    }
    if let Some(data) = &forged.data {
        account.set_data_from_slice(data);
    }
    account
}
