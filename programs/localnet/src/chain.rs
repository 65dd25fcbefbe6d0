//! Everything that happened, under the slot in which it happened.
//!
//! A transaction is executed at once, in the newest slot, and what it changed is kept as a version of each account
//! under that slot. So what an account was at any slot can still be said, and a slot can be taken back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use solana_account::{AccountSharedData, ReadableAccount};
use solana_address::Address;
use solana_clock::Clock;
use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_sdk_ids::sysvar;
use solana_signature::Signature;
use solana_signer::Signer;
use solana_slot_hashes::SlotHashes;
use solana_transaction::versioned::VersionedTransaction;

use crate::engine::Engine;

pub(crate) mod blocks;
pub(crate) mod executed;
mod revert;
pub(crate) mod submit;

pub(crate) use blocks::{Block, Pace};
pub(crate) use executed::Executed;

/// An account from one slot on. The slot 0 is for what it was before anybody wrote it.
#[derive(Clone, Debug)]
struct Version {
    slot: u64,
    account: Option<AccountSharedData>,
}

/// A transaction that is to be executed in a later slot.
struct Waiting {
    from_slot: u64,
    transaction: VersionedTransaction,
}

pub(crate) struct Chain {
    pub(crate) engine: Engine,
    pub(crate) genesis: Hash,
    pub(crate) faucet: Keypair,
    pace: Pace,
    /// The blocks of this fork. Slots that were taken back, or in which nothing was made, have none.
    blocks: BTreeMap<u64, Block>,
    hashes: HashMap<Hash, u64>,
    /// No slot gets a second block, not even after a revert.
    highest: u64,
    /// The slot whose Clock the engine has.
    entered: u64,
    accounts: HashMap<Address, Vec<Version>>,
    transactions: HashMap<Signature, Arc<Executed>>,
    /// By the hash of what was signed: other signatures under the same words are the same transaction.
    messages: HashMap<Hash, Signature>,
    /// Who is named by which transactions, oldest first.
    mentions: HashMap<Address, Vec<Signature>>,
    waiting: Vec<Waiting>,
    /// Counts what the network did with its own keys.
    calls: u32,
}

impl Chain {
    pub(crate) fn new(genesis: Hash, pace: Pace, now_ms: u64) -> Self {
        let faucet = Keypair::new();
        let mut chain = Self {
            engine: Engine::new(faucet.pubkey()),
            genesis,
            faucet,
            pace,
            blocks: BTreeMap::new(),
            hashes: HashMap::new(),
            highest: 0,
            entered: 0,
            accounts: HashMap::new(),
            transactions: HashMap::new(),
            messages: HashMap::new(),
            mentions: HashMap::new(),
            waiting: Vec::new(),
            calls: 0,
        };
        chain.begin(now_ms);
        chain
    }

    // Accounts.

    /// What the account was at the end of this slot; of the newest slot, what it is.
    pub(crate) fn account(&self, address: &Address, slot: u64) -> Option<AccountSharedData> {
        if *address == sysvar::clock::ID {
            return Some(self.clock_account(slot));
        }
        match self.accounts.get(address) {
            None => self.engine.account(address).cloned(),
            Some(versions) => versions.iter().rev().find(|version| version.slot <= slot)?.account.clone(),
        }
    }

    /// All accounts of a program at the end of this slot, by address.
    pub(crate) fn owned_by(&self, program: &Address, slot: u64) -> BTreeMap<Address, AccountSharedData> {
        let untouched = self.engine.accounts().filter(|(address, _)| !self.accounts.contains_key(*address));
        let untouched = untouched.map(|(address, account)| (*address, account.clone()));
        let written = self.accounts.keys().filter_map(|address| Some((*address, self.account(address, slot)?)));
        untouched.chain(written).filter(|(_, account)| account.owner() == program).collect()
    }

    /// Whether the account was written after one slot and not after another.
    pub(crate) fn written_between(&self, address: &Address, after: u64, through: u64) -> bool {
        let versions = self.accounts.get(address).map(Vec::as_slice).unwrap_or_default();
        versions.iter().any(|version| after < version.slot && version.slot <= through)
    }

