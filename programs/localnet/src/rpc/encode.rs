//! Answers in the words of Solana's JSON-RPC.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use litesvm::types::TransactionMetadata;
use serde_json::{Map, Value, json};
use solana_account::{AccountSharedData, ReadableAccount};
use solana_message::VersionedMessage;
use solana_message::compiled_instruction::CompiledInstruction;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

use super::Fault;
use super::params::Config;
use crate::chain::Executed;
use crate::chain::executed::Balances;
use crate::face::Commitment;
use crate::tokens::Purse;

/// More would take too long to encode in base 58.
const BASE58_CAP: usize = 128;

/// How the bytes of an account are to be shown.
pub(crate) struct Shape {
    encoding: Encoding,
    slice: Option<(usize, usize)>,
}

#[derive(Clone, Copy)]
enum Encoding {
    /// Base 58 without saying so, as long ago.
    Bare,
    Base58,
    Base64,
    /// What Solana's own tools ask for.
    Zstd,
}

impl Shape {
    pub(crate) fn wanted(config: &Config) -> Result<Self, Fault> {
        let encoding = match config.text("encoding")? {
            None | Some("binary") => Encoding::Bare,
            Some("base58") => Encoding::Base58,
            Some("base64+zstd") => Encoding::Zstd,
            // What nobody here can parse comes as bytes, as everywhere.
            Some("base64" | "jsonParsed") => Encoding::Base64,
            Some(other) => return Err(Fault::params(format!("unsupported encoding `{other}`"))),
        };
        let slice = config.get("dataSlice").map(|slice| {
            let part = |name: &str| slice.get(name).and_then(Value::as_u64).and_then(|part| usize::try_from(part).ok());
            part("offset").zip(part("length")).ok_or_else(|| Fault::params("`dataSlice` has an offset and a length"))
        });
        Ok(Self { encoding, slice: slice.transpose()? })
    }

    pub(crate) fn account(&self, account: &AccountSharedData) -> Result<Value, Fault> {
        let bytes = self.cut(account.data());
        let short = || match bytes.len() > BASE58_CAP {
            true => Err(Fault::new(
                -32600,
                "Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.",
            )),
            false => Ok(bs58::encode(bytes).into_string()),
        };
        let bytes = match self.encoding {
            Encoding::Bare => json!(short()?),
            Encoding::Base58 => json!([short()?, "base58"]),
            Encoding::Base64 => json!([BASE64_STANDARD.encode(bytes), "base64"]),
            Encoding::Zstd => json!([BASE64_STANDARD.encode(zstd(bytes)), "base64+zstd"]),
        };
        Ok(json!({
            "data": bytes,
            "executable": account.executable(),
            "lamports": account.lamports(),
            "owner": account.owner().to_string(),
            "rentEpoch": account.rent_epoch(),
            "space": account.data().len(),
        }))
    }

    fn cut<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let Some((offset, length)) = self.slice else { return bytes };
        let from = offset.min(bytes.len());
        &bytes[from..from.saturating_add(length).min(bytes.len())]
    }
}

/// A frame of Zstandard (RFC 8878) in which nothing is made shorter: whoever reads it has to unpack it, and on loopback
/// nobody gains by more.
fn zstd(bytes: &[u8]) -> Vec<u8> {
    const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
    /// The length stands behind in four bytes, and there is no window but the whole.
    const DESCRIPTOR: u8 = 0b1010_0000;
    const LAST: u32 = 1;
    const BLOCK_CAP: usize = 128 * 1_024;
    let short = |length: usize| u32::try_from(length).expect("no account has four gigabytes");
    let mut frame = [&MAGIC[..], &[DESCRIPTOR], &short(bytes.len()).to_le_bytes()].concat();
    let mut rest = bytes;
    loop {
        let (block, behind) = rest.split_at(rest.len().min(BLOCK_CAP));
        let last = if behind.is_empty() { LAST } else { 0 };
        frame.extend_from_slice(&(short(block.len()) << 3 | last).to_le_bytes()[..3]);
        frame.extend_from_slice(block);
        if behind.is_empty() {
            return frame;
        }
        rest = behind;
    }
}

pub(crate) fn commitment(commitment: Commitment) -> &'static str {
    match commitment {
        Commitment::Processed => "processed",
        Commitment::Confirmed => "confirmed",
        Commitment::Finalized => "finalized",
    }
}

pub(crate) fn error(error: Option<&TransactionError>) -> Value {
    error.map_or(Value::Null, |error| json!(error))
}

pub(crate) fn status(error: Option<&TransactionError>) -> Value {
    error.map_or_else(|| json!({ "Ok": null }), |error| json!({ "Err": error }))
}

