//! A page on trial: its effects are collected beside the ledger and taken over only if all of it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::discord::{Discord, Impossible};
use super::operator::About;
use super::{ChainBooks, Change, JournalEnd, Ledger, Operator, PAGE_CAP, Page, Point, PostedRoot};
use crate::fact::{Body, Fact};
use crate::identity::{Account, ChainId, Owner, Signer};
use crate::journal::{Head, Site};
use crate::network::NetworkId;
use crate::tenure::Tenure;

pub(super) struct Stage<'a> {
    ledger: &'a Ledger,
    chain: ChainId,
    pub(super) books: ChainBooks,
    operators: BTreeMap<Owner, Operator>,
    signers: BTreeMap<(ChainId, Signer), Tenure>,
    journals: BTreeMap<(ChainId, Account), JournalEnd>,
    facts: Vec<Fact>,
}

pub(super) fn stage(ledger: &Ledger, page: &Page) -> Result<Option<Change>, Discord> {
    let books = *ledger.chain(page.chain).ok_or(Discord::UnknownChain(page.chain))?;
    if page.facts.len() > PAGE_CAP {
        return Err(Discord::PageTooLong { facts: page.facts.len(), cap: PAGE_CAP });
    }
    let mut stage = Stage {
        ledger,
        chain: page.chain,
        books,
        operators: BTreeMap::new(),
        signers: BTreeMap::new(),
        journals: BTreeMap::new(),
        facts: Vec::new(),
    };
    // Hashing is cheap and settles whether the chain said all this; only then is it worth looking at.
    stage.fold(page)?;
    // What is attested already lies before the end of every page; one that ends earlier would take the chain's time back.
    let last = stage.books.last;
    if page.through.height < last.height || page.through.time < last.time {
        return Err(Discord::OutOfOrder(page.through.height));
    }
    // Counted from the last fact, which its journal's head attests; nothing attests where and when the cursor stands.
    if last.height.0 > 0
        && let Some((blocks, seconds)) = ChainBooks::leap(last, page.through)
    {
        return Err(Discord::Leap { blocks, seconds });
    }
    stage.attest(page)?;
    for fact in std::mem::take(&mut stage.facts) {
        stage.apply(&fact)?;
        stage.facts.push(fact);
    }
    if page.operators != stage.books.operators {
        return Err(Discord::OperatorCount { attested: page.operators, folded: stage.books.operators });
    }
    // The chain attests where the facts are, and nothing where the cursor stands: it follows every page that holds, back as
    // well as forth. One that was led astray comes back, even if nothing happens on the chain.
    stage.books.through = page.through;
    let change = stage.into_change();
    Ok((change.books != books || !change.facts.is_empty()).then_some(change))
}

