//! The rules of the outbox: a table of what follows from what, and random orders of everything that may be learnt.

use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::ChainId;
use williw_core::outbox::{
    ATTEMPTS_CAP, Answer, Contradiction, FAILURES_CAP, Fees, FinalView, Inclusion, Observation, Outcome, Pin, Place,
    Purpose, RAISED_AT_MOST, REMEMBERED_BLOCKS, Sight, Stage, Standing, Step, Stretch, TooManyFailures, Trail, Unsent,
    Wei, may_sign,
};

use crate::dice::Dice;

const NONCE: Pin = Pin::Nonce(7);
const BLOCKHASH: Pin = Pin::Blockhash { blockhash: Hash([3; 32]), last_valid: Height(300) };

const FREE_AT: Height = Height(2);
const OPEN: Sight = Sight::Open(Height(3));
const STANDINGS: [Standing; 3] = [Standing::Gone, Standing::Stands, Standing::Final];

const ANSWERS: [Answer; 6] =
    [Answer::Taken, Answer::Known, Answer::PinSpent, Answer::Underpriced, Answer::Refused, Answer::Unclear];

const fn place(height: u64) -> Place {
    Place { height: Height(height), hash: Hash([9; 32]) }
}

const fn mined(attempt: u32, purpose: Purpose, succeeded: bool) -> Inclusion {
    Inclusion { attempt, purpose, place: place(10), succeeded }
}

const fn trail(pin: Pin, attempts: u32) -> Trail {
    Trail { pin, attempts, free_at: FREE_AT }
}

const fn signed(pin: Pin) -> Observation {
    Observation::Signed { pin, purpose: Purpose::Call, free_at: FREE_AT }
}

#[track_caller]
fn check(stage: Stage, observation: Observation, expected: (Stage, Step)) {
    assert_eq!(stage.after(observation), Ok(expected), "{stage:?} {observation:?}");
}

#[track_caller]
fn refused(stage: Stage, observation: Observation, expected: Contradiction) {
    assert_eq!(stage.after(observation), Err(expected), "{stage:?} {observation:?}");
}

#[test]
fn an_intent_is_signed_or_given_up() {
    for pin in [NONCE, BLOCKHASH] {
        check(Stage::Intended, signed(pin), (Stage::Signed(trail(pin, 1)), Step::Send));
    }
    for why in [Unsent::Interrupted, Unsent::Refused, Unsent::NotItsTurn, Unsent::CalledOff] {
        let settled = Stage::Settled(Outcome::NotSent(why));
        check(Stage::Intended, Observation::GivenUp(why), (settled, Step::Rest));
        refused(Stage::Signed(trail(NONCE, 1)), Observation::GivenUp(why), Contradiction::GivenUpTooLate);
    }
    let block = Observation::Block(Standing::Final);
    for seen in [Observation::Answered(Answer::Taken), Observation::Seen(OPEN), block] {
        refused(Stage::Intended, seen, Contradiction::NothingSigned);
    }
    assert_eq!(Stage::Intended.step(), Step::Sign);
}

#[test]
fn every_attempt_has_the_first_ones_pin() {
    let once = Stage::Signed(trail(NONCE, 1));
    check(once, signed(NONCE), (Stage::Signed(trail(NONCE, 2)), Step::Send));
    refused(once, signed(Pin::Nonce(8)), Contradiction::OtherPin);
    refused(once, signed(BLOCKHASH), Contradiction::OtherPin);
    // A second transaction with another blockhash would be another pin, and one with the same is the same transaction.
    refused(Stage::Signed(trail(BLOCKHASH, 1)), signed(BLOCKHASH), Contradiction::SignedTwice);
    for stage in
        [Stage::Included(trail(NONCE, 1), mined(1, Purpose::Call, true)), Stage::Spent(trail(NONCE, 1), place(1))]
    {
        refused(stage, signed(NONCE), Contradiction::SignedTooLate);
    }
    let settled = Stage::Settled(Outcome::Overtaken(place(1)));
    refused(settled, signed(NONCE), Contradiction::SignedAfterTheEnd);
}

#[test]
fn the_last_attempt_is_kept_for_a_cancellation() {
    let cancel = Observation::Signed { pin: NONCE, purpose: Purpose::Cancel, free_at: FREE_AT };
    let [before, last, full] = [2, 1, 0].map(|left| Stage::Signed(trail(NONCE, ATTEMPTS_CAP - left)));
    check(before, signed(NONCE), (last, Step::Send));
    refused(last, signed(NONCE), Contradiction::TooManyAttempts);
    check(last, cancel, (full, Step::Send));
    refused(full, cancel, Contradiction::TooManyAttempts);
}

