//! Following a chain: what is final, then the tail beyond, again and again.
//!
//! Nothing that goes wrong here ends the node. An endpoint that is down or lies is named, the chain grows stale by the
//! clock, and the next reading tries again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tracing::{info, warn};
use williw_chain::{Chain, ChainError, EndpointName, Finals};
use williw_core::census::Input;
use williw_core::cycle::CycleClock;

use crate::clerk::{Desk, Gone};
use crate::error::DaemonError;
use crate::readers::Follow;

/// The longest pause after readings that failed. Well below the time after which a chain is stale.
const PAUSE_CAP: Duration = Duration::from_secs(8);

/// The most pages in one reading. Then the tail is read, which must not wait for years of history.
const PAGES_PER_READING: usize = 32;

/// The least time between two lines of the log about one endpoint.
const REPORT_EVERY: Duration = Duration::from_secs(60);

/// Follows a chain until the clerk is gone.
pub(crate) async fn follow<C: Chain>(reader: Follow<C>, desk: Desk) {
    let Follow { mut chain, poll, unchecked } = reader;
    let mut follower = Follower { failures: 0, no_pages: false, told: BTreeMap::new(), unchecked };
    // Before anything is read, so that whoever sees the chain sees who speaks for it.
    if desk.endpoints(chain.id(), chain.endpoints()).await.is_err() {
        return;
    }
    loop {
        let read = follower.read(&mut chain, &desk).await;
        if desk.endpoints(chain.id(), chain.endpoints()).await.is_err() {
            return;
        }
        follower.report(&chain);
        match read {
            Ok(()) => follower.failures = 0,
            Err(Stop::Gone) => return,
            Err(Stop::Unread(reason)) => {
                if follower.failures == 0 {
                    warn!(chain = %chain.id(), %reason, "a chain cannot be read; trying again");
                }
                follower.failures = follower.failures.saturating_add(1);
            }
        }
        // A hint says that something happened, and no more: the next reading comes at once, and finds out. Endpoints that
        // cannot say what is unfinal are spared, whatever one of them hints at.
        tokio::select! {
            () = tokio::time::sleep(follower.pause(poll)) => {}
            () = chain.hint(), if follower.failures == 0 => {}
        }
    }
}

/// Ends when a follower broke. One that ends by itself found no clerk any more, who has his own reason.
pub(crate) async fn broken(followers: &mut JoinSet<()>) -> DaemonError {
    loop {
        match followers.join_next().await {
            Some(Err(source)) => return DaemonError::Follower { source },
            Some(Ok(())) => {}
            None => return std::future::pending().await,
        }
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
    /// No deployment ever changes that, and both chains have the same. So they lie, or the settings name endpoints of another
    /// deployment.
    #[error("its endpoints show a deployment that divides time in another way than this node does")]
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
    async fn read(&mut self, chain: &mut impl Chain, desk: &Desk) -> Result<(), Stop> {
        if let Some(clock) = self.unchecked {
            if chain.deployment().await?.value.clock != clock {
                return Err(Stop::Unread(Unread::OtherClock));
            }
            self.unchecked = None;
        }
        let finals = Self::finals(chain, desk).await;
        if let Err(Stop::Gone) = finals {
            return finals;
        }
        // Even if nothing final came: bad news counts at once. It lies behind what was just written, so the cursor is
        // asked for anew.
        let cursor = desk.cursor(chain.id()).await?;
        let tail = chain.tail(cursor.books.through.height).await?.value;
        desk.observe(Input::Pending(tail)).await?;
        // The tail could be read, so there is no reason to read it less often.
        match finals {
            Err(Stop::Unread(reason)) if !self.no_pages => {
                warn!(chain = %chain.id(), %reason, "what is final cannot be read: nobody new is let in; trying again");
                self.no_pages = true;
            }
            Ok(()) if self.no_pages => {
                info!(chain = %chain.id(), "what is final can be read again");
                self.no_pages = false;
            }
            _ => {}
        }
        Ok(())
    }

    /// The next pages, up to the final head if it is not too far.
    async fn finals(chain: &mut impl Chain, desk: &Desk) -> Result<(), Stop> {
        for _ in 0..PAGES_PER_READING {
            let cursor = desk.cursor(chain.id()).await?;
            let (input, reached) = match chain.finals(&cursor).await?.value {
                None => return Ok(()),
                Some(Finals::Page(page)) => {
                    let reached = page.reached;
                    (Input::Finalized(page), reached)
                }
                Some(Finals::Beginning(beginning)) => (Input::Begun(beginning), true),
            };
            desk.observe(input).await?;
            // A page that the census refused, or that said nothing new, would be given again at once.
            let stands = desk.cursor(chain.id()).await?.books.through == cursor.books.through;
            if reached || stands {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Says what changed about the endpoints. One whose faults change with every reading gets one line a minute all the same.
    fn report(&mut self, chain: &impl Chain) {
        let id = chain.id();
        for status in chain.endpoints() {
            let Some(fault) = status.fault else {
                if self.told.remove(&status.name).is_some() {
                    info!(chain = %id, endpoint = %status.name, "an endpoint is well again");
                }
                continue;
            };
            let (lie, fault) = (fault.is_lie(), fault.to_string());
            let known = self.told.get(&status.name);
            if known.is_none_or(|(at, before)| *before != fault && at.elapsed() >= REPORT_EVERY) {
                warn!(chain = %id, endpoint = %status.name, %fault, lie, "an endpoint is at fault");
                self.told.insert(status.name, (Instant::now(), fault));
            }
        }
    }

    /// Twice as long after every failure, so that an endpoint that struggles is not held under water.
    fn pause(&self, period: Duration) -> Duration {
        period.saturating_mul(1 << self.failures.min(8)).min(PAUSE_CAP.max(period))
    }
}
