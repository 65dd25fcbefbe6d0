//! The files that deployments leave: contracts/deployments/<chain id>.json, programs/deployments/<genesis hash>.json.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use williw_chain::address;
use williw_chain::release::{PoolCreation, VaultCreation};
use williw_core::amount::{Amount, Bps};
use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::{Account, Signer};
use williw_core::network::{BaseSite, Network, NetworkFault, NetworkId, SolanaSite};

use crate::exit::Failure;

mod once;
mod solana;

use once::Once;
use solana::OnSolana;
pub(crate) use solana::OnSolanaRecord;

/// The largest deployment file that is read, in bytes.
const DEPLOYMENT_CAP: u64 = 64 * 1024;

/// What a node needs of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Deployment {
    pub(crate) chain_id: u64,
    pub(crate) name: String,
    pub(crate) from_height: u64,
    pub(crate) network_id: NetworkId,
    pub(crate) vault: Signer,
    pub(crate) pool: Signer,
    #[serde(deserialize_with = "account")]
    pub(crate) token: Account,
    #[serde(deserialize_with = "account")]
    pub(crate) reward_token: Account,
    pub(crate) solana_genesis_hash: Hash,
    pub(crate) solana_program_id: Hash,
}

/// A network, and what else a node has to know of where it is deployed.
#[derive(Debug)]
pub(crate) struct Deployed {
    pub(crate) network: Network,
    /// Since when its vault stands; none if it is not on Base.
    pub(crate) from_height: Option<u64>,
}

/// All of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Record {
    #[serde(flatten)]
    pub(crate) deployment: Deployment,
    pub(crate) salt: Hash,
    deployed: Created,
    pub(crate) in_force: InForce,
}

/// All that the file of a deployment says, on either chain.
#[derive(Debug)]
pub(crate) enum Recorded {
    Base(Box<Record>),
    Solana(Box<OnSolanaRecord>),
}

/// What the contracts were created with. Their addresses commit to it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Created {
    #[serde(deserialize_with = "account")]
    governor: Account,
    #[serde(deserialize_with = "account")]
    guardian: Account,
    #[serde(deserialize_with = "text")]
    genesis: u64,
    #[serde(deserialize_with = "text")]
    cycle_length: u64,
    vault: Bounded<VaultNumbers>,
    pool: Bounded<PoolNumbers>,
}

