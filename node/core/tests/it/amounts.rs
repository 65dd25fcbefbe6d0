//! Money and cycles against arithmetic that cannot overflow, and the edges of the time line.

use std::num::NonZeroU128;

use williw_core::amount::{Amount, Bps, Overflow};
use williw_core::cycle::{Cycle, CycleClock, Seconds, UnixSeconds};
use williw_core::slash::{BOUNTY_DIVISOR, cut};

use crate::dice::{Dice, for_seeds};

const CASES: u64 = 50_000;

/// A number of 256 bits in limbs of 32, the lowest first: schoolbook arithmetic, slow and obvious.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wide([u32; 8]);

impl Wide {
    fn new(number: u128) -> Self {
        Self(std::array::from_fn(|at| number.checked_shr(32 * u32::try_from(at).unwrap()).unwrap_or(0) as u32))
    }

    fn times(self, factor: u32) -> Self {
        let mut carry = 0_u64;
        let limbs = self.0.map(|limb| {
            carry += u64::from(limb) * u64::from(factor);
            let low = carry as u32;
            carry >>= 32;
            low
        });
        assert_eq!(carry, 0, "256 bits are enough");
        Self(limbs)
    }

    fn plus(self, other: Self) -> Self {
        let mut carry = 0_u64;
        let limbs = std::array::from_fn(|at| {
            carry += u64::from(self.0[at]) + u64::from(other.0[at]);
            let low = carry as u32;
            carry >>= 32;
            low
        });
        assert_eq!(carry, 0, "256 bits are enough");
        Self(limbs)
    }

    /// Quotient and remainder.
    fn divided(self, divisor: u32) -> (Self, u32) {
        let (mut quotient, mut rest) = (self, 0_u64);
        for limb in quotient.0.iter_mut().rev() {
            let part = rest << 32 | u64::from(*limb);
            *limb = u32::try_from(part / u64::from(divisor)).expect("the rest is below the divisor");
            rest = part % u64::from(divisor);
        }
        (quotient, u32::try_from(rest).expect("the rest is below the divisor"))
    }

    fn divided_up(self, divisor: u32) -> Self {
        let (quotient, rest) = self.divided(divisor);
        quotient.plus(Self::new(u128::from(rest != 0)))
    }

    fn narrow(self) -> Option<u128> {
        let (low, high) = self.0.split_at(4);
        let number = low.iter().rev().fold(0, |sum, &limb| sum << 32 | u128::from(limb));
        high.iter().all(|&limb| limb == 0).then_some(number)
    }

    fn is_at_least(self, other: Self) -> bool {
        self.0.iter().rev().ge(other.0.iter().rev())
    }
}

/// Often one of the edges.
fn bps(dice: &mut Dice) -> Bps {
    const EDGES: [u16; 9] = [0, 1, 2, 500, 3_333, 5_000, 9_998, 9_999, 10_000];
    let any = u16::try_from(dice.below(10_001)).unwrap();
    let edge = EDGES[usize::try_from(dice.below(9)).unwrap()];
    Bps::try_from(if dice.below(2) == 0 { edge } else { any }).unwrap()
}

fn fraction(amount: u128, bps: Bps) -> u128 {
    Wide::new(amount).times(u32::from(bps.get())).divided_up(10_000).narrow().expect("a fraction is at most the whole")
}

#[test]
fn a_fraction_is_the_wide_product_rounded_up() {
    for_seeds(CASES, |dice| {
        let (amount, bps) = (dice.amount(), bps(dice));
        let found = Amount(amount).fraction_up(bps);
        assert_eq!(found, Amount(fraction(amount, bps)), "{amount} {bps:?}");
        assert!(found <= Amount(amount), "{amount} {bps:?}");
        assert_eq!(Amount(amount).fraction_up(Bps::ONE), Amount(amount));
        // One more of either never takes less, and at most the step itself more.
        let more = Amount(amount.saturating_add(1)).fraction_up(bps);
        assert!(found <= more && more.0 - found.0 <= 1, "{amount} {bps:?}");
        if let Ok(higher) = Bps::try_from(bps.get() + 1) {
            assert!(found <= Amount(amount).fraction_up(higher), "{amount} {bps:?}");
        }
    });
}

#[test]
fn splitting_an_amount_never_lightens_its_fraction() {
    for_seeds(CASES, |dice| {
        let bps = bps(dice);
        let parts: Vec<Amount> = (0..=dice.below(8)).map(|_| Amount(dice.amount() / 9)).collect();
        let of_parts = Amount::sum(parts.iter().map(|part| part.fraction_up(bps))).unwrap();
        let of_sum = Amount::sum(parts.iter().copied()).unwrap().fraction_up(bps);
        assert!(of_sum <= of_parts, "{parts:?} {bps:?}");
        assert!(of_parts.0 - of_sum.0 < parts.len() as u128, "{parts:?} {bps:?}: more than one atom per split");
    });
}

