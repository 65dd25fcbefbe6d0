//! Which network this is: the value that separates every signature from those of any other deployment.

use super::hashes::{address_word, keccak, word};
use crate::error::Refusal;

const TAG: &[u8] = b"williw-v1";
const NAME_CAP: usize = 32;

/// The six inputs; an absent chain has zeros in both of its fields.
#[derive(Clone, Copy, Debug)]
pub struct Network<'a> {
    pub name: &'a str,
    pub base_chain_id: u64,
    pub base_vault: &'a [u8; 20],
    pub solana_genesis: &'a [u8; 32],
    pub solana_program: &'a [u8; 32],
}

impl Network<'_> {
    pub fn id(&self) -> Result<[u8; 32], Refusal> {
        self.check()?;
        // The head of the six words: two strings stand by their offset, after which come length and text of each.
        let texts = [TAG, self.name.as_bytes()];
        let head = [
            word(6 * 32),
            word(8 * 32),
            word(u128::from(self.base_chain_id)),
            address_word(self.base_vault),
            *self.solana_genesis,
            *self.solana_program,
        ];
        let tail = texts.map(|text| {
            let mut padded = [0; 32];
            padded[..text.len()].copy_from_slice(text);
            [word(text.len() as u128), padded]
        });
        Ok(keccak(&[head.as_flattened(), tail.as_flattened().as_flattened()]))
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.name.is_empty() || self.name.len() > NAME_CAP {
            return Err(Refusal::NameLength);
        }
        if !self.name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return Err(Refusal::NameCharacter);
        }
        let (has_base, has_solana) = (self.base_chain_id != 0, *self.solana_genesis != [0; 32]);
        if has_base != (*self.base_vault != [0; 20]) || has_solana != (*self.solana_program != [0; 32]) {
            return Err(Refusal::HalfAbsent);
        }
        if has_base || has_solana { Ok(()) } else { Err(Refusal::NoChain) }
    }
}
