//! An endpoint that lies: anvil's answers, bent on the way.

use std::sync::{Arc, Mutex};

use alloy::primitives::{B256, Bytes, keccak256};
use alloy::rpc::types::Header;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// How answers are bent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lie {
    Nothing,
    /// This log stands at the end of every range.
    InventLog(Value),
    HideLastLog,
    /// A staked amount is another.
    AlterBody,
    /// An operator's fact is said to be another's; the journal's hash does not cover that.
    AlterTopic,
    Redate,
    /// No block times beside logs: honest, but more work.
    DatelessLogs,
    OtherChain,
    OtherNetwork,
    /// A header that does not have its hash.
    ForgeHeader,
    /// A header with a hash of its own.
    Fork,
    RefuseProofs,
    BendProofs,
    /// A sound proof of an empty journal, in a storage that is not the vault's.
    EmptyStorage,
    /// No proofs, and another storage.
    ForgeStorage,
    /// Proofs and storage of the newest block only.
    ForgetStates,
    /// At most so many blocks in one question for logs.
    NarrowRanges(u64),
    /// No block above this one is known.
    StuckAt(u64),
    Silence,
    Gibberish,
    /// This answer to every question of this method that has these words in it; nothing is passed on.
    Says {
        method: &'static str,
        about: String,
        answer: Value,
    },
    /// The same with a refusal.
    Denies {
        method: &'static str,
        about: String,
        message: &'static str,
    },
    /// One question of this method is refused; then the truth is told.
    DeniesOnce(&'static str),
}

pub(crate) struct Proxy {
    pub(crate) url: Url,
    lie: Arc<Mutex<Lie>>,
}

impl Proxy {
    pub(crate) async fn before(target: &Url, lie: Lie) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v2/a-secret-key", listener.local_addr().unwrap()).parse().unwrap();
        let lie = Arc::new(Mutex::new(lie));
        let (shared, target) = (Arc::clone(&lie), target.clone());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (lie, target, client) = (Arc::clone(&shared), target.clone(), client.clone());
                tokio::spawn(async move { answer(stream, &lie, target, client).await });
            }
        });
        Self { url, lie }
    }

    pub(crate) fn tell(&self, lie: Lie) {
        *self.lie.lock().unwrap() = lie;
    }
}

/// One question per connection.
async fn answer(mut stream: TcpStream, lie: &Mutex<Lie>, target: Url, client: reqwest::Client) {
    let Some(question) = read_question(&mut stream).await else { return };
    let lie = {
        let mut told = lie.lock().unwrap();
        match *told {
            Lie::DeniesOnce(method) if question["method"] == method => std::mem::replace(&mut *told, Lie::Nothing),
            _ => told.clone(),
        }
    };
    if lie == Lie::Silence {
        // Until the other side gives up.
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.ok();
        return;
    }
    let body = if lie == Lie::Gibberish { "certainly!".to_owned() } else { ask(&lie, question, target, client).await };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.ok();
    stream.write_all(body.as_bytes()).await.ok();
}

async fn read_question(stream: &mut TcpStream) -> Option<Value> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).await.ok()? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.ok()?;
    serde_json::from_slice(&body).ok()
}

async fn ask(lie: &Lie, mut question: Value, target: Url, client: reqwest::Client) -> String {
    if let (Lie::StuckAt(height), Some("latest" | "finalized")) = (lie, question["params"][0].as_str()) {
        question["params"][0] = json!(format!("{height:#x}"));
    }
    if let Some(reply) = invented(lie, &question) {
        return reply.to_string();
    }
    let mut reply = forward(&client, &target, &question).await;
    let method = question["method"].as_str().unwrap();
    let mut refused = refusal(lie, method, &question["params"]);
    if *lie == Lie::ForgetStates && method == "eth_getProof" {
        let latest =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", false] });
        let latest = forward(&client, &target, &latest).await["result"]["hash"].clone();
        let old = question["params"][2]["blockHash"] != latest;
        refused = old.then(|| "distance to target block exceeds maximum proof window".to_owned());
    }
    if let Some(message) = refused {
        return json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32000, "message": message } }).to_string();
    }
    bend(lie, method, &question["params"], &mut reply["result"]);
    reply.to_string()
}

