//! What a compiler for this machine has got wrong before, or may: every operation is compiled to bytecode and for the machine
//! of the test, and both have to answer the same. The operands come with the instruction, so that nothing is computed while
//! compiling.

mod calls;
mod integers;
mod memory;
mod stops;
mod wide;

use solana_program_error::ProgramError;

/// What an operation answers; nothing where its result does not exist.
pub type Answer = Option<[u64; 4]>;

macro_rules! operations {
    ($($module:ident: $($name:ident)*;)*) => {
        /// The operations in the order of their numbers.
        pub const NAMES: &[&str] = &[$($(concat!(stringify!($module), "::", stringify!($name)),)*)*];

        /// The operation with this number.
        fn operation(number: u8) -> Option<fn(u128, u128) -> Answer> {
            let mut next = 0;
            $($(
                if number == next {
                    return Some($module::$name);
                }
                next += 1;
            )*)*
            let _ = next;
            None
        }
    };
}

operations! {
    integers: multiply divide remainder shift_left shift_right rotate count checked saturating overflowing power root
        narrow_words narrow_bytes words bytes signed_divide signed_remainder signed_euclid signed_shift signed_checked
        signed_narrow compare extend ceilings bits;
    wide: multiply divide remainder add subtract checked_multiply shift_left shift_right signed_shift rotate count compare
        root signed power pro_rata high_half decimal;
    calls: many_arguments mixed_arguments wide_arguments aggregate nested_aggregate optional fallible bytes_by_value
        recursion indirect dynamic closures deep_frames jump_table early_returns;
    memory: copies moves fills equality order sorted sorted_pairs searched ordered_map growing text hashed unaligned
        reversed iterated sums;
}

/// What is asked: the number of the operation, and the operands, least significant byte first.
pub fn question(number: u8, a: u128, b: u128) -> [u8; 33] {
    let mut bytes = [number; 33];
    bytes[1..17].copy_from_slice(&a.to_le_bytes());
    bytes[17..].copy_from_slice(&b.to_le_bytes());
    bytes
}

/// Answers a question with 32 bytes.
///
/// # Errors
/// If there is no such operation, or no such result.
pub fn answer(question: &[u8]) -> Result<[u8; 32], ProgramError> {
    let (&number, operands) = question.split_first().ok_or(ProgramError::InvalidInstructionData)?;
    let (a, b) = operands.split_at_checked(16).ok_or(ProgramError::InvalidInstructionData)?;
    let a = u128::from_le_bytes(a.try_into().map_err(|_| ProgramError::InvalidInstructionData)?);
    let b = u128::from_le_bytes(b.try_into().map_err(|_| ProgramError::InvalidInstructionData)?);
    if let Some(stop) = number.checked_sub(FIRST_STOP) {
        stops::stop(stop, a, b);
        return Err(ProgramError::InvalidArgument);
    }
    let operation = operation(number).ok_or(ProgramError::InvalidInstructionData)?;
    let words = operation(a, b).ok_or(ProgramError::ArithmeticOverflow)?;
    let mut bytes = [0; 32];
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    Ok(bytes)
}

/// From this number on an operation is one that nothing may come back from.
pub const FIRST_STOP: u8 = 200;
/// What has to stop the program, in the order of their numbers above [`FIRST_STOP`].
pub const STOPS: &[&str] = stops::NAMES;

fn low(wide: u128) -> u64 {
    wide as u64
}

fn high(wide: u128) -> u64 {
    (wide >> 64) as u64
}

fn halves(wide: u128) -> [u64; 2] {
    [low(wide), high(wide)]
}

/// One wide result, as an answer.
fn one(wide: u128) -> Answer {
    two(wide, 0)
}

/// Two wide results, as an answer.
fn two(first: u128, second: u128) -> Answer {
    let ([a, b], [c, d]) = (halves(first), halves(second));
    Some([a, b, c, d])
}

/// Numbers that follow from the operands, for what needs more than two.
struct Stream(u64);

impl Stream {
    fn of(a: u128, b: u128) -> Self {
        let seed = low(a) ^ high(a).rotate_left(21) ^ low(b).rotate_left(42) ^ high(b).rotate_left(7);
        Self(seed | 1)
    }

    fn word(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = (self.word() >> 24) as u8;
        }
    }

    /// At most `limit`.
    fn upto(&mut self, limit: usize) -> usize {
        (self.word() % (limit as u64 + 1)) as usize
    }
}

/// A sum in which every byte and every place counts (FNV-1a).
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
