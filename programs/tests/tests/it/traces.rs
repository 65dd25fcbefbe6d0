//! Random traces of verbs, told to the reference model and to the program's bytecode. Who writes them and what the model
//! makes of them is in `williw_core::sim::traces`; here is what only Solana has.
//!
//! `SEED=7 cargo test --test it traces` replays one trace, `TRACES=10000` runs more.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use williw_core::sim::reasons;
use williw_core::sim::traces::{Histogram, Refusals, run};

use deployed::Deployed;

mod agree;
mod calls;
mod deployed;
mod fold;

const TRACES: u64 = 500;

/// Refusals of the model that no trace reaches on Solana.
const NOT_IN_MODEL: &[(&str, &str)] =
    &[("Overflow", "sums have 128 bits, of which a token program's supply needs half")];

/// Refusals of the program that no verb of a trace can be refused with.
const NOT_BY_A_VERB: &[(&str, &str)] = &[
    ("Overflow", "sums have 128 bits, of which a token program's supply needs half"),
    ("CycleTooShort", "the model takes no such clock"),
    ("NameLength", "the model takes no such network"),
    ("NameCharacter", "the model takes no such network"),
    ("HalfAbsent", "the model takes no such network"),
    ("NoChain", "a program is on a chain"),
    ("NoGovernor", "the model takes every governor"),
    ("NotDeployer", "the model knows no upgrade authority"),
    ("UnsoundMint", "the model knows no mints"),
    ("ForeignAccount", "everybody here names the right accounts; tests/it/substituted.rs does not"),
    ("ForeignTokens", "everybody here names the right accounts; tests/it/substituted.rs does not"),
    ("UnknownVersion", "there is one version yet"),
    ("InexactTransfer", "the token programs move what they are asked to"),
    ("VotesOpen", "to close a tally is no verb of the model; every look around tries it"),
];

/// The names of what the program can refuse, as its interface has them.
fn all_refusals() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../idl/williw.json");
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("no interface at {}: {error}", path.display()));
    let interface: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let errors = interface["errors"].as_array().expect("a list of errors");
    errors.iter().map(|error| error["name"].as_str().expect("a name").to_owned()).collect()
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")))
}

#[test]
fn the_program_does_what_the_model_does() {
    if let Some(seed) = number("SEED") {
        let histogram = run::<Deployed>(seed).unwrap_or_else(|broken| panic!("{broken}"));
        println!("{histogram:#?}");
        return;
    }
    let traces = number("TRACES").unwrap_or(TRACES);
    let (next, histogram, failures) = (AtomicU64::new(0), Mutex::default(), Mutex::new(BTreeMap::new()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= traces {
                return;
            }
            // What panics inside is a failure of its seed like any other.
            let result = std::panic::catch_unwind(|| run::<Deployed>(seed));
            match result.unwrap_or_else(|_| Err(format!("seed {seed} panicked"))) {
                Ok(one) => Histogram::merge(&mut histogram.lock().expect("nobody panics with it"), one),
                Err(broken) => {
                    // One is enough to look at.
                    next.store(traces, Ordering::Relaxed);
                    failures.lock().expect("nobody panics with it").insert(seed, broken);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let failures = failures.into_inner().expect("nobody panicked with it");
    let first = failures.values().next().map_or("", String::as_str);
    assert!(failures.is_empty(), "replay with SEED=N: {first}");
    let histogram = histogram.into_inner().expect("nobody panicked with it");
    println!("{histogram:#?}");
    // A few traces do not get everywhere.
    if traces >= TRACES {
        let in_model = Refusals { all: reasons::of_contracts(), elsewhere: NOT_IN_MODEL };
        let on_solana = Refusals { all: all_refusals(), elsewhere: NOT_BY_A_VERB };
        histogram.check(&in_model, &on_solana).unwrap_or_else(|missing| panic!("{missing}"));
    }
}
