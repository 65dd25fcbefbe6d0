//! A call for whoever signs elsewhere: a multisig, or a wallet that no program may touch.

use anchor_lang::prelude::AccountMeta;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use williw_core::identity::Account;

use crate::send::SendError;
use crate::verb::Call;

use super::message;

/// A transaction without signatures, whose blockhash is zeros: whoever signs it puts a fresh one in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// All of it in base64, as wallets and RPCs take it.
    pub transaction: String,
    /// What is to be signed, in base58, as multisigs import it.
    pub message: String,
    pub instructions: Vec<UnsignedInstruction>,
}

/// One instruction, for whoever builds the transaction anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedInstruction {
    pub program: Account,
    pub accounts: Vec<NamedAccount>,
    pub data: Vec<u8>,
}

/// An account that an instruction is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedAccount {
    pub address: Account,
    pub is_signer: bool,
    pub is_writable: bool,
}

/// The call as it is handed to others.
pub fn unsigned(call: &Call, from: Account) -> Result<Unsigned, SendError> {
    let message = message::read(call, from)?;
    message::fits(&message, &call.what)?;
    let named = |account: AccountMeta| NamedAccount {
        address: Account(account.pubkey.to_bytes()),
        is_signer: account.is_signer,
        is_writable: account.is_writable,
    };
    let instructions = message::instructions(&message).into_iter().map(|instruction| UnsignedInstruction {
        program: Account(instruction.program_id.to_bytes()),
        accounts: instruction.accounts.into_iter().map(named).collect(),
        data: instruction.data,
    });
    Ok(Unsigned {
        instructions: instructions.collect(),
        transaction: BASE64_STANDARD.encode(message::unsigned(&message)),
        message: bs58::encode(message.serialize()).into_string(),
    })
}
