//! The queue of what is on its way out, for people.

use std::time::Duration;

use serde::Serialize;
use tokio::time::sleep;
use williw_chain::base::ChainError;
use williw_chain::snapshot::QueueEntry;
use williw_chain::verb::Verb;
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::identity::Account;
use williw_daemon::outbox::{Dispatch, Lane, Receipt};

use crate::chain::operator_at_tip;
use crate::printer::Printer;
use crate::utc::utc;

/// How often the chain is asked for the queue after an unstake: endpoints may be some blocks behind those who showed it.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);

/// An entry, for programs.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    pub(crate) ticket: u64,
    pub(crate) amount: String,
    /// From this second since 1970 on it can be withdrawn.
    pub(crate) matures: u64,
}

impl Entry {
    pub(crate) fn of(entry: &QueueEntry) -> Self {
        let QueueEntry { ticket, amount, maturity } = entry;
        Self { ticket: *ticket, amount: amount.to_string(), matures: maturity.0 }
    }

    /// The same moment, for people.
    pub(crate) fn matures(&self) -> String {
        utc(UnixSeconds(self.matures))
    }
}

/// The entry that an unstake made; none after another verb, or with a word about it if it is not to be found.
pub(crate) async fn made_by(
    verb: &Verb,
    account: Account,
    receipts: &[Receipt],
    dispatch: &mut Dispatch<'_>,
    printer: &Printer,
) -> Option<Entry> {
    let (Verb::Unstake { amount }, [.., receipt]) = (verb, receipts) else { return None };
    match newest(dispatch.lane(), account, receipt.block).await {
        Ok(Some(entry)) if entry.amount == *amount => return Some(Entry::of(&entry)),
        // Whoever asked long ago may have taken it out since, or was slashed.
        Ok(_) => printer.warn("which ticket it got cannot be told any more; see `williw operator`"),
        Err(error) => printer.warn(format_args!("which ticket it got cannot be told: {error}; see `williw operator`")),
    }
    None
}

/// The newest entry of the queue, in a state that has this block.
async fn newest(lane: &mut Lane<'_>, account: Account, block: Height) -> Result<Option<QueueEntry>, ChainError> {
    let mut tries = 1;
    loop {
        match operator_at_tip(lane, account).await {
            Ok(reading) if reading.value.at >= block => {
                return Ok(reading.value.operator.and_then(|operator| operator.queue.last().copied()));
            }
            Ok(_) | Err(ChainError::NoQuorum { .. }) if tries < TRIES => {}
            Ok(_) => return Ok(None),
            Err(error) => return Err(error),
        }
        tries += 1;
        sleep(PAUSE).await;
    }
}
