//! Opening the guard: locked first, looked into second, changed last.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use sqlx::migrate::{Migrate as _, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection};
use tokio::sync::watch;
use williw_core::network::NetworkId;

use super::Guard;
use super::error::{GuardError, failed, unmigrated, unreadable};
use super::mark::{self, Mark};
use super::rows::{self, State, Sum};
use super::site::FileSite;
use crate::error::StoreError;
use crate::open::claim::{self, Claim};

/// "wilg", in the header of every guard; the first migration writes it.
const APPLICATION_ID: i64 = 0x7769_6c67;

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/guard");

/// The header of a file of SQLite: how it begins, where its application id is, and how long it is.
const MAGIC: &[u8] = b"SQLite format 3\0";
const APPLICATION_ID_AT: usize = 68;
const HEADER_LEN: usize = 100;

/// Where `sqlx` notes which migrations were applied.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

/// A file that is locked and open. Nothing is known of what is in it but that it is a guard, or nothing yet.
pub(super) struct Opened {
    claim: Claim,
    pub(super) connection: SqliteConnection,
    site: FileSite,
    pub(super) state: Option<State>,
}

pub(super) async fn open(path: &Path, network: NetworkId) -> Result<Guard, GuardError> {
    let guard = open_even_moved(path, network).await?;
    if guard.state.moved { Err(GuardError::Moved { path: guard.path }) } else { Ok(guard) }
}

/// Opens the guard, also one that signs nothing any more.
pub(super) async fn open_even_moved(path: &Path, network: NetworkId) -> Result<Guard, GuardError> {
    if is_absent(path)? {
        return Err(GuardError::Missing { path: path.to_owned() });
    }
    let opened = connect(path).await?;
    let path = opened.claim.path.clone();
    let Some(state) = opened.state.clone() else { return Err(GuardError::Missing { path }) };
    check(&path, &state, network)?;
    let marked = Mark::open(&mark::beside(&path), state.id)?;
    let Some((mark, known)) = marked else { return Err(GuardError::NoMark { path: mark::beside(&path) }) };
    if state.seq < known {
        return Err(GuardError::Older { path, found: state.seq, known });
    }
    if state.site != opened.site {
        return Err(GuardError::Copy { path });
    }
    let mut guard = take_up(opened, state, mark).await?;
    // It may have been killed between the two files.
    guard.mark.write(guard.state.seq, &guard.lock).await?;
    Ok(guard)
}

pub(super) async fn found(mut opened: Opened, network: NetworkId, boot: u64, noted: u64) -> Result<Guard, GuardError> {
    let path = opened.claim.path.clone();
    let state = match opened.state.take() {
        None => create(&mut opened, network, boot, noted).await?,
        // Somebody was interrupted before anything could be signed.
        Some(state) if is_new(&mut opened.connection, &state, network).await? => state,
        Some(_) => return Err(GuardError::Exists { path }),
    };
    let mark = Mark::create(&mark::beside(&path), state.id, state.seq)?;
    take_up(opened, state, mark).await
}

pub(super) async fn accept(path: &Path, network: NetworkId, boot: u64) -> Result<Guard, GuardError> {
    let mut opened = connect(path).await?;
    let path = opened.claim.path.clone();
    let state = match opened.state.take() {
        None => create(&mut opened, network, boot, boot).await?,
        Some(state) => state,
    };
    check(&path, &state, network)?;
    if state.moved {
        return Err(GuardError::Moved { path });
    }
    // Beyond whatever the mark says, so that it does not matter any more.
    let known = Mark::open(&mark::beside(&path), state.id)?.map_or(0, |(_, known)| known);
    let mark = Mark::create(&mark::beside(&path), state.id, known.max(state.seq))?;
    let site = opened.site;
    let mut guard = take_up(opened, state, mark).await?;
    guard
        .write("accepting the guard", async |change| {
            change.state.site = site;
            change.state.seq = change.state.seq.max(known);
            change.state.boot = change.state.boot.max(boot);
            change.state.noted = change.state.noted.max(boot);
            Ok(())
        })
        .await?;
    Ok(guard)
}

