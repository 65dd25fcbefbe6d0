use iroh::address_lookup::memory::MemoryLookup;
use williw_core::cycle::Height;
use williw_core::identity::ChainId;
use williw_core::standing::{Bar, Standing};
use williw_gossip::{Event, GossipError};

use crate::world::{DOUBT, JAILED, KEEP, Node, bare, closed, echo, neighbours, peer, until};

const PEER: u8 = 9;

#[tokio::test(flavor = "multi_thread")]
async fn an_evicted_peer_loses_what_is_open_and_gets_nothing_new() {
    let (node, keeper) = Node::keeping(1).await;
    node.door.admit(peer(PEER));
    let endpoint = bare(PEER, &MemoryLookup::new()).await;
    let connections =
        [endpoint.connect(node.address(), KEEP).await.unwrap(), endpoint.connect(node.address(), KEEP).await.unwrap()];
    for connection in &connections {
        echo(connection).await;
    }
    assert_eq!(node.door.live().get(&peer(PEER)), Some(&2));

    node.door.evict(peer(PEER), JAILED);
    assert!(node.door.live().is_empty());
    assert_eq!(node.door.counts().closed, 2);
    assert_eq!(keeper.open(), 0, "closed when the eviction returns, not some time later");
    for connection in &connections {
        assert_eq!(closed(connection).await, (0x104, "jailed".to_owned()));
    }

    let again = endpoint.connect(node.address(), KEEP).await.unwrap();
    assert_eq!(closed(&again).await, (0x104, "jailed".to_owned()));
    assert!(matches!(node.network.open(peer(PEER), KEEP).await, Err(GossipError::Refused(_))));
    assert_eq!(keeper.accepted(), 2);

    node.door.admit(peer(PEER));
    echo(&endpoint.connect(node.address(), KEEP).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_peer_keeps_what_is_open_and_gets_nothing_new() {
    let (node, keeper) = Node::keeping(1).await;
    node.door.admit(peer(PEER));
    let endpoint = bare(PEER, &MemoryLookup::new()).await;
    let connection = endpoint.connect(node.address(), KEEP).await.unwrap();
    echo(&connection).await;

    node.door.suspend(peer(PEER), DOUBT);
    let again = endpoint.connect(node.address(), KEEP).await.unwrap();
    assert_eq!(closed(&again).await, (0x110, "probation".to_owned()));
    echo(&connection).await;
    assert!(matches!(node.network.open(peer(PEER), KEEP).await, Err(GossipError::Refused(_))));
    assert_eq!((keeper.accepted(), node.door.live().get(&peer(PEER))), (1, Some(&1)));

    node.door.evict(peer(PEER), JAILED);
    assert_eq!(closed(&connection).await, (0x104, "jailed".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evicted_neighbour_is_no_neighbour_and_comes_back_with_its_standing() {
    let (mut a, mut b) = (Node::start(1).await, Node::start(2).await);
    neighbours(&mut a, &mut b).await;
    a.door.evict(peer(2), JAILED);
    a.next(|event| (event == Event::Down(peer(2))).then_some(())).await;
    b.next(|event| (event == Event::Down(peer(1))).then_some(())).await;
    until("no connection is left", || a.door.live().is_empty() && b.door.live().is_empty()).await;

    a.door.admit(peer(2));
    a.network.join(&[peer(2)]).await.unwrap();
    a.up(peer(2)).await;
    b.up(peer(1)).await;
    b.beat().await;
    let author = a.next(|event| if let Event::Heard(heard) = event { Some(heard.author) } else { None }).await;
    assert_eq!(author, peer(2));
}

/// A slash that was on its way becomes final: nothing opens or closes by that, but peers are told the truth.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_evicted_again_is_told_the_new_reason() {
    let (node, _keeper) = Node::keeping(1).await;
    node.door.admit(peer(PEER));
    let endpoint = bare(PEER, &MemoryLookup::new()).await;
    let connection = endpoint.connect(node.address(), KEEP).await.unwrap();
    echo(&connection).await;
    node.door.evict(peer(PEER), Bar::SlashPending { chain: ChainId::Base, height: Height(7) });
    assert_eq!(closed(&connection).await, (0x103, "slash".to_owned()));
    for _ in 0..2 {
        node.door.evict(peer(PEER), JAILED);
        assert_eq!(node.door.standing_of(peer(PEER)), Standing::Barred(JAILED));
        let again = endpoint.connect(node.address(), KEEP).await.unwrap();
        assert_eq!(closed(&again).await, (0x104, "jailed".to_owned()));
    }
    assert_eq!(node.door.counts().closed, 1, "it had one connection, and lost it once");
}
