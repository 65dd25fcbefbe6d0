//! What is shown at a commitment is what was, at the slot that stands for it.

use serde_json::json;
use solana_address::Address;
use solana_sdk_ids::system_program;

use crate::net::{Net, SOL};

const ALL: [&str; 3] = ["processed", "confirmed", "finalized"];

fn balances(net: &Net, of: Address) -> [u64; 3] {
    ALL.map(|commitment| net.balance(of, commitment))
}

#[test]
fn an_account_is_as_of_the_slot_of_its_commitment() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(33);
    net.send(&net.pay(&payer, somebody, 2 * SOL));
    assert_eq!(balances(&net, somebody), [2 * SOL, 0, 0]);
    net.advance(1);
    assert_eq!(balances(&net, somebody), [2 * SOL, 2 * SOL, 0]);
    net.send(&net.pay(&payer, somebody, SOL));
    assert_eq!(balances(&net, somebody), [3 * SOL, 2 * SOL, 0]);
    net.advance(30);
    assert_eq!(balances(&net, somebody), [3 * SOL, 3 * SOL, 0]);
    net.advance(1);
    assert_eq!(balances(&net, somebody), [3 * SOL, 3 * SOL, 2 * SOL]);
    net.advance(1);
    assert_eq!(balances(&net, somebody), [3 * SOL; 3]);
}

#[test]
fn lists_of_accounts_and_history_are_as_of_it_too() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(33);
    let signature = net.send(&net.pay(&payer, somebody, SOL));
    let (words, owner) = (somebody.to_string(), system_program::ID.to_string());
    let seen = |commitment: &str| {
        let config = json!({ "commitment": commitment, "encoding": "base64", "withContext": true });
        let several = net.call("getMultipleAccounts", json!([[words], config]));
        let owned = net.call("getProgramAccounts", json!([owner, config]));
        assert_eq!(several["context"]["slot"], owned["context"]["slot"]);
        assert_eq!(several["context"]["slot"], net.slot(commitment));
        let owned = owned["value"].as_array().expect("a list").iter().any(|account| account["pubkey"] == words);
        assert_eq!(!several["value"][0].is_null(), owned);
        owned
    };
    let known = |commitment: &str| {
        let shown = net.call("getTransaction", json!([signature, { "commitment": commitment }]));
        let listed = net.history(0, somebody, commitment) == [signature.clone()];
        assert_eq!(!shown.is_null(), listed);
        listed
    };
    let status = || net.status(&signature)["confirmationStatus"].clone();
    assert_eq!((seen("processed"), seen("confirmed"), status()), (true, false, json!("processed")));
    assert!(!known("confirmed"));
    net.advance(1);
    assert_eq!((seen("confirmed"), seen("finalized"), status()), (true, false, json!("confirmed")));
    assert!(known("confirmed") && !known("finalized"));
    net.advance(31);
    assert_eq!((seen("finalized"), status()), (true, json!("finalized")));
    assert!(known("finalized"));
    assert!(net.status(&signature)["confirmations"].is_null());
}

#[test]
fn the_clock_and_the_height_belong_to_the_slot() {
    let net = Net::new();
    net.advance(10);
    let mut heights = Vec::new();
    for commitment in ALL {
        let (slot, clock) = net.clock(commitment);
        assert_eq!((slot, clock.slot), (net.slot(commitment), slot));
        if commitment != "processed" {
            assert_eq!(net.call("getBlockTime", json!([slot])), clock.unix_timestamp);
        }
        heights.push(net.call("getBlockHeight", json!([{ "commitment": commitment }])).as_u64().expect("a number"));
    }
    assert_eq!([heights[0] - heights[1], heights[0] - heights[2]], [1, 32]);
    assert!(heights[0] < net.slot("processed"), "whoever takes heights for slots is to notice");
}

#[test]
fn what_is_held_is_not_shown_until_it_is_released() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(33);
    let held = net.slot("finalized");
    net.call("localnet_hold", json!({ "commitment": "finalized" }));
    let signature = net.send(&net.pay(&payer, somebody, SOL));
    net.advance(100);
    assert_eq!((net.slot("finalized"), net.balance(somebody, "finalized")), (held, 0));
    assert_eq!(net.balance(somebody, "confirmed"), SOL);
    assert_eq!(net.status(&signature)["confirmationStatus"], "confirmed");

    let confirmed = held + 50;
    net.call("localnet_hold", json!({ "commitment": "confirmed", "at": confirmed }));
    net.call("localnet_release", json!({ "commitment": "finalized" }));
    assert_eq!((net.slot("confirmed"), net.slot("finalized")), (confirmed, confirmed));
    net.call("localnet_release", json!({ "commitment": "confirmed" }));
    assert_eq!((net.slot("processed") - net.slot("confirmed"), net.balance(somebody, "finalized")), (1, SOL));
}

#[test]
fn whoever_wants_a_newer_slot_is_told_that_there_is_none() {
    let net = Net::new();
    let least = net.slot("confirmed");
    let ask =
        |least: u64| json!([Address::new_unique().to_string(), { "commitment": "confirmed", "minContextSlot": least }]);
    for method in ["getBalance", "getAccountInfo", "getProgramAccounts", "getSignaturesForAddress"] {
        net.call(method, ask(least));
        let error = net.refused(method, ask(least + 1));
        assert_eq!((&error["code"], &error["data"]["contextSlot"]), (&json!(-32016), &json!(least)));
    }
}

#[test]
fn history_is_read_in_pages() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    let mut sent: Vec<String> = (1..=5).map(|number| net.send(&net.pay(&payer, somebody, number * SOL))).collect();
    sent.reverse();
    net.advance(1);
    let page = |config: serde_json::Value| {
        let list = net.call("getSignaturesForAddress", json!([somebody.to_string(), config]));
        list.as_array()
            .expect("a list")
            .iter()
            .map(|entry| entry["signature"].as_str().expect("text").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(page(json!({ "commitment": "confirmed" })), sent);
    assert_eq!(page(json!({ "commitment": "confirmed", "limit": 2 })), sent[..2]);
    assert_eq!(page(json!({ "commitment": "confirmed", "limit": 2, "before": sent[1] })), sent[2..4]);
    assert_eq!(page(json!({ "commitment": "confirmed", "until": sent[3] })), sent[..3]);
    let nobody = solana_signature::Signature::default().to_string();
    assert_eq!(page(json!({ "commitment": "confirmed", "before": nobody })), [""; 0]);
    assert_eq!(
        net.refused("getSignaturesForAddress", json!([somebody.to_string(), { "commitment": "processed" }]))["code"],
        -32602
    );
}