#[test]
fn two_thirds_are_exact() {
    let check = |part: u128, whole: u128| {
        let exact = Wide::new(part).times(3).is_at_least(Wide::new(whole).times(2));
        assert_eq!(Amount(part).is_two_thirds_of(Amount(whole)), exact, "{part} of {whole}");
        exact
    };
    for_seeds(CASES, |dice| {
        let whole = dice.amount();
        check(dice.amount(), whole);
        // Right at the border, which is ceil(2w / 3).
        let border = Wide::new(whole).times(2).divided_up(3).narrow().unwrap();
        assert!(check(border, whole));
        assert!(border == 0 || !check(border - 1, whole));
        assert!(border == u128::MAX || check(border + 1, whole));
    });
    for whole in (0..100).chain(u128::MAX - 100..=u128::MAX) {
        (0..100).chain(u128::MAX - 100..=u128::MAX).for_each(|part| {
            check(part, whole);
        });
    }
    assert!(check(0, 0), "nothing is all of nothing: who counts votes must ask for a quorum as well");
}

#[test]
fn sums_differences_and_products_are_exact_or_refused() {
    for_seeds(CASES, |dice| {
        let (a, b, factor) = (dice.amount(), dice.amount(), u32::try_from(dice.u64() >> 32).unwrap());
        let sum = Wide::new(a).plus(Wide::new(b)).narrow();
        assert_eq!(Amount(a).plus(Amount(b)).ok(), sum.map(Amount), "{a} + {b}");
        assert_eq!(Amount::sum([Amount(a), Amount(b)]).ok(), sum.map(Amount), "{a} + {b}");
        let difference = Amount(a).minus(Amount(b));
        assert_eq!(difference, if a < b { Err(Overflow) } else { Ok(Amount(a - b)) }, "{a} - {b}");
        assert_eq!(Amount(a).less(Amount(b)), difference.unwrap_or(Amount::ZERO), "{a} - {b}");
        let product = Wide::new(a).times(factor).narrow();
        assert_eq!(Amount(a).times(u64::from(factor)).ok(), product.map(Amount), "{a} * {factor}");
        let divisor = factor.max(1);
        let quotient = Amount(a).divided_down(NonZeroU128::new(u128::from(divisor)).unwrap());
        assert_eq!(Some(quotient.0), Wide::new(a).divided(divisor).0.narrow(), "{a} / {divisor}");
    });
}

#[test]
fn a_fraction_is_at_most_one() {
    for bps in 0..=u16::MAX {
        assert_eq!(Bps::try_from(bps).map(Bps::get).ok(), (bps <= 10_000).then_some(bps));
        let read = serde_json::from_str::<Bps>(&bps.to_string());
        assert_eq!(read.map(Bps::get).ok(), (bps <= 10_000).then_some(bps), "also when it is read");
    }
}

#[test]
fn a_slash_takes_or_leaves_every_atom() {
    for_seeds(CASES, |dice| {
        let (active, fraction) = (Amount(dice.amount()), bps(dice));
        let queue: Vec<Amount> = (0..dice.below(9)).map(|_| Amount(dice.amount())).collect();
        let parts = || std::iter::once(active).chain(queue.iter().copied());
        let taken =
            parts().map(|part| Wide::new(self::fraction(part.0, fraction))).fold(Wide::new(0), Wide::plus).narrow();
        let Ok(found) = cut(active, &queue, fraction) else {
            assert_eq!(taken, None, "{active} {queue:?} {fraction:?}");
            return;
        };
        assert_eq!(Some(found.taken.0), taken, "{active} {queue:?} {fraction:?}");
        assert_eq!(found.bounty.0, found.taken.0 / BOUNTY_DIVISOR);
        assert_eq!(found.queue.len(), queue.len());
        for (left, before) in std::iter::once(found.active).chain(found.queue.iter().copied()).zip(parts()) {
            assert_eq!(Some(left), before.minus(before.fraction_up(fraction)).ok());
        }
        // Taken and left are what there was.
        let total = |amounts: &mut dyn Iterator<Item = Amount>| {
            amounts.fold(Wide::new(0), |sum, amount| sum.plus(Wide::new(amount.0)))
        };
        let left = total(&mut std::iter::once(found.active).chain(found.queue.iter().copied()));
        assert_eq!(left.plus(Wide::new(found.taken.0)), total(&mut parts()), "{active} {queue:?} {fraction:?}");
    });
    assert_eq!(cut(Amount::MAX, &[Amount(1)], Bps::ONE), Err(Overflow), "more than can be counted");
}

