//! The rules of the outbox: a table of what follows from what, and random orders of everything that may be learnt.

use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::outbox::{
    ATTEMPTS_CAP, Answer, Contradiction, FAILURES_CAP, Fees, Inclusion, Observation, Outcome, Pin, Place, Purpose,
    Sight, Stage, Step, TooManyFailures, Trail, Unsent, Wei, may_sign,
};

use crate::dice::Dice;

const NONCE: Pin = Pin::Nonce(7);
const BLOCKHASH: Pin = Pin::Blockhash { blockhash: Hash([3; 32]), last_valid: Height(300) };

const ANSWERS: [Answer; 6] =
    [Answer::Taken, Answer::Known, Answer::PinSpent, Answer::Underpriced, Answer::Refused, Answer::Unclear];

const fn place(height: u64) -> Place {
    Place { height: Height(height), hash: Hash([9; 32]) }
}

const fn mined(attempt: u32, purpose: Purpose, succeeded: bool) -> Inclusion {
    Inclusion { attempt, purpose, place: place(10), succeeded }
}

const fn trail(pin: Pin, attempts: u32) -> Trail {
    Trail { pin, attempts }
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
        check(Stage::Intended, Observation::Signed(pin), (Stage::Signed(trail(pin, 1)), Step::Send));
    }
    for why in [Unsent::Interrupted, Unsent::Refused, Unsent::NotItsTurn, Unsent::CalledOff] {
        let settled = Stage::Settled(Outcome::NotSent(why));
        check(Stage::Intended, Observation::GivenUp(why), (settled, Step::Rest));
        refused(Stage::Signed(trail(NONCE, 1)), Observation::GivenUp(why), Contradiction::GivenUpTooLate);
    }
    for seen in [Observation::Answered(Answer::Taken), Observation::Seen(Sight::Open), Observation::Final(Sight::Open)]
    {
        refused(Stage::Intended, seen, Contradiction::NothingSigned);
    }
    assert_eq!(Stage::Intended.step(), Step::Sign);
}

#[test]
fn every_attempt_has_the_first_ones_pin() {
    let once = Stage::Signed(trail(NONCE, 1));
    check(once, Observation::Signed(NONCE), (Stage::Signed(trail(NONCE, 2)), Step::Send));
    refused(once, Observation::Signed(Pin::Nonce(8)), Contradiction::OtherPin);
    refused(once, Observation::Signed(BLOCKHASH), Contradiction::OtherPin);
    let last = Stage::Signed(trail(NONCE, ATTEMPTS_CAP));
    refused(last, Observation::Signed(NONCE), Contradiction::TooManyAttempts);
    // A second transaction with another blockhash would be another pin, and one with the same is the same transaction.
    refused(Stage::Signed(trail(BLOCKHASH, 1)), Observation::Signed(BLOCKHASH), Contradiction::SignedTwice);
    let settled = Stage::Settled(Outcome::Overtaken(place(1)));
    refused(settled, Observation::Signed(NONCE), Contradiction::SignedAfterTheEnd);
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
    for stage in [signed, included, spent] {
        check(stage, Observation::Seen(Sight::Open), (signed, Step::Send));
        check(stage, Observation::Seen(Sight::Included(call)), (included, Step::LookAtFinal));
        check(stage, Observation::Final(Sight::Open), (stage, Step::Look));
    }
    check(signed, Observation::Seen(Sight::Spent(place(4))), (spent, Step::LookAtFinal));
    check(included, Observation::Seen(Sight::Spent(place(4))), (spent, Step::LookAtFinal));
    // The first sighting is the first to become final.
    check(spent, Observation::Seen(Sight::Spent(place(5))), (spent, Step::LookAtFinal));
    let invented = mined(2, Purpose::Call, true);
    refused(signed, Observation::Seen(Sight::Included(invented)), Contradiction::UnknownAttempt(2));
    refused(signed, Observation::Final(Sight::Included(invented)), Contradiction::UnknownAttempt(2));
}

