//! Asking all endpoints at once, and what follows from their answers.

use alloy::primitives::{Address, Bytes, U256};
use alloy::sol_types::SolCall;
use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::base::endpoint::{Block, Which, revert_bytes};
use crate::base::rpc::Answer;
use crate::base::{Base, ChainError, EndpointFault, agreed};
use crate::verb::Call;

use super::MATTER;

/// What a call came to at some block: the bytes it returned, or those it was reverted with.
type Outcome = Result<Bytes, Bytes>;

impl Base {
    /// Who has this block. Who is a little behind is not asked about it, and not blamed.
    fn there(&self, tip: Block) -> Vec<usize> {
        let there = |index: &usize| self.endpoints[*index].latest.is_some_and(|latest| latest.height >= tip.height);
        self.sound(MATTER).into_iter().filter(there).collect()
    }

    /// What everybody says who has this block. Who fails to answer is named and takes no further part.
    pub(super) async fn poll<T: DeserializeOwned>(
        &mut self,
        tip: Block,
        method: &'static str,
        params: Value,
    ) -> Vec<(usize, T)> {
        let ask = |index: usize| {
            let (rpc, params) = (&self.endpoints[index].rpc, params.clone());
            async move { (index, rpc.demand(method, params).await) }
        };
        let answers = join_all(self.there(tip).into_iter().map(ask)).await;
        self.settle(MATTER, answers)
    }

    /// What a call comes to at this block, as everybody has it who has the block.
    pub(super) async fn outcomes(&mut self, tip: Block, request: &Value) -> Vec<(usize, Outcome)> {
        const METHOD: &str = "eth_call";
        let ask = |index: usize| {
            let (rpc, params) = (&self.endpoints[index].rpc, json!([request, Which::Hash(tip.hash).json()]));
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
        self.settle(MATTER, outcomes)
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
        let claims = self.settle(MATTER, numbers);
        self.agree_on(what, claims)
    }

    /// What a quorum says. Whoever says something else is named; where no quorum agrees, all of them are.
    pub(super) fn agree_on<T: Ord>(&mut self, what: &'static str, claims: Vec<(usize, T)>) -> Result<T, ChainError> {
        let compared: Vec<_> = claims.iter().map(|(index, claim)| (*index, claim)).collect();
        let truth = agreed(&compared, self.quorum);
        let others: Vec<usize> =
            compared.iter().filter(|(_, claim)| Some(*claim) != truth).map(|(index, _)| *index).collect();
        for index in &others {
            self.blame(MATTER, *index, EndpointFault::Contradicts(what));
        }
        let agreeing = claims.into_iter().find(|(index, _)| !others.contains(index));
        agreeing.map(|(_, claim)| claim).ok_or_else(|| self.no_quorum(MATTER, what))
    }

    /// The middle of what everybody says, for numbers that honest endpoints may differ in. Of two the higher one.
    pub(super) fn middle_of<T: Ord>(&mut self, what: &'static str, claims: Vec<(usize, T)>) -> Result<T, ChainError> {
        let enough = claims.len() >= self.quorum;
        let middle = enough.then(|| middle(claims.into_iter().map(|(_, claim)| claim).collect())).flatten();
        middle.ok_or_else(|| self.no_quorum(MATTER, what))
    }
}

/// While the liars are fewer than the honest, honest answers lie on both sides of this, or it is one. Only of two it is
/// whatever the higher one says.
fn middle<T: Ord>(mut answers: Vec<T>) -> Option<T> {
    answers.sort_unstable();
    let middle = answers.len() / 2;
    answers.into_iter().nth(middle)
}

/// The call as nodes are asked about it.
pub(super) fn request(from: Address, call: &Call) -> Value {
    let data = Bytes::copy_from_slice(&call.data);
    json!({ "from": from, "to": Address::from(call.to), "data": data, "value": U256::from(call.value) })
}

#[cfg(test)]
mod tests {
    use super::middle;

    #[test]
    fn one_liar_among_three_moves_no_number_beyond_the_honest_ones() {
        assert_eq!(middle(vec![0, 21, 20]), Some(20));
        assert_eq!(middle(vec![20, 99, 21]), Some(21));
        assert_eq!(
            middle(vec![20, 0]),
            Some(20),
            "of two the higher one: too little gas fails, too much costs nothing"
        );
        assert_eq!(middle(vec![20]), Some(20));
        assert_eq!(middle::<u64>(vec![]), None);
    }
}