/// What is answered without asking anybody.
fn invented(lie: &Lie, question: &Value) -> Option<Value> {
    let meant = |method: &str, about: &str| question["method"] == method && question.to_string().contains(about);
    match lie {
        Lie::Says { method, about, answer } if meant(method, about) => {
            Some(json!({ "jsonrpc": "2.0", "id": 1, "result": answer }))
        }
        Lie::DeniesOnce(method) if meant(method, "") => {
            Some(json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32000, "message": "header not found" } }))
        }
        Lie::Denies { method, about, message } if meant(method, about) => {
            Some(json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32005, "message": message } }))
        }
        _ => None,
    }
}

async fn forward(client: &reqwest::Client, target: &Url, question: &Value) -> Value {
    let request = client.post(target.clone()).header("content-type", "application/json").body(question.to_string());
    let reply = request.send().await.unwrap().bytes().await.unwrap();
    serde_json::from_slice(&reply).unwrap()
}

fn refusal(lie: &Lie, method: &str, params: &Value) -> Option<String> {
    let number = |key: &str| u64::from_str_radix(params[0][key].as_str()?.trim_start_matches("0x"), 16).ok();
    match (lie, method) {
        (Lie::RefuseProofs | Lie::ForgeStorage, "eth_getProof") => {
            Some("distance to target block exceeds maximum proof window; key a-secret-key\n".to_owned())
        }
        (Lie::ForgetStates, "eth_getStorageAt") => Some("missing trie node".to_owned()),
        (Lie::NarrowRanges(blocks), "eth_getLogs") => {
            let wide = number("toBlock")? - number("fromBlock")? >= *blocks;
            wide.then(|| "query exceeds max block range; key a-secret-key\x1b".to_owned())
        }
        _ => None,
    }
}

fn bend(lie: &Lie, method: &str, params: &Value, result: &mut Value) {
    match (lie, method) {
        (Lie::InventLog(log), "eth_getLogs") => {
            let mut log = log.clone();
            log["blockNumber"] = params[0]["toBlock"].clone();
            result.as_array_mut().unwrap().push(log);
        }
        (Lie::HideLastLog, "eth_getLogs") => {
            result.as_array_mut().unwrap().pop();
        }
        (Lie::AlterBody, "eth_getLogs") => {
            let staked = result
                .as_array_mut()
                .unwrap()
                .iter_mut()
                .find(|log| log["topics"][2] == json!(B256::with_last_byte(2)));
            if let Some(log) = staked {
                let mut bytes: Vec<u8> = serde_json::from_value::<Bytes>(log["data"].clone()).unwrap().to_vec();
                bytes[2 * 32 + 47] ^= 1; // the last byte of the amount, behind the offset, the length and the account
                log["data"] = json!(Bytes::from(bytes));
            }
        }
        (Lie::AlterTopic, "eth_getLogs") => {
            if let Some(log) = result.as_array_mut().unwrap().last_mut() {
                log["topics"][3] = json!(B256::with_last_byte(7));
            }
        }
        (Lie::Redate, "eth_getLogs") => {
            if let Some(log) = result.as_array_mut().unwrap().last_mut() {
                log["blockTimestamp"] = json!("0x70000000");
            }
        }
        (Lie::DatelessLogs, "eth_getLogs") => {
            for log in result.as_array_mut().unwrap() {
                log.as_object_mut().unwrap().remove("blockTimestamp");
            }
        }
        (Lie::OtherChain, "eth_chainId") => *result = json!("0x1"),
        (Lie::OtherNetwork, "eth_call") => *result = json!(B256::repeat_byte(0x77)),
        (Lie::ForgeHeader, "eth_getBlockByNumber") => result["stateRoot"] = json!(B256::repeat_byte(0x66)),
        (Lie::Fork, "eth_getBlockByNumber") => {
            let header: Header = serde_json::from_value(result.clone()).unwrap();
            let mut forked = header.inner;
            forked.extra_data = Bytes::from_static(b"mine");
            result["extraData"] = json!(forked.extra_data);
            result["hash"] = json!(forked.hash_slow());
        }
        (Lie::BendProofs, "eth_getProof") => result["storageProof"][0]["value"] = json!("0x1"),
        (Lie::EmptyStorage, "eth_getProof") => {
            result["storageHash"] = json!(keccak256([0x80]));
            for entry in result["storageProof"].as_array_mut().unwrap() {
                (entry["value"], entry["proof"]) = (json!("0x0"), json!([]));
            }
        }
        (Lie::ForgeStorage, "eth_getStorageAt") => *result = json!(B256::repeat_byte(0x55)),
        _ => {}
    }
}
