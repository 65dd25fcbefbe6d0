//! The journal head at a block, from the chain's own storage.
//!
//! Ordinary nodes prove storage only near the tip, and the final head lies some hundred blocks behind it. So a proof is
//! also taken of a recent block now and then and kept as a *sighting*. Once a quorum has that very block below its final
//! head, the sighting attests the journal there, however long ago the proof was served.

use std::time::Duration;

use tokio::time::timeout;
use williw_core::cycle::Height;

use super::Base;
use super::endpoint::Block;
use super::proof::{JournalState, verify};
use crate::fault::EndpointFault;
use crate::panel::Matter;
use crate::quorum::agreed;

/// At least so many blocks lie between two sightings: about a minute.
pub const SIGHTING_BLOCKS: u64 = 32;

/// The most sightings: four hours without finality. When they are full no more are taken, for the oldest become final
/// first.
pub const SIGHTINGS_CAP: usize = 256;

/// How long a tail waits for one endpoint's proof. It can do without.
const SIGHT_TIMEOUT: Duration = Duration::from_secs(4);

/// A sighting this close below the final head counts as having reached it: five minutes. Bad news in between is in the
/// tail, and good news can wait.
pub const REACH_BLOCKS: u64 = 150;

/// A block near the tip of its time, and the journal proven there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting {
    pub(super) block: Block,
    pub(super) state: JournalState,
}

/// One endpoint's storage of the journal, and whether it proved it.
enum Shown {
    Proven(JournalState),
    Said(JournalState),
    Nothing,
}

impl Base {
    /// The journal at a block that a quorum agrees on; none if nobody serves enough to know it.
    pub(super) async fn attest(&mut self, matter: Matter, block: Block) -> Option<JournalState> {
        for endpoint in &mut self.panel.endpoints {
            endpoint.seen.proven = false;
        }
        let vault = self.vault.address;
        let ask = |index: usize| (index, show(&self.panel[index], vault, block));
        let there = self.panel.sound(matter).into_iter().filter(|&index| self.has_reached(index, block.height));
        let answers = self.panel.gather(there.map(ask), |good| self.truth(good).is_some()).await;
        let shown = self.panel.settle(matter, answers);
        for (index, shown) in &shown {
            self.panel[*index].seen.proven = matches!(shown, Shown::Proven(_));
        }
        let truth = self.truth(&shown)?;
        for (index, shown) in shown {
            if matches!(shown, Shown::Said(state) if state != truth) {
                self.panel.blame(matter, index, EndpointFault::ForgedStorage { height: block.height });
            }
        }
        Some(truth)
    }

    /// What a proof shows, or else a quorum.
    fn truth(&self, shown: &[(usize, Shown)]) -> Option<JournalState> {
        // Every proof under one root proves the same.
        let proven = shown.iter().find_map(|(_, shown)| match shown {
            Shown::Proven(state) => Some(*state),
            Shown::Said(_) | Shown::Nothing => None,
        });
        proven.or_else(|| {
            let said = shown.iter().filter_map(|(index, shown)| match shown {
                Shown::Said(state) => Some((*index, *state)),
                Shown::Proven(_) | Shown::Nothing => None,
            });
            let claims: Vec<_> = said.clone().map(|(index, state)| (index, key(&state))).collect();
            let agreed = agreed(&claims, self.panel.quorum)?;
            said.map(|(_, state)| state).find(|state| key(state) == agreed)
        })
    }

    /// The highest sighting at or below the final head that a quorum has as well.
    pub(super) async fn attest_by_sighting(&mut self, matter: Matter, final_block: Block) -> Option<Sighting> {
        let finalized = |index: usize| Some((index, self.panel[index].seen.finalized?));
        let heads: Vec<_> = self.panel.sound(matter).into_iter().filter_map(finalized).collect();
        let below: Vec<Sighting> =
            self.sightings.iter().copied().filter(|sighting| sighting.block.height <= final_block.height).collect();
        for sighting in below.into_iter().rev() {
            let claims = self.claims(matter, sighting.block.height, &heads).await;
            match self.agreed_hash(&claims) {
                Some(hash) if hash == sighting.block.hash => return Some(sighting),
                // Of a block that was reorganised away, or of a fork that only its endpoint had.
                Some(_) => self.sightings.retain(|kept| kept.block.hash != sighting.block.hash),
                None => return None,
            }
        }
        None
    }

    /// Takes a proof of the tip that a quorum agreed on, if it is time for one.
    ///
    /// Of no other block: whoever makes a header also makes what is proven under it, and a sighting of a head that nobody
    /// else has would keep the place of those that become final.
    pub(super) async fn sight(&mut self, matter: Matter, tip: Block) {
        let too_soon = |last: &Sighting| tip.height.0 < last.block.height.0.saturating_add(SIGHTING_BLOCKS);
        if self.sightings.len() >= SIGHTINGS_CAP || self.sightings.back().is_some_and(too_soon) {
            return;
        }
        let order = self.panel.in_turn(matter, self.sight_turn);
        self.sight_turn = (self.sight_turn + 1) % self.panel.endpoints.len();
        for index in order {
            if !self.has_reached(index, tip.height) {
                continue;
            }
            // One that serves no proof here is not worse for it; the next one may.
            match timeout(SIGHT_TIMEOUT, prove(&self.panel[index], self.vault.address, tip)).await {
                Ok(Ok(Some(state))) => return self.sightings.push_back(Sighting { block: tip, state }),
                Ok(Ok(None)) | Err(_) => {}
                Ok(Err(fault)) => self.panel.blame(matter, index, fault),
            }
        }
    }

    /// Forgets sightings that the ledger has passed.
    pub(super) fn forget_sightings(&mut self, through: Height) {
        self.sightings.retain(|sighting| sighting.block.height >= through);
    }

    pub(super) fn has_reached(&self, index: usize, height: Height) -> bool {
        self.panel[index].seen.latest.is_some_and(|latest| latest.height >= height)
    }
}

/// What agreement on a state compares.
const fn key(state: &JournalState) -> ([u8; 32], u64, u64) {
    (state.head.hash.0, state.head.seq, state.operators)
}

/// A verified proof; none if the endpoint serves none.
async fn prove(
    endpoint: &super::endpoint::Endpoint,
    vault: alloy::primitives::Address,
    block: Block,
) -> Result<Option<JournalState>, EndpointFault> {
    match endpoint.proof(vault, block.hash).await {
        Ok(Some(proof)) => match verify(block.state_root, vault, &proof) {
            Some(state) => Ok(Some(state)),
            None => Err(EndpointFault::BadProof { height: block.height }),
        },
        Ok(None) | Err(EndpointFault::Refused { .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn show(
    endpoint: &super::endpoint::Endpoint,
    vault: alloy::primitives::Address,
    block: Block,
) -> Result<Shown, EndpointFault> {
    if let Some(state) = prove(endpoint, vault, block).await? {
        return Ok(Shown::Proven(state));
    }
    match endpoint.storage(vault, block.hash).await {
        Ok(slots) => Ok(Shown::Said(JournalState::of_slots(slots))),
        Err(fault @ EndpointFault::Unreachable(_)) => Err(fault),
        Err(_) => Ok(Shown::Nothing),
    }
}
