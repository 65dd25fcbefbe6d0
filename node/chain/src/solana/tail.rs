//! The tail: everything beyond the ledger that any endpoint shows as confirmed, with who showed it.
//!
//! Every verb that is bad news writes the config. So the transactions that name the config are all that has to be read, and
//! a slot that is taken back takes its transactions out of that list.

use std::collections::{BTreeMap, BTreeSet};

use anchor_lang::prelude::Pubkey;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use williw_core::cycle::Height;
use williw_core::fact::Fact;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId};
use williw_core::ledger::Point;
use williw_core::tail::{Rumour, TAIL_CAP, Tail, Witnesses};

use super::ask::{Commitment, Front};
use super::derive::Addresses;
use super::judge::reached;
use super::time::time_of;
use super::{Endpoint, Solana};
use crate::fault::{ChainError, EndpointFault, Reading};
use crate::panel::Matter;
use crate::quorum::agreed;

const MATTER: Matter = Matter::Tail;

/// How far an endpoint's confirmed slot may lie behind what a quorum has: a minute.
pub const TIP_LAG_SLOTS: u64 = 150;

/// How far an endpoint's lists of transactions may lie behind its accounts: they are written by somebody else.
const UNLISTED_SLOTS: u64 = 8;

/// How many transactions an endpoint is asked for at once.
const AT_ONCE: usize = 8;

/// What one endpoint shows.
struct Heard {
    front: Front,
    facts: Vec<Fact>,
}

impl Solana {
    /// Everything above `after`, through the highest slot that a quorum has as confirmed.
    ///
    /// It is an error unless a quorum that has this slot gave its transactions, and is near it. An endpoint that is behind is
    /// heard as well: what it shows counts as shown by one. What it lists and does not give was taken back meanwhile, or is
    /// asked for again by the next reading.
    pub async fn tail(&mut self, after: Height) -> Result<Reading<Tail>, ChainError> {
        self.begin(MATTER).await;
        let addresses = self.addresses;
        let ask = |index: usize| (index, shown(&self.panel[index], &addresses, after));
        let (sound, quorum) = (self.panel.sound(MATTER), self.panel.quorum);
        let answers = self.panel.gather(sound.into_iter().map(ask), |heard| heard.len() >= quorum).await;
        let heard = self.panel.settle(MATTER, answers);
        for (index, heard) in &heard {
            self.panel[*index].seen.confirmed = Some(heard.front.slot);
        }
        let Some(head) = reached(heard.iter().map(|(_, heard)| heard.front.slot).collect(), quorum) else {
            return Err(self.panel.no_quorum(MATTER, "the unfinal tail"));
        };
        let slots = heard.iter().map(|(_, heard)| heard.front.slot);
        self.panel.near(MATTER, "how far the chain goes", slots, (head, TIP_LAG_SLOTS))?;
        let said: Vec<_> = heard.iter().map(|(index, heard)| (*index, heard.front.slot, heard.front.time)).collect();
        let (time, far) = time_of(&said, head, quorum);
        for (index, at, time) in far {
            self.panel.blame(MATTER, index, EndpointFault::WrongTime { at, time });
        }
        let time = time.ok_or_else(|| self.panel.no_quorum(MATTER, "the time at the tip"))?;
        self.compare(head, &heard);
        self.panel.clear_lookups(MATTER);
        let tail = Tail { chain: ChainId::Solana, after, head: Point { height: head, time }, rumours: merge(heard) };
        Ok(Reading { value: tail, faults: self.panel.faults(MATTER) })
    }

    /// Names whoever lags, and whoever shows other facts than a quorum does up to where all must have listed theirs. They are
    /// heard all the same: which of them count is for those to say who know how little one witness is worth.
    fn compare(&mut self, head: Height, heard: &[(usize, Heard)]) {
        let listed = Height(head.0.saturating_sub(UNLISTED_SLOTS));
        let mut lists: Vec<(usize, BTreeSet<Place>)> = Vec::new();
        for (index, heard) in heard {
            let behind = head.0.saturating_sub(heard.front.slot.0);
            if behind == 0 {
                let through = heard.facts.iter().filter(|fact| fact.height <= listed);
                lists.push((*index, through.map(place).collect()));
            } else if behind > TIP_LAG_SLOTS {
                let fault = EndpointFault::Lagging { at: heard.front.slot, behind };
                self.panel.blame(MATTER, *index, fault);
            }
        }
        let claims: Vec<_> = lists.iter().map(|(index, list)| (*index, list)).collect();
        let Some(truth) = agreed(&claims, self.panel.quorum) else { return };
        for (index, list) in claims {
            let invented = list.difference(truth).next();
            let hidden = truth.difference(list).next();
            if let Some(&(height, _, seq, _)) = invented {
                self.panel.blame(MATTER, index, EndpointFault::InventsFacts { seq, height });
            } else if let Some(&(_, _, missing, _)) = hidden {
                self.panel.blame(MATTER, index, EndpointFault::HidesFacts { missing });
            }
        }
    }
}

/// All that an endpoint has above a slot.
async fn shown(endpoint: &Endpoint, addresses: &Addresses, after: Height) -> Result<Heard, EndpointFault> {
    let front = endpoint.front(addresses, Commitment::Confirmed, Height(0)).await?;
    let config: Pubkey = addresses.config;
    let down_to = Height(after.0.saturating_add(1));
    let listed = endpoint.listed(&config, Commitment::Confirmed, (front.slot, down_to)).await?;
    let asked: Vec<_> = listed.iter().map(|entry| endpoint.facts_of(addresses, entry, Commitment::Confirmed)).collect();
    let (mut answers, mut facts) = (iter(asked).buffered(AT_ONCE), Vec::new());
    while let Some(answer) = answers.try_next().await? {
        // What is not there any more was taken back since it was listed.
        facts.extend(answer.iter().flat_map(|facts| facts.iter().cloned()));
        // All of one endpoint: the core would refuse such a tail as a whole.
        if facts.len() > TAIL_CAP {
            return Err(EndpointFault::TooManyFacts { cap: TAIL_CAP });
        }
    }
    Ok(Heard { front, facts })
}

/// Where a fact stands, and all that it says.
type Place = (Height, Account, u64, Hash);

fn place(fact: &Fact) -> Place {
    // The head after a fact on top of nothing is a digest of all of it.
    (fact.height, fact.journal, fact.seq, fact.head_after(Hash::default()))
}

/// Each fact once, with everybody who showed exactly it.
fn merge(heard: Vec<(usize, Heard)>) -> Vec<Rumour> {
    let mut rumours: BTreeMap<Place, Rumour> = BTreeMap::new();
    for (index, heard) in heard {
        for fact in heard.facts {
            let rumour = rumours.entry(place(&fact)).or_insert(Rumour { fact, witnesses: Witnesses(0) });
            rumour.witnesses.0 |= 1 << index;
        }
    }
    rumours.into_values().collect()
}
