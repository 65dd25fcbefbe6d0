//! What a vault was deployed with, as a quorum reads it.

use alloy::primitives::Address;
use williw_core::amount::{Amount, Bps};
use williw_core::cycle::{CycleClock, Seconds, UnixSeconds};
use williw_core::fact::VaultParameters;
use williw_core::identity::Account;
use williw_core::network::NetworkId;

use super::Base;
use super::abi::{StakeVault, account_of};
use super::endpoint::{Endpoint, Viewed, Which};
use crate::fault::{ChainError, EndpointFault, Reading};
use crate::panel::Matter;
use crate::quorum::agreed;

const MATTER: Matter = Matter::Lookup;

/// The numbers of a vault. All but the parameters never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    pub network: NetworkId,
    pub clock: CycleClock,
    pub token: Account,
    /// In force at the tip.
    pub parameters: VaultParameters,
}

/// What never changes, as one endpoint reads it: network, genesis, length of a cycle, token.
type Fixed = ([u8; 32], u64, u64, Address);

/// The five parameters, as one endpoint reads them.
type Parameters = (u128, u128, u64, u16, u64);

impl Base {
    /// Reads the vault's numbers. An endpoint whose vault is of another network is not heard.
    pub async fn deployment(&mut self) -> Result<Reading<Deployment>, ChainError> {
        const WHAT: &str = "the vault's numbers";
        self.begin(MATTER).await;
        let vault = self.vault.address;
        let ask = |index: usize| (index, numbers(&self.panel[index], vault));
        let quorum = self.panel.quorum;
        let truth = |claims: &[(usize, (Fixed, Parameters))]| {
            let fixed: Vec<_> = claims.iter().map(|(index, (fixed, _))| (*index, *fixed)).collect();
            let parameters: Vec<_> = claims.iter().map(|(index, (_, parameters))| (*index, *parameters)).collect();
            Some((agreed(&fixed, quorum)?, agreed(&parameters, quorum)?))
        };
        let answers =
            self.panel.gather(self.panel.sound(MATTER).into_iter().map(ask), |good| truth(good).is_some()).await;
        let claims = self.panel.settle(MATTER, answers);
        let Some((fixed, parameters)) = truth(&claims) else { return Err(self.panel.no_quorum(MATTER, WHAT)) };
        for (index, claim) in claims {
            // Parameters change, and each endpoint reads them at a tip of its own.
            if claim.0 != fixed {
                self.panel.blame(MATTER, index, EndpointFault::Contradicts(WHAT));
            }
        }
        Ok(Reading { value: deployment(fixed, parameters)?, faults: self.panel.faults(MATTER) })
    }
}

fn deployment(
    (network, genesis, length, token): Fixed,
    (min_stake, min_deposit, period, slash, evidence_cycles): Parameters,
) -> Result<Deployment, ChainError> {
    let clock = CycleClock::new(UnixSeconds(genesis), Seconds(length))
        .map_err(|_| ChainError::Deployment("a cycle lasts less than two seconds"))?;
    let slash = Bps::try_from(slash).map_err(|_| ChainError::Deployment("a slash takes more than the whole"))?;
    Ok(Deployment {
        network: NetworkId(network),
        clock,
        token: account_of(token),
        parameters: VaultParameters {
            min_stake: Amount(min_stake),
            min_deposit: Amount(min_deposit),
            unstaking_period: Seconds(period),
            slash,
            evidence_cycles,
        },
    })
}

async fn numbers(endpoint: &Endpoint, vault: Address) -> Result<(Fixed, Parameters), EndpointFault> {
    let at = Which::Latest;
    let network = value(endpoint.view(vault, StakeVault::networkIdCall {}, at).await?)?;
    let genesis = value(endpoint.view(vault, StakeVault::genesisCall {}, at).await?)?;
    let length = value(endpoint.view(vault, StakeVault::cycleLengthCall {}, at).await?)?;
    let token = value(endpoint.view(vault, StakeVault::tokenCall {}, at).await?)?;
    let parameters = value(endpoint.view(vault, StakeVault::parametersCall {}, at).await?)?;
    Ok(((network.0, genesis, length, token), parameters))
}

/// A value that the vault always has.
fn value<T>(viewed: Viewed<T>) -> Result<T, EndpointFault> {
    match viewed {
        Viewed::Value(value) => Ok(value),
        Viewed::Reverted(_) => Err(EndpointFault::Undecodable("eth_call")),
    }
}
