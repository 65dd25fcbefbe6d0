//! How the bytecode came to where it stands.
//!
//! Only the code of a program writes its accounts, so they are sound if no other code ever stood at its address. Of that
//! nothing is left in any account but one number, the slot of the last change: whoever plants accounts by code of their own
//! and then puts ours in its place leaves everything as it would be without. So the transactions are read that put code
//! there. The loader's `Deploy` and `Upgrade` do, and each of them, and whatever gives room, writes its slot beside the
//! bytecode. Hence a `Deploy` in the slot that stands there, with no other one, no `Upgrade` and no `Close` before it, is all
//! that ever happened. What came later cannot have put code there, so it is not read.
//!
//! Everybody can name these addresses in transactions of their own, before the deployment too: what such a transaction does
//! is decided by what the loader was told, and by the place at which it was told of them. There can be more of them than
//! are looked through, and then nobody vouches for anything (decision 0012).

use std::collections::BTreeSet;
use std::time::Duration;

use anchor_lang::prelude::{Pubkey, pubkey};
use futures_util::stream::{StreamExt, TryStreamExt, iter};
use serde::Deserialize;
use serde::de::IgnoredAny;
use williw_core::cycle::Height;

use super::layouts::LOADER;
use super::{MATTER, Sites};
use crate::fault::EndpointFault;
use crate::quorum::agreed;
use crate::solana::ask::Commitment;
use crate::solana::{Endpoint, Solana};

mod head;

use head::head;

/// Loaders that programs had before, or were to have. Whatever they did there, it was other code.
const OTHER_LOADERS: [Pubkey; 3] = [
    pubkey!("BPFLoader1111111111111111111111111111111111"),
    pubkey!("BPFLoader2111111111111111111111111111111111"),
    pubkey!("LoaderV411111111111111111111111111111111111"),
];

/// How many transactions one question lists: what endpoints allow.
const LISTED: usize = 1_000;
const LIST_METHOD: &str = "getSignaturesForAddress";

/// The most transactions that are looked through in a list, all of them in pages one after the other. Those later than the
/// slot in the account are passed over without being read, but strangers who pay for as many keep the list from coming to
/// its end.
const LIST_CAP: usize = 100_000;

/// The most that are read of one list. A deployment is one. Strangers can add to them before it, and also after it as long
/// as the program can be given more room: that makes the slot in the account a later one, and anybody can do it.
const READ_CAP: usize = 1_000;
const READ_AT_ONCE: usize = 8;

/// How long an endpoint has for all lists and transactions: a list as long as can be, if a page comes in half a second.
const HISTORY_TIMEOUT: Duration = Duration::from_secs(60);

/// What a quorum shows of how the bytecode came there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// By the only deployment at this address, in this slot. No other code ever stood there.
    Deployed(Height),
    /// In this slot, in the place of other code, which could write what it liked until then.
    Replaced(Height),
}

impl Origin {
    const fn slot(self) -> Height {
        match self {
            Self::Deployed(slot) | Self::Replaced(slot) => slot,
        }
    }

    /// The slot of the only deployment.
    #[must_use]
    pub const fn deployed(self) -> Option<Height> {
        match self {
            Self::Deployed(slot) => Some(slot),
            Self::Replaced(_) => None,
        }
    }

    /// Until when other code could stand there.
    #[must_use]
    pub const fn replaced(self) -> Option<Height> {
        match self {
            Self::Deployed(_) => None,
            Self::Replaced(slot) => Some(slot),
        }
    }
}

/// What one endpoint shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    Shown(Origin),
    /// Not how the bytecode came there. It keeps what happened since this slot.
    Missing {
        since: Height,
    },
    /// More transactions than are looked through.
    Crowded,
}

/// What comes of asking all endpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    Shown(Origin),
    /// More transactions name its addresses than are looked through. Anybody can pay for them.
    Crowded,
    /// No quorum shows it.
    #[default]
    NotShown,
}

/// What a loader did with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Deployed,
    /// Other code stood there before, or can have: it was replaced or closed, or another loader had it.
    Other,
    /// It has more room, and its slot is this one.
    Extended,
}

/// A transaction in a list.
#[derive(Clone, Debug, Deserialize)]
struct Listed {
    signature: String,
    slot: u64,
    err: Option<IgnoredAny>,
}

/// The transactions that are kept of a list, as far as it was looked through.
#[derive(Debug, Default)]
struct Listing {
    kept: Vec<Listed>,
    seen: usize,
}

/// How far a list was looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    Page,
    End,
    Cap,
}

/// A transaction, as far as it says what loaders were told.
#[derive(Debug, Deserialize)]
struct Transaction {
    slot: u64,
    transaction: Signed,
    meta: Option<Meta>,
}

#[derive(Debug, Deserialize)]
struct Signed {
    message: Message,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    account_keys: Vec<String>,
    instructions: Vec<Told>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    err: Option<IgnoredAny>,
    inner_instructions: Option<Vec<Inner>>,
    loaded_addresses: Option<Loaded>,
}

