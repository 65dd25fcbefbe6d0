//! What can be wrong with an endpoint, and what that leaves undone.
//!
//! A fault belongs to one endpoint and is told beside the result; a [`ChainError`] says that there is no result. Neither
//! holds more of an endpoint's address than its name.

use std::fmt;

use williw_core::cycle::{Height, UnixSeconds};
use williw_core::fact::BodyFault;
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::ledger::BeginningFault;
use williw_core::network::NetworkId;

use crate::endpoint::{EndpointName, SettingsFault};

/// How an endpoint cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Outage {
    #[error("no answer in time")]
    Timeout,
    #[error("no connection")]
    Connection,
    #[error("http status {0}")]
    Status(u16),
    #[error("the answer broke off")]
    Cut,
}

/// What is wrong with an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointFault {
    #[error("it cannot be reached: {0}")]
    Unreachable(Outage),
    #[error("it is too slow to be waited for")]
    Slow,
    #[error("it refuses {method}: {message} ({code})")]
    Refused { method: &'static str, code: i64, message: String },
    #[error("its answer to {0} is not what this call answers")]
    Undecodable(&'static str),
    #[error("its answer to {0} is too long")]
    TooLong(&'static str),
    #[error("it serves chain {found}")]
    WrongChain { found: u64 },
    #[error("its vault belongs to network {found}")]
    WrongNetwork { found: NetworkId },
    #[error("it serves another cluster, the one with genesis hash {}", found.base58())]
    WrongCluster { found: Account },
    #[error("it has no vault at this address")]
    NoVault,
    #[error("it has no config account of this program")]
    NoConfig,
    #[error("it lags {behind} blocks behind, at {at}")]
    Lagging { at: Height, behind: u64 },
    #[error("it does not have the block {0}")]
    NoBlock(String),
    #[error("its header for block {height} does not have the hash it claims")]
    ForgedHeader { height: Height },
    #[error("its block at {height} is {hash}, which the others do not have")]
    OtherBlock { height: Height, hash: Hash },
    #[error("its storage proof at {height} proves nothing")]
    BadProof { height: Height },
    #[error("its storage at {height} is not that of the chain")]
    ForgedStorage { height: Height },
    #[error("a log at {height} is no fact: {why}")]
    BadLog { height: Height, why: LogFault },
    #[error("it hides fact {missing}")]
    HidesFacts { missing: u64 },
    #[error("it invents fact {seq} at {height}")]
    InventsFacts { seq: u64, height: Height },
    #[error("its facts through {through} do not lead to the head that the chain has: one of them is altered")]
    BadJournal { through: Height },
    #[error("it shows more than {cap} facts")]
    TooManyFacts { cap: usize },
    #[error("its account {} is none of this program: {why}", account.base58())]
    BadAccount { account: Account, why: AccountFault },
    #[error("it omits operator {index} of {count}")]
    OmitsOperator { index: u64, count: u64 },
    #[error("it shows an operator with index {index}, of {count}")]
    InventsOperator { index: u64, count: u64 },
    #[error("it shows two operators with index {index}")]
    TwoOperators { index: u64 },
    #[error("it shows more than {cap} operators")]
    TooManyOperators { cap: usize },
    #[error("nothing begins with its accounts: {0}")]
    NoBeginning(BeginningFault),
    #[error("what it calls the accounts at {at} are older ones")]
    OldSet { at: Height },
    #[error("what it calls the accounts at {at} are of different slots")]
    MixedSlots { at: Height },
    #[error("it keeps no history before {since}, and what is missing may lie there")]
    Pruned { since: Height },
    #[error("its clock at {at} says {}, far from what the others say", time.0)]
    WrongTime { at: Height, time: UnixSeconds },
    #[error("it says something else than the others about {0}")]
    Contradicts(&'static str),
}

/// Why an account is not what it is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountFault {
    #[error("another program owns it")]
    Owner,
    #[error("it has another size")]
    Size,
    #[error("it is of another kind")]
    Kind,
    #[error("its layout has version {0}, which this release does not know")]
    Version(u8),
    #[error("its contents belong at another address")]
    Address,
    #[error("it holds what no verb writes")]
    Contents,
}

/// Why a log is no fact of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    #[error("it was not asked for")]
    Unasked,
    #[error("it does not say where it stands")]
    NoPlace,
    #[error("it is out of order")]
    OutOfOrder,
    #[error("its topics or bytes are not those of the event")]
    Shape,
    #[error("its topic names another account than its body")]
    OtherAccount,
    #[error(transparent)]
    Body(#[from] BodyFault),
}

impl EndpointFault {
    /// True if nothing came of it, in time or at all.
    pub(crate) const fn is_absence(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Slow)
    }

    /// True if the endpoint said what is not so; false if it only failed to say something.
    #[must_use]
    pub const fn is_lie(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Slow
            | Self::Refused { .. }
            | Self::Undecodable(_)
            | Self::TooLong(_)
            | Self::Lagging { .. }
            | Self::NoBlock(_)
            | Self::NoVault
            | Self::NoConfig
            | Self::TooManyOperators { .. }
            | Self::Pruned { .. }
            | Self::TooManyFacts { .. } => false,
            Self::WrongChain { .. }
            | Self::WrongNetwork { .. }
            | Self::ForgedHeader { .. }
            | Self::OtherBlock { .. }
            | Self::BadProof { .. }
            | Self::ForgedStorage { .. }
            | Self::BadLog { .. }
            | Self::HidesFacts { .. }
            | Self::InventsFacts { .. }
            | Self::BadJournal { .. }
            | Self::WrongCluster { .. }
            | Self::BadAccount { .. }
            | Self::OmitsOperator { .. }
            | Self::InventsOperator { .. }
            | Self::TwoOperators { .. }
            | Self::NoBeginning(_)
            | Self::OldSet { .. }
            | Self::MixedSlots { .. }
            | Self::WrongTime { .. }
            | Self::Contradicts(_) => true,
        }
    }
}

