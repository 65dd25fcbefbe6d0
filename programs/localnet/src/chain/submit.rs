//! The way of a transaction into a block.

use std::sync::Arc;

use litesvm::types::FailedTransactionMetadata;
use solana_account::AccountSharedData;
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_loader_v3_interface::get_program_data_address;
use solana_message::{Message, VersionedMessage};
use solana_sdk_ids::{bpf_loader_upgradeable, compute_budget};
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

use super::executed::Balances;
use super::{Chain, Executed, Waiting};
use crate::tokens;

/// Transactions that wait for a later slot. One that finds no room is refused, and can be sent again.
const WAITING_CAP: usize = 10_000;

/// What became of a transaction.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is in a block, whether it failed there or not.
    Executed(Arc<Executed>),
    /// It will be executed in a later slot, if it still can be then.
    Waits,
    /// It is in no block.
    Refused(TransactionError),
}

impl Chain {
    /// Executes a transaction in the newest slot.
    ///
    /// A program can be called after the slot in which it was deployed. Who calls it earlier waits for the next slot,
    /// as a transaction does that its leader does not take up at once.
    pub(crate) fn submit(&mut self, transaction: VersionedTransaction) -> Fate {
        if let Err(error) = self.check(&transaction) {
            return Fate::Refused(error);
        }
        if self.names_new_program(&transaction) {
            return self.wait(transaction, self.newest() + 1);
        }
        self.execute(transaction).map_or_else(Fate::Refused, Fate::Executed)
    }

    pub(crate) fn wait(&mut self, transaction: VersionedTransaction, from_slot: u64) -> Fate {
        if self.waiting.len() >= WAITING_CAP {
            return Fate::Refused(TransactionError::ClusterMaintenance);
        }
        self.waiting.push(Waiting { from_slot, transaction });
        Fate::Waits
    }

