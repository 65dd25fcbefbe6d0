//! The census in stories: what happened on the left, what is ordered on the right.

use expect_test::{Expect, expect};

use williw_core::census::{Alarm, Output};
use williw_core::cycle::Height;
use williw_core::fact::Fact;
use williw_core::identity::ChainId;
use williw_core::tail::{Rumour, TAIL_CAP, TailFault, WITNESS_CAP, Witnesses};

mod story;

#[expect(clippy::needless_pass_by_value, reason = "snapshots are written where they are expected")]
fn check(story: &str, expected: Expect) {
    expected.assert_eq(&story::tell(story));
}

#[test]
fn stake_is_admitted_once_it_is_final() {
    check(
        "
        final   base 2: -
        pending base 3: register alice 5000 p1
        final   base 3: register alice 5000 p1
        final   base 4: register bob 1500 p2
        ",
        expect![[r#"
            persist 2 facts; alarm: base was unread and is fresh
            -
            persist 1 facts; admit p1
            persist 1 facts; admit p2
        "#]],
    );
}

#[test]
fn an_unfinal_slash_evicts_and_a_reorg_readmits() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 20: slash alice
        pending base 20: slash alice
        pending base 20: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            evict p1 (slash pending on base at 20)
            -
            admit p1
        "#]],
    );
}

#[test]
fn a_final_slash_lasts_until_the_jail_ends() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 20: slash alice
        final   base 20: slash alice
        pending base 21: -
        restart
        final   base 22: -
        final   base 300: unjail alice p1
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            evict p1 (slash pending on base at 20)
            persist 1 facts
            -
            -
            alarm: base was unread and is fresh
            persist 1 facts; suspend p1 (stale base); alarm: base was fresh and is stale; admit p1; alarm: base was stale and is fresh
        "#]],
    );
}

#[test]
fn one_endpoint_makes_a_doubt_and_two_make_a_fact() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 20: unstake alice 4500 (1)
        pending base 21: -
        pending base 22: unstake alice 4500
        final   base 22: unstake alice 4500
        final   base 23: stake alice 1000
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            suspend p1 (unstaking to 500 on base at 20)
            admit p1
            evict p1 (stake 500 of 1000 on base at 22)
            persist 1 facts
            persist 1 facts; admit p1
        "#]],
    );
}

