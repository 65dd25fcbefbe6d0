//! Thousands of ways for a transaction to go wrong, and one that is right: it happens once, or it is said that it did not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use alloy::primitives::{Address, U256};

use williw_chain::base::Base;
use williw_chain::send::Signed;
use williw_core::identity::Account;
use williw_core::outbox::{Outcome, Stage};
use williw_daemon::outbox::{Dispatch, Moment, settle};
use williw_store::{INTENTS_CAP, Intent, Outbox, Which};

use crate::chain::{Chain, REORG_CAP, base, open, pace};
use crate::child::{Order, Said, Sender, folder};
use crate::dice::Dice;
use crate::lies::Lie;
use crate::post::Fate;

/// How many cases there are unless `SEEDS` says so. `SEED` replays one.
const CASES: u64 = 2_000;
/// As many as there are chains: a reorganisation would hit the neighbours.
const LANES: u64 = 4;
/// A chain remembers all its blocks, so it is replaced now and then.
const CASES_PER_CHAIN: u64 = 150;
/// How often the final block is moved on until everything is settled.
const SETTLED_WITHIN: usize = 40;

const FATES: [Fate; 14] = [
    Fate::Pass,
    Fate::Drop,
    Fate::Drop,
    Fate::Lose,
    Fate::Land,
    Fate::Land,
    Fate::Late,
    Fate::Twice,
    Fate::Hold,
    Fate::Hold,
    Fate::Refuse("already known"),
    Fate::Refuse("nonce too low"),
    Fate::Deny("replacement transaction underpriced"),
    Fate::Deny("already known"),
];

/// The named steps, and the one between two of them: the transaction has arrived, and its answer has not.
pub(crate) const STEPS: [&str; 8] = ["intended", "drafted", "signed", "leaving", "in flight", "sent", "seen", "noted"];

/// What an endpoint lies or is mistaken about.
const LIES: [Lie; 10] = [
    Lie::NoReceipts,
    Lie::Undone,
    Lie::Nonce(-1),
    Lie::Nonce(2),
    Lie::Tips,
    Lie::FinalAhead,
    Lie::Stuck(2),
    Lie::NoMoney,
    Lie::Reverts,
    Lie::Cut,
];

/// What the only endpoint may be mistaken about for a while: it is behind, or its index is.
const LAGS: [Lie; 3] = [Lie::Stuck(1), Lie::Stuck(3), Lie::NoReceipts];

/// How many answers of a lie that ends at most are wrong.
const LIES_CAP: u64 = 40;

/// What else happens to the chain, once the child has reached some step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    None,
    /// The newest blocks are replaced by empty ones.
    Reorg(u64),
    /// Another transaction takes the nonce.
    Foreign,
    /// The call fails when it is mined, though its trial went well.
    Fail,
}

/// Who comes after the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The person, with the same command, unless it is done as far as they know.
    Person,
    /// A running node, which has no key.
    Node,
    /// Somebody who calls it off.
    Canceller,
    /// Somebody who has it sent again, at a higher fee.
    Retrier,
    /// Somebody who calls it off, and then asks for the same.
    Fickle,
}

