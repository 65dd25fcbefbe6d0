//! What can be subscribed to.

use serde_json::{Value, json};
use solana_account::{Account, AccountSharedData};
use solana_address::Address;
use solana_signature::Signature;

use crate::chain::Executed;
use crate::face::{Commitment, View};
use crate::rpc::encode::{self, Shape};
use crate::rpc::params::{self, Params};
use crate::rpc::{Fault, Network};

/// How far somebody was told: through a slot, and so many transactions of it.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    slot: u64,
    transactions: usize,
}

pub(super) enum Topic {
    Slot { told: u64 },
    SlotsUpdates { told: u64 },
    Logs { mentions: Option<Address>, commitment: Commitment, told: Mark },
    Account { address: Address, commitment: Commitment, shape: Shape, told: Option<AccountSharedData> },
    Signature { signature: Signature, commitment: Commitment },
}

#[derive(Default)]
pub(super) struct News {
    pub(super) results: Vec<Value>,
    /// Nothing will ever follow.
    pub(super) last: bool,
}

impl Topic {
    pub(super) fn wanted(network: &Network, face: usize, method: &str, asked: &Params) -> Result<Self, Fault> {
        match method {
            "slotSubscribe" => Ok(Self::Slot { told: network.chain.newest() }),
            "slotsUpdatesSubscribe" => Ok(Self::SlotsUpdates { told: network.chain.newest() }),
            "logsSubscribe" => {
                let commitment = asked.config(1)?.commitment("commitment")?;
                let told = mark(&network.view(face, commitment));
                Ok(Self::Logs { mentions: mentioned(asked.value(0))?, commitment, told })
            }
            "accountSubscribe" => {
                let (address, config) = (asked.base58(0)?, asked.config(1)?);
                let commitment = config.commitment("commitment")?;
                let told = network.view(face, commitment).account(&address);
                Ok(Self::Account { address, commitment, shape: Shape::wanted(&config)?, told })
            }
            "signatureSubscribe" => {
                let commitment = asked.config(1)?.commitment("commitment")?;
                Ok(Self::Signature { signature: asked.base58(0)?, commitment })
            }
            _ => Err(Fault::new(-32601, "Method not found")),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Slot { .. } => "slot",
            Self::SlotsUpdates { .. } => "slotsUpdates",
            Self::Logs { .. } => "logs",
            Self::Account { .. } => "account",
            Self::Signature { .. } => "signature",
        }
    }

    /// What there is to tell since the last time.
    pub(super) fn news(&mut self, network: &Network, face: usize) -> News {
        match self {
            Self::Slot { told } => slots(network, face, told),
            Self::SlotsUpdates { told } => updates(network, told),
            Self::Logs { mentions, commitment, told } => {
                let view = network.view(face, *commitment);
                let news = logs(&view, mentions.as_ref(), *told);
                *told = mark(&view);
                News { results: news, last: false }
            }
            Self::Account { address, commitment, shape, told } => {
                let view = network.view(face, *commitment);
                let now = view.account(address);
                if now == *told {
                    return News::default();
                }
                *told = now.clone();
                let gone = || AccountSharedData::from(Account::default());
                // Too long for base 58: there is nobody left to tell that, so it is not told.
                let shown = shape.account(&now.unwrap_or_else(gone));
                News { results: shown.map(|account| in_context(view.slot, account)).into_iter().collect(), last: false }
            }
            Self::Signature { signature, commitment } => {
                let view = network.view(face, *commitment);
                let Some(executed) = view.transaction(signature) else { return News::default() };
                let value = json!({ "err": encode::error(executed.error.as_ref()) });
                News { results: vec![in_context(view.slot, value)], last: true }
            }
        }
    }
}

fn in_context(slot: u64, value: Value) -> Value {
    json!({ "context": { "slot": slot }, "value": value })
}

/// All transactions, or those that mention one address.
fn mentioned(filter: &Value) -> Result<Option<Address>, Fault> {
    match filter {
        Value::String(all) if ["all", "allWithVotes"].contains(&all.as_str()) => Ok(None),
        filter => match filter["mentions"].as_array().map(Vec::as_slice) {
            Some([one]) => params::address(one).map(Some),
            _ => Err(Fault::params("Invalid Request: Only 1 address supported")),
        },
    }
}

fn slots(network: &Network, face: usize, told: &mut u64) -> News {
    let newest = network.chain.newest();
    let root = network.view(face, Commitment::Finalized).slot;
    let new = network.chain.blocks_between(told.saturating_add(1), newest);
    let results = new.map(|(slot, block)| json!({ "slot": slot, "parent": block.parent, "root": root })).collect();
    *told = newest;
    News { results, last: false }
}

/// A slot begins with the first that is heard of it, and then the one before is complete.
fn updates(network: &Network, told: &mut u64) -> News {
    let newest = network.chain.newest();
    let new = network.chain.blocks_between(told.saturating_add(1), newest);
    let results = new.flat_map(|(slot, block)| {
        let update = |kind: &str, slot: u64| json!({ "type": kind, "slot": slot, "timestamp": block.time_ms });
        [update("completed", block.parent), update("firstShredReceived", *slot)]
    });
    let results = results.collect();
    *told = newest;
    News { results, last: false }
}

fn mark(view: &View<'_>) -> Mark {
    let (slot, block) = view.chain.block_through(view.slot);
    Mark { slot, transactions: block.signatures.len() }
}

fn logs(view: &View<'_>, mentions: Option<&Address>, told: Mark) -> Vec<Value> {
    let again = view.chain.executed_between(told.slot.saturating_sub(1), view.slot);
    let told_of = |executed: &Executed, place: usize| executed.slot == told.slot && place < told.transactions;
    let new = again.enumerate().filter(|(place, executed)| !told_of(executed, *place)).map(|(_, executed)| executed);
    let new = new.filter(|executed| view.shows(executed));
    let new = new.filter(|executed| mentions.is_none_or(|address| executed.addresses.contains(address)));
    let results = new.map(|executed| {
        let value = json!({
            "signature": executed.signature.to_string(),
            "err": encode::error(executed.error.as_ref()),
            "logs": executed.outcome.logs,
        });
        in_context(executed.slot, value)
    });
    results.collect()
}
