//! A census of 100,000 operators, and the inputs that a node's day is made of.

use std::hint::black_box;

use serde_json::{Value, json};
use williw_core::amount::Amount;
use williw_core::census::{Alarm, Census, Checkpoint, Input, Output};
use williw_core::cycle::{Height, Seconds, UnixSeconds};
use williw_core::fact::{Body, Slashed};
use williw_core::hash::keccak;
use williw_core::identity::{Account, ChainId, PeerId};
use williw_core::ledger::{Ledger, Point};
use williw_core::offence::Evidence;
use williw_core::reputation::{Conduct, Reputation};
use williw_core::sim::Rng;
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{Kind, Statement};
use williw_core::tail::{Rumour, Tail, Witnesses};

use crate::clock::{ROUNDS, timed};
use crate::world::{CHAIN, MIN_STAKE, Tip, network};
use crate::{allocations, row};

/// So many inputs come in a second of the census's time, so that no chain grows stale during a round.
const INPUTS_PER_SECOND: u64 = 1_000;
const RUMOURS: u64 = 10;
const FORGED: u64 = 1_000;
/// The forged tails are so slow that few of them tell enough.
const FORGED_ROUNDS: usize = 3;

/// What a stream consists of.
#[derive(Clone, Copy, Debug)]
enum Stream {
    Conduct,
    Page,
    Tail,
    Tick,
    /// Of a hundred inputs 90 are conduct, 5 pages, 4 tails and 1 a tick.
    Mixed,
}

impl Stream {
    const ALL: [Self; 5] = [Self::Conduct, Self::Page, Self::Tail, Self::Tick, Self::Mixed];

    const fn name(self) -> &'static str {
        match self {
            Self::Conduct => "conduct",
            Self::Page => "page of 1 fact",
            Self::Tail => "tail of 10 rumours",
            Self::Tick => "tick",
            Self::Mixed => "mixed",
        }
    }

    fn counted(self) -> String {
        format!("census: {}, instructions", self.name())
    }

    /// Inputs per round.
    const fn round(self) -> usize {
        match self {
            Self::Conduct | Self::Tick | Self::Mixed => 10_000,
            Self::Page | Self::Tail => 2_000,
        }
    }

    /// Inputs that are counted: as often as an instruction count needs to be to hold its first digits.
    const fn iterations(self) -> usize {
        self.round() / 5
    }
}

struct Member {
    account: Account,
    peer: PeerId,
    active: Amount,
}

/// A census that has read its chain, and whoever brings it inputs.
struct Node {
    census: Census,
    rng: Rng,
    tip: Tip,
    members: Vec<Member>,
    made: u64,
    began: UnixSeconds,
}

type Timed = (Input, UnixSeconds);

impl Node {
    fn restore(ledger: Ledger) -> Self {
        let tip = Tip::of(&ledger);
        let member = |(owner, operator): (&williw_core::identity::Owner, &williw_core::ledger::Operator)| Member {
            account: owner.account,
            peer: operator.link.expect("every link verified").peer(),
            active: operator.active,
        };
        let members = ledger.operators().iter().map(member).collect();
        // Everybody was heard of before, as after a while everybody is.
        let mut heard = Reputation::default();
        heard.add(Conduct::ValidMessage, tip.through.time);
        let reputation = ledger.operators().keys().map(|owner| (*owner, heard)).collect();
        let checkpoint = Checkpoint { ledger, reputation, evidence: Default::default() };
        let census = Census::restore(checkpoint).expect("there is no evidence");
        Self { census, rng: Rng::new(2), began: tip.through.time, tip, members, made: 0 }
    }

