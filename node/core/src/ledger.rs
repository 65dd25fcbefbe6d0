//! The ledger: what the final facts add up to.
//!
//! It is a fold and nothing else. A page of facts is staged whole, checked against the heads that the chain itself
//! attests, and committed whole or not at all. The rows of a committed [`Change`] are what a store writes, and what a
//! restart reads back; folding from the first fact, or from the [`Beginning`] if there was one, gives the same rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::cycle::{Cycle, CycleClock, Height, UnixSeconds};
use crate::cycle_stake::CycleStake;
use crate::fact::{Fact, PoolParameters, VaultParameters};
use crate::hash::Hash;
use crate::identity::{Account, ChainId, Owner, Signer};
use crate::journal::{Head, Site};
use crate::link::Link;
use crate::network::NetworkId;
use crate::offence::Accused;
use crate::statement::RewardRoot;
use crate::tenure::Tenure;

mod beginning;
mod discord;
mod operator;
mod stage;

pub use beginning::{BEGINNING_CAP, Beginning, BeginningFault, Record};
pub use discord::{Discord, Impossible};

/// The most facts in one page. A longer one is refused whole: the reader has to ask for fewer blocks. No single block
/// holds so many: at 30,000 gas a fact, the least there is, it would need three billion.
pub const PAGE_CAP: usize = 100_000;

/// No chain makes blocks faster than this, save for a few at a time. A page that claims more would carry the cursor to where
/// no true page ever comes, a tail to where no true tail ever reaches.
const BLOCKS_PER_SECOND: u64 = 10;
const BLOCKS_SLACK: u64 = 1_000;

/// A place on a chain: a block and its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Point {
    pub height: Height,
    pub time: UnixSeconds,
}

/// The final facts of a chain from where the ledger stands through one block, with what the chain attests there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub chain: ChainId,
    /// In the order in which they happened, within a block too. On Solana, where nothing attests an order between journals,
    /// that is the order within each journal, and registrations by their index.
    pub facts: Vec<Fact>,
    /// Every fact through this block is in this page or in one before.
    pub through: Point,
    /// Journal heads as the chain's own state has them at `through`: on Base of both contracts, on Solana of the config
    /// account and of every operator there is, so that no journal can be withheld.
    pub heads: Vec<(Account, Hash)>,
    /// How many operators the chain's own state counts at `through`.
    pub operators: u64,
    /// True if `through` was the chain's final head when this was read.
    pub reached: bool,
}

/// How far a journal was folded, and the block of its last fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEnd {
    pub head: Head,
    pub last: Point,
}

/// The record of an owner, as far as nodes care.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    pub index: u64,
    pub journal: Account,
    pub active: Amount,
    pub queued: Amount,
    /// The present link; none if its peer half is bad.
    pub link: Option<Link>,
    pub signer: Signer,
    pub nonce: u64,
    pub term: u64,
    /// The block that jailed it; none while it is free.
    pub jailed: Option<Point>,
    pub stake: CycleStake,
    /// The block of the last fact about it.
    pub changed: Height,
}

/// A root that has its votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedRoot {
    pub cycle: Cycle,
    pub root: RewardRoot,
    pub activates: UnixSeconds,
}

/// What is known of a chain as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainBooks {
    pub site: Site,
    pub through: Point,
    /// The block of the latest fact.
    pub last: Point,
    pub operators: u64,
    pub total: CycleStake,
    pub vault: Option<VaultParameters>,
    pub pool: Option<PoolParameters>,
    pub funded: Amount,
    /// The root whose delay was over when the next one was posted.
    pub settled: Option<PostedRoot>,
    /// The last root that was posted and not vetoed.
    pub posted: Option<PostedRoot>,
    /// The last cycle for which a root was posted, vetoed or not.
    pub closed: Option<Cycle>,
}

impl ChainBooks {
    const fn new(site: Site) -> Self {
        Self {
            site,
            through: Point { height: Height(0), time: UnixSeconds(0) },
            last: Point { height: Height(0), time: UnixSeconds(0) },
            operators: 0,
            total: CycleStake::empty(Cycle(0)),
            vault: None,
            pool: None,
            funded: Amount::ZERO,
            settled: None,
            posted: None,
            closed: None,
        }
    }

    /// How many blocks, in how many seconds, lie between `from` and `to`, if no chain makes them so fast.
    pub(crate) fn leap(from: Point, to: Point) -> Option<(u64, u64)> {
        let (blocks, seconds) = (to.height.0.saturating_sub(from.height.0), to.time.since(from.time).0);
        (blocks > seconds.saturating_mul(BLOCKS_PER_SECOND).saturating_add(BLOCKS_SLACK)).then_some((blocks, seconds))
    }

