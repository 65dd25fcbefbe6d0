//! One question to one endpoint of Solana, at a commitment.

use std::time::Duration;

use anchor_lang::prelude::Pubkey;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::sleep;
use williw_core::cycle::{Height, UnixSeconds};

use super::Endpoint;
use super::account::{self, Shown, ours};
use super::derive::{Addresses, CLOCK};
use super::program::williw::accounts::Config;
use crate::fault::EndpointFault;
use crate::rpc::Answer;

/// The code by which an endpoint says that it has not come to the slot that is asked for.
const NOT_THERE_YET: i64 = -32_016;

/// How often an endpoint is asked again that is not there yet, and how long it is left alone before: some slots' time.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(400);

/// As of when an answer is meant. There is no third one: what is only processed is nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commitment {
    Confirmed,
    Finalized,
}

impl Commitment {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Finalized => "finalized",
        }
    }
}

/// An answer with the slot that it is of.
#[derive(Debug, Deserialize)]
pub(crate) struct AtSlot<T> {
    context: Context,
    pub(crate) value: T,
}

#[derive(Debug, Deserialize)]
struct Context {
    slot: u64,
}

impl<T> AtSlot<T> {
    pub(crate) const fn slot(&self) -> Height {
        Height(self.context.slot)
    }
}

/// One account of many.
#[derive(Debug, Deserialize)]
pub(crate) struct Keyed {
    pubkey: String,
    pub(crate) account: Shown,
}

impl Keyed {
    pub(crate) fn address(&self) -> Option<Pubkey> {
        self.pubkey.parse().ok()
    }
}

/// The config and the clock, at one slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Front {
    pub(crate) slot: Height,
    pub(crate) time: UnixSeconds,
    pub(crate) config: Config,
}

/// Which bytes of accounts are wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Whole,
    First(usize),
}

