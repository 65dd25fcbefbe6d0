//! Transactions: tried, drafted, signed, given to every sound endpoint, and looked up.
//!
//! Nothing is taken from one endpoint on its word. What a call would do, the nonce, the account's money and the base fee are
//! agreed by a quorum under one block near the tip; of gas and priority fee the middle of what all of them say is taken. A
//! nonce out of one liar's mouth could make a verb happen twice: sent with a nonce that is not reached yet, repeated because
//! no receipt came, and both mined once the gap is closed. For the same reason nothing new is drafted while another
//! transaction of the account is pending, and whatever repeats a transaction has its nonce: at most one of them is ever
//! mined.
//!
//! Every call is simulated before anything is signed, and refusals come back in words. A link or stake that follows an
//! approval cannot be tried to its end before the approval stands; the vault checks everything of its own before it calls
//! its token, so the first trial finds all but the token's refusals, and the call is tried again when its turn comes, at a
//! block that has the approval. That the account has the tokens is looked at before anything is sent.
//!
//! Each function here is one step, and none of them stores or waits for a receipt: in which order they may be taken, and
//! what has to be on disk before, is the outbox's to know. What an endpoint answers to a transaction is therefore sorted
//! ([`Answer`]) and never believed; what became of it is only what [`Base::look`] and [`Base::standing`] agree on.

use std::fmt;
use std::time::Duration;

use alloy::primitives::{Address, U256};
use tokio::time::{Instant, sleep};
use williw_core::amount::Amount;
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::offence::Acquittal;
use williw_core::outbox::{Answer, Fees, Purpose, RAISED_AT_MOST, Wei};

use crate::base::abi::{Token, address_of};
use crate::base::endpoint::Block;
use crate::base::{Base, ChainError, EndpointName, Faults, REQUEST_TIMEOUT, Reading};
use crate::panel::Matter;
use crate::solana::send::TRANSACTION_CAP;
use crate::verb::{Call, Refusal, Verb, approval};
use crate::wallet::WalletError;

mod ask;
mod draft;
mod give;
mod look;
mod search;
mod transaction;

use ask::request;
pub use look::Sought;
pub use transaction::{Draft, Signed};

/// The most gas that one call is given. No verb needs a fifth of it.
pub const GAS_CAP: u64 = 5_000_000;
/// Three slots, written from nothing.
const SPARE_GAS: u64 = 60_000;

/// The highest tip in wei per gas: an endpoint that names more is not followed. Two gwei are a hundred times Base's usual.
pub const TIP_CAP: u128 = 2_000_000_000;

/// The highest base fee in wei per gas at which anything is sent.
pub const BASE_FEE_CAP: u128 = 100_000_000_000;

/// The most that any attempt offers for a unit of gas, also when it has to outbid others. No number of raises comes there
/// from what a first one may offer, so a cancellation always can outbid.
pub const FEE_CAP: Fees =
    Fees { max: Wei(RAISED_AT_MOST * (2 * BASE_FEE_CAP + TIP_CAP)), tip: Wei(RAISED_AT_MOST * TIP_CAP) };

const MATTER: Matter = Matter::Lookup;

/// How long endpoints are waited for while something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long they have to agree on what a transaction needs.
    pub agree: Duration,
    /// How often what they did not agree on is asked again.
    pub period: Duration,
    /// How long one has to say that it took a transaction. It may have taken it all the same.
    pub answer: Duration,
}

impl Patience {
    /// Some blocks to agree, and as long for an answer as for any other.
    pub const USUAL: Self =
        Self { agree: Duration::from_secs(12), period: Duration::from_secs(1), answer: REQUEST_TIMEOUT };

    /// Takes a step again for as long as the endpoints have to agree and do not. Behind one address there may be several
    /// machines, some blocks apart, so disagreement ends nothing at once.
    pub(crate) async fn patiently<T>(
        self,
        mut step: impl AsyncFnMut() -> Result<T, SendError>,
    ) -> Result<T, SendError> {
        let deadline = Instant::now() + self.agree;
        loop {
            match step().await {
                Err(SendError::Chain(ChainError::NoQuorum { .. }) | SendError::Pending { .. })
                    if Instant::now() + self.period <= deadline =>
                {
                    sleep(self.period).await;
                }
                done => return done,
            }
        }
    }
}

/// What the endpoints said to a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// The best of their answers.
    pub answer: Answer,
    /// Who did not take it, and why.
    pub faults: Faults,
    /// True if a quorum refused it and nobody took it or has it.
    pub refused: bool,
}

/// A transaction that may be in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub hash: Hash,
    pub purpose: Purpose,
}

