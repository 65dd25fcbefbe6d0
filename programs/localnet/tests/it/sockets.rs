//! Notifications, which say no more than the endpoint shows.

use std::net::TcpStream;

use serde_json::{Value, json};
use solana_address::Address;
use solana_signer::Signer;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

use crate::net::{DEADLINE, Net, SOL};

struct Socket {
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    fn of(net: &Net) -> Self {
        let (socket, _) = tungstenite::connect(format!("ws://127.0.0.1:{}", net.ws_port(0))).expect("it listens");
        let MaybeTlsStream::Plain(stream) = socket.get_ref() else { panic!("there is no TLS here") };
        stream.set_read_timeout(Some(DEADLINE)).expect("a timeout above zero");
        Self { socket }
    }

    fn next(&mut self) -> Value {
        let message = self.socket.read().expect("a message in time");
        serde_json::from_str(message.to_text().expect("text")).expect("JSON")
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.socket.send(Message::text(call.to_string())).expect("it is open");
        self.next()
    }

    fn subscribe(&mut self, topic: &str, params: Value) -> Value {
        let answer = self.ask(&format!("{topic}Subscribe"), params);
        assert!(answer["result"].is_u64(), "{answer}");
        answer["result"].clone()
    }

    /// The next notification has to be one of this subscription.
    fn told(&mut self, topic: &str, subscription: &Value) -> Value {
        let mut message = self.next();
        assert_eq!(message["method"], format!("{topic}Notification"));
        assert_eq!(message["params"]["subscription"], *subscription);
        message["params"]["result"].take()
    }
}

#[test]
fn logs_are_told_once_their_slot_has_the_commitment() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(1);
    let mut socket = Socket::of(&net);
    let filter = json!({ "mentions": [somebody.to_string()] });
    let early = socket.subscribe("logs", json!([filter, { "commitment": "processed" }]));
    let late = socket.subscribe("logs", json!([filter, { "commitment": "confirmed" }]));
    let slot = net.slot("processed");
    let signatures = [1, 2].map(|number| {
        net.send(&net.pay(&payer, Address::new_unique(), SOL));
        let signature = net.send(&net.pay(&payer, somebody, number * SOL));
        let told = socket.told("logs", &early);
        assert_eq!((&told["context"]["slot"], &told["value"]["signature"]), (&json!(slot), &json!(signature)));
        assert!(told["value"]["logs"].as_array().is_some_and(|logs| !logs.is_empty()));
        signature
    });
    net.advance(1);
    for signature in signatures {
        assert_eq!(socket.told("logs", &late)["value"]["signature"], signature);
    }
}

#[test]
fn accounts_and_signatures_are_told_at_their_commitment() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(33);
    let mut socket = Socket::of(&net);
    let config = json!({ "commitment": "finalized", "encoding": "base64" });
    let account = socket.subscribe("account", json!([somebody.to_string(), config]));
    let payment = net.pay(&payer, somebody, SOL);
    let signature =
        socket.subscribe("signature", json!([payment.signatures[0].to_string(), { "commitment": "confirmed" }]));
    net.send(&payment);
    let slot = net.slot("processed");
    net.advance(1);
    let told = socket.told("signature", &signature);
    assert_eq!((&told["value"]["err"], &told["context"]["slot"]), (&Value::Null, &json!(slot)));
    net.advance(31);
    let told = socket.told("account", &account);
    assert_eq!((&told["value"]["lamports"], &told["context"]["slot"]), (&json!(SOL), &json!(slot)));
}

#[test]
fn slots_are_told_and_subscriptions_end() {
    let net = Net::new();
    let mut socket = Socket::of(&net);
    let slots = socket.subscribe("slot", json!([]));
    let before = net.slot("processed");
    net.advance(1);
    let told = socket.told("slot", &slots);
    assert_eq!(told, json!({ "slot": before + 1, "parent": before, "root": net.slot("finalized") }));
    assert_eq!(socket.ask("slotUnsubscribe", json!([slots]))["result"], true);
    let updates = socket.subscribe("slotsUpdates", json!([]));
    net.advance(1);
    for (kind, slot) in [("completed", before + 1), ("firstShredReceived", before + 2)] {
        let told = socket.told("slotsUpdates", &updates);
        assert_eq!((&told["type"], &told["slot"]), (&json!(kind), &json!(slot)));
        let second = net.clock("processed").1.unix_timestamp.unsigned_abs();
        assert_eq!(told["timestamp"].as_u64().map(|timestamp| timestamp / 1_000), Some(second));
    }
    assert_eq!(socket.ask("slotsUpdatesUnsubscribe", json!([updates]))["result"], true);
    assert_eq!(socket.ask("slotUnsubscribe", json!([slots]))["error"]["code"], -32602);
    assert_eq!(socket.ask("voteSubscribe", json!([]))["error"]["code"], -32601);
    let payer = net.wallet();
    assert_eq!(
        socket.ask("logsSubscribe", json!([{ "mentions": [payer.pubkey().to_string(), "x"] }]))["error"]["code"],
        -32602
    );
}
