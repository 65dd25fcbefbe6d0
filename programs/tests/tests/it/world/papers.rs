//! What people sign: statements, evidence, roots and ballots; and the trees that roots stand for.

use anchor_lang::prelude::Pubkey;
use williw_core::amount::Amount;
use williw_core::cycle::Cycle;
use williw_core::hash::{Hash, keccak};
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::merkle::{Entitlement, Proof};
use williw_core::offence::Evidence;
use williw_core::secp256k1::Signature;
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{Kind, RewardRoot, Signed, Statement};

use super::{DELAY, Person, Receipt, World};

/// A root of which only its totals matter.
pub(crate) fn root(name: &str, total: u64) -> RewardRoot {
    RewardRoot {
        root: keccak(&[name.as_bytes()]),
        total_base: Amount(7),
        total_solana: Amount(u128::from(total)),
        blob_hash: keccak(&[b"where the reports are"]),
    }
}

pub(crate) fn entitlement(wallet: Pubkey, cumulative: u64) -> Entitlement {
    let owner = Owner { chain: ChainId::Solana, account: Account(wallet.to_bytes()) };
    Entitlement { owner, cumulative: Amount(u128::from(cumulative)) }
}

/// A tree that pays this to the wallet, and a proof as long as it is said to be.
pub(crate) fn entitle(wallet: Pubkey, cumulative: u64, levels: u64) -> (Hash, Proof) {
    let siblings: Vec<Hash> = (0..levels).map(|level| keccak(&[b"sibling", &level.to_le_bytes()])).collect();
    let leaf = entitlement(wallet, cumulative).leaf();
    let parent = |a: Hash, b: &Hash| if a < *b { keccak(&[&a.0, &b.0]) } else { keccak(&[&b.0, &a.0]) };
    (siblings.iter().fold(leaf, parent), Proof(siblings))
}

impl World {
    pub(crate) fn vote_for(&self, signer: &SignerKey, cycle: u64, root: &str) -> Signed {
        let digest = keccak(&[root.as_bytes()]);
        let statement = Statement::new(Kind::RootVote, Cycle(cycle), 0, digest).expect("a vote with slot 0");
        signer.state(self.network, statement)
    }

    /// Two votes for different roots of one cycle.
    pub(crate) fn evidence(&self, signer: &SignerKey, cycle: u64) -> Evidence {
        Evidence { first: self.vote_for(signer, cycle, "one root"), second: self.vote_for(signer, cycle, "another") }
    }

    pub(crate) fn ballot(&self, signer: &SignerKey, cycle: Cycle, root: &RewardRoot) -> Signature {
        signer.state(self.network, root.vote(cycle)).signature
    }

    /// Brings the ballots of these people's first signers.
    pub(crate) fn vote(&mut self, cycle: Cycle, root: &RewardRoot, voters: &[&Person]) -> Receipt {
        let ballots: Vec<Signature> = voters.iter().map(|voter| self.ballot(&voter.signer, cycle, root)).collect();
        let seats: Vec<_> = voters.iter().map(|voter| (voter.signer.address(), voter.wallet)).collect();
        self.must(self.site.vote(cycle.0, root, &ballots, &seats))
    }

    /// Two of them post a root for the cycle before; it pays after the delay.
    pub(crate) fn post(&mut self, root: &RewardRoot, voters: &[&Person]) -> Receipt {
        self.vote(self.past(), root, voters)
    }

    /// Posts a root that pays this to a person, twenty levels deep, and waits until it does.
    pub(crate) fn pay(&mut self, person: &Person, cumulative: u64, voters: &[&Person]) -> Proof {
        let (tree, proof) = entitle(person.wallet, cumulative, 20);
        self.post(&RewardRoot { root: tree, ..root("", cumulative) }, voters);
        self.skip(DELAY);
        proof
    }
}
