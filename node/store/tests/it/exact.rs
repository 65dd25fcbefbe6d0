//! The largest and the smallest values there are come back as they went in.

use williw_core::amount::{Amount, Bps};
use williw_core::census::Batch;
use williw_core::cycle::{Cycle, Height, Seconds, UnixSeconds};
use williw_core::cycle_stake::CycleStake;
use williw_core::fact::{Body, Fact, PoolParameters, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::{ChainId, PeerId, Signer};
use williw_core::journal::Head;
use williw_core::ledger::{ChainBooks, Change, JournalEnd, Operator, Point, PostedRoot};
use williw_core::link::Link;
use williw_core::offence::Evidence;
use williw_core::reputation::{Reputation, Score};
use williw_core::secp256k1::Signature;
use williw_core::statement::{Kind, RewardRoot, Signed, Statement};
use williw_core::tenure::Tenure;
use williw_store::{Entry, Place, Store};

use crate::made::{SITES, VAULT, apply, blank, owner, place, start};

/// Every number is `small`, every amount `large`.
fn everything(chain: ChainId, small: u64, large: u128, byte: u8) -> Batch {
    let (amount, cycle, time, height) = (Amount(large), Cycle(small), UnixSeconds(small), Height(small));
    let stake = CycleStake::read_back(amount, amount, amount, cycle);
    let point = Point { height, time };
    let root =
        RewardRoot { root: Hash([byte; 32]), total_base: amount, total_solana: amount, blob_hash: Hash([!byte; 32]) };
    let posted = PostedRoot { cycle, root, activates: time };
    let vault = VaultParameters {
        min_stake: amount,
        min_deposit: amount,
        unstaking_period: Seconds(small),
        slash: Bps::ONE,
        evidence_cycles: small,
    };
    let books = ChainBooks {
        site: *SITES.iter().find(|site| site.chain() == chain).unwrap(),
        through: point,
        last: point,
        operators: small,
        total: stake,
        vault: Some(vault),
        pool: Some(PoolParameters { min_quorum: amount, delay: Seconds(small), max_per_cycle: amount }),
        funded: amount,
        settled: Some(posted),
        posted: Some(PostedRoot { cycle: Cycle(small ^ 1), ..posted }),
        closed: Some(cycle),
    };
    let (owner, signer) = (owner(chain, byte), Signer([byte; 20]));
    let operator = Operator {
        index: small,
        journal: VAULT,
        active: amount,
        queued: amount,
        link: Some(Link::read_back(PeerId([byte; 32]), signer)),
        signer,
        nonce: small,
        term: small,
        jailed: Some(point),
        stake,
        changed: height,
    };
    let head = Head { seq: small, hash: Hash([byte; 32]) };
    let fact = Fact { chain, journal: VAULT, seq: small, time, height, body: Body::Funded { funded: amount } };
    let change = Change {
        chain,
        books,
        operators: [(owner, operator)].into(),
        signers: [((chain, signer), Tenure { owner, from: cycle, through: Some(cycle), term: small })].into(),
        journals: [((chain, VAULT), JournalEnd { head, last: point })].into(),
        facts: vec![fact],
    };
    let signed = |digest| Signed {
        statement: Statement::new(Kind::Update, cycle, small, Hash([digest; 32])).unwrap(),
        signature: Signature([byte; 65]),
    };
    let evidence = Evidence { first: signed(1), second: signed(2) };
    let score = Score(if small == 0 { i64::MIN } else { i64::MAX });
    Batch {
        change: Some(change),
        reputation: [(owner, Reputation::read_back(score, time))].into(),
        evidence: [(owner, Some(evidence))].into(),
    }
}

#[tokio::test]
async fn the_limits_of_every_type_come_back() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    let mut expected = start();
    let batches = [
        everything(ChainId::Base, u64::MAX, u128::MAX, 0xff),
        everything(ChainId::Base, 0, 0, 0),
        everything(ChainId::Solana, 1 << 63, 1 << 127, 0x80),
        everything(ChainId::Solana, (1 << 63) - 1, (1 << 127) - 1, 0x7f),
    ];
    for batch in &batches {
        store.commit(batch).await.unwrap();
        apply(&mut expected, batch);
        assert_eq!(store.checkpoint().await.unwrap(), expected);
    }
    store.close().await.unwrap();
    let store = Store::open(&path, &blank()).await.unwrap();
    assert_eq!(store.checkpoint().await.unwrap(), expected);
    for chain in ChainId::ALL {
        let facts = batches.iter().flat_map(|batch| &batch.change.as_ref().unwrap().facts);
        let facts: Vec<_> = facts.filter(|fact| fact.chain == chain).cloned().collect();
        let entries = store.facts(chain, Place(0), u32::MAX).await.unwrap();
        assert_eq!(entries.into_iter().map(|Entry { fact, .. }| fact).collect::<Vec<_>>(), facts);
        assert_eq!(store.facts(chain, Place(u64::MAX), 1).await.unwrap(), []);
    }
}

#[tokio::test]
async fn what_a_chain_no_longer_has_is_gone() {
    let (_folder, path) = place();
    let store = Store::open(&path, &blank()).await.unwrap();
    let mut expected = start();
    let full = everything(ChainId::Base, 5, 5, 5);
    let mut less = full.clone();
    let change = less.change.as_mut().unwrap();
    change.facts.clear();
    (change.books.vault, change.books.pool) = (None, None);
    (change.books.settled, change.books.posted, change.books.closed) = (None, None, None);
    for operator in change.operators.values_mut() {
        (operator.link, operator.jailed) = (None, None);
    }
    for tenure in change.signers.values_mut() {
        tenure.through = None;
    }
    for evidence in less.evidence.values_mut() {
        *evidence = None;
    }
    for batch in [full, less] {
        store.commit(&batch).await.unwrap();
        apply(&mut expected, &batch);
        assert_eq!(store.checkpoint().await.unwrap(), expected);
    }
    assert!(expected.evidence.is_empty());
}
