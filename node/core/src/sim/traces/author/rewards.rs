//! Roots, votes for them, and what is claimed from them.

use super::plan::{CYCLE, key_of};
use super::{Author, Choice};
use crate::amount::Amount;
use crate::cycle::{Cycle, Seconds};
use crate::hash::Hash;
use crate::identity::{Account, ChainId, Owner, Signer};
use crate::merkle::{Entitlement, Proof, Tree};
use crate::model::{Block, Contracts, total_of};
use crate::sim::keys::SignerKey;
use crate::sim::traces::reference::Reference;
use crate::sim::traces::venue::{GUARDIAN, RECIPIENT};
use crate::sim::traces::verb::{Claim, PoolVerb};
use crate::sim::traces::wide::Wide;
use crate::statement::RewardRoot;

/// More siblings than any proof has.
const TOO_DEEP: usize = 65;

impl Author {
    pub(super) fn fund(&mut self, model: &Reference, fair: bool) -> Choice {
        let caller = self.someone();
        let amount = match (fair, self.rng.below(2)) {
            (true, _) => self.amount(1, 20_000),
            (false, 0) => 0,
            (false, _) => self.venue.most,
        };
        let pays = model.token.within_reach(model.tills.rewards, caller) >= Wide::from(amount);
        let fits = model.contracts.pool().funded().plus(Amount(amount)).is_ok();
        (!fair || pays && fits).then(|| (caller, PoolVerb::Fund { amount: Amount(amount) }.into()))
    }

    pub(super) fn vote(&mut self, model: &Reference, at: Block, fair: bool) -> Choice {
        let (c, now) = (&model.contracts, model.cycle(at));
        let before = now.previous()?;
        let cycle = if !fair && self.rng.chance(25) { self.rng.pick(&[now, before.previous()?])? } else { before };
        let clock = &c.deployment().clock;
        let open = clock.takes_votes(cycle, at.time) && c.pool().closed().is_none_or(|closed| cycle > closed);
        if fair && !open {
            return None;
        }
        let drafts: Vec<RewardRoot> =
            self.drafts.iter().filter(|(of, _)| *of == cycle).map(|(_, root)| *root).collect();
        let again = self.rng.pick(&drafts).filter(|_| self.rng.chance(85));
        let root = again.or_else(|| self.draft(c, at, cycle, fair))?;
        if again.is_none() && fair {
            self.drafts.push((cycle, root));
        }
        let mut signatures = self.ballots(c, cycle, &root);
        if !fair && self.rng.chance(60) {
            let bad = self.bad_ballot(c, cycle, &root)?;
            // Wherever it stands among the good ones, nothing counts.
            let place = usize::try_from(self.rng.below(signatures.len() as u64 + 1)).expect("a place among them");
            signatures.insert(place, bad);
        }
        Some((self.someone(), PoolVerb::Vote { cycle, root, signatures: signatures.concat() }.into()))
    }

    /// A tree that pays a little more to everyone, on top of the active one.
    fn draft(&mut self, c: &Contracts, at: Block, cycle: Cycle, fair: bool) -> Option<RewardRoot> {
        let (pool, active) = (c.pool(), c.pool().active_at(at.time));
        let mut leaves = active.and_then(|root| self.trees.get(&root.root).cloned()).unwrap_or_default();
        let before = active.map_or(0, |root| total_of(&root, self.venue.chain).0);
        let cycles = cycle.plus(1).since(pool.uncovered_at(at.time));
        let allowed = pool.parameters().max_per_cycle.times(cycles).unwrap_or(Amount::MAX).0;
        let most = allowed.min(pool.funded().0.saturating_sub(before));
        // Right up to the limits now and then.
        let growth = if self.rng.chance(25) { most } else { most - most / u128::from(self.rng.within(2, 9)) };
        let accounts: Vec<Account> = c.vault().operators().keys().copied().chain([self.stranger()]).collect();
        let share = growth / accounts.len() as u128;
        for account in accounts {
            let owner = self.owner(account);
            match leaves.iter_mut().find(|leaf| leaf.owner == owner) {
                Some(leaf) => leaf.cumulative = Amount(leaf.cumulative.0.saturating_add(share)),
                None => leaves.push(Entitlement { owner, cumulative: Amount(share) }),
            }
        }
        if self.rng.chance(10) {
            // Two thirds of the stake may err: the leaves promise more than the total allows.
            leaves
                .iter_mut()
                .for_each(|leaf| leaf.cumulative = Amount(leaf.cumulative.0.saturating_mul(3).saturating_add(50)));
        }
        if self.rng.chance(30) {
            // The same tree pays on the other chain.
            let owner = Owner { chain: other(self.venue.chain), account: self.someone() };
            leaves.retain(|leaf| leaf.owner != owner);
            leaves.push(Entitlement { owner, cumulative: Amount(self.amount(1, 100)) });
        }
        let mut total = before + growth;
        if !fair {
            total = match self.rng.below(4) {
                0 => before.saturating_sub(1),
                1 => before.saturating_add(allowed).saturating_add(1),
                2 => pool.funded().0.saturating_add(1),
                _ => total,
            };
        }
        let tree = Tree::build(&leaves)?;
        self.trees.insert(tree.root(), leaves);
        let (here, elsewhere) = (Amount(total), Amount(self.amount(0, 100)));
        let (total_base, total_solana) = match self.venue.chain {
            ChainId::Base => (here, elsewhere),
            ChainId::Solana => (elsewhere, here),
        };
        Some(RewardRoot { root: tree.root(), total_base, total_solana, blob_hash: Hash(self.rng.bytes()) })
    }

