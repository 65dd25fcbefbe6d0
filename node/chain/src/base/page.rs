//! Pages: final facts, from where a ledger stands to a head that the chain itself attests.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::timeout;
use williw_core::cycle::Height;
use williw_core::identity::ChainId;
use williw_core::journal::Head;
use williw_core::ledger::{ChainBooks, Page};

use super::Base;
use super::attest::REACH_BLOCKS;
use super::endpoint::{Block, Endpoint};
use super::fold::{Cut, Fold, Folded};
use super::logs::{RANGE_BLOCKS, Walk};
use crate::fault::{ChainError, EndpointFault, Reading};
use crate::panel::Matter;

const MATTER: Matter = Matter::Finals;

/// How long an endpoint is folded alone, to which a second comes for every [`RANGE_BLOCKS`] of the fold.
pub const HEAD_START: Duration = Duration::from_secs(5);

/// Where a page is meant to end.
struct Goal {
    cut: Cut,
    reached: bool,
}

impl Base {
    /// The next page for a ledger that stands where `books` and `head` say; none if there is nothing new to say.
    ///
    /// The first page that reaches the final head is given even if it is empty: after a restart the census opens the chain
    /// by it.
    pub async fn page(&mut self, books: &ChainBooks, head: Head) -> Result<Reading<Option<Page>>, ChainError> {
        let final_block = self.final_block(MATTER).await?;
        let settled = self.settled == Some((final_block.hash, books.through.height));
        let value = match if settled { None } else { self.goal(books, final_block).await? } {
            Some(goal) => self.page_to(goal, books, head).await?,
            None => None,
        };
        let through = value.as_ref().map_or(books.through, |page| page.through);
        let over = value.as_ref().is_none_or(|page| page.reached && page.through.height >= books.through.height);
        self.settled = over.then_some((final_block.hash, through.height));
        self.panel.clear_lookups(MATTER);
        Ok(Reading { value, faults: self.panel.faults(MATTER) })
    }

    async fn goal(&mut self, books: &ChainBooks, final_block: Block) -> Result<Option<Goal>, ChainError> {
        if final_block.height < self.from_height {
            return Ok(None);
        }
        let folded = books.through.height;
        while self.cuts.front().is_some_and(|cut| cut.through.height <= folded) {
            self.cuts.pop_front();
        }
        // The cursor may be astray, far beyond everything that can be proven.
        self.forget_sightings(folded.min(final_block.height));
        if let Some(cut) = self.cuts.front().filter(|cut| cut.through.height <= final_block.height) {
            return Ok(Some(Goal { cut: *cut, reached: false }));
        }
        let (at, state, reached) = if let Some(state) = self.attest(MATTER, final_block).await {
            (final_block, state, true)
        } else if let Some(sighting) = self.attest_by_sighting(MATTER, final_block).await {
            let short = final_block.height.0 - sighting.block.height.0;
            (sighting.block, sighting.state, short <= REACH_BLOCKS)
        } else {
            return Err(self.panel.no_quorum(MATTER, "the vault's storage at the final head"));
        };
        // Before its deployment the vault's storage is empty.
        let deployed = state.head.seq > 0;
        let cut = Cut { through: at.point(), head: state.head, operators: state.operators };
        Ok(deployed.then_some(Goal { cut, reached }))
    }

    async fn page_to(&mut self, goal: Goal, books: &ChainBooks, head: Head) -> Result<Option<Page>, ChainError> {
        let Goal { cut, reached } = goal;
        let through = cut.through.height;
        // A page that ends where the ledger stands says one thing only: that this is the final head.
        let stays = through == books.through.height && cut.head == head && !reached;
        let repeats = stays || through == books.through.height && self.reached == Some(through);
        // A cursor beyond the final head was led astray, or the endpoints lag. The ledger takes it back either way, if nothing
        // that it has lies beyond; what they have not yet seen of that they cannot attest.
        let behind = through < books.through.height;
        if repeats || (behind && cut.head.seq <= head.seq && cut.head != head) {
            return Ok(None);
        }
        let nothing_new = || Folded { facts: Vec::new(), cuts: Vec::new() };
        // Where the chain's own storage says that there is nothing new no logs are needed.
        let folded = if behind && cut.head == head {
            nothing_new()
        } else {
            match self.believe(cut, books, head).await {
                Some(folded) => folded,
                None if cut.head == head => nothing_new(),
                None if head.seq == 0 && self.pardon_first_fact() => {
                    return Err(ChainError::NoFirstFact { from_height: self.from_height });
                }
                None => {
                    // What was to come after it may be of the same making.
                    self.cuts.clear();
                    return Err(ChainError::Disbelieved { faults: self.panel.faults(MATTER) });
                }
            }
        };
        let mut cuts = folded.cuts.into_iter();
        let (end, reached) = match cuts.next() {
            Some(first) => (first, false),
            None => (cut, reached),
        };
        self.cuts.extend(cuts);
        // The ledger does not learn from a page that takes it back where the chain ends; the next one says it.
        if reached {
            self.reached = (!behind).then_some(through);
        }
        Ok(Some(Page {
            chain: ChainId::Base,
            facts: folded.facts,
            through: end.through,
            heads: vec![(self.journal(), end.head.hash)],
            operators: end.operators,
            reached,
        }))
    }

