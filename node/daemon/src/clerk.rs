//! The clerk: the one task that holds the census and carries out what it orders, in order.
//!
//! Everybody else knocks at its [`Desk`]. Because one task does it all, an order is carried out before the next
//! observation is looked at, and what was to be written is on disk before anybody is let in or thrown out for it.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;
use tracing::{debug, info, warn};
use williw_chain::{Cursor, EndpointStatus};
use williw_core::census::{Alarm, Census, Input, Output};
use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::identity::{ChainId, PeerId};
use williw_core::standing::{Bar, Standing};
use williw_gossip::{Door, Event, Heard, Network};
use williw_store::{PeerRow, Store};

use crate::error::DaemonError;
use crate::sentry::Sentry;
use crate::view::{Notice, Peers, Scene, Status};

/// Words that wait for the clerk. When there are more whoever brings one waits: all of them are our own.
const DESK_CAP: usize = 64;

/// An alarm that goes on is logged this often.
const REMIND_AFTER: Seconds = Seconds(60);

/// How often it is written down where a peer was reached. One that comes and goes must not cost a write each time.
const REMEMBER_AFTER: Seconds = Seconds(600);

/// How often the census is told that time passes.
const TICK: Duration = Duration::from_secs(1);

enum Word {
    Observe { input: Box<Input>, done: oneshot::Sender<()> },
    Cursor { chain: ChainId, answer: oneshot::Sender<Option<Cursor>> },
    Endpoints(ChainId, Vec<EndpointStatus>),
    Status(oneshot::Sender<Status>),
    Peers(oneshot::Sender<Peers>),
}

/// The clerk's desk. A clone is the same desk.
#[derive(Clone)]
pub(crate) struct Desk {
    words: mpsc::Sender<Word>,
}

/// There is no clerk any more: the node stops.
#[derive(Debug)]
pub(crate) struct Gone;

/// What was brought to the desk and not yet looked at.
pub(crate) struct Tray {
    words: mpsc::Receiver<Word>,
}

/// A desk and its tray.
pub(crate) fn desk() -> (Desk, Tray) {
    let (sender, receiver) = mpsc::channel(DESK_CAP);
    (Desk { words: sender }, Tray { words: receiver })
}

impl Desk {
    /// Gives the census something to think about, and returns when its orders were carried out.
    pub(crate) async fn observe(&self, input: Input) -> Result<(), Gone> {
        self.ask(|done| Word::Observe { input: Box::new(input), done }).await
    }

    /// Where the ledger stands. A chain that the network does not have has no cursor, and nobody who reads it.
    pub(crate) async fn cursor(&self, chain: ChainId) -> Result<Cursor, Gone> {
        self.ask(|answer| Word::Cursor { chain, answer }).await?.ok_or(Gone)
    }

    pub(crate) async fn endpoints(&self, chain: ChainId, statuses: Vec<EndpointStatus>) -> Result<(), Gone> {
        self.words.send(Word::Endpoints(chain, statuses)).await.map_err(|_| Gone)
    }

    pub(crate) async fn status(&self) -> Result<Status, Gone> {
        self.ask(Word::Status).await
    }

    pub(crate) async fn peers(&self) -> Result<Peers, Gone> {
        self.ask(Word::Peers).await
    }

    async fn ask<T>(&self, word: impl FnOnce(oneshot::Sender<T>) -> Word) -> Result<T, Gone> {
        let (sender, receiver) = oneshot::channel();
        self.words.send(word(sender)).await.map_err(|_| Gone)?;
        receiver.await.map_err(|_| Gone)
    }
}

pub(crate) struct Clerk<'a> {
    census: Census,
    store: &'a Store,
    door: Door,
    network: &'a Network,
    sentry: Sentry,
    /// Whom to dial, for whoever dials.
    members: watch::Sender<BTreeSet<PeerId>>,
    /// Peers that the settings name, members or not.
    configured: BTreeSet<PeerId>,
    endpoints: BTreeMap<ChainId, Vec<EndpointStatus>>,
    /// The last heartbeat of every peer that is on the roster.
    heard: BTreeMap<PeerId, Heard>,
    /// When it was written down last where a peer was reached.
    remembered: BTreeMap<PeerId, UnixSeconds>,
    /// What there is to tell: one notice for each kind of alarm and chain, so nothing that is repeated washes away another.
    notices: Vec<Notice>,
    started: UnixSeconds,
}