/// What shall hold now.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InForce {
    #[serde(deserialize_with = "account")]
    pub(crate) owner: Account,
    #[serde(deserialize_with = "account")]
    pub(crate) guardian: Account,
    vault: VaultNumbers,
    pool: PoolNumbers,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounded<T> {
    parameters: T,
    least: T,
    most: T,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VaultNumbers {
    #[serde(deserialize_with = "text")]
    min_stake: u128,
    #[serde(deserialize_with = "text")]
    min_deposit: u128,
    #[serde(deserialize_with = "text")]
    unstaking_period: u64,
    #[serde(deserialize_with = "bps")]
    slash_bps: Bps,
    #[serde(deserialize_with = "text")]
    evidence_cycles: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolNumbers {
    #[serde(deserialize_with = "text")]
    min_quorum: u128,
    #[serde(deserialize_with = "text")]
    delay: u64,
    #[serde(deserialize_with = "text")]
    max_per_cycle: u128,
}

/// A number that is written as a text.
fn text<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn bps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bps, D::Error> {
    Bps::try_from(text::<D, u16>(deserializer)?).map_err(serde::de::Error::custom)
}

fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Account, D::Error> {
    address::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

impl Deployed {
    /// What the files say, if each makes the network that it says it is, and all of them one.
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Self, Failure> {
        let mut found: Option<Self> = None;
        for path in paths {
            let next = Self::read_one(path)?;
            found = Some(match found {
                None => next,
                Some(before) if before.network.id() == next.network.id() => {
                    Self { from_height: before.from_height.or(next.from_height), ..before }
                }
                Some(before) => {
                    let (one, other) = (before.network.id(), next.network.id());
                    return Err(Failure::usage(format_args!(
                        "{}: it is of network {other}, not {one}",
                        path.display()
                    ))
                    .hint("give the files of one network"));
                }
            });
        }
        let found = found.ok_or_else(|| Failure::usage("there is no deployment to read"))?;
        if found.network.base().is_some() && found.from_height.is_none() {
            return Err(Failure::usage("this network is on Base too, and its vault's file is not here")
                .hint("name contracts/deployments/<chain id>.json with --deployment as well"));
        }
        Ok(found)
    }

    fn read_one(path: &Path) -> Result<Self, Failure> {
        let Once(text) = read(path)?;
        let named = |what: &dyn fmt::Display| Failure::usage(format_args!("{}: {what}", path.display()));
        let (network, said, from_height) = if is_on_solana(&text) {
            let file = OnSolana::deserialize(text).map_err(|error| no_deployment(path, &error))?;
            (file.network(), file.network_id, None)
        } else {
            let file = Deployment::deserialize(text).map_err(|error| no_deployment(path, &error))?;
            (file.network(), file.network_id, Some(file.from_height))
        };
        let network = network.map_err(|fault| named(&fault))?;
        let made = network.id();
        if made != said {
            return Err(named(&format_args!("its name, chains and vault make network {made}, not {said}"))
                .hint("the file was changed; `williw deploy verify` compares it with the chain"));
        }
        Ok(Self { network, from_height })
    }
}

impl Deployment {
    /// The network that its name, chain, vault and Solana half make.
    pub(crate) fn network(&self) -> Result<Network, NetworkFault> {
        let base = BaseSite { chain_id: self.chain_id, vault: self.vault.0 };
        let solana = SolanaSite { genesis: self.solana_genesis_hash, program: Account(self.solana_program_id.0) };
        let absent = solana.genesis.is_zero() && solana.program.is_zero();
        Network::new(&self.name, Some(base), (!absent).then_some(solana))
    }
}

impl Recorded {
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let Once(text) = read(path)?;
        let recorded = if is_on_solana(&text) {
            OnSolanaRecord::deserialize(text).map(|record| Self::Solana(Box::new(record)))
        } else {
            Record::deserialize(text).map(|record| Self::Base(Box::new(record)))
        };
        recorded.map_err(|error| no_deployment(path, &error))
    }
}

impl Record {
    pub(crate) fn vault_creation(&self) -> VaultCreation {
        let Created { vault, .. } = &self.deployed;
        VaultCreation {
            token: self.deployment.token,
            governor: self.deployed.governor,
            name: self.deployment.name.clone(),
            solana_genesis: self.deployment.solana_genesis_hash,
            solana_program: self.deployment.solana_program_id,
            genesis: UnixSeconds(self.deployed.genesis),
            cycle_length: Seconds(self.deployed.cycle_length),
            parameters: vault.parameters.parameters(),
            bounds: (vault.least.parameters(), vault.most.parameters()),
        }
    }

    pub(crate) fn pool_creation(&self) -> PoolCreation {
        let Created { pool, .. } = &self.deployed;
        PoolCreation {
            vault: Account::evm(self.deployment.vault.0),
            token: self.deployment.reward_token,
            governor: self.deployed.governor,
            guardian: self.deployed.guardian,
            parameters: pool.parameters.parameters(),
            bounds: (pool.least.parameters(), pool.most.parameters()),
        }
    }
}

impl InForce {
    pub(crate) fn vault(&self) -> VaultParameters {
        self.vault.parameters()
    }

    pub(crate) fn pool(&self) -> PoolParameters {
        self.pool.parameters()
    }
}

impl VaultNumbers {
    fn parameters(&self) -> VaultParameters {
        VaultParameters {
            min_stake: Amount(self.min_stake),
            min_deposit: Amount(self.min_deposit),
            unstaking_period: Seconds(self.unstaking_period),
            slash: self.slash_bps,
            evidence_cycles: self.evidence_cycles,
        }
    }
}

impl PoolNumbers {
    fn parameters(&self) -> PoolParameters {
        PoolParameters {
            min_quorum: Amount(self.min_quorum),
            delay: Seconds(self.delay),
            max_per_cycle: Amount(self.max_per_cycle),
        }
    }
}

/// Each chain's file names what stands there.
fn is_on_solana(file: &serde_json::Value) -> bool {
    file.get("program").is_some()
}

fn read(path: &Path) -> Result<Once, Failure> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(DEPLOYMENT_CAP).read_to_end(&mut text));
    read.map_err(|error| Failure::usage(format_args!("{} cannot be read: {error}", path.display())))?;
    serde_json::from_slice(&text).map_err(|error| no_deployment(path, &error))
}

fn no_deployment(path: &Path, error: &serde_json::Error) -> Failure {
    Failure::usage(format_args!("{} is no deployment: {error}", path.display())).hint(
        "expected what contracts/script/Deploy.s.sol writes to contracts/deployments, or scripts/deploy-program to \
         programs/deployments",
    )
}
