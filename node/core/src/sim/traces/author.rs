//! Who writes the traces: mostly verbs that succeed, and now and then one that must not, for every reason there is.

use std::collections::BTreeMap;

use super::reference::Reference;
use super::venue::{GOVERNOR, PEOPLE, STRANGER, Venue};
use super::verb::{Pay, Step, Terms, VaultVerb, Verb};
use super::wide::Wide;
use crate::amount::Amount;
use crate::cycle::{Cycle, Height, Seconds, UnixSeconds};
use crate::hash::Hash;
use crate::identity::Account;
use crate::merkle::Entitlement;
use crate::model::{Block, Operator, QUEUE_CAP};
use crate::offence::Evidence;
use crate::sim::Rng;
use crate::statement::RewardRoot;

mod papers;
mod plan;
mod rewards;

use plan::CYCLE;

/// A writer with a seed of its own.
#[derive(Debug)]
pub(super) struct Author {
    pub(super) rng: Rng,
    venue: Venue,
    /// What amounts are counted in: from atoms to where sums leave 128 bits.
    unit: u128,
    /// Evidence that exists, whether or not anyone has used it.
    evidence: Vec<Evidence>,
    /// The leaves behind every root that was ever voted for.
    trees: BTreeMap<Hash, Vec<Entitlement>>,
    /// What was voted for, by cycle.
    drafts: Vec<(Cycle, RewardRoot)>,
    lean: Lean,
}

/// What happens more often in a trace than in others, because it takes many steps of the same kind to get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lean {
    Nowhere,
    /// Somebody unstakes little by little, until the queue is full.
    Queue,
    /// Roots are voted for and claimed from.
    Rewards,
    /// Roots are voted for and vetoed.
    Vetoes,
}

/// What was chosen; none if nobody is in a position to try it.
type Choice = Option<(Account, Verb)>;

impl Author {
    #[must_use]
    pub(super) fn new(venue: Venue, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let unit = rng.pick(venue.units).expect("amounts are counted in something");
        let lean = rng.pick(&[Lean::Nowhere, Lean::Queue, Lean::Rewards, Lean::Vetoes]).expect("there are four");
        Self { rng, venue, unit, evidence: Vec::new(), trees: BTreeMap::new(), drafts: Vec::new(), lean }
    }

    /// The block of the next step: often the same, sometimes some cycles later.
    pub(super) fn pass(&mut self, at: Block) -> Block {
        let span = match self.rng.below(20) {
            0..5 => return at,
            5..17 => self.rng.within(1, 90),
            17..19 => self.rng.within(CYCLE / 2, CYCLE + 1),
            _ => self.rng.within(CYCLE, CYCLE * 6),
        };
        let height = Height(at.height.0 + self.rng.within(1, span.div_ceil(2)));
        Block { height, time: at.time.plus(Seconds(span)) }
    }

    pub(super) fn write(&mut self, model: &Reference, at: Block) -> Step {
        loop {
            if let Some((caller, verb)) = self.choose(model, at) {
                return Step { at, caller, verb };
            }
        }
    }

    fn choose(&mut self, model: &Reference, at: Block) -> Choice {
        if model.contracts.vault().is_paused() {
            match self.rng.below(10) {
                0 => return Some((model.contracts.roles().governor, VaultVerb::SetPaused { paused: false }.into())),
                // Whatever else is wrong, this is said first.
                1 => return self.register(model, false),
                2 => return self.stake(model, false),
                _ => {}
            }
        }
        let fair = self.rng.chance(84);
        if let Some(choice) = self.incline(model, at, fair) {
            return Some(choice);
        }
        match self.rng.below(100) {
            0..8 => self.register(model, fair),
            8..18 => self.stake(model, fair),
            18..31 => self.unstake(model, fair),
            31..35 => self.restake(model, fair),
            35..42 => self.withdraw(model, at, fair),
            42..47 => self.rotate(model, fair),
            47..53 => self.slash(model, at, fair),
            53..59 => self.unjail(model, at, fair),
            59..61 => self.collect(model),
            61..62 => self.pause(model, fair),
            62..64 => self.propose(model, fair),
            64..66 => self.apply(model, at, fair),
            66..67 => self.role(model, fair),
            67..72 => self.fund(model, fair),
            72..86 => self.vote(model, at, fair),
            86..87 => self.veto(model, at, fair),
            87..94 => self.claim(model, at, fair),
            94..98 => self.recipient(model, fair),
            _ => self.pool_terms(model, at, fair),
        }
    }

