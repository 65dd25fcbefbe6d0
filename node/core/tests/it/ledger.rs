//! Facts that no sound contract records, in journals whose heads match: the ledger names what is impossible about each.

use williw_core::amount::{Amount, Bps};
use williw_core::cycle::{Cycle, CycleClock, Height, Seconds, UnixSeconds};
use williw_core::fact::{Body, Fact, Slashed, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, Owner, Signer};
use williw_core::journal::{Head, Site};
use williw_core::ledger::{Discord, Impossible, Ledger, Page, Point};
use williw_core::link::LinkTerms;
use williw_core::network::NetworkId;
use williw_core::offence::{Acquittal, Evidence};
use williw_core::secp256k1::SignatureFault;
use williw_core::sim::keys::{PeerKey, SignerKey};
use williw_core::statement::{Kind, RewardRoot, Statement};

const NETWORK: NetworkId = NetworkId([7; 32]);
const VAULT: Account = Account([0; 32]);
const GENESIS: UnixSeconds = UnixSeconds(1_000);

fn pool() -> Account {
    Account::evm([2; 20])
}

fn account(nth: u8) -> Account {
    Account::evm([nth; 20])
}

fn link(owner: u8, signer: u8, nonce: u64) -> LinkTerms {
    let owner = Owner { chain: ChainId::Base, account: account(owner) };
    PeerKey::named("p").link(&SignerKey::named(&signer.to_string()), NETWORK, owner, nonce).0
}

fn ledger() -> Ledger {
    let clock = CycleClock::new(GENESIS, Seconds(100)).unwrap();
    Ledger::new(NETWORK, clock, &[Site::Base { vault: VAULT, pool: Some(pool()) }])
}

/// Facts one after another, one per block, from height 1 on, each in the journal where Base records it.
fn page(ledger: &Ledger, bodies: &[Body]) -> Page {
    let mut heads = [ledger.head(ChainId::Base, VAULT), ledger.head(ChainId::Base, pool())];
    let start = ledger.chain(ChainId::Base).unwrap().through.height.0;
    let mut facts = Vec::new();
    for body in bodies {
        let height = Height(start + facts.len() as u64 + 1);
        let which = usize::from(body.account().is_none() && !matches!(body, Body::VaultParameters(_)));
        let head = &mut heads[which];
        let time = GENESIS.plus(Seconds(height.0));
        let journal = [VAULT, pool()][which];
        let fact = Fact { chain: ChainId::Base, journal, seq: head.seq + 1, time, height, body: body.clone() };
        (head.hash, head.seq) = (fact.head_after(head.hash), fact.seq);
        facts.push(fact);
    }
    let last = Height(start + bodies.len() as u64);
    Page {
        chain: ChainId::Base,
        through: Point { height: last, time: GENESIS.plus(Seconds(last.0)) },
        heads: vec![(VAULT, heads[0].hash), (pool(), heads[1].hash)],
        operators: ledger.chain(ChainId::Base).unwrap().operators + registrations(bodies),
        facts,
        reached: true,
    }
}

fn registrations(bodies: &[Body]) -> u64 {
    bodies.iter().filter(|body| matches!(body, Body::Registered { .. })).count() as u64
}

fn registered(owner: u8, index: u64) -> Body {
    Body::Registered { account: account(owner), index, active: Amount(1_000), link: link(owner, owner, 1) }
}

fn slashed(owner: u8, active: u128, taken: u128) -> Body {
    let state = |digest| {
        let statement = Statement::new(Kind::Update, Cycle(0), 1, Hash([digest; 32])).unwrap();
        SignerKey::named(&owner.to_string()).state(NETWORK, statement)
    };
    Body::Slashed(Box::new(Slashed {
        account: account(owner),
        active: Amount(active),
        queued: Amount(0),
        taken: Amount(taken),
        bounty: Amount(taken / 20),
        beneficiary: account(9),
        evidence: Evidence { first: state(1), second: state(2) },
    }))
}

