//! The packed bytes of every fact, and the hash over all facts of a journal: `docs/decisions/0001-encodings.md`.

use super::amounts::Amount;
use super::hashes::keccak;
use super::links::LinkTerms;
use super::roots::RewardRoot;
use super::terms::{PoolTerms, VaultTerms};
use super::times::Moment;

const JOURNAL_TAG: &[u8] = b"williw-journal-v1";

/// What happened. The numbers are part of the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Registered = 1,
    Staked = 2,
    Unstaked = 3,
    Restaked = 4,
    Withdrawn = 5,
    Rotated = 6,
    Slashed = 7,
    Unjailed = 8,
    VaultParameters = 16,
    VaultParametersProposed = 17,
    PoolParameters = 32,
    PoolParametersProposed = 33,
    Funded = 34,
    RootPending = 35,
    RootVetoed = 36,
}

/// One fact: its kind and the bytes of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub kind: Kind,
    pub body: Vec<u8>,
}

/// What is staked and what is in the queue, as it stands after the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holdings {
    pub active: Amount,
    pub queued: Amount,
}

/// Appends fields in order.
struct Body(Vec<u8>);

impl Body {
    fn with(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u64(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    fn amount(self, amount: Amount) -> Self {
        self.bytes(&amount.get().to_be_bytes())
    }

    /// A fraction has two bytes, which is enough for the whole.
    fn vault(self, terms: &VaultTerms) -> Self {
        self.amount(terms.min_stake)
            .amount(terms.min_deposit)
            .u64(terms.unstaking_period)
            .bytes(&(terms.slash_bps as u16).to_be_bytes())
            .u64(terms.evidence_cycles)
    }

    fn pool(self, terms: &PoolTerms) -> Self {
        self.amount(terms.min_quorum).u64(terms.delay).amount(terms.max_per_cycle)
    }

    fn of(self, kind: Kind) -> Fact {
        Fact { kind, body: self.0 }
    }
}

#[must_use]
pub fn registered(owner: &[u8; 32], index: u64, active: Amount, link: &LinkTerms) -> Fact {
    Body::with(180).bytes(owner).u64(index).amount(active).bytes(&link.encode()).of(Kind::Registered)
}

#[must_use]
pub fn staked(owner: &[u8; 32], active: Amount) -> Fact {
    Body::with(48).bytes(owner).amount(active).of(Kind::Staked)
}

#[must_use]
pub fn unstaked(owner: &[u8; 32], now: Holdings, amount: Amount, maturity: u64) -> Fact {
    let body = Body::with(88).bytes(owner).amount(now.active).amount(now.queued);
    body.amount(amount).u64(maturity).of(Kind::Unstaked)
}

#[must_use]
pub fn restaked(owner: &[u8; 32], now: Holdings) -> Fact {
    Body::with(64).bytes(owner).amount(now.active).amount(now.queued).of(Kind::Restaked)
}

#[must_use]
pub fn withdrawn(owner: &[u8; 32], queued: Amount, amount: Amount) -> Fact {
    Body::with(64).bytes(owner).amount(queued).amount(amount).of(Kind::Withdrawn)
}

#[must_use]
pub fn rotated(owner: &[u8; 32], link: &LinkTerms) -> Fact {
    Body::with(156).bytes(owner).bytes(&link.encode()).of(Kind::Rotated)
}

#[must_use]
pub fn slashed(
    owner: &[u8; 32],
    now: Holdings,
    taken: Amount,
    bounty: Amount,
    beneficiary: &[u8; 32],
    evidence: &[u8],
) -> Fact {
    let body = Body::with(356).bytes(owner).amount(now.active).amount(now.queued);
    body.amount(taken).amount(bounty).bytes(beneficiary).bytes(evidence).of(Kind::Slashed)
}

#[must_use]
pub fn unjailed(owner: &[u8; 32], active: Amount, link: &LinkTerms) -> Fact {
    Body::with(172).bytes(owner).amount(active).bytes(&link.encode()).of(Kind::Unjailed)
}

#[must_use]
pub fn vault_parameters(terms: &VaultTerms) -> Fact {
    Body::with(50).vault(terms).of(Kind::VaultParameters)
}

#[must_use]
pub fn vault_parameters_proposed(terms: &VaultTerms, effective: u64) -> Fact {
    Body::with(58).vault(terms).u64(effective).of(Kind::VaultParametersProposed)
}

#[must_use]
pub fn pool_parameters(terms: &PoolTerms) -> Fact {
    Body::with(40).pool(terms).of(Kind::PoolParameters)
}

#[must_use]
pub fn pool_parameters_proposed(terms: &PoolTerms, effective: u64) -> Fact {
    Body::with(48).pool(terms).u64(effective).of(Kind::PoolParametersProposed)
}

#[must_use]
pub fn funded(funded: Amount) -> Fact {
    Body::with(16).amount(funded).of(Kind::Funded)
}

#[must_use]
pub fn root_pending(cycle: u64, root: &RewardRoot, activates: u64) -> Fact {
    let body = Body::with(112).u64(cycle).bytes(&root.root);
    let body = body.bytes(&root.total_base.to_be_bytes()).bytes(&root.total_solana.to_be_bytes());
    body.bytes(&root.blob_hash).u64(activates).of(Kind::RootPending)
}

#[must_use]
pub fn root_vetoed(cycle: u64) -> Fact {
    Body::with(8).u64(cycle).of(Kind::RootVetoed)
}

/// The head of a journal that holds nothing.
#[must_use]
pub fn empty_head(network: &[u8; 32], chain: u8, journal: &[u8; 32]) -> [u8; 32] {
    keccak(&[JOURNAL_TAG, network, &[chain], journal])
}

/// The head after a fact.
#[must_use]
pub fn head_after(head: &[u8; 32], seq: u64, at: Moment, fact: &Fact) -> [u8; 32] {
    keccak(&[head, &seq.to_be_bytes(), &at.time.to_be_bytes(), &at.slot.to_be_bytes(), &[fact.kind as u8], &fact.body])
}
