//! What only Solana's own command-line tools ask for.

use serde_json::{Value, json};
use solana_loader_v3_interface::get_program_data_address;
use solana_signer::Signer;

use crate::net::{Net, SOL, bytes, in_base64};

const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bytecode/probe.so");

fn in_zstd(net: &Net, address: &str) -> Vec<u8> {
    let config = json!({ "encoding": "base64+zstd", "commitment": "processed" });
    let data = net.call("getAccountInfo", json!([address, config]))["value"]["data"].clone();
    assert_eq!(data[1], "base64+zstd");
    bytes(&data[0])
}

/// What a frame of raw blocks holds.
fn unpacked(frame: &[u8]) -> Vec<u8> {
    let (head, mut blocks) = frame.split_at(9);
    assert_eq!(head[..5], [0x28, 0xb5, 0x2f, 0xfd, 0xa0]);
    let mut held = Vec::new();
    loop {
        let header = u32::from_le_bytes([blocks[0], blocks[1], blocks[2], 0]);
        let size = usize::try_from(header >> 3).expect("it is small");
        assert!(header & 0b110 == 0 && size <= 128 * 1_024, "a raw block");
        held.extend_from_slice(&blocks[3..3 + size]);
        blocks = &blocks[3 + size..];
        if header & 1 == 1 {
            assert_eq!((blocks, head[5..].to_vec()), (&[][..], u32::to_le_bytes(held.len() as u32).to_vec()));
            return held;
        }
    }
}

#[test]
fn accounts_come_in_zstandard() {
    let net = Net::new();
    let owner = net.wallet().pubkey().to_string();
    assert_eq!(unpacked(&in_zstd(&net, &owner)), [0; 0]);
    net.call("localnet_lie", json!({ "kind": "forged", "account": owner, "data": in_base64(b"williw") }));
    // `xxd -r -p <<< 28b52ffda00600000031000077696c6c6977 | zstd -d` prints it.
    assert_eq!(
        in_zstd(&net, &owner),
        [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 6, 0, 0, 0, 0x31, 0, 0, b'w', b'i', b'l', b'l', b'i', b'w']
    );
    let program = solana_address::Address::new_unique();
    net.call("localnet_deploy", json!({ "program": program.to_string(), "so": PROBE, "authority": owner }));
    let so = std::fs::read(PROBE).expect("it is checked in");
    assert!(so.len() > 2 * 128 * 1_024, "several blocks");
    let held = unpacked(&in_zstd(&net, &get_program_data_address(&program).to_string()));
    assert!(held.ends_with(&so));
}

#[test]
fn a_cluster_of_one_leads_every_slot() {
    let net = Net::new();
    let nodes = net.call("getClusterNodes", json!([]));
    let [node] = nodes.as_array().expect("a list").as_slice() else { panic!("{nodes}") };
    assert_eq!((&node["tpuQuic"], &node["version"]), (&Value::Null, &net.call("getVersion", json!([]))["solana-core"]));
    let leaders = net.call("getSlotLeaders", json!([net.slot("processed"), 3]));
    assert_eq!(leaders, json!([node["pubkey"], node["pubkey"], node["pubkey"]]));
    assert_eq!(net.refused("getSlotLeaders", json!([0, 5_001]))["code"], -32602);
    assert_eq!(net.call("getVoteAccounts", json!([])), json!({ "current": [], "delinquent": [] }));
}

#[test]
fn epochs_and_transactions_are_counted() {
    let net = Net::new();
    let payer = net.wallet();
    for _ in 0..2 {
        net.send(&net.pay(&payer, solana_address::Address::new_unique(), SOL));
        net.advance(1);
    }
    for (commitment, count) in [("processed", 3), ("finalized", 0)] {
        let config = json!([{ "commitment": commitment }]);
        assert_eq!(net.call("getTransactionCount", config.clone()), count);
        assert_eq!(net.call("getEpochInfo", config)["transactionCount"], count);
    }
    let schedule = net.call("getEpochSchedule", json!([]));
    let number = |name: &str| schedule[name].as_u64().unwrap_or_else(|| panic!("{name} of {schedule}"));
    let (per_epoch, first) = (number("slotsPerEpoch"), number("firstNormalSlot"));
    net.advance(first + 5 * per_epoch - net.slot("processed"));
    let epoch = net.call("getEpochInfo", json!([{ "commitment": "processed" }]));
    let wanted = (json!(number("firstNormalEpoch") + 5), json!(per_epoch), json!(0));
    assert_eq!((epoch["epoch"].clone(), epoch["slotsInEpoch"].clone(), epoch["slotIndex"].clone()), wanted);
}
