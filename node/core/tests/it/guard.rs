//! The rules of the guard: the cases of EIP-3076 for our kinds of statements, and what holds of all histories and files.
//!
//! `guard/cases.json` is meant for everything that claims to keep these rules, whatever it keeps them in:
//!
//! ```text
//! {
//!   "about": "..",
//!   "network": "0x..",                      the network of the guard that is tried
//!   "cases": [{
//!     "name": "..",
//!     "steps": [
//!       {"import": {..}, "should_succeed": true},
//!       {"import": "{..", "should_succeed": false},
//!       {"sign": {"signer": "0x..", "kind": "update", "cycle": "7", "slot": "5", "digest": "0x.."}, "verdict": "new"}
//!     ]
//!   }]
//! }
//! ```
//!
//! Each case begins with a guard that knows nothing, and answers for every signer whom the case asks to sign. Its steps are
//! taken in order:
//!
//! - `import` is a file as it is to be read, or, if it is a string, the text of one, which need not be JSON. It is taken
//!   whole if it `should_succeed`, and otherwise refused, at reading or later, and changes nothing.
//! - `sign` asks for a signature, and `verdict` is the answer. What is allowed is signed and noted before the next step.
//!   `kind` is `update`, `checkpoint`, `root_vote` or `proposal`; numbers are decimal digits in a string. The verdicts:
//!
//! | verdict | allowed | because under its key |
//! |---|---|---|
//! | `new` | yes | nothing was signed |
//! | `same` | yes | this very statement was signed |
//! | `conflict` | no | another statement was signed |
//! | `closed` | no | something unknown was signed, or more than one thing |
//! | `below` | no | nothing is known, but everything through some position counts as signed |

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;
use williw_core::cycle::Cycle;
use williw_core::guard::{History, Interchange, Merged, Refusal, Taken, Verdict, digest_of};
use williw_core::hash::Hash;
use williw_core::identity::Signer;
use williw_core::network::NetworkId;
use williw_core::statement::{ConflictKey, Kind, Statement};

mod properties;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    about: String,
    network: NetworkId,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Step {
    Import { import: Value, should_succeed: bool },
    Sign { sign: Request, verdict: Answer },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    signer: Signer,
    kind: Name,
    cycle: String,
    slot: String,
    digest: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    Update,
    Checkpoint,
    RootVote,
    Proposal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    New,
    Same,
    Conflict,
    Closed,
    Below,
}

impl Answer {
    fn of(verdict: Result<Verdict, Refusal>) -> Self {
        match verdict {
            Ok(Verdict::New) => Self::New,
            Ok(Verdict::Same) => Self::Same,
            Err(Refusal::Conflict { .. }) => Self::Conflict,
            Err(Refusal::Closed { .. }) => Self::Closed,
            Err(Refusal::Below { .. }) => Self::Below,
        }
    }
}

impl Request {
    fn statement(&self) -> Statement {
        let kind = match self.kind {
            Name::Update => Kind::Update,
            Name::Checkpoint => Kind::Checkpoint,
            Name::RootVote => Kind::RootVote,
            Name::Proposal => Kind::Proposal,
        };
        Statement::new(kind, Cycle(self.cycle.parse().unwrap()), self.slot.parse().unwrap(), self.digest).unwrap()
    }
}

impl Step {
    /// Takes the step, and says what went otherwise than it should.
    fn take(&self, network: NetworkId, histories: &mut BTreeMap<Signer, History>) -> Result<(), String> {
        match self {
            Self::Import { import, should_succeed } => {
                let text = import.as_str().map_or_else(|| import.to_string(), str::to_owned);
                let read = serde_json::from_str::<Interchange>(&text).map_err(|fault| fault.to_string());
                let theirs = read.and_then(|file| file.histories(network).map_err(|fault| fault.to_string()));
                match (theirs, should_succeed) {
                    (Ok(theirs), true) => {
                        for (signer, theirs) in &theirs {
                            histories.entry(*signer).or_default().merge(theirs);
                        }
                        Ok(())
                    }
                    (Err(_), false) => Ok(()),
                    (Ok(_), false) => Err("a file was taken that should be refused".to_owned()),
                    (Err(fault), true) => Err(format!("a file was refused that should be taken: {fault}")),
                }
            }
            Self::Sign { sign, verdict } => {
                let statement = sign.statement();
                let history = histories.entry(sign.signer).or_default();
                let answer = history.judge(&statement);
                if answer.is_ok() {
                    history.note(statement.conflict_key(), Taken::By(statement));
                }
                let answer = Answer::of(answer);
                if answer == *verdict { Ok(()) } else { Err(format!("{statement}: {answer:?}, not {verdict:?}")) }
            }
        }
    }
}

