//! The way in: what is executed, what is refused, and what gets lost.

use std::net::TcpStream;

use serde_json::{Value, json};
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;

use crate::net::{Net, SOL, sending};

#[test]
fn the_same_bytes_are_executed_once() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(33);
    let payment = net.pay(&payer, somebody, SOL);
    let signature = net.send(&payment);
    assert_eq!(net.send(&payment), signature, "whoever skips the preflight is not told");
    net.advance(1);
    net.send(&payment);
    assert_eq!(net.balance(somebody, "processed"), SOL);
    let config = json!({ "preflightCommitment": "confirmed" });
    let error = net.refused("sendTransaction", sending(&payment, config));
    assert_eq!(error["code"], -32002);
    assert_eq!(error["message"], "Transaction simulation failed: This transaction has already been processed");
    assert_eq!(error["data"]["err"], "AlreadyProcessed");
}

#[test]
fn a_blockhash_is_valid_for_150_blocks_and_taken_in_one_more() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(33);
    let latest = net.call("getLatestBlockhash", json!([{ "commitment": "processed" }]));
    let (last, at) =
        (latest["value"]["lastValidBlockHeight"].as_u64().expect("a number"), json!([{ "commitment": "processed" }]));
    let payments = [1, 2, 4].map(|number| net.pay(&payer, somebody, number * SOL));
    let hash = payments[0].message.recent_blockhash().to_string();
    let valid = || net.call("isBlockhashValid", json!([hash, { "commitment": "processed" }]))["value"].clone();

    net.advance(150);
    assert_eq!((net.call("getBlockHeight", at.clone()), valid()), (json!(last), json!(true)));
    let config = json!({ "preflightCommitment": "processed" });
    net.call("sendTransaction", sending(&payments[0], config.clone()));
    assert_eq!(net.balance(somebody, "processed"), SOL);

    let refused = |payment| {
        // Even of the one that was executed nobody knows that any more.
        let error = net.refused("sendTransaction", sending(payment, config.clone()));
        assert_eq!(error["message"], "Transaction simulation failed: Blockhash not found");
        assert_eq!((&error["code"], &error["data"]["err"]), (&json!(-32002), &json!("BlockhashNotFound")));
        let simulated = net.call("simulateTransaction", sending(payment, json!({ "commitment": "processed" })));
        assert_eq!(simulated["value"]["err"], "BlockhashNotFound");
    };
    net.advance(1);
    assert_eq!((net.call("getBlockHeight", at.clone()), valid()), (json!(last + 1), json!(false)));
    payments.iter().for_each(refused);
    let signature = net.send(&payments[1]);
    assert_eq!(net.balance(somebody, "processed"), 3 * SOL, "the block is executed by the hashes of its parent's");
    assert_eq!(net.status(&signature)["slot"], net.slot("processed"));

    net.advance(1);
    assert_eq!((net.call("getBlockHeight", at), valid()), (json!(last + 2), json!(false)));
    payments.iter().for_each(refused);
    payments.iter().for_each(|payment| drop(net.send(payment)));
    assert_eq!(net.balance(somebody, "processed"), 3 * SOL);
}

#[test]
fn the_preflight_looks_at_the_slot_of_its_commitment() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(1);
    let payment = net.pay(&payer, somebody, SOL);
    let error = net.refused("sendTransaction", sending(&payment, json!({})));
    assert_eq!(error["data"]["err"], "BlockhashNotFound", "finalized, unless another one is asked for");
    let error = net.refused("sendTransaction", sending(&payment, json!({ "preflightCommitment": "confirmed" })));
    assert_eq!(error["data"]["err"], "BlockhashNotFound");
    net.call("sendTransaction", sending(&payment, json!({ "preflightCommitment": "processed" })));
    assert_eq!(net.balance(somebody, "processed"), SOL);
}

