//! Where a ledger begins that does not fold what came before.

use serde_json::{Value, json};
use williw_chain::fault::AccountFault;
use williw_chain::solana::Solana;
use williw_chain::{ChainError, EndpointFault, Finals};
use williw_core::amount::Amount;
use williw_core::cycle::Height;
use williw_core::identity::{Account, ChainId};
use williw_core::ledger::BeginningFault;
use williw_core::sim::keys::PeerKey;

use super::follower::Follower;
use super::world::World;
use crate::follower::fault_of;
use crate::proxy::{Lie, Proxy};

/// Behind kind, flags, signer and peer.
const PEER_SIGNATURE_AT: usize = 8 + 4 + 20 + 32;

/// Behind that, the owner, the head and six numbers.
const ACTIVE_AT: usize = PEER_SIGNATURE_AT + 64 + 32 + 56 + 6 * 8;

async fn staked(faces: usize) -> World {
    let world = World::new(faces).await;
    for who in 0..3 {
        world.register(who, 5_000).await;
    }
    world.finalize().await;
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_keeps_any_more_is_not_folded() {
    let world = staked(3).await;
    let mut follower = Follower::begun(&world, 3).await;
    world.stake(0, 500).await;
    world.finalize().await;
    let newest = world.net.slot("finalized").await;
    for face in 1..=3 {
        world.net.lie(face, "pruned", json!({ "before_slot": newest })).await;
    }
    let (finals, _) = follower.read().await.unwrap();
    let finals = finals.expect("there is something");
    assert!(matches!(finals, Finals::Beginning(_)));
    follower.take(&finals).expect("it changes something");
    // It folds on from there.
    world.unstake(1, 100).await;
    world.finalize().await;
    let (change, faults) = follower.follow().await;
    assert_eq!((change.facts.len(), faults.0), (1, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beginning_that_lies_is_named_for_what_it_does() {
    let world = staked(3).await;
    let truth = Follower::begun(&world, 3).await;
    let (first, second) = (world.operator(0).to_string(), world.operator(1).to_string());
    let config = world.config().to_string();
    let bytes = account(&world, &second).await;
    let with = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        encode(&bytes)
    };
    let counts_more = {
        let mut bytes = account(&world, &config).await;
        // Behind kind, flags and the head.
        let count_at = 8 + 8 + 56;
        assert_eq!(bytes[count_at], 3);
        bytes[count_at] = 4;
        encode(&bytes)
    };
    let index_at = 8 + 4 + 20 + 32 + 64 + 32 + 56;
    assert_eq!(bytes[index_at], 1);
    let bad = |why| EndpointFault::BadAccount { account: Account(world.operator(1).to_bytes()), why };
    let cases = [
        (
            "forged",
            json!({ "account": config, "data": counts_more }),
            EndpointFault::OmitsOperator { index: 3, count: 4 },
        ),
        ("omit_operator", json!({ "account": first }), EndpointFault::OmitsOperator { index: 0, count: 3 }),
        ("forged", json!({ "account": second, "data": with(index_at, 2) }), EndpointFault::TwoOperators { index: 2 }),
        ("forged", json!({ "account": second, "data": with(128, bytes[128] ^ 1) }), bad(AccountFault::Address)),
        ("forged", json!({ "account": second, "data": with(8, 9) }), bad(AccountFault::Version(9))),
        // An amount that the chain's total does not hold, and a link that says nothing of amounts.
        (
            "forged",
            json!({ "account": second, "data": with(ACTIVE_AT, bytes[ACTIVE_AT] ^ 1) }),
            EndpointFault::NoBeginning(BeginningFault::Unsound(World::owner(1).account)),
        ),
        (
            "forged",
            json!({ "account": second, "data": with(PEER_SIGNATURE_AT, bytes[PEER_SIGNATURE_AT] ^ 1) }),
            EndpointFault::Contradicts("the contents of the operators' accounts"),
        ),
    ];
    for (kind, how, fault) in cases {
        world.net.lie(1, kind, how).await;
        let mut follower = Follower::new(&world, world.solana(3));
        let (change, faults) = follower.follow().await;
        assert_eq!(change.operators.len(), 3);
        assert_eq!(follower.heads(), truth.heads());
        let named = fault_of(&faults, 1);
        let either =
            matches!((&fault, named), (EndpointFault::TwoOperators { .. }, Some(EndpointFault::TwoOperators { .. })));
        assert!(named == Some(&fault) || either, "{fault}: {faults}");
        world.net.lie(1, "honest", json!({})).await;
    }
}

/// An endpoint before one of the network's, counted from 1, with a slot gone by before every answer.
async fn hasty(world: &World, position: usize) -> Proxy {
    let url = &world.net.rpcs[position - 1];
    let advance = json!({ "jsonrpc": "2.0", "id": 1, "method": "localnet_advance", "params": [{ "slots": 1 }] });
    Proxy::before(url, Lie::Before(url.clone(), advance)).await
}

/// A network on which a stranger records a fact in the config with every slot, and readers of it for which a slot becomes
/// final before every answer. So no two answers are alike.
async fn restless() -> (World, Vec<Proxy>) {
    let world = staked(3).await;
    for _ in 0..80 {
        world.fund(0, 1).await;
    }
    let mut proxies = Vec::new();
    for position in 1..=3 {
        proxies.push(hasty(&world, position).await);
    }
    (world, proxies)
}

fn reader(world: &World, hasty: &[Proxy]) -> Solana {
    let rpcs: Vec<_> = hasty.iter().map(|proxy| &proxy.url).collect();
    Solana::new(&world.settings(&rpcs)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pays_for_a_fact_in_every_slot_stops_nobody_from_reading_on() {
    let (world, hasty) = restless().await;
    let mut follower = Follower::begun(&world, 3).await;
    follower.solana = reader(&world, &hasty);
    let before = follower.heads()[&Account(world.config().to_bytes())].seq;
    let (change, faults) = follower.follow().await;
    assert_eq!(faults.0, vec![]);
    let after = follower.heads()[&Account(world.config().to_bytes())].seq;
    assert!(change.facts.len() >= 2 && after == before + change.facts.len() as u64, "{before} to {after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pays_for_a_fact_in_every_slot_stops_nobody_from_beginning() {
    let (world, hasty) = restless().await;
    let mut follower = Follower::new(&world, reader(&world, &hasty));
    let (change, faults) = follower.follow().await;
    assert_eq!((change.operators.len(), faults.0), (3, vec![]));
    // It goes on to where whoever read in peace is.
    world.finalize().await;
    follower.solana = world.solana(3);
    follower.follow().await;
    let truth = Follower::begun(&world, 3).await;
    assert_eq!(follower.heads(), truth.heads());
    assert_eq!(follower.ledger.unlike(&truth.ledger, ChainId::Solana), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liar_is_known_among_those_who_never_show_the_same() {
    let (world, hasty) = restless().await;
    let second = world.operator(1).to_string();
    let mut bytes = account(&world, &second).await;
    bytes[PEER_SIGNATURE_AT] ^= 1;
    for liar in 1..=3 {
        world.net.lie(liar, "forged", json!({ "account": second, "data": encode(&bytes) })).await;
        let mut follower = Follower::new(&world, reader(&world, &hasty));
        let (change, faults) = follower.follow().await;
        assert!(change.operators.values().all(|operator| operator.link.is_some()), "what it shows counts for nothing");
        let contradicts = EndpointFault::Contradicts("the contents of the operators' accounts");
        assert_eq!(fault_of(&faults, liar), Some(&contradicts), "{faults}");
        assert_eq!(faults.0.len(), 1, "{faults}");
        world.net.lie(liar, "honest", json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_an_earlier_answer_says_of_a_link_is_not_begun_with() {
    let world = staked(3).await;
    let first = world.operator(0).to_string();
    let mut bytes = account(&world, &first).await;
    let before = world.net.slot("processed").await;
    // Of the same signer, for a peer that is not its own.
    let link = PeerKey::named("a stranger").link(&World::signer(0), world.network, World::owner(0), 1).0;
    bytes[PEER_SIGNATURE_AT - 32..PEER_SIGNATURE_AT].copy_from_slice(&link.peer.0);
    bytes[PEER_SIGNATURE_AT..PEER_SIGNATURE_AT + 64].copy_from_slice(&link.peer_signature.0);
    world.rotate(0, 2).await;
    for _ in 0..60 {
        world.fund(0, 1).await;
    }
    // It stays where the facts since then lead from its accounts to everybody's, for one of them brings another link.
    world.net.control("hold", json!({ "commitment": "finalized", "at": before, "face": 0 })).await;
    world.net.lie(1, "forged", json!({ "account": first, "data": encode(&bytes) })).await;
    let hasty = [hasty(&world, 2).await, hasty(&world, 3).await];
    let rpcs = [&world.net.rpcs[0], &hasty[0].url, &hasty[1].url];
    let mut follower = Follower::new(&world, Solana::new(&world.settings(&rpcs)).unwrap());
    let (change, _) = follower.follow().await;
    let operator = &change.operators[&World::owner(0)];
    assert_eq!(operator.nonce, 2);
    assert_eq!(operator.link.map(|link| link.peer()), Some(world.link(0, &World::signer(0), 1).0.peer));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_lags_makes_nobody_begin_where_it_is() {
    let world = staked(3).await;
    let before = world.net.slot("finalized").await;
    world.net.control("hold", json!({ "commitment": "finalized", "at": before, "face": 0 })).await;
    world.net.advance(1_000).await;
    let mut follower = Follower::new(&world, world.solana(3));
    let (change, faults) = follower.follow().await;
    assert_eq!(change.operators.len(), 3);
    assert!(change.books.through.height.0 > before + 900, "{}", change.books.through.height);
    assert!(matches!(fault_of(&faults, 1), Some(EndpointFault::Lagging { behind: 900.., .. })), "{faults}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_endpoint_says_happened_last_is_not_begun_with() {
    let world = staked(3).await;
    // Facts in the newest slots that one endpoint calls final, and the others never come to.
    let before = world.net.slot("processed").await;
    world.net.advance(40).await;
    world.unstake(0, 700).await;
    world.finalize().await;
    for face in 1..=2 {
        world.net.control("hold", json!({ "commitment": "finalized", "at": before, "face": face })).await;
    }
    let mut follower = Follower::new(&world, world.solana(3));
    let (change, _) = follower.follow().await;
    assert_eq!(change.operators[&World::owner(0)].queued, Amount(0), "one endpoint's word");
    assert_eq!(change.books.through.height, Height(before));
}

#[tokio::test(flavor = "multi_thread")]
async fn contents_that_no_quorum_has_begin_nothing() {
    let world = staked(2).await;
    let second = world.operator(1).to_string();
    let mut bytes = account(&world, &second).await;
    bytes[PEER_SIGNATURE_AT] ^= 1;
    world.net.lie(2, "forged", json!({ "account": second, "data": encode(&bytes) })).await;
    let mut follower = Follower::new(&world, world.solana(2));
    let error = follower.read().await.expect_err("who is right cannot be told");
    assert!(matches!(error, ChainError::NoQuorum { .. }), "{error}");
    world.net.lie(2, "honest", json!({})).await;
    assert_eq!(follower.follow().await.0.operators.len(), 3);
}

async fn account(world: &World, address: &str) -> Vec<u8> {
    use base64::Engine;
    let terms = json!({ "encoding": "base64", "commitment": "finalized" });
    let shown: Value = world.net.ask("getAccountInfo", json!([address, terms])).await;
    base64::engine::general_purpose::STANDARD.decode(shown["value"]["data"][0].as_str().unwrap()).unwrap()
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
