//! The handle: which connection does what, and what a failure leaves behind.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::{Sqlite, SqlitePool};
use sqlx::{Connection as _, SqliteConnection, Transaction};
use williw_core::census::{Batch, Checkpoint};
use williw_core::cycle::CycleClock;
use williw_core::identity::{ChainId, Owner};
use williw_core::ledger::Ledger;

use crate::error::{StoreError, failed};
use crate::facts::{self, Entry, Place};
use crate::peers::{self, PeerRow};
use crate::{open, read, write};

/// The rows of one node. Clones are handles to the same file.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) path: PathBuf,
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    /// The ledger before the first fact: which network, clock and sites these rows are of.
    pub(crate) blank: Ledger,
    /// Keeps other nodes out. Last, so that it is given back after the connections.
    pub(crate) lock: File,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the file at `path`, or creates it, for the network, clock and sites of `blank`.
    ///
    /// It is brought forward to the newest migration, and readable for its owner only. Files that cannot be what this node
    /// wrote for this network are refused before anything in them is changed.
    pub async fn open(path: &Path, blank: &Ledger) -> Result<Self, StoreError> {
        open::open(path, blank).await.map(|inner| Self { inner: Arc::new(inner) })
    }

    /// The cycle clock that the file at `path` was founded with; none if there is no such file yet. With it a node starts
    /// while nobody answers for the chain: the clock of a network never changes.
    pub async fn clock_of(path: &Path) -> Result<Option<CycleClock>, StoreError> {
        open::clock_of(path).await
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Writes a batch: all of it, durably, or nothing.
    ///
    /// A caller that stops waiting does not know which; it finds out by reading the checkpoint.
    pub async fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        if let Some(change) = &batch.change {
            write::check(change, &self.inner.blank)?;
        }
        self.write("writing a batch", async |connection| write::batch(connection, batch).await).await
    }

    /// What was written last, for the census to continue from.
    pub async fn checkpoint(&self) -> Result<Checkpoint, StoreError> {
        let mut snapshot = self.snapshot("reading the checkpoint").await?;
        read::checkpoint(&mut snapshot, &self.inner.blank).await
    }

    /// The facts of a chain behind `after`, in the order in which they were folded; at most `limit`, and never more than
    /// [`FACTS_CAP`](crate::FACTS_CAP). There are more if that many came.
    pub async fn facts(&self, chain: ChainId, after: Place, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut snapshot = self.snapshot("reading facts").await?;
        facts::after(&mut snapshot, chain, after, limit).await
    }

    /// The last facts about an owner, the newest first; at most `limit`, and never more than
    /// [`FACTS_CAP`](crate::FACTS_CAP).
    pub async fn facts_about(&self, owner: Owner, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let mut snapshot = self.snapshot("reading facts").await?;
        facts::about(&mut snapshot, owner, limit).await
    }

    /// Writes where peers were reached, in place of what was known of them. Beyond [`PEER_CAP`](crate::PEER_CAP) peers the
    /// ones seen longest ago are forgotten; of each the first [`ADDRESS_CAP`](crate::ADDRESS_CAP) addresses are kept.
    pub async fn remember_peers(&self, peers: &[PeerRow]) -> Result<(), StoreError> {
        self.write("remembering peers", async |connection| peers::remember(connection, peers).await).await
    }

    /// The peers seen last, the latest first; at most `limit`.
    pub async fn known_peers(&self, limit: u32) -> Result<Vec<PeerRow>, StoreError> {
        let mut snapshot = self.snapshot("reading peers").await?;
        peers::known(&mut snapshot, limit).await
    }

    /// Finishes what is being written and lets the file go, for all handles.
    pub async fn close(self) -> Result<(), StoreError> {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
        let release = |source| StoreError::File { path: self.inner.path.clone(), doing: "released", source };
        self.inner.lock.unlock().map_err(release)
    }

    /// A view that stays as it is while batches are committed beside it.
    async fn snapshot(&self, doing: &'static str) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.inner.readers.begin().await.map_err(failed(doing))
    }

    /// Carries `work` out in one transaction of the one writer.
    async fn write<F>(&self, doing: &'static str, work: F) -> Result<(), StoreError>
    where
        F: AsyncFnOnce(&mut SqliteConnection) -> Result<(), StoreError>,
    {
        write_through(&self.inner.writer, doing, work).await
    }
}

/// Carries `work` out in one transaction of a writer.
pub(crate) async fn write_through<F>(writer: &SqlitePool, doing: &'static str, work: F) -> Result<(), StoreError>
where
    F: AsyncFnOnce(&mut SqliteConnection) -> Result<(), StoreError>,
{
    let mut writer = writer.acquire().await.map_err(failed(doing))?;
    let written = transact(&mut writer, doing, work).await;
    if written.is_err() {
        // When a disk is full SQLite rolls back by itself, of which sqlx knows nothing: it would take the connection to
        // be inside that transaction for ever. The next one begins with a clean slate. That closing this one fails as
        // well adds nothing to why the batch did.
        drop(writer.detach().close_hard().await);
    }
    written
}

async fn transact<F>(writer: &mut SqliteConnection, doing: &'static str, work: F) -> Result<(), StoreError>
where
    F: AsyncFnOnce(&mut SqliteConnection) -> Result<(), StoreError>,
{
    let mut transaction = writer.begin_with("begin immediate").await.map_err(failed(doing))?;
    work(&mut transaction).await?;
    transaction.commit().await.map_err(failed(doing))
}

#[cfg(test)]
mod tests;
