//! Solana as one of the chains that a node reads.

use williw_core::cycle::Height;
use williw_core::identity::ChainId;
use williw_core::journal::Site;
use williw_core::tail::Tail;

use super::Solana;
use crate::base::Deployment;
use crate::fault::{ChainError, Reading};
use crate::panel::EndpointStatus;
use crate::reader::{Chain, Cursor, Finals};

impl Chain for Solana {
    fn id(&self) -> ChainId {
        ChainId::Solana
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
        Self::finals(self, cursor).await
    }

    async fn tail(&mut self, after: Height) -> Result<Reading<Tail>, ChainError> {
        Self::tail(self, after).await
    }

    async fn hint(&mut self) {
        self.hints.next().await;
    }
}