#[test]
fn only_a_final_block_settles() {
    for (pin, spent) in [(NONCE, Outcome::Overtaken(place(4))), (BLOCKHASH, Outcome::Expired(place(4)))] {
        let trail = trail(pin, 1);
        let done = mined(1, Purpose::Call, true);
        let failed = mined(1, Purpose::Call, false);
        let [idle, undone] = [true, false].map(|succeeded| mined(1, Purpose::Cancel, succeeded));
        for stage in [Stage::Signed(trail), Stage::Included(trail, failed), Stage::Spent(trail, place(4))] {
            for (sight, outcome) in [
                (Sight::Included(done), Outcome::Done(done)),
                (Sight::Included(failed), Outcome::Failed(failed)),
                (Sight::Included(idle), Outcome::Cancelled(idle)),
                (Sight::Included(undone), Outcome::Cancelled(undone)),
                (Sight::Spent(place(4)), spent),
            ] {
                check(stage, Observation::Final(sight), (Stage::Settled(outcome), Step::Rest));
            }
        }
    }
}

#[test]
fn what_is_settled_stays() {
    let settled = Stage::Settled(Outcome::Done(mined(1, Purpose::Call, true)));
    let mut dice = Dice::new(1);
    for _ in 0..1_000 {
        let observation = random(&mut dice, 3);
        if let Observation::Signed(_) = observation {
            refused(settled, observation, Contradiction::SignedAfterTheEnd);
        } else {
            check(settled, observation, (settled, Step::Rest));
        }
    }
}

fn random(dice: &mut Dice, attempts: u64) -> Observation {
    let sight = |dice: &mut Dice| match dice.below(3) {
        0 => Sight::Open,
        1 => Sight::Spent(place(dice.below(9))),
        _ => {
            let attempt = 1 + u32::try_from(dice.below(attempts + 1)).unwrap();
            let purpose = if attempt == 3 { Purpose::Cancel } else { Purpose::Call };
            Sight::Included(Inclusion { attempt, purpose, place: place(dice.below(9)), succeeded: dice.below(4) > 0 })
        }
    };
    match dice.below(12) {
        0 | 1 => Observation::Signed(if dice.below(4) == 0 { Pin::Nonce(dice.below(20)) } else { NONCE }),
        2 => Observation::GivenUp(Unsent::Interrupted),
        3..=5 => Observation::Answered(ANSWERS[usize::try_from(dice.below(6)).unwrap()]),
        6..=10 => Observation::Seen(sight(dice)),
        _ => Observation::Final(sight(dice)),
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
            if let (Observation::Signed(signed), Some(first)) = (observation, pin) {
                assert_eq!(signed, first, "seed {seed}: a second nonce was signed");
            }
            pin = pin.or(next.trail().map(|trail| trail.pin));
            assert_eq!(next.trail().map(|trail| trail.pin).or(pin), pin, "seed {seed}");
            assert!(stage == Stage::Intended || next != Stage::Intended, "seed {seed}: what was signed was forgotten");
            if let Some(before) = ended {
                assert_eq!(next, before, "seed {seed}: it ended twice");
            }
            if next.is_settled() {
                assert_eq!(step, Step::Rest, "seed {seed}");
                let by_final = matches!(observation, Observation::Final(_) | Observation::GivenUp(_));
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

#[test]
fn after_three_failures_in_a_row_nothing_is_signed() {
    assert_eq!(FAILURES_CAP, 3);
    let failed = Stage::Settled(Outcome::Failed(mined(1, Purpose::Call, false)));
    let failing = Stage::Included(trail(NONCE, 1), mined(1, Purpose::Call, false));
    let done = Stage::Settled(Outcome::Done(mined(1, Purpose::Call, true)));
    let unsent = Stage::Settled(Outcome::NotSent(Unsent::Refused));
    let cancelled = Stage::Settled(Outcome::Cancelled(mined(1, Purpose::Cancel, true)));
    assert_eq!(may_sign([]), Ok(()));
    assert_eq!(may_sign([failed, failed]), Ok(()));
    assert_eq!(may_sign([failed, failed, failed]), Err(TooManyFailures(3)));
    assert_eq!(may_sign([failing, failed, failed]), Err(TooManyFailures(3)), "not final, and paid for all the same");
    assert_eq!(may_sign([failed, unsent, failed, cancelled, failed]), Err(TooManyFailures(3)));
    assert_eq!(may_sign([failed, failed, done, failed]), Ok(()));
    assert_eq!(may_sign([done, failed, failed, failed]), Ok(()));
    assert_eq!(may_sign([Stage::Intended, failed, failed]), Ok(()));
}
