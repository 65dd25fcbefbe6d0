//! Slots that are taken back never were.

use serde_json::json;
use solana_address::Address;
use solana_signer::Signer;

use crate::net::{Net, SOL};

#[test]
fn accounts_are_back_and_transactions_unknown() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(1);
    let kept = net.send(&net.pay(&payer, somebody, SOL));
    let to = net.slot("processed");
    net.advance(1);
    let before = net.balance(payer.pubkey(), "processed");
    let gone = net.send(&net.pay(&payer, somebody, 2 * SOL));
    net.advance(2);
    assert_eq!(net.balance(somebody, "confirmed"), 3 * SOL);

    let highest = net.slot("processed");
    let state = net.call("localnet_revert", json!({ "toSlot": to }));
    assert_eq!((&state["slot"], net.slot("confirmed")), (&json!(highest + 1), to));
    assert_eq!(net.balance(somebody, "processed"), SOL);
    assert_eq!(net.balance(payer.pubkey(), "processed"), before);
    assert!(net.status(&gone).is_null() && !net.status(&kept).is_null());
    net.advance(1);
    assert_eq!(net.history(0, somebody, "confirmed"), [kept]);
    assert!(net.call("getTransaction", json!([gone, { "commitment": "confirmed" }])).is_null());
}

#[test]
fn the_same_bytes_can_be_executed_again_or_something_else_in_their_place() {
    let net = Net::new();
    let (payer, first, second) = (net.wallet(), Address::new_unique(), Address::new_unique());
    net.advance(1);
    let to = net.slot("processed");
    // Made before the slots that go, so that its blockhash stays.
    let payment = net.pay(&payer, first, 60 * SOL);
    net.advance(1);
    let signature = net.send(&payment);
    net.call("localnet_revert", json!({ "toSlot": to }));
    assert_eq!(net.send(&payment), signature);
    assert_eq!(net.balance(first, "processed"), 60 * SOL);

    net.call("localnet_revert", json!({ "toSlot": to }));
    // There is money for one of the two.
    net.send(&net.pay(&payer, second, 60 * SOL));
    net.send(&payment);
    assert_eq!((net.balance(first, "processed"), net.balance(second, "processed")), (0, 60 * SOL));
    assert!(!net.status(&signature)["err"].is_null(), "it failed in its block");
}

#[test]
fn a_blockhash_of_a_slot_that_is_gone_is_unknown() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    let to = net.slot("processed");
    net.advance(1);
    let payment = net.pay(&payer, somebody, SOL);
    let hash = payment.message.recent_blockhash().to_string();
    let valid =
        |commitment: &str| net.call("isBlockhashValid", json!([hash, { "commitment": commitment }]))["value"].clone();
    assert_eq!((valid("processed"), valid("confirmed")), (json!(true), json!(false)));
    net.call("localnet_revert", json!({ "toSlot": to }));
    assert_eq!(valid("processed"), json!(false));
    let signature = net.send(&payment);
    assert!(net.status(&signature).is_null());
}

#[test]
fn what_was_final_is_only_taken_back_by_force() {
    let net = Net::with(&["--manual", "--faces", "2"]);
    net.advance(40);
    let last = net.slot("finalized");
    let refused = net.refused("localnet_revert", json!({ "toSlot": last - 1 }));
    assert!(refused["message"].as_str().expect("text").contains("is final at an endpoint"), "{refused}");
    net.call("localnet_revert", json!({ "toSlot": last - 1, "force": true }));
    assert_eq!(net.slot("finalized"), last - 1);

    net.call("localnet_hold", json!({ "commitment": "finalized" }));
    net.advance(50);
    net.call("localnet_revert", json!({ "toSlot": last - 1 }));
    net.call("localnet_release", json!({ "commitment": "finalized" }));
    net.advance(50);
    assert!(net.slot("finalized") > last);
}

#[test]
fn time_and_heights_go_on() {
    let net = Net::new();
    net.advance(5);
    let (to, (_, before)) = (net.slot("confirmed"), net.clock("processed"));
    let height = net.call("getBlockHeight", json!([{ "commitment": "confirmed" }])).as_u64().expect("a number");
    net.call("localnet_revert", json!({ "toSlot": to }));
    let (slot, after) = net.clock("processed");
    assert!(slot > before.slot && after.unix_timestamp >= before.unix_timestamp);
    assert_eq!(net.call("getBlockHeight", json!([{ "commitment": "processed" }])), height + 1);
    let skipped = net.refused("getBlockTime", json!([before.slot]));
    assert_eq!(skipped["code"], -32004, "not confirmed yet");
    net.advance(1);
    assert_eq!(net.refused("getBlockTime", json!([before.slot]))["code"], -32007);
}
