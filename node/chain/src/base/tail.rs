//! The tail: everything beyond the ledger that any endpoint shows, with who showed it.

use std::collections::{BTreeMap, BTreeSet};

use williw_core::cycle::Height;
use williw_core::fact::Fact;
use williw_core::hash::Hash;
use williw_core::identity::ChainId;
use williw_core::tail::{Rumour, TAIL_CAP, Tail, Witnesses};

use super::Base;
use super::endpoint::{Block, Endpoint, Which};
use super::logs::{RANGE_BLOCKS, Walk};
use crate::fault::{ChainError, EndpointFault, Reading};
use crate::panel::Matter;
use crate::quorum::agreed;

const MATTER: Matter = Matter::Tail;

/// The most unfinal facts of one endpoint. One that shows more is not heard in this reading: the core would refuse such a
/// tail as a whole.
const SHOWN_CAP: usize = TAIL_CAP;

impl Base {
    /// Everything above `after`, through a block near the tip that a quorum agrees on.
    ///
    /// It is an error unless a quorum that has this block gave all its logs. An endpoint on a fork of its own is heard as well: what it shows
    /// counts as shown by one.
    pub async fn tail(&mut self, after: Height) -> Result<Reading<Tail>, ChainError> {
        let tip = self.tip(MATTER).await?;
        // Whoever is behind the tip is heard, but there may be bad news that it has not seen yet.
        let agreeing: Vec<_> =
            self.panel.sound(MATTER).into_iter().filter(|&index| self.has_reached(index, tip.height)).collect();
        self.sight(MATTER, tip).await;
        let from = Height(after.0.saturating_add(1)).max(self.from_height);
        // All of a long history is no tail. Nobody is a member of an empty ledger, so nothing is missed meanwhile.
        let blocks = tip.height.0.saturating_sub(from.0);
        if after < self.from_height && self.reached.is_none() && blocks > RANGE_BLOCKS {
            return Err(ChainError::Unfolded { blocks });
        }
        let vault = self.vault.address;
        let ask = |index: usize| {
            let endpoint = &self.panel[index];
            // What an endpoint has not reached it cannot be asked for.
            let through = endpoint.seen.latest.map_or(tip.height, |latest| latest.height.min(tip.height));
            (index, shown(endpoint, vault, Walk::new(from, through)))
        };
        let complete =
            |heard: &[(usize, Vec<Fact>)]| heard.iter().filter(|(index, _)| agreeing.contains(index)).count();
        let answers =
            self.panel.gather(self.audible().into_iter().map(ask), |heard| complete(heard) >= self.panel.quorum).await;
        let heard = self.panel.settle(MATTER, answers);
        if complete(&heard) < self.panel.quorum {
            return Err(self.panel.no_quorum(MATTER, "the unfinal tail"));
        }
        self.compare(tip, &heard, &agreeing).await;
        self.panel.clear_lookups(MATTER);
        let tail = Tail { chain: ChainId::Base, after, head: tip.point(), rumours: merge(heard) };
        Ok(Reading { value: tail, faults: self.panel.faults(MATTER) })
    }

    /// Names whoever has the same tip as a quorum and shows other facts. They are heard all the same: which of them count
    /// is for those to say who know how little one witness is worth.
    async fn compare(&mut self, tip: Block, heard: &[(usize, Vec<Fact>)], agreeing: &[usize]) {
        let shown = heard.iter().filter(|(index, _)| agreeing.contains(index));
        let mut lists: Vec<_> =
            shown.map(|(index, facts)| (*index, facts.iter().map(place).collect::<BTreeSet<_>>())).collect();
        if lists.windows(2).all(|pair| pair[0].1 == pair[1].1) {
            return;
        }
        // The chain may have changed between the question for the tip and the one for the logs.
        let ask = |index: usize| (index, self.panel[index].block(Which::At(tip.height)));
        let asked: Vec<_> = lists.iter().map(|(index, _)| *index).collect();
        let answers = self.panel.gather(asked.into_iter().map(ask), |good| self.agreed_hash(good).is_some()).await;
        let still = self.panel.settle(MATTER, answers);
        lists.retain(|(index, _)| still.iter().any(|(other, block)| other == index && block.hash == tip.hash));
        let claims: Vec<_> = lists.iter().map(|(index, list)| (*index, list)).collect();
        let Some(truth) = agreed(&claims, self.panel.quorum) else { return };
        for (index, list) in claims {
            let invented = list.difference(truth).next();
            let hidden = truth.difference(list).next();
            if let Some(&(height, seq, _)) = invented {
                self.panel.blame(MATTER, index, EndpointFault::InventsFacts { seq, height });
            } else if let Some(&(_, missing, _)) = hidden {
                self.panel.blame(MATTER, index, EndpointFault::HidesFacts { missing });
            }
        }
    }

    /// Whoever can be heard: the sound, and those who are only behind or elsewhere.
    fn audible(&self) -> Vec<usize> {
        let heard = |fault: Option<&EndpointFault>| {
            matches!(fault, None | Some(EndpointFault::Lagging { .. } | EndpointFault::OtherBlock { .. }))
        };
        let every = self.panel.endpoints.iter().enumerate();
        every.filter(|(_, one)| one.vetted && heard(one.faults.get(&MATTER))).map(|(index, _)| index).collect()
    }
}

async fn shown(
    endpoint: &Endpoint,
    vault: alloy::primitives::Address,
    mut walk: Walk,
) -> Result<Vec<Fact>, EndpointFault> {
    let mut shown = Vec::new();
    while let Some(facts) = walk.step(endpoint, vault).await? {
        shown.extend(facts);
        if shown.len() > SHOWN_CAP {
            return Err(EndpointFault::TooManyFacts { cap: SHOWN_CAP });
        }
    }
    Ok(shown)
}

/// Where a fact stands, and all that it says.
type Place = (Height, u64, Hash);

fn place(fact: &Fact) -> Place {
    // The head after a fact on top of nothing is a digest of all of it.
    (fact.height, fact.seq, fact.head_after(Hash::default()))
}

/// Each fact once, with everybody who showed exactly it.
fn merge(heard: Vec<(usize, Vec<Fact>)>) -> Vec<Rumour> {
    let mut rumours: BTreeMap<Place, Rumour> = BTreeMap::new();
    for (index, facts) in heard {
        for fact in facts {
            let rumour = rumours.entry(place(&fact)).or_insert(Rumour { fact, witnesses: Witnesses(0) });
            rumour.witnesses.0 |= 1 << index;
        }
    }
    rumours.into_values().collect()
}
