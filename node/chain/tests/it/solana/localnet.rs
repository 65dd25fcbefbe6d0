//! A localnet of one's own, gone when dropped.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use url::Url;

/// Where the localnet's binary is: built when nobody says it.
fn binary() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(path) = std::env::var_os("WILLIW_LOCALNET") {
            return path.into();
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/build-localnet");
        let built = std::process::Command::new(script).stderr(Stdio::inherit()).output().unwrap();
        assert!(built.status.success(), "scripts/build-localnet failed");
        String::from_utf8(built.stdout).unwrap().trim().into()
    })
}

/// One chain behind several endpoints.
pub(crate) struct Localnet {
    _child: Child,
    _input: ChildStdin,
    /// The endpoints, and the one that tests themselves ask.
    pub(crate) rpcs: Vec<Url>,
    helm: Url,
    pub(crate) genesis: String,
    client: reqwest::Client,
}

impl Localnet {
    /// One in which time passes when a test says so.
    pub(crate) async fn start(faces: usize) -> Self {
        Self::with(faces, &["--manual"]).await
    }

    pub(crate) async fn with(faces: usize, pace: &[&str]) -> Self {
        let mut child = Command::new(binary())
            .args(pace)
            // One more, which never lies, for whoever moves the network.
            .args(["--faces", &(faces + 1).to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().expect("it says where it listens");
        let said: Value = serde_json::from_str(&line).unwrap();
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let mut rpcs: Vec<Url> =
            said["rpcs"].as_array().unwrap().iter().map(|url| url.as_str().unwrap().parse().unwrap()).collect();
        Self {
            _input: child.stdin.take().unwrap(),
            _child: child,
            helm: rpcs.pop().unwrap(),
            rpcs,
            genesis: said["genesis"].as_str().unwrap().to_owned(),
            client: reqwest::Client::new(),
        }
    }

    /// An answer, or the error.
    pub(crate) async fn try_ask(&self, method: &str, params: Value) -> Result<Value, Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let sent = self.client.post(self.helm.clone()).header("content-type", "application/json").body(body);
        let bytes = sent.send().await.unwrap().bytes().await.unwrap();
        let mut answer: Value = serde_json::from_slice(&bytes).unwrap();
        if answer["error"].is_null() { Ok(answer["result"].take()) } else { Err(answer["error"].take()) }
    }

    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> T {
        let answer = self.try_ask(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"));
        serde_json::from_value(answer).unwrap()
    }

    /// Moves the network by one of its own methods.
    pub(crate) async fn control(&self, verb: &str, what: Value) -> Value {
        self.ask(&format!("localnet_{verb}"), json!([what])).await
    }

    pub(crate) async fn advance(&self, slots: u64) {
        self.control("advance", json!({ "slots": slots })).await;
    }

    /// Makes an endpoint lie, counted from 1 as settings count.
    pub(crate) async fn lie(&self, position: usize, kind: &str, mut how: Value) {
        how["kind"] = json!(kind);
        how["face"] = json!(position - 1);
        self.control("lie", how).await;
    }

    pub(crate) async fn slot(&self, commitment: &str) -> u64 {
        self.ask("getSlot", json!([{ "commitment": commitment }])).await
    }

    /// Sends a signed transaction. Returns its signature.
    pub(crate) async fn post(&self, transaction: &[u8]) -> String {
        use base64::Engine;
        let wire = base64::engine::general_purpose::STANDARD.encode(transaction);
        let terms = json!({ "encoding": "base64", "skipPreflight": true });
        self.ask("sendTransaction", json!([wire, terms])).await
    }

    /// The same, and why it failed.
    pub(crate) async fn send(&self, transaction: &[u8]) -> (String, Value) {
        let signature = self.post(transaction).await;
        let search = json!([[signature.clone()], { "searchTransactionHistory": true }]);
        let mut statuses: Value = self.ask("getSignatureStatuses", search).await;
        (signature, statuses["value"][0]["err"].take())
    }
}
