//! The reference model: what the vault and the pool of one chain do, verb by verb.
//!
//! Solidity and the Solana program are compared with it: the same verbs in the same order give the same numbers, the
//! same facts and the same refusals. It is written to be read. A verb checks everything before it changes anything, so
//! a refusal leaves no trace; `docs/decisions/0002-verbs.md` says in which order.

use std::collections::BTreeMap;

use crate::amount::Amount;
use crate::cycle::{Cycle, CycleClock, Height, UnixSeconds};
use crate::fact::{Body, Fact, PoolParameters, VaultParameters};
use crate::hash::keccak;
use crate::identity::{Account, ChainId};
use crate::journal::{Head, Site};
use crate::network::NetworkId;

mod claims;
mod exit;
mod justice;
mod pool;
mod refusal;
mod terms;
mod vault;

#[cfg(feature = "sim")]
pub(crate) use pool::total_of;
pub use pool::{Pending, Pool};
pub use refusal::Refusal;
pub use terms::{Bounds, Proposal};
pub use vault::{Books, Entry, Operator, QUEUE_CAP, Vault};

/// The block that a verb runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub height: Height,
    pub time: UnixSeconds,
}

/// Everything that is fixed when contracts are deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    pub network: NetworkId,
    pub site: Site,
    pub clock: CycleClock,
    pub governor: Account,
    pub guardian: Account,
    pub vault: VaultParameters,
    pub pool: PoolParameters,
    pub bounds: Bounds,
}

/// Who holds which role now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles {
    pub governor: Account,
    /// To whom the governor offered the role.
    pub offered: Option<Account>,
    pub guardian: Account,
}

/// The vault and the pool of one chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contracts {
    deployment: Deployment,
    roles: Roles,
    vault: Vault,
    pool: Pool,
    heads: BTreeMap<Account, Head>,
    /// What was recorded and not yet taken by [`Contracts::take_facts`].
    facts: Vec<Fact>,
}

impl Contracts {
    /// Deploys; refuses parameters that the contracts would refuse.
    pub fn deploy(deployment: Deployment, at: Block) -> Result<Self, Refusal> {
        deployment.bounds.check_vault(&deployment.vault, &deployment.clock)?;
        deployment.bounds.check_pool(&deployment.pool, &deployment.clock)?;
        let cycle = deployment.clock.cycle(at.time).ok_or(Refusal::BeforeGenesis)?;
        let mut contracts = Self {
            deployment,
            roles: Roles { governor: deployment.governor, offered: None, guardian: deployment.guardian },
            vault: Vault::new(deployment.vault, cycle),
            pool: Pool::new(deployment.pool, cycle),
            heads: BTreeMap::new(),
            facts: Vec::new(),
        };
        contracts.record(at, Body::VaultParameters(deployment.vault));
        contracts.record(at, Body::PoolParameters(deployment.pool));
        Ok(contracts)
    }

    #[must_use]
    pub const fn chain(&self) -> ChainId {
        self.deployment.site.chain()
    }

    #[must_use]
    pub const fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    #[must_use]
    pub const fn roles(&self) -> &Roles {
        &self.roles
    }

    #[must_use]
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    #[must_use]
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }

    #[must_use]
    pub const fn heads(&self) -> &BTreeMap<Account, Head> {
        &self.heads
    }

    /// The facts recorded since the last call.
    pub fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.facts)
    }

    fn cycle(&self, at: Block) -> Result<Cycle, Refusal> {
        self.deployment.clock.cycle(at.time).ok_or(Refusal::BeforeGenesis)
    }

    fn record(&mut self, at: Block, body: Body) {
        let journal = match (self.deployment.site.journal_of(&body), body.account()) {
            (Some(journal), _) => journal,
            (None, account) => operator_account(account.expect("only an operator's facts have a journal of their own")),
        };
        let chain = self.chain();
        let head = self.heads.entry(journal).or_insert_with(|| Head::empty(self.deployment.network, chain, journal));
        let seq = head.seq.checked_add(1).expect("no journal has 2^64 facts");
        let fact = Fact { chain, journal, seq, time: at.time, height: at.height, body };
        *head = Head { seq, hash: fact.head_after(head.hash) };
        self.facts.push(fact);
    }

    /// The books balance; the error says which do not. For tests and simulations, after every verb.
    pub fn audit(&self) -> Result<(), String> {
        self.vault.audit()?;
        self.pool.audit()
    }
}

/// Stands for the operator account of an owner, whose real address only a program can derive.
#[must_use]
pub fn operator_account(owner: Account) -> Account {
    Account(keccak(&[b"operator", &owner.0]).0)
}

/// Adds amounts that the verb checked before; a sum that does not fit was refused by then.
fn add(amount: &mut Amount, more: Amount) {
    *amount = amount.plus(more).expect("every deposit is checked against the sum of all deposits");
}
