//! Rows made by hand, and what a checkpoint is after them. The store believes every batch, so they need not make sense.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use tempfile::TempDir;
use williw_core::amount::Amount;
use williw_core::census::{Batch, Checkpoint};
use williw_core::cycle::{CycleClock, Height, Seconds, UnixSeconds};
use williw_core::cycle_stake::CycleStake;
use williw_core::fact::{Body, Fact};
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, Owner, Signer};
use williw_core::journal::{Head, Site};
use williw_core::ledger::{Change, JournalEnd, Ledger, Operator, Point};
use williw_core::network::NetworkId;
use williw_core::reputation::{Reputation, Score};
use williw_store::{Place, Store};

pub(crate) const VAULT: Account =
    Account([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]);
pub(crate) const POOL: Account =
    Account([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6]);
pub(crate) const CONFIG: Account = Account([7; 32]);
pub(crate) const SITES: [Site; 2] = [Site::Base { vault: VAULT, pool: Some(POOL) }, Site::Solana { config: CONFIG }];

pub(crate) fn clock() -> CycleClock {
    CycleClock::new(UnixSeconds(1_000), Seconds(100)).unwrap()
}

pub(crate) fn blank() -> Ledger {
    Ledger::new(NetworkId([1; 32]), clock(), &SITES)
}

/// A folder with the path of a file in it that is not there yet.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    (folder, path)
}

/// A connection past the store, as somebody with a shell would have.
pub(crate) async fn shell(store: &Store) -> SqliteConnection {
    SqliteConnectOptions::new().filename(store.path()).connect().await.unwrap()
}

pub(crate) fn owner(chain: ChainId, byte: u8) -> Owner {
    let account = match chain {
        ChainId::Base => Account::evm([byte; 20]),
        ChainId::Solana => Account([byte; 32]),
    };
    Owner { chain, account }
}

pub(crate) fn operator(active: u128) -> Operator {
    let amount = Amount(active);
    Operator {
        index: 0,
        journal: VAULT,
        active: amount,
        queued: Amount(0),
        link: None,
        signer: Signer([4; 20]),
        nonce: 1,
        term: 0,
        jailed: None,
        stake: CycleStake::read_back(amount, amount, amount, williw_core::cycle::Cycle(3)),
        changed: Height(9),
    }
}

/// The fact with number `seq` in the vault's journal: a deposit of owner 1 or 2.
pub(crate) fn deposit(seq: u64) -> Fact {
    let account = owner(ChainId::Base, u8::try_from(seq % 2).unwrap() + 1).account;
    let body = Body::Staked { account, active: Amount(u128::from(seq)) };
    Fact { chain: ChainId::Base, journal: VAULT, seq, time: UnixSeconds(seq), height: Height(seq / 10), body }
}

/// The batch with number `nth` (from 0) in a row of them: `count` facts, and rows in every table that all say `nth`.
pub(crate) fn batch(nth: u64, count: u64) -> Batch {
    let mut books = *blank().chain(ChainId::Base).unwrap();
    let last = (nth + 1) * count;
    books.through = Point { height: Height(last), time: UnixSeconds(last) };
    books.funded = Amount(u128::from(nth));
    let owner = owner(ChainId::Base, 1);
    let head = Head { seq: last, hash: Hash([u8::try_from(nth % 256).unwrap(); 32]) };
    let end = JournalEnd { head, last: Point { height: Height(last / 10), time: UnixSeconds(last) } };
    let change = Change {
        chain: ChainId::Base,
        books,
        operators: [(owner, operator(u128::from(nth)))].into(),
        signers: [].into(),
        journals: [((ChainId::Base, VAULT), end)].into(),
        facts: (nth * count + 1..=last).map(deposit).collect(),
    };
    let reputation = Reputation::read_back(Score(i64::try_from(nth).unwrap()), UnixSeconds(nth));
    Batch { change: Some(change), reputation: [(owner, reputation)].into(), evidence: [].into() }
}

pub(crate) fn start() -> Checkpoint {
    Checkpoint { ledger: blank(), reputation: [].into(), evidence: [].into() }
}

/// What a checkpoint is after a batch, by the book.
pub(crate) fn apply(checkpoint: &mut Checkpoint, batch: &Batch) {
    if let Some(change) = &batch.change {
        checkpoint.ledger.commit(change);
    }
    checkpoint.reputation.extend(&batch.reputation);
    for (owner, evidence) in &batch.evidence {
        match evidence {
            Some(evidence) => checkpoint.evidence.insert(*owner, *evidence),
            None => checkpoint.evidence.remove(owner),
        };
    }
}

/// What there is after the first `written` batches of `count` facts.
pub(crate) fn after(written: u64, count: u64) -> Checkpoint {
    let mut checkpoint = start();
    (0..written).for_each(|nth| apply(&mut checkpoint, &batch(nth, count)));
    checkpoint
}

/// Opens a file whose writer ended somehow after it was told that `told` batches of `count` facts were written, and goes on
/// with it. There may be one batch more, of which it was not told any more; there is no half of one. Gives back how many.
pub(crate) async fn found_whole(path: &Path, told: u64, count: u64) -> u64 {
    let store = Store::open(path, &blank()).await.unwrap();
    let found = store.checkpoint().await.unwrap();
    let written = if found == after(told, count) { told } else { told + 1 };
    assert_eq!(found, after(written, count), "of {told} batches");
    let last = Place((written * count).saturating_sub(1));
    let facts = store.facts(ChainId::Base, last, 10).await.unwrap();
    assert_eq!(facts.len(), usize::from(written > 0), "of {told} batches");
    store.commit(&batch(written, count)).await.unwrap();
    store.close().await.unwrap();
    written
}
