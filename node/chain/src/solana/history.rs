//! The history of journals: which transactions name them, and what those recorded.
//!
//! A list of transactions costs one question for a thousand of them, and each transaction one of its own. So they are read
//! from the newest that can hold a missing fact back to the oldest, and no further than is needed; and what was read of a
//! transaction while it was not final yet is not asked for again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anchor_lang::prelude::Pubkey;
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use serde::Deserialize;
use serde::de::IgnoredAny;
use williw_core::cycle::Height;
use williw_core::fact::Fact;
use williw_core::identity::Account;
use williw_core::ledger::JournalEnd;

use super::Endpoint;
use super::ask::Commitment;
use super::derive::Addresses;
use super::event::Transaction;
use super::fold::Numbered;
use super::sheet::Sheet;
use crate::fault::EndpointFault;
use crate::reader::Cursor;

/// The most transactions that are looked through in one list. Strangers may name an account as often as they pay for it, so
/// what is longer only fails, and says nothing about how much history there is.
pub const SIGNATURES_CAP: usize = 100_000;

/// The most facts of one reading of what is final.
pub const HISTORY_CAP: usize = 10_000;

/// How many transactions one question lists: what endpoints allow.
const LISTED: usize = 1_000;

/// How many journals, and how many transactions of each, an endpoint is asked about at once.
const JOURNALS_AT_ONCE: usize = 4;
const TRANSACTIONS_AT_ONCE: usize = 4;

/// How much of one endpoint is remembered, in transactions and their facts together: all that one reading can need, so that a
/// reading that was cut off is gone on with. The oldest is forgotten first.
const REMEMBERED: usize = 2 * HISTORY_CAP;

/// The most facts of one walk along a journal: transactions record more than is asked for.
const WALKED_CAP: usize = 10 * HISTORY_CAP;

/// The letters of a signature in base 58, at most.
const SIGNATURE_LETTERS: usize = 88;

/// A transaction in a list.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) signature: String,
    slot: u64,
    err: Option<IgnoredAny>,
}

impl Listed {
    pub(crate) const fn slot(&self) -> Height {
        Height(self.slot)
    }
}

/// The facts of transactions, by slot and signature: one that was reorganised into another slot is another.
#[derive(Debug, Default)]
pub(crate) struct Transactions(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    read: BTreeMap<(Height, String), Arc<[Fact]>>,
    /// How many transactions these are, and how many facts.
    size: usize,
}

fn size(facts: &Arc<[Fact]>) -> usize {
    facts.len().saturating_add(1)
}

impl Remembered {
    fn keep(&mut self, listed: &Listed, facts: &Arc<[Fact]>) {
        if let Some(before) = self.read.insert((listed.slot(), listed.signature.clone()), Arc::clone(facts)) {
            self.size = self.size.saturating_sub(size(&before));
        }
        self.size = self.size.saturating_add(size(facts));
        while self.size > REMEMBERED {
            let Some((_, oldest)) = self.read.pop_first() else { return };
            self.size = self.size.saturating_sub(size(&oldest));
        }
    }

    /// Only this is remembered from now on.
    fn be(&mut self, read: BTreeMap<(Height, String), Arc<[Fact]>>) {
        self.size = read.values().map(size).fold(0, usize::saturating_add);
        self.read = read;
    }
}

impl Transactions {
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, listed: &Listed) -> Option<Arc<[Fact]>> {
        self.remembered().read.get(&(listed.slot(), listed.signature.clone())).cloned()
    }

    fn keep(&self, listed: &Listed, facts: &Arc<[Fact]>) {
        self.remembered().keep(listed, facts);
    }

    /// The facts that are remembered from slots through this one.
    fn through(&self, slot: Height) -> Numbered {
        let remembered = self.remembered();
        let read = remembered.read.iter().take_while(|((at, _), _)| *at <= slot);
        read.flat_map(|(_, facts)| facts.iter()).map(|fact| ((fact.journal, fact.seq), fact.clone())).collect()
    }

    /// Forgets what lies before a slot, for the ledger has it.
    pub(crate) fn forget_before(&self, slot: Height) {
        let mut remembered = self.remembered();
        let kept = remembered.read.split_off(&(slot, String::new()));
        remembered.be(kept);
    }

    /// Forgets what lies after a slot: what was read of it leads nowhere.
    pub(crate) fn forget_after(&self, slot: Height) {
        let mut remembered = self.remembered();
        let mut kept = std::mem::take(&mut remembered.read);
        kept.split_off(&(Height(slot.0.saturating_add(1)), String::new()));
        remembered.be(kept);
    }

    /// Forgets everything: what was read leads nowhere.
    pub(crate) fn forget_all(&self) {
        self.remembered().be(BTreeMap::new());
    }
}

impl Endpoint {
    /// The transactions without an error that name an account, newest first, down to a slot.
    pub(crate) async fn listed(
        &self,
        account: &Pubkey,
        commitment: Commitment,
        (from, down_to): (Height, Height),
    ) -> Result<Vec<Listed>, EndpointFault> {
        let (mut listed, mut before, mut seen) = (Vec::new(), None::<Listed>, 0_usize);
        loop {
            let last = before.as_ref().map(|last| last.signature.as_str());
            let page: Vec<Listed> = self.signatures(account, commitment, from, (last, LISTED)).await?;
            let is_short = page.len() < LISTED;
            seen += page.len();
            for entry in page {
                let is_older = before.as_ref().is_none_or(|before| before.slot >= entry.slot);
                if !is_older || entry.signature.len() > SIGNATURE_LETTERS {
                    return Err(EndpointFault::Undecodable("getSignaturesForAddress"));
                }
                if entry.slot() < down_to {
                    return Ok(listed);
                }
                if entry.err.is_none() {
                    listed.push(entry.clone());
                }
                before = Some(entry);
            }
            if is_short {
                return Ok(listed);
            }
            if seen >= SIGNATURES_CAP {
                return Err(EndpointFault::TooLong("getSignaturesForAddress"));
            }
        }
    }

