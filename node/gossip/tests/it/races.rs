use std::sync::Arc;

use iroh::Endpoint;
use iroh::address_lookup::memory::MemoryLookup;
use tokio::task::JoinSet;

use crate::world::{DEADLINE, JAILED, KEEP, Keeper, Node, bare, peer, until};

const PEERS: u8 = 10;
const ROUNDS: u64 = 100;

/// When the eviction falls. The middle one is close to the moment in which the door looks: the dialler is done with the
/// handshake half a round trip before the other side is.
#[derive(Clone, Copy)]
enum When {
    WithTheDial,
    AfterTheDial,
    OnceAccepted,
}

/// One connect and one eviction, put off by some more turns of the scheduler. Returns when both are over.
async fn race(node: Arc<Node>, keeper: Keeper, (seed, endpoint): (u8, Endpoint), when: When, turns: u64) {
    node.door.admit(peer(seed));
    let accepted = keeper.accepted();
    let dial = {
        let address = node.address();
        tokio::spawn(async move { endpoint.connect(address, KEEP).await })
    };
    let evict = async {
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        node.door.evict(peer(seed), JAILED);
    };
    let dialled = match when {
        When::WithTheDial => {
            evict.await;
            dial.await
        }
        When::AfterTheDial => {
            let dialled = dial.await;
            evict.await;
            dialled
        }
        When::OnceAccepted => {
            let dialled = dial.await;
            until("a connection is accepted", || keeper.accepted() > accepted).await;
            evict.await;
            dialled
        }
    };
    // The other side sees the end of it, whether it got through the door or not.
    if let Ok(connection) = dialled.unwrap() {
        tokio::time::timeout(DEADLINE, connection.closed()).await.expect("the connection ends");
    }
    assert_eq!(node.door.live().get(&peer(seed)), None, "registered in spite of the eviction");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_thousand_connects_that_race_evictions_none_stays_open() {
    let (node, keeper) = Node::keeping(1).await;
    let node = Arc::new(node);
    let mut endpoints = Vec::new();
    for seed in 100..100 + PEERS {
        endpoints.push((seed, bare(seed, &MemoryLookup::new()).await));
    }
    for round in 0..ROUNDS {
        let mut races = JoinSet::new();
        let when = [When::WithTheDial, When::AfterTheDial, When::AfterTheDial, When::OnceAccepted];
        let when = when[usize::try_from(round).unwrap() % when.len()];
        for (turns, contestant) in (0..).zip(endpoints.clone()) {
            races.spawn(race(Arc::clone(&node), keeper.clone(), contestant, when, turns));
        }
        while let Some(race) = races.join_next().await {
            race.unwrap();
        }
        assert_eq!(keeper.open(), 0, "round {round}");
    }
    let counts = node.door.counts();
    println!("{counts:?}");
    assert!(counts.closed > 0, "no eviction came after its connection: {counts:?}");
    assert!(counts.refused_arrivals > 0, "no eviction came before its connection: {counts:?}");
    assert!(counts.admitted + counts.refused_arrivals <= u64::from(PEERS) * ROUNDS);
    until("nothing is left", || node.door.live().is_empty()).await;
}