fn root(cycle: u64) -> Body {
    let root =
        RewardRoot { root: Hash([1; 32]), total_base: Amount(0), total_solana: Amount(0), blob_hash: Hash([2; 32]) };
    Body::RootPending { cycle: Cycle(cycle), root, activates: UnixSeconds(5_000) }
}

fn parameters() -> VaultParameters {
    VaultParameters {
        min_stake: Amount(500),
        min_deposit: Amount(1),
        unstaking_period: Seconds(2),
        slash: Bps::try_from(1_000).unwrap(),
        evidence_cycles: 1,
    }
}

/// After the sound facts the last one is impossible for this reason, and without it everything is fine.
fn check(bodies: &[Body], expected: Impossible) {
    let (last, sound) = bodies.split_last().unwrap();
    let mut ledger = ledger();
    let change = ledger.stage(&page(&ledger, sound)).expect("the facts before are sound").unwrap();
    ledger.commit(&change);
    match ledger.stage(&page(&ledger, std::slice::from_ref(last))) {
        Err(Discord::Impossible { why, .. }) => assert_eq!(why, expected, "{last:?}"),
        other => panic!("{last:?} should be impossible because {expected}, not {other:?}"),
    }
}

#[test]
fn registrations_follow_one_another() {
    check(&[registered(1, 0), registered(1, 1)], Impossible::Registered);
    check(&[registered(1, 0), registered(2, 5)], Impossible::Index(1));
    let twin = Body::Registered { account: account(2), index: 1, active: Amount(1), link: link(2, 1, 1) };
    check(&[registered(1, 0), twin], Impossible::SignerTaken(SignerKey::named("1").address()));
    let mut unsigned = link(1, 1, 1);
    unsigned.signer = Signer::default();
    let nobody = Body::Registered { account: account(1), index: 0, active: Amount(1), link: unsigned };
    check(&[nobody], Impossible::SignerTaken(Signer::default()));
    let nonce = Body::Registered { account: account(1), index: 0, active: Amount(1), link: link(1, 1, 0) };
    check(&[nonce], Impossible::Nonce);
}

#[test]
fn nothing_happens_to_strangers() {
    let (account, active, queued, amount) = (account(1), Amount(1), Amount(1), Amount(1));
    for body in [
        Body::Staked { account, active },
        Body::Unstaked { account, active, queued, amount, maturity: UnixSeconds(0) },
        Body::Restaked { account, active, queued },
        Body::Withdrawn { account, queued, amount },
        Body::Rotated { account, link: link(1, 1, 1) },
        Body::Unjailed { account, active, link: link(1, 1, 1) },
        slashed(1, 0, 1),
    ] {
        check(&[body], Impossible::NotRegistered);
    }
}

#[test]
fn balances_follow_from_those_before() {
    let account = account(1);
    let amounts = |active: u128, queued: u128| (Amount(active), Amount(queued));
    let unstaked = |active: u128, queued: u128, amount: u128| {
        let (active, queued) = amounts(active, queued);
        Body::Unstaked { account, active, queued, amount: Amount(amount), maturity: UnixSeconds(0) }
    };
    let restaked = |active: u128, queued: u128| {
        let (active, queued) = amounts(active, queued);
        Body::Restaked { account, active, queued }
    };
    let withdrawn =
        |queued: u128, amount: u128| Body::Withdrawn { account, queued: Amount(queued), amount: Amount(amount) };
    for body in [
        Body::Staked { account, active: Amount(1_000) },
        unstaked(900, 100, 99),
        unstaked(900, 99, 100),
        unstaked(901, 100, 100),
        restaked(1_001, 0),
        restaked(1_000, 0),
        withdrawn(0, 1),
        slashed(1, 900, 99),
        slashed(1, 1_001, 0),
        slashed(1, 901, 100),
        Body::Funded { funded: Amount(0) },
    ] {
        check(&[registered(1, 0), body], Impossible::Balances);
    }
    let after_unstake = [restaked(950, 100), restaked(900, 100), withdrawn(50, 60)];
    for body in after_unstake {
        check(&[registered(1, 0), unstaked(900, 100, 100), body], Impossible::Balances);
    }
    // A slash takes from what is active and from what is queued; it moves nothing between them.
    for (active, queued) in [(950, 0), (800, 150)] {
        let Body::Slashed(mut grown) = slashed(1, active, 50) else { unreachable!() };
        grown.queued = Amount(queued);
        check(&[registered(1, 0), unstaked(900, 100, 100), Body::Slashed(grown)], Impossible::Balances);
    }
    let unjailed = |active| Body::Unjailed { account, active: Amount(active), link: link(1, 2, 2) };
    check(&[registered(1, 0), slashed(1, 900, 100), root(1), unjailed(1_000)], Impossible::Balances);
}