    /// The facts of a transaction; none if it is not there, or not in this slot any more.
    pub(crate) async fn facts_of(
        &self,
        addresses: &Addresses,
        listed: &Listed,
        commitment: Commitment,
    ) -> Result<Option<Arc<[Fact]>>, EndpointFault> {
        if let Some(facts) = self.seen.transactions.get(listed) {
            return Ok(Some(facts));
        }
        let transaction: Option<Transaction> = self.transaction(&listed.signature, commitment).await?;
        let Some(transaction) = transaction.filter(|transaction| transaction.slot() == listed.slot()) else {
            return Ok(None);
        };
        let facts = transaction.facts(addresses)?.into();
        self.seen.transactions.keep(listed, &facts);
        Ok(Some(facts))
    }

    /// The facts that lead from where a ledger stands to the heads of this endpoint's own sheet.
    pub(crate) async fn history(
        &self,
        addresses: &Addresses,
        cursor: &Cursor,
        sheet: &Sheet,
    ) -> Result<Numbered, EndpointFault> {
        let known = |journal: &Account| cursor.journals.get(journal).copied();
        // The ledger has every fact through its slot, so what is missing lies after it.
        let after = Height(cursor.books.through.height.0.saturating_add(1));
        let news: Vec<Way> = sheet
            .ends
            .iter()
            .filter(|(journal, end)| known(journal).is_none_or(|known| known.head.seq < end.head.seq))
            .map(|(journal, end)| Way { journal: *journal, from: known(journal), to: *end })
            .collect();
        let missing: u64 = news.iter().map(Way::missing).fold(0, u64::saturating_add);
        if missing > HISTORY_CAP as u64 {
            return Err(EndpointFault::TooManyFacts { cap: HISTORY_CAP });
        }
        // Most of it was read while it was not final yet. That may have been on a fork: then the facts lead nowhere, and
        // whoever asks forgets them and asks again.
        let mut facts = self.seen.transactions.through(sheet.slot);
        let walks: Vec<_> = news
            .iter()
            .filter(|way| way.missing_among(&facts) > 0)
            .map(|way| self.walk(addresses, way, (sheet.slot, after)))
            .collect();
        let parts: Vec<Numbered> = iter(walks).buffer_unordered(JOURNALS_AT_ONCE).try_collect().await?;
        facts.extend(parts.into_iter().flatten());
        match news.iter().find_map(|way| way.first_missing(&facts)) {
            None => Ok(facts),
            Some(seq) => Err(self.gap(cursor, seq).await),
        }
    }

    /// The facts of one journal, and whatever else its transactions recorded.
    async fn walk(
        &self,
        addresses: &Addresses,
        way: &Way,
        (at, down_to): (Height, Height),
    ) -> Result<Numbered, EndpointFault> {
        let journal = Pubkey::new_from_array(way.journal.0);
        let mut listed = self.listed(&journal, Commitment::Finalized, (at, down_to)).await?;
        // The account says where its last fact lies, so what is newer holds none.
        listed.retain(|entry| entry.slot() <= way.to.last.height);
        let (mut facts, mut left) = (Numbered::new(), listed.as_slice());
        loop {
            // Most transactions that name a journal record one fact in it, so not more of them are asked for than are missing.
            let missing = way.missing_among(&facts);
            let (some, rest) = left.split_at(missing.min(TRANSACTIONS_AT_ONCE).min(left.len()));
            if some.is_empty() {
                return Ok(facts);
            }
            left = rest;
            let asked: Vec<_> =
                some.iter().map(|entry| self.facts_of(addresses, entry, Commitment::Finalized)).collect();
            let answers: Vec<_> = iter(asked).buffered(TRANSACTIONS_AT_ONCE).try_collect().await?;
            for fact in answers.iter().flatten().flat_map(|facts| facts.iter()) {
                facts.insert((fact.journal, fact.seq), fact.clone());
            }
            if facts.len() > WALKED_CAP {
                return Err(EndpointFault::TooManyFacts { cap: WALKED_CAP });
            }
        }
    }

    /// Why a fact is not there: it is hidden, or lies where this endpoint has nothing any more.
    async fn gap(&self, cursor: &Cursor, missing: u64) -> EndpointFault {
        match self.first_available().await {
            Ok(since) if since > cursor.books.through.height => EndpointFault::Pruned { since },
            Ok(_) | Err(EndpointFault::Refused { .. }) => EndpointFault::HidesFacts { missing },
            Err(fault) => fault,
        }
    }
}

/// From where a ledger has a journal to where it goes.
#[derive(Clone, Copy, Debug)]
struct Way {
    journal: Account,
    from: Option<JournalEnd>,
    to: JournalEnd,
}

impl Way {
    fn start(&self) -> u64 {
        self.from.map_or(0, |end| end.head.seq)
    }

    fn missing(&self) -> u64 {
        self.to.head.seq.saturating_sub(self.start())
    }

    /// How many of its facts are not among these.
    fn missing_among(&self, facts: &Numbered) -> usize {
        let after = self.start().saturating_add(1);
        (after..=self.to.head.seq).filter(|seq| !facts.contains_key(&(self.journal, *seq))).count()
    }

    /// The last of its facts that is not among these.
    fn first_missing(&self, facts: &Numbered) -> Option<u64> {
        let after = self.start().saturating_add(1);
        (after..=self.to.head.seq).rev().find(|seq| !facts.contains_key(&(self.journal, *seq)))
    }
}

#[cfg(test)]
mod tests;