    /// True if a quorum's only fault is that it does not show the first fact of all, and nobody shows it: then it lies before
    /// the block from which they are asked, and they are no liars for it.
    fn pardon_first_fact(&mut self) -> bool {
        const HIDDEN: EndpointFault = EndpointFault::HidesFacts { missing: 1 };
        let accused = |endpoint: &Endpoint| endpoint.faults.get(&MATTER) == Some(&HIDDEN);
        if self.panel.endpoints.iter().filter(|endpoint| accused(endpoint)).count() < self.panel.quorum {
            return false;
        }
        for endpoint in self.panel.endpoints.iter_mut().filter(|endpoint| accused(endpoint)) {
            endpoint.faults.remove(&MATTER);
        }
        true
    }

    /// The facts of the first endpoint whose facts lead to the head. Those that do not are blamed, and so are those that
    /// were overtaken by one that began after them.
    async fn believe(&mut self, goal: Cut, books: &ChainBooks, head: Head) -> Option<Folded> {
        let order = self.panel.in_turn(MATTER, self.turn);
        self.turn = (self.turn + 1) % self.panel.endpoints.len();
        let mut order = order.into_iter().filter(|&index| self.has_reached(index, goal.through.height));
        let head_start = head_start(books.through.height.max(self.from_height), goal.through.height);
        let (mut folds, mut begun, mut blamed) = (FuturesUnordered::new(), Vec::new(), Vec::new());
        let folded = loop {
            if let Some(index) = order.next() {
                begun.push(index);
                let fold = self.fold(index, goal, books, head);
                folds.push(async move { (index, fold.await) });
            }
            match timeout(head_start, folds.next()).await {
                Err(_) => {}
                Ok(None) => break None,
                Ok(Some((index, Ok(folded)))) => {
                    let overtaken = begun.iter().take_while(|&&other| other != index);
                    blamed.extend(overtaken.map(|&other| (other, EndpointFault::Slow)));
                    break Some(folded);
                }
                Ok(Some((index, Err(fault)))) => {
                    begun.retain(|&other| other != index);
                    blamed.push((index, fault));
                }
            }
        };
        drop((order, folds));
        for (index, fault) in blamed {
            self.panel.blame(MATTER, index, fault);
        }
        folded
    }

    /// One endpoint's facts, from where the ledger stands. A cursor that was led astray may have passed some: if the next one
    /// is missing, or all are, they are looked for from the last fact on.
    async fn fold(&self, index: usize, goal: Cut, books: &ChainBooks, head: Head) -> Result<Folded, EndpointFault> {
        let (last, behind) = (books.last.height, goal.through.height < books.through.height);
        let next = Height(books.through.height.0.saturating_add(1));
        let from = if behind { last } else { next };
        let missing = EndpointFault::HidesFacts { missing: head.seq.saturating_add(1) };
        match self.fold_from(from, index, goal, books, head).await {
            Err(fault) if fault == missing && last < from => self.fold_from(last, index, goal, books, head).await,
            folded => folded,
        }
    }

    async fn fold_from(
        &self,
        from: Height,
        index: usize,
        goal: Cut,
        books: &ChainBooks,
        head: Head,
    ) -> Result<Folded, EndpointFault> {
        let mut walk = Walk::new(from.max(self.from_height), goal.through.height);
        let mut fold = Fold::new((head, books.operators), books.last.height, goal.head, self.page_cap);
        while let Some(facts) = walk.step(&self.panel[index], self.vault.address).await? {
            for fact in facts {
                fold.add(fact)?;
            }
        }
        fold.finish()
    }
}

/// How long the fold of so many blocks is waited for before another endpoint's is begun beside it: being slow must not keep
/// facts from a ledger.
fn head_start(from: Height, through: Height) -> Duration {
    HEAD_START.saturating_add(Duration::from_secs(through.0.saturating_sub(from.0) / RANGE_BLOCKS))
}