    /// A transaction of the network's own keys, with the newest blockhash.
    pub(crate) fn call(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<Arc<Executed>, String> {
        let payer = signers.first().map(solana_signer::Signer::pubkey);
        let hash = self.block_through(self.newest()).1.hash;
        let instructions = [&[self.number()], instructions].concat();
        let message = VersionedMessage::Legacy(Message::new_with_blockhash(&instructions, payer.as_ref(), &hash));
        let transaction = VersionedTransaction::try_new(message, signers).map_err(|error| error.to_string())?;
        match self.submit(transaction) {
            Fate::Executed(executed) => match &executed.error {
                None => Ok(executed),
                Some(error) => Err(format!("{error}; logs: {:?}", executed.outcome.logs)),
            },
            Fate::Waits => Err("the program was deployed in this slot; ask again in the next".to_owned()),
            Fate::Refused(error) => Err(error.to_string()),
        }
    }

    /// What makes two calls for the same thing in one slot two transactions: each asks for another limit of compute
    /// units.
    fn number(&mut self) -> Instruction {
        const SET_COMPUTE_UNIT_LIMIT: u8 = 2;
        const LEAST: u32 = 1_000_000;
        const MOST: u32 = 1_400_000;
        self.calls = (self.calls + 1) % (MOST - LEAST);
        let limit = LEAST + self.calls;
        let data = [&[SET_COMPUTE_UNIT_LIMIT][..], &limit.to_le_bytes()].concat();
        Instruction { program_id: compute_budget::ID, accounts: Vec::new(), data }
    }

    /// Whether a transaction can be executed in the newest slot, before any of it is.
    fn check(&self, transaction: &VersionedTransaction) -> Result<(), TransactionError> {
        transaction.sanitize().map_err(|_| TransactionError::SanitizeFailure)?;
        if transaction.verify_with_results().contains(&false) {
            return Err(TransactionError::SignatureFailure);
        }
        // The blockhash comes first: of what is too old nobody knows any more whether it was executed.
        if !self.is_taken(transaction.message.recent_blockhash()) {
            return Err(TransactionError::BlockhashNotFound);
        }
        self.check_unseen(&transaction.message, self.newest())
    }

    /// Whether a message is new as of this slot, and not too old, as somebody sees it who looks at the slot.
    pub(crate) fn check_age(&self, message: &VersionedMessage, slot: u64) -> Result<(), TransactionError> {
        if !self.is_recent(message.recent_blockhash(), slot) {
            return Err(TransactionError::BlockhashNotFound);
        }
        self.check_unseen(message, slot)
    }

    fn check_unseen(&self, message: &VersionedMessage, slot: u64) -> Result<(), TransactionError> {
        let seen = self.messages.get(&message.hash()).and_then(|signature| self.transactions.get(signature));
        if seen.is_some_and(|seen| seen.slot <= slot) {
            return Err(TransactionError::AlreadyProcessed);
        }
        Ok(())
    }

    fn names_new_program(&self, transaction: &VersionedTransaction) -> bool {
        let newest = self.newest();
        let named = transaction.message.static_account_keys();
        let loads = named.contains(&bpf_loader_upgradeable::ID);
        !loads
            && named.iter().any(|address| self.written_between(&get_program_data_address(address), newest - 1, newest))
    }

    pub(super) fn execute_waiting(&mut self) {
        let newest = self.newest();
        let (due, waiting) = std::mem::take(&mut self.waiting).into_iter().partition(|one| one.from_slot <= newest);
        self.waiting = waiting;
        for Waiting { transaction, .. } in due {
            // Nobody is told: who sent it has the signature, and can ask what became of it.
            let _ = self.submit(transaction);
        }
    }

    fn execute(&mut self, transaction: VersionedTransaction) -> Result<Arc<Executed>, TransactionError> {
        self.enter();
        let loaded = self.engine.lookups(&transaction.message)?;
        let price = self.engine.price(&transaction.message)?.per_unit;
        let own = transaction.message.static_account_keys();
        let addresses: Vec<Address> = own.iter().chain(&loaded.writable).chain(&loaded.readonly).copied().collect();
        let before = self.now(&addresses);
        let (error, outcome) = match self.engine.execute(transaction.clone()) {
            Ok(outcome) => (None, outcome),
            Err(FailedTransactionMetadata { err, meta }) => (Some(err), meta),
        };
        let after = self.now(&addresses);
        // Whoever is in a block has paid for it.
        if let Some(error) = error.clone().filter(|_| before[0] == after[0]) {
            return Err(error);
        }
        let executed = Executed {
            signature: transaction.signatures[0],
            slot: self.newest(),
            before: self.balances(&before),
            after: self.balances(&after),
            transaction,
            loaded,
            addresses,
            error,
            outcome,
            price,
        };
        let mut gone = Vec::new();
        for ((address, old), new) in executed.addresses.iter().zip(before).zip(after) {
            if old != new {
                self.keep_version(*address, old);
                gone.extend(new.is_none().then_some(*address));
            }
        }
        self.engine.reload(&gone).expect("a program without bytecode is one that was closed");
        Ok(self.keep_transaction(executed))
    }

    fn now(&self, addresses: &[Address]) -> Vec<Option<AccountSharedData>> {
        addresses.iter().map(|address| self.engine.account(address).cloned()).collect()
    }

    fn balances(&self, accounts: &[Option<AccountSharedData>]) -> Balances {
        Balances::of(accounts, |mint| tokens::decimals(self.engine.account(mint)?))
    }

    fn keep_transaction(&mut self, executed: Executed) -> Arc<Executed> {
        let signature: Signature = executed.signature;
        let executed = Arc::new(executed);
        self.messages.insert(executed.transaction.message.hash(), signature);
        for address in &executed.addresses {
            self.mentions.entry(*address).or_default().push(signature);
        }
        let block = self.blocks.get_mut(&executed.slot).expect("the newest slot has a block");
        block.signatures.push(signature);
        self.transactions.insert(signature, executed.clone());
        executed
    }
}
