//! A chain as a list of facts, for tests of what is made of it; and the settings.

use std::collections::BTreeMap;

use williw_core::amount::Amount;
use williw_core::cycle::{CycleClock, Seconds, UnixSeconds};
use williw_core::ed25519::PeerSignature;
use williw_core::fact::{Body, Fact};
use williw_core::identity::{Account, ChainId, PeerId, Signer};
use williw_core::journal::Head;
use williw_core::ledger::{ChainBooks, JournalEnd, Ledger, Point};
use williw_core::link::LinkTerms;

use super::fold::Numbered;
use super::sheet::Sheet;
use super::*;
use crate::reader::Cursor;

pub(super) const NETWORK: NetworkId = NetworkId([5; 32]);

const CONFIG: Account = Account([0xcc; 32]);

/// Numbers that follow from a seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    /// One of so many numbers.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Facts in the order of their slots.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    facts: Vec<Fact>,
    operators: usize,
    /// Where a ledger stands that follows it.
    cursor: u64,
}

impl Chain {
    pub(super) fn new() -> Self {
        let mut chain = Self::default();
        chain.fund(1);
        chain
    }

    /// Some slots with some facts in them, and a ledger somewhere on the way.
    pub(super) fn random(dice: &mut Dice) -> Self {
        let mut chain = Self::new();
        let mut slot = 2;
        chain.register(slot);
        let steps = 2 + dice.below(14);
        let stop = dice.below(steps);
        for step in 0..steps {
            slot += dice.below(4);
            match dice.below(5) {
                0 => chain.register(slot),
                1 => chain.fund(slot),
                _ => chain.stake(dice.below(chain.operators as u64) as usize, slot),
            }
            if step == stop {
                chain.cursor = slot;
                slot += 1;
            }
        }
        chain
    }

    pub(super) fn operator(&self, who: usize) -> Account {
        Account([u8::try_from(who).unwrap() + 1; 32])
    }

    pub(super) const fn operators(&self) -> usize {
        self.operators
    }

    pub(super) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    pub(super) const fn cursor_slot(&self) -> u64 {
        self.cursor
    }

    pub(super) fn tip(&self) -> u64 {
        self.facts.iter().map(|fact| fact.height.0).max().unwrap_or_default()
    }

    fn add(&mut self, journal: Account, slot: u64, body: Body) {
        let seq = 1 + self.facts.iter().filter(|fact| fact.journal == journal).count() as u64;
        let (time, height) = (UnixSeconds(1_000 + slot), Height(slot));
        self.facts.push(Fact { chain: ChainId::Solana, journal, seq, time, height, body });
    }

    pub(super) fn register(&mut self, slot: u64) {
        let (account, index) = (self.operator(self.operators), self.operators as u64);
        let link = LinkTerms {
            peer: PeerId([1; 32]),
            signer: Signer([u8::try_from(index).unwrap() + 1; 20]),
            nonce: 1,
            peer_signature: PeerSignature([0; 64]),
        };
        self.operators += 1;
        self.add(account, slot, Body::Registered { account, index, active: Amount(1_000), link });
    }

    pub(super) fn stake(&mut self, who: usize, slot: u64) {
        let account = self.operator(who);
        let active = Amount(2_000 + self.facts.len() as u128);
        self.add(account, slot, Body::Staked { account, active });
    }

    pub(super) fn fund(&mut self, slot: u64) {
        self.add(CONFIG, slot, Body::Funded { funded: Amount(1 + self.facts.len() as u128) });
    }

    /// Makes a fact say something else.
    pub(super) fn alter(&mut self, nth: usize) {
        self.facts[nth].time = UnixSeconds(self.facts[nth].time.0 + 1);
    }

    /// Leaves a fact out, and counts the others of its journal anew.
    pub(super) fn forget(&mut self, nth: usize) {
        let gone = self.facts.remove(nth);
        for fact in self.facts.iter_mut().filter(|fact| fact.journal == gone.journal && fact.seq > gone.seq) {
            fact.seq -= 1;
        }
        self.operators -= usize::from(!self.facts.iter().any(|fact| fact.journal == gone.journal));
    }

    pub(super) fn numbered(&self) -> Numbered {
        self.facts.iter().map(|fact| ((fact.journal, fact.seq), fact.clone())).collect()
    }

    /// All heads at a slot.
    pub(super) fn sheet(&self, slot: u64) -> Sheet {
        let mut ends: BTreeMap<Account, JournalEnd> = BTreeMap::new();
        for fact in self.facts.iter().filter(|fact| fact.height.0 <= slot) {
            let empty =
                JournalEnd { head: Head::empty(NETWORK, ChainId::Solana, fact.journal), last: Point::default() };
            let end = ends.entry(fact.journal).or_insert(empty);
            let head = Head { seq: fact.seq, hash: fact.head_after(end.head.hash) };
            *end = JournalEnd { head, last: Point { height: fact.height, time: fact.time } };
        }
        let count = ends.keys().filter(|journal| **journal != CONFIG).count() as u64;
        Sheet { slot: Height(slot), time: UnixSeconds(1_000 + slot), count, ends }
    }

    /// A ledger that has everything through a slot.
    pub(super) fn cursor(&self, slot: u64) -> Cursor {
        let clock = CycleClock::new(UnixSeconds(0), Seconds(60)).unwrap();
        let ledger = Ledger::new(NETWORK, clock, &[Site::Solana { config: CONFIG }]);
        let empty: ChainBooks = *ledger.chain(ChainId::Solana).unwrap();
        let sheet = self.sheet(slot);
        let last = sheet.ends.values().map(|end| end.last).max().unwrap_or_default();
        let through = Point { height: Height(slot), time: sheet.time };
        Cursor { books: ChainBooks { through, last, operators: sheet.count, ..empty }, journals: sheet.ends }
    }
}

fn settings(rpcs: &[&str]) -> SolanaSettings {
    SolanaSettings {
        rpcs: rpcs.iter().map(|rpc| rpc.parse().unwrap()).collect(),
        program: Account([1; 32]),
        genesis: Account([2; 32]),
        network: NETWORK,
    }
}

#[test]
fn an_address_is_shown_by_place_and_host_only() {
    let settings = settings(&["https://user:hunter22@a.example/v2/secret-1?key=secret-2"]);
    let solana = Solana::new(&settings).unwrap();
    let said = format!("{settings:?} {solana:?} {:?} {}", solana.endpoints(), solana.endpoints()[0].name);
    assert!(said.contains("a.example"), "{said}");
    for secret in ["user", "hunter22", "secret-1", "secret-2"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}

/// A daemon runs readings on threads of its choice.
#[test]
fn readings_can_be_spawned() {
    fn sendable<T: Send>(_: T) {}
    let mut solana = Solana::new(&settings(&["https://a.example"])).unwrap();
    let cursor = Chain::new().cursor(1);
    sendable(solana.finals(&cursor));
    sendable(solana.tail(Height(0)));
    sendable(solana.deployment());
    sendable(solana.snapshot(&[]));
    sendable(solana.operator_at_tip(Account([0; 32])));
    sendable(crate::reader::Chain::hint(&mut solana));
}
