//! One evidence file, on Solana: `node/chain/tests/it/both_chains.rs` has the same file slash on anvil.

use serde_json::Value;
use williw_core::network::NetworkId;
use williw_core::sim::keys::SignerKey;
use williw_program::Plan;

use crate::world::{Person, STAKE, World, plan};

const FILE: &str = include_str!("../../../../node/core/tests/it/both_chains/both_chains.json");

fn bytes(value: &Value) -> Vec<u8> {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn fixed<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

#[test]
fn the_evidence_file_slashes_and_any_byte_changed_is_refused_by_name() {
    let file: Value = serde_json::from_str(FILE).unwrap();
    let network = &file["network"];
    assert_eq!(fixed(&network["solana_program"]), williw_program::ID.to_bytes());
    let mut world = World::bare();
    let initialize = world.site.initialize(Plan {
        name: network["name"].as_str().unwrap().to_owned(),
        base_chain_id: network["base_chain_id"].as_str().unwrap().parse().unwrap(),
        base_vault: fixed(&network["base_vault"]),
        solana_genesis_hash: fixed(&network["solana_genesis"]),
        ..plan()
    });
    world.must(initialize);
    world.network = NetworkId(fixed(&file["network_id"]));
    assert_eq!(world.config().network, world.network.0);

    let signer = SignerKey::named(file["signer"].as_str().unwrap());
    let offender = Person { signer: signer.clone(), ..world.person("offender") };
    world.register(&offender, STAKE);
    let beneficiary = world.wallet("beneficiary");
    let site = world.site;
    let slash = |evidence: Vec<u8>| site.slash(signer.address(), offender.wallet, evidence, beneficiary);
    let evidence = bytes(&file["evidence"]);
    for (mask, names) in [(0x01, "lowest_bit_changed"), (0x80, "highest_bit_changed")] {
        let names = file[names].as_array().unwrap();
        assert_eq!(names.len(), evidence.len());
        for (at, name) in names.iter().enumerate() {
            let mut changed = evidence.clone();
            changed[at] ^= mask;
            let refused = world.send(&[slash(changed)]).expect_err("every byte counts");
            assert_eq!(refused.why, name.as_str().unwrap(), "byte {at} changed by {mask:#x}");
        }
    }
    world.must(slash(evidence.clone()));
    world.refuses("Jailed", slash(evidence));
}
