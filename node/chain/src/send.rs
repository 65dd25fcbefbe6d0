//! Transactions: tried first, then signed, sent to every sound endpoint, and waited for.
//!
//! Nothing is taken from one endpoint on its word. What a call would do, the nonce and the base fee are agreed by a quorum
//! under one block near the tip; of gas and priority fee the middle of what all of them say is taken. A nonce out of one
//! liar's mouth could make a verb happen twice: sent with a nonce that is not reached yet, repeated because no receipt came,
//! and both mined once the gap is closed. For the same reason nothing is sent while another transaction of the account is
//! pending, and a repetition has the nonce of what it repeats: at most one of them is ever mined.
//!
//! Every call is simulated before anything is signed, and refusals come back in words. A link or stake that follows an
//! approval cannot be tried to its end before the approval stands; the vault checks everything of its own before it calls
//! its token, so the first trial finds all but the token's refusals, and the call is tried again when its turn comes, at a
//! block that has the approval. That the account has the tokens is looked at before anything is sent.
//!
//! Nothing is stored. Hash and nonce are told before a transaction leaves, so that whoever is interrupted can look it up.
//! Calls that were not sent have not happened, and an approval that was mined stays. A durable outbox for what runs
//! unattended is the daemon's.

use std::fmt;
use std::time::Duration;

use alloy::consensus::{SignableTransaction, TxEip1559, TxEnvelope};
use alloy::eips::eip2718::Encodable2718;
use alloy::primitives::{Address, Bytes, U256};
use tokio::time::{Instant, sleep};
use williw_core::amount::Amount;
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::Account;

use crate::base::abi::{Token, address_of};
use crate::base::endpoint::{Block, Matter, core_hash};
use crate::base::{Base, ChainError, EndpointName, Faults, Reading};
use crate::verb::{Call, Refusal, Verb, approval};
use crate::wallet::{Wallet, WalletError};

mod ask;
mod draft;
mod receipt;

use ask::request;

/// How long a receipt is waited for, unless a reader is told otherwise.
pub const RECEIPT_DEADLINE: Duration = Duration::from_secs(120);

/// The most gas that one call is given. No verb needs a fifth of it.
pub const GAS_CAP: u64 = 5_000_000;

/// The highest tip in wei per gas: an endpoint that names more is not followed. Two gwei are a hundred times Base's usual.
pub const TIP_CAP: u128 = 2_000_000_000;

/// The highest base fee in wei per gas at which anything is sent.
pub const BASE_FEE_CAP: u128 = 500_000_000_000;

/// How long endpoints have to agree on what a transaction needs: some blocks.
const AGREED_WITHIN: Duration = Duration::from_secs(12);

/// How often a receipt, or what endpoints did not agree on, is asked for.
const RECEIPT_PERIOD: Duration = Duration::from_secs(1);

const MATTER: Matter = Matter::Lookup;

/// A transaction that is in a block and did what it was for. The block may still be reorganised away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub hash: Hash,
    pub block: Height,
}

/// A transaction that is about to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// What it does, for people.
    pub what: &'a str,
    pub nonce: u64,
    pub hash: Hash,
}

/// What was sent, and what was wrong with whom meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// One for each call, in their order.
    pub receipts: Vec<Receipt>,
    pub faults: Faults,
}

/// Calls of which not all were carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Interrupted {
    /// What was carried out before: this is mined and stays.
    pub done: Vec<Receipt>,
    pub faults: Faults,
    /// Why the call after those was not.
    pub why: Box<SendError>,
}

/// How many transactions of an account one endpoint counts, pending ones included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub endpoint: EndpointName,
    pub transactions: u64,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error("{what}: the account has {has} of the token, not {needs}; nothing was sent")]
    TooFewTokens { what: String, has: Amount, needs: Amount },
    #[error("{what}: {refusal}")]
    Refused { what: String, refusal: Refusal },
    #[error("{what}: {mined} transactions of the account are mined, others seem to be pending: {}", counts(.counted))]
    Pending { what: String, mined: u64, counted: Vec<Count> },
    #[error("{what}: it would take {gas} gas, more than {GAS_CAP}")]
    TooMuchGas { what: String, gas: u64 },
    #[error("gas costs {0} wei now, more than {BASE_FEE_CAP}")]
    TooExpensive(u128),
    #[error("the chain has no base fee at {0}")]
    NoBaseFee(Height),
    #[error("{what}: no endpoint took transaction {hash}: {faults}")]
    NotTaken { what: String, hash: Hash, faults: Faults },
    #[error("{what}: transaction {hash} failed in block {block}; only its gas is gone")]
    Reverted { what: String, hash: Hash, block: Height },
    #[error("{what}: no receipt of transaction {hash} with nonce {nonce} in time; it may still be mined: {faults}")]
    NoReceipt { what: String, hash: Hash, nonce: u64, faults: Faults },
}

fn counts(counted: &[Count]) -> String {
    let words: Vec<String> = counted.iter().map(Count::to_string).collect();
    words.join("; ")
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} counts {}", self.endpoint, self.transactions)
    }
}

impl Base {
    /// Waits so long for each receipt, for callers with less or more patience.
    #[must_use]
    pub const fn with_receipts_within(mut self, time: Duration) -> Self {
        self.receipts_within = time;
        self
    }

