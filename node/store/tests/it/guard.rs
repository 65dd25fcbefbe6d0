//! The guard against real files: what it signs, and what it refuses to open.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::task::JoinHandle;
use williw_core::cycle::{Cycle, UnixSeconds};
use williw_core::guard::{Interchange, LISTEN, Listened, Listening, digest_of};
use williw_core::network::NetworkId;
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{Kind, Statement};
use williw_store::guard::{Asked, Guard, GuardError, Keys, Signing};

mod beside;
mod cases;
mod disk;
mod files;
mod race;
mod requests;

pub(crate) const NETWORK: NetworkId = NetworkId([1; 32]);
/// Where these guards begin to count their starts.
pub(crate) const BOOT: u64 = 1_000;

pub(crate) fn signer() -> SignerKey {
    SignerKey::named("the guarded one")
}

pub(crate) fn keys() -> Keys {
    let key = signer();
    Keys::default().with(key.address(), move |digest| Some(key.sign(digest)))
}

/// A folder with a guard of one signer, founded and closed.
pub(crate) async fn home() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard.db");
    let mut guard = Guard::found(&path, NETWORK, BOOT).await.unwrap();
    guard.enroll(signer().address()).await.unwrap();
    guard.close().await.unwrap();
    (folder, path)
}

pub(crate) type Served = JoinHandle<Result<(), GuardError>>;

/// As after the time that a node has to listen.
pub(crate) fn listened() -> Listened {
    Listening::new((1, 0), UnixSeconds(0)).wait(LISTEN, true).unwrap()
}

pub(crate) fn serve(guard: Guard) -> (Signing, Served) {
    guard.serve(listened(), keys()).unwrap()
}

pub(crate) async fn open(path: &Path) -> Result<Guard, GuardError> {
    Guard::open(path, NETWORK).await
}

/// Opens the guard, has work done with it and closes it.
pub(crate) async fn with<T>(path: &Path, work: impl AsyncFnOnce(&Signing) -> T) -> T {
    let (signing, served) = serve(open(path).await.unwrap());
    let done = work(&signing).await;
    drop(signing);
    served.await.unwrap().unwrap();
    done
}

/// A statement about these bytes.
pub(crate) fn asked(kind: Kind, cycle: u64, slot: u64, bytes: &str) -> Asked {
    let statement = Statement::new(kind, Cycle(cycle), slot, digest_of(kind, bytes.as_bytes())).unwrap();
    Asked { signer: signer().address(), statement, bytes: bytes.into() }
}

/// Copies the files of a guard as they are now, as `cp` does.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Puts back the contents of a file, as whoever restores a backup in its place.
pub(crate) fn put_back(path: &Path, contents: &[u8]) {
    use std::io::Write as _;
    let mut file = fs::OpenOptions::new().write(true).truncate(true).open(path).unwrap();
    file.write_all(contents).unwrap();
}

pub(crate) fn text(file: &Interchange) -> serde_json::Value {
    serde_json::to_value(file).unwrap()
}
