//! What a quorum has of a transaction that was signed, and whether it can never happen any more.
//!
//! Found is what a quorum shows in the same slot, at `confirmed` or `finalized`. Not found is weak: an endpoint may be
//! behind, on a fork, or lack the very block. So absence alone never settles anything; see [`FinalView`] for what does. And
//! nobody who is outvoted is outvoted there: while any endpoint shows the transaction, nothing rules it out. So that nobody
//! is outvoted by being slow, the reading that settles it takes its time.

use futures_util::future::{join, try_join};
use serde::de::IgnoredAny;
use serde_json::json;
use williw_core::cycle::Height;
use williw_core::outbox::{
    FinalView, Inclusion, Observation, Pin, Place, Purpose, Sight, Standing, Trail, TransactionName,
};

use crate::fault::{ChainError, EndpointFault, Reading};
use crate::quorum::agreed;
use crate::solana::ask::Commitment;
use crate::solana::{Endpoint, Solana};

use super::MATTER;
use super::status::{Executed, Shown};

/// What cannot be read where endpoints do not have the blocks that it takes.
const LONG_AGO: &str = "what became of a transaction so long ago (ask endpoints that keep old transactions)";

/// What is not decided by votes.
const SHOWN_BY_SOME: &str = "what became of a transaction that only some of them show";

/// A transaction that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sought {
    pub signature: [u8; 64],
    pub trail: Trail,
}

/// What one endpoint's final chain says about a transaction, as of the last block that could hold it.
#[derive(Clone, Copy, Debug)]
struct Ruling {
    slot: Height,
    view: FinalView,
}

impl Solana {
    /// What a quorum has of a transaction: in a block, impossible by now, or neither.
    pub async fn look(&mut self, sought: Sought) -> Result<Reading<Sight>, ChainError> {
        self.begin(MATTER).await;
        let shown = self.shown(sought.signature).await;
        let value = match self.agreed_execution(&shown) {
            Some(executed) => Sight::Included(inclusion(executed)),
            None => match self.ruled_out(sought, &shown).await? {
                Some(slot) => Sight::Spent(Place::slot(slot)),
                None => Sight::Open(sought.trail.free_at),
            },
        };
        Ok(Reading { value, faults: self.faults_of_sending() })
    }

    /// Whether a transaction that was seen in a slot still is there, and whether that is final.
    pub async fn standing(&mut self, sought: Sought, place: Place) -> Result<Reading<Standing>, ChainError> {
        self.begin(MATTER).await;
        let shown = self.shown(sought.signature).await;
        let quorum = self.panel.quorum;
        let is_there = |shown: &Shown| shown.executed.is_some_and(|executed| executed.slot == place.height.0);
        let there = shown.iter().filter(|(_, shown)| is_there(shown)).count();
        let finally = shown.iter().filter(|(_, shown)| is_there(shown) && shown.is_final).count();
        let reached = shown.iter().filter(|(_, shown)| shown.context >= place.height).count();
        let value = if finally >= quorum {
            Standing::Final
        } else if there >= quorum || reached < quorum {
            // Who has not come so far yet does not know that it is elsewhere.
            Standing::Stands
        } else {
            let elsewhere = shown.iter().filter(|(_, shown)| !is_there(shown) && shown.context >= place.height);
            self.missing(elsewhere.map(|(index, _)| *index).collect(), place.height).await?
        };
        Ok(Reading { value, faults: self.faults_of_sending() })
    }

    /// Whether it still is so that a transaction can never happen any more. After this the same call may be signed anew, so
    /// everybody is heard who answers at all.
    pub async fn standing_of_spent(&mut self, sought: Sought) -> Result<Reading<Observation>, ChainError> {
        self.panel.take_time(MATTER);
        let Reading { value, faults } = self.look(sought).await?;
        let value = match value {
            // The blocks that are looked at were final before.
            Sight::Spent(_) => Observation::Block(Standing::Final),
            sight @ (Sight::Open(_) | Sight::Included(_)) => Observation::Seen(sight),
        };
        Ok(Reading { value, faults })
    }

    /// Everybody's status of the transaction.
    async fn shown(&mut self, signature: [u8; 64]) -> Vec<(usize, Shown)> {
        let ask = |index: usize| (index, self.panel[index].status(signature));
        let asked = self.panel.sound(MATTER).into_iter().map(ask);
        let answers = self.panel.gather(asked, |good| good.len() >= self.panel.quorum).await;
        self.panel.settle(MATTER, answers)
    }

    /// Who shows the transaction, of all who can be asked. Whoever was too slow for the steps before may have the time for
    /// this question.
    async fn finders(&mut self, signature: [u8; 64]) -> Vec<usize> {
        let ask = |index: usize| (index, finds(&self.panel[index], signature));
        let asked = self.panel.witnesses(MATTER).into_iter().map(ask);
        let everybody = self.panel.endpoints.len();
        let answers = self.panel.gather(asked, |good| good.len() >= everybody).await;
        let heard = self.panel.settle(MATTER, answers);
        heard.into_iter().filter(|(_, finds)| *finds).map(|(index, _)| index).collect()
    }

    /// Where a quorum has it. Whoever has it elsewhere for good, or with another end, is named.
    fn agreed_execution(&mut self, shown: &[(usize, Shown)]) -> Option<Executed> {
        let claims: Vec<(usize, Executed)> =
            shown.iter().filter_map(|(index, shown)| Some((*index, shown.executed?))).collect();
        let truth = agreed(&claims, self.panel.quorum)?;
        for (index, claim) in claims {
            if claim != truth {
                self.panel.blame(MATTER, index, EndpointFault::Contradicts("the slot of the transaction"));
            }
        }
        Some(truth)
    }

