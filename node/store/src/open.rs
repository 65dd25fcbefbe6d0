//! Opening the file: locked first, looked into second, changed last.
//!
//! A file that is not ours must come out of this as it went in, so everything that can refuse it is asked over a connection
//! that cannot write. Only then is it migrated.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migrate as _, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use williw_core::cycle::CycleClock;
use williw_core::ledger::Ledger;

use crate::error::{StoreError, failed, unmigrated, unreadable};
use crate::store::Inner;
use crate::write;

mod beside;
pub(crate) mod claim;
mod identity;

pub(crate) use beside::beside;

/// "wilw", in the header of every file of ours; the first migration writes it.
const APPLICATION_ID: i64 = 0x7769_6c77;

/// How long a statement waits for another program that has the file open: a backup, or somebody with a shell.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How many questions are answered at once, beside the writer. More wait their turn.
const READER_CAP: u32 = 4;

/// To what size the write-ahead log is cut back after a batch that made it longer.
const WAL_BYTES_CAP: &str = "67108864";

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Where `sqlx` notes which migrations were applied.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

pub(crate) async fn open(path: &Path, blank: &Ledger) -> Result<Inner, StoreError> {
    let blank = blank_of(blank);
    let claim::Claim { path, lock } = claim::claim(path)?;
    look(&path, &blank).await?;

    let (writer, readers) = connect(&path, READER_CAP).await?;
    let prepared = match prepare(&writer, &blank).await {
        Ok(()) => attach(&path, &readers).await,
        failed => failed,
    };
    if let Err(error) = prepared {
        // Before the lock is given back, or the next node would meet this connection.
        readers.close().await;
        writer.close().await;
        return Err(error);
    }
    Ok(Inner { path, writer, readers, blank, lock })
}

/// The one connection that writes, and as many as this that read.
async fn connect(path: &Path, readers: u32) -> Result<(SqlitePool, SqlitePool), StoreError> {
    let options = SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT);
    let writing = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("journal_size_limit", WAL_BYTES_CAP);
    // Connections are kept: what ends them is a failed batch or the end of the store.
    let kept = || SqlitePoolOptions::new().max_lifetime(None).idle_timeout(None);
    let writer = kept().max_connections(1).connect_with(writing).await.map_err(failed("opening the database"))?;
    // None yet: before the first migration there may be nothing to read.
    let readers = kept().max_connections(readers).connect_lazy_with(options.read_only(true));
    Ok((writer, readers))
}

/// Brings the file forward to what this node knows, and makes it the network's.
async fn prepare(writer: &SqlitePool, blank: &Ledger) -> Result<(), StoreError> {
    let mut connection = writer.acquire().await.map_err(failed("opening the database"))?;
    settle(&mut connection).await?;
    MIGRATIONS.run(&mut *connection).await.map_err(unmigrated)?;
    found(&mut connection, blank).await
}

/// Copies what the log still holds into the file, and waits until the disk has it.
///
/// The last batch in the log may be one that failed because the disk did not confirm it. It reads like any other, from the
/// memory of the kernel, and asking the disk once more proves nothing: a failure is reported once. Only what is written
/// again is known to be there, so nobody acts on what is read before that.
async fn settle(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let checkpoint = sqlx::query_as::<_, (i64, i64, i64)>("pragma wal_checkpoint(full)");
    let (busy, _, _) = checkpoint.fetch_one(connection).await.map_err(failed("taking up what was written last"))?;
    if busy == 0 { Ok(()) } else { Err(StoreError::BeingRead) }
}

/// Has one reader take part in the log from now on. As long as one does, SQLite does not read the log anew, and a batch that
/// the disk did not confirm stays unseen until the file is opened the next time.
///
/// The log keeps its name for as long, and that has to be on disk before anything that is only in the log. SQLite sees to it
/// too, but passes over a failure.
async fn attach(path: &Path, readers: &SqlitePool) -> Result<(), StoreError> {
    let mut connection = readers.acquire().await.map_err(failed("opening the database"))?;
    identity::read(&mut connection).await?;
    let folder = path.parent().expect("the path of an open database names a file");
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| StoreError::File { path: folder.to_owned(), doing: "synced", source })
}

/// The ledger before the first fact, whatever the given one holds.
fn blank_of(ledger: &Ledger) -> Ledger {
    let sites: Vec<_> = ledger.chains().map(|(_, books)| books.site).collect();
    Ledger::new(ledger.network(), *ledger.clock(), &sites)
}

/// Refuses every file that is not ours, without changing it.
async fn look(path: &Path, blank: &Ledger) -> Result<(), StoreError> {
    match identity_of(path, Pages::Read).await? {
        Some(identity) => identity.check(blank),
        None => Ok(()),
    }
}

