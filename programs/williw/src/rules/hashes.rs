//! Keccak-256, and the words of Ethereum's ABI that go into it.

/// Hashes the parts as if they were one message.
#[must_use]
pub fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    solana_keccak_hasher::hashv(parts).to_bytes()
}

/// One ABI word holding an unsigned number.
#[must_use]
pub fn word(number: u128) -> [u8; 32] {
    let mut word = [0; 32];
    word[16..].copy_from_slice(&number.to_be_bytes());
    word
}

/// One ABI word holding a twenty-byte address.
#[must_use]
pub fn address_word(address: &[u8; 20]) -> [u8; 32] {
    let mut word = [0; 32];
    word[12..].copy_from_slice(address);
    word
}

/// Thirty-two bytes written as hexadecimal digits, for constants that are hashes.
pub(crate) const fn hex32(digits: &[u8; 64]) -> [u8; 32] {
    const fn nibble(digit: u8) -> u8 {
        match digit {
            b'0'..=b'9' => digit.wrapping_sub(b'0'),
            b'a'..=b'f' => digit.wrapping_sub(b'a').wrapping_add(10),
            _ => panic!("not a lower-case hexadecimal digit"),
        }
    }
    let mut bytes = [0; 32];
    let mut at = 0usize;
    while at < 32 {
        let place = at.wrapping_mul(2);
        bytes[at] = nibble(digits[place]) << 4 | nibble(digits[place.wrapping_add(1)]);
        at = at.wrapping_add(1);
    }
    bytes
}
