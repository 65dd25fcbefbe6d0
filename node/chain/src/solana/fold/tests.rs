use std::collections::BTreeMap;

use williw_core::amount::Amount;

use super::*;
use crate::solana::tests::{Chain, NETWORK};

/// Two operators since slot 10, of which the first staked more at 20 and 30; the pool was funded at 20.
fn chain() -> Chain {
    let mut chain = Chain::new();
    chain.register(10);
    chain.register(10);
    chain.stake(0, 20);
    chain.fund(20);
    chain.stake(0, 30);
    chain
}

#[test]
fn facts_that_lead_to_the_heads_say_what_was_at_every_slot() {
    let chain = chain();
    let (cursor, sheet) = (chain.cursor(0), chain.sheet(40));
    let history = History::fold(NETWORK, &cursor, &sheet, &chain.numbered()).unwrap();
    for slot in [9, 10, 15, 20, 29, 30, 40] {
        let heads: BTreeMap<_, _> = history.heads_at(Height(slot)).collect();
        let truth: BTreeMap<_, _> =
            chain.sheet(slot).ends.into_iter().map(|(journal, end)| (journal, end.head)).collect();
        assert_eq!(heads, truth, "at {slot}");
        assert_eq!(history.operators_at(Height(slot)), chain.sheet(slot).count);
    }
}

#[test]
fn what_an_endpoint_did_is_told_apart() {
    let chain = chain();
    let (cursor, sheet) = (chain.cursor(10), chain.sheet(40));
    let fold = |facts: &Numbered| History::fold(NETWORK, &cursor, &sheet, facts).map(|_| ()).unwrap_err();
    let operator = chain.operator(0);
    let mut hidden = chain.numbered();
    hidden.remove(&(operator, 2));
    assert_eq!(fold(&hidden), EndpointFault::HidesFacts { missing: 2 });
    let mut altered = chain.numbered();
    let fact = altered.get_mut(&(operator, 3)).unwrap();
    fact.body = Body::Staked { account: operator, active: Amount(1) };
    assert_eq!(fold(&altered), EndpointFault::BadJournal { through: Height(30) });
    let mut redated = chain.numbered();
    redated.get_mut(&(operator, 3)).unwrap().height = Height(19);
    assert_eq!(fold(&redated), EndpointFault::BadJournal { through: Height(19) });
    let older = History::fold(NETWORK, &chain.cursor(40), &chain.sheet(25), &chain.numbered()).map(|_| ());
    assert_eq!(older, Err(EndpointFault::OldSet { at: Height(25) }));
}

#[test]
fn pages_are_cut_between_slots() {
    let chain = chain();
    let history = History::fold(NETWORK, &chain.cursor(0), &chain.sheet(40), &chain.numbered()).unwrap();
    let cut = |facts| history.cut(facts).map(|slot| slot.0);
    let cuts: Vec<_> = (1..=6).map(cut).collect();
    assert_eq!(cuts, [Some(1), Some(1), Some(10), Some(10), Some(20), None]);
    let history = History::fold(NETWORK, &chain.cursor(1), &chain.sheet(40), &chain.numbered()).unwrap();
    assert_eq!(history.cut(1), Some(Height(10)), "a slot that has more than a page is one page");
    let indexes: Vec<_> = history
        .facts_through(Height(10))
        .iter()
        .filter_map(|fact| if let Body::Registered { index, .. } = fact.body { Some(index) } else { None })
        .collect();
    assert_eq!(indexes, [0, 1]);
}
