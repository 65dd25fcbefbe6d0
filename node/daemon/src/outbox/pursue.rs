//! Going after one intent: the same bytes again, a look, a higher fee, until it is in a block or the time is up.

use tokio::time::{Instant, sleep};
use williw_chain::base::{ChainError, Faults, Reading};
use williw_chain::send::SendError;
use williw_chain::wallet::Payer;
use williw_core::identity::ChainId;
use williw_core::outbox::{Contradiction, IntentId, Observation, Pin, Place, Purpose, Stage, Step, Trail, Unsent};
use williw_store::Intent;

use super::{Dispatch, Moment, OutboxError, outgoing};

/// What was tried for an intent since it was taken up.
struct Chase {
    deadline: Instant,
    /// When the bytes are given to the endpoints next.
    send: Instant,
    /// When the newest transaction was first given to them.
    offered: Instant,
    /// False once nothing can be offered that outbids the newest.
    can_outbid: bool,
    /// Since when its nonce seems to be used by something else.
    spent: Option<Instant>,
    /// Who did not take the bytes when they were last given.
    refusals: Faults,
}

/// What giving the bytes to the endpoints came to.
struct Given {
    step: Step,
    /// A quorum refused all of them, and nobody has them.
    refused: bool,
    /// Who did not take them. That matters only if nothing comes of it: to know them already is no fault.
    faults: Faults,
}