#[test]
fn a_simulation_changes_nothing_and_sees_only_its_slot() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(33);
    net.send(&net.pay(&payer, somebody, SOL));
    let payment = net.pay(&payer, somebody, 2 * SOL);
    let at = |commitment: &str| {
        let accounts = json!({ "encoding": "base64", "addresses": [somebody.to_string()] });
        let config = json!({ "commitment": commitment, "replaceRecentBlockhash": true, "accounts": accounts });
        let answer = net.call("simulateTransaction", sending(&payment, config));
        assert!(answer["value"]["err"].is_null(), "{answer}");
        assert_eq!(answer["context"]["slot"], net.slot(commitment));
        answer["value"]["accounts"][0]["lamports"].clone()
    };
    assert_eq!((at("processed"), at("finalized")), (json!(3 * SOL), json!(2 * SOL)));
    assert_eq!(net.balance(somebody, "processed"), SOL);

    let poor = net.pay(&Keypair::new(), somebody, SOL);
    let answer = net.call("simulateTransaction", sending(&poor, json!({ "commitment": "processed" })));
    assert_eq!(answer["value"]["err"], "AccountNotFound");
}

#[test]
fn bad_signatures_and_broken_bytes_are_refused() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    let mut payment = net.pay(&payer, somebody, SOL);
    payment.signatures[0] = solana_signature::Signature::from([7; 64]);
    assert_eq!(net.refused("sendTransaction", sending(&payment, json!({})))["code"], -32003);
    net.send(&payment);
    assert_eq!(net.balance(somebody, "processed"), 0);
    let mut words = sending(&net.pay(&payer, somebody, SOL), json!({}));
    words[0] = json!(format!("{}AAAA", words[0].as_str().expect("text")));
    assert_eq!(net.refused("sendTransaction", words)["code"], -32602);
    assert_eq!(net.refused("sendTransaction", json!(["AAAA", { "encoding": "base64" }]))["code"], -32602);
}

#[test]
fn a_transaction_that_fails_has_a_place_and_a_fee() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    let before = net.balance(payer.pubkey(), "processed");
    let signature = net.send(&net.pay(&payer, somebody, 1_000 * SOL));
    net.advance(1);
    assert_eq!(net.balance(payer.pubkey(), "processed"), before - 5_000);
    let err = json!({ "InstructionError": [0, { "Custom": 1 }] });
    assert_eq!(net.status(&signature)["err"], err);
    let shown = net.call("getTransaction", json!([signature, { "commitment": "confirmed" }]));
    assert_eq!((&shown["meta"]["err"], &shown["meta"]["fee"]), (&err, &json!(5_000)));
    let list = net.call("getSignaturesForAddress", json!([somebody.to_string(), { "commitment": "confirmed" }]));
    assert_eq!(list[0]["err"], err);
}

#[test]
fn transactions_are_dropped_delayed_and_left_unanswered() {
    let net = Net::with(&["--manual", "--faces", "2"]);
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    let skip = |payment| sending(payment, json!({ "skipPreflight": true }));
    net.call("localnet_drop", json!({ "next": 1, "face": 0 }));
    let payment = net.pay(&payer, somebody, SOL);
    let signature = net.send(&payment);
    assert!(net.status(&signature).is_null());
    net.at(1, "sendTransaction", skip(&payment));
    assert!(!net.status(&signature).is_null(), "the other endpoint drops nothing");

    net.call("localnet_delay", json!({ "next": 1, "slots": 2 }));
    let signature = net.send(&net.pay(&payer, somebody, 2 * SOL));
    net.advance(1);
    assert!(net.status(&signature).is_null());
    net.advance(1);
    assert_eq!(net.status(&signature)["slot"], net.slot("processed"));

    net.call("localnet_mute", json!({ "next": 1, "face": 0 }));
    let payment = net.pay(&payer, somebody, 3 * SOL);
    net.try_at(0, "sendTransaction", skip(&payment)).expect_err("the connection breaks");
    assert_eq!(net.balance(somebody, "processed"), 6 * SOL);
}

#[test]
fn a_delayed_transaction_expires_like_every_other() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    for (slots, received) in [(152, 0), (151, 2 * SOL)] {
        net.call("localnet_delay", json!({ "next": 1, "slots": slots }));
        let signature = net.send(&net.pay(&payer, somebody, 2 * SOL));
        net.advance(slots);
        assert_eq!(net.status(&signature).is_null(), received == 0);
        assert_eq!(net.balance(somebody, "processed"), received);
    }
}