#[test]
fn a_small_unstake_and_unfinal_stake_change_nothing() {
    check(
        "
        final   base 10: register alice 5000 p1, register bob 1000 p2, unstake bob 1
        pending base 20: unstake alice 100, stake bob 500
        ",
        expect![[r#"
            persist 5 facts; admit p1; alarm: base was unread and is fresh
            -
        "#]],
    );
}

#[test]
fn a_stale_chain_admits_nobody_new_and_keeps_who_is_there() {
    check(
        "
        final   base 10: register alice 5000 p1
        wait 61
        pending base 60: -
        wait 30
        restart
        wait 1
        final   base 61: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            suspend p1 (stale base); alarm: base was fresh and is stale
            admit p1; alarm: base was stale and is fresh
            -
            -
            -
            admit p1; alarm: base was unread and is fresh
        "#]],
    );
}

#[test]
fn a_halted_chain_evicts_nobody() {
    check(
        "
        final   base 10: register alice 5000 p1
        wait 50
        pending base 10: -
        wait 50
        pending base 10: -
        wait 50
        pending base 10: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            -
            -
            -
            -
            alarm: base was fresh and is halted
            -
        "#]],
    );
}

#[test]
fn a_member_on_two_chains_is_judged_by_the_one_that_can_be_read_and_by_every_bad_fact() {
    check(
        "
        final   base 10: register alice 5000 p1
        final   solana 10: register alice 5000 p1
        wait 55
        pending base 40: -
        wait 10
        restart
        final   base 60: -
        final   solana 61: slash alice
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            persist 3 facts; alarm: solana was unread and is fresh
            -
            -
            alarm: solana was fresh and is stale
            -
            admit p1; alarm: base was unread and is fresh
            persist 1 facts; evict p1 (jailed on solana at 61); alarm: solana was unread and is fresh
        "#]],
    );
}

#[test]
fn evidence_without_a_slash_is_a_doubt_until_it_expires() {
    check(
        "
        final   base 10: register alice 5000 p1
        evidence alice
        evidence alice
        pending base 20: slash alice
        pending base 20: -
        final   base 120: -
        final   base 180: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            persist; suspend p1 (equivocated on base)
            -
            evict p1 (slash pending on base at 20)
            suspend p1 (equivocated on base)
            alarm: base was fresh and is stale; alarm: base was stale and is fresh
            persist 0 facts; alarm: base was fresh and is stale; admit p1; alarm: base was stale and is fresh
        "#]],
    );
}

#[test]
fn bad_conduct_is_forgotten_slowly_and_not_washed_off_by_a_new_key() {
    check(
        "
        final   base 10: register alice 5000 p1
        conduct p1 PromiseBroken x5
        conduct p1 PromiseBroken x5
        final   base 11: rotate alice p2
        restart
        final   base 12: -
        wait 86400
        pending base 43212: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            persist; suspend p1 (reputation -0.500000)
            persist; evict p1 (reputation -1.000000)
            persist 1 facts; suspend p2 (reputation -0.999983)
            -
            suspend p2 (reputation -0.999967); alarm: base was unread and is fresh
            alarm: base was fresh and is stale
            admit p2; alarm: base was stale and is fresh
        "#]],
    );
}

#[test]
fn a_peer_is_as_bad_as_the_worst_of_its_owners() {
    check(
        "
        final   base 10: register alice 5000 p1, register bob 5000 p1
        final   base 11: slash bob
        final   base 12: rotate alice p2
        ",
        expect![[r#"
            persist 4 facts; admit p1; alarm: base was unread and is fresh
            persist 1 facts; evict p1 (jailed on base at 11)
            persist 1 facts; admit p2
        "#]],
    );
}

#[test]
fn nobody_is_named_by_a_link_that_its_key_did_not_sign() {
    check(
        "
        final   base 10: forge alice 5000 p1
        final   base 11: rotate alice p1
        ",
        expect![[r#"
            persist 3 facts; alarm: the peer half of the link of base:alice is bad: it names no peer until it is rotated; alarm: base was unread and is fresh
            persist 1 facts; admit p1
        "#]],
    );
}

#[test]
fn a_chain_opens_once_its_journal_and_its_tail_were_read() {
    check(
        "
        page    base 10: register alice 5000 p1
        pending base 11: slash alice
        restart
        pending base 11: -
        page    base 11: -
        ",
        expect![[r#"
            persist 3 facts
            alarm: base was unread and is fresh
            -
            -
            persist 0 facts; admit p1; alarm: base was unread and is fresh
        "#]],
    );
}

#[test]
fn bad_news_cannot_hide_between_the_journal_and_the_tail() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 20: slash alice
        gap     base 21
        wait 61
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            evict p1 (slash pending on base at 20)
            alarm: a tail of base was refused: it begins after 21, but the journal ends at 10: what lies between is unseen
            alarm: base was fresh and is stale
        "#]],
    );
}

#[test]
fn an_endpoint_that_lags_readmits_nobody() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 20: slash alice
        lag     base 5
        wait 61
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            evict p1 (slash pending on base at 20)
            alarm: a tail of base was refused: it ends at 5, before the journal does at 10: its endpoints lag
            alarm: base was fresh and is stale
        "#]],
    );
}

#[test]
fn unfinal_stake_does_not_cover_an_unfinal_unstake() {
    check(
        "
        final   base 10: register alice 1000 p1
        pending base 20: stake alice 500, unstake alice 500
        pending base 20: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            evict p1 (stake 500 of 1000 on base at 20)
            admit p1
        "#]],
    );
}

#[test]
fn old_evidence_does_not_shield_new() {
    check(
        "
        final   base 10: register alice 5000 p1
        evidence alice
        final   base 110: -
        evidence alice
        final   base 160: -
        final   base 210: -
        final   base 260: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            persist; suspend p1 (equivocated on base)
            alarm: base was fresh and is stale; alarm: base was stale and is fresh
            persist
            alarm: base was fresh and is stale; alarm: base was stale and is fresh
            alarm: base was fresh and is stale; alarm: base was stale and is fresh
            persist 0 facts; alarm: base was fresh and is stale; admit p1; alarm: base was stale and is fresh
        "#]],
    );
}

#[test]
fn a_withheld_journal_is_missed() {
    check(
        "
        final    solana 10: register alice 5000 p1
        withhold solana 20: slash alice
        final    solana 21: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: solana was unread and is fresh
            alarm: a page of final facts of solana was refused: nothing attests the head of journal 0xabe5de02e72a7789361b81adb6a5802fe50dbd025c17f681e097ed955820b404
            alarm: a page of final facts of solana was refused: journal 0xabe5de02e72a7789361b81adb6a5802fe50dbd025c17f681e097ed955820b404 does not lead to the head that the chain has
        "#]],
    );
}

#[test]
fn a_block_from_the_future_is_not_believed() {
    check(
        "
        final   base 10: register alice 5000 p1
        future  base 10000
        final   base 20: slash alice
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            alarm: a page of base is from 19980 seconds ahead: check this machine's clock
            persist 1 facts; evict p1 (jailed on base at 20)
        "#]],
    );
}

#[test]
fn people_who_ask_are_told_the_reason_of_every_owner() {
    let lines = story::explain(
        "
        final   base 10: register alice 5000 p1, register bob 5000 p1
        final   solana 10: register alice 5000 p1
        wait 61
        pending base 40: unstake bob 4500
        ",
        "p1",
    );
    expect![[r#"
        base:bob barred: stake 500 of 1000 on base at 40
        base:alice member
        solana:alice member
        barred: stake 500 of 1000 on base at 40
    "#]]
    .assert_eq(&lines);
}

#[test]
fn a_tail_that_is_too_long_is_refused_whole() {
    let alarm = story::flood(TAIL_CAP + 1);
    let fault = TailFault::TooLong(TAIL_CAP + 1);
    assert_eq!(alarm, [Output::Alarm(Alarm::TailRefused { chain: ChainId::Base, fault })]);
}

#[test]
fn a_head_that_steps_back_takes_no_bad_news_along() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 20: slash alice
        lag     base 15
        pending base 19: -
        pending base 20: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            evict p1 (slash pending on base at 20)
            -
            -
            admit p1
        "#]],
    );
}

/// What endpoint 0 shows alone, or 1, or both.
const ZERO: Witnesses = Witnesses(0b01);
const ONE: Witnesses = Witnesses(0b10);
const BOTH: Witnesses = Witnesses(0b11);

fn shown(fact: &Fact, witnesses: Witnesses) -> Rumour {
    Rumour { fact: fact.clone(), witnesses }
}

const SLASHED: &str = "evict p1 (slash pending on base at 20)";

#[test]
fn invented_slashes_delay_only_who_invents_them() {
    let said = story::hear(1, |slash, _| {
        let invented = (0..300).map(|nth| shown(&story::invented(slash, nth), ZERO));
        invented.chain([shown(slash, ONE)]).collect()
    });
    assert!(said[0].starts_with(&format!("{SLASHED}; ")), "{said:?}");
}

#[test]
fn evidence_that_waits_is_announced_and_verified_with_the_next_readings() {
    let said = story::hear(4, |slash, _| {
        let invented = (0..130).map(|nth| shown(&story::invented(slash, nth), ZERO));
        invented.chain([shown(slash, ZERO)]).collect()
    });
    let unproven = "alarm: an unfinal slash of base:alice at 11 (and 0 more) is not borne out by the journal: if that lasts, an \
                    endpoint invents it";
    let waits =
        |pieces| format!("alarm: {pieces} pieces of evidence on base wait to be verified: an endpoint invents slashes");
    assert_eq!(said, [format!("{unproven}; {}", waits(67)), waits(3), SLASHED.to_owned(), "-".to_owned()]);
}

#[test]
fn what_lies_outside_the_tail_is_dropped_and_announced() {
    let dropped = |pieces| {
        format!("alarm: {pieces} unfinal facts of base lie outside their tail or are too many of one endpoint")
    };
    // A chain makes no more than so many blocks, and a slash may lie above where the tail ends, as far as it can have come.
    for (height, chain) in [(u64::MAX, ChainId::Base), (10, ChainId::Base), (20, ChainId::Solana)] {
        let said = story::hear(1, |slash, _| {
            let outside = Fact { height: Height(height), chain, ..slash.clone() };
            vec![shown(&outside, BOTH), shown(&outside, ZERO)]
        });
        assert_eq!(said, [dropped(2)], "at {height} of {chain}");
    }
    // It is not in the way of what lies inside either.
    let many = WITNESS_CAP as u64 + 1;
    let said = story::hear(1, |slash, _| {
        let outside = Fact { height: Height(u64::MAX), ..story::of_nobody(slash, 1) };
        (0..many).map(|_| shown(&outside, ZERO)).chain([shown(slash, ZERO)]).collect()
    });
    assert_eq!(said, [format!("{SLASHED}; {}", dropped(many))]);
}

#[test]
fn one_endpoint_that_stands_still_hides_no_slash_and_only_a_slash_counts_above_the_head() {
    let said = story::hear(3, |slash, unstake| {
        let above = |fact: &Fact| Fact { height: Height(21), ..fact.clone() };
        vec![shown(&above(unstake), BOTH), shown(&above(slash), ZERO)]
    });
    let dropped = "alarm: 1 unfinal facts of base lie outside their tail or are too many of one endpoint";
    let slashed = SLASHED.replace("20", "21");
    assert_eq!(said, [format!("{slashed}; {dropped}"), dropped.to_owned(), dropped.to_owned()]);
    // What it invents there stays within what it may show, however often it invents something else.
    let many = WITNESS_CAP as u64;
    let mut reading = 0;
    let said = story::hear(3, |slash, _| {
        reading += 1;
        let above = (0..many).map(|nth| Fact { height: Height(21), ..story::invented(slash, reading * many + nth) });
        above.map(|fact| shown(&fact, ZERO)).collect()
    });
    let waiting = said.iter().map(|said| said.contains(" wait to be verified")).collect::<Vec<_>>();
    assert_eq!(waiting, [true; 3], "{said:?}");
    let most = format!("alarm: {} pieces of evidence on base", 2 * (many - 64));
    assert!(said[2].contains(&most), "{said:?}");
}

#[test]
fn one_endpoint_takes_back_no_slash_above_the_head_that_another_showed() {
    let mut reading = 0;
    let said = story::hear(2, |slash, _| {
        reading += 1;
        let above = Fact { height: Height(21), ..slash.clone() };
        // The same place in the same journal, and the same evidence, but of somebody else.
        let other = Fact { seq: above.seq, ..story::of_nobody(&above, 0) };
        vec![if reading == 1 { shown(&above, ZERO) } else { shown(&other, ONE) }]
    });
    assert_eq!(said[0], SLASHED.replace("20", "21"));
    assert!(!said[1].contains("admit"), "{said:?}");
}

#[test]
fn a_crowd_of_one_kind_hides_neither_the_other_nor_what_others_show() {
    let dropped = "alarm: 1 unfinal facts of base lie outside their tail or are too many of one endpoint";
    let crowd = |news: &Fact, more: &[Rumour]| {
        let many = (0..=WITNESS_CAP as u64).map(|nth| shown(&story::of_nobody(news, nth + 9), ZERO));
        many.chain(more.iter().cloned()).collect()
    };
    let said = story::hear(1, |slash, unstake| crowd(unstake, &[shown(slash, ZERO)]));
    assert_eq!(said, [format!("{SLASHED}; {dropped}")]);
    let said = story::hear(1, |slash, unstake| crowd(slash, &[shown(unstake, ZERO)]));
    assert!(said[0].starts_with("suspend p1 (unstaking to 500 on base at 20); "), "{said:?}");
    assert!(said[0].contains(dropped), "{said:?}");
    let shared = |slash: &Fact| vec![shown(&story::of_nobody(slash, 9), BOTH); WITNESS_CAP];
    let said = story::hear(1, |slash, _| shared(slash).into_iter().chain([shown(slash, BOTH)]).collect());
    assert!(said[0].starts_with(SLASHED), "{said:?}");
    for (witnesses, heard) in [(ONE, true), (BOTH, true), (ZERO, false)] {
        let said = story::hear(1, |slash, _| crowd(slash, &[shown(slash, witnesses)]));
        assert_eq!(said[0].starts_with(SLASHED), heard, "{said:?}");
    }
}

#[test]
fn a_page_led_astray_is_put_right_by_the_next_true_one() {
    check(
        "
        final   base 10: register alice 5000 p1
        astray  base 25
        page    base 20: slash alice
        final   base 30: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            -
            persist 1 facts; evict p1 (jailed on base at 20)
            -
        "#]],
    );
}

#[test]
fn a_cursor_led_astray_on_a_quiet_chain_comes_back_and_hears_again() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 22: slash alice
        astray  base 25
        pending base 24: slash alice
        page    base 15: -
        pending base 24: slash alice
        pending base 24: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            evict p1 (slash pending on base at 22)
            -
            alarm: a tail of base was refused: it ends at 24, before the journal does at 25: its endpoints lag
            alarm: a page of base ends at 15, before the cursor at 25: its endpoints lag, or others lied
            -
            admit p1
        "#]],
    );
}

#[test]
fn a_rumour_is_not_over_because_the_cursor_passed_it() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 20: slash alice
        astray  base 25
        page    base 26: slash alice
        restart
        page    base 26: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            evict p1 (slash pending on base at 20)
            -
            persist 1 facts
            -
            -
        "#]],
    );
}

