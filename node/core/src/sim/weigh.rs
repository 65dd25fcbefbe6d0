//! Weighs the votes behind every root again, by brute force over the facts.

use std::collections::BTreeMap;

use super::chain::Chain;
use super::people::clock;
use super::script::Script;
use crate::cycle::Cycle;
use crate::fact::{Body, Fact};
use crate::identity::Account;

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

/// Every root that was delivered had two thirds of the chain's cycle stake behind it.
pub(super) fn roots(chain: &Chain, script: &Script) -> Result<(), String> {
    for (place, fact) in chain.delivered.iter().enumerate() {
        let Body::RootPending { cycle, root, .. } = &fact.body else { continue };
        let floors = floors(&chain.delivered[..place], *cycle);
        let total: u128 = floors.values().sum();
        let voters = script.voters.get(&(chain.id, *cycle, root.digest()));
        let tally: u128 = voters.iter().flat_map(|voters| voters.iter()).filter_map(|voter| floors.get(voter)).sum();
        if tally * 3 < total * 2 || total == 0 {
            return Err(format!("a root of {} had {tally} of {total} behind it", chain.id));
        }
    }
    Ok(())
}
