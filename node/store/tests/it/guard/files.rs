//! Which files are refused, and what a person can do about it.

use std::fs;
use std::path::Path;

use williw_core::cycle::UnixSeconds;
use williw_core::guard::{Echo, Listening, Pulse, Twin};
use williw_core::network::NetworkId;
use williw_core::statement::Kind;
use williw_store::guard::{Guard, GuardError};

use super::{BOOT, NETWORK, asked, copy, home, open, put_back, signer, with};

async fn refusal(path: &Path) -> GuardError {
    open(path).await.map(drop).unwrap_err()
}

/// Signs something, so that there is something to forget.
async fn sign(path: &Path, cycle: u64) {
    with(path, async |signing| signing.sign(asked(Kind::RootVote, cycle, 0, "a root")).await.unwrap()).await;
}

#[tokio::test]
async fn a_missing_guard_is_refused_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard.db");
    assert!(matches!(refusal(&path).await, GuardError::Missing { .. }));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[tokio::test]
async fn an_older_guard_that_is_put_back_is_refused() {
    let (_folder, path) = home().await;
    sign(&path, 1).await;
    let backup = fs::read(&path).unwrap();
    sign(&path, 2).await;
    put_back(&path, &backup);
    let refused = refusal(&path).await;
    assert!(matches!(refused, GuardError::Older { .. }), "{refused}");
    // Refused again, as often as it is tried.
    assert!(matches!(refusal(&path).await, GuardError::Older { .. }));
}

/// Every start is written too, so a backup that was made while the node ran is older as well.
#[tokio::test]
async fn a_backup_of_a_guard_in_use_is_older() {
    let (_folder, path) = home().await;
    let (signing, served) = super::serve(open(&path).await.unwrap());
    signing.sign(asked(Kind::RootVote, 1, 0, "a root")).await.unwrap();
    let backup = fs::read(&path).unwrap();
    signing.sign(asked(Kind::RootVote, 2, 0, "a root")).await.unwrap();
    drop(signing);
    served.await.unwrap().unwrap();
    put_back(&path, &backup);
    let refused = refusal(&path).await;
    assert!(matches!(refused, GuardError::Older { .. } | GuardError::Missing { .. }), "{refused}");
}

#[tokio::test]
async fn a_copied_folder_is_refused_and_the_original_is_not() {
    let (folder, path) = home().await;
    sign(&path, 1).await;
    let clone = tempfile::tempdir().unwrap();
    copy(folder.path(), clone.path());
    let refused = refusal(&clone.path().join("guard.db")).await;
    assert!(matches!(refused, GuardError::Copy { .. }), "{refused}");
    sign(&path, 2).await;
}

/// Nothing in the folder can tell. What it announced can: members give it back to a node that begins to listen.
#[tokio::test]
async fn a_folder_that_was_put_back_in_place_knows_less_than_it_announced() {
    let (folder, path) = home().await;
    sign(&path, 1).await;
    let backup: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let backup: Vec<_> = backup.into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
    sign(&path, 2).await;
    let announced = open(&path).await.unwrap().noted();
    for (contents, path) in backup {
        put_back(&path, &contents);
    }
    let mut guard = open(&path).await.unwrap();
    // However often it is started.
    for _ in 0..9 {
        guard.start().await.unwrap();
    }
    let count = (guard.boot(), guard.noted());
    let mut ear = Listening::new(count, UnixSeconds(1_000));
    let past = Echo { boot: BOOT, noted: announced, seq: 1, time: UnixSeconds(500), pulse: Pulse::Beating };
    assert_eq!(ear.hear(past, UnixSeconds(1_001)), Err(Twin::Behind { heard: announced, ours: announced - 1 }));
}

#[tokio::test]
async fn a_folder_that_was_renamed_is_the_same() {
    let (folder, path) = home().await;
    sign(&path, 1).await;
    let other = tempfile::tempdir().unwrap();
    let moved = other.path().join("home");
    fs::rename(folder.path(), &moved).unwrap();
    sign(&moved.join("guard.db"), 2).await;
}

#[tokio::test]
async fn a_guard_without_its_mark_is_refused() {
    let (folder, path) = home().await;
    let mark = folder.path().join("guard.mark");
    let whole = fs::read(&mark).unwrap();
    for damage in [Some(vec![]), Some(vec![7; whole.len()]), None] {
        match damage {
            Some(contents) => fs::write(&mark, contents).unwrap(),
            None => fs::remove_file(&mark).unwrap(),
        }
        let refused = refusal(&path).await;
        assert!(matches!(refused, GuardError::NoMark { .. }), "{refused}");
    }
}