    /// Reads the chain to its final head and beyond, which admits everybody.
    fn open(&mut self) {
        let page = self.tip.page(Vec::new());
        let tail = Tail { rumours: Vec::new(), ..self.tail() };
        let mut outputs = self.census.handle(Input::Finalized(page), self.now());
        outputs.extend(self.census.handle(Input::Pending(tail), self.now()));
        let admitted = outputs.iter().filter(|output| matches!(output, Output::Admit(_))).count();
        assert_eq!(admitted, self.members.len(), "everybody is admitted");
    }

    const fn now(&self) -> UnixSeconds {
        self.began.plus(Seconds(self.made / INPUTS_PER_SECOND))
    }

    fn some(&mut self) -> &mut Member {
        let who = usize::try_from(self.rng.below(self.members.len() as u64)).expect("an index");
        &mut self.members[who]
    }

    fn inputs(&mut self, stream: Stream, count: usize) -> Vec<Timed> {
        (0..count).map(|_| self.input(stream)).collect()
    }

    fn input(&mut self, stream: Stream) -> Timed {
        let input = match stream {
            Stream::Conduct => Input::Conduct { peer: self.some().peer, conduct: Conduct::ValidMessage },
            Stream::Page => {
                self.tip.mine(self.now());
                let member = self.some();
                member.active = Amount(member.active.0 + 1);
                let body = Body::Staked { account: member.account, active: member.active };
                let fact = self.tip.record(body);
                Input::Finalized(self.tip.page(vec![fact]))
            }
            Stream::Tail => Input::Pending(self.tail()),
            Stream::Tick => Input::Tick,
            Stream::Mixed => {
                let single = match self.rng.below(100) {
                    0..90 => Stream::Conduct,
                    90..95 => Stream::Page,
                    95..99 => Stream::Tail,
                    _ => Stream::Tick,
                };
                return self.input(single);
            }
        };
        self.made += 1;
        (input, self.now())
    }

    /// A tail in which half of the facts are good news and one says that somebody leaves.
    fn tail(&mut self) -> Tail {
        let now = self.now();
        let ahead = {
            let mut ahead = self.tip.clone();
            ahead.mine(now);
            ahead
        };
        let rumours = (1..=RUMOURS).map(|nth| {
            let Member { account, active, .. } = *self.some();
            let left = if nth == RUMOURS { Amount(MIN_STAKE.0 - 1) } else { Amount(active.0 - 1) };
            let body = if nth <= RUMOURS / 2 {
                Body::Staked { account, active: Amount(active.0 + 1) }
            } else {
                let amount = active.less(left);
                Body::Unstaked { account, active: left, queued: amount, amount, maturity: now }
            };
            Rumour { fact: ahead.rumour(nth, body), witnesses: Witnesses(0b11) }
        });
        let rumours = rumours.collect();
        Tail { chain: CHAIN, after: self.tip.through.height, head: ahead.through, rumours }
    }

    /// A tail of slashes that slash nobody, because whoever signed the evidence has no stake.
    fn forged(&mut self) -> Tail {
        let nobody = SignerKey::named("nobody");
        let state = |slot: u64, side: u8| {
            let digest = keccak(&[&[side], &slot.to_be_bytes()]);
            let cycle = williw_core::cycle::Cycle(0);
            let statement = Statement::new(Kind::Update, cycle, slot, digest).expect("an update has any slot");
            nobody.state(network(), statement)
        };
        let mut tail = Tail { rumours: Vec::new(), ..self.tail() };
        // Above everything that the other streams bring, and not so far that the tail is refused for it.
        let height = Height(self.tip.through.height.0 + 500);
        tail.head = Point { height, ..tail.head };
        for nth in 1..=FORGED {
            let evidence = Evidence { first: state(nth, 1), second: state(nth, 2) };
            let Member { account, active, .. } = *self.some();
            let (queued, bounty, beneficiary) = (Amount::ZERO, Amount(1), account);
            let taken = Amount(1);
            let slashed = Slashed { account, active: active.less(taken), queued, taken, bounty, beneficiary, evidence };
            let mut fact = self.tip.rumour(nth, Body::Slashed(Box::new(slashed)));
            fact.height = height;
            tail.rumours.push(Rumour { fact, witnesses: Witnesses(0b1) });
        }
        tail
    }

