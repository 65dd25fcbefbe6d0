//! The shared vectors: what Rust, Solidity and the Solana program, written apart, must agree on.
//!
//! Each file has a checker that compares every field of a case with what the core says, in both directions where there
//! are two. `every_byte_counts` shows that the checkers overlook nothing, `sums` that nobody changed the files alone.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

mod cycle_stake;
mod ed25519;
mod every_byte_counts;
mod exact;
mod faults;
mod journal;
mod link;
mod network_id;
mod offence;
mod root_vote;
mod slash;
mod statement;
mod sums;
mod tree;

/// What a checker says of one case.
type Verdict = Result<(), String>;

/// A file of vectors, and how its cases and refusals are checked.
#[derive(Clone, Copy)]
struct Vectors {
    file: &'static str,
    case: fn(&Value) -> Verdict,
    refused: fn(&Value) -> Verdict,
}

/// Every file.
const ALL: [Vectors; 10] = [
    cycle_stake::VECTORS,
    ed25519::VECTORS,
    journal::VECTORS,
    link::VECTORS,
    network_id::VECTORS,
    offence::VECTORS,
    root_vote::VECTORS,
    slash::VECTORS,
    statement::VECTORS,
    tree::VECTORS,
];

/// The shape that all files share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    about: String,
    made_by: String,
    cases: Vec<Value>,
    refused: Vec<Value>,
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

impl Vectors {
    fn load(&self) -> Document {
        let text = fs::read_to_string(directory().join(self.file)).expect("the file can be read");
        let document: Document = serde_json::from_str(&text).expect("the file has the shape of all of them");
        assert!(!document.about.is_empty() && !document.made_by.is_empty(), "{} says nothing of itself", self.file);
        document
    }

    /// Checks the whole file, which must hold as many cases and refusals as named: none may vanish unnoticed.
    fn hold(&self, cases: usize, refused: usize) {
        let document = self.load();
        let mut faults = Vec::new();
        for (list, check) in [(&document.cases, self.case), (&document.refused, self.refused)] {
            for case in list {
                if let Err(fault) = check(case) {
                    faults.push(format!("{} {}: {fault}", self.file, case["name"]));
                }
            }
        }
        assert!(faults.is_empty(), "{} disagreements:\n{}", faults.len(), faults.join("\n"));
        assert_eq!((document.cases.len(), document.refused.len()), (cases, refused), "cases and refusals");
    }
}

/// Reads a case; a field that is missing or that the checker does not know is a fault.
fn parse<'a, T: Deserialize<'a>>(value: &'a Value) -> Result<T, String> {
    T::deserialize(value).map_err(|error| error.to_string())
}

/// Fails with both values unless they are the same.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, theirs: T) -> Verdict {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: ours is {ours:?}, the file has {theirs:?}")) }
}

/// The checker of a list that is empty.
fn nothing_is_refused(value: &Value) -> Verdict {
    Err(format!("nothing here is refused, but there is {value}"))
}
