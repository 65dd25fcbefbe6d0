//! Beginning with the accounts of a chain: what is taken, what is refused and by which name, and that nothing goes back.

use williw_core::amount::{Amount, Bps};
use williw_core::census::{Alarm, Census, Checkpoint, Input, Output};
use williw_core::cycle::{Cycle, CycleClock, Height, Seconds, UnixSeconds};
use williw_core::cycle_stake::CycleStake;
use williw_core::fact::{Body, Fact, PoolParameters, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, Owner, PeerId, Signer};
use williw_core::journal::{Head, Site};
use williw_core::ledger::{Beginning, BeginningFault, JournalEnd, Ledger, Page, Point, PostedRoot, Record};
use williw_core::link::LinkTerms;
use williw_core::network::NetworkId;
use williw_core::sim::keys::{PeerKey, SignerKey};
use williw_core::standing::{Bar, Standing};
use williw_core::statement::RewardRoot;
use williw_core::tail::Tail;
use williw_core::tenure::Tenure;

const NETWORK: NetworkId = NetworkId([7; 32]);
const CONFIG: Account = Account([1; 32]);
const GENESIS: UnixSeconds = UnixSeconds(1_000);
const SOLANA: ChainId = ChainId::Solana;

fn ledger() -> Ledger {
    let clock = CycleClock::new(GENESIS, Seconds(100)).unwrap();
    let base = Site::Base { vault: Account::evm([2; 20]), pool: None };
    Ledger::new(NETWORK, clock, &[Site::Solana { config: CONFIG }, base])
}

fn point(height: u64) -> Point {
    Point { height: Height(height), time: GENESIS.plus(Seconds(height)) }
}

fn owner(nth: u8) -> Owner {
    Owner { chain: SOLANA, account: Account([nth; 32]) }
}

fn signer(nth: u8) -> Signer {
    SignerKey::named(&nth.to_string()).address()
}

fn peer(nth: u8) -> PeerKey {
    PeerKey::named(&nth.to_string())
}

fn link(nth: u8, nonce: u64) -> LinkTerms {
    peer(nth).link(&SignerKey::named(&nth.to_string()), NETWORK, owner(nth), nonce).0
}

fn stake(amount: u128) -> CycleStake {
    CycleStake::read_back(Amount(amount), Amount(amount), Amount::ZERO, Cycle(0))
}

fn end(seq: u64, height: u64) -> JournalEnd {
    JournalEnd { head: Head { seq, hash: Hash([u8::try_from(seq).unwrap(); 32]) }, last: point(height) }
}

/// The account of the operator with this index; their names are from 1 on.
fn record(index: u8) -> Record {
    let nth = index + 1;
    Record {
        owner: owner(nth).account,
        index: u64::from(index),
        journal: Account([100 + nth; 32]),
        end: end(3, 40),
        active: Amount(1_000),
        queued: Amount(50),
        link: link(nth, 2),
        term: 0,
        jailed: false,
        stake: stake(1_000),
    }
}

fn vault() -> VaultParameters {
    VaultParameters {
        min_stake: Amount(500),
        min_deposit: Amount(1),
        unstaking_period: Seconds(2),
        slash: Bps::try_from(1_000).unwrap(),
        evidence_cycles: 1,
    }
}

/// Two operators at height 50.
fn beginning() -> Beginning {
    let tenure = |nth: u8| (signer(nth), Tenure::begin(owner(nth), Cycle(0), 0));
    Beginning {
        chain: SOLANA,
        through: point(50),
        count: 2,
        end: end(2, 10),
        total: stake(2_000),
        vault: vault(),
        pool: PoolParameters { min_quorum: Amount(1), delay: Seconds(10), max_per_cycle: Amount(9) },
        funded: Amount(0),
        settled: None,
        posted: None,
        closed: None,
        operators: vec![record(0), record(1)],
        signers: vec![tenure(1), tenure(2)],
    }
}

fn begun() -> Ledger {
    let mut ledger = ledger();
    let change = ledger.begin(&beginning()).unwrap().unwrap();
    ledger.commit(&change);
    ledger
}

/// The sound beginning with something changed is refused for this, by an empty ledger.
fn refused(change: impl FnOnce(&mut Beginning), why: BeginningFault) {
    let mut beginning = beginning();
    change(&mut beginning);
    assert_eq!(ledger().begin(&beginning), Err(why));
}

