//! Which block used a nonce, long after nodes have dropped its receipts.
//!
//! The number of an account's transactions only grows, so halving finds the first block that has the nonce. A few dozen
//! questions about old states, which only some nodes keep: it is asked only where nothing else tells.

use alloy::primitives::{Address, B256};
use serde::Deserialize;
use serde_json::json;
use williw_core::cycle::Height;

use crate::base::endpoint::Block;
use crate::base::{Base, ChainError};

use super::MATTER;
use super::look::Sought;

/// Of a block only the names of its transactions are looked at.
#[derive(Deserialize)]
struct Named {
    transactions: Vec<B256>,
}

impl Base {
    /// That the nonce, used up as of the block at `until`, was used by none of the attempts: in the block that used it there
    /// is none of them.
    pub(super) async fn used_by_another(
        &mut self,
        from: Address,
        sought: Sought<'_>,
        until: Height,
    ) -> Result<(), ChainError> {
        let found = self.names_beside(from, sought, until).await;
        let names = found.map_err(|error| match error {
            ChainError::NoQuorum { quorum, faults, .. } => {
                let what = "what used the account's nonce so long ago (ask endpoints that keep old states)";
                ChainError::NoQuorum { what, quorum, faults }
            }
            other => other,
        })?;
        if sought.attempts.iter().any(|attempt| names.contains(&B256::from(attempt.hash.0))) {
            return Err(self
                .panel
                .no_quorum(MATTER, "the receipt of what is in a block (ask endpoints that keep old receipts)"));
        }
        Ok(())
    }

    /// The transactions of the block in which the nonce was used.
    async fn names_beside(
        &mut self,
        from: Address,
        sought: Sought<'_>,
        until: Height,
    ) -> Result<Vec<B256>, ChainError> {
        const METHOD: &str = "eth_getBlockByHash";
        let (mut free, mut used) = (sought.trail.free_at, until);
        // A reorganisation may have moved it below the height at which it was once seen unused.
        if free >= used || self.used_nonces_at(from, free).await? > sought.nonce {
            free = Height(0);
        }
        while used.0.saturating_sub(free.0) > 1 {
            let middle = Height(free.0 + (used.0 - free.0) / 2);
            if self.used_nonces_at(from, middle).await? > sought.nonce { used = middle } else { free = middle }
        }
        let block = self.block_at(used).await?;
        let named: Vec<(usize, Named)> = self.poll(block, METHOD, json!([block.hash, false])).await;
        let names = named.into_iter().map(|(index, named)| (index, named.transactions)).collect();
        self.panel.agree_on(MATTER, "the transactions of a block", names)
    }

    async fn used_nonces_at(&mut self, from: Address, height: Height) -> Result<u64, ChainError> {
        let block = self.block_at(height).await?;
        self.used_nonces(from, block).await
    }

    async fn block_at(&mut self, height: Height) -> Result<Block, ChainError> {
        let latest = |index: usize| Some((index, self.panel[index].seen.latest?));
        let heads: Vec<(usize, Block)> = self.panel.sound(MATTER).into_iter().filter_map(latest).collect();
        let claims = self.claims(MATTER, height, &heads).await;
        self.agree(MATTER, &claims).ok_or_else(|| self.panel.no_quorum(MATTER, "an old block"))
    }
}
