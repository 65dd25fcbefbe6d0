//! The unfinal tail: what a chain says now and may take back.
//!
//! It is replaced whole with every reading, so a reorganisation leaves nothing to undo. Only bad news in it counts, and
//! no endpoint can invent any of it alone: a slash carries its own proof, an unstake needs two witnesses.

use std::collections::{BTreeMap, BTreeSet};

use crate::amount::Amount;
use crate::cycle::{Height, Seconds, UnixSeconds};
use crate::fact::{Body, BodyKind, Fact};
use crate::identity::{Account, ChainId, Owner};
use crate::ledger::{ChainBooks, Ledger, Point};
use crate::offence::{Contradiction, Evidence};

/// The most bad news that several endpoints show. More is refused whole, like a reading that failed: the last good tail
/// stays, and the chain grows stale, which admits nobody and evicts nobody.
pub const TAIL_CAP: usize = 100_000;

/// The most slashes, and the most unstakes, that one endpoint alone may show; the rest of its own is dropped. What it invents
/// costs nobody else, and no crowd of one kind hides the other.
pub const WITNESS_CAP: usize = 10_000;

/// How many pieces of new evidence are verified per endpoint and reading. What is over waits for the next reading, so an
/// endpoint that invents slashes delays only what it alone shows.
pub const PROOFS_PER_WITNESS: usize = 64;

/// How many endpoints must have shown an unstake before it counts in full.
pub const UNSTAKE_WITNESSES: u32 = 2;

/// How far a block may lie ahead of this machine's clock.
pub const CLOCK_SLACK: Seconds = Seconds(300);

/// Which of a chain's endpoints showed something: one bit each, at most eight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Witnesses(pub u8);

impl Witnesses {
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The endpoint, if it is one alone.
    fn only(self) -> Option<usize> {
        self.endpoints().next().filter(|_| self.count() == 1)
    }

    fn endpoints(self) -> impl Iterator<Item = usize> {
        (0..8).filter(move |endpoint| self.0 >> endpoint & 1 == 1)
    }
}

/// An unfinal fact and which endpoints showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rumour {
    pub fact: Fact,
    pub witnesses: Witnesses,
}

/// Everything after some final block, read whole: whatever any endpoint shows, up to a head that a quorum of the
/// reachable endpoints agrees on. A reader that could not get all of it has no tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    pub chain: ChainId,
    /// Every fact above this height is here. It must not lie beyond what the ledger has folded: bad news between the two
    /// would be in neither.
    pub after: Height,
    pub head: Point,
    pub rumours: Vec<Rumour>,
}

/// Why a tail cannot be what a chain says now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TailFault {
    #[error("it begins after {after}, but the journal ends at {folded}: what lies between is unseen")]
    Gap { after: Height, folded: Height },
    #[error("it ends at {head}, before the journal does at {folded}: its endpoints lag")]
    Behind { head: Height, folded: Height },
    #[error("its head is from {} seconds ahead: check this machine's clock", ahead.0)]
    Ahead { ahead: Seconds },
    #[error("{blocks} blocks in {seconds} seconds since the last final one are more than any chain makes")]
    TooFar { blocks: u64, seconds: u64 },
    #[error("several endpoints show {0} pieces of bad news, more than {TAIL_CAP}")]
    TooLong(usize),
}

impl Tail {
    /// Drops what can make nobody's standing worse, and refuses what cannot follow the ledger. Returns how many rumours
    /// were not believed because they lie outside the tail or are too many of one endpoint. A slash proves itself, so it may
    /// come from a little farther than a quorum is, where a reader asks for more: one endpoint that is slow does not hide it.
    pub(crate) fn sift(&mut self, books: &ChainBooks, now: UnixSeconds) -> Result<usize, TailFault> {
        let (folded, head) = (books.through, self.head);
        if self.after > folded.height {
            return Err(TailFault::Gap { after: self.after, folded: folded.height });
        }
        if head.height < folded.height {
            return Err(TailFault::Behind { head: head.height, folded: folded.height });
        }
        // Nothing takes back what was heard from where no tail reaches.
        let ahead = head.time.since(now);
        if ahead > CLOCK_SLACK {
            return Err(TailFault::Ahead { ahead });
        }
        if let Some((blocks, seconds)) = ChainBooks::leap(folded, head) {
            return Err(TailFault::TooFar { blocks, seconds });
        }
        self.rumours.retain(|rumour| rumour.fact.body.kind().is_bad_news());
        let (mut dropped, mut shared, mut alone) = (0_usize, 0_usize, [[0_usize; 2]; 8]);
        self.rumours.retain(|Rumour { fact, witnesses }| {
            let is_slash = fact.body.kind() == BodyKind::Slashed;
            let ends = fact.height <= head.height || (is_slash && is_soon(fact.height, folded, now));
            let inside = fact.chain == self.chain && self.after < fact.height && ends;
            let counter = match witnesses.only() {
                Some(endpoint) => &mut alone[endpoint][usize::from(is_slash)],
                None => &mut shared,
            };
            *counter = counter.saturating_add(usize::from(inside));
            let kept = inside && (witnesses.count() > 1 || *counter <= WITNESS_CAP);
            dropped = dropped.saturating_add(usize::from(!kept));
            kept
        });
        if shared > TAIL_CAP { Err(TailFault::TooLong(shared)) } else { Ok(dropped) }
    }

