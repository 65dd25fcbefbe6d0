//! Following Base: pages of what is final, then the tail beyond, again and again.
//!
//! Nothing that goes wrong here ends the node. An endpoint that is down or lies is named, the chain grows stale by the
//! clock, and the next reading tries again.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::{info, warn};
use williw_chain::base::{Base, ChainError, EndpointName};
use williw_core::census::Input;
use williw_core::cycle::CycleClock;
use williw_core::identity::ChainId;

use crate::clerk::{Desk, Gone};
use crate::error::DaemonError;

/// The longest pause after readings that failed. Well below the time after which a chain is stale.
const PAUSE_CAP: Duration = Duration::from_secs(8);

/// Follows Base until the clerk is gone, or the vault turns out not to be the one whose clock the node was started with.
pub(crate) async fn follow(
    mut base: Base,
    desk: Desk,
    period: Duration,
    unchecked: Option<CycleClock>,
) -> Result<(), DaemonError> {
    let mut follower = Follower { failures: 0, faults: BTreeMap::new(), unchecked };
    loop {
        let read = follower.read(&mut base, &desk).await;
        if desk.endpoints(base.endpoints()).await.is_err() {
            return Ok(());
        }
        follower.report(&base);
        match read {
            Ok(()) => follower.failures = 0,
            Err(Stop::Gone) => return Ok(()),
            Err(Stop::OtherClock) => return Err(DaemonError::OtherClock),
            Err(Stop::Unread(error)) => {
                if follower.failures == 0 {
                    warn!(%error, "base cannot be read; trying again");
                }
                follower.failures = follower.failures.saturating_add(1);
            }
        }
        tokio::time::sleep(follower.pause(period)).await;
    }
}

enum Stop {
    Gone,
    OtherClock,
    Unread(ChainError),
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<ChainError> for Stop {
    fn from(error: ChainError) -> Self {
        Self::Unread(error)
    }
}

struct Follower {
    /// Readings that failed since the last one that did not.
    failures: u32,
    /// What was said last against an endpoint, so that it is said once.
    faults: BTreeMap<EndpointName, String>,
    /// The clock that the node was started with, while no quorum has confirmed it.
    unchecked: Option<CycleClock>,
}

impl Follower {
    async fn read(&mut self, base: &mut Base, desk: &Desk) -> Result<(), Stop> {
        if let Some(clock) = self.unchecked {
            if base.deployment().await?.value.clock != clock {
                return Err(Stop::OtherClock);
            }
            self.unchecked = None;
        }
        let pages = Self::pages(base, desk).await;
        if let Err(Stop::Gone) = pages {
            return pages;
        }
        // Even if there is no page: bad news counts at once. It lies behind what was just written, so the cursor is
        // asked for anew.
        let cursor = desk.cursor(ChainId::Base).await?;
        let tail = base.tail(cursor.books.through.height).await?.value;
        desk.observe(Input::Pending(tail)).await?;
        pages
    }

    /// Every page there is, up to the final head.
    async fn pages(base: &mut Base, desk: &Desk) -> Result<(), Stop> {
        loop {
            let cursor = desk.cursor(ChainId::Base).await?;
            let Some(page) = base.page(&cursor.books, cursor.head).await?.value else { return Ok(()) };
            let (reached, through) = (page.reached, page.through);
            desk.observe(Input::Finalized(page)).await?;
            // A page that the census refused leaves the cursor where it was, and would be given again at once.
            let taken = desk.cursor(ChainId::Base).await?.books.through == through;
            if reached || !taken {
                return Ok(());
            }
        }
    }

    /// Says what changed about the endpoints.
    fn report(&mut self, base: &Base) {
        for status in base.endpoints() {
            let now = status.fault.as_ref().map(ToString::to_string);
            match (self.faults.get(&status.name), now) {
                (Some(before), Some(now)) if *before == now => {}
                (_, Some(fault)) => {
                    let lie = status.fault.is_some_and(|fault| fault.is_lie());
                    warn!(endpoint = %status.name, %fault, lie, "an endpoint is at fault");
                    self.faults.insert(status.name, fault);
                }
                (Some(_), None) => {
                    info!(endpoint = %status.name, "an endpoint is well again");
                    self.faults.remove(&status.name);
                }
                (None, None) => {}
            }
        }
    }

    /// Twice as long after every failure, so that an endpoint that struggles is not held under water.
    fn pause(&self, period: Duration) -> Duration {
        period.saturating_mul(1 << self.failures.min(8)).min(PAUSE_CAP.max(period))
    }
}