impl<'a> Clerk<'a> {
    pub(crate) fn new(
        census: Census,
        (store, door, network): (&'a Store, Door, &'a Network),
        sentry: Sentry,
        configured: BTreeSet<PeerId>,
        started: UnixSeconds,
    ) -> Self {
        // Everybody is barred after a restart, but not everybody for the same reason, and the door tells it.
        for (peer, standing) in census.roster().peers() {
            if let Standing::Barred(bar) = standing {
                door.evict(peer, bar);
            }
        }
        Self {
            census,
            store,
            door,
            network,
            sentry,
            members: watch::Sender::default(),
            configured,
            endpoints: BTreeMap::new(),
            heard: BTreeMap::new(),
            remembered: BTreeMap::new(),
            notices: Vec::new(),
            started,
        }
    }

    /// Tells of every change in who may be dialled.
    pub(crate) fn members(&self) -> watch::Receiver<BTreeSet<PeerId>> {
        self.members.subscribe()
    }

    /// Works until it is told to stop, and finishes what it has begun.
    pub(crate) async fn work(
        mut self,
        tray: Tray,
        events: mpsc::Receiver<Event>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), DaemonError> {
        let ended = self.work_on(tray, events, stop).await;
        let left = self.sentry.leave().await;
        ended.and(left)
    }

