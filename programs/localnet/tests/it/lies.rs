//! Each lie, told by one face, beside another one that tells the truth.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use solana_address::Address;
use solana_sdk_ids::system_program;

use crate::net::{Net, SOL, bytes, in_base64, sending};

/// Somebody got one SOL, and long after that another one. Both are final.
struct Scene {
    net: Net,
    somebody: Address,
    first: u64,
    signatures: [String; 2],
}

impl Scene {
    fn new() -> Self {
        let net = Net::with(&["--manual", "--faces", "2"]);
        let (payer, somebody) = (net.wallet(), Address::new_unique());
        let first = net.slot("processed");
        let early = net.send(&net.pay(&payer, somebody, SOL));
        net.advance(10);
        let late = net.send(&net.pay(&payer, somebody, SOL));
        net.advance(40);
        Self { net, somebody, first, signatures: [early, late] }
    }

    fn lie(&self, mut lie: Value) {
        lie["face"] = json!(1);
        self.net.call("localnet_lie", lie);
    }

    /// What somebody has according to lists of accounts, at this face; and the slot that they are labelled with.
    fn listed(&self, face: usize) -> (Value, Value) {
        let config = json!({ "encoding": "base64", "withContext": true });
        let answer = self.net.at(face, "getProgramAccounts", json!([system_program::ID.to_string(), config]));
        let list = answer["value"].as_array().expect("a list");
        let account = list.iter().find(|account| account["pubkey"] == self.somebody.to_string());
        let lamports = account.map_or(Value::Null, |account| account["account"]["lamports"].clone());
        (lamports, answer["context"]["slot"].clone())
    }

    fn alone(&self, face: usize) -> Value {
        let params = json!([[self.somebody.to_string()], { "encoding": "base64" }]);
        self.net.at(face, "getMultipleAccounts", params)["value"][0].clone()
    }

    fn history(&self, face: usize) -> Vec<String> {
        self.net.history(face, self.somebody, "finalized")
    }
}

impl Drop for Scene {
    /// However it lied, it can be honest again, and never had anything to do with the other one.
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let truth = (self.listed(0), self.history(0));
        assert_eq!(truth.0.0, 2 * SOL);
        self.net.call("localnet_lie", json!({ "kind": "honest" }));
        assert_eq!((self.listed(1), self.history(1)), truth);
    }
}

#[test]
fn omit_operator() {
    let scene = Scene::new();
    scene.lie(json!({ "kind": "omit_operator", "account": scene.somebody.to_string() }));
    assert_eq!(scene.listed(1), (Value::Null, scene.listed(0).1));
    assert_eq!(scene.alone(1)["lamports"], 2 * SOL, "asked for by itself it is there");
}

#[test]
fn old_set() {
    let scene = Scene::new();
    scene.lie(json!({ "kind": "old_set", "slot": scene.first }));
    assert_eq!(scene.listed(1), (json!(SOL), scene.listed(0).1));
    assert_eq!(scene.alone(1)["lamports"], 2 * SOL);
}

#[test]
fn mixed() {
    let scene = Scene::new();
    scene.lie(json!({ "kind": "mixed", "account": scene.somebody.to_string(), "slot": scene.first }));
    assert_eq!(scene.listed(1), (json!(SOL), scene.listed(0).1));
    assert_eq!(scene.alone(1)["lamports"], SOL);
}

#[test]
fn forged() {
    let scene = Scene::new();
    let made_up = Address::new_unique().to_string();
    let content = in_base64(b"operator");
    scene.lie(json!({ "kind": "forged", "account": made_up, "lamports": 9, "data": content }));
    scene.lie(json!({ "kind": "forged", "account": scene.somebody.to_string(), "owner": made_up }));
    assert_eq!(scene.listed(1).0, Value::Null, "it belongs to somebody else");
    assert_eq!(scene.alone(1)["owner"], made_up);
    assert_eq!(scene.alone(1)["lamports"], 2 * SOL, "the rest is true");
    let account = scene.net.at(1, "getAccountInfo", json!([made_up, { "encoding": "base64" }]))["value"].clone();
    assert_eq!((&account["lamports"], bytes(&account["data"][0])), (&json!(9), b"operator".to_vec()));
}

#[test]
fn wrong_genesis() {
    let scene = Scene::new();
    scene.lie(json!({ "kind": "wrong_genesis" }));
    let wrong = scene.net.at(1, "getGenesisHash", json!([]));
    assert_ne!(wrong, scene.net.line["genesis"]);
    wrong.as_str().and_then(|words| words.parse::<solana_hash::Hash>().ok()).expect("it is a hash all the same");
}

#[test]
fn down() {
    let scene = Scene::new();
    let (mut socket, _) = tungstenite::connect(scene.net.line["wss"][1].as_str().expect("a URL")).expect("it is up");
    scene.lie(json!({ "kind": "down" }));
    scene.net.try_at(1, "getHealth", json!([])).expect_err("nobody answers");
    socket.read().expect_err("connections that were there break");
    assert_eq!(scene.net.call("getHealth", json!([])), "ok");
}

#[test]
fn slow() {
    let scene = Scene::new();
    scene.lie(json!({ "kind": "slow", "ms": 300 }));
    let started = Instant::now();
    scene.net.at(1, "getHealth", json!([]));
    assert!(started.elapsed() >= Duration::from_millis(300));
}

#[test]
fn hide_history() {
    let scene = Scene::new();
    scene.lie(json!({ "kind": "hide_history", "account": scene.somebody.to_string() }));
    assert_eq!(scene.history(1), [""; 0]);
    assert!(!scene.net.at(1, "getTransaction", json!([scene.signatures[0]])).is_null());
}

