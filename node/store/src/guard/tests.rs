//! The guard on a full disk: at each statement that writes, and page by page.
//!
//! Pages are rationed by `max_page_count`. The errors are SQLite's own; so that exactly one statement meets the end of the
//! ration, a temporary trigger on it asks for more pages than are left.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::Row as _;
use tempfile::TempDir;
use williw_core::cycle::UnixSeconds;
use williw_core::guard::{LISTEN, Listening, Refusal, digest_of};
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{Kind, Statement};

use super::*;

const NETWORK: NetworkId = NetworkId([1; 32]);
const BOOT: u64 = 1_000;
/// Pages that are left for the statements in front of the one that is to fail. Its trigger asks for more.
const RATION: i64 = 16;

fn key() -> SignerKey {
    SignerKey::named("the guarded one")
}

fn asked(kind: Kind, cycle: u64, slot: u64, bytes: &[u8]) -> Asked {
    let statement = Statement::new(kind, Cycle(cycle), slot, digest_of(kind, bytes)).unwrap();
    Asked { signer: key().address(), statement, bytes: bytes.to_vec() }
}

/// What is signed before anything goes wrong.
fn early() -> [Asked; 4] {
    let [one, two] = [1, 2].map(|cycle| asked(Kind::RootVote, cycle, 0, b"a root"));
    [one, two, asked(Kind::Update, 1, 7, b"an update"), asked(Kind::Checkpoint, 1, 9, b"a checkpoint")]
}

async fn found(path: &Path) -> Result<Guard, GuardError> {
    Guard::found(path, NETWORK, BOOT).await
}

fn serve(guard: Guard, keys: Keys) -> Result<(Signing, JoinHandle<Result<(), GuardError>>), GuardError> {
    guard.serve(Listening::new((1, 0), UnixSeconds(0)).wait(LISTEN, true).unwrap(), keys)
}

fn keys() -> Keys {
    Keys::default().with(key().address(), |digest| Some(key().sign(digest)))
}

/// The same signer with a key that signs otherwise: a right signature under it was kept.
fn other_keys() -> Keys {
    Keys::default().with(key().address(), |digest| Some(SignerKey::named("another").sign(digest)))
}

/// A guard that signed [`early`], with the signatures.
async fn home() -> (TempDir, PathBuf, Vec<williw_core::secp256k1::Signature>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard.db");
    let mut guard = found(&path).await.unwrap();
    guard.enroll(key().address()).await.unwrap();
    let (signing, served) = serve(guard, keys()).unwrap();
    let mut signatures = vec![];
    for early in early() {
        signatures.push(signing.sign(early).await.unwrap());
    }
    drop(signing);
    served.await.unwrap().unwrap();
    (folder, path, signatures)
}

async fn number(connection: &mut SqliteConnection, pragma: &'static str) -> i64 {
    sqlx::query(pragma).fetch_one(connection).await.unwrap().get(0)
}

/// Leaves so many pages to the file.
async fn ration(connection: &mut SqliteConnection, pages: i64) {
    let most = number(connection, "pragma page_count").await + pages;
    let set = sqlx::query(sqlx::AssertSqlSafe(format!("pragma max_page_count = {most}")));
    assert_eq!(set.fetch_one(connection).await.unwrap().get::<i64, _>(0), most);
}

/// Has the next statement of this sort meet a full disk, and none before it.
async fn fill(connection: &mut SqliteConnection, statement: &str) {
    let trigger = format!(
        "create temp trigger full before {statement} begin
             insert into behind (digest, bytes) values (zeroblob(32), zeroblob({}));
         end",
        RATION * 2 * number(connection, "pragma page_size").await
    );
    sqlx::query(sqlx::AssertSqlSafe(trigger)).execute(&mut *connection).await.unwrap();
    ration(connection, RATION).await;
}

/// What is on disk says the same of itself everywhere.
async fn reopen(path: &Path) -> Guard {
    let opened = open::connect(path).await.unwrap();
    let state = opened.state.clone().unwrap();
    let (_, known) = Mark::open(&mark::beside(path), state.id).unwrap().unwrap();
    // A write reaches the mark after the file.
    assert!(known == state.seq || known + 1 == state.seq, "{known} {}", state.seq);
    drop(opened);
    Guard::open(path, NETWORK).await.unwrap()
}

