//! What a quorum has of a transaction that was signed, and whether it can never happen any more.
//!
//! Found is what a quorum shows in the same slot, at `confirmed` or `finalized`. Not found is weak: an endpoint may be
//! behind, on a fork, or keep little of the past. So absence alone never settles anything; see [`FinalView`] for what does.

use futures_util::future::try_join;
use serde::Deserialize;
use serde_json::{Value, json};
use williw_core::cycle::Height;
use williw_core::identity::Account;
use williw_core::outbox::{
    FinalView, Inclusion, Observation, Pin, Place, Purpose, Sight, Standing, Trail, TransactionName,
};

use crate::fault::{ChainError, EndpointFault, Reading};
use crate::quorum::agreed;
use crate::solana::ask::{AtSlot, Commitment};
use crate::solana::{Endpoint, Solana};

use super::MATTER;
use super::venue::key;

/// The most signatures of an account in one answer.
const PAGE: usize = 1_000;

/// The most such answers that are asked for: an account that sends more in the life of a blockhash is none that this is for.
const PAGES_CAP: usize = 10;

/// A transaction that was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sought {
    /// Who pays it: the chain keeps a list of what each account paid.
    pub from: Account,
    pub signature: [u8; 64],
    pub trail: Trail,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    slot: u64,
    err: Option<Value>,
    confirmation_status: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Epoch {
    absolute_slot: u64,
    block_height: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Listed {
    signature: String,
    slot: u64,
}

/// A transaction in a block, as an endpoint shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Executed {
    slot: u64,
    succeeded: bool,
}

/// What one endpoint shows of a transaction, and how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    context: u64,
    executed: Option<Executed>,
    is_final: bool,
}

