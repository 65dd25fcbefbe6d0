//! Giving a transaction to the endpoints. Nothing that they answer is believed.

use alloy::primitives::{B256, Bytes};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use williw_core::hash::Hash;
use williw_core::outbox::Answer;

use crate::base::{Base, EndpointFault};
use crate::panel::{Gift, Given};

use super::{Broadcast, MATTER};

/// Of a transaction only this is looked at.
#[derive(Deserialize)]
struct Known {
    hash: B256,
}

impl Base {
    /// Gives the transaction to everybody.
    pub async fn broadcast(&mut self, hash: Hash, bytes: &[u8]) -> Broadcast {
        self.begin(MATTER).await;
        let gift = Gift {
            method: "eth_sendRawTransaction",
            params: json!([Bytes::copy_from_slice(bytes)]),
            name: B256::from(hash.0),
            what: "the hash of the transaction",
            sorted,
        };
        let Given { answer, faults, refused } = self.panel.give(MATTER, self.patience.answer, &gift).await;
        Broadcast { answer, faults, refused: refused && !self.is_known(hash).await }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Outage;

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
