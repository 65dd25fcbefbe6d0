use std::collections::BTreeSet;

use williw_core::reputation::Conduct;
use williw_gossip::Event;

use crate::world::{DEADLINE, Node, neighbours, peer};

/// Beats until every node has heard everybody else. Repeated, because gossip promises nothing about the first moments.
async fn hear_each_other(nodes: &mut [&mut Node]) {
    let everyone: BTreeSet<_> = nodes.iter().map(|node| node.network.peer()).collect();
    let mut missing: Vec<BTreeSet<_>> = nodes.iter().map(|_| everyone.clone()).collect();
    for (node, missing) in nodes.iter().zip(&mut missing) {
        missing.remove(&node.network.peer());
    }
    let heard = async {
        let mut pause = tokio::time::interval(std::time::Duration::from_millis(50));
        while missing.iter().any(|missing| !missing.is_empty()) {
            pause.tick().await;
            for (node, missing) in nodes.iter_mut().zip(&mut missing) {
                node.beat().await;
                while let Ok(event) = node.events.try_recv() {
                    if let Event::Heard(heard) = event {
                        missing.remove(&heard.author);
                    }
                }
            }
        }
    };
    tokio::time::timeout(DEADLINE, heard).await.expect("everybody hears everybody");
}

#[tokio::test(flavor = "multi_thread")]
async fn three_members_hear_each_other() {
    let (mut a, mut b, mut c) = (Node::start(1).await, Node::start(2).await, Node::start(3).await);
    neighbours(&mut b, &mut a).await;
    neighbours(&mut c, &mut a).await;
    b.befriend(&c);
    c.befriend(&b);
    hear_each_other(&mut [&mut a, &mut b, &mut c]).await;
    for node in [a, b, c] {
        node.network.close().await.unwrap();
    }
}

/// b and c do not know each other; a relays between them. What c says counts at b from the moment b admits c, and what b
/// made of it before is held against neither c nor a.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_counts_by_its_author_not_by_who_delivered_it() {
    let (mut a, mut b, mut c) = (Node::start(1).await, Node::start(2).await, Node::start(3).await);
    neighbours(&mut b, &mut a).await;
    neighbours(&mut c, &mut a).await;

    let dropped = async {
        while b.network.counts().hearing.strangers == 0 {
            c.beat().await;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, dropped).await.expect("a relays what c says");
    while let Ok(event) = b.events.try_recv() {
        assert!(!matches!(event, Event::Heard(_) | Event::Conduct { .. }), "{event:?}");
    }

    b.door.admit(c.network.peer());
    c.beat().await;
    let author = b.next(|event| if let Event::Heard(heard) = event { Some(heard.author) } else { None }).await;
    assert_eq!(author, peer(3));
    let credited =
        b.next(|event| if let Event::Conduct { peer, conduct } = event { Some((peer, conduct)) } else { None });
    assert_eq!(credited.await, (peer(3), Conduct::ValidMessage));
    assert!(!b.door.live().contains_key(&peer(3)), "b hears c without a connection to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_end_with_the_network() {
    let mut node = Node::start(1).await;
    node.network.close().await.unwrap();
    let end = tokio::time::timeout(DEADLINE, node.events.recv()).await.expect("the queue ends");
    assert_eq!(end, None);
}

/// iroh-gossip by itself never dials again whom it failed to reach once.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_refused_or_away_is_reached_by_a_later_join() {
    let (mut a, mut b) = (Node::start(1).await, Node::start(2).await);
    b.befriend(&a);
    assert_eq!(a.network.join(&[peer(2)]).await.unwrap(), BTreeSet::new(), "not admitted");
    a.door.admit(peer(2));
    assert_eq!(a.network.join(&[peer(2)]).await.unwrap(), BTreeSet::new(), "nobody knows where it is");
    a.befriend(&b);
    assert_eq!(a.network.join(&[peer(2)]).await.unwrap(), BTreeSet::from([peer(2)]));
    a.up(peer(2)).await;
    b.up(peer(1)).await;
    assert_eq!(a.network.neighbours(), BTreeSet::from([peer(2)]));
    let connections = a.door.counts().admitted;
    assert_eq!(a.network.join(&[peer(2)]).await.unwrap(), BTreeSet::from([peer(2)]));
    assert_eq!(a.door.counts().admitted, connections, "a neighbour is not dialled again");
}
