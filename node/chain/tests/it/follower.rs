//! A ledger that follows Base, as a daemon would.

use williw_chain::base::{Base, ChainError, EndpointFault, Faults};
use williw_core::cycle::UnixSeconds;
use williw_core::identity::{Account, ChainId};
use williw_core::ledger::{Change, Ledger, Page};

use crate::world::World;

pub(crate) struct Follower {
    pub(crate) base: Base,
    pub(crate) ledger: Ledger,
}

impl Follower {
    pub(crate) fn new(world: &World, base: Base) -> Self {
        let ledger = Ledger::new(world.network, world.clock, &[base.site()]);
        Self { base, ledger }
    }

    pub(crate) async fn read(&mut self, vault: Account) -> Result<(Option<Page>, Faults), ChainError> {
        let books = self.ledger.chain(ChainId::Base).unwrap();
        let reading = self.base.page(books, self.ledger.head(ChainId::Base, vault)).await?;
        Ok((reading.value, reading.faults))
    }

    /// Reads a page, which there has to be, and takes it into the ledger.
    pub(crate) async fn follow(&mut self, world: &World) -> (Change, Faults) {
        let (page, faults) = self.read(crate::world::account(world.vault)).await.unwrap();
        let page = page.expect("there is a page");
        let change = self.ledger.stage(&page).unwrap().expect("it is not wholly in the past");
        self.ledger.commit(&change);
        (change, faults)
    }
}

/// The fault of the endpoint at this position, counted from 1.
pub(crate) fn fault_of(faults: &Faults, position: usize) -> Option<&EndpointFault> {
    faults.0.iter().find(|(name, _)| name.position == position).map(|(_, fault)| fault)
}

/// Now, for those who ask how old something is.
pub(crate) fn now() -> UnixSeconds {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixSeconds(since.as_secs())
}
