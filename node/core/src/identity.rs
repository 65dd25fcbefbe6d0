//! Who is who: chains, accounts, owners, signers and peers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::address_word;
use crate::hex::hex_type;

/// A chain that stake can be locked on. The number is its byte in every encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum ChainId {
    Base = 1,
    Solana = 2,
}

impl ChainId {
    /// Both chains, in the order in which everything lists them.
    pub const ALL: [Self; 2] = [Self::Base, Self::Solana];

    /// Its byte in encodings.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The chain behind a byte of an encoding.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Base),
            2 => Some(Self::Solana),
            _ => None,
        }
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "base",
            Self::Solana => "solana",
        })
    }
}

/// An account on either chain: a Solana public key, or an EVM address behind twelve zero bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account(pub [u8; 32]);

hex_type!(Account, 32);

impl Account {
    /// The account of an EVM address.
    #[must_use]
    pub fn evm(address: [u8; 20]) -> Self {
        Self(address_word(address))
    }

    /// True if `chain` can have such an account: Base has none with a byte set before the address.
    #[must_use]
    pub fn exists_on(&self, chain: ChainId) -> bool {
        match chain {
            ChainId::Base => self.0[..12] == [0; 12],
            ChainId::Solana => true,
        }
    }
}

/// The cold account that locked stake, always together with its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    pub chain: ChainId,
    pub account: Account,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.chain, self.account)
    }
}

/// The address of a hot secp256k1 key that signs statements and nothing else.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signer(pub [u8; 20]);

hex_type!(Signer, 20);

/// An ed25519 public key: the name of a node on the network.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 32]);

hex_type!(PeerId, 32);
