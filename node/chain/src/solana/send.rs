//! Transactions of Solana: tried, drafted, signed, given to every sound endpoint, and looked up.
//!
//! The steps are those of [`crate::send`], and nothing is taken from one endpoint on its word here either. What differs is
//! what lets a call happen once. There is no nonce: a transaction names a blockhash, the chain takes it for as long as that
//! is one of the latest, and at most once. So the same bytes can be sent as often as one likes, nothing can outbid or
//! cancel them, and the danger is to sign the same call *again* while they may still happen. That is only done when a
//! quorum has all final blocks that could hold the transaction, and no such transaction in any of them.
//!
//! `processed` is never asked for and never believed. A call is tried and its receipt believed at `confirmed`; what settles
//! it is `finalized`.
//!
//! A call is one transaction with all its instructions, and there is no approval: who owns the tokens signs.

use williw_core::identity::Account;

use crate::fault::{Faults, Reading};
use crate::panel::Matter;
use crate::send::{Patience, SendError};
use crate::verb::Call;

use super::Solana;

mod ask;
mod calls;
mod give;
mod ledger;
mod look;
mod message;
mod numbers;
mod refusal;
mod status;
mod trial;
mod unsigned;
mod venue;

pub use look::Sought;
pub use message::{Draft, Signed, TRANSACTION_CAP};
pub use unsigned::{NamedAccount, Unsigned, UnsignedInstruction, unsigned};

use message::Budget;
pub(crate) use venue::Venue;

/// The most compute units that one call is given. No verb needs half of it.
pub const COMPUTE_CAP: u32 = 400_000;

/// The most millionths of a lamport that are offered for a compute unit.
pub const PRICE_CAP: u64 = 20_000_000;

/// The least that is offered: less is not worth a place in anybody's queue.
const PRICE_FLOOR: u64 = 1_000;

const MATTER: Matter = Matter::Lookup;

impl Solana {
    /// Waits so long while something is sent, for callers with less or more patience.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// How long endpoints are waited for while something is sent.
    #[must_use]
    pub const fn patience(&self) -> Patience {
        self.patience
    }

    /// What the last of these steps found wrong with endpoints, also when it came to nothing.
    #[must_use]
    pub fn faults_of_sending(&self) -> Faults {
        self.panel.faults(MATTER)
    }

    /// Tries the calls before anything of them is written down.
    pub async fn rehearse(&mut self, from: Account, calls: &[Call]) -> Result<Faults, SendError> {
        // Vetting looks at the genesis hash again, so nothing is signed for a chain that is not ours.
        for endpoint in &mut self.panel.endpoints {
            endpoint.vetted = false;
        }
        self.patience.patiently(async || self.rehearse_once(from, calls).await).await?;
        Ok(self.faults_of_sending())
    }

    async fn rehearse_once(&mut self, from: Account, calls: &[Call]) -> Result<(), SendError> {
        self.begin(MATTER).await;
        for call in calls {
            let message = message::read(call, from)?;
            let budget = Budget { limit: COMPUTE_CAP, price: PRICE_FLOOR };
            let message = message::budgeted(&message, budget, message.recent_blockhash);
            self.trial(&message, &call.what).await?;
        }
        Ok(())
    }

    /// What is to be signed. A call is all that its verb takes, so there is no receipt as of which it has to be tried.
    pub async fn draft(&mut self, from: Account, call: &Call) -> Result<Reading<Draft>, SendError> {
        let value = self.patience.patiently(async || self.draft_once(from, call).await).await?;
        Ok(Reading { value, faults: self.faults_of_sending() })
    }

    async fn draft_once(&mut self, from: Account, call: &Call) -> Result<Draft, SendError> {
        self.begin(MATTER).await;
        let bare = message::read(call, from)?;
        let price = self.price(&bare).await?;
        let tried = message::budgeted(&bare, Budget { limit: COMPUTE_CAP, price }, bare.recent_blockhash);
        message::fits(&tried, &call.what)?;
        let limit = self.trial(&tried, &call.what).await?;
        let budget = Budget { limit, price };
        self.can_pay(from, budget, &call.what).await?;
        // Last of all: it grows old while the others are asked.
        let fresh = self.blockhash().await?;
        let message = message::budgeted(&bare, budget, fresh.blockhash);
        Ok(Draft { message, last_valid: fresh.last_valid, slot: fresh.slot })
    }
}
