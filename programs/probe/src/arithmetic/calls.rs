//! Functions: more arguments than registers, results larger than a register, frames, recursion and calls by address.

use super::{Answer, Stream, digest, halves, high, low, one, two};
use std::hint::black_box;

#[inline(never)]
#[expect(clippy::too_many_arguments, reason = "five fit into registers; the others lie on the stack")]
fn ten(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u64, h: u64, i: u64, j: u64) -> u64 {
    let odd = a.rotate_left(1) ^ c.rotate_left(3) ^ e.rotate_left(5) ^ g.rotate_left(7) ^ i.rotate_left(9);
    let even = b.rotate_left(2) ^ d.rotate_left(4) ^ f.rotate_left(6) ^ h.rotate_left(8) ^ j.rotate_left(10);
    odd.wrapping_mul(even | 1)
}

pub(super) fn many_arguments(a: u128, b: u128) -> Answer {
    let [p, q] = halves(a);
    let [r, s] = halves(b);
    let first = ten(p, q, r, s, p ^ 1, q ^ 2, r ^ 3, s ^ 4, p ^ q, r ^ s);
    Some([first, ten(s, r, q, p, first, 6, 7, 8, 9, 10), ten(1, 2, 3, 4, 5, p, q, r, s, first), p])
}

#[inline(never)]
#[expect(clippy::too_many_arguments, reason = "of several widths, so that each has to be placed and extended")]
fn mixed(a: u8, b: i16, c: u128, d: bool, e: i32, f: &[u8], g: u16, h: i64, i: &mut u64) -> i64 {
    *i = i.wrapping_add(c as u64).rotate_left(u32::from(g) % 64);
    let part = if d { i64::from(b) - i64::from(e) } else { i64::from(b) + i64::from(a) };
    part.wrapping_mul(h).wrapping_add(f.len() as i64)
}

pub(super) fn mixed_arguments(a: u128, b: u128) -> Answer {
    let (text, mut sum) = (b.to_be_bytes(), high(b));
    let length = low(b) as usize % 17;
    let (p, q) = (low(a), high(a));
    let first = mixed(p as u8, q as i16, b, p & 1 == 1, q as i32, &text[..length], p as u16, q as i64, &mut sum);
    let second = mixed(q as u8, p as i16, a, q & 2 == 2, p as i32, &text[length..], q as u16, p as i64, &mut sum);
    Some([first as u64, second as u64, sum, length as u64])
}

#[inline(never)]
fn wide_four(a: u128, b: u128, c: u128, d: u128) -> u128 {
    (a ^ b.rotate_left(64)).wrapping_sub(c).wrapping_add(d >> 3)
}

pub(super) fn wide_arguments(a: u128, b: u128) -> Answer {
    two(wide_four(a, b, a ^ b, !a), wide_four(b, a, 1, u128::MAX))
}

#[derive(Clone, Copy)]
struct Parts {
    whole: u128,
    flag: bool,
    small: u16,
    rest: [u32; 3],
    name: [u8; 7],
}

#[inline(never)]
fn parts(a: u128, b: u128) -> Parts {
    let words = [low(a) as u32, high(a) as u32, low(b) as u32];
    let mut name = [0; 7];
    name.copy_from_slice(&b.to_be_bytes()[4..11]);
    Parts { whole: a.wrapping_add(b), flag: a > b, small: high(b) as u16, rest: words, name }
}

#[inline(never)]
fn changed(mut parts: Parts, by: u32) -> Parts {
    parts.rest.rotate_left(1);
    parts.rest[1] = parts.rest[1].wrapping_add(by);
    parts.flag = !parts.flag;
    parts
}

fn flat(parts: &Parts) -> u64 {
    let rest = parts.rest.iter().fold(u64::from(parts.small), |sum, &word| sum.rotate_left(17) ^ u64::from(word));
    rest ^ u64::from(parts.flag) ^ digest(&parts.name)
}

