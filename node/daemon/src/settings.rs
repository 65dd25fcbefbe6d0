//! The settings: one TOML file, with overrides from the environment, read once.
//!
//! `WILLIW_<SECTION>_<KEY>` overrides a key: `WILLIW_BASE_POLL_MS=500` is `poll_ms` of `[base]`. Its value is read as TOML,
//! and as plain text where that is not TOML. Unknown keys are refused wherever they stand: a misspelt one would be a
//! setting that does nothing. No error quotes a value, nor a key that is no plain word: addresses of endpoints hold secrets,
//! and a lost quotation mark makes one value the next key.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;
use williw_chain::address;
use williw_chain::base::{BaseSettings, ENDPOINTS_CAP, SettingsFault};
use williw_core::cycle::Height;
use williw_core::identity::{PeerId, Signer};
use williw_core::network::{BaseSite, Network};

mod read;

use read::Keys;

/// The most configured peers. Others are found through these.
pub const PEERS_CAP: usize = 64;

/// The shortest and the longest pause between two readings, in milliseconds. A chain is stale after sixty seconds.
pub const POLL_MS: (u64, u64) = (50, 30_000);

/// A settings file with every key and a comment on each.
pub const EXAMPLE: &str = include_str!("../williw.example.toml");

/// The settings of a node, checked as far as they can be without asking anybody.
#[derive(Clone, Debug)]
pub struct Settings {
    pub network: Network,
    pub base: BaseSection,
    pub gossip: GossipSection,
    pub http: HttpSection,
}

#[derive(Clone)]
pub struct BaseSection {
    pub chain_id: u64,
    pub vault: [u8; 20],
    pub from_height: Height,
    pub rpcs: Vec<Url>,
    pub poll: Duration,
}

#[derive(Clone, Debug)]
pub struct GossipSection {
    pub listen: SocketAddr,
    pub peers: Vec<PeerAddress>,
}

/// Where a peer may be found: `0x<peer>@<ip>:<port>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    pub peer: PeerId,
    pub address: SocketAddr,
}

#[derive(Clone, Debug)]
pub struct HttpSection {
    pub listen: SocketAddr,
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("there is no {}; make one with `williw init`", path.display())]
    Missing { path: PathBuf },
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is longer than {cap} bytes; that is no settings file", path.display())]
    TooLong { path: PathBuf, cap: u64 },
    #[error("{} line {line}, column {column}: {what}", path.display())]
    Syntax { path: PathBuf, line: usize, column: usize, what: String },
    #[error("{place}: there is no such key; {known}")]
    Unknown { place: String, known: String },
    #[error("{place} is missing; expected {expected}")]
    Absent { place: String, expected: &'static str },
    #[error("{place}: expected {expected}")]
    Value { place: String, expected: String },
}

impl Settings {
    /// Reads the file at `path` and lays `environment` over it.
    pub fn read(path: &Path, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, SettingsError> {
        Self::parse(path, &read::file(path)?, environment)
    }

    /// Takes `text` for what is in the file at `path`, and lays `environment` over it.
    pub fn parse(
        path: &Path,
        text: &str,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, SettingsError> {
        let mut keys = Keys::parse(path, text)?;
        keys.override_from(environment)?;
        let base = BaseSection::take(&mut keys)?;
        let site = BaseSite { chain_id: base.chain_id, vault: base.vault };
        let named = |name: &str| Network::new(name, Some(site), None).map_err(|fault| fault.to_string());
        let network =
            keys.text("network", "name", "the name of the network that the vault was deployed with", named)?;
        let settings = Self {
            network,
            base,
            gossip: GossipSection {
                listen: keys.socket("gossip", "listen", "0.0.0.0:7474")?,
                peers: keys.list("gossip", "peers", PEERS_CAP, "`0x<peer>@<ip>:<port>`", peer_address)?,
            },
            http: HttpSection { listen: loopback(&mut keys)? },
        };
        settings.chain().check().map_err(|fault| keys.value("base", "rpcs", &endpoints_expected(&fault)))?;
        keys.finish()?;
        Ok(settings)
    }

    /// What the reader of Base has to know.
    #[must_use]
    pub fn chain(&self) -> BaseSettings {
        let BaseSection { chain_id, vault, from_height, ref rpcs, .. } = self.base;
        BaseSettings { rpcs: rpcs.clone(), chain_id, vault, network: self.network.id(), from_height }
    }
}

impl BaseSection {
    fn take(keys: &mut Keys) -> Result<Self, SettingsError> {
        let rpcs = "addresses of RPC endpoints, `[\"https://...\"]`";
        let found = keys.list("base", "rpcs", ENDPOINTS_CAP, rpcs, |text| text.parse().ok())?;
        if found.is_empty() {
            return Err(keys.absent("base", "rpcs", rpcs));
        }
        let vault = "the address of the vault, `0x` and 40 hex digits";
        Ok(Self {
            chain_id: keys.number("base", "chain_id", "the chain's number, 8453 for Base", (1, u64::MAX), None)?,
            vault: keys.text("base", "vault", vault, |text| {
                let account = address::parse(text).map_err(|fault| fault.to_string())?;
                address::bytes(account).ok_or_else(|| vault.to_owned())
            })?,
            from_height: Height(keys.number(
                "base",
                "from_height",
                "the block in which the vault was deployed",
                (0, u64::MAX),
                None,
            )?),
            rpcs: found,
            poll: Duration::from_millis(keys.number("base", "poll_ms", "milliseconds", POLL_MS, Some(2_000))?),
        })
    }
}

impl fmt::Debug for BaseSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<&str> = self.rpcs.iter().map(|url| url.host_str().unwrap_or("no host")).collect();
        f.debug_struct("BaseSection")
            .field("chain_id", &self.chain_id)
            .field("vault", &Signer(self.vault))
            .field("from_height", &self.from_height)
            .field("rpcs", &hosts)
            .field("poll", &self.poll)
            .finish()
    }
}

/// What endpoints have to be, without a word of their addresses.
fn endpoints_expected(fault: &SettingsFault) -> String {
    match fault {
        SettingsFault::Endpoints(_) | SettingsFault::Client => format!("1 to {ENDPOINTS_CAP} addresses"),
        SettingsFault::Scheme(name) => format!("http or https as entry {}", name.position),
        SettingsFault::Twice(first, second) => {
            let (first, second) = (first.position, second.position);
            format!("addresses that differ: entries {first} and {second} would count for two")
        }
    }
}

/// Reads `0x<peer>@<ip>:<port>`.
fn peer_address(text: &str) -> Option<PeerAddress> {
    let (peer, address) = text.split_once('@')?;
    Some(PeerAddress { peer: peer.parse().ok()?, address: address.parse().ok()? })
}

impl std::str::FromStr for PeerAddress {
    type Err = BadPeerAddress;

    fn from_str(text: &str) -> Result<Self, BadPeerAddress> {
        peer_address(text).ok_or(BadPeerAddress)
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.peer, self.address)
    }
}

/// A text that is no [`PeerAddress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `0x<peer>@<ip>:<port>`, the peer in 64 hex digits")]
pub struct BadPeerAddress;

fn loopback(keys: &mut Keys) -> Result<SocketAddr, SettingsError> {
    let listen = keys.socket("http", "listen", "127.0.0.1:7475")?;
    if listen.ip().is_loopback() {
        return Ok(listen);
    }
    let expected = "an address of this machine alone, such as 127.0.0.1:7475: what is told there is not for strangers";
    Err(keys.value("http", "listen", expected))
}

#[cfg(test)]
mod tests;
