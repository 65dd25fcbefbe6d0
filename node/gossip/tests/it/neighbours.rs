//! Connections and neighbours in gossip are not the same, and do not drift apart.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::Connection;
use iroh::protocol::{AcceptError, ProtocolHandler, Router};
use iroh_gossip::{ALPN, Gossip};

use crate::world::{Node, bare, peer, topic, until};

const PEER: u8 = 9;

/// Gives gossip the first two connections in the wrong order, as the tasks of a busy machine do now and then.
#[derive(Clone, Debug)]
struct Reversed {
    gossip: Gossip,
    accepted: Arc<AtomicUsize>,
    first: Arc<Mutex<Option<Connection>>>,
}

impl Reversed {
    fn first_has_ended(&self) -> bool {
        self.first.lock().unwrap().as_ref().is_some_and(|first| first.close_reason().is_some())
    }
}

impl ProtocolHandler for Reversed {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        if self.accepted.fetch_add(1, Ordering::SeqCst) == 0 {
            *self.first.lock().unwrap() = Some(connection);
            return Ok(());
        }
        self.gossip.handle_connection(connection).await.map_err(AcceptError::from_err)?;
        let first = self.first.lock().unwrap().take();
        match first {
            Some(first) => self.gossip.handle_connection(first).await.map_err(AcceptError::from_err),
            None => Ok(()),
        }
    }
}

/// The peer's gossip answers into a connection that has ended, and does not answer a second question.
#[tokio::test(flavor = "multi_thread")]
async fn a_peer_whose_answer_got_lost_becomes_a_neighbour_by_joining_again() {
    let mut node = Node::start(1).await;
    let endpoint = bare(PEER, &MemoryLookup::new()).await;
    let gossip = Gossip::builder().spawn(endpoint.clone());
    let reversed = Reversed { gossip: gossip.clone(), accepted: Arc::default(), first: Arc::default() };
    let _router = Router::builder(endpoint.clone()).accept(ALPN, reversed.clone()).spawn();
    let _topic = gossip.subscribe(topic(), Vec::new()).await.unwrap();
    node.door.admit(peer(PEER));
    node.network.know(peer(PEER), &endpoint.bound_sockets()).unwrap();

    // As a join that is dropped when it has just connected.
    let dropped = node.network.open(peer(PEER), ALPN).await.unwrap();
    until("the first is accepted", || reversed.accepted.load(Ordering::SeqCst) == 1).await;
    drop(dropped);
    until("the first has ended", || reversed.first_has_ended() && node.door.live().is_empty()).await;

    node.join(peer(PEER)).await;
    assert!(reversed.accepted.load(Ordering::SeqCst) > 2, "the second connection did not make it a neighbour");
    assert_eq!(node.door.live().get(&peer(PEER)), Some(&1), "nothing is left of those before");
}

/// Gossip keeps five neighbours and drops others for them, but never their connections.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_neighbour_any_more_keeps_no_connection() {
    let hub = Node::start(1).await;
    let mut others = Vec::new();
    for seed in 2..=9 {
        let mut node = Node::start(seed).await;
        node.befriend(&hub);
        hub.befriend(&node);
        node.join(hub.network.peer()).await;
        others.push(node);
    }
    assert!(hub.door.counts().admitted >= 8, "everybody was a neighbour once");
    until("only neighbours are connected", || {
        let (neighbours, live) = (hub.network.neighbours(), hub.door.live());
        neighbours.len() >= 5 && live.into_keys().eq(neighbours)
    })
    .await;
}
