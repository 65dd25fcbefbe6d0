//! Opening keys, and the link that ties them to stake.

use std::path::{Path, PathBuf};

use williw_chain::wallet::{Keypair, Payer, Wallet};
use williw_core::identity::{Account, ChainId, Owner, Signer};
use williw_core::link::LinkTerms;
use williw_core::network::NetworkId;
use williw_core::secp256k1::Signature;
use williw_daemon::keys::{PeerKey, read_secret};
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::flags::{self, refuse_empty};
use crate::home::Home;

/// Who sends: a key of this machine, or somebody elsewhere.
pub(crate) enum Sender {
    Key(Key),
    Elsewhere(Owner),
}

/// A key of an owner, for as long as a command runs.
pub(crate) enum Key {
    Base(Wallet),
    Solana(Keypair),
}

impl Key {
    /// The key for this chain that the flags name, if they name one.
    pub(crate) fn named(flags: &flags::Key, chain: ChainId) -> Result<Option<Self>, Failure> {
        match (chain, &flags.keystore, &flags.keypair) {
            (ChainId::Base, Some(keystore), _) => {
                Ok(Some(Self::Base(named(keystore, flags.password_file.as_deref())?)))
            }
            (ChainId::Solana, _, Some(path)) => Ok(Some(Self::Solana(keypair(path)?))),
            (ChainId::Base, None, _) | (ChainId::Solana, _, None) => Ok(None),
        }
    }

    pub(crate) const fn payer(&self) -> Payer<'_> {
        match self {
            Self::Base(wallet) => Payer::Base(wallet),
            Self::Solana(keypair) => Payer::Solana(keypair),
        }
    }

    fn owner(&self) -> Owner {
        let payer = self.payer();
        Owner { chain: payer.chain(), account: payer.account() }
    }
}

/// A keypair that only this user may read.
fn keypair(path: &Path) -> Result<Keypair, Failure> {
    let named = ["--keypair", "SOLANA_KEYPAIR"];
    refuse_empty(path.as_os_str(), named, "the file of a keypair")?;
    refuse_absent(path, "the file with the keypair", format_args!("{} and {} name", named[0], named[1]))?;
    Keypair::parse(&read_secret(path)?).map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))
}

impl Sender {
    /// The sender on this chain that the flags name.
    pub(crate) fn open(flags: &flags::Account, chain: ChainId) -> Result<Self, Failure> {
        if let Some(from) = flags.from.filter(|from| from.chain != chain) {
            return Err(Failure::usage(format_args!("--from is an address of {}, not of {chain}", from.chain)));
        }
        if let (true, Some(from)) = (flags.unsigned, flags.from) {
            return Ok(Self::Elsewhere(from));
        }
        let Some(key) = Key::named(&flags.key, chain)? else {
            return Err(Failure::usage("whose stake is it?").hint(match chain {
                ChainId::Base => "name a keystore with --keystore or ETH_KEYSTORE, or use --unsigned --from ADDRESS",
                ChainId::Solana => "name a keypair with --keypair or SOLANA_KEYPAIR, or use --unsigned --from ADDRESS",
            }));
        };
        match flags.from {
            Some(from) if from != key.owner() => Err(Failure::usage("the key is of another account than --from")),
            _ => Ok(Self::Key(key)),
        }
    }

    pub(crate) fn owner(&self) -> Owner {
        match self {
            Self::Key(key) => key.owner(),
            Self::Elsewhere(owner) => *owner,
        }
    }

    pub(crate) fn account(&self) -> Account {
        self.owner().account
    }
}

fn named(keystore: &Path, password_file: Option<&Path>) -> Result<Wallet, Failure> {
    refuse_empty(keystore.as_os_str(), ["--keystore", "ETH_KEYSTORE"], "the file of a keystore")?;
    let Some(password_file) = password_file else {
        return Err(Failure::usage("the keystore has a password")
            .hint("name a file that holds it with --password-file or ETH_PASSWORD"));
    };
    refuse_empty(password_file.as_os_str(), ["--password-file", "ETH_PASSWORD"], "a file with a password")?;
    refuse_absent(keystore, "the file of the keystore", format_args!("--keystore and ETH_KEYSTORE name"))?;
    refuse_absent(
        password_file,
        "the file with the keystore's password",
        format_args!("--password-file and ETH_PASSWORD name"),
    )?;
    open(keystore, password_file)
}

/// Refuses the name of a file that is not there, without saying it: whoever gives the secret in place of the name of its file
/// does not find it on the terminal, or in a log.
fn refuse_absent(path: &Path, what: &str, flags_name: std::fmt::Arguments<'_>) -> Result<(), Failure> {
    let Err(error) = std::fs::metadata(path) else { return Ok(()) };
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "is not there".to_owned(),
        kind => format!("cannot be found: {kind}"),
    };
    Err(Failure::usage(format_args!("{what} {why}"))
        .hint(format_args!("{flags_name} a file that holds it, not what the file holds")))
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
        for (path, what, flag) in [
            (&flags.signer, "the file of the signer", "--signer names"),
            (&flags.signer_password_file, "the file with the signer's password", "--signer-password-file names"),
        ] {
            path.as_deref().map_or(Ok(()), |path| refuse_absent(path, what, format_args!("{flag}")))?;
        }
        let named = |path: &Option<PathBuf>, usual: PathBuf| path.clone().unwrap_or(usual);
        let keystore = named(&flags.signer, home.signer());
        let password_file = named(&flags.signer_password_file, home.signer_password());
        Ok(Self { peer: PeerKey::read(&home.peer())?, signer: open(&keystore, &password_file)? })
    }

    pub(crate) fn signer(&self) -> Signer {
        self.signer.signer()
    }

    /// The link under both signatures.
    pub(crate) fn link(&self, network: NetworkId, owner: Owner, nonce: u64) -> Result<(LinkTerms, Signature), Failure> {
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
