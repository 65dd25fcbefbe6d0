//! Hundreds of ways for a transaction to go wrong on Solana, and one that is right: it happens once, or it is said that it
//! did not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use williw_core::outbox::{Outcome, Stage};
use williw_daemon::outbox::{Dispatch, OutboxError, settle};
use williw_store::{INTENTS_CAP, Intent, Outbox, Which};

use super::child::Sender;
use super::network::{OnSolana, WEALTH};
use super::story::{Order, PACE, Story, quiet};
use crate::cases::{Replay, STEPS, Tally, count, ended, number, runtime, sum_up};
use crate::child::Said;
use crate::dice::Dice;

/// How many cases there are unless `SEEDS` says so. `SEED` replays one.
const CASES: u64 = 200;
/// As many as there are chains: slots that are taken back would be the neighbours' too.
const LANES: u64 = 6;
/// A chain remembers all its slots, so it is replaced now and then.
const CASES_PER_CHAIN: u64 = 100;
/// The endpoints of a chain, of which a case has some.
const FACES: usize = 3;
/// How often everything is looked at until it is settled.
const SETTLED_WITHIN: usize = 20;
/// How often a person types a command again that was not done.
const TYPED_AGAIN: usize = 12;
/// After how many of these the endpoints of whom too few are left for a liar are honest again.
const LIED_TO: usize = 2;
/// More than a slot or two, and less than makes a command slow.
const RECEIPT: Duration = Duration::from_secs(3);

/// What an endpoint does with the next transactions that it is handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// "Taken", and forgotten.
    Drop(u64),
    /// Executed, and no answer.
    Mute(u64),
    /// "Taken", and executed so many slots later, if it still can be.
    Delay(u64, u64),
}

const FATES: [Fate; 7] = [
    Fate::Drop(1),
    Fate::Drop(3),
    Fate::Drop(8),
    Fate::Mute(1),
    Fate::Mute(4),
    Fate::Delay(2, 3),
    // About as long as its blockhash lives.
    Fate::Delay(4, 140),
];

/// What an endpoint lies or is mistaken about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lie {
    Down,
    WrongGenesis,
    Slow,
    /// From the child's end on it has lost what happened before, or while the child ran.
    Pruned,
    Hole,
    /// It shows nobody the transaction of the child.
    Hidden,
    /// What it knows of transactions is old.
    Lagging,
    /// It goes no farther than it is.
    Behind,
}

/// Two others outvote these at once, or after a moment.
const LIES: [Lie; 7] = [Lie::Down, Lie::WrongGenesis, Lie::Slow, Lie::Pruned, Lie::Hole, Lie::Hidden, Lie::Lagging];
/// What the only endpoint, or one of two, may be mistaken about for a while. Nobody outvotes it.
const LAGS: [Lie; 6] = [Lie::Down, Lie::Slow, Lie::Pruned, Lie::Hole, Lie::Lagging, Lie::Behind];

/// What else happens to the chain, once the child has reached some step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    None,
    /// Every slot since the beginning of the case is taken back.
    Revert,
    /// Every blockhash that was given out is too old.
    Expire,
    /// The call fails when it is executed, though its trial went well.
    Fail,
}

/// Who comes after the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// The person, with the same command, until it is done as far as they know.
    Person,
    /// A running node, which has no key.
    Node,
    /// Somebody who calls it off.
    Canceller,
    /// Somebody who has it signed anew, if that can be.
    Retrier,
}

#[derive(Debug)]
struct Case {
    fates: Vec<(usize, Fate)>,
    endpoints: usize,
    /// At which step the child is killed, and the how manieth time that it reaches it.
    kill: Option<(&'static str, u64)>,
    blow: Blow,
    blow_at: &'static str,
    /// After the child's end what failed would succeed.
    forgiven: bool,
    next: Next,
    /// After that everything is taken back, once more or for the first time.
    last_revert: bool,
    /// What the last of the endpoints lies about: one of three to the end.
    lie: Option<Lie>,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let endpoints = dice.one_of(&[1, 1, 2, 3, 3]);
        let fates = (0..dice.below(4)).map(|_| {
            let face = usize::try_from(dice.below(3)).unwrap() % endpoints;
            (face, dice.one_of(&FATES))
        });
        let fates = fates.collect();
        let kill = if dice.once_in(8) { None } else { Some((dice.one_of(&STEPS), dice.one_of(&[1, 1, 1, 2]))) };
        let blow = match dice.below(10) {
            0..=3 => Blow::None,
            4..=6 => Blow::Revert,
            7..=8 => Blow::Expire,
            _ => Blow::Fail,
        };
        let blow_at = match blow {
            Blow::Revert => dice.one_of(&["sent", "seen", "noted"]),
            Blow::Expire => dice.one_of(&["drafted", "signed", "leaving", "sent", "seen"]),
            Blow::None | Blow::Fail => dice.one_of(&["drafted", "signed", "leaving"]),
        };
        let lie = match endpoints {
            1 | 2 => dice.once_in(2).then(|| dice.one_of(&LAGS)),
            _ => Some(dice.one_of(&LIES)),
        };
        // Where all are quick, the answer is mostly there before anybody can see what happened.
        let is_in_flight = kill.is_some_and(|(step, _)| step == "in flight");
        let lie = if is_in_flight && endpoints > 1 { Some(Lie::Slow) } else { lie };
        Self {
            fates,
            endpoints,
            kill,
            blow,
            blow_at,
            forgiven: dice.once_in(2),
            next: dice.one_of(&[Next::Person, Next::Person, Next::Person, Next::Node, Next::Canceller, Next::Retrier]),
            last_revert: dice.once_in(5),
            lie,
        }
    }