#[test]
fn no_answer_settles_anything() {
    for pin in [NONCE, BLOCKHASH] {
        let trail = trail(pin, 1);
        let stages = [
            Stage::Signed(trail),
            Stage::Included(trail, mined(1, Purpose::Call, true)),
            Stage::Spent(trail, place(4)),
        ];
        for (stage, answer) in stages.into_iter().flat_map(|stage| ANSWERS.map(|answer| (stage, answer))) {
            let step = if answer == Answer::Unclear { Step::Send } else { Step::Look };
            check(stage, Observation::Answered(answer), (stage, step));
        }
    }
}

#[test]
fn what_is_seen_at_the_tip_may_be_taken_back() {
    let (once, call) = (trail(NONCE, 1), mined(1, Purpose::Call, true));
    let (signed, included) = (Stage::Signed(once), Stage::Included(once, call));
    let spent = Stage::Spent(once, place(4));
    for stage in [signed, spent] {
        check(stage, Observation::Seen(OPEN), (signed, Step::Send));
        check(stage, Observation::Seen(Sight::Included(call)), (included, Step::LookAtBlock));
    }
    check(signed, Observation::Seen(Sight::Spent(place(4))), (spent, Step::LookAtBlock));
    // The first sighting is the first to become final.
    check(spent, Observation::Seen(Sight::Spent(place(5))), (spent, Step::LookAtBlock));
    for stage in [included, spent] {
        check(stage, Observation::Block(Standing::Gone), (signed, Step::Look));
        check(stage, Observation::Block(Standing::Stands), (stage, Step::LookAtBlock));
    }
    for standing in STANDINGS {
        refused(signed, Observation::Block(standing), Contradiction::NoBlock);
    }
    let invented = mined(2, Purpose::Call, true);
    refused(signed, Observation::Seen(Sight::Included(invented)), Contradiction::UnknownAttempt(2));
}

/// Nodes forget receipts: what nobody has any more was there all the same while its block is.
#[test]
fn only_the_loss_of_its_block_takes_an_inclusion_back() {
    let once = trail(NONCE, 2);
    for inclusion in [mined(1, Purpose::Call, true), mined(1, Purpose::Call, false), mined(2, Purpose::Cancel, true)] {
        let included = Stage::Included(once, inclusion);
        let other = Sight::Included(mined(2, Purpose::Call, true));
        for sight in [OPEN, Sight::Spent(place(11)), other, Sight::Included(inclusion)] {
            refused(included, Observation::Seen(sight), Contradiction::StillIncluded);
        }
    }
}

#[test]
fn a_missing_receipt_tells_something_for_a_while_only() {
    let told = trail(NONCE, 1);
    let tells = |height| told.absence_tells(Height(height), 10);
    assert!(tells(0) && tells(FREE_AT.0 + 10) && !tells(FREE_AT.0 + 11));
    // Seen unused later, it was not used before; what is not much later is not written down.
    let half = FREE_AT.0 + REMEMBERED_BLOCKS / 2;
    for (height, free_at) in [(0, FREE_AT), (half, FREE_AT), (half + 1, Height(half + 1))] {
        let seen = Observation::Seen(Sight::Open(Height(height)));
        check(Stage::Signed(told), seen, (Stage::Signed(Trail { free_at, ..told }), Step::Send));
    }
}

#[test]
fn when_a_blockhash_was_free_is_never_moved() {
    let told = trail(BLOCKHASH, 1);
    let seen = Observation::Seen(Sight::Open(Height(FREE_AT.0 + REMEMBERED_BLOCKS)));
    check(Stage::Signed(told), seen, (Stage::Signed(told), Step::Send));
}

#[test]
fn a_blockhash_has_expired_only_where_no_block_that_could_hold_the_transaction_is_missing() {
    // Slots run ahead of heights: only heights are counted.
    let stretch = Stretch { parent: FREE_AT, first: Height(150), last: Height(301), blocks: 152 };
    let view = FinalView { stretch, found: false };
    let signed = trail(BLOCKHASH, 1);
    assert!(signed.is_ruled_out_by(view));
    assert!(!signed.is_ruled_out_by(FinalView { found: true, ..view }));
    for not in [
        // Its last valid height is reached: it may be in the next block.
        Stretch { last: Height(300), blocks: 151, ..stretch },
        // The first blocks are missing, or one in between.
        Stretch { parent: Height(FREE_AT.0 + 1), ..stretch },
        Stretch { blocks: 151, ..stretch },
        // More blocks than there are heights, or heights that fall.
        Stretch { blocks: 153, ..stretch },
        Stretch { first: Height(302), blocks: 0, ..stretch },
        Stretch { first: Height(302), blocks: 1, ..stretch },
    ] {
        assert!(!signed.is_ruled_out_by(FinalView { stretch: not, ..view }), "{not:?}");
    }
    assert!(!trail(NONCE, 1).is_ruled_out_by(view), "a nonce waits for ever");
}

