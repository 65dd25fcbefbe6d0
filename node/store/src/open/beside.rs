//! Opening the file of a node for another program of the same home, such as a command.
//!
//! A node keeps its claim for as long as it runs, and a command must not wait for its end. So a command opens the file
//! without the claim, if it is whole and of this version. Only where it has to be created or brought forward is it claimed,
//! for as long as that takes: migrations belong to whoever is alone with the file.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::{Instant, sleep};
use williw_core::ledger::Ledger;

use super::{
    BUSY_TIMEOUT, MIGRATIONS, MIGRATIONS_TABLE, Pages, attach, blank_of, claim, connect, inspect, look, prepare,
};
use crate::error::{StoreError, failed, unreadable};
use crate::outbox::Outbox;
use sqlx::migrate::Migrate as _;

/// How long somebody else may take to make the file. A node that has it for longer runs.
const MADE_WITHIN: Duration = Duration::from_secs(3);

/// How often it is looked whether somebody else has made the file meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

pub(crate) async fn beside(path: &Path, blank: &Ledger) -> Result<Outbox, StoreError> {
    let blank = blank_of(blank);
    let deadline = Instant::now() + MADE_WITHIN;
    loop {
        if let Some(path) = ready(path, &blank).await? {
            let (writer, readers) = connect(&path, 1).await?;
            if let Err(error) = attach(&path, &readers).await {
                readers.close().await;
                writer.close().await;
                return Err(error);
            }
            return Ok(Outbox { path, writer, readers });
        }
        match claim::claim(path) {
            Ok(claim) => make(claim, &blank).await?,
            Err(StoreError::InUse { .. }) if Instant::now() + LOOK_AGAIN < deadline => sleep(LOOK_AGAIN).await,
            Err(StoreError::InUse { path }) => return Err(StoreError::Behind { path }),
            Err(error) => return Err(error),
        }
    }
}

/// The real path of the file, if it is there, founded and exactly as this version makes it.
async fn ready(path: &Path, blank: &Ledger) -> Result<Option<PathBuf>, StoreError> {
    let Ok(path) = path.canonicalize() else { return Ok(None) };
    let reading = SqliteConnectOptions::new().filename(&path).read_only(true).busy_timeout(BUSY_TIMEOUT);
    let mut connection = reading.connect().await.map_err(unreadable(&path))?;
    // A node reads all pages when it starts; a command that reads a gigabyte first would be no command.
    let found = inspect(&mut connection, &path, Pages::Unread).await;
    let applied = match found {
        Ok(Some(_)) => connection.list_applied_migrations(MIGRATIONS_TABLE).await.map_err(StoreError::Migration),
        Ok(None) | Err(_) => Ok(Vec::new()),
    };
    connection.close().await.map_err(failed("closing the database"))?;
    let identity = match found {
        Ok(Some(identity)) => identity,
        // Whoever makes it finds out whether the beginning is ours.
        Ok(None) | Err(StoreError::Unfinished) => return Ok(None),
        Err(error) => return Err(error),
    };
    identity.check(blank)?;
    Ok((applied?.len() == MIGRATIONS.iter().count()).then_some(path))
}

/// Creates the file or brings it forward, and gives it back.
async fn make(claim: claim::Claim, blank: &Ledger) -> Result<(), StoreError> {
    let claim::Claim { path, lock } = claim;
    look(&path, blank).await?;
    let (writer, readers) = connect(&path, 1).await?;
    let prepared = prepare(&writer, blank).await;
    readers.close().await;
    writer.close().await;
    prepared?;
    lock.unlock().map_err(|source| StoreError::File { path, doing: "released", source })
}