    /// What leads somewhere: people and funds at first, then what the trace leans to.
    fn incline(&mut self, model: &Reference, at: Block, fair: bool) -> Choice {
        let (operators, pool) = (model.contracts.vault().operators(), model.contracts.pool());
        if operators.len() < 4 && self.rng.chance(40) {
            return self.register(model, true);
        }
        if pool.funded().is_zero() && self.rng.chance(10) {
            return self.fund(model, true);
        }
        if !self.rng.chance(45) {
            return None;
        }
        let pending = pool.pending_at(at.time).is_some();
        match self.lean {
            Lean::Nowhere => None,
            Lean::Queue => self.trickle(model),
            Lean::Rewards if pending || self.rng.chance(40) => self.claim(model, at, fair),
            Lean::Vetoes if pending => self.veto(model, at, true),
            Lean::Rewards | Lean::Vetoes => self.vote(model, at, fair),
        }
    }

    /// Somebody goes on until the queue is full, and now and then once more.
    fn trickle(&mut self, model: &Reference) -> Choice {
        let operators = model.contracts.vault().operators();
        let (who, longest) = operators.iter().max_by_key(|(_, operator)| operator.queue.len())?;
        let (who, full) = (*who, longest.queue.len() == QUEUE_CAP);
        (!full || self.rng.chance(15)).then(|| (who, VaultVerb::Unstake { amount: Amount(1) }.into()))
    }

    /// About so many units, and some atoms.
    fn amount(&mut self, least: u64, most: u64) -> u128 {
        let units = self.unit * u128::from(self.rng.within(least, most));
        units.saturating_add(u128::from(self.rng.next()) % self.unit)
    }

    fn someone(&mut self) -> Account {
        self.one_of(1, PEOPLE.into())
    }

    /// One of the `count` accounts from this number on.
    fn one_of(&mut self, first: u8, count: u64) -> Account {
        let nth = u8::try_from(self.rng.below(count)).expect("there are not so many");
        self.venue.account(first + nth)
    }

    fn stranger(&self) -> Account {
        self.venue.account(STRANGER)
    }

    /// Somebody for whom the condition holds; anybody at all when the attempt is not meant to be fair.
    fn somebody(&mut self, model: &Reference, fair: bool, fits: impl Fn(Option<&Operator>) -> bool) -> Option<Account> {
        let operators = model.contracts.vault().operators();
        let choices: Vec<Account> =
            self.venue.people().into_iter().filter(|who| !fair || fits(operators.get(who))).collect();
        self.rng.pick(&choices)
    }

    /// How somebody can pay so much, if it can.
    fn pay(&mut self, model: &Reference, who: Account, amount: u128, fair: bool) -> Option<Pay> {
        let affordable = model.token.within_reach(model.tills.stake, who) >= Wide::from(amount);
        match self.rng.below(6) {
            0 | 1 if self.venue.approves && (model.token.wraps || !fair) => Some(Pay::Native),
            2 if self.venue.approves && (affordable || !fair) => Some(Pay::Permit),
            _ if affordable || !fair => Some(Pay::Token),
            _ => None,
        }
    }

    fn register(&mut self, model: &Reference, fair: bool) -> Choice {
        let who = self.somebody(model, fair, |operator| operator.is_none())?;
        let least = model.contracts.vault().parameters().min_stake.0;
        let amount = match (fair, self.rng.below(4)) {
            (true, 0) => least,
            (true, _) => least.saturating_add(self.amount(0, 8_000)),
            (false, 0) => 0,
            (false, 1) => least - 1,
            (false, 2) => self.venue.most,
            (false, _) => self.amount(1_000, 9_000),
        };
        if fair && model.contracts.vault().is_paused() {
            return None;
        }
        let pay = self.pay(model, who, amount, fair)?;
        let (link, signature) = self.link(model, who, fair)?;
        Some((who, VaultVerb::Register { amount: Amount(amount), link, signature, pay }.into()))
    }

