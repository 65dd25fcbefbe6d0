use iroh::SecretKey;
use williw_core::cycle::UnixSeconds;
use williw_core::ed25519::PeerSignature;
use williw_core::identity::ChainId;
use williw_core::standing::{Bar, Doubt};

use super::*;
use crate::envelope::{HEARTBEAT_LEN, Heartbeat};

const NETWORK: NetworkId = NetworkId([0x42; 32]);
const NOW: UnixSeconds = UnixSeconds(1_700_000_000);

fn peer(seed: u8) -> PeerId {
    PeerId(*SecretKey::from_bytes(&[seed; 32]).public().as_bytes())
}

/// A heartbeat of `author` signed by the key of `signer`.
fn signed(author: u8, signer: u8, boot: u64, seq: u64, time: UnixSeconds) -> [u8; HEARTBEAT_LEN] {
    let secret = SecretKey::from_bytes(&[signer; 32]);
    let heartbeat = Heartbeat { author: peer(author), boot, seq, time };
    heartbeat.seal(NETWORK, |message| PeerSignature(secret.sign(message).to_bytes())).encode()
}

fn beat(boot: u64, seq: u64, time: UnixSeconds) -> [u8; HEARTBEAT_LEN] {
    signed(1, 1, boot, seq, time)
}

fn authors() -> Authors {
    Authors::new(NETWORK, peer(99))
}

fn member(_: PeerId) -> Standing {
    Standing::Member
}

#[test]
fn only_what_is_newer_is_heard() {
    let mut authors = authors();
    let mut now = NOW;
    let mut hear = |boot, seq| {
        now = now.plus(Seconds(1));
        authors.hear(&beat(boot, seq, now), now, member).map(|(heard, _)| (heard.boot, heard.seq))
    };
    assert_eq!(hear(5, 7), Ok((5, 7)));
    assert_eq!(hear(5, 7), Err(Unheard::Repeated));
    assert_eq!(hear(5, 6), Err(Unheard::Repeated));
    assert_eq!(hear(5, 8), Ok((5, 8)));
    assert_eq!(hear(4, 100), Err(Unheard::Repeated));
    assert_eq!(hear(6, 0), Ok((6, 0)), "a new start begins to count anew");
}

#[test]
fn an_author_counts_by_its_standing_here() {
    let standings = [
        (Standing::Member, true),
        (Standing::Probation(Doubt::Stale { chain: ChainId::Base }), true),
        (Standing::Barred(Bar::Unread { chain: ChainId::Base }), false),
        (Standing::Barred(Bar::Unknown), false),
    ];
    for (standing, counts) in standings {
        let mut authors = authors();
        let outcome = authors.hear(&beat(1, 1, NOW), NOW, |_| standing);
        assert_eq!(outcome.is_ok(), counts, "{standing}");
        assert!(counts || outcome == Err(Unheard::Stranger));
        assert!(counts || authors.marks.is_empty(), "a stranger leaves no trace");
    }
}

#[test]
fn clocks_may_differ_by_so_much() {
    let slack = HEARTBEAT_SLACK.0;
    let hear = |time: u64| authors().hear(&beat(1, 1, UnixSeconds(time)), NOW, member);
    assert!(hear(NOW.0 + slack).is_ok());
    assert_eq!(hear(NOW.0 + slack + 1), Err(Unheard::Early(Seconds(slack + 1))));
    assert!(hear(NOW.0 - slack).is_ok());
    assert_eq!(hear(NOW.0 - slack - 1), Err(Unheard::Late(Seconds(slack + 1))));
    assert_eq!(hear(u64::MAX), Err(Unheard::Early(Seconds(u64::MAX - NOW.0))));
}

#[test]
fn nobody_but_the_author_moves_its_mark() {
    let mut authors = authors();
    let forged = signed(1, 2, u64::MAX, u64::MAX, NOW);
    assert_eq!(authors.hear(&forged, NOW, member), Err(Unheard::Forged(PeerFault::Mismatch)));
    assert!(authors.marks.is_empty());
    assert!(authors.hear(&beat(1, 1, NOW), NOW, member).is_ok());
    let later = NOW.plus(Seconds(1));
    assert_eq!(authors.hear(&forged, later, member), Err(Unheard::Forged(PeerFault::Mismatch)));
    assert!(authors.hear(&beat(1, 2, NOW), later, member).is_ok());
}

#[test]
fn a_flood_earns_no_more_than_a_beat_per_interval() {
    let mut authors = authors();
    let mut credits = Vec::new();
    for second in 0..=130 {
        for seq in 0..3 {
            let now = UnixSeconds(NOW.0 + second);
            match authors.hear(&beat(1, second * 3 + seq, now), now, member) {
                Ok((_, earns)) => credits.extend(earns.then_some(second)),
                Err(reason) => assert_eq!((reason, seq > 0), (Unheard::Hasty, true)),
            }
        }
    }
    assert_eq!(credits, [0, 60, 120]);
}

#[test]
fn one_heartbeat_per_second_is_verified() {
    let mut authors = authors();
    assert!(authors.hear(&beat(1, 1, NOW), NOW, member).is_ok());
    assert_eq!(authors.hear(&signed(1, 2, 1, 2, NOW), NOW, member), Err(Unheard::Hasty), "not even looked at");
    let later = NOW.plus(Seconds(1));
    assert!(authors.hear(&beat(1, 2, NOW), later, member).is_ok(), "our clock counts, not the author's");
}

#[test]
fn our_own_heartbeats_are_no_news() {
    let outcome = authors().hear(&signed(99, 99, 1, 1, NOW), NOW, member);
    assert_eq!(outcome, Err(Unheard::Own));
}

#[test]
fn when_full_the_barred_make_room_and_members_do_not() {
    let mut authors = Authors { cap: 2, ..authors() };
    let say = |author| signed(author, author, 1, 1, NOW);
    assert!(authors.hear(&say(1), NOW, member).is_ok());
    assert!(authors.hear(&say(2), NOW, member).is_ok());
    assert_eq!(authors.hear(&say(3), NOW, member), Err(Unheard::Crowded));
    let barred = |author| if author == peer(1) { Standing::Barred(Bar::Unknown) } else { Standing::Member };
    assert!(authors.hear(&say(3), NOW, barred).is_ok());
    assert_eq!(authors.hear(&say(2), NOW, member), Err(Unheard::Repeated), "who stayed is remembered");
}

#[test]
fn every_outcome_is_counted_once() {
    let mut counts = HearingCounts::default();
    let heard = Heard { author: peer(1), boot: 0, seq: 0, time: NOW };
    let outcomes = [
        Ok((heard, true)),
        Err(Unheard::Malformed(EnvelopeFault::Length(0))),
        Err(Unheard::Own),
        Err(Unheard::Stranger),
        Err(Unheard::Early(Seconds(1))),
        Err(Unheard::Repeated),
        Err(Unheard::Hasty),
        Err(Unheard::Forged(PeerFault::Mismatch)),
        Err(Unheard::Crowded),
    ];
    outcomes.iter().for_each(|outcome| counts.count(outcome));
    let HearingCounts { heard, malformed, own, strangers, untimely, repeated, hasty, forged, crowded } = counts;
    assert_eq!([heard, malformed, own, strangers, untimely, repeated, hasty, forged, crowded], [1; 9]);
}
