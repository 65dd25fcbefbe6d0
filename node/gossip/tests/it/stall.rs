//! Members that stop reading. Gossip waits for them, and so would everything else.

use std::time::{Duration, Instant};

use iroh::Endpoint;
use iroh::endpoint::{QuicTransportConfig, VarInt};
use iroh_gossip::ALPN;
use williw_gossip::{CLOSE_TIMEOUT, Event};

use crate::raw::{PRUNE, Raw};
use crate::world::{DEADLINE, Node, bare_builder, closed, neighbours, peer, until};

const HOSTILE: u8 = 9;

/// More frames than gossip and its connection have room for.
const TOO_MANY: usize = 256;

/// It lets nobody open a stream to it: not one byte of what gossip sends it is taken.
async fn deaf() -> Endpoint {
    let transport = QuicTransportConfig::builder().max_concurrent_uni_streams(VarInt::from_u32(0)).build();
    bare_builder(HOSTILE).transport_config(transport).bind().await.unwrap()
}

/// A node with an honest neighbour and one that reads nothing.
async fn beset() -> (Node, Node, Raw) {
    let (mut node, mut honest) = (Node::start(1).await, Node::start(2).await);
    neighbours(&mut node, &mut honest).await;
    node.door.admit(peer(HOSTILE));
    let hostile = Raw::join_from(deaf().await, &node).await;
    node.up(peer(HOSTILE)).await;
    (node, honest, hostile)
}

async fn beat_too_often(node: &Node) {
    for _ in 0..TOO_MANY {
        node.beat().await;
        if node.network.counts().beats_lost > 0 {
            break;
        }
    }
}

/// Fills the queues until gossip waits for who reads nothing, and is done long before the node notices.
async fn clog(node: &Node) {
    for _ in 0..TOO_MANY {
        if tokio::time::timeout(Duration::from_millis(500), node.beat()).await.is_err() {
            return;
        }
    }
    panic!("gossip does not wait for it");
}

/// The other side hears the node again, with whatever joining it takes.
async fn hear_again(node: &Node, honest: &mut Node) {
    let before = honest.network.counts().hearing.heard;
    let heard = async {
        let mut again = tokio::time::interval(Duration::from_millis(200));
        while honest.network.counts().hearing.heard == before {
            again.tick().await;
            node.network.join(&[honest.network.peer()]).await.unwrap();
            node.beat().await;
        }
    };
    tokio::time::timeout(DEADLINE, heard).await.expect("gossip goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_reading_is_kept_out_and_the_others_go_on() {
    let (mut node, mut honest, hostile) = beset().await;
    beat_too_often(&node).await;

    assert_eq!(closed(&hostile.connection).await, (0x112, "stalled".to_owned()));
    node.next(|event| (event == Event::Down(peer(HOSTILE))).then_some(())).await;
    assert_eq!(node.network.counts().stalls, 1);
    hear_again(&node, &mut honest).await;

    let again = deaf().await;
    let again = again.connect(node.address(), ALPN).await.unwrap();
    assert_eq!(closed(&again).await, (0x112, "stalled".to_owned()));
    let refused = node.door.counts().refused_dials;
    assert!(node.network.join(&[peer(HOSTILE)]).await.unwrap().is_empty());
    assert_eq!(node.door.counts().refused_dials, refused + 1, "nor is it dialled");
}

/// What it sends fills the queue in front of gossip, so even closing its connection frees nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_from_who_stops_reading_is_survived_too() {
    let (node, mut honest, hostile) = beset().await;
    // Gossip that hears it first sends it nothing any more, and so never waits for it.
    clog(&node).await;
    let flooding = tokio::spawn(hostile.flood(&PRUNE));
    tokio::time::timeout(DEADLINE, flooding).await.expect("it is hung up on").unwrap();
    until("gossip begins anew", || node.network.counts().restarts > 0).await;
    hear_again(&node, &mut honest).await;
    assert!(!node.network.join(&[peer(HOSTILE)]).await.unwrap().contains(&peer(HOSTILE)), "it is kept out");
    assert_eq!(node.network.neighbours(), [peer(2)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_while_a_neighbour_does_not_read() {
    let (node, _honest, _hostile) = beset().await;
    clog(&node).await;
    let begun = Instant::now();
    tokio::time::timeout(CLOSE_TIMEOUT, node.network.close()).await.expect("it ends in time").unwrap();
    assert!(begun.elapsed() < CLOSE_TIMEOUT);
}
