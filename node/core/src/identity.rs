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

    /// As people write an account of Solana.
    #[must_use]
    pub fn base58(&self) -> String {
        bs58::encode(self.0).into_string()
    }

    /// Reads an account of Solana as people write it.
    pub fn from_base58(text: &str) -> Result<Self, Base58Fault> {
        let mut bytes = [0; Self::LEN];
        match bs58::decode(text).onto(&mut bytes) {
            // Fewer bytes are another, shorter number.
            Ok(Self::LEN) => Ok(Self(bytes)),
            Ok(_) | Err(_) => Err(Base58Fault),
        }
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

/// A text that is no account of Solana.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account of solana is 32 bytes in base58, 32 to 44 characters")]
pub struct Base58Fault;

/// The cold account that locked stake, always together with its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    pub chain: ChainId,
    pub account: Account,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.chain {
            ChainId::Base => write!(f, "{}:{}", self.chain, self.account),
            ChainId::Solana => write!(f, "{}:{}", self.chain, self.account.base58()),
        }
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

#[cfg(test)]
mod tests {
    use super::{Account, ChainId, Owner};

    /// The address of the system program, and one that somebody else's tools wrote.
    const KNOWN: [(&str, [u8; 32]); 2] = [
        ("11111111111111111111111111111111", [0; 32]),
        (
            "SysvarC1ock11111111111111111111111111111111",
            [
                6, 167, 213, 23, 24, 199, 116, 201, 40, 86, 99, 152, 105, 29, 94, 182, 139, 94, 184, 163, 155, 75, 109,
                92, 115, 85, 91, 33, 0, 0, 0, 0,
            ],
        ),
    ];

    #[test]
    fn accounts_of_solana_are_read_and_shown_in_base58() {
        for (text, bytes) in KNOWN {
            assert_eq!(Account::from_base58(text), Ok(Account(bytes)));
            assert_eq!(Account(bytes).base58(), text);
            let owner = Owner { chain: ChainId::Solana, account: Account(bytes) };
            assert_eq!(owner.to_string(), format!("solana:{text}"));
        }
        let one_more = format!("{}1", KNOWN[1].0);
        for text in ["", "1111", "0OIl", &KNOWN[1].0[1..], &one_more, "0x00"] {
            assert!(Account::from_base58(text).is_err(), "{text}");
        }
    }
}
