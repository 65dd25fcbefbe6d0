//! Endpoints that lie: pages that are not what the chain said, and slashes that nobody deserved.

use super::rng::Rng;
use crate::amount::Amount;
use crate::cycle::Height;
use crate::fact::{Body, Slashed};
use crate::identity::{Account, ChainId};
use crate::ledger::{PAGE_CAP, Page};
use crate::offence::Evidence;
use crate::tail::{Rumour, Tail};

/// Falsifies a page; none if this kind of lie needs more than the page has.
pub(super) fn falsify(mut page: Page, rng: &mut Rng) -> Option<Page> {
    let at = usize::try_from(rng.below(page.facts.len() as u64)).expect("small");
    match rng.below(13) {
        0 => drop(page.facts.get(at).is_some().then(|| page.facts.remove(at))?),
        1 => page.facts.get_mut(at)?.time.0 += 1,
        2 => page.facts.get_mut(at)?.height.0 = page.through.height.0 + 1,
        3 => {
            let Body::Staked { active, .. } = &mut page.facts.get_mut(at)?.body else { return None };
            *active = Amount(active.0 + 1);
        }
        4 => page.heads.first_mut()?.1.0[0] ^= 1,
        5 => page.heads.clear(),
        6 => page.operators += 1,
        8 => page.facts.get_mut(at)?.chain = other(page.chain),
        9 => {
            // A journal withheld: on Solana somebody's, with all that happened to them.
            let journal = page.facts.get(at).map(|fact| fact.journal).or(page.heads.first().map(|head| head.0))?;
            page.facts.retain(|fact| fact.journal != journal);
            page.heads.retain(|(attested, _)| *attested != journal);
        }
        11 if page.facts.first().is_none_or(|fact| fact.seq == 1) => return None, // the first page may start anywhere
        11 => page.through.height.0 += 1_000_000,
        10 => page.heads.push(*page.heads.first()?),
        7 => (page.facts.get_mut(at)?.journal, page.facts.get_mut(at)?.seq) = (Account([0xee; 32]), 1),
        _ if rng.chance(50) => return None, // the last lie is long
        _ => {
            let fact = page.facts.first()?.clone();
            page.facts = vec![fact; PAGE_CAP + 1];
        }
    }
    Some(page)
}

/// Turns some unfinal fact about somebody into a slash that its evidence does not carry.
pub(super) fn frame(rumours: &mut Vec<Rumour>, evidence: Evidence, rng: &mut Rng) -> bool {
    let about_somebody: Vec<usize> = (0..rumours.len()).filter(|&at| rumours[at].fact.owner().is_some()).collect();
    let Some(at) = rng.pick(&about_somebody) else { return false };
    let mut rumour = rumours[at].clone();
    let account = rumour.fact.owner().expect("chosen for having one").account;
    let mut evidence = evidence;
    if rng.chance(50) {
        evidence.second = evidence.first; // one statement contradicts nothing
    } // else it is true, but of somebody else, or spent
    rumour.fact.body = Body::Slashed(Box::new(Slashed {
        account,
        active: Amount(0),
        queued: Amount(0),
        taken: Amount(1),
        bounty: Amount(0),
        beneficiary: account,
        evidence,
    }));
    rumours.push(rumour);
    true
}

/// A tail that nobody may believe whose cursor stands at `folded`.
pub(super) fn bad_tail(mut tail: Tail, folded: Height, rng: &mut Rng) -> Option<Tail> {
    match rng.below(3) {
        // Heard from so far ahead, it would never be taken back.
        2 if folded.0 == 0 => return None, // the first final block may be anywhere
        2 => tail.head.height.0 += 1_000_000,
        // What became final since the last page would be in neither.
        0 => tail.after = Height(folded.0 + 1),
        // An endpoint that lags does not know yet what happened, or would rather not.
        _ => (tail.head.height, tail.rumours) = (Height(folded.0.checked_sub(1)?), Vec::new()),
    }
    Some(tail)
}

const fn other(chain: ChainId) -> ChainId {
    match chain {
        ChainId::Base => ChainId::Solana,
        ChainId::Solana => ChainId::Base,
    }
}
