//! What a running node does for the outbox, without any key: the same bytes again, and what became of them.

use std::time::Duration;

use tokio::time::sleep;
use tracing::{debug, info, warn};
use williw_chain::base::Base;
use williw_core::identity::ChainId;
use williw_core::outbox::Stage;
use williw_store::{INTENTS_CAP, Intent, Outbox, Which};

use super::{Dispatch, Moment, NonceOwner, OutboxError, Pace, Tell, folder};

/// How often a node looks after what is unsettled.
const TEND_EVERY: Duration = Duration::from_secs(12);

/// Looks after the outbox for as long as the node runs. Nothing that goes wrong here ends the node: it is said, and tried
/// again.
pub(crate) async fn tend(outbox: Outbox, mut base: Base) {
    let mut told = false;
    loop {
        sleep(TEND_EVERY).await;
        match settle(&outbox, &mut base, Pace::USUAL, &mut |moment| tell(moment)).await {
            Ok(_unsettled) => told = false,
            Err(error) if !told => {
                warn!(%error, "the outbox cannot be looked after; trying again");
                told = true;
            }
            Err(error) => debug!(%error, "the outbox cannot be looked after; trying again"),
        }
    }
}

/// One look at everything that is unsettled, account by account. An account that somebody else has is left to them.
/// Returns what is not settled yet.
pub async fn settle(
    outbox: &Outbox,
    base: &mut Base,
    pace: Pace,
    tell: &mut Tell<'_>,
) -> Result<Vec<Intent>, OutboxError> {
    let accounts = outbox.unsettled_accounts(ChainId::Base).await?;
    let (mut unsettled, mut failed) = (Vec::new(), None);
    if accounts.is_empty() {
        return Ok(unsettled);
    }
    for account in accounts {
        let owner = match NonceOwner::try_claim(folder(outbox), ChainId::Base, account) {
            Ok(owner) => owner,
            Err(OutboxError::Owned { .. }) => {
                let theirs = Which { account: Some((ChainId::Base, account)), unsettled: true };
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
        let mut dispatch = Dispatch::owned(base, outbox, owner, pace, &mut forward).await?;
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
        Moment::Noted(intent, stage @ Stage::Settled(_)) => info!(%intent, %stage, "an intent is settled"),
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
