//! The census: a pure state machine from observations and conduct to orders.
//!
//! It holds everything that decides who may speak, and touches nothing: readers bring [`Input`]s, the caller brings the
//! time, and whoever wires it carries the [`Output`]s out, in order. A slash, a reorganisation, a restart and a spamming
//! peer are the same kind of unit test.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cycle::UnixSeconds;
use crate::identity::{ChainId, Owner, PeerId};
use crate::ledger::{Beginning, Change, Ledger, Page};
use crate::offence::{Acquittal, Contradiction, Evidence};
use crate::reputation::{Conduct, Reputation};
use crate::roster::Roster;
use crate::standing::{Bar, Doubt, Standing};
pub use crate::tail::CLOCK_SLACK;
use crate::tail::{Rumour, Tail, charges};

mod alarm;
mod finals;
mod judge;
mod watch;

pub use alarm::Alarm;
use watch::Watch;
pub use watch::{CURSOR_AHEAD, Freshness, HALT_AFTER, STALE_AFTER};

/// Something that happened to this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A chain's final facts, from where the ledger stands.
    Finalized(Page),
    /// A chain's final accounts, for a ledger that does not fold what came before.
    Begun(Box<Beginning>),
    /// A chain's whole unfinal tail. A reader that failed sends nothing; the chain grows stale by the clock.
    Pending(Tail),
    /// How a peer behaved towards this node.
    Conduct { peer: PeerId, conduct: Conduct },
    /// Two statements that somebody says are by one signer.
    Evidence(Evidence),
    /// Time passed.
    Tick,
}

/// What to do about it, in the order in which it has to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write all of it in one transaction before anything that follows is carried out.
    Persist(Box<Batch>),
    /// The peer is a member: let it in, dial it.
    Admit(PeerId),
    /// Keep the peer's connections, but neither dial nor admit it anew.
    Suspend(PeerId, Doubt),
    /// Bar the peer, then close its connections.
    Evict(PeerId, Bar),
    /// Tell the person who runs this node.
    Alarm(Alarm),
}

/// Rows to write, each as it is afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    pub change: Option<Change>,
    pub reputation: BTreeMap<Owner, Reputation>,
    /// Evidence without a slash; none when it came to an end.
    pub evidence: BTreeMap<Owner, Option<Evidence>>,
}

/// What a store reads back after a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub ledger: Ledger,
    pub reputation: BTreeMap<Owner, Reputation>,
    pub evidence: BTreeMap<Owner, Evidence>,
}

#[derive(Clone, Debug)]
pub struct Census {
    ledger: Ledger,
    watches: BTreeMap<ChainId, Watch>,
    roster: Roster,
    reputation: BTreeMap<Owner, Reputation>,
    /// Owners whose reputation changed since it was last written.
    unwritten: BTreeSet<Owner>,
    evidence: BTreeMap<Owner, (Evidence, Contradiction)>,
    /// Peers whose standing the passing of time alone may change.
    ripening: BTreeSet<PeerId>,
}

/// What one input led to, before it is put in order.
#[derive(Debug, Default)]
struct Turn {
    batch: Batch,
    /// Whether the batch has to be written even if nobody's standing changes.
    write: bool,
    touched: BTreeSet<PeerId>,
    alarms: Vec<Alarm>,
}

impl Census {
    /// Continues from what was written. Nobody is admitted before the chains were read to their final heads again.
    pub fn restore(checkpoint: Checkpoint) -> Result<Self, Acquittal> {
        let Checkpoint { ledger, reputation, evidence } = checkpoint;
        let mut roster = Roster::default();
        for (owner, operator) in ledger.operators() {
            if let Some(link) = operator.link {
                roster.name(link.peer(), *owner);
            }
        }
        let prove = |(owner, evidence): (Owner, Evidence)| {
            evidence.prove(ledger.network()).map(|contradiction| (owner, (evidence, contradiction)))
        };
        let evidence = evidence.into_iter().map(prove).collect::<Result<_, _>>()?;
        let watches = ledger.chains().map(|(chain, books)| (chain, Watch::new(books.through))).collect();
        let mut census = Self {
            ledger,
            watches,
            roster,
            reputation,
            unwritten: BTreeSet::new(),
            evidence,
            ripening: BTreeSet::new(),
        };
        let peers: Vec<PeerId> = census.roster.peers().map(|(peer, _)| peer).collect();
        for peer in peers {
            // No chain is read yet, so this bars everybody; it is here so that every reason is the true one.
            let standing = census.judge(peer, UnixSeconds::default());
            census.roster.judge(peer, standing);
        }
        Ok(census)
    }

