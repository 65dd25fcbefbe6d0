//! The key of an owner or courier, for as long as one command runs.
//!
//! It comes out of a keystore as Foundry writes them (`cast wallet import`) and is shown to nobody: `Debug` prints the
//! address. The daemon never holds an owner's.

use std::fmt;
use std::path::Path;

use alloy::primitives::{Address, B256, Signature};
use alloy::signers::SignerSync;
use alloy::signers::local::{LocalSignerError, PrivateKeySigner};
use serde::Deserialize;
use williw_core::identity::Account;

use crate::base::abi::account_of;

/// A key that can pay and sign on Base.
pub struct Wallet {
    signer: PrivateKeySigner,
}

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    #[error("the keystore cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    #[error("the file is no keystore that can be opened; expected what `cast wallet import` writes")]
    NotAKeystore,
    #[error("the password does not open the keystore")]
    WrongPassword,
    #[error("these bytes are no key")]
    BadKey,
}

/// The length of the key that is derived from a password, in bytes; every keystore has it.
const DERIVED_KEY_LEN: u64 = 32;

/// The little of a keystore that is looked at before it is opened.
#[derive(Deserialize)]
struct Sketch {
    crypto: SketchedCrypto,
}

#[derive(Deserialize)]
struct SketchedCrypto {
    kdfparams: SketchedKey,
}

#[derive(Deserialize)]
struct SketchedKey {
    dklen: u64,
}

impl Wallet {
    /// Opens a keystore file. It takes about a second, on purpose: that is what guessing costs as well.
    pub fn open(keystore: &Path, password: &str) -> Result<Self, WalletError> {
        let text = std::fs::read(keystore).map_err(|error| WalletError::Unreadable(error.kind()))?;
        let sketch: Sketch = serde_json::from_slice(&text).map_err(|_| WalletError::NotAKeystore)?;
        // The library takes shorter keys apart by an index that they do not have.
        if sketch.crypto.kdfparams.dklen != DERIVED_KEY_LEN {
            return Err(WalletError::NotAKeystore);
        }
        match PrivateKeySigner::decrypt_keystore(keystore, password) {
            Ok(signer) => Ok(Self { signer }),
            // The library's own type is not exported; a test holds these words.
            Err(LocalSignerError::EthKeystoreError(error)) if error.to_string() == "Mac Mismatch" => {
                Err(WalletError::WrongPassword)
            }
            Err(_) => Err(WalletError::NotAKeystore),
        }
    }

    /// The key itself, as couriers keep it in a file of their own.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, WalletError> {
        let signer = PrivateKeySigner::from_slice(secret).map_err(|_| WalletError::BadKey)?;
        Ok(Self { signer })
    }

    #[must_use]
    pub fn account(&self) -> Account {
        account_of(self.signer.address())
    }

    pub(crate) const fn address(&self) -> Address {
        self.signer.address()
    }

    /// Signs what is a hash already.
    pub(crate) fn sign(&self, hash: B256) -> Result<Signature, WalletError> {
        self.signer.sign_hash_sync(&hash).map_err(|_| WalletError::BadKey)
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({})", self.signer.address())
    }
}
