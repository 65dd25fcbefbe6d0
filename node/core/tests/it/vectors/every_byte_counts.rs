//! Breaks the vectors in every place and demands that their checkers notice: a field that nobody looks at, or a
//! comparison that is no longer made, shows up here as a change that survives.
//!
//! In every case, each character of each string but the name is changed to another one of its class (hex digit, decimal
//! digit, letter), one at a time, at every position; booleans are turned over, fields are left out or added, and
//! verdicts are exchanged. What may survive is listed at each test with its reason; a file without a list has no such
//! place. Refused inputs are left to `sums`: a wrong input with one more change is usually still wrong.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Vectors, cycle_stake, ed25519, journal, link, network_id, offence, root_vote, slash, statement, tree};

/// A field where some changes survive for a good reason; what they would hide is left to `sums`.
#[derive(Clone)]
struct Slack {
    field: &'static str,
    /// In which cases they may survive.
    when: fn(&Value) -> bool,
}

/// Input that is wrong in one way stays wrong in that way when something else in it changes too.
const fn where_faulty(field: &'static str) -> Slack {
    Slack { field, when: |case| !matches!(case["verdict"].as_str(), None | Some("Ok" | "Convicted")) }
}

/// A bound or a factor that may move a little before the answer changes.
const fn anywhere(field: &'static str) -> Slack {
    Slack { field, when: |_| true }
}

/// The other character of the same class that takes the place of `old`.
fn other(old: char, hex: bool) -> char {
    let next = |list: &str| {
        let at = list.find(old)?;
        list.chars().cycle().nth(at + 1)
    };
    let digits = if hex { "0123456789abcdef" } else { "0123456789" };
    next(digits)
        .or_else(|| next("abcdefghijklmnopqrstuvwxyz"))
        .or_else(|| next("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        .unwrap_or('a')
}

/// Every string that differs from `text` in one character.
fn changes(text: &str) -> impl Iterator<Item = (usize, String)> {
    let hex = text.starts_with("0x");
    text.char_indices().map(move |(at, old)| {
        let changed = other(old, hex && at > 1);
        assert_ne!(changed, old);
        let mut text = text.to_owned();
        text.replace_range(at..at + old.len_utf8(), changed.encode_utf8(&mut [0; 4]));
        (at, text)
    })
}

/// The JSON pointers of all values in a case, the outermost first.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, inner)| (key.clone(), inner)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(i, inner)| (i.to_string(), inner)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (key, inner) in inner {
        let place = format!("{at}/{key}");
        pointers(inner, &place, found);
        found.push(place);
    }
}

/// The name of the field behind a pointer: its last part that is no place in a list.
fn field(pointer: &str) -> &str {
    pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()).expect("a case is an object")
}

/// Puts `changed` in place, asks the checker, and takes it back. True if nobody noticed.
fn survives(vectors: &Vectors, case: &mut Value, pointer: &str, changed: Value) -> bool {
    let old = std::mem::replace(case.pointer_mut(pointer).expect("the pointer leads to a value"), changed);
    let unnoticed = (vectors.case)(case).is_ok();
    *case.pointer_mut(pointer).expect("the value was put there") = old;
    unnoticed
}