#[test]
fn a_set_that_is_not_whole_is_refused() {
    refused(|set| set.count = 3, BeginningFault::Count { counted: 3, found: 2 });
    refused(|set| set.operators.truncate(1), BeginningFault::Count { counted: 2, found: 1 });
    refused(|set| set.operators[1].index = 2, BeginningFault::NoIndex(1));
    refused(|set| set.operators[1].index = 0, BeginningFault::NoIndex(1));
    refused(|set| set.operators[1].owner = owner(1).account, BeginningFault::Twice(owner(1).account));
    refused(|set| set.operators[1].journal = record(0).journal, BeginningFault::Twice(owner(2).account));
    refused(|set| set.operators[1].journal = CONFIG, BeginningFault::Twice(owner(2).account));
}

#[test]
fn signers_are_their_operators_own() {
    refused(|set| set.signers.truncate(1), BeginningFault::OtherSigner(signer(2)));
    refused(|set| set.signers[1].1.owner = owner(1), BeginningFault::OtherSigner(signer(2)));
    refused(|set| set.signers[1].1.owner = owner(9), BeginningFault::OtherSigner(signer(2)));
    refused(|set| set.signers[1].1.owner.chain = ChainId::Base, BeginningFault::OtherSigner(signer(2)));
    refused(|set| set.signers.push(set.signers[0]), BeginningFault::OtherSigner(signer(1)));
    refused(|set| set.signers[1].0 = Signer::default(), BeginningFault::OtherSigner(Signer::default()));
    refused(|set| set.signers[1].1.through = Some(Cycle(4)), BeginningFault::OtherSigner(signer(2)));
    refused(|set| set.signers[1].1.term = 1, BeginningFault::OtherSigner(signer(2)));
    refused(|set| set.operators[1].term = 1, BeginningFault::OtherSigner(signer(2)));
}

#[test]
fn it_has_its_place_and_adds_up() {
    let behind = BeginningFault::Behind { through: Height(39), last: Height(40) };
    refused(|set| set.through = point(39), behind);
    refused(|set| set.through.height.0 = 3_000, BeginningFault::Leap { blocks: 2_960, seconds: 10 });
    refused(
        |set| (set.through.time, set.end.last, set.operators) = (UnixSeconds(999), point(0), vec![]),
        BeginningFault::Count { counted: 2, found: 0 },
    );
    refused(|set| set.operators[0].stake = stake(999), BeginningFault::Unsound(owner(1).account));
    refused(|set| (set.operators[0].stake, set.operators[0].active) = (stake(999), Amount(999)), BeginningFault::Total);
    refused(|set| set.operators[1].active = Amount(999), BeginningFault::Unsound(owner(2).account));
    refused(|set| set.operators[1].jailed = true, BeginningFault::Unsound(owner(2).account));
    refused(|set| set.operators[1].link.nonce = 0, BeginningFault::Unsound(owner(2).account));
    refused(|set| set.operators[1].end = end(0, 40), BeginningFault::Unsound(owner(2).account));
    refused(|set| set.operators[1].end.last.time = UnixSeconds(999), BeginningFault::Cycle);
    refused(|set| set.total = stake(2_001), BeginningFault::Total);
    let floor = CycleStake::read_back(Amount(2_000), Amount(1_999), Amount::ZERO, Cycle(0));
    refused(|set| set.total = floor, BeginningFault::Total);
    let next = CycleStake::read_back(Amount(1_000), Amount(1_000), Amount::ZERO, Cycle(1));
    refused(|set| set.operators[0].stake = next, BeginningFault::Cycle);
    // A slash leaves the quorum that is being counted.
    let mut above = beginning();
    above.total = CycleStake::read_back(Amount(2_000), Amount(2_000), Amount(77), Cycle(0));
    assert!(ledger().begin(&above).is_ok());
    let mut early = beginning();
    early.operators.iter_mut().for_each(|record| record.end.last = Point::default());
    (early.end.last, early.through) = (Point::default(), Point { height: Height(1), time: UnixSeconds(999) });
    assert_eq!(ledger().begin(&early), Err(BeginningFault::Cycle));
    refused(|set| set.chain = ChainId::Base, BeginningFault::Provable(ChainId::Base));
    let alone = Ledger::new(NETWORK, *ledger().clock(), &[Site::Base { vault: CONFIG, pool: None }]);
    assert_eq!(alone.begin(&beginning()), Err(BeginningFault::UnknownChain(SOLANA)));
}

