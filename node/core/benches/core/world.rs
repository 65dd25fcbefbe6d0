//! The network that is measured: one vault on Base with 100,000 operators, each with a peer of its own.
//!
//! Their registrations are signed and folded for real, which takes a while, so the ledger is kept between runs.

use std::path::{Path, PathBuf};

use williw_core::amount::{Amount, Bps};
use williw_core::cycle::{CycleClock, Height, Seconds, UnixSeconds};
use williw_core::fact::{Body, Fact, VaultParameters};
use williw_core::hash::{Hash, keccak};
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::journal::Site;
use williw_core::ledger::{Ledger, Page, Point};
use williw_core::network::{BaseSite, Network, NetworkId};
use williw_core::sim::keys::{PeerKey, SignerKey};

const OPERATORS: u64 = 100_000;
/// How many facts there are in a page while a history is read.
pub(crate) const PAGE: usize = 10_000;
pub(crate) const CHAIN: ChainId = ChainId::Base;
pub(crate) const MIN_STAKE: Amount = Amount(1_000);

const VAULT: [u8; 20] = [0xaa; 20];
const POOL: [u8; 20] = [0xab; 20];
const GENESIS: UnixSeconds = UnixSeconds(1_000_000);

pub(crate) fn network() -> NetworkId {
    let base = BaseSite { chain_id: 8453, vault: VAULT };
    Network::new("bench", Some(base), None).expect("a sound description").id()
}

/// The account of the operator that registers as the `nth`.
pub(crate) fn account(nth: u64) -> Account {
    let digest = keccak(&[b"owner", &nth.to_be_bytes()]);
    Account::evm(*digest.0.last_chunk().expect("a hash is longer than an address"))
}

/// The end of the vault's journal: where the next fact goes.
#[derive(Clone, Debug)]
pub(crate) struct Tip {
    pub(crate) through: Point,
    seq: u64,
    head: Hash,
    pool: Hash,
    operators: u64,
}

impl Tip {
    pub(crate) fn of(ledger: &Ledger) -> Self {
        let books = ledger.chain(CHAIN).expect("the network has the chain");
        let head = ledger.head(CHAIN, Account::evm(VAULT));
        let pool = ledger.head(CHAIN, Account::evm(POOL)).hash;
        Self { through: books.through, seq: head.seq, head: head.hash, pool, operators: books.operators }
    }

    pub(crate) const fn head(&self) -> Hash {
        self.head
    }

    /// Goes on to the next block.
    pub(crate) fn mine(&mut self, time: UnixSeconds) {
        self.through = Point { height: Height(self.through.height.0 + 1), time: time.max(self.through.time) };
    }

    /// Records what happened in the present block.
    pub(crate) fn record(&mut self, body: Body) -> Fact {
        self.operators += u64::from(matches!(body, Body::Registered { .. }));
        let fact = self.rumour(1, body);
        (self.seq, self.head) = (fact.seq, fact.head_after(self.head));
        fact
    }

    /// What may come to be recorded as the `nth` fact from now on.
    pub(crate) fn rumour(&self, nth: u64, body: Body) -> Fact {
        let Point { height, time } = self.through;
        Fact { chain: CHAIN, journal: Account::evm(VAULT), seq: self.seq + nth, time, height, body }
    }

    /// The facts as the chain attests them.
    pub(crate) fn page(&self, facts: Vec<Fact>) -> Page {
        let heads = vec![(Account::evm(VAULT), self.head), (Account::evm(POOL), self.pool)];
        Page { chain: CHAIN, facts, through: self.through, heads, operators: self.operators, reached: true }
    }
}

/// The ledger of the whole network, as it was kept or built anew.
pub(crate) fn ledger() -> Ledger {
    let kept = kept();
    if let Some(ledger) = std::fs::read(&kept).ok().and_then(|bytes| postcard::from_bytes(&bytes).ok()) {
        return ledger;
    }
    let ledger = built(OPERATORS);
    if let Err(error) = keep(&kept, &ledger) {
        panic!("the ledger of {OPERATORS} operators cannot be kept in {}: {error}", kept.display());
    }
    ledger
}

/// Where the ledger is kept. The name changes with every encoding and rule that a small ledger shows.
#[expect(clippy::disallowed_methods, reason = "this is a program, and no part of the core")]
fn kept() -> PathBuf {
    let caches = std::env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let caches = caches.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    let small = postcard::to_allocvec(&built(2)).expect("a ledger is encoded without fail");
    let version = keccak(&[&OPERATORS.to_be_bytes(), &small]).to_string();
    caches.expect("HOME is set").join("williw/bench").join(format!("core-{}.postcard", &version[2..18]))
}

fn keep(path: &Path, ledger: &Ledger) -> std::io::Result<()> {
    let bytes = postcard::to_allocvec(ledger).expect("a ledger is encoded without fail");
    std::fs::create_dir_all(path.parent().expect("the file lies in a folder"))?;
    let unfinished = path.with_extension(format!("{}", std::process::id()));
    std::fs::write(&unfinished, bytes)?;
    std::fs::rename(unfinished, path)
}

fn built(operators: u64) -> Ledger {
    let clock = CycleClock::new(GENESIS, Seconds(24 * 60 * 60)).expect("a day is long enough");
    let site = Site::Base { vault: Account::evm(VAULT), pool: Some(Account::evm(POOL)) };
    let mut ledger = Ledger::new(network(), clock, &[site]);
    let mut tip = Tip::of(&ledger);
    tip.mine(GENESIS);
    let mut facts = vec![tip.record(Body::VaultParameters(VaultParameters {
        min_stake: MIN_STAKE,
        min_deposit: Amount(1),
        unstaking_period: Seconds(7 * 24 * 60 * 60),
        slash: Bps::try_from(1_000).expect("a fraction"),
        evidence_cycles: 2,
    }))];
    for nth in 0..operators {
        tip.mine(GENESIS.plus(Seconds(2 * nth)));
        facts.push(tip.record(registered(nth)));
        if facts.len() == PAGE || nth + 1 == operators {
            fold(&mut ledger, &tip.page(std::mem::take(&mut facts)));
        }
    }
    assert!(ledger.operators().values().all(|operator| operator.link.is_some()), "every link verifies");
    ledger
}

fn registered(index: u64) -> Body {
    let account = account(index);
    let (peer, signer) = (PeerKey::named(&format!("bench {index}")), SignerKey::named(&format!("bench {index}")));
    let (link, _) = peer.link(&signer, network(), Owner { chain: CHAIN, account }, 1);
    Body::Registered { account, index, active: Amount(10 * MIN_STAKE.0), link }
}

pub(crate) fn fold(ledger: &mut Ledger, page: &Page) {
    let change = ledger.stage(page).expect("the page is true").expect("the page is new");
    ledger.commit(&change);
}
