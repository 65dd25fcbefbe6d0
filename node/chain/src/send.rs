//! Transactions: tried first, then signed, sent to every sound endpoint, and waited for.
//!
//! Every call is simulated before anything is signed, and refusals come back in words. A link or stake that follows an
//! approval cannot be tried to its end before the approval stands; the vault checks everything of its own before it calls
//! its token, so the first trial finds all but the token's refusals, and the call is tried again when its turn comes.
//!
//! Nothing is stored. If this is interrupted after a transaction was sent, that transaction may still be mined: look up the
//! account's nonce or its operator before doing it again. Calls that were not sent have not happened, and an approval that
//! was mined stays. A durable outbox for what runs unattended is the daemon's.

use std::time::Duration;

use alloy::consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718;
use alloy::primitives::{Address, B256, Bytes, TxKind, U64, U256};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout_at};
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::Account;

use crate::base::abi::{Token, address_of};
use crate::base::endpoint::{Endpoint, Matter, Viewed, Which, core_hash, revert_bytes};
use crate::base::rpc::Answer;
use crate::base::{Base, ChainError, EndpointFault, Faults};
use crate::verb::{Call, Refusal, Verb, approval};
use crate::wallet::{Wallet, WalletError};

/// How long a receipt is waited for.
pub const RECEIPT_DEADLINE: Duration = Duration::from_secs(120);

/// The most gas that one call is given. No verb needs a fifth of it.
pub const GAS_CAP: u64 = 5_000_000;

/// The highest tip in wei per gas: an endpoint that names more is not followed. Two gwei are a hundred times Base's usual.
pub const TIP_CAP: u128 = 2_000_000_000;

/// The highest base fee in wei per gas at which anything is sent.
pub const BASE_FEE_CAP: u128 = 500_000_000_000;

/// How often a receipt is asked for.
const RECEIPT_PERIOD: Duration = Duration::from_secs(1);

const MATTER: Matter = Matter::Lookup;

/// A transaction that is in a block and did what it was for. The block may still be reorganised away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub hash: Hash,
    pub block: Height,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error("no endpoint is fit to send through: {0}")]
    NoEndpoint(Faults),
    #[error("{what}: {refusal}")]
    Refused { what: String, refusal: Refusal },
    #[error("{what}: the endpoint answers neither yes nor no: {fault}")]
    Unclear { what: String, fault: EndpointFault },
    #[error("{what}: it would take {gas} gas, more than {GAS_CAP}")]
    TooMuchGas { what: String, gas: u64 },
    #[error("gas costs {0} wei now, more than {BASE_FEE_CAP}; nothing was sent")]
    TooExpensive(u128),
    #[error("{what}: no endpoint took the transaction: {faults}")]
    NotTaken { what: String, faults: Faults },
    #[error("{what}: transaction {hash} failed in block {block}; only its gas is gone")]
    Reverted { what: String, hash: Hash, block: Height },
    #[error("{what}: no receipt of transaction {hash} in time; it may still be mined")]
    NoReceipt { what: String, hash: Hash },
}

/// Of a receipt only this is looked at.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
struct Mined {
    transaction_hash: B256,
    block_hash: B256,
    block_number: U64,
    status: U64,
}

impl Base {
    /// The calls that carry a verb out for `from`, with an approval in front if the vault may not take enough yet.
    pub async fn calls(&mut self, verb: &Verb, from: Account) -> Result<Vec<Call>, SendError> {
        let owner = address_of(from).ok_or(ChainError::ForeignAccount(from))?;
        let call = verb.call(self.vault.address.into_array())?;
        let Some(amount) = verb.pulls() else { return Ok(vec![call]) };
        // The token is agreed by a quorum: an endpoint must not choose what is approved.
        let token = self.deployment().await?.value.token;
        let token = address_of(token).ok_or(ChainError::ForeignAccount(token))?;
        let endpoint = self.first_sound()?;
        let question = Token::allowanceCall { owner, spender: self.vault.address };
        let allowed = match endpoint.view(token, question, Which::Latest).await {
            Ok(Viewed::Value(allowed)) => allowed,
            Ok(Viewed::Reverted(_)) => U256::ZERO,
            Err(fault) => return Err(SendError::Unclear { what: "allowance".to_owned(), fault }),
        };
        let missing = allowed < U256::from(amount.0);
        Ok(missing.then(|| approval(token, self.vault.address, amount)).into_iter().chain([call]).collect())
    }