#[test]
fn what_the_ledger_has_is_never_taken_back() {
    let known = begun();
    assert_eq!(known.begin(&beginning()), Ok(None), "it says nothing new");
    let again = |change: fn(&mut Beginning)| {
        let mut beginning = beginning();
        beginning.through = point(60);
        change(&mut beginning);
        known.begin(&beginning).map(|change| change.is_some())
    };
    assert_eq!(again(|_| {}), Ok(true), "the cursor moves");
    assert_eq!(again(|set| set.operators[0].end = end(4, 55)), Ok(true), "a journal goes on");
    let other = Err(BeginningFault::OtherJournal(record(0).journal));
    assert_eq!(again(|set| set.operators[0].end = end(2, 40)), other, "a journal goes back");
    assert_eq!(again(|set| set.operators[0].end.head.hash = Hash([9; 32])), other, "another fact took a place");
    assert_eq!(again(|set| set.operators[0].end.last = point(41)), other);
    assert_eq!(again(|set| set.end = end(1, 10)), Err(BeginningFault::OtherJournal(CONFIG)));
    let undone = Err(BeginningFault::Undone(owner(1).account));
    let richer = |set: &mut Beginning| {
        (set.operators[0].active, set.operators[0].stake, set.total) = (Amount(1_500), stake(1_500), stake(2_500));
    };
    assert_eq!(again(richer), undone, "under the same head it holds something else");
    assert_eq!(again(|set| set.operators[0].queued = Amount(51)), undone);
    assert_eq!(again(|set| set.operators[0].link = link(1, 3)), undone);
    // Of one that has nothing staked, jail changes no number.
    let empty = |set: &mut Beginning| {
        (set.operators[0].active, set.operators[0].stake, set.total) = (Amount(0), stake(0), stake(1_000));
    };
    let (mut poor, mut jailed) = (beginning(), beginning());
    empty(&mut poor);
    empty(&mut jailed);
    (jailed.operators[0].jailed, jailed.through) = (true, point(60));
    let mut ledger = ledger();
    let change = ledger.begin(&poor).unwrap().unwrap();
    ledger.commit(&change);
    assert_eq!(ledger.begin(&jailed), Err(BeginningFault::Undone(owner(1).account)), "jailed without a fact");
    let relinked = |set: &mut Beginning| (set.operators[0].link, set.operators[0].end) = (link(1, 3), end(4, 55));
    assert_eq!(again(relinked), Ok(true));
    let unlinked = |set: &mut Beginning| (set.operators[0].link, set.operators[0].end) = (link(1, 1), end(4, 55));
    assert_eq!(again(unlinked), undone, "an older link is back");
    assert_eq!(again(|set| set.operators[0].end = JournalEnd { last: point(39), ..end(4, 55) }), other);
    assert_eq!(again(|set| set.signers[0].1.from = Cycle(1)), Err(BeginningFault::OtherSigner(signer(1))));
    let gone = |set: &mut Beginning| {
        set.operators.pop();
        set.signers.pop();
        (set.count, set.total) = (1, stake(1_000));
    };
    assert_eq!(again(gone), Err(BeginningFault::OtherJournal(record(1).journal)), "an operator is gone");
    let swapped = |set: &mut Beginning| (set.operators[0].index, set.operators[1].index) = (1, 0);
    assert_eq!(again(swapped), Err(BeginningFault::OtherOperator(owner(1).account)));
    let stolen = |set: &mut Beginning| {
        set.signers[1].0 = signer(3);
        set.operators[1].link = link(3, 3);
        set.operators[1].end = end(4, 55);
    };
    assert_eq!(again(stolen), Err(BeginningFault::OtherSigner(signer(2))), "a signer that served is gone");
}

/// A fact of operator 1 behind what its account says.
fn fact(seq: u64, height: u64, body: Body) -> Fact {
    let journal = record(0).journal;
    Fact { chain: SOLANA, journal, seq, time: point(height).time, height: Height(height), body }
}

#[test]
fn it_goes_on_with_facts() {
    let mut ledger = begun();
    let staked = fact(4, 55, Body::Staked { account: owner(1).account, active: Amount(1_500) });
    let hash = staked.head_after(record(0).end.head.hash);
    let page = Page {
        chain: SOLANA,
        facts: vec![staked],
        through: point(56),
        heads: vec![
            (CONFIG, end(2, 10).head.hash),
            (record(0).journal, hash),
            (record(1).journal, record(1).end.head.hash),
        ],
        operators: 2,
        reached: true,
    };
    let change = ledger.stage(&page).unwrap().unwrap();
    ledger.commit(&change);
    assert_eq!(ledger.operator(owner(1)).unwrap().active, Amount(1_500));
    assert_eq!(ledger.chain(SOLANA).unwrap().total.value(), Amount(2_500));
    assert_eq!(ledger.head(SOLANA, record(0).journal), Head { seq: 4, hash });
    assert_eq!(ledger.head(SOLANA, record(1).journal), record(1).end.head);
}

