//! Random traces of verbs, told to the reference model and to the bytecode that is deployed: the same numbers, the same
//! facts, the same refusals, and the same state behind them.
//!
//! `SEED=7 cargo test -p williw-chain --test it traces` replays one trace, `TRACES=20000` runs more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use williw_core::identity::Account;
use williw_core::journal::Site;
use williw_core::model::{Block, Deployment};
use williw_core::network::{BaseSite, Network, NetworkId};
use williw_core::sim::reasons;

use crate::world::{CHAIN_ID, account};
use author::{Author, everybody, first_block};
use deployed::{Deployed, all_refusals};
use reference::{Reference, Token};
use verb::{Answer, PoolVerb, Step, VERBS, Verb};

mod agree;
mod author;
mod calls;
mod deployed;
mod errors;
mod machine;
mod reference;
mod verb;

const TRACES: u64 = 1_000;
const STEPS: u64 = 50;
const NETWORK: &str = "traces";

/// After so many verbs everything is compared, not only what they touched.
const LOOK_AROUND: u64 = 25;

/// What came of all verbs: how often each succeeded and was refused, and for which reasons.
#[derive(Debug, Default)]
struct Histogram {
    done: BTreeMap<String, u64>,
    refused: BTreeMap<String, u64>,
    on_base: BTreeSet<String>,
    in_model: BTreeMap<String, u64>,
}

impl Histogram {
    fn count(&mut self, verb: &Verb, answer: &Answer) {
        let column = match answer {
            Answer::Done { .. } => &mut self.done,
            Answer::Refused(name) => {
                self.refuse(name);
                &mut self.refused
            }
        };
        *column.entry(verb.name()).or_default() += 1;
    }

    fn refuse(&mut self, name: &str) {
        self.on_base.insert(name.split('(').next().unwrap_or_default().to_owned());
    }

    /// Most verbs did something, each of them did, and everything that can be refused was.
    fn check(&self) {
        let [done, refused] = [&self.done, &self.refused].map(|column| column.values().sum::<u64>());
        assert!(done * 10 >= (done + refused) * 6, "only {done} of {} verbs were not refused", done + refused);
        assert_eq!(self.done.len(), VERBS, "these alone were ever done: {:?}", self.done.keys());
        let in_model: BTreeSet<String> = self.in_model.keys().cloned().collect();
        compare("the model", &in_model, reasons::of_contracts(), &[]);
        compare("Base", &self.on_base, all_refusals(), NOT_BY_A_VERB);
    }

    fn merge(&mut self, other: Self) {
        let columns =
            [(&mut self.done, other.done), (&mut self.refused, other.refused), (&mut self.in_model, other.in_model)];
        for (mine, theirs) in columns {
            theirs.into_iter().for_each(|(name, count)| *mine.entry(name).or_default() += count);
        }
        self.on_base.extend(other.on_base);
    }
}

/// Errors in the interface of the contracts that no verb of a trace can be refused with.
const NOT_BY_A_VERB: &[(&str, &str)] = &[
    ("CycleTooShort", "the model takes no such clock"),
    ("NameLength", "the model takes no such network"),
    ("NameCharacter", "the model takes no such network"),
    ("HalfAbsent", "these networks have no other chain"),
    ("NoChain", "a vault is on a chain"),
    ("NotRenounceable", "the model has no such verb"),
    ("OwnableInvalidOwner", "only where there is no governor from the start"),
    ("OwnableUnauthorizedAccount", "the contracts have names of their own for that"),
    ("InexactTransfer", "these tokens move what they are asked to; contracts/test/tokens/Hostile.sol does not"),
    ("NotPayable", "everybody here can be sent coins"),
    ("SafeERC20FailedOperation", "these tokens say why they refuse"),
];

/// Exactly what can be refused was: nothing is listed as impossible that happened.
fn compare(where_: &str, reached: &BTreeSet<String>, all: Vec<String>, elsewhere: &[(&str, &str)]) {
    let possible = |name: &String| !elsewhere.iter().any(|(impossible, _)| impossible == name);
    let wanted: BTreeSet<String> = all.into_iter().filter(possible).collect();
    let missing: Vec<&String> = wanted.difference(reached).collect();
    assert!(missing.is_empty(), "no trace was refused in {where_} by {missing:?}");
    let wrong: Vec<&(&str, &str)> = elsewhere.iter().filter(|(name, _)| reached.contains(*name)).collect();
    assert!(wrong.is_empty(), "in {where_} this is possible after all: {wrong:?}");
}

/// A trace as far as it went.
struct Trace {
    author: Author,
    steps: Vec<Step>,
    histogram: Histogram,
}

impl Trace {
    fn run(seed: u64) -> Result<Histogram, String> {
        let mut trace = Self { author: Author::new(seed), steps: Vec::new(), histogram: Histogram::default() };
        match trace.play() {
            Ok(()) => Ok(trace.histogram),
            Err(broken) => {
                let steps: Vec<String> =
                    trace.steps.iter().enumerate().map(|(at, step)| format!("{at:3} {step:?}")).collect();
                Err(format!("seed {seed}:\n{}\n{broken}", steps.join("\n")))
            }
        }
    }