pub(super) fn aggregate(a: u128, b: u128) -> Answer {
    let (first, second) = (parts(a, b), changed(parts(b, a), low(a) as u32));
    Some([flat(&first), low(first.whole), flat(&second), high(second.whole)])
}

#[inline(never)]
fn nested(a: u128, b: u128) -> ([Parts; 2], (u8, u128), [u64; 5]) {
    ([parts(a, b), parts(b, a)], (low(a) as u8, b), std::array::from_fn(|place| low(a).rotate_left(place as u32)))
}

pub(super) fn nested_aggregate(a: u128, b: u128) -> Answer {
    let (both, (byte, wide), words) = nested(a, b);
    let sum = words.iter().rev().fold(u64::from(byte), |sum, &word| sum.wrapping_mul(31) ^ word);
    Some([flat(&both[0]), flat(&both[1]), low(wide), sum])
}

#[inline(never)]
fn half_if_even(number: u128) -> Option<u128> {
    (number & 1 == 0).then_some(number >> 1)
}

pub(super) fn optional(a: u128, b: u128) -> Answer {
    let known = u128::from(half_if_even(a).is_some()) * 2 + u128::from(half_if_even(b).is_some());
    two(half_if_even(a).or_else(|| half_if_even(b))?, known)
}

enum Fault {
    Small(u8),
    Large { place: u128, found: [u8; 9] },
}

#[inline(never)]
fn tried(a: u128, b: u128) -> Result<[u8; 24], Fault> {
    let mut found = [7; 9];
    found[..8].copy_from_slice(&low(b).to_le_bytes());
    match low(a) % 3 {
        0 => Err(Fault::Small(high(a) as u8)),
        1 => Err(Fault::Large { place: a ^ b, found }),
        _ => Ok(std::array::from_fn(|place| (b >> place) as u8)),
    }
}

pub(super) fn fallible(a: u128, b: u128) -> Answer {
    match tried(a, b) {
        Ok(bytes) => Some([0, digest(&bytes), bytes.len() as u64, 0]),
        Err(Fault::Small(byte)) => Some([1, u64::from(byte), 0, 0]),
        Err(Fault::Large { place, found }) => Some([2, low(place), high(place), digest(&found)]),
    }
}

#[inline(never)]
fn joined(first: [u8; 32], second: [u8; 33]) -> [u8; 65] {
    let mut all = [0; 65];
    all[..32].copy_from_slice(&first);
    all[32..].copy_from_slice(&second);
    all
}

pub(super) fn bytes_by_value(a: u128, b: u128) -> Answer {
    let (mut first, mut second, mut stream) = ([0; 32], [0; 33], Stream::of(a, b));
    stream.fill(&mut first);
    stream.fill(&mut second);
    let all = joined(first, second);
    Some([digest(&all), u64::from(all[31]), u64::from(all[32]), u64::from(all[64])])
}

#[inline(never)]
fn common_divisor(a: u128, b: u128, depth: u8) -> (u128, u8) {
    // A program may be 64 calls deep.
    if b == 0 || depth == 40 { (a, depth) } else { common_divisor(b, a % b, depth + 1) }
}

#[inline(never)]
fn tree(depth: u64, seed: u64) -> u64 {
    if depth == 0 {
        seed
    } else {
        tree(depth - 1, seed.rotate_left(5)) ^ tree(depth - 1, seed.wrapping_mul(3)).wrapping_add(depth)
    }
}

pub(super) fn recursion(a: u128, b: u128) -> Answer {
    let (divisor, depth) = common_divisor(a, b, 0);
    Some([low(divisor), high(divisor), u64::from(depth), tree(low(b) % 7, low(a))])
}

static STEPS: [fn(u64, u64) -> u64; 5] =
    [u64::wrapping_add, u64::wrapping_sub, u64::wrapping_mul, |x, y| x.rotate_left(y as u32), |x, y| x ^ y];

