//! What endpoints can do to an owner who sends through them: nothing, and their lies have names.

use std::time::Duration;

use alloy::primitives::{B256, Bytes, U64, U256};
use serde_json::{Value, json};
use url::Url;
use williw_chain::base::{Base, ChainError, EndpointFault};
use williw_chain::send::SendError;
use williw_chain::verb::{Call, Verb};
use williw_core::amount::Amount;

use crate::follower::fault_of;
use crate::proxy::{Lie, Proxy};
use crate::sender::{Ended, Outgoing, Sends as _};
use crate::verbs::{OWNER, wallet};
use crate::world::{TOKEN, World, account};

/// Long enough for anvil, which mines at once; short for who waits for what will not come.
const PATIENCE: Duration = Duration::from_secs(4);

fn says(method: &'static str, answer: Value) -> Lie {
    Lie::Says { method, about: String::new(), answer }
}

fn denies(method: &'static str, message: &'static str) -> Lie {
    Lie::Denies { method, about: String::new(), message }
}

fn nothing_leaves(leaving: Outgoing) {
    panic!("{leaving:?}");
}

/// A call that always goes through and needs nothing.
fn harmless(world: &World) -> [Call; 1] {
    let collect = Verb::Collect { beneficiary: account(world.people[OWNER]) };
    [collect.call(world.vault.into_array()).unwrap()]
}

/// The same, for anvil to make of it what it likes.
fn harmless_request(world: &World) -> Value {
    let [call] = harmless(world);
    json!({ "from": world.people[OWNER], "to": world.vault, "data": Bytes::from(call.data) })
}

/// A liar in front of two honest endpoints.
async fn outvoted(world: &World, lie: Lie) -> (Proxy, Base) {
    let liar = Proxy::before(&world.anvil.url, lie).await;
    let base = world.base(&[&liar.url, &world.anvil.url, &world.twin()]).with_receipts_within(PATIENCE);
    (liar, base)
}

/// A liar in front of a single honest one.
async fn two(world: &World, lie: Lie) -> (Proxy, Base) {
    let liar = Proxy::before(&world.anvil.url, lie).await;
    let base = world.base(&[&liar.url, &world.anvil.url]).with_receipts_within(PATIENCE);
    (liar, base)
}

/// How many transactions of the owner are mined; one made it rich.
async fn sent(world: &World) -> u64 {
    world.anvil.ask::<U64>("eth_getTransactionCount", json!([world.people[OWNER], "latest"])).await.to()
}

async fn transaction(world: &World, hash: williw_core::hash::Hash) -> Value {
    world.anvil.ask("eth_getTransactionByHash", json!([B256::from(hash.0)])).await
}

#[tokio::test]
async fn a_nonce_that_one_endpoint_invents_is_not_used() {
    let world = World::new().await;
    let (_liar, mut base) = outvoted(&world, says("eth_getTransactionCount", json!("0x2"))).await;
    let mut told = Vec::new();
    let sent = base.send(&wallet(), &harmless(&world), &mut |leaving| told.push((leaving.nonce, leaving.hash))).await;
    let sent = sent.unwrap();
    assert_eq!(told, [(1, sent.receipts[0].hash)]);
    assert_eq!(fault_of(&sent.faults, 1), Some(&EndpointFault::Contradicts("the account's nonce")));
    assert_eq!(sent.faults.0.len(), 1, "{}", sent.faults);
}

#[tokio::test]
async fn two_that_disagree_about_the_nonce_send_nothing() {
    let world = World::new().await;
    let (_liar, mut base) = two(&world, says("eth_getTransactionCount", json!("0x2"))).await;
    let error = base.send(&wallet(), &harmless(&world), &mut nothing_leaves).await.unwrap_err();
    let Ended::Send(SendError::Chain(ChainError::NoQuorum { faults, .. })) = &*error.why else { panic!("{error}") };
    for position in [1, 2] {
        assert_eq!(fault_of(faults, position), Some(&EndpointFault::Contradicts("the account's nonce")));
    }
    assert_eq!(sent(&world).await, 1);
}