/// The faults that one reading found, by endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(pub Vec<(EndpointName, EndpointFault)>);

impl Faults {
    /// These and others; of an endpoint that has both, the first stays.
    #[must_use]
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.add(others);
        self
    }

    /// Takes others in; of an endpoint that has both, the first stays.
    pub fn add(&mut self, others: Self) {
        for (name, fault) in others.0 {
            if self.0.iter().all(|(known, _)| *known != name) {
                self.0.push((name, fault));
            }
        }
    }

    /// Takes in what an error says about endpoints.
    pub fn add_of(&mut self, error: &ChainError) {
        match error {
            ChainError::NoQuorum { faults, .. } | ChainError::Disbelieved { faults } => self.add(faults.clone()),
            ChainError::Settings(_)
            | ChainError::Unfolded { .. }
            | ChainError::NoFirstFact { .. }
            | ChainError::Deployment(_)
            | ChainError::TooManyAccounts { .. }
            | ChainError::ForeignAccount(_) => {}
        }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing is known against any endpoint");
        }
        for (index, (name, fault)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "; " };
            write!(f, "{comma}{name}: {fault}")?;
        }
        Ok(())
    }
}

/// What was read, and what was wrong with whom meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading<T> {
    pub value: T,
    pub faults: Faults,
}

impl<T> Reading<T> {
    /// The same reading, of what is made of its value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Reading<U> {
        Reading { value: make(self.value), faults: self.faults }
    }
}

/// Why nothing was read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error(transparent)]
    Settings(#[from] SettingsFault),
    #[error("{} {what}: {faults}", too_few(*.quorum))]
    NoQuorum { what: &'static str, quorum: usize, faults: Faults },
    #[error("no endpoint's facts lead to the head that the chain has: {faults}")]
    Disbelieved { faults: Faults },
    #[error("the ledger is empty and {blocks} blocks behind: it has to take pages before there is a tail")]
    Unfolded { blocks: u64 },
    #[error("nobody shows the journal's first fact at or after block {from_height}: the vault must be older than that")]
    NoFirstFact { from_height: Height },
    #[error("the vault's numbers are impossible: {0}")]
    Deployment(&'static str),
    #[error("at most {cap} accounts can be looked up at once, not {asked}")]
    TooManyAccounts { asked: usize, cap: usize },
    #[error("{0} is no account of base")]
    ForeignAccount(Account),
}

/// What kept a quorum from telling something. One alone has nobody to agree with.
fn too_few(quorum: usize) -> String {
    match quorum {
        1 => "the only endpoint does not say".to_owned(),
        _ => format!("fewer than {quorum} endpoints agree on"),
    }
}
