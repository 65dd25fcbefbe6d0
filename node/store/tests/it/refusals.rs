//! Files that are not opened, and rows that are not believed. What is refused stays as it was.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;
use williw_core::cycle::{CycleClock, Seconds, UnixSeconds};
use williw_core::identity::ChainId;
use williw_core::journal::Site;
use williw_core::ledger::Ledger;
use williw_core::network::NetworkId;
use williw_store::{Place, Store, StoreError};

use crate::made::{CONFIG, POOL, SITES, VAULT, batch, blank, clock, owner, place, shell};

/// A closed file with some batches in it.
async fn written() -> (TempDir, PathBuf) {
    let (folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    for nth in 0..5 {
        store.commit(&batch(nth, 100)).await.unwrap();
    }
    store.close().await.unwrap();
    (folder, path)
}

/// Opens and expects a refusal that leaves the file alone.
async fn refused(path: &Path, ledger: &Ledger) -> StoreError {
    let before = fs::read(path).unwrap();
    let error = Store::open(path, ledger).await.expect_err("it was opened");
    assert!(fs::read(path).unwrap() == before, "the refused file was changed: {error}");
    error
}

async fn alter(path: &Path, sql: &str) {
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    connection.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn the_clock_is_known_without_a_chain() {
    let (_folder, path) = place();
    assert_eq!(Store::clock_of(&path).await.unwrap(), None);
    assert!(!path.exists(), "asking made a file");
    let store = Store::open(&path, &blank()).await.unwrap();
    assert_eq!(Store::clock_of(&path).await.unwrap(), Some(clock()), "while a node has it");
    store.close().await.unwrap();
    assert_eq!(Store::clock_of(&path).await.unwrap(), Some(clock()));
    fs::write(
        &path,
        b"no database at all, and longer than a header of one hundred bytes would be, with some words to spare",
    )
    .unwrap();
    assert!(matches!(Store::clock_of(&path).await.unwrap_err(), StoreError::NotDatabase { .. }));
}

#[tokio::test]
async fn one_file_one_node() {
    let (folder, path) = written().await;
    let store = Store::open(&path, &blank()).await.unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for way in [path.clone(), folder.path().join(".").join("node.db"), link] {
        let error = Store::open(&way, &blank()).await.unwrap_err();
        assert!(matches!(error, StoreError::InUse { .. }), "{way:?}: {error:?}");
    }
    let other = store.clone();
    store.close().await.unwrap();
    assert!(other.checkpoint().await.is_err(), "a handle outlived its file");
    Store::open(&path, &blank()).await.unwrap();
}

#[tokio::test]
async fn another_network_clock_or_site_is_refused() {
    let (_folder, path) = written().await;
    let other = refused(&path, &Ledger::new(NetworkId([2; 32]), clock(), &SITES)).await;
    assert!(matches!(other, StoreError::OtherNetwork { .. }), "{other:?}");
    for (genesis, length) in [(1_001, 100), (1_000, 101)] {
        let clock = CycleClock::new(UnixSeconds(genesis), Seconds(length)).unwrap();
        let other = refused(&path, &Ledger::new(NetworkId([1; 32]), clock, &SITES)).await;
        assert!(matches!(other, StoreError::OtherClock), "{other:?}");
    }
    let base = |vault, pool| Site::Base { vault, pool };
    for (chain, sites) in [
        (ChainId::Base, vec![base(CONFIG, Some(POOL)), SITES[1]]),
        (ChainId::Base, vec![base(VAULT, None), SITES[1]]),
        (ChainId::Base, vec![SITES[1]]),
        (ChainId::Solana, vec![SITES[0], Site::Solana { config: VAULT }]),
        (ChainId::Solana, vec![SITES[0]]),
    ] {
        let other = refused(&path, &Ledger::new(NetworkId([1; 32]), clock(), &sites)).await;
        assert!(matches!(other, StoreError::OtherSite { chain: named } if named == chain), "{other:?}");
    }
    Store::open(&path, &blank()).await.unwrap();
}

#[tokio::test]
async fn a_ledger_with_facts_names_the_network_as_well_as_a_blank_one() {
    let (_folder, path) = written().await;
    let mut full = blank();
    full.commit(batch(9, 1).change.as_ref().unwrap());
    let store = Store::open(&path, &full).await.unwrap();
    assert_eq!(store.checkpoint().await.unwrap().ledger.chain(ChainId::Base).unwrap().funded.0, 4);
}

#[tokio::test]
async fn a_newer_or_altered_schema_is_refused() {
    let (_folder, path) = written().await;
    let columns = "version, description, installed_on, success, checksum, execution_time";
    let newer = format!(
        "insert into _sqlx_migrations ({columns})
        select 9999, description, installed_on, success, checksum, 0 from _sqlx_migrations where version = 1"
    );
    alter(&path, &newer).await;
    let error = refused(&path, &blank()).await;
    assert!(matches!(error, StoreError::Newer { found: 9999, known: 8 }), "{error:?}");
    alter(&path, "delete from _sqlx_migrations where version = 9999").await;
    alter(&path, "update _sqlx_migrations set checksum = x'00' where version = 3").await;
    let error = refused(&path, &blank()).await;
    assert!(matches!(error, StoreError::Altered { version: 3 }), "{error:?}");
}

#[tokio::test]
async fn an_older_file_is_brought_forward_but_not_for_another_network() {
    let (_folder, path) = written().await;
    let store = Store::open(&path, &blank()).await.unwrap();
    let before = store.checkpoint().await.unwrap();
    store.close().await.unwrap();
    let older = "
        create table head (chain integer not null references books (chain), journal blob not null, seq blob not null,
            hash blob not null, primary key (chain, journal)) strict, without rowid;
        insert into head (chain, journal, seq, hash) select chain, journal, seq, hash from journal_end;
        drop table course; drop table attempt; drop table pin; drop table intent;
        drop table journal_end; drop table peer_address; drop table peer;
        delete from _sqlx_migrations where version > 4";
    alter(&path, older).await;
    let other = refused(&path, &Ledger::new(NetworkId([2; 32]), clock(), &SITES)).await;
    assert!(matches!(other, StoreError::OtherNetwork { .. }), "{other:?}");
    let mut connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let peers = sqlx::query_scalar::<_, i64>("select count(*) from sqlite_schema where name = 'peer'");
    assert_eq!(peers.fetch_one(&mut connection).await.unwrap(), 0, "a file of another network was migrated");
    connection.close().await.unwrap();

    let store = Store::open(&path, &blank()).await.unwrap();
    assert_eq!(store.known_peers(1).await.unwrap(), []);
    assert_eq!(store.checkpoint().await.unwrap(), before);
    assert_eq!(store.facts(ChainId::Base, Place(0), 1_000).await.unwrap().len(), 500);
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_refused() {
    let (_folder, path) = place();
    for text in ["hello".to_owned(), "hello, this is a letter\n".repeat(1_000)] {
        fs::write(&path, text).unwrap();
        let error = refused(&path, &blank()).await;
        assert!(matches!(error, StoreError::NotDatabase { .. }), "{error:?}");
    }
    let (_folder, path) = place();
    fs::write(&path, "").unwrap();
    alter(&path, "create table letter (text text); insert into letter values ('dear')").await;
    let error = refused(&path, &blank()).await;
    assert!(matches!(error, StoreError::OtherProgram { .. }), "{error:?}");
    let missing = path.join("nowhere").join("node.db");
    let error = Store::open(&missing, &blank()).await.unwrap_err();
    assert!(matches!(error, StoreError::File { .. }), "{error:?}");
    // An empty file is a new one: of a node that died before it wrote anything, or made by an installer.
    let (_folder, path) = place();
    fs::write(&path, "").unwrap();
    Store::open(&path, &blank()).await.unwrap();
}

/// A rollback journal of a file that was empty before: a whole header, and no page to put back.
fn journal_of_an_empty_file() -> Vec<u8> {
    let mut journal = vec![0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let (records, nonce, pages, sector, page) = (0_u32, 1_u32, 0_u32, 512_u32, 4_096_u32);
    [records, nonce, pages, sector, page].iter().for_each(|field| journal.extend(field.to_be_bytes()));
    journal.resize(512, 0);
    journal
}

fn journal_beside(path: &Path) -> PathBuf {
    path.with_file_name("node.db-journal")
}

/// A command that was killed in its first write on a new home can be typed again.
#[tokio::test]
async fn a_command_begins_a_file_anew_that_was_left_in_its_first_write() {
    let (_folder, path) = place();
    fs::write(&path, "").unwrap();
    alter(&path, "pragma journal_mode = wal").await;
    fs::write(journal_beside(&path), journal_of_an_empty_file()).unwrap();
    williw_store::Outbox::open(&path, &blank()).await.unwrap();
}

/// A node that died in its very first write, or whose disk failed there: before the file is in WAL mode, and never again,
/// SQLite keeps a rollback journal, and nobody can read the file before it is rolled back.
#[tokio::test]
async fn a_file_that_was_left_in_its_first_write_is_begun_anew() {
    for whole in [true, false] {
        let (_folder, path) = place();
        fs::write(&path, "").unwrap();
        alter(&path, "pragma journal_mode = wal").await;
        let page = fs::read(&path).unwrap();
        assert_eq!(page.len(), 4_096, "an empty database");
        fs::write(&path, if whole { &page } else { &page[..2_048] }).unwrap();
        fs::write(journal_beside(&path), journal_of_an_empty_file()).unwrap();
        assert_eq!(Store::clock_of(&path).await.unwrap(), None);
        let store = Store::open(&path, &blank()).await.unwrap();
        store.commit(&batch(0, 10)).await.unwrap();
        store.close().await.unwrap();
        assert_eq!(Store::clock_of(&path).await.unwrap(), Some(clock()));
    }
}

#[tokio::test]
async fn what_another_program_left_unfinished_is_not_undone() {
    let (_folder, path) = place();
    fs::write(&path, "").unwrap();
    alter(&path, "create table letter (text text); insert into letter values ('dear')").await;
    fs::write(journal_beside(&path), journal_of_an_empty_file()).unwrap();
    let error = refused(&path, &blank()).await;
    assert!(matches!(error, StoreError::OtherProgram { .. }), "{error:?}");
    assert_eq!(fs::read(journal_beside(&path)).unwrap(), journal_of_an_empty_file());

    // Ours, but taken out of WAL mode and written to by somebody with a shell.
    let (_folder, path) = written().await;
    alter(&path, "pragma journal_mode = delete").await;
    fs::write(journal_beside(&path), journal_of_an_empty_file()).unwrap();
    let error = refused(&path, &blank()).await;
    assert!(matches!(error, StoreError::Unfinished), "{error:?}");
    assert_eq!(fs::read(journal_beside(&path)).unwrap(), journal_of_an_empty_file());
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let (_folder, path) = written().await;
    let whole = fs::read(&path).unwrap();
    const PAGE: usize = 4_096;
    let pages = whole.len() / PAGE;
    assert!(pages > 30, "{pages} pages");
    let mut scribbled = whole.clone();
    scribbled[pages / 2 * PAGE..][..PAGE].fill(0xff);
    let torn = whole[..pages / 2 * PAGE].to_vec();
    for damaged in [scribbled, torn] {
        fs::write(&path, damaged).unwrap();
        let error = refused(&path, &blank()).await;
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    }
    fs::write(&path, whole).unwrap();
    Store::open(&path, &blank()).await.unwrap();
}

#[tokio::test]
async fn a_row_that_does_not_decode_is_named() {
    let (_folder, path) = written().await;
    let store = Store::open(&path, &blank()).await.unwrap();
    let mut shell = shell(&store).await;
    let key = format!("base {}", hex(&owner(ChainId::Base, 1).account.0));
    shell.execute("pragma ignore_check_constraints = on").await.unwrap();
    for (bad, good, table, row, fault) in [
        (
            "update operator set active = x'00'",
            "update operator set active = zeroblob(16)",
            "operator",
            key.as_str(),
            "active has 1 bytes instead of 16",
        ),
        (
            "update operator set link_peer = zeroblob(32)",
            "update operator set link_peer = null",
            "operator",
            &key,
            "it has half a link",
        ),
        (
            "update books set cycle = zeroblob(9) where chain = 1",
            "update books set cycle = zeroblob(8)",
            "books",
            "base",
            "cycle has 9 bytes instead of 8",
        ),
        (
            "update reputation set chain = 9",
            "update reputation set chain = 1",
            "reputation",
            &key.replace("base", "9"),
            "9 is no chain",
        ),
    ] {
        shell.execute(bad).await.unwrap();
        let error = store.checkpoint().await.unwrap_err();
        let StoreError::Corrupt { table: found, key, fault: why } = error else { panic!("{error:?}") };
        assert_eq!((found, key.as_str(), why.as_str()), (table, row, fault));
        shell.execute(good).await.unwrap();
        store.checkpoint().await.unwrap();
    }
    shell.execute("drop trigger fact_is_never_changed").await.unwrap();
    for (bad, fault) in [
        ("update fact set body = x'00' where place = 7", "body: "),
        ("update fact set kind = 99 where place = 7", "99 is not a kind of fact"),
        ("update fact set body = (select body from fact where place = 8), kind = 2 where place = 7", "its account"),
    ] {
        shell.execute(bad).await.unwrap();
        let error = store.facts(ChainId::Base, Place(0), 10).await.unwrap_err();
        let StoreError::Corrupt { table: "fact", key, fault: why } = error else { panic!("{error:?}") };
        assert_eq!(key, "base 7");
        assert!(why.starts_with(fault), "{why}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let (folder, path) = place();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let store = Store::open(&path, &blank()).await.unwrap();
    store.commit(&batch(0, 10)).await.unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?} has mode {mode:o}", file.path());
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["node.db", "node.db-shm", "node.db-wal", "node.db.lock"]);
}
