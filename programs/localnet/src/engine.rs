//! What executes: the SVM, with the accounts as they are now.
//!
//! It knows neither slots that passed nor commitments. Whoever calls it says what the Clock shows.

use std::sync::Arc;

use agave_feature_set::FeatureSet;
use litesvm::LiteSVM;
use litesvm::types::{SimulatedTransactionInfo, TransactionResult};
use solana_account::{Account, AccountSharedData, ReadableAccount};
use solana_address::Address;
use solana_address_lookup_table_interface::state::AddressLookupTable;
use solana_clock::Clock;
use solana_epoch_schedule::EpochSchedule;
use solana_message::v0::{LoadedAddresses, MessageAddressTableLookup};
use solana_message::{SanitizedMessage, SanitizedVersionedMessage, SimpleAddressLoader, VersionedMessage};
use solana_runtime_transaction::transaction_meta::TransactionConfiguration;
use solana_sdk_ids::{address_lookup_table, bpf_loader_upgradeable};
use solana_slot_hashes::SlotHashes;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

const LAMPORTS_PER_SIGNATURE: u64 = 5_000;

/// What the faucet can give away: far more than there is on mainnet, and far from overflowing.
const FAUCET_LAMPORTS: u64 = 1 << 62;

/// What a transaction pays whoever includes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Price {
    pub(crate) fee: u64,
    /// Micro-lamports for each compute unit.
    pub(crate) per_unit: u64,
}

#[derive(Clone)]
pub(crate) struct Engine {
    svm: LiteSVM,
    features: Arc<FeatureSet>,
}

impl Engine {
    /// A chain with mainnet's features and its token programs, and a faucet with the given address.
    pub(crate) fn new(faucet: Address) -> Self {
        let mut svm = LiteSVM::default().with_mainnet_features().with_builtins().with_sysvars().with_feature_accounts();
        // A program can be called after the slot in which it came, so the programs have to come before the first slot.
        svm.set_sysvar(&Clock::default());
        let mut svm = svm
            .with_default_programs()
            .with_sigverify(false)
            // What is too old and what was seen is decided by the blocks, which can be taken back.
            .with_blockhash_check(false)
            .with_transaction_history(0);
        let account = Account { lamports: FAUCET_LAMPORTS, ..Account::default() };
        svm.set_account(faucet, account).expect("it is neither a program nor a sysvar");
        Self { svm, features: Arc::new(LiteSVM::mainnet_feature_set()) }
    }

    /// None for an address that holds nothing.
    pub(crate) fn account(&self, address: &Address) -> Option<&AccountSharedData> {
        self.svm.accounts_db().get_account_ref(address).filter(|account| account.lamports() > 0)
    }

    pub(crate) fn accounts(&self) -> impl Iterator<Item = (&Address, &AccountSharedData)> {
        self.svm.accounts_db().inner.iter().filter(|(_, account)| account.lamports() > 0)
    }

    /// Makes all these accounts what they are to be.
    pub(crate) fn put(&mut self, mut accounts: Vec<(Address, Option<AccountSharedData>)>) -> Result<(), String> {
        // A program is loaded when its account is put, out of another account that has to be there.
        accounts.sort_by_key(|(_, account)| account.as_ref().is_some_and(ReadableAccount::executable));
        let changed: Vec<Address> = accounts.iter().map(|(address, _)| *address).collect();
        for (address, account) in accounts {
            self.set(address, account)?;
        }
        self.reload(&changed)
    }

    fn set(&mut self, address: Address, account: Option<AccountSharedData>) -> Result<(), String> {
        let account = account.map_or_else(Account::default, Account::from);
        self.svm.set_account(address, account).map_err(|error| format!("{address}: {error}"))
    }

    /// Of a program the SVM keeps the bytecode that it once loaded. When other bytecode stands in the account beside it,
    /// or none any more, and the program's own account is the same, it has to be told.
    pub(crate) fn reload(&mut self, changed: &[Address]) -> Result<(), String> {
        if changed.is_empty() {
            return Ok(());
        }
        let stale = |address: &Address, account: &AccountSharedData| {
            program_data_of(account).is_some_and(|at| changed.contains(&at)) && !changed.contains(address)
        };
        let stale = self.accounts().filter(|(address, account)| stale(address, account));
        let stale: Vec<_> = stale.map(|(address, account)| (*address, account.clone())).collect();
        stale.into_iter().try_for_each(|(address, account)| self.set(address, Some(account)))
    }

