//! A chain with something on it that passes for a vault, and the outbox in front of it.

use std::path::Path;
use std::time::Duration;

use alloy::primitives::{Address, U64, U256, hex};
use serde_json::{Value, json};
use url::Url;
use williw_chain::base::{Base, BaseSettings};
use williw_chain::send::Patience;
use williw_core::cycle::{CycleClock, Height, Seconds, UnixSeconds};
use williw_core::identity::Account;
use williw_core::journal::Site;
use williw_core::ledger::Ledger;
use williw_core::network::NetworkId;
use williw_daemon::outbox::Pace;
use williw_store::Outbox;

use crate::anvil::Anvil;
use crate::post::Post;

pub(crate) const CHAIN_ID: u64 = 31_337;
const VAULT: [u8; 20] = [0x11; 20];
const NETWORK: NetworkId = NetworkId([7; 32]);
/// Blocks until what is in one is final.
const FINAL_AFTER: u64 = 9;
/// The most blocks that are reorganised away: fewer than it takes until they are final.
pub(crate) const REORG_CAP: u64 = 3;
/// Ten ether.
const WEALTH: u128 = 10_000_000_000_000_000_000;

/// A chain, and three endpoints in front of it.
pub(crate) struct Chain {
    pub(crate) anvil: Anvil,
    pub(crate) posts: [Post; 3],
}

impl Chain {
    pub(crate) async fn start() -> Self {
        let anvil = Anvil::start().await;
        // `networkId()`, or anything else that it is asked.
        let code = format!("0x7f{}5f5260205ff3", hex::encode(NETWORK.0));
        let _: Value = anvil.ask("anvil_setCode", json!([Address::from(VAULT), code])).await;
        anvil.mine(FINAL_AFTER).await;
        let posts = [Post::before(&anvil.url).await, Post::before(&anvil.url).await, Post::before(&anvil.url).await];
        Self { anvil, posts }
    }

    /// Gives an account money that no reorganisation takes back.
    pub(crate) async fn enrich(&self, account: Address) {
        let _: Value = self.anvil.ask("anvil_setBalance", json!([account, U256::from(WEALTH)])).await;
        self.anvil.mine(REORG_CAP + 1).await;
    }

    pub(crate) async fn balance(&self, account: Address) -> U256 {
        self.anvil.ask("eth_getBalance", json!([account, "latest"])).await
    }

    pub(crate) async fn nonce(&self, account: Address) -> u64 {
        self.anvil.ask::<U64>("eth_getTransactionCount", json!([account, "latest"])).await.to()
    }

    /// Replaces the newest blocks by empty ones. Anvil mines what it was given a moment later, and what it mines while it
    /// reorganises is in a block and not in the state: no chain does that, so it is waited for.
    pub(crate) async fn reorg(&self, depth: u64) {
        let empty = async {
            while self.anvil.ask::<Value>("txpool_status", json!([])).await["pending"] != "0x0" {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), empty).await.expect("anvil mines at once");
        self.anvil.reorg(depth).await;
    }

    /// Makes everything that is in a block final.
    pub(crate) async fn finalize(&self) {
        self.anvil.mine(FINAL_AFTER).await;
    }

    /// Whoever is paid undoes it from now on.
    pub(crate) async fn refuse(&self, account: Address) {
        let _: Value = self.anvil.ask("anvil_setCode", json!([account, "0x5f5ffd"])).await;
    }

    /// And no more.
    pub(crate) async fn accept(&self, account: Address) {
        let _: Value = self.anvil.ask("anvil_setCode", json!([account, "0x"])).await;
    }

    pub(crate) fn urls(&self, endpoints: usize) -> Vec<Url> {
        self.posts.iter().take(endpoints).map(|post| post.url.clone()).collect()
    }
}

fn settings(rpcs: Vec<Url>) -> BaseSettings {
    BaseSettings { rpcs, chain_id: CHAIN_ID, vault: VAULT, network: NETWORK, from_height: Height(0) }
}

pub(crate) fn base(rpcs: Vec<Url>) -> Base {
    let patience = Patience {
        agree: Duration::from_secs(5),
        period: Duration::from_millis(10),
        answer: Duration::from_millis(250),
    };
    Base::new(&settings(rpcs)).unwrap().with_patience(patience)
}

/// Short enough for thousands of cases, long enough for a loaded machine.
pub(crate) fn pace(outbid: Duration) -> Pace {
    Pace {
        receipt: Duration::from_secs(10),
        look: Duration::from_millis(8),
        resend: Duration::from_millis(40),
        outbid,
        owner: Duration::from_secs(10),
    }
}

pub(crate) fn blank() -> Ledger {
    let clock = CycleClock::new(UnixSeconds(1), Seconds(100)).unwrap();
    Ledger::new(NETWORK, clock, &[Site::Base { vault: Account::evm(VAULT), pool: None }])
}

pub(crate) async fn open(path: &Path) -> Outbox {
    Outbox::open(path, &blank()).await.unwrap()
}
