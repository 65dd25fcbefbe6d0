//! Integers of up to 64 bits. Of signed ones the machine knows no division, and of narrow ones nothing at all.

use super::{Answer, high, low};

pub(super) fn multiply(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a), low(b));
    Some([x.wrapping_mul(y), high(a).wrapping_mul(high(b)), x.wrapping_mul(10_000), y.wrapping_mul(y)])
}

pub(super) fn divide(a: u128, b: u128) -> Answer {
    Some([low(a).checked_div(low(b))?, high(a).checked_div(high(b) | 1)?, low(a) / 10_000, low(b) / 7])
}

pub(super) fn remainder(a: u128, b: u128) -> Answer {
    Some([low(a).checked_rem(low(b))?, high(a).checked_rem(high(b) | 1)?, low(a) % 10_000, low(b) % 7])
}

pub(super) fn shift_left(a: u128, b: u128) -> Answer {
    let by = low(b) as u32;
    Some([low(a).wrapping_shl(by), low(a).checked_shl(by).unwrap_or(7), low(a) << 1, low(a) << 63])
}

pub(super) fn shift_right(a: u128, b: u128) -> Answer {
    let by = low(b) as u32;
    Some([low(a).wrapping_shr(by), low(a).checked_shr(by).unwrap_or(7), low(a) >> 1, low(a) >> 63])
}

pub(super) fn rotate(a: u128, b: u128) -> Answer {
    let by = low(b) as u32;
    Some([low(a).rotate_left(by), low(a).rotate_right(by), low(a).swap_bytes(), low(a).reverse_bits()])
}

pub(super) fn count(a: u128, b: u128) -> Answer {
    let x = low(a).wrapping_shr(low(b) as u32);
    Some([x.leading_zeros(), x.trailing_zeros(), x.count_ones(), (x as u32).leading_zeros()].map(u64::from))
}

pub(super) fn checked(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a), low(b));
    let flags = [x.checked_add(y).is_some(), x.checked_sub(y).is_some(), x.checked_mul(y).is_some()];
    let known = flags.iter().fold(0, |sum, &flag| sum * 2 + u64::from(flag));
    Some([x.checked_add(y).unwrap_or(1), x.checked_sub(y).unwrap_or(2), x.checked_mul(y).unwrap_or(3), known])
}

pub(super) fn saturating(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a), low(b));
    Some([x.saturating_add(y), x.saturating_sub(y), x.saturating_mul(y), x.abs_diff(y)])
}

pub(super) fn overflowing(a: u128, b: u128) -> Answer {
    let (sum, carried) = low(a).overflowing_add(low(b));
    let (difference, borrowed) = high(a).overflowing_sub(high(b));
    let (product, lost) = low(a).overflowing_mul(high(b));
    Some([sum, difference, product, u64::from(carried) + 2 * u64::from(borrowed) + 4 * u64::from(lost)])
}

pub(super) fn power(a: u128, b: u128) -> Answer {
    let exponent = low(b) as u32 % 70;
    Some([low(a).wrapping_pow(exponent), low(a).checked_pow(exponent).unwrap_or(5), 3_u64.wrapping_pow(exponent), 0])
}

pub(super) fn root(a: u128, b: u128) -> Answer {
    let ilog = |number: u64| number.checked_ilog2().unwrap_or(99);
    Some([low(a).isqrt(), low(b).isqrt(), u64::from(ilog(low(a))), u64::from(low(b).checked_ilog10().unwrap_or(99))])
}

pub(super) fn narrow_words(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a) as u32, low(b) as u32);
    let quotients = x.checked_div(y).zip(x.checked_rem(y))?;
    let turned = [x.rotate_left(y), x.rotate_right(y), x.swap_bytes(), x.wrapping_mul(y)];
    let joined = turned.iter().fold(0_u64, |sum, &word| sum.rotate_left(16) ^ u64::from(word));
    Some([u64::from(quotients.0), u64::from(quotients.1), joined, u64::from(x.checked_add(y).unwrap_or(9))])
}

pub(super) fn narrow_bytes(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a) as u16, low(b) as u16);
    let (s, t) = ((low(a) >> 16) as u8, (low(b) >> 16) as u8);
    Some([
        u64::from(x.rotate_left(u32::from(y)) ^ x.rotate_right(u32::from(y)).swap_bytes()),
        u64::from(x.wrapping_mul(y)) << 16 | u64::from(x.checked_div(y)?),
        u64::from(s.rotate_left(u32::from(t)) ^ s.wrapping_mul(t)),
        u64::from(s.wrapping_add(t)) << 32
            | u64::from(s.checked_sub(t).unwrap_or(3)) << 8
            | u64::from(s.leading_zeros()),
    ])
}

