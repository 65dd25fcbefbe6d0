//! What a network was deployed with, as a quorum reads it.

use williw_core::cycle::{CycleClock, Height, Seconds, UnixSeconds};
use williw_core::network::NetworkId;

use super::account::vault;
use super::ask::{Commitment, Front};
use super::derive::account_of;
use super::{Solana, program::types};
use crate::base::Deployment;
use crate::fault::{ChainError, Reading};
use crate::panel::Matter;
use crate::quorum::agreed;

const MATTER: Matter = Matter::Lookup;

/// What never changes, as one endpoint reads it: network, genesis, length of a cycle, token.
type Fixed = ([u8; 32], u64, u64, [u8; 32]);

/// The parameters, as one endpoint reads them.
type Parameters = [u64; 7];

impl Solana {
    /// Reads the network's numbers. An endpoint that has another network there is not heard.
    pub async fn deployment(&mut self) -> Result<Reading<Deployment>, ChainError> {
        const WHAT: &str = "the network's numbers";
        self.begin(MATTER).await;
        let addresses = self.addresses;
        let quorum = self.panel.quorum;
        let ask = |index: usize| (index, self.panel[index].front(&addresses, Commitment::Confirmed, Height(0)));
        let truth = |claims: &[(usize, Front)]| {
            let fixed: Vec<_> = claims.iter().map(|(index, front)| (*index, fixed(front))).collect();
            let terms: Vec<_> = claims.iter().map(|(index, front)| (*index, parameters(front))).collect();
            let (fixed, terms) = (agreed(&fixed, quorum)?, agreed(&terms, quorum)?);
            claims.iter().map(|(_, front)| *front).find(|front| parameters(front) == terms).map(|front| (fixed, front))
        };
        let sound = self.panel.sound(MATTER);
        let answers = self.panel.gather(sound.into_iter().map(ask), |good| truth(good).is_some()).await;
        let claims = self.panel.settle(MATTER, answers);
        let Some((truly, front)) = truth(&claims) else { return Err(self.panel.no_quorum(MATTER, WHAT)) };
        for (index, claim) in claims {
            // Parameters change, and each endpoint reads them at a slot of its own.
            if fixed(&claim) != truly {
                self.panel.blame(MATTER, index, crate::fault::EndpointFault::Contradicts(WHAT));
            }
        }
        Ok(Reading { value: deployment(truly, front.config.vault)?, faults: self.panel.faults(MATTER) })
    }
}

const fn fixed(front: &Front) -> Fixed {
    let config = &front.config;
    (config.network, config.genesis, config.cycle_length, config.mint.to_bytes())
}

fn parameters(front: &Front) -> Parameters {
    bytemuck::cast(front.config.vault)
}

fn deployment((network, genesis, length, token): Fixed, terms: types::VaultTerms) -> Result<Deployment, ChainError> {
    let clock = CycleClock::new(UnixSeconds(genesis), Seconds(length))
        .map_err(|_| ChainError::Deployment("a cycle lasts less than two seconds"))?;
    let parameters = vault(terms).map_err(|_| ChainError::Deployment("a slash takes more than the whole"))?;
    Ok(Deployment { network: NetworkId(network), clock, token: account_of(token.into()), parameters })
}
