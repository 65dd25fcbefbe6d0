//! A member that does not keep to the rules: bare gossip without a door.

use bytes::Bytes;
use iroh::address_lookup::memory::MemoryLookup;
use iroh::protocol::Router;
use iroh_gossip::api::GossipSender;
use iroh_gossip::{ALPN, Gossip};
use williw_core::cycle::UnixSeconds;
use williw_core::network::NetworkId;
use williw_core::reputation::Conduct;
use williw_gossip::{Event, HEARTBEAT_SLACK, HearingCounts};

use crate::world::{NETWORK, Node, bare, envelope, id, now, peer, topic, until};

const HOSTILE: u8 = 9;

async fn hostile(seed: u8, node: &Node) -> (Router, GossipSender) {
    let book = MemoryLookup::new();
    book.add_endpoint_info(node.address());
    let endpoint = bare(seed, &book).await;
    let gossip = Gossip::builder().spawn(endpoint.clone());
    let router = Router::builder(endpoint).accept(ALPN, gossip.clone()).spawn();
    let joined = gossip.subscribe_and_join(topic(), vec![id(node.network.peer())]).await.unwrap();
    let (sender, mut receiver) = joined.split();
    tokio::spawn(async move { while futures_lite::StreamExt::next(&mut receiver).await.is_some() {} });
    (router, sender)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_a_fresh_true_heartbeat_counts() {
    let mut node = Node::start(1).await;
    let (victim, other, me) = (peer(2), peer(3), peer(HOSTILE));
    for member in [victim, me] {
        node.door.admit(member);
    }
    let (_router, sender) = hostile(HOSTILE, &node).await;
    let say = async |bytes: Vec<u8>| sender.broadcast(Bytes::from(bytes)).await.unwrap();

    let true_one = envelope(NETWORK, victim, 2, 5, now());
    say(true_one).await;
    until("the victim's heartbeat is heard", || node.network.counts().hearing.heard == 1).await;

    say(envelope(NETWORK, victim, 2, 5, UnixSeconds(now().0 + 1))).await; // the same number said again
    say(envelope(NETWORK, victim, HOSTILE, 6, now())).await; // not the victim's signature
    say(envelope(NetworkId([0x43; 32]), victim, 2, 7, now())).await; // signed for another network
    say(envelope(NETWORK, other, 3, 1, now())).await; // by no member
    say(envelope(NETWORK, peer(1), 1, 1, now())).await; // by the node itself
    say(envelope(NETWORK, victim, 2, 8, now().plus(HEARTBEAT_SLACK).plus(HEARTBEAT_SLACK))).await;
    say(b"hello".to_vec()).await;
    say(envelope(NETWORK, me, HOSTILE, 1, now())).await;
    let wanted = HearingCounts {
        heard: 2,
        repeated: 1,
        forged: 2,
        strangers: 1,
        own: 1,
        untimely: 1,
        malformed: 1,
        ..HearingCounts::default()
    };
    until("everything arrived", || node.network.counts().hearing == wanted).await;

    let mut told = Vec::new();
    while let Ok(event) = node.events.try_recv() {
        match event {
            Event::Heard(heard) => told.push((heard.author, None)),
            Event::Conduct { peer, conduct } => told.push((peer, Some(conduct))),
            Event::Up(_) | Event::Down(_) => {}
        }
    }
    let good = Some(Conduct::ValidMessage);
    assert_eq!(told, [(victim, None), (victim, good), (me, None), (me, good)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_true_heartbeats_earns_one_valid_message_and_fills_no_memory() {
    let node = Node::start(1).await;
    node.door.admit(peer(HOSTILE));
    let (_router, sender) = hostile(HOSTILE, &node).await;
    let flood = 3 * williw_gossip::EVENT_QUEUE_CAP as u64;
    let mut seq = 0;
    // Nobody takes the events. Gossip may drop messages on its way when it lags, so this goes on until enough arrived.
    while node.network.counts().hearing.heard < flood {
        seq += 1;
        sender.broadcast(envelope(NETWORK, peer(HOSTILE), HOSTILE, seq, now()).into()).await.unwrap();
    }
    assert!(node.network.counts().events_dropped > 0);
    let (mut node, mut earned) = (node, 0);
    while let Ok(event) = node.events.try_recv() {
        earned += usize::from(matches!(event, Event::Conduct { .. }));
    }
    assert_eq!(earned, 1);
}
