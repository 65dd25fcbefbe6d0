//! Works out again, by brute force over the facts, what contracts and ledger keep in a few numbers: the lowest stake of
//! a cycle, who was in office when, and what stood behind a root.

use std::collections::BTreeMap;

use super::chain::Chain;
use super::oracle::delivered;
use super::people::{clock, person};
use super::script::Script;
use crate::cycle::{Cycle, UnixSeconds};
use crate::fact::{Body, Fact};
use crate::identity::{Account, ChainId, Owner, Signer};
use crate::tenure::Tenure;

/// The lowest counted stake of everyone in a cycle, from the whole history before a moment.
fn floors(facts: &[Fact], cycle: Cycle) -> BTreeMap<Account, u128> {
    let (start, end) = (clock().start(cycle), clock().start(cycle.plus(1)));
    let mut now: BTreeMap<Account, (u128, bool)> = BTreeMap::new();
    let mut lowest: BTreeMap<Account, u128> = BTreeMap::new();
    for fact in facts {
        let Some(account) = fact.body.account() else { continue };
        let (active, jailed) = now.entry(account).or_default();
        if fact.time >= start {
            // What held when the cycle began counts too.
            let counted = if *jailed { 0 } else { *active };
            lowest.entry(account).or_insert(counted);
        }
        match &fact.body {
            Body::Registered { active: after, .. }
            | Body::Staked { active: after, .. }
            | Body::Unstaked { active: after, .. }
            | Body::Restaked { active: after, .. } => *active = after.0,
            Body::Slashed(slashed) => (*active, *jailed) = (slashed.active.0, true),
            Body::Unjailed { active: after, .. } => (*active, *jailed) = (after.0, false),
            Body::Withdrawn { .. }
            | Body::Rotated { .. }
            | Body::VaultParameters(_)
            | Body::VaultParametersProposed { .. }
            | Body::PoolParameters(_)
            | Body::PoolParametersProposed { .. }
            | Body::Funded { .. }
            | Body::RootPending { .. }
            | Body::RootVetoed { .. } => {}
        }
        let counted = if *jailed { 0 } else { *active };
        if fact.time >= end {
            continue;
        }
        if let Some(floor) = lowest.get_mut(&account) {
            *floor = (*floor).min(counted);
        }
    }
    for (account, (active, jailed)) in now {
        lowest.entry(account).or_insert(if jailed { 0 } else { active });
    }
    lowest
}

/// The counted stakes of this cycle and the one before are what the whole history says.
pub(super) fn cycle_stakes(chain: &Chain) -> Result<(), String> {
    let (contracts, at) = delivered(chain);
    let now = clock().cycle(at.time).ok_or("a block before genesis")?;
    let this = floors(&chain.delivered, now);
    let before = now.previous().map(|cycle| floors(&chain.delivered, cycle)).unwrap_or_default();
    for (account, operator) in contracts.vault().operators() {
        let stake = operator.stake.at(now);
        let jailed_now = chain.delivered.iter().any(|fact| {
            matches!(&fact.body, Body::Slashed(slashed) if slashed.account == *account)
                && clock().cycle(fact.time) == Some(now)
        });
        let expected = if jailed_now { 0 } else { before.get(account).copied().unwrap_or(0) };
        if (stake.floor().0, stake.floor_prev().0) != (this[account], expected) {
            return Err(format!("{}: the cycle stake of person {} is off", chain.id, person(*account)));
        }
    }
    let total = contracts.vault().total().at(now);
    let expected = (this.values().sum::<u128>(), before.values().sum::<u128>());
    if (total.floor().0, total.floor_prev().0) == expected {
        Ok(())
    } else {
        Err(format!("{}: the total's floors are off", chain.id))
    }
}

/// In every cycle an operator has at most one signer: the one before a rotation through the next cycle, the new one from
/// the one after; none from before its last jail.
pub(super) fn offices(chain: &Chain) -> Result<(), String> {
    let (contracts, at) = delivered(chain);
    let now = clock().cycle(at.time).ok_or("a block before genesis")?;
    for (account, operator) in contracts.vault().operators() {
        let owner = Owner { chain: chain.id, account: *account };
        for cycle in now.0.saturating_sub(3)..now.0 + 4 {
            let cycle = Cycle(cycle);
            let in_office =
                |(_, tenure): &(&Signer, &Tenure)| tenure.owner == owner && tenure.covers(cycle, operator.term);
            let found: Vec<Signer> =
                contracts.vault().signers().iter().filter(in_office).map(|(signer, _)| *signer).collect();
            let expected: Vec<Signer> = in_office_by_facts(&chain.delivered, *account, cycle).into_iter().collect();
            if found != expected {
                return Err(format!("{owner}: {found:?} are in office in cycle {cycle}, not {expected:?}"));
            }
        }
    }
    Ok(())
}

