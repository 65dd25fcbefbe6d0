//! The shell around the census, as small as it can be: it carries orders out and keeps what has to survive a crash.

use std::collections::{BTreeMap, BTreeSet};

use crate::census::{Alarm, Batch, Checkpoint, Output};
use crate::identity::{Owner, PeerId};
use crate::ledger::Ledger;
use crate::offence::Evidence;
use crate::reputation::Reputation;
use crate::standing::Standing;

/// What the orders so far say about a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Admitted,
    Suspended,
    Evicted,
}

/// Rows on a disk, as bytes, and the door, which a crash empties.
#[derive(Debug)]
pub(super) struct Door {
    ledger: Vec<u8>,
    rows: Vec<Vec<u8>>,
    reputation: BTreeMap<Owner, Reputation>,
    evidence: BTreeMap<Owner, Evidence>,
    pub(super) orders: BTreeMap<PeerId, Order>,
    pub(super) connected: BTreeSet<PeerId>,
    pub(super) alarms: Vec<Alarm>,
    /// Every batch since somebody last took them; none if nobody wants them.
    pub(super) recorded: Option<Vec<Batch>>,
}

impl Door {
    pub(super) fn new(ledger: &Ledger) -> Self {
        Self {
            ledger: postcard::to_allocvec(ledger).expect("rows encode"),
            rows: Vec::new(),
            reputation: BTreeMap::new(),
            evidence: BTreeMap::new(),
            orders: BTreeMap::new(),
            connected: BTreeSet::new(),
            alarms: Vec::new(),
            recorded: None,
        }
    }

    /// Carries the orders out, and checks that they come in the order that makes a crash harmless.
    pub(super) fn carry_out(&mut self, outputs: Vec<Output>) -> Result<(), String> {
        self.alarms.clear();
        for (place, output) in outputs.into_iter().enumerate() {
            match output {
                Output::Persist(batch) if place == 0 => self.write(&batch),
                Output::Persist(_) => return Err("something was ordered before it was written down".to_owned()),
                Output::Admit(peer) => {
                    self.orders.insert(peer, Order::Admitted);
                }
                Output::Suspend(peer, _) => {
                    self.orders.insert(peer, Order::Suspended);
                }
                Output::Evict(peer, _) => {
                    self.orders.insert(peer, Order::Evicted);
                    self.connected.remove(&peer);
                }
                Output::Alarm(alarm) => self.alarms.push(alarm),
            }
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) {
        if let Some(recorded) = &mut self.recorded {
            recorded.push(batch.clone());
        }
        if let Some(change) = &batch.change {
            self.rows.push(postcard::to_allocvec(change).expect("rows encode"));
        }
        self.reputation.extend(&batch.reputation);
        for (owner, evidence) in &batch.evidence {
            match evidence {
                Some(evidence) => self.evidence.insert(*owner, *evidence),
                None => self.evidence.remove(owner),
            };
        }
    }

    /// Forgets everything that was not written, and reads back what was.
    pub(super) fn crash(&mut self) -> Checkpoint {
        self.orders.clear();
        self.connected.clear();
        self.kept()
    }

    /// Reads back what was written.
    pub(super) fn kept(&mut self) -> Checkpoint {
        let mut ledger: Ledger = postcard::from_bytes(&self.ledger).expect("rows decode");
        for row in self.rows.drain(..) {
            ledger.commit(&postcard::from_bytes(&row).expect("rows decode"));
        }
        self.ledger = postcard::to_allocvec(&ledger).expect("rows encode");
        Checkpoint { ledger, reputation: self.reputation.clone(), evidence: self.evidence.clone() }
    }

    /// A peer dials. Only members are let in.
    pub(super) fn dial(&mut self, peer: PeerId) -> bool {
        let admitted = self.orders.get(&peer) == Some(&Order::Admitted);
        if admitted {
            self.connected.insert(peer);
        }
        admitted
    }

    /// Whether the orders so far amount to this standing.
    pub(super) fn agrees(&self, peer: PeerId, standing: Standing) -> bool {
        match (self.orders.get(&peer), standing) {
            (Some(Order::Admitted), Standing::Member)
            | (Some(Order::Suspended), Standing::Probation(_))
            | (Some(Order::Evicted) | None, Standing::Barred(_)) => true,
            (None | Some(Order::Admitted | Order::Suspended | Order::Evicted), _) => false,
        }
    }
}
