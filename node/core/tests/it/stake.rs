//! Cycle stake against a model that keeps every value at every instant and looks at all of them.

use williw_core::amount::{Amount, Overflow};
use williw_core::cycle::Cycle;
use williw_core::cycle_stake::CycleStake;

use crate::dice::{Dice, for_seeds};

const HISTORIES: u64 = 3_000;
const STEPS: u64 = 60;

/// Everything that ever happened to one operator.
#[derive(Default)]
struct Memory {
    /// Each counted value with the cycle in which it began to hold.
    values: Vec<(u64, u128)>,
    jailed_in: Vec<u64>,
    active: u128,
    jailed: bool,
}

impl Memory {
    const fn counted(&self) -> u128 {
        if self.jailed { 0 } else { self.active }
    }

    /// The lowest value of a cycle, the one that it began with included; nothing was counted before the first.
    fn lowest(&self, cycle: u64) -> u128 {
        let at_start = self.values.iter().rfind(|(since, _)| *since < cycle).map_or(0, |(_, value)| *value);
        self.values.iter().filter(|(since, _)| *since == cycle).fold(at_start, |lowest, (_, value)| lowest.min(*value))
    }

    /// The lowest value of the cycle before, whatever happened in this one.
    fn lowest_before(&self, cycle: u64) -> u128 {
        cycle.checked_sub(1).map_or(0, |previous| self.lowest(previous))
    }

    /// What votes of the cycle before weigh: nothing after a jailing in this one.
    fn weight(&self, cycle: u64) -> u128 {
        if self.jailed_in.contains(&cycle) { 0 } else { self.lowest_before(cycle) }
    }
}

struct World {
    cycle: u64,
    total: CycleStake,
    operators: Vec<(CycleStake, Memory)>,
    /// What was done to each operator, in its order: the cycle, what is counted since, and whether it was jailed.
    done: Vec<Vec<(Cycle, Amount, bool)>>,
}

impl World {
    fn new(dice: &mut Dice) -> Self {
        let cycle = dice.below(3);
        let empty = CycleStake::empty(Cycle(cycle));
        let count = 1 + dice.below(12);
        let operators: Vec<_> = (0..count).map(|_| (empty, Memory::default())).collect();
        Self { cycle, total: empty, done: vec![Vec::new(); operators.len()], operators }
    }

    fn step(&mut self, dice: &mut Dice) {
        self.cycle += [0, 0, 0, 0, 1, 1, 1, 2, 3, 10][usize::try_from(dice.below(10)).unwrap()];
        let at = usize::try_from(dice.below(self.operators.len() as u64)).unwrap();
        let (stake, memory) = &mut self.operators[at];
        let (cycle, jailings) = (Cycle(self.cycle), memory.jailed_in.len());
        match dice.below(8) {
            0 if !memory.jailed => {
                // A slash takes a part and jails; what is left is active, but not counted.
                memory.active -= memory.active / 20;
                memory.jailed = true;
                memory.jailed_in.push(self.cycle);
                stake.jail(&mut self.total, cycle).unwrap();
            }
            0 | 1 if memory.jailed => {
                memory.jailed = false;
                stake.set(&mut self.total, cycle, Amount(memory.active)).unwrap();
            }
            2..=4 => {
                memory.active -= if memory.active == 0 { 0 } else { memory.active.min(u128::from(dice.below(400))) };
                stake.set(&mut self.total, cycle, Amount(memory.counted())).unwrap();
            }
            _ => {
                memory.active += u128::from(dice.below(300));
                stake.set(&mut self.total, cycle, Amount(memory.counted())).unwrap();
            }
        }
        memory.values.push((self.cycle, memory.counted()));
        self.done[at].push((cycle, Amount(memory.counted()), memory.jailed_in.len() > jailings));
    }

