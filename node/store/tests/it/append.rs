//! The journal: in order, in pages, about one owner, and never changed.

use sqlx::Executor as _;
use williw_core::census::Batch;
use williw_core::fact::Fact;
use williw_core::identity::ChainId;
use williw_store::{Entry, FACTS_CAP, Place, Store, StoreError};

use crate::made::{batch, blank, deposit, owner, place, shell};

async fn with_facts(count: u64) -> (tempfile::TempDir, Store) {
    let (folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    store.commit(&batch(0, count)).await.unwrap();
    (folder, store)
}

fn facts(entries: Vec<Entry>) -> Vec<Fact> {
    entries.into_iter().map(|entry| entry.fact).collect()
}

#[tokio::test]
async fn facts_come_in_order_and_in_pages() {
    let (_folder, store) = with_facts(10).await;
    store.commit(&batch(1, 10)).await.unwrap();
    assert_eq!(
        facts(store.facts(ChainId::Base, Place(0), 100).await.unwrap()),
        (1..=20).map(deposit).collect::<Vec<_>>()
    );
    let some = store.facts(ChainId::Base, Place(8), 4).await.unwrap();
    assert_eq!(some.iter().map(|entry| entry.place.0).collect::<Vec<_>>(), [9, 10, 11, 12]);
    assert_eq!(facts(some), (9..=12).map(deposit).collect::<Vec<_>>());
    assert_eq!(store.facts(ChainId::Base, Place(20), 4).await.unwrap(), []);
    assert_eq!(store.facts(ChainId::Solana, Place(0), 4).await.unwrap(), []);

    let about = store.facts_about(owner(ChainId::Base, 1), 3).await.unwrap();
    assert_eq!(facts(about), [20, 18, 16].map(deposit));
    assert_eq!(store.facts_about(owner(ChainId::Base, 3), 3).await.unwrap(), []);
    // The same bytes are another owner on the other chain.
    let elsewhere = williw_core::identity::Owner { chain: ChainId::Solana, ..owner(ChainId::Base, 1) };
    assert_eq!(store.facts_about(elsewhere, 3).await.unwrap(), []);
}

#[tokio::test]
async fn nobody_gets_more_than_the_cap() {
    let cap = u64::from(FACTS_CAP);
    let (_folder, store) = with_facts(2 * cap + 4).await;
    assert_eq!(store.facts(ChainId::Base, Place(0), u32::MAX).await.unwrap().len() as u64, cap);
    assert_eq!(store.facts_about(owner(ChainId::Base, 1), u32::MAX).await.unwrap().len() as u64, cap);
}

#[tokio::test]
async fn not_even_a_shell_changes_a_fact() {
    let (_folder, store) = with_facts(3).await;
    let mut shell = shell(&store).await;
    let columns = "chain, place, journal, seq, time, height, kind, account, body";
    let replaced = format!("insert or replace into fact ({columns}) select {columns} from fact where place = 2");
    let skipped = format!(
        "insert into fact ({columns}) select chain, 5, journal, x'0000000000000005', time, height, kind, account, body from fact where place = 3"
    );
    for (sql, why) in [
        ("update fact set kind = 3 where place = 2", "a fact is never changed"),
        ("delete from fact where place = 3", "a fact is never deleted"),
        (replaced.as_str(), "a fact goes to the end of the journal"),
        (skipped.as_str(), "a fact goes to the end of the journal"),
    ] {
        let error = shell.execute(sqlx::AssertSqlSafe(sql.to_owned())).await.unwrap_err();
        assert!(error.to_string().contains(why), "{sql}: {error}");
    }
    assert_eq!(facts(store.facts(ChainId::Base, Place(0), 9).await.unwrap()), [1, 2, 3].map(deposit));
}

#[tokio::test]
async fn a_fact_that_is_there_is_refused() {
    let (_folder, store) = with_facts(3).await;
    let before = store.checkpoint().await.unwrap();
    let mut again: Batch = batch(1, 3);
    again.change.as_mut().unwrap().facts[1] = deposit(2);
    let error = store.commit(&again).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    assert_eq!(store.checkpoint().await.unwrap(), before);
    assert_eq!(store.facts(ChainId::Base, Place(0), 9).await.unwrap().len(), 3);
    store.commit(&batch(1, 3)).await.unwrap();
}