    const fn outvotes(&self) -> bool {
        self.endpoints == FACES
    }

    const fn takes_back(&self) -> bool {
        matches!(self.blow, Blow::Revert) || self.last_revert
    }
}

#[test]
fn every_intent_happens_once_or_is_said_not_to_have() {
    let tally = Tally::default();
    if let Some(seed) = number("SEED") {
        return runtime().block_on(async { Lane::new().await.play(seed, &tally).await });
    }
    let cases = number("SEEDS").unwrap_or(CASES);
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| runtime().block_on(play_all(&next, cases, &tally)));
        }
    });
    if cases >= CASES {
        sum_up(&tally, cases, &["done", "failed", "expired", "not sent"]);
    }
}

/// Plays one case after the other until there are no more.
async fn play_all(next: &AtomicU64, cases: u64, tally: &Tally) {
    loop {
        let lane = Lane::new().await;
        for _ in 0..CASES_PER_CHAIN {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= cases {
                return;
            }
            lane.play(seed, tally).await;
        }
    }
}

/// A chain with an owner who has registered, for one case after the other.
struct Lane {
    story: Story,
    /// A database as it is when it was just made.
    template: PathBuf,
}

impl Lane {
    async fn new() -> Self {
        let story = Story::new(FACES).await;
        let template = story.order.database.with_file_name("template.db");
        Order { database: template.clone(), ..story.order.clone() }.open().await.close().await;
        Self { story, template }
    }

    const fn chain(&self) -> &OnSolana {
        &self.story.chain
    }

    async fn play(&self, seed: u64, tally: &Tally) {
        let _replay = Replay(seed);
        let case = Case::new(seed);
        let chain = self.chain();
        let home = self.template.with_file_name(seed.to_string());
        std::fs::create_dir(&home).unwrap();
        let database = home.join("williw.db");
        std::fs::copy(&self.template, &database).unwrap();
        let order = Order {
            database,
            rpcs: chain.net.rpcs[..case.endpoints].to_vec(),
            // No two cases send the same bytes.
            amount: 1 + seed % 1_000,
            receipt_ms: u64::try_from(RECEIPT.as_millis()).unwrap(),
            ..self.story.order.clone()
        };
        chain.top_up(self.story.account()).await;
        chain.net.advance(2).await;
        let before = chain.staked().await;
        let played = Played { case: &case, order: &order, chain, outbox: order.open().await, tally };

        let held = if case.takes_back() { Some(chain.hold_final().await) } else { None };
        let began = chain.net.slot("processed").await;
        played.set_up().await;
        let told = played.drive(held).await;
        played.turn(began).await;
        if case.forgiven {
            chain.top_up(self.story.account()).await;
            chain.net.advance(2).await;
        }
        if !case.last_revert {
            chain.release_final().await;
        }
        let again = played.follow_up(told).await;
        if let Some(slot) = held.filter(|_| case.last_revert) {
            chain.revert(slot).await;
            chain.release_final().await;
        }
        let intents = played.at_rest().await;
        played.judge(&intents, before, (told, again)).await;
        played.outbox.close().await;
        for face in 1..=FACES {
            chain.net.lie(face, "honest", json!({})).await;
        }
        chain.net.control("release_all", json!({})).await;
        std::fs::remove_dir_all(home).unwrap();
    }
}

/// A case at play.
struct Played<'a> {
    case: &'a Case,
    order: &'a Order,
    chain: &'a OnSolana,
    outbox: Outbox,
    tally: &'a Tally,
}