    fn stake(&mut self, model: &Reference, fair: bool) -> Choice {
        let account = self.somebody(model, fair, |operator| operator.is_some())?;
        let caller = if self.rng.chance(70) { account } else { self.someone() };
        let least = model.contracts.vault().parameters().min_deposit.0;
        let amount = match (fair, self.rng.below(4)) {
            (true, 0) => least.max(1),
            (true, _) => least.saturating_add(self.amount(1, 3_000)),
            (false, 0) => 0,
            (false, 1) => least.saturating_sub(1),
            (false, 2) => self.venue.most,
            (false, _) => self.amount(1_000, 9_000),
        };
        if fair && model.contracts.vault().is_paused() {
            return None;
        }
        let pay = self.pay(model, caller, amount, fair)?;
        Some((caller, VaultVerb::Stake { account, amount: Amount(amount), pay }.into()))
    }

    fn unstake(&mut self, model: &Reference, fair: bool) -> Choice {
        let operators = model.contracts.vault().operators();
        let able = |operator: Option<&Operator>| {
            operator.is_some_and(|operator| !operator.active.is_zero() && operator.queue.len() < QUEUE_CAP)
        };
        let who = self.somebody(model, fair, able)?;
        let active = operators.get(&who).map_or(0, |operator| operator.active.0);
        let amount = match (fair, self.rng.below(6)) {
            (true, 0) => active,
            (true, _) => 1 + self.amount(0, 3_000) % active.div_ceil(3).max(1),
            (false, 0 | 1) => 0,
            (false, 2 | 3) => active.saturating_add(1),
            (false, _) => 1,
        };
        Some((who, VaultVerb::Unstake { amount: Amount(amount) }.into()))
    }

    fn restake(&mut self, model: &Reference, fair: bool) -> Choice {
        let operators = model.contracts.vault().operators();
        let who = self.somebody(model, fair, |operator| operator.is_some_and(|it| !it.queue.is_empty()))?;
        let queue = operators.get(&who).map(|operator| operator.queue.clone()).unwrap_or_default();
        let full = queue.iter().filter(|entry| !entry.amount.is_zero() || !fair).map(|entry| entry.ticket);
        let tickets: Vec<u64> = full.collect();
        let ticket = if fair || self.rng.chance(40) { self.rng.pick(&tickets)? } else { self.rng.below(12) };
        Some((who, VaultVerb::Restake { ticket }.into()))
    }

    fn withdraw(&mut self, model: &Reference, at: Block, fair: bool) -> Choice {
        let matured = |operator: Option<&Operator>| {
            operator.is_some_and(|operator| operator.queue.iter().any(|entry| entry.maturity <= at.time))
        };
        let who = self.somebody(model, fair, matured)?;
        let limit = match self.rng.below(8) {
            0 => u64::MAX,
            1 if !fair => 0,
            _ => self.rng.within(1, 4),
        };
        let is_native = if fair { model.token.wraps && self.rng.chance(50) } else { self.rng.chance(30) };
        let is_native = is_native && self.venue.approves;
        Some((who, VaultVerb::Withdraw { limit, is_native }.into()))
    }

    fn rotate(&mut self, model: &Reference, fair: bool) -> Choice {
        let who = self.somebody(model, fair, |operator| operator.is_some_and(|it| it.jailed_until.is_none()))?;
        if self.rng.chance(25) {
            let (link, signature) = self.same_signer(model, who)?;
            return Some((who, VaultVerb::Rotate { link, signature }.into()));
        }
        let (link, signature) = self.link(model, who, fair)?;
        Some((who, VaultVerb::Rotate { link, signature }.into()))
    }

    fn unjail(&mut self, model: &Reference, at: Block, fair: bool) -> Choice {
        let least = model.contracts.vault().parameters().min_stake;
        let over = |operator: &Operator| operator.jailed_until.is_some_and(|until| until <= at.time);
        let ready = |operator: Option<&Operator>| operator.is_some_and(|it| over(it) && it.active >= least);
        let jailed = |operator: Option<&Operator>| operator.is_some_and(|it| it.jailed_until.is_some());
        // Whoever is in jail lacks time or stake; whoever is not has nothing to end.
        let near = !fair && self.rng.chance(70);
        let who = if near { self.somebody(model, true, jailed)? } else { self.somebody(model, fair, ready)? };
        if self.rng.chance(if fair { 3 } else { 15 }) {
            let (link, signature) = self.same_signer(model, who)?;
            return Some((who, VaultVerb::Unjail { link, signature }.into()));
        }
        let linked_well = fair || self.rng.chance(60);
        let (link, signature) = self.link(model, who, linked_well)?;
        Some((who, VaultVerb::Unjail { link, signature }.into()))
    }