    /// How far each journal goes in this tail, as enough endpoints show it. To be asked before anything is sifted out.
    pub(crate) fn reach(&self) -> BTreeMap<Account, u64> {
        let mut reach = BTreeMap::new();
        for Rumour { fact, witnesses } in &self.rumours {
            if fact.chain == self.chain && fact.height <= self.head.height && witnesses.count() >= UNSTAKE_WITNESSES {
                let seq: &mut u64 = reach.entry(fact.journal).or_default();
                *seq = fact.seq.max(*seq);
            }
        }
        reach
    }

    /// Adds what is left of earlier ones: each slash once, and of one endpoint alone no more than it may show at once.
    pub(crate) fn add(&mut self, left: Vec<Rumour>) {
        let above = self.rumours.iter().filter(|rumour| rumour.fact.height > self.head.height);
        let shown: BTreeSet<Slash> = above.filter_map(|rumour| slash_of(&rumour.fact)).collect();
        let mut alone = [0_usize; 8];
        let left = left.into_iter().filter(|Rumour { fact, witnesses }| {
            if slash_of(fact).is_some_and(|slash| shown.contains(&slash)) {
                return false;
            }
            let Some(endpoint) = witnesses.only() else { return true };
            alone[endpoint] = alone[endpoint].saturating_add(1);
            alone[endpoint] <= WITNESS_CAP
        });
        self.rumours.extend(left.take(TAIL_CAP));
    }

    /// Whether what was heard before is still to be believed beside this tail, which goes so far in each journal.
    ///
    /// A tail says nothing about what lies above its head. What was heard from there stays until a tail comes to it, or a head
    /// that steps back would take bad news along; but only what no endpoint can have invented alone. And a number that a
    /// journal has used up is no longer to come: another unstake took the place of this one, and it must not count twice.
    ///
    /// Nor does it stay if no tail can come there soon: it was heard while the cursor was astray, and nothing would end it.
    pub(crate) fn leaves(
        &self,
        Rumour { fact, witnesses }: &Rumour,
        reach: &BTreeMap<Account, u64>,
        (folded, now): (Point, UnixSeconds),
    ) -> bool {
        let is_slash = fact.body.kind() == BodyKind::Slashed;
        let used_up = reach.get(&fact.journal).is_some_and(|&seq| fact.seq <= seq);
        let soon = is_soon(fact.height, folded, now);
        fact.height > self.head.height && soon && (is_slash || (witnesses.count() >= UNSTAKE_WITNESSES && !used_up))
    }
}

/// Whether a chain that is folded so far can have come to this height by now.
fn is_soon(height: Height, folded: Point, now: UnixSeconds) -> bool {
    ChainBooks::leap(folded, Point { height, time: now.plus(CLOCK_SLACK) }).is_none()
}

/// A slash, as far as it matters which one it is: where it is in its journal, of whom, and for what.
type Slash = (Height, Account, u64, Option<Owner>, Evidence);

fn slash_of(fact: &Fact) -> Option<Slash> {
    let Body::Slashed(slashed) = &fact.body else { return None };
    Some((fact.height, fact.journal, fact.seq, fact.owner(), slashed.evidence))
}

/// Bad news about one owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// How much is on its way out, as any endpoint and as enough of them tell it, and the block of the last of it. What
    /// comes in meanwhile does not count against it: that is good news.
    pub(crate) told: Option<(Amount, Height)>,
    pub(crate) witnessed: Option<(Amount, Height)>,
    /// The block of a slash whose two signatures verified.
    pub(crate) slash: Option<Height>,
}

