//! The peer key: a file as Solana's tools keep theirs, sixty-four numbers, for its owner's eyes only.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use williw_chain::wallet::Numbers;
use williw_core::ed25519::PeerSignature;
use williw_core::identity::PeerId;
use williw_gossip::PeerSecret;
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// The largest key or password file, in bytes.
const FILE_CAP: usize = 4_096;

/// For the owner, to read and write.
const MODE: u32 = 0o600;

/// Why there is no key. The text never holds any of it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("there is no {}", path.display())]
    Missing { path: PathBuf },
    #[error(
        "there is no peer key {}; restore it from a backup, or make a new home with `williw init` and rotate to its key",
        path.display()
    )]
    NoPeerKey { path: PathBuf },
    #[error("{} can be read by others; run `chmod 600 {}` and consider whether it is still secret", path.display(), path.display())]
    Readable { path: PathBuf },
    #[error("{} is no regular file", path.display())]
    NotAFile { path: PathBuf },
    #[error("{} is there already; it was left as it is", path.display())]
    Exists { path: PathBuf },
    #[error("{} is no peer key; expected 64 numbers in brackets, as solana-keygen writes them", path.display())]
    NotAKey { path: PathBuf },
    #[error("{} holds a secret and a public key that do not belong together", path.display())]
    Mismatch { path: PathBuf },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("this machine gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// The key by which other nodes know this one.
pub struct PeerKey(SigningKey);

impl std::fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PeerKey({})", self.peer())
    }
}

impl PeerKey {
    /// Makes a new key and keeps it at `path`, where nothing may be yet.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *secret).map_err(KeyError::Random)?;
        let key = Self(SigningKey::from_bytes(&secret));
        let numbers: Vec<String> = key.0.to_keypair_bytes().iter().map(ToString::to_string).collect();
        let text = Zeroizing::new(format!("[{}]", numbers.join(",")));
        write_secret(path, text.as_bytes())?;
        Ok(key)
    }

    /// Reads the key at `path`.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let bytes = read_secret(path).map_err(|error| match error {
            KeyError::Missing { path } => KeyError::NoPeerKey { path },
            error => error,
        })?;
        let not_a_key = || KeyError::NotAKey { path: path.to_owned() };
        let Numbers(pair) = serde_json::from_slice(&bytes).map_err(|_| not_a_key())?;
        let key = SigningKey::from_keypair_bytes(&pair).map_err(|_| KeyError::Mismatch { path: path.to_owned() })?;
        Ok(Self(key))
    }

    #[must_use]
    pub fn peer(&self) -> PeerId {
        PeerId(self.0.verifying_key().to_bytes())
    }

    #[must_use]
    pub fn sign(&self, message: &[u8]) -> PeerSignature {
        use ed25519_dalek::Signer as _;
        PeerSignature(self.0.sign(message).to_bytes())
    }

    /// What the network is started with.
    #[must_use]
    pub fn secret(&self) -> PeerSecret {
        PeerSecret(self.0.to_bytes())
    }
}

/// How the name begins under which something is written until it is whole. `Wallet` names its own the same way.
fn part_prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    prefix
}

/// Writes a secret where nothing is yet: whole or not at all, readable for its owner from the first moment, and on disk
/// when this returns. After a failure it may be there all the same, or a part of it beside: see [`remove_parts`].
pub fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
        _ => KeyError::File { path: path.to_owned(), source },
    };
    let folder = folder_of(path);
    // Not the number of this process: in a container it is the same every time, and a part that a dead one left would pass
    // for the secret being there.
    let mut unique = [0; 8];
    getrandom::fill(&mut unique).map_err(KeyError::Random)?;
    let mut name = part_prefix(path.file_name().unwrap_or_default());
    name.push(format!("{:016x}", u64::from_be_bytes(unique)));
    let part = folder.join(name);
    let written = write_part(&part, bytes).and_then(|()| {
        // A link does not replace what is there, as a rename would.
        fs::hard_link(&part, path)
    });
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    written.and_then(|()| File::open(folder)?.sync_all()).map_err(failed)
}

/// Removes what writers of the file at `path` left unfinished beside it. One that is at work fails, as a whole.
pub fn remove_parts(path: &Path) -> io::Result<()> {
    let prefix = part_prefix(path.file_name().unwrap_or_default());
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn write_part(part: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(part)?;
    // The mask of the process may have taken bits away, never added any.
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads a secret that nobody but its owner could have read.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => KeyError::Missing { path: path.to_owned() },
        _ => KeyError::File { path: path.to_owned(), source },
    };
    let not_a_file = || KeyError::NotAFile { path: path.to_owned() };
    // Opening a pipe would wait for whoever writes to it.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(not_a_file());
    }
    let file = File::open(path).map_err(failed)?;
    // Looked at again through the open file: nobody can put another one in its place any more.
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(not_a_file());
    }
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(KeyError::Readable { path: path.to_owned() });
    }
    // As large as it can become: what grows leaves a copy of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_CAP + 1));
    file.take(FILE_CAP as u64).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