    /// Reads an empty tail, so that the chain is fresh.
    fn refresh(&mut self) {
        let tail = Tail { rumours: Vec::new(), ..self.tail() };
        drop(self.census.handle(Input::Pending(tail), self.now()));
    }

    fn play(&mut self, inputs: impl Iterator<Item = Timed>) {
        for (input, now) in inputs {
            for output in black_box(self.census.handle(input, now)) {
                assert!(!matches!(output, Output::Alarm(_)), "nothing is alarming: {output:?}");
            }
        }
    }

    /// Rows for one stream: how fast it is taken, and how often it asks for memory.
    fn measure(&mut self, stream: Stream) -> [Value; 2] {
        let (mut best, mut asked) = (f64::INFINITY, 0);
        for _ in 0..ROUNDS {
            let inputs = self.inputs(stream, stream.round());
            self.refresh();
            let before = allocations::so_far();
            let (took, ()) = timed(|| self.play(inputs.into_iter()));
            (best, asked) = (best.min(took), allocations::so_far() - before);
        }
        let (name, count) = (stream.name(), stream.round() as f64);
        [
            row(&format!("census: {name}"), count / best, "inputs/s"),
            row(&format!("census: {name}, allocations"), asked as f64 / count, "per input"),
        ]
    }

    /// Rows for a tail full of lies, and for a page that is taken while it is pending.
    fn measure_forged(&mut self) -> [Value; 2] {
        let (mut read, mut paged) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..FORGED_ROUNDS {
            let tail = Input::Pending(self.forged());
            let now = self.now();
            let (took, outputs) = timed(|| self.census.handle(tail, now));
            let evicted = outputs.iter().any(|output| matches!(output, Output::Evict(..)));
            assert!(!evicted, "no lie evicts anybody");
            let refused = outputs.iter().any(|output| matches!(output, Output::Alarm(Alarm::TailRefused { .. })));
            assert!(!refused, "the lies are looked at");
            read = read.min(took);
            let (page, now) = self.input(Stream::Page);
            paged = paged.min(timed(|| self.census.handle(page, now)).0);
        }
        self.refresh();
        [
            row("census: tail of 1,000 forged slashes", read * 1e3, "ms"),
            row("census: page of 1 fact behind that tail", paged * 1e3, "ms"),
        ]
    }
}

pub(crate) fn rows(ledger: Ledger) -> Vec<Value> {
    let (restored, mut node) = timed(|| Node::restore(ledger));
    let (opened, ()) = timed(|| node.open());
    let mut rows =
        vec![row("census: restore", restored * 1e3, "ms"), row("census: admit everybody", opened * 1e3, "ms")];
    rows.extend(Stream::ALL.into_iter().flat_map(|stream| node.measure(stream)));
    rows.extend(node.measure_forged());
    assert_eq!(node.census.freshness(ChainId::Base), Some(williw_core::census::Freshness::Fresh));
    rows
}

pub(crate) fn counts() -> Vec<Value> {
    let count =
        |stream: Stream| json!({ "name": stream.counted(), "unit": "per input", "iterations": stream.iterations() });
    Stream::ALL.into_iter().map(count).collect()
}

/// Takes so many inputs of a stream; false if there is no such stream.
pub(crate) fn count(name: &str, iterations: usize) -> bool {
    let Some(stream) = Stream::ALL.into_iter().find(|stream| stream.counted() == name) else { return false };
    let mut node = Node::restore(crate::world::ledger());
    node.open();
    // As many inputs are made however many are taken, so that the making cancels out.
    let mut inputs = node.inputs(stream, 2 * stream.iterations()).into_iter();
    node.play(inputs.by_ref().take(iterations));
    std::mem::forget((node, inputs));
    true
}