#[test]
fn a_lagging_page_neither_writes_nor_opens_and_never_goes_behind_a_fact() {
    check(
        "
        final   base 10: register alice 5000 p1
        page    base 20: -
        page    base 15: -
        page    base 20: -
        page    base 10: -
        page    base 9: -
        wait    600
        astray  base 310
        restart
        page    base 300: -
        pending base 301: -
        page    base 300: -
        page    base 301: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            -
            alarm: a page of base ends at 15, before the cursor at 20: its endpoints lag, or others lied
            -
            alarm: a page of base ends at 10, before the cursor at 20: its endpoints lag, or others lied
            alarm: a page of final facts of base was refused: facts at height 9 are out of order
            suspend p1 (stale base); alarm: base was fresh and is stale
            persist 0 facts
            -
            alarm: a page of base ends at 300, before the cursor at 310: its endpoints lag, or others lied
            -
            admit p1; alarm: base was unread and is fresh
            -
        "#]],
    );
}

#[test]
fn a_quiet_chain_is_written_down_every_ten_minutes() {
    check(
        "
        final   base 10: register alice 5000 p1
        wait    598
        page    base 309: -
        page    base 310: -
        page    base 311: -
        page    base 609: -
        restart
        page    base 609: -
        page    base 610: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            suspend p1 (stale base); alarm: base was fresh and is stale
            -
            persist 0 facts
            -
            -
            -
            -
            persist 0 facts
        "#]],
    );
}

