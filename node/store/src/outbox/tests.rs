//! What the outbox keeps when the disk is full, and what the file refuses whoever asks.

use tempfile::TempDir;
use williw_core::cycle::{CycleClock, Height, Seconds, UnixSeconds};
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Site;
use williw_core::ledger::Ledger;
use williw_core::network::NetworkId;
use williw_core::outbox::{
    Fees, Inclusion, IntentId, Outcome, Pin, Place, Purpose, Stage, Trail, TransactionName, Unsent, Wei,
};

use super::{Asked, Attempt, Intent, Outbox, Which};
use crate::{Store, StoreError};

const PAYER: Account = Account([5; 32]);

fn blank() -> Ledger {
    let clock = CycleClock::new(UnixSeconds(1), Seconds(100)).unwrap();
    let site = Site::Base { vault: Account([7; 32]), pool: None };
    Ledger::new(NetworkId([1; 32]), clock, &[site, Site::Solana { config: Account([8; 32]) }])
}

async fn open(folder: &TempDir) -> Outbox {
    Outbox::open(&folder.path().join("node.db"), &blank()).await.unwrap()
}

fn asked(chain: ChainId, what: &str) -> Asked {
    let (target, input, asked) = (Account([6; 32]), vec![1, 2, 3], UnixSeconds(1_000));
    Asked { chain, account: PAYER, target, input, value: u128::MAX, what: what.to_owned(), asked }
}

fn attempt(nth: u8, purpose: Purpose) -> Attempt {
    let fees = Some(Fees { max: Wei(u128::MAX - u128::from(nth)), tip: Wei(u128::from(nth)) });
    let name = TransactionName::Base(Hash([nth; 32]));
    Attempt { purpose, fees, name, bytes: vec![nth; 300], signed: UnixSeconds(u64::MAX) }
}

fn trail(attempts: u32) -> Trail {
    Trail { pin: Pin::Nonce(u64::MAX), attempts, free_at: Height(u64::MAX - u64::from(attempts)) }
}

fn included(attempt: u32, purpose: Purpose, succeeded: bool) -> Inclusion {
    Inclusion { attempt, purpose, place: Place { height: Height(u64::MAX), hash: Hash([4; 32]) }, succeeded }
}

async fn one(outbox: &Outbox) -> IntentId {
    outbox.intend(&[asked(ChainId::Base, "pay")]).await.unwrap()[0]
}

#[tokio::test]
async fn everything_comes_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = open(&folder).await;
    let calls = [asked(ChainId::Base, "approve"), asked(ChainId::Base, "stake")];
    let ids = outbox.intend(&calls).await.unwrap();
    assert_eq!(ids, [IntentId(1), IntentId(2)]);
    let attempts = [attempt(1, Purpose::Call), attempt(2, Purpose::Call), attempt(3, Purpose::Cancel)];
    for (nth, attempt) in (1..).zip(&attempts) {
        outbox.sign(ids[0], attempt, Stage::Signed(trail(nth))).await.unwrap();
    }
    let place = Place { height: Height(3), hash: Hash([2; 32]) };
    let course = [
        Stage::Signed(trail(3)),
        Stage::Included(trail(3), included(2, Purpose::Call, false)),
        Stage::Spent(trail(3), place),
        Stage::Included(trail(3), included(3, Purpose::Cancel, true)),
        Stage::Settled(Outcome::Cancelled(included(3, Purpose::Cancel, true))),
    ];
    for stage in course {
        let outbox = open(&folder).await;
        outbox.note(ids[0], stage).await.unwrap();
        outbox.close().await;
        let outbox = open(&folder).await;
        let found = outbox.intent(ids[0]).await.unwrap().unwrap();
        let pin = Some(Pin::Nonce(u64::MAX));
        let call = calls[0].clone();
        let expected = Intent { id: ids[0], call, stage, pin, attempts: attempts.to_vec(), told: false };
        assert_eq!(found, expected);
        outbox.close().await;
    }
    let outbox = open(&folder).await;
    outbox.note(ids[1], Stage::Settled(Outcome::NotSent(Unsent::NotItsTurn))).await.unwrap();
    outbox.tell(&ids).await.unwrap();
    let all = outbox.intents(Which::default(), 9).await.unwrap();
    assert_eq!(all.iter().map(|intent| (intent.id.0, intent.told)).collect::<Vec<_>>(), [(2, true), (1, true)]);
    assert_eq!(outbox.intents(Which::default(), 1).await.unwrap().len(), 1);
    assert_eq!(outbox.pinned(ChainId::Base, PAYER, u64::MAX).await.unwrap(), Some(ids[0]));
    assert_eq!(outbox.pinned(ChainId::Base, PAYER, 0).await.unwrap(), None);
}