/// What was signed early is found again, and nothing is signed that contradicts it.
async fn still_protects(guard: Guard, signatures: &[williw_core::secp256k1::Signature]) {
    let (signing, served) = serve(guard, other_keys()).unwrap();
    for (early, signature) in early().into_iter().zip(signatures) {
        assert_eq!(signing.sign(early.clone()).await.unwrap(), *signature);
        let other = asked(early.statement.kind(), early.statement.cycle().0, early.statement.slot(), b"another");
        let refused = signing.sign(other).await.unwrap_err();
        assert!(matches!(refused, GuardError::Refused(Refusal::Conflict { .. })), "{refused}");
    }
    drop(signing);
    served.await.unwrap().unwrap();
}

/// A change to the guard that is not signing.
#[derive(Clone, Copy, Debug)]
enum Change {
    Enroll,
    Start,
    Import,
    Prune,
    Retire,
}

impl Change {
    async fn make(self, guard: &mut Guard) -> Result<(), GuardError> {
        match self {
            Self::Enroll => guard.enroll(SignerKey::named("a second one").address()).await,
            Self::Start => guard.start().await.map(drop),
            Self::Import => guard.import(&elsewhere(), &elsewhere().signers()).await.map(drop),
            Self::Prune => guard.prune(Cycle(2)).await.map(drop),
            Self::Retire => guard.finish().await,
        }
    }
}

/// A file that names another signer, and of ours something new, something that contradicts it and a floor.
fn elsewhere() -> Interchange {
    let vote = |cycle| asked(Kind::RootVote, cycle, 0, b"another root").statement;
    let ours = [(vote(2).conflict_key(), vote(2)), (vote(5).conflict_key(), vote(5))];
    let taken = ours.into_iter().map(|(key, statement)| (key, williw_core::guard::Taken::By(statement))).collect();
    let ours = History::new(BTreeMap::from([(Kind::Proposal, 3)]), taken);
    let histories = [(key().address(), ours), (SignerKey::named("elsewhere").address(), History::default())];
    Interchange::complete(NETWORK, BOOT + 70, &histories.into())
}

/// Every statement that these changes consist of.
const STATEMENTS: [(Change, &str); 15] = [
    (Change::Enroll, "insert on signer"),
    (Change::Enroll, "update on guard"),
    (Change::Start, "update on guard"),
    (Change::Import, "insert on signer"),
    (Change::Import, "insert on floor"),
    (Change::Import, "insert on taken"),
    (Change::Import, "update of digest on taken"),
    (Change::Import, "update on guard"),
    (Change::Prune, "insert on floor"),
    (Change::Prune, "delete on taken"),
    (Change::Prune, "delete on behind"),
    (Change::Prune, "update on guard"),
    (Change::Retire, "update on guard"),
    // A second import and a second pruning raise floors that are there.
    (Change::Import, "update on floor"),
    (Change::Prune, "update on floor"),
];

#[tokio::test]
async fn a_change_that_meets_a_full_disk_did_not_happen() {
    for (change, statement) in STATEMENTS {
        let (_folder, path, signatures) = home().await;
        let mut guard = reopen(&path).await;
        if statement == "update on floor" {
            let floors = [Kind::Proposal, Kind::RootVote, Kind::Update].map(|kind| (kind, 0));
            let floors = History::new(floors.into(), BTreeMap::new());
            let low = Interchange::minimal(NETWORK, BOOT, &BTreeMap::from([(key().address(), floors)]));
            guard.import(&low, &BTreeSet::new()).await.unwrap();
        }
        let before = (guard.histories().await.unwrap(), guard.boot(), guard.signers().clone());
        fill(&mut guard.connection, statement).await;
        let failed = change.make(&mut guard).await.unwrap_err();
        assert!(matches!(failed, GuardError::Full), "{change:?}, {statement}: {failed:?}");
        assert!(failed.to_string().contains("make room"), "{failed}");
        assert_eq!((guard.boot(), guard.signers()), (before.1, &before.2), "{change:?}, {statement}");
        // Nothing more is written in this process, and so nothing is signed.
        let next = guard.start().await.unwrap_err();
        assert!(matches!(next, GuardError::Stopped), "{change:?}, {statement}: {next:?}");
        let next = serve(guard, keys()).map(drop).unwrap_err();
        assert!(matches!(next, GuardError::Stopped), "{change:?}, {statement}: {next:?}");
        let mut guard = reopen(&path).await;
        let after = (guard.histories().await.unwrap(), guard.boot(), guard.signers().clone());
        assert_eq!(after, before, "{change:?}, {statement}");
        still_protects(guard, &signatures).await;
        // With room it happens.
        let mut guard = reopen(&path).await;
        change.make(&mut guard).await.unwrap();
        assert_ne!((guard.histories().await.unwrap(), guard.boot(), guard.signers().clone(), guard.state.moved), {
            let (histories, boot, signers) = before;
            (histories, boot, signers, false)
        });
    }
}

