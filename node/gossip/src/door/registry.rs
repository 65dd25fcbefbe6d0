//! Who stands where, and which connections are open: the part of the door that threads race in.
//!
//! Two locks, never held together. Every message asks for the standing of its author, so that must not wait for the
//! bookkeeping of connections. What keeps them right together is an order, not a lock: [`Registry::enter`] writes the
//! connection down and then reads the standing, [`Registry::evict`] writes the standing down and then reads the
//! connections. Under any interleaving one of the two sees the other. That a stranger is refused at a first look, before
//! anything is written down, changes nothing of it: that look lets nobody in.
//!
//! It is generic over the handle of a connection, so that the order can be tried without a network.

use std::collections::{BTreeMap, HashMap};

use williw_core::identity::PeerId;
use williw_core::standing::{Bar, Standing};

use crate::code::Refusal;

#[cfg(not(test))]
use std::sync::{Mutex, MutexGuard};

#[cfg(test)]
use shuttle::sync::{Mutex, MutexGuard};

#[cfg(test)]
mod tests;

/// Open connections with one peer, over all protocols. The newest is refused: a peer needs one per protocol and a second
/// one while both sides dial each other.
pub const CONNECTIONS_PER_PEER_CAP: usize = 8;

const UNBROKEN: &str = "nothing panics while it holds the lock";

/// The name of one registration. Never used twice, so a late farewell cannot strike off somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

pub(crate) struct Registry<H> {
    /// Everybody that the census spoke of and that is not simply unknown.
    /// Hashed, with a key of its own: it is asked twice per connection and once per message, and nobody walks through it.
    standings: Mutex<HashMap<PeerId, Standing>>,
    open: Mutex<Open<H>>,
}

struct Open<H> {
    next: u64,
    /// No list is empty, and none is longer than [`CONNECTIONS_PER_PEER_CAP`].
    of: HashMap<PeerId, Vec<(Ticket, H)>>,
}

impl<H> Default for Registry<H> {
    fn default() -> Self {
        Self { standings: Mutex::new(HashMap::new()), open: Mutex::new(Open { next: 0, of: HashMap::new() }) }
    }
}

impl<H> Registry<H> {
    pub(crate) fn standing(&self, peer: PeerId) -> Standing {
        self.standings().get(&peer).copied().unwrap_or(Standing::Barred(Bar::Unknown))
    }

    pub(crate) fn place(&self, peer: PeerId, standing: Standing) {
        self.standings().insert(peer, standing);
    }

    /// Registers, then judges. If this refuses, the caller closes the connection, and it is not registered any more.
    ///
    /// It judges before, too, but only to refuse: strangers, who may knock as often as they like, cost one look.
    pub(crate) fn enter(&self, peer: PeerId, handle: H) -> Result<Ticket, Refusal> {
        self.judge(peer)?;
        self.register_and_judge(peer, handle)
    }

    fn register_and_judge(&self, peer: PeerId, handle: H) -> Result<Ticket, Refusal> {
        let ticket = self.register(peer, handle)?;
        self.judge(peer).inspect_err(|_| self.leave(peer, ticket))?;
        Ok(ticket)
    }

    fn judge(&self, peer: PeerId) -> Result<(), Refusal> {
        match self.standing(peer) {
            Standing::Member => Ok(()),
            Standing::Probation(_) => Err(Refusal::Suspended),
            Standing::Barred(bar) => Err(Refusal::Barred(bar)),
        }
    }

    /// Bars, then closes.
    pub(crate) fn evict(&self, peer: PeerId, bar: Bar, close: impl FnMut(H)) {
        self.bar(peer, bar);
        // Closed outside the lock: it is not ours to know what closing waits for.
        self.take(peer).into_iter().map(|(_, handle)| handle).for_each(close);
    }

    /// Forgets one connection, if an eviction has not done so already.
    pub(crate) fn leave(&self, peer: PeerId, ticket: Ticket) {
        let mut open = self.open();
        if let Some(handles) = open.of.get_mut(&peer) {
            handles.retain(|(other, _)| *other != ticket);
            if handles.is_empty() {
                open.of.remove(&peer);
            }
        }
    }

    pub(crate) fn live(&self) -> BTreeMap<PeerId, usize> {
        self.open().of.iter().map(|(peer, handles)| (*peer, handles.len())).collect()
    }

    /// The connections that `pick` chooses.
    pub(crate) fn list(&self, pick: impl Fn(&H) -> bool) -> Vec<(PeerId, H)>
    where
        H: Clone,
    {
        let open = self.open();
        let all = open.of.iter().flat_map(|(peer, handles)| handles.iter().map(|(_, handle)| (*peer, handle)));
        all.filter(|(_, handle)| pick(handle)).map(|(peer, handle)| (peer, handle.clone())).collect()
    }

    /// The connections with one peer that `pick` chooses.
    pub(crate) fn list_of(&self, peer: PeerId, pick: impl Fn(&H) -> bool) -> Vec<H>
    where
        H: Clone,
    {
        let open = self.open();
        let handles = open.of.get(&peer).into_iter().flatten().map(|(_, handle)| handle);
        handles.filter(|handle| pick(handle)).cloned().collect()
    }

    fn register(&self, peer: PeerId, handle: H) -> Result<Ticket, Refusal> {
        let mut open = self.open();
        let ticket = Ticket(open.next);
        // A number that is not given out is no loss.
        open.next = open.next.checked_add(1).expect("2^64 connections take longer than the machine lasts");
        let handles = open.of.entry(peer).or_default();
        if handles.len() >= CONNECTIONS_PER_PEER_CAP {
            return Err(Refusal::Crowded);
        }
        handles.push((ticket, handle));
        Ok(ticket)
    }

    fn bar(&self, peer: PeerId, bar: Bar) {
        let mut standings = self.standings();
        // The unknown are everybody else: remembering them would only grow.
        if bar == Bar::Unknown {
            standings.remove(&peer);
        } else {
            standings.insert(peer, Standing::Barred(bar));
        }
    }

    fn take(&self, peer: PeerId) -> Vec<(Ticket, H)> {
        self.open().of.remove(&peer).unwrap_or_default()
    }

    fn standings(&self) -> MutexGuard<'_, HashMap<PeerId, Standing>> {
        self.standings.lock().expect(UNBROKEN)
    }

    fn open(&self) -> MutexGuard<'_, Open<H>> {
        self.open.lock().expect(UNBROKEN)
    }
}