/// True if there is nothing at `path`, or an empty file.
fn is_absent(path: &Path) -> Result<bool, GuardError> {
    match path.metadata() {
        Ok(metadata) => Ok(metadata.len() == 0),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(GuardError::File { path: path.to_owned(), doing: "looked for", source }),
    }
}

/// Refuses a guard of another network: no person can accept that either.
fn check(path: &Path, state: &State, network: NetworkId) -> Result<(), GuardError> {
    if state.network == network {
        return Ok(());
    }
    Err(GuardError::OtherNetwork { path: path.to_owned(), found: state.network, wanted: network })
}

/// True if nothing was written since this guard was founded.
async fn is_new(connection: &mut SqliteConnection, state: &State, network: NetworkId) -> Result<bool, GuardError> {
    let signers = rows::signers(connection).await?;
    Ok(state.network == network && state.seq == 0 && signers.is_empty())
}

/// Locks the file, creates it if need be, and looks into it over a connection that is the only one.
pub(super) async fn connect(path: &Path) -> Result<Opened, GuardError> {
    let claim = claim::claim(path).map_err(|error| match error {
        StoreError::InUse { path } => GuardError::InUse { path },
        StoreError::File { path, doing, source } => GuardError::File { path, doing, source },
        other => GuardError::File { path: path.to_owned(), doing: "opened", source: std::io::Error::other(other) },
    })?;
    let file = |doing| {
        let path = claim.path.clone();
        move |source| GuardError::File { path, doing, source }
    };
    // Closed again before SQLite opens it: see the claim about closing handles.
    let site = File::open(&claim.path).and_then(|file| FileSite::of(&file)).map_err(file("looked at"))?;
    peek(&claim.path)?;
    let options = SqliteConnectOptions::new()
        .filename(&claim.path)
        .locking_mode(SqliteLockingMode::Exclusive)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    let mut connection = options.connect().await.map_err(unreadable(&claim.path))?;
    let founded = look(&mut connection, &claim.path).await?;
    let state = if founded { rows::state(&mut connection).await? } else { None };
    Ok(Opened { claim, connection, site, state })
}

/// Refuses what says in its header that it is something else, before SQLite changes anything in it.
fn peek(path: &Path) -> Result<(), GuardError> {
    let mut header = Vec::with_capacity(HEADER_LEN);
    let read = File::open(path).and_then(|file| file.take(HEADER_LEN as u64).read_to_end(&mut header));
    read.map_err(|source| GuardError::File { path: path.to_owned(), doing: "read", source })?;
    let application = header.get(APPLICATION_ID_AT..).and_then(<[u8]>::first_chunk).map(|id| i32::from_be_bytes(*id));
    match application {
        // New. Or founded a moment ago: its first pages may still be in the log.
        _ if header.is_empty() => Ok(()),
        Some(id) if header.starts_with(MAGIC) && (id == 0 || i64::from(id) == APPLICATION_ID) => Ok(()),
        Some(_) | None => Err(GuardError::NotAGuard { path: path.to_owned() }),
    }
}