#[test]
fn what_is_told_speaks_of_the_pin_that_it_has_and_of_heights_as_their_chain_does() {
    let spent = |pin, chain| Stage::Spent(trail(pin, 1), place(4)).on(chain).to_string();
    let (nonce, blockhash) = (spent(NONCE, ChainId::Base), spent(BLOCKHASH, ChainId::Solana));
    assert!(nonce.starts_with("its nonce is used up as of block 4,"), "{nonce}");
    assert!(blockhash.starts_with("its blockhash expired before slot 4;"), "{blockhash}");
    for (purpose, succeeded, words) in
        [(Purpose::Call, true, "in"), (Purpose::Call, false, "failed in"), (Purpose::Cancel, true, "cancelled in")]
    {
        let stage = Stage::Included(trail(NONCE, 1), mined(1, purpose, succeeded));
        assert_eq!(stage.on(ChainId::Base).to_string(), format!("{words} block 10, not final yet"));
        assert_eq!(stage.on(ChainId::Solana).to_string(), format!("{words} slot 10, not final yet"));
    }
}

#[test]
fn only_a_final_block_settles() {
    for (pin, spent) in [(NONCE, Outcome::Overtaken(place(4))), (BLOCKHASH, Outcome::Expired(place(4)))] {
        let trail = trail(pin, 1);
        let done = mined(1, Purpose::Call, true);
        let failed = mined(1, Purpose::Call, false);
        let [idle, undone] = [true, false].map(|succeeded| mined(1, Purpose::Cancel, succeeded));
        for (stage, outcome) in [
            (Stage::Included(trail, done), Outcome::Done(done)),
            (Stage::Included(trail, failed), Outcome::Failed(failed)),
            (Stage::Included(trail, idle), Outcome::Cancelled(idle)),
            (Stage::Included(trail, undone), Outcome::Cancelled(undone)),
            (Stage::Spent(trail, place(4)), spent),
        ] {
            check(stage, Observation::Block(Standing::Final), (Stage::Settled(outcome), Step::Rest));
        }
    }
}

#[test]
fn what_is_settled_stays() {
    let settled = Stage::Settled(Outcome::Done(mined(1, Purpose::Call, true)));
    let mut dice = Dice::new(1);
    for _ in 0..1_000 {
        let observation = random(&mut dice, 3);
        if let Observation::Signed { .. } = observation {
            refused(settled, observation, Contradiction::SignedAfterTheEnd);
        } else {
            check(settled, observation, (settled, Step::Rest));
        }
    }
}

fn random(dice: &mut Dice, attempts: u64) -> Observation {
    let sight = |dice: &mut Dice| match dice.below(3) {
        0 => Sight::Open(Height(dice.below(2 * REMEMBERED_BLOCKS))),
        1 => Sight::Spent(place(dice.below(9))),
        _ => {
            let attempt = 1 + u32::try_from(dice.below(attempts + 1)).unwrap();
            let purpose = if attempt == 3 { Purpose::Cancel } else { Purpose::Call };
            Sight::Included(Inclusion { attempt, purpose, place: place(dice.below(9)), succeeded: dice.below(4) > 0 })
        }
    };
    match dice.below(12) {
        0 | 1 => Observation::Signed {
            pin: if dice.below(4) == 0 { Pin::Nonce(dice.below(20)) } else { NONCE },
            purpose: if dice.below(4) == 0 { Purpose::Cancel } else { Purpose::Call },
            free_at: FREE_AT,
        },
        2 => Observation::GivenUp(Unsent::Interrupted),
        3..=5 => Observation::Answered(ANSWERS[usize::try_from(dice.below(6)).unwrap()]),
        6..=9 => Observation::Seen(sight(dice)),
        _ => Observation::Block(STANDINGS[usize::try_from(dice.below(3)).unwrap()]),
    }
}

/// Whatever is learnt, in whatever order.
#[test]
fn no_order_of_observations_makes_an_intent_happen_twice() {
    for seed in 0..5_000 {
        let mut dice = Dice::new(seed);
        let mut stage = Stage::Intended;
        let (mut pin, mut ended) = (None, None);
        for _ in 0..40 {
            let attempts = stage.trail().map_or(0, |trail| u64::from(trail.attempts));
            let observation = random(&mut dice, attempts);
            let Ok((next, step)) = stage.after(observation) else { continue };
            if let (Observation::Signed { pin: signed, .. }, Some(first)) = (observation, pin) {
                assert_eq!(signed, first, "seed {seed}: a second nonce was signed");
            }
            pin = pin.or(next.trail().map(|trail| trail.pin));
            assert_eq!(next.trail().map(|trail| trail.pin).or(pin), pin, "seed {seed}");
            assert!(stage == Stage::Intended || next != Stage::Intended, "seed {seed}: what was signed was forgotten");
            if let (Stage::Included(..), Stage::Signed(_) | Stage::Spent(..)) = (stage, next) {
                assert_eq!(observation, Observation::Block(Standing::Gone), "seed {seed}: an inclusion was taken back");
            }
            if let Some(before) = ended {
                assert_eq!(next, before, "seed {seed}: it ended twice");
            }
            if next.is_settled() {
                assert_eq!(step, Step::Rest, "seed {seed}");
                let by_final = matches!(observation, Observation::Block(Standing::Final) | Observation::GivenUp(_));
                assert!(ended.is_some() || by_final, "seed {seed}: {observation:?} settled it");
                ended = Some(next);
            }
            stage = next;
        }
    }
}

