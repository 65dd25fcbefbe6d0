//! Pages: final facts, as far as a quorum of sheets bears them out.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, timeout};
use williw_core::cycle::{Height, UnixSeconds};
use williw_core::ledger::{Page, Point};
use williw_core::network::NetworkId;

use super::derive::Addresses;
use super::fold::History;
use super::judge::{Verdict, borne_out, judge, reached};
use super::sheet::{Sheet, Wanted};
use super::time::{Said, time_of};
use super::{Endpoint, Solana};
use crate::fault::{ChainError, EndpointFault, Reading};
use crate::panel::{GRACE, Matter};
use crate::reader::{Cursor, Finals};

pub(super) const MATTER: Matter = Matter::Finals;

/// How far an endpoint's final slot may lie behind what a quorum has: ten minutes. Endpoints learn of finality in steps.
pub const FINAL_LAG_SLOTS: u64 = 1_500;

/// A page that ends this close below what a quorum calls final counts as having reached it: a minute.
pub const REACH_SLOTS: u64 = 150;

/// How long an endpoint's history is folded alone. Then another one's is begun beside it.
const HEAD_START: Duration = Duration::from_secs(5);

/// How long the histories of a reading are waited for in all: meanwhile no tail is read. What came is kept for the next one.
pub(super) const HISTORY_TIMEOUT: Duration = Duration::from_secs(30);

/// The sheets of a reading, by endpoint.
pub(super) type Sheets = Vec<(usize, Sheet)>;

/// A history that a quorum bears out, and how far.
struct Believed {
    history: History,
    through: Height,
    time: UnixSeconds,
}

impl Solana {
    /// The next final news for a ledger that stands there; none if there is nothing new to say.
    pub async fn finals(&mut self, cursor: &Cursor) -> Result<Reading<Option<Finals>>, ChainError> {
        let value = if cursor.books.last.height == Height(0) && cursor.books.operators == 0 {
            Some(Finals::Beginning(Box::new(self.beginning().await?)))
        } else {
            self.next(cursor).await?
        };
        self.panel.clear_lookups(MATTER);
        Ok(Reading { value, faults: self.panel.faults(MATTER) })
    }

    async fn next(&mut self, cursor: &Cursor) -> Result<Option<Finals>, ChainError> {
        self.forget(cursor);
        let mut sheets = self.sheets().await?;
        // What the ledger has is final, so whoever is before its last fact lags.
        let last = cursor.books.last.height;
        for (index, sheet) in sheets.extract_if(.., |(_, sheet)| sheet.slot < last) {
            let behind = last.0.saturating_sub(sheet.slot.0);
            self.panel.blame(MATTER, index, EndpointFault::Lagging { at: sheet.slot, behind });
        }
        if sheets.len() < self.panel.quorum {
            return Err(self.panel.no_quorum(MATTER, "what happened since the ledger's last fact"));
        }
        let goal = reached(sheets.iter().map(|(_, sheet)| sheet.slot).collect(), self.panel.quorum);
        if let Some(goal) = goal {
            let slots = sheets.iter().map(|(_, sheet)| sheet.slot);
            self.panel.near(MATTER, "how far the final chain goes", slots, (goal, FINAL_LAG_SLOTS))?;
        }
        let Some(believed) = self.believe(cursor, &sheets, goal).await? else {
            return if self.is_gone() {
                Ok(Some(Finals::Beginning(Box::new(self.beginning().await?))))
            } else {
                Err(ChainError::Disbelieved { faults: self.panel.faults(MATTER) })
            };
        };
        let is_reached = goal.is_none_or(|goal| goal.0.saturating_sub(believed.through.0) <= REACH_SLOTS);
        Ok(self.page(cursor, &believed, is_reached).map(Finals::Page))
    }

    /// The sheets of a quorum, and of whoever else is quick.
    async fn sheets(&mut self) -> Result<Sheets, ChainError> {
        self.begin(MATTER).await;
        self.sound_sheets().await
    }