impl Solana {
    /// What a quorum has of a transaction: in a block, impossible by now, or neither.
    pub async fn look(&mut self, sought: Sought) -> Result<Reading<Sight>, ChainError> {
        self.begin(MATTER).await;
        let shown = self.shown(sought.signature).await;
        let value = match self.agreed_execution(&shown) {
            Some(executed) => Sight::Included(inclusion(executed)),
            None => match self.ruled_out(sought).await? {
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
        let is_there =
            |shown: &&(usize, Shown)| shown.1.executed.is_some_and(|executed| executed.slot == place.height.0);
        let there = shown.iter().filter(is_there).count();
        let finally = shown.iter().filter(is_there).filter(|(_, shown)| shown.is_final).count();
        let reached = shown.iter().filter(|(_, shown)| shown.context >= place.height.0).count();
        let value = if finally >= quorum {
            Standing::Final
        } else if there >= quorum || reached < quorum {
            // Who has not come so far yet does not know that it is elsewhere.
            Standing::Stands
        } else if self.missing(&shown, place.height).await >= quorum {
            Standing::Gone
        } else {
            return Err(self.panel.no_quorum(MATTER, "the slot of the transaction"));
        };
        Ok(Reading { value, faults: self.faults_of_sending() })
    }

    /// Whether it still is so that a transaction can never happen any more.
    pub async fn standing_of_spent(
        &mut self,
        sought: Sought,
        spent: Place,
    ) -> Result<Reading<Observation>, ChainError> {
        self.begin(MATTER).await;
        let shown = self.shown(sought.signature).await;
        let value = match self.agreed_execution(&shown) {
            Some(executed) => Observation::Seen(Sight::Included(inclusion(executed))),
            None => match self.ruled_out(sought).await? {
                Some(slot) if slot >= spent.height => Observation::Block(Standing::Final),
                Some(_) => Observation::Block(Standing::Stands),
                None => Observation::Seen(Sight::Open(sought.trail.free_at)),
            },
        };
        Ok(Reading { value, faults: self.faults_of_sending() })
    }

    /// Everybody's status of the transaction.
    async fn shown(&mut self, signature: [u8; 64]) -> Vec<(usize, Shown)> {
        const METHOD: &str = "getSignatureStatuses";
        let name = TransactionName::Solana(signature).to_string();
        let params = json!([[name], { "searchTransactionHistory": true }]);
        let statuses: Vec<(usize, AtSlot<Vec<Option<Status>>>)> = self.poll(METHOD, params, Height(0)).await;
        let shown = statuses.into_iter().map(|(index, statuses)| (index, shown(&statuses, METHOD))).collect();
        self.panel.settle(MATTER, shown)
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

    /// How many say that it is not in this slot, and would know.
    async fn missing(&mut self, shown: &[(usize, Shown)], slot: Height) -> usize {
        let elsewhere = |(index, shown): &(usize, Shown)| {
            let there = shown.executed.is_some_and(|executed| executed.slot == slot.0);
            (!there && shown.context >= slot.0).then_some(*index)
        };
        let missing: Vec<usize> = shown.iter().filter_map(elsewhere).collect();
        let first: Vec<(usize, u64)> = self.poll("getFirstAvailableBlock", json!([]), Height(0)).await;
        first.into_iter().filter(|(index, first)| *first <= slot.0 && missing.contains(index)).count()
    }

    /// The slot of a final block after which a quorum can rule the transaction out; none if it still may happen.
    async fn ruled_out(&mut self, sought: Sought) -> Result<Option<Height>, ChainError> {
        let Pin::Blockhash { last_valid, .. } = sought.trail.pin else { return Ok(None) };
        let epochs: Vec<(usize, Epoch)> =
            self.poll("getEpochInfo", json!([{ "commitment": "finalized" }]), Height(0)).await;
        let beyond: Vec<(usize, Epoch)> =
            epochs.into_iter().filter(|(_, epoch)| epoch.block_height > last_valid.0).collect();
        if beyond.len() < self.panel.quorum {
            return Ok(None);
        }
        let ask = |(index, epoch): (usize, Epoch)| (index, final_view(&self.panel[index], sought, epoch));
        let answers = self.panel.gather(beyond.into_iter().map(ask), |good| good.len() >= self.panel.quorum).await;
        let views = self.panel.settle(MATTER, answers);
        let ruling = |view: &FinalView| sought.trail.is_ruled_out_by(*view);
        let mut slots: Vec<Height> = views.iter().filter(|(_, view)| ruling(view)).map(|(_, view)| view.slot).collect();
        if slots.len() >= self.panel.quorum {
            slots.sort_unstable();
            return Ok(slots.first().copied());
        }
        if views.iter().filter(|(_, view)| !view.found && !ruling(view)).count() > 0 {
            let what = "what became of a transaction so long ago (ask endpoints that keep old transactions)";
            return Err(self.panel.no_quorum(MATTER, what));
        }
        Ok(None)
    }
}

/// Whether the transaction is in the final chain of an endpoint that has come to this block: in what it knows by name, and
/// among what the payer paid, both asked after that block.
async fn final_view(endpoint: &Endpoint, sought: Sought, epoch: Epoch) -> Result<FinalView, EndpointFault> {
    const METHOD: &str = "getSignatureStatuses";
    let (name, slot) = (TransactionName::Solana(sought.signature).to_string(), Height(epoch.absolute_slot));
    let status = async {
        let params = json!([[name], { "searchTransactionHistory": true }]);
        let statuses: AtSlot<Vec<Option<Status>>> = endpoint.ask_from(METHOD, &params, Height(0)).await?;
        // Behind one address there may be several machines, of which this one has not come so far.
        let at = statuses.slot();
        if at < slot {
            return Err(EndpointFault::Lagging { at, behind: slot.0 - at.0 });
        }
        match statuses.value.as_slice() {
            [status] => Ok(status.is_some()),
            _ => Err(EndpointFault::Undecodable(METHOD)),
        }
    };
    let found = try_join(status, is_listed(endpoint, sought, &name, slot));
    let ((by_name, is_listed), remembers_from) = try_join(found, endpoint.first_available()).await?;
    let block_height = Height(epoch.block_height);
    Ok(FinalView { slot, block_height, remembers_from, found: by_name || is_listed })
}

/// Whether it is among the final transactions of its payer, down to the slot of its blockhash.
async fn is_listed(endpoint: &Endpoint, sought: Sought, name: &str, from: Height) -> Result<bool, EndpointFault> {
    let mut before: Option<String> = None;
    for _ in 0..PAGES_CAP {
        let window = (before.as_deref(), PAGE);
        let page: Vec<Listed> = endpoint.signatures(&key(sought.from), Commitment::Finalized, from, window).await?;
        if page.iter().any(|listed| listed.signature == name) {
            return Ok(true);
        }
        match page.last() {
            Some(last) if page.len() >= PAGE && last.slot > sought.trail.free_at.0 => {
                before = Some(last.signature.clone());
            }
            Some(_) | None => return Ok(false),
        }
    }
    Err(EndpointFault::TooLong("getSignaturesForAddress"))
}

fn shown(statuses: &AtSlot<Vec<Option<Status>>>, method: &'static str) -> Result<Shown, EndpointFault> {
    let [status] = statuses.value.as_slice() else { return Err(EndpointFault::Undecodable(method)) };
    let level = status.as_ref().and_then(|status| status.confirmation_status.as_deref());
    // What was only processed has happened to one node, which may be alone with it.
    let counts = matches!(level, Some("confirmed" | "finalized"));
    let executed = status.as_ref().filter(|_| counts);
    let executed = executed.map(|status| Executed { slot: status.slot, succeeded: status.err.is_none() });
    Ok(Shown { context: statuses.slot().0, executed, is_final: level == Some("finalized") })
}

const fn inclusion(executed: Executed) -> Inclusion {
    let place = Place::slot(Height(executed.slot));
    Inclusion { attempt: 1, purpose: Purpose::Call, place, succeeded: executed.succeeded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: Value) -> Result<Shown, EndpointFault> {
        let statuses = json!({ "context": { "slot": 9 }, "value": status });
        shown(&serde_json::from_value(statuses).unwrap(), "x")
    }

    #[test]
    fn what_was_only_processed_is_not_seen() {
        let status = |level: &str, err: Value| {
            read(json!([{ "slot": 5, "confirmations": 1, "err": err, "confirmationStatus": level }])).unwrap()
        };
        let nothing = Shown { context: 9, executed: None, is_final: false };
        assert_eq!(status("processed", Value::Null), nothing);
        assert_eq!(read(json!([null])), Ok(nothing));
        let executed = Some(Executed { slot: 5, succeeded: true });
        assert_eq!(status("confirmed", Value::Null), Shown { executed, ..nothing });
        assert_eq!(status("finalized", Value::Null), Shown { executed, is_final: true, ..nothing });
        let failed = Some(Executed { slot: 5, succeeded: false });
        assert_eq!(status("confirmed", json!({ "InstructionError": [0, "x"] })), Shown { executed: failed, ..nothing });
    }

    #[test]
    fn an_answer_about_another_number_of_transactions_is_none() {
        assert!(read(json!([])).is_err());
        assert!(read(json!([null, null])).is_err());
    }
}
