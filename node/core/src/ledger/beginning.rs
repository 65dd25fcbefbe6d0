//! A beginning: a chain as its accounts have it at one final block, for a ledger that does not fold what came before.
//!
//! On Solana every account that counts stays, says all that its facts said and holds the head of its journal. So a node
//! need not ask for years of history, which ordinary endpoints do not keep, to fold what comes after. It also goes on from
//! there if it was away for so long that what it missed is gone. What is lost is the story of how it came so.

use std::collections::{BTreeMap, BTreeSet};

use super::{ChainBooks, Change, JournalEnd, Ledger, Operator, Point, PostedRoot};
use crate::amount::Amount;
use crate::cycle::{Cycle, Height, UnixSeconds};
use crate::cycle_stake::CycleStake;
use crate::fact::{PoolParameters, VaultParameters};
use crate::identity::{Account, ChainId, Owner, Signer};
use crate::journal::Site;
use crate::link::{Link, LinkTerms};
use crate::tenure::Tenure;

/// The most operators that a beginning may have, and the most signers for each of them. More are refused whole.
pub const BEGINNING_CAP: usize = 100_000;

/// What the accounts of a chain hold at one final block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    pub chain: ChainId,
    pub through: Point,
    /// How many operators the chain's own state counts.
    pub count: u64,
    /// How far the journal of the chain as a whole goes.
    pub end: JournalEnd,
    pub total: CycleStake,
    pub vault: VaultParameters,
    pub pool: PoolParameters,
    pub funded: Amount,
    /// As in [`ChainBooks`].
    pub settled: Option<PostedRoot>,
    pub posted: Option<PostedRoot>,
    pub closed: Option<Cycle>,
    pub operators: Vec<Record>,
    /// Everyone who is or was a signer.
    pub signers: Vec<(Signer, Tenure)>,
}

/// The account of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    pub owner: Account,
    pub index: u64,
    pub journal: Account,
    pub end: JournalEnd,
    pub active: Amount,
    pub queued: Amount,
    pub link: LinkTerms,
    pub term: u64,
    pub jailed: bool,
    pub stake: CycleStake,
}

/// Why accounts cannot be those of the chain, or no ledger begins with them. The ledger is unharmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeginningFault {
    #[error("this network has no {0}")]
    UnknownChain(ChainId),
    #[error("on {0} a ledger begins with the first fact: everything there can be proven")]
    Provable(ChainId),
    #[error("{operators} operators or {signers} signers are more than a node takes")]
    TooMany { operators: usize, signers: usize },
    #[error("the chain counts {counted} operators, and {found} are there")]
    Count { counted: u64, found: usize },
    #[error("nobody has index {0}")]
    NoIndex(u64),
    #[error("two operators have the owner or the journal of {0}")]
    Twice(Account),
    #[error("journal {0} has lost facts that the ledger has, or other ones are in their place")]
    OtherJournal(Account),
    #[error("operator {0}, which the ledger has, is another or not there")]
    OtherOperator(Account),
    #[error("signer {0} serves nobody, or somebody else than the ledger has")]
    OtherSigner(Signer),
    #[error("it ends at {through}, before its own facts or those of the ledger at {last}")]
    Behind { through: Height, last: Height },
    #[error("{blocks} blocks in {seconds} seconds are more than any chain makes")]
    Leap { blocks: u64, seconds: u64 },
    #[error("what is there lies before the network's genesis, or touched a cycle that has not begun")]
    Cycle,
    #[error("what operator {0} counts, or how it was linked, is not what the program leaves")]
    Unsound(Account),
    #[error("operator {0} is another than its own facts made it")]
    Undone(Account),
    #[error("funds or cycles of the pool are fewer than the ledger has")]
    PoolBack,
    #[error("what the operators count does not add up to what the chain counts")]
    Total,
}

