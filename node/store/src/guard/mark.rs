//! `guard.mark`: which guard it belongs to, and how often that was written. It is the witness against a guard that was put
//! back from before.
//!
//! ```text
//! "williw guard mark" 17 | id 16 | seq 8 | first 16 of Keccak over the 41 in front        numbers are big-endian
//! ```
//!
//! There are two of them, half a kilobyte apart and written in turn, so that one is whole at any moment. The higher counts.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::spawn_blocking;
use williw_core::hash::keccak;

use super::error::GuardError;

const TAG: &[u8; 17] = b"williw guard mark";
const LEN: usize = 57;
const ID_AT: usize = 17;
const SEQ_AT: usize = 33;
const SUM_AT: usize = 41;

/// Where the second one begins: in a block of its own on any disk.
const SECOND_AT: u64 = 512;

pub(super) struct Mark {
    path: PathBuf,
    file: Arc<File>,
    id: [u8; 16],
}

/// Where the mark of the guard at `path` is.
pub(super) fn beside(path: &Path) -> PathBuf {
    path.with_extension("mark")
}

impl Mark {
    /// Opens the mark at `path` and says how often the guard `id` was written by then. None if there is no mark, if it is
    /// of another guard, or if it is damaged.
    pub(super) fn open(path: &Path, id: [u8; 16]) -> Result<Option<(Self, u64)>, GuardError> {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed(path, "opened")(source)),
        };
        let mut seq = None;
        for at in [0, SECOND_AT] {
            let mut bytes = [0; LEN];
            match file.read_exact_at(&mut bytes, at) {
                Ok(()) => seq = seq.max(decode(&bytes, id)),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
                Err(source) => return Err(failed(path, "read")(source)),
            }
        }
        Ok(seq.map(|seq| (Self { path: path.to_owned(), file: Arc::new(file), id }, seq)))
    }

    /// Makes a mark in place of whatever is there.
    pub(super) fn create(path: &Path, id: [u8; 16], seq: u64) -> Result<Self, GuardError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.map_err(failed(path, "created"))?;
        write(&file, id, seq).map_err(failed(path, "written"))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(path, "created"))?;
        Ok(Self { path: path.to_owned(), file: Arc::new(file), id })
    }

    /// Writes how often the guard was written, durably, on a thread that may wait for the disk. The guard's `lock` is held
    /// until that is done, also when nobody waits for it any more: it must not be written over what the next guard says.
    pub(super) async fn write(&mut self, seq: u64, lock: &Arc<File>) -> Result<(), GuardError> {
        let (file, id, lock) = (Arc::clone(&self.file), self.id, Arc::clone(lock));
        let writing = spawn_blocking(move || {
            let written = write(&file, id, seq);
            drop(lock);
            written
        });
        let written = writing.await.unwrap_or_else(|ended| Err(io::Error::other(ended)));
        written.map_err(failed(&self.path, "written"))
    }
}

fn write(file: &File, id: [u8; 16], seq: u64) -> io::Result<()> {
    let at = if seq.is_multiple_of(2) { 0 } else { SECOND_AT };
    file.write_all_at(&encode(id, seq), at)?;
    file.sync_data()
}

fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> GuardError {
    let path = path.to_owned();
    move |source| match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => GuardError::Full,
        _ => GuardError::File { path, doing, source },
    }
}

fn encode(id: [u8; 16], seq: u64) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    bytes[..ID_AT].copy_from_slice(TAG);
    bytes[ID_AT..SEQ_AT].copy_from_slice(&id);
    bytes[SEQ_AT..SUM_AT].copy_from_slice(&seq.to_be_bytes());
    let sum = keccak(&[&bytes[..SUM_AT]]);
    bytes[SUM_AT..].copy_from_slice(&sum.0[..LEN - SUM_AT]);
    bytes
}

fn decode(bytes: &[u8; LEN], id: [u8; 16]) -> Option<u64> {
    let seq = u64::from_be_bytes(*bytes[SEQ_AT..].first_chunk().expect("the layout is longer than its number"));
    (encode(id, seq) == *bytes).then_some(seq)
}

#[cfg(test)]
impl Mark {
    /// From now on it is on a disk without room.
    pub(super) fn fill(&mut self) {
        self.file = Arc::new(OpenOptions::new().write(true).open("/dev/full").unwrap());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_changed_byte_passes() {
        let bytes = encode([7; 16], 0x0102_0304_0506_0708);
        assert_eq!(decode(&bytes, [7; 16]), Some(0x0102_0304_0506_0708));
        assert_eq!(decode(&bytes, [8; 16]), None);
        for at in 0..LEN {
            let mut changed = bytes;
            changed[at] ^= 1;
            assert_eq!(decode(&changed, [7; 16]), None, "byte {at}");
        }
    }

    #[test]
    fn a_torn_write_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guard.mark");
        let mark = Mark::create(&path, [7; 16], 4).unwrap();
        write(&mark.file, [7; 16], 5).unwrap();
        mark.file.write_all_at(&encode([7; 16], 6)[..40], 0).unwrap();
        mark.file.write_all_at(&[0; 17], 40).unwrap();
        assert_eq!(Mark::open(&path, [7; 16]).unwrap().map(|(_, seq)| seq), Some(5));
        assert!(Mark::open(&path, [8; 16]).unwrap().is_none());
        std::fs::write(&path, "short").unwrap();
        assert!(Mark::open(&path, [7; 16]).unwrap().is_none());
    }

    /// Nobody can be told before it is written, the thread of the caller is free meanwhile, and one that is given up is
    /// still written before somebody else gets the guard.
    #[test]
    fn it_is_waited_for_by_the_lock_and_not_by_the_thread() {
        use std::future::poll_fn;
        use std::pin::pin;
        use std::sync::mpsc::channel;
        use std::task::Poll;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guard.mark");
        let mut mark = Mark::create(&path, [7; 16], 4).unwrap();
        let known = || Mark::open(&path, [7; 16]).unwrap().map(|(_, seq)| seq);
        let lock = Arc::new(File::create(folder.path().join("lock")).unwrap());
        let next = File::open(folder.path().join("lock")).unwrap();
        lock.try_lock().unwrap();

        // The one thread that may wait is busy until it is let go.
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        let (let_go, held) = channel::<()>();
        runtime.spawn_blocking(move || held.recv());
        runtime.block_on(async {
            let mut writing = pin!(mark.write(5, &lock));
            let polled = poll_fn(|context| Poll::Ready(writing.as_mut().poll(context))).await;
            assert!(polled.is_pending(), "it was written on the thread of the caller, or not at all");
        });
        drop(lock);
        assert!(next.try_lock().is_err(), "the lock was given back before the mark was written");
        assert_eq!(known(), Some(4));
        let_go.send(()).unwrap();
        // Waits for whoever has it.
        next.lock().unwrap();
        assert_eq!(known(), Some(5));
    }
}