    /// Writes an account without a transaction.
    pub(crate) fn write(&mut self, accounts: Vec<(Address, AccountSharedData)>) -> Result<(), String> {
        self.enter();
        let before: Vec<_> =
            accounts.iter().map(|(address, _)| (*address, self.engine.account(address).cloned())).collect();
        self.engine.put(accounts.into_iter().map(|(address, account)| (address, Some(account))).collect())?;
        for (address, old) in before {
            self.keep_version(address, old);
        }
        Ok(())
    }

    /// Notes what the account is now, under the newest slot. `before` is what it was until now.
    fn keep_version(&mut self, address: Address, before: Option<AccountSharedData>) {
        let slot = self.newest();
        let account = self.engine.account(&address).cloned();
        let versions = self.accounts.entry(address).or_insert_with(|| vec![Version { slot: 0, account: before }]);
        match versions.last_mut() {
            Some(last) if last.slot == slot => last.account = account,
            _ => versions.push(Version { slot, account }),
        }
    }

    // The Clock.

    pub(crate) fn clock(&self, slot: u64) -> Clock {
        let (slot, block) = self.block_through(slot);
        let schedule = self.engine.epoch_schedule();
        let epoch = schedule.get_epoch(slot);
        let first = self.block_through(schedule.get_first_slot_in_epoch(epoch)).1;
        Clock {
            slot,
            epoch,
            epoch_start_timestamp: first.time(),
            leader_schedule_epoch: schedule.get_leader_schedule_epoch(slot),
            unix_timestamp: block.time(),
        }
    }

    fn clock_account(&self, slot: u64) -> AccountSharedData {
        let kept = self.engine.account(&sysvar::clock::ID).expect("the SVM has a Clock");
        let mut account = kept.clone();
        let bytes = wincode::serialize(&self.clock(slot)).expect("a Clock is five integers");
        account.set_data_from_slice(&bytes);
        account
    }

    /// Lets the engine know in which slot it is.
    fn enter(&mut self) {
        let slot = self.newest();
        if self.entered != slot {
            let clock = self.clock(slot);
            let hashes = self.slot_hashes(slot);
            self.engine.enter(&clock, &hashes);
            self.entered = slot;
        }
    }

    fn slot_hashes(&self, slot: u64) -> SlotHashes {
        let before = self.blocks.range(..slot).rev().take(solana_slot_hashes::MAX_ENTRIES);
        SlotHashes::new(&before.map(|(slot, block)| (*slot, block.hash)).collect::<Vec<_>>())
    }

    // Transactions.

    pub(crate) fn transaction(&self, signature: &Signature) -> Option<&Arc<Executed>> {
        self.transactions.get(signature)
    }

    /// Those that name the address, newest first.
    pub(crate) fn mentioning(&self, address: &Address) -> impl Iterator<Item = &Arc<Executed>> {
        let signatures = self.mentions.get(address).map(Vec::as_slice).unwrap_or_default();
        signatures.iter().rev().map(|signature| &self.transactions[signature])
    }

    /// Those of the slots after one and through another, oldest first.
    pub(crate) fn executed_between(&self, after: u64, through: u64) -> impl Iterator<Item = &Arc<Executed>> {
        let slots = after.saturating_add(1)..through.saturating_add(1).max(after.saturating_add(1));
        let signatures = self.blocks.range(slots).flat_map(|(_, block)| &block.signatures);
        signatures.map(|signature| &self.transactions[signature])
    }

    /// An engine in which everything is as it was at the end of this slot.
    pub(crate) fn engine_at(&self, slot: u64) -> Result<Engine, String> {
        let mut engine = self.engine.clone();
        let newer = self.accounts.iter().filter(|(_, versions)| versions.last().is_some_and(|last| last.slot > slot));
        engine.put(newer.map(|(address, _)| (*address, self.account(address, slot))).collect())?;
        engine.enter(&self.clock(slot), &self.slot_hashes(slot));
        Ok(engine)
    }
}