pub(super) fn words(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a) as u32, low(b) as u32);
    Some([
        u64::from(x.wrapping_shl(y)) << 32 | u64::from(x.wrapping_shr(y)),
        ((x as i32) >> (y % 32)) as i64 as u64,
        u64::from(x) * u64::from(y),
        u64::from(x.wrapping_sub(y)) << 32 | u64::from(x.isqrt()),
    ])
}

pub(super) fn bytes(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a).to_be_bytes(), low(b).to_le_bytes());
    let mixed: [u8; 8] = std::array::from_fn(|place| x[place].wrapping_sub(y[7 - place]));
    Some([u64::from_be_bytes(mixed), u64::from_le_bytes(mixed), u64::from(u16::from_be_bytes([x[3], y[5]])), 0])
}

pub(super) fn signed_divide(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a) as i64, low(b) as i64);
    Some([x.checked_div(y)? as u64, (x / 7) as u64, (x / -10_000) as u64, x.wrapping_div(y) as u64])
}

pub(super) fn signed_remainder(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a) as i64, low(b) as i64);
    Some([x.checked_rem(y)? as u64, (x % 7) as u64, (x % -10_000) as u64, x.wrapping_rem(y) as u64])
}

pub(super) fn signed_euclid(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a) as i64, low(b) as i64);
    Some([x.checked_div_euclid(y)? as u64, x.checked_rem_euclid(y)? as u64, x.unsigned_abs(), x.signum() as u64])
}

pub(super) fn signed_shift(a: u128, b: u128) -> Answer {
    let (x, by) = (low(a) as i64, low(b) as u32);
    Some([x.wrapping_shr(by), x.wrapping_shl(by), x >> 63, x >> 1].map(|word| word as u64))
}

pub(super) fn signed_checked(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a) as i64, low(b) as i64);
    Some([
        x.checked_mul(y).unwrap_or(1) as u64,
        x.checked_add(y).unwrap_or(2) as u64,
        x.checked_neg().unwrap_or(3) as u64,
        x.saturating_mul(y) as u64,
    ])
}

pub(super) fn signed_narrow(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a) as i32, low(b) as i32);
    let (s, t) = ((low(a) >> 8) as i16, (low(b) >> 8) as i16);
    let (u, v) = ((low(a) >> 24) as i8, (low(b) >> 24) as i8);
    Some([
        x.checked_div(y)? as u64 ^ (x.checked_rem(y)? as u64).rotate_left(32),
        s.checked_div(t)? as u64 ^ (s.checked_rem(t)? as u64).rotate_left(32),
        u.checked_div(v)? as u64 ^ (u.checked_rem(v)? as u64).rotate_left(32),
        x.wrapping_abs() as u64,
    ])
}

pub(super) fn compare(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a), low(b));
    let unsigned = [x < y, x <= y, x > y, x == y, x as u32 > y as u32, (x as u8) < y as u8];
    let signed = [(x as i64) < y as i64, x as i64 >= y as i64, (x as i32) < y as i32, x as i16 > y as i16];
    let known = unsigned.iter().chain(&signed).fold(0, |sum, &flag| sum * 2 + u64::from(flag));
    Some([known, x.max(y), (x as i64).min(y as i64) as u64, x.clamp(y / 2, y) ^ u64::from(x.is_power_of_two())])
}

pub(super) fn extend(a: u128, b: u128) -> Answer {
    let x = low(a) ^ low(b);
    Some([
        x as i8 as i64 as u64,
        x as i16 as i64 as u64,
        x as i32 as u64,
        (x as i8 as u16 as u64) << 16 | x as u8 as u64,
    ])
}

pub(super) fn ceilings(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a), low(b));
    let next = x.checked_next_power_of_two().unwrap_or(1);
    Some([x.div_ceil(y.max(1)), x.checked_next_multiple_of(y.max(1)).unwrap_or(2), next, x.midpoint(y)])
}

pub(super) fn bits(a: u128, b: u128) -> Answer {
    let (x, y) = (low(a), low(b));
    Some([x & y, x | !y, (x ^ y).wrapping_neg(), (x & x.wrapping_sub(1)) + u64::from(x & 1 == 0)])
}
