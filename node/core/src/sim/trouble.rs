//! What goes wrong in a world: chains that stop, endpoints that lie, a node that dies, a clock that is off.

use super::people::{clock, network, site};
use super::reasons::reason;
use super::rng::Rng;
use super::{Sim, lies};
use crate::census::{Alarm, Census, Input};
use crate::identity::{Account, ChainId};
use crate::ledger::{Change, Ledger, Page, Point};
use crate::tail::{Rumour, Witnesses};

impl Sim {
    /// A chain stops or goes down, or whatever was wrong is over.
    pub(super) fn interrupt(&mut self) {
        let (which, ends, halts) = (self.some_chain(), self.rng.chance(60), self.rng.chance(50));
        let chain = &mut self.chains[which];
        (chain.halted, chain.down) = (!ends && halts, !ends && !halts);
        self.count("interrupt", Ok(()));
    }

    /// An endpoint lies. Nothing may come of it but an alarm.
    pub(super) fn lie(&mut self) -> Result<(), String> {
        let which = self.some_chain();
        let page = self.chains[which].page(usize::MAX);
        if self.rng.chance(40) {
            let Some(evidence) = self.rng.pick(&self.script.evidence.clone()) else { return Ok(()) };
            let mut rumours: Vec<Rumour> = self.chains[which]
                .unfinal
                .iter()
                .flat_map(|block| block.facts.iter().map(|fact| Rumour { fact: fact.clone(), witnesses: Witnesses(1) }))
                .collect();
            let honest = rumours.len();
            if lies::frame(&mut rumours, evidence, &mut self.rng) {
                self.read_tail(which, Some(rumours.split_off(honest)))?;
                self.check_standings()?;
                self.count("lie", Err("SlashInvented".to_owned()));
            }
            return Ok(());
        }
        if self.rng.chance(30) {
            let tail = self.true_tail(which);
            let Some(false_tail) = lies::bad_tail(tail, self.chains[which].through.height, &mut self.rng) else {
                return Ok(());
            };
            self.feed(Input::Pending(false_tail))?;
            let Some(Alarm::TailRefused { fault, .. }) = self.door.alarms.first() else {
                return Err("a false tail was taken".to_owned());
            };
            let why = reason(fault);
            self.count("lie", Err(why));
            return Ok(());
        }
        if self.rng.chance(20) {
            return self.lead_astray(which, &page);
        }
        if self.rng.chance(10) {
            return self.mix(which, page);
        }
        let Some(false_page) = lies::falsify(page, &mut self.rng) else { return Ok(()) };
        let before = self.census.ledger().clone();
        self.feed(Input::Finalized(false_page))?;
        let why = match self.door.alarms.first() {
            Some(Alarm::PageRefused { why, .. }) => reason(why),
            Some(Alarm::PageAhead { .. }) => "PageAhead".to_owned(), // the clock is off: nothing is believed
            _ => return Err("a false page was taken".to_owned()),
        };
        if before != *self.census.ledger() {
            return Err("a refused page left a trace".to_owned());
        }
        self.count("lie", Err(why));
        Ok(())
    }

    /// True heads of yesterday at some other height: that may be believed, and must not last. Sometimes the truth comes at
    /// once, perhaps from an endpoint that is not as far, sometimes with the next reading.
    fn lead_astray(&mut self, which: usize, page: &Page) -> Result<(), String> {
        let chain = &self.chains[which];
        let last = chain.delivered.iter().map(|fact| (fact.height, fact.time)).max();
        let back = last.filter(|_| self.rng.chance(40)).map(|(height, time)| Point { height, time });
        let blocks = usize::try_from(self.rng.below(chain.final_blocks.len() as u64)).expect("small");
        let (truth, facts) = (chain.page(blocks), Vec::new());
        let astray = Page { through: back.unwrap_or(page.through), reached: false, facts, ..chain.page(0) };
        self.deliver(which, &astray)?;
        self.count("lie", Err("LedAstray".to_owned()));
        if self.rng.chance(50) { self.deliver(which, &truth) } else { Ok(()) }
    }

