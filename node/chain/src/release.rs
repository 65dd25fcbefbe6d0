//! The contracts that this release was built with: by which code they are known, and at which address they land.
//!
//! That the right code stands somewhere says nothing of what its storage was made to hold: another constructor may have left
//! the same code behind. But the address of a contract that the deterministic deployer made commits to all of the code that
//! made it, arguments included. So whoever finds a contract at the address that follows from what it is said to have been
//! created with knows the constructor that ran.

use alloy::primitives::{Address, B256, address, keccak256};
use alloy::sol_types::SolConstructor;
use serde::Deserialize;
use williw_core::amount::Bps;
use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::Account;

use crate::base::abi::{RewardPool, StakeVault, address_of};

/// What creates contracts at addresses that follow from their code; it stands here on every chain.
const DEPLOYER: Address = address!("0x4e59b44847b379578588920cA78FbF26c0B4956C");

/// The code of one contract.
#[derive(Clone, Debug)]
pub struct Code {
    creation: Vec<u8>,
    /// Of the code that stands on the chain, with zeros for what the constructor wrote into it.
    runtime_hash: B256,
    /// Where that is: beginnings and lengths.
    immutables: Vec<(usize, usize)>,
}

/// As contracts/tools/abi.mjs writes it.
#[derive(Deserialize)]
struct Artifact {
    runtime_hash: B256,
    immutables: Vec<(usize, usize)>,
    creation: alloy::primitives::Bytes,
}

impl Code {
    /// The vault's.
    #[must_use]
    pub fn vault() -> Self {
        Self::of(include_str!("../../../contracts/code/StakeVault.json"))
    }

    /// The pool's.
    #[must_use]
    pub fn pool() -> Self {
        Self::of(include_str!("../../../contracts/code/RewardPool.json"))
    }

    fn of(artifact: &str) -> Self {
        let artifact: Artifact = serde_json::from_str(artifact).expect("it is checked in, and a test reads it");
        Self {
            creation: artifact.creation.to_vec(),
            runtime_hash: artifact.runtime_hash,
            immutables: artifact.immutables,
        }
    }

    /// Whether this is the code that it leaves on the chain, whatever the constructor wrote into it.
    #[must_use]
    pub fn stands_as(&self, runtime: &[u8]) -> bool {
        let mut masked = runtime.to_vec();
        for &(start, len) in &self.immutables {
            let Some(place) = start.checked_add(len).and_then(|end| masked.get_mut(start..end)) else { return false };
            place.fill(0);
        }
        keccak256(&masked) == self.runtime_hash
    }

    /// Where the deterministic deployer puts it.
    fn address(&self, salt: Hash, arguments: &[u8]) -> Account {
        let creation = [&self.creation[..], arguments].concat();
        let address = DEPLOYER.create2(salt.0, keccak256(creation));
        Account::evm(address.into_array())
    }
}

/// What a vault is created with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultCreation {
    pub token: Account,
    pub governor: Account,
    pub name: String,
    pub solana_genesis: Hash,
    pub solana_program: Hash,
    pub genesis: UnixSeconds,
    pub cycle_length: Seconds,
    pub parameters: VaultParameters,
    pub bounds: (VaultParameters, VaultParameters),
}

/// What a pool is created with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolCreation {
    pub vault: Account,
    pub token: Account,
    pub governor: Account,
    pub guardian: Account,
    pub parameters: PoolParameters,
    pub bounds: (PoolParameters, PoolParameters),
}

impl VaultCreation {
    /// Where it lands; nowhere if it names an account that Base cannot have.
    #[must_use]
    pub fn address(&self, salt: Hash) -> Option<Account> {
        let arguments = StakeVault::constructorCall {
            d: (
                address_of(self.token)?,
                address_of(self.governor)?,
                self.name.clone(),
                B256::from(self.solana_genesis.0),
                B256::from(self.solana_program.0),
                self.genesis.0,
                self.cycle_length.0,
                of_vault(&self.parameters),
                (of_vault(&self.bounds.0), of_vault(&self.bounds.1)),
            ),
        };
        Some(Code::vault().address(salt, &arguments.abi_encode()))
    }
}

impl PoolCreation {
    /// Where it lands; nowhere if it names an account that Base cannot have.
    #[must_use]
    pub fn address(&self, salt: Hash) -> Option<Account> {
        let arguments = RewardPool::constructorCall {
            d: (
                address_of(self.vault)?,
                address_of(self.token)?,
                address_of(self.governor)?,
                address_of(self.guardian)?,
                of_pool(&self.parameters),
                (of_pool(&self.bounds.0), of_pool(&self.bounds.1)),
            ),
        };
        Some(Code::pool().address(salt, &arguments.abi_encode()))
    }
}

/// Parameters in the order of the vault's struct.
pub(crate) type OfVault = (u128, u128, u64, u16, u64);

/// Parameters in the order of the pool's struct.
pub(crate) type OfPool = (u128, u64, u128);

fn of_vault(parameters: &VaultParameters) -> OfVault {
    let VaultParameters { min_stake, min_deposit, unstaking_period, slash, evidence_cycles } = parameters;
    (min_stake.0, min_deposit.0, unstaking_period.0, slash.get(), *evidence_cycles)
}

fn of_pool(parameters: &PoolParameters) -> OfPool {
    (parameters.min_quorum.0, parameters.delay.0, parameters.max_per_cycle.0)
}

/// None if a slash would take more than the whole.
pub(crate) fn vault_parameters(numbers: OfVault) -> Option<VaultParameters> {
    let (min_stake, min_deposit, unstaking_period, slash, evidence_cycles) = numbers;
    Some(VaultParameters {
        min_stake: williw_core::amount::Amount(min_stake),
        min_deposit: williw_core::amount::Amount(min_deposit),
        unstaking_period: Seconds(unstaking_period),
        slash: Bps::try_from(slash).ok()?,
        evidence_cycles,
    })
}

pub(crate) const fn pool_parameters((min_quorum, delay, max_per_cycle): OfPool) -> PoolParameters {
    PoolParameters {
        min_quorum: williw_core::amount::Amount(min_quorum),
        delay: Seconds(delay),
        max_per_cycle: williw_core::amount::Amount(max_per_cycle),
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::keccak256;
    use serde_json::json;

    use super::Code;

    #[test]
    fn code_is_known_whatever_the_constructor_wrote_into_it() {
        let hash = keccak256([1, 2, 0, 0, 0, 6, 7, 0]);
        let artifact = json!({ "runtime_hash": hash, "immutables": [[2, 3], [7, 1]], "creation": "0x" });
        let code = Code::of(&artifact.to_string());
        assert!(code.stands_as(&[1, 2, 0xaa, 0xbb, 0xcc, 6, 7, 0xdd]));
        assert!(code.stands_as(&[1, 2, 0, 0, 0, 6, 7, 0]));
        for other in [&[1, 2, 0, 0, 0, 5, 7, 0][..], &[1, 2, 0, 0, 0, 6, 7], &[1, 2, 0, 0, 0, 6, 7, 0, 0], &[]] {
            assert!(!code.stands_as(other), "{other:?}");
        }
    }

    #[test]
    fn what_is_checked_in_is_code() {
        for code in [Code::vault(), Code::pool()] {
            assert!(!code.immutables.is_empty() && code.creation.len() > 10_000);
            assert!(!code.stands_as(&[]) && !code.stands_as(&code.creation));
        }
    }
}
