//! Asking all endpoints at once.

use anchor_lang::prelude::Pubkey;
use serde::de::DeserializeOwned;
use serde_json::Value;
use williw_core::cycle::Height;

use crate::fault::{ChainError, EndpointFault};
use crate::solana::account::Shown;
use crate::solana::ask::{AtSlot, Commitment};
use crate::solana::{Endpoint, Solana};

use super::MATTER;

impl Endpoint {
    /// What it says as of a slot or later. That it was asked for no earlier one does not mean that it answers with none.
    pub(super) async fn ask_at<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: &Value,
        from: Height,
    ) -> Result<AtSlot<T>, EndpointFault> {
        reaching(self.ask_from(method, params, from).await?, from)
    }
}

impl Solana {
    /// What everybody says who is sound. Who fails to answer is named and takes no further part.
    pub(super) async fn poll<T: DeserializeOwned>(&mut self, method: &'static str, params: Value) -> Vec<(usize, T)> {
        let ask = |index: usize| (index, self.panel[index].rpc.demand(method, params.clone()));
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
        let claims = self.read_account(address, read).await;
        self.panel.agree_on(MATTER, what, claims)
    }

    /// What everybody shows in an account at `confirmed`.
    pub(super) async fn read_account<T>(
        &mut self,
        address: Pubkey,
        read: impl Fn(Option<&Shown>) -> Result<T, EndpointFault>,
    ) -> Vec<(usize, T)> {
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
        self.panel.settle(MATTER, answers)
    }

    /// Whether a quorum has as much of something as is needed; if not, how much those say who do not.
    ///
    /// The amounts themselves need not be equal: endpoints are some slots apart, and whoever likes adds a little in every one.
    pub(super) fn lacking(
        &mut self,
        what: &'static str,
        amounts: Vec<(usize, u64)>,
        needs: u64,
    ) -> Result<Option<u64>, ChainError> {
        let claims = amounts.iter().map(|(index, amount)| (*index, *amount >= needs)).collect();
        if self.panel.agree_on(MATTER, what, claims)? {
            return Ok(None);
        }
        let short = amounts.into_iter().filter(|(_, amount)| *amount < needs).collect();
        self.panel.middle_of(MATTER, what, short).map(Some)
    }
}

fn reaching<T>(answer: AtSlot<T>, from: Height) -> Result<AtSlot<T>, EndpointFault> {
    let at = answer.slot();
    if at >= from { Ok(answer) } else { Err(EndpointFault::Lagging { at, behind: from.0 - at.0 }) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_from_before_the_slot_that_was_asked_for_is_none() {
        let answer = |slot: u64| -> AtSlot<u64> {
            serde_json::from_value(json!({ "context": { "slot": slot }, "value": 1 })).unwrap()
        };
        assert!(reaching(answer(9), Height(9)).is_ok() && reaching(answer(10), Height(9)).is_ok());
        let lagging = EndpointFault::Lagging { at: Height(7), behind: 2 };
        assert_eq!(reaching(answer(7), Height(9)).unwrap_err(), lagging);
    }
}