    /// Takes one input and says what to do.
    pub fn handle(&mut self, input: Input, now: UnixSeconds) -> Vec<Output> {
        let mut turn = Turn::default();
        match input {
            Input::Finalized(page) => self.finalized(&page, now, &mut turn),
            Input::Begun(beginning) => self.begun(&beginning, now, &mut turn),
            Input::Pending(tail) => self.pending(tail, now, &mut turn),
            Input::Conduct { peer, conduct } => self.conduct(peer, conduct, now, &mut turn),
            Input::Evidence(evidence) => self.accuse(evidence, &mut turn),
            Input::Tick => self.tick(now, &mut turn),
        }
        self.conclude(turn, now)
    }

    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    #[must_use]
    pub const fn roster(&self) -> &Roster {
        &self.roster
    }

    #[must_use]
    pub fn freshness(&self, chain: ChainId) -> Option<Freshness> {
        self.watches.get(&chain).map(Watch::freshness)
    }

    #[must_use]
    pub fn reputation(&self, owner: Owner) -> Reputation {
        self.reputation.get(&owner).copied().unwrap_or_default()
    }

    /// Owners whose signer is known to have contradicted itself without having been slashed.
    pub fn accused(&self) -> impl Iterator<Item = Owner> {
        self.evidence.keys().copied()
    }

    fn pending(&mut self, mut tail: Tail, now: UnixSeconds, turn: &mut Turn) {
        let chain = tail.chain;
        let (Some(books), Some(watch)) = (self.ledger.chain(chain), self.watches.get_mut(&chain)) else {
            return turn.alarms.push(Alarm::UnknownChain(chain));
        };
        let reach = tail.reach();
        match tail.sift(books, now) {
            Ok(0) => {}
            Ok(dropped) => turn.alarms.push(Alarm::RumoursDropped { chain, dropped }),
            Err(fault) => return turn.alarms.push(Alarm::TailRefused { chain, fault }),
        }
        let place = (books.through, now);
        let left: Vec<_> = watch.tail.drain(..).filter(|rumour| tail.leaves(rumour, &reach, place)).collect();
        tail.add(left);
        let changed = watch.read(tail.head, now, turn, chain);
        watch.tail = tail.rumours;
        if changed {
            turn.touched.extend(self.peers_on(chain));
        }
        self.redigest(chain, turn);
    }

    fn conduct(&mut self, peer: PeerId, conduct: Conduct, now: UnixSeconds, turn: &mut Turn) {
        // A stranger has no reputation to lose, and remembering strangers would let anyone fill our memory.
        let owners: Vec<Owner> = self.roster.owners(peer).collect();
        for owner in owners {
            self.reputation.entry(owner).or_default().add(conduct, now);
            self.unwritten.insert(owner);
            turn.touched.insert(peer);
        }
    }

    /// Remembers evidence against whoever would be slashed for it, as far as our journal knows.
    ///
    /// What it does not bear out leaves no trace and is nobody's misconduct: nodes read chains at different moments. Only
    /// evidence that proves nothing by itself is; whoever received it finds that out with [`Evidence::prove`].
    fn accuse(&mut self, evidence: Evidence, turn: &mut Turn) {
        if !evidence.conflicts() {
            return;
        }
        let Ok(contradiction) = evidence.prove(self.ledger.network()) else { return };
        for chain in ChainId::ALL {
            let accused = self.ledger.accused(chain, contradiction.signer());
            let Some(owner) = accused.map(|accused| accused.tenure.owner) else { continue };
            // One piece per owner is enough, the one that lasts longest: an old one must not shield a new one.
            // Evidence from the future lasts no longer than that of tomorrow, or its owner could have us write for ever.
            let limit = self.ledger.cycle(chain).unwrap_or_default().plus(1);
            let known = self.evidence.get(&owner).map(|(_, known)| known.since());
            if known.is_some_and(|since| since >= contradiction.since().min(limit))
                || !charges(&contradiction, owner, &self.ledger)
            {
                continue;
            }
            self.evidence.insert(owner, (evidence, contradiction));
            turn.batch.evidence.insert(owner, Some(evidence));
            turn.write = true;
            turn.touched.extend(self.peer_of(owner));
        }
    }

