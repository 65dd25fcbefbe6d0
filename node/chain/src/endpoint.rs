//! How endpoints are called in front of people, and which lists of them can be used.

use std::fmt;

use url::Url;

/// The most endpoints: a rumour has one bit for each.
pub const ENDPOINTS_CAP: usize = 8;

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
    #[error("a chain needs 1 to {ENDPOINTS_CAP} endpoints, not {0}")]
    Endpoints(usize),
    #[error("endpoint {0} is not an http or https address")]
    Scheme(EndpointName),
    #[error("endpoints {0} and {1} are the same: each would count for two")]
    Twice(EndpointName, EndpointName),
    #[error("the http client cannot be set up")]
    Client,
}

impl EndpointName {
    fn new(index: usize, url: &Url) -> Self {
        Self { position: index + 1, host: url.host_str().unwrap_or("no host").to_owned() }
    }
}

impl fmt::Display for EndpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rpc {} ({})", self.position, self.host)
    }
}

/// The endpoints at these addresses as people see them, in order.
pub(crate) fn names(rpcs: &[Url]) -> Vec<EndpointName> {
    rpcs.iter().enumerate().map(|(index, url)| EndpointName::new(index, url)).collect()
}

/// Whether a reader could ask them. Nobody is asked.
pub(crate) fn check(rpcs: &[Url]) -> Result<(), SettingsFault> {
    if rpcs.is_empty() || rpcs.len() > ENDPOINTS_CAP {
        return Err(SettingsFault::Endpoints(rpcs.len()));
    }
    let names = names(rpcs);
    for (index, url) in rpcs.iter().enumerate() {
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(SettingsFault::Scheme(names[index].clone()));
        }
        // One endpoint listed twice would be a quorum of one.
        if let Some(earlier) = rpcs[..index].iter().position(|other| other == url) {
            return Err(SettingsFault::Twice(names[earlier].clone(), names[index].clone()));
        }
    }
    Ok(())
}
