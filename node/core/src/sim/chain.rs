//! A simulated chain: real contracts (the reference model), blocks, forks and finality.

use std::collections::{BTreeMap, VecDeque};

use super::people::{GENESIS, deployment, network};
use super::rng::Rng;
use crate::cycle::{Height, UnixSeconds};
use crate::fact::{Body, Fact};
use crate::hash::Hash;
use crate::identity::{Account, ChainId};
use crate::journal::Head;
use crate::ledger::{Page, Point};
use crate::model::{Block, Contracts};

/// How many blocks a fork can replace at the most; older ones are final.
const UNFINAL_CAP: usize = 12;

/// A block with the state of the contracts after it.
#[derive(Clone, Debug)]
pub(super) struct Mined {
    pub(super) point: Point,
    pub(super) facts: Vec<Fact>,
    pub(super) after: Contracts,
}

#[derive(Debug)]
pub(super) struct Chain {
    pub(super) id: ChainId,
    /// Blocks that are final and that no page has delivered yet; the first was delivered last.
    pub(super) final_blocks: VecDeque<Mined>,
    pub(super) unfinal: VecDeque<Mined>,
    /// Every fact that pages delivered, from the first.
    pub(super) delivered: Vec<Fact>,
    /// Where the node's cursor stands: not always at the block delivered last, but nothing happened in between.
    pub(super) through: Point,
    /// Produces no blocks.
    pub(super) halted: bool,
    /// Answers no questions.
    pub(super) down: bool,
}

impl Chain {
    pub(super) fn new(id: ChainId) -> Self {
        let point = Point { height: Height(1), time: GENESIS };
        let at = Block { height: point.height, time: point.time };
        let mut after = Contracts::deploy(deployment(id), at).expect("the deployment is sound");
        let facts = after.take_facts();
        // Before the first block there is nothing but empty journals.
        let first = Mined { point: Point::default(), facts: Vec::new(), after: after.clone() };
        Self {
            id,
            final_blocks: [first, Mined { point, facts, after }].into(),
            unfinal: VecDeque::new(),
            delivered: Vec::new(),
            through: Point::default(),
            halted: false,
            down: false,
        }
    }

    pub(super) fn tip(&self) -> &Mined {
        self.unfinal.back().or(self.final_blocks.back()).expect("there is always a final block")
    }

    /// The block whose facts a page delivered last.
    pub(super) fn cursor(&self) -> &Mined {
        self.final_blocks.front().expect("the cursor's block is kept")
    }

    /// Adds a block in which `play` runs its verbs.
    pub(super) fn mine(&mut self, time: UnixSeconds, play: impl FnOnce(&mut Contracts, Block)) {
        let tip = self.tip();
        let point = Point { height: Height(tip.point.height.0 + 1), time: time.max(UnixSeconds(tip.point.time.0 + 1)) };
        let mut after = tip.after.clone();
        play(&mut after, Block { height: point.height, time: point.time });
        let facts = after.take_facts();
        self.unfinal.push_back(Mined { point, facts, after });
        if self.unfinal.len() > UNFINAL_CAP {
            self.finalize(1);
        }
    }

    pub(super) fn finalize(&mut self, blocks: usize) {
        let blocks = blocks.min(self.unfinal.len());
        self.final_blocks.extend(self.unfinal.drain(..blocks));
    }

    /// Drops the newest unfinal blocks; what is mined next takes their place.
    pub(super) fn reorganise(&mut self, depth: usize) -> usize {
        let kept = self.unfinal.len().saturating_sub(depth);
        self.unfinal.drain(kept..).count()
    }

    /// The page through the `blocks`-th final block after the cursor, with everything the chain attests there.
    pub(super) fn page(&self, blocks: usize) -> Page {
        let last = blocks.min(self.final_blocks.len() - 1);
        let end = &self.final_blocks[last];
        Page {
            chain: self.id,
            facts: self.final_blocks.iter().skip(1).take(last).flat_map(|block| block.facts.clone()).collect(),
            through: end.point,
            heads: heads(end),
            operators: end.after.vault().operators().len() as u64,
            reached: last + 1 == self.final_blocks.len(),
        }
    }

    /// Every fact that pages delivered, as another reader may have heard of them: on Solana whichever journal comes first.
    /// Only registrations, which are counted, come one after the other.
    pub(super) fn shuffled(&self, rng: &mut Rng) -> Vec<Fact> {
        if self.id == ChainId::Base {
            return self.delivered.clone();
        }
        let mut journals: BTreeMap<Account, VecDeque<&Fact>> = BTreeMap::new();
        self.delivered.iter().for_each(|fact| journals.entry(fact.journal).or_default().push_back(fact));
        let (mut journals, mut registered) = (journals.into_values().collect::<Vec<_>>(), 0);
        let mut facts: Vec<Fact> = Vec::new();
        while facts.len() < self.delivered.len() {
            let at = usize::try_from(rng.below(journals.len() as u64)).expect("small");
            let journal = &mut journals[at];
            let is_next = |fact: &&&Fact| !matches!(fact.body, Body::Registered { index, .. } if index != registered);
            let Some(fact) = journal.front().filter(is_next).copied() else { continue };
            registered += u64::from(matches!(fact.body, Body::Registered { .. }));
            facts.extend(journal.pop_front().cloned());
        }
        facts
    }

    /// Whether a page has nothing new and ends before the cursor.
    pub(super) fn is_behind(&self, page: &Page) -> bool {
        page.through.height < self.through.height && page.facts.iter().all(|fact| self.delivered.contains(fact))
    }

    /// Moves the cursor over a page that was taken.
    pub(super) fn advance(&mut self, page: &Page) {
        self.through = page.through;
        // A page that was led astray passes blocks without having what is in them.
        let is_delivered = |next: &Mined| {
            next.point.height <= page.through.height && next.facts.iter().all(|fact| page.facts.contains(fact))
        };
        while self.final_blocks.get(1).is_some_and(is_delivered) {
            self.final_blocks.pop_front();
            let facts = self.cursor().facts.clone();
            self.delivered.extend(facts);
        }
    }
}

fn heads(block: &Mined) -> Vec<(Account, Hash)> {
    let of_journal = |journal: &Account, head: &Head| {
        let empty = Head::empty(network(), block.after.chain(), *journal);
        (*journal, if block.point.height.0 == 0 { empty.hash } else { head.hash })
    };
    block.after.heads().iter().map(|(journal, head)| of_journal(journal, head)).collect()
}
