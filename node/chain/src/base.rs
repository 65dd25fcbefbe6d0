//! Base: what is final, what is pending, and how the vault stands, as a quorum of endpoints has it.
//!
//! **Final.** The final head is the highest block that a quorum calls finalized and names by the same hash; headers are
//! hashed again, so the state root in them is as agreed as the hash. Under that root one endpoint's storage proof of the
//! vault's journal head is enough, whoever gives it. Then any single endpoint's logs are enough too: they are folded, and
//! only what leads to the proven head is a page. So to get an invented fact into a page, a quorum has to lie about the
//! final head itself. Where no endpoint serves a proof the quorum has to agree on the storage; such endpoints are
//! *unproven*, which is no fault.
//!
//! **Pending.** Every endpoint's logs beyond the ledger are taken, through a head that a quorum agrees on, and each fact
//! carries who showed it. What one endpoint invents, one endpoint has shown; the core knows how little that counts.
//!
//! **Time.** Whoever is slow is not waited for once a quorum is there, and is named for it.
//!
//! **Faults.** Whatever an endpoint does wrong is told with the reading and kept for [`Base::endpoints`]. A reading uses no
//! endpoint that it found at fault.

use std::collections::VecDeque;

use alloy::primitives::{Address, B256};
use williw_core::cycle::Height;
use williw_core::identity::Account;
use williw_core::journal::Site;
use williw_core::ledger::PAGE_CAP;

pub(crate) mod abi;
mod agree;
mod attest;
mod deployment;
pub(crate) mod endpoint;
mod fold;
mod inspect;
mod logs;
mod page;
mod proof;
mod reader;
mod settings;
mod snapshot;
mod tail;

pub use agree::{FINAL_LAG_BLOCKS, TIP_LAG_BLOCKS, TIP_WALK_BLOCKS};
pub use attest::{REACH_BLOCKS, SIGHTING_BLOCKS, SIGHTINGS_CAP};
pub use deployment::Deployment;
pub use inspect::{Found, Inspection, PoolFound, VaultFound};
pub use logs::RANGE_BLOCKS;
pub use page::HEAD_START;
pub use settings::BaseSettings;

pub use crate::endpoint::{ENDPOINTS_CAP, EndpointName, SettingsFault};
pub use crate::fault::{ChainError, EndpointFault, Faults, LogFault, Outage, Reading};
pub use crate::panel::{AWAY_CAP, EndpointStatus, GRACE, STEP_TIMEOUT};
pub use crate::quorum::quorum_of;
pub use crate::rpc::{ANSWER_CAP, REQUEST_TIMEOUT};
pub use crate::snapshot::{OperatorSnapshot, QueueEntry, SNAPSHOT_CAP, StandingOnChain};

use attest::Sighting;
use endpoint::{Seen, Vault};
use fold::Cut;

use crate::panel::{Matter, Panel};
use crate::send::Patience;

/// A reader of Base. All that a restart loses are its sightings: where nobody proves the final head itself, there is no page
/// until a new one has become final.
#[derive(Debug)]
pub struct Base {
    pub(crate) vault: Vault,
    from_height: Height,
    pub(crate) panel: Panel<Seen>,
    page_cap: usize,
    /// How long anybody is waited for while something is sent.
    pub(crate) patience: Patience,
    /// Whose logs are folded first. It moves on with every page, so that each endpoint is looked at.
    turn: usize,
    /// Who is asked first for a sighting. It moves on with every one.
    sight_turn: usize,
    /// The last block that a page reached; another page there would say nothing new.
    reached: Option<Height>,
    /// The final head under which a ledger that stands at this height has nothing to learn: most readings find it so, and
    /// need neither proof nor logs.
    settled: Option<(B256, Height)>,
    /// Where pages end on the way to a head that a fold has reached; at most `fold::CUTS_CAP`.
    cuts: VecDeque<Cut>,
    /// Proven heads at blocks that were not final yet; at most [`SIGHTINGS_CAP`].
    sightings: VecDeque<Sighting>,
}

impl Base {
    /// A reader that has asked nobody yet.
    pub fn new(settings: &BaseSettings) -> Result<Self, ChainError> {
        Ok(Self {
            vault: Vault {
                chain_id: settings.chain_id,
                address: Address::from(settings.vault),
                network: settings.network,
            },
            from_height: settings.from_height,
            panel: Panel::new(&settings.rpcs)?,
            page_cap: PAGE_CAP,
            patience: Patience::USUAL,
            turn: 0,
            sight_turn: 0,
            reached: None,
            settled: None,
            cuts: VecDeque::new(),
            sightings: VecDeque::new(),
        })
    }

    /// Pages of at most so many facts (but at least one), for a store that likes its transactions small. No page is cut
    /// inside a block, so no fewer than the busiest block has.
    #[must_use]
    pub fn with_pages_of(mut self, facts: usize) -> Self {
        self.page_cap = facts.clamp(1, PAGE_CAP);
        self
    }

    /// Where Base keeps this network's journals.
    #[must_use]
    pub fn site(&self) -> Site {
        Site::Base { vault: self.journal(), pool: None }
    }

    /// How every endpoint does, in the order of the settings.
    #[must_use]
    pub fn endpoints(&self) -> Vec<EndpointStatus> {
        let height = |block: Option<endpoint::Block>| block.map(|block| block.height);
        self.panel
            .endpoints
            .iter()
            .map(|endpoint| EndpointStatus {
                name: endpoint.name.clone(),
                latest: height(endpoint.seen.latest),
                finalized: height(endpoint.seen.finalized),
                fault: endpoint.fault(),
                proven: endpoint.seen.proven,
                requests: endpoint.rpc.requests(),
            })
            .collect()
    }

    fn journal(&self) -> Account {
        abi::account_of(self.vault.address)
    }

    /// Starts a reading, and vets whoever is not vetted.
    pub(crate) async fn begin(&mut self, matter: Matter) {
        let (vetted, unvetted) = self.panel.begin(matter);
        let vault = &self.vault;
        let enough = |good: &[_]| vetted + good.len() >= self.panel.quorum;
        let ask = |index: usize| (index, self.panel[index].vet(vault));
        let answers = self.panel.gather(unvetted.into_iter().map(ask), enough).await;
        self.panel.admit(matter, answers);
    }
}

#[cfg(test)]
mod tests;
