//! Two hundred worlds. `SEED=7 cargo test -p williw-core --all-features sim` replays one, `SEEDS=20000` runs more.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use williw_core::sim::{Histogram, Sim};

const SEEDS: u64 = 200;
const STEPS: u64 = 500;

fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "a test takes its seed from whoever runs it")]
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")))
}

/// What cannot happen in a world of sound contracts and two chains, and where it is made to happen instead.
const ELSEWHERE: &[(&str, &str)] = &[
    ("Evidence/Malformed", "typed evidence is well formed; the vectors have the bytes that are not"),
    ("BeforeGenesis", "chains are deployed after genesis; `ledger` has a fact from before"),
    ("ForeignJournal", "heads that match need a broken contract; `ledger` has one"),
    ("UnknownChain", "these networks have both chains; `ledger` has one that has not"),
    ("TooLong", "`census` has a tail of that length"),
    ("Impossible", "`ledger` has a fact for every reason, with heads that match"),
];

#[test]
fn any_history_keeps_the_books() {
    if let Some(seed) = number("SEED") {
        let histogram = Sim::run(seed, STEPS).unwrap_or_else(|broken| panic!("{broken}"));
        println!("{histogram:#?}");
        return;
    }
    let seeds = number("SEEDS").unwrap_or(SEEDS);
    assert!(seeds > 0, "SEEDS must be at least 1");
    let (next, all) = (AtomicU64::new(0), Mutex::new((Histogram::default(), Vec::new())));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return;
            }
            // A broken promise inside the world panics; that is a failure of its seed like any other.
            let result = std::panic::catch_unwind(|| Sim::run(seed, STEPS))
                .unwrap_or_else(|_| Err(format!("seed {seed} panicked")));
            let mut all = all.lock().unwrap();
            match result {
                Ok(histogram) => all.0.merge(&histogram),
                Err(broken) => all.1.push(broken),
            }
        }
    };
    #[expect(clippy::disallowed_methods, reason = "worlds are independent, so two run at a time")]
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let (histogram, failures) = all.into_inner().unwrap();
    assert!(failures.is_empty(), "{} worlds broke; replay with SEED=N:\n{}", failures.len(), failures.join("\n"));
    if seeds >= SEEDS {
        report(&histogram);
    }
}

/// What people try on the chains; the rest of the histogram is weather.
const VERBS: &[&str] = &[
    "claim",
    "collect",
    "fund",
    "pause",
    "recipient",
    "register",
    "restake",
    "rotate",
    "slash",
    "stake",
    "terms",
    "unjail",
    "unstake",
    "veto",
    "vote",
    "withdraw",
];

/// Prints the histogram and requires that the worlds were worth living in.
fn report(histogram: &Histogram) {
    let count = |column: &BTreeMap<&'static str, u64>| VERBS.iter().filter_map(|verb| column.get(verb)).sum::<u64>();
    let (done, refused) = (count(&histogram.done), count(&histogram.refused));
    println!("{histogram:#?}\n{done} verbs took effect, {refused} were refused");
    let elsewhere = |reason: &String| {
        ELSEWHERE
            .iter()
            .any(|(name, _)| reason == name || reason.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
    };
    let reached = |reason: &String| histogram.reasons.contains_key(reason);
    let missing: Vec<_> = Sim::reasons().into_iter().filter(|reason| !reached(reason) && !elsewhere(reason)).collect();
    assert!(missing.is_empty(), "never refused for {missing:?}");
    let idle: Vec<_> = VERBS.iter().filter(|verb| !histogram.done.contains_key(**verb)).collect();
    assert!(idle.is_empty(), "never took effect: {idle:?}");
    assert!(done * 100 >= (done + refused) * 70, "only {done} of {} verbs took effect", done + refused);
}
