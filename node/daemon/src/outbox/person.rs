//! What a person can ask of the outbox, with a key: something new, something again, or not after all.

use tokio::time::{Instant, sleep};
use williw_chain::base::Faults;
use williw_chain::send::SendError;
use williw_chain::verb::Call;
use williw_chain::wallet::Payer;
use williw_core::cycle::Height;
use williw_core::identity::ChainId;
use williw_core::outbox::{
    Contradiction, Inclusion, IntentId, Observation, Outcome, Pin, Purpose, Stage, StageOn, TransactionName, Unsent,
    may_sign,
};
use williw_store::{Asked, Attempt, Intent};

use super::lane::Draft;
use super::{Dispatch, Moment, OutboxError, call_of, is_same, now, outgoing};

/// A transaction that is in a block and did what it was for. The block may still be reorganised away; the outbox sees to
/// that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub intent: IntentId,
    pub name: TransactionName,
    pub block: Height,
}

/// What was sent, and what was wrong with whom meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// One for each call, in their order.
    pub receipts: Vec<Receipt>,
    pub faults: Faults,
}

/// Calls of which not all were carried out.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct Interrupted {
    /// What was carried out before: this is mined and stays.
    pub done: Vec<Receipt>,
    pub faults: Faults,
    /// Why the call after those was not.
    pub why: Box<OutboxError>,
}