#[tokio::test]
async fn nothing_is_sent_while_something_is_pending() {
    let world = World::new().await;
    let mut base = world.base(&[&world.anvil.url, &world.twin()]).with_receipts_within(PATIENCE);
    let _: Value = world.anvil.ask("evm_setAutomine", json!([false])).await;
    let _: B256 = world.anvil.ask("eth_sendTransaction", json!([harmless_request(&world)])).await;
    let error = base.send(&wallet(), &harmless(&world), &mut nothing_leaves).await.unwrap_err();
    let Ended::Send(SendError::Pending { mined: 1, counted, .. }) = &*error.why else { panic!("{error}") };
    assert_eq!(counted.iter().map(|count| count.transactions).collect::<Vec<_>>(), [2, 2]);
    assert!(error.to_string().contains("rpc 2"), "{error}");
    world.anvil.mine(1).await;
    let _: Value = world.anvil.ask("evm_setAutomine", json!([true])).await;
    base.send(&wallet(), &harmless(&world), &mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn no_endpoint_alone_decides_what_gas_and_fees_are() {
    let world = World::new().await;
    let gas: U64 = world.anvil.ask("eth_estimateGas", json!([harmless_request(&world)])).await;
    let given = U64::from(gas.to::<u64>() + gas.to::<u64>() / 4 + 60_000);
    let lies = [
        says("eth_estimateGas", json!("0x5208")),
        says("eth_estimateGas", json!("0xffffffff")),
        says("eth_maxPriorityFeePerGas", json!("0xffffffffffffffff")),
        denies("eth_estimateGas", "429 Too Many Requests"),
    ];
    for lie in lies {
        let (_liar, mut base) = outvoted(&world, lie.clone()).await;
        let sent = base.send(&wallet(), &harmless(&world), &mut |_| {}).await.unwrap();
        let made = transaction(&world, sent.receipts[0].hash).await;
        assert_eq!(made["gas"], json!(given), "{lie:?}");
        let fee: U256 = serde_json::from_value(made["maxPriorityFeePerGas"].clone()).unwrap();
        assert!(fee < U256::from(williw_chain::send::TIP_CAP), "{lie:?}: {fee}");
    }
}

#[tokio::test]
async fn one_endpoint_that_fails_or_lies_stops_no_verb() {
    let world = World::new().await;
    let forms = [
        denies("eth_call", "429 Too Many Requests"),
        denies("eth_sendRawTransaction", "429 Too Many Requests"),
        denies("eth_getTransactionReceipt", "429 Too Many Requests"),
        denies("eth_maxPriorityFeePerGas", "no such method"),
    ];
    for (nth, lie) in forms.into_iter().enumerate() {
        let (_liar, mut base) = outvoted(&world, lie.clone()).await;
        let sent = base.send(&wallet(), &harmless(&world), &mut |_| {}).await;
        let sent = sent.unwrap_or_else(|error| panic!("{lie:?}: {error}"));
        assert_eq!(sent.receipts.len(), 1);
        let named = matches!(fault_of(&sent.faults, 1), Some(EndpointFault::Refused { .. }));
        assert!(named || nth == 1 || nth == 2, "{lie:?}: {}", sent.faults);
    }
    // It says that a sound call is refused; or that a refused one is sound.
    let verb = Verb::Unstake { amount: Amount(1) };
    let (_liar, mut base) =
        outvoted(&world, Lie::Says { method: "eth_call", about: "\"from\"".to_owned(), answer: json!("0x") }).await;
    let calls = base.calls(&verb, wallet().account()).await.unwrap().value;
    let error = base.send(&wallet(), &calls, &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("NotRegistered"), "{error}");
    assert_eq!(fault_of(&error.faults, 1), Some(&EndpointFault::Contradicts("whether the call goes through")));
}

#[tokio::test]
async fn balance_and_allowance_are_not_one_endpoints_word() {
    let world = World::new().await;
    let register = world.registration(OWNER, 2_000);
    let number = |number: U256| json!(B256::from(number));
    // allowance(address,address) and balanceOf(address)
    let lies = [("0xdd62ed3e", number(U256::MAX)), ("0x70a08231", number(U256::ZERO))];
    for (about, answer) in lies {
        let (_liar, mut base) =
            outvoted(&world, Lie::Says { method: "eth_call", about: about.to_owned(), answer }).await;
        let reading = base.calls(&register, wallet().account()).await.unwrap();
        assert_eq!(reading.value.len(), 2, "an approval goes in front");
        assert!(matches!(fault_of(&reading.faults, 1), Some(EndpointFault::Contradicts(_))), "{}", reading.faults);
    }
}

#[tokio::test]
async fn nothing_is_approved_for_who_has_too_few_tokens() {
    let world = World::new().await;
    let mut base = world.base(&[&world.anvil.url, &world.twin()]);
    let register = world.registration(OWNER, 2_000_000);
    let error = base.calls(&register, wallet().account()).await.unwrap_err();
    let SendError::TooFewTokens { has, needs, .. } = error else { panic!("{error}") };
    assert_eq!((has, needs), (Amount(1_000_000 * TOKEN), Amount(2_000_000 * TOKEN)));
}

#[tokio::test]
async fn nothing_follows_an_approval_before_a_quorum_has_its_block() {
    let world = World::new().await;
    let proxies =
        [Proxy::before(&world.anvil.url, Lie::Nothing).await, Proxy::before(&world.anvil.url, Lie::Nothing).await];
    let urls: [&Url; 3] = [&proxies[0].url, &proxies[1].url, &world.anvil.url];
    let mut base = world.base(&urls).with_receipts_within(PATIENCE);
    let calls = base.calls(&world.registration(OWNER, 2_000), wallet().account()).await.unwrap().value;
    let height = world.anvil.height().await;
    let mut left = 0;
    let mut stop = |_: Outgoing| {
        left += 1;
        for proxy in &proxies {
            proxy.tell(Lie::StuckAt(height));
        }
    };
    let error = base.send(&wallet(), &calls, &mut stop).await.unwrap_err();
    assert!(matches!(&*error.why, Ended::Send(SendError::Chain(ChainError::NoQuorum { .. }))), "{error}");
    assert_eq!((left, error.done.len(), sent(&world).await), (1, 1, 2));
}

#[tokio::test]
async fn a_moment_of_disagreement_leaves_no_approval_alone() {
    let world = World::new().await;
    let (proxy, mut base) = two(&world, Lie::Nothing).await;
    let calls = base.calls(&world.registration(OWNER, 2_000), wallet().account()).await.unwrap().value;
    let mut hiccup = |leaving: Outgoing| {
        if leaving.nonce == 1 {
            proxy.tell(Lie::DeniesOnce("eth_getTransactionCount"));
        }
    };
    let done = base.send(&wallet(), &calls, &mut hiccup).await.unwrap();
    assert_eq!((done.receipts.len(), sent(&world).await), (2, 3));
}

#[tokio::test]
async fn a_repetition_has_the_nonce_of_what_it_repeats() {
    let world = World::new().await;
    let proxies =
        [Proxy::before(&world.anvil.url, Lie::Nothing).await, Proxy::before(&world.anvil.url, Lie::Nothing).await];
    let mut base = world.base(&[&proxies[0].url, &proxies[1].url]).with_receipts_within(PATIENCE);
    let mut told = Vec::new();
    let mut swallow = |leaving: Outgoing| {
        told.push(leaving.nonce);
        for proxy in &proxies {
            proxy.tell(says("eth_sendRawTransaction", json!(B256::from(leaving.hash.0))));
        }
    };
    let error = base.send(&wallet(), &harmless(&world), &mut swallow).await.unwrap_err();
    assert!(matches!(&*error.why, Ended::NoReceipt { nonce: 1, .. }), "{error}");
    for proxy in &proxies {
        proxy.tell(Lie::Nothing);
    }
    base.send(&wallet(), &harmless(&world), &mut |leaving| told.push(leaving.nonce)).await.unwrap();
    assert_eq!((told, sent(&world).await), (vec![1, 1], 2));
}

#[tokio::test]
async fn one_endpoint_gives_no_receipt() {
    let world = World::new().await;
    let proxies =
        [Proxy::before(&world.anvil.url, Lie::Nothing).await, Proxy::before(&world.anvil.url, Lie::Nothing).await];
    let urls: [&Url; 3] = [&proxies[0].url, &proxies[1].url, &world.anvil.url];
    let mut base = world.base(&urls).with_receipts_within(PATIENCE);
    let mut told = None;
    let mut stop = |leaving: Outgoing| {
        told = Some((leaving.hash, leaving.nonce));
        for proxy in &proxies {
            proxy.tell(denies("eth_getTransactionReceipt", "429 Too Many Requests"));
        }
    };
    let error = base.send(&wallet(), &harmless(&world), &mut stop).await.unwrap_err();
    let Ended::NoReceipt { hash, nonce, faults, .. } = &*error.why else { panic!("{error}") };
    assert_eq!(Some((*hash, *nonce)), told);
    for position in [1, 2] {
        assert!(matches!(fault_of(faults, position), Some(EndpointFault::Refused { .. })), "{error}");
    }
    for proxy in &proxies {
        proxy.tell(Lie::Gibberish);
    }
    let error = base.send(&wallet(), &harmless(&world), &mut nothing_leaves).await.unwrap_err();
    assert!(matches!(&*error.why, Ended::Send(SendError::Chain(ChainError::NoQuorum { .. }))), "{error}");
    assert_eq!(sent(&world).await, 2, "nothing is sent through one of three");
}

#[tokio::test]
async fn a_receipt_that_one_endpoint_invents_is_not_believed() {
    let world = World::new().await;
    let (liar, mut base) = outvoted(&world, Lie::Nothing).await;
    let mut invent = |leaving: Outgoing| {
        let receipt = json!({
            "transactionHash": B256::from(leaving.hash.0),
            "blockHash": B256::repeat_byte(1),
            "blockNumber": "0x1",
            "status": "0x0",
        });
        liar.tell(says("eth_getTransactionReceipt", receipt));
    };
    let sent = base.send(&wallet(), &harmless(&world), &mut invent).await.unwrap();
    assert_eq!(sent.receipts.len(), 1);
    assert_eq!(fault_of(&sent.faults, 1), Some(&EndpointFault::Contradicts("the receipt")));
}

#[tokio::test]
async fn who_only_says_that_it_took_a_transaction_hides_no_refusal() {
    let world = World::new().await;
    let swallow = says("eth_sendRawTransaction", json!(B256::repeat_byte(7)));
    let (_liar, mut base) = outvoted(&world, swallow.clone()).await;
    let sent = base.send(&wallet(), &harmless(&world), &mut |_| {}).await.unwrap();
    assert_eq!(fault_of(&sent.faults, 1), Some(&EndpointFault::Contradicts("the hash of the transaction")));

    let poor = denies("eth_sendRawTransaction", "insufficient funds for gas * price + value");
    let proxies = [
        Proxy::before(&world.anvil.url, swallow).await,
        Proxy::before(&world.anvil.url, poor.clone()).await,
        Proxy::before(&world.anvil.url, poor).await,
    ];
    let urls = [&proxies[0].url, &proxies[1].url, &proxies[2].url];
    let mut base = world.base(&urls).with_receipts_within(PATIENCE);
    let error = base.send(&wallet(), &harmless(&world), &mut |_| {}).await.unwrap_err();
    let Ended::NotTaken { faults, .. } = &*error.why else { panic!("{error}") };
    assert_eq!(faults.0.len(), 3, "{error}");
    assert!(error.to_string().contains("insufficient funds"), "{error}");
    assert_eq!(fault_of(faults, 1), Some(&EndpointFault::Contradicts("the hash of the transaction")));
}

#[tokio::test]
async fn an_owner_is_looked_up_where_nobody_keeps_the_state_of_the_final_head() {
    let world = World::new().await;
    world.register(1, 2_000).await;
    let block: Value = world.anvil.ask("eth_getBlockByNumber", json!(["finalized", false])).await;
    let forgets = || Lie::Denies {
        method: "eth_call",
        about: block["hash"].as_str().unwrap().to_owned(),
        message: "missing trie node",
    };
    let proxies = [Proxy::before(&world.anvil.url, forgets()).await, Proxy::before(&world.anvil.url, forgets()).await];
    let mut base = world.base(&[&proxies[0].url, &proxies[1].url]);
    let owner = account(world.people[1]);
    assert!(matches!(base.snapshot(&[owner]).await, Err(ChainError::NoQuorum { .. })));
    let found = base.operator_at_tip(owner).await.unwrap().value;
    assert_eq!(found.at.0, world.anvil.height().await);
    assert_eq!(found.operator.unwrap().nonce, 1);
    let nobody = base.operator_at_tip(account(world.people[2])).await.unwrap();
    assert_eq!((nobody.value.operator, nobody.faults.0.len()), (None, 0));
}
