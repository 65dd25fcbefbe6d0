//! Giving a transaction to the endpoints. Nothing that they answer is believed.

use alloy::primitives::{B256, Bytes};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;
use williw_core::hash::Hash;
use williw_core::outbox::Answer;

use crate::base::{Base, EndpointFault, Faults, Outage};

use super::{Broadcast, MATTER};

/// Of a transaction only this is looked at.
#[derive(Deserialize)]
struct Known {
    hash: B256,
}

impl Base {
    /// Gives the transaction to everybody. Whatever they answer, it may be taken or not.
    pub async fn broadcast(&mut self, hash: Hash, bytes: &[u8]) -> Broadcast {
        self.begin(MATTER).await;
        let bytes = Bytes::copy_from_slice(bytes);
        let ask = |index: usize| {
            let (rpc, bytes, patience) = (&self.panel[index].rpc, &bytes, self.patience.answer);
            async move {
                let answer = rpc.demand::<B256>("eth_sendRawTransaction", json!([bytes]));
                let late = EndpointFault::Unreachable(Outage::Timeout);
                (index, timeout(patience, answer).await.unwrap_or(Err(late)))
            }
        };
        let asked = self.panel.sound(MATTER);
        let answers = join_all(asked.iter().copied().map(ask)).await;
        let (mut faults, mut best) = (Faults::default(), Answer::Unclear);
        for (index, answer) in answers {
            let fault = match answer {
                Ok(taken) if taken.0 == hash.0 => {
                    best = Answer::Taken;
                    continue;
                }
                Ok(_) => EndpointFault::Contradicts("the hash of the transaction"),
                Err(fault) => fault,
            };
            let said = sorted(&fault);
            if rank(said) > rank(best) {
                best = said;
            }
            if fault.is_lie() {
                self.panel.blame(MATTER, index, fault.clone());
            }
            faults.0.push((self.panel[index].name.clone(), fault));
        }
        let refusals = faults.0.iter().filter(|(_, fault)| matches!(fault, EndpointFault::Refused { .. })).count();
        // Whoever broke off or lied may have passed it on all the same. Whoever speaks of its nonce or of another transaction
        // with the same one says where to look, and not that it is refused for good.
        let refused = best == Answer::Refused && refusals >= self.panel.quorum && !self.is_known(hash).await;
        Broadcast { answer: best, faults, refused }
    }

    /// Whether any endpoint has the transaction.
    async fn is_known(&self, hash: Hash) -> bool {
        let ask = |index: usize| {
            let rpc = &self.panel[index].rpc;
            rpc.ask::<Known>("eth_getTransactionByHash", json!([B256::from(hash.0)]))
        };
        let answers = join_all(self.panel.sound(MATTER).into_iter().map(ask)).await;
        answers.into_iter().flatten().flatten().any(|known| known.hash.0 == hash.0)
    }
}

/// What an endpoint means by not taking a transaction. Nodes differ in their words, and all of these only say where to look.
fn sorted(fault: &EndpointFault) -> Answer {
    let EndpointFault::Refused { message, .. } = fault else { return Answer::Unclear };
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["already known", "alreadyknown", "known transaction", "already imported", "already in the pool"]) {
        Answer::Known
    } else if says(&["nonce too low", "nonce is too low", "oldnonce", "old nonce"]) {
        Answer::PinSpent
    } else if says(&["underpriced", "replacementnotallowed", "replacement not allowed"]) {
        Answer::Underpriced
    } else {
        Answer::Refused
    }
}

/// Which of two answers says more.
pub(crate) const fn rank(answer: Answer) -> u8 {
    match answer {
        Answer::Unclear => 0,
        Answer::Refused => 1,
        Answer::Underpriced => 2,
        Answer::PinSpent => 3,
        Answer::Known => 4,
        Answer::Taken => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_nodes_are_sorted() {
        let refused = |message: &str| {
            let fault = EndpointFault::Refused { method: "", code: -32_000, message: message.to_owned() };
            sorted(&fault)
        };
        assert_eq!(refused("already known"), Answer::Known);
        assert_eq!(refused("transaction already imported"), Answer::Known);
        assert_eq!(refused("AlreadyKnown"), Answer::Known);
        assert_eq!(refused("nonce too low: next nonce 5, tx nonce 4"), Answer::PinSpent);
        assert_eq!(refused("OldNonce, Current nonce: 5, nonce of rejected tx: 4"), Answer::PinSpent);
        assert_eq!(refused("replacement transaction underpriced"), Answer::Underpriced);
        assert_eq!(refused("insufficient funds for gas * price + value"), Answer::Refused);
        assert_eq!(sorted(&EndpointFault::Unreachable(Outage::Cut)), Answer::Unclear);
        assert_eq!(sorted(&EndpointFault::Undecodable("eth_sendRawTransaction")), Answer::Unclear);
    }
}