impl Dispatch<'_> {
    /// Takes up what earlier processes left of this account: nothing new is signed before it is in a block. For what is in
    /// one that nobody can be asked about any more it does not stop: the account would be of no use for ever.
    pub async fn take_up(&mut self, payer: Option<Payer<'_>>) -> Result<(), OutboxError> {
        let mut left = self.intents(true).await?;
        // In the order of their nonces.
        left.reverse();
        for intent in &mut left {
            match self.attend_patiently(intent).await {
                Err(OutboxError::Send(SendError::Chain(error))) if matches!(intent.stage, Stage::Included(..)) => {
                    self.faults.add_of(&error);
                }
                attended => attended?,
            }
            if matches!(intent.stage, Stage::Signed(_) | Stage::Spent(..)) {
                self.pursue(intent, payer).await?;
            }
        }
        Ok(())
    }

    /// Takes up what was left, then tries, signs, sends and waits for each call in turn.
    pub async fn send<'p>(&mut self, payer: impl Into<Payer<'p>>, calls: &[Call]) -> Result<Sent, Interrupted> {
        let mut receipts = Vec::new();
        match self.send_all(payer.into(), calls, true, &mut receipts).await {
            Ok(()) => Ok(Sent { receipts, faults: self.take_faults() }),
            Err(why) => Err(Interrupted { done: receipts, faults: self.take_faults(), why: Box::new(why) }),
        }
    }

    async fn send_all(
        &mut self,
        payer: Payer<'_>,
        calls: &[Call],
        budgeted: bool,
        receipts: &mut Vec<Receipt>,
    ) -> Result<(), OutboxError> {
        assert_eq!(payer.chain(), self.lane.chain(), "a key signs for its own chain");
        assert_eq!(payer.account(), self.owner.account(), "only the owner of the nonces signs with them");
        self.take_up(Some(payer)).await?;
        self.refuse_what_was_asked(calls).await?;
        if budgeted {
            let latest = self.intents(false).await?;
            may_sign(latest.into_iter().map(|intent| (intent.stage, intent.told)))?;
        }
        let faults = self.lane.rehearse(payer.account(), calls).await?;
        self.faults.add(faults);
        let mut intents = self.intend(payer, calls).await?;
        let mut behind = Height(0);
        for index in 0..intents.len() {
            match self.carry_out(&mut intents[index], payer, behind).await {
                Ok(receipt) => {
                    behind = receipt.block;
                    receipts.push(receipt);
                }
                Err(why) => {
                    self.give_up(&mut intents[index + 1..]).await;
                    return Err(why);
                }
            }
        }
        Ok(())
    }

    /// The turn of these does not come. Where that cannot be written down the rows stay as they are, and whoever comes next
    /// finds that nothing was signed for them: why the one before them failed matters more.
    async fn give_up(&mut self, intents: &mut [Intent]) {
        for later in intents {
            if self.observe(later, Observation::GivenUp(Unsent::NotItsTurn)).await.is_err() {
                return;
            }
        }
    }

    /// Whether the same was asked for before in a way that speaks against doing it now.
    ///
    /// What failed or was cancelled in a block that is not final may happen after all, once that block is reorganised away:
    /// then both would. And what happened and nobody was told of is most likely the same wish; once its caller knows, the
    /// next one is another.
    pub async fn refuse_what_was_asked(&mut self, calls: &[Call]) -> Result<(), OutboxError> {
        let known = self.intents(false).await?;
        let asked = |call: &Call| known.iter().filter(|intent| is_same(&intent.call, call)).collect::<Vec<_>>();
        for intent in calls.iter().flat_map(asked) {
            if let Stage::Included(_, inclusion) = intent.stage
                && !matches!(Outcome::of(inclusion), Outcome::Done(_))
            {
                let what = intent.call.what.clone();
                return Err(OutboxError::NotFinal { intent: intent.id, what, stage: told(intent) });
            }
        }
        // What comes before the last call only prepares it, and does nothing if it is done again.
        for intent in calls.last().map(asked).unwrap_or_default() {
            let done = match intent.stage {
                Stage::Included(_, inclusion) | Stage::Settled(Outcome::Done(inclusion)) => inclusion,
                Stage::Settled(_) | Stage::Intended | Stage::Signed(_) | Stage::Spent(..) => continue,
            };
            if !intent.told {
                let name = attempt(intent, done)?.name;
                let receipt = Receipt { intent: intent.id, name, block: done.place.height };
                let what = intent.call.what.clone();
                return Err(OutboxError::AskedBefore { receipt, what, stage: told(intent) });
            }
        }
        Ok(())
    }

    /// Writes down what is to happen.
    async fn intend(&mut self, payer: Payer<'_>, calls: &[Call]) -> Result<Vec<Intent>, OutboxError> {
        let ask = |call: &Call| Asked {
            chain: payer.chain(),
            account: payer.account(),
            target: call.to,
            input: call.data.clone(),
            value: call.value,
            what: call.what.clone(),
            asked: now(),
        };
        let asked: Vec<Asked> = calls.iter().map(ask).collect();
        let ids = self.outbox.intend(&asked).await?;
        (self.tell)(Moment::Intended(&ids));
        let intent =
            |(id, call)| Intent { id, call, stage: Stage::Intended, pin: None, attempts: Vec::new(), told: false };
        Ok(ids.into_iter().zip(asked).map(intent).collect())
    }

    /// From the intent to the receipt.
    async fn carry_out(
        &mut self,
        intent: &mut Intent,
        payer: Payer<'_>,
        behind: Height,
    ) -> Result<Receipt, OutboxError> {
        match self.sign(intent, payer, behind).await {
            Ok(()) => {}
            // Whether the bytes are on disk is not known, so the row is left as it is for whoever can read it.
            Err(why @ OutboxError::Store(_)) => return Err(why),
            Err(why) => {
                self.observe(intent, Observation::GivenUp(Unsent::Refused)).await?;
                return Err(why);
            }
        }
        self.pursue(intent, Some(payer)).await?;
        receipt(intent)
    }

    /// Drafts, signs and stores the first transaction.
    async fn sign(&mut self, intent: &mut Intent, payer: Payer<'_>, behind: Height) -> Result<(), OutboxError> {
        let call = call_of(&intent.call);
        let deadline = Instant::now() + self.pace.receipt;
        let draft = loop {
            let reading = self.lane.draft(payer.account(), &call, behind).await?;
            let draft = self.heard(reading);
            let Some(why) = self.is_taken(&draft, intent, payer).await? else { break draft };
            if Instant::now() + self.pace.look > deadline {
                return Err(why);
            }
            sleep(self.pace.look).await;
        };
        (self.tell)(Moment::Drafted(intent.id));
        self.store(intent, Purpose::Call, draft.sign(payer)?).await
    }

    /// Why this cannot be signed, if it would share with another intent what belongs to one alone.
    async fn is_taken(
        &mut self,
        draft: &Draft,
        intent: &Intent,
        payer: Payer<'_>,
    ) -> Result<Option<OutboxError>, OutboxError> {
        match draft {
            Draft::Base(draft) => {
                let nonce = draft.nonce();
                let Some(other) = self.outbox.pinned(ChainId::Base, payer.account(), nonce).await? else {
                    return Ok(None);
                };
                // The endpoints forgot a block that they had shown; what was in it goes out again first.
                let stage = Box::new(self.revive(other, payer).await?.on(ChainId::Base));
                Ok(Some(OutboxError::Behind { intent: other, nonce, stage }))
            }
            // The same call with the same blockhash is the same transaction, and one of two intents would never happen.
            Draft::Solana(draft) => {
                let name = Draft::Solana(draft.clone()).sign(payer)?.name;
                let known = self.intents(false).await?;
                let same = |known: &&Intent| known.attempts.iter().any(|attempt| attempt.name == name);
                let what = intent.call.what.clone();
                Ok(known.iter().find(same).map(|other| OutboxError::SameAgain { intent: other.id, what }))
            }
        }
    }

    /// Goes after an intent whose nonce came up again. How far it is then.
    async fn revive(&mut self, id: IntentId, payer: Payer<'_>) -> Result<Stage, OutboxError> {
        let Some(mut intent) = self.outbox.intent(id).await? else { return Err(OutboxError::NoIntent(id)) };
        if !intent.stage.is_settled() {
            self.attend_patiently(&mut intent).await?;
            self.pursue(&mut intent, Some(payer)).await?;
        }
        Ok(intent.stage)
    }

    /// Sends an unsettled intent again, with a key at a higher fee; what has ended without effect is asked for anew, which
    /// needs the key.
    pub async fn retry(&mut self, id: IntentId, payer: Option<Payer<'_>>) -> Result<Intent, OutboxError> {
        let mut intent = self.own(id, payer).await?;
        match (intent.stage, payer) {
            (Stage::Settled(Outcome::Done(_)), _) => {
                return Err(OutboxError::Ended { intent: id, stage: told(&intent) });
            }
            (Stage::Settled(_), None) => return Err(OutboxError::NeedsKey { intent: id }),
            (Stage::Settled(_), Some(payer)) => return self.repeat(&intent, payer).await,
            (Stage::Intended | Stage::Signed(_) | Stage::Included(..) | Stage::Spent(..), _) => {}
        }
        self.glance(&mut intent).await?;
        let newest = intent.attempts.last().map(|attempt| attempt.purpose);
        if let (Stage::Signed(_), Some(Purpose::Cancel)) = (intent.stage, newest) {
            return Err(OutboxError::BeingCancelled { intent: id });
        }
        if let (Stage::Signed(_), Some(payer), true) = (intent.stage, payer, self.lane.replaces())
            && let Err(why) = self.raise(&mut intent, payer).await
        {
            self.not_raised(id, why)?;
        }
        self.pursue(&mut intent, payer).await?;
        Ok(intent)
    }

    /// The same call as a new intent, whatever the budget says: a person decided so.
    async fn repeat(&mut self, ended: &Intent, payer: Payer<'_>) -> Result<Intent, OutboxError> {
        let call = call_of(&ended.call);
        // What was asked for anew and done, with somebody who knows it, is not what is asked for here.
        let is_done = |stage: Stage| match stage {
            Stage::Included(_, inclusion) => matches!(Outcome::of(inclusion), Outcome::Done(_)),
            stage => matches!(stage, Stage::Settled(Outcome::Done(_))),
        };
        let known = self.intents(false).await?;
        let mut later = known.iter().filter(|other| other.id > ended.id && other.told && is_done(other.stage));
        if let Some(later) = later.find(|other| is_same(&other.call, &call)) {
            let (stage, what) = (told(later), call.what);
            return Err(OutboxError::AskedAnew { intent: ended.id, what, later: later.id, stage });
        }
        let mut receipts = Vec::new();
        self.send_all(payer, &[call], false, &mut receipts).await?;
        let Some(receipt) = receipts.first() else { return Err(OutboxError::NoIntent(ended.id)) };
        self.outbox.intent(receipt.intent).await?.ok_or(OutboxError::NoIntent(receipt.intent))
    }

    /// Sees to it that an unsettled intent does not happen, if it is not too late: whichever of its transactions is mined
    /// is what became of it. One that has failed for good is wanted no more: it counts for no budget from now on.
    ///
    /// On Solana nothing takes a place: what was signed there happens before its blockhash is too old, or never.
    pub async fn cancel<'p>(&mut self, id: IntentId, payer: impl Into<Payer<'p>>) -> Result<Intent, OutboxError> {
        let payer = payer.into();
        let mut intent = self.own(id, Some(payer)).await?;
        if intent.stage == Stage::Intended {
            self.observe(&mut intent, Observation::GivenUp(Unsent::CalledOff)).await?;
            return Ok(intent);
        }
        if !intent.stage.is_settled() {
            // Without sending it once more.
            self.glance(&mut intent).await?;
        } else if !matches!(intent.stage, Stage::Settled(Outcome::Failed(_))) {
            return Err(OutboxError::Ended { intent: id, stage: told(&intent) });
        }
        if let Stage::Settled(Outcome::Failed(_)) = intent.stage {
            self.outbox.tell(&[id]).await?;
            intent.told = true;
        }
        if let Stage::Signed(_) = intent.stage {
            if !self.lane.replaces() {
                return Err(OutboxError::NotReplaceable { intent: id });
            }
            self.empty(&mut intent, payer).await?;
            self.pursue(&mut intent, Some(payer)).await?;
        }
        Ok(intent)
    }

    /// Writes down that whoever asked knows that these happened.
    pub async fn told(&mut self, receipts: &[Receipt]) -> Result<(), OutboxError> {
        let intents: Vec<IntentId> = receipts.iter().map(|receipt| receipt.intent).collect();
        Ok(self.outbox.tell(&intents).await?)
    }

    /// An intent of the account that is owned, and whose key this is.
    async fn own(&mut self, id: IntentId, payer: Option<Payer<'_>>) -> Result<Intent, OutboxError> {
        let intent = self.outbox.intent(id).await?.ok_or(OutboxError::NoIntent(id))?;
        let chain = intent.call.chain;
        if chain != self.lane.chain() || payer.is_some_and(|payer| payer.chain() != chain) {
            return Err(OutboxError::OtherChain { intent: id, chain });
        }
        let owner = self.owner.account();
        if intent.call.account != owner || payer.is_some_and(|payer| payer.account() != owner) {
            let account = williw_chain::address::shown_on(chain, intent.call.account);
            return Err(OutboxError::OtherAccount { intent: id, account });
        }
        Ok(intent)
    }
}

