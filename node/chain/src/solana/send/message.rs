//! A transaction before and after it is signed.
//!
//! Messages are of the legacy form: everything that is sent here fits without address tables, and every wallet and multisig
//! can read it.

use anchor_client::Instruction;
use anchor_client::compat::solana_hash::Hash as Blockhash;
use anchor_client::compat::solana_message::compiled_instruction::CompiledInstruction;
use anchor_client::compat::solana_message::legacy::Message;
use anchor_lang::prelude::{AccountMeta, Pubkey};
use bincode::Options as _;
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::outbox::Pin;

use crate::send::SendError;
use crate::verb::Call;
use crate::wallet::{Keypair, WalletError};

use super::venue::key;

/// The most bytes of a transaction with its signatures: what fits one packet.
pub const TRANSACTION_CAP: usize = 1_232;

/// The bytes of a signature. In front of them all stands one more with their number.
const SIGNATURE_LEN: usize = 64;

const COMPUTE_BUDGET: Pubkey = Pubkey::from_str_const("ComputeBudget111111111111111111111111111111");
const SET_LIMIT: u8 = 2;
const SET_PRICE: u8 = 3;

/// What a transaction may use and what it offers for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    /// In compute units.
    pub(crate) limit: u32,
    /// In millionths of a lamport for each of them, on top of the fee for signatures.
    pub(crate) price: u64,
}

impl Budget {
    fn instructions(self) -> [Instruction; 2] {
        let say = |kind: u8, number: &[u8]| Instruction {
            program_id: COMPUTE_BUDGET,
            accounts: Vec::new(),
            data: [&[kind], number].concat(),
        };
        [say(SET_LIMIT, &self.limit.to_le_bytes()), say(SET_PRICE, &self.price.to_le_bytes())]
    }
}

/// A transaction as it will be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub(super) message: Message,
    /// The last valid height of its blockhash as endpoints count, one block before the last that takes it; never lower than it
    /// is.
    pub(super) last_valid: Height,
    /// The slot of its blockhash: no block up to there has it.
    pub(super) slot: Height,
}

/// A signed transaction. Whoever has its bytes can make it happen, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub signature: [u8; SIGNATURE_LEN],
    pub pin: Pin,
    /// The slot of its blockhash.
    pub slot: Height,
    pub bytes: Vec<u8>,
}

impl Draft {
    /// Signs it, which only its payer can, alone.
    pub fn sign(self, keypair: &Keypair) -> Result<Signed, WalletError> {
        let payer = self.message.account_keys.first().copied().unwrap_or_default();
        if payer != keypair.address() || self.message.header.num_required_signatures != 1 {
            return Err(WalletError::OtherKey(payer.to_string()));
        }
        let message = self.message.serialize();
        let signature = keypair.sign(&message);
        let bytes = [&[1], &signature[..], &message].concat();
        let blockhash = Hash(self.message.recent_blockhash.to_bytes());
        let pin = Pin::Blockhash { blockhash, last_valid: self.last_valid };
        Ok(Signed { signature, pin, slot: self.slot, bytes })
    }
}

/// The call that these instructions are, paid by `payer`.
pub(super) fn call(program: Pubkey, payer: Pubkey, instructions: &[Instruction], what: String) -> Call {
    let message = Message::new(instructions, Some(&payer));
    Call { to: Account(program.to_bytes()), data: message.serialize(), value: 0, what }
}

/// The message of a call, which `from` has to be able to sign alone.
pub(super) fn read(call: &Call, from: Account) -> Result<Message, SendError> {
    let options = bincode::DefaultOptions::new().with_fixint_encoding().with_limit(TRANSACTION_CAP as u64);
    let message: Message = options.deserialize(&call.data).map_err(|_| SendError::NotATransaction)?;
    let has_one_signer = message.header.num_required_signatures == 1;
    let is_whole = message.instructions.iter().all(|instruction| is_inside(instruction, message.account_keys.len()));
    if !has_one_signer || !is_whole || message.account_keys.first() != Some(&key(from)) {
        return Err(SendError::NotATransaction);
    }
    Ok(message)
}

fn is_inside(instruction: &CompiledInstruction, keys: usize) -> bool {
    usize::from(instruction.program_id_index) < keys
        && instruction.accounts.iter().all(|&account| usize::from(account) < keys)
}

/// The instructions of a message that was read.
pub(super) fn instructions(message: &Message) -> Vec<Instruction> {
    let named = |index: &u8| {
        let index = usize::from(*index);
        let pubkey = message.account_keys[index];
        let is_signer = message.is_signer(index);
        AccountMeta { pubkey, is_signer, is_writable: message.is_maybe_writable(index, None) }
    };
    let instruction = |compiled: &CompiledInstruction| Instruction {
        program_id: message.account_keys[usize::from(compiled.program_id_index)],
        accounts: compiled.accounts.iter().map(named).collect(),
        data: compiled.data.clone(),
    };
    message.instructions.iter().map(instruction).collect()
}

/// The message with a budget in front, and a blockhash.
pub(super) fn budgeted(message: &Message, budget: Budget, blockhash: Blockhash) -> Message {
    let all: Vec<Instruction> = budget.instructions().into_iter().chain(instructions(message)).collect();
    Message::new_with_blockhash(&all, message.account_keys.first(), &blockhash)
}

/// The transaction as it is tried: its signature is missing.
pub(super) fn unsigned(message: &Message) -> Vec<u8> {
    [&[1], &[0; SIGNATURE_LEN][..], &message.serialize()].concat()
}

/// Refuses what does not fit a packet.
pub(super) fn fits(message: &Message, what: &str) -> Result<(), SendError> {
    let bytes = unsigned(message).len();
    if bytes > TRANSACTION_CAP { Err(SendError::TooLong { what: what.to_owned(), bytes }) } else { Ok(()) }
}