impl Stage<'_> {
    pub(super) const fn network(&self) -> NetworkId {
        self.ledger.network
    }

    pub(super) fn operator(&self, owner: Owner) -> Option<&Operator> {
        self.operators.get(&owner).or_else(|| self.ledger.operators.get(&owner))
    }

    pub(super) fn put(&mut self, owner: Owner, operator: Operator) {
        self.operators.insert(owner, operator);
    }

    pub(super) fn tenure(&self, signer: Signer) -> Option<Tenure> {
        let key = (self.chain, signer);
        self.signers.get(&key).or_else(|| self.ledger.signers.get(&key)).copied()
    }

    pub(super) fn put_tenure(&mut self, signer: Signer, tenure: Tenure) {
        self.signers.insert((self.chain, signer), tenure);
    }

    fn journal_end(&self, journal: Account) -> JournalEnd {
        let staged = self.journals.get(&(self.chain, journal)).copied();
        staged.unwrap_or_else(|| self.ledger.journal_end(self.chain, journal))
    }

    /// The block before which the next fact of a journal cannot have happened.
    ///
    /// Base is read as one row of logs. On Solana every operator has a journal of its own, and a page that was believed may
    /// have had one of them as it was earlier than the others: what it left out comes later, and is true.
    const fn latest_before(&self, end: &JournalEnd) -> Point {
        match self.books.site {
            Site::Base { .. } => self.books.last,
            Site::Solana { .. } => end.last,
        }
    }

    /// Folds what is new in the page into its journals. The number of a fact and the head decide what is new; where the
    /// cursor stands does not.
    fn fold(&mut self, page: &Page) -> Result<(), Discord> {
        for fact in &page.facts {
            if fact.chain != page.chain {
                return Err(Discord::OtherChain { page: page.chain, fact: fact.chain });
            }
            let end = self.journal_end(fact.journal);
            let head = end.head;
            if fact.seq <= head.seq {
                continue; // a fact replayed is a fact ignored
            }
            if head.seq.checked_add(1) != Some(fact.seq) {
                return Err(Discord::Gap { journal: fact.journal, missing: head.seq.saturating_add(1) });
            }
            if fact.height > page.through.height {
                return Err(Discord::OutsidePage(fact.height));
            }
            if self.ledger.clock.cycle(fact.time).is_none() {
                return Err(Discord::BeforeGenesis(fact.height));
            }
            let before = self.latest_before(&end);
            if fact.height < before.height || fact.time < before.time || fact.time > page.through.time {
                return Err(Discord::OutOfOrder(fact.height));
            }
            let (at, last) = (Point { height: fact.height, time: fact.time }, self.books.last);
            self.books.last = Point { height: at.height.max(last.height), time: at.time.max(last.time) };
            let head = Head { seq: fact.seq, hash: fact.head_after(head.hash) };
            self.journals.insert((self.chain, fact.journal), JournalEnd { head, last: at });
            self.facts.push(fact.clone());
        }
        Ok(())
    }

    /// Applies one new fact.
    fn apply(&mut self, fact: &Fact) -> Result<(), Discord> {
        if !self.is_its_journal(fact) {
            return Err(Discord::ForeignJournal(fact.journal));
        }
        let cycle = self.ledger.clock.cycle(fact.time).expect("facts from before genesis were not folded");
        let applied = match fact.owner() {
            Some(owner) => self.apply_operator(About { fact, owner, cycle }),
            None => self.apply_chain(fact),
        };
        applied.map_err(|why| Discord::Impossible {
            kind: fact.body.kind(),
            owner: fact.owner(),
            height: fact.height,
            why,
        })
    }

    /// Whether the fact was recorded where the site records such facts: an operator's own journal begins with its
    /// registration and holds nobody else's.
    fn is_its_journal(&self, fact: &Fact) -> bool {
        match self.books.site.journal_of(&fact.body) {
            Some(journal) => fact.journal == journal,
            None => fact.owner().is_some_and(|owner| match self.operator(owner) {
                Some(operator) => operator.journal == fact.journal,
                None => fact.seq == 1 && !self.books.site.standing_journals().contains(&fact.journal),
            }),
        }
    }

    /// Applies a fact about the whole chain.
    fn apply_chain(&mut self, fact: &Fact) -> Result<(), Impossible> {
        let books = &mut self.books;
        match &fact.body {
            Body::VaultParameters(parameters) => books.vault = Some(*parameters),
            Body::PoolParameters(parameters) => books.pool = Some(*parameters),
            // Announced only; the fact that puts them in force follows.
            Body::VaultParametersProposed { .. } | Body::PoolParametersProposed { .. } => {}
            Body::Funded { funded } => {
                if *funded <= books.funded {
                    return Err(Impossible::Balances);
                }
                books.funded = *funded;
            }
            Body::RootPending { cycle, root, activates } => {
                if books.closed.is_some_and(|closed| *cycle <= closed) {
                    return Err(Impossible::CycleClosed);
                }
                books.closed = Some(*cycle);
                // A new root is only voted for once the delay of the last one is over.
                books.settled = books.posted.or(books.settled);
                books.posted = Some(PostedRoot { cycle: *cycle, root: *root, activates: *activates });
            }
            Body::RootVetoed { cycle } => {
                let vetoed = books.posted.take_if(|posted| posted.cycle == *cycle && fact.time < posted.activates);
                vetoed.ok_or(Impossible::NoRoot)?;
            }
            Body::Registered { .. }
            | Body::Staked { .. }
            | Body::Unstaked { .. }
            | Body::Restaked { .. }
            | Body::Withdrawn { .. }
            | Body::Rotated { .. }
            | Body::Slashed(_)
            | Body::Unjailed { .. } => unreachable!("a fact about an operator names its owner"),
        }
        Ok(())
    }

    /// Every journal there is leads to the head that the chain itself has.
    fn attest(&self, page: &Page) -> Result<(), Discord> {
        let standing = self.books.site.standing_journals();
        let attested: BTreeSet<Account> = page.heads.iter().map(|(journal, _)| *journal).collect();
        let missing = |journal: &Account| !attested.contains(journal);
        let touched = self.journals.keys().map(|(_, journal)| *journal);
        if let Some(journal) = standing.iter().copied().chain(self.operator_journals()).chain(touched).find(missing) {
            return Err(Discord::Unattested(journal));
        }
        if attested.len() != page.heads.len() || attested.len().saturating_sub(standing.len()) as u64 > page.operators {
            return Err(Discord::TooManyHeads { heads: page.heads.len(), operators: page.operators });
        }
        match page.heads.iter().find(|(journal, hash)| self.journal_end(*journal).head.hash != *hash) {
            Some((journal, _)) => Err(Discord::HeadMismatch(*journal)),
            None => Ok(()),
        }
    }

    /// The journals that operators have to themselves: none on Base, one each on Solana.
    fn operator_journals(&self) -> impl Iterator<Item = Account> {
        let on_solana = matches!(self.books.site, Site::Solana { .. });
        let first = Owner { chain: self.chain, account: Account([0; 32]) };
        let last = Owner { chain: self.chain, account: Account([0xff; 32]) };
        let folded = on_solana.then(|| self.ledger.operators.range(first..=last));
        folded.into_iter().flatten().map(|(_, operator)| operator.journal)
    }

    fn into_change(self) -> Change {
        Change {
            chain: self.chain,
            books: self.books,
            operators: self.operators,
            signers: self.signers,
            journals: self.journals,
            facts: self.facts,
        }
    }
}
