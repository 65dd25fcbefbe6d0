//! What the core costs: folding facts, taking a census of 100,000 operators, verifying signatures.
//!
//! `scripts/bench core` runs it. Everything follows from fixed seeds, so two runs do the same work. What is compared is
//! measured in turns within one run, and the fastest turn counts: whatever else the machine does only ever adds time.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::{Value, json};

mod allocations;
mod clock;
mod fold;
mod streams;
mod verify;
mod world;

#[global_allocator]
static ALLOCATOR: allocations::Counted = allocations::Counted;

#[expect(clippy::disallowed_methods, reason = "this is a program, and no part of the core")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--json" | "--bench"] => show(&json!({ "bench": "core", "rows": rows() })),
        ["--counts"] => show(&Value::Array([streams::counts(), verify::counts()].concat())),
        ["--count", name, iterations] => match iterations.parse() {
            Ok(iterations) if streams::count(name, iterations) || verify::count(name, iterations) => {}
            _ => return refuse(),
        },
        _ => return refuse(),
    }
    ExitCode::SUCCESS
}

fn rows() -> Vec<Value> {
    // The fold comes first: its peak memory is that of the process.
    let ledger = world::ledger();
    let folded = fold::rows(&ledger);
    [streams::rows(ledger), folded, verify::rows()].concat()
}

fn row(name: &str, value: f64, unit: &str) -> Value {
    json!({ "name": name, "value": rounded(value), "unit": unit, "floor": null, "ratio": null, "peers": {} })
}

/// A row with what it cannot be better than.
fn row_above(name: &str, value: f64, unit: &str, floor: f64) -> Value {
    let mut row = row(name, value, unit);
    row["floor"] = json!(rounded(floor));
    row["ratio"] = json!(rounded(value / floor));
    row
}

fn rounded(value: f64) -> f64 {
    if value.abs() < 100.0 { (value * 1_000.0).round() / 1_000.0 } else { value.round() }
}

fn show(value: &Value) {
    writeln!(std::io::stdout(), "{value:#}").expect("stdout is open");
}

fn refuse() -> ExitCode {
    let usage = "error: expected --json, --counts, or --count NAME N\nhint: run scripts/bench core";
    writeln!(std::io::stderr(), "{usage}").expect("stderr is open");
    ExitCode::from(2)
}