#[test]
fn a_node_lets_in_by_a_beginning_and_says_what_was_lost() {
    let checkpoint = |ledger| Checkpoint { ledger, reputation: [].into(), evidence: [].into() };
    let mut census = Census::restore(checkpoint(ledger())).unwrap();
    let now = point(51).time;
    let tail = Tail { chain: SOLANA, after: Height(50), head: point(51), rumours: vec![] };
    let mut set = beginning();
    // One whose peer half is bad names nobody, and one is in jail.
    set.operators[1].jailed = true;
    (set.operators[1].stake, set.total) = (stake(0), stake(1_000));
    let outputs = census.handle(Input::Begun(Box::new(set.clone())), now);
    assert!(matches!(outputs.first(), Some(Output::Persist(_))), "{outputs:?}");
    census.handle(Input::Pending(tail), now);
    let standing = |census: &Census, nth: u8| census.roster().standing(PeerId(peer(nth).id().0));
    assert_eq!(standing(&census, 1), Standing::Member);
    let jailed = Bar::Jailed { chain: SOLANA, height: Height(40) };
    assert_eq!(standing(&census, 2), Standing::Barred(jailed));

    // It was away, and what happened is gone.
    let mut later = set.clone();
    (later.through, later.operators[0].end, later.operators[0].active) = (point(90), end(9, 80), Amount(100));
    (later.operators[0].stake, later.total) = (stake(100), stake(100));
    let outputs = census.handle(Input::Begun(Box::new(later.clone())), point(91).time);
    let lost = Alarm::HistoryLost { chain: SOLANA, known: Height(40), through: Height(90) };
    assert!(outputs.contains(&Output::Alarm(lost)), "{outputs:?}");
    assert!(standing(&census, 1).is_barred(), "its stake is too small by now");

    // Whoever was in jail stays there until its term ends.
    let mut freed = later.clone();
    (freed.through, freed.operators[1].end, freed.operators[1].jailed) = (point(91), end(4, 85), false);
    (freed.operators[1].stake, freed.total) = (stake(1_000), stake(1_100));
    let outputs = census.handle(Input::Begun(Box::new(freed)), point(92).time);
    let why = BeginningFault::Undone(owner(2).account);
    assert_eq!(outputs, [Output::Alarm(Alarm::BeginningRefused { chain: SOLANA, why })]);

    // Nobody takes that back.
    let outputs = census.handle(Input::Begun(Box::new(set)), point(92).time);
    let why = BeginningFault::Behind { through: Height(50), last: Height(80) };
    assert_eq!(outputs, [Output::Alarm(Alarm::BeginningRefused { chain: SOLANA, why })]);
    let restored = Census::restore(checkpoint(census.ledger().clone())).unwrap();
    assert_eq!(restored.ledger(), census.ledger());

    // And nothing is believed from the future.
    (later.through.time, later.through.height) = (UnixSeconds(9_000), Height(91));
    let outputs = census.handle(Input::Begun(Box::new(later)), point(93).time);
    assert!(matches!(outputs[..], [Output::Alarm(Alarm::PageAhead { .. })]), "{outputs:?}");
}

#[test]
fn a_bad_peer_half_names_nobody() {
    let mut set = beginning();
    set.operators[0].link.peer_signature.0[0] ^= 1;
    let mut ledger = ledger();
    let change = ledger.begin(&set).unwrap().unwrap();
    ledger.commit(&change);
    let operator = ledger.operator(owner(1)).unwrap();
    assert_eq!((operator.link, operator.signer, operator.nonce), (None, signer(1), 2));
    assert!(ledger.operator(owner(2)).unwrap().link.is_some());
}

