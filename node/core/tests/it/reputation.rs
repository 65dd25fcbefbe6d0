//! A score fades by half in a half-life, the same on every machine, and conduct weighs what the table says.

use serde_json::json;
use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::reputation::{Conduct, HALF_LIFE, Reputation, SCORE_RANGE, Score};

use crate::dice::{Dice, for_seeds};

const CASES: u64 = 50_000;
const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const CENTURY: u64 = 100 * 365 * 24 * 60 * 60;

/// A reputation as it comes back from storage: any score, any moment.
fn stored(score: i64, as_of: UnixSeconds) -> Reputation {
    serde_json::from_value(json!({ "score": score, "as_of": as_of.0 })).unwrap()
}

fn score(dice: &mut Dice) -> i64 {
    let (worst, best) = (SCORE_RANGE.0.0, SCORE_RANGE.1.0);
    let span = u64::try_from(best - worst).unwrap() + 1;
    let any = worst + i64::try_from(dice.below(span)).unwrap();
    match dice.below(4) {
        0 => any / 1_000,
        1 => [worst, best, -1, 0, 1, -2, 2, -999_999][usize::try_from(dice.below(8)).unwrap()],
        _ => any,
    }
}

fn after(score: i64, elapsed: u64) -> i64 {
    stored(score, NOW).at(NOW.plus(Seconds(elapsed))).0
}

/// `score * 2^(-elapsed / HALF_LIFE)`, in floats.
fn ideal(score: i64, elapsed: u64) -> f64 {
    score as f64 * (-(elapsed as f64) / HALF_LIFE.0 as f64).exp2()
}

#[test]
fn a_half_life_halves() {
    for_seeds(CASES, |dice| {
        let score = score(dice);
        assert_eq!(after(score, 0), score);
        for lives in 1..70 {
            let divisor = 2_i64.checked_pow(lives);
            let wanted = divisor.map_or(0, |divisor| score / divisor);
            assert_eq!(after(score, u64::from(lives) * HALF_LIFE.0), wanted, "{score} after {lives} half-lives");
        }
    });
}

#[test]
fn decay_agrees_with_floats() {
    let worst = std::cell::Cell::new(0.0_f64);
    for_seeds(CASES, |dice| {
        let score = score(dice);
        let bits = dice.below(24);
        let elapsed = dice.below(1 << bits | 1);
        let (found, ideal) = (after(score, elapsed), ideal(score, elapsed));
        let difference = (found as f64 - ideal).abs();
        worst.set(worst.get().max(difference));
        assert!(difference <= 2.0, "{score} after {elapsed} s is {found}, not {ideal}");
    });
    println!("largest difference: {} millionths", worst.get());
}

#[test]
fn decay_is_monotone_and_keeps_the_sign() {
    for_seeds(CASES, |dice| {
        let score = score(dice);
        let start = dice.below(3 * HALF_LIFE.0);
        let mut last = after(score, start);
        for elapsed in start + 1..start + 20 {
            let next = after(score, elapsed);
            assert!(next.abs() <= last.abs(), "{score}: {last} grew to {next} at {elapsed} s");
            assert!(next == 0 || next.signum() == score.signum(), "{score} became {next}");
            last = next;
        }
    });
}

#[test]
fn every_second_of_a_half_life_is_monotone() {
    for score in [SCORE_RANGE.0.0, SCORE_RANGE.1.0, -500_000, 100_000, 10_000, 1_000, 100, 10, 1] {
        let mut last = score;
        for elapsed in 0..=HALF_LIFE.0 + 1 {
            let next = after(score, elapsed);
            assert!(next.abs() <= last.abs(), "{score}: {last} grew to {next} at {elapsed} s");
            last = next;
        }
    }
}

