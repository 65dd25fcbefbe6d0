//! The numbers of a transaction: whose it is to say them, and how far they are believed.

use alloy::consensus::TxEip1559;
use alloy::primitives::{Address, Bytes, TxKind, U64, U256};
use serde_json::json;

use crate::base::Base;
use crate::base::endpoint::{Block, Which};
use crate::verb::Call;

use super::ask::request;
use super::{BASE_FEE_CAP, Count, GAS_CAP, MATTER, SendError, TIP_CAP};

impl Base {
    /// The transaction as it will be signed.
    pub(super) async fn draft(&mut self, from: Address, call: &Call, tip: Block) -> Result<TxEip1559, SendError> {
        let base_fee = u128::from(tip.base_fee.ok_or(SendError::NoBaseFee(tip.height))?);
        if base_fee > BASE_FEE_CAP {
            return Err(SendError::TooExpensive(base_fee));
        }
        let nonce = self.nonce(from, call, tip).await?;
        let gas_limit = self.gas(from, call, tip).await?;
        let priorities: Vec<(usize, U256)> = self.poll(tip, "eth_maxPriorityFeePerGas", json!([])).await;
        let priority = self.middle_of("the priority fee", priorities)?.saturating_to::<u128>().min(TIP_CAP);
        Ok(TxEip1559 {
            chain_id: self.vault.chain_id,
            nonce,
            gas_limit,
            // Six full blocks in a row double the base fee.
            max_fee_per_gas: 2 * base_fee + priority,
            max_priority_fee_per_gas: priority,
            to: TxKind::Call(Address::from(call.to)),
            value: U256::from(call.value),
            input: Bytes::copy_from_slice(&call.data),
            ..TxEip1559::default()
        })
    }

    /// The account's nonce at this block, if a quorum knows of nothing that is pending behind it.
    async fn nonce(&mut self, from: Address, call: &Call, tip: Block) -> Result<u64, SendError> {
        const METHOD: &str = "eth_getTransactionCount";
        let counts: Vec<(usize, U64)> = self.poll(tip, METHOD, json!([from, Which::Hash(tip.hash).json()])).await;
        let nonce = self.agree_on("the account's nonce", counts)?;
        // Honest pools differ, so whoever knows of a pending transaction alone is not blamed for it.
        let pending: Vec<(usize, U64)> = self.poll(tip, METHOD, json!([from, "pending"])).await;
        if pending.len() < self.quorum {
            return Err(self.no_quorum(MATTER, "the account's pending transactions").into());
        }
        if pending.iter().filter(|(_, count)| *count == nonce).count() < self.quorum {
            let count = |(index, count): (usize, U64)| Count {
                endpoint: self.endpoints[index].name.clone(),
                transactions: count.to(),
            };
            let counted = pending.into_iter().map(count).collect();
            return Err(SendError::Pending { what: call.what.clone(), mined: nonce.to(), counted });
        }
        Ok(nonce.to())
    }

    async fn gas(&mut self, from: Address, call: &Call, tip: Block) -> Result<u64, SendError> {
        // Unlike other calls, this one need not take a block by its hash.
        let question = json!([request(from, call), Which::At(tip.height).json()]);
        let estimates: Vec<(usize, U64)> = self.poll(tip, "eth_estimateGas", question).await;
        let estimate: u64 = self.middle_of("the gas of the call", estimates)?.to();
        // What others do before it in the block may make it dearer by some slots.
        let gas = estimate.saturating_add(estimate / 4);
        if gas > GAS_CAP {
            return Err(SendError::TooMuchGas { what: call.what.clone(), gas });
        }
        Ok(gas)
    }
}
