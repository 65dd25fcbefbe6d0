//! Base as one of the chains that a node reads.

use williw_core::cycle::Height;
use williw_core::identity::ChainId;
use williw_core::journal::{Head, Site};
use williw_core::tail::Tail;

use super::{Base, Deployment};
use crate::fault::{ChainError, Reading};
use crate::panel::EndpointStatus;
use crate::reader::{Chain, Cursor, Finals};

impl Chain for Base {
    fn id(&self) -> ChainId {
        ChainId::Base
    }

    fn site(&self) -> Site {
        Self::site(self)
    }

    fn endpoints(&self) -> Vec<EndpointStatus> {
        Self::endpoints(self)
    }

    async fn deployment(&mut self) -> Result<Reading<Deployment>, ChainError> {
        Self::deployment(self).await
    }

    async fn finals(&mut self, cursor: &Cursor) -> Result<Reading<Option<Finals>>, ChainError> {
        let journal = self.journal();
        let empty = || Head::empty(self.vault.network, ChainId::Base, journal);
        let head = cursor.journals.get(&journal).map_or_else(empty, |end| end.head);
        let Reading { value, faults } = self.page(&cursor.books, head).await?;
        Ok(Reading { value: value.map(Finals::Page), faults })
    }

    async fn tail(&mut self, after: Height) -> Result<Reading<Tail>, ChainError> {
        Self::tail(self, after).await
    }

    /// Nobody is asked for hints: blocks of two seconds are read as often.
    async fn hint(&mut self) {
        std::future::pending().await
    }
}
