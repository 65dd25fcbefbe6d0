//! One evidence file, on anvil: `programs/tests/tests/it/both_chains.rs` has the same file slash on Solana.

use std::collections::BTreeMap;

use alloy::primitives::{Bytes, keccak256};
use alloy::sol_types::SolCall;
use serde::Deserialize;
use serde_json::Value;
use williw_chain::verb::Verb;
use williw_core::amount::Amount;
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::network::{NetworkId, SolanaSite};
use williw_core::sim::keys::SignerKey;

use crate::world::{StakeVault, TOKEN, World};

#[derive(Deserialize)]
struct File {
    network: Site,
    network_id: NetworkId,
    signer: String,
    evidence: Bytes,
    lowest_bit_changed: Vec<String>,
    highest_bit_changed: Vec<String>,
}

#[derive(Deserialize)]
struct Site {
    solana_genesis: Hash,
    solana_program: Account,
}

/// The vault's refusals without arguments, and by name those with some, by selector.
fn names() -> BTreeMap<[u8; 4], String> {
    let abi: Value = serde_json::from_str(include_str!("../../../../contracts/abi/StakeVault.json")).unwrap();
    let errors = abi.as_array().unwrap().iter().filter(|entry| entry["type"] == "error");
    errors
        .map(|entry| {
            let inputs = entry["inputs"].as_array().unwrap();
            let types: Vec<&str> = inputs.iter().map(|input| input["type"].as_str().unwrap()).collect();
            let name = entry["name"].as_str().unwrap();
            let selector = keccak256(format!("{name}({})", types.join(",")));
            (*selector.first_chunk().unwrap(), name.to_owned())
        })
        .collect()
}

#[tokio::test]
async fn the_evidence_file_slashes_and_any_byte_changed_is_refused_by_name() {
    let text = include_str!("../../../core/tests/it/both_chains/both_chains.json");
    let file: File = serde_json::from_str(text).unwrap();
    let site = SolanaSite { genesis: file.network.solana_genesis, program: file.network.solana_program };
    let world = World::beside(Some(site)).await;
    assert_eq!(world.network, file.network_id, "the vault lies where the file says");

    let (link, signature) = world.peer(1).link(&SignerKey::named(&file.signer), world.network, world.owner(1), 1);
    world.act(1, &Verb::Register { amount: Amount(2_000 * TOKEN), link, signature }).await;
    let slash = |evidence: Vec<u8>| -> Bytes {
        let beneficiary = world.people[2];
        StakeVault::slashCall { evidence: evidence.into(), beneficiary }.abi_encode().into()
    };
    let names = names();
    for (mask, wanted) in [(0x01, &file.lowest_bit_changed), (0x80, &file.highest_bit_changed)] {
        assert_eq!(wanted.len(), file.evidence.len());
        for (at, wanted) in wanted.iter().enumerate() {
            let mut evidence = file.evidence.to_vec();
            evidence[at] ^= mask;
            let refused = world.anvil.refused(world.people[2], world.vault, slash(evidence)).await;
            let name = names.get(&refused[..4]).map(String::as_str);
            assert_eq!(name, Some(wanted.as_str()), "byte {at} changed by {mask:#x}");
        }
    }
    world.anvil.send(world.people[2], Some(world.vault), slash(file.evidence.to_vec())).await;
    let again = world.anvil.refused(world.people[2], world.vault, slash(file.evidence.to_vec())).await;
    assert_eq!(names.get(&again[..4]).map(String::as_str), Some("Jailed"), "it slashed");
}