/// The receipt of an intent that was pursued, if it did what it was for.
fn receipt(intent: &Intent) -> Result<Receipt, OutboxError> {
    let inclusion = match intent.stage {
        Stage::Included(_, inclusion) => Some(inclusion),
        Stage::Settled(outcome) => outcome.inclusion(),
        Stage::Intended | Stage::Signed(_) | Stage::Spent(..) => None,
    };
    let what = intent.call.what.clone();
    let Some(inclusion) = inclusion else {
        let block = match intent.stage {
            Stage::Spent(_, place) | Stage::Settled(Outcome::Overtaken(place) | Outcome::Expired(place)) => {
                place.height
            }
            _ => Height(0),
        };
        let outgoing = outgoing(intent)?;
        return Err(match outgoing.pin {
            Pin::Nonce(nonce) => OutboxError::Spent { intent: intent.id, what, nonce, block },
            Pin::Blockhash { .. } => OutboxError::Expired { intent: intent.id, what, name: outgoing.name, slot: block },
        });
    };
    let Inclusion { purpose, place, succeeded, .. } = inclusion;
    let (name, block) = (attempt(intent, inclusion)?.name, place.height);
    let is_final = intent.stage.is_settled();
    match (purpose, succeeded) {
        (Purpose::Call, true) => Ok(Receipt { intent: intent.id, name, block }),
        (Purpose::Call, false) => {
            Err(OutboxError::Reverted { intent: intent.id, what, name, at: block.on(intent.call.chain), is_final })
        }
        (Purpose::Cancel, _) => Err(OutboxError::Cancelled { intent: intent.id, what, block, is_final }),
    }
}

/// How far it is, for people.
fn told(intent: &Intent) -> Box<StageOn> {
    Box::new(intent.stage.on(intent.call.chain))
}

/// The transaction that is in the block.
fn attempt(intent: &Intent, inclusion: Inclusion) -> Result<&Attempt, OutboxError> {
    let index = usize::try_from(inclusion.attempt).ok().and_then(|nth| nth.checked_sub(1));
    let attempt = index.and_then(|index| intent.attempts.get(index));
    Ok(attempt.ok_or(Contradiction::UnknownAttempt(inclusion.attempt))?)
}
