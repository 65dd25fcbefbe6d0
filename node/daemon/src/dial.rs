//! Keeping in touch: dialling members that are no neighbours, and the heartbeat.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use tracing::debug;
use williw_core::identity::PeerId;
use williw_gossip::{GossipError, Network};

use crate::clerk::now;
use crate::error::DaemonError;
use crate::sentry::Heart;

/// How often peers are dialled that ought to be neighbours and are not.
const JOIN_PERIOD: Duration = Duration::from_secs(2);

/// How often this node's heart beats. Others wait for a minute before they miss it.
const BEAT_PERIOD: Duration = Duration::from_secs(3);

/// With so many neighbours hardly anybody is dialled: gossip finds its own way from there.
const NEIGHBOURS_WANTED: usize = 4;

/// Even then one member is dialled in every so many rounds, and takes the place of some neighbour. Whoever has identities
/// enough to be all of our neighbours would else be so for good, and we would hear whom they like.
const STIR_ROUNDS: u64 = 15;

/// The most peers that are dialled in one round. The others come next, in turn.
const DIALS_PER_ROUND: usize = 8;

/// Dials members and configured peers until the network is gone. Whether any of them may be dialled is the door's to say.
pub(crate) async fn dial(
    network: &Network,
    configured: &BTreeSet<PeerId>,
    mut members: watch::Receiver<BTreeSet<PeerId>>,
) -> DaemonError {
    let mut last = PeerId::default();
    let mut turn: u64 = 0;
    loop {
        turn = turn.wrapping_add(1);
        let candidates: BTreeSet<PeerId> = members.borrow_and_update().union(configured).copied().collect();
        let round = round(&candidates, &network.neighbours(), network.peer(), (turn, last));
        if let Some(&peer) = round.last() {
            last = peer;
            let joined = tokio::select! {
                joined = network.join(&round) => joined,
                // Somebody new is not to wait for dials to nowhere. Those come again, when it is their turn.
                changed = members.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return DaemonError::NetworkEnded,
                },
            };
            match joined {
                Ok(reached) => debug!(dialled = round.len(), reached = reached.len(), "dialled"),
                Err(GossipError::NotAKey(peer)) => debug!(%peer, "no key to dial"),
                Err(source) => return DaemonError::Network { source },
            }
        }
        tokio::select! {
            () = tokio::time::sleep(JOIN_PERIOD) => {}
            changed = members.changed() => if changed.is_err() {
                // The clerk is gone, and takes the node along.
                return DaemonError::NetworkEnded;
            },
        }
    }
}

/// Whom to dial in this turn: the candidates behind `last`, around in a circle; of whom there are few while there are
/// neighbours enough.
fn round(
    candidates: &BTreeSet<PeerId>,
    neighbours: &BTreeSet<PeerId>,
    me: PeerId,
    (turn, last): (u64, PeerId),
) -> Vec<PeerId> {
    let dials = match neighbours.len() {
        ..NEIGHBOURS_WANTED => DIALS_PER_ROUND,
        _ if turn.is_multiple_of(STIR_ROUNDS) => 1,
        _ => 0,
    };
    let missing = |peer: &&PeerId| **peer != me && !neighbours.contains(*peer);
    let behind = candidates.iter().filter(missing).filter(|peer| **peer > last);
    let before = candidates.iter().filter(missing).filter(|peer| **peer <= last);
    behind.chain(before).take(dials).copied().collect()
}

/// Lets the heart beat until the network is gone.
pub(crate) async fn beat(network: &Network, heart: watch::Receiver<Heart>) -> DaemonError {
    let mut beats = tokio::time::interval(BEAT_PERIOD);
    loop {
        beats.tick().await;
        let (count, pulse) = {
            let heart = heart.borrow();
            (heart.count(), heart.pulse())
        };
        if let Err(source) = network.beat(now(), count, pulse).await {
            return DaemonError::Network { source };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peers(bytes: impl IntoIterator<Item = u8>) -> BTreeSet<PeerId> {
        bytes.into_iter().map(|byte| PeerId([byte; 32])).collect()
    }

    fn bytes(peers: &[PeerId]) -> Vec<u8> {
        peers.iter().map(|peer| peer.0[0]).collect()
    }

    #[test]
    fn everybody_has_a_turn() {
        let (candidates, me, mut last) = (peers(1..=20), PeerId([3; 32]), PeerId::default());
        let mut dialled = BTreeSet::new();
        for _ in 0..3 {
            let round = round(&candidates, &peers([5]), me, (1, last));
            assert_eq!(round.len(), DIALS_PER_ROUND);
            last = *round.last().unwrap();
            dialled.extend(bytes(&round));
        }
        assert_eq!(
            dialled.into_iter().collect::<Vec<_>>(),
            (1..=20).filter(|n| ![3, 5].contains(n)).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_round_goes_on_behind_the_last_and_around() {
        let round = |last: u8| bytes(&round(&peers([2, 4, 6]), &peers([]), PeerId([9; 32]), (1, PeerId([last; 32]))));
        assert_eq!((round(0), round(4), round(6)), (vec![2, 4, 6], vec![6, 2, 4], vec![2, 4, 6]));
    }

    #[test]
    fn neighbours_enough_are_enough() {
        let candidates = peers(1..=9);
        let round = |count: u8| round(&candidates, &peers(1..=count), PeerId([9; 32]), (1, PeerId::default())).len();
        assert_eq!((round(3), round(4), round(5)), (5, 0, 0));
    }

    /// Five identities that hold all five places cannot keep everybody else out.
    #[test]
    fn nobody_is_surrounded_for_good() {
        let (candidates, hostile, mut last) = (peers(1..=9), peers(1..=5), PeerId::default());
        let mut dialled = BTreeSet::new();
        for turn in 1..=3 * STIR_ROUNDS {
            let round = round(&candidates, &hostile, PeerId([9; 32]), (turn, last));
            last = round.last().copied().unwrap_or(last);
            dialled.extend(bytes(&round));
        }
        assert_eq!(dialled.into_iter().collect::<Vec<_>>(), [6, 7, 8]);
    }
}
