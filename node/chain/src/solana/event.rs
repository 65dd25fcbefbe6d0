//! The facts in a transaction: calls of the program to itself, which nobody else can make.
//!
//! Logs are for people and are not read. What counts is an inner instruction of our program whose one account is our event
//! authority: the program refuses such a call unless that account signed, and nobody but the program signs for it. So the
//! same bytes in a call of another program, or in a transaction that failed, say nothing.

use anchor_lang::event::EVENT_IX_TAG_LE;
use anchor_lang::prelude::Pubkey;
use anchor_lang::{AnchorDeserialize, Discriminator};
use serde::Deserialize;
use serde::de::IgnoredAny;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::fact::{Body, Fact};
use williw_core::identity::ChainId;

use super::derive::{Addresses, account_of};
use super::program::williw::events::Recorded;
use crate::fault::{EndpointFault, LogFault};

/// The most letters that one call of the program to itself has: twice as many as the longest, which tells a slash.
const EVENT_LETTERS: usize = 1_200;

/// The most calls that a transaction is executed with, those that programs make among them.
const CALLS_CAP: usize = 64;

/// A transaction in an answer, as far as facts go.
#[derive(Debug, Deserialize)]
pub(crate) struct Transaction {
    slot: u64,
    meta: Option<Meta>,
    transaction: Signed,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    err: Option<IgnoredAny>,
    inner_instructions: Option<Vec<Inner>>,
    loaded_addresses: Option<Loaded>,
}

#[derive(Debug, Deserialize)]
struct Signed {
    message: Message,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    account_keys: Vec<String>,
}

/// What an address lookup table added to the keys.
#[derive(Debug, Default, Deserialize)]
struct Loaded {
    writable: Vec<String>,
    readonly: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Inner {
    instructions: Vec<Compiled>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Compiled {
    program_id_index: usize,
    accounts: Vec<usize>,
    data: String,
}

impl Transaction {
    pub(crate) const fn slot(&self) -> Height {
        Height(self.slot)
    }

    /// The facts that it recorded, in their order; none if it failed.
    pub(crate) fn facts(&self, addresses: &Addresses) -> Result<Vec<Fact>, EndpointFault> {
        let meta = self.meta.as_ref().ok_or(EndpointFault::Undecodable("getTransaction"))?;
        if meta.err.is_some() {
            return Ok(Vec::new());
        }
        let loaded = meta.loaded_addresses.iter().flat_map(|loaded| loaded.writable.iter().chain(&loaded.readonly));
        let keys: Vec<&String> = self.transaction.message.account_keys.iter().chain(loaded).collect();
        let is = |index: usize, address: &Pubkey| {
            keys.get(index).is_some_and(|key| key.parse::<Pubkey>().is_ok_and(|key| key == *address))
        };
        let told = |call: &&Compiled| {
            is(call.program_id_index, &addresses.program)
                && matches!(call.accounts.as_slice(), [only] if is(*only, &addresses.event_authority))
        };
        // Whoever does not keep them shows nothing, which is not that nothing happened.
        let inner = meta.inner_instructions.as_ref().ok_or(EndpointFault::Undecodable("getTransaction"))?;
        let calls = inner.iter().flat_map(|inner| &inner.instructions).filter(told);
        let bad = |why| EndpointFault::BadLog { height: self.slot(), why };
        let mut facts = Vec::new();
        for call in calls {
            // Reading base58 takes time that grows with the square of its length.
            if call.data.len() > EVENT_LETTERS {
                return Err(bad(LogFault::Shape));
            }
            // The chain executes no more calls in one transaction.
            if facts.len() >= CALLS_CAP {
                return Err(bad(LogFault::Shape));
            }
            let data = bs58::decode(&call.data).into_vec().map_err(|_| bad(LogFault::Shape))?;
            facts.extend(fact(&data, self.slot()).map_err(bad)?);
        }
        Ok(facts)
    }
}

/// The fact that a call tells; none if it tells something else.
fn fact(data: &[u8], slot: Height) -> Result<Option<Fact>, LogFault> {
    let event = data.strip_prefix(EVENT_IX_TAG_LE).and_then(|event| event.strip_prefix(Recorded::DISCRIMINATOR));
    let Some(event) = event else { return Ok(None) };
    let event = Recorded::try_from_slice(event).map_err(|_| LogFault::Shape)?;
    if event.slot != slot.0 {
        return Err(LogFault::NoPlace);
    }
    Ok(Some(Fact {
        chain: ChainId::Solana,
        journal: account_of(event.journal),
        seq: event.seq,
        time: UnixSeconds(event.time),
        height: slot,
        body: Body::decode(ChainId::Solana, event.kind, &event.body)?,
    }))
}

#[cfg(test)]
mod tests;