    fn tick(&mut self, now: UnixSeconds, turn: &mut Turn) {
        for chain in ChainId::ALL {
            if self.watch(chain).is_some_and(|watch| watch.age(now, turn, chain)) {
                turn.touched.extend(self.peers_on(chain));
            }
        }
        for peer in &self.ripening {
            for owner in self.roster.owners(*peer) {
                if self.reputation.get_mut(&owner).is_some_and(|reputation| reputation.hold_to(now)) {
                    self.unwritten.insert(owner);
                }
            }
        }
        turn.touched.extend(&self.ripening);
        turn.write |= !self.unwritten.is_empty();
    }

    /// Picks the bad news out of what is left of the tail after the final head moved, or of a new one.
    fn redigest(&mut self, chain: ChainId, turn: &mut Turn) {
        let Some(watch) = self.watches.get_mut(&chain) else { return };
        // What has its place in the journal is no rumour any more. Where the cursor stands says nothing: it can be led astray.
        watch.tail.retain(|Rumour { fact, .. }| fact.seq > self.ledger.head(chain, fact.journal).seq);
        let digest = crate::tail::digest(&watch.tail, &self.ledger, &watch.proofs);
        let owners: BTreeSet<Owner> = watch.news.keys().chain(digest.news.keys()).copied().collect();
        let mut unproven = digest.unproven.difference(&watch.unproven);
        if let Some((owner, height)) = unproven.next().copied() {
            turn.alarms.push(Alarm::UnprovenSlash { owner, height, others: unproven.count() });
        }
        if digest.waiting > 0 {
            turn.alarms.push(Alarm::EvidenceWaits { chain, pieces: digest.waiting });
        }
        (watch.news, watch.unproven, watch.proofs) = (digest.news, digest.unproven, digest.proofs);
        turn.touched.extend(owners.into_iter().filter_map(|owner| self.peer_of(owner)));
    }

    /// Forgets evidence that no longer slashes anybody: too old, or its operator was jailed for it.
    fn drop_spent_evidence(&mut self, chain: ChainId, turn: &mut Turn) {
        let ledger = &self.ledger;
        let spent: Vec<Owner> = self
            .evidence
            .iter()
            .filter(|(owner, (_, contradiction))| owner.chain == chain && !charges(contradiction, **owner, ledger))
            .map(|(owner, _)| *owner)
            .collect();
        for owner in spent {
            self.evidence.remove(&owner);
            turn.batch.evidence.insert(owner, None);
            turn.write = true;
            turn.touched.extend(self.peer_of(owner));
        }
    }

    /// Judges everyone the turn touched and puts the orders in order.
    fn conclude(&mut self, mut turn: Turn, now: UnixSeconds) -> Vec<Output> {
        let (mut admits, mut suspends, mut evicts) = (Vec::new(), Vec::new(), Vec::new());
        for peer in std::mem::take(&mut turn.touched) {
            let standing = self.judge(peer, now);
            self.note_ripening(peer, now);
            let before = self.roster.judge(peer, standing);
            if standing.is_like(&before) {
                continue;
            }
            turn.write = true;
            match standing {
                Standing::Member => admits.push(Output::Admit(peer)),
                Standing::Probation(doubt) => suspends.push(Output::Suspend(peer, doubt)),
                Standing::Barred(bar) => evicts.push(Output::Evict(peer, bar)),
            }
        }
        let mut outputs = Vec::new();
        if turn.write {
            for owner in std::mem::take(&mut self.unwritten) {
                turn.batch.reputation.insert(owner, self.reputation(owner));
            }
            if let Some(change) = &turn.batch.change
                && let Some(watch) = self.watches.get_mut(&change.chain)
            {
                watch.written = change.books.through.time;
            }
            if turn.batch != Batch::default() {
                outputs.push(Output::Persist(Box::new(turn.batch)));
            }
        }
        outputs.extend(admits);
        outputs.extend(suspends);
        outputs.extend(evicts);
        outputs.extend(turn.alarms.into_iter().map(Output::Alarm));
        outputs
    }

    fn watch(&mut self, chain: ChainId) -> Option<&mut Watch> {
        self.watches.get_mut(&chain)
    }

    fn peer_of(&self, owner: Owner) -> Option<PeerId> {
        self.ledger.operator(owner)?.link.map(|link| link.peer())
    }

    /// Every peer that an operator of `chain` names.
    fn peers_on(&self, chain: ChainId) -> Vec<PeerId> {
        let on_chain = self.ledger.operators().iter().filter(|(owner, _)| owner.chain == chain);
        on_chain.filter_map(|(_, operator)| operator.link).map(|link| link.peer()).collect()
    }
}