#[test]
fn fees_are_what_is_paid() {
    let net = Net::new();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(33);
    let payment = priced(&net, &payer, somebody, 2_000_000);
    let message = crate::net::in_base64(&payment.message.serialize());
    let fee = net.call("getFeeForMessage", json!([message, { "commitment": "processed" }]))["value"].clone();
    assert_eq!(fee, 5_000 + 20_000);
    let before = net.balance(payer.pubkey(), "processed");
    net.send(&payment);
    assert_eq!(net.balance(payer.pubkey(), "processed"), before - SOL - 25_000);
    assert_eq!(net.call("getFeeForMessage", json!([message, { "commitment": "finalized" }]))["value"], Value::Null);
}

/// A payment of one SOL that offers so many micro-lamports for each of 10,000 compute units.
fn priced(net: &Net, from: &Keypair, to: Address, price: u64) -> VersionedTransaction {
    let price = [&[3][..], &price.to_le_bytes()].concat();
    let limit = [&[2][..], &10_000_u32.to_le_bytes()].concat();
    let [price, limit] = [price, limit].map(|data| Instruction {
        program_id: solana_sdk_ids::compute_budget::ID,
        accounts: Vec::new(),
        data,
    });
    let transfer = solana_system_interface::instruction::transfer(&from.pubkey(), &to, SOL);
    net.signed(&[price, limit, transfer], &[from])
}

#[test]
fn the_price_is_that_of_the_most_contended_account() {
    let net = Net::new();
    let (payers, [contended, quiet]) = ([(); 4].map(|()| net.wallet()), [(); 2].map(|()| Address::new_unique()));
    net.advance(33);
    let slot = net.slot("processed");
    for (payer, (to, price)) in payers.iter().zip([
        (contended, 7_000_000),
        (contended, 5_000_000),
        (quiet, 2_000_000),
        (payers[0].pubkey(), 300),
    ]) {
        net.send(&priced(&net, payer, to, price));
    }
    let paid = |accounts: &[Address]| {
        let accounts: Vec<String> = accounts.iter().map(ToString::to_string).collect();
        let mut fees = net.call("getRecentPrioritizationFees", json!([accounts]));
        let fees = fees.as_array_mut().expect("a list");
        assert!(fees.iter().all(|fee| fee["slot"].as_u64() <= Some(slot)), "others had no transactions");
        fees.pop().filter(|fee| fee["slot"] == slot).map(|fee| fee["prioritizationFee"].clone())
    };
    assert_eq!(paid(&[]), None, "it is not confirmed yet");
    net.advance(40);
    assert_eq!(paid(&[]), Some(json!(300)), "the least of the block");
    assert_eq!(paid(&[Address::new_unique()]), Some(json!(300)));
    assert_eq!((paid(&[quiet]), paid(&[contended])), (Some(json!(2_000_000)), Some(json!(5_000_000))));
    // Nobody wrote both, yet whoever wants to has to outbid those who wrote one of them.
    assert_eq!(paid(&[quiet, contended]), Some(json!(5_000_000)));
    assert_eq!(paid(&[payers[1].pubkey(), quiet]), Some(json!(5_000_000)), "a payer writes itself");
}

#[test]
fn what_is_too_long_or_no_call_is_refused() {
    let net = Net::new();
    let long = format!("[\"{}\"]", "x".repeat(1 << 20));
    assert_eq!(net.post(0, &long).expect("it answers").0, 413);
    let parse = |body: &str| serde_json::from_str::<Value>(&net.post(0, body).expect("it answers").1).expect("JSON");
    assert_eq!(parse("{")["error"]["code"], -32700);
    assert_eq!(parse("[]")["error"]["code"], -32600);
    assert_eq!(parse("{\"id\":1}")["error"]["code"], -32600);
    let batch = parse("[{\"id\":1,\"method\":\"getHealth\"},{\"id\":2,\"method\":\"getNothing\"}]");
    assert_eq!((&batch[0]["result"], &batch[1]["error"]["code"]), (&json!("ok"), &json!(-32601)));
    TcpStream::connect(("127.0.0.1", net.ws_port(0))).expect("it still listens");
}
