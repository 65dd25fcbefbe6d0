//! What is signed, what is refused, and what comes back.

use std::collections::BTreeSet;

use williw_core::cycle::Cycle;
use williw_core::cycle::UnixSeconds;
use williw_core::guard::{LISTEN, Listening, Refusal};
use williw_core::sim::keys::SignerKey;
use williw_core::statement::Kind;
use williw_store::guard::{Asked, BEHIND_BYTES_CAP, Guard, GuardError, Keys};

use super::{BOOT, NETWORK, asked, home, keys, open, serve, signer, text, with};

#[tokio::test]
async fn the_same_is_signed_once_and_found_again() {
    let (_folder, path) = home().await;
    let vote = asked(Kind::RootVote, 7, 0, "a root");
    let first = with(&path, async |signing| signing.sign(vote.clone()).await.unwrap()).await;
    assert_eq!(first.recover(vote.statement.signing_digest(NETWORK)).unwrap(), signer().address());
    // Another key that claims to be the signer's would sign differently: what comes back was stored.
    let listened = Listening::new((1, 0), UnixSeconds(0)).wait(LISTEN, true).unwrap();
    let other = SignerKey::named("another");
    let keys = Keys::default().with(signer().address(), move |digest| Some(other.sign(digest)));
    let (signing, _served) = open(&path).await.unwrap().serve(listened, keys).unwrap();
    assert_eq!(signing.sign(vote).await.unwrap(), first);
}

#[tokio::test]
async fn a_conflict_is_refused_with_both_statements() {
    let (_folder, path) = home().await;
    let (one, two) = (asked(Kind::Update, 3, 9, "one"), asked(Kind::Update, 4, 9, "two"));
    with(&path, async |signing| signing.sign(one.clone()).await.unwrap()).await;
    let refused = with(&path, async |signing| signing.sign(two.clone()).await.unwrap_err()).await;
    let GuardError::Refused(refusal) = &refused else { panic!("{refused}") };
    assert_eq!(*refusal, Refusal::Conflict { asked: two.statement, signed: one.statement });
    let text = refused.to_string();
    for statement in [one.statement, two.statement] {
        assert!(text.contains(&statement.to_string()), "{text} does not name {statement}");
    }
}

#[tokio::test]
async fn racing_requests_for_one_key_get_one_answer() {
    let (_folder, path) = home().await;
    with(&path, async |signing| {
        let mut racing = tokio::task::JoinSet::new();
        for nth in 0..64 {
            let signing = signing.clone();
            racing.spawn(async move { signing.sign(asked(Kind::Proposal, 5, 0, &format!("root {}", nth % 4))).await });
        }
        let answers = racing.join_all().await;
        let signed: std::collections::BTreeSet<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(signed.len(), 1);
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 16);
    })
    .await;
}

