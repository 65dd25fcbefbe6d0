//! The unfinal tail: what a chain says now and may take back.
//!
//! It is replaced whole with every reading, so a reorganisation leaves nothing to undo. Only bad news in it counts, and
//! no endpoint can invent any of it alone: a slash carries its own proof, an unstake needs two witnesses.

use std::collections::{BTreeMap, BTreeSet};

use crate::amount::Amount;
use crate::cycle::Height;
use crate::fact::{Body, Fact};
use crate::identity::{ChainId, Owner};
use crate::ledger::{Ledger, Point};
use crate::offence::{Contradiction, Evidence};

/// The most bad news in a tail. More is refused whole, like a reading that failed: the last good tail stays, and the
/// chain grows stale, which admits nobody and evicts nobody.
pub const TAIL_CAP: usize = 100_000;

/// How many endpoints must have shown an unstake before it counts in full.
pub const UNSTAKE_WITNESSES: u8 = 2;

/// An unfinal fact and how many endpoints showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rumour {
    pub fact: Fact,
    pub witnesses: u8,
}

/// Everything after some final block, read whole. A reader that could not get all of it has no tail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    pub chain: ChainId,
    /// Every fact above this height is here. It must not lie beyond what the ledger has folded: bad news between the two
    /// would be in neither.
    pub after: Height,
    pub head: Point,
    pub rumours: Vec<Rumour>,
}

/// Bad news about one owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// The lowest active amounts on the way, as one endpoint and as enough of them tell it.
    pub(crate) lowest_told: Option<(Amount, Height)>,
    pub(crate) lowest_witnessed: Option<(Amount, Height)>,
    pub(crate) slash: Option<Charge>,
}

/// A slash whose two signatures verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    evidence: Evidence,
    contradiction: Contradiction,
    pub(crate) height: Height,
}

impl Charge {
    /// Whether the journal makes `owner` answer for it. A slash the journal knows of already charges nobody again.
    pub(crate) fn holds(&self, owner: Owner, ledger: &Ledger) -> bool {
        charges(&self.contradiction, owner, ledger)
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

impl Rumour {
    /// Whether it can make anybody's standing worse. Good news waits until it is final.
    pub(crate) const fn is_bad(&self) -> bool {
        matches!(self.fact.body, Body::Unstaked { .. } | Body::Slashed(_))
    }
}

/// The bad news of a tail, by owner, and the slashes that prove nothing.
#[derive(Default)]
pub(crate) struct Digest {
    pub(crate) news: BTreeMap<Owner, News>,
    pub(crate) unproven: BTreeSet<(Owner, Height)>,
}

/// Picks the bad news out of a tail. `before` is what was picked last time: its signatures need no second look.
pub(crate) fn digest(tail: &[Rumour], ledger: &Ledger, before: &BTreeMap<Owner, News>) -> Digest {
    let mut digest = Digest::default();
    for Rumour { fact, witnesses } in tail {
        let Some(owner) = fact.owner() else { continue };
        match &fact.body {
            Body::Unstaked { active, .. } => {
                let news = digest.news.entry(owner).or_default();
                news.hear_active(*active, *witnesses, fact.height);
            }
            Body::Slashed(slashed) => {
                let known = before.get(&owner).and_then(|news| news.slash);
                let charge = known.filter(|charge| charge.evidence == slashed.evidence).or_else(|| {
                    let contradiction = slashed.evidence.prove(ledger.network()).ok()?;
                    Some(Charge { evidence: slashed.evidence, contradiction, height: fact.height })
                });
                match charge.filter(|charge| charge.holds(owner, ledger)) {
                    Some(charge) => {
                        digest.news.entry(owner).or_default().slash = Some(Charge { height: fact.height, ..charge });
                    }
                    None => {
                        digest.unproven.insert((owner, fact.height));
                    }
                }
            }
            // Good news waits until it is final, and what changes no standing for the worse waits with it.
            Body::Registered { .. }
            | Body::Staked { .. }
            | Body::Restaked { .. }
            | Body::Withdrawn { .. }
            | Body::Rotated { .. }
            | Body::Unjailed { .. }
            | Body::VaultParameters(_)
            | Body::VaultParametersProposed { .. }
            | Body::PoolParameters(_)
            | Body::PoolParametersProposed { .. }
            | Body::Funded { .. }
            | Body::RootPending { .. }
            | Body::RootVetoed { .. } => {}
        }
    }
    digest
}

impl News {
    fn hear_active(&mut self, active: Amount, witnesses: u8, height: Height) {
        let lower = |heard: Option<(Amount, Height)>| match heard {
            Some((lowest, at)) if lowest <= active => Some((lowest, at)),
            Some(_) | None => Some((active, height)),
        };
        self.lowest_told = lower(self.lowest_told);
        if witnesses >= UNSTAKE_WITNESSES {
            self.lowest_witnessed = lower(self.lowest_witnessed);
        }
    }
}
