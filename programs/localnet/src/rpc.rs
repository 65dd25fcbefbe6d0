//! Solana's JSON-RPC, as far as a staking node and its tools ask, and the control of the network.

use serde_json::{Map, Value, json};

use crate::chain::Chain;
use crate::face::{Commitment, Face, View};

mod accounts;
mod blocks;
mod cluster;
mod control;
pub(crate) mod encode;
mod history;
pub(crate) mod params;
mod sending;
mod simulate;

use params::Params;

/// Behind all endpoints: one chain, and what each of them makes of it.
pub(crate) struct Network {
    pub(crate) chain: Chain,
    pub(crate) faces: Vec<Face>,
}

impl Network {
    pub(crate) fn view(&self, face: usize, commitment: Commitment) -> View<'_> {
        View::new(&self.chain, &self.faces[face], commitment)
    }

    /// The next slot begins.
    pub(crate) fn tick(&mut self) {
        self.chain.tick();
        self.settle();
    }

    /// Lets every endpoint know that slots have passed.
    pub(crate) fn settle(&mut self) {
        for face in &mut self.faces {
            face.advance(&self.chain);
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    Fault(Fault),
    /// The connection breaks instead.
    Silence,
}

/// An error as JSON-RPC has it.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Fault {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None }
    }

    pub(crate) fn params(message: impl std::fmt::Display) -> Self {
        Self::new(-32602, message.to_string())
    }

    /// The control of the network was asked for what cannot be.
    pub(crate) fn control(message: impl Into<String>) -> Self {
        Self::new(-32099, message)
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut error =
            Map::from_iter([("code".to_owned(), json!(self.code)), ("message".to_owned(), json!(self.message))]);
        if let Some(details) = &self.details {
            error.insert("data".to_owned(), details.clone());
        }
        Value::Object(error)
    }
}

type Answer = Result<Value, Fault>;

/// Answers one call at one endpoint.
pub(crate) fn answer(network: &mut Network, face: usize, method: &str, params: Value) -> Result<Value, Refusal> {
    if let Some(verb) = method.strip_prefix("localnet_") {
        return Ok(control::answer(network, verb, params)?);
    }
    if let Some(result) = network.faces[face].false_answer(method) {
        return Ok(result.clone());
    }
    let params = Params::new(params)?;
    if method == "sendTransaction" {
        return sending::send(network, face, &params);
    }
    let asked = Asked { network, face, params };
    let result = match method {
        "getAccountInfo" => asked.account(),
        "getBalance" => asked.balance(),
        "getMultipleAccounts" => asked.accounts(),
        "getProgramAccounts" => asked.program_accounts(),
        "getTokenAccountBalance" => asked.token_balance(),
        "getMinimumBalanceForRentExemption" => asked.rent(),

        "getBlock" => asked.block(),
        "getBlockHeight" => asked.height(),
        "getBlockTime" => asked.block_time(),
        "getBlocksWithLimit" => asked.blocks_with_limit(),
        "getEpochInfo" => asked.epoch(),
        "getEpochSchedule" => Ok(asked.epoch_schedule()),
        "getFirstAvailableBlock" => Ok(json!(asked.view(Commitment::Finalized).first_slot())),
        "getGenesisHash" => asked.genesis(),
        "getHealth" => Ok(json!("ok")),
        "getLatestBlockhash" => asked.latest_blockhash(),
        "getSlot" => asked.slot(),
        "getTransactionCount" => asked.transaction_count(),
        "getVersion" => Ok(json!({ "solana-core": VERSION, "feature-set": crate::engine::feature_set() })),
        "isBlockhashValid" => asked.is_blockhash_valid(),

        "getClusterNodes" => asked.nodes(),
        "getSlotLeaders" => asked.leaders(),
        "getVoteAccounts" => asked.vote_accounts(),

        "getSignaturesForAddress" => asked.signatures(),
        "getSignatureStatuses" => asked.statuses(),
        "getTransaction" => asked.transaction(),

        "getFeeForMessage" => asked.fee(),
        "getRecentPrioritizationFees" => asked.prioritization_fees(),
        "requestAirdrop" => return Ok(sending::airdrop(asked.network, &asked.params)?),
        "simulateTransaction" => asked.simulate(),
        _ => Err(Fault::new(-32601, "Method not found")),
    };
    Ok(result?)
}

/// The version of the runtime that executes here.
const VERSION: &str = "4.2.2";

/// A call at an endpoint.
struct Asked<'a> {
    network: &'a mut Network,
    face: usize,
    params: Params,
}

impl Asked<'_> {
    fn view(&self, commitment: Commitment) -> View<'_> {
        self.network.view(self.face, commitment)
    }

    /// What the caller wants to see, by the configuration at this place.
    fn wanted(&self, place: usize) -> Result<View<'_>, Fault> {
        let config = self.params.config(place)?;
        let view = self.view(config.commitment("commitment")?);
        reached(&view, config.u64("minContextSlot")?)?;
        Ok(view)
    }

    /// The same for what is not kept of slots that are not confirmed.
    fn wanted_of_history(&self, place: usize) -> Result<View<'_>, Fault> {
        let view = self.wanted(place)?;
        if view.commitment == Commitment::Processed {
            return Err(Fault::new(-32602, "Method does not support commitment below `confirmed`"));
        }
        Ok(view)
    }
}

fn reached(view: &View<'_>, least: Option<u64>) -> Result<(), Fault> {
    if least.is_some_and(|least| view.slot < least) {
        let details = Some(json!({ "contextSlot": view.slot }));
        return Err(Fault { details, ..Fault::new(-32016, "Minimum context slot has not been reached") });
    }
    Ok(())
}

fn in_context(view: &View<'_>, value: Value) -> Value {
    json!({ "context": { "apiVersion": VERSION, "slot": view.slot }, "value": value })
}
