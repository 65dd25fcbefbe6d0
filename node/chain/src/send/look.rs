//! Giving a transaction to the endpoints, and what a quorum has of it afterwards.

use alloy::primitives::{B256, Bytes, U64};
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::json;
use tokio::time::timeout;
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::outbox::{Answer, Inclusion, Observation, Place, Sight};

use crate::base::abi::address_of;
use crate::base::endpoint::{Block, core_hash};
use crate::base::{Base, ChainError, EndpointFault, Faults, Outage, Reading, agreed};

use super::{Broadcast, Candidate, MATTER};

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

/// What everybody says about the receipts of some transactions.
#[derive(Default)]
struct Receipts {
    /// The one that a quorum shows.
    found: Option<Inclusion>,
    /// Who says of each of them that there is none.
    absent: Vec<usize>,
    /// Who said nothing of use.
    faults: Faults,
}

impl Base {
    /// Gives the transaction to everybody. Whatever they answer, it may be taken or not.
    pub async fn broadcast(&mut self, hash: Hash, bytes: &[u8]) -> Broadcast {
        self.begin(MATTER).await;
        let bytes = Bytes::copy_from_slice(bytes);
        let ask = |index: usize| {
            let (rpc, bytes, patience) = (&self.endpoints[index].rpc, &bytes, self.patience.answer);
            async move {
                let answer = rpc.demand::<B256>("eth_sendRawTransaction", json!([bytes]));
                let late = EndpointFault::Unreachable(Outage::Timeout);
                (index, timeout(patience, answer).await.unwrap_or(Err(late)))
            }
        };
        let asked = self.sound(MATTER);
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
                self.blame(MATTER, index, fault.clone());
            }
            faults.0.push((self.endpoints[index].name.clone(), fault));
        }
        let refusals = faults.0.iter().filter(|(_, fault)| matches!(fault, EndpointFault::Refused { .. })).count();
        // Whoever broke off or lied may have passed it on all the same. Whoever speaks of its nonce or of another transaction
        // with the same one says where to look, and not that it is refused for good.
        let refused = best == Answer::Refused && refusals >= self.quorum && !self.is_known(hash).await;
        Broadcast { answer: best, faults, refused }
    }

    /// Whether any endpoint has the transaction.
    async fn is_known(&self, hash: Hash) -> bool {
        let ask = |index: usize| {
            let rpc = &self.endpoints[index].rpc;
            rpc.ask::<Known>("eth_getTransactionByHash", json!([B256::from(hash.0)]))
        };
        let answers = join_all(self.sound(MATTER).into_iter().map(ask)).await;
        answers.into_iter().flatten().flatten().any(|known| known.hash.0 == hash.0)
    }

    /// What a quorum has of an intent's attempts near the tip: one of them in a block, or its nonce used up by something
    /// else, or nothing.
    pub async fn look(
        &mut self,
        from: Account,
        nonce: u64,
        attempts: &[Candidate],
    ) -> Result<Reading<Sight>, ChainError> {
        let from = address_of(from).ok_or(ChainError::ForeignAccount(from))?;
        self.begin(MATTER).await;
        let receipts = self.receipts(attempts).await;
        if let Some(inclusion) = receipts.found {
            return Ok(Reading { value: Sight::Included(inclusion), faults: self.faults(MATTER).and(receipts.faults) });
        }
        let tip = self.tip(MATTER).await?;
        if self.used_nonces(from, tip).await? <= nonce {
            return Ok(Reading { value: Sight::Open, faults: self.faults(MATTER).and(receipts.faults) });
        }
        // Asked anew, because one of them may have come into the block in between.
        let receipts = self.receipts(attempts).await;
        let has_tip = |latest: Option<Block>| latest.is_some_and(|latest| latest.height >= tip.height);
        let absent = receipts.absent.iter().filter(|index| has_tip(self.endpoints[**index].latest)).count();
        let value = match receipts.found {
            Some(inclusion) => Sight::Included(inclusion),
            None if absent >= self.quorum => Sight::Spent(place(tip)),
            None => return Err(self.no_receipts(receipts)),
        };
        Ok(Reading { value, faults: self.faults(MATTER).and(receipts.faults) })
    }

    /// What is final about an intent's attempts. `spent` is the block at which its nonce was seen to be used up.
    ///
    /// The state of a final block is kept by few, so the nonce is not asked for there: a block in which it was used up is
    /// remembered until it is final itself. If it never becomes so, what was seen is taken back: `Seen(Open)`.
    pub async fn look_at_final(
        &mut self,
        attempts: &[Candidate],
        spent: Option<Place>,
    ) -> Result<Reading<Observation>, ChainError> {
        // Before the receipts: those that are asked for later are of a chain that has this block.
        let head = self.final_block(MATTER).await?;
        let receipts = self.receipts(attempts).await;
        let observation = match (receipts.found, spent) {
            (Some(inclusion), _) if inclusion.place.height <= head.height => {
                if self.is_final(inclusion.place, head).await? {
                    Observation::Final(Sight::Included(inclusion))
                } else {
                    Observation::Seen(Sight::Open)
                }
            }
            (None, Some(spent)) if spent.height <= head.height => {
                let has_head = |at: Option<Block>| at.is_some_and(|at| at.height >= head.height);
                let absent = receipts.absent.iter().filter(|index| has_head(self.endpoints[**index].finalized));
                if absent.count() < self.quorum {
                    return Err(self.no_receipts(receipts));
                }
                if self.is_final(spent, head).await? {
                    Observation::Final(Sight::Spent(spent))
                } else {
                    Observation::Seen(Sight::Open)
                }
            }
            _ => Observation::Final(Sight::Open),
        };
        Ok(Reading { value: observation, faults: self.faults(MATTER).and(receipts.faults) })
    }

    /// The nonce is used, and too few say whether by one of the attempts.
    fn no_receipts(&mut self, receipts: Receipts) -> ChainError {
        let what = "what used the account's nonce";
        match self.no_quorum(MATTER, what) {
            ChainError::NoQuorum { quorum, faults, .. } => {
                ChainError::NoQuorum { what, quorum, faults: faults.and(receipts.faults) }
            }
            other => other,
        }
    }

    /// Whether the block is the one that a quorum has at its height, at or below the final head.
    async fn is_final(&mut self, block: Place, head: Block) -> Result<bool, ChainError> {
        let heads: Vec<(usize, Block)> = self
            .sound(MATTER)
            .into_iter()
            .filter_map(|index| Some((index, self.endpoints[index].finalized?)))
            .filter(|(_, finalized)| finalized.height >= head.height)
            .collect();
        let claims = self.claims(MATTER, block.height, &heads).await;
        match self.agreed_hash(&claims) {
            Some(hash) => Ok(core_hash(hash) == block.hash),
            None => Err(self.no_quorum(MATTER, "the block of the receipt")),
        }
    }

    /// The receipts of all attempts. Who lagged or failed before may have caught up, so everybody is asked who serves our
    /// chain.
    async fn receipts(&mut self, attempts: &[Candidate]) -> Receipts {
        let vetted: Vec<usize> = (0..self.endpoints.len()).filter(|index| self.endpoints[*index].vetted).collect();
        let mut receipts = Receipts { absent: vetted.clone(), ..Receipts::default() };
        // The latest is the likeliest.
        for (index, attempt) in attempts.iter().enumerate().rev() {
            let nth = u32::try_from(index + 1).expect("attempts are few");
            let hash = B256::from(attempt.hash.0);
            let ask = |index: usize| {
                let rpc = &self.endpoints[index].rpc;
                async move { (index, rpc.ask::<Mined>("eth_getTransactionReceipt", json!([hash])).await) }
            };
            let answers = join_all(vetted.iter().copied().map(ask)).await;
            let mut claims = Vec::new();
            for (index, answer) in answers {
                let none = matches!(answer, Ok(None));
                match answer {
                    Ok(Some(mined)) if mined.transaction_hash == hash => claims.push((index, mined)),
                    Ok(Some(_)) => {
                        self.blame(MATTER, index, EndpointFault::Contradicts("the receipt"));
                    }
                    Ok(None) => {}
                    Err(fault) => receipts.faults.0.push((self.endpoints[index].name.clone(), fault)),
                }
                if !none {
                    receipts.absent.retain(|other| *other != index);
                }
            }
            let Some(truth) = agreed(&claims, self.quorum) else { continue };
            for (index, claim) in claims {
                if claim != truth {
                    self.blame(MATTER, index, EndpointFault::Contradicts("the receipt"));
                }
            }
            let place = Place { height: Height(truth.block_number.to()), hash: core_hash(truth.block_hash) };
            let succeeded = !truth.status.is_zero();
            receipts.found = Some(Inclusion { attempt: nth, purpose: attempt.purpose, place, succeeded });
            break;
        }
        receipts
    }
}

const fn place(block: Block) -> Place {
    Place { height: block.height, hash: core_hash(block.hash) }
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
const fn rank(answer: Answer) -> u8 {
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