    async fn work_on(
        &mut self,
        mut tray: Tray,
        mut events: mpsc::Receiver<Event>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), DaemonError> {
        let mut stop = pin!(stop);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // What was learnt of conduct since the last tick is written down.
                () = &mut stop => return self.handle(Input::Tick).await,
                word = tray.words.recv() => match word {
                    Some(word) => self.take(word).await?,
                    None => return Ok(()),
                },
                event = events.recv() => match event {
                    Some(event) => self.hear(event).await?,
                    None => return Err(DaemonError::NetworkEnded),
                },
                _ = ticks.tick() => {
                    self.handle(Input::Tick).await?;
                    self.sentry.wait(self.network.counts().answers).await?;
                }
            }
        }
    }

    /// Answers are sent to whoever still waits for them.
    async fn take(&mut self, word: Word) -> Result<(), DaemonError> {
        match word {
            Word::Observe { input, done } => {
                self.handle(*input).await?;
                let _asker_left = done.send(());
            }
            Word::Cursor { chain, answer } => {
                let _asker_left = answer.send(self.cursor(chain));
            }
            Word::Endpoints(chain, statuses) => {
                self.endpoints.insert(chain, statuses);
            }
            Word::Status(answer) => {
                let _asker_left = answer.send(self.scene().status());
            }
            Word::Peers(answer) => {
                let _asker_left = answer.send(self.scene().peers());
            }
        }
        Ok(())
    }

    async fn hear(&mut self, event: Event) -> Result<(), DaemonError> {
        match event {
            Event::Heard(heard) => {
                // It may have been struck off since: then nobody would look it up.
                if self.census.roster().owners(heard.author).next().is_some() {
                    self.heard.insert(heard.author, heard);
                }
            }
            Event::Echo(echo) => self.sentry.hear(echo, now())?,
            Event::Conduct { peer, conduct } => self.handle(Input::Conduct { peer, conduct }).await?,
            Event::Up(peer) => {
                debug!(%peer, "a neighbour came");
                self.remember(peer).await;
            }
            Event::Down(peer) => debug!(%peer, "a neighbour went"),
        }
        Ok(())
    }

    /// Writes down where a peer was reached. It is a convenience for the next start, so nothing depends on it.
    async fn remember(&mut self, peer: PeerId) {
        let now = now();
        self.remembered.retain(|_, at| now.since(*at) < REMEMBER_AFTER);
        if self.remembered.contains_key(&peer) {
            return;
        }
        let Ok(addresses) = self.network.found_at(peer).await else { return };
        if addresses.is_empty() {
            return;
        }
        self.remembered.insert(peer, now);
        if let Err(error) = self.store.remember_peers(&[PeerRow { peer, addresses, seen: now }]).await {
            warn!(%error, "could not write down where a peer was reached");
        }
    }

    /// Asks the census and does what it says, in its order: an order that follows a row waits for the row.
    async fn handle(&mut self, input: Input) -> Result<(), DaemonError> {
        let now = now();
        let page = match &input {
            Input::Finalized(page) => !page.facts.is_empty(),
            Input::Begun(_) => true,
            Input::Pending(_) | Input::Conduct { .. } | Input::Evidence(_) | Input::Tick => false,
        };
        let mut moved = false;
        for output in self.census.handle(input, now) {
            match output {
                Output::Persist(batch) => {
                    self.store.commit(&batch).await.map_err(|source| DaemonError::Store { source })?;
                }
                Output::Admit(peer) => {
                    info!(%peer, "admitted");
                    self.door.admit(peer);
                    moved = true;
                }
                Output::Suspend(peer, doubt) => {
                    warn!(%peer, %doubt, "on probation");
                    self.door.suspend(peer, doubt);
                    moved = true;
                }
                Output::Evict(peer, bar) => {
                    if peer == self.network.peer() {
                        warn!(%bar, "this node itself is barred: nobody lets it in");
                    } else {
                        warn!(%peer, %bar, "evicted");
                    }
                    self.door.evict(peer, bar);
                    moved = true;
                    if matches!(bar, Bar::Unknown) {
                        // No link names it any more, so nobody looks it up, and there is no end to such peers.
                        self.heard.remove(&peer);
                    }
                }
                Output::Alarm(alarm) => self.notice(alarm, now),
            }
        }
        if page {
            self.renew_reasons();
        }
        if moved {
            let members = self.census.roster().peers().filter(|(_, standing)| standing.is_member());
            self.members.send_replace(members.map(|(peer, _)| peer).collect());
        }
        Ok(())
    }

    /// Tells the door why peers are barred that were barred for another reason before, as when a slash became final. The
    /// census gives no order for that: nobody is let in or thrown out.
    fn renew_reasons(&self) {
        for (peer, standing) in self.census.roster().peers() {
            if let Standing::Barred(bar) = standing
                && self.door.standing_of(peer) != standing
            {
                self.door.evict(peer, bar);
            }
        }
    }

    /// Keeps an alarm for people. One that goes on is logged once a minute, whatever its numbers are by then.
    fn notice(&mut self, alarm: Alarm, now: UnixSeconds) {
        let kind = (std::mem::discriminant(&alarm), chain_of(&alarm));
        let at = match self.notices.iter().position(|notice| notice.kind == kind) {
            Some(at) => at,
            None => {
                self.notices.push(Notice { kind, text: String::new(), time: now, times: 0, told: None });
                self.notices.len() - 1
            }
        };
        let notice = &mut self.notices[at];
        (notice.text, notice.time) = (alarm.to_string(), now);
        notice.times = notice.times.saturating_add(1);
        if notice.told.is_some_and(|told| now.since(told) < REMIND_AFTER) {
            return debug!("{alarm}");
        }
        notice.told = Some(now);
        match alarm {
            Alarm::Freshness { .. } => info!("{alarm}"),
            alarm => warn!(times = notice.times, "{alarm}"),
        }
    }

    fn cursor(&self, chain: ChainId) -> Option<Cursor> {
        let ledger = self.census.ledger();
        Some(Cursor { books: *ledger.chain(chain)?, journals: ledger.journals(chain).collect() })
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            census: &self.census,
            door: &self.door,
            network: self.network,
            sentry: &self.sentry,
            configured: &self.configured,
            endpoints: &self.endpoints,
            heard: &self.heard,
            notices: &self.notices,
            started: self.started,
            now: now(),
        }
    }
}

/// Which chain an alarm is about.
const fn chain_of(alarm: &Alarm) -> ChainId {
    match alarm {
        Alarm::PageRefused { chain, .. }
        | Alarm::PageBehind { chain, .. }
        | Alarm::PageAhead { chain, .. }
        | Alarm::RumoursDropped { chain, .. }
        | Alarm::EvidenceWaits { chain, .. }
        | Alarm::TailRefused { chain, .. }
        | Alarm::UnknownChain(chain)
        | Alarm::BeginningRefused { chain, .. }
        | Alarm::HistoryLost { chain, .. }
        | Alarm::ParametersProposed { chain, .. }
        | Alarm::Freshness { chain, .. } => *chain,
        Alarm::UnprovenSlash { owner, .. } | Alarm::BadPeerHalf { owner } => owner.chain,
    }
}

/// The wall clock. One that stands before 1970 is at its beginning: everything then looks as if it came from the future,
/// and is refused as such.
pub(crate) fn now() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
