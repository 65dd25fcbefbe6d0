use iroh::address_lookup::memory::MemoryLookup;
use iroh::endpoint::ConnectOptions;

use crate::world::{DEADLINE, JAILED, KEEP, Node, bare, closed, echo, peer};

const PEER: u8 = 9;

/// A peer in good standing got a session ticket. It is evicted, and uses the ticket to send data along with its first
/// packet.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_from_better_days_carries_no_data_past_the_door() {
    let (node, keeper) = Node::keeping(1).await;
    node.door.admit(peer(PEER));
    let endpoint = bare(PEER, &MemoryLookup::new()).await;
    let connection = endpoint.connect(node.address(), KEEP).await.unwrap();
    echo(&connection).await;
    let accepted = keeper.accepted();

    node.door.evict(peer(PEER), JAILED);
    closed(&connection).await;
    let connecting = endpoint.connect_with_opts(node.address(), KEEP, ConnectOptions::new()).await.unwrap();
    let early = connecting.into_0rtt().expect("it has a ticket, so it can send early");
    let (mut send, mut recv) = early.open_bi().await.unwrap();
    send.write_all(b"early").await.unwrap();
    send.finish().unwrap();
    let answer = tokio::time::timeout(DEADLINE, recv.read_to_end(64)).await.expect("the door answers");
    assert!(answer.is_err(), "nothing is answered: {answer:?}");
    let end = tokio::time::timeout(DEADLINE, early.closed()).await.expect("it is closed");
    assert_eq!(crate::world::code_of(&end), Some((0x104, "jailed".to_owned())));
    assert_eq!(keeper.accepted(), accepted);
    assert_eq!(node.door.counts().refused_arrivals, 1);
}
