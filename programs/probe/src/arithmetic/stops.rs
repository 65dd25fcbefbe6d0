//! What nothing comes back from: a program that went on behind it would work on with whatever happens to be there.

use super::{Stream, high, low};
use std::hint::black_box;

pub(super) const NAMES: &[&str] = &[
    "sum overflows",
    "cast product overflows",
    "place out of bounds",
    "divisor is zero",
    "nothing is unwrapped",
    "shift is too far",
    "slice ends before it begins",
    "memory runs out",
    "abort",
    "borrowed twice",
];

/// Stops the program, or is found out to have come back.
pub(super) fn stop(number: u8, a: u128, b: u128) {
    match number {
        0 => drop(black_box(u64::MAX - (low(a) % 9) + (9 + low(b) % 9))),
        1 => drop(black_box((low(a) as u32 | 1 << 31) * (low(b) as u32 | 2))),
        2 => drop(black_box([low(a), low(b), high(a)][3 + low(b) as usize % 9])),
        3 => drop(black_box(low(a) / black_box(0))),
        4 => drop(black_box(black_box(None::<u64>).expect("there is nothing"))),
        5 => drop(black_box(low(a) << (64 + black_box(low(b) as u32 % 64)))),
        6 => drop(black_box(a.to_le_bytes()[black_box(9)..black_box(3)].len())),
        7 => drop(black_box(vec![Stream::of(a, b).word() as u8; 1 << 20])),
        8 => std::process::abort(),
        9 => {
            let cell = std::cell::RefCell::new(low(a));
            let held = cell.borrow_mut();
            drop(black_box(cell.borrow_mut()));
            drop(held);
        }
        _ => (),
    }
}