#[derive(Debug)]
struct Case {
    fates: [Vec<Fate>; 2],
    endpoints: usize,
    /// At which step the child is killed, and the how manieth time that it reaches it.
    kill: Option<(&'static str, u64)>,
    blow: Blow,
    /// At which step.
    blow_at: &'static str,
    /// After the child's end.
    reorg: Option<u64>,
    /// After the child's end what failed would succeed.
    forgiven: bool,
    outbid: bool,
    next: Next,
    /// After that.
    last_reorg: Option<u64>,
    /// What the last of the endpoints lies about, and for how many answers. One of three lies to the end.
    lie: Option<(Lie, u64)>,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut fates = || (0..dice.below(4)).map(|_| dice.one_of(&FATES)).collect::<Vec<_>>();
        let fates = [fates(), fates()];
        let kill = if dice.once_in(8) { None } else { Some((dice.one_of(&STEPS), dice.one_of(&[1, 1, 1, 2]))) };
        let blow = match dice.below(10) {
            0..=4 => Blow::None,
            5..=7 => Blow::Reorg(1 + dice.below(REORG_CAP)),
            8 => Blow::Foreign,
            _ => Blow::Fail,
        };
        let blow_at = match blow {
            Blow::Reorg(_) => dice.one_of(&["sent", "seen", "noted"]),
            Blow::None | Blow::Foreign | Blow::Fail => dice.one_of(&["drafted", "signed", "leaving"]),
        };
        let endpoints = dice.one_of(&[1, 1, 2, 3]);
        let lie = match endpoints {
            1 => dice.once_in(4).then(|| (dice.one_of(&LAGS), 1 + dice.below(LIES_CAP))),
            2 => dice.once_in(2).then(|| (dice.one_of(&LIES), 1 + dice.below(LIES_CAP))),
            _ => Some((dice.one_of(&LIES), u64::MAX)),
        };
        Self {
            fates,
            endpoints,
            lie,
            kill,
            blow,
            blow_at,
            reorg: dice.once_in(4).then(|| 1 + dice.below(REORG_CAP)),
            forgiven: dice.once_in(2),
            outbid: dice.once_in(3),
            next: dice.one_of(&[
                Next::Person,
                Next::Person,
                Next::Person,
                Next::Node,
                Next::Node,
                Next::Canceller,
                Next::Retrier,
                Next::Fickle,
            ]),
            last_reorg: dice.once_in(4).then(|| 1 + dice.below(REORG_CAP)),
        }
    }
}

/// Says which case it was if it fails.
pub(crate) struct Replay(pub(crate) u64);

impl Drop for Replay {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("SEED={} replays it", self.0);
        }
    }
}

/// How cases ended, and how many children died where.
pub(crate) type Tally = Mutex<BTreeMap<String, u64>>;

pub(crate) fn count(tally: &Tally, what: String) {
    *tally.lock().unwrap().entry(what).or_default() += 1;
}

/// A number that whoever runs this may have set.
pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// What came out, and that every end and every death was among it.
pub(crate) fn sum_up(tally: &Tally, cases: u64, ends: &[&str]) {
    let tally = tally.lock().unwrap();
    eprintln!("{cases} cases: {tally:?}");
    for step in STEPS {
        let killed = tally.get(&format!("killed {step}")).copied().unwrap_or_default();
        assert!(killed >= cases / 100, "only {killed} children died at `{step}`: {tally:?}");
    }
    for ended in ends {
        assert!(tally.contains_key(*ended), "no intent was {ended}: {tally:?}");
    }
}

/// What an outcome is called in a tally.
pub(crate) const fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled(_) => "cancelled",
        Outcome::Overtaken(_) => "overtaken",
        Outcome::Expired(_) => "expired",
        Outcome::NotSent(_) => "not sent",
    }
}

