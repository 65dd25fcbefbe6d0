//! SHAKE, written out because the hash crate of this workspace has none: four of the secp256k1 sets need it.

/// The permutation Keccak-f\[1600\], as in FIPS 202.
fn permute(state: &mut [u64; 25]) {
    let mut lfsr = 1_u8;
    for _ in 0..24 {
        // Theta.
        let column = |state: &[u64; 25], x: usize| (0..5).fold(0, |sum, y| sum ^ state[5 * y + x]);
        let columns: [u64; 5] = std::array::from_fn(|x| column(state, x));
        for (at, lane) in state.iter_mut().enumerate() {
            *lane ^= columns[(at + 4) % 5] ^ columns[(at + 1) % 5].rotate_left(1);
        }
        // Rho and pi.
        let (mut x, mut y, mut moved) = (1, 0, state[1]);
        for step in 1..25_u32 {
            (x, y) = (y, (2 * x + 3 * y) % 5);
            moved = std::mem::replace(&mut state[5 * y + x], moved.rotate_left(step * (step + 1) / 2 % 64));
        }
        // Chi.
        for row in state.chunks_exact_mut(5) {
            let old: [u64; 5] = std::array::from_fn(|x| row[x]);
            for x in 0..5 {
                row[x] = old[x] ^ (!old[(x + 1) % 5] & old[(x + 2) % 5]);
            }
        }
        // Iota: the constants come from a shift register.
        for bit in 0..7 {
            if lfsr & 1 == 1 {
                state[0] ^= 1 << ((1 << bit) - 1);
            }
            lfsr = (lfsr << 1) ^ if lfsr & 0x80 == 0 { 0 } else { 0x71 };
        }
    }
}

/// The first 32 bytes out of a sponge with this rate and this ending of the message.
fn sponge(rate: usize, ending: u8, message: &[u8]) -> [u8; 32] {
    let mut padded = message.to_vec();
    padded.push(ending);
    padded.resize(padded.len().next_multiple_of(rate), 0);
    *padded.last_mut().expect("it holds the ending") |= 0x80;
    let mut state = [0; 25];
    for block in padded.chunks_exact(rate) {
        for (lane, bytes) in state.iter_mut().zip(block.chunks_exact(8)) {
            *lane ^= u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        }
        permute(&mut state);
    }
    let mut out = [0; 32];
    for (bytes, lane) in out.chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&lane.to_le_bytes());
    }
    out
}

pub(super) fn shake128(message: &[u8]) -> [u8; 32] {
    sponge(168, 0x1f, message)
}

pub(super) fn shake256(message: &[u8]) -> [u8; 32] {
    sponge(136, 0x1f, message)
}

#[test]
fn the_sponge_is_that_of_the_hash_crate() {
    use sha3::{Digest as _, Sha3_256};
    for length in [0, 1, 7, 8, 134, 135, 136, 137, 271, 272, 273, 1_000] {
        let message: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        assert_eq!(sponge(136, 0x06, &message), *Sha3_256::digest(&message), "{length} bytes");
    }
}
