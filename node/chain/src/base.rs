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

use std::collections::{BTreeSet, VecDeque};

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
mod fault;
mod fold;
mod inspect;
mod logs;
mod page;
mod proof;
mod quorum;
pub(crate) mod rpc;
mod settings;
mod snapshot;
mod tail;
mod wait;

pub use agree::{FINAL_LAG_BLOCKS, TIP_LAG_BLOCKS, TIP_WALK_BLOCKS};
pub use attest::{REACH_BLOCKS, SIGHTING_BLOCKS, SIGHTINGS_CAP};
pub use deployment::Deployment;
pub use fault::{ChainError, EndpointFault, Faults, LogFault, Outage, Reading};
pub use inspect::{Found, Inspection, PoolFound, VaultFound};
pub use logs::RANGE_BLOCKS;
pub(crate) use quorum::agreed;
pub use quorum::quorum_of;
pub use rpc::{ANSWER_CAP, REQUEST_TIMEOUT};
pub use settings::{BaseSettings, ENDPOINTS_CAP, EndpointName, SettingsFault};
pub use snapshot::{OperatorSnapshot, QueueEntry, SNAPSHOT_CAP, StandingOnChain};
pub use wait::{AWAY_CAP, GRACE, HEAD_START, STEP_TIMEOUT};

use attest::Sighting;
use endpoint::{Endpoint, Matter, Vault};
use fold::Cut;

use crate::send::Patience;

/// A reader of Base. All that a restart loses are its sightings: where nobody proves the final head itself, there is no page
/// until a new one has become final.
#[derive(Debug)]
pub struct Base {
    pub(crate) vault: Vault,
    from_height: Height,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) quorum: usize,
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
    /// What could not be read the last time.
    failed: BTreeSet<Matter>,
    /// Whether this reading waits for everybody.
    patient: bool,
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
            patience: Patience::USUAL,
            turn: 0,
            sight_turn: 0,
            reached: None,
            settled: None,
            cuts: VecDeque::new(),
            sightings: VecDeque::new(),
            failed: BTreeSet::new(),
            patient: false,
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
        self.call(matter);
        let vault = &self.vault;
        let called = |endpoint: &Endpoint| !endpoint.faults.contains_key(&matter);
        let (vetted, unvetted): (Vec<_>, Vec<_>) = (0..self.endpoints.len())
            .filter(|&index| called(&self.endpoints[index]))
            .partition(|&index| self.endpoints[index].vetted);
        let enough = |good: &[_]| vetted.len() + good.len() >= self.quorum;
        let answers =
            self.gather(unvetted.into_iter().map(|index| (index, self.endpoints[index].vet(vault))), enough).await;
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
        if fault.is_absence() && !endpoint.faults.contains_key(&matter) {
            endpoint.leave(fault.clone());
        }
        endpoint.faults.entry(matter).or_insert(fault);
    }

    /// Takes back what was found in look-ups against those who did well in a later reading: a look-up may never come again.
    fn clear_lookups(&mut self, matter: Matter) {
        for index in self.sound(matter) {
            self.endpoints[index].faults.remove(&Matter::Lookup);
        }
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

    pub(crate) fn no_quorum(&mut self, matter: Matter, what: &'static str) -> ChainError {
        self.failed.insert(matter);
        ChainError::NoQuorum { what, quorum: self.quorum, faults: self.faults(matter) }
    }
}

#[cfg(test)]
mod tests;
