//! What the guard costs: signatures, answers and refusals per second, one at a time and when many ask at once.
//!
//! `scripts/bench guard` runs it. Beside each rate of signatures is what the disk and the key allow in the same run: the row,
//! the mark and the signature each have to be on disk before the next, and whatever asks together can share that. Turns are
//! taken one after the other, and the fastest counts: whatever else the machine does only ever adds time.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use williw_core::hash::{Hash, keccak};
use williw_core::sim::keys::SignerKey;

mod asking;

use asking::{Asking, Sort};

/// How often everything takes its turn.
const ROUNDS: usize = 25;
/// Durable writes that no signature can do without.
const SYNCS: f64 = 3.0;
/// What is written for each of the bare ones: a page.
const PAGE: [u8; 4096] = [7; 4096];

/// What is measured of the guard: who asks for what, so many at once, so often per turn.
const MEASURED: [(&str, Sort, usize, usize); 7] = [
    ("signatures: one at a time", Sort::New, 1, 16),
    ("signatures: 64 at once", Sort::New, 64, 512),
    ("signatures: 256 at once", Sort::New, 256, 2_048),
    ("signed before: one at a time", Sort::Again, 1, 1_024),
    ("signed before: 256 at once", Sort::Again, 256, 8_192),
    ("refusals: one at a time", Sort::Conflict, 1, 1_024),
    ("refusals: 256 at once", Sort::Conflict, 256, 8_192),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--json" | "--bench"] => show(&json!({ "bench": "guard", "rows": rows() })),
        ["--counts"] => show(&Value::Array(counts())),
        ["--count", name, iterations] => match iterations.parse() {
            Ok(iterations) if count(name, iterations) => {}
            _ => return refuse(),
        },
        _ => return refuse(),
    }
    ExitCode::SUCCESS
}

/// So many durable appends, to a file that grows by them.
fn append(file: &mut File, times: usize) {
    for _ in 0..times {
        file.write_all(&PAGE).and_then(|()| file.sync_data()).expect("there is room on the disk");
    }
}

/// So many durable writes to where something is already, as in a log that is used again: the file system has less to note.
fn overwrite(file: &File, times: usize) {
    for _ in 0..times {
        file.write_all_at(&PAGE, 0).and_then(|()| file.sync_data()).expect("there is room on the disk");
    }
}

fn sign(key: &SignerKey, times: usize) {
    let mut digest = Hash([7; 32]);
    for _ in 0..times {
        digest = keccak(&[&key.sign(digest).0]);
    }
    std::hint::black_box(digest);
}

fn seconds(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().as_secs_f64()
}

fn rows() -> Vec<Value> {
    const BARE: usize = 16;
    let runtime = Runtime::new().expect("threads can be started");
    let mut asking = runtime.block_on(Asking::begin());
    runtime.block_on(asking.fill());
    let mut file = File::create(asking.folder().join("bare")).expect("the folder can be written");
    let key = SignerKey::named("bare");
    let (mut appended, mut synced, mut signed) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let mut best = [f64::INFINITY; MEASURED.len()];
    for _ in 0..ROUNDS {
        appended = appended.min(seconds(|| append(&mut file, BARE)) / BARE as f64);
        synced = synced.min(seconds(|| overwrite(&file, BARE)) / BARE as f64);
        signed = signed.min(seconds(|| sign(&key, BARE)) / BARE as f64);
        for ((_, sort, askers, times), best) in MEASURED.iter().zip(&mut best) {
            let asked = asking.prepare(*sort, *times);
            let took = seconds(|| runtime.block_on(asking.ask(*sort, *askers, asked)));
            *best = best.min(took / *times as f64);
        }
    }
    runtime.block_on(asking.end());
    let mut rows = vec![
        row("bare fsync: appending", 1.0 / appended, "fsyncs/s", None),
        row("bare fsync: in place", 1.0 / synced, "fsyncs/s", None),
        row("bare signature", 1.0 / signed, "signatures/s", None),
    ];
    for ((name, sort, askers, _), best) in MEASURED.iter().zip(best) {
        let needed = SYNCS * synced / *askers as f64 + signed;
        let floor = (*sort == Sort::New).then_some(1.0 / needed);
        rows.push(row(name, 1.0 / best, "answers/s", floor));
    }
    rows
}

fn counted(name: &str) -> String {
    format!("{name}, fsyncs")
}

/// So many signatures are counted for each that one asker gets, so that there are enough batches.
const COUNTED: usize = 64;

fn counts() -> Vec<Value> {
    let signatures = MEASURED.iter().filter(|(_, sort, ..)| *sort == Sort::New);
    let count = |(name, _, askers, _): &(&str, Sort, usize, usize)| {
        json!({
            "name": counted(name),
            "unit": "per signature",
            "iterations": askers * COUNTED,
            "syscalls": ["fsync", "fdatasync"],
        })
    };
    signatures.map(count).collect()
}

/// Asks so often; false if there is nothing of that name.
fn count(name: &str, iterations: usize) -> bool {
    let Some((_, sort, askers, _)) = MEASURED.iter().find(|(measured, ..)| counted(measured) == name) else {
        return false;
    };
    let runtime = Runtime::new().expect("threads can be started");
    runtime.block_on(async {
        let mut asking = Asking::begin().await;
        let asked = asking.prepare(*sort, iterations);
        asking.ask(*sort, *askers, asked).await;
        asking.end().await;
    });
    true
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
    let usage = "error: expected --json, --counts, or --count NAME N\nhint: run scripts/bench guard";
    writeln!(std::io::stderr(), "{usage}").expect("stderr is open");
    ExitCode::from(2)
}