    /// Tries, signs, sends and waits for each call in turn. An error leaves those before it done.
    pub async fn send(&mut self, wallet: &Wallet, calls: &[Call]) -> Result<Vec<Receipt>, SendError> {
        // Vetting looks at the chain id again, so nothing is signed for a chain that is not ours.
        self.begin_sending().await;
        for (nth, call) in calls.iter().enumerate() {
            match self.first_sound()?.simulate(wallet.address(), call).await {
                Err(SendError::Refused { refusal, .. }) if nth > 0 && !refusal.by_vault => {}
                tried => tried?,
            }
        }
        let mut receipts = Vec::with_capacity(calls.len());
        for call in calls {
            receipts.push(self.send_one(wallet, call).await?);
        }
        Ok(receipts)
    }

    async fn send_one(&mut self, wallet: &Wallet, call: &Call) -> Result<Receipt, SendError> {
        let endpoint = self.first_sound()?;
        endpoint.simulate(wallet.address(), call).await?;
        let transaction = endpoint.draft(wallet.address(), call, self.vault.chain_id).await?;
        let signature = wallet.sign(transaction.signature_hash())?;
        let signed = TxEnvelope::from(transaction.into_signed(signature));
        let (hash, bytes) = (*signed.tx_hash(), Bytes::from(signed.encoded_2718()));
        self.broadcast(call, bytes).await?;
        self.receipt(call, hash).await
    }

    /// Gives the transaction to everybody; one that takes it is enough.
    async fn broadcast(&mut self, call: &Call, bytes: Bytes) -> Result<(), SendError> {
        let ask = |index: usize| {
            let (rpc, bytes) = (&self.endpoints[index].rpc, &bytes);
            async move { (index, rpc.demand::<B256>("eth_sendRawTransaction", json!([bytes])).await) }
        };
        let answers = join_all(self.sound(MATTER).into_iter().map(ask)).await;
        if answers.iter().any(|(_, answer)| answer.is_ok()) {
            return Ok(());
        }
        let named = |(index, answer): (usize, Result<B256, EndpointFault>)| {
            Some((self.endpoints[index].name.clone(), answer.err()?))
        };
        let faults = Faults(answers.into_iter().filter_map(named).collect());
        Err(SendError::NotTaken { what: call.what.clone(), faults })
    }

    /// Waits until enough endpoints have the transaction in the same block.
    async fn receipt(&mut self, call: &Call, hash: B256) -> Result<Receipt, SendError> {
        let deadline = Instant::now() + RECEIPT_DEADLINE;
        loop {
            let mined = timeout_at(deadline, self.mined(hash)).await.ok().flatten();
            if let Some(Mined { block_number, status, .. }) = mined {
                let (hash, block) = (core_hash(hash), Height(block_number.to()));
                if status.is_zero() {
                    return Err(SendError::Reverted { what: call.what.clone(), hash, block });
                }
                return Ok(Receipt { hash, block });
            }
            if Instant::now() + RECEIPT_PERIOD > deadline {
                return Err(SendError::NoReceipt { what: call.what.clone(), hash: core_hash(hash) });
            }
            sleep(RECEIPT_PERIOD).await;
        }
    }