pub(super) fn indirect(a: u128, b: u128) -> Answer {
    let mut stream = Stream::of(a, b);
    let sum = (0..12).fold(low(a), |sum, _| STEPS[stream.upto(4)](sum, low(b)));
    Some([sum, black_box(STEPS[low(a) as usize % 5])(high(a), high(b)), 0, 0])
}

trait Shape {
    fn area(&self) -> u128;
    fn corners(&self) -> u64 {
        4
    }
}

struct Square(u64);
struct Oblong(u64, u64);
struct Point;

impl Shape for Square {
    fn area(&self) -> u128 {
        u128::from(self.0) * u128::from(self.0)
    }
}

impl Shape for Oblong {
    fn area(&self) -> u128 {
        u128::from(self.0) * u128::from(self.1)
    }
}

impl Shape for Point {
    fn area(&self) -> u128 {
        0
    }

    fn corners(&self) -> u64 {
        0
    }
}

#[inline(never)]
fn shape(kind: u64, a: u64, b: u64) -> Box<dyn Shape> {
    match kind % 3 {
        0 => Box::new(Square(a)),
        1 => Box::new(Oblong(a, b)),
        _ => Box::new(Point),
    }
}

pub(super) fn dynamic(a: u128, b: u128) -> Answer {
    let shapes = [shape(low(b), low(a), high(a)), shape(high(b), high(a), low(b)), shape(low(a), 3, 4)];
    let area = shapes.iter().fold(0_u128, |sum, shape| sum.wrapping_add(shape.area()));
    two(area, shapes.iter().map(|shape| u128::from(shape.corners())).sum())
}

#[inline(never)]
fn apply(times: u64, step: &mut dyn FnMut(u64)) {
    (0..times).for_each(step);
}

pub(super) fn closures(a: u128, b: u128) -> Answer {
    let (mut sum, mut seen) = (low(a), Vec::new());
    let by = low(b);
    apply(by % 9, &mut |turn| {
        sum = sum.wrapping_mul(by | 1).wrapping_add(turn);
        seen.push(sum as u16);
    });
    Some([sum, seen.len() as u64, seen.last().copied().map_or(0, u64::from), high(b)])
}

#[inline(never)]
fn deep(level: u64, above: &[u8; 700]) -> u64 {
    let mut here = *above;
    let place = (level * 97) as usize % 700;
    here[place] = here[place].wrapping_add(level as u8 + 1);
    if level == 0 { digest(&here) } else { deep(level - 1, &here) ^ digest(&here[place..]) }
}

pub(super) fn deep_frames(a: u128, b: u128) -> Answer {
    let mut bytes = [0; 700];
    Stream::of(a, b).fill(&mut bytes);
    let before = digest(&bytes);
    Some([deep(low(b) % 5, &bytes), before, digest(&bytes), 0])
}

pub(super) fn jump_table(a: u128, b: u128) -> Answer {
    let x = low(b);
    let one = match low(a) % 14 {
        0 => x.wrapping_add(17),
        1 => x.wrapping_sub(5),
        2 => x.wrapping_mul(33),
        3 => x / 3,
        4 => x % 1_000,
        5 => x << 7,
        6 => x >> 9,
        7 => !x,
        8 => x.swap_bytes(),
        9 => x.rotate_left(11),
        10 => u64::from(x.count_ones()),
        11 => x & 0xff00_ff00_ff00_ff00,
        12 => x.isqrt(),
        _ => 99,
    };
    let name = ["", "a", "bc", "def", "ghij"][high(a) as usize % 5];
    Some([one, name.len() as u64, digest(name.as_bytes()), 0])
}

pub(super) fn early_returns(a: u128, b: u128) -> Answer {
    for (turn, byte) in a.to_le_bytes().into_iter().enumerate() {
        if byte == 0 {
            continue;
        }
        let left = b.checked_shr(u32::from(byte))?;
        if left == 0 {
            return one(turn as u128 + 1);
        }
        if turn == 11 {
            break;
        }
    }
    two(a, b)
}
