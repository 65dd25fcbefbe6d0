//! Following Base: pages of what is final, then the tail beyond, again and again.
//!
//! Nothing that goes wrong here ends the node. An endpoint that is down or lies is named, the chain grows stale by the
//! clock, and the next reading tries again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tracing::{info, warn};
use williw_chain::base::{Base, ChainError, EndpointName};
use williw_core::census::Input;
use williw_core::cycle::CycleClock;
use williw_core::identity::ChainId;

use crate::clerk::{Desk, Gone};

/// The longest pause after readings that failed. Well below the time after which a chain is stale.
const PAUSE_CAP: Duration = Duration::from_secs(8);

/// The most pages in one reading. Then the tail is read, which must not wait for years of history.
const PAGES_PER_READING: usize = 32;

/// The least time between two lines of the log about one endpoint.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// Follows Base until the clerk is gone.
pub(crate) async fn follow(mut base: Base, desk: Desk, period: Duration, unchecked: Option<CycleClock>) {
    let mut follower = Follower { failures: 0, no_pages: false, told: BTreeMap::new(), unchecked };
    loop {
        let read = follower.read(&mut base, &desk).await;
        if desk.endpoints(base.endpoints()).await.is_err() {
            return;
        }
        follower.report(&base);
        match read {
            Ok(()) => follower.failures = 0,
            Err(Stop::Gone) => return,
            Err(Stop::Unread(reason)) => {
                if follower.failures == 0 {
                    warn!(%reason, "base cannot be read; trying again");
                }
                follower.failures = follower.failures.saturating_add(1);
            }
        }
        tokio::time::sleep(follower.pause(period)).await;
    }
}

enum Stop {
    Gone,
    Unread(Unread),
}

#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// No vault ever changes that. So they lie, or the settings name endpoints of another vault.
    #[error(
        "its endpoints show a vault that divides time in another way than the one that the database was founded for"
    )]
    OtherClock,
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<ChainError> for Stop {
    fn from(error: ChainError) -> Self {
        Self::Unread(Unread::Chain(error))
    }
}

struct Follower {
    /// Readings that failed since the last one that did not.
    failures: u32,
    /// What is final could not be read, and the log says so.
    no_pages: bool,
    /// Endpoints of which the log says that they are at fault, and since when it says what it says.
    told: BTreeMap<EndpointName, (Instant, String)>,
    /// The clock that the node was started with, while no quorum has confirmed it.
    unchecked: Option<CycleClock>,
}

impl Follower {
    async fn read(&mut self, base: &mut Base, desk: &Desk) -> Result<(), Stop> {
        if let Some(clock) = self.unchecked {
            if base.deployment().await?.value.clock != clock {
                return Err(Stop::Unread(Unread::OtherClock));
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
        // The tail could be read, so there is no reason to read it less often.
        match pages {
            Err(Stop::Unread(reason)) if !self.no_pages => {
                warn!(%reason, "what is final cannot be read: nobody new is let in; trying again");
                self.no_pages = true;
            }
            Ok(()) if self.no_pages => {
                info!("what is final can be read again");
                self.no_pages = false;
            }
            _ => {}
        }
        Ok(())
    }

    /// The next pages, up to the final head if it is not too far.
    async fn pages(base: &mut Base, desk: &Desk) -> Result<(), Stop> {
        for _ in 0..PAGES_PER_READING {
            let cursor = desk.cursor(ChainId::Base).await?;
            let Some(page) = base.page(&cursor.books, cursor.head).await?.value else { return Ok(()) };
            let reached = page.reached;
            desk.observe(Input::Finalized(page)).await?;
            // A page that the census refused, or that said nothing new, would be given again at once.
            let stands = desk.cursor(ChainId::Base).await?.books.through == cursor.books.through;
            if reached || stands {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Says what changed about the endpoints. One whose faults change with every reading gets one line a minute all the same.
    fn report(&mut self, base: &Base) {
        for status in base.endpoints() {
            let Some(fault) = status.fault else {
                if self.told.remove(&status.name).is_some() {
                    info!(endpoint = %status.name, "an endpoint is well again");
                }
                continue;
            };
            let (lie, fault) = (fault.is_lie(), fault.to_string());
            let known = self.told.get(&status.name);
            if known.is_none_or(|(at, before)| *before != fault && at.elapsed() >= REPORT_EVERY) {
                warn!(endpoint = %status.name, %fault, lie, "an endpoint is at fault");
                self.told.insert(status.name, (Instant::now(), fault));
            }
        }
    }

    /// Twice as long after every failure, so that an endpoint that struggles is not held under water.
    fn pause(&self, period: Duration) -> Duration {
        period.saturating_mul(1 << self.failures.min(8)).min(PAUSE_CAP.max(period))
    }
}