/// An unstake that was heard of: how much leaves, as any endpoint and as enough of them tell it.
#[derive(Clone, Copy, Debug, Default)]
struct Leaving {
    told: Amount,
    witnessed: Amount,
    height: Height,
}

impl News {
    fn hear(&mut self, leaving: &Leaving) {
        // More than everything is everything.
        let more = |heard: Option<(Amount, Height)>, amount: Amount| {
            let before = heard.map_or(Amount::ZERO, |(before, _)| before);
            (!amount.is_zero()).then(|| (before.plus(amount).unwrap_or(Amount::MAX), leaving.height)).or(heard)
        };
        self.told = more(self.told, leaving.told);
        self.witnessed = more(self.witnessed, leaving.witnessed);
    }
}

/// Whether, as the journal stands, a slash of `owner` for this contradiction would be taken by its chain.
pub(crate) fn charges(contradiction: &Contradiction, owner: Owner, ledger: &Ledger) -> bool {
    let accused = ledger.accused(owner.chain, contradiction.signer()).filter(|accused| accused.tenure.owner == owner);
    let parameters = ledger.chain(owner.chain).and_then(|books| books.vault);
    match (ledger.cycle(owner.chain), parameters) {
        (Some(now), Some(parameters)) => contradiction.convict(accused, now, parameters.evidence_cycles).is_ok(),
        _ => false,
    }
}

/// What was made of the evidence in a tail, so that its signatures need no second look.
pub(crate) type Proofs = BTreeMap<Evidence, Option<Contradiction>>;

/// The bad news of a tail, by owner, and the slashes that the journal does not bear out.
#[derive(Default)]
pub(crate) struct Digest {
    pub(crate) news: BTreeMap<Owner, News>,
    pub(crate) unproven: BTreeSet<(Owner, Height)>,
    /// How many pieces of evidence have to wait for the next reading.
    pub(crate) waiting: usize,
    pub(crate) proofs: Proofs,
}

/// Picks the bad news out of a tail. `known` is what was made of its evidence so far.
pub(crate) fn digest(tail: &[Rumour], ledger: &Ledger, known: &Proofs) -> Digest {
    let mut digest = Digest::default();
    for (owner, leaving) in unstakes(tail) {
        digest.news.entry(owner).or_default().hear(&leaving);
    }
    let mut budgets = [PROOFS_PER_WITNESS; 8];
    for Rumour { fact, witnesses } in tail {
        let (Some(owner), Body::Slashed(slashed)) = (fact.owner(), &fact.body) else { continue };
        let evidence = &slashed.evidence;
        // The cheap questions first: recovering two signers costs more than all of them.
        let can_be = ledger.operator(owner).is_some_and(|operator| operator.jailed.is_none()) && evidence.conflicts();
        let proof = match known.get(evidence).or_else(|| digest.proofs.get(evidence)) {
            _ if !can_be => None,
            Some(proof) => *proof,
            None => {
                let Some(endpoint) = witnesses.endpoints().find(|&endpoint| budgets[endpoint] > 0) else {
                    digest.waiting = digest.waiting.saturating_add(1);
                    continue;
                };
                budgets[endpoint] = budgets[endpoint].saturating_sub(1);
                evidence.prove(ledger.network()).ok()
            }
        };
        if can_be {
            digest.proofs.insert(*evidence, proof);
        }
        if proof.is_some_and(|contradiction| charges(&contradiction, owner, ledger)) {
            digest.news.entry(owner).or_default().slash = Some(fact.height);
        } else {
            digest.unproven.insert((owner, fact.height));
        }
    }
    digest
}

/// Every unstake once, however many forks of it endpoints show: its place in its journal says which it is.
fn unstakes(tail: &[Rumour]) -> impl Iterator<Item = (Owner, Leaving)> {
    let mut unstakes: BTreeMap<(Owner, u64), Leaving> = BTreeMap::new();
    for Rumour { fact, witnesses } in tail {
        let (Some(owner), Body::Unstaked { amount, .. }) = (fact.owner(), &fact.body) else { continue };
        let leaving = unstakes.entry((owner, fact.seq)).or_default();
        leaving.told = leaving.told.max(*amount);
        leaving.height = leaving.height.max(fact.height);
        if witnesses.count() >= UNSTAKE_WITNESSES {
            leaving.witnessed = leaving.witnessed.max(*amount);
        }
    }
    unstakes.into_iter().map(|((owner, _), leaving)| (owner, leaving))
}

#[cfg(test)]
mod tests;
