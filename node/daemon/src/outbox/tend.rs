//! What a running node does for the outbox, without any key: the same bytes again, and what became of them.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{debug, info, warn};
use williw_store::{INTENTS_CAP, Intent, Outbox, Which};

use crate::readers::Readers;

use super::{Dispatch, Lane, Moment, NonceOwner, OutboxError, Pace, Tell, folder};

/// How often a node looks after what is unsettled.
const TEND_EVERY: Duration = Duration::from_secs(12);

/// Looks after the outbox for as long as the node runs. Nothing that goes wrong here ends the node: it is said, and tried
/// again.
pub(crate) async fn tend(outbox: Outbox, readers: Readers) {
    let (mut base, mut solana) = (readers.base, readers.solana);
    let mut told = BTreeSet::new();
    loop {
        sleep(TEND_EVERY).await;
        let base = base.as_mut().map(|base| Lane::Base(&mut base.chain));
        let solana = solana.as_mut().map(|solana| Lane::Solana(&mut solana.chain));
        // One chain that cannot be asked is no reason to leave the other alone.
        for lane in base.into_iter().chain(solana) {
            let chain = lane.chain();
            match settle(&outbox, lane, Pace::of(chain), &mut |moment| tell(moment)).await {
                Ok(_unsettled) => {
                    told.remove(&chain);
                }
                Err(error) if told.insert(chain) => {
                    warn!(%chain, %error, "the outbox cannot be looked after; trying again");
                }
                Err(error) => debug!(%chain, %error, "the outbox cannot be looked after; trying again"),
            }
        }
    }
}

/// One look at everything of a chain that is unsettled, account by account. An account that somebody else has is left to them.
/// Returns what is not settled yet.
pub async fn settle<'a>(
    outbox: &Outbox,
    lane: impl Into<Lane<'a>>,
    pace: Pace,
    tell: &mut Tell<'_>,
) -> Result<Vec<Intent>, OutboxError> {
    let mut lane = lane.into();
    let chain = lane.chain();
    let accounts = outbox.unsettled_accounts(chain).await?;
    let (mut unsettled, mut failed) = (Vec::new(), None);
    if accounts.is_empty() {
        return Ok(unsettled);
    }
    for account in accounts {
        let owner = match NonceOwner::try_claim(folder(outbox), chain, account) {
            Ok(owner) => owner,
            Err(OutboxError::Owned { .. }) => {
                let theirs = Which { account: Some((chain, account)), unsettled: true };
                unsettled.extend(outbox.intents(theirs, INTENTS_CAP).await?);
                continue;
            }
            // The other accounts are still looked after.
            Err(error) => {
                failed = Some(error);
                continue;
            }
        };
        let mut forward = |moment: Moment<'_>| tell(moment);
        let mut dispatch = Dispatch::owned(lane.again(), outbox, owner, pace, &mut forward).await?;
        for mut intent in dispatch.intents(true).await?.into_iter().rev() {
            let attended = dispatch.attend(&mut intent).await;
            if !intent.stage.is_settled() {
                unsettled.push(intent);
            }
            match attended {
                Ok(()) => {}
                // The others are still looked after; the same trouble with all of them is one trouble.
                Err(error @ OutboxError::Send(_)) => failed = Some(error),
                Err(error) => return Err(error),
            }
        }
        for (endpoint, fault) in dispatch.take_faults().0 {
            debug!(%endpoint, %fault, "an endpoint is at fault");
        }
    }
    failed.map_or(Ok(unsettled), Err)
}

fn tell(moment: Moment<'_>) {
    match moment {
        Moment::Noted(intent, stage) if stage.stage.is_settled() => info!(%intent, %stage, "an intent is settled"),
        Moment::Noted(intent, stage) => info!(%intent, %stage, "an intent has moved"),
        Moment::Intended(_)
        | Moment::NotRaised(..)
        | Moment::Drafted(_)
        | Moment::Signed(_)
        | Moment::Leaving(_)
        | Moment::Sent(_)
        | Moment::Seen(..) => {}
    }
}
