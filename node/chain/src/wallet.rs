//! Keys: an owner's or courier's for as long as one command runs, or a signer's.
//!
//! Those of Base come out of a keystore as Foundry writes them (`cast wallet import`), those of Solana out of a file as
//! `solana-keygen` does. They are shown to nobody: `Debug` prints the address. The daemon never holds an owner's.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use alloy::primitives::{Address, B256, Signature};
use alloy::signers::SignerSync;
use alloy::signers::k256::elliptic_curve::rand_core::OsRng;
use alloy::signers::local::{LocalSignerError, PrivateKeySigner};
use serde::Deserialize;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, Signer};
use williw_core::secp256k1;

use crate::base::abi::account_of;

mod keypair;

pub use keypair::{Keypair, Numbers};

/// Who pays and signs, on either chain.
#[derive(Clone, Copy, Debug)]
pub enum Payer<'a> {
    Base(&'a Wallet),
    Solana(&'a Keypair),
}

/// A secp256k1 key that can pay and sign on Base, or sign statements and links.
pub struct Wallet {
    signer: PrivateKeySigner,
}

/// Why there is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WalletError {
    #[error("the keystore cannot be read: {0}")]
    Unreadable(ErrorKind),
    #[error("the keystore cannot be written: {0}")]
    Unwritable(ErrorKind),
    #[error("there is a file already where the keystore should go")]
    Exists,
    #[error("the file is no keystore that can be opened; expected what `cast wallet import` writes")]
    NotAKeystore,
    #[error("the password does not open the keystore")]
    WrongPassword,
    #[error("these bytes are no key")]
    BadKey,
    #[error("the file is no keypair; expected 64 numbers in brackets, as `solana-keygen` writes them")]
    NotAKeypair,
    #[error("the file holds a secret and a public key that do not belong together")]
    Mismatch,
    #[error("this is to be signed by account {0} alone, and the key is another's")]
    OtherKey(String),
}

/// The length of the key that is derived from a password, in bytes; every keystore has it.
const DERIVED_KEY_LEN: u64 = 32;

/// The fewest hex digits of an initialisation vector.
const IV_DIGITS: usize = 32;

/// The little of a keystore that is looked at before it is opened.
#[derive(Deserialize)]
struct Sketch {
    crypto: SketchedCrypto,
}

#[derive(Deserialize)]
struct SketchedCrypto {
    cipherparams: SketchedCipher,
    kdfparams: SketchedKey,
}

#[derive(Deserialize)]
struct SketchedCipher {
    iv: String,
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
        // The library takes shorter keys and vectors apart by an index that they do not have.
        if sketch.crypto.kdfparams.dklen != DERIVED_KEY_LEN || sketch.crypto.cipherparams.iv.len() < IV_DIGITS {
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

    /// Makes a key and its keystore, which only this user may read. What stands at that path stays, and is an error.
    pub fn create(keystore: &Path, password: &str) -> Result<Self, WalletError> {
        let wallet = Self { signer: PrivateKeySigner::random_with(&mut OsRng) };
        let unwritable = |error: Error| WalletError::Unwritable(error.kind());
        let (Some(folder), Some(name)) = (keystore.parent(), keystore.file_name()) else {
            return Err(WalletError::Unwritable(ErrorKind::InvalidFilename));
        };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        // Nobody else has a file of this name: the key is new.
        let part = format!(".{}.{}", name.to_string_lossy(), wallet.address());
        let written = wallet.write(folder, &part, password).and_then(|()| {
            // A link does not replace what is there, as a rename would.
            fs::hard_link(folder.join(&part), keystore).map_err(|error| match error.kind() {
                ErrorKind::AlreadyExists => WalletError::Exists,
                kind => WalletError::Unwritable(kind),
            })
        });
        let removed = fs::remove_file(folder.join(&part)).map_err(unwritable);
        written.and(removed)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(unwritable)?;
        Ok(wallet)
    }

    fn write(&self, folder: &Path, name: &str, password: &str) -> Result<(), WalletError> {
        let unwritable = |error: Error| WalletError::Unwritable(error.kind());
        // The library writes with the mode that a file has, or with everybody's if there is none.
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name));
        let file = file.map_err(unwritable)?;
        let secret = self.signer.to_bytes();
        PrivateKeySigner::encrypt_keystore(folder, &mut OsRng, secret, password, Some(name))
            .map_err(|_| WalletError::Unwritable(ErrorKind::Other))?;
        file.sync_all().map_err(unwritable)
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

    /// The key as the signer of statements and links.
    #[must_use]
    pub const fn signer(&self) -> Signer {
        Signer(self.signer.address().0.0)
    }

    /// Signs a digest in the one form that the core accepts.
    pub fn sign_digest(&self, digest: Hash) -> Result<secp256k1::Signature, WalletError> {
        Ok(secp256k1::Signature(self.sign(B256::from(digest.0))?.as_bytes()))
    }

    pub(crate) const fn address(&self) -> Address {
        self.signer.address()
    }

    /// Signs what is a hash already.
    pub(crate) fn sign(&self, hash: B256) -> Result<Signature, WalletError> {
        self.signer.sign_hash_sync(&hash).map_err(|_| WalletError::BadKey)
    }
}

impl Payer<'_> {
    #[must_use]
    pub fn chain(&self) -> ChainId {
        match self {
            Self::Base(_) => ChainId::Base,
            Self::Solana(_) => ChainId::Solana,
        }
    }

    #[must_use]
    pub fn account(&self) -> Account {
        match self {
            Self::Base(wallet) => wallet.account(),
            Self::Solana(keypair) => keypair.account(),
        }
    }
}

impl<'a> From<&'a Wallet> for Payer<'a> {
    fn from(wallet: &'a Wallet) -> Self {
        Self::Base(wallet)
    }
}

impl<'a> From<&'a Keypair> for Payer<'a> {
    fn from(keypair: &'a Keypair) -> Self {
        Self::Solana(keypair)
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wallet({})", self.signer.address())
    }
}

#[cfg(test)]
mod tests;
