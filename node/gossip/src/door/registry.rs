//! Who stands where, and which connections are open: the part of the door that threads race in.
//!
//! Two locks, never held together. Every message asks for the standing of its author, so that must not wait for the
//! bookkeeping of connections. What keeps them right together is an order, not a lock: [`Registry::enter`] writes the
//! connection down and then reads the standing, [`Registry::evict`] writes the standing down and then reads the
//! connections. Under any interleaving one of the two sees the other.
//!
//! It is generic over the handle of a connection, so that the order can be tried without a network.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

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
    standings: Mutex<BTreeMap<PeerId, Standing>>,
    open: Mutex<Open<H>>,
}

struct Open<H> {
    next: u64,
    /// One map, not one per peer: most peers have one connection, and the strangers who come and go have none.
    of: BTreeMap<(PeerId, Ticket), H>,
}

impl<H> Default for Registry<H> {
    fn default() -> Self {
        Self { standings: Mutex::new(BTreeMap::new()), open: Mutex::new(Open { next: 0, of: BTreeMap::new() }) }
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
        self.take(peer).into_iter().for_each(close);
    }

    /// Forgets one connection, if an eviction has not done so already.
    pub(crate) fn leave(&self, peer: PeerId, ticket: Ticket) {
        let handle = self.open().of.remove(&(peer, ticket));
        // Dropped outside the lock, for the same reason as an eviction closes there.
        drop(handle);
    }

    pub(crate) fn live(&self) -> BTreeMap<PeerId, usize> {
        let mut live = BTreeMap::new();
        for (peer, _) in self.open().of.keys() {
            *live.entry(*peer).or_default() += 1;
        }
        live
    }

    /// The connections that `pick` chooses.
    pub(crate) fn list(&self, pick: impl Fn(&H) -> bool) -> Vec<(PeerId, H)>
    where
        H: Clone,
    {
        let open = self.open();
        let picked = open.of.iter().filter(|(_, handle)| pick(handle));
        picked.map(|((peer, _), handle)| (*peer, handle.clone())).collect()
    }

    fn register(&self, peer: PeerId, handle: H) -> Result<Ticket, Refusal> {
        let mut open = self.open();
        // Without an upper bound, whose search would cost as much again.
        let others = open.of.range((peer, Ticket(0))..).take_while(|((of, _), _)| *of == peer);
        if others.count() >= CONNECTIONS_PER_PEER_CAP {
            return Err(Refusal::Crowded);
        }
        let ticket = Ticket(open.next);
        open.next = open.next.checked_add(1).expect("2^64 connections take longer than the machine lasts");
        open.of.insert((peer, ticket), handle);
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

    fn take(&self, peer: PeerId) -> Vec<H> {
        self.open().of.extract_if(all_of(peer), |_, _| true).map(|(_, handle)| handle).collect()
    }

    fn standings(&self) -> MutexGuard<'_, BTreeMap<PeerId, Standing>> {
        self.standings.lock().expect(UNBROKEN)
    }

    fn open(&self) -> MutexGuard<'_, Open<H>> {
        self.open.lock().expect(UNBROKEN)
    }
}

fn all_of(peer: PeerId) -> RangeInclusive<(PeerId, Ticket)> {
    (peer, Ticket(0))..=(peer, Ticket(u64::MAX))
}