    /// The same of those against whom this reading has found nothing so far.
    pub(super) async fn sound_sheets(&mut self) -> Result<Sheets, ChainError> {
        let addresses = self.addresses;
        let ask = |index: usize| (index, self.panel[index].set(&addresses, Wanted::Heads));
        let quorum = self.panel.quorum;
        let sound = self.panel.sound(MATTER);
        let answers = self.panel.gather(sound.into_iter().map(ask), |good| good.len() >= quorum).await;
        let answers = self.panel.settle(MATTER, answers);
        let sheets = self.read_sets(answers, |addresses, set| Ok(set.sheet(addresses))).await;
        let sheets = self.panel.settle(MATTER, sheets);
        for (index, sheet) in &sheets {
            self.panel[*index].seen.finalized = Some(sheet.slot);
        }
        if sheets.len() < quorum {
            return Err(self.panel.no_quorum(MATTER, "the final set of operators"));
        }
        Ok(sheets)
    }

    /// The history that a quorum bears out farthest. Those whose history leads nowhere are blamed, those whose sheet says
    /// something else, and those that were overtaken by one that began after them.
    async fn believe(
        &mut self,
        cursor: &Cursor,
        sheets: &Sheets,
        goal: Option<Height>,
    ) -> Result<Option<Believed>, ChainError> {
        let order = self.order(sheets);
        self.turn = (self.turn + 1) % self.panel.endpoints.len();
        let mut order = order.iter();
        let (addresses, network, quorum) = (self.addresses, self.settings.network, self.panel.quorum);
        let last = cursor.books.last.height;
        let (mut folds, mut begun, mut blamed) = (FuturesUnordered::new(), Vec::new(), Vec::new());
        let started = Instant::now();
        let (mut alone, mut best) = (Vec::new(), None::<(History, Height)>);
        // Nobody can be borne out farther than a quorum of sheets goes.
        while best.as_ref().is_none_or(|(_, through)| Some(*through) < goal) {
            let next = order.next();
            if let Some(&(index, sheet)) = next {
                begun.push(index);
                let endpoint = &self.panel[index];
                folds.push(async move { (index, endpoint.folded(&addresses, network, cursor, sheet).await) });
            }
            let patience = if best.is_some() { GRACE } else { HEAD_START };
            match timeout(patience, folds.next()).await {
                Err(_) if best.is_some() && next.is_none() => break,
                Err(_) if next.is_none() && started.elapsed() >= HISTORY_TIMEOUT => {
                    blamed.extend(begun.iter().map(|&index| (index, EndpointFault::Slow)));
                    break;
                }
                Err(_) => {}
                Ok(None) => break,
                Ok(Some((index, Ok(history)))) => match borne_out(history, last, sheets, quorum) {
                    Some((history, through)) if best.as_ref().is_none_or(|(_, before)| *before < through) => {
                        let overtaken = begun.iter().take_while(|&&other| other != index);
                        blamed.extend(overtaken.map(|&other| (other, EndpointFault::Slow)));
                        begun.retain(|&other| other != index);
                        best = Some((history, through));
                    }
                    Some(_) => begun.retain(|&other| other != index),
                    None => {
                        begun.retain(|&other| other != index);
                        alone.push(index);
                    }
                },
                Ok(Some((index, Err(fault)))) => {
                    begun.retain(|&other| other != index);
                    blamed.push((index, fault));
                }
            }
        }
        drop(folds);
        for (index, fault) in blamed {
            if fault.is_lie() {
                self.panel[index].seen.transactions.forget_all();
            }
            self.panel.blame(MATTER, index, fault);
        }
        let Some((history, through)) = best else {
            // Each is at one with itself, and who is right cannot be told.
            for index in alone {
                self.panel.blame(MATTER, index, EndpointFault::Contradicts("the operators' journals"));
            }
            return Ok(None);
        };
        let said = self.name_liars(&history, cursor, sheets, through);
        self.time_at(&said, through).map(|time| Some(Believed { history, through, time }))
    }

