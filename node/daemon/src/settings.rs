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
use williw_chain::solana::SolanaSettings;
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, PeerId, Signer};
use williw_core::network::{BaseSite, Network, SolanaSite};

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
    /// None if the network is not on Base.
    pub base: Option<BaseSection>,
    /// None if the network is not on Solana.
    pub solana: Option<SolanaSection>,
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

#[derive(Clone)]
pub struct SolanaSection {
    /// The cluster's genesis hash.
    pub genesis: Hash,
    pub program: Account,
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
        // Both, where neither is there: then it is said what is missing.
        let (on_base, on_solana) = (keys.has("base"), keys.has("solana"));
        let base = (on_base || !on_solana).then(|| BaseSection::take(&mut keys)).transpose()?;
        let solana = on_solana.then(|| SolanaSection::take(&mut keys)).transpose()?;
        let sites = (base.as_ref().map(BaseSection::site), solana.as_ref().map(SolanaSection::site));
        let named = |name: &str| Network::new(name, sites.0, sites.1).map_err(|fault| fault.to_string());
        let network = keys.text("network", "name", "the name of the network that was deployed", named)?;
        let settings = Self {
            network,
            base,
            solana,
            gossip: GossipSection {
                listen: keys.socket("gossip", "listen", "0.0.0.0:7474")?,
                peers: keys.list("gossip", "peers", PEERS_CAP, "`0x<peer>@<ip>:<port>`", peer_address)?,
            },
            http: HttpSection { listen: loopback(&mut keys)? },
        };
        let unusable = |section, fault| keys.value(section, "rpcs", &endpoints_expected(&fault));
        settings.of_base().map_or(Ok(()), |base| base.check()).map_err(|fault| unusable("base", fault))?;
        settings.of_solana().map_or(Ok(()), |solana| solana.check()).map_err(|fault| unusable("solana", fault))?;
        keys.finish()?;
        Ok(settings)
    }

    /// What the reader of Base has to know; none if the network is not there.
    #[must_use]
    pub fn of_base(&self) -> Option<BaseSettings> {
        let BaseSection { chain_id, vault, from_height, ref rpcs, .. } = *self.base.as_ref()?;
        Some(BaseSettings { rpcs: rpcs.clone(), chain_id, vault, network: self.network.id(), from_height })
    }

    /// What the reader of Solana has to know; none if the network is not there.
    #[must_use]
    pub fn of_solana(&self) -> Option<SolanaSettings> {
        let SolanaSection { genesis, program, ref rpcs, .. } = *self.solana.as_ref()?;
        Some(SolanaSettings { rpcs: rpcs.clone(), genesis: Account(genesis.0), program, network: self.network.id() })
    }

    /// The chains that the network is on.
    pub fn chains(&self) -> impl Iterator<Item = ChainId> {
        let chains = [(ChainId::Base, self.base.is_some()), (ChainId::Solana, self.solana.is_some())];
        chains.into_iter().filter_map(|(chain, there)| there.then_some(chain))
    }
}

impl BaseSection {
    const fn site(&self) -> BaseSite {
        BaseSite { chain_id: self.chain_id, vault: self.vault }
    }

    fn take(keys: &mut Keys) -> Result<Self, SettingsError> {
        let found = endpoints(keys, "base")?;
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

impl SolanaSection {
    const fn site(&self) -> SolanaSite {
        SolanaSite { genesis: self.genesis, program: self.program }
    }

    fn take(keys: &mut Keys) -> Result<Self, SettingsError> {
        let base58 = |text: &str| Account::from_base58(text).map_err(|fault| fault.to_string());
        Ok(Self {
            rpcs: endpoints(keys, "solana")?,
            genesis: keys
                .text(
                    "solana",
                    "genesis",
                    "the cluster's genesis hash in base58, as `solana genesis-hash` says",
                    base58,
                )
                .map(|genesis| Hash(genesis.0))?,
            program: keys.text("solana", "program", "the id of the program in base58", base58)?,
            poll: Duration::from_millis(keys.number("solana", "poll_ms", "milliseconds", POLL_MS, Some(2_000))?),
        })
    }
}

fn endpoints(keys: &mut Keys, section: &'static str) -> Result<Vec<Url>, SettingsError> {
    let rpcs = "addresses of RPC endpoints, `[\"https://...\"]`";
    let found = keys.list(section, "rpcs", ENDPOINTS_CAP, rpcs, |text| text.parse().ok())?;
    if found.is_empty() { Err(keys.absent(section, "rpcs", rpcs)) } else { Ok(found) }
}

/// The hosts of endpoints: the rest of their addresses may hold keys.
fn hosts(rpcs: &[Url]) -> Vec<&str> {
    rpcs.iter().map(|url| url.host_str().unwrap_or("no host")).collect()
}

impl fmt::Debug for BaseSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseSection")
            .field("chain_id", &self.chain_id)
            .field("vault", &Signer(self.vault))
            .field("from_height", &self.from_height)
            .field("rpcs", &hosts(&self.rpcs))
            .field("poll", &self.poll)
            .finish()
    }
}

impl fmt::Debug for SolanaSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SolanaSection")
            .field("genesis", &Account(self.genesis.0).base58())
            .field("program", &self.program.base58())
            .field("rpcs", &hosts(&self.rpcs))
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
