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
//! own name resolved to this machine, and read the answers.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::clerk::Desk;
use crate::error::DaemonError;
use crate::metrics;
use crate::view::{ChainStatus, Status};

/// The media type of the text that Prometheus reads.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves until the task is dropped.
pub(crate) async fn serve(listener: TcpListener, desk: Desk) -> DaemonError {
    match axum::serve(listener, router(desk)).await {
        Err(source) => DaemonError::Serving { source },
        // It serves without an end.
        Ok(()) => DaemonError::Serving { source: std::io::Error::other("it stopped listening") },
    }
}

fn router(desk: Desk) -> Router {
    let routes = Router::new()
        .route("/v1/status", get(status))
        .route("/v1/peers", get(peers))
        .route("/health", get(health))
        .route("/metrics", get(numbers));
    routes.layer(middleware::from_fn(addressed_here)).with_state(desk)
}

async fn status(State(desk): State<Desk>) -> Response {
    match desk.status().await {
        Ok(status) => Json(status).into_response(),
        Err(_) => stopping(),
    }
}

async fn peers(State(desk): State<Desk>) -> Response {
    match desk.peers().await {
        Ok(peers) => Json(peers).into_response(),
        Err(_) => stopping(),
    }
}

async fn health(State(desk): State<Desk>) -> Response {
    match desk.status().await {
        Ok(status) if status.ready => (StatusCode::OK, "ok\n").into_response(),
        Ok(status) => (StatusCode::SERVICE_UNAVAILABLE, ailments(&status)).into_response(),
        Err(_) => stopping(),
    }
}

/// A line for every chain that cannot be read.
fn ailments(status: &Status) -> String {
    let ill = |chain: &&ChainStatus| !matches!(chain.freshness, "fresh" | "halted");
    let line = |chain: &ChainStatus| format!("{} is {}\n", chain.chain, chain.freshness);
    status.chains.iter().filter(ill).map(line).collect()
}

async fn numbers(State(desk): State<Desk>) -> Response {
    match desk.status().await {
        Ok(status) => ([(header::CONTENT_TYPE, METRICS_TYPE)], metrics::text(&status)).into_response(),
        Err(_) => stopping(),
    }
}

fn stopping() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the node is stopping\n").into_response()
}

/// Refuses what was meant for another host.
async fn addressed_here(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(is_loopback) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "this address answers to localhost, 127.0.0.1 and [::1] only\n").into_response()
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
    use super::is_loopback;

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
