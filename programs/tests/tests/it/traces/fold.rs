//! What the facts of a journal come to, for somebody who looks at no account.

use williw_core::cycle::UnixSeconds;
use williw_core::fact::{Body, Fact};
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Head;
use williw_core::ledger::{Point, PostedRoot};
use williw_core::link::LinkTerms;
use williw_core::network::NetworkId;

/// The journal of one account, folded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Journal {
    pub(super) head: Head,
    /// The block of the last fact.
    pub(super) last: Point,
    /// Of an operator.
    pub(super) link: Option<LinkTerms>,
    /// The last root that was posted and not vetoed, and the one before it.
    posted: Option<PostedRoot>,
    settled: Option<PostedRoot>,
}

impl Journal {
    pub(super) fn empty(network: NetworkId, journal: Account) -> Self {
        let head = Head::empty(network, ChainId::Solana, journal);
        Self { head, last: Point::default(), link: None, posted: None, settled: None }
    }

    /// Every fact follows the one before it.
    pub(super) fn fold(&mut self, fact: &Fact) -> Result<(), String> {
        if fact.seq != self.head.seq + 1 {
            return Err(format!("fact {} follows {} in the journal of {}", fact.seq, self.head.seq, fact.journal));
        }
        self.head = Head { seq: fact.seq, hash: fact.head_after(self.head.hash) };
        self.last = Point { height: fact.height, time: fact.time };
        match &fact.body {
            Body::Registered { link, .. } | Body::Rotated { link, .. } | Body::Unjailed { link, .. } => {
                self.link = Some(*link);
            }
            Body::RootPending { cycle, root, activates } => {
                self.settled = self.posted.or(self.settled);
                self.posted = Some(PostedRoot { cycle: *cycle, root: *root, activates: *activates });
            }
            Body::RootVetoed { .. } => self.posted = None,
            _ => {}
        }
        Ok(())
    }

    /// The root that pays, and the one that waits.
    pub(super) fn roots_at(&self, time: UnixSeconds) -> [Option<PostedRoot>; 2] {
        let ripe = self.posted.filter(|root| root.activates <= time);
        [ripe.or(self.settled), self.posted.filter(|root| root.activates > time)]
    }
}
