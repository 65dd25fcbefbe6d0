//! The unfinal tail: slashes and unstakes as they are confirmed, and what only looks like them.

use serde_json::{Value, json};
use williw_chain::solana::{FINAL_LAG_SLOTS, TIP_LAG_SLOTS};
use williw_chain::{ChainError, EndpointFault, Faults};
use williw_core::cycle::Height;
use williw_core::fact::BodyKind;
use williw_core::hash::keccak;
use williw_core::identity::ChainId;
use williw_core::tail::Tail;

use super::follower::Follower;
use super::world::World;
use crate::follower::fault_of;

async fn read(follower: &mut Follower) -> (Tail, Faults) {
    let after = follower.ledger.chain(ChainId::Solana).unwrap().through.height;
    let reading = follower.solana.tail(after).await.unwrap_or_else(|error| panic!("{error}"));
    (reading.value, reading.faults)
}

fn kinds(tail: &Tail) -> Vec<(BodyKind, u8)> {
    tail.rumours.iter().map(|rumour| (rumour.fact.body.kind(), rumour.witnesses.0)).collect()
}

/// Two operators, all of it read by a follower of three endpoints.
async fn quiet() -> (World, Follower) {
    let world = World::new(3).await;
    world.register(0, 5_000).await;
    world.register(1, 5_000).await;
    world.finalize().await;
    let follower = Follower::begun(&world, 3).await;
    (world, follower)
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_news_is_heard_when_confirmed_and_gone_when_taken_back() {
    let (world, mut follower) = quiet().await;
    assert_eq!(kinds(&read(&mut follower).await.0), []);
    let before = world.net.slot("processed").await;
    world.net.advance(1).await;
    world.unstake(0, 700).await;
    let slash = world.slash(1).await;
    let (tail, faults) = read(&mut follower).await;
    assert_eq!(kinds(&tail), [(BodyKind::Unstaked, 0b111), (BodyKind::Slashed, 0b111)]);
    assert_eq!(faults.0, []);
    let confirmed = world.net.slot("confirmed").await;
    assert_eq!(tail.head.height, Height(confirmed));
    let (finals, _) = follower.read().await.unwrap();
    assert!(finals.is_none_or(|finals| super::finals::page(Some(finals)).facts.is_empty()), "it is not final");

    world.net.control("revert", json!({ "toSlot": before })).await;
    world.net.advance(2).await;
    let (tail, faults) = read(&mut follower).await;
    assert_eq!((kinds(&tail), faults.0), (vec![], vec![]), "{slash} was taken back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_endpoint_hides_or_invents_counts_as_shown_by_the_others() {
    let (world, mut follower) = quiet().await;
    world.unstake(0, 700).await;
    world.net.lie(2, "silent_tail", json!({})).await;
    let (tail, faults) = read(&mut follower).await;
    assert_eq!((kinds(&tail), faults.0), (vec![(BodyKind::Unstaked, 0b101)], vec![]), "it may not have listed it yet");
    world.net.advance(8).await;
    let (tail, faults) = read(&mut follower).await;
    assert_eq!(kinds(&tail), [(BodyKind::Unstaked, 0b101)]);
    assert_eq!(fault_of(&faults, 2), Some(&EndpointFault::HidesFacts { missing: 2 }), "{faults}");
}

/// What two endpoints agree on ends where the lower one does, and one that stands still must not make that the chain's end.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_that_stands_still_hides_a_slash_for_no_longer_than_a_minute() {
    let world = World::new(2).await;
    world.register(0, 5_000).await;
    world.register(1, 5_000).await;
    world.finalize().await;
    let mut follower = Follower::begun(&world, 2).await;
    world.net.advance(1).await;
    for commitment in ["confirmed", "finalized"] {
        world.net.control("hold", json!({ "face": 0, "commitment": commitment })).await;
    }
    world.slash(1).await;
    world.net.advance(2).await;
    let (tail, _) = read(&mut follower).await;
    assert_eq!(kinds(&tail), [(BodyKind::Slashed, 0b10)], "it is above the head, and there all the same");
    assert!(tail.rumours[0].fact.height > tail.head.height);
    world.net.advance(TIP_LAG_SLOTS).await;
    let after = follower.ledger.chain(ChainId::Solana).unwrap().through.height;
    let error = follower.solana.tail(after).await.unwrap_err();
    assert!(matches!(error, ChainError::NoQuorum { what: "how far the chain goes", .. }), "{error}");
    // Whether it is final is another question, and takes ten minutes.
    world.solana(2).finals(&follower.cursor()).await.unwrap();
    world.net.advance(FINAL_LAG_SLOTS).await;
    let error = world.solana(2).finals(&follower.cursor()).await.unwrap_err();
    assert!(matches!(error, ChainError::NoQuorum { what: "how far the final chain goes", .. }), "{error}");
    world.net.control("release_all", json!({})).await;
    assert_eq!(follower.follow().await.0.facts.len(), 1);
}

/// A transaction as the localnet shows it.
async fn shown(world: &World, signature: &str) -> Value {
    let terms = json!({ "commitment": "confirmed", "maxSupportedTransactionVersion": 0, "encoding": "json" });
    world.net.ask("getTransaction", json!([signature, terms])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_like_a_fact_counts_nothing() {
    let (world, mut follower) = quiet().await;
    let unstaked = world.unstake(0, 700).await;
    let template = shown(&world, &unstaked).await;
    world.finalize().await;
    follower.follow().await;
    world.net.advance(2).await;
    let slot = world.net.slot("confirmed").await;
    let keys = template["transaction"]["message"]["accountKeys"].as_array().unwrap();
    let place = |address: String| keys.iter().position(|key| *key == json!(address)).unwrap();
    let (program, config) = (place(world.program.to_string()), place(world.config().to_string()));
    // As it stands it would be heard, so what is wrong with the others is what is said of them.
    for what in ["as it was", "foreign", "without the authority", "with another account", "failed", "only logged"] {
        let mut transaction = template.clone();
        transaction["slot"] = json!(slot);
        redate(&mut transaction, slot);
        let call = &mut transaction["meta"]["innerInstructions"][0]["instructions"][0];
        match what {
            "foreign" => call["programIdIndex"] = json!(config),
            "without the authority" => call["accounts"] = json!([config]),
            "with another account" => call["accounts"].as_array_mut().unwrap().push(json!(program)),
            "failed" => transaction["meta"]["err"] = json!({ "InstructionError": [0, { "Custom": 1 }] }),
            "only logged" => transaction["meta"]["innerInstructions"] = json!([]),
            _ => {}
        }
        let signature = bs58::encode(keccak(&[what.as_bytes()]).0.repeat(2)).into_string();
        transaction["transaction"]["signatures"] = json!([signature]);
        let accounts = [world.config().to_string()];
        let invented =
            json!({ "signature": signature, "slot": slot, "accounts": accounts, "transaction": transaction });
        for face in 1..=3 {
            world.net.lie(face, "invented", invented.clone()).await;
        }
        let (tail, _) = read(&mut follower).await;
        assert_eq!(kinds(&tail).len(), usize::from(what == "as it was"), "{what}");
        for face in 1..=3 {
            world.net.lie(face, "honest", json!({})).await;
        }
    }
}

/// Moves the fact in a transaction to another slot: behind the tag and the discriminator it holds journal, number and time.
fn redate(shown: &mut Value, slot: u64) {
    const SLOT_AT: usize = 8 + 8 + 32 + 8 + 8;
    let words = &mut shown["meta"]["innerInstructions"][0]["instructions"][0]["data"];
    let mut data = bs58::decode(words.as_str().unwrap()).into_vec().unwrap();
    data[SLOT_AT..SLOT_AT + 8].copy_from_slice(&slot.to_le_bytes());
    *words = json!(bs58::encode(data).into_string());
}