    /// Whose history is folded in which order: whoever is ahead knows more of the others' slots than they know of its own.
    fn order<'a>(&self, sheets: &'a Sheets) -> Vec<(usize, &'a Sheet)> {
        let sheet_of = |index: usize| sheets.iter().find(|(other, _)| *other == index).map(|(_, sheet)| sheet);
        let turn = self.panel.in_turn(MATTER, self.turn).into_iter();
        let mut order: Vec<_> = turn.filter_map(|index| Some((index, sheet_of(index)?))).collect();
        order.sort_by_key(|(_, sheet)| std::cmp::Reverse(sheet.slot));
        order
    }

    /// Names whoever has another sheet than the facts allow, or one of long ago. Returns what the others say of the time.
    fn name_liars(&mut self, history: &History, cursor: &Cursor, sheets: &Sheets, through: Height) -> Vec<Said> {
        let mut said = Vec::new();
        for (index, sheet) in sheets {
            let behind = through.0.saturating_sub(sheet.slot.0);
            if let Verdict::Fault(fault) = judge(history, cursor.books.last.height, sheet) {
                self.panel.blame(MATTER, *index, fault);
                continue;
            }
            said.push((*index, sheet.slot, sheet.time));
            if behind > FINAL_LAG_SLOTS {
                self.panel.blame(MATTER, *index, EndpointFault::Lagging { at: sheet.slot, behind });
            }
        }
        said
    }

    /// The time at a slot. Whose clock is far off is named.
    pub(super) fn time_at(&mut self, said: &[Said], slot: Height) -> Result<UnixSeconds, ChainError> {
        let (time, far) = time_of(said, slot, self.panel.quorum);
        for (index, at, time) in far {
            self.panel.blame(MATTER, index, EndpointFault::WrongTime { at, time });
        }
        time.ok_or_else(|| self.panel.no_quorum(MATTER, "the time at the final head"))
    }

    /// True if a quorum has nothing against it but that it does not keep what is missing, or that more is missing than is ever
    /// read.
    fn is_gone(&self) -> bool {
        let gone = |fault: Option<&EndpointFault>| {
            matches!(fault, Some(EndpointFault::Pruned { .. } | EndpointFault::TooManyFacts { .. }))
        };
        let every = self.panel.endpoints.iter();
        every.filter(|endpoint| gone(endpoint.faults.get(&MATTER))).count() >= self.panel.quorum
    }

    fn page(&mut self, cursor: &Cursor, believed: &Believed, is_reached: bool) -> Option<Page> {
        let Believed { history, through, time } = believed;
        let before = cursor.books.through;
        // An endpoint is often several machines, some slots apart.
        let back = before.height.0.saturating_sub(through.0);
        let nothing_new = history.facts_through(*through).is_empty();
        if nothing_new && (1..=REACH_SLOTS).contains(&back) {
            return None;
        }
        if nothing_new && back == 0 && *through == before.height && self.reached == Some(*through) {
            return None;
        }
        let cut = history.cut(self.page_cap).filter(|cut| cut < through);
        let end = cut.unwrap_or(*through);
        let last = history.time_through(end).max(cursor.books.last.time);
        // The clock was read before the accounts were: what happened in between is later.
        let time = if cut.is_some() { last } else { last.max(*time) };
        let reached = is_reached && cut.is_none();
        self.reached = (reached && back == 0).then_some(end);
        Some(history.page(Point { height: end, time }, reached))
    }

    /// Forgets what a ledger that stands there has.
    pub(super) fn forget(&mut self, cursor: &Cursor) {
        for endpoint in &self.panel.endpoints {
            endpoint.seen.transactions.forget_before(cursor.books.through.height);
        }
    }
}

impl Endpoint {
    /// The history that leads from a ledger to this endpoint's own sheet.
    async fn folded(
        &self,
        addresses: &Addresses,
        network: NetworkId,
        cursor: &Cursor,
        sheet: &Sheet,
    ) -> Result<History, EndpointFault> {
        let fold = async || History::fold(network, cursor, sheet, &self.history(addresses, cursor, sheet).await?);
        match fold().await {
            // What was remembered of a slot that is gone is nobody's lie.
            Err(fault) if fault.is_lie() => {
                self.seen.transactions.forget_all();
                fold().await
            }
            folded => folded,
        }
    }
}