#[test]
fn a_head_that_steps_back_keeps_only_what_no_endpoint_can_invent() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 20: unstake alice 4500 (1)
        lag     base 15
        pending base 20: unstake alice 4500
        lag     base 15
        pending base 19: -
        pending base 20: slash alice (1)
        lag     base 15
        pending base 21: -
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            suspend p1 (unstaking to 500 on base at 20)
            admit p1
            evict p1 (stake 500 of 1000 on base at 20)
            -
            -
            -
            -
            admit p1
        "#]],
    );
}

#[test]
fn an_unstake_that_moved_to_another_place_is_counted_once() {
    check(
        "
        final   base 10: register alice 5000 p1
        pending base 20: stake alice 10, unstake alice 2500
        pending base 15: unstake alice 2500, stake alice 10 (1)
        pending base 20: stake alice 10, unstake alice 2500
        pending base 15: unstake alice 2500, stake alice 10
        pending base 20: unstake alice 2500
        pending base 16: stake alice 10, unstake alice 2500
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            -
            suspend p1 (unstaking to 0 on base at 20)
            admit p1
            -
            -
            -
        "#]],
    );
}

#[test]
fn no_head_of_a_tail_lies_where_no_tail_comes() {
    check(
        "
        final   base 10: register alice 5000 p1
        lag     base 1010
        lag     base 1011
        lag     base 1020 21
        lag     base 11 320
        lag     base 11 321
        page    base 300: -
        lag     base 1300
        lag     base 1301
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            -
            alarm: a tail of base was refused: 1001 blocks in 0 seconds since the last final one are more than any chain makes
            -
            -
            alarm: a tail of base was refused: its head is from 301 seconds ahead: check this machine's clock
            persist 0 facts; suspend p1 (stale base); alarm: base was fresh and is stale
            admit p1; alarm: base was stale and is fresh
            alarm: a tail of base was refused: 1001 blocks in 0 seconds since the last final one are more than any chain makes
        "#]],
    );
}

#[test]
fn evidence_from_the_future_lasts_no_longer_than_that_of_tomorrow() {
    check(
        "
        final   base 10: register alice 5000 p1
        evidence alice 0
        evidence alice 1
        evidence alice 2
        evidence alice 9
        evidence alice 0
        final   base 55: -
        evidence alice 2
        evidence alice 3
        ",
        expect![[r#"
            persist 3 facts; admit p1; alarm: base was unread and is fresh
            persist; suspend p1 (equivocated on base)
            persist
            -
            -
            -
            alarm: base was fresh and is stale; alarm: base was stale and is fresh
            persist
            -
        "#]],
    );
}
