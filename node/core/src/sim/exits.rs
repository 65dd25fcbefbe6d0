//! Attempts to leave, to change keys, to punish and to come back.

use super::keys::SignerKey;
use super::people::{PEERS_EACH, clock, key_of, network, owner, people, person};
use super::script::{Script, Tried};
use crate::amount::Amount;
use crate::cycle::{Cycle, Seconds};
use crate::hash::Hash;
use crate::identity::{Account, Owner};
use crate::model::{Block, Contracts, Operator, QUEUE_CAP, Refusal};
use crate::offence::Evidence;
use crate::statement::{Kind, Signed, Statement};

impl Script {
    pub(super) fn unstake(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair();
        let ready = |operator: Option<&Operator>| {
            operator.is_some_and(|operator| !operator.active.is_zero() && operator.queue.len() < QUEUE_CAP)
        };
        let account = self.somebody(c, fair, ready)?;
        let active = c.vault().operators().get(&account).map_or(0, |operator| operator.active.0);
        let amount = match (fair, self.rng.below(4)) {
            (true, 0) => active,
            (true, _) => 1 + u128::from(self.rng.next()) % active.div_ceil(4).max(1),
            (false, 0) => 0,
            (false, 1) => active + 1,
            (false, _) => 1,
        };
        if !fair && self.rng.chance(40) {
            // Somebody fills the queue to the brim, so that the next attempt finds it full.
            return (0..QUEUE_CAP).map_while(|_| c.unstake(at, account, Amount(1)).ok()).last().map(|_| Ok(()));
        }
        Some(c.unstake(at, account, Amount(amount)).map(|_| ()))
    }

    pub(super) fn restake(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair();
        let account = self.somebody(c, fair, |operator| operator.is_some_and(|operator| !operator.queue.is_empty()))?;
        let tickets: Vec<u64> = c.vault().operators().get(&account)?.queue.iter().map(|entry| entry.ticket).collect();
        let ticket = if fair { self.rng.pick(&tickets)? } else { self.rng.below(30) };
        Some(c.restake(at, account, ticket))
    }

    pub(super) fn withdraw(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair();
        let matured = |operator: Option<&Operator>| {
            operator.is_some_and(|operator| operator.queue.iter().any(|entry| entry.maturity <= at.time))
        };
        let account = self.somebody(c, fair, matured)?;
        let limit = usize::try_from(self.rng.within(u64::from(fair), 4)).expect("small");
        let due: Vec<u128> = c.vault().operators().get(&account).map_or(Vec::new(), |operator| {
            operator.queue.iter().filter(|entry| entry.maturity <= at.time).map(|entry| entry.amount.0).collect()
        });
        let result = c.withdraw(at, account, limit);
        if let Ok(paid) = result {
            let expected: u128 = due.iter().take(limit).sum();
            assert_eq!(paid.0, expected, "every matured entry is withdrawable, the oldest first");
        }
        Some(result.map(|_| ()))
    }

    pub(super) fn rotate(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair();
        let free = |operator: Option<&Operator>| operator.is_some_and(|o| o.jailed_until.is_none());
        let account = self.somebody(c, fair, free)?;
        let (nonce, signer) = c.vault().operators().get(&account).map_or((0, None), |o| (o.nonce, Some(o.signer)));
        let (link, signature) = match signer.and_then(key_of) {
            // Only the peer key changes.
            Some(key) if fair && self.rng.chance(30) => {
                let peer = &people()[person(account)].peers[usize::from(self.rng.chance(50)) % PEERS_EACH];
                peer.link(key, network(), Owner { chain: c.chain(), account }, nonce + 1)
            }
            _ => self.link(c, account, nonce, fair)?,
        };
        Some(c.rotate(at, account, link, &signature))
    }

    pub(super) fn unjail(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair();
        let least = c.vault().parameters().min_stake;
        let over = |o: &Operator| o.jailed_until.is_some_and(|until| until <= at.time);
        let ready = |operator: Option<&Operator>| operator.is_some_and(|o| over(o) && o.active >= least);
        // Whoever lacks nothing but stake; with half of what is needed as well as with hardly any.
        let poor = |operator: Option<&Operator>| operator.is_some_and(|o| over(o) && o.active < least);
        let poor = if self.rng.chance(30) { self.somebody(c, true, poor) } else { None };
        let hopeless = self.rng.chance(15).then(|| self.somebody(c, false, |_| true)).flatten();
        let account = poor.or_else(|| self.somebody(c, fair, ready)).or(hopeless)?;
        let nonce = c.vault().operators().get(&account).map_or(0, |operator| operator.nonce);
        let well_linked = fair || poor.is_some() || self.rng.chance(50);
        let (link, signature) = self.link(c, account, nonce, well_linked)?;
        Some(c.unjail(at, account, link, &signature))
    }

