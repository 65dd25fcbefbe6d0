//! What became of a transaction: seen at the tip, believed at the final block, and no endpoint's word alone.

use alloy::primitives::{B256, U64};
use serde_json::{Value, json};
use williw_chain::base::{Base, ChainError, EndpointFault};
use williw_chain::send::{Candidate, Signed, Sought};
use williw_chain::verb::Verb;
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::outbox::{Observation, Pin, Place, Purpose, Sight, Standing, Trail};

use crate::follower::fault_of;
use crate::proxy::{Lie, Proxy};
use crate::verbs::{OWNER, wallet};
use crate::world::{World, account};

/// More than it takes until a block is final.
const REMEMBERED: u64 = 20;

fn says(method: &'static str, answer: Value) -> Lie {
    Lie::Says { method, about: String::new(), answer }
}

fn candidate(signed: &Signed) -> [Candidate; 1] {
    [Candidate { hash: signed.hash, purpose: Purpose::Call }]
}

/// A transaction of the owner that nobody was given.
async fn signed(world: &World) -> Signed {
    let collect = Verb::Collect { beneficiary: account(world.people[OWNER]) };
    let call = collect.call(world.vault.into_array()).unwrap();
    let mut base = world.base(&[&world.anvil.url]);
    base.draft(wallet().account(), &call, Height(0)).await.unwrap().value.sign(&wallet()).unwrap()
}

async fn given(world: &World) -> Signed {
    let signed = signed(world).await;
    let broadcast = world.base(&[&world.anvil.url]).broadcast(signed.hash, &signed.bytes).await;
    assert!(!broadcast.refused, "{}", broadcast.faults);
    signed
}

/// What is asked about a transaction whose nonce was unused when it was signed.
fn sought<'a>(signed: &Signed, attempts: &'a [Candidate]) -> Sought<'a> {
    let pin = Pin::Nonce(signed.nonce);
    let trail = Trail { pin, attempts: u32::try_from(attempts.len()).unwrap(), free_at: signed.tip };
    Sought { from: wallet().account(), nonce: signed.nonce, trail, attempts, remembered: REMEMBERED }
}

async fn look(base: &mut Base, signed: &Signed) -> Sight {
    base.look(sought(signed, &candidate(signed))).await.unwrap().value
}

async fn standing(base: &mut Base, place: Place) -> Standing {
    base.standing(place).await.unwrap().value
}

async fn spent_at(base: &mut Base, signed: &Signed, place: Place) -> Observation {
    base.standing_of_spent(sought(signed, &candidate(signed)), place).await.unwrap().value
}

/// More blocks than these endpoints are said to keep receipts for.
async fn forget(world: &World) {
    world.anvil.mine(REMEMBERED + 1).await;
}

