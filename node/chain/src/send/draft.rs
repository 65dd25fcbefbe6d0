//! The numbers of a transaction: whose it is to say them, and how far they are believed.

use alloy::consensus::TxEip1559;
use alloy::primitives::{Address, Bytes, TxKind, U64, U256};
use serde_json::json;
use williw_core::outbox::{Fees, Wei};

use crate::base::Base;
use crate::base::endpoint::{Block, Which};
use crate::verb::Call;

use super::ask::{request, target};
use super::{BASE_FEE_CAP, Count, Draft, GAS_CAP, MATTER, SPARE_GAS, SendError, TIP_CAP};

impl Base {
    /// The transaction as it will be signed.
    pub(super) async fn numbers(&mut self, from: Address, call: &Call, tip: Block) -> Result<Draft, SendError> {
        // First of all: what is too dear needs no further question.
        let fees = self.fees(tip).await?;
        let nonce = self.nonce(from, call, tip).await?;
        let gas_limit = self.gas(from, call, tip).await?;
        let draft = Draft {
            transaction: TxEip1559 {
                chain_id: self.vault.chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: fees.max.0,
                max_priority_fee_per_gas: fees.tip.0,
                to: TxKind::Call(target(call)?),
                value: U256::from(call.value),
                input: Bytes::copy_from_slice(&call.data),
                ..TxEip1559::default()
            },
            tip: tip.height,
        };
        self.can_pay(from, &draft, &call.what, tip).await?;
        Ok(draft)
    }

    /// What is usually offered at this block.
    pub(super) async fn fees(&mut self, tip: Block) -> Result<Fees, SendError> {
        let base_fee = u128::from(tip.base_fee.ok_or(SendError::NoBaseFee(tip.height))?);
        if base_fee > BASE_FEE_CAP {
            return Err(SendError::TooExpensive(base_fee));
        }
        let priorities: Vec<(usize, U256)> = self.poll(tip, "eth_maxPriorityFeePerGas", json!([])).await;
        let priority =
            self.panel.middle_of(MATTER, "the priority fee", priorities)?.saturating_to::<u128>().min(TIP_CAP);
        // Six full blocks in a row double the base fee.
        Ok(Fees { max: Wei(2 * base_fee + priority), tip: Wei(priority) })
    }

    /// The account's nonce at this block, as a quorum has it.
    pub(super) async fn used_nonces(&mut self, from: Address, tip: Block) -> Result<u64, crate::base::ChainError> {
        const METHOD: &str = "eth_getTransactionCount";
        let counts: Vec<(usize, U64)> = self.poll(tip, METHOD, json!([from, Which::Hash(tip.hash).json()])).await;
        self.panel.agree_on(MATTER, "the account's nonce", counts).map(|count| count.to())
    }

    /// The account's nonce at this block, if a quorum knows of nothing that is pending behind it.
    async fn nonce(&mut self, from: Address, call: &Call, tip: Block) -> Result<u64, SendError> {
        let nonce = self.used_nonces(from, tip).await?;
        // Honest pools differ, so whoever knows of a pending transaction alone is not blamed for it.
        let pending: Vec<(usize, U64)> = self.poll(tip, "eth_getTransactionCount", json!([from, "pending"])).await;
        if pending.len() < self.panel.quorum {
            return Err(self.panel.no_quorum(MATTER, "the account's pending transactions").into());
        }
        if pending.iter().filter(|(_, count)| count.to::<u64>() == nonce).count() < self.panel.quorum {
            let count = |(index, count): (usize, U64)| Count {
                endpoint: self.panel[index].name.clone(),
                transactions: count.to(),
            };
            let counted = pending.into_iter().map(count).collect();
            return Err(SendError::Pending { what: call.what.clone(), mined: nonce, counted });
        }
        Ok(nonce)
    }

    async fn gas(&mut self, from: Address, call: &Call, tip: Block) -> Result<u64, SendError> {
        // Unlike other calls, this one need not take a block by its hash.
        let question = json!([request(from, call)?, Which::At(tip.height).json()]);
        let estimates: Vec<(usize, U64)> = self.poll(tip, "eth_estimateGas", question).await;
        let estimate: u64 = self.panel.middle_of(MATTER, "the gas of the call", estimates)?.to();
        // What others do before it may make it dearer, and a cycle that ends does by two slots that were empty until then.
        let gas = estimate.saturating_add(estimate / 4).saturating_add(SPARE_GAS);
        if gas > GAS_CAP {
            return Err(SendError::TooMuchGas { what: call.what.clone(), gas });
        }
        Ok(gas)
    }

    /// A transaction that the account cannot pay would be signed, taken by nobody, and happen on the day it can.
    pub(super) async fn can_pay(
        &mut self,
        from: Address,
        draft: &Draft,
        what: &str,
        tip: Block,
    ) -> Result<(), SendError> {
        let balances: Vec<(usize, U256)> =
            self.poll(tip, "eth_getBalance", json!([from, Which::Hash(tip.hash).json()])).await;
        let has = self.panel.agree_on(MATTER, "the account's money", balances)?;
        let needs = draft.costs_at_most();
        if has < needs {
            return Err(SendError::TooPoor { what: what.to_owned(), has, needs });
        }
        Ok(())
    }
}
