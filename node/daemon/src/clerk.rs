//! The clerk: the one task that holds the census and carries out what it orders, in order.
//!
//! Everybody else knocks at its [`Desk`]. Because one task does it all, an order is carried out before the next
//! observation is looked at, and what was to be written is on disk before anybody is let in or thrown out for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;
use tracing::{debug, info, warn};
use williw_chain::base::EndpointStatus;
use williw_core::census::{Alarm, Census, Input, Output};
use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::identity::{ChainId, PeerId};
use williw_core::journal::{Head, Site};
use williw_core::ledger::ChainBooks;
use williw_core::standing::Bar;
use williw_gossip::{Door, Event, Heard, Network};
use williw_store::{PeerRow, Store};

use crate::error::DaemonError;
use crate::view::{Notice, Peers, Scene, Status};

/// Words that wait for the clerk. When there are more whoever brings one waits: all of them are our own.
const DESK_CAP: usize = 64;

/// Alarms that are kept for people. The oldest goes first.
const NOTICES_CAP: usize = 64;

/// An alarm that goes on is logged this often.
const REMIND_AFTER: Seconds = Seconds(60);

/// How often the census is told that time passes.
const TICK: Duration = Duration::from_secs(1);

/// Where a ledger stands, for whoever reads its chain.
pub(crate) struct Cursor {
    pub(crate) books: ChainBooks,
    pub(crate) head: Head,
}

enum Word {
    Observe { input: Box<Input>, done: oneshot::Sender<()> },
    Cursor { chain: ChainId, answer: oneshot::Sender<Option<Cursor>> },
    Endpoints(Vec<EndpointStatus>),
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

    pub(crate) async fn endpoints(&self, statuses: Vec<EndpointStatus>) -> Result<(), Gone> {
        self.words.send(Word::Endpoints(statuses)).await.map_err(|_| Gone)
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
    /// Whom to dial, for whoever dials.
    members: watch::Sender<BTreeSet<PeerId>>,
    /// Peers that the settings name, members or not.
    configured: BTreeSet<PeerId>,
    endpoints: Vec<EndpointStatus>,
    /// The last heartbeat of every peer that is on the roster.
    heard: BTreeMap<PeerId, Heard>,
    notices: VecDeque<Notice>,
    started: UnixSeconds,
}

impl<'a> Clerk<'a> {
    pub(crate) fn new(
        census: Census,
        (store, door, network): (&'a Store, Door, &'a Network),
        configured: BTreeSet<PeerId>,
        started: UnixSeconds,
    ) -> Self {
        // Everybody is barred after a restart, but not everybody for the same reason, and the door tells it.
        for (peer, standing) in census.roster().peers() {
            if let williw_core::standing::Standing::Barred(bar) = standing {
                door.evict(peer, bar);
            }
        }
        Self {
            census,
            store,
            door,
            network,
            members: watch::Sender::default(),
            configured,
            endpoints: Vec::new(),
            heard: BTreeMap::new(),
            notices: VecDeque::new(),
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
        mut tray: Tray,
        mut events: mpsc::Receiver<Event>,
        stop: impl Future<Output = ()>,
    ) -> Result<(), DaemonError> {
        let mut stop = pin!(stop);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut stop => return Ok(()),
                word = tray.words.recv() => match word {
                    Some(word) => self.take(word).await?,
                    None => return Ok(()),
                },
                event = events.recv() => match event {
                    Some(event) => self.hear(event).await?,
                    None => return Err(DaemonError::NetworkEnded),
                },
                _ = ticks.tick() => self.handle(Input::Tick).await?,
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
            Word::Endpoints(statuses) => self.endpoints = statuses,
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
                self.heard.insert(heard.author, heard);
            }
            Event::Conduct { peer, conduct } => self.handle(Input::Conduct { peer, conduct }).await?,
            Event::Up(peer) => {
                info!(%peer, "a neighbour came");
                let addresses = self.network.found_at(peer).await.map_err(|source| DaemonError::Network { source })?;
                if !addresses.is_empty() {
                    let row = PeerRow { peer, addresses, seen: now() };
                    self.store.remember_peers(&[row]).await.map_err(|source| DaemonError::Store { source })?;
                }
            }
            Event::Down(peer) => info!(%peer, "a neighbour went"),
        }
        Ok(())
    }

    /// Asks the census and does what it says, in its order: an order that follows a row waits for the row.
    async fn handle(&mut self, input: Input) -> Result<(), DaemonError> {
        let now = now();
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
                    warn!(%peer, %bar, "evicted");
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
        if moved {
            let members = self.census.roster().peers().filter(|(_, standing)| standing.is_member());
            self.members.send_replace(members.map(|(peer, _)| peer).collect());
        }
        Ok(())
    }

    /// Keeps an alarm for people. One that comes with every reading is one notice, and not a line each time.
    fn notice(&mut self, alarm: Alarm, now: UnixSeconds) {
        let text = alarm.to_string();
        let known = self.notices.iter().position(|notice| notice.text == text);
        let mut notice = match known.and_then(|at| self.notices.remove(at)) {
            Some(known) => known,
            None => Notice { text, time: now, times: 0, told: None },
        };
        (notice.time, notice.times) = (now, notice.times.saturating_add(1));
        if notice.told.is_none_or(|told| now.since(told) >= REMIND_AFTER) {
            notice.told = Some(now);
            match alarm {
                Alarm::Freshness { .. } => info!("{alarm}"),
                alarm => warn!(times = notice.times, "{alarm}"),
            }
        } else {
            debug!("{alarm}");
        }
        if self.notices.len() == NOTICES_CAP {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }

    fn cursor(&self, chain: ChainId) -> Option<Cursor> {
        let ledger = self.census.ledger();
        let books = *ledger.chain(chain)?;
        let journal = match books.site {
            Site::Base { vault, .. } => vault,
            Site::Solana { config } => config,
        };
        Some(Cursor { books, head: ledger.head(chain, journal) })
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            census: &self.census,
            door: &self.door,
            network: self.network,
            configured: &self.configured,
            endpoints: &self.endpoints,
            heard: &self.heard,
            notices: &self.notices,
            started: self.started,
            now: now(),
        }
    }
}

/// The wall clock. One that stands before 1970 is at its beginning: everything then looks as if it came from the future,
/// and is refused as such.
pub(crate) fn now() -> UnixSeconds {
    UnixSeconds(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}
