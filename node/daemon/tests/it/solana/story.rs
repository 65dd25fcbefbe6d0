//! One owner with one home and one chain.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use tempfile::TempDir;
use url::Url;
use williw_chain::send::Patience;
use williw_chain::solana::{Solana, SolanaSettings};
use williw_chain::verb::Verb;
use williw_chain::wallet::Keypair;
use williw_core::amount::Amount;
use williw_core::cycle::{CycleClock, Seconds, UnixSeconds};
use williw_core::identity::Account;
use williw_core::journal::Site;
use williw_core::ledger::Ledger;
use williw_core::network::NetworkId;
use williw_core::outbox::TransactionName;
use williw_daemon::outbox::{Dispatch, Interrupted, Moment, OutboxError, Pace, Sent, Tell, settle};
use williw_store::{Intent, Outbox, Which};

use super::child::Sender;
use super::network::{MIN_STAKE, OnSolana, keypair, link, signer};
use crate::child::{Said, folder};

/// How long a slot is: a blockhash lives for some twelve of them in a second, which a loaded machine needs.
const SLOT_MS: u64 = 100;

/// What the owner adds to its stake.
pub(crate) const MORE: u64 = 77;

/// What is to be done, by whom and where, for a process of its own.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Order {
    pub(crate) database: PathBuf,
    pub(crate) rpcs: Vec<Url>,
    pub(crate) genesis: Account,
    pub(crate) program: Account,
    pub(crate) network: NetworkId,
    pub(crate) secret: [u8; 32],
    pub(crate) amount: u64,
    /// With a nonce, the signer is replaced instead by the one of that link.
    pub(crate) rotates_to: Option<u64>,
    pub(crate) receipt_ms: u64,
}

