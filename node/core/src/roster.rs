//! The roster: which owners stand behind which peer, and how that peer was last judged.
//!
//! A peer that is not on it is barred: nobody is let in for lack of knowledge.

use std::collections::{BTreeMap, BTreeSet};

use crate::identity::{Owner, PeerId};
use crate::standing::{Bar, Standing};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    owners: BTreeSet<Owner>,
    standing: Standing,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    peers: BTreeMap<PeerId, Entry>,
}

impl Roster {
    /// How the peer was last judged.
    #[must_use]
    pub fn standing(&self, peer: PeerId) -> Standing {
        self.peers.get(&peer).map_or(Standing::Barred(Bar::Unknown), |entry| entry.standing)
    }

    /// The owners whose present links name the peer.
    pub fn owners(&self, peer: PeerId) -> impl Iterator<Item = Owner> {
        self.peers.get(&peer).into_iter().flat_map(|entry| entry.owners.iter().copied())
    }

    /// Every peer that any link names.
    pub fn peers(&self) -> impl Iterator<Item = (PeerId, Standing)> {
        self.peers.iter().map(|(peer, entry)| (*peer, entry.standing))
    }

    pub(crate) fn name(&mut self, peer: PeerId, owner: Owner) {
        let unjudged = || Entry { owners: BTreeSet::new(), standing: Standing::Barred(Bar::Unknown) };
        self.peers.entry(peer).or_insert_with(unjudged).owners.insert(owner);
    }

    pub(crate) fn unname(&mut self, peer: PeerId, owner: Owner) {
        if let Some(entry) = self.peers.get_mut(&peer) {
            entry.owners.remove(&owner);
        }
    }

    /// Writes down a judgement and returns the one before. A peer that no link names any more is struck off.
    pub(crate) fn judge(&mut self, peer: PeerId, standing: Standing) -> Standing {
        let Some(entry) = self.peers.get_mut(&peer) else { return Standing::Barred(Bar::Unknown) };
        let before = std::mem::replace(&mut entry.standing, standing);
        if entry.owners.is_empty() {
            self.peers.remove(&peer);
        }
        before
    }
}