    /// Does all of it again, but each operator's part whenever its turn comes up.
    fn shuffled(&self, dice: &mut Dice, start: Cycle) -> (Vec<CycleStake>, CycleStake) {
        let empty = CycleStake::empty(start);
        let (mut operators, mut total) = (vec![empty; self.done.len()], empty);
        let mut left: Vec<_> = self.done.iter().map(|done| done.iter().peekable()).collect();
        while left.iter_mut().any(|done| done.peek().is_some()) {
            let at = usize::try_from(dice.below(left.len() as u64)).unwrap();
            let Some((cycle, counted, jailed)) = left[at].next() else { continue };
            let stake = &mut operators[at];
            if *jailed { stake.jail(&mut total, *cycle) } else { stake.set(&mut total, *cycle, *counted) }.unwrap();
        }
        (operators, total)
    }

    /// Looks at everything as of a cycle from now on; looking changes nothing.
    fn check(&self, ahead: u64) {
        let cycle = self.cycle + ahead;
        let mut sums = [0; 3];
        for (at, (stake, memory)) in self.operators.iter().enumerate() {
            let stake = stake.at(Cycle(cycle));
            assert_eq!(stake.value().0, memory.counted(), "value of {at} in {cycle}");
            assert_eq!(stake.floor().0, memory.lowest(cycle), "floor of {at} in {cycle}");
            assert_eq!(stake.floor_prev().0, memory.weight(cycle), "floor_prev of {at} in {cycle}");
            assert!(stake.floor() <= stake.value());
            let parts = [memory.counted(), memory.lowest(cycle), memory.lowest_before(cycle)];
            sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        }
        let total = self.total.at(Cycle(cycle));
        let found = [total.value(), total.floor(), total.floor_prev()].map(|amount| amount.0);
        assert_eq!(found, sums, "value, floor and floor_prev of the total in {cycle}");
    }
}

#[test]
fn floors_are_the_true_minima() {
    for_seeds(HISTORIES, |dice| {
        let mut world = World::new(dice);
        world.check(0);
        for _ in 0..STEPS {
            world.step(dice);
            for ahead in [0, 1, 2, 7] {
                world.check(ahead);
            }
        }
    });
}

#[test]
fn a_total_is_the_same_in_whatever_order_the_operators_come_to_it() {
    for_seeds(HISTORIES, |dice| {
        let mut world = World::new(dice);
        let start = Cycle(world.cycle);
        for _ in 0..STEPS {
            world.step(dice);
        }
        let (operators, total) = world.shuffled(dice, start);
        assert_eq!(operators, world.operators.iter().map(|(stake, _)| *stake).collect::<Vec<_>>());
        assert_eq!(total, world.total);
    });
}

#[test]
fn an_overflow_changes_nothing() {
    let empty = CycleStake::empty(Cycle(4));
    let (mut first, mut second, mut total) = (empty, empty, empty);
    first.set(&mut total, Cycle(4), Amount::MAX).unwrap();
    let before = (second, total);
    assert_eq!(second.set(&mut total, Cycle(9), Amount(1)), Err(Overflow));
    assert_eq!((second, total), before);
    // Whoever makes room first may take it.
    first.set(&mut total, Cycle(9), Amount(u128::MAX - 1)).unwrap();
    second.set(&mut total, Cycle(9), Amount(1)).unwrap();
    assert_eq!(total.value(), Amount::MAX);
}

#[test]
fn a_jailing_never_lowers_a_quorum_that_is_being_counted() {
    let empty = CycleStake::empty(Cycle(0));
    let (mut first, mut second, mut total) = (empty, empty, empty);
    first.set(&mut total, Cycle(0), Amount(100)).unwrap();
    second.set(&mut total, Cycle(0), Amount(40)).unwrap();
    first.jail(&mut total, Cycle(3)).unwrap();
    assert_eq!((first.floor_prev(), total.floor_prev()), (Amount(0), Amount(140)));
    assert_eq!((first.floor(), total.floor()), (Amount(0), Amount(40)));
    assert_eq!(total.at(Cycle(4)).floor_prev(), Amount(40));
}