    fn collect(&mut self, model: &Reference) -> Choice {
        let owed: Vec<Account> = model.contracts.vault().bounties().keys().copied().collect();
        let nobody = self.someone();
        let beneficiary = self.rng.pick(&owed).filter(|_| self.rng.chance(80)).unwrap_or(nobody);
        Some((self.someone(), VaultVerb::Collect { beneficiary }.into()))
    }

    /// The governor, or somebody who is not.
    fn governor(&mut self, model: &Reference, fair: bool) -> Account {
        if fair || self.rng.chance(50) { model.contracts.roles().governor } else { self.stranger() }
    }

    fn pause(&mut self, model: &Reference, fair: bool) -> Choice {
        let caller = if fair { model.contracts.roles().governor } else { self.stranger() };
        Some((caller, VaultVerb::SetPaused { paused: self.rng.chance(70) }.into()))
    }

    fn propose(&mut self, model: &Reference, fair: bool) -> Choice {
        let (caller, bounds) = (self.governor(model, fair), model.contracts.deployment().bounds.vault);
        let mut terms = Terms::untyped(model.contracts.vault().parameters());
        for _ in 0..self.rng.within(1, 2) {
            match self.rng.below(5) {
                0 => terms.min_stake = self.amount(1, 2_000).clamp(bounds.0.min_stake.0, bounds.1.min_stake.0),
                1 => terms.min_deposit = self.amount(0, 50).clamp(bounds.0.min_deposit.0, bounds.1.min_deposit.0),
                2 => terms.slash_bps = self.rng.pick(&[1, 333, 1_000, 5_000, 9_999, 10_000])?,
                3 => terms.evidence_cycles = self.rng.within(1, 3),
                _ => {}
            }
        }
        let shortest = (terms.evidence_cycles + 2) * CYCLE;
        terms.unstaking_period = shortest + if self.rng.chance(50) { 0 } else { self.rng.below(2 * CYCLE) };
        if !fair {
            match self.rng.below(9) {
                0 => terms.min_stake = 0,
                1 => terms.min_stake = bounds.1.min_stake.0 + 1,
                2 => terms.min_deposit = bounds.1.min_deposit.0 + 1,
                3 => terms.slash_bps = self.rng.pick(&[0, 10_001, u16::MAX])?,
                4 => terms.evidence_cycles = bounds.1.evidence_cycles + 1,
                5 => terms.unstaking_period = shortest - 1,
                6 => terms.unstaking_period = bounds.1.unstaking_period.0 + 1,
                7 => terms.evidence_cycles = 0,
                _ => {}
            }
        }
        Some((caller, VaultVerb::ProposeVault(terms).into()))
    }

    fn apply(&mut self, model: &Reference, at: Block, fair: bool) -> Choice {
        let ripe = model.contracts.vault().proposed().is_some_and(|proposal| proposal.effective <= at.time);
        (ripe || !fair).then(|| (self.someone(), VaultVerb::ApplyVault.into()))
    }

    fn role(&mut self, model: &Reference, fair: bool) -> Choice {
        let offered = model.contracts.roles().offered.filter(|to| *to != Account::default());
        if self.rng.chance(50) {
            let caller = if fair { offered? } else { self.stranger() };
            return Some((caller, Verb::AcceptGovernor));
        }
        let caller = if fair { model.contracts.roles().governor } else { self.stranger() };
        // To offer it to nobody takes an offer back.
        let to = if self.rng.chance(10) { Account::default() } else { self.one_of(GOVERNOR, 3) };
        Some((caller, Verb::OfferGovernor { to }))
    }
}

/// The first moment of a trace's chain.
pub(super) const fn first_block() -> Block {
    Block { height: Height(1), time: UnixSeconds(plan::GENESIS.0 + 7) }
}