impl Played<'_> {
    async fn lies(&self, kind: &str, how: Value) {
        self.chain.net.lie(self.case.endpoints, kind, how).await;
    }

    /// Does something to the last of the endpoints.
    async fn has_last(&self, verb: &str, mut what: Value) {
        what["face"] = json!(self.case.endpoints - 1);
        self.chain.net.control(verb, what).await;
    }

    async fn set_up(&self) {
        for (face, fate) in &self.case.fates {
            let (verb, what) = match fate {
                Fate::Drop(next) => ("drop", json!({ "next": next })),
                Fate::Mute(next) => ("mute", json!({ "next": next })),
                Fate::Delay(next, slots) => ("delay", json!({ "next": next, "slots": slots })),
            };
            let mut what = what;
            what["face"] = json!(face);
            self.chain.net.control(verb, what).await;
        }
        match self.case.lie {
            Some(Lie::WrongGenesis) => self.lies("wrong_genesis", json!({})).await,
            Some(Lie::Slow) => self.lies("slow", json!({ "ms": 100 })).await,
            Some(Lie::Lagging) => self.has_last("history_lag", json!({ "slots": 50 })).await,
            // One of three is so from the beginning; of fewer, nothing would begin.
            Some(Lie::Down) if self.case.outvotes() => self.lies("down", json!({})).await,
            _ => {}
        }
    }

    /// What begins, or is seen to be, once the child has ended.
    async fn turn(&self, began: u64) {
        let now = self.chain.net.slot("processed").await;
        match self.case.lie {
            Some(Lie::Down) if !self.case.outvotes() => self.lies("down", json!({})).await,
            Some(Lie::Pruned) => self.lies("pruned", json!({ "before_slot": now })).await,
            Some(Lie::Hole) => self.lies("hole", json!({ "from_slot": began, "through_slot": now })).await,
            Some(Lie::Behind) => {
                for commitment in ["confirmed", "finalized"] {
                    self.has_last("hold", json!({ "commitment": commitment })).await;
                }
            }
            Some(Lie::Hidden) => {
                for attempt in self.intents().await.into_iter().flat_map(|intent| intent.attempts) {
                    self.has_last("withhold", json!({ "signature": attempt.name.to_string() })).await;
                }
            }
            _ => {}
        }
    }

    async fn intents(&self) -> Vec<Intent> {
        self.outbox.intents(Which::default(), INTENTS_CAP).await.unwrap()
    }

    /// Too few are left to outvote one, so it comes to itself.
    async fn be_honest(&self) {
        if !self.case.outvotes() {
            self.lies("honest", json!({})).await;
            self.has_last("history_lag", json!({ "slots": 0 })).await;
            if self.case.lie == Some(Lie::Behind) {
                for commitment in ["confirmed", "finalized"] {
                    self.has_last("release", json!({ "commitment": commitment })).await;
                }
            }
        }
    }

    /// Runs the child through its steps, deals the blow, and kills it where the case says so. Whether it said that it is
    /// done.
    async fn drive(&self, held: Option<u64>) -> bool {
        let case = self.case;
        let mut sender = Sender::start(self.order);
        let (mut dealt, mut reached, mut may_execute) = (false, BTreeMap::new(), None);
        loop {
            let said = tokio::select! {
                said = sender.says() => said,
                () = self.executed(may_execute), if may_execute.is_some() => {
                    sender.kill().await;
                    count(self.tally, "killed in flight".to_owned());
                    return false;
                }
            };
            let at = match said {
                Said::At(at) => at,
                Said::Done | Said::NotDone(_) => {
                    sender.end().await;
                    return said == Said::Done;
                }
            };
            if at == case.blow_at && !dealt {
                dealt = true;
                self.deal(held).await;
            }
            let times: &mut u64 = reached.entry(at.clone()).or_default();
            *times += 1;
            if case.kill.is_some_and(|(step, nth)| step == at && nth == *times) {
                sender.kill().await;
                count(self.tally, format!("killed {at}"));
                return false;
            }
            let in_flight = case.kill.is_some_and(|(step, _)| step == "in flight");
            may_execute = if at == "leaving" && in_flight { Some(self.chain.staked().await) } else { None };
            sender.go_on().await;
        }
    }

    /// Waits until the stake is another.
    async fn executed(&self, before: Option<u64>) {
        while Some(self.chain.staked().await) == before {
            tokio::task::yield_now().await;
        }
    }

    async fn deal(&self, held: Option<u64>) {
        match (self.case.blow, held) {
            (Blow::Revert, Some(slot)) => self.chain.revert(slot).await,
            (Blow::Expire, _) => self.chain.expire().await,
            (Blow::Fail, _) => self.chain.impoverish(&self.order.secret).await,
            _ => {}
        }
    }

    /// What is done after the child. Whether it was said that it is done. Who was told that before does not ask again.
    async fn follow_up(&self, told: bool) -> bool {
        match self.case.next {
            Next::Person => !told && self.types_it_again().await,
            Next::Node => {
                // What it cannot do now it does later.
                let _later = settle(&self.outbox, &mut self.order.solana(), PACE, &mut quiet).await;
                false
            }
            Next::Canceller | Next::Retrier => {
                let keypair = self.order.keypair();
                let (mut solana, mut tell) = (self.order.solana(), quiet);
                let Some(intent) = self.intents().await.into_iter().next() else { return false };
                let account = keypair.account();
                // An endpoint may be down, and whether it could be cancelled or signed anew is for the rows to say.
                let claimed = Dispatch::claim(&mut solana, &self.outbox, account, PACE, &mut tell).await;
                let Ok(mut dispatch) = claimed else { return false };
                let _settled_anyway = match self.case.next {
                    Next::Retrier => dispatch.retry(intent.id, Some((&keypair).into())).await.map(drop),
                    _ => dispatch.cancel(intent.id, &keypair).await.map(drop),
                };
                false
            }
        }
    }

    async fn types_it_again(&self) -> bool {
        for nth in 0..TYPED_AGAIN {
            if nth == LIED_TO {
                self.be_honest().await;
            }
            let why = match self.order.send(&self.outbox, &mut quiet).await {
                Ok(_) => return true,
                Err(interrupted) => *interrupted.why,
            };
            match why {
                OutboxError::AskedBefore { .. } => return true,
                _ if nth % 3 == 2 => self.chain.expire().await,
                _ => self.chain.finalize().await,
            }
        }
        false
    }

    /// The rows once nothing is left to do.
    async fn at_rest(&self) -> Vec<Intent> {
        self.chain.drop(0).await;
        self.be_honest().await;
        let mut last = None;
        for nth in 0..SETTLED_WITHIN {
            match settle(&self.outbox, &mut self.order.solana(), PACE, &mut quiet).await {
                Ok(left) if left.is_empty() => {
                    let intents = self.intents().await;
                    assert!(intents.iter().all(|intent| intent.stage.is_settled()), "{:?} {intents:?}", self.case);
                    return intents;
                }
                left => last = left.err(),
            }
            if nth % 3 == 2 { self.chain.expire().await } else { self.chain.finalize().await }
        }
        panic!("it does not come to rest: {last:?} {:?} {:?}", self.case, self.intents().await);
    }

    /// `told` is whether the child said that it is done, `again` whether a person was told who asked after it.
    async fn judge(&self, intents: &[Intent], before: u64, (told, again): (bool, bool)) {
        let (case, mut done) = (self.case, 0);
        for intent in intents {
            let Stage::Settled(outcome) = intent.stage else { unreachable!("it was looked at before") };
            count(self.tally, ended(outcome).to_owned());
            done += u64::from(matches!(outcome, Outcome::Done(_)));
        }
        // Whoever kept what was signed cannot make it happen once more, or after all.
        for attempt in intents.iter().flat_map(|intent| &intent.attempts) {
            self.chain.net.post(&attempt.bytes).await;
        }
        let added = self.chain.staked().await - before;
        assert_eq!(added, self.order.amount * done, "{case:?} {intents:?}");
        assert!(done <= 1, "one wish was fulfilled twice: {case:?} {intents:?}");
        // What was told and taken back is sent again, until that is too late.
        assert!(!told || done == 1 || case.last_revert || case.blow == Blow::Revert, "{case:?} {intents:?}");
        // Whoever asked after the blow was told of what nothing took back.
        assert!(!again || done == 1 || case.last_revert, "{case:?} {intents:?}");
        let can_be = case.blow != Blow::Fail || case.forgiven;
        if can_be && case.next == Next::Person && !case.last_revert && (!told || case.blow != Blow::Revert) {
            assert_eq!(done, 1, "nothing spoke against it: {case:?} {intents:?}");
        }
    }
}

impl OnSolana {
    async fn revert(&self, to_slot: u64) {
        self.net.control("revert", json!({ "toSlot": to_slot })).await;
    }

    /// Nothing is left of the tokens of whoever has this key.
    async fn impoverish(&self, secret: &[u8; 32]) {
        let account = super::network::keypair(secret).account();
        let left = self.tokens(account).await;
        if left > 0 {
            self.spend(secret, left).await;
        }
    }

    /// Enough tokens for a case.
    async fn top_up(&self, account: williw_core::identity::Account) {
        if self.tokens(account).await < WEALTH / 2 {
            self.enrich(account).await;
        }
    }
}