/// Every statement that signing consists of. Behind the last of them there is a signature already, that nobody got.
const SIGNING: [(&str, usize); 4] =
    [("insert on behind", 0), ("insert on taken", 0), ("update on guard", 0), ("update of signature on taken", 1)];

#[tokio::test]
async fn nothing_is_signed_that_met_a_full_disk() {
    for (statement, made) in SIGNING {
        let (_folder, path, signatures) = home().await;
        let mut guard = reopen(&path).await;
        let before = guard.histories().await.unwrap();
        fill(&mut guard.connection, statement).await;
        let signed = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&signed);
        let keys = Keys::default().with(key().address(), move |digest| {
            counted.fetch_add(1, Ordering::Relaxed);
            Some(key().sign(digest))
        });
        let (signing, served) = serve(guard, keys).unwrap();
        // What is kept already needs no room.
        let [again, ..] = early();
        assert_eq!(signing.sign(again.clone()).await.unwrap(), signatures[0]);
        let new = asked(Kind::RootVote, 3, 0, b"a new root");
        for asked in [&new, &again, &new] {
            let stopped = signing.sign(asked.clone()).await.unwrap_err();
            assert!(matches!(stopped, GuardError::Stopped), "{statement}: {stopped:?}");
        }
        drop(signing);
        let failed = served.await.unwrap().unwrap_err();
        assert!(matches!(failed, GuardError::Full), "{statement}: {failed:?}");
        assert_eq!(signed.load(Ordering::Relaxed), made, "{statement}");
        let mut guard = reopen(&path).await;
        let noted = guard.histories().await.unwrap() != before;
        assert_eq!(noted, made == 1, "{statement}");
        still_protects(guard, &signatures).await;
        let (signing, _served) = serve(reopen(&path).await, self::keys()).unwrap();
        if noted {
            let other = asked(Kind::RootVote, 3, 0, b"another root");
            let refused = signing.sign(other).await.unwrap_err();
            assert!(matches!(refused, GuardError::Refused(Refusal::Conflict { .. })), "{statement}: {refused}");
        }
        let signature = signing.sign(new.clone()).await.unwrap();
        assert_eq!(signature.recover(new.statement.signing_digest(NETWORK)), Ok(key().address()));
    }
}

/// Without triggers: pages run out wherever they do, with bytes that need one, a few or many.
#[tokio::test]
async fn signing_page_by_page_keeps_whatever_was_acknowledged() {
    let (folder, path) = {
        let (folder, path, _) = home().await;
        (folder, path)
    };
    let mut got: Vec<(Asked, williw_core::secp256k1::Signature)> = vec![];
    let (mut cycle, mut failures) = (10_u64, 0);
    for pages in 0..12 {
        let mut guard = reopen(&path).await;
        ration(&mut guard.connection, pages).await;
        let (signing, served) = serve(guard, keys()).unwrap();
        let failed = loop {
            cycle += 1;
            let length = [0, 900, 9_000][usize::try_from(cycle % 3).unwrap()];
            let bytes = [&cycle.to_be_bytes()[..], &vec![7; length]].concat();
            let asked = asked(Kind::Proposal, cycle, 0, &bytes);
            match signing.sign(asked.clone()).await {
                Ok(signature) => got.push((asked, signature)),
                Err(stopped) => break stopped,
            }
        };
        assert!(matches!(failed, GuardError::Stopped), "{pages}: {failed:?}");
        drop(signing);
        let failed = served.await.unwrap().unwrap_err();
        assert!(matches!(failed, GuardError::Full), "{pages}: {failed:?}");
        failures += 1;
    }
    assert_eq!(failures, 12);
    assert!(got.len() > 20, "{}", got.len());
    let (signing, _served) = serve(reopen(&path).await, other_keys()).unwrap();
    for (asked, signature) in got {
        assert_eq!(signing.sign(asked).await.unwrap(), signature);
    }
    drop(folder);
}

