//! The unfinal tail: what a chain says now and may take back.
//!
//! It is replaced whole with every reading, so a reorganisation leaves nothing to undo. Only bad news in it counts, and
//! no endpoint can invent any of it alone: a slash carries its own proof, an unstake needs two witnesses.

use std::collections::{BTreeMap, BTreeSet};

use crate::amount::Amount;
use crate::cycle::Height;
use crate::fact::{Body, Fact};
use crate::identity::{ChainId, Owner};
use crate::ledger::{ChainBooks, Ledger, Point};
use crate::offence::{Contradiction, Evidence};

/// The most bad news in a tail. More is refused whole, like a reading that failed: the last good tail stays, and the
/// chain grows stale, which admits nobody and evicts nobody.
pub const TAIL_CAP: usize = 100_000;

/// How many pieces of new evidence are verified per reading, those with the most witnesses first. The rest waits for the
/// next reading, so an endpoint that invents slashes buys delay for its own inventions only.
pub const PROOFS_PER_READING: usize = 256;

/// How many endpoints must have shown an unstake before it counts in full.
pub const UNSTAKE_WITNESSES: u8 = 2;

/// An unfinal fact and how many endpoints showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rumour {
    pub fact: Fact,
    pub witnesses: u8,
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
    #[error("a fact at height {0} is not of this chain or lies outside the tail")]
    Outside(Height),
    #[error("it has {0} pieces of bad news, more than {TAIL_CAP}")]
    TooLong(usize),
}

impl Tail {
    /// Drops what can make nobody's standing worse, and refuses what cannot follow the ledger.
    pub(crate) fn sift(&mut self, books: &ChainBooks) -> Result<(), TailFault> {
        let (folded, head) = (books.through, self.head);
        if self.after > folded.height {
            return Err(TailFault::Gap { after: self.after, folded: folded.height });
        }
        if head.height < folded.height || head.time < folded.time {
            return Err(TailFault::Behind { head: head.height, folded: folded.height });
        }
        let inside = |fact: &Fact| {
            fact.chain == self.chain && self.after < fact.height && fact.height <= head.height && fact.time <= head.time
        };
        if let Some(stranger) = self.rumours.iter().find(|rumour| !inside(&rumour.fact)) {
            return Err(TailFault::Outside(stranger.fact.height));
        }
        self.rumours.retain(|rumour| rumour.fact.body.kind().is_bad_news());
        if self.rumours.len() > TAIL_CAP { Err(TailFault::TooLong(self.rumours.len())) } else { Ok(()) }
    }
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

impl News {
    fn hear(&mut self, amount: Amount, witnesses: u8, height: Height) {
        let more = |heard: Option<(Amount, Height)>| {
            let before = heard.map_or(Amount::ZERO, |(before, _)| before);
            // More than everything is everything.
            Some((before.plus(amount).unwrap_or(Amount::MAX), height))
        };
        self.told = more(self.told);
        if witnesses >= UNSTAKE_WITNESSES {
            self.witnessed = more(self.witnessed);
        }
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
    pub(crate) proofs: Proofs,
}

/// Picks the bad news out of a tail. `known` is what was made of its evidence so far.
pub(crate) fn digest(tail: &[Rumour], ledger: &Ledger, known: &Proofs) -> Digest {
    let mut digest = Digest::default();
    let mut charged: Vec<(u8, Height, Owner, &Evidence)> = Vec::new();
    for Rumour { fact, witnesses } in tail {
        let Some(owner) = fact.owner() else { continue };
        if let Body::Unstaked { amount, .. } = &fact.body {
            digest.news.entry(owner).or_default().hear(*amount, *witnesses, fact.height);
        }
        if let Body::Slashed(slashed) = &fact.body {
            charged.push((*witnesses, fact.height, owner, &slashed.evidence));
        }
    }
    charged.sort_by_key(|(witnesses, height, ..)| (u8::MAX.saturating_sub(*witnesses), *height));
    let mut budget = PROOFS_PER_READING;
    for (_, height, owner, evidence) in charged {
        // The cheap questions first: recovering two signers costs more than all of them.
        let can_be = ledger.operator(owner).is_some_and(|operator| operator.jailed.is_none()) && evidence.conflicts();
        let proof = match known.get(evidence).or_else(|| digest.proofs.get(evidence)) {
            _ if !can_be => None,
            Some(proof) => *proof,
            None if budget == 0 => continue,
            None => {
                budget = budget.saturating_sub(1);
                evidence.prove(ledger.network()).ok()
            }
        };
        if can_be {
            digest.proofs.insert(*evidence, proof);
        }
        if proof.is_some_and(|contradiction| charges(&contradiction, owner, ledger)) {
            digest.news.entry(owner).or_default().slash = Some(height);
        } else {
            digest.unproven.insert((owner, height));
        }
    }
    digest
}