    /// On Solana one operator is shown as it was when it was last read. That may be believed, and its news only comes later.
    fn mix(&mut self, which: usize, page: Page) -> Result<(), String> {
        let chain = page.chain;
        let ledger = self.census.ledger();
        let known = ledger.operators().iter().filter(|(owner, _)| owner.chain == chain && chain == ChainId::Solana);
        let touched = |journal: &Account| page.facts.iter().any(|fact| fact.journal == *journal);
        let journals: Vec<Account> = known.map(|(_, operator)| operator.journal).filter(touched).collect();
        let Some(late) = self.rng.pick(&journals) else { return Ok(()) };
        let mut mixed = page.clone();
        mixed.facts.retain(|fact| fact.journal != late);
        let head = ledger.head(chain, late).hash;
        mixed.heads.iter_mut().filter(|(journal, _)| *journal == late).for_each(|(_, shown)| *shown = head);
        self.feed(Input::Finalized(mixed))?;
        if let Some(Alarm::PageRefused { why, .. }) = self.door.alarms.first() {
            return Err(format!("what an endpoint showed too early was not believed: {why}"));
        }
        self.count("lie", Err("JournalLate".to_owned()));
        self.deliver(which, &page)
    }

    /// The node dies and starts again from what it wrote.
    pub(super) fn crash(&mut self) -> Result<(), String> {
        let before = self.census.clone();
        let checkpoint = self.door.crash();
        self.compare_kept(&checkpoint.ledger)?;
        self.refold()?;
        self.begin_anew()?;
        for chain in &mut self.chains {
            chain.through = checkpoint.ledger.chain(chain.id).ok_or("a chain was lost")?.through;
        }
        self.census = Census::restore(checkpoint).map_err(|error| error.to_string())?;
        for owner in before.ledger().operators().keys() {
            if !self.unwritten.contains_key(owner) && self.census.reputation(*owner) != before.reputation(*owner) {
                return Err(format!("the reputation of {owner} was lost"));
            }
        }
        (self.told.tails, self.told.readings) = Default::default();
        for owner in self.unwritten.keys() {
            self.told.scores.remove(owner);
        }
        self.unwritten.clear();
        self.count("crash", Ok(()));
        Ok(())
    }

    /// What was written is what is held, save for a cursor that moved on by less than ten minutes or was taken back.
    fn compare_kept(&self, kept: &Ledger) -> Result<(), String> {
        let mut moved = kept.clone();
        for (chain, books) in self.census.ledger().chains() {
            let mut expected = *kept.chain(chain).ok_or("a chain was lost")?;
            if books.through.time.since(expected.through.time).0 >= 600 {
                return Err(format!("the cursor of {chain} was not written for too long"));
            }
            expected.through = books.through;
            let (operators, signers, journals) = Default::default();
            moved.commit(&Change { chain, books: expected, operators, signers, journals, facts: Vec::new() });
        }
        if moved == *self.census.ledger() { Ok(()) } else { Err("what was written is not what was held".to_owned()) }
    }

    /// The ledger is the fold of all final facts, from the first, in whatever order journals come to it.
    pub(super) fn refold(&self) -> Result<(), String> {
        let mut ledger = Ledger::new(network(), clock(), &ChainId::ALL.map(site));
        let mut rng = Rng::new(self.now.0);
        for chain in &self.chains {
            let page = Page { facts: chain.shuffled(&mut rng), through: chain.through, ..chain.page(0) };
            // Of a chain that was not read yet there is nothing to fold.
            if let Some(change) = ledger.stage(&page).map_err(|why| format!("the history does not fold: {why}"))? {
                ledger.commit(&change);
            }
        }
        if ledger == *self.census.ledger() { Ok(()) } else { Err("the ledger is not the fold of its facts".to_owned()) }
    }

    pub(super) fn skew(&mut self) {
        let far = i64::try_from(self.rng.below(20_000)).expect("small");
        self.skew = if self.rng.chance(60) { 0 } else { far - 10_000 };
        self.told.wrong_clock = true;
        self.count("skew", Ok(()));
    }
}
