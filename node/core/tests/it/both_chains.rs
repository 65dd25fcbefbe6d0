//! One network on two chains, and the evidence of one offence on it: `both_chains/both_chains.json`.
//!
//! The same bytes slash on anvil (`node/chain/tests/it/both_chains.rs`) and in a Solana virtual machine
//! (`programs/tests/tests/it/both_chains.rs`), and any byte changed is refused on both by the name that stands here.

use expect_test::expect_file;
use serde_json::json;
use williw_core::cycle::Cycle;
use williw_core::hash::{Hash, keccak};
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::network::{BaseSite, Network, SolanaSite};
use williw_core::offence::{Accused, Acquittal, Evidence};
use williw_core::secp256k1::SignatureFault;
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{Kind, Statement, StatementFault};
use williw_core::tenure::Tenure;

/// The first contract but one that the first account of anvil creates.
const VAULT: [u8; 20] = *b"\xe7\xf1\x72\x5e\x77\x34\xce\x28\x8f\x83\x67\xe1\xbb\x14\x3e\x90\xbb\x3f\x05\x12";

/// Of a local network.
const PROGRAM: &str = include_str!("both_chains/program.txt");

/// Far enough ahead that no clock of a test is past it: a statement of a future cycle is not too old.
const CYCLE: Cycle = Cycle(1_000_000_000);

fn name(acquittal: Acquittal) -> &'static str {
    match acquittal {
        Acquittal::Malformed(StatementFault::Length(_)) => "Length",
        Acquittal::Malformed(StatementFault::UnknownKind(_)) => "UnknownKind",
        Acquittal::Malformed(StatementFault::SlotNotZero) => "SlotNotZero",
        Acquittal::Signature(SignatureFault::BadV) => "BadV",
        Acquittal::Signature(SignatureFault::BadScalar) => "BadScalar",
        Acquittal::Signature(SignatureFault::HighS) => "HighS",
        Acquittal::Signature(SignatureFault::Unrecoverable) => "Unrecoverable",
        Acquittal::DifferentSigners => "DifferentSigners",
        Acquittal::NoConflict => "NoConflict",
        Acquittal::UnknownSigner => "UnknownSigner",
        Acquittal::Jailed => "Jailed",
        Acquittal::OutsideTenure => "OutsideTenure",
        Acquittal::TooOld => "TooOld",
    }
}

#[test]
fn one_offence_is_judged_alike_byte_by_byte() {
    let program: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&PROGRAM[at..at + 2], 16).unwrap()).collect();
    let base = BaseSite { chain_id: 31_337, vault: VAULT };
    let solana = SolanaSite { genesis: keccak(&[b"genesis"]), program: Account(program.try_into().unwrap()) };
    let network = Network::new("anvil", Some(base), Some(solana)).unwrap();
    let key = SignerKey::named("offender");
    let say = |byte| {
        let statement = Statement::new(Kind::Update, CYCLE, 7, Hash([byte; 32])).unwrap();
        key.state(network.id(), statement)
    };
    let evidence = Evidence { first: say(1), second: say(2) }.encode();
    let verdict = |bytes: &[u8]| -> Result<(), Acquittal> {
        let contradiction = Evidence::decode(bytes)?.prove(network.id())?;
        let owner = Owner { chain: ChainId::Base, account: Account([1; 32]) };
        let accused = Accused { tenure: Tenure::begin(owner, Cycle(0), 0), term: 0, jailed: false };
        let accused = (contradiction.signer() == key.address()).then_some(accused);
        contradiction.convict(accused, Cycle(0), 12)
    };
    assert_eq!(verdict(&evidence), Ok(()));
    let changed = |mask: u8| -> Vec<&str> {
        let one = |at: usize| {
            let mut bytes = evidence;
            bytes[at] ^= mask;
            name(verdict(&bytes).expect_err("every byte counts"))
        };
        (0..evidence.len()).map(one).collect()
    };
    let document = json!({
        "network": {
            "name": network.name(),
            "base_chain_id": base.chain_id.to_string(),
            "base_vault": format!("0x{}", base.vault.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
            "solana_genesis": solana.genesis,
            "solana_program": solana.program,
        },
        "network_id": network.id(),
        "signer": "offender",
        "evidence": format!("0x{}", evidence.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        "lowest_bit_changed": changed(0x01),
        "highest_bit_changed": changed(0x80),
    });
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    expect_file!["both_chains/both_chains.json"].assert_eq(&text);
}
