use iroh::address_lookup::memory::MemoryLookup;
use iroh_gossip::ALPN;
use williw_core::identity::{ChainId, PeerId};
use williw_core::standing::Bar;
use williw_gossip::{GossipError, Refusal};

use crate::world::{DOUBT, JAILED, KEEP, Node, bare, closed, echo, id, peer};

const STRANGER: u8 = 9;

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_admitted_is_closed_before_anything_of_it_is_read() {
    let (node, keeper) = Node::keeping(1).await;
    let stranger = bare(STRANGER, &MemoryLookup::new()).await;
    let mut arrivals = 0;
    let reasons = [
        (None, 0x100, "unknown"),
        (Some(Bar::Unread { chain: ChainId::Base }), 0x101, "unread"),
        (Some(JAILED), 0x104, "jailed"),
    ];
    for (bar, code, reason) in reasons {
        if let Some(bar) = bar {
            node.door.evict(peer(STRANGER), bar);
            assert_eq!((u64::from(Refusal::Barred(bar).code()), Refusal::Barred(bar).reason()), (code, reason));
        }
        for alpn in [ALPN, KEEP] {
            // The handshake is done when the door looks, so the stranger may get this far, and write.
            let connection = match stranger.connect(node.address(), alpn).await {
                Ok(connection) => connection,
                Err(error) => panic!("{error:?}"),
            };
            if let Ok((mut send, _)) = connection.open_bi().await {
                let _ = send.write_all(b"let me in").await;
            }
            assert_eq!(closed(&connection).await, (code, reason.to_owned()));
            arrivals += 1;
        }
    }
    assert_eq!(keeper.accepted(), 0);
    assert_eq!(node.door.counts().refused_arrivals, arrivals);
    assert!(node.door.live().is_empty());

    // The same stranger, admitted: it was the door that kept it out.
    node.door.admit(peer(STRANGER));
    let connection = stranger.connect(node.address(), KEEP).await.unwrap();
    echo(&connection).await;
    assert_eq!(keeper.accepted(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_dialled_without_standing() {
    let node = Node::start(1).await;
    let refused = async || node.network.open(peer(STRANGER), KEEP).await;
    assert!(matches!(refused().await, Err(GossipError::Refused(_))));
    node.door.suspend(peer(STRANGER), DOUBT);
    assert!(matches!(refused().await, Err(GossipError::Refused(_))));
    node.door.evict(peer(STRANGER), JAILED);
    assert!(matches!(refused().await, Err(GossipError::Refused(_))));
    assert_eq!(node.door.refused_dials_of(peer(STRANGER)), 3);
    assert_eq!(node.door.counts().refused_dials, 3);
    node.door.admit(peer(STRANGER));
    assert!(matches!(refused().await, Err(GossipError::Dial { .. })), "admitted, but nobody knows where it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_no_key_or_has_too_many_addresses_is_refused() {
    let node = Node::start(1).await;
    // No point of the curve has the y coordinate 2.
    let mut no_key = PeerId([0; 32]);
    no_key.0[0] = 2;
    assert!(matches!(node.network.know(no_key, &[]), Err(GossipError::NotAKey(_))));
    assert!(matches!(node.network.join(&[no_key]).await, Err(GossipError::NotAKey(_))));
    let many = vec![crate::world::loopback(); williw_gossip::ADDRESSES_PER_PEER_CAP + 1];
    assert!(matches!(node.network.know(peer(2), &many), Err(GossipError::TooManyAddresses { .. })));
    // Nobody is there to hear it, which is no error.
    node.beat().await;
    assert_eq!(id(node.network.peer()), id(peer(1)));
}

#[test]
fn secrets_are_not_shown() {
    let secret = williw_gossip::PeerSecret([0xab; 32]);
    assert_eq!(format!("{secret:?}"), "PeerSecret(..)");
}
