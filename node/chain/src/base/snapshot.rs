//! How named operators stand in the vault's own state, at the final head or at the tip.
//!
//! At the final head for people who want to compare: the ledger's numbers come from facts, these from the contract. An
//! endpoint has to hold the state of the final head for it; ordinary nodes keep it for some minutes only, and then refuse.
//! At the tip for owners who are about to act: every node has that state, and whoever has to replace a stolen key must not
//! depend on those who keep more.

use futures_util::future::join_all;
use williw_core::amount::Amount;
use williw_core::cycle::UnixSeconds;
use williw_core::identity::{Account, Signer};
use williw_core::model::QUEUE_CAP;

use alloy::primitives::Address;
use alloy::sol_types::SolError;

use super::Base;
use super::abi::{StakeVault, address_of};
use super::endpoint::{Block, Endpoint, Viewed, Which};
use crate::fault::{ChainError, EndpointFault, Reading};
use crate::panel::Matter;
use crate::quorum::agreed;
use crate::snapshot::{OperatorSnapshot, QueueEntry, SNAPSHOT_CAP, StandingOnChain};

const MATTER: Matter = Matter::Lookup;

impl Base {
    /// Looks operators up at the final head, as a quorum has them.
    pub async fn snapshot(&mut self, accounts: &[Account]) -> Result<Reading<Vec<OperatorSnapshot>>, ChainError> {
        if accounts.len() > SNAPSHOT_CAP {
            return Err(ChainError::TooManyAccounts { asked: accounts.len(), cap: SNAPSHOT_CAP });
        }
        let addresses = accounts
            .iter()
            .map(|account| address_of(*account).ok_or(ChainError::ForeignAccount(*account)))
            .collect::<Result<Vec<_>, _>>()?;
        let block = self.final_block(MATTER).await?;
        let mut snapshots = Vec::with_capacity(accounts.len());
        for (account, address) in accounts.iter().zip(addresses) {
            let operator = self.look_up(address, block).await?;
            snapshots.push(OperatorSnapshot { account: *account, at: block.height, operator });
        }
        Ok(Reading { value: snapshots, faults: self.panel.faults(MATTER) })
    }

    /// Looks one operator up at the tip, as a quorum has it. What is read there may still be reorganised away.
    pub async fn operator_at_tip(&mut self, account: Account) -> Result<Reading<OperatorSnapshot>, ChainError> {
        let address = address_of(account).ok_or(ChainError::ForeignAccount(account))?;
        let block = self.tip(MATTER).await?;
        let operator = self.look_up(address, block).await?;
        let value = OperatorSnapshot { account, at: block.height, operator };
        Ok(Reading { value, faults: self.panel.faults(MATTER) })
    }

    async fn look_up(&mut self, address: Address, block: Block) -> Result<Option<StandingOnChain>, ChainError> {
        let vault = self.vault.address;
        let ask = |index: usize| {
            let endpoint = &self.panel[index];
            async move { (index, operator(endpoint, vault, address, block).await) }
        };
        let answers = join_all(self.panel.sound(MATTER).into_iter().map(ask)).await;
        let claims = self.panel.settle(MATTER, answers);
        let compared: Vec<_> = claims.iter().map(|(index, claim)| (*index, claim.as_ref())).collect();
        let Some(truth) = agreed(&compared, self.panel.quorum).map(|claim| claim.cloned()) else {
            return Err(self.panel.no_quorum(MATTER, "the operator"));
        };
        for (index, claim) in claims {
            if claim != truth {
                self.panel.blame(MATTER, index, EndpointFault::Contradicts("an operator"));
            }
        }
        Ok(truth)
    }
}

async fn operator(
    endpoint: &Endpoint,
    vault: Address,
    account: Address,
    block: Block,
) -> Result<Option<StandingOnChain>, EndpointFault> {
    const BROKEN: EndpointFault = EndpointFault::Undecodable("eth_call");
    let at = Which::Hash(block.hash);
    let view = match endpoint.view(vault, StakeVault::operatorOfCall { account }, at).await? {
        Viewed::Value(view) => view,
        Viewed::Reverted(why) if why.starts_with(&StakeVault::NotRegistered::SELECTOR) => return Ok(None),
        Viewed::Reverted(_) => return Err(BROKEN),
    };
    let Viewed::Value(queue) = endpoint.view(vault, StakeVault::queueOfCall { account }, at).await? else {
        return Err(BROKEN);
    };
    if queue.len() > QUEUE_CAP {
        return Err(BROKEN);
    }
    let (index, active, queued, signer, nonce, term, jailed_until, _) = view;
    let entry =
        |(amount, maturity, ticket)| QueueEntry { ticket, amount: Amount(amount), maturity: UnixSeconds(maturity) };
    Ok(Some(StandingOnChain {
        index,
        active: Amount(active),
        queued: Amount(queued),
        signer: Signer(signer.into_array()),
        nonce,
        term,
        jailed_until: (jailed_until != 0).then_some(UnixSeconds(jailed_until)),
        queue: queue.into_iter().map(entry).collect(),
    }))
}
