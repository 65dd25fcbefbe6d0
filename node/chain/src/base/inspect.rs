//! What stands where a deployment is said to be, for whoever wants to know before they stake in it.
//!
//! Everything is read at one block, the tip, as a quorum has it there. What stands at an address may be anybody's code, so
//! that it answers nothing is an answer; code of this release that is said not to answer is a fault of the endpoint.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall;
use futures_util::future::join_all;
use serde_json::json;
use williw_core::cycle::{Height, Seconds, UnixSeconds};
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::journal::HEAD_SLOT;
use williw_core::network::NetworkId;

use super::Base;
use super::abi::{RewardPool, StakeVault, account_of};
use super::endpoint::{Block, Endpoint, Viewed, Which};
use crate::fault::{ChainError, EndpointFault, Reading};
use crate::panel::Matter;
use crate::quorum::agreed;
use crate::release::{Code, OfPool, OfVault, pool_parameters, vault_parameters};

const MATTER: Matter = Matter::Lookup;

/// What a quorum found at the two addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    pub at: Height,
    pub vault: VaultFound,
    pub pool: PoolFound,
}

/// What vault and pool have in common. Whatever does not answer is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Empty if nothing stands there.
    pub code: Vec<u8>,
    /// Of this release.
    pub is_ours: bool,
    pub owner: Option<Account>,
    /// Who may take the ownership over.
    pub offered_to: Option<Account>,
    /// The journal's head and the number of its last fact, as the contract says.
    pub head: Option<(Hash, u64)>,
    /// What lies in the slot where proofs look for the head.
    pub head_slot: Hash,
    pub token: Option<Account>,
    /// From when announced parameters can be applied.
    pub change_from: Option<UnixSeconds>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultFound {
    pub found: Found,
    pub network: Option<NetworkId>,
    pub genesis: Option<UnixSeconds>,
    pub cycle_length: Option<Seconds>,
    pub paused: Option<bool>,
    pub parameters: Option<VaultParameters>,
    pub bounds: Option<(VaultParameters, VaultParameters)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolFound {
    pub found: Found,
    pub vault: Option<Account>,
    pub guardian: Option<Account>,
    pub parameters: Option<PoolParameters>,
    pub bounds: Option<(PoolParameters, PoolParameters)>,
}

/// [`Found`] as one endpoint has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    code: Bytes,
    owner: Option<Address>,
    offered_to: Option<Address>,
    head: Option<(B256, u64)>,
    head_slot: U256,
    token: Option<Address>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct VaultClaim {
    claim: Claim,
    network: Option<B256>,
    genesis: Option<u64>,
    cycle_length: Option<u64>,
    paused: Option<bool>,
    parameters: Option<OfVault>,
    bounds: Option<(OfVault, OfVault)>,
    change_from: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PoolClaim {
    claim: Claim,
    vault: Option<Address>,
    guardian: Option<Address>,
    parameters: Option<OfPool>,
    bounds: Option<(OfPool, OfPool)>,
    change_from: Option<u64>,
}

impl Base {
    /// Reads what stands at the vault's address and the pool's. The reader is used up: its endpoints were only asked for
    /// their chain, and not, as those of a node are, whether they have the vault of the right network.
    pub async fn inspect(mut self, pool: [u8; 20]) -> Result<Reading<Inspection>, ChainError> {
        let (vault, pool) = (self.vault.address, Address::from(pool));
        let chain_id = self.vault.chain_id;
        let ask = |index: usize| (index, self.panel[index].serves(chain_id));
        let answers =
            self.panel.gather((0..self.panel.endpoints.len()).map(ask), |good| good.len() >= self.panel.quorum).await;
        for (index, ()) in self.panel.settle(MATTER, answers) {
            self.panel[index].vetted = true;
        }
        let block = self.tip(MATTER).await?;
        let ask = |index: usize| {
            let endpoint = &self.panel[index];
            async move { (index, look(endpoint, vault, pool, block).await) }
        };
        let answers = join_all(self.panel.sound(MATTER).into_iter().map(ask)).await;
        let claims = self.panel.settle(MATTER, answers);
        let compared: Vec<_> = claims.iter().map(|(index, claim)| (*index, claim)).collect();
        let Some((vault, pool)) = agreed(&compared, self.panel.quorum).cloned() else {
            return Err(self.panel.no_quorum(MATTER, "the contracts"));
        };
        for (index, claim) in claims {
            if claim != (vault.clone(), pool.clone()) {
                self.panel.blame(MATTER, index, EndpointFault::Contradicts("the contracts"));
            }
        }
        let value = Inspection { at: block.height, vault: vault_found(vault), pool: pool_found(pool) };
        Ok(Reading { value, faults: self.panel.faults(MATTER) })
    }
}

async fn look(
    endpoint: &Endpoint,
    vault: Address,
    pool: Address,
    block: Block,
) -> Result<(VaultClaim, PoolClaim), EndpointFault> {
    Ok((look_at_vault(endpoint, vault, block).await?, look_at_pool(endpoint, pool, block).await?))
}

/// One contract on one endpoint, at one block.
struct Eye<'a> {
    endpoint: &'a Endpoint,
    at: Address,
    block: Block,
    code: Bytes,
    is_ours: bool,
}

impl<'a> Eye<'a> {
    async fn on(endpoint: &'a Endpoint, at: Address, block: Block, ours: &Code) -> Result<Self, EndpointFault> {
        let code: Bytes = endpoint.rpc.demand("eth_getCode", json!([at, Which::Hash(block.hash).json()])).await?;
        let is_ours = ours.stands_as(&code);
        Ok(Self { endpoint, at, block, code, is_ours })
    }

    async fn ask<C: SolCall>(&self, call: C) -> Result<Option<C::Return>, EndpointFault> {
        match self.endpoint.view(self.at, call, Which::Hash(self.block.hash)).await {
            Ok(Viewed::Value(value)) => Ok(Some(value)),
            Ok(Viewed::Reverted(_)) => Ok(None),
            Err(EndpointFault::Refused { .. } | EndpointFault::Undecodable(_)) if !self.is_ours => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// What vault and pool answer alike; their calls are the same bytes.
    async fn claim(self) -> Result<Claim, EndpointFault> {
        let head = self.ask(StakeVault::headCall {}).await?;
        Ok(Claim {
            owner: self.ask(StakeVault::ownerCall {}).await?,
            offered_to: self.ask(StakeVault::pendingOwnerCall {}).await?,
            head: head.map(|head| (head.hash, head.seq)),
            head_slot: self.endpoint.slot(self.at, HEAD_SLOT, self.block.hash).await?,
            token: self.ask(StakeVault::tokenCall {}).await?,
            code: self.code,
        })
    }
}

async fn look_at_vault(endpoint: &Endpoint, vault: Address, block: Block) -> Result<VaultClaim, EndpointFault> {
    let eye = Eye::on(endpoint, vault, block, &Code::vault()).await?;
    Ok(VaultClaim {
        network: eye.ask(StakeVault::networkIdCall {}).await?,
        genesis: eye.ask(StakeVault::genesisCall {}).await?,
        cycle_length: eye.ask(StakeVault::cycleLengthCall {}).await?,
        paused: eye.ask(StakeVault::pausedCall {}).await?,
        parameters: eye.ask(StakeVault::parametersCall {}).await?,
        bounds: eye.ask(StakeVault::boundsCall {}).await?,
        change_from: eye.ask(StakeVault::proposalCall {}).await?.map(|(_, from)| from),
        claim: eye.claim().await?,
    })
}

async fn look_at_pool(endpoint: &Endpoint, pool: Address, block: Block) -> Result<PoolClaim, EndpointFault> {
    let eye = Eye::on(endpoint, pool, block, &Code::pool()).await?;
    Ok(PoolClaim {
        vault: eye.ask(RewardPool::vaultCall {}).await?,
        guardian: eye.ask(RewardPool::guardianCall {}).await?,
        parameters: eye.ask(RewardPool::parametersCall {}).await?,
        bounds: eye.ask(RewardPool::boundsCall {}).await?,
        change_from: eye.ask(RewardPool::proposalCall {}).await?.map(|(_, from)| from),
        claim: eye.claim().await?,
    })
}

fn found(claim: Claim, ours: &Code, change_from: Option<u64>) -> Found {
    Found {
        is_ours: ours.stands_as(&claim.code),
        code: claim.code.to_vec(),
        owner: claim.owner.map(account_of),
        offered_to: claim.offered_to.filter(|account| !account.is_zero()).map(account_of),
        head: claim.head.map(|(hash, seq)| (Hash(hash.0), seq)),
        head_slot: Hash(claim.head_slot.to_be_bytes()),
        token: claim.token.map(account_of),
        change_from: change_from.filter(|from| *from != 0).map(UnixSeconds),
    }
}

fn vault_found(claim: VaultClaim) -> VaultFound {
    let bounds = |(least, most)| Some((vault_parameters(least)?, vault_parameters(most)?));
    VaultFound {
        found: found(claim.claim, &Code::vault(), claim.change_from),
        network: claim.network.map(|id| NetworkId(id.0)),
        genesis: claim.genesis.map(UnixSeconds),
        cycle_length: claim.cycle_length.map(Seconds),
        paused: claim.paused,
        parameters: claim.parameters.and_then(vault_parameters),
        bounds: claim.bounds.and_then(bounds),
    }
}

fn pool_found(claim: PoolClaim) -> PoolFound {
    PoolFound {
        found: found(claim.claim, &Code::pool(), claim.change_from),
        vault: claim.vault.map(account_of),
        guardian: claim.guardian.map(account_of),
        parameters: claim.parameters.map(pool_parameters),
        bounds: claim.bounds.map(|(least, most)| (pool_parameters(least), pool_parameters(most))),
    }
}
