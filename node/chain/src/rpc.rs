//! One question to one endpoint: JSON-RPC over HTTP with a deadline and a limit on the answer.
//!
//! A client of our own instead of alloy's provider, because an answer has to be cut off before it fills our memory, and
//! because no error may carry the address that it came from: it may hold a key.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use url::Url;

use crate::fault::{EndpointFault, Outage};

/// How long an endpoint has for one answer, connecting included. A tail is stale after sixty seconds.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(8);

/// The same for all of a program's accounts.
pub(crate) const SET_TIMEOUT: Duration = Duration::from_secs(40);

/// The longest answer with logs in bytes. A longer one is not read to its end; logs are then asked for in smaller ranges. A
/// list of a thousand transactions fits as well, whatever strangers wrote beside them: each has a memo of its size, escaped.
pub const ANSWER_CAP: usize = 32 * 1024 * 1024;

/// The longest answer with a set of accounts in bytes: some fifty thousand operators.
const SET_CAP: usize = 64 * 1024 * 1024;

/// The longest answer with one account of Solana in bytes: the largest that there can be, ten megabytes, in base64. Such is
/// the one with a program's bytecode.
const ACCOUNT_CAP: usize = 16 * 1024 * 1024;

/// The longest answer with a block, a proof, a receipt, code, a transaction or a few accounts in bytes.
const OBJECT_CAP: usize = 2 * 1024 * 1024;

/// The longest other answer in bytes, and the most that is looked at beside a refusal. What a few bytes say as a JSON value
/// takes many times as many in memory.
const SCALAR_CAP: usize = 64 * 1024;

/// How much of an endpoint's own words is shown, in characters.
const MESSAGE_CAP: usize = 160;

/// Parts of an address shorter than this are no secret worth more than a readable message.
const SECRET_LEN: usize = 6;

pub(crate) struct Rpc {
    client: reqwest::Client,
    url: Url,
    requests: AtomicU64,
}

#[derive(Deserialize)]
struct Reply<T> {
    result: Option<T>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: i64,
    #[serde(default)]
    message: String,
    data: Option<Box<RawValue>>,
}

/// What came back instead of a result.
pub(crate) enum Answer<T> {
    Result(Option<T>),
    Refusal { code: i64, message: String, data: Option<Value> },
}

/// A client for all endpoints.
pub(crate) fn client() -> Option<reqwest::Client> {
    // Whatever the daemon or iroh installed before serves as well.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    // A redirect would send our questions, and the key in an address, to somebody who was not configured.
    reqwest::Client::builder().redirect(Policy::none()).build().ok()
}

impl Rpc {
    pub(crate) const fn new(client: reqwest::Client, url: Url) -> Self {
        Self { client, url, requests: AtomicU64::new(0) }
    }

    /// How many requests were sent so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Asks, and takes a refusal for a fault. `None` is the answer `null`.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<Option<T>, EndpointFault> {
        match self.answer(method, params).await? {
            Answer::Result(result) => Ok(result),
            Answer::Refusal { code, message, .. } => Err(EndpointFault::Refused { method, code, message }),
        }
    }

    /// Asks for what is never `null`.
    pub(crate) async fn demand<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<T, EndpointFault> {
        self.ask(method, params).await?.ok_or(EndpointFault::Undecodable(method))
    }

    /// Asks, for callers who look into refusals.
    pub(crate) async fn answer<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<Answer<T>, EndpointFault> {
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = self.client.post(self.url.clone()).header("content-type", "application/json").body(question);
        let request = request.timeout(answer_time(method));
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = request.send().await.map_err(|error| outage(&error))?;
        let status = response.status();
        // Whatever is said beside it, this is no answer to the question.
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(EndpointFault::Unreachable(Outage::Status(status.as_u16())));
        }
        let body = read_capped(method, response).await?;
        let reply: Reply<T> = match serde_json::from_slice(&body) {
            Ok(reply) => reply,
            // Refusals often come with a status of their own; a status without one is an outage.
            Err(_) if !status.is_success() => return Err(EndpointFault::Unreachable(Outage::Status(status.as_u16()))),
            Err(_) => return Err(EndpointFault::Undecodable(method)),
        };
        match reply.error {
            Some(Refusal { code, message, data }) => {
                let small = data.filter(|data| data.get().len() <= SCALAR_CAP);
                let data = small.and_then(|data| serde_json::from_str(data.get()).ok());
                Ok(Answer::Refusal { code, message: self.harmless(&message), data })
            }
            None if !status.is_success() => Err(EndpointFault::Unreachable(Outage::Status(status.as_u16()))),
            None => Ok(Answer::Result(reply.result)),
        }
    }

    /// An endpoint's own words without our key, control characters and length.
    fn harmless(&self, message: &str) -> String {
        let path = self.url.path().split('/');
        let query = self.url.query().unwrap_or_default().split(['&', '=']);
        let login = [self.url.username(), self.url.password().unwrap_or_default()];
        let mut text = message.to_owned();
        for secret in path.chain(query).chain(login).filter(|part| part.len() >= SECRET_LEN) {
            text = text.replace(secret, "(hidden)");
        }
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(MESSAGE_CAP).collect()
    }
}

impl fmt::Debug for Rpc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rpc({})", self.url.host_str().unwrap_or("no host"))
    }
}

fn answer_cap(method: &str) -> usize {
    match method {
        "eth_getLogs" | "getSignaturesForAddress" => ANSWER_CAP,
        "getProgramAccounts" => SET_CAP,
        "getAccountInfo" => ACCOUNT_CAP,
        "eth_getBlockByNumber"
        | "eth_getBlockByHash"
        | "eth_getProof"
        | "eth_getTransactionReceipt"
        | "eth_getCode"
        | "getMultipleAccounts"
        | "getTransaction" => OBJECT_CAP,
        _ => SCALAR_CAP,
    }
}

/// Large sets take long on slow lines; whoever asks has a shorter limit of its own where it cannot wait.
fn answer_time(method: &str) -> Duration {
    if method == "getProgramAccounts" { SET_TIMEOUT } else { REQUEST_TIMEOUT }
}

async fn read_capped(method: &'static str, mut response: reqwest::Response) -> Result<Vec<u8>, EndpointFault> {
    let (mut body, cap) = (Vec::new(), answer_cap(method));
    loop {
        let chunk = response.chunk().await.map_err(|error| match outage(&error) {
            EndpointFault::Unreachable(Outage::Timeout) => EndpointFault::Unreachable(Outage::Timeout),
            _ => EndpointFault::Unreachable(Outage::Cut),
        })?;
        let Some(chunk) = chunk else { return Ok(body) };
        if body.len() + chunk.len() > cap {
            return Err(EndpointFault::TooLong(method));
        }
        body.extend_from_slice(&chunk);
    }
}

/// The kind of an error and nothing else: its text may hold the address.
fn outage(error: &reqwest::Error) -> EndpointFault {
    EndpointFault::Unreachable(if error.is_timeout() { Outage::Timeout } else { Outage::Connection })
}