/// The write-ahead log is lost in a crash after an fsync that failed; the database itself is not.
#[tokio::test]
async fn what_is_confirmed_is_in_the_database_itself() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let outbox = open(&folder).await;
    for (confirmed, kept) in [(false, 0), (true, 2)] {
        one(&outbox).await;
        if confirmed {
            outbox.confirm().await.unwrap();
        }
        let copy = elsewhere.path().join(format!("{confirmed}"));
        std::fs::create_dir(&copy).unwrap();
        std::fs::copy(outbox.path(), copy.join("node.db")).unwrap();
        let found = Outbox::open(&copy.join("node.db"), &blank()).await.unwrap();
        assert_eq!(found.intents(Which::default(), 9).await.unwrap().len(), kept);
        found.close().await;
    }
    // Whoever reads an older state keeps it from being done, and that is said.
    let mut reader = outbox.readers.begin().await.unwrap();
    sqlx::query("select count(*) from intent").execute(&mut *reader).await.unwrap();
    for _ in 0..3 {
        one(&outbox).await;
    }
    let confirmed = async { tokio::join!(outbox.confirm(), async { drop(reader) }).0 };
    confirmed.await.unwrap();
}

#[tokio::test]
async fn whoever_was_told_of_a_block_that_is_gone_was_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = open(&folder).await;
    let id = one(&outbox).await;
    outbox.sign(id, &attempt(1, Purpose::Call), Stage::Signed(trail(1))).await.unwrap();
    outbox.note(id, Stage::Included(trail(1), included(1, Purpose::Call, true))).await.unwrap();
    outbox.tell(&[id]).await.unwrap();
    for (stage, told) in [
        (Stage::Included(trail(1), included(1, Purpose::Call, true)), true),
        (Stage::Signed(trail(1)), false),
        (Stage::Settled(Outcome::Done(included(1, Purpose::Call, true))), false),
    ] {
        outbox.note(id, stage).await.unwrap();
        assert_eq!(outbox.intent(id).await.unwrap().unwrap().told, told, "{stage:?}");
    }
}

#[tokio::test]
async fn an_intent_of_solana_has_a_blockhash_and_one_signature() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = open(&folder).await;
    let id = outbox.intend(&[asked(ChainId::Solana, "pay")]).await.unwrap()[0];
    let pin = Pin::Blockhash { blockhash: Hash([1; 32]), last_valid: Height(9) };
    let name = TransactionName::Solana([3; 64]);
    let signed = Attempt { fees: None, name, ..attempt(1, Purpose::Call) };
    let stage = Stage::Signed(Trail { pin, attempts: 1, free_at: Height(5) });
    outbox.sign(id, &signed, stage).await.unwrap();
    let found = outbox.intent(id).await.unwrap().unwrap();
    assert_eq!((found.pin, found.stage, &found.attempts[..]), (Some(pin), stage, &[signed][..]));
    let expired = Stage::Settled(Outcome::Expired(Place { height: Height(10), hash: Hash([2; 32]) }));
    outbox.note(id, expired).await.unwrap();
    assert_eq!(outbox.intent(id).await.unwrap().unwrap().stage, expired);
}

#[tokio::test]
async fn what_is_left_to_do_is_found_by_account() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = open(&folder).await;
    let other = Account([9; 32]);
    let calls = [asked(ChainId::Base, "a"), Asked { account: other, ..asked(ChainId::Base, "b") }];
    let ids = outbox.intend(&calls).await.unwrap();
    assert_eq!(outbox.unsettled_accounts(ChainId::Base).await.unwrap(), [PAYER, other]);
    assert_eq!(outbox.unsettled_accounts(ChainId::Solana).await.unwrap(), []);
    outbox.note(ids[0], Stage::Settled(Outcome::NotSent(Unsent::Refused))).await.unwrap();
    assert_eq!(outbox.unsettled_accounts(ChainId::Base).await.unwrap(), [other]);
    let which = |account, unsettled| Which { account: Some((ChainId::Base, account)), unsettled };
    assert_eq!(outbox.intents(which(PAYER, true), 9).await.unwrap(), []);
    assert_eq!(outbox.intents(which(PAYER, false), 9).await.unwrap().len(), 1);
    assert_eq!(outbox.intents(which(other, true), 9).await.unwrap()[0].id, ids[1]);
}