impl Dispatch<'_> {
    /// One look at an intent, and the same bytes again if it is in no block.
    pub(super) async fn attend(&mut self, intent: &mut Intent) -> Result<(), OutboxError> {
        if self.glance(intent).await? == Step::Send {
            self.give(intent).await?;
        }
        Ok(())
    }

    /// The same as often as it takes until the endpoints agree, for as long as they have to agree on what is sent.
    pub(super) async fn attend_patiently(&mut self, intent: &mut Intent) -> Result<(), OutboxError> {
        let deadline = Instant::now() + self.lane.agree();
        loop {
            match self.attend(intent).await {
                Err(OutboxError::Send(SendError::Chain(error @ ChainError::NoQuorum { .. })))
                    if Instant::now() + self.pace.look <= deadline =>
                {
                    self.faults.add_of(&error);
                    sleep(self.pace.look).await;
                }
                attended => return attended,
            }
        }
    }

    /// One look at an intent, at the tip and at the final block. What was written down and not signed is given up: whoever
    /// wrote it is gone, or we would not own the account.
    pub(super) async fn glance(&mut self, intent: &mut Intent) -> Result<Step, OutboxError> {
        if intent.stage == Stage::Intended {
            return self.observe(intent, Observation::GivenUp(Unsent::Interrupted)).await;
        }
        let mut step = intent.stage.step();
        if let Stage::Included(..) = intent.stage {
            step = self.look_at_block(intent).await?;
        }
        if let Stage::Signed(_) | Stage::Spent(..) = intent.stage {
            step = self.look(intent).await?;
            if step == Step::LookAtBlock {
                step = self.look_at_block(intent).await?;
            }
        }
        Ok(step)
    }

    /// Writes down whether the block that the stage names still stands, and is final.
    async fn look_at_block(&mut self, intent: &mut Intent) -> Result<Step, OutboxError> {
        let reading = match intent.stage {
            Stage::Included(trail, inclusion) => {
                self.lane.standing(intent, trail, inclusion.place).await?.map(Observation::Block)
            }
            Stage::Spent(trail, place) => self.lane.standing_of_spent(intent, trail, place).await?,
            Stage::Intended | Stage::Signed(_) | Stage::Settled(_) => return Ok(intent.stage.step()),
        };
        let observation = self.heard(reading);
        self.observe(intent, observation).await
    }

    /// The same, for whoever is not stopped by endpoints that do not agree for a moment.
    async fn look_at_block_patiently(&mut self, intent: &mut Intent) -> Result<(), OutboxError> {
        match self.look_at_block(intent).await {
            Ok(_) => Ok(()),
            Err(OutboxError::Send(SendError::Chain(error))) => {
                self.faults.add_of(&error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Writes down what a quorum has of an intent that is in no block, as far as is known.
    async fn look(&mut self, intent: &mut Intent) -> Result<Step, OutboxError> {
        let Some(trail) = intent.stage.trail() else { return Ok(intent.stage.step()) };
        let reading = self.lane.look(intent, trail).await?;
        let sight = self.heard(reading);
        self.observe(intent, Observation::Seen(sight)).await
    }

    /// Gives the bytes to the endpoints, the newest first. Older ones only if nobody takes the newest, and never what was to
    /// be cancelled: whoever asked for that does not want it any more.
    async fn give(&mut self, intent: &mut Intent) -> Result<Given, OutboxError> {
        let mut given = Given { step: Step::Look, refused: false, faults: Faults::default() };
        for index in (0..intent.attempts.len()).rev() {
            let attempt = &intent.attempts[index];
            let cancelled = intent.attempts[index..].iter().any(|attempt| attempt.purpose == Purpose::Cancel);
            if attempt.purpose == Purpose::Call && cancelled {
                break;
            }
            let broadcast = self.lane.broadcast(attempt).await?;
            (self.tell)(Moment::Sent(intent.id));
            // Lies are told whatever comes of it.
            self.faults.add(self.lane.faults());
            given.faults.add(broadcast.faults);
            given.step = self.observe(intent, Observation::Answered(broadcast.answer)).await?;
            given.refused = broadcast.refused;
            // Whoever is said to refuse it has it all the same, or it is taken, or nobody knows.
            if !given.refused {
                break;
            }
        }
        Ok(given)
    }

    /// Goes after an intent until it is in a block, no longer than a receipt is waited for. With the key it is outbid when
    /// nothing comes of it.
    pub(super) async fn pursue(&mut self, intent: &mut Intent, payer: Option<Payer<'_>>) -> Result<(), OutboxError> {
        let begun = Instant::now();
        let deadline = begun + self.pace.receipt;
        let mut chase = Chase {
            deadline,
            send: begun,
            offered: begun,
            can_outbid: self.lane.replaces(),
            spent: None,
            refusals: Faults::default(),
        };
        let mut step = intent.stage.step();
        loop {
            match intent.stage {
                Stage::Included(..) | Stage::Settled(_) => return Ok(()),
                // What was found of a final block is looked at once more, and then it is over.
                Stage::Spent(Trail { pin: Pin::Blockhash { .. }, .. }, _) => {
                    self.look_at_block_patiently(intent).await?;
                    if intent.stage.is_settled() {
                        return Ok(());
                    }
                }
                // An index that lags behind its own chain shows this for a moment.
                Stage::Spent(..) => {
                    let spent = *chase.spent.get_or_insert_with(Instant::now);
                    chase.deadline = deadline.min(spent + self.pace.resend);
                }
                Stage::Intended | Stage::Signed(_) => (chase.spent, chase.deadline) = (None, deadline),
            }
            // Before anything else: where a look takes longer than the pause between two sendings, it is always time to send.
            if Instant::now() + self.pace.look > chase.deadline {
                return self.out_of_time(intent, chase.refusals).await;
            }
            if step == Step::Send && Instant::now() >= chase.send {
                if let (true, Some(payer)) = (chase.offered.elapsed() >= self.pace.outbid, payer) {
                    self.outbid(intent, payer, &mut chase).await?;
                }
                let given = self.give(intent).await?;
                chase.refusals = given.faults;
                if given.refused {
                    return self.not_taken(intent, chase.refusals);
                }
                let pause = if given.step == Step::Send { self.pace.look } else { self.pace.resend };
                chase.send = Instant::now() + pause;
            } else {
                sleep(self.pace.look).await;
            }
            step = match self.look(intent).await {
                Ok(step) => step,
                // Endpoints that cannot be believed now may be in a moment; what they did is told if it does not end well.
                Err(OutboxError::Send(SendError::Chain(error))) => {
                    self.faults.add_of(&error);
                    Step::Look
                }
                Err(error) => return Err(error),
            };
        }
    }

    /// Signs one more transaction for the intent, at a higher fee, and stores it.
    async fn outbid(&mut self, intent: &mut Intent, payer: Payer<'_>, chase: &mut Chase) -> Result<(), OutboxError> {
        if !chase.can_outbid {
            return Ok(());
        }
        match self.raise(intent, payer).await {
            Ok(()) => {
                chase.offered = Instant::now();
                Ok(())
            }
            Err(OutboxError::Send(SendError::Chain(error))) => {
                self.faults.add_of(&error);
                Ok(())
            }
            // The same bytes go on being sent: they may be mined once gas is cheaper.
            Err(error) => {
                self.not_raised(intent.id, error)?;
                chase.can_outbid = false;
                Ok(())
            }
        }
    }

    /// Says why nothing is signed that pays more, if it is no other trouble than that.
    pub(super) fn not_raised(&mut self, intent: IntentId, why: OutboxError) -> Result<(), OutboxError> {
        match why {
            OutboxError::Send(SendError::FeeCap | SendError::TooExpensive(_) | SendError::TooPoor { .. })
            | OutboxError::Contradiction(Contradiction::TooManyAttempts) => {
                (self.tell)(Moment::NotRaised(intent, &why.to_string()));
                Ok(())
            }
            other => Err(other),
        }
    }

    /// One more transaction for the intent: for what the newest is for, at a higher fee.
    pub(super) async fn raise(&mut self, intent: &mut Intent, payer: Payer<'_>) -> Result<(), OutboxError> {
        let newest = intent.attempts.last().ok_or(OutboxError::NeedsKey { intent: intent.id })?;
        let purpose = newest.purpose;
        self.replace(intent, payer, purpose, Purpose::Call).await
    }

    /// One more transaction that takes the others' place and does nothing.
    pub(super) async fn empty(&mut self, intent: &mut Intent, payer: Payer<'_>) -> Result<(), OutboxError> {
        self.replace(intent, payer, Purpose::Cancel, Purpose::Cancel).await
    }

    /// One more transaction with the same pin: for this purpose, and made of the newest in this way.
    async fn replace(
        &mut self,
        intent: &mut Intent,
        payer: Payer<'_>,
        purpose: Purpose,
        way: Purpose,
    ) -> Result<(), OutboxError> {
        may_be_signed(intent, purpose)?;
        let draft = self.lane.replacement(intent, way).await?;
        (self.tell)(Moment::Drafted(intent.id));
        self.store(intent, purpose, draft.sign(payer)?).await
    }

    fn not_taken(&self, intent: &Intent, faults: Faults) -> Result<(), OutboxError> {
        let outgoing = outgoing(intent)?;
        let (what, name) = (outgoing.what.to_owned(), outgoing.name);
        Err(OutboxError::NotTaken { intent: intent.id, what, name, faults })
    }

    async fn out_of_time(&mut self, intent: &Intent, mut faults: Faults) -> Result<(), OutboxError> {
        let outgoing = outgoing(intent)?;
        let (intent_id, what, name, pin) = (intent.id, outgoing.what.to_owned(), outgoing.name, outgoing.pin);
        if let (Stage::Spent(_, Place { height, .. }), Pin::Nonce(nonce)) = (intent.stage, pin) {
            return Err(OutboxError::Spent { intent: intent_id, what, nonce, block: height });
        }
        if let Pin::Nonce(nonce) = pin {
            match self.lane.next_nonce(intent.call.account).await {
                // What is before it may be ours, and wait as well.
                Ok(Some(Reading { value: next, .. })) if next < nonce && self.is_nobodys(intent, next).await? => {
                    return Err(OutboxError::Gap { intent: intent_id, what, nonce, next });
                }
                Ok(reading) => faults.add(reading.map(|reading| reading.faults).unwrap_or_default()),
                Err(error) => faults.add_of(&error),
            }
        }
        faults.add(self.take_faults());
        Err(OutboxError::NoReceipt { intent: intent_id, what, name, pin: Box::new(pin), faults: Box::new(faults) })
    }

    /// Whether no intent of the account has this nonce.
    async fn is_nobodys(&self, intent: &Intent, nonce: u64) -> Result<bool, OutboxError> {
        Ok(self.outbox.pinned(ChainId::Base, intent.call.account, nonce).await?.is_none())
    }
}

/// Before anybody is asked what it would cost.
fn may_be_signed(intent: &Intent, purpose: Purpose) -> Result<(), OutboxError> {
    let (Some(trail), Some(pin)) = (intent.stage.trail(), intent.pin) else {
        return Err(Contradiction::NothingSigned.into());
    };
    intent.stage.after(Observation::Signed { pin, purpose, free_at: trail.free_at })?;
    Ok(())
}