impl Endpoint {
    /// Asks for something at or after a slot. Behind one address there may be several machines, some of them behind.
    pub(crate) async fn ask_from<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &Value,
        from: Height,
    ) -> Result<T, EndpointFault> {
        let mut at = Height(0);
        for attempt in 0..TRIES {
            if attempt > 0 {
                sleep(PAUSE).await;
            }
            match self.rpc.answer(method, params.clone()).await? {
                Answer::Result(Some(result)) => return Ok(result),
                Answer::Result(None) => return Err(EndpointFault::Undecodable(method)),
                Answer::Refusal { code: NOT_THERE_YET, data, .. } => {
                    let slot = data.as_ref().and_then(|data| data.get("contextSlot")).and_then(Value::as_u64);
                    at = Height(slot.unwrap_or_default());
                }
                Answer::Refusal { code, message, .. } => return Err(EndpointFault::Refused { method, code, message }),
            }
        }
        Err(EndpointFault::Lagging { at, behind: from.0.saturating_sub(at.0) })
    }

    /// What is known of a question that asks for accounts, beside the question.
    fn terms(commitment: Commitment, from: Height, part: Part) -> Value {
        let mut terms = json!({ "commitment": commitment.word(), "encoding": "base64" });
        if from > Height(0) {
            terms["minContextSlot"] = json!(from.0);
        }
        if let Part::First(length) = part {
            terms["dataSlice"] = json!({ "offset": 0, "length": length });
        }
        terms
    }

    /// Some accounts at one slot; none for those that do not exist.
    pub(crate) async fn accounts(
        &self,
        addresses: &[Pubkey],
        commitment: Commitment,
        from: Height,
    ) -> Result<AtSlot<Vec<Option<Shown>>>, EndpointFault> {
        const METHOD: &str = "getMultipleAccounts";
        let names: Vec<String> = addresses.iter().map(Pubkey::to_string).collect();
        let params = json!([names, Self::terms(commitment, from, Part::Whole)]);
        let answer: AtSlot<Vec<Option<Shown>>> = self.ask_from(METHOD, &params, from).await?;
        if answer.value.len() == addresses.len() && answer.slot() >= from {
            Ok(answer)
        } else {
            Err(EndpointFault::Undecodable(METHOD))
        }
    }

    /// One account, which may be as large as accounts can be.
    pub(crate) async fn account(
        &self,
        address: Pubkey,
        commitment: Commitment,
        from: Height,
    ) -> Result<AtSlot<Option<Shown>>, EndpointFault> {
        const METHOD: &str = "getAccountInfo";
        let params = json!([address.to_string(), Self::terms(commitment, from, Part::Whole)]);
        let answer: AtSlot<Option<Shown>> = self.ask_from(METHOD, &params, from).await?;
        if answer.slot() >= from { Ok(answer) } else { Err(EndpointFault::Undecodable(METHOD)) }
    }

    /// The config and the clock.
    pub(crate) async fn front(
        &self,
        addresses: &Addresses,
        commitment: Commitment,
        from: Height,
    ) -> Result<Front, EndpointFault> {
        let answer = self.accounts(&[addresses.config, CLOCK], commitment, from).await?;
        let slot = answer.slot();
        let [config, clock] = answer.value.as_slice() else { unreachable!("as many as were asked for") };
        let config = config.as_ref().ok_or(EndpointFault::NoConfig)?;
        let config = ours(&addresses.program, addresses.config, config)?;
        let time = clock.as_ref().and_then(account::clock);
        let time = time.ok_or(EndpointFault::Undecodable("getMultipleAccounts"))?;
        Ok(Front { slot, time, config })
    }

    /// All accounts of a program at one slot that begin in this way.
    pub(crate) async fn every(
        &self,
        program: &Pubkey,
        commitment: Commitment,
        from: Height,
        beginning: &[u8],
        part: Part,
    ) -> Result<AtSlot<Vec<Keyed>>, EndpointFault> {
        const METHOD: &str = "getProgramAccounts";
        let mut terms = Self::terms(commitment, from, part);
        terms["withContext"] = json!(true);
        let beginning = bs58::encode(beginning).into_string();
        terms["filters"] = json!([{ "memcmp": { "offset": 0, "bytes": beginning } }]);
        let answer: AtSlot<Vec<Keyed>> = self.ask_from(METHOD, &json!([program.to_string(), terms]), from).await?;
        if answer.slot() >= from { Ok(answer) } else { Err(EndpointFault::Undecodable(METHOD)) }
    }

    /// The genesis hash of its cluster.
    pub(crate) async fn genesis(&self) -> Result<Pubkey, EndpointFault> {
        const METHOD: &str = "getGenesisHash";
        let found: String = self.rpc.demand(METHOD, json!([])).await?;
        found.parse().map_err(|_| EndpointFault::Undecodable(METHOD))
    }

    /// The transactions that name an account, newest first, before one of them.
    pub(crate) async fn signatures<T: DeserializeOwned>(
        &self,
        account: &Pubkey,
        commitment: Commitment,
        from: Height,
        (before, limit): (Option<&str>, usize),
    ) -> Result<Vec<T>, EndpointFault> {
        let mut terms = json!({ "commitment": commitment.word(), "limit": limit, "minContextSlot": from.0 });
        if let Some(before) = before {
            terms["before"] = json!(before);
        }
        self.ask_from("getSignaturesForAddress", &json!([account.to_string(), terms]), from).await
    }

    /// A transaction; none if it has no such.
    pub(crate) async fn transaction<T: DeserializeOwned>(
        &self,
        signature: &str,
        commitment: Commitment,
    ) -> Result<Option<T>, EndpointFault> {
        // Of any version: nothing is read of it but its accounts and its inner instructions. Whoever sends a newer one is not
        // to stop what is read.
        let terms = json!({
            "commitment": commitment.word(), "encoding": "json", "maxSupportedTransactionVersion": u8::MAX,
        });
        self.rpc.ask("getTransaction", json!([signature, terms])).await
    }

    /// The oldest slot of which it still has anything.
    pub(crate) async fn first_available(&self) -> Result<Height, EndpointFault> {
        self.rpc.demand("getFirstAvailableBlock", json!([])).await.map(Height)
    }
}