pub(crate) fn quiet(_: Moment<'_>) {}

/// Short enough for a test, long enough for a loaded machine.
pub(crate) const PACE: Pace = Pace {
    receipt: Duration::from_secs(30),
    look: Duration::from_millis(50),
    resend: Duration::from_millis(200),
    outbid: Duration::from_secs(60),
    owner: Duration::from_secs(10),
};

const PATIENCE: Patience = Patience {
    agree: Duration::from_secs(10),
    period: Duration::from_millis(50),
    answer: Duration::from_millis(1_000),
};

impl Order {
    pub(crate) fn keypair(&self) -> Keypair {
        keypair(&self.secret)
    }

    pub(crate) fn solana(&self) -> Solana {
        let Self { rpcs, genesis, program, network, .. } = self.clone();
        Solana::new(&SolanaSettings { rpcs, genesis, program, network }).unwrap().with_patience(PATIENCE)
    }

    pub(crate) async fn open(&self) -> Outbox {
        let clock = CycleClock::new(UnixSeconds(1), Seconds(100)).unwrap();
        let blank = Ledger::new(self.network, clock, &[Site::Solana { config: self.program }]);
        Outbox::open(&self.database, &blank).await.unwrap()
    }

    /// What `williw stake` does, or `williw rotate`.
    pub(crate) async fn send(&self, outbox: &Outbox, tell: &mut Tell<'_>) -> Result<Sent, Interrupted> {
        let keypair = self.keypair();
        let account = keypair.account();
        let verb = match self.rotates_to {
            None => Verb::Stake { account, amount: Amount(self.amount.into()) },
            Some(nonce) => {
                let (link, signature) = link(self.network, account, nonce);
                Verb::Rotate { present: signer(nonce - 1).signer(), link, signature }
            }
        };
        self.carry_out(outbox, &verb, tell).await
    }

    pub(crate) async fn carry_out(
        &self,
        outbox: &Outbox,
        verb: &Verb,
        tell: &mut Tell<'_>,
    ) -> Result<Sent, Interrupted> {
        let (keypair, mut solana) = (self.keypair(), self.solana());
        let account = keypair.account();
        let refused = |why| Interrupted { done: Vec::new(), faults: Default::default(), why: Box::new(why) };
        let pace = Pace { receipt: Duration::from_millis(self.receipt_ms), ..PACE };
        let claimed = Dispatch::claim(&mut solana, outbox, account, pace, tell).await;
        let mut dispatch = claimed.map_err(refused)?;
        dispatch.take_up(Some((&keypair).into())).await.map_err(refused)?;
        let calls = dispatch.lane().calls(verb, account).await.map_err(|error| refused(error.into()))?;
        let sent = match dispatch.send(&keypair, &calls.value).await {
            Err(interrupted) => {
                if let OutboxError::AskedBefore { receipt, .. } = &*interrupted.why {
                    dispatch.told(&[*receipt]).await.map_err(refused)?;
                }
                return Err(interrupted);
            }
            Ok(sent) => sent,
        };
        dispatch.told(&sent.receipts).await.map_err(refused)?;
        Ok(sent)
    }
}

pub(crate) struct Story {
    pub(crate) chain: OnSolana,
    pub(crate) outbox: Outbox,
    pub(crate) order: Order,
    _folder: TempDir,
}

impl Story {
    /// An owner who has registered, in front of so many endpoints.
    pub(crate) async fn new(faces: usize) -> Self {
        Self::with_slots_of(SLOT_MS, faces).await
    }

    /// The same where time passes faster or slower.
    pub(crate) async fn with_slots_of(slot_ms: u64, faces: usize) -> Self {
        let story = Self::begin(slot_ms, faces).await;
        let (link, signature) = link(story.chain.network.id(), story.account(), 1);
        story.does(&Verb::Register { amount: Amount(MIN_STAKE.into()), link, signature }).await.unwrap();
        story.rest().await;
        assert_eq!(story.chain.staked().await, MIN_STAKE);
        story
    }

    pub(crate) async fn unregistered(faces: usize) -> Self {
        Self::begin(SLOT_MS, faces).await
    }

    async fn begin(slot_ms: u64, faces: usize) -> Self {
        let (chain, folder) = (OnSolana::begin(faces, slot_ms).await, folder());
        let order = Order {
            database: folder.path().join("williw.db"),
            rpcs: chain.net.rpcs.clone(),
            genesis: chain.genesis,
            program: chain.program,
            network: chain.network.id(),
            secret: [3; 32],
            amount: MORE,
            rotates_to: None,
            receipt_ms: 30_000,
        };
        chain.enrich(order.keypair().account()).await;
        chain.finalize().await;
        let outbox = order.open().await;
        Self { chain, outbox, order, _folder: folder }
    }

    pub(crate) fn account(&self) -> Account {
        self.order.keypair().account()
    }

    pub(crate) async fn does(&self, verb: &Verb) -> Result<Sent, OutboxError> {
        self.order.carry_out(&self.outbox, verb, &mut quiet).await.map_err(|interrupted| *interrupted.why)
    }

    pub(crate) async fn send(&self) -> Result<Sent, OutboxError> {
        self.order.send(&self.outbox, &mut quiet).await.map_err(|interrupted| *interrupted.why)
    }

    /// How often the owner's stake was added to.
    pub(crate) async fn times(&self) -> u64 {
        let more = self.chain.staked().await - MIN_STAKE;
        assert_eq!(more % MORE, 0);
        more / MORE
    }

    pub(crate) async fn latest(&self) -> Intent {
        self.outbox.intents(Which::default(), 1).await.unwrap().pop().unwrap()
    }

    /// Endpoints, counted from 1, that lie no more.
    pub(crate) async fn honest(&self, positions: &[usize]) {
        for position in positions {
            self.chain.net.lie(*position, "honest", json!({})).await;
        }
    }

    /// The signature of the latest intent.
    pub(crate) async fn signature(&self) -> TransactionName {
        self.latest().await.attempts[0].name
    }

    /// One look at everything, as a node takes it. What is not settled then.
    pub(crate) async fn tended(&self) -> Vec<Intent> {
        self.tries_to_settle().await.unwrap()
    }

    pub(crate) async fn tries_to_settle(&self) -> Result<Vec<Intent>, OutboxError> {
        settle(&self.outbox, &mut self.order.solana(), PACE, &mut quiet).await
    }

    /// Does something as a command does it.
    pub(crate) async fn act<T>(
        &self,
        action: impl AsyncFnOnce(&mut Dispatch<'_>) -> Result<T, OutboxError>,
    ) -> Result<T, OutboxError> {
        let (mut solana, mut tell) = (self.order.solana(), quiet);
        let mut dispatch = Dispatch::claim(&mut solana, &self.outbox, self.account(), PACE, &mut tell).await.unwrap();
        action(&mut dispatch).await
    }

    /// Settles what can be settled.
    pub(crate) async fn rest(&self) {
        self.tended().await;
        self.chain.finalize().await;
        // What was looked at and is final now, and what expired meanwhile, which is looked at twice.
        self.tended().await;
        assert_eq!(self.tended().await, []);
    }

    /// A process that is killed when it reaches this step.
    pub(crate) async fn killed_at(&self, step: &str) {
        let mut sender = Sender::start(&self.order);
        while sender.says().await != Said::At(step.to_owned()) {
            sender.go_on().await;
        }
        sender.kill().await;
    }
}