    /// Votes by some of the signers that are in office in that cycle; now and then by one of them twice.
    fn ballots(&mut self, c: &Contracts, cycle: Cycle, root: &RewardRoot) -> Vec<Vec<u8>> {
        let (digest, share) = (root.vote(cycle).signing_digest(c.deployment().network), self.rng.within(30, 130));
        let mut signatures = Vec::new();
        for (signer, tenure) in c.vault().signers() {
            let term = c.vault().operators()[&tenure.owner.account].term;
            if tenure.covers(cycle, term) && self.rng.chance(share) {
                let signature = key_of(*signer).sign(digest).0.to_vec();
                signatures.extend(std::iter::repeat_n(signature, if self.rng.chance(10) { 2 } else { 1 }));
            }
        }
        signatures
    }

    /// A vote that refuses the whole call.
    fn bad_ballot(&mut self, c: &Contracts, cycle: Cycle, root: &RewardRoot) -> Option<Vec<u8>> {
        let (network, vault) = (c.deployment().network, c.vault());
        let digest = root.vote(cycle).signing_digest(network);
        let in_office = |signer: &Signer| {
            let tenure = &vault.signers()[signer];
            tenure.covers(cycle, vault.operators()[&tenure.owner.account].term)
        };
        let void: Vec<Signer> = vault.signers().keys().copied().filter(|signer| !in_office(signer)).collect();
        Some(match self.rng.below(4) {
            0 => {
                let good = SignerKey::named("stranger").sign(digest);
                self.spoiled(good)
            }
            1 | 2 if !void.is_empty() => key_of(self.rng.pick(&void)?).sign(digest).0.to_vec(),
            // A good vote in another cycle is somebody else's signature in this one.
            3 => {
                let all: Vec<Signer> = vault.signers().keys().copied().collect();
                let digest = root.vote(cycle.plus(1)).signing_digest(network);
                key_of(self.rng.pick(&all)?).sign(digest).0.to_vec()
            }
            _ => SignerKey::named("stranger").sign(digest).0.to_vec(),
        })
    }

    pub(super) fn veto(&mut self, model: &Reference, at: Block, fair: bool) -> Choice {
        let guardian = model.contracts.roles().guardian;
        let pending = model.contracts.pool().pending_at(at.time).is_some();
        if fair && !pending {
            return None;
        }
        let caller = if fair || self.rng.chance(50) { guardian } else { model.contracts.roles().governor };
        Some((caller, PoolVerb::Veto.into()))
    }

