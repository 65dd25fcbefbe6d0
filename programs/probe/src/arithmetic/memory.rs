//! Memory: copies and comparisons of odd sizes at odd places, collections that grow, sorting and text.

use super::{Answer, Stream, digest, high, low, one};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const SIZE: usize = 97;

fn buffer(a: u128, b: u128) -> ([u8; SIZE], Stream) {
    let (mut bytes, mut stream) = ([0; SIZE], Stream::of(a, b));
    stream.fill(&mut bytes);
    (bytes, stream)
}

/// A part of the buffer: where it begins and how long it is.
fn part(stream: &mut Stream) -> (usize, usize) {
    let start = stream.upto(SIZE);
    (start, stream.upto(SIZE - start))
}

pub(super) fn copies(a: u128, b: u128) -> Answer {
    let (from, mut stream) = buffer(a, b);
    let mut to = [0xa5; SIZE];
    for _ in 0..4 {
        let (start, length) = part(&mut stream);
        let place = stream.upto(SIZE - length);
        to[place..place + length].copy_from_slice(&from[start..start + length]);
    }
    let whole = from.to_vec();
    Some([digest(&to), digest(&whole), digest(&from[..1 + low(b) as usize % 16]), 0])
}

pub(super) fn moves(a: u128, b: u128) -> Answer {
    let (mut bytes, mut stream) = buffer(a, b);
    for _ in 0..4 {
        let (start, length) = part(&mut stream);
        bytes.copy_within(start..start + length, stream.upto(SIZE - length));
    }
    let before = digest(&bytes);
    bytes.rotate_left(low(a) as usize % SIZE);
    Some([before, digest(&bytes), 0, 0])
}

pub(super) fn fills(a: u128, b: u128) -> Answer {
    let (mut bytes, mut stream) = buffer(a, b);
    let (start, length) = part(&mut stream);
    bytes[start..start + length].fill(low(b) as u8);
    let zeros = vec![0_u8; stream.upto(300)];
    let mut words = [high(b); 9];
    words[..stream.upto(9)].fill(low(a));
    Some([digest(&bytes), digest(&zeros), words.iter().fold(1, |sum: u64, &word| sum.wrapping_mul(5) ^ word), 0])
}

pub(super) fn equality(a: u128, b: u128) -> Answer {
    let (bytes, mut stream) = buffer(a, b);
    let mut other = bytes;
    let (start, length) = part(&mut stream);
    let place = stream.upto(SIZE - 1);
    other[place] ^= 1 << (low(a) % 8);
    let flags = [
        bytes == other,
        bytes[start..start + length] == other[start..start + length],
        bytes[..place] == other[..place],
        a.to_le_bytes() == b.to_le_bytes(),
        bytes[..32] == other[..32],
        bytes.starts_with(&other[..length]),
        bytes.ends_with(&other[start..]),
    ];
    one(flags.iter().fold(0, |sum, &flag| sum * 2 + u128::from(flag)))
}

pub(super) fn order(a: u128, b: u128) -> Answer {
    let (bytes, mut stream) = buffer(a, b);
    let mut known = 0_u64;
    for _ in 0..6 {
        let ((start, length), (second, other)) = (part(&mut stream), part(&mut stream));
        let ordering = bytes[start..start + length].cmp(&bytes[second..second + other]);
        known = known * 4 + (ordering as i8 + 1) as u64;
    }
    let same = bytes[..60].cmp(&[&bytes[..59], &[low(b) as u8]].concat()[..]);
    Some([known, (same as i8 + 1) as u64, (a.to_be_bytes().cmp(&b.to_be_bytes()) as i8 + 1) as u64, 0])
}

fn words(a: u128, b: u128) -> Vec<u64> {
    let mut stream = Stream::of(a, b);
    (0..3 + low(b) % 40).map(|_| stream.word() % 64).collect()
}

fn folded(words: &[u64]) -> u64 {
    words.iter().fold(7, |sum, &word| sum.rotate_left(9).wrapping_mul(3) ^ word)
}

// What sorts stably takes a frame for itself, and more than a frame of SBPF has.

pub(super) fn sorted(a: u128, b: u128) -> Answer {
    let (mut sorted, mut backwards, mut inserted) = (words(a, b), words(a, b), Vec::new());
    sorted.sort_unstable();
    backwards.sort_unstable_by(|x, y| y.cmp(x));
    for word in words(a, b) {
        let place = inserted.partition_point(|&other| other <= word);
        inserted.insert(place, word);
    }
    let repeated = folded(&sorted);
    sorted.dedup();
    Some([repeated, folded(&backwards), folded(&inserted), folded(&sorted)])
}

pub(super) fn sorted_pairs(a: u128, b: u128) -> Answer {
    let pair = |(place, &word): (usize, &u64)| ((word % 4) as u8, [word as u8; 5], place as u32);
    let mut pairs: Vec<(u8, [u8; 5], u32)> = words(a, b).iter().enumerate().map(pair).collect();
    pairs.sort_unstable_by_key(|&(kind, _, place)| (kind, u32::MAX - place));
    let places: Vec<u64> = pairs.iter().map(|pair| digest(&pair.1).wrapping_add(u64::from(pair.2))).collect();
    let least = pairs.iter().min_by_key(|pair| (pair.1, pair.2)).map_or(0, |pair| u64::from(pair.2));
    let (low, middle, _) = pairs.select_nth_unstable_by_key(1, |pair| (pair.1, pair.2));
    Some([folded(&places), least, u64::from(middle.2), low.len() as u64])
}

