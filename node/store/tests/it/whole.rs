//! A batch is written whole or not at all, and seen whole or not at all.

use sqlx::Executor as _;
use williw_core::census::Batch;
use williw_core::identity::ChainId;
use williw_core::reputation::Score;
use williw_store::{Place, Store, StoreError};

use crate::made::{apply, batch, blank, owner, place, shell, start};

#[tokio::test]
async fn a_batch_that_fails_at_its_last_row_leaves_no_trace() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    store.commit(&batch(0, 50)).await.unwrap();
    let before = store.checkpoint().await.unwrap();
    let mut shell = shell(&store).await;
    let trap = "create trigger trap before update on reputation begin select raise(abort, 'sprung'); end";
    shell.execute(trap).await.unwrap();

    let error = store.commit(&batch(1, 50)).await.unwrap_err();
    let StoreError::Refused { doing, source } = &error else { panic!("{error:?}") };
    assert_eq!(*doing, "writing a reputation");
    assert!(source.to_string().contains("sprung"), "{source}");
    assert_eq!(error.to_string(), "writing a reputation: the database refused a row, nothing was written");
    assert_eq!(store.checkpoint().await.unwrap(), before);
    assert_eq!(store.facts(ChainId::Base, Place(0), 1_000).await.unwrap().len(), 50);

    // Without the trap the same batch passes, so it failed for nothing else, and the store still works.
    shell.execute("drop trigger trap").await.unwrap();
    store.commit(&batch(1, 50)).await.unwrap();
    let mut expected = start();
    apply(&mut expected, &batch(0, 50));
    apply(&mut expected, &batch(1, 50));
    assert_eq!(store.checkpoint().await.unwrap(), expected);
}

#[tokio::test]
async fn rows_of_another_chain_or_contract_are_refused() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    let refused = async |change: &dyn Fn(&mut williw_core::ledger::Change)| {
        let mut batch = batch(0, 1);
        change(batch.change.as_mut().unwrap());
        store.commit(&batch).await.unwrap_err()
    };
    let foreign = owner(ChainId::Solana, 1);
    let mixed = [
        refused(&|change| change.facts[0].chain = ChainId::Solana).await,
        refused(&|change| {
            let (_, operator) = change.operators.pop_first().unwrap();
            change.operators.insert(foreign, operator);
        })
        .await,
        refused(&|change| {
            let ((_, journal), end) = change.journals.pop_first().unwrap();
            change.journals.insert((ChainId::Solana, journal), end);
        })
        .await,
    ];
    for error in mixed {
        assert!(matches!(error, StoreError::MixedBatch { chain: ChainId::Base }), "{error:?}");
    }
    let other = refused(&|change| change.books.site = crate::made::SITES[1]).await;
    assert!(matches!(other, StoreError::OtherSite { chain: ChainId::Base }), "{other:?}");
    assert_eq!(store.checkpoint().await.unwrap(), start());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_whole_batches() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    let writer = store.clone();
    let writing = tokio::spawn(async move {
        for nth in 0..100 {
            writer.commit(&batch(nth, 20)).await.unwrap();
        }
    });
    let mut last = None;
    loop {
        // Asked first, so that the last look is from after the last batch.
        let finished = writing.is_finished();
        let checkpoint = store.checkpoint().await.unwrap();
        let owner = owner(ChainId::Base, 1);
        if let Some(operator) = checkpoint.ledger.operator(owner) {
            let nth = operator.active.0;
            let books = checkpoint.ledger.chain(ChainId::Base).unwrap();
            let score = checkpoint.reputation[&owner].written().0;
            assert_eq!(books.funded.0, nth);
            assert_eq!(score, Score(i64::try_from(nth).unwrap()));
            assert_eq!(books.through.height.0, (u64::try_from(nth).unwrap() + 1) * 20);
            assert!(last <= Some(nth), "a reader went back in time");
            last = Some(nth);
        } else {
            assert_eq!(checkpoint, start());
        }
        if finished {
            break;
        }
    }
    writing.await.unwrap();
    assert_eq!(last, Some(99));
}

#[tokio::test]
async fn a_caller_that_stops_waiting_leaves_a_whole_batch() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    let (mut expected, mut nth, mut given_up) = (start(), 0, 0);
    for patience in 0..300 {
        let impatient = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        let next = batch(nth, 3);
        tokio::select! {
            biased;
            () = impatient => given_up += 1,
            done = store.commit(&next) => done.unwrap(),
        }
        // The writer takes turns, so behind this one it is settled what became of the other.
        store.commit(&Batch::default()).await.unwrap();
        let found = store.checkpoint().await.unwrap();
        if found != expected {
            apply(&mut expected, &next);
            nth += 1;
        }
        assert_eq!(found, expected, "after {patience} turns");
        assert_eq!(store.facts(ChainId::Base, Place(0), 9_999).await.unwrap().len() as u64, nth * 3);
    }
    assert!(given_up > 20 && nth > 20, "{given_up} given up, {nth} written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_take_turns() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    let writers: Vec<_> = (0..20_u8)
        .map(|byte| {
            let (store, mut batch) = (store.clone(), batch(u64::from(byte), 1));
            let change = batch.change.as_mut().unwrap();
            change.operators = [(owner(ChainId::Base, byte), crate::made::operator(1))].into();
            tokio::spawn(async move { store.commit(&batch).await })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert_eq!(store.checkpoint().await.unwrap().ledger.operators().len(), 20);
    assert_eq!(store.facts(ChainId::Base, Place(0), 100).await.unwrap().len(), 20);
}

/// After a crash the log may hold a batch that the disk never confirmed. Whoever reads it acts on it, so it must be in the file
/// by then: nobody can tell whether the log would survive the next crash.
#[tokio::test]
async fn what_a_crash_left_in_the_log_is_in_the_file_before_it_is_read() {
    let (folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    store.commit(&batch(0, 10)).await.unwrap();
    let crashed = folder.path().join("crashed.db");
    for end in ["", "-wal"] {
        let of = |name: &str| folder.path().join(format!("{name}{end}"));
        std::fs::copy(of("node.db"), of("crashed.db")).unwrap();
    }
    let again = Store::open(&crashed, &blank()).await.unwrap();
    let found = again.checkpoint().await.unwrap();
    assert_eq!(found, store.checkpoint().await.unwrap());
    let alone = folder.path().join("alone.db");
    std::fs::copy(&crashed, &alone).unwrap();
    assert_eq!(Store::open(&alone, &blank()).await.unwrap().checkpoint().await.unwrap(), found);
}
