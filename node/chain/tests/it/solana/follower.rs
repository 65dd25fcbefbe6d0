//! A ledger that follows Solana, as a daemon would.

use std::collections::BTreeMap;

use williw_chain::solana::Solana;
use williw_chain::{ChainError, Cursor, Faults, Finals};
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Head;
use williw_core::ledger::{Change, JournalEnd, Ledger};

use super::world::World;

pub(crate) struct Follower {
    pub(crate) solana: Solana,
    pub(crate) ledger: Ledger,
    journals: BTreeMap<Account, JournalEnd>,
}

impl Follower {
    pub(crate) fn new(world: &World, solana: Solana) -> Self {
        let ledger = Ledger::new(world.network, world.clock, &[solana.site()]);
        Self { solana, ledger, journals: BTreeMap::new() }
    }

    /// A follower of so many endpoints that has read everything that is final.
    pub(crate) async fn begun(world: &World, faces: usize) -> Self {
        let mut follower = Self::new(world, world.solana(faces));
        follower.follow().await;
        follower
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor { books: *self.ledger.chain(ChainId::Solana).unwrap(), journals: self.journals.clone() }
    }

    pub(crate) async fn read(&mut self) -> Result<(Option<Finals>, Faults), ChainError> {
        let cursor = self.cursor();
        let reading = self.solana.finals(&cursor).await?;
        Ok((reading.value, reading.faults))
    }

    /// Takes something final into the ledger.
    pub(crate) fn take(&mut self, finals: &Finals) -> Option<Change> {
        let change = match finals {
            Finals::Page(page) => self.ledger.stage(page).unwrap_or_else(|why| panic!("{why}")),
            Finals::Beginning(beginning) => self.ledger.begin(beginning).unwrap_or_else(|why| panic!("{why}")),
        };
        if let Some(change) = &change {
            self.ledger.commit(change);
            self.journals.extend(change.journals.iter().map(|((_, journal), end)| (*journal, *end)));
        }
        change
    }

    /// Reads what is final, which there has to be, and takes it into the ledger.
    pub(crate) async fn follow(&mut self) -> (Change, Faults) {
        let (finals, faults) = self.read().await.unwrap_or_else(|error| panic!("{error}"));
        let change = self.take(&finals.expect("there is something"));
        (change.expect("it changes something"), faults)
    }

    /// The heads of all journals.
    pub(crate) fn heads(&self) -> BTreeMap<Account, Head> {
        self.journals.iter().map(|(journal, end)| (*journal, end.head)).collect()
    }
}
