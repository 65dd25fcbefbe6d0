//! What is final: pages of facts, or the accounts that they left.

use super::{Alarm, CLOCK_SLACK, CURSOR_AHEAD, Census, Turn};
use crate::cycle::{Height, UnixSeconds};
use crate::identity::ChainId;
use crate::ledger::{Beginning, Change, Page, Point};

impl Census {
    pub(super) fn finalized(&mut self, page: &Page, now: UnixSeconds, turn: &mut Turn) {
        let chain = page.chain;
        if is_ahead(chain, page.through, now, turn) {
            return;
        }
        let change = match self.ledger.stage(page) {
            Ok(change) => change,
            Err(why) => return turn.alarms.push(Alarm::PageRefused { chain, why }),
        };
        let folded = self.ledger.chain(chain).map_or(Height(0), |books| books.through.height);
        let new = change.as_ref().is_some_and(|change| !change.facts.is_empty());
        // Its endpoints lag, or the cursor was led astray. Where the chain ends now is not learnt from it.
        let behind = page.through.height < folded && !new;
        if behind {
            turn.alarms.push(Alarm::PageBehind { chain, through: page.through.height, folded });
        }
        self.take_over(chain, change, page.reached && !behind, now, turn);
    }

    pub(super) fn begun(&mut self, beginning: &Beginning, now: UnixSeconds, turn: &mut Turn) {
        let (chain, through) = (beginning.chain, beginning.through);
        if is_ahead(chain, through, now, turn) {
            return;
        }
        let change = match self.ledger.begin(beginning) {
            Ok(change) => change,
            Err(why) => return turn.alarms.push(Alarm::BeginningRefused { chain, why }),
        };
        let known = self.ledger.chain(chain).map_or(Height(0), |books| books.last.height);
        if known > Height(0) && change.is_some() {
            turn.alarms.push(Alarm::HistoryLost { chain, known, through: through.height });
        }
        turn.write |= change.is_some();
        self.take_over(chain, change, true, now, turn);
    }

    /// Takes over what final news changes. `reached` says that the chain ends there for now.
    fn take_over(&mut self, chain: ChainId, change: Option<Change>, reached: bool, now: UnixSeconds, turn: &mut Turn) {
        let new_terms = change.is_some_and(|change| self.fold(change, turn));
        let opened = self.watch(chain).is_some_and(|watch| reached && watch.open(now, turn, chain));
        if new_terms || opened {
            turn.touched.extend(self.peers_on(chain));
        }
        self.redigest(chain, turn);
        self.drop_spent_evidence(chain, turn);
    }

    /// Takes a change over into the ledger and the roster. Returns whether other vault parameters hold now.
    fn fold(&mut self, change: Change, turn: &mut Turn) -> bool {
        let chain = change.chain;
        let new_terms = self.ledger.chain(chain).and_then(|books| books.vault) != change.books.vault;
        for (owner, operator) in &change.operators {
            let before = self.ledger.operator(*owner);
            let (old, new) = (before.and_then(|operator| operator.link), operator.link);
            let relinked = before.is_none_or(|before| before.nonce != operator.nonce);
            if new.is_none() && relinked {
                turn.alarms.push(Alarm::BadPeerHalf { owner: *owner });
            }
            if let Some(old) = old {
                self.roster.unname(old.peer(), *owner);
                turn.touched.insert(old.peer());
            }
            if let Some(new) = new {
                self.roster.name(new.peer(), *owner);
                turn.touched.insert(new.peer());
            }
        }
        let notices = change.facts.iter().filter_map(|fact| fact.body.announces());
        turn.alarms.extend(notices.map(|effective| Alarm::ParametersProposed { chain, effective }));
        self.ledger.commit(&change);
        let through = change.books.through.time;
        let ahead = self.watch(chain).is_some_and(|watch| through.since(watch.written) >= CURSOR_AHEAD);
        turn.write |= ahead || !change.facts.is_empty();
        turn.batch.change = Some(change);
        new_terms
    }
}

/// A block from the future is a lie or our clock is wrong; believing it would put true pages behind the cursor.
fn is_ahead(chain: ChainId, through: Point, now: UnixSeconds, turn: &mut Turn) -> bool {
    let ahead = through.time.since(now);
    if ahead > CLOCK_SLACK {
        turn.alarms.push(Alarm::PageAhead { chain, ahead });
    }
    ahead > CLOCK_SLACK
}