/// Who signs for an owner in a cycle, told as a story.
fn in_office_by_facts(facts: &[Fact], account: Account, cycle: Cycle) -> Option<Signer> {
    let (mut office, mut present): (Option<Signer>, Option<Signer>) = (None, None);
    for fact in facts.iter().filter(|fact| fact.body.account() == Some(account)) {
        let at = clock().cycle(fact.time)?;
        match &fact.body {
            Body::Registered { link, .. } | Body::Unjailed { link, .. } => {
                office = (at <= cycle).then_some(link.signer);
                present = Some(link.signer);
            }
            Body::Rotated { link, .. } if present != Some(link.signer) => {
                if at.plus(2) <= cycle {
                    office = Some(link.signer);
                }
                present = Some(link.signer);
            }
            Body::Rotated { .. }
            | Body::Staked { .. }
            | Body::Unstaked { .. }
            | Body::Restaked { .. }
            | Body::Withdrawn { .. }
            | Body::Slashed(_)
            | Body::VaultParameters(_)
            | Body::VaultParametersProposed { .. }
            | Body::PoolParameters(_)
            | Body::PoolParametersProposed { .. }
            | Body::Funded { .. }
            | Body::RootPending { .. }
            | Body::RootVetoed { .. } => {}
        }
    }
    office
}

/// What the facts so far say about roots.
#[derive(Default)]
struct Roots {
    funded: u128,
    per_cycle: u128,
    quorum: u128,
    /// How often in a row a root was vetoed.
    vetoes: u64,
    /// The total and the cycle of the last root that became active.
    active: (u128, Option<Cycle>),
    pending: Option<(Cycle, u128, UnixSeconds)>,
    closed: Option<Cycle>,
}

impl Roots {
    fn settle(&mut self, now: UnixSeconds) {
        if let Some((cycle, total, _)) = self.pending.take_if(|(_, _, activates)| *activates <= now) {
            (self.active, self.vetoes) = ((total, Some(cycle)), 0);
        }
    }

    /// A new root keeps within every limit on totals.
    fn post(&mut self, cycle: Cycle, total: u128, activates: UnixSeconds, now: UnixSeconds) -> Result<(), String> {
        self.settle(now);
        let cycles = self.active.1.map_or(cycle.0 + 1, |last| cycle.0 - last.0);
        let within = total >= self.active.0 && total - self.active.0 <= self.per_cycle * u128::from(cycles);
        if !within || total > self.funded {
            return Err(format!("a root pays {total} after {} with {} funded", self.active.0, self.funded));
        }
        if self.pending.is_some() || self.closed.is_some_and(|closed| cycle <= closed) {
            return Err(format!("a second root for cycle {cycle}"));
        }
        (self.pending, self.closed) = (Some((cycle, total, activates)), Some(cycle));
        Ok(())
    }
}

/// Every root that was delivered had two thirds of the chain's cycle stake behind it, and kept within its limits.
pub(super) fn roots(chain: &Chain, script: &Script) -> Result<(), String> {
    let mut roots = Roots::default();
    for (place, fact) in chain.delivered.iter().enumerate() {
        if let Body::PoolParameters(parameters) = &fact.body {
            (roots.per_cycle, roots.quorum) = (parameters.max_per_cycle.0, parameters.min_quorum.0);
        }
        if let Body::Funded { funded } = &fact.body {
            roots.funded = funded.0;
        }
        if let Body::RootVetoed { .. } = &fact.body {
            roots.pending = None;
            roots.vetoes += 1;
            if roots.vetoes > 3 {
                return Err(format!("the guardian of {} vetoed {} times in a row", chain.id, roots.vetoes));
            }
        }
        let Body::RootPending { cycle, root, activates } = &fact.body else { continue };
        let own = match chain.id {
            ChainId::Base => root.total_base,
            ChainId::Solana => root.total_solana,
        };
        roots.post(*cycle, own.0, *activates, fact.time)?;
        let floors = floors(&chain.delivered[..place], *cycle);
        let total: u128 = floors.values().sum();
        let voters = script.voters.get(&(chain.id, *cycle, root.digest()));
        let tally: u128 = voters.iter().flat_map(|voters| voters.iter()).filter_map(|voter| floors.get(voter)).sum();
        if tally * 3 < total * 2 || total < roots.quorum {
            return Err(format!("a root of {} had {tally} of {total} behind it", chain.id));
        }
    }
    Ok(())
}
