//! Transactions of Solana: tried, drafted, signed, given to every sound endpoint, and looked up.
//!
//! The steps are those of [`crate::send`], and nothing is taken from one endpoint on its word here either. What differs is
//! what lets a call happen once. There is no nonce: a transaction names a blockhash, the chain takes it for as long as that
//! is one of the latest, and at most once. So the same bytes can be sent as often as one likes, nothing can outbid or
//! cancel them, and the danger is to sign the same call *again* while they may still happen. That is only done when a
//! quorum has a final block that is beyond the blockhash, and in and before that block no such transaction.
//!
//! `processed` is never asked for and never believed. A call is tried and its receipt believed at `confirmed`; what settles
//! it is `finalized`.
//!
//! A call is one transaction with all its instructions, and there is no approval: who owns the tokens signs.

use tokio::time::{Instant, sleep};
use williw_core::cycle::Height;
use williw_core::identity::Account;

use crate::fault::{ChainError, Faults, Reading};
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
        self.begin(MATTER).await;
        for call in calls {
            let message = message::read(call, from)?;
            let budget = Budget { limit: COMPUTE_CAP, price: PRICE_FLOOR };
            let message = message::budgeted(&message, budget, message.recent_blockhash);
            self.trial(&message, Height(0), &call.what).await?;
        }
        Ok(self.faults_of_sending())
    }

    /// What is to be signed, tried as of the block of the last receipt or later: what was done there has to count.
    pub async fn draft(&mut self, from: Account, call: &Call, behind: Height) -> Result<Reading<Draft>, SendError> {
        let deadline = Instant::now() + self.patience.agree;
        loop {
            self.begin(MATTER).await;
            match self.draft_once(from, call, behind).await {
                Err(SendError::Chain(ChainError::NoQuorum { .. }))
                    if Instant::now() + self.patience.period <= deadline =>
                {
                    sleep(self.patience.period).await;
                }
                drafted => return Ok(Reading { value: drafted?, faults: self.faults_of_sending() }),
            }
        }
    }

    async fn draft_once(&mut self, from: Account, call: &Call, behind: Height) -> Result<Draft, SendError> {
        let bare = message::read(call, from)?;
        let price = self.price(&bare).await?;
        let tried = message::budgeted(&bare, Budget { limit: COMPUTE_CAP, price }, bare.recent_blockhash);
        message::fits(&tried, &call.what)?;
        let limit = self.trial(&tried, behind, &call.what).await?;
        let budget = Budget { limit, price };
        self.can_pay(from, budget, behind, &call.what).await?;
        // Last of all: it grows old while the others are asked.
        let fresh = self.blockhash().await?;
        let message = message::budgeted(&bare, budget, fresh.blockhash);
        Ok(Draft { message, last_valid: fresh.last_valid, slot: fresh.slot })
    }
}