impl Ledger {
    /// What it would change to go on from there; nothing if it says what the ledger says. The ledger stays as it is.
    pub fn begin(&self, beginning: &Beginning) -> Result<Option<Change>, BeginningFault> {
        let books = self.chain(beginning.chain).ok_or(BeginningFault::UnknownChain(beginning.chain))?;
        let Site::Solana { config } = books.site else { return Err(BeginningFault::Provable(beginning.chain)) };
        let (operators, signers) = (beginning.operators.len(), beginning.signers.len());
        if operators > BEGINNING_CAP || signers > BEGINNING_CAP.saturating_mul(2) {
            return Err(BeginningFault::TooMany { operators, signers });
        }
        beginning.check_set(config)?;
        let last = beginning.check_place(books)?;
        beginning.check_stake(self)?;
        if beginning.funded < books.funded || beginning.closed < books.closed {
            return Err(BeginningFault::PoolBack);
        }
        let journals = self.check_journals(beginning, config)?;
        let mut change = Change {
            chain: beginning.chain,
            books: beginning.books(books, last),
            operators: BTreeMap::new(),
            signers: self.check_signers(beginning)?,
            journals,
            facts: Vec::new(),
        };
        for record in &beginning.operators {
            let owner = Owner { chain: beginning.chain, account: record.owner };
            let operator = self.operator_of(owner, record);
            if self.operators.get(&owner).is_some_and(|known| !self.follows(known, &operator, record.end)) {
                return Err(BeginningFault::Undone(record.owner));
            }
            change.operators.insert(owner, operator);
        }
        let is_known = change.books == *books
            && change.operators.iter().all(|(owner, operator)| self.operators.get(owner) == Some(operator))
            && change.signers.iter().all(|(signer, tenure)| self.signers.get(signer) == Some(tenure))
            && change.journals.iter().all(|(journal, end)| self.journals.get(journal) == Some(end));
        Ok((!is_known).then_some(change))
    }

