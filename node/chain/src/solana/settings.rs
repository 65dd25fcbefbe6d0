//! Which endpoints are asked about which program.

use std::fmt;

use url::Url;
use williw_core::identity::Account;
use williw_core::network::NetworkId;

use crate::endpoint::{EndpointName, SettingsFault, check, names};

/// What has to be known to read Solana.
#[derive(Clone)]
pub struct SolanaSettings {
    pub rpcs: Vec<Url>,
    pub program: Account,
    /// The genesis hash of the cluster, by which clusters are told apart.
    pub genesis: Account,
    pub network: NetworkId,
}

impl SolanaSettings {
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

impl fmt::Debug for SolanaSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SolanaSettings")
            .field("rpcs", &self.names())
            .field("program", &self.program.base58())
            .field("genesis", &self.genesis.base58())
            .field("network", &self.network)
            .finish()
    }
}
