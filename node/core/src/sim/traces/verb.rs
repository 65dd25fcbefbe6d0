//! What a trace is made of: verbs as values, so that two machines can be told the same.

use crate::amount::Amount;
use crate::cycle::Cycle;
use crate::fact::{Fact, PoolParameters};
use crate::identity::Account;
use crate::link::LinkTerms;
use crate::merkle::Proof;
use crate::model::Block;
use crate::statement::RewardRoot;

/// One verb with everything that its caller chooses. What is malformed has to fit in too, so signatures and evidence are
/// bytes.
#[derive(Clone, Debug)]
pub enum Verb {
    Vault(VaultVerb),
    Pool(PoolVerb),
    /// Asked of everything that has a governor: in the model there is one.
    OfferGovernor {
        to: Account,
    },
    AcceptGovernor,
}

/// How many there are.
pub(super) const VERBS: usize = 24;

#[derive(Clone, Debug)]
pub enum VaultVerb {
    Register { amount: Amount, link: LinkTerms, signature: Vec<u8>, pay: Pay },
    Stake { account: Account, amount: Amount, pay: Pay },
    Unstake { amount: Amount },
    Restake { ticket: u64 },
    Withdraw { limit: u64, is_native: bool },
    Rotate { link: LinkTerms, signature: Vec<u8> },
    Slash { evidence: Vec<u8>, beneficiary: Account },
    Unjail { link: LinkTerms, signature: Vec<u8> },
    Collect { beneficiary: Account },
    SetPaused { paused: bool },
    ProposeVault(Terms),
    ApplyVault,
}

#[derive(Clone, Debug)]
pub enum PoolVerb {
    Fund { amount: Amount },
    Vote { cycle: Cycle, root: RewardRoot, signatures: Vec<u8> },
    Veto,
    Claim(Claim),
    ClaimMany(Vec<Claim>),
    SetRecipient { recipient: Account },
    ConfirmRecipient { owner: Account },
    SetGuardian { guardian: Account },
    ProposePool(PoolParameters),
    ApplyPool,
}

/// How a deposit is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pay {
    /// In the token, whose transfer was approved before.
    Token,
    /// In the token, with a permit that nobody signed: whoever takes it goes on without it.
    Permit,
    /// In the chain's own coin.
    Native,
}

#[derive(Clone, Debug)]
pub struct Claim {
    pub owner: Account,
    pub cumulative: Amount,
    pub proof: Proof,
}

/// Vault parameters with a fraction that may be more than the whole.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub min_stake: u128,
    pub min_deposit: u128,
    pub unstaking_period: u64,
    pub slash_bps: u16,
    pub evidence_cycles: u64,
}

impl From<VaultVerb> for Verb {
    fn from(verb: VaultVerb) -> Self {
        Self::Vault(verb)
    }
}

impl From<PoolVerb> for Verb {
    fn from(verb: PoolVerb) -> Self {
        Self::Pool(verb)
    }
}

impl Verb {
    /// Its name, without what was chosen.
    #[must_use]
    pub fn name(&self) -> String {
        let shown = match self {
            Self::Vault(verb) => format!("{verb:?}"),
            Self::Pool(verb) => format!("{verb:?}"),
            Self::OfferGovernor { .. } | Self::AcceptGovernor => format!("{self:?}"),
        };
        shown.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
    }
}

#[derive(Clone, Debug)]
pub struct Step {
    pub at: Block,
    pub caller: Account,
    pub verb: Verb,
}

/// What came of a verb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With the number that it returned, 0 if it returns none, and what was recorded meanwhile.
    Done {
        returned: u128,
        facts: Vec<Told>,
    },
    Refused(String),
}

/// A fact as a chain tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub journal: Account,
    pub seq: u64,
    pub kind: u8,
    pub account: Account,
    pub body: Vec<u8>,
}

impl From<&Fact> for Told {
    fn from(fact: &Fact) -> Self {
        Self {
            journal: fact.journal,
            seq: fact.seq,
            kind: fact.body.kind().byte(),
            account: fact.body.account().unwrap_or_default(),
            body: fact.body.encode(),
        }
    }
}