/// What one case is changed into, apart from single characters: each boolean turned over, each verdict exchanged.
fn swaps(value: &Value, pointer: &str, verdicts: &BTreeSet<String>) -> Vec<Value> {
    match value {
        Value::Bool(truth) => vec![Value::Bool(!truth)],
        Value::String(text) if pointer == "/verdict" => {
            verdicts.iter().filter(|verdict| *verdict != text).cloned().map(Value::String).collect()
        }
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

/// True if the case still passes without the field behind `pointer`.
fn survives_without(vectors: &Vectors, case: &mut Value, pointer: &str) -> bool {
    let (outer, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    let Some(Value::Object(fields)) = case.pointer_mut(outer) else { return false };
    let old = fields.remove(key).expect("the field was there");
    let unnoticed = (vectors.case)(case).is_ok();
    let Some(Value::Object(fields)) = case.pointer_mut(outer) else { unreachable!("it was an object just now") };
    fields.insert(key.to_owned(), old);
    unnoticed
}

/// True if the case still passes with one more field beside the value behind `pointer`.
fn survives_with_more(vectors: &Vectors, case: &mut Value, pointer: &str) -> bool {
    let (outer, _) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    let Some(Value::Object(fields)) = case.pointer_mut(outer) else { return false };
    fields.insert("unheard_of".to_owned(), Value::String("0x00".to_owned()));
    let unnoticed = (vectors.case)(case).is_ok();
    let Some(Value::Object(fields)) = case.pointer_mut(outer) else { unreachable!("it was an object just now") };
    fields.remove("unheard_of");
    unnoticed
}

fn check(vectors: Vectors, slack: &[Slack]) {
    let mut document = vectors.load();
    let verdicts = document.cases.iter().filter_map(|case| case["verdict"].as_str().map(str::to_owned)).collect();
    let (mut tried, mut faults, mut used) = (0_u64, Vec::new(), BTreeMap::<&str, u64>::new());
    for case in &mut document.cases {
        assert_eq!((vectors.case)(case), Ok(()), "{} {} before any change", vectors.file, case["name"]);
        let mut places = Vec::new();
        pointers(case, "", &mut places);
        let named = case.clone();
        for pointer in &places {
            let value = named.pointer(pointer).expect("the pointer leads to a value");
            tried += 2;
            if survives_without(&vectors, case, pointer) {
                faults.push(format!("{}: nobody misses {pointer}", case["name"]));
            }
            if survives_with_more(&vectors, case, pointer) {
                faults.push(format!("{}: nobody minds one more field beside {pointer}", case["name"]));
            }
            if pointer == "/name" {
                continue;
            }
            let changed = value.as_str().into_iter().flat_map(changes).map(|(at, text)| (at, Value::String(text)));
            for (at, changed) in changed.chain(swaps(value, pointer, &verdicts).into_iter().map(|value| (0, value))) {
                tried += 1;
                let what = changed.to_string();
                if !survives(&vectors, case, pointer, changed) {
                    continue;
                }
                match slack.iter().find(|slack| slack.field == field(pointer) && (slack.when)(&named)) {
                    Some(slack) => *used.entry(slack.field).or_default() += 1,
                    None => faults.push(format!("{}: {pointer} at {at}, now {what}", case["name"])),
                }
            }
        }
    }
    println!("{}: {tried} changes; survivors by field: {used:?}", vectors.file);
    assert!(faults.is_empty(), "{} changes survive in {}:\n{}", faults.len(), vectors.file, faults.join("\n"));
    let unused: Vec<&str> = slack.iter().map(|slack| slack.field).filter(|field| !used.contains_key(field)).collect();
    assert!(unused.is_empty(), "{}: no change survives in {unused:?}, so they need no exception", vectors.file);
}

#[test]
fn cycle_stakes() {
    // A later read sees the same when nothing happens in between; a jailing like any fall to zero if the floor of the
    // cycle before was zero anyhow.
    check(cycle_stake::VECTORS, &[anywhere("cycle"), anywhere("jailed")]);
}

#[test]
fn strict_ed25519() {
    check(ed25519::VECTORS, &[where_faulty("public"), where_faulty("message"), where_faulty("signature")]);
}

#[test]
fn journals() {
    check(journal::VECTORS, &[]);
}

#[test]
fn links() {
    check(link::VECTORS, &[]);
}

#[test]
fn network_ids() {
    check(network_id::VECTORS, &[]);
}

#[test]
fn offences() {
    let faulty = ["network_id", "evidence", "signer", "term", "jailed"].map(where_faulty);
    let bounds = ["cycle", "evidence_cycles", "from"].map(anywhere);
    check(offence::VECTORS, &[faulty.as_slice(), bounds.as_slice()].concat());
}

#[test]
fn root_votes() {
    check(root_vote::VECTORS, &[]);
}

#[test]
fn slashes() {
    // What is rounded up may be the same for another rate, and of nothing any rate is nothing.
    check(slash::VECTORS, &[anywhere("slash_bps")]);
}

#[test]
fn statements() {
    check(statement::VECTORS, &[]);
}

#[test]
fn trees() {
    check(tree::VECTORS, &[]);
}