/// What the file itself must refuse.
#[tokio::test]
async fn the_file_refuses_what_could_make_something_happen_twice() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = open(&folder).await;
    let ids = outbox.intend(&[asked(ChainId::Base, "a"), asked(ChainId::Base, "b")]).await.unwrap();
    outbox.sign(ids[0], &attempt(1, Purpose::Call), Stage::Signed(trail(1))).await.unwrap();
    let shared = outbox.sign(ids[1], &attempt(2, Purpose::Call), Stage::Signed(trail(1))).await.unwrap_err();
    assert!(matches!(shared, StoreError::Refused { .. }), "two intents with one nonce: {shared:?}");
    assert_eq!(outbox.intent(ids[1]).await.unwrap().unwrap().stage, Stage::Intended);
    let unsent = Stage::Settled(Outcome::NotSent(Unsent::Interrupted));
    let unsent = outbox.note(ids[0], unsent).await.unwrap_err();
    assert!(unsent.to_string().contains("refused a row"), "signed, and said to be never sent: {unsent:?}");

    let done = Stage::Settled(Outcome::Done(included(1, Purpose::Call, true)));
    outbox.note(ids[0], done).await.unwrap();
    for stage in [Stage::Signed(trail(1)), Stage::Settled(Outcome::Failed(included(1, Purpose::Call, false)))] {
        assert!(outbox.note(ids[0], stage).await.is_err(), "{stage:?} after the end");
    }
    assert!(outbox.sign(ids[0], &attempt(3, Purpose::Call), Stage::Signed(trail(2))).await.is_err());
    assert!(matches!(outbox.note(IntentId(77), done).await, Err(StoreError::NoIntent { .. })));
    for sql in [
        "update intent set value = zeroblob(16)",
        "delete from intent",
        "update pin set nonce = zeroblob(8)",
        "delete from pin",
        "update attempt set bytes = x'00'",
        "delete from attempt",
        "delete from course",
        "insert or replace into intent select * from intent where id = 1",
        "insert or replace into pin select * from pin limit 1",
        "insert or replace into attempt select * from attempt limit 1",
        "insert or replace into course (intent, stage, told) values (1, 1, 0)",
        "update course set stage = 1, attempt = null, height = null, hash = null, succeeded = null where intent = 1",
        "update course set stage = 2, attempt = null, height = null, hash = null, succeeded = null where intent = 1",
    ] {
        let mut writer = outbox.writer.acquire().await.unwrap();
        let refused = sqlx::query(sql).execute(&mut *writer).await;
        assert!(refused.is_err(), "{sql}");
    }
    let found = outbox.intent(ids[0]).await.unwrap().unwrap();
    assert_eq!((found.stage, found.attempts.len()), (done, 1));
}

/// Every statement of the outbox that writes: the table, and what it does to it.
const WRITES: [(&str, &str); 5] =
    [("intent", "insert"), ("course", "insert"), ("pin", "insert"), ("attempt", "insert"), ("course", "update")];

/// More often than any of them runs: `course` is updated by signing, by noting twice, and by telling.
const RUNS: usize = 5;

/// One intent from beginning to end, from wherever it stands. How many steps were acknowledged in all.
async fn go_on(outbox: &Outbox) -> Result<(), StoreError> {
    let done = included(1, Purpose::Call, true);
    loop {
        let found = outbox.intents(Which::default(), 9).await?.pop();
        match found.map(|intent| (intent.id, intent.stage, intent.told)) {
            None => drop(outbox.intend(&[asked(ChainId::Base, "pay")]).await?),
            Some((id, Stage::Intended, _)) => {
                outbox.sign(id, &attempt(1, Purpose::Call), Stage::Signed(trail(1))).await?;
            }
            Some((id, Stage::Signed(trail), _)) => outbox.note(id, Stage::Included(trail, done)).await?,
            Some((id, Stage::Included(..), _)) => outbox.note(id, Stage::Settled(Outcome::Done(done))).await?,
            Some((id, Stage::Settled(_), false)) => outbox.tell(&[id]).await?,
            Some((_, Stage::Settled(_), true)) => return Ok(()),
            Some((_, stage @ Stage::Spent(..), _)) => unreachable!("{stage:?}"),
        }
    }
}

