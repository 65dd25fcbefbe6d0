//! What a quorum has of transactions that were signed, and of the blocks in which it was seen.
//!
//! That there is no receipt is the weakest of evidence: nodes drop old ones, and some index them late. So a block in which
//! something was seen is asked about by its hash, which every node keeps, and where too much time has passed for a missing
//! receipt to tell anything, the block that used the nonce is looked for.

use alloy::primitives::{Address, B256, U64};
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::json;
use williw_core::cycle::Height;
use williw_core::identity::Account;
use williw_core::outbox::{Inclusion, Observation, Place, Sight, Standing, Trail};

use crate::base::abi::address_of;
use crate::base::endpoint::{Block, core_hash};
use crate::base::{Base, ChainError, EndpointFault, Faults, Reading};
use crate::quorum::agreed;

use super::{Candidate, MATTER};

/// A nonce of an account, and what was signed with it.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    pub from: Account,
    pub nonce: u64,
    pub trail: Trail,
    pub attempts: &'a [Candidate],
    /// For how many blocks endpoints keep receipts, so that a missing one tells something.
    pub remembered: u64,
}

/// Of a receipt only this is looked at.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
struct Mined {
    transaction_hash: B256,
    block_hash: B256,
    block_number: U64,
    status: U64,
}

/// What everybody says about the receipts of some transactions.
#[derive(Default)]
struct Receipts {
    /// The one that a quorum shows.
    found: Option<Inclusion>,
    /// Who says that there is none of any of them.
    absent: Vec<usize>,
    /// Who said nothing of use.
    faults: Faults,
}

impl Base {
    /// What a quorum has of an intent's attempts near the tip: one of them in a block, or its nonce used up by something
    /// else, or nothing.
    pub async fn look(&mut self, sought: Sought<'_>) -> Result<Reading<Sight>, ChainError> {
        let from = address_of(sought.from).ok_or(ChainError::ForeignAccount(sought.from))?;
        self.begin(MATTER).await;
        let receipts = self.receipts(sought.attempts).await;
        if let Some(inclusion) = receipts.found {
            return Ok(self.reading(Sight::Included(inclusion), receipts));
        }
        let tip = self.tip(MATTER).await?;
        if self.used_nonces(from, tip).await? <= sought.nonce {
            return Ok(self.reading(Sight::Open(tip.height), receipts));
        }
        // Asked anew, because one of them may have come into the block in between.
        let receipts = self.receipts(sought.attempts).await;
        let value = match receipts.found {
            Some(inclusion) => Sight::Included(inclusion),
            None => {
                self.none_of(from, sought, tip.height, &receipts).await?;
                Sight::Spent(place(tip))
            }
        };
        Ok(self.reading(value, receipts))
    }

    /// Whether a block that was seen before is still the one at its height, and whether it is final.
    pub async fn standing(&mut self, place: Place) -> Result<Reading<Standing>, ChainError> {
        let head = self.final_block(MATTER).await?;
        let is_final = place.height <= head.height;
        let reaches = |index: usize| {
            let endpoint = &self.panel[index];
            let at = if is_final { endpoint.seen.finalized } else { endpoint.seen.latest };
            Some((index, at.filter(|at| at.height >= place.height)?))
        };
        let heads: Vec<(usize, Block)> = self.panel.sound(MATTER).into_iter().filter_map(reaches).collect();
        let claims = self.claims(MATTER, place.height, &heads).await;
        let value = match self.agreed_hash(&claims) {
            Some(hash) if core_hash(hash) != place.hash => Standing::Gone,
            Some(_) if is_final => Standing::Final,
            Some(_) => Standing::Stands,
            // Who has not come so far yet does not know another block there.
            None if heads.len() < self.panel.quorum => Standing::Stands,
            None => return Err(self.panel.no_quorum(MATTER, "the block of the receipt")),
        };
        Ok(Reading { value, faults: self.panel.faults(MATTER) })
    }

    /// The same for a block in which the nonce was seen used up by none of the attempts. Once it is final that is asked once
    /// more, for an index may have lagged behind its own chain then.
    ///
    /// The state of a final block is kept by few, so the nonce is not asked for there.
    pub async fn standing_of_spent(
        &mut self,
        sought: Sought<'_>,
        spent: Place,
    ) -> Result<Reading<Observation>, ChainError> {
        let from = address_of(sought.from).ok_or(ChainError::ForeignAccount(sought.from))?;
        let Reading { value: standing, faults } = self.standing(spent).await?;
        if standing != Standing::Final {
            return Ok(Reading { value: Observation::Block(standing), faults });
        }
        // After the final head, so they are of a chain that has this block.
        let receipts = self.receipts(sought.attempts).await;
        let value = match receipts.found {
            Some(inclusion) => Observation::Seen(Sight::Included(inclusion)),
            None => {
                self.none_of(from, sought, spent.height, &receipts).await?;
                Observation::Block(Standing::Final)
            }
        };
        Ok(self.reading(value, receipts))
    }

