//! Who may open the file: its owner, and one process at a time.
//!
//! SQLite would let a second node in between two transactions of the first, and both would believe that what they hold in
//! memory is what was written. So a node holds a lock for as long as it runs. It lies on a file beside, because closing any
//! handle of a database file gives up the locks that SQLite has on it.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

pub(crate) struct Claim {
    /// Without links and relative parts, so that one file has one lock.
    pub(crate) path: PathBuf,
    pub(crate) lock: File,
}

/// Locks the file at `path`, creates it if need be, and keeps everyone else from reading it.
pub(crate) fn claim(path: &Path) -> Result<Claim, StoreError> {
    let path = resolve(path).map_err(file(path, "found"))?;
    let mut beside = path.clone().into_os_string();
    beside.push(".lock");
    let lock = private(Path::new(&beside)).map_err(file(Path::new(&beside), "opened"))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::InUse { path }),
        Err(TryLockError::Error(source)) => return Err(file(Path::new(&beside), "locked")(source)),
    }
    // Only under the lock: see above about closing handles.
    private(&path).map(drop).map_err(file(&path, "opened"))?;
    Ok(Claim { path, lock })
}

fn file(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { path, doing, source }
}

/// The real path of a file that may not be there yet; its folder has to be.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or(error)?;
            let folder = path.parent().filter(|folder| *folder != OsStr::new("")).unwrap_or(Path::new("."));
            Ok(folder.canonicalize()?.join(name))
        }
        resolved => resolved,
    }
}

/// Opens or creates a file that only its owner can read and write. SQLite gives its log the same mode.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // A file that was copied or restored came with some other mode.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
