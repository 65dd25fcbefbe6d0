//! What survives the processes: they write it as they go, and what is written to a file stays when its writer is killed.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use williw_core::hash::Hash;
use williw_core::identity::Signer;
use williw_core::secp256k1::Signature;
use williw_core::statement::Signed;

/// A record never crosses a page of the kernel's, so that a kill leaves it whole or not there.
const RECORD: usize = 256;
/// So many answers are one byte of the progress.
const TALLY: u64 = 64;

fn append(path: PathBuf) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

/// A signature that was made.
pub(crate) type Made = (Signer, Hash, Signature);

/// How many requests were answered by all processes so far.
pub(crate) struct Progress(File);

impl Progress {
    pub(crate) fn open(folder: &Path) -> Self {
        Self(append(folder.join("asked")))
    }

    pub(crate) fn asked(&self) -> u64 {
        self.0.metadata().unwrap().len() * TALLY
    }

    /// Counts the `nth` answer of a process. What a killed one did not come to count is missing.
    pub(crate) fn count(&self, nth: u64) -> bool {
        let full = nth.is_multiple_of(TALLY);
        if full {
            (&self.0).write_all(&[0]).unwrap();
        }
        full
    }
}

/// The logs of one process.
pub(crate) struct Logs {
    acknowledged: File,
    made: File,
}

impl Logs {
    pub(crate) fn open(folder: &Path, nth: usize) -> Self {
        Self { acknowledged: append(acknowledged_of(folder, nth)), made: append(made_of(folder, nth)) }
    }

    /// Notes what somebody got.
    pub(crate) fn acknowledge(&self, signer: Signer, signed: Signed) {
        write(&self.acknowledged, &[&signer.0, &signed.encode()]);
    }

    /// Notes what a key made.
    pub(crate) fn make(&self, signer: Signer, digest: Hash, signature: Signature) {
        write(&self.made, &[&signer.0, &digest.0, &signature.0]);
    }
}

fn write(mut log: &File, parts: &[&[u8]]) {
    let mut record = parts.concat();
    record.resize(RECORD, 0);
    log.write_all(&record).unwrap();
}

fn acknowledged_of(folder: &Path, nth: usize) -> PathBuf {
    folder.join(format!("acknowledged.{nth}"))
}

fn made_of(folder: &Path, nth: usize) -> PathBuf {
    folder.join(format!("made.{nth}"))
}

/// The records of a log; a process that was killed early has none.
fn records(path: &Path) -> Vec<Vec<u8>> {
    if !path.exists() {
        return vec![];
    }
    let records = fs::read(path).unwrap();
    assert!(records.len().is_multiple_of(RECORD), "{} ends in half a record", path.display());
    records.chunks(RECORD).map(<[u8]>::to_vec).collect()
}

pub(crate) fn acknowledged(folder: &Path, nth: usize) -> impl Iterator<Item = (Signer, Signed)> {
    records(&acknowledged_of(folder, nth)).into_iter().map(|record| {
        let (signer, rest) = record.split_first_chunk().unwrap();
        (Signer(*signer), Signed::decode(&rest[..Signed::LEN]).unwrap())
    })
}

pub(crate) fn made(folder: &Path, nth: usize) -> impl Iterator<Item = Made> {
    records(&made_of(folder, nth)).into_iter().map(|record| {
        let (signer, rest) = record.split_first_chunk().unwrap();
        let (digest, rest) = rest.split_first_chunk().unwrap();
        (Signer(*signer), Hash(*digest), Signature(*rest.first_chunk().unwrap()))
    })
}
