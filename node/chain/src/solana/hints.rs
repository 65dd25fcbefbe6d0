//! Hints: endpoints that say by themselves when something names the program.
//!
//! A subscription tells at once what a reading would find a little later. Nothing it says is believed, nor even looked at:
//! it is a reason to read now. So it may fail for ever without harm, and whoever cries all the time is heard once a second.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anchor_client::CommitmentConfig;
use anchor_client::compat::solana_pubsub_client::nonblocking::pubsub_client::PubsubClient;
use anchor_client::compat::solana_rpc_client_api::config::{RpcTransactionLogsConfig, RpcTransactionLogsFilter};
use anchor_lang::prelude::Pubkey;
use futures_util::stream::{StreamExt, select};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use url::Url;

/// At least so much time lies between two hints.
pub const HINT_PAUSE: Duration = Duration::from_secs(1);

/// How long an endpoint has to let us subscribe.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an endpoint is left alone that did not let us, or that broke off: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));

/// What is heard of all endpoints. Nobody is subscribed to until the first hint is waited for.
pub(crate) struct Hints {
    urls: Vec<Url>,
    about: Pubkey,
    heard: Arc<Notify>,
    listeners: JoinSet<()>,
    last: Option<Instant>,
}

impl Hints {
    /// Hints from these endpoints about whatever names this account.
    pub(crate) fn new(rpcs: &[Url], about: Pubkey) -> Self {
        Self {
            urls: rpcs.iter().filter_map(socket_of).collect(),
            about,
            heard: Arc::default(),
            listeners: JoinSet::new(),
            last: None,
        }
    }

    /// Ends with the next hint.
    pub(crate) async fn next(&mut self) {
        if self.listeners.is_empty() {
            for url in &self.urls {
                self.listeners.spawn(listen(url.clone(), self.about, Arc::clone(&self.heard)));
            }
        }
        if let Some(last) = self.last {
            sleep_until(last + HINT_PAUSE).await;
        }
        self.heard.notified().await;
        self.last = Some(Instant::now());
    }
}

impl fmt::Debug for Hints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its addresses may hold keys.
        write!(f, "Hints({})", self.urls.len())
    }
}

/// Where an endpoint serves subscriptions, as Solana's own clients expect: a port that is named is that of questions, and
/// the one above it is for these.
fn socket_of(rpc: &Url) -> Option<Url> {
    let mut url = rpc.clone();
    url.set_scheme(if rpc.scheme() == "https" { "wss" } else { "ws" }).ok()?;
    if let Some(port) = rpc.port() {
        url.set_port(Some(port.checked_add(1)?)).ok()?;
    }
    Some(url)
}

/// Subscribes again and again.
async fn listen(url: Url, about: Pubkey, heard: Arc<Notify>) {
    let mut pause = RETRY.0;
    loop {
        let since = Instant::now();
        // Why it ended is nobody's business, and its words may hold the address.
        let _ended = subscribe(&url, about, &heard).await;
        pause = if since.elapsed() > RETRY.1 { RETRY.0 } else { (pause * 2).min(RETRY.1) };
        sleep(pause).await;
    }
}

async fn subscribe(url: &Url, about: Pubkey, heard: &Notify) -> Option<()> {
    let client = timeout(SUBSCRIBE_TIMEOUT, PubsubClient::new(url.as_str())).await.ok()?.ok()?;
    let logs = |commitment| {
        let filter = RpcTransactionLogsFilter::Mentions(vec![about.to_string()]);
        let config = RpcTransactionLogsConfig { commitment: Some(commitment) };
        timeout(SUBSCRIBE_TIMEOUT, client.logs_subscribe(filter, config))
    };
    // Bad news counts when it is confirmed, good news when it is final.
    let (confirmed, _) = logs(CommitmentConfig::confirmed()).await.ok()?.ok()?;
    let (finalized, _) = logs(CommitmentConfig::finalized()).await.ok()?.ok()?;
    let mut either = select(confirmed, finalized);
    while either.next().await.is_some() {
        heard.notify_one();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::socket_of;

    #[test]
    fn subscriptions_are_served_beside_questions() {
        let at = |rpc: &str| socket_of(&rpc.parse().unwrap()).map(|url| url.to_string());
        assert_eq!(at("http://127.0.0.1:8899").as_deref(), Some("ws://127.0.0.1:8900/"));
        assert_eq!(at("https://a.example/v2/key?k=1").as_deref(), Some("wss://a.example/v2/key?k=1"));
        assert_eq!(at("http://a.example:65535"), None);
    }
}