#[derive(Debug, Deserialize)]
struct Inner {
    instructions: Vec<Told>,
}

/// What an address lookup table added to the keys.
#[derive(Debug, Deserialize)]
struct Loaded {
    writable: Vec<String>,
    readonly: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    program_id_index: usize,
    accounts: Vec<usize>,
    data: String,
}

impl Solana {
    /// How the bytecode came there whose account says this slot.
    pub(super) async fn history(&mut self, sites: &Sites, stands_since: Height, at: Height) -> History {
        let quorum = self.panel.quorum;
        let ask = |index: usize| (index, self.panel[index].origin(sites, stands_since, at));
        let sound = self.panel.sound(MATTER).into_iter().map(ask);
        // Everybody is waited for: whoever shows other code has seen what others may have lost.
        let everybody = self.panel.sound(MATTER).len();
        let answers = self.panel.gather_within(HISTORY_TIMEOUT, sound, |good| good.len() >= everybody).await;
        let claims = self.panel.settle(MATTER, answers);
        let shows_other_code = shown(&claims).iter().any(|(_, origin)| origin.deployed().is_none());
        let truth = agreed(&shown(&claims), quorum).filter(|origin| origin.deployed().is_none() || !shows_other_code);
        let alike = shown(&claims).windows(2).all(|pair| pair[0].1 == pair[1].1);
        let crowded = claims.iter().filter(|(_, claim)| *claim == Claim::Crowded).count();
        for (index, claim) in claims {
            let fault = match claim {
                // It is not the endpoint that wrote so many.
                Claim::Crowded if truth.is_none() => continue,
                Claim::Crowded => EndpointFault::TooLong(LIST_METHOD),
                Claim::Shown(origin) if Some(origin) == truth || truth.is_none() && alike => continue,
                Claim::Missing { since } if truth.is_none_or(|origin| since > origin.slot()) => {
                    EndpointFault::Pruned { since }
                }
                // Who says that it keeps a slot has to show what was in it.
                Claim::Shown(_) | Claim::Missing { .. } => EndpointFault::Contradicts("how the bytecode came there"),
            };
            self.panel.blame(MATTER, index, fault);
        }
        match truth {
            Some(origin) => History::Shown(origin),
            None if crowded >= quorum => History::Crowded,
            None => History::NotShown,
        }
    }
}

fn shown(claims: &[(usize, Claim)]) -> Vec<(usize, Origin)> {
    let origin = |claim: &Claim| if let Claim::Shown(origin) = claim { Some(*origin) } else { None };
    claims.iter().filter_map(|(index, claim)| Some((*index, origin(claim)?))).collect()
}

impl Endpoint {
    async fn origin(&self, sites: &Sites, stands_since: Height, at: Height) -> Result<Claim, EndpointFault> {
        let Some(listed) = self.named_by(&sites.program_data, at, None, stands_since).await? else {
            return Ok(Claim::Crowded);
        };
        let acts = self.acts(&listed, sites).await?;
        // Of the program's own address only what came before: every call of the program names it.
        let first = acts.iter().rfind(|(_, act)| *act == Act::Deployed).map(|(place, _)| &listed[*place]);
        let before = match first {
            Some(first) => self.named_by(&sites.program, at, Some(&first.signature), stands_since).await?,
            None => Some(Vec::new()),
        };
        let Some(mut before) = before else { return Ok(Claim::Crowded) };
        let known: BTreeSet<&str> = listed.iter().map(|entry| entry.signature.as_str()).collect();
        before.retain(|entry| !known.contains(entry.signature.as_str()));
        let earlier = self.acts(&before, sites).await?;
        let slot = |entries: &[Listed], place: usize| Height(entries[place].slot);
        let mut all: Vec<(Height, Act)> = acts.into_iter().map(|(place, act)| (slot(&listed, place), act)).collect();
        all.extend(earlier.into_iter().map(|(place, act)| (slot(&before, place), act)));
        match concluded(&all, stands_since) {
            Some(origin) => Ok(Claim::Shown(origin)),
            None => Ok(Claim::Missing { since: self.first_available().await? }),
        }
    }

    /// The transactions without an error that name an address, newest first: those before one of them, and in no later slot.
    /// None if there are more than are looked through.
    async fn named_by(
        &self,
        address: &Pubkey,
        at: Height,
        before: Option<&str>,
        through: Height,
    ) -> Result<Option<Vec<Listed>>, EndpointFault> {
        let (mut listing, mut before) = (Listing::default(), before.map(str::to_owned));
        loop {
            let page: Vec<Listed> =
                self.signatures(address, Commitment::Finalized, at, (before.as_deref(), LISTED)).await?;
            before = page.last().map(|last| last.signature.clone());
            match listing.take(page, through) {
                Reached::Page => {}
                Reached::End => return Ok(Some(listing.kept)),
                Reached::Cap => return Ok(None),
            }
        }
    }

