//! What differs between the chains while something is sent: a lane for each, along which the same course is run.
//!
//! On Base an intent's transactions share a nonce, and a later one that pays more can take an earlier one's place. On Solana
//! there is one transaction for an intent, and it happens before its blockhash is too old, or never.

use std::time::Duration;

use williw_chain::base::{Base, ChainError, Faults, Reading};
use williw_chain::send::{self as base, Broadcast, Candidate, Patience, SendError};
use williw_chain::solana::{Solana, send as solana};
use williw_chain::verb::{Call, Verb};
use williw_chain::wallet::{Payer, WalletError};
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId};
use williw_core::outbox::{
    Contradiction, Fees, Observation, Pin, Place, Purpose, REMEMBERED_BLOCKS, Sight, Standing, Trail, TransactionName,
};
use williw_store::{Attempt, Intent};

use super::OutboxError;

/// A chain that is sent to.
#[derive(Debug)]
pub enum Lane<'a> {
    Base(&'a mut Base),
    Solana(&'a mut Solana),
}

/// A transaction as it will be signed.
pub(super) enum Draft {
    Base(base::Draft),
    Solana(solana::Draft),
}

/// A signed transaction as it is stored.
pub(super) struct Sealed {
    pub(super) pin: Pin,
    pub(super) free_at: Height,
    pub(super) fees: Option<Fees>,
    pub(super) name: TransactionName,
    pub(super) bytes: Vec<u8>,
}

impl<'a> From<&'a mut Base> for Lane<'a> {
    fn from(base: &'a mut Base) -> Self {
        Self::Base(base)
    }
}

impl<'a> From<&'a mut Solana> for Lane<'a> {
    fn from(solana: &'a mut Solana) -> Self {
        Self::Solana(solana)
    }
}

impl Draft {
    pub(super) fn sign(self, payer: Payer<'_>) -> Result<Sealed, WalletError> {
        Ok(match (self, payer) {
            (Self::Base(draft), Payer::Base(wallet)) => {
                let base::Signed { nonce, tip, fees, hash, bytes } = draft.sign(wallet)?;
                let (pin, name) = (Pin::Nonce(nonce), TransactionName::Base(hash));
                Sealed { pin, free_at: tip, fees: Some(fees), name, bytes }
            }
            (Self::Solana(draft), Payer::Solana(keypair)) => {
                let solana::Signed { signature, pin, slot, bytes } = draft.sign(keypair)?;
                Sealed { pin, free_at: slot, fees: None, name: TransactionName::Solana(signature), bytes }
            }
            (Self::Base(_), Payer::Solana(_)) | (Self::Solana(_), Payer::Base(_)) => return Err(WalletError::BadKey),
        })
    }
}

