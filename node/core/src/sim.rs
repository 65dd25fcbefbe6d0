//! The simulator: a whole small world from one seed.
//!
//! Two chains run the reference model with forks and finality; people register, vote, cheat and are punished; endpoints
//! answer late, twice, falsely or not at all; the node crashes and its clock jumps. After every step the census must
//! agree with an oracle that knows the world itself. A failure names the seed and the step, and the same seed replays it.
#![expect(clippy::arithmetic_side_effects, reason = "a simulated world is small, and a panic names its seed")]
#![expect(clippy::float_arithmetic, reason = "scores are kept a second time in floats, to compare")]

use std::collections::BTreeMap;

use crate::census::{Alarm, Batch, Census, Checkpoint, Input};
use crate::cycle::{Cycle, Seconds, UnixSeconds};
use crate::identity::{ChainId, Owner, PeerId};
use crate::ledger::{Ledger, Page};
use crate::offence::Evidence;
use crate::reputation::Conduct;
use crate::tail::{Rumour, Tail, Witnesses};

mod anew;
mod chain;
mod door;
mod exits;
pub mod keys;
mod lies;
mod oracle;
mod people;
pub mod reasons;
mod rewards;
mod rng;
mod rules;
mod script;
pub mod traces;
mod trouble;
mod weigh;

use chain::Chain;
use door::Door;
use oracle::{Told, Verdict};
use people::{GENESIS, clock, network, people, site};
pub use rng::Rng;
pub use script::Histogram;
use script::Script;

/// A world, its node, and what is known about both.
#[derive(Debug)]
pub struct Sim {
    rng: Rng,
    script: Script,
    chains: Vec<Chain>,
    census: Census,
    door: Door,
    told: Told,
    now: UnixSeconds,
    /// How far the node's clock is off.
    skew: i64,
    /// Conduct since it was last certain to be written, by owner.
    unwritten: BTreeMap<Owner, u64>,
}

