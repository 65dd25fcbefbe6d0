//! Asking all endpoints at once, and what follows from their answers.

use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::abi::address_of;
use crate::base::endpoint::{Block, Which, revert_bytes};
use crate::base::{Base, ChainError, EndpointFault};
use crate::rpc::Answer;
use crate::verb::Call;

use super::MATTER;

/// What a call came to at some block: the bytes it returned, or those it was reverted with.
type Outcome = Result<Bytes, Bytes>;

impl Base {
    /// Who has this block. Who is a little behind is not asked about it, and not blamed.
    fn there(&self, tip: Block) -> Vec<usize> {
        let there = |index: &usize| self.panel[*index].seen.latest.is_some_and(|latest| latest.height >= tip.height);
        self.panel.sound(MATTER).into_iter().filter(there).collect()
    }

    /// What everybody says who has this block. Who fails to answer is named and takes no further part.
    pub(super) async fn poll<T: DeserializeOwned>(
        &mut self,
        tip: Block,
        method: &'static str,
        params: Value,
    ) -> Vec<(usize, T)> {
        let ask = |index: usize| {
            let (rpc, params) = (&self.panel[index].rpc, params.clone());
            async move { (index, rpc.demand(method, params).await) }
        };
        let answers = join_all(self.there(tip).into_iter().map(ask)).await;
        self.panel.settle(MATTER, answers)
    }

    /// What a call comes to at this block, as everybody has it who has the block.
    pub(super) async fn outcomes(&mut self, tip: Block, request: &Value) -> Vec<(usize, Outcome)> {
        const METHOD: &str = "eth_call";
        let ask = |index: usize| {
            let (rpc, params) = (&self.panel[index].rpc, json!([request, Which::Hash(tip.hash).json()]));
            async move { (index, rpc.answer::<Bytes>(METHOD, params).await) }
        };
        let answers = join_all(self.there(tip).into_iter().map(ask)).await;
        let outcome = |answer| match answer {
            Answer::Result(Some(returned)) => Ok(Ok(returned)),
            Answer::Result(None) => Err(EndpointFault::Undecodable(METHOD)),
            Answer::Refusal { code, message, data } => match revert_bytes(data.as_ref()) {
                Some(reverted) => Ok(Err(reverted)),
                None => Err(EndpointFault::Refused { method: METHOD, code, message }),
            },
        };
        let outcomes = answers.into_iter().map(|(index, answer)| (index, answer.and_then(outcome))).collect();
        self.panel.settle(MATTER, outcomes)
    }

    /// A number that a contract gives, as a quorum reads it at this block; zero where it gives none.
    pub(super) async fn number<C: SolCall<Return = U256>>(
        &mut self,
        tip: Block,
        what: &'static str,
        contract: Address,
        view: C,
    ) -> Result<U256, ChainError> {
        let request = json!({ "to": contract, "data": Bytes::from(view.abi_encode()) });
        let number = |outcome: Outcome| match outcome {
            Ok(bytes) => C::abi_decode_returns(&bytes).map_err(|_| EndpointFault::Undecodable("eth_call")),
            Err(_reverted) => Ok(U256::ZERO),
        };
        let outcomes = self.outcomes(tip, &request).await;
        let numbers = outcomes.into_iter().map(|(index, outcome)| (index, number(outcome))).collect();
        let claims = self.panel.settle(MATTER, numbers);
        self.panel.agree_on(MATTER, what, claims)
    }
}

/// The call as nodes are asked about it.
pub(super) fn request(from: Address, call: &Call) -> Result<Value, ChainError> {
    let data = Bytes::copy_from_slice(&call.data);
    Ok(json!({ "from": from, "to": target(call)?, "data": data, "value": U256::from(call.value) }))
}

/// The contract that is called.
pub(super) fn target(call: &Call) -> Result<Address, ChainError> {
    address_of(call.to).ok_or(ChainError::ForeignAccount(call.to))
}