/// When the cycles of the network begin that the file was founded for; none if there is no such file yet.
pub(crate) async fn clock_of(path: &Path) -> Result<Option<CycleClock>, StoreError> {
    match path.try_exists() {
        Ok(false) => return Ok(None),
        Ok(true) => {}
        Err(source) => return Err(StoreError::File { path: path.to_owned(), doing: "looked for", source }),
    }
    identity_of(path, Pages::Unread).await?.map(|identity| identity.clock()).transpose()
}

async fn identity_of(path: &Path, pages: Pages) -> Result<Option<identity::Identity>, StoreError> {
    let reading = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
    match identity_over(reading.clone(), path, pages).await {
        // Our files have a journal of that kind while their first page is written, and never again. As it lies there, such a
        // file is empty; the writer undoes it. Whatever is in any other is not ours to undo.
        Err(StoreError::Unfinished) => match identity_over(reading.immutable(true), path, pages).await? {
            None => Ok(None),
            Some(_) => Err(StoreError::Unfinished),
        },
        identity => identity,
    }
}

async fn identity_over(
    reading: SqliteConnectOptions,
    path: &Path,
    pages: Pages,
) -> Result<Option<identity::Identity>, StoreError> {
    let mut connection = reading.connect().await.map_err(unreadable(path))?;
    let identity = inspect(&mut connection, path, pages).await;
    connection.close().await.map_err(failed("closing the database"))?;
    identity
}

/// Whether every page is read before a file is trusted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pages {
    Read,
    Unread,
}

async fn inspect(
    connection: &mut SqliteConnection,
    path: &Path,
    pages: Pages,
) -> Result<Option<identity::Identity>, StoreError> {
    // One state of the file: while somebody else makes it, the half of one and the half of the next look like nobody's.
    let mut snapshot = connection.begin().await.map_err(failed("looking into the database"))?;
    let connection = &mut *snapshot;
    // A sum and a text, because the macro asks for the table behind a bare column, and these have none.
    let application = sqlx::query_scalar!(r#"select application_id + 0 as "id!: i64" from pragma_application_id"#);
    let application = application.fetch_one(&mut *connection).await.map_err(unreadable(path))?;
    let objects = sqlx::query_scalar!(r#"select count(*) as "count!: i64" from sqlite_schema"#);
    let objects = objects.fetch_one(&mut *connection).await.map_err(unreadable(path))?;
    if objects == 0 && application == 0 {
        return Ok(None); // new, or of a node that died before it wrote anything
    }
    if pages == Pages::Read {
        check_pages(connection).await?;
    }
    // A node that died before its first migration leaves the table of migrations behind, and nothing else.
    let started = sqlx::query_scalar!(
        r#"select count(*) as "count!: i64" from sqlite_schema where tbl_name <> '_sqlx_migrations'"#
    );
    let started = started.fetch_one(&mut *connection).await.map_err(failed("looking into the database"))?;
    if application != APPLICATION_ID {
        return if started == 0 { Ok(None) } else { Err(StoreError::OtherProgram { path: path.to_owned() }) };
    }
    check_migrations(connection).await?;
    identity::read(connection).await
}

/// Reads every page. It costs some seconds per gigabyte and finds what would otherwise come up in the middle of a batch.
async fn check_pages(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let findings =
        sqlx::query_scalar!(r#"select quick_check || '' as "finding!: String" from pragma_quick_check limit 1"#);
    let finding = findings.fetch_one(connection).await.map_err(failed("checking the database"))?;
    if finding == "ok" { Ok(()) } else { Err(StoreError::Damaged { finding }) }
}

/// Refuses a file that has a migration we do not know, or had another one by that number.
async fn check_migrations(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let applied = connection.list_applied_migrations(MIGRATIONS_TABLE).await.map_err(StoreError::Migration)?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    for applied in applied {
        match MIGRATIONS.iter().find(|migration| migration.version == applied.version) {
            None => return Err(StoreError::Newer { found: applied.version, known }),
            Some(ours) if ours.checksum != applied.checksum => {
                return Err(StoreError::Altered { version: applied.version });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Writes into a new file whose it is, with the books of its chains before the first fact.
async fn found(connection: &mut SqliteConnection, blank: &Ledger) -> Result<(), StoreError> {
    if let Some(identity) = identity::read(connection).await? {
        return identity.check(blank);
    }
    let doing = "founding the database";
    let mut transaction = connection.begin_with("begin immediate").await.map_err(failed(doing))?;
    identity::write(&mut transaction, blank).await.map_err(failed(doing))?;
    for (chain, books) in blank.chains() {
        write::books(&mut transaction, chain, books).await.map_err(failed(doing))?;
    }
    transaction.commit().await.map_err(failed(doing))
}
