//! What can go wrong with the file, and what to do about it.

use std::io;
use std::path::PathBuf;

use sqlx::migrate::MigrateError;
use williw_core::identity::ChainId;
use williw_core::network::NetworkId;
use williw_core::outbox::IntentId;

/// Why the store refused or failed. Nothing was written, but for one case: a batch whose writing [`Failed`](Self::Failed) may
/// be there at the next start, as a whole, because a disk that does not confirm something may have it all the same.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    #[error("{path} is in use by another node; stop that one, or give this one a file of its own")]
    InUse { path: PathBuf },
    #[error(
        "{path} has to be brought forward to this version first, and a node has it; start that node anew with this version"
    )]
    Behind { path: PathBuf },
    #[error("{path} is read and written so much that it could not be brought to disk in time; try again")]
    Unconfirmed { path: PathBuf },
    #[error("there is no intent {intent} in the outbox")]
    NoIntent { intent: IntentId },
    #[error("{path} cannot be {doing}")]
    File { path: PathBuf, doing: &'static str, source: io::Error },
    #[error(
        "{path} is no database; restore a backup, or move it away: the chains are read again from the start, but what was sent is forgotten"
    )]
    NotDatabase { path: PathBuf },
    #[error("{path} is a database of some other program; choose another path")]
    OtherProgram { path: PathBuf },
    #[error(
        "the database is damaged ({finding}); restore a backup, or move it away: the chains are read again from the start, but what was sent is forgotten"
    )]
    Damaged { finding: String },
    #[error(
        "another program left the database in the middle of a write; open it with that program, or move it away with its \
         journal to read the chains again from the start"
    )]
    Unfinished,
    #[error("another program is reading an older state of the database; let it end, then start again")]
    BeingRead,
    #[error("the database was written by a newer node (migration {found}, this one knows {known}); run that version")]
    Newer { found: i64, known: i64 },
    #[error("migration {version} of the database is not the one of this node; run the version that wrote it")]
    Altered { version: i64 },
    #[error("the database is of network {found}, not {wanted}; every network needs a file of its own")]
    OtherNetwork { found: NetworkId, wanted: NetworkId },
    #[error("the cycles of the database begin or last differently from those of the network; check its settings")]
    OtherClock,
    #[error("the database has other contracts or accounts on {chain} than the settings name")]
    OtherSite { chain: ChainId },
    #[error("the batch holds something of another chain than {chain}; nothing of it was written")]
    MixedBatch { chain: ChainId },
    #[error("table {table}, row {key}: {fault}; restore a backup, or move the file away to read the chains again")]
    Corrupt { table: &'static str, key: String, fault: String },
    #[error("the disk is full; nothing of the batch was written: make room and start again")]
    Full,
    #[error("{doing}: the database refused a row, nothing was written")]
    Refused { doing: &'static str, source: sqlx::Error },
    #[error("{doing} failed; look after the disk and start again, each batch is there as a whole or not at all")]
    Failed { doing: &'static str, source: sqlx::Error },
    #[error("the database could not be migrated")]
    Migration(#[source] MigrateError),
}

// https://www.sqlite.org/rescode.html
/// An extended code: the file has to be rolled back, which a connection that only reads cannot do.
const SQLITE_READONLY_ROLLBACK: i32 = 776;
pub(crate) const SQLITE_BUSY: u8 = 5;
pub(crate) const SQLITE_CORRUPT: u8 = 11;
pub(crate) const SQLITE_FULL: u8 = 13;
const SQLITE_CONSTRAINT: u8 = 19;
pub(crate) const SQLITE_NOTADB: u8 = 26;

/// Gives an error of SQLite its name, for what was being done.
pub(crate) fn failed(doing: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |source| match result_code(&source) {
        Some(SQLITE_FULL) => StoreError::Full,
        Some(SQLITE_CORRUPT | SQLITE_NOTADB) => StoreError::Damaged { finding: source.to_string() },
        Some(SQLITE_CONSTRAINT) => StoreError::Refused { doing, source },
        Some(_) | None => StoreError::Failed { doing, source },
    }
}

/// The same, for a file of which it is not known yet whether it is a database at all.
pub(crate) fn unreadable(path: &std::path::Path) -> impl FnOnce(sqlx::Error) -> StoreError {
    let path = path.to_owned();
    move |source| match result_code(&source) {
        Some(SQLITE_NOTADB) => StoreError::NotDatabase { path },
        Some(_) | None if extended_code(&source) == Some(SQLITE_READONLY_ROLLBACK) => StoreError::Unfinished,
        Some(_) | None => failed("looking into the database")(source),
    }
}

/// The same, for a migration.
pub(crate) fn unmigrated(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _)
            if result_code(&source) == Some(SQLITE_FULL) =>
        {
            StoreError::Full
        }
        error => StoreError::Migration(error),
    }
}

/// SQLite's primary result code: the lowest byte of the extended one.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<u8> {
    Some(extended_code(error)?.to_le_bytes()[0])
}

fn extended_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}