impl Lane<'_> {
    #[must_use]
    pub const fn chain(&self) -> ChainId {
        match self {
            Self::Base(_) => ChainId::Base,
            Self::Solana(_) => ChainId::Solana,
        }
    }

    /// The same lane for a while.
    pub(super) fn again(&mut self) -> Lane<'_> {
        match self {
            Self::Base(base) => Lane::Base(base),
            Self::Solana(solana) => Lane::Solana(solana),
        }
    }

    /// The calls that carry a verb out for `from`.
    pub async fn calls(&mut self, verb: &Verb, from: Account) -> Result<Reading<Vec<Call>>, SendError> {
        match self {
            Self::Base(base) => base.calls(verb, from).await,
            Self::Solana(solana) => solana.calls(verb, from).await,
        }
    }

    /// What is asked of the network itself: the last of the calls, whether or not `from` has what it takes.
    pub async fn own_call(&mut self, verb: &Verb, from: Account) -> Result<Reading<Call>, SendError> {
        match self {
            Self::Base(base) => Ok(Reading { value: base.own_call(verb)?, faults: Faults::default() }),
            Self::Solana(solana) => solana.own_call(verb, from).await,
        }
    }

    /// Whether a transaction can take the place of another.
    pub(super) const fn replaces(&self) -> bool {
        matches!(self, Self::Base(_))
    }

    pub(super) fn patience(&self) -> Patience {
        match self {
            Self::Base(base) => base.patience(),
            Self::Solana(solana) => solana.patience(),
        }
    }

    /// How long endpoints have to agree.
    pub(super) fn agree(&self) -> Duration {
        self.patience().agree
    }

    /// What the last step found wrong with endpoints.
    pub(super) fn faults(&self) -> Faults {
        match self {
            Self::Base(base) => base.faults_of_sending(),
            Self::Solana(solana) => solana.faults_of_sending(),
        }
    }

    pub(super) async fn rehearse(&mut self, from: Account, calls: &[Call]) -> Result<Faults, SendError> {
        match self {
            Self::Base(base) => base.rehearse(from, calls).await,
            Self::Solana(solana) => solana.rehearse(from, calls).await,
        }
    }

    pub(super) async fn draft(
        &mut self,
        from: Account,
        call: &Call,
        behind: Height,
    ) -> Result<Reading<Draft>, SendError> {
        Ok(match self {
            Self::Base(base) => base.draft(from, call, behind).await?.map(Draft::Base),
            Self::Solana(solana) => solana.draft(from, call).await?.map(Draft::Solana),
        })
    }

    /// What takes the place of the newest transaction: for the same at a higher fee, or to do nothing.
    pub(super) async fn replacement(&mut self, intent: &Intent, purpose: Purpose) -> Result<Draft, OutboxError> {
        let Self::Base(base) = self else { return Err(Contradiction::SignedTwice.into()) };
        let newest = intent.attempts.last().ok_or(OutboxError::NeedsKey { intent: intent.id })?;
        let (account, what) = (intent.call.account, &intent.call.what);
        Ok(Draft::Base(match purpose {
            Purpose::Call => base.outbid(account, what, &newest.bytes).await?,
            Purpose::Cancel => base.cancellation(account, what, &newest.bytes).await?,
        }))
    }

    pub(super) async fn broadcast(&mut self, attempt: &Attempt) -> Result<Broadcast, OutboxError> {
        match (self, attempt.name) {
            (Self::Base(base), TransactionName::Base(hash)) => Ok(base.broadcast(hash, &attempt.bytes).await),
            (Self::Solana(solana), TransactionName::Solana(signature)) => {
                Ok(solana.broadcast(signature, &attempt.bytes).await)
            }
            (Self::Base(_), TransactionName::Solana(_)) | (Self::Solana(_), TransactionName::Base(_)) => {
                Err(Contradiction::OtherPin.into())
            }
        }
    }

    /// What a quorum has of an intent that is in no block, as far as is known.
    pub(super) async fn look(&mut self, intent: &Intent, trail: Trail) -> Result<Reading<Sight>, OutboxError> {
        Ok(match self {
            Self::Base(base) => base.look(on_base(intent, trail, &candidates(intent)?)?).await?,
            Self::Solana(solana) => solana.look(on_solana(intent, trail)?).await?,
        })
    }

    /// Whether the block in which an intent was seen still stands, and is final.
    pub(super) async fn standing(
        &mut self,
        intent: &Intent,
        trail: Trail,
        place: Place,
    ) -> Result<Reading<Standing>, OutboxError> {
        Ok(match self {
            Self::Base(base) => base.standing(place).await?,
            Self::Solana(solana) => solana.standing(on_solana(intent, trail)?, place).await?,
        })
    }

    /// The same for the block as of which its pin is of no use any more.
    pub(super) async fn standing_of_spent(
        &mut self,
        intent: &Intent,
        trail: Trail,
        place: Place,
    ) -> Result<Reading<Observation>, OutboxError> {
        Ok(match self {
            Self::Base(base) => base.standing_of_spent(on_base(intent, trail, &candidates(intent)?)?, place).await?,
            Self::Solana(solana) => solana.standing_of_spent(on_solana(intent, trail)?).await?,
        })
    }

    /// Which nonce the next transaction of the account in a block has; none where there are no nonces.
    pub(super) async fn next_nonce(&mut self, account: Account) -> Result<Option<Reading<u64>>, ChainError> {
        match self {
            Self::Base(base) => base.next_nonce(account).await.map(Some),
            Self::Solana(_) => Ok(None),
        }
    }
}

/// What the endpoints of Base are asked about.
fn on_base<'a>(intent: &Intent, trail: Trail, attempts: &'a [Candidate]) -> Result<base::Sought<'a>, OutboxError> {
    let Pin::Nonce(nonce) = trail.pin else { return Err(Contradiction::OtherPin.into()) };
    Ok(base::Sought { from: intent.call.account, nonce, trail, attempts, remembered: REMEMBERED_BLOCKS })
}

fn candidates(intent: &Intent) -> Result<Vec<Candidate>, OutboxError> {
    let candidate = |attempt: &Attempt| Ok(Candidate { hash: hash(attempt)?, purpose: attempt.purpose });
    intent.attempts.iter().map(candidate).collect()
}

fn hash(attempt: &Attempt) -> Result<Hash, OutboxError> {
    match attempt.name {
        TransactionName::Base(hash) => Ok(hash),
        TransactionName::Solana(_) => Err(Contradiction::OtherPin.into()),
    }
}

/// What the endpoints of Solana are asked about.
fn on_solana(intent: &Intent, trail: Trail) -> Result<solana::Sought, OutboxError> {
    match intent.attempts.first().map(|attempt| attempt.name) {
        Some(TransactionName::Solana(signature)) => Ok(solana::Sought { signature, trail }),
        Some(TransactionName::Base(_)) => Err(Contradiction::OtherPin.into()),
        None => Err(Contradiction::NothingSigned.into()),
    }
}