#[test]
fn every_case_goes_as_it_should() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/guard/cases.json");
    let document: Document = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(!document.about.is_empty());
    let mut faults = Vec::new();
    let mut names = BTreeSet::new();
    let mut answers = BTreeMap::<Answer, usize>::new();
    for Case { name, steps } in &document.cases {
        assert!(names.insert(name), "{name} is there twice");
        let mut histories = BTreeMap::new();
        for (number, step) in (1..).zip(steps) {
            if let Err(fault) = step.take(document.network, &mut histories) {
                faults.push(format!("{name}, step {number}: {fault}"));
            }
            if let Step::Sign { verdict, .. } = step {
                *answers.entry(*verdict).or_default() += 1;
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // None may vanish unnoticed.
    assert_eq!((document.cases.len(), answers.values().sum::<usize>()), (CASES, REQUESTS));
    assert_eq!(answers.len(), 5, "some answer is never given");
}

const CASES: usize = 121;
const REQUESTS: usize = 417;

fn digest(byte: u8) -> Hash {
    Hash([byte; 32])
}

fn update(slot: u64, byte: u8) -> Statement {
    Statement::new(Kind::Update, Cycle(7), slot, digest(byte)).unwrap()
}

fn history(floor: Option<u64>, signed: &[Statement]) -> History {
    let floors = floor.map(|floor| (Kind::Update, floor)).into_iter().collect();
    History::new(floors, signed.iter().map(|signed| (signed.conflict_key(), Taken::By(*signed))).collect())
}

#[test]
fn a_merge_says_what_it_came_to() {
    let mut ours = history(Some(3), &[update(4, 1), update(5, 1), update(6, 1)]);
    let mut theirs = history(Some(4), &[update(2, 1), update(4, 1), update(5, 2), update(7, 1)]);
    theirs.note(ConflictKey::at(Kind::Update, 6), Taken::Closed);
    theirs.note(ConflictKey::at(Kind::Update, 8), Taken::Closed);
    theirs.raise(Kind::Proposal, 0);
    // 2 lies below the floor here, 4 is the same, 5 and 6 were known here otherwise, 7 and 8 are new.
    assert_eq!(ours.merge(&theirs), Merged { added: 2, closed: 2, raised: 2 });
    assert_eq!(ours.merge(&theirs), Merged::default());
}

#[test]
fn a_refusal_names_both_statements() {
    let says = |taken, floor| williw_core::guard::judge(&update(5, 1), taken, floor).unwrap_err().to_string();
    let asked = format!("asked to sign update at slot 5 in cycle 7 for {}", digest(1));
    let signed = format!("update at slot 5 in cycle 7 for {}", digest(2));
    assert_eq!(says(Some(Taken::By(update(5, 2))), None), format!("{asked}, but {signed} was signed before"));
    assert_eq!(
        says(Some(Taken::Closed), None),
        format!("{asked}, but something unknown was signed before as update at slot 5")
    );
    assert_eq!(says(None, Some(6)), format!("{asked}, but of its kind everything through 6 counts as signed"));
}

#[test]
fn a_refused_file_says_why() {
    let network = NetworkId([1; 32]);
    let fault = |text: &str| match serde_json::from_str::<Interchange>(text) {
        Ok(file) => file.histories(network).unwrap_err().to_string(),
        Err(fault) => fault.to_string(),
    };
    let file = |version: &str, network: NetworkId, updates: &str| {
        let signer = Signer([2; 20]);
        format!(
            r#"{{"metadata":{{"interchange_format_version":"{version}","network_id":"{network}"}},"data":[{{
            "signer":"{signer}","updates":[{updates}],"checkpoints":[],"root_votes":[],"proposals":[]}}]}}"#
        )
    };
    assert_eq!(fault(&file("2", network, "")), "the file has another interchange_format_version than 1");
    let other = NetworkId([3; 32]);
    assert_eq!(fault(&file("1", other, "")), format!("the file is of network {other}, not {network}"));
    assert_eq!(
        fault(&file("1", network, r#"{"slot":"5","cycle":"7"}"#)),
        format!("{}, update at slot 5: give both cycle and digest, or neither", Signer([2; 20]))
    );
    let number = fault(&file("1", network, r#"{"slot":"05"}"#));
    assert!(
        number.starts_with(
            r#"invalid value: string "05", expected a number of at most 64 bits, in decimal digits between quotation marks"#
        ),
        "{number}"
    );
}

#[test]
fn a_file_has_at_most_so_many_entries() {
    use std::fmt::Write as _;
    let network = NetworkId([1; 32]);
    // Spread over all lists and over two parts, of which none alone is too long.
    let read = |entries: usize| {
        let lists = ["updates", "checkpoints", "root_votes", "proposals"];
        let mut text =
            format!(r#"{{"metadata":{{"interchange_format_version":"1","network_id":"{network}"}},"data":["#);
        for part in 0..2_usize {
            let comma = if part == 0 { "" } else { "," };
            write!(text, r#"{comma}{{"signer":"{}""#, Signer([2; 20])).unwrap();
            for (at, list) in lists.iter().enumerate() {
                let count = entries / 8 + usize::from(part * 4 + at < entries % 8);
                let entry = if at < 2 { r#"{"slot":"5"}"# } else { r#"{"cycle":"5"}"# };
                write!(text, r#","{list}":[{}]"#, vec![entry; count].join(",")).unwrap();
            }
            text.push('}');
        }
        text.push_str("]}");
        serde_json::from_str::<Interchange>(&text).unwrap().histories(network)
    };
    let cap = williw_core::guard::ENTRIES_CAP;
    assert_eq!(cap, 1_000_000);
    assert_eq!(read(cap).unwrap().len(), 1);
    assert_eq!(read(cap + 1).unwrap_err().to_string(), "the file has more than 1000000 entries");
}

#[test]
fn digests_are_those_that_others_compute() {
    // The published hashes of no bytes: `b3sum /dev/null`, and the Keccak-256 in Ethereum's yellow paper.
    let blake3 = "0xaf1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262".parse().unwrap();
    let keccak = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470".parse().unwrap();
    assert_eq!(Kind::ALL.map(|kind| digest_of(kind, b"")), [blake3, blake3, keccak, keccak]);
}