async fn rows(outbox: &Outbox) -> Vec<Intent> {
    outbox.intents(Which::default(), 9).await.unwrap()
}

#[tokio::test]
async fn a_full_disk_at_any_statement_loses_nothing() {
    let mut failed = 0;
    for (table, change) in WRITES {
        for nth in 1..=RUNS {
            let folder = tempfile::tempdir().unwrap();
            let outbox = open(&folder).await;
            let mut writer = outbox.writer.acquire().await.unwrap();
            // The statement takes more room than there is, the `nth` time that it runs on this connection.
            let setup = format!(
                "create temp table runs (count integer); insert into runs values (0);
                create table ballast (bytes blob);
                create temp trigger fill after {change} on main.{table} begin
                    update runs set count = count + 1;
                    insert into ballast select zeroblob(4000000) where (select count from runs) = {nth};
                end"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(setup)).execute(&mut *writer).await.unwrap();
            let pages: i64 = sqlx::query_scalar("pragma page_count").fetch_one(&mut *writer).await.unwrap();
            let limit = sqlx::AssertSqlSafe(format!("pragma max_page_count = {}", pages + 50));
            sqlx::query(limit).execute(&mut *writer).await.unwrap();
            drop(writer);

            let Err(error) = go_on(&outbox).await else { continue };
            failed += 1;
            assert!(matches!(error, StoreError::Full), "{change} {table} {nth}: {error:?}");
            assert!(error.to_string().contains("make room and start again"), "{error}");
            let before = rows(&outbox).await;
            outbox.close().await;
            // Room again, and another process.
            let outbox = open(&folder).await;
            assert_eq!(rows(&outbox).await, before, "{change} {table} {nth}: acknowledged, and lost");
            go_on(&outbox).await.unwrap();
            assert_eq!(rows(&outbox).await.len(), 1, "{change} {table} {nth}: asked for once, written twice");
        }
    }
    // Each insert runs once, and the update four times.
    assert_eq!(failed, 8, "a statement was never met by a full disk");
}

#[tokio::test]
async fn a_command_writes_while_a_node_has_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    let store = Store::open(&path, &blank()).await.unwrap();
    let beside = open(&folder).await;
    let id = one(&beside).await;
    // In both directions.
    let ours = store.outbox();
    assert_eq!(ours.unsettled_accounts(ChainId::Base).await.unwrap(), [PAYER]);
    ours.note(id, Stage::Settled(Outcome::NotSent(Unsent::Interrupted))).await.unwrap();
    assert!(beside.intent(id).await.unwrap().unwrap().stage.is_settled());
    let mut ids = Vec::new();
    for _ in 0..5 {
        let (a, b, c, d) = tokio::join!(one(&ours), one(&beside), one(&beside), one(&ours));
        ids.extend([a, b, c, d]);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 20, "two intents have one number");
    beside.close().await;
    assert_eq!(store.checkpoint().await.unwrap().evidence.len(), 0, "the node goes on");
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_command_makes_the_file_and_leaves_it_to_a_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    let first = async || one(&open(&folder).await).await;
    tokio::join!(first(), first(), first(), first(), first(), first());
    let store = Store::open(&path, &blank()).await.unwrap();
    assert_eq!(store.outbox().intents(Which::default(), 99).await.unwrap().len(), 6);
    let other = Ledger::new(NetworkId([2; 32]), *blank().clock(), &[]);
    let error = Outbox::open(&path, &other).await.unwrap_err();
    assert!(matches!(error, StoreError::OtherNetwork { .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_of_an_older_version_is_not_changed_under_a_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.db");
    let store = Store::open(&path, &blank()).await.unwrap();
    let mut writer = store.inner.writer.acquire().await.unwrap();
    sqlx::query("delete from _sqlx_migrations where version = 7").execute(&mut *writer).await.unwrap();
    drop(writer);
    let error = Outbox::open(&path, &blank()).await.unwrap_err();
    assert!(matches!(error, StoreError::Behind { .. }), "{error:?}");
}