#[test]
fn a_slash_takes_what_the_rule_says_for_a_reason_that_holds() {
    let with = |change: &dyn Fn(&mut Slashed)| {
        let Body::Slashed(mut slashed) = slashed(1, 900, 100) else { unreachable!() };
        change(&mut slashed);
        Body::Slashed(slashed)
    };
    let acquitted = Impossible::Acquitted;
    let check = |body: Body, why| check(&[registered(1, 0), body], why);
    check(with(&|slashed| slashed.bounty = Amount(6)), Impossible::Balances);
    check(with(&|slashed| (slashed.active, slashed.taken) = (Amount(901), Amount(100))), Impossible::Balances);
    check(with(&|slashed| slashed.evidence.second = slashed.evidence.first), acquitted(Acquittal::NoConflict));
    check(with(&|slashed| slashed.evidence.first.signature.0[64] = 0), acquitted(SignatureFault::BadV.into()));
    let Body::Slashed(other) = slashed(2, 900, 100) else { unreachable!() };
    check(with(&|slashed| slashed.evidence = other.evidence), acquitted(Acquittal::UnknownSigner));
}

#[test]
fn keys_and_jails_follow_their_rules() {
    let account = account(1);
    let rotated = |signer: u8, nonce: u64| Body::Rotated { account, link: link(1, signer, nonce) };
    let unjailed = |signer: u8, nonce| Body::Unjailed { account, active: Amount(900), link: link(1, signer, nonce) };
    check(&[registered(1, 0), rotated(2, 1)], Impossible::Nonce);
    check(&[registered(1, 0), registered(2, 1), rotated(2, 2)], taken(2));
    check(&[registered(1, 0), rotated(2, 2), rotated(1, 3)], taken(1));
    check(&[registered(1, 0), slashed(1, 900, 100), rotated(2, 2)], Impossible::Jailed);
    check(&[registered(1, 0), slashed(1, 900, 100), slashed(1, 800, 100)], Impossible::Jailed);
    check(&[registered(1, 0), unjailed(2, 2)], Impossible::NotJailed);
    check(&[registered(1, 0), slashed(1, 900, 100), root(1), unjailed(1, 2)], taken(1));
    check(&[registered(1, 0), slashed(1, 900, 100), root(1), unjailed(2, 1)], Impossible::Nonce);
}

fn taken(signer: u8) -> Impossible {
    Impossible::SignerTaken(SignerKey::named(&signer.to_string()).address())
}

#[test]
fn roots_follow_one_another() {
    check(&[root(3), root(3)], Impossible::CycleClosed);
    check(&[root(3), Body::RootVetoed { cycle: Cycle(3) }, root(3)], Impossible::CycleClosed);
    check(&[Body::RootVetoed { cycle: Cycle(3) }], Impossible::NoRoot);
    check(&[root(3), Body::RootVetoed { cycle: Cycle(2) }], Impossible::NoRoot);
}

