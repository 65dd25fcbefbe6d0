//! A network that a test started, and the wallets on it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use solana_address::Address;
use solana_clock::Clock;
use solana_hash::Hash;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::{Message, VersionedMessage};
use solana_sdk_ids::sysvar;
use solana_signer::Signer;
use solana_system_interface::instruction as system;
use solana_transaction::versioned::VersionedTransaction;

pub(crate) const SOL: u64 = 1_000_000_000;
/// How long anything may take that happens by itself.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Net {
    pub(crate) child: Child,
    /// What keeps it running.
    pub(crate) input: Option<ChildStdin>,
    pub(crate) line: Value,
}

impl Net {
    /// Time passes when the test says so.
    pub(crate) fn new() -> Self {
        Self::with(&["--manual"])
    }

    pub(crate) fn with(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_williw-localnet"))
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it says where it is");
        let input = child.stdin.take();
        Self { child, input, line: serde_json::from_str(&line).expect("one line of JSON") }
    }

    fn port(&self, of: &str, face: usize) -> u16 {
        let url = self.line[of][face].as_str().expect("every face has one");
        url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a URL with a port")
    }

    pub(crate) fn ws_port(&self, face: usize) -> u16 {
        self.port("wss", face)
    }

    // Asking.

    /// The body of the answer and its status, or what became of the connection.
    pub(crate) fn post(&self, face: usize, body: &str) -> std::io::Result<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port("rpcs", face)))?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let head =
            format!("POST / HTTP/1.1\r\nhost: localnet\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        // A request that is too long is answered before it is read.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.expect("an HTTP answer"), body.to_owned()))
    }

    pub(crate) fn try_at(&self, face: usize, method: &str, params: Value) -> std::io::Result<Result<Value, Value>> {
        let call = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
        let (status, body) = self.post(face, &call.to_string())?;
        assert_eq!(status, 200, "{method}: {body}");
        let mut answer: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(answer["id"], 7);
        Ok(match answer.get("error") {
            None => Ok(answer["result"].take()),
            Some(error) => Err(error.clone()),
        })
    }

    pub(crate) fn at(&self, face: usize, method: &str, params: Value) -> Value {
        let answer = self.try_at(face, method, params).expect("it answers");
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    pub(crate) fn call(&self, method: &str, params: Value) -> Value {
        self.at(0, method, params)
    }

    /// The error; an answer fails the test.
    pub(crate) fn refused(&self, method: &str, params: Value) -> Value {
        let answer = self.try_at(0, method, params).expect("it answers");
        answer.map_or_else(|error| error, |result| panic!("{method} answered {result}"))
    }

    // What is often asked.

    pub(crate) fn advance(&self, slots: u64) -> Value {
        self.call("localnet_advance", json!({ "slots": slots }))
    }

    pub(crate) fn slot(&self, commitment: &str) -> u64 {
        self.call("getSlot", json!([{ "commitment": commitment }])).as_u64().expect("a number")
    }

    pub(crate) fn balance(&self, of: Address, commitment: &str) -> u64 {
        let answer = self.call("getBalance", json!([of.to_string(), { "commitment": commitment }]));
        answer["value"].as_u64().expect("a number")
    }

    /// The slot of the answer, and the Clock in it.
    pub(crate) fn clock(&self, commitment: &str) -> (u64, Clock) {
        let config = json!({ "commitment": commitment, "encoding": "base64" });
        let answer = self.call("getAccountInfo", json!([sysvar::clock::ID.to_string(), config]));
        let clock = wincode::deserialize(&bytes(&answer["value"]["data"][0])).expect("a Clock");
        (answer["context"]["slot"].as_u64().expect("a number"), clock)
    }

    pub(crate) fn status(&self, signature: &str) -> Value {
        self.statuses_at(0, signature)
    }

    pub(crate) fn statuses_at(&self, face: usize, signature: &str) -> Value {
        let params = json!([[signature], { "searchTransactionHistory": true }]);
        self.at(face, "getSignatureStatuses", params)["value"][0].take()
    }

    /// The signatures of an address, newest first.
    pub(crate) fn history(&self, face: usize, of: Address, commitment: &str) -> Vec<String> {
        let list = self.at(face, "getSignaturesForAddress", json!([of.to_string(), { "commitment": commitment }]));
        let list = list.as_array().expect("a list").iter();
        list.map(|entry| entry["signature"].as_str().expect("text").to_owned()).collect()
    }

    // Sending.

    pub(crate) fn wallet(&self) -> Keypair {
        let wallet = Keypair::new();
        self.call("localnet_airdrop", json!({ "address": wallet.pubkey().to_string(), "lamports": 100 * SOL }));
        wallet
    }

    pub(crate) fn blockhash(&self, commitment: &str) -> Hash {
        let answer = self.call("getLatestBlockhash", json!([{ "commitment": commitment }]));
        answer["value"]["blockhash"].as_str().and_then(|words| words.parse().ok()).expect("a hash")
    }

    /// A transaction with the newest blockhash.
    pub(crate) fn signed(&self, instructions: &[Instruction], signers: &[&Keypair]) -> VersionedTransaction {
        let message =
            Message::new_with_blockhash(instructions, Some(&signers[0].pubkey()), &self.blockhash("processed"));
        VersionedTransaction::try_new(VersionedMessage::Legacy(message), signers).expect("all signers are there")
    }

    pub(crate) fn pay(&self, from: &Keypair, to: Address, lamports: u64) -> VersionedTransaction {
        self.signed(&[system::transfer(&from.pubkey(), &to, lamports)], &[from])
    }

    /// Sends it without asking whether it can be executed.
    pub(crate) fn send(&self, transaction: &VersionedTransaction) -> String {
        let answer = self.call("sendTransaction", sending(transaction, json!({ "skipPreflight": true })));
        answer.as_str().expect("a signature").to_owned()
    }

    /// Waits until the network says so by itself.
    pub(crate) fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !condition(self) {
            assert!(started.elapsed() < DEADLINE, "{what} did not happen");
            std::thread::yield_now();
        }
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The parameters of `sendTransaction` and `simulateTransaction`.
pub(crate) fn sending(transaction: &VersionedTransaction, mut config: Value) -> Value {
    let wire = wincode::serialize(transaction).expect("a transaction");
    config["encoding"] = json!("base64");
    json!([BASE64_STANDARD.encode(wire), config])
}

pub(crate) fn bytes(words: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(words.as_str().expect("text")).expect("base 64")
}

pub(crate) fn in_base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}