    async fn mined(&self, hash: B256) -> Option<Mined> {
        let senders = self.sound(MATTER);
        let needed = self.quorum_among(senders.len());
        let ask = |index: usize| {
            let rpc = &self.endpoints[index].rpc;
            async move { (index, rpc.ask::<Mined>("eth_getTransactionReceipt", json!([hash])).await) }
        };
        // An endpoint that fails now is asked again in the next round.
        let answers = join_all(senders.into_iter().map(ask)).await;
        let shown = answers.into_iter().filter_map(|(index, answer)| Some((index, answer.ok()??)));
        let claims: Vec<_> = shown.filter(|(_, mined)| mined.transaction_hash == hash).collect();
        crate::base::agreed(&claims, needed)
    }

    async fn begin_sending(&mut self) {
        for endpoint in &mut self.endpoints {
            endpoint.vetted = false;
        }
        self.begin(MATTER).await;
    }

    fn first_sound(&self) -> Result<&Endpoint, SendError> {
        let first = self.sound(MATTER).first().copied();
        first.map(|index| &self.endpoints[index]).ok_or_else(|| SendError::NoEndpoint(self.faults(MATTER)))
    }
}

impl Endpoint {
    /// Whether the call would go through now.
    async fn simulate(&self, from: Address, call: &Call) -> Result<(), SendError> {
        let answer = self.rpc.answer::<Bytes>("eth_call", json!([request(from, call), "latest"])).await;
        verdict(call, "eth_call", answer).map(|_| ())
    }

    /// The transaction as it will be signed.
    async fn draft(&self, from: Address, call: &Call, chain_id: u64) -> Result<TxEip1559, SendError> {
        let unclear = |fault| SendError::Unclear { what: call.what.clone(), fault };
        let estimate = self.rpc.answer::<U64>("eth_estimateGas", json!([request(from, call)])).await;
        let estimate: u64 = verdict(call, "eth_estimateGas", estimate)?.to();
        // What others do before it in the block may make it dearer by some slots.
        let gas = estimate.saturating_add(estimate / 4);
        if gas > GAS_CAP {
            return Err(SendError::TooMuchGas { what: call.what.clone(), gas });
        }
        let nonce: U64 = self.rpc.demand("eth_getTransactionCount", json!([from, "pending"])).await.map_err(unclear)?;
        let tip: U256 = self.rpc.demand("eth_maxPriorityFeePerGas", json!([])).await.map_err(unclear)?;
        let tip = tip.saturating_to::<u128>().min(TIP_CAP);
        let base_fee = self.block(Which::Latest).await.map_err(unclear)?.base_fee;
        let base_fee = u128::from(base_fee.ok_or(EndpointFault::Undecodable("eth_getBlockByNumber")).map_err(unclear)?);
        if base_fee > BASE_FEE_CAP {
            return Err(SendError::TooExpensive(base_fee));
        }
        Ok(TxEip1559 {
            chain_id,
            nonce: nonce.to(),
            gas_limit: gas,
            // Six full blocks in a row double the base fee.
            max_fee_per_gas: 2 * base_fee + tip,
            max_priority_fee_per_gas: tip,
            to: TxKind::Call(Address::from(call.to)),
            value: U256::from(call.value),
            input: Bytes::copy_from_slice(&call.data),
            ..TxEip1559::default()
        })
    }
}

fn request(from: Address, call: &Call) -> Value {
    let data = Bytes::copy_from_slice(&call.data);
    json!({ "from": from, "to": Address::from(call.to), "data": data, "value": U256::from(call.value) })
}

/// The result, or the refusal in words.
fn verdict<T>(call: &Call, method: &'static str, answer: Result<Answer<T>, EndpointFault>) -> Result<T, SendError> {
    let what = call.what.clone();
    match answer {
        Ok(Answer::Result(Some(result))) => Ok(result),
        Ok(Answer::Result(None)) => Err(SendError::Unclear { what, fault: EndpointFault::Undecodable(method) }),
        Ok(Answer::Refusal { code, message, data }) => Err(match revert_bytes(data.as_ref()) {
            Some(bytes) => SendError::Refused { what, refusal: Refusal::decode(&bytes) },
            None => SendError::Unclear { what, fault: EndpointFault::Refused { method, code, message } },
        }),
        Err(fault) => Err(SendError::Unclear { what, fault }),
    }
}