#[test]
fn a_page_is_of_one_chain_that_the_network_has() {
    let ledger = ledger();
    let sound = page(&ledger, &[registered(1, 0)]);
    let refuse = |page: &Page, why: &Discord| assert_eq!(ledger.stage(page).as_ref(), Err(why));
    refuse(&Page { chain: ChainId::Solana, ..sound.clone() }, &Discord::UnknownChain(ChainId::Solana));
    let mut stranger = sound.clone();
    stranger.facts[0].chain = ChainId::Solana;
    refuse(&stranger, &Discord::OtherChain { page: ChainId::Base, fact: ChainId::Solana });
    let mut early = sound.clone();
    early.facts[0].time = UnixSeconds(999);
    refuse(&early, &Discord::BeforeGenesis(Height(1)));
    let doubled = vec![sound.heads[0], sound.heads[1], sound.heads[1]];
    refuse(&Page { heads: doubled, ..sound.clone() }, &Discord::TooManyHeads { heads: 3, operators: 1 });
    let leap = Point { height: Height(5_000), time: sound.through.time };
    let mut begun = ledger.clone();
    begun.commit(&ledger.stage(&sound).unwrap().unwrap());
    let empty = page(&begun, &[]);
    let leapt = begun.stage(&Page { through: leap, ..empty });
    assert_eq!(leapt, Err(Discord::Leap { blocks: 4_999, seconds: 0 }));
    refuse(&Page { heads: vec![sound.heads[0]], ..sound.clone() }, &Discord::Unattested(pool()));
    refuse(&Page { heads: vec![sound.heads[1]], ..sound.clone() }, &Discord::Unattested(VAULT));
}

#[test]
fn time_never_runs_backwards() {
    let mut ledger = ledger();
    let first = page(&ledger, &[registered(1, 0), registered(2, 1)]);
    ledger.commit(&ledger.stage(&first).unwrap().unwrap());
    let next = page(&ledger, &[Body::Staked { account: account(1), active: Amount(2_000) }]);
    // An empty page, attested all through, that would take back the time by which evidence is judged.
    let empty = page(&ledger, &[]);
    let early = Page { through: Point { time: GENESIS, ..empty.through }, ..empty.clone() };
    assert_eq!(ledger.stage(&early), Err(Discord::OutOfOrder(Height(2))));
    let low = Page { through: Point { height: Height(1), ..empty.through }, ..empty.clone() };
    assert_eq!(ledger.stage(&low), Err(Discord::OutOfOrder(Height(1))));
    // A fact from before the last one, with the head that it leads to.
    let mut old = next.clone();
    old.facts[0].height = Height(1);
    old.heads[0].1 = old.facts[0].head_after(ledger.head(ChainId::Base, VAULT).hash);
    assert_eq!(ledger.stage(&old), Err(Discord::OutOfOrder(Height(1))));
    // Nor does one in the other journal: both are told in one row of logs.
    let mut funded = page(&ledger, &[Body::Funded { funded: Amount(1) }]);
    funded.facts[0].height = Height(1);
    funded.heads[1].1 = funded.facts[0].head_after(ledger.head(ChainId::Base, pool()).hash);
    assert_eq!(ledger.stage(&funded), Err(Discord::OutOfOrder(Height(1))));
    let back = Page { through: Point { time: GENESIS, ..next.through }, ..next.clone() };
    assert_eq!(ledger.stage(&back), Err(Discord::OutOfOrder(Height(3))));
    let mut late = next;
    late.facts[0].time = late.through.time.plus(Seconds(1));
    assert_eq!(ledger.stage(&late), Err(Discord::OutOfOrder(Height(3))));
}

