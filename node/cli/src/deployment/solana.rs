//! programs/deployments/<genesis hash>.json, which `scripts/deploy-program` writes.

use serde::{Deserialize, Deserializer};
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::{Account, Signer};
use williw_core::network::{BaseSite, Network, NetworkFault, NetworkId, SolanaSite};

use super::{PoolNumbers, VaultNumbers, text};

/// What a node needs of it.
#[derive(Debug, Deserialize)]
pub(crate) struct OnSolana {
    name: String,
    pub(crate) network_id: NetworkId,
    #[serde(deserialize_with = "base58")]
    pub(crate) genesis_hash: Account,
    #[serde(deserialize_with = "base58")]
    pub(crate) program: Account,
    #[serde(deserialize_with = "text")]
    base_chain_id: u64,
    base_vault: Signer,
}

/// All of it.
#[derive(Debug, Deserialize)]
pub(crate) struct OnSolanaRecord {
    #[serde(flatten)]
    pub(crate) deployment: OnSolana,
    pub(crate) cluster: String,
    #[serde(deserialize_with = "base58")]
    pub(crate) program_data: Account,
    #[serde(deserialize_with = "base58")]
    pub(crate) config: Account,
    #[serde(deserialize_with = "base58")]
    pub(crate) mint: Account,
    #[serde(deserialize_with = "base58")]
    pub(crate) token_program: Account,
    pub(crate) token_decimals: u8,
    #[serde(deserialize_with = "base58")]
    pub(crate) stake_tokens: Account,
    #[serde(deserialize_with = "base58")]
    pub(crate) reward_tokens: Account,
    pub(crate) from_slot: u64,
    #[serde(deserialize_with = "digest")]
    pub(crate) bytecode_sha256: Hash,
    pub(crate) bytecode_bytes: u64,
    deployed: Begun,
    pub(crate) in_force: InForceOnSolana,
}

/// What never changes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begun {
    #[serde(deserialize_with = "text")]
    genesis: u64,
    #[serde(deserialize_with = "text")]
    cycle_length: u64,
    vault: Bounds<VaultNumbers>,
    pool: Bounds<PoolNumbers>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds<T> {
    least: T,
    most: T,
}

/// What shall hold now.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InForceOnSolana {
    #[serde(deserialize_with = "base58")]
    pub(crate) governor: Account,
    #[serde(deserialize_with = "base58")]
    pub(crate) guardian: Account,
    /// Nobody, for ever, if none.
    #[serde(deserialize_with = "base58_or_none")]
    pub(crate) upgrade_authority: Option<Account>,
    vault: VaultNumbers,
    pool: PoolNumbers,
}

fn base58<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Account, D::Error> {
    Account::from_base58(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn base58_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Account>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| Account::from_base58(&text)).transpose().map_err(serde::de::Error::custom)
}

/// A digest without a prefix, as the tools write it.
fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
    format!("0x{}", String::deserialize(deserializer)?).parse().map_err(serde::de::Error::custom)
}

impl OnSolana {
    /// The network that its name, genesis, program and Base half make.
    pub(crate) fn network(&self) -> Result<Network, NetworkFault> {
        let base = BaseSite { chain_id: self.base_chain_id, vault: self.base_vault.0 };
        let absent = base.chain_id == 0 && base.vault == [0; 20];
        let solana = SolanaSite { genesis: Hash(self.genesis_hash.0), program: self.program };
        Network::new(&self.name, (!absent).then_some(base), Some(solana))
    }
}

impl OnSolanaRecord {
    /// When the first cycle begins, and how long each is.
    pub(crate) const fn genesis(&self) -> u64 {
        self.deployed.genesis
    }

    pub(crate) const fn cycle_length(&self) -> u64 {
        self.deployed.cycle_length
    }

    /// The least and the most that parameters can ever be.
    pub(crate) fn vault_bounds(&self) -> (VaultParameters, VaultParameters) {
        (self.deployed.vault.least.parameters(), self.deployed.vault.most.parameters())
    }

    pub(crate) fn pool_bounds(&self) -> (PoolParameters, PoolParameters) {
        (self.deployed.pool.least.parameters(), self.deployed.pool.most.parameters())
    }
}

impl InForceOnSolana {
    pub(crate) fn vault(&self) -> VaultParameters {
        self.vault.parameters()
    }

    pub(crate) fn pool(&self) -> PoolParameters {
        self.pool.parameters()
    }
}