    fn play(&mut self) -> Result<(), String> {
        let mut at = first_block();
        let (mut base, mut model) = self.deploy(at)?;
        let people = everybody();
        for step in 1..=STEPS {
            at = self.author.pass(at);
            let next = self.author.write(&model, at);
            self.steps.push(next.clone());
            let (on_base, in_model) = (base.act(&next), model.act(&next));
            if on_base != in_model {
                return Err(format!("on Base {on_base:?}\nin the model {in_model:?}"));
            }
            self.histogram.count(&next.verb, &on_base);
            if step % LOOK_AROUND == 0 {
                agree::whole(&mut base, &model, at, &people, &self.author.drafts)?;
            } else {
                agree::near(&mut base, &model, &next, &touched(&next, &on_base))?;
            }
        }
        model.contracts.audit()?;
        self.histogram.in_model.extend(std::mem::take(&mut model.refusals));
        Ok(())
    }

    /// Both sides begin with the same parameters, and refuse the same ones before that.
    fn deploy(&mut self, at: Block) -> Result<(Deployed, Reference), String> {
        let (plan, wraps) = (self.author.plan(), self.author.rng.chance(40));
        let mut base = Deployed::ground(at, wraps);
        if self.author.rng.chance(20) {
            let unsound = self.author.unsound(plan);
            let in_model = Reference::deploy(unsound, Token::default(), at).map(|_| ());
            let on_base = base.deploy(NETWORK, &unsound);
            if on_base != in_model {
                return Err(format!("deployed {unsound:?}: {on_base:?} on Base, {in_model:?} in the model"));
            }
            if let Err(refused) = on_base {
                *self.histogram.in_model.entry(refused.clone()).or_default() += 1;
                self.histogram.refuse(&refused);
            }
        }
        base.deploy(NETWORK, &plan)?;
        let [vault, pool] = [base.vault, base.pool].map(account);
        let site = Site::Base { vault, pool: Some(pool) };
        let mut token = Token { wraps, ..Token::default() };
        for who in everybody() {
            let (tokens, native, allowed) = self.author.purse(who);
            base.endow(who, tokens, native, allowed, wraps);
            token.balances.insert(who, tokens);
            token.native.insert(who, native);
            token.allowances.extend([((vault, who), allowed), ((pool, who), allowed)]);
        }
        let mut model = Reference::deploy(Deployment { network: network(&base), site, ..plan }, token, at)?;
        model.contracts.take_facts();
        Ok((base, model))
    }
}

/// The network as the node computes it from the deployment.
fn network(base: &Deployed) -> NetworkId {
    Network::new(NETWORK, Some(BaseSite { chain_id: CHAIN_ID, vault: base.vault.into_array() }), None).unwrap().id()
}

/// The accounts that a step may have changed.
fn touched(step: &Step, answer: &Answer) -> Vec<Account> {
    let claimants = match &step.verb {
        Verb::Pool(PoolVerb::Claim(claim)) => vec![claim.owner],
        Verb::Pool(PoolVerb::ClaimMany(claims)) => claims.iter().map(|claim| claim.owner).collect(),
        Verb::Pool(PoolVerb::ConfirmRecipient { owner }) => vec![*owner],
        _ => Vec::new(),
    };
    let told: Vec<Account> = match answer {
        Answer::Done { facts, .. } => {
            facts.iter().map(|fact| fact.account).filter(|it| *it != Account::default()).collect()
        }
        Answer::Refused(_) => Vec::new(),
    };
    std::iter::once(step.caller).chain(claimants).chain(told).collect()
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")))
}

#[test]
fn the_deployed_contracts_do_what_the_model_does() {
    if let Some(seed) = number("SEED") {
        let histogram = Trace::run(seed).unwrap_or_else(|broken| panic!("{broken}"));
        println!("{histogram:#?}");
        return;
    }
    let traces = number("TRACES").unwrap_or(TRACES);
    let (next, all) = (AtomicU64::new(0), Mutex::new((Histogram::default(), Vec::new())));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= traces {
                return;
            }
            // What panics inside is a failure of its seed like any other.
            let result =
                std::panic::catch_unwind(|| Trace::run(seed)).unwrap_or_else(|_| Err(format!("seed {seed} panicked")));
            let mut all = all.lock().unwrap();
            match result {
                Ok(histogram) => all.0.merge(histogram),
                Err(broken) => {
                    // One is enough to look at.
                    next.store(traces, Ordering::Relaxed);
                    all.1.push(broken);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let (histogram, failures) = all.into_inner().unwrap();
    let first = failures.first().map_or("", String::as_str);
    assert!(failures.is_empty(), "replay with SEED=N: {first}");
    println!("{histogram:#?}");
    // A few traces do not get everywhere.
    if traces >= TRACES {
        histogram.check();
    }
}