    /// What of a chain another ledger has otherwise; nothing if both go on from the same, however they came there. Where they
    /// stand does not count, nor which block jailed an operator or was the last about it, which only facts say; nor whether a
    /// root is remembered that was replaced by one that pays already at both, for the program forgets it without a fact. Stakes
    /// are alike if they are so from the cycle on in which the earlier of the two stands.
    #[must_use]
    pub fn unlike(&self, other: &Self, chain: ChainId) -> Option<&'static str> {
        let (mine, its) = (self.chain(chain), other.chain(chain));
        let now = mine.into_iter().chain(its).map(|books| books.through.time).min().unwrap_or_default();
        let cycle = self.clock.cycle(now).unwrap_or_default();
        let operators = |ledger: &Self| -> BTreeMap<Owner, Operator> {
            let mine = ledger.operators.iter().filter(|(owner, _)| owner.chain == chain);
            let told = |operator: &Operator| {
                let jailed = operator.jailed.map(|_| Point::default());
                Operator { jailed, stake: operator.stake.at(cycle), changed: Height(0), ..operator.clone() }
            };
            mine.map(|(owner, operator)| (*owner, told(operator))).collect()
        };
        let signers = |ledger: &Self| -> BTreeMap<Signer, Tenure> {
            let mine = ledger.signers.iter().filter(|((of, _), _)| *of == chain);
            mine.map(|((_, signer), tenure)| (*signer, *tenure)).collect()
        };
        let lasting = |books: &ChainBooks| {
            let (through, total) = (Point::default(), books.total.at(cycle));
            ChainBooks { through, total, settled: None, ..*books }
        };
        let differs = [
            ("network", self.network != other.network || self.clock != other.clock),
            ("operators", operators(self) != operators(other)),
            ("books", mine.map(lasting) != its.map(lasting)),
            ("settled root", !mine.zip(its).is_none_or(|(mine, its)| mine.settled_alike(its, now))),
            ("heads", !self.journals(chain).eq(other.journals(chain))),
            ("signers", signers(self) != signers(other)),
        ];
        differs.into_iter().find_map(|(what, differs)| differs.then_some(what))
    }

    /// Whether facts that the ledger does not have can have made the one out of the other. A head stands for facts and not
    /// for what they add up to, so where there are none nothing may differ: whoever shows it otherwise has other contents.
    fn follows(&self, known: &Operator, next: &Operator, end: JournalEnd) -> bool {
        if self.journals.get(&(ChainId::Solana, known.journal)) == Some(&end) {
            // Time alone moves what is counted for a cycle.
            let cycle = known.stake.cycle().max(next.stake.cycle());
            let as_of = |operator: &Operator| Operator { stake: operator.stake.at(cycle), ..operator.clone() };
            return as_of(known) == as_of(next);
        }
        let relinked = next.nonce > known.nonce;
        let same_link = (next.link, next.signer, next.nonce) == (known.link, known.signer, known.nonce);
        // A jail ends with a new term and a new link, and nothing else begins a term.
        let terms = next.term > known.term && relinked
            || next.term == known.term && (known.jailed.is_none() || next.jailed.is_some());
        (relinked || same_link) && terms
    }

    fn operator_of(&self, owner: Owner, record: &Record) -> Operator {
        let known = self.operators.get(&owner).filter(|known| known.term == record.term);
        // Which block jailed it is said by no account: it lies not after the last fact.
        let jailed = known.and_then(|known| known.jailed).unwrap_or(record.end.last);
        Operator {
            index: record.index,
            journal: record.journal,
            active: record.active,
            queued: record.queued,
            link: Link::verify(self.network, owner, &record.link).ok(),
            signer: record.link.signer,
            nonce: record.link.nonce,
            term: record.term,
            jailed: record.jailed.then_some(jailed),
            stake: record.stake,
            changed: record.end.last.height,
        }
    }

    /// Every journal that the ledger has goes on, and none goes back.
    fn check_journals(
        &self,
        beginning: &Beginning,
        config: Account,
    ) -> Result<BTreeMap<(ChainId, Account), JournalEnd>, BeginningFault> {
        let chain = beginning.chain;
        let ends = beginning.operators.iter().map(|record| (record.journal, record.end));
        let ends: BTreeMap<_, _> = ends.chain([(config, beginning.end)]).map(|(at, end)| ((chain, at), end)).collect();
        for (key, known) in self.journals.iter().filter(|((of, _), _)| *of == chain) {
            let goes_on = ends.get(key).is_some_and(|end| {
                let later = end.last.height >= known.last.height && end.last.time >= known.last.time;
                end.head.seq > known.head.seq && later || end == known
            });
            if !goes_on {
                return Err(BeginningFault::OtherJournal(key.1));
            }
        }
        let mine = self.operators.iter().filter(|(owner, _)| owner.chain == chain);
        let records: BTreeMap<Account, &Record> =
            beginning.operators.iter().map(|record| (record.owner, record)).collect();
        for (owner, known) in mine {
            let same = |record: &&Record| record.index == known.index && record.journal == known.journal;
            if records.get(&owner.account).is_none_or(|record| !same(record)) {
                return Err(BeginningFault::OtherOperator(owner.account));
            }
        }
        Ok(ends)
    }

    /// Every operator's signer is its own, and nobody's signer went to somebody else.
    fn check_signers(&self, beginning: &Beginning) -> Result<BTreeMap<(ChainId, Signer), Tenure>, BeginningFault> {
        let chain = beginning.chain;
        let mut signers = BTreeMap::new();
        let terms: BTreeMap<Account, u64> =
            beginning.operators.iter().map(|record| (record.owner, record.term)).collect();
        for (signer, tenure) in &beginning.signers {
            let serves = tenure.owner.chain == chain
                && terms.get(&tenure.owner.account).is_some_and(|term| tenure.term <= *term);
            if signer.is_zero() || !serves || signers.insert((chain, *signer), *tenure).is_some() {
                return Err(BeginningFault::OtherSigner(*signer));
            }
        }
        let presently = |record: &Record| {
            let tenure: Option<&Tenure> = signers.get(&(chain, record.link.signer));
            tenure.is_some_and(|tenure| {
                (tenure.owner.account, tenure.term, tenure.through) == (record.owner, record.term, None)
            })
        };
        if let Some(record) = beginning.operators.iter().find(|record| !presently(record)) {
            return Err(BeginningFault::OtherSigner(record.link.signer));
        }
        // What a tenure was it stays, but that it may have ended.
        let goes_on = |(key, known): &(&(ChainId, Signer), &Tenure)| {
            signers.get(*key).is_some_and(|next| {
                *next == **known || known.through.is_none() && Tenure { through: None, ..*next } == **known
            })
        };
        let mut known = self.signers.iter().filter(|((of, _), _)| *of == chain);
        match known.find(|tenure| !goes_on(tenure)) {
            Some(((_, signer), _)) => Err(BeginningFault::OtherSigner(*signer)),
            None => Ok(signers),
        }
    }
}