/// An operator's own journal on Solana holds its facts and nobody else's, from its registration on.
#[test]
fn solana_journals_are_not_shared() {
    let (config, ledger) = (CONFIG, Solana::new().ledger);
    let try_journal = |journal, body: Body| {
        let through = Point { height: Height(1), time: GENESIS };
        let fact =
            Fact { chain: ChainId::Solana, journal, seq: 1, time: GENESIS, height: Height(1), body: body.clone() };
        let head = fact.head_after(ledger.head(ChainId::Solana, journal).hash);
        let empty = ledger.head(ChainId::Solana, config).hash;
        let heads = if journal == config { vec![(config, head)] } else { vec![(config, empty), (journal, head)] };
        let operators = registrations(&[body]).max(u64::from(journal != config));
        ledger.stage(&Page { chain: ChainId::Solana, facts: vec![fact], through, heads, operators, reached: true })
    };
    let parameters = Body::VaultParameters(parameters());
    assert!(try_journal(Account([5; 32]), registered(1, 0)).is_ok_and(|change| change.is_some()));
    assert!(try_journal(config, parameters.clone()).is_ok_and(|change| change.is_some()));
    assert_eq!(try_journal(config, registered(1, 0)), Err(Discord::ForeignJournal(config)));
    assert_eq!(try_journal(Account([5; 32]), parameters), Err(Discord::ForeignJournal(Account([5; 32]))));
}

#[test]
fn a_site_without_a_pool_needs_no_head_of_it_and_takes_no_fact_of_it() {
    let clock = CycleClock::new(GENESIS, Seconds(100)).unwrap();
    let bare = Ledger::new(NETWORK, clock, &[Site::Base { vault: VAULT, pool: None }]);
    let sound = page(&bare, &[registered(3, 0)]);
    let vault_alone = Page { heads: vec![sound.heads[0]], ..sound };
    assert!(bare.stage(&vault_alone).unwrap().is_some());
    assert_eq!(
        bare.stage(&page(&bare, &[Body::Funded { funded: Amount(1) }])),
        Err(Discord::TooManyHeads { heads: 2, operators: 0 })
    );
    // Even a pool's journal that somebody attests is not one that this site has.
    let mut funded = page(&bare, &[registered(3, 0), Body::Funded { funded: Amount(1) }]);
    funded.operators = 1;
    assert_eq!(bare.stage(&funded), Err(Discord::ForeignJournal(pool())));
}

#[test]
fn a_page_that_moves_only_the_clock_makes_no_leap_of_the_next() {
    let mut ledger = ledger();
    ledger.commit(&ledger.stage(&page(&ledger, &[registered(1, 0)])).unwrap().unwrap());
    let there = |height, seconds| Point { height: Height(height), time: GENESIS.plus(Seconds(seconds)) };
    let empty = |through| Page { through, ..page(&ledger, &[]) };
    let late = ledger.stage(&empty(there(1, 3_600))).unwrap().unwrap();
    let mut led = ledger.clone();
    led.commit(&late);
    assert!(led.stage(&empty(there(9_000, 3_600))).unwrap().is_some());
    // Nor does a page after a page climb where one could not.
    let mut climbing = ledger.clone();
    climbing.commit(&ledger.stage(&empty(there(1_001, 1))).unwrap().unwrap());
    assert!(climbing.stage(&empty(there(1_001, 2))).unwrap().is_some());
    assert_eq!(climbing.stage(&empty(there(2_002, 1))), Err(Discord::Leap { blocks: 2_001, seconds: 0 }));
}

const CONFIG: Account = Account([3; 32]);

/// Solana as it is told to a ledger: a journal for each operator, and whatever of it a page is made to show.
struct Solana {
    ledger: Ledger,
    facts: Vec<Fact>,
}

impl Solana {
    fn new() -> Self {
        let clock = CycleClock::new(GENESIS, Seconds(100)).unwrap();
        let ledger = Ledger::new(NETWORK, clock, &[Site::Solana { config: CONFIG }]);
        Self { ledger, facts: Vec::new() }
    }

    /// Something happens in a slot, in the journal of that operator.
    fn happens(&mut self, operator: u8, slot: u64, body: Body) {
        let (journal, height) = (Account([operator; 32]), Height(slot));
        let seq = self.facts.iter().filter(|fact| fact.journal == journal).count() as u64 + 1;
        let time = GENESIS.plus(Seconds(slot));
        self.facts.push(Fact { chain: ChainId::Solana, journal, seq, time, height, body });
    }

