use std::collections::BTreeSet;

use williw_core::fact::Fact;

use super::*;
use crate::solana::fold::Numbered;
use crate::solana::tests::{Chain, Dice, NETWORK};

fn check(chain: &Chain, sheet: &Sheet) -> Verdict {
    let (cursor, truth) = (chain.cursor(10), chain.sheet(40));
    let history = History::fold(NETWORK, &cursor, &truth, &chain.numbered()).unwrap();
    judge(&history, cursor.books.last.height, sheet)
}

fn chain() -> Chain {
    let mut chain = Chain::new();
    chain.register(10);
    chain.register(10);
    chain.stake(0, 20);
    chain.stake(1, 25);
    chain.register(30);
    chain.stake(0, 35);
    chain
}

#[test]
fn the_truth_of_any_slot_supports_the_facts() {
    let chain = chain();
    for slot in 10..=60 {
        assert_eq!(check(&chain, &chain.sheet(slot)), Verdict::Supports, "at {slot}");
    }
    assert_eq!(check(&chain, &chain.sheet(9)), Verdict::Before);
    let mut longer = chain.clone();
    longer.stake(1, 50);
    assert_eq!(check(&chain, &longer.sheet(55)), Verdict::Beyond);
}

#[test]
fn what_a_sheet_does_is_told_apart() {
    let chain = chain();
    let at = Height(40);
    let named = |sheet: &Sheet| match check(&chain, sheet) {
        Verdict::Fault(fault) => fault,
        other => panic!("{other:?}"),
    };
    // All of it older than it says.
    for old in [12, 20, 25, 30, 34] {
        let sheet = Sheet { slot: at, ..chain.sheet(old) };
        assert_eq!(named(&sheet), EndpointFault::OldSet { at }, "of {old}");
    }
    // One account older than the others: its next fact came before one that is there.
    let mut mixed = chain.sheet(40);
    let old = chain.sheet(12).ends[&chain.operator(0)];
    mixed.ends.insert(chain.operator(0), old);
    assert_eq!(named(&mixed), EndpointFault::MixedSlots { at });
    let mut invented = chain.sheet(40);
    invented.ends.get_mut(&chain.operator(1)).unwrap().head.seq += 1;
    assert_eq!(named(&invented), EndpointFault::InventsFacts { seq: 3, height: at });
    let mut forged = chain.sheet(40);
    forged.ends.get_mut(&chain.operator(1)).unwrap().head.hash.0[0] ^= 1;
    assert_eq!(named(&forged), EndpointFault::ForgedStorage { height: at });
    let counts = Sheet { count: 2, ..chain.sheet(40) };
    assert_eq!(named(&counts), EndpointFault::MixedSlots { at });
}

/// What an endpoint shows: its sheet, and its facts.
struct Shown {
    honest: bool,
    sheet: Sheet,
    facts: Numbered,
}

/// A liar of some kind, at one with itself or not.
fn liar(truth: &Chain, dice: &mut Dice, slot: u64) -> Shown {
    let mut chain = truth.clone();
    let (from, through) = (truth.cursor_slot(), slot);
    let old = from + dice.below(through - from + 1);
    let who = dice.below(truth.operators() as u64) as usize;
    let mut sheet = match dice.below(7) {
        0 => Sheet { slot: Height(slot), ..truth.sheet(old) },
        1 => {
            let mut sheet = truth.sheet(slot);
            let journal = truth.operator(who);
            match truth.sheet(old).ends.get(&journal) {
                Some(end) => sheet.ends.insert(journal, *end),
                None => sheet.ends.remove(&journal),
            };
            sheet
        }
        // Facts that never were, with heads to match.
        2 => {
            chain.stake(who, slot);
            chain.sheet(slot)
        }
        3 => {
            chain.register(slot);
            chain.sheet(slot)
        }
        // A fact that says something else, and what follows from that.
        4 => {
            chain.alter(dice.below(truth.facts().len() as u64) as usize);
            chain.sheet(slot)
        }
        // One that is left out, and those behind it counted anew.
        5 => {
            chain.forget(dice.below(truth.facts().len() as u64) as usize);
            chain.sheet(slot)
        }
        _ => Sheet { count: truth.sheet(slot).count + 1, ..truth.sheet(slot) },
    };
    if dice.below(8) == 0 {
        sheet.slot = Height(slot + dice.below(1_000));
    }
    let mut facts = chain.numbered();
    if dice.below(4) == 0 {
        facts.pop_last();
    }
    Shown { honest: false, sheet, facts }
}