fn clock(genesis: u64, length: u64) -> CycleClock {
    CycleClock::new(UnixSeconds(genesis), Seconds(length)).unwrap()
}

#[test]
fn a_cycle_lasts_two_seconds_at_least() {
    for length in [0, 1] {
        assert!(CycleClock::new(UnixSeconds(7), Seconds(length)).is_err());
    }
    let shortest = clock(7, 2);
    assert_eq!((shortest.genesis(), shortest.length(), shortest.half()), (UnixSeconds(7), Seconds(2), Seconds(1)));
    assert_eq!(clock(0, u64::MAX).half(), Seconds(u64::MAX / 2));
}

#[test]
fn every_second_lies_in_one_cycle() {
    for_seeds(CASES, |dice| {
        let (genesis, bits) = (dice.below(1 << 40), 1 + dice.below(30));
        let length = 2 + dice.below(1 << bits);
        let clock = clock(genesis, length);
        let cycle = Cycle(dice.below(1 << 30));
        let (start, next) = (clock.start(cycle), clock.start(cycle.plus(1)));
        assert_eq!(start, UnixSeconds(genesis + cycle.0 * length));
        assert_eq!(next.since(start), Seconds(length));
        assert_eq!(clock.cycle(start), Some(cycle));
        assert_eq!(clock.cycle(UnixSeconds(next.0 - 1)), Some(cycle));
        assert_eq!(clock.cycle(UnixSeconds(start.0 + dice.below(length))), Some(cycle));
        if start.0 > 0 {
            assert_eq!(clock.cycle(UnixSeconds(start.0 - 1)), cycle.previous());
        }
        assert_eq!(clock.span(cycle.0), Some(Seconds(cycle.0 * length)));
    });
}

#[test]
fn before_genesis_there_is_no_cycle_and_no_vote() {
    let clock = clock(1_000, 100);
    for time in [0, 1, 999] {
        assert_eq!(clock.cycle(UnixSeconds(time)), None);
        for cycle in [0, 1, u64::MAX] {
            assert!(!clock.takes_votes(Cycle(cycle), UnixSeconds(time)), "cycle {cycle} at {time}");
        }
    }
    assert_eq!(clock.cycle(UnixSeconds(1_000)), Some(Cycle(0)));
}

#[test]
fn votes_are_taken_in_exactly_the_first_half_of_the_next_cycle() {
    for length in [2, 3, 4, 5, 100, 101] {
        let clock = clock(1_000, length);
        for time in 900..1_000 + 6 * length {
            for cycle in (0..8).chain([u64::MAX - 1, u64::MAX]) {
                let since = u128::from(time).checked_sub(1_000 + (u128::from(cycle) + 1) * u128::from(length));
                let wanted = since.is_some_and(|since| since < u128::from(length / 2));
                assert_eq!(clock.takes_votes(Cycle(cycle), UnixSeconds(time)), wanted, "{cycle} of {length} at {time}");
            }
        }
    }
}

#[test]
fn the_ends_of_time_hold() {
    let clock = clock(1_000, 100);
    let end = UnixSeconds(u64::MAX);
    assert_eq!(clock.start(Cycle(u64::MAX)), end);
    assert_eq!(clock.cycle(end), Some(Cycle((u64::MAX - 1_000) / 100)));
    assert_eq!(clock.span(u64::MAX / 100), Some(Seconds(u64::MAX / 100 * 100)));
    assert_eq!(clock.span(u64::MAX / 100 + 1), None);
    assert_eq!(end.plus(Seconds(1)), end);
    assert_eq!(UnixSeconds(5).since(UnixSeconds(6)), Seconds(0));
    assert_eq!(Cycle(u64::MAX).plus(1), Cycle(u64::MAX));
    assert_eq!((Cycle(0).previous(), Cycle(1).previous()), (None, Some(Cycle(0))));
    assert_eq!((Cycle(5).since(Cycle(6)), Cycle(6).since(Cycle(5))), (0, 1));
    // The last cycle there is has no next one, and nobody votes for it.
    for time in [0, 1_000, u64::MAX - 1, u64::MAX] {
        assert!(!clock.takes_votes(Cycle(u64::MAX), UnixSeconds(time)));
    }
    let whole = self::clock(0, u64::MAX);
    assert_eq!((whole.cycle(UnixSeconds(u64::MAX - 1)), whole.cycle(end)), (Some(Cycle(0)), Some(Cycle(1))));
    assert!(whole.takes_votes(Cycle(0), end), "the one second of cycle 1 that can be told is in its first half");
}
