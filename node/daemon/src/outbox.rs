//! The outbox at work: from what somebody asked for to what became of it, across crashes.
//!
//! The order is the whole of it. The intent is on disk before anything is signed, the bytes with their nonce before they are
//! sent, and whatever a quorum shows before it is told to anybody. A process may end between any two of these steps, and
//! whoever comes next finds in the rows what may have happened: nothing, where nothing is signed; at most one of the stored
//! transactions, where something is. It sends the same bytes again and looks, until a final block says how it ended.
//!
//! One process at a time does this for an account: the [`NonceOwner`], a lock on a file in the home. Before anything new is
//! signed all that is unsettled of the account is taken up. What nobody was told of may be what the person wants now, so the
//! same call is refused once, with what became of the first.
//!
//! [`Dispatch`] does it for a command, which has the key, and `tend` for a running node, which has none and only sends the
//! same bytes again and writes down what became of them. Every step has a name, a [`Moment`], that is told when it is
//! reached: to people before a transaction leaves, to tests to kill the process there.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use williw_chain::base::{Base, Faults, Reading};
use williw_chain::send::{Candidate, Signed, Sought};
use williw_chain::verb::Call;
use williw_core::cycle::{CycleClock, UnixSeconds};
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId};
use williw_core::ledger::Ledger;
use williw_core::outbox::{Contradiction, IntentId, Observation, Pin, Purpose, REMEMBERED_BLOCKS, Stage, Step, Trail};
use williw_store::{Asked, Attempt, Intent, Outbox, Store, TransactionName, Which};

use crate::error::DaemonError;
use crate::settings::Settings;

mod error;
mod owner;
mod person;
mod pursue;
mod tend;

pub use error::OutboxError;
pub use owner::NonceOwner;
pub use person::{Interrupted, Receipt, Sent};
pub use tend::settle;
pub(crate) use tend::tend;

/// How long and how often things are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long a transaction is waited for until it is in a block.
    pub receipt: Duration,
    /// How often it is looked for.
    pub look: Duration,
    /// After how long the same bytes are sent again.
    pub resend: Duration,
    /// After how long a transaction that is in no block is outbid by one that pays more.
    pub outbid: Duration,
    /// How long another process that has the account is waited for: a node is done with it in a moment.
    pub owner: Duration,
}

impl Pace {
    /// For Base, with a block every two seconds.
    pub const USUAL: Self = Self {
        receipt: Duration::from_secs(120),
        look: Duration::from_secs(1),
        resend: Duration::from_secs(6),
        outbid: Duration::from_secs(30),
        owner: Duration::from_secs(15),
    };
}

/// A step that has been reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment<'a> {
    /// No transaction that pays more is signed, for this reason; the same bytes go on being sent.
    NotRaised(IntentId, &'a str),
    /// The intents are on disk, nothing is signed.
    Intended(&'a [IntentId]),
    /// The numbers of a transaction are agreed.
    Drafted(IntentId),
    /// It is signed, and in memory only.
    Signed(IntentId),
    /// It is on disk, and leaves next.
    Leaving(Outgoing<'a>),
    /// The endpoints have answered, or had their time.
    Sent(IntentId),
    /// A quorum showed something new, and it is in memory only.
    Seen(IntentId, Stage),
    /// It is on disk.
    Noted(IntentId, Stage),
}

/// A transaction that is about to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    pub intent: IntentId,
    /// What it does, for people.
    pub what: &'a str,
    pub nonce: u64,
    pub hash: Hash,
    /// Which transaction of the intent it is; above 1 it outbids another.
    pub attempt: u32,
    pub purpose: Purpose,
}

/// Who is told of each step.
pub type Tell<'a> = dyn FnMut(Moment<'_>) + Send + 'a;

/// The outbox of one account of Base, as long as this process owns its nonces.
pub struct Dispatch<'a> {
    base: &'a mut Base,
    outbox: &'a Outbox,
    owner: NonceOwner,
    pace: Pace,
    tell: &'a mut Tell<'a>,
    /// What was found wrong with endpoints on the way.
    faults: Faults,
}

impl<'a> Dispatch<'a> {
    /// Waits until nobody else has the account.
    pub async fn claim(
        base: &'a mut Base,
        outbox: &'a Outbox,
        account: Account,
        pace: Pace,
        tell: &'a mut Tell<'a>,
    ) -> Result<Self, OutboxError> {
        let owner = NonceOwner::claim(folder(outbox), ChainId::Base, account, pace.owner).await?;
        Self::owned(base, outbox, owner, pace, tell).await
    }

    pub(crate) async fn owned(
        base: &'a mut Base,
        outbox: &'a Outbox,
        owner: NonceOwner,
        pace: Pace,
        tell: &'a mut Tell<'a>,
    ) -> Result<Self, OutboxError> {
        // Whoever had the account before may have ended before its rows were on disk, and now they are acted upon.
        outbox.confirm().await?;
        Ok(Self { base, outbox, owner, pace, tell, faults: Faults::default() })
    }

    /// What was found wrong with endpoints so far.
    pub fn take_faults(&mut self) -> Faults {
        self.faults.add(self.base.faults_of_sending());
        std::mem::take(&mut self.faults)
    }

    /// The reader of the chain, for what has to be asked between two steps.
    pub const fn base(&mut self) -> &mut Base {
        self.base
    }

    /// The value of a reading; its faults are kept.
    fn heard<T>(&mut self, reading: Reading<T>) -> T {
        self.faults.add(reading.faults);
        reading.value
    }