/// Refuses every file that is no guard, is damaged, or was written by another version. False if it is still empty.
async fn look(connection: &mut SqliteConnection, path: &Path) -> Result<bool, GuardError> {
    let application = sqlx::query_scalar!(r#"select application_id + 0 as "id!: i64" from pragma_application_id"#);
    let application = application.fetch_one(&mut *connection).await.map_err(unreadable(path))?;
    let objects = sqlx::query_scalar!(
        r#"select count(*) as "count!: i64" from sqlite_schema where tbl_name <> '_sqlx_migrations'"#
    );
    let objects = objects.fetch_one(&mut *connection).await.map_err(unreadable(path))?;
    if objects == 0 && application == 0 {
        return Ok(false);
    }
    if application != APPLICATION_ID {
        return Err(GuardError::NotAGuard { path: path.to_owned() });
    }
    let findings =
        sqlx::query_scalar!(r#"select quick_check || '' as "finding!: String" from pragma_quick_check limit 1"#);
    let finding = findings.fetch_one(&mut *connection).await.map_err(unreadable(path))?;
    if finding != "ok" {
        return Err(GuardError::Damaged { path: path.to_owned(), finding });
    }
    let applied = connection.list_applied_migrations(MIGRATIONS_TABLE).await.map_err(GuardError::Migration)?;
    let known = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    for applied in applied {
        match MIGRATIONS.iter().find(|migration| migration.version == applied.version) {
            None => return Err(GuardError::Newer { found: applied.version, known }),
            Some(ours) if ours.checksum != applied.checksum => {
                return Err(GuardError::Altered { version: applied.version });
            }
            Some(_) => {}
        }
    }
    Ok(true)
}

pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), GuardError> {
    MIGRATIONS.run(connection).await.map_err(unmigrated)
}

/// Writes into an empty file which guard it is.
async fn create(opened: &mut Opened, network: NetworkId, boot: u64, noted: u64) -> Result<State, GuardError> {
    let doing = "founding the guard";
    migrate(&mut opened.connection).await?;
    let id = sqlx::query_scalar!(r#"select randomblob(16) as "id!: Vec<u8>""#);
    let id = id.fetch_one(&mut opened.connection).await.map_err(failed(doing))?;
    let id: [u8; 16] = id.try_into().expect("SQLite gives as many random bytes as it is asked for");
    let state = State { id, network, boot, noted, seq: 0, sum: Sum::default(), site: opened.site, moved: false };
    let (id, network, boot, seq) = (&id[..], &network.0[..], &boot.to_be_bytes()[..], &0_u64.to_be_bytes()[..]);
    let noted = &noted.to_be_bytes()[..];
    let (inode, born) = (&state.site.inode.to_be_bytes()[..], &state.site.born.to_be_bytes()[..]);
    let sum = &state.sum.0[..];
    let row = sqlx::query!(
        "insert into guard (one, id, network, boot, noted, seq, sum, inode, born, moved) values (1, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        id,
        network,
        boot,
        noted,
        seq,
        sum,
        inode,
        born
    );
    row.execute(&mut opened.connection).await.map_err(failed(doing))?;
    Ok(state)
}

/// Copies what the log still holds into the file, and waits until the disk has it. A row in the log may be one whose write
/// failed; it reads like any other, and a signature is not to be given for what a power cut could still take away.
async fn settle(connection: &mut SqliteConnection, path: &Path) -> Result<(), GuardError> {
    let checkpoint = sqlx::query_as::<_, (i64, i64, i64)>("pragma wal_checkpoint(full)");
    let (busy, _, _) = checkpoint.fetch_one(connection).await.map_err(failed("taking up what was written last"))?;
    if busy == 0 { Ok(()) } else { Err(GuardError::InUse { path: path.to_owned() }) }
}

/// Reads it all once, and compares with what it is to add up to.
async fn take_up(opened: Opened, state: State, mark: Mark) -> Result<Guard, GuardError> {
    let Opened { claim: Claim { path, lock }, mut connection, .. } = opened;
    migrate(&mut connection).await?;
    settle(&mut connection, &path).await?;
    let signers: BTreeSet<_> = rows::signers(&mut connection).await?;
    let histories = rows::histories(&mut connection, &signers).await?;
    if rows::sum_of(&histories) != state.sum {
        let finding = "its rows do not add up".to_owned();
        return Err(GuardError::Damaged { path, finding });
    }
    let announced = watch::Sender::new(state.noted);
    Ok(Guard { path, connection, mark, state, signers, announced, stopped: false, lock: Arc::new(lock) })
}
