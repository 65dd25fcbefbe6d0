//! From the first endpoint that is given a transaction to the receipt that a quorum shows.

use alloy::primitives::{B256, Bytes, U64};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout_at};
use williw_core::cycle::Height;

use crate::base::{Base, EndpointFault, Faults, agreed};

use super::{MATTER, Outgoing, RECEIPT_PERIOD, Receipt, SendError};

/// Of a receipt only this is looked at.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
struct Mined {
    transaction_hash: B256,
    block_hash: B256,
    block_number: U64,
    status: U64,
}

/// Of a transaction only this is looked at.
#[derive(Deserialize)]
struct Known {
    hash: B256,
}

impl Base {
    /// Gives the transaction to everybody; one that takes it is enough. The refusals of the others come back.
    pub(super) async fn broadcast(&mut self, outgoing: Outgoing<'_>, bytes: Bytes) -> Result<Faults, SendError> {
        let ask = |index: usize| {
            let (rpc, bytes) = (&self.endpoints[index].rpc, &bytes);
            async move { (index, rpc.demand::<B256>("eth_sendRawTransaction", json!([bytes])).await) }
        };
        let asked = self.sound(MATTER);
        let answers = join_all(asked.iter().copied().map(ask)).await;
        let mut faults = Faults::default();
        for (index, answer) in answers {
            let fault = match answer {
                Ok(hash) if hash.0 == outgoing.hash.0 => continue,
                Ok(_) => EndpointFault::Contradicts("the hash of the transaction"),
                Err(fault) => fault,
            };
            if fault.is_lie() {
                self.blame(MATTER, index, fault.clone());
            }
            faults.0.push((self.endpoints[index].name.clone(), fault));
        }
        let taken = faults.0.len() < asked.len();
        let refused = faults.0.iter().filter(|(_, fault)| matches!(fault, EndpointFault::Refused { .. })).count();
        // Whoever broke off or lied may have passed it on all the same, and it may be refused for being known already.
        if !taken && refused >= self.quorum && !self.is_known(outgoing).await {
            let what = outgoing.what.to_owned();
            return Err(SendError::NotTaken { what, hash: outgoing.hash, faults });
        }
        Ok(faults)
    }

    /// Whether any endpoint has the transaction.
    async fn is_known(&self, outgoing: Outgoing<'_>) -> bool {
        let ask = |index: usize| {
            let rpc = &self.endpoints[index].rpc;
            rpc.ask::<Known>("eth_getTransactionByHash", json!([B256::from(outgoing.hash.0)]))
        };
        let answers = join_all(self.sound(MATTER).into_iter().map(ask)).await;
        answers.into_iter().flatten().flatten().any(|known| known.hash.0 == outgoing.hash.0)
    }

    /// Waits until a quorum has the transaction in the same block.
    pub(super) async fn receipt(&mut self, outgoing: Outgoing<'_>, refusals: Faults) -> Result<Receipt, SendError> {
        let Outgoing { hash, nonce, .. } = outgoing;
        let what = outgoing.what.to_owned();
        let deadline = Instant::now() + self.receipts_within;
        let mut silent = Faults::default();
        loop {
            match timeout_at(deadline, self.mined(B256::from(hash.0))).await {
                Ok(Ok(Mined { block_number, status, .. })) => {
                    let block = Height(block_number.to());
                    if status.is_zero() {
                        return Err(SendError::Reverted { what, hash, block });
                    }
                    return Ok(Receipt { hash, block });
                }
                Ok(Err(faults)) => silent = faults,
                Err(_too_late) => {}
            }
            if Instant::now() + RECEIPT_PERIOD > deadline {
                let faults = refusals.and(silent);
                return Err(SendError::NoReceipt { what, hash, nonce, faults });
            }
            sleep(RECEIPT_PERIOD).await;
        }
    }

    /// The receipt that a quorum shows, or who did not even say that there is none.
    async fn mined(&mut self, hash: B256) -> Result<Mined, Faults> {
        let ask = |index: usize| {
            let rpc = &self.endpoints[index].rpc;
            async move { (index, rpc.ask::<Mined>("eth_getTransactionReceipt", json!([hash])).await) }
        };
        // Who lagged or failed before may have caught up, and is asked again in every round.
        let vetted = (0..self.endpoints.len()).filter(|index| self.endpoints[*index].vetted);
        let answers = join_all(vetted.map(ask)).await;
        let (mut claims, mut faults) = (Vec::new(), Faults::default());
        for (index, answer) in answers {
            match answer {
                Ok(Some(mined)) if mined.transaction_hash == hash => claims.push((index, mined)),
                Ok(_) => {}
                Err(fault) => faults.0.push((self.endpoints[index].name.clone(), fault)),
            }
        }
        let truth = agreed(&claims, self.quorum).ok_or(faults)?;
        for (index, claim) in claims {
            if claim != truth {
                self.blame(MATTER, index, EndpointFault::Contradicts("the receipt"));
            }
        }
        Ok(truth)
    }
}