#[tokio::test]
async fn other_bytes_too_many_bytes_and_unknown_keys_are_refused() {
    let (_folder, path) = home().await;
    with(&path, async |signing| {
        let vote = asked(Kind::RootVote, 7, 0, "a root");
        let other = signing.sign(Asked { bytes: b"another".to_vec(), ..vote.clone() }).await.unwrap_err();
        assert!(matches!(other, GuardError::OtherBytes { .. }), "{other}");
        let long = Asked { bytes: vec![0; BEHIND_BYTES_CAP + 1], ..vote.clone() };
        let long = signing.sign(long).await.unwrap_err();
        assert!(matches!(long, GuardError::TooManyBytes { .. }), "{long}");
        let stranger = Asked { signer: SignerKey::named("a stranger").address(), ..vote };
        let stranger = signing.sign(stranger).await.unwrap_err();
        assert!(matches!(stranger, GuardError::NoKey { .. }), "{stranger}");
        // None of it left a trace.
        signing.sign(asked(Kind::RootVote, 7, 0, "another root")).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_key_that_fails_signs_nothing_and_binds_its_statement() {
    let (_folder, path) = home().await;
    let listened = Listening::new((1, 0), UnixSeconds(0)).wait(LISTEN, true).unwrap();
    let keys_that_fail = Keys::default().with(signer().address(), |_| None);
    let (signing, served) = open(&path).await.unwrap().serve(listened, keys_that_fail).unwrap();
    let (one, two) = (asked(Kind::RootVote, 7, 0, "one"), asked(Kind::RootVote, 7, 0, "two"));
    let failed = signing.sign(one.clone()).await.unwrap_err();
    assert!(matches!(failed, GuardError::KeyFailed { .. }), "{failed}");
    drop(signing);
    served.await.unwrap().unwrap();
    with(&path, async |signing| {
        let refused = signing.sign(two).await.unwrap_err();
        assert!(matches!(refused, GuardError::Refused(_)), "{refused}");
        signing.sign(one).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_signer_whose_history_is_elsewhere_does_not_sign() {
    let (_folder, path) = home().await;
    let listened = Listening::new((1, 0), UnixSeconds(0)).wait(LISTEN, true).unwrap();
    let stranger = SignerKey::named("a stranger");
    let keys = keys().with(stranger.address(), move |digest| Some(stranger.sign(digest)));
    let refused = open(&path).await.unwrap().serve(listened, keys).unwrap_err();
    assert!(matches!(refused, GuardError::UnknownSigner { .. }), "{refused}");
}

#[tokio::test]
async fn an_export_protects_another_guard_as_much() {
    let (_folder, path) = home().await;
    let (early, late) = (asked(Kind::Update, 3, 9, "early"), asked(Kind::Update, 3, 12, "late"));
    with(&path, async |signing| {
        signing.sign(early.clone()).await.unwrap();
        signing.sign(late.clone()).await.unwrap();
    })
    .await;
    for minimal in [false, true] {
        let mut guard = open(&path).await.unwrap();
        let file = guard.export(minimal).await.unwrap();
        guard.close().await.unwrap();
        let (_folder, other) = home().await;
        let mut guard = open(&other).await.unwrap();
        let merged = guard.import(&file, &BTreeSet::new()).await.unwrap();
        assert_eq!(merged.len(), 1);
        let (signing, _served) = serve(guard);
        for (cycle, slot, free) in [(4, 9, false), (4, 10, !minimal), (4, 12, false), (4, 13, true)] {
            let answer = signing.sign(asked(Kind::Update, cycle, slot, "something else")).await;
            assert_eq!(answer.is_ok(), free, "minimal {minimal}, slot {slot}: {answer:?}");
        }
        // What the file names may be signed again, for the signature is the same.
        assert_eq!(signing.sign(late.clone()).await.is_ok(), !minimal);
    }
}

#[tokio::test]
async fn what_was_pruned_is_refused_and_gone() {
    let (_folder, path) = home().await;
    with(&path, async |signing| {
        for cycle in 1..=6 {
            signing.sign(asked(Kind::RootVote, cycle, 0, "a root")).await.unwrap();
            signing.sign(asked(Kind::Update, cycle, 100 + cycle, &format!("update {cycle}"))).await.unwrap();
        }
        // Young, and below the old ones.
        signing.sign(asked(Kind::Checkpoint, 6, 1, "young")).await.unwrap();
        signing.sign(asked(Kind::Checkpoint, 1, 2, "old")).await.unwrap();
    })
    .await;
    let mut guard = open(&path).await.unwrap();
    assert_eq!(guard.prune(Cycle(4)).await.unwrap(), 6);
    let histories = guard.histories().await.unwrap();
    assert_eq!(histories[&signer().address()].taken().count(), 8);
    let kept = sqlite_count(&path, guard).await;
    // The bytes of "a root" are one row.
    assert_eq!(kept, 3 + 1 + 2);
    with(&path, async |signing| {
        for (kind, cycle, slot, free) in [
            (Kind::RootVote, 3, 0, false),
            (Kind::RootVote, 4, 0, false),
            (Kind::RootVote, 7, 0, true),
            (Kind::Update, 6, 103, false),
            (Kind::Update, 6, 50, false),
            (Kind::Update, 6, 107, true),
            (Kind::Checkpoint, 6, 3, true),
        ] {
            let answer = signing.sign(asked(kind, cycle, slot, "something else")).await;
            assert_eq!(answer.is_ok(), free, "{kind} {cycle} {slot}: {answer:?}");
        }
    })
    .await;
}

/// A floor that was imported is no reason to forget what is young.
#[tokio::test]
async fn pruning_keeps_what_is_young_below_a_floor() {
    let (_folder, path) = home().await;
    let young = asked(Kind::Update, 6, 5, "young");
    with(&path, async |signing| {
        signing.sign(asked(Kind::Update, 1, 4, "old")).await.unwrap();
        signing.sign(young.clone()).await.unwrap();
    })
    .await;
    let mut guard = open(&path).await.unwrap();
    let mut file = text(&guard.export(true).await.unwrap());
    file["data"][0]["updates"] = serde_json::json!([{ "slot": "90" }]);
    guard.import(&serde_json::from_value(file).unwrap(), &BTreeSet::new()).await.unwrap();
    assert_eq!(guard.prune(Cycle(4)).await.unwrap(), 1);
    guard.close().await.unwrap();
    with(&path, async |signing| signing.sign(young).await.unwrap()).await;
}

/// What a node announces tells a guard that was put back from before, so starts must not raise it.
#[tokio::test]
async fn what_is_noted_is_counted_and_starts_are_not() {
    let (_folder, path) = home().await;
    let mut guard = open(&path).await.unwrap();
    guard.start().await.unwrap();
    assert_eq!(guard.noted(), BOOT);
    let (signing, served) = serve(guard);
    let noted = signing.noted();
    for (cycle, root, count) in [(1, "one", 1), (1, "one", 1), (1, "two", 1), (2, "one", 2)] {
        drop(signing.sign(asked(Kind::RootVote, cycle, 0, root)).await);
        assert_eq!(*noted.borrow(), BOOT + count, "cycle {cycle}, {root}");
    }
    drop(signing);
    served.await.unwrap().unwrap();
    assert_eq!(open(&path).await.unwrap().noted(), BOOT + 2);
}

/// A statement that was imported has no bytes here until it is signed.
#[tokio::test]
async fn the_bytes_behind_an_imported_statement_are_kept_when_it_is_signed() {
    let (_folder, path) = home().await;
    let vote = asked(Kind::RootVote, 1, 0, "a root");
    let mut guard = open(&path).await.unwrap();
    let mut file = text(&guard.export(false).await.unwrap());
    file["data"][0]["root_votes"] = serde_json::json!([{ "cycle": "1", "digest": vote.statement.digest() }]);
    guard.import(&serde_json::from_value(file).unwrap(), &BTreeSet::new()).await.unwrap();
    assert_eq!(sqlite_count(&path, guard).await, 0);
    with(&path, async |signing| signing.sign(vote).await.unwrap()).await;
    assert_eq!(sqlite_count(&path, open(&path).await.unwrap()).await, 1);
}

/// How many different bytes are kept behind statements.
async fn sqlite_count(path: &std::path::Path, guard: Guard) -> i64 {
    use sqlx::{ConnectOptions as _, Row as _};
    guard.close().await.unwrap();
    let mut shell = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::query("select count(*) from behind").fetch_one(&mut shell).await.unwrap().get(0)
}

#[tokio::test]
async fn starts_are_counted_and_go_on_from_an_import() {
    let (_folder, path) = home().await;
    let mut guard = open(&path).await.unwrap();
    assert_eq!((guard.start().await.unwrap(), guard.start().await.unwrap()), (BOOT + 1, BOOT + 2));
    let file = guard.export(true).await.unwrap();
    assert_eq!(text(&file)["metadata"]["boot"], "1002");
    guard.close().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut guard = Guard::found(&folder.path().join("guard.db"), NETWORK, 5).await.unwrap();
    guard.import(&file, &file.signers()).await.unwrap();
    assert_eq!(guard.start().await.unwrap(), BOOT + 3);
}

/// What was announced is the number of starts and that of statements. A home that moves goes on above the one, and with just
/// the other: if it was put back from before, it must not pass for one that knows more.
#[tokio::test]
async fn a_file_tells_both_counts() {
    let (_folder, path) = home().await;
    with(&path, async |signing| {
        for cycle in 1..=3 {
            signing.sign(asked(Kind::RootVote, cycle, 0, "a root")).await.unwrap();
        }
    })
    .await;
    let mut guard = open(&path).await.unwrap();
    assert_eq!((guard.boot(), guard.noted()), (BOOT, BOOT + 3));
    let file = guard.export(false).await.unwrap();
    assert_eq!((file.boot(), file.noted()), (Some(BOOT), Some(BOOT + 3)));
    for _ in 0..5 {
        guard.start().await.unwrap();
    }
    let file = guard.export(true).await.unwrap();
    assert_eq!((file.boot(), file.noted()), (Some(BOOT + 5), Some(BOOT + 3)));
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("guard.db");
    let mut there = Guard::found_after(&path, NETWORK, BOOT + 90, BOOT + 3).await.unwrap();
    there.import(&file, &file.signers()).await.unwrap();
    assert_eq!((there.start().await.unwrap(), there.noted()), (BOOT + 91, BOOT + 3));
}
