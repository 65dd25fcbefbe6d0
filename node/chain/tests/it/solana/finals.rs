//! What is final, from endpoints that tell the truth.

use williw_chain::Finals;
use williw_core::amount::Amount;
use williw_core::identity::ChainId;
use williw_core::ledger::Page;

use super::follower::Follower;
use super::world::World;

pub(super) fn page(finals: Option<Finals>) -> Page {
    match finals {
        Some(Finals::Page(page)) => page,
        other => panic!("no page: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_begins_with_accounts_and_takes_pages_when_they_are_final() {
    let world = World::new(3).await;
    let mut follower = Follower::begun(&world, 3).await;
    assert!(follower.ledger.operators().is_empty());

    world.register(0, 5_000).await;
    let (quiet, faults) = follower.read().await.unwrap();
    assert!(quiet.is_none_or(|finals| page(Some(finals)).facts.is_empty()), "it is not final yet");
    assert_eq!(faults.0, []);

    world.finalize().await;
    let (change, faults) = follower.follow().await;
    assert_eq!((change.facts.len(), faults.0), (1, vec![]));
    let operator = follower.ledger.operator(World::owner(0)).unwrap();
    assert_eq!((operator.active, operator.index), (Amount(5_000), 0));
    assert!(operator.link.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn folding_and_beginning_anew_come_to_the_same() {
    let world = World::new(2).await;
    let mut folded = Follower::begun(&world, 2).await;
    for who in 0..3 {
        world.register(who, 5_000 + who as u64).await;
    }
    world.finalize().await;
    folded.follow().await;
    world.stake(0, 500).await;
    world.unstake(1, 700).await;
    world.rotate(2, 2).await;
    world.fund(0, 900).await;
    world.slash(0).await;
    world.unstake(1, 1).await;
    world.finalize().await;
    let (change, _) = folded.follow().await;
    assert_eq!(change.facts.len(), 6);

    let begun = Follower::begun(&world, 2).await;
    assert_eq!(begun.heads(), folded.heads());
    let (one, other) = (begun.ledger.chain(ChainId::Solana).unwrap(), folded.ledger.chain(ChainId::Solana).unwrap());
    assert_eq!(
        (one.operators, one.funded, one.vault, one.last),
        (other.operators, other.funded, other.vault, other.last)
    );
    for (owner, operator) in begun.ledger.operators() {
        let known = folded.ledger.operator(*owner).unwrap();
        assert_eq!(
            (operator.active, operator.queued, operator.link, operator.signer, operator.nonce, operator.term),
            (known.active, known.queued, known.link, known.signer, known.nonce, known.term),
        );
        assert_eq!((operator.jailed, operator.changed), (known.jailed, known.changed));
    }
    assert_eq!(begun.ledger.signers(), folded.ledger.signers());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_of_two_does_not_call_final_is_not_final() {
    use serde_json::json;
    use williw_chain::EndpointFault;

    let world = World::new(3).await;
    world.register(0, 5_000).await;
    world.finalize().await;
    let (mut pair, mut three) = (Follower::begun(&world, 2).await, Follower::begun(&world, 3).await);
    world.net.control("hold", json!({ "commitment": "finalized", "face": 1 })).await;
    world.register(1, 5_000).await;
    world.finalize().await;
    let quiet = pair.read().await.unwrap().0;
    assert!(quiet.is_none_or(|finals| page(Some(finals)).facts.is_empty()));
    assert_eq!(three.follow().await.0.facts.len(), 1);
    // What the ledger has is final, so who does not have it lags.
    let (_, faults) = three.read().await.unwrap();
    let fault = crate::follower::fault_of(&faults, 2);
    assert!(matches!(fault, Some(EndpointFault::Lagging { .. })), "{faults}");
    world.net.control("release", json!({ "commitment": "finalized", "face": 1 })).await;
    assert_eq!(pair.follow().await.0.facts.len(), 1);
    assert_eq!(pair.heads(), three.heads());
}

/// What one reading costs each endpoint.
async fn cost(follower: &mut Follower, tail: bool) -> Vec<u64> {
    let sent = |follower: &Follower| -> Vec<u64> {
        follower.solana.endpoints().iter().map(|endpoint| endpoint.requests).collect()
    };
    let before = sent(follower);
    if tail {
        let after = follower.ledger.chain(ChainId::Solana).unwrap().through.height;
        follower.solana.tail(after).await.unwrap();
    } else if let (Some(finals), _) = follower.read().await.unwrap() {
        follower.take(&finals);
    }
    sent(follower).iter().zip(before).map(|(after, before)| after - before).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reading_costs() {
    let world = World::new(2).await;
    for who in 0..3 {
        world.register(who, 5_000).await;
    }
    world.finalize().await;
    let mut follower = Follower::begun(&world, 2).await;
    for _ in 0..2 {
        world.net.advance(1).await;
        // The time and the set; the time and what names the config.
        assert_eq!(cost(&mut follower, false).await, [2, 2]);
        assert_eq!(cost(&mut follower, true).await, [2, 2]);
    }
    world.stake(0, 10).await;
    world.stake(1, 10).await;
    world.stake(0, 10).await;
    assert_eq!(cost(&mut follower, true).await, [5, 5], "each transaction once");
    assert_eq!(cost(&mut follower, true).await, [2, 2]);
    world.finalize().await;
    // What they showed as confirmed is known, so nobody is asked for any history.
    assert_eq!(cost(&mut follower, false).await, [2, 2]);
    // Of what nobody heard before, each transaction costs one.
    world.stake(2, 10).await;
    world.finalize().await;
    let mut costs = cost(&mut follower, false).await;
    costs.sort_unstable();
    assert_eq!(costs, [2, 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_behind_a_thousand_other_transactions_is_found() {
    let world = World::new(2).await;
    world.register(0, 5_000).await;
    world.finalize().await;
    let mut follower = Follower::begun(&world, 2).await;
    world.fund(0, 900).await;
    world.crowd(world.config(), 1_010).await;
    let after = follower.ledger.chain(ChainId::Solana).unwrap().through.height;
    let tail = follower.solana.tail(after).await.unwrap().value;
    assert_eq!(tail.rumours.len(), 1, "it is on the second page");
    world.fund(0, 1).await;
    world.finalize().await;
    let (change, faults) = follower.follow().await;
    assert_eq!((change.facts.len(), faults.0), (2, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_few_facts_end_between_slots() {
    let world = World::new(2).await;
    world.register(0, 5_000).await;
    world.finalize().await;
    let mut follower = Follower::begun(&world, 2).await;
    follower.solana = world.solana(2).with_pages_of(2);
    for amount in 1..=5 {
        world.stake(0, amount).await;
    }
    world.finalize().await;
    let mut read = Vec::new();
    loop {
        let page = page(follower.read().await.unwrap().0);
        read.push(page.facts.len());
        follower.take(&Finals::Page(page.clone()));
        if page.reached {
            break;
        }
    }
    assert_eq!(read, [2, 2, 1]);
    assert_eq!(follower.ledger.operator(World::owner(0)).unwrap().active, Amount(5_015));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_reader_says_where_the_chain_ends_even_if_nothing_is_new() {
    let world = World::new(2).await;
    world.register(0, 5_000).await;
    world.finalize().await;
    let mut follower = Follower::begun(&world, 2).await;
    assert!(follower.read().await.unwrap().0.is_none(), "it said so when it began");
    follower.solana = world.solana(2);
    let page = page(follower.read().await.unwrap().0);
    assert!(page.reached && page.facts.is_empty());
    assert!(follower.read().await.unwrap().0.is_none(), "once is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_the_program_is_a_hint() {
    use williw_chain::Chain;
    let world = World::new(1).await;
    world.register(0, 5_000).await;
    let mut solana = world.solana(1);
    let mut hint = std::pin::pin!(solana.hint());
    let told = async {
        // Nobody says when a subscription begins, so something happens until it is heard of.
        loop {
            world.stake(0, 1).await;
            if tokio::time::timeout(std::time::Duration::from_millis(50), &mut hint).await.is_ok() {
                break;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), told).await.expect("a hint");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_a_network_and_of_an_operator_are_those_of_the_program() {
    let world = World::new(3).await;
    world.register(0, 5_000).await;
    world.finalize().await;
    world.unstake(0, 700).await;
    let mut solana = world.solana(3);
    let deployment = solana.deployment().await.unwrap().value;
    assert_eq!((deployment.network, deployment.clock), (world.network, world.clock));
    assert_eq!(deployment.parameters.min_stake, Amount(1_000));
    let (known, stranger) = (World::owner(0).account, World::owner(7).account);
    let final_ones = solana.snapshot(&[known, stranger]).await.unwrap().value;
    let operator = final_ones[0].operator.as_ref().unwrap();
    assert_eq!((operator.active, operator.queued, operator.nonce), (Amount(5_000), Amount(0), 1));
    assert_eq!(final_ones[1].operator, None);
    let at_tip = solana.operator_at_tip(known).await.unwrap().value.operator.unwrap();
    assert_eq!((at_tip.active, at_tip.queued, at_tip.queue.len()), (Amount(4_300), Amount(700), 1));
}
