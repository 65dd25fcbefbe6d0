//! A fold of one endpoint's facts toward a head that is known otherwise.
//!
//! It holds at most one page. A longer history is folded on to its end without being kept, and the places where pages end
//! are remembered as cuts: a fold that reaches the true head proves every head it passed on the way.

use williw_core::cycle::{Height, UnixSeconds};
use williw_core::fact::{Body, Fact};
use williw_core::journal::Head;
use williw_core::ledger::Point;

use crate::fault::EndpointFault;

/// The most cuts that one fold remembers. What lies behind the last of them is folded again later.
pub(crate) const CUTS_CAP: usize = 1_024;

/// The end of a block at which a page may end, and the journal there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) through: Point,
    pub(crate) head: Head,
    pub(crate) operators: u64,
}

#[derive(Debug)]
pub(crate) struct Fold {
    page_cap: usize,
    /// The head that the chain has.
    goal: Head,
    /// Facts through this block may be repeated: the ledger has them.
    known_through: Height,
    at: Cut,
    /// The end of the block before the one that is being folded, and how many facts of the page lie before it.
    block_before: (Cut, usize),
    /// How many facts the page has that is being folded.
    in_page: usize,
    first_page: Vec<Fact>,
    cuts: Vec<Cut>,
}

/// A fold that led to the head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Folded {
    /// The facts of the first page.
    pub(crate) facts: Vec<Fact>,
    /// Where pages end, save for the last one, which ends where the fold did.
    pub(crate) cuts: Vec<Cut>,
}

impl Fold {
    /// A fold from where a ledger stands to the head that the chain has.
    pub(crate) const fn new(
        (head, operators): (Head, u64),
        known_through: Height,
        goal: Head,
        page_cap: usize,
    ) -> Self {
        let nowhere = Point { height: Height(0), time: UnixSeconds(0) };
        let at = Cut { through: nowhere, head, operators };
        Self {
            page_cap,
            goal,
            known_through,
            at,
            block_before: (at, 0),
            in_page: 0,
            first_page: Vec::new(),
            cuts: Vec::new(),
        }
    }

    /// Folds one more fact, or says what its endpoint did.
    pub(crate) fn add(&mut self, fact: Fact) -> Result<(), EndpointFault> {
        let head = self.at.head;
        if fact.seq <= head.seq {
            let repeated = fact.height <= self.known_through;
            return if repeated { Ok(()) } else { Err(invented(&fact)) };
        }
        // Facts are numbered without gaps, so what is over stands at the end.
        if fact.seq > self.goal.seq {
            return Err(invented(&fact));
        }
        if fact.seq > head.seq.saturating_add(1) {
            return Err(EndpointFault::HidesFacts { missing: head.seq.saturating_add(1) });
        }
        if fact.height > self.at.through.height {
            self.block_before = (self.at, self.in_page);
        }
        self.at = Cut {
            through: Point { height: fact.height, time: fact.time },
            head: Head { seq: fact.seq, hash: fact.head_after(head.hash) },
            operators: self.at.operators + u64::from(matches!(fact.body, Body::Registered { .. })),
        };
        self.in_page += 1;
        if self.cuts.is_empty() {
            self.first_page.push(fact);
        }
        if self.in_page > self.page_cap { self.cut() } else { Ok(()) }
    }

    /// Ends the page at the end of the block before.
    fn cut(&mut self) -> Result<(), EndpointFault> {
        let (cut, facts) = self.block_before;
        if facts == 0 {
            return Err(EndpointFault::TooManyFacts { cap: self.page_cap });
        }
        if self.cuts.is_empty() {
            self.first_page.truncate(facts);
        }
        if self.cuts.len() < CUTS_CAP {
            self.cuts.push(cut);
        }
        self.in_page -= facts;
        self.block_before.1 = 0;
        Ok(())
    }

    /// Whether all of it led there.
    pub(crate) fn finish(self) -> Result<Folded, EndpointFault> {
        let Head { seq, hash } = self.at.head;
        if seq < self.goal.seq {
            return Err(EndpointFault::HidesFacts { missing: seq.saturating_add(1) });
        }
        if hash != self.goal.hash {
            return Err(EndpointFault::BadJournal { through: self.at.through.height });
        }
        Ok(Folded { facts: self.first_page, cuts: self.cuts })
    }
}

fn invented(fact: &Fact) -> EndpointFault {
    EndpointFault::InventsFacts { seq: fact.seq, height: fact.height }
}

#[cfg(test)]
mod tests;