    pub(super) fn claim(&mut self, model: &Reference, at: Block, fair: bool) -> Choice {
        let pool = model.contracts.pool();
        let active = pool.active_at(at.time);
        let leaves = active.and_then(|root| self.trees.get(&root.root).cloned()).unwrap_or_default();
        if fair && leaves.is_empty() {
            return None;
        }
        let caller = self.someone();
        if self.rng.chance(25) {
            let some: Vec<Entitlement> = leaves.iter().filter(|_| self.rng.chance(60)).copied().collect();
            let mut claims: Vec<Claim> = some.iter().filter_map(|leaf| claim(&leaves, leaf)).collect();
            if let Some(last) = claims.last().filter(|_| self.rng.chance(30)).cloned() {
                claims.push(last);
            }
            claims.retain(|_| fair || self.rng.chance(90));
            return Some((caller, PoolVerb::ClaimMany(claims).into()));
        }
        let owed = |leaf: &&Entitlement| {
            leaf.owner.chain == self.venue.chain && leaf.cumulative > pool.claimed(leaf.owner.account)
        };
        let choices: Vec<Entitlement> = leaves.iter().filter(|leaf| !fair || owed(leaf)).copied().collect();
        let leaf = self.rng.pick(&choices).or_else(|| self.rng.pick(&leaves));
        let nothing = Claim { owner: self.venue.account(1), cumulative: Amount(1), proof: Proof(Vec::new()) };
        let mut claim = leaf.and_then(|leaf| claim(&leaves, &leaf)).unwrap_or(nothing);
        if !fair {
            self.spoil_claim(&mut claim);
        }
        Some((caller, PoolVerb::Claim(claim).into()))
    }

    fn spoil_claim(&mut self, claim: &mut Claim) {
        match self.rng.below(6) {
            0 => claim.cumulative = Amount(claim.cumulative.0.saturating_add(1)),
            1 => claim.owner = self.someone(),
            2 => drop(claim.proof.0.pop()),
            3 => claim.proof.0.push(Hash(self.rng.bytes())),
            4 => claim.proof.0.resize(TOO_DEEP, Hash([0; 32])),
            _ => {}
        }
    }

    pub(super) fn recipient(&mut self, model: &Reference, fair: bool) -> Choice {
        let owner = if self.rng.chance(80) { self.someone() } else { self.stranger() };
        let named = model.contracts.pool().proposed_recipient(owner).filter(|named| *named != Account::default());
        if let Some(named) = named.filter(|_| self.rng.chance(60)) {
            let caller = if fair { named } else { self.someone() };
            return Some((caller, PoolVerb::ConfirmRecipient { owner }.into()));
        }
        if !fair {
            return Some((self.someone(), PoolVerb::ConfirmRecipient { owner }.into()));
        }
        // To name nobody takes the proposal back; to name oneself ends a detour.
        let recipient = match self.rng.below(6) {
            0 => Account::default(),
            1 => owner,
            2 => self.someone(),
            _ => self.one_of(RECIPIENT, 2),
        };
        Some((owner, PoolVerb::SetRecipient { recipient }.into()))
    }

    pub(super) fn pool_terms(&mut self, model: &Reference, at: Block, fair: bool) -> Choice {
        let (pool, caller) = (model.contracts.pool(), self.governor(model, fair));
        match self.rng.below(5) {
            0 => {
                let guardian = self.one_of(GUARDIAN, 2);
                return Some((caller, PoolVerb::SetGuardian { guardian }.into()));
            }
            1 | 2 => {
                let ripe = pool.proposed().is_some_and(|proposal| proposal.effective <= at.time);
                return (ripe || !fair).then(|| (self.someone(), PoolVerb::ApplyPool.into()));
            }
            _ => {}
        }
        let (mut terms, most) = (*pool.parameters(), model.contracts.deployment().bounds.pool.1);
        match self.rng.below(3) {
            0 => terms.min_quorum = Amount(self.amount(1, 15_000)),
            1 => terms.delay = Seconds(self.rng.within(1, CYCLE / 2)),
            _ => terms.max_per_cycle = Amount(self.amount(1, 15_000)),
        }
        if !fair {
            match self.rng.below(6) {
                0 => terms.min_quorum = Amount::ZERO,
                1 => terms.min_quorum = Amount(most.min_quorum.0 + 1),
                2 => terms.delay = Seconds(CYCLE / 2 + 1),
                3 => terms.delay = Seconds(0),
                4 => terms.max_per_cycle = Amount(most.max_per_cycle.0 + 1),
                _ => {}
            }
        }
        Some((caller, PoolVerb::ProposePool(terms).into()))
    }
}

const fn other(chain: ChainId) -> ChainId {
    match chain {
        ChainId::Base => ChainId::Solana,
        ChainId::Solana => ChainId::Base,
    }
}

/// The claim of a leaf, which leads nowhere if it is the other chain's.
fn claim(leaves: &[Entitlement], leaf: &Entitlement) -> Option<Claim> {
    let proof = Tree::build(leaves)?.proof(leaf)?;
    Some(Claim { owner: leaf.owner.account, cumulative: leaf.cumulative, proof })
}
