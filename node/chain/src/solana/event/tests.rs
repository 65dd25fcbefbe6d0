use serde_json::{Value, json};
use williw_core::amount::Amount;
use williw_core::identity::Account;

use super::*;

const SLOT: u64 = 77;

fn addresses() -> Addresses {
    Addresses::of(Pubkey::new_from_array([9; 32]))
}

fn recorded(slot: u64) -> Vec<u8> {
    let body = Body::Staked { account: Account([4; 32]), active: Amount(5) };
    let numbers = [3_u64, 1_000, slot].map(u64::to_le_bytes).concat();
    let bytes = body.encode();
    let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    [EVENT_IX_TAG_LE, Recorded::DISCRIMINATOR, &[6; 32], &numbers, &[body.kind().byte()], &length, &bytes].concat()
}

/// A transaction whose keys are a payer, somebody else's program, ours, and our event authority.
fn transaction(data: &[u8]) -> Value {
    let addresses = addresses();
    let keys = [Pubkey::new_from_array([1; 32]), Pubkey::new_from_array([2; 32]), addresses.program];
    let mut keys: Vec<String> = keys.iter().map(Pubkey::to_string).collect();
    keys.push(addresses.event_authority.to_string());
    json!({
        "slot": SLOT,
        "blockTime": 1_000,
        "transaction": { "message": { "accountKeys": keys, "instructions": [] }, "signatures": [] },
        "meta": {
            "err": null,
            "logMessages": [],
            "innerInstructions": [{
                "index": 0,
                "instructions": [
                    { "programIdIndex": 2, "accounts": [3], "data": bs58::encode(data).into_string(), "stackHeight": 2 },
                ],
            }],
            "loadedAddresses": { "readonly": [], "writable": [] },
        },
    })
}

fn facts(shown: Value) -> Result<Vec<Fact>, EndpointFault> {
    serde_json::from_value::<Transaction>(shown).unwrap().facts(&addresses())
}

fn changed(change: impl FnOnce(&mut Value)) -> Result<Vec<Fact>, EndpointFault> {
    let mut shown = transaction(&recorded(SLOT));
    change(&mut shown);
    facts(shown)
}

fn call(shown: &mut Value) -> &mut Value {
    &mut shown["meta"]["innerInstructions"][0]["instructions"][0]
}

#[test]
fn no_transaction_tells_more_than_the_chain_executes() {
    let many = |count: usize| {
        changed(|shown| {
            let one = call(shown).clone();
            shown["meta"]["innerInstructions"][0]["instructions"] = json!(vec![one; count]);
        })
    };
    assert_eq!(many(CALLS_CAP).unwrap().len(), CALLS_CAP);
    assert!(matches!(many(CALLS_CAP + 1), Err(EndpointFault::BadLog { why: LogFault::Shape, .. })));
}

#[test]
fn a_call_of_the_program_to_itself_is_a_fact() {
    let facts = facts(transaction(&recorded(SLOT))).unwrap();
    let [fact] = facts.as_slice() else { panic!("one fact, not {facts:?}") };
    assert_eq!((fact.journal, fact.seq), (Account([6; 32]), 3));
    assert_eq!((fact.height, fact.time), (Height(SLOT), UnixSeconds(1_000)));
    assert_eq!(fact.body, Body::Staked { account: Account([4; 32]), active: Amount(5) });
}

#[test]
fn keys_out_of_a_lookup_table_are_keys() {
    let facts = changed(|shown| {
        let keys = shown["transaction"]["message"]["accountKeys"].as_array_mut().unwrap();
        let (authority, program) = (keys.pop().unwrap(), keys.pop().unwrap());
        // Those that are writable come first.
        shown["meta"]["loadedAddresses"] = json!({ "writable": [program], "readonly": [authority] });
    });
    assert_eq!(facts.unwrap().len(), 1);
}

