//! An ed25519 key that pays and signs on Solana.

use std::fmt;

use anchor_lang::prelude::Pubkey;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use solana_keypair::KEYPAIR_LENGTH;
use solana_signer::Signer as _;
use williw_core::identity::Account;
use zeroize::Zeroizing;

use super::WalletError;

/// The numbers of a keypair's file, in a place that is emptied when they are dropped: a list that grows while it is read
/// would leave parts of the secret behind.
pub struct Numbers(pub Zeroizing<[u8; KEYPAIR_LENGTH]>);

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(InPlace)
    }
}

struct InPlace;

impl<'de> Visitor<'de> for InPlace {
    type Value = Numbers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KEYPAIR_LENGTH} numbers from 0 to 255")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Numbers, A::Error> {
        let mut numbers = Zeroizing::new([0; KEYPAIR_LENGTH]);
        for (index, number) in numbers.iter_mut().enumerate() {
            *number = sequence.next_element()?.ok_or_else(|| A::Error::invalid_length(index, &self))?;
        }
        match sequence.next_element::<u8>()? {
            None => Ok(Numbers(numbers)),
            Some(_) => Err(A::Error::invalid_length(KEYPAIR_LENGTH + 1, &self)),
        }
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Numbers(hidden)")
    }
}

/// A key that can pay and sign on Solana.
pub struct Keypair(solana_keypair::Keypair);

impl Keypair {
    /// Reads what `solana-keygen` writes: the secret and the public key as 64 numbers in brackets. They are compared, for
    /// whoever signs with the public key of another can be made to give the secret away.
    pub fn parse(text: &[u8]) -> Result<Self, WalletError> {
        let Numbers(numbers) = serde_json::from_slice(text).map_err(|_| WalletError::NotAKeypair)?;
        solana_keypair::Keypair::try_from(&numbers[..]).map(Self).map_err(|_| WalletError::Mismatch)
    }

    #[must_use]
    pub fn account(&self) -> Account {
        Account(self.address().to_bytes())
    }

    pub(crate) fn address(&self) -> Pubkey {
        self.0.pubkey()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_message(message).into()
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({})", self.address())
    }
}

#[cfg(test)]
mod tests {
    use super::Keypair;
    use crate::wallet::WalletError;

    /// The first key of RFC 8032, section 7.1, as `solana-keygen` writes it.
    const KNOWN: &str = "[157,97,177,157,239,253,90,96,186,132,74,244,146,236,44,196,68,73,197,105,123,50,105,25,112,59,\
        172,3,28,174,127,96,215,90,152,1,130,177,10,183,213,75,254,211,201,100,7,58,14,225,114,243,218,166,35,37,175,2,\
        26,104,247,7,81,26]";
    const KNOWN_ADDRESS: &str = "FVen3X669xLzsi6N2V91DoiyzHzg1uAgqiT8jZ9nS96Z";

    #[test]
    fn a_file_of_solana_keygen_is_read_and_never_shown() {
        let keypair = Keypair::parse(KNOWN.as_bytes()).unwrap();
        assert_eq!(keypair.account().base58(), KNOWN_ADDRESS);
        assert_eq!(format!("{keypair:?}"), format!("Keypair({KNOWN_ADDRESS})"));
        // RFC 8032: the signature of the empty message.
        assert_eq!(keypair.sign(b"")[..4], [0xe5, 0x56, 0x43, 0x00]);
    }

    #[test]
    fn what_is_no_keypair_is_refused() {
        let parse = |text: &str| Keypair::parse(text.as_bytes()).unwrap_err();
        let other_half = KNOWN.replace("81,26]", "81,27]");
        assert_eq!(parse(&other_half), WalletError::Mismatch);
        let numbers = |count: usize| format!("[{}]", vec!["7"; count].join(","));
        for text in [
            "",
            "[]",
            "{}",
            &numbers(63),
            &numbers(65),
            &KNOWN.replace("157", "256"),
            &KNOWN.replace("157", "-1"),
            "\"abc\"",
        ] {
            assert_eq!(parse(text), WalletError::NotAKeypair, "{text}");
        }
    }
}
