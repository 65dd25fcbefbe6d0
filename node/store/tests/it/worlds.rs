//! Whole worlds of the simulator, kept in a file: what comes back is what the census held.

use williw_core::census::Checkpoint;
use williw_core::identity::{Account, ChainId};
use williw_core::ledger::{Ledger, Page};
use williw_core::sim::Sim;
use williw_store::{Place, Store};

use crate::made::place;

const STEPS: u64 = 400;
/// How many batches are written between two comparisons.
const COMPARE_EVERY: usize = 20;
/// How many facts one question asks for: few, so that there are many questions.
const PAGE: u32 = 7;

/// What was seen in the worlds, so that an empty one proves nothing.
#[derive(Debug, Default)]
struct Seen {
    facts: usize,
    jailed: usize,
    unlinked: usize,
    ended: usize,
    roots: usize,
    evidence: usize,
    reputation: usize,
}

impl Seen {
    fn look(&mut self, checkpoint: &Checkpoint) {
        let ledger = &checkpoint.ledger;
        self.jailed += ledger.operators().values().filter(|operator| operator.jailed.is_some()).count();
        self.unlinked += ledger.operators().values().filter(|operator| operator.link.is_none()).count();
        self.ended += ledger.signers().values().filter(|tenure| tenure.through.is_some()).count();
        self.roots += ledger.chains().filter(|(_, books)| books.posted.is_some() && books.settled.is_some()).count();
        self.evidence += checkpoint.evidence.len();
        self.reputation += checkpoint.reputation.len();
    }
}

async fn live(seed: u64, seen: &mut Seen) {
    let (_folder, path) = place();
    let mut sim = Sim::new(seed);
    assert!(sim.batches().is_empty());
    let blank = sim.checkpoint().ledger;
    let mut store = Store::open(&path, &blank).await.unwrap();
    assert_eq!(store.checkpoint().await.unwrap(), sim.checkpoint(), "seed {seed}, before the first step");
    let mut written = 0;
    for step in 0..STEPS {
        sim.step().unwrap_or_else(|broken| panic!("seed {seed}, step {step}: {broken}"));
        let batches = sim.batches();
        for batch in &batches {
            store.commit(batch).await.unwrap();
            written += 1;
        }
        if !batches.is_empty() && written % COMPARE_EVERY == 0 {
            let checkpoint = store.checkpoint().await.unwrap();
            assert_eq!(checkpoint, sim.checkpoint(), "seed {seed}, step {step}");
            seen.look(&checkpoint);
        }
        if step % 100 == 99 {
            store.close().await.unwrap();
            store = Store::open(&path, &blank).await.unwrap();
        }
    }
    let checkpoint = store.checkpoint().await.unwrap();
    assert_eq!(checkpoint, sim.checkpoint(), "seed {seed}, at the end");
    seen.look(&checkpoint);
    assert_eq!(refold(&store, &blank, &checkpoint.ledger, seen).await, checkpoint.ledger, "seed {seed}");
}

/// Folds the stored facts from the first, as if the checkpoint had been lost.
async fn refold(store: &Store, blank: &Ledger, stored: &Ledger, seen: &mut Seen) -> Ledger {
    let mut ledger = blank.clone();
    for (chain, books) in stored.chains() {
        let mut facts = Vec::new();
        loop {
            let entries = store.facts(chain, Place(facts.len() as u64), PAGE).await.unwrap();
            let full = entries.len() == PAGE as usize;
            for entry in entries {
                facts.push(entry.fact);
                assert_eq!(entry.place, Place(facts.len() as u64), "places have no gaps");
            }
            if !full {
                break;
            }
        }
        seen.facts += facts.len();
        let mut journals: Vec<Account> = books.site.standing_journals();
        if chain == ChainId::Solana {
            journals
                .extend(stored.operators().iter().filter(|(owner, _)| owner.chain == chain).map(|(_, of)| of.journal));
        }
        let heads = journals.into_iter().map(|journal| (journal, stored.head(chain, journal).hash)).collect();
        let page = Page { chain, facts, through: books.through, heads, operators: books.operators, reached: true };
        let change = ledger.stage(&page).unwrap().expect("nothing was folded before");
        ledger.commit(&change);
    }
    ledger
}

#[tokio::test]
async fn a_world_comes_back_as_it_was_and_folds_from_zero() {
    let mut seen = Seen::default();
    for seed in 0..8 {
        live(seed, &mut seen).await;
    }
    let Seen { facts, jailed, unlinked, ended, roots, evidence, reputation } = seen;
    let counts = [facts, jailed, unlinked, ended, roots, evidence, reputation];
    assert!(counts.iter().all(|&count| count > 0), "the worlds were too poor to prove anything: {seen:?}");
}
