//! What a node asks of a chain, whichever it is.

use std::collections::BTreeMap;

use williw_core::cycle::Height;
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Site;
use williw_core::ledger::{Beginning, ChainBooks, JournalEnd, Page};
use williw_core::tail::Tail;

use crate::base::Deployment;
use crate::fault::{ChainError, Reading};
use crate::panel::EndpointStatus;

/// Where a ledger stands on a chain, for whoever reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub books: ChainBooks,
    /// Every journal that the ledger has anything of.
    pub journals: BTreeMap<Account, JournalEnd>,
}

/// Something final that a ledger does not have yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finals {
    Page(Page),
    Beginning(Box<Beginning>),
}

/// A reader of a chain.
pub trait Chain: Send {
    fn id(&self) -> ChainId;

    /// Where the chain keeps this network's journals.
    fn site(&self) -> Site;

    /// How every endpoint does, in the order of the settings.
    fn endpoints(&self) -> Vec<EndpointStatus>;

    /// What the network was deployed with.
    fn deployment(&mut self) -> impl Future<Output = Result<Reading<Deployment>, ChainError>> + Send;

    /// What a ledger that stands there takes next; none if there is nothing new to say. After a restart the first that
    /// reaches the final head is given even if it says nothing else.
    fn finals(&mut self, cursor: &Cursor) -> impl Future<Output = Result<Reading<Option<Finals>>, ChainError>> + Send;

    /// Everything above `after`, through a head that a quorum agrees on.
    fn tail(&mut self, after: Height) -> impl Future<Output = Result<Reading<Tail>, ChainError>> + Send;

    /// Ends when somebody says that something happened. Nothing that they say is believed: it is only a reason to read now.
    fn hint(&mut self) -> impl Future<Output = ()> + Send;
}
