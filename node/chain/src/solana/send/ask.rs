//! Asking all endpoints at once.

use anchor_lang::prelude::Pubkey;
use serde::de::DeserializeOwned;
use serde_json::Value;
use williw_core::cycle::Height;

use crate::fault::{ChainError, EndpointFault};
use crate::solana::Solana;
use crate::solana::account::Shown;
use crate::solana::ask::Commitment;

use super::MATTER;

impl Solana {
    /// What everybody says who is sound, at or after a slot. Who fails to answer is named and takes no further part.
    pub(super) async fn poll<T: DeserializeOwned>(
        &mut self,
        method: &'static str,
        params: Value,
        from: Height,
    ) -> Vec<(usize, T)> {
        let ask = |index: usize| (index, self.panel[index].ask_from(method, &params, from));
        let asked = self.panel.sound(MATTER).into_iter().map(ask);
        let answers = self.panel.gather(asked, |good| good.len() >= self.panel.quorum).await;
        self.panel.settle(MATTER, answers)
    }

    /// What a quorum reads out of an account at `confirmed`.
    pub(super) async fn agree_on_account<T: Ord>(
        &mut self,
        what: &'static str,
        address: Pubkey,
        read: impl Fn(Option<&Shown>) -> Result<T, EndpointFault>,
    ) -> Result<T, ChainError> {
        let ask = |index: usize| {
            let (endpoint, read) = (&self.panel[index], &read);
            let value = async move {
                let answer = endpoint.accounts(&[address], Commitment::Confirmed, Height(0)).await?;
                read(answer.value.first().and_then(Option::as_ref))
            };
            (index, value)
        };
        let asked = self.panel.sound(MATTER).into_iter().map(ask);
        let answers = self.panel.gather(asked, |good| good.len() >= self.panel.quorum).await;
        let claims = self.panel.settle(MATTER, answers);
        self.panel.agree_on(MATTER, what, claims)
    }
}