    /// The calls that carry a verb out for `from`, with an approval in front if the vault may not take enough yet.
    pub async fn calls(&mut self, verb: &Verb, from: Account) -> Result<Reading<Vec<Call>>, SendError> {
        let owner = address_of(from).ok_or(ChainError::ForeignAccount(from))?;
        let call = verb.call(self.vault.address.into_array())?;
        let Some(amount) = verb.pulls() else { return Ok(Reading { value: vec![call], faults: Faults::default() }) };
        // The token is agreed by a quorum: an endpoint must not choose what is approved.
        let Reading { value: deployment, faults } = self.deployment().await?;
        let token = address_of(deployment.token).ok_or(ChainError::ForeignAccount(deployment.token))?;
        let tip = self.tip(MATTER).await?;
        let vault = self.vault.address;
        let balance = Token::balanceOfCall { account: owner };
        let balance = self.number(tip, "the account's tokens", token, balance).await?;
        if balance < U256::from(amount.0) {
            let has = Amount(balance.saturating_to());
            return Err(SendError::TooFewTokens { what: call.what, has, needs: amount });
        }
        let allowance = Token::allowanceCall { owner, spender: vault };
        let allowed = self.number(tip, "the allowance of the vault", token, allowance).await?;
        let missing = allowed < U256::from(amount.0);
        let value = missing.then(|| approval(token, vault, amount)).into_iter().chain([call]).collect();
        Ok(Reading { value, faults: faults.and(self.faults(MATTER)) })
    }

    /// Tries, signs, sends and waits for each call in turn, and tells of each before it leaves.
    pub async fn send(
        &mut self,
        wallet: &Wallet,
        calls: &[Call],
        tell: &mut (dyn FnMut(Outgoing<'_>) + Send),
    ) -> Result<Sent, Interrupted> {
        let mut sent = Sent::default();
        match self.send_all(wallet, calls, tell, &mut sent).await {
            Ok(()) => Ok(sent),
            Err(why) => {
                sent.faults = std::mem::take(&mut sent.faults).and(self.faults(MATTER));
                Err(Interrupted { done: sent.receipts, faults: sent.faults, why: Box::new(why) })
            }
        }
    }

    async fn send_all(
        &mut self,
        wallet: &Wallet,
        calls: &[Call],
        tell: &mut (dyn FnMut(Outgoing<'_>) + Send),
        sent: &mut Sent,
    ) -> Result<(), SendError> {
        // Vetting looks at the chain id again, so nothing is signed for a chain that is not ours.
        for endpoint in &mut self.endpoints {
            endpoint.vetted = false;
        }
        let tip = self.tip(MATTER).await?;
        for (nth, call) in calls.iter().enumerate() {
            match self.attempt(wallet.address(), call, tip).await {
                Err(SendError::Refused { refusal, .. }) if nth > 0 && !refusal.by_vault => {}
                tried => tried?,
            }
        }
        sent.faults = std::mem::take(&mut sent.faults).and(self.faults(MATTER));
        let mut behind = Height(0);
        for call in calls {
            let receipt = self.send_one(wallet, call, behind, tell).await?;
            behind = receipt.block;
            sent.receipts.push(receipt);
            sent.faults = std::mem::take(&mut sent.faults).and(self.faults(MATTER));
        }
        Ok(())
    }

    async fn send_one(
        &mut self,
        wallet: &Wallet,
        call: &Call,
        behind: Height,
        tell: &mut (dyn FnMut(Outgoing<'_>) + Send),
    ) -> Result<Receipt, SendError> {
        let transaction = self.prepare(wallet.address(), call, behind).await?;
        let nonce = transaction.nonce;
        let signature = wallet.sign(transaction.signature_hash())?;
        let signed = TxEnvelope::from(transaction.into_signed(signature));
        let outgoing = Outgoing { what: &call.what, nonce, hash: core_hash(*signed.tx_hash()) };
        tell(outgoing);
        let refusals = self.broadcast(outgoing, Bytes::from(signed.encoded_2718())).await?;
        self.receipt(outgoing, refusals).await
    }

    /// What will be signed, tried at a tip with the block of the last receipt: what was mined there has to count. Behind one
    /// address there may be several machines, some blocks apart, and an approval that is mined should not be left alone
    /// because one of them was asked a moment too early; so disagreement ends nothing at once.
    async fn prepare(&mut self, from: Address, call: &Call, behind: Height) -> Result<TxEip1559, SendError> {
        let deadline = Instant::now() + AGREED_WITHIN.min(self.receipts_within);
        loop {
            match self.prepare_once(from, call, behind).await {
                Err(SendError::Chain(ChainError::NoQuorum { .. }) | SendError::Pending { .. })
                    if Instant::now() + RECEIPT_PERIOD <= deadline =>
                {
                    sleep(RECEIPT_PERIOD).await;
                }
                prepared => return prepared,
            }
        }
    }

    async fn prepare_once(&mut self, from: Address, call: &Call, behind: Height) -> Result<TxEip1559, SendError> {
        let tip = self.tip(MATTER).await?;
        if tip.height < behind {
            return Err(self.no_quorum(MATTER, "the block of the last receipt").into());
        }
        self.attempt(from, call, tip).await?;
        self.draft(from, call, tip).await
    }

    /// Whether the call would go through at this block.
    async fn attempt(&mut self, from: Address, call: &Call, tip: Block) -> Result<(), SendError> {
        let outcomes = self.outcomes(tip, &request(from, call)).await;
        let reverted = outcomes.into_iter().map(|(index, outcome)| (index, outcome.err())).collect();
        match self.agree_on("whether the call goes through", reverted)? {
            None => Ok(()),
            Some(bytes) => Err(SendError::Refused { what: call.what.clone(), refusal: Refusal::decode(&bytes) }),
        }
    }
}