/// What a ledger that begins with something changed has otherwise than the one that begins with the same without the change.
fn unlike(common: impl Fn(&mut Beginning), change: impl FnOnce(&mut Beginning)) -> Option<&'static str> {
    let begun = |beginning: &Beginning| {
        let mut ledger = ledger();
        let change = ledger.begin(beginning).unwrap().unwrap();
        ledger.commit(&change);
        ledger
    };
    let mut first = beginning();
    common(&mut first);
    let mut second = first.clone();
    change(&mut second);
    let (first, second) = (begun(&first), begun(&second));
    let found = first.unlike(&second, SOLANA);
    assert_eq!(second.unlike(&first, SOLANA), found);
    found
}

fn posted(cycle: u64, activates: u64) -> Option<PostedRoot> {
    let root =
        RewardRoot { root: Hash([3; 32]), total_base: Amount(0), total_solana: Amount(5), blob_hash: Hash([4; 32]) };
    Some(PostedRoot { cycle: Cycle(cycle), root, activates: GENESIS.plus(Seconds(activates)) })
}

#[test]
fn two_beginnings_are_alike_only_if_all_that_counts_is() {
    let same = |_: &mut Beginning| {};
    assert_eq!(unlike(same, same), None);
    assert_eq!(unlike(same, |set| set.through = point(60)), None, "the same at another block");
    let operators: [fn(&mut Beginning); 7] = [
        |set| (set.operators[0].active, set.operators[0].stake, set.total) = (Amount(999), stake(999), stake(1_999)),
        |set| set.operators[0].queued = Amount(51),
        |set| set.operators[0].link.nonce = 3,
        |set| set.operators[0].link = peer(9).link(&SignerKey::named("1"), NETWORK, owner(1), 2).0,
        |set| set.operators[0].link.peer_signature.0[0] ^= 1,
        |set| {
            (set.operators[0].jailed, set.operators[0].stake) = (true, stake(0));
            set.total = stake(1_000);
        },
        // What was the least of the cycle, and of the one before, is what votes count by.
        |set| {
            set.operators[0].stake = CycleStake::read_back(Amount(1_000), Amount(900), Amount(0), Cycle(0));
            set.total = CycleStake::read_back(Amount(2_000), Amount(1_900), Amount(0), Cycle(0));
        },
    ];
    for (nth, change) in operators.into_iter().enumerate() {
        assert_eq!(unlike(same, change), Some("operators"), "{nth}");
    }
    let books: [fn(&mut Beginning); 7] = [
        |set| set.total = CycleStake::read_back(Amount(2_000), Amount(2_000), Amount(7), Cycle(0)),
        |set| set.vault.evidence_cycles = 2,
        |set| set.pool.max_per_cycle = Amount(8),
        |set| set.funded = Amount(1),
        |set| set.posted = posted(0, 60),
        |set| set.closed = Some(Cycle(0)),
        |set| set.operators[1].end.last = point(41),
    ];
    for (nth, change) in books.into_iter().enumerate() {
        assert_eq!(unlike(same, change), Some("books"), "{nth}");
    }
    assert_eq!(unlike(same, |set| set.end.head.hash = Hash([9; 32])), Some("heads"));
    assert_eq!(unlike(same, |set| set.signers[0].1.from = Cycle(1)), Some("signers"));
}

#[test]
fn a_replaced_root_may_be_forgotten_only_once_the_next_one_pays() {
    let forget = |set: &mut Beginning| set.settled = None;
    let replaced = |activates: u64| {
        move |set: &mut Beginning| {
            (set.settled, set.posted, set.closed) = (posted(0, 1), posted(1, activates), Some(Cycle(1)))
        }
    };
    assert_eq!(unlike(replaced(50), forget), None);
    assert_eq!(unlike(replaced(51), forget), Some("settled root"));
    assert_eq!(unlike(replaced(51), |set| (set.settled, set.through) = (None, point(60))), Some("settled root"));
    assert_eq!(unlike(replaced(50), |set| set.settled = posted(0, 2)), Some("settled root"), "two of them are not one");
}

#[test]
fn ledgers_of_another_network_or_clock_are_never_alike() {
    let other = |network: NetworkId, seconds: u64| {
        let clock = CycleClock::new(GENESIS, Seconds(seconds)).unwrap();
        Ledger::new(network, clock, &[Site::Solana { config: CONFIG }])
    };
    let mine = other(NETWORK, 100);
    assert_eq!(mine.unlike(&other(NETWORK, 100), SOLANA), None);
    assert_eq!(mine.unlike(&other(NETWORK, 200), SOLANA), Some("network"));
    assert_eq!(mine.unlike(&other(NetworkId([8; 32]), 100), SOLANA), Some("network"));
}