#[test]
fn pruned() {
    let scene = Scene::new();
    scene.lie(json!({ "kind": "pruned", "before_slot": scene.first + 1 }));
    let [early, late] = &scene.signatures;
    assert_eq!(scene.history(1), std::slice::from_ref(late));
    assert!(scene.net.at(1, "getTransaction", json!([early])).is_null());
    assert!(scene.net.statuses_at(1, early).is_null());
    assert_eq!(scene.net.at(1, "getFirstAvailableBlock", json!([])), scene.first + 1);
    let error = scene.net.try_at(1, "getBlockTime", json!([scene.first])).expect("it answers").expect_err("it is gone");
    assert_eq!(error["code"], -32001);
}

#[test]
fn hole() {
    let scene = Scene::new();
    let blocks =
        |face| scene.net.at(face, "getBlocksWithLimit", json!([scene.first, 3, { "commitment": "finalized" }]));
    let all = blocks(0);
    let lost = all[1].as_u64().unwrap();
    scene.lie(json!({ "kind": "hole", "from_slot": lost, "through_slot": lost }));
    assert_eq!((blocks(0), &blocks(1)[1]), (all.clone(), &all[2]));
    let asked = json!([lost, { "transactionDetails": "none", "rewards": false, "maxSupportedTransactionVersion": 0 }]);
    let error = scene.net.try_at(1, "getBlock", asked).expect("it answers").expect_err("it is lost");
    assert_eq!(error["code"], -32007);
    assert_eq!(
        scene.net.at(1, "getFirstAvailableBlock", json!([])),
        scene.net.at(0, "getFirstAvailableBlock", json!([]))
    );
    let [early, _] = &scene.signatures;
    scene.lie(json!({ "kind": "hole", "from_slot": scene.first, "through_slot": scene.first }));
    assert!(scene.net.at(1, "getTransaction", json!([early])).is_null());
    assert!(scene.net.statuses_at(1, early).is_null());
}

#[test]
fn silent_tail() {
    let scene = Scene::new();
    let payer = scene.net.wallet();
    let signature = scene.net.send(&scene.net.pay(&payer, scene.somebody, SOL));
    scene.net.advance(1);
    scene.lie(json!({ "kind": "silent_tail" }));
    let [early, late] = scene.signatures.clone();
    let confirmed = |face| scene.net.history(face, scene.somebody, "confirmed");
    assert_eq!((confirmed(0).len(), confirmed(1)), (3, vec![late, early]));
    assert!(scene.net.statuses_at(1, &signature).is_null());
    assert_eq!(scene.listed(1), scene.listed(0), "what is final is not kept back");
}

#[test]
fn invented() {
    let scene = Scene::new();
    let signature = solana_signature::Signature::from([9; 64]).to_string();
    let slot = scene.first + 5;
    let transaction = json!({ "slot": slot, "meta": {}, "transaction": {} });
    let accounts = [scene.somebody.to_string()];
    let mut lie = json!({ "kind": "invented", "signature": signature, "slot": slot, "accounts": accounts });
    lie["transaction"] = transaction.clone();
    scene.lie(lie);
    let [early, late] = scene.signatures.clone();
    assert_eq!(scene.history(1), [late, signature.clone(), early]);
    assert_eq!(scene.net.at(1, "getTransaction", json!([signature])), transaction);
    assert!(scene.net.at(0, "getTransaction", json!([signature])).is_null());
}

#[test]
fn false_status() {
    let scene = Scene::new();
    let [early, late] = &scene.signatures;
    let status = json!({ "slot": 1, "confirmations": null, "err": null, "confirmationStatus": "finalized" });
    scene.lie(json!({ "kind": "false_status", "signature": early, "status": status }));
    scene.lie(json!({ "kind": "false_status", "signature": late }));
    assert_eq!((scene.net.statuses_at(1, early), scene.net.statuses_at(1, late)), (status, Value::Null));
}

#[test]
fn false_answer() {
    let scene = Scene::new();
    scene.lie(json!({ "kind": "false_answer", "method": "getBlockHeight", "result": 7 }));
    scene.lie(json!({ "kind": "false_answer", "method": "getBlockHeight", "result": { "height": [8] } }));
    scene.lie(json!({ "kind": "false_answer", "method": "getSlot", "result": null }));
    let asked = |face, method| scene.net.at(face, method, json!([{ "minContextSlot": u64::MAX / 2 }]));
    assert_eq!(asked(1, "getBlockHeight"), json!({ "height": [8] }));
    assert_eq!(asked(1, "getSlot"), Value::Null);
    assert_eq!(scene.net.at(1, "getTransactionCount", json!([])), scene.net.call("getTransactionCount", json!([])));
    assert!(scene.net.slot("processed") > 0, "the other one is asked itself");
    // What would have been done is not.
    scene.lie(json!({ "kind": "false_answer", "method": "sendTransaction", "result": "sent" }));
    let payer = scene.net.wallet();
    let transaction = sending(&scene.net.pay(&payer, scene.somebody, SOL), json!({ "skipPreflight": true }));
    assert_eq!(scene.net.at(1, "sendTransaction", transaction), "sent");
    scene.net.advance(40);
}

#[test]
fn unknown_lies_are_refused() {
    let scene = Scene::new();
    for lie in [
        json!({ "kind": "white" }),
        json!({ "kind": "slow" }),
        json!({ "kind": "mixed", "account": "x", "slot": 1 }),
        json!({ "kind": "false_answer", "method": "getSlot" }),
    ] {
        assert_eq!(scene.net.refused("localnet_lie", lie)["code"], -32602);
    }
}
