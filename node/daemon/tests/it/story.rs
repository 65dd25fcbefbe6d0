//! One person with one home and one chain.

use std::time::Duration;

use alloy::primitives::{Address, U256};
use tempfile::TempDir;
use williw_chain::base::Base;
use williw_daemon::outbox::{Dispatch, Interrupted, Moment, OutboxError, Sent, settle};
use williw_store::{Intent, Outbox, Which};

use crate::chain::{Chain, base, open, pace};
use crate::child::{Order, Said, Sender, folder};

pub(crate) const VALUE: u128 = 777;
pub(crate) const TO: [u8; 20] = [0x42; 20];
/// Longer than any story.
pub(crate) const NEVER: u64 = 60_000;

pub(crate) struct Story {
    pub(crate) chain: Chain,
    pub(crate) outbox: Outbox,
    pub(crate) order: Order,
    _folder: TempDir,
}

pub(crate) fn quiet(_: Moment<'_>) {}

impl Story {
    pub(crate) async fn new(outbid_ms: u64) -> Self {
        let (chain, folder) = (Chain::start().await, folder());
        let database = folder.path().join("williw.db");
        let outbox = open(&database).await;
        let (rpcs, secret) = (chain.urls(1), [3; 32]);
        let order = Order { database, rpcs, secret, to: TO, value: VALUE, outbid_ms };
        let story = Self { chain, outbox, order, _folder: folder };
        story.chain.enrich(story.payer()).await;
        story
    }

    pub(crate) fn payer(&self) -> Address {
        Address::from_word(self.order.wallet().account().0.into())
    }

    pub(crate) fn base(&self) -> Base {
        base(self.order.rpcs.clone())
    }

    pub(crate) async fn send(&self) -> Result<Sent, Interrupted> {
        self.order.send(&self.outbox, &mut self.base(), &mut quiet).await
    }

    pub(crate) async fn fails(&self) -> OutboxError {
        *self.send().await.unwrap_err().why
    }

    /// Does something as a command does it.
    pub(crate) async fn act<T>(
        &self,
        action: impl AsyncFnOnce(&mut Dispatch<'_>) -> Result<T, OutboxError>,
    ) -> Result<T, OutboxError> {
        let mut base = self.base();
        let pace = pace(Duration::from_millis(self.order.outbid_ms));
        let account = self.order.wallet().account();
        let mut tell = quiet;
        let mut dispatch = Dispatch::claim(&mut base, &self.outbox, account, pace, &mut tell).await.unwrap();
        action(&mut dispatch).await
    }

    pub(crate) async fn latest(&self) -> Intent {
        self.outbox.intents(Which::default(), 1).await.unwrap().pop().unwrap()
    }

    /// Settles what can be settled.
    pub(crate) async fn rest(&self) {
        let mut base = self.base();
        settle(&self.outbox, &mut base, pace(Duration::from_secs(60)), &mut quiet).await.unwrap();
        self.chain.finalize().await;
        let left = settle(&self.outbox, &mut base, pace(Duration::from_secs(60)), &mut quiet).await.unwrap();
        assert_eq!(left, []);
    }

    pub(crate) async fn paid(&self) -> U256 {
        self.chain.balance(Address::from(TO)).await
    }

    /// A child whose trial goes well, and then the other side changes its mind for a while. What it says.
    pub(crate) async fn is_undone(&self) -> String {
        let mut sender = Sender::start(&self.order);
        let why = loop {
            match sender.says().await {
                Said::At(step) if step == "drafted" => self.chain.refuse(Address::from(TO)).await,
                Said::At(_) => {}
                Said::Done => panic!("it was done"),
                Said::NotDone(why) => break why,
            }
            sender.go_on().await;
        };
        assert!(why.contains("only its gas is gone"), "{why}");
        self.chain.accept(Address::from(TO)).await;
        why
    }

    /// A child that is killed when it reaches this step.
    pub(crate) async fn killed_at(&self, step: &str) {
        let mut sender = Sender::start(&self.order);
        while sender.says().await != Said::At(step.to_owned()) {
            sender.go_on().await;
        }
        sender.kill().await;
    }
}