    /// How many nonces of the account are used up near the tip: the next transaction in a block has this one.
    pub async fn next_nonce(&mut self, from: Account) -> Result<Reading<u64>, ChainError> {
        let from = address_of(from).ok_or(ChainError::ForeignAccount(from))?;
        let tip = self.tip(MATTER).await?;
        let value = self.used_nonces(from, tip).await?;
        Ok(Reading { value, faults: self.panel.faults(MATTER) })
    }

    /// That the nonce, used up as of the block at `spent`, was used by none of the attempts.
    ///
    /// What an endpoint has dropped depends on how far it is itself, so each absence is measured by its own head: how far the
    /// chain is would be for whoever claims to be behind to say.
    async fn none_of(
        &mut self,
        from: Address,
        sought: Sought<'_>,
        spent: Height,
        receipts: &Receipts,
    ) -> Result<(), ChainError> {
        let sound = self.panel.sound(MATTER);
        let head = |index: &usize| self.panel[*index].seen.latest.map(|latest| latest.height);
        let there = receipts.absent.iter().filter(|index| sound.contains(index)).filter_map(head);
        let heads: Vec<Height> = there.filter(|head| *head >= spent).collect();
        let telling = |head: &&Height| sought.trail.absence_tells(**head, sought.remembered);
        let (absent, telling) = (heads.len(), heads.iter().filter(telling).count());
        if absent < self.panel.quorum {
            let error = self.panel.no_quorum(MATTER, "what used the account's nonce");
            return Err(match error {
                ChainError::NoQuorum { what, quorum, faults } => {
                    ChainError::NoQuorum { what, quorum, faults: faults.and(receipts.faults.clone()) }
                }
                other => other,
            });
        }
        if telling >= self.panel.quorum { Ok(()) } else { self.used_by_another(from, sought, spent).await }
    }

    fn reading<T>(&self, value: T, receipts: Receipts) -> Reading<T> {
        Reading { value, faults: self.panel.faults(MATTER).and(receipts.faults) }
    }

    /// The receipts of all attempts. Who lagged or failed before may have caught up, so everybody is asked who serves our
    /// chain; nobody is waited for once a quorum has answered and the others had their time.
    async fn receipts(&mut self, attempts: &[Candidate]) -> Receipts {
        let hashes: Vec<B256> = attempts.iter().map(|attempt| B256::from(attempt.hash.0)).collect();
        let ask = |index: usize| {
            let (rpc, hashes) = (&self.panel[index].rpc, &hashes);
            let one = |hash: &B256| rpc.ask::<Mined>("eth_getTransactionReceipt", json!([hash]));
            (index, async move { try_join_all(hashes.iter().map(one)).await })
        };
        let vetted = (0..self.panel.endpoints.len()).filter(|index| self.panel[*index].vetted);
        let answers = self.panel.gather(vetted.map(ask), |good| good.len() >= self.panel.quorum).await;
        let mut receipts = Receipts::default();
        let mut told = Vec::new();
        for (index, answer) in answers {
            match answer {
                Ok(found) if found.iter().all(Option::is_none) => receipts.absent.push(index),
                Ok(found) if found.iter().zip(&hashes).all(|(found, hash)| is_of(found.as_ref(), *hash)) => {
                    told.push((index, found));
                }
                Ok(_) => self.panel.blame(MATTER, index, EndpointFault::Contradicts("the receipt")),
                Err(fault) => receipts.faults.0.push((self.panel[index].name.clone(), fault)),
            }
        }
        for (nth, attempt) in attempts.iter().enumerate() {
            let claims: Vec<(usize, Mined)> =
                told.iter().filter_map(|(index, found)| Some((*index, found[nth]?))).collect();
            let Some(truth) = agreed(&claims, self.panel.quorum) else { continue };
            for (index, claim) in claims {
                if claim != truth {
                    self.panel.blame(MATTER, index, EndpointFault::Contradicts("the receipt"));
                }
            }
            let place = Place { height: Height(truth.block_number.to()), hash: core_hash(truth.block_hash) };
            let (attempt, purpose) = (u32::try_from(nth + 1).expect("attempts are few"), attempt.purpose);
            receipts.found = Some(Inclusion { attempt, purpose, place, succeeded: !truth.status.is_zero() });
        }
        receipts
    }
}

/// Whether the receipt, if there is one, is of this transaction.
fn is_of(found: Option<&Mined>, hash: B256) -> bool {
    found.is_none_or(|mined| mined.transaction_hash == hash)
}

const fn place(block: Block) -> Place {
    Place { height: block.height, hash: core_hash(block.hash) }
}