/// A log that SQLite left behind when it was killed would be played into the file that lies beside it, whichever that is.
#[tokio::test]
async fn a_log_beside_a_file_it_does_not_belong_to_is_found_out() {
    let (folder, path) = home().await;
    for cycle in 1..=40 {
        sign(&path, cycle).await;
    }
    let backup = fs::read(&path).unwrap();
    for cycle in 41..=400 {
        sign(&path, cycle).await;
    }
    let clone = tempfile::tempdir().unwrap();
    let (signing, served) = super::serve(open(&path).await.unwrap());
    signing.sign(asked(Kind::RootVote, 401, 0, "a root")).await.unwrap();
    // As they are when the machine goes down: the last statements are in the log alone.
    copy(folder.path(), clone.path());
    drop(signing);
    served.await.unwrap().unwrap();
    let log = fs::read(clone.path().join("guard.db-wal")).unwrap();
    assert!(!log.is_empty());
    put_back(&path, &backup);
    fs::write(folder.path().join("guard.db-wal"), log).unwrap();
    let refused = refusal(&path).await;
    assert!(matches!(refused, GuardError::Damaged { .. } | GuardError::Older { .. }), "{refused}");
}

#[tokio::test]
async fn another_network_a_retired_guard_and_another_program_are_refused() {
    let (_folder, path) = home().await;
    let other = Guard::open(&path, NetworkId([2; 32])).await.map(drop).unwrap_err();
    assert!(matches!(other, GuardError::OtherNetwork { .. }), "{other}");
    sign(&path, 1).await;
    let history = Guard::retire(&path, NETWORK).await.unwrap();
    assert_eq!(Guard::retire(&path, NETWORK).await.unwrap(), history);
    assert_eq!(history.histories(NETWORK).unwrap()[&signer().address()].taken().count(), 1);
    assert!(matches!(refusal(&path).await, GuardError::Moved { .. }));
    assert!(matches!(Guard::accept(&path, NETWORK, BOOT).await.map(drop), Err(GuardError::Moved { .. })));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard.db");
    fs::write(&path, "what somebody else wrote, and more than a header").unwrap();
    let refused = refusal(&path).await;
    assert!(matches!(refused, GuardError::NotAGuard { .. }), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), b"what somebody else wrote, and more than a header");
}

#[tokio::test]
async fn one_process_has_it() {
    let (_folder, path) = home().await;
    let guard = open(&path).await.unwrap();
    assert!(matches!(refusal(&path).await, GuardError::InUse { .. }));
    guard.close().await.unwrap();
    sign(&path, 1).await;
}

const STRANGER: &str = "guard::files::a_stranger_that_knows_no_lock";
const STRANGERS_PATH: &str = "WILLIW_GUARD_TEST_PATH";

#[tokio::test]
#[ignore = "the other test starts it as a process of its own"]
async fn a_stranger_that_knows_no_lock() {
    use sqlx::ConnectOptions as _;
    let Some(path) = std::env::var_os(STRANGERS_PATH) else { return };
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).busy_timeout(std::time::Duration::ZERO);
    let read = async {
        let mut shell = options.connect().await?;
        sqlx::query("select * from taken").fetch_all(&mut shell).await
    };
    match read.await {
        Ok(rows) => println!("\nread {} rows", rows.len()),
        Err(error) => println!("\n{error}"),
    }
}

const SECOND: &str = "guard::files::a_second_start";

#[tokio::test]
#[ignore = "the other test starts it as a process of its own"]
async fn a_second_start() {
    let Some(path) = std::env::var_os(STRANGERS_PATH) else { return };
    match open(Path::new(&path)).await {
        Ok(_) => println!("\nopened it"),
        Err(error) => println!("\n{error:?}: {error}"),
    }
}

/// What one of these says of the guard, in a process of its own.
fn elsewhere(name: &str, path: &Path) -> String {
    let mut process = std::process::Command::new(std::env::current_exe().unwrap());
    let done = process.args(["--ignored", "--exact", name, "--nocapture"]).env(STRANGERS_PATH, path).output();
    String::from_utf8(done.unwrap().stdout).unwrap()
}

/// What another process sees of the guard that goes to it past our lock.
fn stranger(path: &Path) -> String {
    elsewhere(STRANGER, path)
}

