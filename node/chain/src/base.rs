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
//! **Faults.** Whatever an endpoint does wrong is told with the reading and kept for [`Base::endpoints`]. A reading uses no
//! endpoint that it found at fault.

use std::collections::VecDeque;
use std::time::Duration;

use alloy::primitives::Address;
use futures_util::future::join_all;
use williw_core::cycle::Height;
use williw_core::identity::Account;
use williw_core::journal::Site;
use williw_core::ledger::PAGE_CAP;

pub(crate) mod abi;
mod agree;
mod attest;
mod deployment;
pub(crate) mod endpoint;
mod fault;
mod fold;
mod logs;
mod page;
mod proof;
mod quorum;
pub(crate) mod rpc;
mod settings;
mod snapshot;
mod tail;

pub use agree::{FINAL_LAG_BLOCKS, TIP_LAG_BLOCKS, TIP_WALK_BLOCKS};
pub use attest::{REACH_BLOCKS, SIGHTING_BLOCKS, SIGHTINGS_CAP};
pub use deployment::Deployment;
pub use fault::{ChainError, EndpointFault, Faults, LogFault, Outage, Reading};
pub use logs::RANGE_BLOCKS;
pub(crate) use quorum::agreed;
pub use quorum::quorum_of;
pub use rpc::{ANSWER_CAP, REQUEST_TIMEOUT};
pub use settings::{BaseSettings, ENDPOINTS_CAP, EndpointName, SettingsFault};
pub use snapshot::{OperatorSnapshot, QueueEntry, SNAPSHOT_CAP, StandingOnChain};

use attest::Sighting;
use endpoint::{Endpoint, Matter, Vault};
use fold::Cut;

/// A reader of Base. It keeps nothing that a restart would miss.
#[derive(Debug)]
pub struct Base {
    pub(crate) vault: Vault,
    from_height: Height,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) quorum: usize,
    page_cap: usize,
    /// How long a receipt is waited for.
    pub(crate) receipts_within: Duration,
    /// Whose logs are folded first. It moves on with every page, so that each endpoint is looked at.
    turn: usize,
    /// The last block that a page reached; another page there would say nothing new.
    reached: Option<Height>,
    /// Where pages end on the way to a head that a fold has reached; at most `fold::CUTS_CAP`.
    cuts: VecDeque<Cut>,
    /// Proven heads at blocks that were not final yet; at most [`SIGHTINGS_CAP`].
    sightings: VecDeque<Sighting>,
}

/// How an endpoint does, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointStatus {
    pub name: EndpointName,
    /// The newest block it showed.
    pub latest: Option<Height>,
    /// The newest block it called final.
    pub finalized: Option<Height>,
    /// What is wrong with it, as of the last reading of each matter.
    pub fault: Option<EndpointFault>,
    /// Whether it proved the vault's storage when it was last asked. One that does not is no liar for that.
    pub proven: bool,
    /// How many requests were sent to it.
    pub requests: u64,
}

impl Base {
    /// A reader that has asked nobody yet.
    pub fn new(settings: &BaseSettings) -> Result<Self, ChainError> {
        settings.check()?;
        let client = rpc::client().ok_or(SettingsFault::Client)?;
        let endpoint =
            |(name, url): (EndpointName, &url::Url)| Endpoint::new(name, rpc::Rpc::new(client.clone(), url.clone()));
        Ok(Self {
            vault: Vault {
                chain_id: settings.chain_id,
                address: Address::from(settings.vault),
                network: settings.network,
            },
            from_height: settings.from_height,
            endpoints: settings.names().into_iter().zip(&settings.rpcs).map(endpoint).collect(),
            quorum: quorum_of(settings.rpcs.len()),
            page_cap: PAGE_CAP,
            receipts_within: crate::send::RECEIPT_DEADLINE,
            turn: 0,
            reached: None,
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
        self.endpoints
            .iter()
            .map(|endpoint| EndpointStatus {
                name: endpoint.name.clone(),
                latest: height(endpoint.latest),
                finalized: height(endpoint.finalized),
                // A lie is worth more attention than an outage.
                fault: endpoint.faults.values().max_by_key(|fault| fault.is_lie()).cloned(),
                proven: endpoint.proven,
                requests: endpoint.rpc.requests(),
            })
            .collect()
    }

    fn journal(&self) -> Account {
        abi::account_of(self.vault.address)
    }

    /// Starts a reading: forgets what the last one of this matter found, and vets whoever is not vetted.
    pub(crate) async fn begin(&mut self, matter: Matter) {
        for endpoint in &mut self.endpoints {
            endpoint.faults.remove(&matter);
        }
        let vault = self.vault;
        let unvetted = self.endpoints.iter().enumerate().filter(|(_, endpoint)| !endpoint.vetted);
        let answers =
            join_all(unvetted.map(|(index, endpoint)| async move { (index, endpoint.vet(&vault).await) })).await;
        for (index, ()) in self.settle(matter, answers) {
            self.endpoints[index].vetted = true;
        }
    }

    /// Notes the faults among some answers and gives the rest back.
    pub(crate) fn settle<T>(
        &mut self,
        matter: Matter,
        answers: Vec<(usize, Result<T, EndpointFault>)>,
    ) -> Vec<(usize, T)> {
        let mut good = Vec::with_capacity(answers.len());
        for (index, answer) in answers {
            match answer {
                Ok(answer) => good.push((index, answer)),
                Err(fault) => self.blame(matter, index, fault),
            }
        }
        good
    }

    /// Notes a fault; the first one found in a reading stays.
    pub(crate) fn blame(&mut self, matter: Matter, index: usize, fault: EndpointFault) {
        let endpoint = &mut self.endpoints[index];
        if matches!(fault, EndpointFault::Unreachable(_)) {
            // Who knows what comes back under this address.
            endpoint.vetted = false;
        }
        endpoint.faults.entry(matter).or_insert(fault);
    }

    /// The endpoints that this reading has found nothing against.
    pub(crate) fn sound(&self, matter: Matter) -> Vec<usize> {
        (0..self.endpoints.len()).filter(|&index| self.is_sound(matter, index)).collect()
    }

    fn is_sound(&self, matter: Matter, index: usize) -> bool {
        let endpoint = &self.endpoints[index];
        endpoint.vetted && !endpoint.faults.contains_key(&matter)
    }

    /// What this reading has found.
    pub(crate) fn faults(&self, matter: Matter) -> Faults {
        let fault = |endpoint: &Endpoint| Some((endpoint.name.clone(), endpoint.faults.get(&matter)?.clone()));
        Faults(self.endpoints.iter().filter_map(fault).collect())
    }

    pub(crate) fn no_quorum(&self, matter: Matter, what: &'static str) -> ChainError {
        ChainError::NoQuorum { what, quorum: self.quorum, faults: self.faults(matter) }
    }
}

#[cfg(test)]
mod tests;
