//! Which endpoints are asked about which vault.

use std::fmt;

use url::Url;
use williw_core::cycle::Height;
use williw_core::network::NetworkId;

use crate::endpoint::{EndpointName, SettingsFault, check, names};

/// What has to be known to read Base.
#[derive(Clone)]
pub struct BaseSettings {
    pub rpcs: Vec<Url>,
    pub chain_id: u64,
    pub vault: [u8; 20],
    pub network: NetworkId,
    /// Nothing of the vault lies before this block.
    pub from_height: Height,
}

impl BaseSettings {
    /// The endpoints as people see them, in order.
    #[must_use]
    pub fn names(&self) -> Vec<EndpointName> {
        names(&self.rpcs)
    }

    /// Whether a reader could be made of them. Nobody is asked.
    pub fn check(&self) -> Result<(), SettingsFault> {
        check(&self.rpcs)
    }
}

impl fmt::Debug for BaseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseSettings")
            .field("rpcs", &self.names())
            .field("chain_id", &self.chain_id)
            .field("vault", &williw_core::identity::Account::evm(self.vault))
            .field("network", &self.network)
            .field("from_height", &self.from_height)
            .finish()
    }
}