    /// The page through a slot that shows of each operator no more than so many facts.
    fn page(&self, slot: u64, shown: impl Fn(u8) -> u64) -> Page {
        let is_shown = |fact: &&Fact| fact.height.0 <= slot && fact.seq <= shown(fact.journal.0[0]);
        let facts: Vec<Fact> = self.facts.iter().filter(is_shown).cloned().collect();
        let mut heads = vec![(CONFIG, self.ledger.head(ChainId::Solana, CONFIG).hash)];
        for fact in &facts {
            let before = heads.iter().position(|(journal, _)| *journal == fact.journal);
            let empty = Head::empty(NETWORK, ChainId::Solana, fact.journal).hash;
            let at = before.unwrap_or_else(|| {
                heads.push((fact.journal, empty));
                heads.len() - 1
            });
            heads[at].1 = fact.head_after(heads[at].1);
        }
        let operators = registrations(&facts.iter().map(|fact| fact.body.clone()).collect::<Vec<_>>());
        let through = Point { height: Height(slot), time: GENESIS.plus(Seconds(slot)) };
        Page { chain: ChainId::Solana, facts, through, heads, operators, reached: true }
    }

    fn take(&mut self, page: &Page) {
        let change = self.ledger.stage(page).expect("what happened is believed").expect("it is new");
        self.ledger.commit(&change);
    }
}

fn staked(owner: u8, active: u128) -> Body {
    Body::Staked { account: account(owner), active: Amount(active) }
}

fn unstaked(owner: u8, active: u128, queued: u128) -> Body {
    let amount = Amount(queued);
    Body::Unstaked { account: account(owner), active: Amount(active), queued: amount, amount, maturity: UnixSeconds(0) }
}

/// Slots in three cycles: what operator 5 does in the second comes after what operator 6 does in the third.
fn two_operators() -> Solana {
    let mut solana = Solana::new();
    solana.happens(5, 10, registered(5, 0));
    solana.happens(6, 20, registered(6, 1));
    solana.happens(5, 150, unstaked(5, 300, 700));
    solana.happens(6, 160, staked(6, 3_000));
    solana.happens(6, 230, unstaked(6, 2_500, 500));
    solana.happens(5, 240, staked(5, 400));
    solana
}

#[test]
fn a_journal_that_was_shown_as_it_was_earlier_catches_up() {
    let (mut mixed, mut whole) = (two_operators(), two_operators());
    whole.take(&whole.page(250, |_| u64::MAX));
    mixed.take(&mixed.page(235, |operator| if operator == 5 { 1 } else { u64::MAX }));
    // Through the same slot once more, now with all of it: what is folded last did not happen last.
    mixed.take(&mixed.page(235, |_| u64::MAX));
    assert_eq!(mixed.ledger.chain(ChainId::Solana).unwrap().last.height, Height(230));
    assert_ne!(mixed.ledger, whole.ledger);
    mixed.take(&mixed.page(250, |_| u64::MAX));
    assert_eq!(mixed.ledger, whole.ledger);
    let books = mixed.ledger.chain(ChainId::Solana).unwrap();
    let total = books.total.at(Cycle(2));
    assert_eq!([total.value(), total.floor(), total.floor_prev()], [2_900, 2_800, 1_300].map(Amount));
    assert_eq!(books.last.height, Height(240));
}

#[test]
fn time_never_runs_backwards_in_a_journal_of_solana() {
    let mut solana = two_operators();
    solana.take(&solana.page(150, |_| u64::MAX));
    for (slot, second) in [(140, 160), (160, 140)] {
        let mut astray = solana.page(250, |_| u64::MAX);
        let fact = astray.facts.iter_mut().find(|fact| fact.height == Height(240)).unwrap();
        (fact.height, fact.time) = (Height(slot), GENESIS.plus(Seconds(second)));
        assert_eq!(solana.ledger.stage(&astray), Err(Discord::OutOfOrder(Height(slot))));
    }
}
