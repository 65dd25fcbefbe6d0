//! Solana: what is final, what is pending, and how the program's accounts stand, as a quorum of endpoints has it.
//!
//! Nothing can be proven here, so it is agreement, and two things that make agreement hard to fake. Every journal has its
//! head in an account, which is one hash over all its facts; and the accounts of operators are counted in the config, carry
//! their index and are never closed, so that a set with a hole in it is seen to have one.
//!
//! **Final.** Each endpoint shows a *sheet*: all heads at one slot that it calls finalized. Any single endpoint's history is
//! then enough, for it is folded: the slot of a fact is inside the hash, so the facts say what every sheet has to show at
//! its slot. A page goes as far as a quorum of sheets bears the facts out. Whose sheet does not is named for what it did.
//!
//! **Beginning.** A new ledger takes the accounts themselves, as a quorum bears them out, and so does one that missed what
//! no endpoint keeps any more.
//!
//! **Pending.** Every verb that is bad news writes the config, so the transactions of that one account are all there is to
//! read. What each endpoint shows is taken, and who showed it.
//!
//! Finalized and confirmed are never mixed, and processed is never asked for.

use anchor_lang::prelude::Pubkey;
use williw_core::cycle::Height;
use williw_core::journal::Site;
use williw_core::ledger::PAGE_CAP;
use williw_core::network::NetworkId;

pub(crate) mod account;
mod ask;
mod beginning;
mod deployment;
mod derive;
mod event;
mod fold;
mod hints;
mod history;
mod inspect;
mod judge;
mod page;
pub(crate) mod program;
mod reader;
pub mod send;
mod settings;
mod sheet;
mod snapshot;
mod tail;
mod time;

pub use account::VERSION as LAYOUT_VERSION;
pub use hints::HINT_PAUSE;
pub use history::{HISTORY_CAP, SIGNATURES_CAP};
pub use inspect::{Bytecode, ConfigFound, Found, History, Inspection, Mint, Places, ProgramFound, Terms, Tokens};
pub use page::{FINAL_LAG_SLOTS, REACH_SLOTS};
pub use settings::SolanaSettings;
pub use tail::TIP_LAG_SLOTS;

use ask::Commitment;
use derive::Addresses;
use hints::Hints;
use history::Transactions;
use sheet::Derived;

use crate::fault::{ChainError, EndpointFault};
use crate::panel::{EndpointStatus, Matter, Panel};
use crate::send::Patience;

/// What one endpoint of Solana showed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The newest slots that it called confirmed and finalized.
    pub(crate) confirmed: Option<Height>,
    pub(crate) finalized: Option<Height>,
    /// The facts of transactions that it showed, so that each is asked for once.
    transactions: Transactions,
    /// Of the operators that it showed. One that invents owners makes nobody derive the others' again.
    derived: Derived,
}

pub(crate) type Endpoint = crate::panel::Endpoint<Seen>;

/// A reader of Solana.
#[derive(Debug)]
pub struct Solana {
    pub(crate) panel: Panel<Seen>,
    pub(crate) settings: SolanaSettings,
    pub(crate) addresses: Addresses,
    derived: Derived,
    hints: Hints,
    page_cap: usize,
    /// Whose history is folded first. It moves on with every page, so that each endpoint is looked at.
    turn: usize,
    /// The last slot that a page reached as the final head.
    reached: Option<Height>,
    /// How long anybody is waited for while something is sent.
    pub(crate) patience: Patience,
    /// The network's token, once it is known: it never changes.
    pub(crate) venue: Option<send::Venue>,
}

impl Solana {
    /// A reader that has asked nobody yet.
    pub fn new(settings: &SolanaSettings) -> Result<Self, ChainError> {
        let addresses = Addresses::of(Pubkey::new_from_array(settings.program.0));
        Ok(Self {
            panel: Panel::new(&settings.rpcs)?,
            addresses,
            derived: Derived::default(),
            hints: Hints::new(&settings.rpcs, addresses.config),
            settings: settings.clone(),
            page_cap: PAGE_CAP,
            turn: 0,
            reached: None,
            patience: Patience::USUAL,
            venue: None,
        })
    }

    /// Pages of at most so many facts (but at least one), for a store that likes its transactions small. No page is cut
    /// inside a slot, so no fewer than the busiest slot has.
    #[must_use]
    pub fn with_pages_of(mut self, facts: usize) -> Self {
        self.page_cap = facts.clamp(1, PAGE_CAP);
        self
    }

    /// Where Solana keeps this network's journals.
    #[must_use]
    pub const fn site(&self) -> Site {
        Site::Solana { config: derive::account_of(self.addresses.config) }
    }

    /// How every endpoint does, in the order of the settings.
    #[must_use]
    pub fn endpoints(&self) -> Vec<EndpointStatus> {
        let every = self.panel.endpoints.iter();
        every
            .map(|endpoint| EndpointStatus {
                name: endpoint.name.clone(),
                latest: endpoint.seen.confirmed,
                finalized: endpoint.seen.finalized,
                fault: endpoint.fault(),
                // There are no proofs here.
                proven: false,
                requests: endpoint.rpc.requests(),
            })
            .collect()
    }

    /// Starts a reading, and vets whoever is not vetted.
    pub(crate) async fn begin(&mut self, matter: Matter) {
        let (vetted, unvetted) = self.panel.begin(matter);
        let enough = |good: &[_]| vetted + good.len() >= self.panel.quorum;
        let ask = |index: usize| (index, self.panel[index].vet(&self.settings, &self.addresses));
        let answers = self.panel.gather(unvetted.into_iter().map(ask), enough).await;
        self.panel.admit(matter, answers);
    }
}

impl Endpoint {
    /// Whether it serves the right cluster, and on it the program of the right network.
    async fn vet(&self, settings: &SolanaSettings, addresses: &Addresses) -> Result<(), EndpointFault> {
        let found = derive::account_of(self.genesis().await?);
        if found != settings.genesis {
            return Err(EndpointFault::WrongCluster { found });
        }
        let front = self.front(addresses, Commitment::Confirmed, Height(0)).await?;
        if front.config.network != settings.network.0 {
            return Err(EndpointFault::WrongNetwork { found: NetworkId(front.config.network) });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
