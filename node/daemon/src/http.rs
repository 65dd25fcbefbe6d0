//! What the node tells over HTTP, to this machine only.
//!
//! | path | answer |
//! |---|---|
//! | `/v1/status` | how the node, its chains, endpoints and door do |
//! | `/v1/peers` | where every known peer stands, and why |
//! | `/health` | 200 if every chain can be read, else 503 and what is wrong |
//! | `/metrics` | the same numbers as Prometheus reads them |
//!
//! There is nothing to change here and nothing secret to read. It listens on loopback alone; and since any page in a
//! browser may send requests there, a request that was addressed to another host is refused: such a page could have its
//! own name resolved to this machine, and read the answers. So is one that a browser says comes from another site.
//!
//! Whoever asks takes time from the clerk, who has more important things to do. So an answer is kept ten times as long as it
//! took to get, and given to everybody who asks meanwhile: however many ask, they take a tenth of its time.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clerk::{Desk, Gone};
use crate::error::DaemonError;
use crate::metrics;
use crate::view::{ChainStatus, Peers, Status};

/// The media type of the text that Prometheus reads.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How many times as long as it took an answer is kept.
const KEPT_TIMES: u32 = 10;

/// The desk, and what it answered last.
#[derive(Clone)]
struct Office {
    desk: Desk,
    status: Arc<Kept<Status>>,
    peers: Arc<Kept<Peers>>,
}

/// An answer, and until when it is given again.
type Kept<T> = Mutex<Option<(Instant, Arc<T>)>>;

impl Office {
    async fn status(&self) -> Result<Arc<Status>, Gone> {
        recent(&self.status, self.desk.status()).await
    }

    async fn peers(&self) -> Result<Arc<Peers>, Gone> {
        recent(&self.peers, self.desk.peers()).await
    }
}

/// The answer that is kept, or else a new one. Whoever comes while it is got waits for the same.
async fn recent<T>(kept: &Kept<T>, ask: impl Future<Output = Result<T, Gone>>) -> Result<Arc<T>, Gone> {
    let mut kept = kept.lock().await;
    if let Some((until, answer)) = &*kept
        && Instant::now() < *until
    {
        return Ok(Arc::clone(answer));
    }
    let asked = Instant::now();
    let answer = Arc::new(ask.await?);
    *kept = Some((Instant::now() + asked.elapsed() * KEPT_TIMES, Arc::clone(&answer)));
    Ok(answer)
}

/// Serves until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, desk: Desk) -> DaemonError {
    let office = Office { desk, status: Arc::default(), peers: Arc::default() };
    match axum::serve(listener, router(office)).await {
        Err(source) => DaemonError::Serving { source },
        // It serves without an end.
        Ok(()) => DaemonError::Serving { source: std::io::Error::other("it stopped listening") },
    }
}

fn router(office: Office) -> Router {
    let routes = Router::new()
        .route("/v1/status", get(status))
        .route("/v1/peers", get(peers))
        .route("/health", get(health))
        .route("/metrics", get(numbers));
    routes.layer(middleware::from_fn(meant_for_us)).with_state(office)
}

async fn status(State(office): State<Office>) -> Response {
    match office.status().await {
        Ok(status) => Json(&*status).into_response(),
        Err(_) => stopping(),
    }
}

async fn peers(State(office): State<Office>) -> Response {
    match office.peers().await {
        Ok(peers) => Json(&*peers).into_response(),
        Err(_) => stopping(),
    }
}

async fn health(State(office): State<Office>) -> Response {
    match office.status().await {
        Ok(status) if status.ready => (StatusCode::OK, "ok\n").into_response(),
        Ok(status) => (StatusCode::SERVICE_UNAVAILABLE, ailments(&status)).into_response(),
        Err(_) => stopping(),
    }
}

/// A line for every chain that cannot be read.
fn ailments(status: &Status) -> String {
    let ill = |chain: &&ChainStatus| !matches!(chain.freshness.as_str(), "fresh" | "halted");
    let line = |chain: &ChainStatus| format!("{} is {}\n", chain.chain, chain.freshness);
    status.chains.iter().filter(ill).map(line).collect()
}

async fn numbers(State(office): State<Office>) -> Response {
    match office.status().await {
        Ok(status) => ([(header::CONTENT_TYPE, METRICS_TYPE)], metrics::text(&status)).into_response(),
        Err(_) => stopping(),
    }
}

fn stopping() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the node is stopping\n").into_response()
}

/// Refuses what was meant for another host, and what another site's page sends.
async fn meant_for_us(request: Request, next: Next) -> Response {
    if is_for_us(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "this address answers to localhost, 127.0.0.1 and [::1] only\n").into_response()
}

fn is_for_us(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // Browsers say where a request comes from and let no page change it; other programs do not say anything.
    let own = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    own && text("host").is_some_and(is_loopback)
}

/// Whether a `Host` header names this machine, with or without a port.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    /// However many ask, and however long an answer takes, the clerk is asked a tenth of the time.
    #[tokio::test(start_paused = true)]
    async fn whoever_asks_meanwhile_gets_the_same_answer() {
        let kept: Kept<u32> = Mutex::default();
        let asked = AtomicU32::new(0);
        let ask = || async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok(asked.fetch_add(1, Ordering::Relaxed))
        };
        let (one, other) = tokio::join!(recent(&kept, ask()), recent(&kept, ask()));
        assert_eq!((*one.unwrap(), *other.unwrap()), (0, 0));
        tokio::time::advance(Duration::from_millis(999)).await;
        assert_eq!(*recent(&kept, ask()).await.unwrap(), 0);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(*recent(&kept, ask()).await.unwrap(), 1);
        // That nobody answered is not kept.
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(recent(&kept, async { Err(Gone) }).await.is_err());
        assert_eq!(*recent(&kept, ask()).await.unwrap(), 2);
    }

    #[test]
    fn only_this_machine_is_answered() {
        for host in ["localhost", "LOCALHOST:7475", "127.0.0.1", "127.0.0.1:1", "127.8.8.8:65535", "[::1]", "[::1]:80"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "evil.example",
            "evil.example:7475",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0:7475",
            "[::2]:80",
            "127.0.0.1:80:80",
            "localhost:",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
