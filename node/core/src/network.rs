//! Which network this is: the value that separates every signature from those of any other deployment.

use crate::hash::{Hash, address_word, keccak, word};
use crate::hex::hex_type;
use crate::identity::{Account, ChainId};

/// The first input of the network id.
const NETWORK_TAG: &str = "williw-v1";

/// The longest name of a network, in bytes: one ABI word.
pub const NETWORK_NAME_CAP: usize = 32;

/// What a deployment is known by. Nothing signed under one is worth anything under another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkId(pub [u8; 32]);

hex_type!(NetworkId, 32);

/// The Base half of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseSite {
    pub chain_id: u64,
    pub vault: [u8; 20],
}

/// The Solana half of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SolanaSite {
    pub genesis: Hash,
    pub program: Account,
}

/// Why a description names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkFault {
    #[error("a network's name has 1 to 32 bytes, not {0}")]
    NameLength(usize),
    #[error("a network's name is made of a-z, 0-9 and `-`")]
    NameCharacter,
    #[error("{0} is described by half: give all of its fields or none")]
    HalfAbsent(ChainId),
    #[error("a network needs at least one chain")]
    NoChain,
}

/// A name and one or both chains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    name: String,
    base: Option<BaseSite>,
    solana: Option<SolanaSite>,
}

impl Network {
    pub fn new(name: &str, base: Option<BaseSite>, solana: Option<SolanaSite>) -> Result<Self, NetworkFault> {
        if name.is_empty() || name.len() > NETWORK_NAME_CAP {
            return Err(NetworkFault::NameLength(name.len()));
        }
        if !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return Err(NetworkFault::NameCharacter);
        }
        if base.is_some_and(|site| site.chain_id == 0 || site.vault == [0; 20]) {
            return Err(NetworkFault::HalfAbsent(ChainId::Base));
        }
        if solana.is_some_and(|site| site.genesis.is_zero() || site.program.is_zero()) {
            return Err(NetworkFault::HalfAbsent(ChainId::Solana));
        }
        if base.is_none() && solana.is_none() {
            return Err(NetworkFault::NoChain);
        }
        Ok(Self { name: name.to_owned(), base, solana })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub const fn base(&self) -> Option<BaseSite> {
        self.base
    }

    #[must_use]
    pub const fn solana(&self) -> Option<SolanaSite> {
        self.solana
    }

    /// `keccak(abi.encode(tag, name, baseChainId, vault, solanaGenesisHash, solanaProgramId))`.
    #[must_use]
    pub fn id(&self) -> NetworkId {
        let (chain_id, vault) = self.base.map_or((0, [0; 20]), |site| (site.chain_id, site.vault));
        let (genesis, program) = self.solana.map_or(([0; 32], [0; 32]), |site| (site.genesis.0, site.program.0));
        // Six head words; each string is a length word and one word of text (both fit: see NETWORK_NAME_CAP).
        const WORD: u128 = 32;
        let tag_at = word(6 * WORD);
        let name_at = word(8 * WORD);
        let id = keccak(&[
            &tag_at,
            &name_at,
            &word(u128::from(chain_id)),
            &address_word(vault),
            &genesis,
            &program,
            &string_words(NETWORK_TAG),
            &string_words(&self.name),
        ]);
        NetworkId(id.0)
    }
}

/// The ABI tail of a string of at most one word: its length, then its bytes padded on the right.
fn string_words(text: &str) -> [u8; 64] {
    let mut words = [0; 64];
    words[..32].copy_from_slice(&word(text.len() as u128));
    words[32..][..text.len()].copy_from_slice(text.as_bytes());
    words
}