/// How many transactions of an account one endpoint counts, pending ones included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    pub endpoint: EndpointName,
    pub transactions: u64,
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error(transparent)]
    Wallet(#[from] WalletError),
    #[error("{what}: the account has {has} of the token, not {needs}; nothing was sent")]
    TooFewTokens { what: String, has: Amount, needs: Amount },
    #[error("{what}: the account has {has} wei, and with its gas this may cost {needs}; nothing was sent")]
    TooPoor { what: String, has: U256, needs: U256 },
    #[error("{what}: the account has {has} lamports, and the fee alone may be {needs}; nothing was sent")]
    TooFewLamports { what: String, has: u64, needs: u64 },
    #[error("{0} is more than any token account of solana can hold")]
    TooManyAtoms(Amount),
    #[error("{what}: it would have {bytes} bytes, more than the {TRANSACTION_CAP} of a transaction")]
    TooLong { what: String, bytes: usize },
    #[error("this slashes nobody: {0}")]
    ProvesNothing(Acquittal),
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
    #[error("more than {} wei for a unit of gas, {} of them as a tip, are not offered", FEE_CAP.max, FEE_CAP.tip)]
    FeeCap,
    #[error("the stored bytes are no transaction of this chain")]
    NotATransaction,
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
    /// Waits so long while something is sent, for callers with less or more patience.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// How long endpoints are waited for while something is sent.
    #[must_use]
    pub const fn patience(&self) -> Patience {
        self.patience
    }

    /// What the last of these steps found wrong with endpoints, also when it came to nothing.
    #[must_use]
    pub fn faults_of_sending(&self) -> Faults {
        self.panel.faults(MATTER)
    }

    /// The call of the vault that carries a verb out. Nobody is asked.
    pub fn own_call(&self, verb: &Verb) -> Result<Call, ChainError> {
        verb.call(self.vault.address.into_array())
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
        Ok(Reading { value, faults: faults.and(self.panel.faults(MATTER)) })
    }

    /// Tries all calls before the first one is signed. What follows another may still be refused by what that one is to
    /// change, so of those only the vault's own refusals count.
    pub async fn rehearse(&mut self, from: Account, calls: &[Call]) -> Result<Faults, SendError> {
        let from = address_of(from).ok_or(ChainError::ForeignAccount(from))?;
        // Vetting looks at the chain id again, so nothing is signed for a chain that is not ours.
        for endpoint in &mut self.panel.endpoints {
            endpoint.vetted = false;
        }
        let tip = self.tip(MATTER).await?;
        for (nth, call) in calls.iter().enumerate() {
            match self.attempt(from, call, tip).await {
                Err(SendError::Refused { refusal, .. }) if nth > 0 && !refusal.by_vault => {}
                tried => tried?,
            }
        }
        Ok(self.panel.faults(MATTER))
    }

    /// What is to be signed, tried at a tip with the block of the last receipt: what was mined there has to count, and an
    /// approval that is mined should not be left alone because some endpoint was asked a moment too early.
    pub async fn draft(&mut self, from: Account, call: &Call, behind: Height) -> Result<Reading<Draft>, SendError> {
        let from = address_of(from).ok_or(ChainError::ForeignAccount(from))?;
        let value = self.patience.patiently(async || self.draft_once(from, call, behind).await).await?;
        Ok(Reading { value, faults: self.panel.faults(MATTER) })
    }

    async fn draft_once(&mut self, from: Address, call: &Call, behind: Height) -> Result<Draft, SendError> {
        let tip = self.tip(MATTER).await?;
        if tip.height < behind {
            return Err(self.panel.no_quorum(MATTER, "the block of the last receipt").into());
        }
        self.attempt(from, call, tip).await?;
        self.numbers(from, call, tip).await
    }

    /// What outbids a signed transaction of `from` with its own nonce and call. `what` is what it does, for people.
    pub async fn outbid(&mut self, from: Account, what: &str, signed: &[u8]) -> Result<Draft, SendError> {
        self.follow(from, what, signed, |draft, _| draft).await
    }

    /// What takes a signed transaction's place and does nothing: the same nonce, and nothing to itself.
    pub async fn cancellation(&mut self, from: Account, what: &str, signed: &[u8]) -> Result<Draft, SendError> {
        self.follow(from, what, signed, Draft::emptied).await
    }

    async fn follow(
        &mut self,
        from: Account,
        what: &str,
        signed: &[u8],
        change: impl FnOnce(Draft, Address) -> Draft,
    ) -> Result<Draft, SendError> {
        let from = address_of(from).ok_or(ChainError::ForeignAccount(from))?;
        let tip = self.tip(MATTER).await?;
        let usual = self.fees(tip).await?;
        let draft = change(Draft::read(signed, self.vault.chain_id, tip.height)?, from).outbidding(usual)?;
        self.can_pay(from, &draft, what, tip).await?;
        Ok(draft)
    }

    /// Whether the call would go through at this block.
    async fn attempt(&mut self, from: Address, call: &Call, tip: Block) -> Result<(), SendError> {
        let outcomes = self.outcomes(tip, &request(from, call)?).await;
        let reverted = outcomes.into_iter().map(|(index, outcome)| (index, outcome.err())).collect();
        match self.panel.agree_on(MATTER, "whether the call goes through", reverted)? {
            None => Ok(()),
            Some(bytes) => Err(SendError::Refused { what: call.what.clone(), refusal: Refusal::decode(&bytes) }),
        }
    }
}
