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
//! The course is one for both chains; what differs is behind a [`Lane`].
//!
//! [`Dispatch`] does it for a command, which has the key, and `tend` for a running node, which has none and only sends the
//! same bytes again and writes down what became of them. Every step has a name, a [`Moment`], that is told when it is
//! reached: to people before a transaction leaves, to tests to kill the process there.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use williw_chain::base::{Faults, Reading};
use williw_chain::verb::Call;
use williw_core::cycle::{CycleClock, UnixSeconds};
use williw_core::identity::{Account, ChainId};
use williw_core::ledger::Ledger;
use williw_core::outbox::{Contradiction, IntentId, Observation, Pin, Purpose, Stage, StageOn, Step, TransactionName};
use williw_store::{Asked, Attempt, Intent, Outbox, Store, Which};

use crate::error::DaemonError;
use crate::readers::Readers;
use crate::settings::Settings;

mod error;
mod lane;
mod owner;
mod person;
mod pursue;
mod tend;

use lane::Sealed;

pub use error::OutboxError;
pub use lane::Lane;
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

    /// For Solana, where a transaction is dropped by whoever has no room for it, and a blockhash is taken for a minute: that
    /// and the time until a block is final are less than is waited for.
    pub const SOLANA: Self = Self { resend: Duration::from_secs(2), ..Self::USUAL };

    /// What is usual on this chain.
    #[must_use]
    pub const fn of(chain: ChainId) -> Self {
        match chain {
            ChainId::Base => Self::USUAL,
            ChainId::Solana => Self::SOLANA,
        }
    }
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
    Noted(IntentId, StageOn),
}

/// A transaction that is about to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    pub intent: IntentId,
    /// What it does, for people.
    pub what: &'a str,
    pub pin: Pin,
    pub name: TransactionName,
    /// Which transaction of the intent it is; above 1 it outbids another.
    pub attempt: u32,
    pub purpose: Purpose,
}

/// Who is told of each step.
pub type Tell<'a> = dyn FnMut(Moment<'_>) + Send + 'a;

/// The outbox of one account, as long as this process owns its nonces, or what a chain has in their place.
pub struct Dispatch<'a> {
    lane: Lane<'a>,
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
        lane: impl Into<Lane<'a>>,
        outbox: &'a Outbox,
        account: Account,
        pace: Pace,
        tell: &'a mut Tell<'a>,
    ) -> Result<Self, OutboxError> {
        let lane = lane.into();
        let owner = NonceOwner::claim(folder(outbox), lane.chain(), account, pace.owner).await?;
        Self::owned(lane, outbox, owner, pace, tell).await
    }

    pub(crate) async fn owned(
        lane: Lane<'a>,
        outbox: &'a Outbox,
        owner: NonceOwner,
        pace: Pace,
        tell: &'a mut Tell<'a>,
    ) -> Result<Self, OutboxError> {
        // Whoever had the account before may have ended before its rows were on disk, and now they are acted upon.
        outbox.confirm().await?;
        Ok(Self { lane, outbox, owner, pace, tell, faults: Faults::default() })
    }

    /// What was found wrong with endpoints so far.
    pub fn take_faults(&mut self) -> Faults {
        self.faults.add(self.lane.faults());
        std::mem::take(&mut self.faults)
    }

    /// The reader of the chain, for what has to be asked between two steps.
    pub const fn lane(&mut self) -> &mut Lane<'a> {
        &mut self.lane
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
            (self.tell)(Moment::Noted(intent.id, stage.on(intent.call.chain)));
        }
        Ok(step)
    }

    /// Stores what was signed. From here on it may happen.
    async fn store(&mut self, intent: &mut Intent, purpose: Purpose, signed: Sealed) -> Result<(), OutboxError> {
        (self.tell)(Moment::Signed(intent.id));
        let Sealed { pin, free_at, fees, name, bytes } = signed;
        let (stage, _) = intent.stage.after(Observation::Signed { pin, purpose, free_at })?;
        let attempt = Attempt { purpose, fees, name, bytes, signed: now() };
        self.outbox.sign(intent.id, &attempt, stage).await?;
        (intent.stage, intent.pin) = (stage, Some(pin));
        intent.attempts.push(attempt);
        (self.tell)(Moment::Leaving(outgoing(intent)?));
        Ok(())
    }

    /// The intents of the account, the latest first.
    async fn intents(&mut self, unsettled: bool) -> Result<Vec<Intent>, OutboxError> {
        let account = Some((self.lane.chain(), self.owner.account()));
        Ok(self.outbox.intents(Which { account, unsettled }, williw_store::INTENTS_CAP).await?)
    }
}

/// Opens the outbox in a home's database, which need not be there yet: then a chain is asked how its network divides time.
/// What is wrong with endpoints is told beside it.
pub async fn open(database: &Path, settings: &Settings) -> Result<Reading<Outbox>, DaemonError> {
    let mut readers = Readers::new(settings)?;
    let Reading { value: clock, faults } = readers.clock(database).await?;
    let value = open_for(database, settings, &readers, clock).await?;
    Ok(Reading { value, faults })
}

/// Opens the outbox if there is one. Nobody is asked.
pub async fn open_existing(database: &Path, settings: &Settings) -> Result<Option<Outbox>, DaemonError> {
    let clock = Store::clock_of(database).await.map_err(|source| DaemonError::Open { source })?;
    let Some(clock) = clock else { return Ok(None) };
    open_for(database, settings, &Readers::new(settings)?, clock).await.map(Some)
}

async fn open_for(
    database: &Path,
    settings: &Settings,
    readers: &Readers,
    clock: CycleClock,
) -> Result<Outbox, DaemonError> {
    let blank = Ledger::new(settings.network.id(), clock, &readers.sites());
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
    let (pin, name) = (intent.pin.ok_or(Contradiction::NothingSigned)?, newest.name);
    Ok(Outgoing { intent: intent.id, what: &intent.call.what, pin, name, attempt, purpose: newest.purpose })
}

/// The same call: whoever asks for it may mean the one that is there already.
fn is_same(asked: &Asked, call: &Call) -> bool {
    asked.target == call.to && asked.input == call.data && asked.value == call.value
}

/// The call that was asked for.
fn call_of(asked: &Asked) -> Call {
    Call { to: asked.target, data: asked.input.clone(), value: asked.value, what: asked.what.clone() }
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
