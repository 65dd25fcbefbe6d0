//! The outbox: intents, what was signed for them, and how far they have come.
//!
//! The command line writes here beside a running node, so an [`Outbox`] is a handle of its own: several may have the file
//! open, and their transactions take turns. That two of them never sign for one account is not seen to here but by whoever
//! owns its nonces. What the rows may not do, whoever writes them, the file refuses by itself: see its migration.
//!
//! Every call that writes is one transaction, on disk before it returns.

use std::fmt;
use std::path::{Path, PathBuf};

use sqlx::SqliteConnection;
use sqlx::sqlite::SqlitePool;
use tokio::time::{Instant, sleep};
use williw_core::cycle::UnixSeconds;
use williw_core::identity::{Account, ChainId};
use williw_core::ledger::Ledger;
use williw_core::outbox::{Fees, IntentId, Pin, Purpose, Stage, TransactionName};

use crate::error::{StoreError, failed};
use crate::open::BUSY_TIMEOUT;
use crate::row::number;
use crate::store::{Store, write_through};

mod columns;
mod read;

use columns::{Course, id_number};

/// The most intents that one question gives.
pub const INTENTS_CAP: u32 = 1_000;

/// How often it is tried again to bring everything to disk.
const CONFIRM_AGAIN: std::time::Duration = std::time::Duration::from_millis(20);

/// A handle to the outbox in a database. Clones are handles to the same file.
#[derive(Clone)]
pub struct Outbox {
    pub(crate) path: PathBuf,
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

/// One call, and who is to send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub chain: ChainId,
    /// Who pays and signs.
    pub account: Account,
    pub target: Account,
    pub input: Vec<u8>,
    /// In the smallest unit of the chain's own coin.
    pub value: u128,
    /// What it does, for people.
    pub what: String,
    pub asked: UnixSeconds,
}

/// A signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub purpose: Purpose,
    /// None on Solana.
    pub fees: Option<Fees>,
    pub name: TransactionName,
    pub bytes: Vec<u8>,
    pub signed: UnixSeconds,
}

/// An intent with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    pub id: IntentId,
    pub call: Asked,
    pub stage: Stage,
    /// What lets at most one of the attempts happen; none before the first.
    pub pin: Option<Pin>,
    /// In the order in which they were signed: the first has number 1.
    pub attempts: Vec<Attempt>,
    /// Whoever asked for it knows that it happened.
    pub told: bool,
}

/// Which intents are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Which {
    pub account: Option<(ChainId, Account)>,
    pub unsettled: bool,
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// The outbox in this file, over the connections that the node has.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        let inner = &self.inner;
        Outbox { path: inner.path.clone(), writer: inner.writer.clone(), readers: inner.readers.clone() }
    }
}