/// The history that a quorum bears out farthest, as the reader looks for it.
fn believed(cursor: &crate::reader::Cursor, shown: &[Shown], quorum: usize) -> Option<(History, Height)> {
    let sheets: Vec<(usize, Sheet)> = shown.iter().map(|one| one.sheet.clone()).enumerate().collect();
    let folded = shown.iter().filter_map(|one| History::fold(NETWORK, cursor, &one.sheet, &one.facts).ok());
    folded
        .filter_map(|history| borne_out(history, cursor.books.last.height, &sheets, quorum))
        .max_by_key(|(_, through)| *through)
}

#[test]
fn what_is_believed_is_a_prefix_of_the_truth_whenever_a_quorum_is_honest() {
    let seeds = match std::env::var("SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..3_000).collect(),
    };
    let mut told = BTreeSet::new();
    for seed in seeds {
        let mut dice = Dice(seed);
        let truth = Chain::random(&mut dice);
        let endpoints = 1 + dice.below(6) as usize;
        let quorum = crate::quorum::quorum_of(endpoints);
        let honest = quorum + dice.below((endpoints - quorum) as u64 + 1) as usize;
        let (from, tip) = (truth.cursor_slot(), truth.tip());
        let cursor = truth.cursor(from);
        let shown: Vec<Shown> = (0..endpoints)
            .map(|index| {
                let slot = from + dice.below(tip - from + 3);
                if index < honest {
                    Shown { honest: true, sheet: truth.sheet(slot), facts: truth.numbered() }
                } else {
                    liar(&truth, &mut dice, slot)
                }
            })
            .collect();
        let (history, through) =
            believed(&cursor, &shown, quorum).unwrap_or_else(|| panic!("SEED={seed}: a quorum is honest"));
        let slots = shown.iter().filter(|one| one.honest).map(|one| one.sheet.slot).collect();
        assert!(reached(slots, quorum) <= Some(through), "SEED={seed}: as far as the honest go");
        let new = |fact: &&Fact| fact.height > Height(from) && fact.height <= through;
        let facts: BTreeSet<_> = truth.facts().iter().filter(new).map(|fact| (fact.journal, fact.seq)).collect();
        let found = history.facts_through(through);
        assert_eq!(found.len(), facts.len(), "SEED={seed}: every fact and no other");
        assert!(found.iter().all(|fact| truth.facts().contains(fact)), "SEED={seed}: nothing is invented");
        let expected = truth.sheet(through.0);
        let heads: BTreeMap<_, _> = history.heads_at(through).collect();
        let heads_of_truth = expected.ends.iter().map(|(journal, end)| (*journal, end.head)).collect();
        assert_eq!((heads, history.operators_at(through)), (heads_of_truth, expected.count), "SEED={seed}");
        for one in &shown {
            let verdict = judge(&history, cursor.books.last.height, &one.sheet);
            let is_true = one.sheet == Sheet { time: one.sheet.time, ..truth.sheet(one.sheet.slot.0) };
            if is_true {
                assert!(!matches!(verdict, Verdict::Fault(_)), "SEED={seed}: {verdict:?} of somebody honest");
            } else if one.sheet.slot <= through {
                let Verdict::Fault(fault) = verdict else { panic!("SEED={seed}: a lie is {verdict:?}") };
                told.insert(format!("{fault:?}").split(' ').next().unwrap_or_default().to_owned());
            }
        }
    }
    let kinds = ["ForgedStorage", "InventsFacts", "MixedSlots", "OldSet"];
    assert!(
        std::env::var("SEED").is_ok() || told.iter().map(String::as_str).eq(kinds),
        "lies of every kind were told: {told:?}"
    );
}
