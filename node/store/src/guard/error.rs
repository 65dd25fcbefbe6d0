//! Why the guard refuses, and what to do about it.

use std::io;
use std::path::PathBuf;

use sqlx::migrate::MigrateError;
use williw_core::guard::{InterchangeFault, Refusal};
use williw_core::hash::Hash;
use williw_core::identity::Signer;
use williw_core::network::NetworkId;
use williw_core::statement::Statement;

use crate::error::{SQLITE_BUSY, SQLITE_CORRUPT, SQLITE_FULL, SQLITE_NOTADB, result_code};

/// Why nothing was signed, or the guard not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    #[error("{path} is in use by another process; stop that one first")]
    InUse { path: PathBuf },
    #[error("{path} is missing; what this node's signers signed is not known without it")]
    Missing { path: PathBuf },
    #[error("{path} is there already")]
    Exists { path: PathBuf },
    #[error("{path} is older than it was: it was written {found} times, and {known} times before")]
    Older { path: PathBuf, found: u64, known: u64 },
    #[error(
        "{path} does not say how often the guard was written, so nobody knows whether that one is older than it was"
    )]
    NoMark { path: PathBuf },
    #[error("{path} is a copy; the original may be signing elsewhere")]
    Copy { path: PathBuf },
    #[error("{path} is of network {found}, not {wanted}")]
    OtherNetwork { path: PathBuf, found: NetworkId, wanted: NetworkId },
    #[error("{path} was moved to another home; nothing is signed here any more")]
    Moved { path: PathBuf },
    #[error("the history in {path} would not be read elsewhere: {fault}")]
    Unmovable { path: PathBuf, fault: InterchangeFault },
    #[error("the guard does not hold what signer {signer} signed before")]
    UnknownSigner { signer: Signer },
    #[error("the file tells of signer {signer}, which this guard does not answer for; nothing of it was imported")]
    Newcomer { signer: Signer },
    #[error("{path} is no guard")]
    NotAGuard { path: PathBuf },
    #[error("{path} is damaged: {finding}")]
    Damaged { path: PathBuf, finding: String },
    #[error("the guard was written by a newer node (migration {found}, this one knows {known}); run that version")]
    Newer { found: i64, known: i64 },
    #[error("migration {version} of the guard is not the one of this node; run the version that wrote it")]
    Altered { version: i64 },
    #[error("the guard could not be migrated")]
    Migration(#[source] MigrateError),
    #[error("{path} cannot be {doing}")]
    File { path: PathBuf, doing: &'static str, source: io::Error },
    #[error("the disk is full; make room and start again")]
    Full,
    #[error("{doing} failed; nothing was signed without being written")]
    Failed { doing: &'static str, source: sqlx::Error },
    #[error("table {table}, row {key}: {fault}")]
    Corrupt { table: &'static str, key: String, fault: String },
    #[error("the guard counts no further")]
    Exhausted,
    #[error(transparent)]
    Interchange(#[from] InterchangeFault),
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    #[error("the bytes behind {statement} have digest {found}")]
    OtherBytes { statement: Statement, found: Hash },
    #[error("there are {got} bytes behind the statement, more than {cap}")]
    TooManyBytes { got: usize, cap: usize },
    #[error("there is no key of signer {signer} here")]
    NoKey { signer: Signer },
    #[error("the key of signer {signer} did not sign")]
    KeyFailed { signer: Signer },
    #[error("the guard stopped signing after a write that failed; see the log, and start again")]
    Stopped,
}

impl GuardError {
    /// What to do, where the error itself does not say it.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing { .. } | Self::Older { .. } | Self::NoMark { .. } => Some(
                "name a new signer with `williw keys rotate`; a guard out of a backup does not help, for it lacks what was \
                 signed since; if you know that nothing was, see `williw guard accept --help`",
            ),
            // Nobody can accept what cannot be read.
            Self::Damaged { .. } | Self::Corrupt { .. } | Self::NotAGuard { .. } => {
                Some("name a new signer with `williw keys rotate`; this file is kept beside the new guard")
            }
            Self::Unmovable { .. } => Some("forget what is long final with `williw guard prune`, and move it then"),
            Self::Copy { .. } => Some(
                "run the original, or bring a home to another place with `williw keys move`; if this was restored from a \
                 backup, name a new signer with `williw keys rotate --restored`; only if this is the last state of an \
                 original that never runs again, see `williw guard accept --help`",
            ),
            Self::OtherNetwork { .. } => Some("every network needs a home of its own"),
            Self::Moved { .. } => Some("run the home that it was moved to"),
            Self::UnknownSigner { .. } => Some(
                "name a new signer with `williw keys rotate`; if this one signs nowhere else any more, its whole history can \
                 be imported: see `williw guard import --help`; if its key is new and nobody else has it, see \
                 `williw guard accept --help`",
            ),
            Self::Newcomer { .. } => Some(
                "take its record out of the file; only if that is all that this signer ever signed, and it signs nowhere \
                 else any more, name it with --signer ADDRESS",
            ),
            Self::File { .. } | Self::Failed { .. } => Some("see to the disk, and start again"),
            Self::Exists { .. }
            | Self::InUse { .. }
            | Self::Newer { .. }
            | Self::Altered { .. }
            | Self::Migration(_)
            | Self::Full
            | Self::Exhausted
            | Self::Interchange(_)
            | Self::Refused(_)
            | Self::OtherBytes { .. }
            | Self::TooManyBytes { .. }
            | Self::NoKey { .. }
            | Self::KeyFailed { .. }
            | Self::Stopped => None,
        }
    }
}

/// Gives an error of SQLite its name, for what was being done.
pub(super) fn failed(doing: &'static str) -> impl FnOnce(sqlx::Error) -> GuardError {
    move |source| match result_code(&source) {
        Some(SQLITE_FULL) => GuardError::Full,
        Some(_) | None => GuardError::Failed { doing, source },
    }
}

/// The same, for a file of which it is not known yet whether it is whole.
pub(super) fn unreadable(path: &std::path::Path) -> impl FnOnce(sqlx::Error) -> GuardError {
    let path = path.to_owned();
    move |source| match result_code(&source) {
        // Whoever has it came past the lock file: somebody removed that.
        Some(SQLITE_BUSY) => GuardError::InUse { path },
        Some(SQLITE_NOTADB) => GuardError::NotAGuard { path },
        Some(SQLITE_CORRUPT) => GuardError::Damaged { path, finding: source.to_string() },
        Some(_) | None => failed("looking into the guard")(source),
    }
}

/// The same, for a migration.
pub(super) fn unmigrated(error: MigrateError) -> GuardError {
    let full = |source: &sqlx::Error| result_code(source) == Some(SQLITE_FULL);
    match &error {
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) if full(source) => GuardError::Full,
        _ => GuardError::Migration(error),
    }
}