    /// What an observation makes of an intent: on disk before anything else happens.
    async fn observe(&mut self, intent: &mut Intent, observation: Observation) -> Result<Step, OutboxError> {
        let (stage, step) = intent.stage.after(observation)?;
        if stage != intent.stage {
            (self.tell)(Moment::Seen(intent.id, stage));
            self.outbox.note(intent.id, stage).await?;
            intent.stage = stage;
            (self.tell)(Moment::Noted(intent.id, stage));
        }
        Ok(step)
    }

    /// Stores what was signed. From here on it may happen.
    async fn store(&mut self, intent: &mut Intent, purpose: Purpose, signed: Signed) -> Result<(), OutboxError> {
        (self.tell)(Moment::Signed(intent.id));
        let Signed { nonce, tip: free_at, fees, hash, bytes } = signed;
        let pin = Pin::Nonce(nonce);
        let (stage, _) = intent.stage.after(Observation::Signed { pin, purpose, free_at })?;
        let name = TransactionName::Base(hash);
        let attempt = Attempt { purpose, fees: Some(fees), name, bytes, signed: now() };
        self.outbox.sign(intent.id, &attempt, stage).await?;
        (intent.stage, intent.pin) = (stage, Some(pin));
        intent.attempts.push(attempt);
        (self.tell)(Moment::Leaving(outgoing(intent)?));
        Ok(())
    }

    /// The intents of the account, the latest first.
    async fn intents(&mut self, unsettled: bool) -> Result<Vec<Intent>, OutboxError> {
        let account = Some((ChainId::Base, self.owner.account()));
        Ok(self.outbox.intents(Which { account, unsettled }, williw_store::INTENTS_CAP).await?)
    }
}

/// Opens the outbox in a home's database, which need not be there yet: then the vault is asked how its network divides time.
/// What is wrong with endpoints is told beside it.
pub async fn open(database: &Path, settings: &Settings, base: &mut Base) -> Result<Reading<Outbox>, DaemonError> {
    let (clock, faults) = match clock_of(database).await? {
        Some(clock) => (clock, Faults::default()),
        None => {
            let deployment = base.deployment().await.map_err(|source| DaemonError::Chain { source })?;
            (deployment.value.clock, deployment.faults)
        }
    };
    let value = open_for(database, settings, base, clock).await?;
    Ok(Reading { value, faults })
}

/// Opens the outbox if there is one. Nobody is asked.
pub async fn open_existing(database: &Path, settings: &Settings) -> Result<Option<Outbox>, DaemonError> {
    let Some(clock) = clock_of(database).await? else { return Ok(None) };
    let base = Base::new(&settings.chain()).map_err(|source| DaemonError::Chain { source })?;
    open_for(database, settings, &base, clock).await.map(Some)
}

async fn clock_of(database: &Path) -> Result<Option<CycleClock>, DaemonError> {
    Store::clock_of(database).await.map_err(|source| DaemonError::Open { source })
}

async fn open_for(database: &Path, settings: &Settings, base: &Base, clock: CycleClock) -> Result<Outbox, DaemonError> {
    let blank = Ledger::new(settings.network.id(), clock, &[base.site()]);
    Outbox::open(database, &blank).await.map_err(|source| DaemonError::Open { source })
}

/// Where the locks of the accounts are: beside the database.
fn folder(outbox: &Outbox) -> &Path {
    outbox.path().parent().expect("the path of an open database names a file")
}

/// The newest transaction of an intent, which has one.
fn outgoing(intent: &Intent) -> Result<Outgoing<'_>, OutboxError> {
    let attempt = u32::try_from(intent.attempts.len()).map_err(|_| Contradiction::TooManyAttempts)?;
    let newest = intent.attempts.last().ok_or(Contradiction::NothingSigned)?;
    let (nonce, hash) = (nonce(intent)?, hash(newest)?);
    Ok(Outgoing { intent: intent.id, what: &intent.call.what, nonce, hash, attempt, purpose: newest.purpose })
}

fn nonce(intent: &Intent) -> Result<u64, OutboxError> {
    match intent.pin {
        Some(Pin::Nonce(nonce)) => Ok(nonce),
        Some(Pin::Blockhash { .. }) => Err(OutboxError::OtherChain { intent: intent.id }),
        None => Err(Contradiction::NothingSigned.into()),
    }
}

fn hash(attempt: &Attempt) -> Result<Hash, OutboxError> {
    match attempt.name {
        TransactionName::Base(hash) => Ok(hash),
        TransactionName::Solana(_) => Err(Contradiction::OtherPin.into()),
    }
}

/// What the endpoints are asked about.
fn sought<'a>(intent: &Intent, trail: Trail, attempts: &'a [Candidate]) -> Result<Sought<'a>, OutboxError> {
    Ok(Sought { from: intent.call.account, nonce: nonce(intent)?, trail, attempts, remembered: REMEMBERED_BLOCKS })
}

fn candidates(intent: &Intent) -> Result<Vec<Candidate>, OutboxError> {
    let candidate = |attempt: &Attempt| Ok(Candidate { hash: hash(attempt)?, purpose: attempt.purpose });
    intent.attempts.iter().map(candidate).collect()
}

/// The same call: whoever asks for it may mean the one that is there already.
fn is_same(asked: &Asked, call: &Call) -> bool {
    asked.target == Account::evm(call.to) && asked.input == call.data && asked.value == call.value
}

/// The call that was asked for, as the chain takes it.
fn call_of(asked: &Asked) -> Result<Call, OutboxError> {
    let to = williw_chain::address::bytes(asked.target).ok_or(OutboxError::ForeignTarget(asked.target))?;
    Ok(Call { to, data: asked.input.clone(), value: asked.value, what: asked.what.clone() })
}

/// The wall clock, for people: nothing is decided by it.
fn now() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

impl std::fmt::Debug for Dispatch<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dispatch").field("owner", &self.owner).field("pace", &self.pace).finish_non_exhaustive()
    }
}
