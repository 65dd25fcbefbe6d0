//! The toolchain's arithmetic: what `programs/probe` answers as bytecode has to be what the same code answers on this
//! machine. `SEED=N` asks with other numbers.

use std::collections::BTreeMap;

use solana_instruction::error::InstructionError;
use williw_probe::arithmetic::{FIRST_STOP, NAMES, STOPS, answer, question};
use williw_probe::tag;

use crate::probe::Probe;

/// Where carries, signs and widths change.
const EDGES: [u128; 16] = [
    0,
    1,
    2,
    7,
    0x7f,
    0x8000,
    10_000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_ffff,
    1 << 64,
    1 << 127,
    u128::MAX,
];
const RANDOM_PAIRS: usize = 150;

/// Pairs of operands: every two edges, and random ones of all sizes.
fn operands() -> Vec<(u128, u128)> {
    let seed = std::env::var("SEED").map_or(1, |text| text.parse().expect("SEED is a number"));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(2 * seed + 1);
    let mut word = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let edges = EDGES.iter().flat_map(|&a| EDGES.map(|b| (a, b)));
    let mut wide = || {
        let whole = u128::from(word()) << 64 | u128::from(word());
        if word() % 4 == 0 { u128::MAX - (whole >> 120) } else { whole >> (word() % 128) }
    };
    let random: Vec<(u128, u128)> = (0..RANDOM_PAIRS).map(|_| (wide(), wide())).collect();
    edges.chain(random).collect()
}

/// For people: the words of an answer.
fn shown(answer: &Result<Vec<u8>, InstructionError>) -> String {
    let word = |bytes: &[u8]| bytes.iter().rev().map(|byte| format!("{byte:02x}")).collect::<String>();
    answer
        .as_ref()
        .map_or_else(|error| format!("{error:?}"), |bytes| bytes.chunks(8).map(word).collect::<Vec<_>>().join(" "))
}

/// What a program says to the runtime where this machine's code says it to us.
fn on_this_machine(question: &[u8]) -> Result<Vec<u8>, InstructionError> {
    answer(question).map(Vec::from).map_err(|error| InstructionError::from(u64::from(error)))
}

#[test]
fn bytecode_computes_what_this_machine_does() {
    let probe = Probe::new();
    let mut answered: BTreeMap<&str, usize> = BTreeMap::new();
    let mut differing = Vec::new();
    for (a, b) in operands() {
        for (number, name) in (0..).zip(NAMES) {
            let question = question(number, a, b);
            let (expected, found) = (on_this_machine(&question), probe.ask(tag::ARITHMETIC, &question, 32));
            *answered.entry(name).or_default() += usize::from(expected.is_ok());
            if expected != found {
                differing.push(format!(
                    "{name}({a:#x}, {b:#x}): {} here, {} as bytecode",
                    shown(&expected),
                    shown(&found)
                ));
            }
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing[..differing.len().min(40)].join("\n"));
    for name in NAMES {
        assert!(answered[name] >= 20, "{name} answered {} times; ask it what it can answer", answered[name]);
    }
}

#[test]
fn nothing_comes_back_from_what_stops_a_program() {
    let probe = Probe::new();
    for (number, name) in (FIRST_STOP..).zip(STOPS) {
        for (a, b) in [(0, 0), (5, 3), (u128::MAX, u128::MAX), (1 << 64, 77)] {
            let found = probe.ask(tag::ARITHMETIC, &question(number, a, b), 0);
            assert_eq!(found, Err(InstructionError::ProgramFailedToComplete), "{name}");
        }
    }
}

#[test]
fn a_panic_says_why_and_where() {
    let logs = Probe::new().logs(tag::ARITHMETIC, &question(FIRST_STOP, 1, 1));
    for wanted in ["attempt to add with overflow", "src/arithmetic/stops.rs"] {
        assert!(logs.iter().any(|line| line.contains(wanted)), "{wanted} is missing:\n{}", logs.join("\n"));
    }
}

#[test]
fn what_is_no_question_is_refused() {
    let probe = Probe::new();
    let refused = Err(InstructionError::InvalidInstructionData);
    let unknown = u8::try_from(NAMES.len()).expect("few enough to count");
    assert_eq!(probe.ask(tag::ARITHMETIC, &question(unknown, 1, 1), 32), refused);
    assert_eq!(probe.ask(tag::ARITHMETIC, &question(0, 1, 1)[..32], 32), refused);
    assert_eq!(probe.ask(u8::MAX, &question(0, 1, 1), 32), refused);
}
