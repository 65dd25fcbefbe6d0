//! A transaction that has a place in a block.

use std::collections::HashSet;

use litesvm::types::TransactionMetadata;
use solana_account::{AccountSharedData, ReadableAccount};
use solana_address::Address;
use solana_message::v0::LoadedAddresses;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

use crate::tokens::Purse;

/// Addresses that nobody can write. What is asked here is who gets in each other's way, and at those nobody does.
const RESERVED: Option<&HashSet<Address>> = None;

#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) signature: Signature,
    pub(crate) slot: u64,
    pub(crate) transaction: VersionedTransaction,
    pub(crate) loaded: LoadedAddresses,
    /// All addresses that it names: its own, then the writable and then the other ones out of tables.
    pub(crate) addresses: Vec<Address>,
    pub(crate) error: Option<TransactionError>,
    pub(crate) outcome: TransactionMetadata,
    /// Micro-lamports for each compute unit.
    pub(crate) price: u64,
    pub(crate) before: Balances,
    pub(crate) after: Balances,
}

impl Executed {
    /// Whether it holds its place in front of every other that wants to write the account.
    pub(crate) fn writes(&self, address: &Address) -> bool {
        let place = self.addresses.iter().position(|named| named == address);
        let own = self.transaction.message.static_account_keys().len();
        place.is_some_and(|place| match place.checked_sub(own) {
            None => self.transaction.message.is_maybe_writable_with_reserved_addresses(place, RESERVED),
            Some(loaded) => loaded < self.loaded.writable.len(),
        })
    }
}

/// What the accounts of a transaction held, in its own order.
#[derive(Debug)]
pub(crate) struct Balances {
    pub(crate) lamports: Vec<u64>,
    /// Token accounts by their place in that order.
    pub(crate) tokens: Vec<(usize, Purse)>,
}

impl Balances {
    /// `decimals` knows them of a mint.
    pub(super) fn of(accounts: &[Option<AccountSharedData>], decimals: impl Fn(&Address) -> Option<u8>) -> Self {
        let lamports = accounts.iter().map(|account| account.as_ref().map_or(0, ReadableAccount::lamports)).collect();
        let tokens = accounts.iter().enumerate().filter_map(|(place, account)| {
            let purse = Purse::read(account.as_ref()?, &decimals)?;
            Some((place, purse))
        });
        Self { lamports, tokens: tokens.collect() }
    }
}
