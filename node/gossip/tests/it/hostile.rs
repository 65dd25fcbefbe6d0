//! A member that does not keep to the rules: bare gossip without a door.

use std::time::Duration;

use bytes::Bytes;
use iroh::SecretKey;
use iroh::address_lookup::memory::MemoryLookup;
use iroh::protocol::Router;
use iroh_gossip::api::GossipSender;
use iroh_gossip::{ALPN, Gossip};
use williw_core::cycle::UnixSeconds;
use williw_core::identity::PeerId;
use williw_core::network::NetworkId;
use williw_core::reputation::Conduct;
use williw_gossip::{EVENT_QUEUE_CAP, Event, HEARTBEAT_SLACK, HearingCounts};

use crate::world::{DEADLINE, NETWORK, Node, bare, envelope, envelope_by, id, now, peer, topic, until};

const HOSTILE: u8 = 9;

pub(crate) async fn hostile(seed: u8, node: &Node) -> (Router, GossipSender) {
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
    let (victim, other, me, silent) = (peer(2), peer(3), peer(HOSTILE), peer(4));
    for member in [victim, me, silent] {
        node.door.admit(member);
    }
    let (_router, sender) = hostile(HOSTILE, &node).await;
    let say = async |bytes: Vec<u8>| sender.broadcast(Bytes::from(bytes)).await.unwrap();

    let true_one = envelope(NETWORK, victim, 2, 5, now());
    say(true_one).await;
    until("the victim's heartbeat is heard", || node.network.counts().hearing.heard == 1).await;

    say(envelope(NETWORK, victim, 2, 5, UnixSeconds(now().0 + 1))).await; // the same number said again
    say(envelope(NETWORK, silent, HOSTILE, 6, now())).await; // not its author's signature
    say(envelope(NetworkId([0x43; 32]), silent, 4, 7, now())).await; // signed for another network
    say(envelope(NETWORK, other, 3, 1, now())).await; // by no member
    say(envelope(NETWORK, peer(1), 1, 1, now())).await; // by another copy of the node
    say(envelope(NETWORK, victim, 2, 8, now().plus(HEARTBEAT_SLACK).plus(HEARTBEAT_SLACK))).await;
    say(b"hello".to_vec()).await;
    say(envelope(NETWORK, me, HOSTILE, 1, now())).await;
    let wanted = HearingCounts {
        heard: 2,
        repeated: 1,
        forged: 2,
        strangers: 1,
        echoes: 1,
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
            Event::Up(_) | Event::Down(_) | Event::Echo(_) => {}
        }
    }
    let good = Some(Conduct::ValidMessage);
    assert_eq!(told, [(victim, None), (victim, good), (me, None), (me, good)]);
}

/// One heartbeat in a second counts. Nobody takes the events, and those of others are not displaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_true_heartbeats_counts_once_a_second_and_displaces_nothing() {
    let (mut node, mut honest) = (Node::start(1).await, Node::start(2).await);
    node.door.admit(peer(HOSTILE));
    let (_router, sender) = hostile(HOSTILE, &node).await;
    let (flood, mut seq) = (2 * EVENT_QUEUE_CAP as u64, 0);
    while node.network.counts().hearing.hasty < flood {
        seq += 1;
        sender.broadcast(envelope(NETWORK, peer(HOSTILE), HOSTILE, seq, now()).into()).await.unwrap();
    }
    assert_eq!(node.network.counts().events_dropped, 0);
    honest.befriend(&node);
    node.befriend(&honest);
    honest.join(node.network.peer()).await;
    until("it is a neighbour", || node.network.neighbours().contains(&peer(2))).await;
    let mut told = Vec::new();
    let heard = async {
        let mut again = tokio::time::interval(Duration::from_millis(50));
        loop {
            again.tick().await;
            honest.beat().await;
            while let Ok(event) = node.events.try_recv() {
                told.push(event);
            }
            if told.iter().any(|event| matches!(event, Event::Heard(heard) if heard.author == peer(2))) {
                return;
            }
        }
    };
    tokio::time::timeout(DEADLINE, heard).await.expect("the honest one is heard");
    assert!(told.contains(&Event::Up(peer(2))));
    let earned = Event::Conduct { peer: peer(HOSTILE), conduct: Conduct::ValidMessage };
    assert_eq!(told.iter().filter(|event| **event == earned).count(), 1);
}

/// So many members speak that the queue of events is full, and nobody takes them.
#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_is_news_however_much_is_said() {
    let (mut node, mut honest) = (Node::start(1).await, Node::start(2).await);
    node.door.admit(peer(HOSTILE));
    let (_router, sender) = hostile(HOSTILE, &node).await;
    for seed in 0..EVENT_QUEUE_CAP as u64 {
        let secret = SecretKey::from_bytes(blake3::hash(&seed.to_be_bytes()).as_bytes());
        let author = PeerId(*secret.public().as_bytes());
        node.door.admit(author);
        sender.broadcast(envelope_by(&secret, NETWORK, author, 1, now()).into()).await.unwrap();
        until("it arrived", || node.network.counts().hearing.heard > seed).await;
    }
    assert!(node.network.counts().events_dropped > 0);
    honest.befriend(&node);
    node.befriend(&honest);
    honest.join(node.network.peer()).await;
    until("it is a neighbour", || node.network.neighbours().contains(&peer(2))).await;
    node.up(peer(2)).await;
}
