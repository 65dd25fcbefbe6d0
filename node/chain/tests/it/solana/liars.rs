//! Endpoints that lie about what is final: caught, named, and done without.

use serde_json::{Value, json};
use williw_chain::fault::{AccountFault, Outage};
use williw_chain::{ChainError, EndpointFault};
use williw_core::cycle::Height;

use super::finals::page;
use super::follower::Follower;
use super::world::World;
use crate::follower::fault_of;

/// A network with three operators that a follower of so many endpoints has read, with facts that it has not: operator 0
/// staked more, operator 2 unstaked, and operator 3 is new.
async fn told(faces: usize) -> (World, Follower, u64) {
    let world = World::new(faces).await;
    for who in 0..3 {
        world.register(who, 5_000).await;
    }
    world.finalize().await;
    let follower = Follower::begun(&world, faces).await;
    let before = world.net.slot("finalized").await;
    world.stake(0, 500).await;
    world.unstake(2, 700).await;
    world.register(3, 6_000).await;
    world.finalize().await;
    (world, follower, before)
}

/// Every lie about accounts, by its name in the localnet.
fn lies(world: &World, before: u64) -> Vec<(&'static str, Value)> {
    let operator = world.operator(0).to_string();
    vec![
        ("omit_operator", json!({ "account": operator })),
        ("old_set", json!({ "slot": before })),
        ("mixed", json!({ "account": operator, "slot": before })),
        ("wrong_genesis", json!({})),
        ("hide_history", json!({ "account": operator })),
        ("down", json!({})),
        ("slow", json!({ "ms": 20_000 })),
    ]
}

