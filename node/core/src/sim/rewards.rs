//! Attempts to fund, vote, veto and claim.

use super::keys::SignerKey;
use super::people::{GUARDIAN, clock, key_of, network, owner, votes_open};
use super::script::{Script, Tried};
use crate::amount::Amount;
use crate::cycle::Cycle;
use crate::hash::Hash;
use crate::identity::{ChainId, Owner};
use crate::merkle::{Entitlement, Proof, Tree};
use crate::model::{Block, Contracts};
use crate::secp256k1::Signature;
use crate::statement::RewardRoot;

impl Script {
    pub(super) fn fund(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let amount = if self.fair() { self.rng.within(1, 20_000) } else { 0 };
        Some(c.fund(at, Amount(amount.into())))
    }

    pub(super) fn vote(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair();
        let now = clock().cycle(at.time)?;
        let cycle = if !fair && self.rng.chance(20) { now } else { now.previous()? };
        let open = votes_open(cycle, at.time) && c.pool().closed().is_none_or(|closed| cycle > closed);
        if fair && !open {
            return None;
        }
        let root = self.propose(c, at, cycle, fair)?;
        let mut signatures = self.signatures(c, cycle, &root);
        if !fair && self.rng.chance(50) {
            signatures.push(self.bad_vote(c, cycle, &root));
        }
        Some(c.vote(at, cycle, root, &signatures))
    }

    /// A tree that pays a little more to everyone, on top of the active one.
    fn propose(&mut self, c: &Contracts, at: Block, cycle: Cycle, fair: bool) -> Option<RewardRoot> {
        let active = c.pool().active_at(at.time);
        let mut leaves = active.and_then(|root| self.trees.get(&root.root).cloned()).unwrap_or_default();
        let before = active.map_or(0, |root| total(&root, c.chain()).0);
        let cycles = u128::from(cycle.plus(1).since(c.pool().uncovered_at(at.time)));
        let most = (c.pool().parameters().max_per_cycle.0 * cycles).min(c.pool().funded().0.saturating_sub(before));
        let growth = most - most / u128::from(self.rng.within(2, 9));
        let owners: Vec<Owner> =
            c.vault().operators().keys().map(|&account| Owner { chain: c.chain(), account }).collect();
        let share = growth / (owners.len() as u128).max(1);
        for owner in owners {
            match leaves.iter_mut().find(|leaf| leaf.owner == owner) {
                Some(leaf) => leaf.cumulative = Amount(leaf.cumulative.0 + share),
                None => leaves.push(Entitlement { owner, cumulative: Amount(share) }),
            }
        }
        if self.rng.chance(8) {
            // Two thirds of the stake may err: the leaves promise more than the total allows.
            leaves.iter_mut().for_each(|leaf| leaf.cumulative = Amount(leaf.cumulative.0 * 3 + 50));
        }
        let mut own = before + growth;
        if !fair {
            own = match self.rng.below(4) {
                0 => before.saturating_sub(1),
                1 => before + c.pool().parameters().max_per_cycle.0 * cycles + 1,
                2 => c.pool().funded().0 + 1,
                _ => own,
            };
        }
        let tree = Tree::build(&leaves)?;
        self.trees.insert(tree.root(), leaves);
        let (total_base, total_solana) = match c.chain() {
            ChainId::Base => (Amount(own), Amount(0)),
            ChainId::Solana => (Amount(0), Amount(own)),
        };
        Some(RewardRoot { root: tree.root(), total_base, total_solana, blob_hash: Hash([1; 32]) })
    }

    /// Votes by most of the signers that are in office in that cycle.
    fn signatures(&mut self, c: &Contracts, cycle: Cycle, root: &RewardRoot) -> Vec<Signature> {
        let digest = root.vote(cycle).signing_digest(network());
        let mut signatures = Vec::new();
        for (signer, tenure) in c.vault().signers() {
            let term = c.vault().operators()[&tenure.owner.account].term;
            if tenure.covers(cycle, term) && self.rng.chance(90) {
                signatures.extend(key_of(*signer).map(|key| key.sign(digest)));
                let brought = self.voters.entry((c.chain(), cycle, root.digest())).or_default();
                brought.insert(tenure.owner.account);
            }
        }
        signatures
    }

    fn bad_vote(&mut self, c: &Contracts, cycle: Cycle, root: &RewardRoot) -> Signature {
        let digest = root.vote(cycle).signing_digest(network());
        let void = c
            .vault()
            .signers()
            .iter()
            .find(|(_, tenure)| !tenure.covers(cycle, c.vault().operators()[&tenure.owner.account].term));
        match (self.rng.below(3), void.and_then(|(signer, _)| key_of(*signer))) {
            (0, _) => self.spoiled(SignerKey::named("stranger").sign(digest)),
            (1, Some(key)) => key.sign(digest),
            _ => SignerKey::named("stranger").sign(digest),
        }
    }

    pub(super) fn veto(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let pending = c.pool().pending_at(at.time).is_some();
        if self.hostile_guardian && pending {
            self.caller = GUARDIAN;
            return Some(c.veto(at, self.caller));
        }
        let fair = self.fair();
        if fair && (!pending || self.rng.chance(60)) {
            return None;
        }
        self.caller = if fair || self.rng.chance(50) { GUARDIAN } else { c.roles().governor };
        Some(c.veto(at, self.caller))
    }

    pub(super) fn claim(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair();
        let active = c.pool().active_at(at.time);
        let leaves = active.and_then(|root| self.trees.get(&root.root).cloned()).unwrap_or_default();
        if fair && leaves.is_empty() {
            return None;
        }
        let nobody = Entitlement { owner: owner(0, c.chain()), cumulative: Amount(1) };
        let leaf = self.rng.pick(&leaves).unwrap_or(nobody);
        let proof = Tree::build(&leaves).and_then(|tree| tree.proof(&leaf)).unwrap_or(Proof(Vec::new()));
        let cumulative = if fair { leaf.cumulative } else { Amount(leaf.cumulative.0 + u128::from(self.rng.below(2))) };
        if self.rng.chance(20) {
            let some = leaves.iter().filter(|_| self.rng.chance(60));
            let claims: Vec<_> = some
                .filter_map(|leaf| {
                    let proof = Tree::build(&leaves)?.proof(leaf)?;
                    Some((leaf.owner.account, leaf.cumulative, proof))
                })
                .collect();
            return Some(c.claim_many(at, &claims).map(|_| ()));
        }
        let before = c.pool().claimed(leaf.owner.account);
        let result = c.claim(at, leaf.owner.account, cumulative, &proof);
        if let Ok(paid) = result {
            assert_eq!(paid, cumulative.less(before), "a claim pays what is entitled and was not had");
        }
        Some(result.map(|_| ()))
    }
}

const fn total(root: &RewardRoot, chain: ChainId) -> Amount {
    match chain {
        ChainId::Base => root.total_base,
        ChainId::Solana => root.total_solana,
    }
}