/// The transaction itself, as numbers and texts.
pub(crate) fn transaction(executed: &Executed) -> Value {
    let message = &executed.transaction.message;
    let header = message.header();
    let texts = |list: &[solana_address::Address]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut words = json!({
        "header": {
            "numRequiredSignatures": header.num_required_signatures,
            "numReadonlySignedAccounts": header.num_readonly_signed_accounts,
            "numReadonlyUnsignedAccounts": header.num_readonly_unsigned_accounts,
        },
        "accountKeys": texts(message.static_account_keys()),
        "recentBlockhash": message.recent_blockhash().to_string(),
        "instructions": message.instructions().iter().map(|one| instruction(one, 1)).collect::<Vec<_>>(),
    });
    if let Some(lookups) = message.address_table_lookups() {
        let lookups = lookups.iter().map(|lookup| {
            json!({
                "accountKey": lookup.account_key.to_string(),
                "writableIndexes": lookup.writable_indexes,
                "readonlyIndexes": lookup.readonly_indexes,
            })
        });
        words["addressTableLookups"] = lookups.collect();
    }
    let signatures: Vec<_> = executed.transaction.signatures.iter().map(ToString::to_string).collect();
    json!({ "signatures": signatures, "message": words })
}

pub(crate) fn version(message: &VersionedMessage) -> Value {
    match message {
        VersionedMessage::Legacy(_) => json!("legacy"),
        VersionedMessage::V0(_) => json!(0),
        VersionedMessage::V1(_) => json!(1),
    }
}

/// What became of a transaction.
pub(crate) fn meta(executed: &Executed) -> Value {
    let Executed { outcome, before, after, error: failure, loaded, .. } = executed;
    let texts = |list: &[solana_address::Address]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut meta = json!({
        "err": error(failure.as_ref()),
        "status": status(failure.as_ref()),
        "fee": outcome.fee,
        "preBalances": before.lamports,
        "postBalances": after.lamports,
        "preTokenBalances": token_balances(before),
        "postTokenBalances": token_balances(after),
        "innerInstructions": inner_instructions(outcome),
        "logMessages": outcome.logs,
        "rewards": [],
        "loadedAddresses": { "writable": texts(&loaded.writable), "readonly": texts(&loaded.readonly) },
        "computeUnitsConsumed": outcome.compute_units_consumed,
    });
    if let returned @ Value::Object(_) = return_value(outcome) {
        meta["returnData"] = returned;
    }
    meta
}

pub(crate) fn return_value(outcome: &TransactionMetadata) -> Value {
    let returned = &outcome.return_data;
    if returned.data.is_empty() {
        return Value::Null;
    }
    json!({ "programId": returned.program_id.to_string(), "data": [BASE64_STANDARD.encode(&returned.data), "base64"] })
}

pub(crate) fn inner_instructions(outcome: &TransactionMetadata) -> Value {
    let lists = outcome.inner_instructions.iter().enumerate().filter(|(_, list)| !list.is_empty());
    let lists = lists.map(|(index, list)| {
        let list = list.iter().map(|inner| instruction(&inner.instruction, inner.stack_height));
        json!({ "index": index, "instructions": list.collect::<Vec<_>>() })
    });
    lists.collect()
}

fn instruction(instruction: &CompiledInstruction, height: u8) -> Value {
    json!({
        "programIdIndex": instruction.program_id_index,
        "accounts": instruction.accounts,
        "data": bs58::encode(&instruction.data).into_string(),
        "stackHeight": height,
    })
}

fn token_balances(balances: &Balances) -> Value {
    let balances = balances.tokens.iter().map(|(place, purse)| {
        json!({
            "accountIndex": place,
            "mint": purse.mint.to_string(),
            "owner": purse.owner.to_string(),
            "programId": purse.program.to_string(),
            "uiTokenAmount": token_amount(purse),
        })
    });
    balances.collect()
}

pub(crate) fn token_amount(purse: &Purse) -> Value {
    let words = purse.words();
    let mut amount = Map::new();
    amount.insert("amount".to_owned(), json!(purse.amount.to_string()));
    amount.insert("decimals".to_owned(), json!(purse.decimals));
    amount.insert("uiAmount".to_owned(), words.parse::<f64>().map_or(Value::Null, |number| json!(number)));
    amount.insert("uiAmountString".to_owned(), json!(words));
    Value::Object(amount)
}

/// What a caller sent as text.
pub(crate) fn bytes(words: &str, encoding: &str) -> Result<Vec<u8>, Fault> {
    match encoding {
        "base58" => bs58::decode(words).into_vec().map_err(|error| Fault::params(format!("invalid base58: {error}"))),
        "base64" => BASE64_STANDARD.decode(words).map_err(|error| Fault::params(format!("invalid base64: {error}"))),
        other => Err(Fault::params(format!("unsupported encoding: {other}"))),
    }
}

/// The bytes that were sent.
pub(crate) fn wire(transaction: &VersionedTransaction) -> Vec<u8> {
    wincode::serialize(transaction).expect("it was read from such bytes")
}
