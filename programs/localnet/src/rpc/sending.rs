//! Transactions on their way in.

use serde_json::{Value, json};
use solana_address::Address;
use solana_message::VersionedMessage;
use solana_transaction::versioned::VersionedTransaction;

use super::params::{Config, Params};
use super::{Answer, Asked, Fault, Network, Refusal, encode, in_context, reached, simulate};
use crate::face::{Commitment, View};

/// No packet is longer.
const WIRE_CAP: usize = 1_232;
const PRIORITIES_CAP: usize = 128;
/// Of so many blocks a validator keeps what was paid in them.
const PRICED_BLOCKS_CAP: usize = 150;

/// Answers with the signature, as soon as it is clear that the transaction could be executed. Without the preflight
/// that is not asked, so a transaction that is too old, or was seen before, is thrown away in silence.
pub(super) fn send(network: &mut Network, face: usize, params: &Params) -> Result<Value, Refusal> {
    let config = params.config(1)?;
    let transaction = decode(params.text(0)?, &config)?;
    let signature = transaction.signatures.first().ok_or_else(|| Fault::params("a transaction has a signature"))?;
    let signature = json!(signature.to_string());
    transaction.sanitize().map_err(|error| Fault::params(format!("invalid transaction: {error}")))?;
    let commitment = config.commitment("preflightCommitment")?;
    let view = network.view(face, commitment);
    reached(&view, config.u64("minContextSlot")?)?;
    if !config.flag("skipPreflight")? {
        simulate::preflight(&view, &transaction)?;
    }
    let mail = &mut network.faces[face].mail;
    if take_one(&mut mail.drop) {
        return Ok(signature);
    }
    let (mute, delay_slots) = (take_one(&mut mail.mute), mail.delay_slots);
    // Whoever sends a transaction is told no more of it than its signature.
    let _ = if take_one(&mut mail.delay) {
        let slot = network.chain.newest() + delay_slots;
        network.chain.wait(transaction, slot)
    } else {
        network.chain.submit(transaction)
    };
    if mute { Err(Refusal::Silence) } else { Ok(signature) }
}

fn take_one(count: &mut u64) -> bool {
    let left = count.checked_sub(1);
    *count = left.unwrap_or(0);
    left.is_some()
}

pub(super) fn airdrop(network: &mut Network, params: &Params) -> Answer {
    let (to, lamports): (Address, u64) = (params.base58(0)?, params.u64(1)?);
    let executed = network.chain.airdrop(&to, lamports).map_err(Fault::control)?;
    Ok(json!(executed.signature.to_string()))
}

pub(super) fn decode(words: &str, config: &Config) -> Result<VersionedTransaction, Fault> {
    let bytes = encode::bytes(words, config.text("encoding")?.unwrap_or("base58"))?;
    if bytes.len() > WIRE_CAP {
        return Err(Fault::params(format!(
            "decoded transaction too large: {} bytes (max: {WIRE_CAP} bytes)",
            bytes.len()
        )));
    }
    let transaction: VersionedTransaction = wincode::deserialize(&bytes)
        .map_err(|error| Fault::params(format!("failed to deserialize transaction: {error}")))?;
    if encode::wire(&transaction) != bytes {
        return Err(Fault::params("failed to deserialize transaction: bytes behind its end"));
    }
    Ok(transaction)
}

impl Asked<'_> {
    pub(super) fn fee(&self) -> Answer {
        let bytes = encode::bytes(self.params.text(0)?, "base64")?;
        if bytes.len() > WIRE_CAP {
            return Err(Fault::params("the message is too large"));
        }
        let message: VersionedMessage = wincode::deserialize(&bytes)
            .map_err(|error| Fault::params(format!("failed to deserialize message: {error}")))?;
        let view = self.wanted(1)?;
        let known = view.chain.is_recent(message.recent_blockhash(), view.slot);
        let price = view.chain.engine.price(&message).map_err(Fault::params)?;
        Ok(in_context(&view, if known { json!(price.fee) } else { Value::Null }))
    }

    /// What it took to get into each of the last blocks that had any transactions, for one that writes these accounts.
    pub(super) fn prioritization_fees(&self) -> Answer {
        let accounts = match self.params.value(0) {
            Value::Null => Vec::new(),
            _ => self.params.list(0, PRIORITIES_CAP, super::params::address)?,
        };
        let view = self.view(Commitment::Confirmed);
        let blocks = view.chain.blocks_between(0, view.slot).rev();
        let paid = blocks.filter_map(|(slot, _)| Some((*slot, price_of(&view, *slot, &accounts)?)));
        let mut paid: Vec<(u64, u64)> = paid.take(PRICED_BLOCKS_CAP).collect();
        paid.reverse();
        Ok(paid.iter().map(|(slot, price)| json!({ "slot": slot, "prioritizationFee": price })).collect())
    }
}

/// The least that anybody paid in the block, or the least of those who wrote one of the accounts, whichever is most: it
/// is not asked that somebody wrote all of them. None of a block without transactions.
fn price_of(view: &View<'_>, slot: u64, accounts: &[Address]) -> Option<u64> {
    let executed = || view.chain.executed_between(slot - 1, slot);
    let least = executed().map(|executed| executed.price).min()?;
    let of_account =
        |account| executed().filter(|executed| executed.writes(account)).map(|executed| executed.price).min();
    Some(accounts.iter().filter_map(of_account).fold(least, u64::max))
}
