//! How it begins what a loader was told, which endpoints write in base58.

/// The most letters of it: one program tells another 10 KiB at most, and whoever sends a transaction less.
const TOLD_LETTERS: usize = 13_985;

/// How many bytes say what the loader is to do.
const HEAD: usize = 4;

/// How many letters are taken in together: what they say fits a word.
const AT_ONCE: usize = 10;

/// The first bytes of what these letters say; none if they are not base58, or more than a chain takes.
///
/// Which bytes come first hangs on all letters, and the time grows with the square of their number. A stranger's padding is
/// not to cost much more than its way here, so letters are taken in by the ten, and bytes by the word.
pub(super) fn head(letters: &str) -> Option<Vec<u8>> {
    let letters = Some(letters.as_bytes()).filter(|letters| letters.len() <= TOLD_LETTERS)?;
    let zeros = letters.iter().take_while(|letter| **letter == b'1').count();
    // The least of them first.
    let mut words: Vec<u64> = Vec::new();
    for together in letters[zeros..].chunks(AT_ONCE) {
        let bytes = bs58::decode(together).into_vec().ok()?;
        let mut carry = bytes.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let scale: u64 = together.iter().map(|_| 58).product();
        for word in &mut words {
            let sum = u128::from(*word) * u128::from(scale) + u128::from(carry);
            (*word, carry) = (sum as u64, (sum >> 64) as u64);
        }
        if carry > 0 {
            words.push(carry);
        }
    }
    let bytes = words.iter().rev().flat_map(|word| word.to_be_bytes()).skip_while(|byte| *byte == 0);
    Some(std::iter::repeat_n(0, zeros).chain(bytes).take(HEAD).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_are_those_of_the_whole() {
        let check = |bytes: &[u8]| {
            let letters = bs58::encode(bytes).into_string();
            assert_eq!(head(&letters).unwrap(), bytes[..bytes.len().min(HEAD)], "{} bytes: {letters}", bytes.len());
        };
        for length in 0..200_u8 {
            let length = usize::from(length);
            for kind in [0, 1, 4, 9, 77, 255] {
                for padding in [0, 1, 255] {
                    check(&[&[kind, 0, 0, 0][..], &vec![padding; length]].concat());
                    check(&vec![kind; length]);
                }
            }
            let mixed: Vec<u8> = (0..length).map(|nth| (nth * nth * 37 + length) as u8).collect();
            check(&mixed);
            check(&[&vec![0; length % 6][..], &mixed].concat());
        }
    }

    #[test]
    fn whatever_a_program_can_tell_another_is_read() {
        const MOST: usize = 10 * 1024;
        let long = |kind: u8, padding: u8| [&[kind, 0, 0, 0][..], &vec![padding; MOST - HEAD]].concat();
        for bytes in [long(4, 0), long(4, 255), long(0, 0), long(255, 255), long(3, 1), vec![255; MOST]] {
            let letters = bs58::encode(&bytes).into_string();
            assert_eq!(head(&letters).unwrap(), bytes[..HEAD], "{} letters", letters.len());
        }
        assert_eq!(bs58::encode([255; MOST]).into_string().len(), TOLD_LETTERS);
        assert_eq!(head(&"z".repeat(TOLD_LETTERS + 1)), None);
    }

    #[test]
    fn what_is_not_base58_says_nothing() {
        for letters in ["0", "l", "5O", "zzzzzzzzzzzzI", "1 1", "é", "11111111111111111110"] {
            assert_eq!(head(letters), None, "{letters}");
        }
    }
}