    /// What follows from these endpoints' not having it in this slot.
    async fn missing(&mut self, elsewhere: Vec<usize>, slot: Height) -> Result<Standing, ChainError> {
        let ask = |index: usize| (index, self.panel[index].knows(slot));
        let asked = elsewhere.into_iter().map(ask);
        let answers = self.panel.gather(asked, |good| good.len() >= self.panel.quorum).await;
        let known = self.panel.settle(MATTER, answers);
        if known.iter().filter(|(_, knows)| *knows).count() >= self.panel.quorum {
            return Ok(Standing::Gone);
        }
        // What only comes so late that it is not confirmed yet may still turn out to be there.
        let is_late = known.iter().any(|(_, knows)| !knows);
        if is_late { Ok(Standing::Stands) } else { Err(self.panel.no_quorum(MATTER, LONG_AGO)) }
    }

    /// The slot of the last final block that could have held the transaction, if a quorum can rule out that it happened;
    /// none if it still may happen.
    async fn ruled_out(&mut self, sought: Sought, shown: &[(usize, Shown)]) -> Result<Option<Height>, ChainError> {
        let Pin::Blockhash { last_valid, .. } = sought.trail.pin else { return Ok(None) };
        let heights: Vec<(usize, u64)> = self.poll("getBlockHeight", json!([{ "commitment": "finalized" }])).await;
        let beyond: Vec<usize> =
            heights.into_iter().filter(|(_, height)| *height > last_valid.0).map(|(index, _)| index).collect();
        if beyond.len() < self.panel.quorum {
            return Ok(None);
        }
        let ask = |&index: &usize| (index, ruling(&self.panel[index], sought, last_valid));
        // Whoever has it is worth waiting for.
        let everybody = beyond.len();
        let answers = self.panel.gather(beyond.iter().map(ask), |good| good.len() >= everybody).await;
        let lacks =
            |answer: &Result<_, _>| matches!(answer, Err(EndpointFault::Pruned { .. } | EndpointFault::NoBlock(_)));
        let is_lacking = answers.iter().any(|(_, answer)| lacks(answer));
        let rulings = self.panel.settle(MATTER, answers);
        let ruling = rulings.iter().filter(|(_, ruling)| sought.trail.is_ruled_out_by(ruling.view));
        let slots: Vec<(usize, Height)> = ruling.map(|(index, ruling)| (*index, ruling.slot)).collect();
        // Every honest chain has the same block at a final height, so nobody can put it off by naming another slot.
        let Some(slot) = agreed(&slots, self.panel.quorum) else {
            return if is_lacking { Err(self.panel.no_quorum(MATTER, LONG_AGO)) } else { Ok(None) };
        };
        let mut finders = self.finders(sought.signature).await;
        finders.extend(shown.iter().filter(|(_, shown)| shown.executed.is_some()).map(|(index, _)| *index));
        finders.extend(rulings.iter().filter(|(_, ruling)| ruling.view.found).map(|(index, _)| *index));
        if finders.is_empty() {
            return Ok(Some(slot));
        }
        for index in finders {
            // That it was slow as well matters less: a person who is sure that it is wrong can leave it out.
            let fault = EndpointFault::Contradicts("whether the transaction happened");
            self.panel[index].faults.insert(MATTER, fault);
        }
        Err(self.panel.no_quorum(MATTER, SHOWN_BY_SOME))
    }
}

/// Whether an endpoint shows the transaction in either of two ways.
async fn finds(endpoint: &Endpoint, signature: [u8; 64]) -> Result<bool, EndpointFault> {
    let (by_status, by_name) = join(endpoint.status(signature), named(endpoint, signature)).await;
    if by_status.as_ref().is_ok_and(|shown| shown.executed.is_some()) || by_name == Ok(true) {
        return Ok(true);
    }
    by_status.and(by_name)
}

/// Whether it has the transaction in its final chain, by its name.
async fn named(endpoint: &Endpoint, signature: [u8; 64]) -> Result<bool, EndpointFault> {
    let name = TransactionName::Solana(signature).to_string();
    let transaction = endpoint.transaction::<IgnoredAny>(&name, Commitment::Finalized).await?;
    Ok(transaction.is_some())
}

/// Whether the transaction is in the final chain of an endpoint, asked in two ways after the last block that could hold it.
async fn ruling(endpoint: &Endpoint, sought: Sought, last_valid: Height) -> Result<Ruling, EndpointFault> {
    let (slot, stretch) = endpoint.stretch(sought.trail.free_at, last_valid).await?;
    let status = async {
        let shown = endpoint.status(sought.signature).await?;
        // Behind one address there may be several machines, of which this one has not come so far.
        if shown.context < slot {
            return Err(EndpointFault::Lagging { at: shown.context, behind: slot.0 - shown.context.0 });
        }
        Ok(shown.is_known)
    };
    let (by_status, by_name) = try_join(status, named(endpoint, sought.signature)).await?;
    Ok(Ruling { slot, view: FinalView { stretch, found: by_status || by_name } })
}

const fn inclusion(executed: Executed) -> Inclusion {
    let place = Place::slot(Height(executed.slot));
    Inclusion { attempt: 1, purpose: Purpose::Call, place, succeeded: executed.succeeded }
}