pub(super) fn searched(a: u128, b: u128) -> Answer {
    let mut sorted = words(a, b);
    sorted.sort_unstable();
    let wanted = low(a) % 64;
    let place = |found: Result<usize, usize>| found.map_or_else(|place| place as u64 + 1_000, |place| sorted[place]);
    let first = sorted.partition_point(|&word| word < wanted) as u64;
    let seen = sorted.iter().position(|&word| word == wanted).map_or(500, |place| place as u64);
    Some([place(sorted.binary_search(&wanted)), first, seen, u64::from(sorted.contains(&wanted))])
}

pub(super) fn ordered_map(a: u128, b: u128) -> Answer {
    let mut map = BTreeMap::new();
    for (place, word) in words(a, b).into_iter().enumerate() {
        *map.entry(word).or_insert(0_u64) += place as u64 + 1;
    }
    map.remove(&(low(a) % 64));
    let all: Vec<u64> = map.iter().flat_map(|(&key, &sum)| [key, sum]).collect();
    Some([folded(&all), map.len() as u64, map.range(30..).next().map_or(99, |(&key, _)| key), 0])
}

pub(super) fn growing(a: u128, b: u128) -> Answer {
    let (mut bytes, mut stream) = (Vec::new(), Stream::of(a, b));
    for turn in 0..stream.upto(40) {
        bytes.push(turn as u8);
        bytes.extend_from_slice(&low(a).to_be_bytes()[..turn % 9]);
    }
    let length = bytes.len();
    bytes.truncate(length - length / 3);
    bytes.insert(bytes.len() / 2, 0xee);
    let drained: Vec<u8> = bytes.drain(..bytes.len() / 4).collect();
    Some([digest(&bytes), digest(&drained), length as u64, bytes.capacity().min(1) as u64])
}

pub(super) fn text(a: u128, b: u128) -> Answer {
    let mut text = String::new();
    write!(text, "{:>9}|{:#x}|{}|{:?}", low(a) % 1_000_000, high(a), low(b) as i64, Some(high(b) as u8)).ok()?;
    let parts: Vec<&str> = text.split('|').collect();
    let number: i64 = parts[2].parse().ok()?;
    Some([digest(text.as_bytes()), number as u64, parts[0].trim().parse().ok()?, text.chars().count() as u64])
}

/// Rounds as a hash has them: sums, rotations and choices of 32 bits over a block of 64 bytes.
pub(super) fn hashed(a: u128, b: u128) -> Answer {
    let (bytes, _) = buffer(a, b);
    let mut block: Vec<u32> =
        bytes.chunks_exact(4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]])).collect();
    for place in 16..64 {
        let (x, y) = (block[place - 15], block[place - 2]);
        let first = x.rotate_right(7) ^ x.rotate_right(18) ^ (x >> 3);
        let second = y.rotate_right(17) ^ y.rotate_right(19) ^ (y >> 10);
        let word = block[place - 16].wrapping_add(first).wrapping_add(block[place - 7]).wrapping_add(second);
        block.insert(place, word);
    }
    let mut state = [low(a) as u32, high(a) as u32, low(b) as u32, high(b) as u32];
    for word in &block[..64] {
        let [x, y, z, w] = state;
        let mixed =
            w.wrapping_add((x & y) ^ (!x & z)).wrapping_add(*word).wrapping_add(x.rotate_right(6) ^ x.rotate_right(11));
        state = [mixed, x, y.rotate_left(3), z];
    }
    Some(state.map(u64::from))
}

pub(super) fn unaligned(a: u128, b: u128) -> Answer {
    let (bytes, mut stream) = buffer(a, b);
    let mut word = |size: usize| {
        let start = stream.upto(SIZE - size);
        &bytes[start..start + size]
    };
    Some([
        u64::from_le_bytes(word(8).try_into().ok()?),
        u64::from_be_bytes(word(8).try_into().ok()?),
        u64::from(u32::from_le_bytes(word(4).try_into().ok()?)) << 16
            | u64::from(u16::from_be_bytes(word(2).try_into().ok()?)),
        low(u128::from_be_bytes(word(16).try_into().ok()?) >> 13),
    ])
}

pub(super) fn reversed(a: u128, b: u128) -> Answer {
    let (mut bytes, mut stream) = buffer(a, b);
    let (start, length) = part(&mut stream);
    bytes[start..start + length].reverse();
    bytes.swap(stream.upto(SIZE - 1), stream.upto(SIZE - 1));
    let (left, right) = bytes.split_at_mut(48);
    left.swap_with_slice(&mut right[1..]);
    Some([digest(&bytes), u64::from(bytes[SIZE - 1]), 0, 0])
}

pub(super) fn iterated(a: u128, b: u128) -> Answer {
    let words = words(a, b);
    let pairs = words.iter().zip(words.iter().skip(1)).filter(|(x, y)| x < y).count() as u64;
    let windows = words.windows(3).map(|window| window[0] ^ window[1] ^ window[2]).max().unwrap_or(1);
    let chunks =
        words.chunks(4).map(|chunk| chunk.iter().sum::<u64>()).fold(0, |sum: u64, part| sum.wrapping_mul(11) ^ part);
    let steps = words.iter().rev().step_by(3).take_while(|&&word| word != 5).copied().last().unwrap_or(2);
    Some([pairs, windows, chunks, steps])
}

pub(super) fn sums(a: u128, b: u128) -> Answer {
    let words = words(a, b);
    let wide: u128 = words.iter().map(|&word| u128::from(word) * (a >> 8)).fold(0, u128::wrapping_add);
    let checked = words.iter().try_fold(low(a), |sum, &word| sum.checked_add(word << 50))?;
    Some([low(wide), high(wide), checked, words.len() as u64])
}
