use iroh::address_lookup::memory::MemoryLookup;
use williw_gossip::CONNECTIONS_PER_PEER_CAP;

use crate::world::{KEEP, Node, bare, closed, echo, peer, until};

const PEER: u8 = 9;

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_of_too_many_is_refused_and_whoever_goes_makes_room() {
    let (node, _keeper) = Node::keeping(1).await;
    node.door.admit(peer(PEER));
    let endpoint = bare(PEER, &MemoryLookup::new()).await;
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS_PER_PEER_CAP {
        let connection = endpoint.connect(node.address(), KEEP).await.unwrap();
        echo(&connection).await;
        connections.push(connection);
    }
    let one_more = endpoint.connect(node.address(), KEEP).await.unwrap();
    assert_eq!(closed(&one_more).await, (0x111, "crowded".to_owned()));

    drop(connections.pop());
    let rest = CONNECTIONS_PER_PEER_CAP - 1;
    until("the door forgets it", || node.door.live().get(&peer(PEER)) == Some(&rest)).await;
    echo(&endpoint.connect(node.address(), KEEP).await.unwrap()).await;

    drop(connections);
    until("nothing is left", || node.door.live().is_empty()).await;
}