impl Outbox {
    /// Opens the outbox in the file at `path`, of the network, clock and sites of `blank`, whether or not a node has it.
    ///
    /// Where nobody has the file it is created or brought forward first, as a node would do it. Where a node has it, it has
    /// to be as this version makes it.
    pub async fn open(path: &Path, blank: &Ledger) -> Result<Self, StoreError> {
        crate::open::beside(path, blank).await
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the file go. A node keeps its own connections.
    pub async fn close(self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Sees to it that everything in the file is on disk, also what other processes wrote that may have ended before the
    /// disk confirmed it. Whoever acts upon rows that it did not write asks for this first: what is read may be in memory
    /// only, and a transaction must not leave before its bytes are kept.
    ///
    /// Another fsync would not do, for a disk that has failed once forgets what it failed to write. So the pages are written
    /// once more, into the database itself.
    pub async fn confirm(&self) -> Result<(), StoreError> {
        let doing = "seeing that everything is on disk";
        let deadline = Instant::now() + BUSY_TIMEOUT;
        let mut writer = self.writer.acquire().await.map_err(failed(doing))?;
        loop {
            let pages = sqlx::query_as("pragma wal_checkpoint(passive)").fetch_one(&mut *writer).await;
            let (busy, logged, moved): (i64, i64, i64) = pages.map_err(failed(doing))?;
            // While somebody else is at it, both numbers are -1.
            if busy == 0 && logged == moved {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(StoreError::Unconfirmed { path: self.path.clone() });
            }
            // Somebody reads an older state, or writes.
            sleep(CONFIRM_AGAIN).await;
        }
    }

    /// Writes down what is to happen, all of it or nothing. Their numbers, in order.
    pub async fn intend(&self, calls: &[Asked]) -> Result<Vec<IntentId>, StoreError> {
        let mut ids = Vec::with_capacity(calls.len());
        write_through(&self.writer, "writing an intent", async |connection| {
            for call in calls {
                ids.push(intend(connection, call).await?);
            }
            Ok(())
        })
        .await?;
        Ok(ids)
    }

    /// Writes down what was signed, before it is sent, with the stage that follows from it.
    pub async fn sign(&self, intent: IntentId, attempt: &Attempt, stage: Stage) -> Result<(), StoreError> {
        write_through(&self.writer, "writing a signed transaction", async |connection| {
            sign(connection, intent, attempt, stage).await
        })
        .await
    }

    /// Writes down how far an intent has come.
    pub async fn note(&self, intent: IntentId, stage: Stage) -> Result<(), StoreError> {
        write_through(&self.writer, "writing how far an intent has come", async |connection| {
            note(connection, intent, stage).await
        })
        .await
    }

    /// Writes down that whoever asked for these knows that they happened.
    pub async fn tell(&self, intents: &[IntentId]) -> Result<(), StoreError> {
        let doing = "writing who was told";
        write_through(&self.writer, doing, async |connection| {
            for intent in intents {
                let id = id_number(*intent)?;
                let told = sqlx::query!("update course set told = 1 where intent = ?", id);
                told.execute(&mut *connection).await.map_err(failed(doing))?;
            }
            Ok(())
        })
        .await
    }

    /// One intent.
    pub async fn intent(&self, id: IntentId) -> Result<Option<Intent>, StoreError> {
        let mut snapshot = self.readers.begin().await.map_err(failed("reading an intent"))?;
        let found = read::intents(&mut snapshot, Which::default(), Some(id), 1).await?;
        Ok(found.into_iter().next())
    }

    /// The latest of these intents, the latest first; at most `limit`, and never more than [`INTENTS_CAP`].
    pub async fn intents(&self, which: Which, limit: u32) -> Result<Vec<Intent>, StoreError> {
        let mut snapshot = self.readers.begin().await.map_err(failed("reading intents"))?;
        read::intents(&mut snapshot, which, None, limit.min(INTENTS_CAP)).await
    }

    /// The accounts for which something is unsettled.
    pub async fn unsettled_accounts(&self, chain: ChainId) -> Result<Vec<Account>, StoreError> {
        let mut snapshot = self.readers.begin().await.map_err(failed("reading intents"))?;
        read::unsettled_accounts(&mut snapshot, chain).await
    }

    /// Whose nonce this is already, if it is an intent's of this account.
    pub async fn pinned(&self, chain: ChainId, account: Account, nonce: u64) -> Result<Option<IntentId>, StoreError> {
        let mut snapshot = self.readers.begin().await.map_err(failed("reading pins"))?;
        read::pinned(&mut snapshot, chain, account, nonce).await
    }
}

async fn intend(connection: &mut SqliteConnection, call: &Asked) -> Result<IntentId, StoreError> {
    let doing = "writing an intent";
    let chain = number(call.chain);
    let (account, target, input) = (&call.account.0[..], &call.target.0[..], &call.input[..]);
    let (value, asked) = (&call.value.to_be_bytes()[..], &call.asked.0.to_be_bytes()[..]);
    let row = sqlx::query!(
        "insert into intent (chain, account, target, input, value, what, asked) values (?, ?, ?, ?, ?, ?, ?)",
        chain,
        account,
        target,
        input,
        value,
        call.what,
        asked
    );
    let id = row.execute(&mut *connection).await.map_err(failed(doing))?.last_insert_rowid();
    let intended = Course::of(Stage::Intended).stage;
    let course = sqlx::query!("insert into course (intent, stage, told) values (?, ?, 0)", id, intended);
    course.execute(connection).await.map_err(failed(doing))?;
    Ok(IntentId(u64::try_from(id).expect("the table checks that it is positive")))
}

async fn sign(
    connection: &mut SqliteConnection,
    intent: IntentId,
    attempt: &Attempt,
    stage: Stage,
) -> Result<(), StoreError> {
    let doing = "writing a signed transaction";
    let trail = stage.trail().expect("whoever signed knows what was signed so far");
    let (id, nth) = (id_number(intent)?, i64::from(trail.attempts));
    if trail.attempts == 1 {
        let (nonce, blockhash, last_valid) = match trail.pin {
            Pin::Nonce(nonce) => (Some(nonce.to_be_bytes().to_vec()), None, None),
            Pin::Blockhash { blockhash, last_valid } => {
                (None, Some(blockhash.0.to_vec()), Some(last_valid.0.to_be_bytes().to_vec()))
            }
        };
        let row = sqlx::query!(
            "insert into pin (intent, chain, account, nonce, blockhash, last_valid)
            select id, chain, account, ?, ?, ? from intent where id = ?",
            nonce,
            blockhash,
            last_valid,
            id
        );
        row.execute(&mut *connection).await.map_err(failed(doing))?;
    }
    let purpose = columns::purpose_number(attempt.purpose);
    let max_fee = attempt.fees.map(|fees| fees.max.0.to_be_bytes().to_vec());
    let tip = attempt.fees.map(|fees| fees.tip.0.to_be_bytes().to_vec());
    let name = match &attempt.name {
        TransactionName::Base(hash) => &hash.0[..],
        TransactionName::Solana(signature) => &signature[..],
    };
    let (bytes, signed) = (&attempt.bytes[..], &attempt.signed.0.to_be_bytes()[..]);
    let row = sqlx::query!(
        "insert into attempt (intent, nth, purpose, max_fee, tip, name, bytes, signed) values (?, ?, ?, ?, ?, ?, ?, ?)",
        id,
        nth,
        purpose,
        max_fee,
        tip,
        name,
        bytes,
        signed
    );
    row.execute(&mut *connection).await.map_err(failed(doing))?;
    note(connection, intent, stage).await
}

async fn note(connection: &mut SqliteConnection, intent: IntentId, stage: Stage) -> Result<(), StoreError> {
    let doing = "writing how far an intent has come";
    let id = id_number(intent)?;
    let Course { stage, attempt, height, hash, succeeded, unsent, free_at } = Course::of(stage);
    let row = sqlx::query!(
        // Whoever was told of a block that is no more was told what is not so.
        "update course set stage = ?1, attempt = ?2, height = ?3, hash = ?4, succeeded = ?5, unsent = ?6,
            told = case when ?1 = 2 then 0 else told end, free_at = coalesce(?7, free_at)
        where intent = ?8",
        stage,
        attempt,
        height,
        hash,
        succeeded,
        unsent,
        free_at,
        id
    );
    let changed = row.execute(connection).await.map_err(failed(doing))?.rows_affected();
    if changed == 1 { Ok(()) } else { Err(StoreError::NoIntent { intent }) }
}

#[cfg(test)]
mod tests;
