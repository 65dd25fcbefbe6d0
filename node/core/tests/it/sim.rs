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

/// Every reason for which something can be refused, reached in two hundred worlds.
const REASONS: &[&str] = &[
    "AboveTotal",
    "AlreadyRegistered",
    "BadProof",
    "BeforeGenesis",
    "BelowMinDeposit",
    "BelowMinStake",
    "CycleClosed",
    "Evidence/DifferentSigners",
    "Evidence/Jailed",
    "Evidence/NoConflict",
    "Evidence/OutsideTenure",
    "Evidence/Signature/BadV",
    "Evidence/TooOld",
    "Evidence/UnknownSigner",
    "InsufficientStake",
    "Jailed",
    "NoRoot",
    "NoSuchEntry",
    "NotGovernor",
    "NotGuardian",
    "NotJailed",
    "NotRecipient",
    "NotRegistered",
    "NothingMatured",
    "NothingPending",
    "NothingProposed",
    "NoticeRunning",
    "OutOfBounds",
    "OutsideTenure",
    "OutsideVoting",
    "Overflow",
    "Paused",
    "QueueFull",
    "Signature/BadV",
    "Signer/Signature/BadV",
    "Signer/Signature/HighS",
    "Signer/WrongSigner",
    "Signer/ZeroSigner",
    "SignerTaken",
    "StaleNonce",
    "StillJailed",
    "TotalFell",
    "TotalTooHigh",
    "Unfunded",
    "UnknownSigner",
    "UnsoundPeriods",
    "VetoesSpent",
    "ZeroAmount",
    // What the ledger says to pages that are not what the chain said.
    "ForeignJournal",
    "Gap",
    "HeadMismatch",
    "OperatorCount",
    "OutOfOrder",
    "OutsidePage",
    "PageTooLong",
    "Unattested",
    // What becomes of the rest of the world's attempts.
    "ChainDown",
    "ChainHalted",
    "EvidenceSpent",
    "NotAMember",
    "NothingToReplace",
    "SlashInvented",
    "Stranger",
    "TailGap",
];

#[test]
fn any_history_keeps_the_books() {
    if let Some(seed) = number("SEED") {
        let histogram = Sim::run(seed, STEPS).unwrap_or_else(|broken| panic!("{broken}"));
        println!("{histogram:#?}");
        return;
    }
    let seeds = number("SEEDS").unwrap_or(SEEDS);
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
    let missing: Vec<_> = REASONS.iter().filter(|reason| !histogram.reasons.contains_key(**reason)).collect();
    assert!(missing.is_empty(), "never refused for {missing:?}");
    let idle: Vec<_> = VERBS.iter().filter(|verb| !histogram.done.contains_key(**verb)).collect();
    assert!(idle.is_empty(), "never took effect: {idle:?}");
    assert!(done * 100 >= (done + refused) * 70, "only {done} of {} verbs took effect", done + refused);
}