    /// From here on programs read this Clock.
    pub(crate) fn enter(&mut self, clock: &Clock, hashes: &SlotHashes) {
        self.svm.set_sysvar(hashes);
        self.svm.set_sysvar(clock);
    }

    #[expect(clippy::result_large_err, reason = "it is the SVM's own answer")]
    pub(crate) fn execute(&mut self, transaction: VersionedTransaction) -> TransactionResult {
        self.svm.send_transaction(transaction)
    }

    #[expect(clippy::result_large_err, reason = "it is the SVM's own answer")]
    pub(crate) fn simulate(
        &self,
        transaction: VersionedTransaction,
    ) -> Result<SimulatedTransactionInfo, litesvm::types::FailedTransactionMetadata> {
        self.svm.simulate_transaction(transaction)
    }

    pub(crate) fn epoch_schedule(&self) -> EpochSchedule {
        self.svm.get_sysvar()
    }

    pub(crate) fn rent(&self, size: usize) -> u64 {
        self.svm.minimum_balance_for_rent_exemption(size)
    }

    /// The addresses that a message takes out of lookup tables.
    pub(crate) fn lookups(&self, message: &VersionedMessage) -> Result<LoadedAddresses, TransactionError> {
        let tables = message.address_table_lookups().unwrap_or_default();
        tables.iter().map(|lookup| self.lookup(lookup)).collect()
    }

    fn lookup(&self, lookup: &MessageAddressTableLookup) -> Result<LoadedAddresses, TransactionError> {
        let account = self.account(&lookup.account_key).ok_or(TransactionError::AddressLookupTableNotFound)?;
        if *account.owner() != address_lookup_table::ID {
            return Err(TransactionError::InvalidAddressLookupTableOwner);
        }
        let table = AddressLookupTable::deserialize(account.data())
            .map_err(|_| TransactionError::InvalidAddressLookupTableData)?;
        let (clock, hashes) = (self.svm.get_sysvar::<Clock>(), self.svm.get_sysvar::<SlotHashes>());
        let take = |indexes: &[u8]| {
            table.lookup(clock.slot, indexes, &hashes).map_err(|_| TransactionError::InvalidAddressLookupTableIndex)
        };
        Ok(LoadedAddresses { writable: take(&lookup.writable_indexes)?, readonly: take(&lookup.readonly_indexes)? })
    }

    /// What a message costs. What it loads from tables does not change it.
    pub(crate) fn price(&self, message: &VersionedMessage) -> Result<Price, TransactionError> {
        let versioned =
            SanitizedVersionedMessage::try_from(message.clone()).map_err(|_| TransactionError::SanitizeFailure)?;
        let nothing = SimpleAddressLoader::Enabled(LoadedAddresses::default());
        let sanitized = SanitizedMessage::try_new(versioned, nothing, &Default::default())
            .map_err(|_| TransactionError::SanitizeFailure)?;
        let wanted = TransactionConfiguration::try_from_sanitized_message(&sanitized, &self.features)?;
        let per_signature = solana_fee::FeeFeatures::from(self.features.as_ref());
        let fee =
            solana_fee::calculate_fee(&sanitized, LAMPORTS_PER_SIGNATURE, wanted.priority_fee_lamports, per_signature);
        Ok(Price { fee, per_unit: wanted.compute_unit_price_in_microlamports() })
    }
}

/// Where the bytecode of a program lies. None of what is no program of the upgradeable loader.
fn program_data_of(account: &AccountSharedData) -> Option<Address> {
    const PROGRAM: [u8; 4] = 2_u32.to_le_bytes();
    let address = account.data().strip_prefix(&PROGRAM).filter(|_| *account.owner() == bpf_loader_upgradeable::ID)?;
    Some(Address::new_from_array(address.try_into().ok()?))
}

/// Which features this version of the runtime knows, as validators name it.
pub(crate) fn feature_set() -> u32 {
    let [first, second, third, fourth, ..] = agave_feature_set::ID.to_bytes();
    u32::from_le_bytes([first, second, third, fourth])
}
