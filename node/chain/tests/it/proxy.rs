//! An endpoint that lies: anvil's answers, bent on the way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, keccak256};
use alloy::rpc::types::Header;
use alloy_trie::nodes::{LeafNode, TrieNode};
use alloy_trie::{Nibbles, TrieAccount};
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
    /// The last log first.
    SwapLogs,
    /// A staked amount is another.
    AlterBody,
    /// An operator's fact is said to be another's; the journal's hash does not cover that.
    AlterTopic,
    Redate,
    /// No block times beside logs: honest, but more work.
    DatelessLogs,
    OtherChain,
    OtherNetwork,
    /// Genesis was another moment.
    OtherGenesis,
    /// The parameters are others, as they are for whoever is a block behind.
    OtherParameters,
    /// A header that does not have its hash.
    ForgeHeader,
    /// A header with a hash of its own.
    Fork,
    RefuseProofs,
    BendProofs,
    GarbleProofs,
    /// A sound proof of an empty journal, in a storage that is not the vault's.
    EmptyStorage,
    /// Headers with a state root of its own, and under it a proof whose path is longer than any key.
    EndlessPath,
    /// A head of its own at this height, and under it a sound proof of an empty journal of this vault.
    TallHead(u64, Address),
    /// The same without a proof, and blocks of its own below.
    TallFork(u64),
    /// No proofs, and another storage.
    ForgeStorage,
    /// Proofs and storage of the newest block only.
    ForgetStates,
    /// At most so many blocks in one question for logs.
    NarrowRanges(u64),
    /// No block above this one is known.
    StuckAt(u64),
    /// Answers to this method are three megabytes longer than they need to be.
    Pad(&'static str),
    /// A gateway in between gives up on questions for logs of more than so many blocks.
    GatewayTimeout(u64),
    /// It is asked too often, and says so twice.
    TooOften,
    Silence,
    /// Logs of one block at a time only, and late.
    DripLogs,
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
    /// No lie: this is asked of the other address before every question.
    Before(Url, Value),
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
    if let Lie::Before(url, what) = &lie {
        forward(&client, url, what).await;
    }
    let patience = match (&lie, question["method"].as_str()) {
        (Lie::Silence, _) => Some(Duration::MAX),
        (Lie::DripLogs, Some("eth_getLogs")) => Some(Duration::from_secs(2)),
        _ => None,
    };
    if let Some(patience) = patience {
        // Until the other side gives up, or for so long.
        let mut rest = Vec::new();
        if tokio::time::timeout(patience, stream.read_to_end(&mut rest)).await.is_ok() {
            return;
        }
    }
    let wide = matches!(lie, Lie::GatewayTimeout(blocks) if span(&question).is_some_and(|span| span > blocks));
    let status = match lie {
        Lie::GatewayTimeout(_) if wide => 504,
        Lie::TooOften => 429,
        _ => 200,
    };
    let body =
        if lie == Lie::Gibberish || wide { "certainly!".to_owned() } else { ask(&lie, question, target, client).await };
    let head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.ok();
    stream.write_all(body.as_bytes()).await.ok();
}

/// How many blocks a question for logs is about.
fn span(question: &Value) -> Option<u64> {
    let number =
        |key: &str| u64::from_str_radix(question["params"][0][key].as_str()?.trim_start_matches("0x"), 16).ok();
    Some(number("toBlock")? + 1 - number("fromBlock")?)
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
    if *lie == Lie::EndlessPath && method == "eth_getProof" {
        // Nobody else knows the block that it is asked for.
        reply = json!({ "jsonrpc": "2.0", "id": 1, "result": endless_proof() });
    }
    if let (Lie::TallHead(_, vault), "eth_getProof") = (lie, method) {
        reply = json!({ "jsonrpc": "2.0", "id": 1, "result": empty_proof(*vault) });
    }
    bend(lie, method, &question["params"], &mut reply["result"]);
    if matches!(lie, Lie::Pad(padded) if *padded == method) {
        reply["padding"] = json!("x".repeat(3 * 1024 * 1024));
    }
    reply.to_string()
}

/// Two nodes of a trie, each forty nibbles of path, the first of them the root.
fn endless_nodes() -> [Bytes; 2] {
    let extension = |child: B256| {
        let (list, path, even, hash) = (0xc0 + 55, 0x80 + 21, 0x00, 0x80 + 32);
        Bytes::from([&[list, path, even][..], &[0x11; 20], &[hash], child.as_slice()].concat())
    };
    let second = extension(B256::ZERO);
    [extension(keccak256(&second)), second]
}

fn endless_proof() -> Value {
    proof(B256::ZERO, &endless_nodes())
}

/// A proof of an account without anything, in a storage with this root.
fn proof(storage: B256, nodes: &[Bytes]) -> Value {
    let slot = json!({ "key": "0x2", "value": "0x0", "proof": [] });
    json!({
        "address": Address::ZERO, "balance": "0x0", "nonce": "0x0", "codeHash": B256::ZERO,
        "storageHash": storage, "accountProof": nodes, "storageProof": [slot.clone(), slot],
    })
}

