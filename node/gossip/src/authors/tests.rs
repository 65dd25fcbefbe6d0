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
    sealed(Pulse::Beating, author, signer, (boot, seq), time)
}

fn sealed(pulse: Pulse, author: u8, signer: u8, (boot, seq): (u64, u64), time: UnixSeconds) -> [u8; HEARTBEAT_LEN] {
    let secret = SecretKey::from_bytes(&[signer; 32]);
    let heartbeat = Heartbeat { author: peer(author), boot, noted: 0, seq, time, pulse };
    heartbeat.seal(NETWORK, |message| PeerSignature(secret.sign(message).to_bytes())).encode()
}

fn beat(boot: u64, seq: u64, time: UnixSeconds) -> [u8; HEARTBEAT_LEN] {
    signed(1, 1, boot, seq, time)
}

fn listening(boot: u64, seq: u64, time: UnixSeconds) -> [u8; HEARTBEAT_LEN] {
    sealed(Pulse::Listening, 1, 1, (boot, seq), time)
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
        match authors.hear(&beat(boot, seq, now), now, member)? {
            News::Heard(heard, _) => Ok((heard.boot, heard.seq)),
            News::Echo => panic!("it is not ours"),
        }
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
                Ok(News::Echo) => panic!("it is not ours"),
                Ok(News::Heard(_, earns)) => credits.extend(earns.then_some(second)),
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
    let mut authors = authors();
    let seq = authors.echoes.number(5);
    assert_eq!(authors.hear(&signed(99, 99, 5, seq, NOW), NOW, member), Err(Unheard::Own));
    assert!(authors.marks.is_empty());
}

#[test]
fn whoever_speaks_with_our_key_is_heard_whatever_the_time_and_whatever_we_are() {
    let barred = |_| Standing::Barred(Bar::Unknown);
    for time in [UnixSeconds(0), NOW, UnixSeconds(u64::MAX)] {
        let mut authors = authors();
        assert_eq!(authors.hear(&signed(99, 99, 1, 1, time), NOW, barred), Ok(News::Echo));
        let forged = signed(99, 1, 1, 2, time);
        assert_eq!(authors.hear(&forged, NOW, member), Err(Unheard::Forged(PeerFault::Mismatch)));
    }
}

/// What would be answered to the author if it asked.
fn kept(authors: &Authors) -> Option<(u64, u64)> {
    authors.kept(peer(1))[0].map(|envelope| envelope.heartbeat.rank())
}

#[test]
fn what_is_kept_beats_and_is_the_newest_and_as_it_came() {
    let mut authors = authors();
    let mut now = NOW;
    let mut say = |make: fn(u64, u64, UnixSeconds) -> [u8; HEARTBEAT_LEN], boot, seq| {
        now = now.plus(Seconds(1));
        let bytes = make(boot, seq, now);
        let _whether_it_was_news = authors.hear(&bytes, now, member);
        (kept(&authors), authors.kept(peer(1))[0].is_some_and(|kept| kept.encode() == bytes))
    };
    assert_eq!(say(listening, 5, 1), (None, false));
    assert_eq!(say(beat, 5, 2), (Some((5, 2)), true));
    assert_eq!(say(listening, 5, 3), (Some((5, 2)), false));
    assert_eq!(say(beat, 5, 1), (Some((5, 2)), false));
    assert_eq!(say(beat, 5, 4), (Some((5, 4)), true));
    assert_eq!(say(beat, 6, 1), (Some((6, 1)), true));
    assert_eq!(say(beat, 5, 9), (Some((6, 1)), false));
    assert_eq!(authors.kept(peer(2)), [None; 2], "nobody else has it");
}

/// It does not matter how high the boot of the copy that listens is. It can be `u64::MAX`.
#[test]
fn while_a_copy_listens_what_the_other_says_is_kept_but_is_no_news() {
    let mut authors = authors();
    let mut now = NOW;
    assert!(authors.hear(&beat(5, 1, now), now, member).is_ok());
    for seq in 2..10 {
        now = now.plus(Seconds(20));
        assert!(authors.hear(&listening(u64::MAX, seq, now), now, member).is_ok());
        assert_eq!(kept(&authors), Some((5, seq - 1)));
        assert_eq!(authors.hear(&beat(5, seq, now), now, member), Err(Unheard::Repeated));
        assert_eq!(kept(&authors), Some((5, seq)));
    }
    let before = kept(&authors);
    now = now.plus(Seconds(20));
    let forged = signed(1, 2, 5, 100, now);
    assert_eq!(authors.hear(&forged, now, member), Err(Unheard::Forged(PeerFault::Mismatch)));
    assert_eq!(kept(&authors), before);
    let late = beat(5, 100, UnixSeconds(now.0 - HEARTBEAT_SLACK.0 - 1));
    assert_eq!(authors.hear(&late, now, member), Err(Unheard::Late(Seconds(HEARTBEAT_SLACK.0 + 1))));
    assert_eq!(kept(&authors), before, "a replay of what is too old is not kept");
    assert!(authors.hear(&beat(5, 101, now), now, member).is_err());
    assert_eq!(authors.hear(&signed(1, 2, 5, 102, now), now, member), Err(Unheard::Hasty), "not even looked at");
}

/// Hearts beat at a steady pace, so who is second is second every time.
#[test]
fn two_copies_in_the_same_second_do_not_hide_each_other() {
    let mut authors = authors();
    for round in 0..3 {
        let now = NOW.plus(Seconds(20 * round));
        let first = authors.hear(&beat(5, 100 + round, now), now, member);
        assert_eq!(first.is_ok(), round < 2, "then it is behind");
        assert_eq!(authors.hear(&beat(6, round, now), now, member).is_ok(), round > 0, "the very first is too much");
    }
    assert_eq!(kept(&authors), Some((6, 2)));
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
    let heard = Heard { author: peer(1), boot: 0, seq: 0, time: NOW, pulse: Pulse::Beating };
    let outcomes = [
        Ok(News::Heard(heard, true)),
        Ok(News::Echo),
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
    let HearingCounts { heard, malformed, own, echoes, strangers, untimely, repeated, hasty, forged, crowded } = counts;
    assert_eq!([heard, malformed, own, echoes, strangers, untimely, repeated, hasty, forged, crowded], [1; 10]);
}
