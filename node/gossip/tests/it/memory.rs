//! What a member can make a node keep.

use std::time::Duration;

use iroh::address_lookup::memory::MemoryLookup;
use iroh_gossip::ALPN;
use tokio::time::timeout;

use crate::raw::{Raw, frame, graft, message};
use crate::world::{KEEP, Node, bare, peer};

const HOSTILE: u8 = 9;

/// By default iroh-gossip keeps them for thirty seconds.
const KEPT: Duration = Duration::from_secs(15);

/// Nothing tells how long a message is kept, but it can be asked for. Answers come in the order of the questions.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_member_said_is_forgotten_within_seconds() {
    let node = Node::start(1).await;
    node.door.admit(peer(HOSTILE));
    let mut hostile = Raw::join_from(bare(HOSTILE, &MemoryLookup::new()).await, &node).await;
    let mut answers = hostile.answers().await;
    let old = b"old".as_slice();
    hostile.say(&message(old)).await;
    let forgotten = async {
        let mut again = tokio::time::interval(Duration::from_millis(200));
        let mut was_kept = false;
        for round in 0_u32.. {
            again.tick().await;
            let new = round.to_be_bytes();
            hostile.say(&message(&new)).await;
            hostile.say(&graft(old)).await;
            hostile.say(&graft(&new)).await;
            let mut is_kept = false;
            loop {
                let answer = frame(&mut answers).await;
                if holds(&answer, old) {
                    (is_kept, was_kept) = (true, true);
                } else if holds(&answer, &new) {
                    break;
                }
            }
            if !is_kept {
                assert!(was_kept, "it was there before");
                return;
            }
        }
    };
    timeout(KEPT, forgotten).await.expect("it is forgotten");
}

fn holds(frame: &[u8], content: &[u8]) -> bool {
    // Relayed, so the round is one more; otherwise as it was sent.
    let sent = message(content);
    frame.len() == sent.len() && frame[..frame.len() - 2] == sent[..sent.len() - 2]
}

/// Gossip reads no further once the first stream made no sense, and the other protocol reads no such streams at all.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_reads_is_soon_too_much() {
    let (node, _keeper) = Node::keeping(1).await;
    node.door.admit(peer(HOSTILE));
    let endpoint = bare(HOSTILE, &MemoryLookup::new()).await;
    for alpn in [ALPN, KEEP] {
        let connection = endpoint.connect(node.address(), alpn).await.unwrap();
        let mut held = Vec::new();
        let (mut sent, chunk) = (0, vec![0; 1 << 16]);
        // As many streams as it may open, and as much on each as it may write. Nobody reads, so what stops stays stopped.
        while let Ok(Ok(mut stream)) = timeout(Duration::from_millis(500), connection.open_uni()).await {
            while let Ok(Ok(written)) = timeout(Duration::from_millis(50), stream.write(&chunk)).await {
                sent += written;
                assert!(sent <= 4 << 20, "the node takes it all");
            }
            held.push(stream);
            if held.len() == 8 {
                break;
            }
        }
        assert!(held.len() > 1 && sent > 0);
    }
}
