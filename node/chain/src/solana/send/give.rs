//! Giving a transaction to the endpoints. Nothing that they answer is believed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::future::join_all;
use serde_json::json;
use williw_core::outbox::{Answer, TransactionName};

use crate::fault::EndpointFault;
use crate::panel::{Gift, Given};
use crate::send::Broadcast;
use crate::solana::Solana;

use super::MATTER;

impl Solana {
    /// Gives the transaction to everybody. They are to pass it on as it is, once: it was tried, and it is this node that sends
    /// it again.
    pub async fn broadcast(&mut self, signature: [u8; 64], bytes: &[u8]) -> Broadcast {
        self.begin(MATTER).await;
        let options = json!({ "encoding": "base64", "skipPreflight": true, "maxRetries": 0 });
        let gift = Gift {
            method: "sendTransaction",
            params: json!([BASE64_STANDARD.encode(bytes), options]),
            name: TransactionName::Solana(signature).to_string(),
            what: "the signature of the transaction",
            sorted,
        };
        let Given { answer, faults, refused } = self.panel.give(MATTER, self.patience.answer, &gift).await;
        Broadcast { answer, faults, refused: refused && !self.is_known(signature).await }
    }

    /// Whether any endpoint has seen the transaction, in whatever block.
    async fn is_known(&self, signature: [u8; 64]) -> bool {
        let ask = |index: usize| self.panel[index].status(signature);
        let answers = join_all(self.panel.sound(MATTER).into_iter().map(ask)).await;
        answers.into_iter().flatten().any(|shown| shown.is_known)
    }
}

/// What an endpoint means by not taking a transaction. All of these only say where to look.
fn sorted(fault: &EndpointFault) -> Answer {
    let EndpointFault::Refused { message, .. } = fault else { return Answer::Unclear };
    let message = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["already been processed", "already processed", "alreadyprocessed"]) {
        Answer::Known
    } else if says(&[
        "blockhash not found",
        "blockhashnotfound",
        "blockhash is not valid",
        "blockhash expired",
        "block height exceeded",
    ]) {
        // It is too old, or too young for an endpoint that is behind.
        Answer::PinSpent
    } else if says(&["node is behind", "node is unhealthy", "too many requests", "rate limit"]) {
        Answer::Unclear
    } else {
        Answer::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Outage;

    #[test]
    fn the_words_of_nodes_are_sorted() {
        let refused = |message: &str| {
            let fault = EndpointFault::Refused { method: "", code: -32_002, message: message.to_owned() };
            sorted(&fault)
        };
        let failed = "Transaction simulation failed: ";
        assert_eq!(refused(&format!("{failed}This transaction has already been processed")), Answer::Known);
        assert_eq!(refused(&format!("{failed}Blockhash not found")), Answer::PinSpent);
        assert_eq!(refused("Node is behind by 42 slots"), Answer::Unclear);
        assert_eq!(refused(&format!("{failed}Attempt to debit an account but found no record")), Answer::Refused);
        assert_eq!(sorted(&EndpointFault::Unreachable(Outage::Cut)), Answer::Unclear);
    }
}