/// The whole state of a chain on which there is this account and nothing else.
fn empty_state(vault: Address) -> Bytes {
    let account = TrieAccount { storage_root: keccak256([0x80]), code_hash: B256::ZERO, ..TrieAccount::default() };
    let leaf = LeafNode::new(Nibbles::unpack(keccak256(vault)), alloy::rlp::encode(account));
    alloy::rlp::encode(TrieNode::Leaf(leaf)).into()
}

fn empty_proof(vault: Address) -> Value {
    proof(keccak256([0x80]), &[empty_state(vault)])
}

/// Gives a block another header, with the hash that belongs to it.
fn reheader(block: &mut Value, change: impl FnOnce(&mut alloy::consensus::Header)) {
    let header: Header = serde_json::from_value(block.clone()).unwrap();
    let mut header = header.inner;
    change(&mut header);
    let hash = header.hash_slow();
    let Value::Object(fields) = serde_json::to_value(header).unwrap() else { unreachable!("a header has fields") };
    block.as_object_mut().unwrap().extend(fields);
    block["hash"] = json!(hash);
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
        (Lie::TooOften, _) => Some("slow down".to_owned()),
        (Lie::NarrowRanges(_) | Lie::DripLogs, "eth_getLogs") => {
            let blocks = if let Lie::NarrowRanges(blocks) = lie { *blocks } else { 1 };
            let wide = number("toBlock")? - number("fromBlock")? >= blocks;
            wide.then(|| "query exceeds max block range; key a-secret-key\x1b".to_owned())
        }
        _ => None,
    }
}

fn calls(params: &Value, signature: &str) -> bool {
    params[0]["data"] == json!(Bytes::copy_from_slice(&keccak256(signature)[..4]))
}

fn bend_logs(lie: &Lie, params: &Value, logs: &mut Vec<Value>) {
    match lie {
        Lie::InventLog(log) => {
            let mut log = log.clone();
            log["blockNumber"] = params[0]["toBlock"].clone();
            logs.push(log);
        }
        Lie::HideLastLog => {
            logs.pop();
        }
        Lie::SwapLogs => logs.reverse(),
        Lie::AlterBody => {
            let staked = logs.iter_mut().find(|log| log["topics"][2] == json!(B256::with_last_byte(2)));
            if let Some(log) = staked {
                let mut bytes: Vec<u8> = serde_json::from_value::<Bytes>(log["data"].clone()).unwrap().to_vec();
                bytes[2 * 32 + 47] ^= 1; // the last byte of the amount, behind the offset, the length and the account
                log["data"] = json!(Bytes::from(bytes));
            }
        }
        Lie::AlterTopic => {
            if let Some(log) = logs.last_mut() {
                log["topics"][3] = json!(B256::with_last_byte(7));
            }
        }
        Lie::Redate => {
            if let Some(log) = logs.last_mut() {
                log["blockTimestamp"] = json!("0x70000000");
            }
        }
        Lie::DatelessLogs => {
            for log in logs {
                log.as_object_mut().unwrap().remove("blockTimestamp");
            }
        }
        _ => {}
    }
}

fn bend(lie: &Lie, method: &str, params: &Value, result: &mut Value) {
    if let ("eth_getLogs", Some(logs)) = (method, result.as_array_mut()) {
        return bend_logs(lie, params, logs);
    }
    match (lie, method) {
        (Lie::OtherChain, "eth_chainId") => *result = json!("0x1"),
        (Lie::OtherNetwork, "eth_call") => *result = json!(B256::repeat_byte(0x77)),
        (Lie::OtherGenesis, "eth_call") if calls(params, "genesis()") => *result = json!(B256::with_last_byte(9)),
        (Lie::OtherParameters, "eth_call") if calls(params, "parameters()") => {
            let mut bytes: Vec<u8> = serde_json::from_value::<Bytes>(result.clone()).unwrap().to_vec();
            bytes[31] ^= 1;
            *result = json!(Bytes::from(bytes));
        }
        (Lie::ForgeHeader, "eth_getBlockByNumber") => result["stateRoot"] = json!(B256::repeat_byte(0x66)),
        (Lie::Fork, "eth_getBlockByNumber") => {
            reheader(result, |header| header.extra_data = Bytes::from_static(b"mine"))
        }
        (Lie::TallFork(height), "eth_getBlockByNumber") => reheader(result, |header| {
            header.extra_data = Bytes::from_static(b"mine");
            if params[0] == "latest" {
                header.number = *height;
            }
        }),
        (Lie::EndlessPath, "eth_getBlockByNumber") => {
            reheader(result, |header| header.state_root = keccak256(&endless_nodes()[0]));
        }
        (Lie::TallHead(height, vault), "eth_getBlockByNumber") if params[0] == "latest" => reheader(result, |header| {
            (header.number, header.state_root) = (*height, keccak256(empty_state(*vault)));
        }),
        (Lie::BendProofs, "eth_getProof") => result["storageProof"][0]["value"] = json!("0x1"),
        (Lie::GarbleProofs, "eth_getProof") => *result = json!({ "accountProof": "none" }),
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