#[test]
fn every_intent_happens_once_or_is_said_not_to_have() {
    let tally = Tally::default();
    if let Some(seed) = number("SEED") {
        return runtime().block_on(async {
            let (chain, template) = (Chain::start().await, Template::new().await);
            play(seed, &chain, &template, &tally).await;
        });
    }
    let cases = number("SEEDS").unwrap_or(CASES);
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| runtime().block_on(lane(&next, cases, &tally)));
        }
    });
    if cases >= CASES {
        sum_up(&tally, cases, &["done", "failed", "cancelled", "overtaken", "not sent"]);
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Plays one case after the other until there are no more.
async fn lane(next: &AtomicU64, cases: u64, tally: &Tally) {
    let template = Template::new().await;
    loop {
        let chain = Chain::start().await;
        for _ in 0..CASES_PER_CHAIN {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= cases {
                return;
            }
            play(seed, &chain, &template, tally).await;
        }
    }
}

/// A database as it is when it was just made.
struct Template {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Template {
    async fn new() -> Self {
        let folder = folder();
        let path = folder.path().join("template.db");
        open(&path).await.close().await;
        Self { folder, path }
    }

    fn copy(&self, seed: u64) -> PathBuf {
        let home = self.folder.path().join(seed.to_string());
        std::fs::create_dir(&home).unwrap();
        std::fs::copy(&self.path, home.join("williw.db")).unwrap();
        home.join("williw.db")
    }
}

async fn play(seed: u64, chain: &Chain, template: &Template, tally: &Tally) {
    let _replay = Replay(seed);
    let case = Case::new(seed);
    let database = template.copy(seed);
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&(seed + 1).to_be_bytes());
    secret[31] = 1;
    let to = Address::from_word(alloy::primitives::keccak256(seed.to_be_bytes()));
    let order = Order {
        database: database.clone(),
        rpcs: chain.urls(case.endpoints),
        secret,
        to: to.into_array(),
        value: u128::from(1_000 + seed),
        outbid_ms: if case.outbid { 60 } else { 60_000 },
    };
    let payer = Address::from_word(order.wallet().account().0.into());
    chain.enrich(payer).await;
    for (nth, post) in chain.posts.iter().enumerate() {
        post.expect(case.fates.get(nth).map_or(&[], |fates| &fates[..]));
    }
    let last = &chain.posts[case.endpoints - 1];
    if let Some((lie, times)) = case.lie {
        last.lie(lie, times);
    }

    let (told, foreign) = drive(&case, &order, chain, tally).await;
    if let Some(depth) = case.reorg {
        chain.reorg(depth).await;
    }
    if case.forgiven {
        chain.accept(to).await;
    }
    let (outbox, mut base) = (open(&database).await, base(order.rpcs.clone()));
    let again = follow_up(&case, told, &order, &outbox, &mut base).await;
    if let Some(depth) = case.last_reorg {
        chain.reorg(depth).await;
    }
    // What a reorganisation takes out of a block waits for the next one; anvil forgets it.
    if let Some(foreign) = foreign {
        crate::chain::base(vec![chain.anvil.url.clone()]).broadcast(foreign.hash, &foreign.bytes).await;
    }
    for post in &chain.posts {
        post.release().await;
    }
    if case.endpoints < 3 {
        last.be_honest();
    }
    let intents = at_rest(&outbox, &mut base, chain, seed, &case).await;
    outbox.close().await;
    judge(&case, &intents, chain, &order, told || again, tally).await;
    std::fs::remove_dir_all(database.parent().unwrap()).unwrap();
}

/// Runs the child through its steps, deals the blow, and kills it where the case says so. Whether it said that it is done,
/// and what somebody else sent.
async fn drive(case: &Case, order: &Order, chain: &Chain, tally: &Tally) -> (bool, Option<Signed>) {
    let mut sender = Sender::start(order);
    let (mut dealt, mut foreign, mut reached) = (false, None, BTreeMap::new());
    loop {
        let in_flight = case.kill.is_some_and(|(step, _)| step == "in flight");
        let said = tokio::select! {
            said = sender.says() => said,
            () = chain.posts[0].arrived.notified(), if in_flight => {
                sender.kill().await;
                count(tally, "killed in flight".to_owned());
                return (false, foreign);
            }
        };
        let at = match said {
            Said::At(at) => at,
            Said::Done => {
                sender.end().await;
                return (true, foreign);
            }
            Said::NotDone(_) => {
                sender.end().await;
                return (false, foreign);
            }
        };
        if at == case.blow_at && !dealt {
            dealt = true;
            foreign = deal(case.blow, order, chain).await;
        }
        let times: &mut u64 = reached.entry(at.clone()).or_default();
        *times += 1;
        if case.kill.is_some_and(|(step, nth)| step == at && nth == *times) {
            sender.kill().await;
            count(tally, format!("killed {at}"));
            return (false, foreign);
        }
        sender.go_on().await;
    }
}

/// What somebody else sent is given back.
async fn deal(blow: Blow, order: &Order, chain: &Chain) -> Option<Signed> {
    match blow {
        Blow::None => None,
        Blow::Reorg(depth) => {
            chain.reorg(depth).await;
            None
        }
        Blow::Fail => {
            chain.refuse(Address::from(order.to)).await;
            None
        }
        Blow::Foreign => {
            // The same account from somewhere else: another home, a wallet on a phone.
            let wallet = order.wallet();
            let mut base = base(vec![chain.anvil.url.clone()]);
            let mut call = order.call();
            (call.to, call.value) = (Account::evm([0xfe; 20]), 1);
            let draft = base.draft(wallet.account(), &call, williw_core::cycle::Height(0)).await.ok()?;
            let signed = draft.value.sign(&wallet).unwrap();
            base.broadcast(signed.hash, &signed.bytes).await;
            Some(signed)
        }
    }
}

/// What is done after the child. Whether it was said that it is done. Who was told that before does not ask again.
async fn follow_up(case: &Case, told: bool, order: &Order, outbox: &Outbox, base: &mut Base) -> bool {
    let quiet = &mut |_: Moment<'_>| {};
    match case.next {
        Next::Person if told => false,
        Next::Person => order.send(outbox, base, quiet).await.is_ok(),
        Next::Node => {
            // What it cannot do now it does later.
            let _later = settle(outbox, &mut *base, pace(Duration::from_secs(60)), quiet).await;
            false
        }
        Next::Canceller | Next::Retrier | Next::Fickle => {
            let wallet = order.wallet();
            let pace = pace(Duration::from_millis(order.outbid_ms));
            let mut dispatch = Dispatch::claim(&mut *base, outbox, wallet.account(), pace, quiet).await.unwrap();
            let Some(intent) = outbox.intents(Which::default(), 1).await.unwrap().pop() else { return false };
            // Whether it could be cancelled or sent again is for the rows to say.
            let _settled_anyway = match case.next {
                Next::Retrier => dispatch.retry(intent.id, Some((&wallet).into())).await,
                _ => dispatch.cancel(intent.id, &wallet).await,
            };
            drop(dispatch);
            let quiet = &mut |_: Moment<'_>| {};
            !told && case.next == Next::Fickle && order.send(outbox, base, quiet).await.is_ok()
        }
    }
}

/// The rows once nothing is left to do.
async fn at_rest(outbox: &Outbox, base: &mut Base, chain: &Chain, seed: u64, case: &Case) -> Vec<Intent> {
    let mut last = None;
    for _ in 0..SETTLED_WITHIN {
        let left = settle(outbox, &mut *base, pace(Duration::from_secs(60)), &mut |_| {}).await;
        match left {
            Ok(left) if left.is_empty() => {
                let intents = outbox.intents(Which::default(), INTENTS_CAP).await.unwrap();
                assert!(intents.iter().all(|intent| intent.stage.is_settled()), "case {seed}: {intents:?}");
                return intents;
            }
            left => {
                last = left.err();
                chain.finalize().await;
            }
        }
    }
    let intents = outbox.intents(Which::default(), INTENTS_CAP).await.unwrap();
    panic!("case {seed} does not come to rest: {last:?} {case:?} {intents:?}");
}

async fn judge(case: &Case, intents: &[Intent], chain: &Chain, order: &Order, told: bool, tally: &Tally) {
    let (mut done, mut used) = (0_u64, 0);
    for intent in intents {
        let Stage::Settled(outcome) = intent.stage else { unreachable!("it was looked at before") };
        count(tally, ended(outcome).to_owned());
        done += u64::from(matches!(outcome, Outcome::Done(_)));
        used += u64::from(outcome.inclusion().is_some());
    }
    let paid = chain.balance(Address::from(order.to)).await;
    assert_eq!(paid, U256::from(order.value) * U256::from(done), "{case:?} {intents:?}");
    let payer = Address::from_word(order.wallet().account().0.into());
    let foreign = u64::from(case.blow == Blow::Foreign);
    let nonce = chain.nonce(payer).await;
    assert!(nonce == used || nonce == used + foreign, "{nonce} nonces are used: {case:?} {intents:?}");
    // What was in a block and is no more can be cancelled, or overtaken.
    let cancelled = matches!(case.next, Next::Canceller | Next::Fickle);
    let overtaken = case.blow == Blow::Foreign && case.last_reorg.is_some();
    assert!(!told || done == 1 || cancelled || overtaken, "it was said to be done: {case:?} {intents:?}");
    assert!(done <= 1, "one wish was fulfilled twice: {case:?} {intents:?}");
    // One liar among three keeps nobody from anything.
    let kind = matches!(case.blow, Blow::None | Blow::Reorg(_)) && (case.lie.is_none() || case.endpoints == 3);
    if kind && case.next == Next::Person {
        assert_eq!(done, 1, "nothing spoke against it: {case:?} {intents:?}");
    }
}