    /// Two statements by the owner's present signer, conflicting unless something is wrong with them on purpose.
    pub(super) fn equivocate(&mut self, c: &Contracts, account: Account, now: Cycle) -> Option<Evidence> {
        let key = key_of(c.vault().operators().get(&account)?.signer)?;
        let tenure = c.vault().signers().get(&key.address())?;
        let kind = self.rng.pick(&Kind::ALL)?;
        let cycle = Cycle(now.0.saturating_sub(self.rng.below(3))).max(tenure.from);
        let other = match kind {
            Kind::Update | Kind::Checkpoint => cycle.plus(self.rng.below(2)),
            Kind::RootVote | Kind::Proposal => cycle,
        };
        let slot = if matches!(kind, Kind::Update | Kind::Checkpoint) { self.rng.below(1 << 40) } else { 0 };
        let mut sign = |cycle| -> Signed {
            let digest = Hash(self.rng.bytes());
            key.state(network(), Statement::new(kind, cycle, slot, digest).expect("slot 0 where it has to be"))
        };
        let (first, second) = (sign(cycle), sign(other));
        Some(Evidence { first, second })
    }

    pub(super) fn slash(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair();
        let free = |operator: Option<&Operator>| operator.is_some_and(|o| o.jailed_until.is_none());
        let account = self.somebody(c, fair, free)?;
        let now = clock().cycle(at.time)?;
        let mut evidence = match self.rng.pick(&self.evidence.clone()) {
            Some(old) if !fair || self.rng.chance(30) => old,
            _ => self.equivocate(c, account, now)?,
        };
        self.evidence.push(evidence);
        if !fair {
            self.spoil(&mut evidence, now);
        }
        let beneficiary = owner(usize::try_from(self.rng.below(3)).expect("small"), c.chain()).account;
        Some(c.slash(at, &evidence, beneficiary).map(|_| ()))
    }

    /// Makes evidence worthless in one of the ways there are.
    fn spoil(&mut self, evidence: &mut Evidence, now: Cycle) {
        let stranger = SignerKey::named("stranger");
        let signers: Vec<_> = people().iter().map(|person| person.signers[0].clone()).collect();
        let key = self.rng.pick(&signers).expect("there are people");
        let statement =
            |cycle, digest| Statement::new(Kind::Update, cycle, 7, Hash(digest)).expect("updates have slots");
        let (one, two) = (self.rng.bytes(), self.rng.bytes());
        match self.rng.below(7) {
            0 => evidence.second = evidence.first,
            1 => evidence.second.signature = self.spoiled(evidence.second.signature),
            2 => evidence.second = stranger.state(network(), statement(now, two)),
            3 => {
                evidence.first = stranger.state(network(), statement(now, one));
                evidence.second = stranger.state(network(), statement(now, two));
            }
            4 => {
                evidence.first = key.state(network(), statement(Cycle(0), one));
                evidence.second = key.state(network(), statement(Cycle(0), two));
            }
            5 => {
                evidence.first = key.state(network(), statement(now.plus(1_000), one));
                evidence.second = key.state(network(), statement(now.plus(1_000), two));
            }
            _ => {}
        }
    }

    pub(super) fn pause(&mut self, c: &mut Contracts) -> Tried {
        let caller = if self.fair() { c.roles().governor } else { Account([9; 32]) };
        self.caller = caller;
        let paused = !c.vault().is_paused() && self.rng.chance(30);
        Some(c.set_paused(caller, paused))
    }

    pub(super) fn terms(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let caller = if self.fair() { c.roles().governor } else { Account([9; 32]) };
        self.caller = caller;
        let (mut vault, mut pool) = (*c.vault().parameters(), *c.pool().parameters());
        match self.rng.below(8) {
            0 => return Some(c.apply_vault(at)),
            1 => return Some(c.apply_pool(at)),
            2 => vault.min_stake = Amount(u128::from(self.rng.below(5)) * 500),
            3 => vault.evidence_cycles = self.rng.within(1, 3),
            4 => vault.unstaking_period = Seconds(240 * self.rng.within(3, 6)),
            5 => pool.delay = Seconds(self.rng.within(30, 125)),
            _ => pool.max_per_cycle = Amount(self.rng.within(1_000, 20_000).into()),
        }
        let proposed: Result<(), Refusal> = if vault == *c.vault().parameters() {
            c.propose_pool(at, caller, pool)
        } else {
            c.propose_vault(at, caller, vault)
        };
        Some(proposed)
    }
}
