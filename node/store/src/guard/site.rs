//! Which file this is: its number and since when it is there. A copy has another number, or came later; a file that was
//! only renamed, or whose contents changed, is the same.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::time::UNIX_EPOCH;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileSite {
    pub(super) inode: u64,
    /// In nanoseconds since 1970; 0 where the file system does not know.
    pub(super) born: u64,
}

impl FileSite {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let born = match metadata.created() {
            Ok(time) => time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos()),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => 0,
            Err(error) => return Err(error),
        };
        Ok(Self { inode: metadata.ino(), born: u64::try_from(born).unwrap_or(u64::MAX) })
    }
}