impl ChainBooks {
    /// Whether the replaced root is the same, or one of the two has forgotten one that no longer pays at either.
    fn settled_alike(&self, other: &Self, now: UnixSeconds) -> bool {
        let is_replaced = self.posted.is_some_and(|root| root.activates <= now);
        self.settled == other.settled || (self.settled.is_none() || other.settled.is_none()) && is_replaced
    }
}

impl Record {
    /// What the program itself holds of every operator: it counts its active stake, or nothing in jail.
    fn is_sound(&self) -> bool {
        let counted = if self.jailed { Amount::ZERO } else { self.active };
        let linked = self.end.head.seq > 0 && self.link.nonce > 0 && !self.link.signer.is_zero();
        linked && self.stake.value() == counted && self.stake.floor() <= counted
    }
}

impl Beginning {
    /// Every index below the count is there once, and nobody is there twice.
    fn check_set(&self, config: Account) -> Result<(), BeginningFault> {
        if usize::try_from(self.count) != Ok(self.operators.len()) {
            return Err(BeginningFault::Count { counted: self.count, found: self.operators.len() });
        }
        let indexes: BTreeSet<u64> = self.operators.iter().map(|record| record.index).collect();
        if let Some(missing) = (0..self.count).find(|index| !indexes.contains(index)) {
            return Err(BeginningFault::NoIndex(missing));
        }
        let (mut owners, mut journals) = (BTreeSet::new(), BTreeSet::from([config]));
        let twice = |record: &&Record| !owners.insert(record.owner) || !journals.insert(record.journal);
        match self.operators.iter().find(twice) {
            Some(record) => Err(BeginningFault::Twice(record.owner)),
            None => Ok(()),
        }
    }

    /// Nothing lies behind its end, and it does not take the ledger back. Returns where its last fact lies.
    fn check_place(&self, books: &ChainBooks) -> Result<Point, BeginningFault> {
        let ends = self.operators.iter().map(|record| record.end.last).chain([self.end.last, books.last]);
        let last = ends.reduce(|a, b| Point { height: a.height.max(b.height), time: a.time.max(b.time) });
        let last = last.unwrap_or_default();
        if self.through.height < last.height || self.through.time < last.time {
            return Err(BeginningFault::Behind { through: self.through.height, last: last.height });
        }
        match ChainBooks::leap(last, self.through) {
            Some((blocks, seconds)) => Err(BeginningFault::Leap { blocks, seconds }),
            None => Ok(last),
        }
    }

    /// The chain's total is the sum of what its operators count. The floor of the cycle before may be above the sum of
    /// theirs: a slash takes an operator out of it and leaves the quorum that is being counted.
    fn check_stake(&self, ledger: &Ledger) -> Result<(), BeginningFault> {
        let cycle = ledger.clock.cycle(self.through.time).ok_or(BeginningFault::Cycle)?;
        if let Some(record) = self.operators.iter().find(|record| !record.is_sound()) {
            return Err(BeginningFault::Unsound(record.owner));
        }
        let mut ends = self.operators.iter().map(|record| record.end).chain([self.end]);
        if ends.any(|end| ledger.clock.cycle(end.last.time).is_none()) {
            return Err(BeginningFault::Cycle);
        }
        let stakes = || self.operators.iter().map(|record| record.stake);
        if stakes().chain([self.total]).any(|stake| stake.cycle() > cycle) {
            return Err(BeginningFault::Cycle);
        }
        let sum = |part: fn(&CycleStake) -> Amount| Amount::sum(stakes().map(|stake| part(&stake.at(cycle))));
        let total = self.total.at(cycle);
        let adds_up = sum(CycleStake::value) == Ok(total.value())
            && sum(CycleStake::floor) == Ok(total.floor())
            && sum(CycleStake::floor_prev).is_ok_and(|sum| sum <= total.floor_prev());
        if adds_up { Ok(()) } else { Err(BeginningFault::Total) }
    }

    const fn books(&self, books: &ChainBooks, last: Point) -> ChainBooks {
        ChainBooks {
            site: books.site,
            through: self.through,
            last,
            operators: self.count,
            total: self.total,
            vault: Some(self.vault),
            pool: Some(self.pool),
            funded: self.funded,
            settled: self.settled,
            posted: self.posted,
            closed: self.closed,
        }
    }
}
