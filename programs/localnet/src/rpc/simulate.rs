//! What a transaction would do, at the slot of a commitment.

use litesvm::types::{FailedTransactionMetadata, SimulatedTransactionInfo};
use serde_json::{Value, json};
use solana_account::AccountSharedData;
use solana_address::Address;
use solana_transaction::versioned::VersionedTransaction;
use solana_transaction_error::TransactionError;

use super::encode::{self, Shape};
use super::params::{self, Config};
use super::{Answer, Asked, Fault, blocks, in_context, sending};
use crate::face::View;

const ADDRESSES_CAP: usize = 64;

type Simulated = Result<SimulatedTransactionInfo, Box<FailedTransactionMetadata>>;

impl Asked<'_> {
    pub(super) fn simulate(&self) -> Answer {
        let config = self.params.config(1)?;
        let mut transaction = sending::decode(self.params.text(0)?, &config)?;
        let view = self.wanted(1)?;
        let (verify, replace) = (config.flag("sigVerify")?, config.flag("replaceRecentBlockhash")?);
        if verify && replace {
            return Err(Fault::params("sigVerify may not be used with replaceRecentBlockhash"));
        }
        if verify && transaction.verify_with_results().contains(&false) {
            return Err(Fault::new(-32003, "Transaction signature verification failure"));
        }
        let latest = blocks::latest(&view);
        if replace {
            transaction.message.set_recent_blockhash(view.chain.block_through(view.slot).1.hash);
        }
        let wanted = Addresses::wanted(&config)?;
        let simulated = simulate(&view, transaction)?;
        let mut value = result(&simulated);
        value["accounts"] = match &wanted {
            Some(wanted) => wanted.after(&view, &simulated)?,
            None => Value::Null,
        };
        if config.flag("innerInstructions")? {
            value["innerInstructions"] = encode::inner_instructions(outcome(&simulated));
        }
        if replace {
            value["replacementBlockhash"] = latest;
        }
        Ok(in_context(&view, value))
    }
}

/// Refuses what could not be executed now.
pub(super) fn preflight(view: &View<'_>, transaction: &VersionedTransaction) -> Result<(), Fault> {
    if transaction.verify_with_results().contains(&false) {
        return Err(Fault::new(-32003, "Transaction signature verification failure"));
    }
    let simulated = simulate(view, transaction.clone())?;
    if let Err(failed) = &simulated {
        let message = format!("Transaction simulation failed: {}", failed.err);
        return Err(Fault { details: Some(result(&simulated)), ..Fault::new(-32002, message) });
    }
    Ok(())
}

fn simulate(view: &View<'_>, transaction: VersionedTransaction) -> Result<Simulated, Fault> {
    if let Err(err) = view.chain.check_age(&transaction.message, view.slot) {
        return Ok(Err(Box::new(FailedTransactionMetadata { err, meta: Default::default() })));
    }
    let engine = view.chain.engine_at(view.slot).map_err(|error| Fault::new(-32603, error))?;
    Ok(engine.simulate(transaction).map_err(Box::new))
}

fn outcome(simulated: &Simulated) -> &litesvm::types::TransactionMetadata {
    match simulated {
        Ok(simulated) => &simulated.meta,
        Err(failed) => &failed.meta,
    }
}

fn result(simulated: &Simulated) -> Value {
    let error: Option<&TransactionError> = simulated.as_ref().err().map(|failed| &failed.err);
    let outcome = outcome(simulated);
    json!({
        "err": encode::error(error),
        "logs": outcome.logs,
        "accounts": null,
        "unitsConsumed": outcome.compute_units_consumed,
        "fee": outcome.fee,
        "returnData": encode::return_value(outcome),
        "innerInstructions": null,
        "replacementBlockhash": null,
    })
}

/// The accounts that the caller wants to see as they would be.
struct Addresses {
    list: Vec<Address>,
    shape: Shape,
}

impl Addresses {
    fn wanted(config: &Config) -> Result<Option<Self>, Fault> {
        let Some(wanted) = config.get("accounts") else { return Ok(None) };
        let Value::Object(wanted) = wanted else { return Err(Fault::params("`accounts` has to be an object")) };
        let wanted = Config(wanted.clone());
        let list = wanted.get("addresses").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if list.len() > ADDRESSES_CAP {
            return Err(Fault::params(format!("Too many accounts provided; max {ADDRESSES_CAP}")));
        }
        let list = list.iter().map(params::address).collect::<Result<_, _>>()?;
        Ok(Some(Self { list, shape: Shape::wanted(&wanted)? }))
    }

    fn after(&self, view: &View<'_>, simulated: &Simulated) -> Answer {
        let changed = simulated.as_ref().map(|simulated| simulated.post_accounts.as_slice()).unwrap_or_default();
        let account = |address: &Address| -> Option<AccountSharedData> {
            let changed = changed.iter().find(|(changed, _)| changed == address);
            changed.map(|(_, account)| account.clone()).or_else(|| view.account(address))
        };
        let accounts = self.list.iter().map(|address| match account(address) {
            Some(account) => self.shape.account(&account),
            None => Ok(Value::Null),
        });
        accounts.collect()
    }
}
