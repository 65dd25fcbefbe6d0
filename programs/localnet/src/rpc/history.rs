//! What happened, as far as it is shown.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use solana_address::Address;
use solana_signature::Signature;

use super::params;
use super::{Answer, Asked, Fault, encode, in_context};
use crate::chain::Executed;
use crate::chain::blocks::MAX_AGE;
use crate::face::lie::Invented;
use crate::face::{Commitment, Lie, View};

const SIGNATURES_CAP: u64 = 1_000;
const STATUSES_CAP: usize = 256;

impl Asked<'_> {
    pub(super) fn signatures(&self) -> Answer {
        let address: Address = self.params.base58(0)?;
        let config = self.params.config(1)?;
        let view = self.wanted_of_history(1)?;
        let limit = config.u64("limit")?.unwrap_or(SIGNATURES_CAP);
        if limit == 0 || limit > SIGNATURES_CAP {
            return Err(Fault::params(format!("Invalid limit; max {SIGNATURES_CAP}")));
        }
        let (before, until) = (config.base58::<Signature>("before")?, config.base58::<Signature>("until")?);
        let mut entries = listed(&view, &address);
        if let Some(before) = before {
            // Behind a signature that is not there comes nothing.
            let place = entries.iter().position(|entry| entry.signature == before);
            entries.drain(..place.map_or(entries.len(), |place| place + 1));
        }
        let until = until.and_then(|until| entries.iter().position(|entry| entry.signature == until));
        entries.truncate(until.unwrap_or(entries.len()));
        let limit = usize::try_from(limit).expect("it is below the cap");
        Ok(entries.iter().take(limit).map(|entry| entry.to_json(&view)).collect())
    }

    pub(super) fn transaction(&self) -> Answer {
        let signature: Signature = self.params.base58(0)?;
        // Long ago the encoding stood in the place of the configuration.
        let config = match self.params.value(1) {
            Value::String(encoding) => params::Config([("encoding".to_owned(), json!(encoding))].into_iter().collect()),
            _ => self.params.config(1)?,
        };
        let view = self.view(config.commitment("commitment")?);
        super::reached(&view, config.u64("minContextSlot")?)?;
        if view.commitment == Commitment::Processed {
            return Err(Fault::new(-32602, "Method does not support commitment below `confirmed`"));
        }
        if let Some(invented) = view.invented().find(|invented| invented.signature == signature) {
            return Ok(invented.transaction.clone());
        }
        match view.stored(&signature) {
            Some(executed) => shown(&view, executed, &config),
            None => Ok(Value::Null),
        }
    }

    pub(super) fn statuses(&self) -> Answer {
        let signatures = self.params.list(0, STATUSES_CAP, |value| {
            params::base58::<Signature>(value.as_str().ok_or_else(|| Fault::params("a signature is text"))?)
        })?;
        let everything = self.params.config(1)?.flag("searchTransactionHistory")?;
        let view = self.view(Commitment::Processed);
        let newest = view.chain.block_through(view.slot).1.height;
        let statuses = signatures.iter().map(|signature| {
            let lie = view.face.lies.iter().find_map(|lie| match lie {
                Lie::FalseStatus { signature: about, status } if about == signature => Some(status),
                _ => None,
            });
            if let Some(status) = lie {
                return json!(status);
            }
            let Some(executed) = view.transaction(signature) else { return Value::Null };
            let age = newest - view.chain.block_through(executed.slot).1.height;
            if !everything && age > 2 * MAX_AGE { Value::Null } else { status(&view, executed) }
        });
        Ok(in_context(&view, statuses.collect()))
    }
}

/// One line of the history of an address.
struct Entry<'a> {
    signature: Signature,
    slot: u64,
    executed: Option<&'a Executed>,
}

impl Entry<'_> {
    fn to_json(&self, view: &View<'_>) -> Value {
        let time = view.chain.block(self.slot).map(crate::chain::Block::time);
        json!({
            "signature": self.signature.to_string(),
            "slot": self.slot,
            "err": encode::error(self.executed.and_then(|executed| executed.error.as_ref())),
            "memo": null,
            "blockTime": time,
            "confirmationStatus": encode::commitment(view.commitment_of(self.slot)),
        })
    }
}

/// The history of an address, newest first.
fn listed<'a>(view: &View<'a>, address: &Address) -> Vec<Entry<'a>> {
    let words = address.to_string();
    let invented: Vec<&Invented> = view.invented().filter(|one| one.accounts.contains(&words)).collect();
    let truth =
        view.mentioning(address).filter(|executed| invented.iter().all(|one| one.signature != executed.signature));
    let truth = truth.map(|executed| Entry {
        signature: executed.signature,
        slot: executed.slot,
        executed: Some(executed.as_ref()),
    });
    let mut entries: Vec<Entry<'a>> = truth.collect();
    for one in &invented {
        let place = entries.iter().position(|entry| entry.slot < one.slot).unwrap_or(entries.len());
        entries.insert(place, Entry { signature: one.signature, slot: one.slot, executed: None });
    }
    entries
}

fn shown(view: &View<'_>, executed: &Executed, config: &params::Config) -> Answer {
    let version = encode::version(&executed.transaction.message);
    let understood = config.u64("maxSupportedTransactionVersion")?;
    if let Some(number) = version.as_u64().filter(|number| understood.is_none_or(|understood| understood < *number)) {
        let message = format!(
            "Transaction version ({number}) is not supported by the requesting client. Please try the request again \
             with the following configuration parameter: \"maxSupportedTransactionVersion\": {number}"
        );
        return Err(Fault::new(-32015, message));
    }
    let transaction = match config.text("encoding")?.unwrap_or("json") {
        "json" => encode::transaction(executed),
        "base64" => json!([BASE64_STANDARD.encode(encode::wire(&executed.transaction)), "base64"]),
        "base58" => json!([bs58::encode(encode::wire(&executed.transaction)).into_string(), "base58"]),
        other => return Err(Fault::params(format!("unsupported encoding `{other}`"))),
    };
    let mut shown = json!({
        "slot": executed.slot,
        "blockTime": view.chain.block_through(executed.slot).1.time(),
        "transaction": transaction,
        "meta": encode::meta(executed),
    });
    if understood.is_some() {
        shown["version"] = version;
    }
    Ok(shown)
}

/// How sure it is that a transaction was executed, and how it went.
pub(super) fn status(view: &View<'_>, executed: &Executed) -> Value {
    let commitment = view.commitment_of(executed.slot);
    let height = |slot: u64| view.chain.block_through(slot).1.height;
    let above = height(view.slot) - height(executed.slot);
    json!({
        "slot": executed.slot,
        "confirmations": if commitment == Commitment::Finalized { Value::Null } else { json!(above) },
        "err": encode::error(executed.error.as_ref()),
        "status": encode::status(executed.error.as_ref()),
        "confirmationStatus": encode::commitment(commitment),
    })
}