/// Conduct without weight does not exist, so the stops on the way come from storage.
#[test]
fn stops_on_the_way_cost_at_most_a_few_millionths() {
    for_seeds(CASES, |dice| {
        let score = score(dice);
        let (mut stepped, mut elapsed) = (score, 0);
        let stops = 1 + dice.below(8);
        for _ in 0..stops {
            let wait = dice.below(HALF_LIFE.0);
            stepped = after(stepped, wait);
            elapsed += wait;
        }
        let at_once = after(score, elapsed);
        let difference = (stepped - at_once).unsigned_abs();
        assert!(difference <= stops + 1, "{score} after {elapsed} s in {stops} stops: {stepped}, not {at_once}");
    });
}

#[test]
fn a_century_forgets_everything() {
    for_seeds(1_000, |dice| {
        let score = score(dice);
        assert_eq!(after(score, CENTURY), 0);
        assert_eq!(after(score, u64::MAX), 0);
        assert_eq!(after(score, CENTURY + dice.below(CENTURY)), 0);
    });
}

#[test]
fn a_clock_set_back_gives_no_decay() {
    for_seeds(CASES, |dice| {
        let score = score(dice);
        let before = UnixSeconds(dice.below(NOW.0 + 1));
        assert_eq!(stored(score, NOW).at(before), Score(score));
        // Conduct is added to the whole score, and from then on it fades by the new clock.
        let conduct = Conduct::ALL[usize::try_from(dice.below(6)).unwrap()];
        let mut reputation = stored(score, NOW);
        reputation.add(conduct, before);
        let added = (score + conduct.weight().0).clamp(SCORE_RANGE.0.0, SCORE_RANGE.1.0);
        assert_eq!(reputation, stored(added, before));
    });
}

#[test]
fn conduct_weighs_what_the_table_says() {
    let table = [
        (Conduct::TransferServed, "0.010000"),
        (Conduct::TransferFailed, "-0.050000"),
        (Conduct::ValidMessage, "0.001000"),
        (Conduct::InvalidMessage, "-0.020000"),
        (Conduct::PromiseKept, "0.020000"),
        (Conduct::PromiseBroken, "-0.100000"),
    ];
    assert_eq!(table.map(|(conduct, _)| conduct), Conduct::ALL);
    for (conduct, weight) in table {
        assert_eq!(conduct.weight().to_string(), weight, "{conduct:?}");
        let mut reputation = Reputation::default();
        reputation.add(conduct, NOW);
        assert_eq!(reputation.at(NOW), conduct.weight());
    }
}

#[test]
fn scores_stay_in_their_range() {
    assert_eq!((SCORE_RANGE.0.to_string().as_str(), SCORE_RANGE.1.to_string().as_str()), ("-2.000000", "1.000000"));
    for conduct in Conduct::ALL {
        let mut reputation = Reputation::default();
        for _ in 0..2_000 {
            let before = reputation.at(NOW).0;
            reputation.add(conduct, NOW);
            let wanted = (before + conduct.weight().0).clamp(SCORE_RANGE.0.0, SCORE_RANGE.1.0);
            assert_eq!(reputation.at(NOW), Score(wanted), "{conduct:?}");
        }
        let end = if conduct.weight().0 < 0 { SCORE_RANGE.0 } else { SCORE_RANGE.1 };
        assert_eq!(reputation.at(NOW), end, "{conduct:?}");
    }
}

#[test]
fn any_conduct_at_any_time_is_one_sum_after_decay() {
    for_seeds(2_000, |dice| {
        let (mut reputation, mut now, mut wanted) = (Reputation::default(), NOW, 0);
        for _ in 0..100 {
            let bits = dice.below(20);
            let wait = dice.below(1 << bits);
            let conduct = Conduct::ALL[usize::try_from(dice.below(6)).unwrap()];
            now = now.plus(Seconds(wait));
            wanted = (after(wanted, wait) + conduct.weight().0).clamp(SCORE_RANGE.0.0, SCORE_RANGE.1.0);
            reputation.add(conduct, now);
            assert_eq!(reputation, stored(wanted, now));
        }
    });
}
