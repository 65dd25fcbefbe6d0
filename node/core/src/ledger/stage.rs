//! A page on trial: its effects are collected beside the ledger and taken over only if all of it holds.

use std::collections::{BTreeMap, BTreeSet};

use super::discord::{Discord, Impossible};
use super::operator::About;
use super::{ChainBooks, Change, Ledger, Operator, PAGE_CAP, Page, PostedRoot};
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
    heads: BTreeMap<(ChainId, Account), Head>,
    facts: Vec<Fact>,
}

pub(super) fn stage(ledger: &Ledger, page: &Page) -> Result<Option<Change>, Discord> {
    let books = *ledger.chain(page.chain).ok_or(Discord::UnknownChain(page.chain))?;
    if page.facts.len() > PAGE_CAP {
        return Err(Discord::PageTooLong { facts: page.facts.len(), cap: PAGE_CAP });
    }
    // Everything through the cursor is folded already, so a page from before it can only repeat.
    if page.through.height < books.through.height {
        return Ok(None);
    }
    if page.through.time < books.through.time {
        return Err(Discord::OutOfOrder(page.through.height));
    }
    let mut stage = Stage {
        ledger,
        chain: page.chain,
        books,
        operators: BTreeMap::new(),
        signers: BTreeMap::new(),
        heads: BTreeMap::new(),
        facts: Vec::new(),
    };
    let mut last = books.through;
    for fact in &page.facts {
        if fact.chain != page.chain {
            return Err(Discord::OtherChain { page: page.chain, fact: fact.chain });
        }
        let head = stage.head(fact.journal);
        if fact.seq <= head.seq {
            continue; // a fact replayed is a fact ignored
        }
        if fact.height <= books.through.height || fact.height > page.through.height {
            return Err(Discord::OutsidePage(fact.height));
        }
        if fact.height < last.height || fact.time < last.time || fact.time > page.through.time {
            return Err(Discord::OutOfOrder(fact.height));
        }
        (last.height, last.time) = (fact.height, fact.time);
        stage.take(fact, head)?;
    }
    stage.attest(page)?;
    stage.books.through = page.through;
    Ok(Some(stage.into_change()))
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

    fn head(&self, journal: Account) -> Head {
        let staged = self.heads.get(&(self.chain, journal)).copied();
        staged.unwrap_or_else(|| self.ledger.head(self.chain, journal))
    }

    /// Folds one new fact into its journal and applies it.
    fn take(&mut self, fact: &Fact, head: Head) -> Result<(), Discord> {
        if head.seq.checked_add(1) != Some(fact.seq) {
            return Err(Discord::Gap { journal: fact.journal, missing: head.seq.saturating_add(1) });
        }
        if !self.is_its_journal(fact) {
            return Err(Discord::ForeignJournal(fact.journal));
        }
        let cycle = self.ledger.clock.cycle(fact.time).ok_or(Discord::BeforeGenesis(fact.height))?;
        let applied = match fact.owner() {
            Some(owner) => self.apply_operator(About { fact, owner, cycle }),
            None => self.apply_chain(fact),
        };
        applied.map_err(|why| Discord::Impossible {
            kind: fact.body.kind(),
            owner: fact.owner(),
            height: fact.height,
            why,
        })?;
        let next = Head { seq: fact.seq, hash: fact.head_after(head.hash) };
        self.heads.insert((self.chain, fact.journal), next);
        self.facts.push(fact.clone());
        Ok(())
    }

    /// Whether the fact was recorded where the site records such facts: an operator's own journal begins with its
    /// registration and holds nobody else's.
    fn is_its_journal(&self, fact: &Fact) -> bool {
        match self.books.site.journal_of(&fact.body) {
            Some(journal) => fact.journal == journal,
            None => match fact.owner().and_then(|owner| self.operator(owner)) {
                Some(operator) => operator.journal == fact.journal,
                None => fact.seq == 1 && !self.books.site.standing_journals().contains(&fact.journal),
            },
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

    /// Every journal there is leads to the head that the chain itself has, and no operator is missing.
    fn attest(&self, page: &Page) -> Result<(), Discord> {
        if page.operators != self.books.operators {
            return Err(Discord::OperatorCount { attested: page.operators, folded: self.books.operators });
        }
        let standing = self.books.site.standing_journals();
        let attested: BTreeSet<Account> = page.heads.iter().map(|(journal, _)| *journal).collect();
        let missing = |journal: &Account| !attested.contains(journal);
        if let Some(journal) = standing.iter().copied().chain(self.operator_journals()).find(missing) {
            return Err(Discord::Unattested(journal));
        }
        if attested.len() != page.heads.len() || attested.len().saturating_sub(standing.len()) as u64 > page.operators {
            return Err(Discord::TooManyHeads { heads: page.heads.len(), operators: page.operators });
        }
        match page.heads.iter().find(|(journal, hash)| self.head(*journal).hash != *hash) {
            Some((journal, _)) => Err(Discord::HeadMismatch(*journal)),
            None => Ok(()),
        }
    }

    /// The journals that operators have to themselves: none on Base, one each on Solana.
    fn operator_journals(&self) -> impl Iterator<Item = Account> {
        let on_solana = matches!(self.books.site, Site::Solana { .. });
        let first = Owner { chain: self.chain, account: Account([0; 32]) };
        let last = Owner { chain: self.chain, account: Account([0xff; 32]) };
        let folded = self.ledger.operators.range(first..=last).chain(&self.operators);
        folded.filter(move |_| on_solana).map(|(_, operator)| operator.journal)
    }

    fn into_change(self) -> Change {
        Change {
            chain: self.chain,
            books: self.books,
            operators: self.operators,
            signers: self.signers,
            heads: self.heads,
            facts: self.facts,
        }
    }
}