/// On a disk with room for so many pages, from none to enough.
#[tokio::test]
async fn founding_on_a_full_disk_is_taken_up_again() {
    for most in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guard.db");
        let mut opened = open::connect(&path).await.unwrap();
        let set = sqlx::query(sqlx::AssertSqlSafe(format!("pragma max_page_count = {most}")));
        set.execute(&mut opened.connection).await.unwrap();
        let failed = match open::found(opened, NETWORK, BOOT, BOOT).await {
            Ok(_) => {
                assert!(most > 5, "{most} pages are no ration");
                return;
            }
            Err(failed) => failed,
        };
        assert!(matches!(failed, GuardError::Full), "{most}: {failed:?}");
        founds_again(&path).await;
    }
}

/// The row that says which guard it is comes last, in a page that is there already.
#[tokio::test]
async fn founding_that_meets_a_full_disk_at_its_last_statement_is_taken_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard.db");
    let mut opened = open::connect(&path).await.unwrap();
    open::migrate(&mut opened.connection).await.unwrap();
    fill(&mut opened.connection, "insert on guard").await;
    let failed = open::found(opened, NETWORK, BOOT, BOOT).await.unwrap_err();
    assert!(matches!(failed, GuardError::Full), "{failed:?}");
    founds_again(&path).await;
}

/// Until it is founded there is nothing to open; and it can be.
async fn founds_again(path: &Path) {
    let missing = Guard::open(path, NETWORK).await.map(drop).unwrap_err();
    assert!(matches!(missing, GuardError::Missing { .. }), "{missing:?}");
    let mut guard = found(path).await.unwrap();
    guard.enroll(key().address()).await.unwrap();
    guard.close().await.unwrap();
    assert_eq!(reopen(path).await.signers().len(), 1);
}

/// The mark is written after the file: no room for it is as bad.
#[tokio::test]
async fn a_mark_that_meets_a_full_disk_stops_the_guard() {
    let (_folder, path, signatures) = home().await;
    let mut guard = reopen(&path).await;
    guard.mark.fill();
    let failed = guard.start().await.unwrap_err();
    assert!(matches!(failed, GuardError::Full), "{failed:?}");
    assert!(matches!(serve(guard, keys()).map(drop), Err(GuardError::Stopped)));
    let mut guard = reopen(&path).await;
    guard.mark.fill();
    let (signing, served) = serve(guard, keys()).unwrap();
    let stopped = signing.sign(asked(Kind::RootVote, 3, 0, b"a new root")).await.unwrap_err();
    assert!(matches!(stopped, GuardError::Stopped), "{stopped:?}");
    drop(signing);
    let failed = served.await.unwrap().unwrap_err();
    assert!(matches!(failed, GuardError::Full), "{failed:?}");
    still_protects(reopen(&path).await, &signatures).await;
}

/// Whether a commit that failed is on disk nobody knows: the connection is not asked again.
#[tokio::test]
async fn a_commit_that_fails_stops_the_guard() {
    let (_folder, path, signatures) = home().await;
    let mut guard = reopen(&path).await;
    let before = guard.state.clone();
    guard.connection.lock_handle().await.unwrap().set_commit_hook(|| false);
    let failed = guard.start().await.unwrap_err();
    assert!(matches!(failed, GuardError::Failed { .. }), "{failed:?}");
    assert_eq!(guard.state, before);
    assert!(matches!(serve(guard, keys()).map(drop), Err(GuardError::Stopped)));
    let mut guard = reopen(&path).await;
    guard.connection.lock_handle().await.unwrap().set_commit_hook(|| false);
    let keys = Keys::default().with(key().address(), |digest| panic!("{digest} is signed and not noted"));
    let (signing, served) = serve(guard, keys).unwrap();
    let new = asked(Kind::RootVote, 3, 0, b"a new root");
    for asked in [&new, &new] {
        let stopped = signing.sign(asked.clone()).await.unwrap_err();
        assert!(matches!(stopped, GuardError::Stopped), "{stopped:?}");
    }
    drop(signing);
    let failed = served.await.unwrap().unwrap_err();
    assert!(matches!(failed, GuardError::Failed { .. }), "{failed:?}");
    still_protects(reopen(&path).await, &signatures).await;
}
