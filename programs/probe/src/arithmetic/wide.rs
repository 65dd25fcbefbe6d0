//! Integers of 128 bits: pairs of registers, and functions of the compiler's own where those do not do. Signed ones are not
//! divided anywhere; the toolchain refuses to.

use super::{Answer, halves, high, low, one, two};

pub(super) fn multiply(a: u128, b: u128) -> Answer {
    two(a.wrapping_mul(b), u128::from(low(a)) * u128::from(low(b)))
}

pub(super) fn divide(a: u128, b: u128) -> Answer {
    two(a.checked_div(b)?, a / u128::from(low(b) | 1))
}

pub(super) fn remainder(a: u128, b: u128) -> Answer {
    two(a.checked_rem(b)?, a % 1_000_000_007)
}

pub(super) fn add(a: u128, b: u128) -> Answer {
    let (sum, carried) = a.overflowing_add(b);
    two(sum, a.checked_add(b).unwrap_or(3) ^ u128::from(carried))
}

pub(super) fn subtract(a: u128, b: u128) -> Answer {
    let (difference, borrowed) = a.overflowing_sub(b);
    two(difference, a.checked_sub(b).unwrap_or(5) ^ u128::from(borrowed) ^ a.abs_diff(b))
}

pub(super) fn checked_multiply(a: u128, b: u128) -> Answer {
    two(a.checked_mul(b)?, a.saturating_mul(b))
}

pub(super) fn shift_left(a: u128, b: u128) -> Answer {
    two(a.wrapping_shl(b as u32), a.checked_shl(b as u32).unwrap_or(9))
}

pub(super) fn shift_right(a: u128, b: u128) -> Answer {
    two(a.wrapping_shr(b as u32), a >> 64)
}

pub(super) fn signed_shift(a: u128, b: u128) -> Answer {
    two((a as i128).wrapping_shr(b as u32) as u128, (a as i128 >> 127) as u128)
}

pub(super) fn rotate(a: u128, b: u128) -> Answer {
    two(a.rotate_left(b as u32), a.rotate_right(b as u32) ^ a.swap_bytes())
}

pub(super) fn count(a: u128, b: u128) -> Answer {
    let x = a.wrapping_shr(b as u32);
    Some([x.leading_zeros(), x.trailing_zeros(), x.count_ones(), x.reverse_bits().trailing_zeros()].map(u64::from))
}

pub(super) fn compare(a: u128, b: u128) -> Answer {
    let flags = [a < b, a <= b, a == b, (a as i128) < b as i128, high(a) == high(b), a.cmp(&b).is_gt()];
    let known = flags.iter().fold(0, |sum, &flag| sum * 2 + u64::from(flag));
    Some([known, low(a.max(b)), high(a.min(b)), low((a as i128).max(b as i128) as u128)])
}

pub(super) fn root(a: u128, b: u128) -> Answer {
    two(a.isqrt(), b.isqrt())
}

pub(super) fn signed(a: u128, b: u128) -> Answer {
    let (x, y) = (a as i128, b as i128);
    two(x.wrapping_mul(y).wrapping_sub(x) as u128, x.checked_add(y).map_or(1, i128::unsigned_abs))
}

pub(super) fn power(a: u128, b: u128) -> Answer {
    let exponent = low(b) as u32 % 40;
    two(a.wrapping_pow(exponent), a.checked_pow(exponent).unwrap_or(11))
}

/// A share of an amount, in the ways that money is rounded here.
pub(super) fn pro_rata(a: u128, b: u128) -> Answer {
    let (amount, weight, total) = (u128::from(low(a)), u128::from(low(b)), u128::from(high(b)));
    let product = amount.checked_mul(weight)?;
    two(product.checked_div(total)?, product.div_ceil(total) ^ u128::from(low(a)).div_ceil(10_000))
}

/// The upper half of a product of 256 bits, by parts.
pub(super) fn high_half(a: u128, b: u128) -> Answer {
    let ([a0, a1], [b0, b1]) = (halves(a).map(u128::from), halves(b).map(u128::from));
    let (low, first, second, upper) = (a0 * b0, a1 * b0, a0 * b1, a1 * b1);
    let (middle, carried) = first.overflowing_add(second);
    let (_, carry) = low.overflowing_add(middle << 64);
    one(upper + (middle >> 64) + (u128::from(carried) << 64) + u128::from(carry))
}

pub(super) fn decimal(a: u128, b: u128) -> Answer {
    let text = format!("{a}:{b:x}");
    let (first, second) = text.split_once(':')?;
    two(first.parse().ok()?, u128::from_str_radix(second, 16).ok()? ^ text.len() as u128)
}
