//! A chain of one's own, gone when dropped, and the contracts as forge builds them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, U64, U256};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use url::Url;

/// A loaded machine may take its time.
const MINED_WITHIN: Duration = Duration::from_secs(30);

/// How many blocks have their state.
const STATES: &str = "1000";

/// Anvil with blocks that are final after eight more.
pub(crate) struct Anvil {
    _child: Child,
    pub(crate) url: Url,
    client: reqwest::Client,
}

pub(crate) fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts")
}

/// A native program out of npm's packages: the launchers in front of them hide how it ended.
pub(crate) fn native(name: &str) -> PathBuf {
    let packages = contracts().join("node_modules/@foundry-rs");
    let found = std::fs::read_dir(&packages).into_iter().flatten().flatten().find_map(|package| {
        let path = package.path().join("bin").join(name);
        let of_a_platform = package.file_name().to_string_lossy().starts_with(&format!("{name}-"));
        (of_a_platform && path.is_file()).then_some(path)
    });
    found.unwrap_or_else(|| panic!("{name} is not installed under {}: run scripts/setup", packages.display()))
}

/// What forge made of a contract, after a build that is quick when nothing changed.
pub(crate) fn artifact(contract: &str) -> Value {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = std::process::Command::new(native("forge")).arg("build").current_dir(contracts()).output().unwrap();
        assert!(built.status.success(), "forge build: {}", String::from_utf8_lossy(&built.stderr));
    });
    let path = contracts().join(format!("out/{contract}.sol/{contract}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The creation bytes of a contract.
pub(crate) fn bytecode(contract: &str) -> Bytes {
    artifact(contract)["bytecode"]["object"].as_str().unwrap().parse().unwrap()
}

impl Anvil {
    pub(crate) async fn start() -> Self {
        let mut child = Command::new(native("anvil"))
            .args(["--port", "0", "--slots-in-an-epoch", "4", "--accounts", "10"])
            // Older ones would go to files in the home of whoever runs this, which nobody deletes.
            .args(["--prune-history", STATES])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next_line().await.unwrap().expect("anvil ended before it listened");
            if let Some(address) = line.strip_prefix("Listening on ") {
                break address.trim().to_owned();
            }
        };
        // A full pipe would stop it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let _installed_before = rustls::crypto::ring::default_provider().install_default();
        let url = format!("http://{address}/").parse().unwrap();
        Self { _child: child, url, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    pub(crate) async fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> T {
        let reply = self.reply(method, params).await;
        assert!(reply["error"].is_null(), "{method}: {}", reply["error"]);
        serde_json::from_value(reply["result"].clone()).unwrap()
    }

    /// The bytes that a call is refused with; one that is not refused fails the test.
    pub(crate) async fn refused(&self, from: Address, to: Address, input: Bytes) -> Bytes {
        let request = json!({ "from": from, "to": to, "input": input, "gas": U256::from(9_000_000) });
        let reply = self.reply("eth_call", json!([request, "latest"])).await;
        assert!(!reply["error"].is_null(), "the call was not refused: {reply}");
        serde_json::from_value(reply["error"]["data"].clone()).unwrap()
    }

    async fn reply(&self, method: &str, params: Value) -> Value {
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let request = self.client.post(self.url.clone()).header("content-type", "application/json").body(question);
        let reply = request.send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice(&reply).unwrap()
    }

    pub(crate) async fn mine(&self, blocks: u64) {
        let _: Value = self.ask("anvil_mine", json!([U64::from(blocks)])).await;
    }

    /// Replaces the newest blocks by empty ones.
    pub(crate) async fn reorg(&self, depth: u64) {
        let _: Value = self.ask("anvil_reorg", json!([depth, []])).await;
    }

    pub(crate) async fn height(&self) -> u64 {
        self.ask::<U64>("eth_blockNumber", json!([])).await.to()
    }

    async fn mined(&self, hash: B256) -> Value {
        loop {
            match self.ask::<Value>("eth_getTransactionReceipt", json!([hash])).await {
                Value::Null => tokio::task::yield_now().await,
                receipt => return receipt,
            }
        }
    }

    /// Sends from an account that anvil holds; a failure fails the test.
    pub(crate) async fn send(&self, from: Address, to: Option<Address>, input: Bytes) -> Value {
        let mut request = json!({ "from": from, "input": input, "gas": U256::from(9_000_000) });
        if let Some(to) = to {
            request["to"] = json!(to);
        }
        let hash: B256 = self.ask("eth_sendTransaction", json!([request])).await;
        let receipt = tokio::time::timeout(MINED_WITHIN, self.mined(hash)).await.expect("anvil mines at once");
        assert_eq!(receipt["status"], "0x1", "the transaction failed: {receipt}");
        receipt
    }
}