/// What is wrong with a transaction, and how it becomes so.
type Case = (&'static str, fn(&mut Value));

#[test]
fn what_only_looks_like_one_is_none() {
    let none: [Case; 8] = [
        ("another program's call", |shown| call(shown)["programIdIndex"] = json!(1)),
        ("without the authority", |shown| call(shown)["accounts"] = json!([])),
        ("with somebody else in its place", |shown| call(shown)["accounts"] = json!([0])),
        ("with another account beside it", |shown| call(shown)["accounts"] = json!([3, 0])),
        ("with keys that are not there", |shown| call(shown)["accounts"] = json!([99])),
        ("of a program that is not there", |shown| call(shown)["programIdIndex"] = json!(99)),
        ("of a transaction that failed", |shown| shown["meta"]["err"] = json!({ "InstructionError": [0, "x"] })),
        ("a log line", |shown| {
            shown["meta"]["innerInstructions"] = json!([]);
            shown["meta"]["logMessages"] =
                json!([format!("Program data: {}", bs58::encode(recorded(SLOT)).into_string())]);
        }),
    ];
    for (what, change) in none {
        assert_eq!(changed(change), Ok(Vec::new()), "{what}");
    }
    // The program calls nothing but itself that way, so what is called directly is no inner instruction.
    let direct = changed(|shown| {
        let call = call(shown).clone();
        shown["meta"]["innerInstructions"] = json!([]);
        shown["transaction"]["message"]["instructions"] = json!([call]);
    });
    assert_eq!(direct, Ok(Vec::new()));
}

#[test]
fn other_events_are_no_facts_and_bad_ones_are_named() {
    let mut other = recorded(SLOT);
    other[EVENT_IX_TAG_LE.len()] ^= 1;
    assert_eq!(facts(transaction(&other)), Ok(Vec::new()));
    let bad = |why| Err(EndpointFault::BadLog { height: Height(SLOT), why });
    assert_eq!(facts(transaction(&recorded(SLOT + 1))), bad(LogFault::NoPlace));
    let whole = recorded(SLOT);
    assert_eq!(facts(transaction(&whole[..whole.len() - 1])), bad(LogFault::Shape));
    assert_eq!(facts(transaction(&[&whole[..], &[0]].concat())), bad(LogFault::Shape));
    let mut kind = recorded(SLOT);
    kind[8 + 8 + 32 + 24] = 99;
    assert_eq!(facts(transaction(&kind)), bad(LogFault::Body(williw_core::fact::BodyFault::UnknownKind(99))));
    assert_eq!(changed(|shown| call(shown)["data"] = json!("0OIl")), bad(LogFault::Shape));
    let unknown = changed(|shown| shown["meta"] = Value::Null);
    assert_eq!(unknown, Err(EndpointFault::Undecodable("getTransaction")));
}

/// Reading base58 takes time that grows with the square of its length, and the longest answer would take an hour.
#[test]
fn what_is_longer_than_any_fact_is_not_even_read() {
    let long = |shown: &mut Value| call(shown)["data"] = Value::from("z".repeat(2_000_000));
    let why = LogFault::Shape;
    assert_eq!(changed(long), Err(EndpointFault::BadLog { height: Height(SLOT), why }));
    let slash = EVENT_IX_TAG_LE.len() + Recorded::DISCRIMINATOR.len() + 32 + 3 * 8 + 1 + 4 + 6 * 32 + 228;
    assert!(bs58::encode(vec![0xff; slash]).into_string().len() < EVENT_LETTERS / 2 + 100, "the longest fits");
}

#[test]
fn whoever_keeps_no_calls_between_programs_is_told_from_whom_nothing_happened() {
    let kept_none = changed(|shown| shown["meta"]["innerInstructions"] = Value::Null);
    assert_eq!(kept_none, Err(EndpointFault::Undecodable("getTransaction")));
    assert_eq!(changed(|shown| shown["meta"]["innerInstructions"] = json!([])), Ok(vec![]));
    let failed = |shown: &mut Value| {
        shown["meta"]["innerInstructions"] = Value::Null;
        shown["meta"]["err"] = json!({ "InstructionError": [0, { "Custom": 1 }] });
    };
    assert_eq!(changed(failed), Ok(vec![]));
}