    /// What loaders did with the program in these transactions, each by its place in the list.
    async fn acts(&self, listed: &[Listed], sites: &Sites) -> Result<Vec<(usize, Act)>, EndpointFault> {
        const METHOD: &str = "getTransaction";
        let read = |(place, entry): (usize, &Listed)| {
            let (signature, slot) = (entry.signature.clone(), entry.slot);
            async move {
                let found: Option<Transaction> = self.transaction(&signature, Commitment::Finalized).await?;
                let found = found.filter(|found| found.slot == slot).ok_or(EndpointFault::Undecodable(METHOD))?;
                let acts = found.acts(sites).ok_or(EndpointFault::Undecodable(METHOD))?;
                Ok(acts.into_iter().map(|act| (place, act)).collect::<Vec<_>>())
            }
        };
        let asked: Vec<_> = listed.iter().enumerate().map(read).collect();
        let acts: Vec<Vec<(usize, Act)>> = iter(asked).buffered(READ_AT_ONCE).try_collect().await?;
        Ok(acts.into_iter().flatten().collect())
    }
}

impl Listing {
    /// Keeps what was done without an error, and in no later slot than that.
    fn take(&mut self, page: Vec<Listed>, through: Height) -> Reached {
        let is_short = page.len() < LISTED;
        self.seen += page.len();
        self.kept.extend(page.into_iter().filter(|entry| entry.err.is_none() && entry.slot <= through.0));
        match (self.kept.len() > READ_CAP, is_short) {
            (true, _) => Reached::Cap,
            (false, true) => Reached::End,
            (false, false) if self.seen >= LIST_CAP => Reached::Cap,
            (false, false) => Reached::Page,
        }
    }
}

/// What follows from all that loaders did, if that leads to what stands there; `stands_since` is what its account says.
fn concluded(acts: &[(Height, Act)], stands_since: Height) -> Option<Origin> {
    let last = |wanted: &[Act]| acts.iter().filter(|(_, act)| wanted.contains(act)).map(|(slot, _)| *slot).max();
    let deployments = acts.iter().filter(|(_, act)| *act == Act::Deployed).count();
    if deployments > 1 || last(&[Act::Other]).is_some() {
        return last(&[Act::Other, Act::Deployed]).map(Origin::Replaced);
    }
    let is_whole = last(&[Act::Deployed, Act::Extended]) == Some(stands_since);
    last(&[Act::Deployed]).filter(|_| is_whole).map(Origin::Deployed)
}

impl Transaction {
    /// What loaders did with the program; none if the transaction does not say what all of them were told.
    fn acts(&self, sites: &Sites) -> Option<Vec<Act>> {
        let meta = self.meta.as_ref().filter(|meta| meta.err.is_none())?;
        let loaded = meta.loaded_addresses.iter().flat_map(|loaded| loaded.writable.iter().chain(&loaded.readonly));
        let keys = self.transaction.message.account_keys.iter().chain(loaded);
        let keys: Vec<Pubkey> = keys.map(|key| key.parse().ok()).collect::<Option<_>>()?;
        // Whoever is called is named.
        if !keys.iter().any(|key| *key == LOADER || OTHER_LOADERS.contains(key)) {
            return Some(Vec::new());
        }
        let inner = meta.inner_instructions.as_ref()?.iter().flat_map(|inner| &inner.instructions);
        let told = self.transaction.message.instructions.iter().chain(inner);
        let mut acts = Vec::new();
        for told in told {
            let loader = keys.get(told.program_id_index)?;
            if *loader != LOADER && !OTHER_LOADERS.contains(loader) {
                continue;
            }
            let named: Vec<Pubkey> =
                told.accounts.iter().map(|place| keys.get(*place).copied()).collect::<Option<_>>()?;
            // Whatever it was told of others, however long, is nothing to us.
            if !sites.are_among(&named) {
                continue;
            }
            acts.extend(if *loader == LOADER { act(&head(&told.data)?, &named, sites) } else { Some(Act::Other) });
        }
        Some(acts)
    }
}

/// What the loader does with the program when what it is told begins like this, with these accounts, ours among them. It
/// only ever succeeds with accounts at the places where they belong, but takes more than it needs.
fn act(data: &[u8], named: &[Pubkey], sites: &Sites) -> Option<Act> {
    let at = |place: usize, address: Pubkey| named.get(place) == Some(&address);
    let kind = data.first_chunk::<4>().map(|kind| u32::from_le_bytes(*kind));
    match kind {
        // A buffer is begun and written, and an authority changes.
        Some(0 | 1 | 4 | 7) => None,
        Some(2) => at(2, sites.program).then_some(Act::Deployed),
        // It is replaced, and closed.
        Some(3 | 5) => at(0, sites.program_data).then_some(Act::Other),
        Some(6 | 9) => at(0, sites.program_data).then_some(Act::Extended),
        // Nobody here has heard of it.
        Some(_) | None => Some(Act::Other),
    }
}

impl Sites {
    fn are_among(&self, named: &[Pubkey]) -> bool {
        named.contains(&self.program) || named.contains(&self.program_data)
    }
}

#[cfg(test)]
mod tests;
