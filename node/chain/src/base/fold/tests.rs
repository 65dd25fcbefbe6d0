use super::*;
use williw_core::amount::Amount;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId};

const START: Head = Head { seq: 0, hash: Hash([9; 32]) };

/// Facts at these heights, numbered from 1.
fn facts(heights: &[u64]) -> Vec<Fact> {
    let fact = |(index, height): (usize, &u64)| Fact {
        chain: ChainId::Base,
        journal: Account([7; 32]),
        seq: index as u64 + 1,
        time: UnixSeconds(height * 2),
        height: Height(*height),
        body: Body::Staked { account: Account([0; 32]), active: Amount(index as u128) },
    };
    heights.iter().enumerate().map(fact).collect()
}

fn head_of(facts: &[Fact]) -> Head {
    facts.iter().fold(START, |head, fact| Head { seq: fact.seq, hash: fact.head_after(head.hash) })
}

fn fold(facts: &[Fact], goal: Head, cap: usize) -> Result<Folded, EndpointFault> {
    let mut fold = Fold::new((START, 0), Height(0), goal, cap);
    facts.iter().try_for_each(|fact| fold.add(fact.clone()))?;
    fold.finish()
}

#[test]
fn a_long_history_is_cut_between_blocks() {
    let facts = facts(&[1, 1, 2, 3, 3, 4, 5, 5, 5]);
    let folded = fold(&facts, head_of(&facts), 3).expect("it leads to the head");
    assert_eq!(folded.facts, facts[..3]);
    let ends: Vec<_> = folded.cuts.iter().map(|cut| (cut.through.height.0, cut.head)).collect();
    assert_eq!(ends, [(2, head_of(&facts[..3])), (4, head_of(&facts[..6]))]);
}

#[test]
fn a_short_history_is_not_cut() {
    let facts = facts(&[1, 1, 2]);
    let folded = fold(&facts, head_of(&facts), 3).expect("it leads to the head");
    assert_eq!(folded, Folded { facts, cuts: Vec::new() });
}

#[test]
fn a_block_that_no_page_can_hold_is_refused() {
    let facts = facts(&[1, 2, 2, 2]);
    assert_eq!(fold(&facts, head_of(&facts), 2), Err(EndpointFault::TooManyFacts { cap: 2 }));
}

#[test]
fn what_an_endpoint_did_is_told_apart() {
    let facts = facts(&[1, 2, 3]);
    let goal = head_of(&facts);
    let hidden = |missing| Err(EndpointFault::HidesFacts { missing });
    assert_eq!(fold(&facts[..2], goal, 9), hidden(3));
    assert_eq!(fold(&[facts[0].clone(), facts[2].clone()], goal, 9), hidden(2));
    let invents = |seq, height| Err(EndpointFault::InventsFacts { seq, height: Height(height) });
    assert_eq!(fold(&facts, head_of(&facts[..2]), 9), invents(3, 3));
    assert_eq!(fold(&[facts[0].clone(), facts[1].clone(), facts[1].clone()], goal, 9), invents(2, 2));
    let mut redated = facts.clone();
    redated[1].time = UnixSeconds(5);
    assert_eq!(fold(&redated, goal, 9), Err(EndpointFault::BadJournal { through: Height(3) }));
}

#[test]
fn what_the_ledger_has_may_be_repeated() {
    let facts = facts(&[1, 2, 3]);
    let mut fold = Fold::new((head_of(&facts[..2]), 0), Height(2), head_of(&facts), 9);
    for fact in &facts {
        fold.add(fact.clone()).expect("known or next");
    }
    assert_eq!(fold.finish().expect("it leads to the head").facts, facts[2..]);
}
