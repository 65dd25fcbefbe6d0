//! The shared vectors, put to the bytecode of the program's rules one by one: it says what Rust and Solidity say.
//!
//! `ed25519.json` is not among them: no chain looks at the peer's half of a link.

use std::fs;
use std::path::Path;

use anchor_lang::{AnchorDeserialize, AnchorSerialize};
use serde_json::Value;
use williw_probe::rules::{END, Event, Question};
use williw_probe::tag;

use crate::probe::Probe;

mod journal;
mod rules;
mod signed;

/// What the bytecode says to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Done(Vec<u8>),
    Refused(String),
}

/// The bytecode of the rules.
struct Asked(Probe);

impl Asked {
    fn answer(&self, question: &Question) -> Answer {
        let mut asked = Vec::new();
        question.serialize(&mut asked).expect("memory takes everything");
        let mut reply = self.0.reply(tag::RULES, &asked);
        assert_eq!(reply.pop(), Some(END), "the whole reply is there");
        match Result::<Vec<u8>, String>::try_from_slice(&reply).expect("the probe replies in Borsh") {
            Ok(answer) => Answer::Done(answer),
            Err(name) => Answer::Refused(name),
        }
    }
}

/// One file, and the program that is asked about it.
struct Vectors {
    asked: Asked,
    document: Value,
}

impl Vectors {
    fn load(file: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node/core/vectors").join(file);
        let text = fs::read_to_string(&path).expect("the shared vectors lie beside the core");
        Self { asked: Asked(Probe::new()), document: serde_json::from_str(&text).expect("the vectors are JSON") }
    }

    /// Checks every case of a list, which must hold as many as named: none may vanish unnoticed.
    fn each(&self, list: &str, count: usize, check: impl Fn(&Asked, &Value)) {
        let cases = self.document[list].as_array().expect("every file has both lists").clone();
        assert_eq!(cases.len(), count, "{list}");
        for case in &cases {
            let name = case["name"].as_str().expect("every case has a name");
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&self.asked, case)));
            assert!(result.is_ok(), "the vector `{name}` of {list} does not hold");
        }
    }
}

/// A refusal by the name that the vectors give it.
fn refused(name: &Value) -> Answer {
    Answer::Refused(name.as_str().expect("a refusal has a name").to_owned())
}

/// An answer of these bytes.
fn done(answer: impl AnchorSerialize) -> Answer {
    let mut bytes = Vec::new();
    answer.serialize(&mut bytes).expect("memory takes everything");
    Answer::Done(bytes)
}

fn decoded<T: AnchorDeserialize>(answer: Answer) -> T {
    let Answer::Done(bytes) = answer else { panic!("{answer:?}") };
    T::try_from_slice(&bytes).expect("the probe answers what it was asked")
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().and_then(|text| text.strip_prefix("0x")).expect("bytes are hexadecimal, behind 0x");
    assert!(text.len().is_multiple_of(2), "bytes have two digits each");
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal digits");
    (0..text.len()).step_by(2).map(digit).collect()
}

fn fixed<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().expect("a field of fixed length")
}

fn number<T: std::str::FromStr>(value: &Value) -> T {
    let text = value.as_str().expect("numbers are decimal strings");
    text.parse().unwrap_or_else(|_| panic!("{text} is not a number of this type"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}
