//! A fold of facts from where a ledger stands, and what it says of every slot since.
//!
//! The slot of a fact is folded into its head with it. So facts that lead to the heads of one slot say which heads there
//! were at every slot before, and nobody who does not control the hash can make others that do.

use std::collections::BTreeMap;

use williw_core::cycle::{Height, UnixSeconds};
use williw_core::fact::{Body, Fact};
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Head;
use williw_core::ledger::{JournalEnd, Page, Point};
use williw_core::network::NetworkId;

use super::sheet::Sheet;
use crate::fault::EndpointFault;
use crate::reader::Cursor;

/// Facts by journal and number.
pub(crate) type Numbered = BTreeMap<(Account, u64), Fact>;

/// What is known of all journals, from where the ledger stands through some slot.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// Facts through this slot are here.
    pub(crate) through: Height,
    /// How many operators the ledger has.
    operators: u64,
    /// The ends of every journal: first that of the ledger, then one for each fact.
    ends: BTreeMap<Account, Vec<JournalEnd>>,
    facts: Vec<Fact>,
}

impl History {
    /// Folds what one endpoint showed to the heads of its own sheet, or says what it did.
    pub(crate) fn fold(
        network: NetworkId,
        cursor: &Cursor,
        sheet: &Sheet,
        facts: &Numbered,
    ) -> Result<Self, EndpointFault> {
        let mut history = Self {
            through: sheet.slot,
            operators: cursor.books.operators,
            ends: cursor.journals.iter().map(|(journal, end)| (*journal, vec![*end])).collect(),
            facts: Vec::new(),
        };
        for (journal, goal) in &sheet.ends {
            history.lead(network, *journal, goal.head, facts)?;
        }
        history.facts.sort_by_key(order);
        Ok(history)
    }

    /// The same through a slot, and nothing beyond.
    pub(crate) fn through(mut self, slot: Height) -> Self {
        self.through = slot;
        self.facts.truncate(self.facts.partition_point(|fact| fact.height <= slot));
        for ends in self.ends.values_mut() {
            // The ledger's own end stays.
            while ends.len() > 1 && ends.last().is_some_and(|end| end.last.height > slot) {
                ends.pop();
            }
        }
        self
    }

    /// Folds one journal to its head.
    fn lead(
        &mut self,
        network: NetworkId,
        journal: Account,
        goal: Head,
        facts: &Numbered,
    ) -> Result<(), EndpointFault> {
        let mut end = match self.ends.get(&journal).and_then(|ends| ends.last()) {
            Some(end) => *end,
            None => JournalEnd { head: Head::empty(network, ChainId::Solana, journal), last: Point::default() },
        };
        if goal.seq < end.head.seq {
            return Err(EndpointFault::OldSet { at: self.through });
        }
        let mut ends = vec![end];
        while end.head.seq < goal.seq {
            let seq = end.head.seq.saturating_add(1);
            let fact = facts.get(&(journal, seq)).ok_or(EndpointFault::HidesFacts { missing: seq })?;
            let at = Point { height: fact.height, time: fact.time };
            if at.height < end.last.height || at.time < end.last.time || at.height > self.through {
                return Err(EndpointFault::BadJournal { through: at.height });
            }
            end = JournalEnd { head: Head { seq, hash: fact.head_after(end.head.hash) }, last: at };
            ends.push(end);
            self.facts.push(fact.clone());
        }
        if end.head != goal {
            return Err(EndpointFault::BadJournal { through: end.last.height });
        }
        self.ends.insert(journal, ends);
        Ok(())
    }

    /// Every journal that there was at a slot, and its head then.
    pub(crate) fn heads_at(&self, slot: Height) -> impl Iterator<Item = (Account, Head)> {
        self.ends.iter().filter_map(move |(journal, ends)| {
            let end = ends.iter().rev().find(|end| end.last.height <= slot)?;
            // An account exists from its first fact on.
            (end.head.seq > 0).then_some((*journal, end.head))
        })
    }

    /// From which slot, and before which one, a journal had this head; none if it never had. One that it had before the
    /// ledger's is taken for what it says it is.
    pub(crate) fn span(&self, journal: Account, head: Head) -> Option<(Height, Option<Height>)> {
        let ends = self.ends.get(&journal)?;
        if let Some(first) = ends.first().filter(|first| head.seq < first.head.seq) {
            return Some((Height(0), Some(first.last.height)));
        }
        let at = ends.iter().position(|end| end.head == head)?;
        Some((ends[at].last.height, ends.get(at + 1).map(|next| next.last.height)))
    }

    /// The slot in which a journal begins.
    pub(crate) fn first(&self, journal: Account) -> Option<Height> {
        self.ends.get(&journal)?.iter().find(|end| end.head.seq > 0).map(|end| end.last.height)
    }

    /// How far a journal goes here.
    pub(crate) fn seq(&self, journal: Account) -> Option<u64> {
        self.ends.get(&journal)?.last().map(|end| end.head.seq)
    }

    /// How many operators there were at a slot.
    pub(crate) fn operators_at(&self, slot: Height) -> u64 {
        let registered = |fact: &&Fact| matches!(fact.body, Body::Registered { .. });
        self.operators + self.facts_through(slot).iter().filter(registered).count() as u64
    }

    /// The facts through a slot, in the order of pages.
    pub(crate) fn facts_through(&self, slot: Height) -> &[Fact] {
        &self.facts[..self.facts.partition_point(|fact| fact.height <= slot)]
    }

    /// The time of the last fact through a slot.
    pub(crate) fn time_through(&self, slot: Height) -> UnixSeconds {
        self.facts_through(slot).iter().map(|fact| fact.time).max().unwrap_or_default()
    }

    /// The page that ends at a slot.
    pub(crate) fn page(&self, through: Point, reached: bool) -> Page {
        Page {
            chain: ChainId::Solana,
            facts: self.facts_through(through.height).to_vec(),
            through,
            heads: self.heads_at(through.height).map(|(journal, head)| (journal, head.hash)).collect(),
            operators: self.operators_at(through.height),
            reached,
        }
    }

    /// The last slot before which, or at which, lie at most so many facts; the slot of the first fact if it has more.
    pub(crate) fn cut(&self, facts: usize) -> Option<Height> {
        let over = self.facts.get(facts)?.height;
        let before = self.facts.iter().map(|fact| fact.height).take_while(|height| *height < over).last();
        Some(before.unwrap_or(over))
    }
}

/// By slot; within a slot registrations by their index, and then the rest by journal and number.
fn order(fact: &Fact) -> (Height, u64, Account, u64) {
    let rank = if let Body::Registered { index, .. } = fact.body { index } else { u64::MAX };
    (fact.height, rank, fact.journal, fact.seq)
}

#[cfg(test)]
mod tests;
