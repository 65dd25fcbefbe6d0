use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use iroh::EndpointAddr;
use iroh::address_lookup::memory::MemoryLookup;
use tokio::net::UdpSocket;

use crate::world::{KEEP, Node, bare, echo, id, loopback, peer};

const PEER: u8 = 9;

/// How QUIC's first byte says "long header" and "Retry".
const RETRY: u8 = 0b1011_0000;

/// Passes packets on between the one who sends to it first and the node, and keeps what the node says.
async fn between(node: SocketAddr, said: Arc<Mutex<Vec<Vec<u8>>>>) -> SocketAddr {
    let (outside, inside) = (UdpSocket::bind(loopback()).await.unwrap(), UdpSocket::bind(loopback()).await.unwrap());
    let address = outside.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut there, mut back, mut peer) = (vec![0; 1 << 16], vec![0; 1 << 16], None);
        loop {
            tokio::select! {
                got = outside.recv_from(&mut there) => {
                    let (len, from) = got.unwrap();
                    peer = Some(from);
                    inside.send_to(&there[..len], node).await.unwrap();
                }
                got = inside.recv_from(&mut back) => {
                    let (len, _) = got.unwrap();
                    said.lock().unwrap().push(back[..len].to_vec());
                    outside.send_to(&back[..len], peer.unwrap()).await.unwrap();
                }
            }
        }
    });
    address
}

/// A packet can claim to come from anywhere. Whoever got no answer at its address gets no handshake.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_validated_before_a_handshake_begins() {
    let (node, _keeper) = Node::keeping(1).await;
    node.door.admit(peer(PEER));
    let said = Arc::new(Mutex::new(Vec::new()));
    let address = between(node.network.address()[0], Arc::clone(&said)).await;
    let endpoint = bare(PEER, &MemoryLookup::new()).await;
    let entry = EndpointAddr::new(id(node.network.peer())).with_ip_addr(address);
    echo(&endpoint.connect(entry, KEEP).await.unwrap()).await;

    let said = said.lock().unwrap();
    assert_eq!(said[0][0] & RETRY, RETRY, "the first answer");
    assert!(said[0].len() < 256, "{} bytes", said[0].len());
}