    /// The root that pays as of the last final block.
    #[must_use]
    pub fn active_root(&self) -> Option<PostedRoot> {
        self.posted.filter(|root| root.activates <= self.through.time).or(self.settled)
    }
}

/// The rows that a page changed, each as it is afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub chain: ChainId,
    pub books: ChainBooks,
    pub operators: BTreeMap<Owner, Operator>,
    pub signers: BTreeMap<(ChainId, Signer), Tenure>,
    pub journals: BTreeMap<(ChainId, Account), JournalEnd>,
    /// The facts that were new, in the order in which they were folded; replayed ones are left out.
    pub facts: Vec<Fact>,
}

/// The fold of all final facts of all chains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    network: NetworkId,
    clock: CycleClock,
    chains: BTreeMap<ChainId, ChainBooks>,
    operators: BTreeMap<Owner, Operator>,
    signers: BTreeMap<(ChainId, Signer), Tenure>,
    journals: BTreeMap<(ChainId, Account), JournalEnd>,
}

impl Ledger {
    /// The ledger before the first fact.
    #[must_use]
    pub fn new(network: NetworkId, clock: CycleClock, sites: &[Site]) -> Self {
        let chains = sites.iter().map(|site| (site.chain(), ChainBooks::new(*site))).collect();
        Self { network, clock, chains, operators: BTreeMap::new(), signers: BTreeMap::new(), journals: BTreeMap::new() }
    }

    /// What the page would change; nothing if it says what the ledger says. The ledger stays as it is.
    pub fn stage(&self, page: &Page) -> Result<Option<Change>, Discord> {
        stage::stage(self, page)
    }

    /// Takes over the rows of a change. A store that reads its rows back does the same.
    pub fn commit(&mut self, change: &Change) {
        self.chains.insert(change.chain, change.books);
        self.operators.extend(change.operators.iter().map(|(owner, operator)| (*owner, operator.clone())));
        self.signers.extend(&change.signers);
        self.journals.extend(&change.journals);
    }

    #[must_use]
    pub const fn network(&self) -> NetworkId {
        self.network
    }

    #[must_use]
    pub const fn clock(&self) -> &CycleClock {
        &self.clock
    }

    #[must_use]
    pub fn chain(&self, chain: ChainId) -> Option<&ChainBooks> {
        self.chains.get(&chain)
    }

    pub fn chains(&self) -> impl Iterator<Item = (ChainId, &ChainBooks)> {
        self.chains.iter().map(|(&chain, books)| (chain, books))
    }

    #[must_use]
    pub fn operator(&self, owner: Owner) -> Option<&Operator> {
        self.operators.get(&owner)
    }

    #[must_use]
    pub const fn operators(&self) -> &BTreeMap<Owner, Operator> {
        &self.operators
    }

    #[must_use]
    pub const fn signers(&self) -> &BTreeMap<(ChainId, Signer), Tenure> {
        &self.signers
    }

    /// How far each journal of a chain was folded.
    pub fn journals(&self, chain: ChainId) -> impl Iterator<Item = (Account, JournalEnd)> {
        let (first, last) = ((chain, Account([0; 32])), (chain, Account([0xff; 32])));
        self.journals.range(first..=last).map(|((_, journal), end)| (*journal, *end))
    }

    /// How far a journal was folded.
    #[must_use]
    pub fn head(&self, chain: ChainId, journal: Account) -> Head {
        self.journal_end(chain, journal).head
    }

    fn journal_end(&self, chain: ChainId, journal: Account) -> JournalEnd {
        let empty = || JournalEnd { head: Head::empty(self.network, chain, journal), last: Point::default() };
        self.journals.get(&(chain, journal)).copied().unwrap_or_else(empty)
    }

    /// Whoever answers for what `signer` signs on `chain`.
    #[must_use]
    pub fn accused(&self, chain: ChainId, signer: Signer) -> Option<Accused> {
        let tenure = *self.signers.get(&(chain, signer))?;
        let operator = self.operators.get(&tenure.owner)?;
        Some(Accused { tenure, term: operator.term, jailed: operator.jailed.is_some() })
    }

    /// The cycle of the last final block of `chain`.
    #[must_use]
    pub fn cycle(&self, chain: ChainId) -> Option<Cycle> {
        self.clock.cycle(self.chains.get(&chain)?.through.time)
    }
}