/// Waits until it is in a block.
async fn mined(base: &mut Base, signed: &Signed) -> Place {
    let seen = async {
        loop {
            match look(base, signed).await {
                Sight::Included(inclusion) => return inclusion.place,
                Sight::Open(_) | Sight::Spent(_) => tokio::task::yield_now().await,
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), seen).await.expect("anvil mines at once")
}

/// Another transaction of the owner, with the same nonce, from somewhere else.
async fn overtake(world: &World) {
    world.anvil.send(world.people[OWNER], Some(world.people[0]), Default::default()).await;
}

#[tokio::test]
async fn what_is_in_a_block_is_final_with_it() {
    let world = World::new().await;
    let mut base = world.base(&[&world.anvil.url, &world.twin()]);
    let waiting = signed(&world).await;
    assert_eq!(look(&mut base, &waiting).await, Sight::Open(waiting.tip));
    let signed = given(&world).await;
    let place = mined(&mut base, &signed).await;
    let Sight::Included(inclusion) = look(&mut base, &signed).await else { panic!() };
    assert_eq!((inclusion.place, inclusion.attempt, inclusion.succeeded), (place, 1, true));
    assert_eq!(standing(&mut base, place).await, Standing::Stands);
    world.finalize().await;
    assert_eq!(standing(&mut base, place).await, Standing::Final);
    let other = Place { hash: Hash([9; 32]), ..place };
    assert_eq!(standing(&mut base, other).await, Standing::Gone);
    let later = Place { height: Height(place.height.0 + 1_000), ..place };
    assert_eq!(standing(&mut base, later).await, Standing::Stands, "who is behind takes nothing back");
}

#[tokio::test]
async fn a_block_that_is_reorganised_away_takes_back_what_was_seen() {
    let world = World::new().await;
    let mut base = world.base(&[&world.anvil.url]);
    let signed = given(&world).await;
    let place = mined(&mut base, &signed).await;
    world.anvil.reorg(2).await;
    assert_eq!(standing(&mut base, place).await, Standing::Gone);
    assert!(matches!(look(&mut base, &signed).await, Sight::Open(_)));
}

#[tokio::test]
async fn a_nonce_that_others_used_is_spent_once_that_is_final() {
    let world = World::new().await;
    let mut base = world.base(&[&world.anvil.url, &world.twin()]);
    let signed = signed(&world).await;
    overtake(&world).await;
    let Sight::Spent(place) = look(&mut base, &signed).await else { panic!() };
    assert_eq!(spent_at(&mut base, &signed, place).await, Observation::Block(Standing::Stands));
    world.finalize().await;
    assert_eq!(spent_at(&mut base, &signed, place).await, Observation::Block(Standing::Final));
    // Had it been seen in a block that is none any more, nothing would follow from it.
    let other = Place { hash: Hash([9; 32]), ..place };
    assert_eq!(spent_at(&mut base, &signed, other).await, Observation::Block(Standing::Gone));
}

/// A node that has dropped a receipt says the same as one that never had it.
#[tokio::test]
async fn long_ago_a_missing_receipt_tells_nothing() {
    let world = World::new().await;
    let ours = given(&world).await;
    let place = mined(&mut world.base(&[&world.anvil.url]), &ours).await;
    let early = Signed { tip: Height(place.height.0 - 1), ..ours };
    forget(&world).await;
    let pruned = || Proxy::before(&world.anvil.url, says("eth_getTransactionReceipt", Value::Null));
    let (first, second) = (pruned().await, pruned().await);
    let mut base = world.base(&[&first.url, &second.url]);
    for _ in 0..2 {
        let error = base.look(sought(&early, &candidate(&early))).await.unwrap_err();
        assert!(error.to_string().contains("the receipt of what is in a block"), "{error}");
        let error = base.standing_of_spent(sought(&early, &candidate(&early)), place).await.unwrap_err();
        assert!(error.to_string().contains("the receipt of what is in a block"), "{error}");
    }
    // In time it would have been taken at its word; so it is asked in time, or of others.
    let mut honest = world.base(&[&world.anvil.url]);
    assert!(matches!(look(&mut honest, &early).await, Sight::Included(_)));
}

#[tokio::test]
async fn what_used_a_nonce_long_ago_is_found() {
    let world = World::new().await;
    let signed = signed(&world).await;
    overtake(&world).await;
    forget(&world).await;
    let mut base = world.base(&[&world.anvil.url, &world.twin()]);
    let Sight::Spent(place) = look(&mut base, &signed).await else { panic!() };
    world.finalize().await;
    assert_eq!(spent_at(&mut base, &signed, place).await, Observation::Block(Standing::Final));
    // Where a reorganisation moved it below the height at which the nonce was seen unused, it is found all the same.
    let later = Signed { tip: Height(place.height.0 - REMEMBERED), ..signed.clone() };
    assert!(matches!(look(&mut base, &later).await, Sight::Spent(_)));
    // An ordinary node has dropped the states of that time.
    let message = "missing trie node";
    let old: Value = world.anvil.ask("eth_getBlockByNumber", json!(["0x2", false])).await;
    let about = old["hash"].as_str().unwrap().to_owned();
    let pruned = Lie::Denies { method: "eth_getTransactionCount", about, message };
    let pruned = Proxy::before(&world.anvil.url, pruned).await;
    let early = Signed { tip: Height(2), ..signed };
    let error = world.base(&[&pruned.url]).look(sought(&early, &candidate(&early))).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("ask endpoints that keep old states") && text.contains(message), "{text}");
}

#[tokio::test]
async fn one_endpoint_invents_no_end() {
    let world = World::new().await;
    let signed = signed(&world).await;
    let old: Value = world.anvil.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
    let receipt = json!({
        "transactionHash": B256::from(signed.hash.0),
        "blockHash": old["hash"],
        "blockNumber": "0x1",
        "status": "0x1",
    });
    world.finalize().await;
    let liar = Proxy::before(&world.anvil.url, says("eth_getTransactionReceipt", receipt.clone())).await;
    let mut base = world.base(&[&liar.url, &world.anvil.url, &world.twin()]);
    assert!(matches!(look(&mut base, &signed).await, Sight::Open(_)));
    liar.tell(says("eth_getTransactionCount", json!("0x7")));
    let reading = base.look(sought(&signed, &candidate(&signed))).await.unwrap();
    assert!(matches!(reading.value, Sight::Open(_)), "{:?}", reading.value);
    assert_eq!(fault_of(&reading.faults, 1), Some(&EndpointFault::Contradicts("the account's nonce")));

    // Two that invent the same are a quorum of three, and still cannot put it under a block that the chain does not have.
    let mut forged = receipt;
    forged["blockHash"] = json!(B256::repeat_byte(5));
    liar.tell(says("eth_getTransactionReceipt", forged.clone()));
    let second = Proxy::before(&world.anvil.url, says("eth_getTransactionReceipt", forged)).await;
    let mut base = world.base(&[&liar.url, &second.url, &world.anvil.url]);
    let Sight::Included(forged) = look(&mut base, &signed).await else { panic!() };
    assert_eq!(standing(&mut base, forged.place).await, Standing::Gone);
}