/// What is made of a lie, as the endpoint's fault.
fn is_named(kind: &str, fault: &EndpointFault) -> bool {
    match kind {
        "omit_operator" => matches!(fault, EndpointFault::OmitsOperator { index: 0, count: 4 }),
        "old_set" => matches!(fault, EndpointFault::OldSet { .. }),
        "mixed" => matches!(fault, EndpointFault::OldSet { .. } | EndpointFault::MixedSlots { .. }),
        "wrong_genesis" => matches!(fault, EndpointFault::WrongCluster { .. }),
        "hide_history" => matches!(fault, EndpointFault::HidesFacts { missing: 2 }),
        "down" => matches!(fault, EndpointFault::Unreachable(Outage::Connection | Outage::Cut)),
        "slow" => matches!(fault, EndpointFault::Slow | EndpointFault::Unreachable(Outage::Timeout)),
        other => panic!("what is {other}?"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_liar_of_three_is_named_and_changes_nothing() {
    let (world, follower, before) = told(3).await;
    let cursor = follower.cursor();
    let truth = page(world.solana(3).finals(&cursor).await.unwrap().value);
    assert_eq!(truth.facts.len(), 3);
    for (kind, how) in lies(&world, before) {
        world.net.lie(1, kind, how).await;
        // Its history is only looked at when it is its turn.
        let mut solana = world.solana(3);
        let reading = solana.finals(&cursor).await.unwrap_or_else(|error| panic!("{kind}: {error}"));
        assert_eq!(page(reading.value), truth, "{kind}");
        let fault = fault_of(&reading.faults, 1).unwrap_or_else(|| panic!("{kind} is named: {}", reading.faults));
        assert!(is_named(kind, fault), "{kind}: {fault}");
        assert_eq!(reading.faults.0.len(), 1, "{kind}: {}", reading.faults);
        world.net.lie(1, "honest", json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_liar_of_two_there_is_no_page() {
    let (world, mut follower, before) = told(2).await;
    for (kind, how) in lies(&world, before) {
        // Facts that one hides the other shows.
        if kind == "hide_history" {
            continue;
        }
        world.net.lie(2, kind, how).await;
        let error = world.solana(2).finals(&follower.cursor()).await.expect_err(kind);
        let (ChainError::NoQuorum { faults, .. } | ChainError::Disbelieved { faults }) = &error else {
            panic!("{kind}: {error}")
        };
        assert!(fault_of(faults, 2).is_some(), "{kind}: {faults}");
        world.net.lie(2, "honest", json!({})).await;
    }
    assert_eq!(follower.follow().await.0.facts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_set_under_a_new_name_is_known_by_its_heads() {
    let world = World::new(3).await;
    for who in 0..2 {
        world.register(who, 5_000).await;
    }
    world.finalize().await;
    let mut follower = Follower::begun(&world, 3).await;
    let before = world.net.slot("finalized").await;
    // What no config shows: another signer, and nobody new.
    world.rotate(0, 2).await;
    world.rotate(1, 2).await;
    world.finalize().await;
    world.net.lie(2, "old_set", json!({ "slot": before })).await;
    let (change, faults) = follower.follow().await;
    assert_eq!(change.facts.len(), 2);
    assert!(matches!(fault_of(&faults, 2), Some(EndpointFault::OldSet { .. })), "{faults}");
    // It says the same when there is nothing new for the others.
    world.net.advance(1).await;
    let (_, faults) = follower.read().await.unwrap();
    assert!(matches!(fault_of(&faults, 2), Some(EndpointFault::OldSet { .. })), "{faults}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_different_slots_in_one_answer_are_known() {
    let world = World::new(3).await;
    for who in 0..2 {
        world.register(who, 5_000).await;
    }
    world.finalize().await;
    let mut follower = Follower::begun(&world, 3).await;
    let before = world.net.slot("finalized").await;
    world.rotate(0, 2).await;
    world.rotate(1, 2).await;
    world.finalize().await;
    // The later of two facts without the earlier one.
    let mixed = json!({ "account": world.operator(0).to_string(), "slot": before });
    world.net.lie(3, "mixed", mixed).await;
    let (change, faults) = follower.follow().await;
    assert_eq!(change.facts.len(), 2);
    let named = matches!(fault_of(&faults, 3), Some(EndpointFault::MixedSlots { .. }));
    assert!(named, "{faults}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_without_an_archive_is_no_liar() {
    let (world, mut follower, _) = told(3).await;
    let newest = world.net.slot("finalized").await;
    world.net.lie(1, "pruned", json!({ "before_slot": newest })).await;
    world.net.lie(2, "pruned", json!({ "before_slot": newest })).await;
    let (change, faults) = follower.follow().await;
    assert_eq!(change.facts.len(), 3);
    for (_, fault) in &faults.0 {
        assert!(matches!(fault, EndpointFault::Pruned { since } if *since == Height(newest)), "{fault}");
        assert!(!fault.is_lie());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_account_is_named_for_what_is_wrong_with_it() {
    let (world, follower, _) = told(3).await;
    let cursor = follower.cursor();
    let truth = page(world.solana(3).finals(&cursor).await.unwrap().value);
    let shown: Value = world
        .net
        .ask(
            "getAccountInfo",
            json!([world.operator(1).to_string(), { "encoding": "base64", "commitment": "finalized" }]),
        )
        .await;
    let bytes = decode(&shown["value"]["data"][0]);
    let with = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        encode(&bytes)
    };
    let elsewhere = anchor_lang::system_program::ID.to_string();
    let cases = [
        (json!({ "data": with(8, 2) }), AccountFault::Version(2)),
        // The owner inside leads to another address.
        (json!({ "data": with(128, bytes[128] ^ 1) }), AccountFault::Address),
        (json!({ "owner": elsewhere }), AccountFault::Owner),
    ];
    for (mut how, why) in cases {
        how["account"] = json!(world.operator(1).to_string());
        world.net.lie(2, "forged", how).await;
        let reading = world.solana(3).finals(&cursor).await.unwrap();
        assert_eq!(page(reading.value), truth, "{why}");
        let account = williw_core::identity::Account(world.operator(1).to_bytes());
        let fault = fault_of(&reading.faults, 2);
        // An endpoint that does not list what it owns for somebody else omits it.
        let omits = EndpointFault::OmitsOperator { index: 1, count: 4 };
        let named = EndpointFault::BadAccount { account, why };
        assert!(fault == Some(&named) || (why == AccountFault::Owner && fault == Some(&omits)), "{why}: {fault:?}");
        world.net.lie(2, "honest", json!({})).await;
    }
    // Another head: no facts lead there.
    let mut how = json!({ "data": with(160, bytes[160] ^ 1) });
    how["account"] = json!(world.operator(1).to_string());
    world.net.lie(2, "forged", how).await;
    let reading = world.solana(3).finals(&cursor).await.unwrap();
    assert_eq!(page(reading.value), truth);
    assert!(fault_of(&reading.faults, 2).is_some_and(EndpointFault::is_lie), "{}", reading.faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_too_long_is_not_read_to_its_end() {
    use crate::proxy::{Lie, Proxy};
    let (world, follower, _) = told(2).await;
    let cursor = follower.cursor();
    let liar = Proxy::before(&world.net.rpcs[0], Lie::Pad("getMultipleAccounts")).await;
    let rpcs = [&liar.url, &world.net.rpcs[0], &world.net.rpcs[1]];
    let mut solana = williw_chain::solana::Solana::new(&world.settings(&rpcs)).unwrap();
    let reading = solana.finals(&cursor).await.unwrap();
    assert_eq!(page(reading.value).facts.len(), 3);
    assert_eq!(fault_of(&reading.faults, 1), Some(&EndpointFault::TooLong("getMultipleAccounts")));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_network_and_another_program_are_not_ours() {
    let world = World::new(3).await;
    let mut settings = world.settings(&world.net.rpcs.iter().collect::<Vec<_>>());
    settings.network = williw_core::network::NetworkId([7; 32]);
    let error = williw_chain::solana::Solana::new(&settings).unwrap().deployment().await.unwrap_err();
    let ChainError::NoQuorum { faults, .. } = &error else { panic!("{error}") };
    assert_eq!(fault_of(faults, 1), Some(&EndpointFault::WrongNetwork { found: world.network }));
    settings.program = williw_core::identity::Account([7; 32]);
    let error = williw_chain::solana::Solana::new(&settings).unwrap().deployment().await.unwrap_err();
    let ChainError::NoQuorum { faults, .. } = &error else { panic!("{error}") };
    assert_eq!(fault_of(faults, 1), Some(&EndpointFault::NoConfig));
}

fn decode(words: &Value) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(words.as_str().unwrap()).unwrap()
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