impl Sim {
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let script = Script::new(Rng::new(rng.next()));
        let ledger = Ledger::new(network(), clock(), &ChainId::ALL.map(site));
        let door = Door::new(&ledger);
        let checkpoint = Checkpoint { ledger, reputation: BTreeMap::new(), evidence: BTreeMap::new() };
        Self {
            rng,
            script,
            chains: ChainId::ALL.map(Chain::new).into(),
            census: Census::restore(checkpoint).expect("there is no evidence yet"),
            door,
            told: Told::default(),
            now: GENESIS,
            skew: 0,
            unwritten: BTreeMap::new(),
        }
    }

    /// The name of everything that can be refused in a world.
    #[must_use]
    pub fn reasons() -> Vec<String> {
        reasons::all()
    }

    /// Runs a whole world. The error names the seed, the step and what did not hold.
    pub fn run(seed: u64, steps: u64) -> Result<Histogram, String> {
        let mut sim = Self::new(seed);
        for step in 0..steps {
            // Most steps leave the clock alone, so that what was not written yet can be lost.
            let held = sim.step().and_then(|()| if step % 3 == 0 { sim.check_standings() } else { Ok(()) });
            held.map_err(|broken| format!("seed {seed}, step {step}: {broken}"))?;
        }
        sim.refold()
            .and_then(|()| sim.begin_anew())
            .and_then(|()| sim.weigh())
            .map_err(|broken| format!("seed {seed}, at the end: {broken}"))?;
        Ok(sim.script.histogram)
    }

    /// Runs one step and checks the world after it.
    pub fn step(&mut self) -> Result<(), String> {
        self.now = self.now.plus(Seconds(self.rng.within(2, 20)));
        match self.rng.below(100) {
            0..38 => self.mine()?,
            38..62 => self.poll()?,
            62..67 => self.finalize(),
            67..71 => self.fork(),
            71..78 => self.behave()?,
            78..81 => self.gossip()?,
            81..86 => self.tick()?,
            86..89 => self.interrupt(),
            89..92 => self.lie()?,
            92..94 => self.crash()?,
            94..95 => self.skew(),
            _ => self.dial(),
        }
        self.check()
    }

    /// What the node wrote since this was last asked, in order; nothing the first time. For tests of what keeps it.
    pub fn batches(&mut self) -> Vec<Batch> {
        self.door.recorded.replace(Vec::new()).unwrap_or_default()
    }

    /// What the node would start from if it died now.
    pub fn checkpoint(&mut self) -> Checkpoint {
        self.door.kept()
    }

    fn count(&mut self, name: &'static str, result: Result<(), String>) {
        self.script.histogram.count(name, &result);
    }

    /// The time that the node believes it is.
    const fn clock(&self) -> UnixSeconds {
        UnixSeconds(self.now.0.saturating_add_signed(self.skew))
    }

    fn feed(&mut self, input: Input) -> Result<(), String> {
        let outputs = self.census.handle(input, self.clock());
        self.door.carry_out(outputs)
    }

    fn some_chain(&mut self) -> usize {
        usize::from(self.rng.chance(40))
    }

    fn mine(&mut self) -> Result<(), String> {
        let which = self.some_chain();
        if self.chains[which].halted {
            self.count("mine", Err("ChainHalted".to_owned()));
            return Ok(());
        }
        // Now and then a chain stands still for a cycle or three, so that whole cycles pass without a touch.
        let pause = if self.rng.chance(2) { self.rng.within(200, 800) } else { 0 };
        self.now = self.now.plus(Seconds(pause));
        let (time, script) = (self.now, &mut self.script);
        let mut result = Ok(());
        self.chains[which].mine(time, |contracts, at| result = script.block(contracts, at));
        self.count("mine", Ok(()));
        result
    }

    fn finalize(&mut self) {
        let (which, blocks) = (self.some_chain(), self.rng.within(1, 6));
        self.chains[which].finalize(usize::try_from(blocks).expect("small"));
        self.count("finalize", Ok(()));
    }

    fn fork(&mut self) {
        let (which, depth) = (self.some_chain(), self.rng.within(1, 5));
        let replaced = self.chains[which].reorganise(usize::try_from(depth).expect("small"));
        self.count("fork", if replaced > 0 { Ok(()) } else { Err("NothingToReplace".to_owned()) });
    }

    /// Reads both chains: some final blocks, perhaps with facts that were read before, then the whole tail.
    fn poll(&mut self) -> Result<(), String> {
        for which in 0..self.chains.len() {
            if self.chains[which].down {
                self.count("poll", Err("ChainDown".to_owned()));
                continue;
            }
            let final_blocks = self.chains[which].final_blocks.len() as u64;
            let some = if self.rng.chance(80) { final_blocks } else { self.rng.below(final_blocks) };
            let mut page = self.chains[which].page(usize::try_from(some).expect("small"));
            if self.rng.chance(15) {
                let again = self.rng.below(self.chains[which].delivered.len() as u64 + 1);
                let replayed = &self.chains[which].delivered[usize::try_from(again).expect("small")..];
                page.facts = replayed.iter().cloned().chain(page.facts).collect();
            }
            self.deliver(which, &page)?;
            self.read_tail(which, None)?;
            self.count("poll", Ok(()));
        }
        Ok(())
    }

    fn deliver(&mut self, which: usize, page: &Page) -> Result<(), String> {
        self.feed(Input::Finalized(page.clone()))?;
        let ahead = page.through.time.0 > self.clock().0 + 300;
        match self.door.alarms.first() {
            Some(Alarm::PageAhead { .. }) if ahead => {
                self.count("page", Err("PageAhead".to_owned()));
                return Ok(());
            }
            Some(Alarm::PageRefused { why, .. }) => return Err(format!("a true page was refused: {why}")),
            _ if ahead => return Err("a page from the future was taken".to_owned()),
            first => {
                let behind = self.chains[which].is_behind(page);
                if behind != matches!(first, Some(Alarm::PageBehind { .. })) {
                    return Err(
                        "it was not said of a page that it ends before the cursor, or of one that does not".to_owned()
                    );
                }
                self.count("page", if behind { Err("PageBehind".to_owned()) } else { Ok(()) });
                let (now, reading) = (self.clock(), self.told.readings.entry(page.chain).or_default());
                if page.reached && !behind {
                    (reading.opened, reading.at) = (true, reading.at.map(|at| at.min(now)));
                }
            }
        }
        let new = page.facts.iter().any(|fact| !self.chains[which].delivered.contains(fact));
        self.chains[which].advance(page);
        if new {
            self.unwritten.clear();
        }
        let chain = &self.chains[which];
        self.told
            .evidence
            .retain(|owner, evidence| owner.chain != chain.id || oracle::slashes(chain, *owner, evidence));
        // Weighing everything by hand is slow, so most pages are only compared.
        if self.rng.chance(30) { self.weigh() } else { Ok(()) }
    }

    fn weigh(&self) -> Result<(), String> {
        for chain in self.chains.iter().filter(|chain| !chain.delivered.is_empty()) {
            weigh::cycle_stakes(chain)?;
            weigh::offices(chain)?;
            weigh::roots(chain, &self.script)?;
        }
        Ok(())
    }

    /// Everything that no page has delivered yet. Each fact has its own number of witnesses.
    fn true_tail(&mut self, which: usize) -> Tail {
        let chain = &self.chains[which];
        let waiting = chain.final_blocks.iter().skip(1).chain(&chain.unfinal);
        let facts: Vec<_> = waiting.flat_map(|block| block.facts.clone()).collect();
        let (after, head) = (chain.cursor().point.height.min(chain.through.height), chain.tip().point);
        let rumour = |fact| Rumour { fact, witnesses: Witnesses(if self.rng.chance(70) { 0b11 } else { 0b10 }) };
        Tail { chain: self.chains[which].id, after, head, rumours: facts.into_iter().map(rumour).collect() }
    }

    /// Reads the unfinal facts; `lie` is added to them.
    fn read_tail(&mut self, which: usize, lie: Option<Vec<Rumour>>) -> Result<(), String> {
        let mut tail = self.true_tail(which);
        tail.rumours.extend(lie.unwrap_or_default());
        if tail.head.time.0 > self.clock().0 + 300 {
            self.feed(Input::Pending(tail))?;
            let refused = matches!(self.door.alarms.first(), Some(Alarm::TailRefused { .. }));
            self.count("tail", Err("Ahead".to_owned()));
            return if refused { Ok(()) } else { Err("a tail from the future was taken".to_owned()) };
        }
        let through = self.chains[which].through;
        self.told.hear(&tail, through, self.clock());
        self.told.readings.entry(tail.chain).or_default().at = Some(self.clock());
        self.feed(Input::Pending(tail))?;
        match self.door.alarms.iter().find(|alarm| matches!(alarm, Alarm::TailRefused { .. })) {
            Some(alarm) => Err(format!("a true tail was refused: {alarm}")),
            None => Ok(()),
        }
    }

    fn behave(&mut self) -> Result<(), String> {
        let all: Vec<PeerId> = people().iter().flat_map(|person| person.peers.iter().map(keys::PeerKey::id)).collect();
        let (Some(peer), Some(mut conduct)) = (self.rng.pick(&all), self.rng.pick(&Conduct::ALL)) else {
            return Ok(());
        };
        // Bad days come in rows; a single slip would never bar anyone.
        let times = if self.rng.chance(25) { 12 } else { 1 };
        if times > 1 {
            conduct = Conduct::PromiseBroken;
        }
        let owners: Vec<Owner> = self.census.roster().owners(peer).collect();
        for owner in &owners {
            *self.unwritten.entry(*owner).or_default() += 1;
        }
        for _ in 0..times {
            for owner in &owners {
                self.told.behaved(*owner, conduct, self.clock());
            }
            self.feed(Input::Conduct { peer, conduct })?;
        }
        self.count("conduct", if owners.is_empty() { Err("Stranger".to_owned()) } else { Ok(()) });
        Ok(())
    }

    /// Somebody shows evidence that nobody has brought to a chain.
    fn gossip(&mut self) -> Result<(), String> {
        let which = self.some_chain();
        let (contracts, at) = oracle::delivered(&self.chains[which]);
        let (contracts, now) = (contracts.clone(), clock().cycle(at.time));
        let owners: Vec<_> = contracts.vault().operators().keys().copied().collect();
        let accused = self.rng.pick(&owners).zip(now);
        let fresh = accused.and_then(|(account, now)| self.script.equivocate(&contracts, account, now));
        let old = self.rng.pick(&self.script.evidence.clone()).filter(|_| self.rng.chance(40));
        let Some(evidence) = old.or(fresh) else { return Ok(()) };
        self.script.evidence.push(evidence);
        let mut counted = false;
        for chain in &self.chains {
            for account in oracle::delivered(chain).0.vault().operators().keys() {
                let owner = Owner { chain: chain.id, account: *account };
                if oracle::slashes(chain, owner, &evidence) {
                    // Of two pieces the one counts that lasts longer; beyond tomorrow they last alike.
                    let today = clock().cycle(oracle::delivered(chain).1.time).unwrap_or_default();
                    let tomorrow = Cycle(today.0 + 1);
                    let since = |evidence: &Evidence| {
                        evidence.first.statement.cycle().min(evidence.second.statement.cycle()).min(tomorrow)
                    };
                    let kept = self.told.evidence.entry(owner).or_insert(evidence);
                    if since(kept) < since(&evidence) {
                        *kept = evidence;
                    }
                    counted = true;
                }
            }
        }
        self.feed(Input::Evidence(evidence))?;
        self.count("evidence", if counted { Ok(()) } else { Err("EvidenceSpent".to_owned()) });
        Ok(())
    }

    fn tick(&mut self) -> Result<(), String> {
        self.feed(Input::Tick)?;
        self.unwritten.clear();
        // A clock that was set back ages nothing by more than one period.
        let now = self.clock();
        for reading in self.told.readings.values_mut() {
            reading.at = reading.at.map(|at| at.min(now));
        }
        self.count("tick", Ok(()));
        Ok(())
    }

    /// Every peer dials.
    fn dial(&mut self) {
        for peer in people().iter().flat_map(|person| &person.peers).map(keys::PeerKey::id) {
            if self.census.roster().owners(peer).next().is_some() {
                let admitted = self.door.dial(peer);
                self.count("dial", if admitted { Ok(()) } else { Err("NotAMember".to_owned()) });
            }
        }
    }

    /// Everything that must hold at any moment.
    fn check(&self) -> Result<(), String> {
        for chain in &self.chains {
            oracle::compare(self.census.ledger(), chain)?;
        }
        let roster = self.census.roster();
        for (peer, standing) in roster.peers() {
            if !self.door.agrees(peer, standing) {
                return Err(format!("the orders about {peer} do not amount to {standing}"));
            }
            if standing.is_barred() && self.door.connected.contains(&peer) {
                return Err(format!("{peer} is barred and connected"));
            }
        }
        Ok(())
    }

    /// Ticks the clock and compares every peer's standing with the oracle's. Time alone changes standings only then.
    fn check_standings(&mut self) -> Result<(), String> {
        self.tick()?;
        let now = self.clock();
        for peer in people().iter().flat_map(|person| &person.peers).map(keys::PeerKey::id) {
            let standing = self.census.roster().standing(peer);
            let found = match standing {
                crate::standing::Standing::Member => Verdict::Member,
                crate::standing::Standing::Probation(_) => Verdict::Probation,
                crate::standing::Standing::Barred(_) => Verdict::Barred,
            };
            let score = |owner| self.census.reputation(owner).at(now);
            self.census.roster().owners(peer).try_for_each(|owner| self.told.compare(owner, score(owner), now))?;
            let expected = self.told.verdict(&self.chains, peer, now, score);
            if found != expected {
                return Err(format!("{peer} is {standing}, but should be {expected:?}"));
            }
        }
        self.check()
    }
}
