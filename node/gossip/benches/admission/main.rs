//! What the door costs per decision, with 100,000 peers behind it.
//!
//! `scripts/bench admission` runs it. Three groups of rows, told apart by the beginning of their names:
//!
//! - `before_connect`: the real hook of the real door, given real addresses, polled without a runtime.
//! - `registry`: what `after_handshake` and an eviction do, in the registry that they use, with a stand-in of the same
//!   size for each connection. Who enters has a connection already; a first one asks for memory once more. The hook also
//!   starts the task that waits for the connection's end; that is not in here.
//! - `loopback`: whole connections over the loopback interface, the handshake included, both ends on one core.
//!
//! Everything but the loopback follows from fixed seeds. What is compared is measured in turns within one run, and the
//! fastest turn counts: whatever else the machine does only ever adds time.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};

#[path = "../../../core/benches/core/allocations.rs"]
mod allocations;
mod hooks;
mod loopback;
mod peers;
mod registry;

#[global_allocator]
static ALLOCATOR: allocations::Counted = allocations::Counted;

/// How often the entrants of a comparison take their turns.
const ROUNDS: usize = 15;

/// What a decision cannot be faster than: finding the peer in a map of that size.
const LOOKUP: &str = "plain lookup, instructions";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--json" | "--bench"] => {
            let rows = [hooks::rows(), registry::rows(), loopback::rows()].concat();
            show(&json!({ "bench": "admission", "rows": rows }));
        }
        ["--counts"] => show(&Value::Array([hooks::counts(), registry::counts()].concat())),
        ["--count", name, iterations] => match iterations.parse() {
            Ok(iterations) if hooks::count(name, iterations) || registry::count(name, iterations) => {}
            _ => return refuse(),
        },
        _ => return refuse(),
    }
    ExitCode::SUCCESS
}

/// The fastest of some turns, in seconds, and how often memory was asked for in the last, which is warm.
#[derive(Clone, Copy)]
struct Best {
    seconds: f64,
    allocations: u64,
}

impl Best {
    const NONE: Self = Self { seconds: f64::INFINITY, allocations: 0 };

    fn turn(&mut self, work: impl FnOnce()) {
        let (before, began) = (allocations::so_far(), Instant::now());
        work();
        self.seconds = self.seconds.min(began.elapsed().as_secs_f64());
        self.allocations = allocations::so_far() - before;
    }

    /// A row of how many times per second it goes, beside a floor, and one of its allocations.
    fn rows(self, name: &str, unit: &str, times: usize, floor: Self) -> [Value; 2] {
        let (rate, floor) = (times as f64 / self.seconds, times as f64 / floor.seconds);
        let fast = row(name, rate, &format!("{unit}s/s"), Some(floor));
        [
            fast,
            row(&format!("{name}, allocations"), self.allocations as f64 / times as f64, &format!("per {unit}"), None),
        ]
    }
}

fn row(name: &str, value: f64, unit: &str, floor: Option<f64>) -> Value {
    let (ratio, floor) = (floor.map(|floor| rounded(value / floor)), floor.map(rounded));
    json!({ "name": name, "value": rounded(value), "unit": unit, "floor": floor, "ratio": ratio, "peers": {} })
}

fn rounded(value: f64) -> f64 {
    if value.abs() < 100.0 { (value * 1_000.0).round() / 1_000.0 } else { value.round() }
}

fn show(value: &Value) {
    writeln!(std::io::stdout(), "{value:#}").expect("stdout is open");
}

fn refuse() -> ExitCode {
    let usage = "error: expected --json, --counts, or --count NAME N\nhint: run scripts/bench admission";
    writeln!(std::io::stderr(), "{usage}").expect("stderr is open");
    ExitCode::from(2)
}