#[test]
fn who_outbids_offers_an_eighth_more_and_no_more_than_the_cap() {
    let fees = |max, tip| Fees { max: Wei(max), tip: Wei(tip) };
    let cap = fees(1_000, 100);
    assert_eq!(fees(80, 8).outbid(fees(10, 1), cap), Some(fees(90, 9)));
    assert_eq!(fees(81, 9).outbid(fees(10, 1), cap), Some(fees(92, 11)), "rounded up");
    assert_eq!(fees(0, 0).outbid(fees(0, 0), cap), Some(fees(1, 1)), "nothing is outbid by something");
    assert_eq!(fees(80, 8).outbid(fees(500, 50), cap), Some(fees(500, 50)), "and never below what is usual");
    assert_eq!(fees(80, 8).outbid(fees(5_000, 500), cap), Some(cap), "whatever is usual, no more than the cap");
    assert_eq!(fees(888, 8).outbid(fees(10, 1), cap), Some(fees(999, 9)));
    assert_eq!(fees(889, 8).outbid(fees(10, 1), cap), None);
    assert_eq!(fees(80, 89).outbid(fees(10, 1), cap), None);
    assert_eq!(fees(2, 88).outbid(fees(10, 1), cap), Some(fees(99, 99)), "the tip is a part of the whole");
    assert_eq!(fees(u128::MAX, 1).outbid(fees(1, 1), cap), None);
}

/// Whatever gas came to cost meanwhile, each raise is possible, and the cancellation after the last of them.
#[test]
fn no_raise_comes_to_the_cap() {
    let usual = Fees { max: Wei(202_000_000_000), tip: Wei(2_000_000_000) };
    let cap = Fees { max: Wei(usual.max.0 * RAISED_AT_MOST), tip: Wei(usual.tip.0 * RAISED_AT_MOST) };
    for seed in 0..1_000 {
        let mut dice = Dice::new(seed);
        let mut some =
            || Fees { max: Wei(u128::from(dice.below(202)) * 1_000_000_000), tip: Wei(dice.below(3).into()) };
        let mut fees = if seed % 2 == 0 { usual } else { some() };
        for nth in 1..ATTEMPTS_CAP {
            let now = if seed % 3 == 0 { usual } else { some() };
            fees = fees.outbid(now, cap).unwrap_or_else(|| panic!("seed {seed}, raise {nth}: {fees:?}"));
        }
    }
}

#[test]
fn after_three_failures_in_a_row_nothing_is_signed() {
    assert_eq!(FAILURES_CAP, 3);
    let failed = Stage::Settled(Outcome::Failed(mined(1, Purpose::Call, false)));
    let failing = Stage::Included(trail(NONCE, 1), mined(1, Purpose::Call, false));
    let done = Stage::Settled(Outcome::Done(mined(1, Purpose::Call, true)));
    let unsent = Stage::Settled(Outcome::NotSent(Unsent::Refused));
    let cancelled = Stage::Settled(Outcome::Cancelled(mined(1, Purpose::Cancel, true)));
    let may = |stages: &[Stage]| may_sign(stages.iter().map(|stage| (*stage, false)));
    assert_eq!(may(&[]), Ok(()));
    assert_eq!(may(&[failed, failed]), Ok(()));
    assert_eq!(may(&[failed, failed, failed]), Err(TooManyFailures(3)));
    assert_eq!(may(&[failing, failed, failed]), Err(TooManyFailures(3)), "not final, and paid for all the same");
    assert_eq!(may(&[failed, unsent, failed, cancelled, failed]), Err(TooManyFailures(3)));
    assert_eq!(may(&[failed, failed, done, failed]), Ok(()));
    assert_eq!(may(&[done, failed, failed, failed]), Ok(()));
    assert_eq!(may(&[Stage::Intended, failed, failed]), Ok(()));
    // Whoever acknowledges one may fail once more.
    let one_known = [(failed, false), (failed, true), (failed, false)];
    assert_eq!(may_sign(one_known), Ok(()));
    assert_eq!(may_sign(one_known.into_iter().chain([(failed, false)])), Err(TooManyFailures(3)));
}