#[tokio::test]
async fn that_nothing_was_mined_is_said_by_a_quorum() {
    let world = World::new().await;
    let signed = signed(&world).await;
    overtake(&world).await;
    let denies = Lie::Denies { method: "eth_getTransactionReceipt", about: String::new(), message: "not indexed" };
    let proxy = Proxy::before(&world.anvil.url, denies).await;
    let mut base = world.base(&[&proxy.url, &world.anvil.url]);
    let error = base.look(sought(&signed, &candidate(&signed))).await.unwrap_err();
    let ChainError::NoQuorum { faults, .. } = &error else { panic!("{error}") };
    assert!(matches!(fault_of(faults, 1), Some(EndpointFault::Refused { .. })), "{error}");
    world.finalize().await;
    let height: U64 = world.anvil.ask("eth_blockNumber", json!([])).await;
    let block: Value = world.anvil.ask("eth_getBlockByNumber", json!(["finalized", false])).await;
    let hash: B256 = serde_json::from_value(block["hash"].clone()).unwrap();
    let place = Place { height: Height(height.to::<u64>() - 8), hash: Hash(hash.0) };
    let error = base.standing_of_spent(sought(&signed, &candidate(&signed)), place).await.unwrap_err();
    assert!(matches!(error, ChainError::NoQuorum { .. }), "{error}");
    proxy.tell(Lie::Nothing);
    assert_eq!(spent_at(&mut base, &signed, place).await, Observation::Block(Standing::Final));
}

#[tokio::test]
async fn what_outbids_and_what_cancels_have_the_same_nonce() {
    let world = World::new().await;
    let mut base = world.base(&[&world.anvil.url, &world.twin()]);
    let _: Value = world.anvil.ask("evm_setAutomine", json!([false])).await;
    let first = given(&world).await;
    let second = base.outbid(wallet().account(), "collect", &first.bytes).await.unwrap().sign(&wallet()).unwrap();
    let third = base.cancellation(wallet().account(), "collect", &second.bytes).await.unwrap().sign(&wallet()).unwrap();
    assert_eq!((first.nonce, second.nonce), (third.nonce, third.nonce));
    for (lower, higher) in [(&first, &second), (&second, &third)] {
        assert!(higher.fees.max.0 * 8 >= lower.fees.max.0 * 9, "{:?} {:?}", lower.fees, higher.fees);
        let broadcast = base.broadcast(higher.hash, &higher.bytes).await;
        assert!(!broadcast.refused, "{}", broadcast.faults);
    }
    assert!(
        base.outbid(wallet().account(), "collect", &[2, 0xc0]).await.is_err(),
        "what is no transaction is not signed for"
    );
    world.anvil.mine(1).await;
    let attempts = [(first.hash, Purpose::Call), (second.hash, Purpose::Call), (third.hash, Purpose::Cancel)];
    let attempts = attempts.map(|(hash, purpose)| Candidate { hash, purpose });
    let Sight::Included(inclusion) = base.look(sought(&first, &attempts)).await.unwrap().value else { panic!() };
    assert_eq!((inclusion.attempt, inclusion.purpose), (3, Purpose::Cancel));
}

/// An endpoint that claims to be hours behind makes what an honest one has dropped look recent.
#[tokio::test]
async fn who_says_it_is_behind_makes_no_missing_receipt_tell() {
    let world = World::new().await;
    let ours = given(&world).await;
    let place = mined(&mut world.base(&[&world.anvil.url]), &ours).await;
    let early = Signed { tip: Height(place.height.0 - 1), ..ours };
    forget(&world).await;
    world.finalize().await;
    // Honest, and has dropped its receipts.
    let honest = Proxy::before(&world.anvil.url, says("eth_getTransactionReceipt", Value::Null)).await;
    // The liar has none either, and calls an old block the latest.
    let old: Value =
        world.anvil.ask("eth_getBlockByNumber", json!([format!("{:#x}", place.height.0 + 3), false])).await;
    let inner = Proxy::before(&world.anvil.url, says("eth_getTransactionReceipt", Value::Null)).await;
    let liar = Lie::Says { method: "eth_getBlockByNumber", about: "latest".to_owned(), answer: old };
    let liar = Proxy::before(&inner.url, liar).await;
    let mut base = world.base(&[&honest.url, &liar.url]);
    let error = base.look(sought(&early, &candidate(&early))).await.unwrap_err();
    assert!(error.to_string().contains("the receipt of what is in a block"), "{error}");
    let error = base.standing_of_spent(sought(&early, &candidate(&early)), place).await.unwrap_err();
    assert!(error.to_string().contains("the receipt of what is in a block"), "{error}");
}
