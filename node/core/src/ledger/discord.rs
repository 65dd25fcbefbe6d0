//! Why a page cannot be what the chain said. Each is the reader's or the endpoint's fault; the ledger is unharmed.

use crate::cycle::Height;
use crate::fact::BodyKind;
use crate::identity::{Account, ChainId, Owner, Signer};
use crate::offence::Acquittal;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Discord {
    #[error("this network has no {0}")]
    UnknownChain(ChainId),
    #[error("a page holds at most {cap} facts, not {facts}")]
    PageTooLong { facts: usize, cap: usize },
    #[error("a fact of {fact} was found in a page of {page}")]
    OtherChain { page: ChainId, fact: ChainId },
    #[error("{blocks} blocks in {seconds} seconds are more than any chain makes")]
    Leap { blocks: u64, seconds: u64 },
    #[error("a fact at height {0} lies outside the page")]
    OutsidePage(Height),
    #[error("facts at height {0} are out of order")]
    OutOfOrder(Height),
    #[error("a fact was recorded in journal {0}, which cannot hold it")]
    ForeignJournal(Account),
    #[error("fact {missing} of journal {journal} is missing")]
    Gap { journal: Account, missing: u64 },
    #[error("{heads} heads are attested for {operators} operators: there are too many")]
    TooManyHeads { heads: usize, operators: u64 },
    #[error("nothing attests the head of journal {0}")]
    Unattested(Account),
    #[error("journal {0} does not lead to the head that the chain has")]
    HeadMismatch(Account),
    #[error("the chain counts {attested} operators, the journal {folded}")]
    OperatorCount { attested: u64, folded: u64 },
    #[error("a block at height {0} lies before the network's genesis")]
    BeforeGenesis(Height),
    #[error("{kind:?} of {owner:?} at height {height} is impossible: {why}")]
    Impossible { kind: BodyKind, owner: Option<Owner>, height: Height, why: Impossible },
}

/// Why a fact contradicts those before it. A chain whose heads match and that still says so has broken contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    #[error("the owner is registered already")]
    Registered,
    #[error("the owner is not registered")]
    NotRegistered,
    #[error("the operator's index should be {0}")]
    Index(u64),
    #[error("the balances do not follow from those before")]
    Balances,
    #[error("the signer {0} has served before")]
    SignerTaken(Signer),
    #[error("the nonce does not grow")]
    Nonce,
    #[error("the operator is jailed")]
    Jailed,
    #[error("the operator is not jailed")]
    NotJailed,
    #[error("the evidence convicts nobody: {0}")]
    Acquitted(Acquittal),
    #[error("no root is pending for this cycle")]
    NoRoot,
    #[error("a root for this cycle or a later one was posted before")]
    CycleClosed,
}
