//! A stranger's address is planted in a member, and the member does not fall for it.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use iroh::address_lookup::memory::MemoryLookup;
use iroh::protocol::Router;
use iroh_gossip::{ALPN, Gossip};
use tokio::net::UdpSocket;

use crate::world::{DEADLINE, Node, bare, bare_builder, id, loopback, peer, topic, until};

const STRANGER: u8 = 9;
const ACCOMPLICE: u8 = 8;

/// The senders of everything that waits at the socket.
fn senders(socket: &UdpSocket) -> Vec<SocketAddr> {
    let mut packet = [0; 2048];
    std::iter::from_fn(|| socket.try_recv_from(&mut packet).ok().map(|(_, from)| from)).collect()
}

/// Joins the stranger and waits for the packet that the node sends it. Nobody answers there, so the join itself is not
/// waited for. It is dropped, with whatever connection it may have made elsewhere.
async fn is_dialled_at(socket: &UdpSocket, node: &Node) {
    let address = node.network.address()[0];
    let mut packet = [0; 2048];
    let heard = async { while socket.recv_from(&mut packet).await.unwrap().1 != address {} };
    let join = async {
        node.network.join(&[peer(STRANGER)]).await.unwrap();
        std::future::pending::<()>().await;
    };
    let either = async {
        tokio::select! { () = heard => {}, () = join => {} }
    };
    tokio::time::timeout(DEADLINE, either).await.expect("an admitted peer is dialled");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_told_to_a_member_is_not_dialled() {
    let node = Node::start(1).await;
    let decoy = UdpSocket::bind(loopback()).await.unwrap();
    node.network.know(peer(STRANGER), &[decoy.local_addr().unwrap()]).unwrap();
    for refusals in 1..=3 {
        assert_eq!(node.network.join(&[peer(STRANGER)]).await.unwrap(), BTreeSet::new());
        assert_eq!(node.door.refused_dials_of(peer(STRANGER)), refusals);
    }
    assert_eq!(senders(&decoy), []);

    // Admitted, it is dialled: the decoy would have heard.
    node.door.admit(peer(STRANGER));
    is_dialled_at(&decoy, &node).await;
    assert_eq!(node.door.refused_dials_of(peer(STRANGER)), 3);
}

/// A member lets a stranger join gossip and passes it on, as the membership protocol does by itself: in a forwarded
/// join, and in the passive views that are shuffled. The stranger says that it lives where the decoy is.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_planted_through_gossip_is_not_dialled() {
    let mut node = Node::start(1).await;
    node.door.admit(peer(ACCOMPLICE));
    let book = MemoryLookup::new();
    book.add_endpoint_info(node.address());
    let accomplice = bare(ACCOMPLICE, &book).await;
    let gossip = Gossip::builder().spawn(accomplice.clone());
    let _router = Router::builder(accomplice.clone()).accept(ALPN, gossip.clone()).spawn();
    let _topic = gossip.subscribe_and_join(topic(), vec![id(peer(1))]).await.unwrap();

    let decoy = UdpSocket::bind(loopback()).await.unwrap();
    let book = MemoryLookup::new();
    book.add_endpoint_info(accomplice.addr());
    let stranger = bare_builder(STRANGER).address_lookup(book).external_addr(decoy.local_addr().unwrap());
    let stranger = stranger.bind().await.unwrap();
    let strangers_gossip = Gossip::builder().spawn(stranger.clone());
    let _strangers_router = Router::builder(stranger.clone()).accept(ALPN, strangers_gossip.clone()).spawn();
    let _joined = strangers_gossip.subscribe_and_join(topic(), vec![id(peer(ACCOMPLICE))]).await.unwrap();

    until("the planted peer is refused", || node.door.refused_dials_of(peer(STRANGER)) > 0).await;
    let from_node =
        |packets: Vec<SocketAddr>| packets.into_iter().filter(|from| node.network.address().contains(from)).count();
    assert_eq!(from_node(senders(&decoy)), 0);
    assert!(!node.door.live().contains_key(&peer(STRANGER)));

    // It had learned the address: admitted, the stranger is dialled there.
    node.door.admit(peer(STRANGER));
    is_dialled_at(&decoy, &node).await;
    // And though gossip gave up on it when it was refused, it becomes a neighbour once its true address is known.
    node.network.know(peer(STRANGER), &stranger.bound_sockets()).unwrap();
    node.join(peer(STRANGER)).await;
}
