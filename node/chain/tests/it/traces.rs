//! Random traces of verbs, told to the reference model and to the bytecode that is deployed. Who writes them and what the
//! model makes of them is in `williw_core::sim::traces`; here is what only Base has.
//!
//! `SEED=7 cargo test -p williw-chain --test it traces` replays one trace, `TRACES=20000` runs more.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use williw_core::sim::reasons;
use williw_core::sim::traces::{Histogram, Refusals, run};

use deployed::{Deployed, all_refusals};

mod agree;
mod calls;
mod deployed;
mod errors;
mod machine;

const TRACES: u64 = 1_000;

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

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")))
}

#[test]
fn the_deployed_contracts_do_what_the_model_does() {
    if let Some(seed) = number("SEED") {
        let histogram = run::<Deployed>(seed).unwrap_or_else(|broken| panic!("{broken}"));
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
            let result = std::panic::catch_unwind(|| run::<Deployed>(seed))
                .unwrap_or_else(|_| Err(format!("seed {seed} panicked")));
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
        let in_model = Refusals { all: reasons::of_contracts(), elsewhere: &[] };
        let on_base = Refusals { all: all_refusals(), elsewhere: NOT_BY_A_VERB };
        histogram.check(&in_model, &on_base).unwrap_or_else(|missing| panic!("{missing}"));
    }
}
