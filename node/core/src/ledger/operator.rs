//! What each kind of fact does to an operator, checked against what was known of it before.

use super::discord::Impossible;
use super::stage::Stage;
use super::{Operator, Point};
use crate::amount::Amount;
use crate::cycle::Cycle;
use crate::cycle_stake::CycleStake;
use crate::fact::{Body, Fact, Slashed};
use crate::identity::Owner;
use crate::link::{Link, LinkTerms};
use crate::offence::Accused;
use crate::slash::BOUNTY_DIVISOR;
use crate::tenure::Tenure;

/// A fact about an operator, with what its place on the chain says.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) fact: &'a Fact,
    pub(super) owner: Owner,
    pub(super) cycle: Cycle,
}

impl Stage<'_> {
    /// Applies a fact about an operator.
    pub(super) fn apply_operator(&mut self, about: About<'_>) -> Result<(), Impossible> {
        match &about.fact.body {
            Body::Registered { index, active, link, .. } => self.registered(about, *index, *active, link),
            Body::Staked { active, .. } => self.balance(about, |before| {
                if *active > before.active { Ok((*active, before.queued)) } else { Err(Impossible::Balances) }
            }),
            Body::Unstaked { active, queued, amount, .. } => self.balance(about, |before| {
                let moved = before.active.minus(*amount) == Ok(*active) && before.queued.plus(*amount) == Ok(*queued);
                if moved { Ok((*active, *queued)) } else { Err(Impossible::Balances) }
            }),
            Body::Restaked { active, queued, .. } => self.balance(about, |before| {
                let kept = before.active.plus(before.queued) == active.plus(*queued);
                if kept && *active > before.active { Ok((*active, *queued)) } else { Err(Impossible::Balances) }
            }),
            Body::Withdrawn { queued, amount, .. } => self.balance(about, |before| {
                let paid = before.queued.minus(*amount) == Ok(*queued);
                if paid { Ok((before.active, *queued)) } else { Err(Impossible::Balances) }
            }),
            Body::Rotated { link, .. } => self.rotated(about, link),
            Body::Slashed(slashed) => self.slashed(about, slashed),
            Body::Unjailed { active, link, .. } => self.unjailed(about, *active, link),
            Body::VaultParameters(_)
            | Body::VaultParametersProposed { .. }
            | Body::PoolParameters(_)
            | Body::PoolParametersProposed { .. }
            | Body::Funded { .. }
            | Body::RootPending { .. }
            | Body::RootVetoed { .. } => unreachable!("a fact about a chain names no owner"),
        }
    }

    fn registered(&mut self, about: About<'_>, index: u64, active: Amount, link: &LinkTerms) -> Result<(), Impossible> {
        if self.operator(about.owner).is_some() {
            return Err(Impossible::Registered);
        }
        if index != self.books.operators {
            return Err(Impossible::Index(self.books.operators));
        }
        if link.nonce == 0 {
            return Err(Impossible::Nonce);
        }
        self.begin_tenure(Tenure::begin(about.owner, about.cycle, 0), link)?;
        let mut operator = Operator {
            index,
            journal: about.fact.journal,
            active,
            queued: Amount::ZERO,
            link: Link::verify(self.network(), about.owner, link).ok(),
            signer: link.signer,
            nonce: link.nonce,
            term: 0,
            jailed: None,
            stake: CycleStake::empty(about.cycle),
            changed: about.fact.height,
        };
        operator.stake.set(&mut self.books.total, about.cycle, active).map_err(|_| Impossible::Balances)?;
        self.books.operators = index.checked_add(1).ok_or(Impossible::Index(index))?;
        self.put(about.owner, operator);
        Ok(())
    }

    /// Sets what `next` makes of the balances before: (active, queued).
    fn balance(
        &mut self,
        about: About<'_>,
        next: impl FnOnce(&Operator) -> Result<(Amount, Amount), Impossible>,
    ) -> Result<(), Impossible> {
        let mut operator = self.operator(about.owner).ok_or(Impossible::NotRegistered)?.clone();
        (operator.active, operator.queued) = next(&operator)?;
        // A jailed operator counts nothing, whatever it holds.
        let counted = if operator.jailed.is_some() { Amount::ZERO } else { operator.active };
        operator.stake.set(&mut self.books.total, about.cycle, counted).map_err(|_| Impossible::Balances)?;
        operator.changed = about.fact.height;
        self.put(about.owner, operator);
        Ok(())
    }

    fn rotated(&mut self, about: About<'_>, link: &LinkTerms) -> Result<(), Impossible> {
        let mut operator = self.operator(about.owner).ok_or(Impossible::NotRegistered)?.clone();
        if operator.jailed.is_some() {
            return Err(Impossible::Jailed);
        }
        if link.signer != operator.signer {
            let mut old = self.tenure(operator.signer).expect("the present signer has a tenure");
            let next = old.rotate(about.cycle);
            self.begin_tenure(next, link)?;
            self.put_tenure(operator.signer, old);
        }
        self.relink(&mut operator, about, link)?;
        self.put(about.owner, operator);
        Ok(())
    }

    fn slashed(&mut self, about: About<'_>, slashed: &Slashed) -> Result<(), Impossible> {
        let mut operator = self.operator(about.owner).ok_or(Impossible::NotRegistered)?.clone();
        if operator.jailed.is_some() {
            return Err(Impossible::Jailed);
        }
        let contradiction = slashed.evidence.prove(self.network()).map_err(Impossible::Acquitted)?;
        let tenure = self.tenure(contradiction.signer()).filter(|tenure| tenure.owner == about.owner);
        let accused = tenure.map(|tenure| Accused { tenure, term: operator.term, jailed: false });
        // How old evidence may be and which fraction is taken are parameters, and on Solana nothing attests whether they
        // changed before or after this within its slot. So neither is judged again: refusing what is true would end the
        // chain for this node.
        contradiction.convict(accused, about.cycle, u64::MAX).map_err(Impossible::Acquitted)?;
        let before = operator.active.plus(operator.queued);
        let after = Amount::sum([slashed.active, slashed.queued, slashed.taken]);
        let grown = slashed.active > operator.active || slashed.queued > operator.queued;
        if before != after || grown || slashed.bounty != slashed.taken.divided_down(BOUNTY_DIVISOR) {
            return Err(Impossible::Balances);
        }
        (operator.active, operator.queued) = (slashed.active, slashed.queued);
        operator.jailed = Some(Point { height: about.fact.height, time: about.fact.time });
        operator.stake.jail(&mut self.books.total, about.cycle).map_err(|_| Impossible::Balances)?;
        operator.changed = about.fact.height;
        self.put(about.owner, operator);
        Ok(())
    }

    fn unjailed(&mut self, about: About<'_>, active: Amount, link: &LinkTerms) -> Result<(), Impossible> {
        let mut operator = self.operator(about.owner).ok_or(Impossible::NotRegistered)?.clone();
        if operator.jailed.take().is_none() {
            return Err(Impossible::NotJailed);
        }
        if active != operator.active {
            return Err(Impossible::Balances);
        }
        operator.term = operator.term.saturating_add(1);
        self.begin_tenure(Tenure::begin(about.owner, about.cycle, operator.term), link)?;
        self.relink(&mut operator, about, link)?;
        operator.stake.set(&mut self.books.total, about.cycle, active).map_err(|_| Impossible::Balances)?;
        self.put(about.owner, operator);
        Ok(())
    }

    fn relink(&self, operator: &mut Operator, about: About<'_>, link: &LinkTerms) -> Result<(), Impossible> {
        if link.nonce <= operator.nonce {
            return Err(Impossible::Nonce);
        }
        // A bad peer half names no peer; the old link is gone all the same.
        operator.link = Link::verify(self.network(), about.owner, link).ok();
        (operator.signer, operator.nonce) = (link.signer, link.nonce);
        operator.changed = about.fact.height;
        Ok(())
    }

    fn begin_tenure(&mut self, tenure: Tenure, link: &LinkTerms) -> Result<(), Impossible> {
        if link.signer.is_zero() || self.tenure(link.signer).is_some() {
            return Err(Impossible::SignerTaken(link.signer));
        }
        self.put_tenure(link.signer, tenure);
        Ok(())
    }
}
