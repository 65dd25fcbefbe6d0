//! Opening keys, and the link that ties them to stake.

use std::path::{Path, PathBuf};

use williw_chain::wallet::Wallet;
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::link::LinkTerms;
use williw_core::network::NetworkId;
use williw_core::secp256k1::Signature;
use williw_daemon::keys::{PeerKey, read_secret};
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::flags;
use crate::home::Home;

/// Who sends: a key of this machine, or somebody elsewhere.
pub(crate) enum Sender {
    Wallet(Wallet),
    Elsewhere(Account),
}

impl Sender {
    /// The sender that the flags name.
    pub(crate) fn open(flags: &flags::Account) -> Result<Self, Failure> {
        if let (true, Some(from)) = (flags.unsigned, flags.from) {
            return Ok(Self::Elsewhere(from));
        }
        let Some(keystore) = &flags.key.keystore else {
            return Err(Failure::usage("whose stake is it?")
                .hint("name a keystore with --keystore or ETH_KEYSTORE, or use --unsigned --from ADDRESS"));
        };
        let wallet = named(keystore, flags.key.password_file.as_deref())?;
        match flags.from {
            Some(from) if from != wallet.account() => {
                Err(Failure::usage(format_args!("{} holds another account than --from", keystore.display())))
            }
            _ => Ok(Self::Wallet(wallet)),
        }
    }

    pub(crate) fn account(&self) -> Account {
        match self {
            Self::Wallet(wallet) => wallet.account(),
            Self::Elsewhere(account) => *account,
        }
    }
}

/// The wallet that the flags name, if they name one.
pub(crate) fn wallet(flags: &flags::Key) -> Result<Option<Wallet>, Failure> {
    flags.keystore.as_deref().map(|keystore| named(keystore, flags.password_file.as_deref())).transpose()
}

fn named(keystore: &Path, password_file: Option<&Path>) -> Result<Wallet, Failure> {
    let Some(password_file) = password_file else {
        return Err(Failure::usage("the keystore has a password")
            .hint("name a file that holds it with --password-file or ETH_PASSWORD"));
    };
    open(keystore, password_file)
}

/// Opens a keystore with the password in a file, of which a line break at the end is no part.
pub(crate) fn open(keystore: &Path, password_file: &Path) -> Result<Wallet, Failure> {
    let bytes = read_secret(password_file)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage(format_args!("{} holds no password: it is not text", password_file.display())))?;
    let password = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    Wallet::open(keystore, &password).map_err(|error| Failure::usage(format_args!("{}: {error}", keystore.display())))
}

/// The keys that a link names.
pub(crate) struct LinkKeys {
    peer: PeerKey,
    signer: Wallet,
}

impl LinkKeys {
    pub(crate) fn open(flags: &flags::SignerKey, home: &Home) -> Result<Self, Failure> {
        let named = |path: &Option<PathBuf>, usual: PathBuf| path.clone().unwrap_or(usual);
        let keystore = named(&flags.signer, home.signer());
        let password_file = named(&flags.signer_password_file, home.signer_password());
        Ok(Self { peer: PeerKey::read(&home.peer())?, signer: open(&keystore, &password_file)? })
    }

    /// The link under both signatures.
    pub(crate) fn link(
        &self,
        network: NetworkId,
        owner: Account,
        nonce: u64,
    ) -> Result<(LinkTerms, Signature), Failure> {
        let owner = Owner { chain: ChainId::Base, account: owner };
        let mut terms = LinkTerms {
            peer: self.peer.peer(),
            signer: self.signer.signer(),
            nonce,
            peer_signature: self.peer.sign(&[]),
        };
        terms.peer_signature = self.peer.sign(&terms.peer_message(network, owner));
        let signature = self.signer.sign_digest(terms.signing_digest(network, owner))?;
        Ok((terms, signature))
    }
}
