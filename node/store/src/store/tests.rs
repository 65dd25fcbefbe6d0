//! What only the inside can see: how the writer is set up, and what it is after a full disk.

use tempfile::TempDir;
use williw_core::census::Batch;
use williw_core::cycle::{CycleClock, Height, Seconds, UnixSeconds};
use williw_core::fact::{Body, Fact};
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Site;
use williw_core::ledger::{Change, Ledger};
use williw_core::network::NetworkId;

use super::Store;
use crate::{Place, StoreError};

const CONFIG: Account = Account([7; 32]);

fn blank() -> Ledger {
    let clock = CycleClock::new(UnixSeconds(1), Seconds(100)).unwrap();
    Ledger::new(NetworkId([1; 32]), clock, &[Site::Solana { config: CONFIG }])
}

async fn open(folder: &TempDir) -> Store {
    Store::open(&folder.path().join("node.db"), &blank()).await.unwrap()
}

/// A batch of `count` facts, the first with number `first`.
fn facts(first: u64, count: u64) -> Batch {
    let fact = |seq: u64| Fact {
        chain: ChainId::Solana,
        journal: CONFIG,
        seq,
        time: UnixSeconds(seq),
        height: Height(seq),
        body: Body::Funded { funded: williw_core::amount::Amount(u128::from(seq)) },
    };
    let mut books = *blank().chain(ChainId::Solana).unwrap();
    books.through.height = Height(first + count);
    let facts = (first..first + count).map(fact).collect();
    let change =
        Change { chain: ChainId::Solana, books, operators: [].into(), signers: [].into(), journals: [].into(), facts };
    Batch { change: Some(change), ..Batch::default() }
}

#[tokio::test]
async fn the_writer_waits_for_the_disk_and_keeps_references() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut writer = store.inner.writer.acquire().await.unwrap();
    let journal: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&mut *writer).await.unwrap();
    let synchronous: i64 = sqlx::query_scalar("pragma synchronous").fetch_one(&mut *writer).await.unwrap();
    let references: i64 = sqlx::query_scalar("pragma foreign_keys").fetch_one(&mut *writer).await.unwrap();
    assert_eq!((journal.as_str(), synchronous, references), ("wal", 2, 1));
    assert_eq!(store.inner.writer.options().get_max_connections(), 1);
    let mut reader = store.inner.readers.acquire().await.unwrap();
    let written = sqlx::query("delete from journal_end").execute(&mut *reader).await;
    assert!(written.unwrap_err().to_string().contains("readonly"));
}

#[tokio::test]
async fn a_full_disk_loses_one_batch_and_not_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    store.commit(&facts(1, 10)).await.unwrap();
    let before = store.checkpoint().await.unwrap();

    let mut writer = store.inner.writer.acquire().await.unwrap();
    let pages: i64 = sqlx::query_scalar("pragma page_count").fetch_one(&mut *writer).await.unwrap();
    let limit = sqlx::AssertSqlSafe(format!("pragma max_page_count = {}", pages + 2));
    sqlx::query(limit).execute(&mut *writer).await.unwrap();
    drop(writer);
    let error = store.commit(&facts(11, 2_000)).await.unwrap_err();
    assert!(matches!(error, StoreError::Full), "{error:?}");
    assert_eq!(error.to_string(), "the disk is full; nothing of the batch was written: make room and start again");

    assert_eq!(store.checkpoint().await.unwrap(), before);
    assert_eq!(store.facts(ChainId::Solana, Place(0), 100).await.unwrap().len(), 10);
    // The limit went with the connection: the disk has room again.
    store.commit(&facts(11, 2_000)).await.unwrap();
    assert_eq!(store.facts(ChainId::Solana, Place(0), 9_999).await.unwrap().len(), 2_010);
}