/// A lock on a file that was deleted holds nobody back who makes that file anew. SQLite's does, and means the same.
#[tokio::test]
async fn without_its_lock_file_one_process_still_has_it() {
    let (_folder, path) = home().await;
    let (signing, served) = super::serve(open(&path).await.unwrap());
    signing.sign(asked(Kind::RootVote, 1, 0, "a root")).await.unwrap();
    fs::remove_file(path.with_extension("db.lock")).unwrap();
    let seen = elsewhere(SECOND, &path);
    assert!(seen.contains("\nInUse {") && seen.contains("is in use by another process"), "{seen}");
    signing.sign(asked(Kind::RootVote, 2, 0, "a root")).await.unwrap();
    drop(signing);
    served.await.unwrap().unwrap();
    let seen = elsewhere(SECOND, &path);
    assert!(seen.contains("\nopened it"), "{seen}");
}

/// Also while nothing is written: SQLite's lock is held from the opening on, and nobody here gives it up by accident.
#[tokio::test]
async fn whoever_does_not_know_the_lock_is_kept_out_too() {
    let (_folder, path) = home().await;
    let (signing, served) = super::serve(open(&path).await.unwrap());
    let seen = stranger(&path);
    assert!(seen.contains("database is locked"), "{seen}");
    signing.sign(asked(Kind::RootVote, 1, 0, "a root")).await.unwrap();
    // Another start in this process meets the lock, and must not open the file and close it again.
    assert!(matches!(refusal(&path).await, GuardError::InUse { .. }));
    let seen = stranger(&path);
    assert!(seen.contains("database is locked"), "{seen}");
    drop(signing);
    served.await.unwrap().unwrap();
    let seen = stranger(&path);
    assert!(seen.contains("read 1 rows"), "{seen}");
}

#[tokio::test]
async fn only_what_a_person_accepts_is_taken_as_it_is() {
    let (folder, path) = home().await;
    sign(&path, 1).await;
    let backup = fs::read(&path).unwrap();
    sign(&path, 2).await;
    put_back(&path, &backup);
    Guard::accept(&path, NETWORK, 5_000).await.unwrap().close().await.unwrap();
    let mut guard = open(&path).await.unwrap();
    assert_eq!(guard.start().await.unwrap(), 5_001);
    guard.close().await.unwrap();
    let clone = tempfile::tempdir().unwrap();
    copy(folder.path(), clone.path());
    let copied = clone.path().join("guard.db");
    Guard::accept(&copied, NETWORK, BOOT).await.unwrap().close().await.unwrap();
    assert_eq!(open(&copied).await.unwrap().boot(), 5_001);
    // What the accepted one remembers it still remembers.
    with(&path, async |signing| {
        let refused = signing.sign(asked(Kind::RootVote, 1, 0, "another root")).await.unwrap_err();
        assert!(matches!(refused, GuardError::Refused(_)), "{refused}");
    })
    .await;
    let empty = tempfile::tempdir().unwrap();
    let founded = Guard::accept(&empty.path().join("guard.db"), NETWORK, 77).await.unwrap();
    assert_eq!((founded.boot(), founded.signers().len()), (77, 0));
}

#[tokio::test]
async fn founding_is_taken_up_again_until_something_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard.db");
    Guard::found(&path, NETWORK, BOOT).await.unwrap().close().await.unwrap();
    fs::remove_file(folder.path().join("guard.mark")).unwrap();
    let mut guard = Guard::found(&path, NETWORK, BOOT).await.unwrap();
    guard.enroll(signer().address()).await.unwrap();
    guard.close().await.unwrap();
    let refused = Guard::found(&path, NETWORK, BOOT).await.map(drop).unwrap_err();
    assert!(matches!(refused, GuardError::Exists { .. }), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = home().await;
    let (signing, _served) = super::serve(open(&path).await.unwrap());
    signing.sign(asked(Kind::RootVote, 1, 0, "a root")).await.unwrap();
    let mut names = vec![];
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.file_name().into_string().unwrap());
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{names:?}");
    }
    names.sort();
    assert_eq!(names, ["guard.db", "guard.db-wal", "guard.db.lock", "guard.mark"]);
}

#[tokio::test]
async fn a_shell_cannot_make_it_forget() {
    use sqlx::ConnectOptions as _;
    let (_folder, path) = home().await;
    sign(&path, 1).await;
    let mut shell = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    for statement in [
        "delete from taken",
        "update taken set digest = zeroblob(32)",
        "update taken set signature = zeroblob(65)",
        "delete from guard",
        "update guard set boot = zeroblob(8), seq = x'ffffffffffffffff'",
        "delete from signer",
        "update behind set bytes = ''",
    ] {
        let refused = sqlx::query(statement).execute(&mut shell).await;
        assert!(refused.is_err(), "{statement}");
    }
}
