//! Which endpoints are asked about which vault, and how they are called in front of people.

use std::fmt;

use url::Url;
use williw_core::cycle::Height;
use williw_core::network::NetworkId;

/// The most endpoints: a rumour has one bit for each.
pub const ENDPOINTS_CAP: usize = 8;

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

/// An endpoint as people see it: its place in the settings and its host. The rest of its address may hold a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointName {
    /// Counted from 1.
    pub position: usize,
    pub host: String,
}

/// Why settings cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFault {
    #[error("base needs 1 to {ENDPOINTS_CAP} endpoints, not {0}")]
    Endpoints(usize),
    #[error("endpoint {0} is not an http or https address")]
    Scheme(EndpointName),
    #[error("endpoints {0} and {1} are the same: each would count for two")]
    Twice(EndpointName, EndpointName),
    #[error("the http client cannot be set up")]
    Client,
}

impl EndpointName {
    pub(crate) fn new(index: usize, url: &Url) -> Self {
        Self { position: index + 1, host: url.host_str().unwrap_or("no host").to_owned() }
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rpc {} ({})", self.position, self.host)
    }
}

impl BaseSettings {
    /// The endpoints as people see them, in order.
    #[must_use]
    pub fn names(&self) -> Vec<EndpointName> {
        self.rpcs.iter().enumerate().map(|(index, url)| EndpointName::new(index, url)).collect()
    }

    /// Whether a reader could be made of them. Nobody is asked.
    pub fn check(&self) -> Result<(), SettingsFault> {
        if self.rpcs.is_empty() || self.rpcs.len() > ENDPOINTS_CAP {
            return Err(SettingsFault::Endpoints(self.rpcs.len()));
        }
        let names = self.names();
        for (index, url) in self.rpcs.iter().enumerate() {
            if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
                return Err(SettingsFault::Scheme(names[index].clone()));
            }
            // One endpoint listed twice would be a quorum of one.
            if let Some(earlier) = self.rpcs[..index].iter().position(|other| other == url) {
                return Err(SettingsFault::Twice(names[earlier].clone(), names[index].clone()));
            }
        }
        Ok(())
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
