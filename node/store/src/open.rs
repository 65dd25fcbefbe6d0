//! Opening the file: locked first, looked into second, changed last.
//!
//! A file that is not ours must come out of this as it went in, so everything that can refuse it is asked over a connection
//! that cannot write. Only then is it migrated.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migrate as _, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use williw_core::cycle::CycleClock;
use williw_core::ledger::Ledger;

use crate::error::{StoreError, failed, unreadable};
use crate::store::Inner;
use crate::write;

pub(crate) mod claim;
mod identity;

/// "wilw", in the header of every file of ours; the first migration writes it.
const APPLICATION_ID: i64 = 0x7769_6c77;

/// How long a statement waits for another program that has the file open: a backup, or somebody with a shell.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

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

    let options = SqliteConnectOptions::new().filename(&path).busy_timeout(BUSY_TIMEOUT);
    let writing = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("journal_size_limit", WAL_BYTES_CAP);
    // Connections are kept: what ends them is a failed batch or the end of the store.
    let kept = || SqlitePoolOptions::new().max_lifetime(None).idle_timeout(None);
    let writer = kept().max_connections(1).connect_with(writing).await.map_err(failed("opening the database"))?;
    if let Err(error) = prepare(&writer, &blank).await {
        // Before the lock is given back, or the next node would meet this connection.
        writer.close().await;
        return Err(error);
    }
    let readers = kept().max_connections(READER_CAP).connect_with(options.read_only(true)).await;
    let readers = readers.map_err(failed("opening the database"))?;
    Ok(Inner { path, writer, readers, blank, lock })
}

/// Brings the file forward to what this node knows, and makes it the network's.
async fn prepare(writer: &SqlitePool, blank: &Ledger) -> Result<(), StoreError> {
    let mut connection = writer.acquire().await.map_err(failed("opening the database"))?;
    MIGRATIONS.run(&mut *connection).await.map_err(StoreError::Migration)?;
    found(&mut connection, blank).await
}

/// The ledger before the first fact, whatever the given one holds.
fn blank_of(ledger: &Ledger) -> Ledger {
    let sites: Vec<_> = ledger.chains().map(|(_, books)| books.site).collect();
    Ledger::new(ledger.network(), *ledger.clock(), &sites)
}

/// Refuses every file that is not ours, without changing it.
async fn look(path: &Path, blank: &Ledger) -> Result<(), StoreError> {
    match identity_of(path).await? {
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
    identity_of(path).await?.map(|identity| identity.clock()).transpose()
}

async fn identity_of(path: &Path) -> Result<Option<identity::Identity>, StoreError> {
    let reading = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY_TIMEOUT);
    let mut connection = reading.connect().await.map_err(unreadable(path))?;
    let identity = inspect(&mut connection, path).await;
    connection.close().await.map_err(failed("closing the database"))?;
    identity
}

async fn inspect(connection: &mut SqliteConnection, path: &Path) -> Result<Option<identity::Identity>, StoreError> {
    // A sum and a text, because the macro asks for the table behind a bare column, and these have none.
    let application = sqlx::query_scalar!(r#"select application_id + 0 as "id!: i64" from pragma_application_id"#);
    let application = application.fetch_one(&mut *connection).await.map_err(unreadable(path))?;
    let objects = sqlx::query_scalar!(r#"select count(*) as "count!: i64" from sqlite_schema"#);
    let objects = objects.fetch_one(&mut *connection).await.map_err(unreadable(path))?;
    if objects == 0 && application == 0 {
        return Ok(None); // new, or of a node that died before it wrote anything
    }
    check_pages(connection).await?;
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
