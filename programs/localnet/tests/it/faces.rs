//! Several endpoints in front of one chain, each with its own mind.

use serde_json::json;
use solana_address::Address;

use crate::net::{Net, SOL};

fn two() -> Net {
    Net::with(&["--manual", "--faces", "2"])
}

#[test]
fn all_faces_show_one_chain() {
    let net = two();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    let signature = net.send(&net.pay(&payer, somebody, SOL));
    net.advance(1);
    for face in [0, 1] {
        assert_eq!(net.statuses_at(face, &signature)["confirmationStatus"], "confirmed");
        assert_eq!(net.at(face, "getGenesisHash", json!([])), net.line["genesis"]);
    }
}

#[test]
fn one_face_can_be_behind() {
    let net = two();
    net.advance(40);
    let slot = |face, commitment: &str| net.at(face, "getSlot", json!([{ "commitment": commitment }])).as_u64();
    let before = slot(0, "finalized");
    net.call("localnet_hold", json!({ "commitment": "finalized", "face": 1 }));
    net.advance(10);
    assert_eq!((slot(0, "finalized"), slot(1, "finalized")), (before.map(|slot| slot + 10), before));
    net.call("localnet_release_all", json!({ "face": 1 }));
    assert_eq!(slot(0, "finalized"), slot(1, "finalized"));
    let unknown = net.refused("localnet_hold", json!({ "commitment": "finalized", "face": 2 }));
    assert_eq!(unknown["code"], -32602);
}

#[test]
fn what_is_withheld_is_in_no_answer_of_that_face() {
    let net = two();
    let (payer, somebody, other) = (net.wallet(), Address::new_unique(), Address::new_unique());
    let signature = net.send(&net.pay(&payer, somebody, SOL));
    net.send(&net.pay(&payer, other, SOL));
    net.advance(33);
    net.call("localnet_withhold", json!({ "signature": signature, "face": 1 }));
    net.call("localnet_withhold", json!({ "account": other.to_string(), "face": 1 }));
    let shown = |face| {
        let config = json!({ "encoding": "base64" });
        let account = net.at(face, "getAccountInfo", json!([other.to_string(), config]))["value"].clone();
        let owned = net.at(face, "getProgramAccounts", json!(["11111111111111111111111111111111", config])).to_string();
        assert_eq!(!account.is_null(), owned.contains(&other.to_string()));
        let transaction = net.at(face, "getTransaction", json!([signature]));
        let status = net.statuses_at(face, &signature);
        assert_eq!(transaction.is_null(), status.is_null());
        let listed = net.history(face, somebody, "finalized").len();
        [
            usize::from(!account.is_null()),
            net.history(face, other, "finalized").len(),
            usize::from(!status.is_null()),
            listed,
        ]
    };
    assert_eq!((shown(0), shown(1)), ([1, 1, 1, 1], [0, 0, 0, 0]));
    net.call("localnet_release_all", json!({}));
    assert_eq!(shown(1), [1, 1, 1, 1]);
}

#[test]
fn the_store_of_past_transactions_can_be_behind_the_accounts() {
    let net = two();
    let (payer, somebody) = (net.wallet(), Address::new_unique());
    net.advance(33);
    net.call("localnet_history_lag", json!({ "slots": 34, "face": 1 }));
    let signature = net.send(&net.pay(&payer, somebody, SOL));
    let stored = |face, commitment: &str| {
        let shown = net.at(face, "getTransaction", json!([signature, { "commitment": commitment }]));
        // The endpoint has come to that slot, and says so.
        let least = net.slot(commitment);
        let config = json!({ "commitment": commitment, "minContextSlot": least });
        let listed = net.at(face, "getSignaturesForAddress", json!([somebody.to_string(), config]));
        assert_eq!(!shown.is_null(), listed != json!([]));
        !shown.is_null()
    };
    let balance = |face, commitment: &str| {
        net.at(face, "getBalance", json!([somebody.to_string(), { "commitment": commitment }]))["value"].clone()
    };
    net.advance(1);
    assert_eq!((stored(0, "confirmed"), stored(1, "confirmed")), (true, false));
    assert_eq!(net.statuses_at(1, &signature), net.statuses_at(0, &signature), "it is seen at once all the same");
    net.advance(32);
    for commitment in ["confirmed", "finalized"] {
        assert_eq!((stored(0, commitment), stored(1, commitment)), (true, false));
        assert_eq!((balance(0, commitment), balance(1, commitment)), (json!(SOL), json!(SOL)));
    }
    assert_eq!(net.statuses_at(1, &signature)["confirmationStatus"], "finalized");
    net.advance(1);
    assert!(stored(1, "confirmed") && stored(1, "finalized"));

    net.call("localnet_history_lag", json!({ "slots": 100 }));
    assert!(!stored(0, "finalized") && !stored(1, "finalized"));
    net.call("localnet_history_lag", json!({ "slots": 0, "face": 0 }));
    assert!(stored(0, "finalized") && !stored(1, "finalized"));
    net.call("localnet_release_all", json!({}));
    assert!(stored(1, "finalized"));
    for asked in [json!({}), json!({ "slots": 301 }), json!({ "slots": 1, "face": 2 })] {
        assert_eq!(net.refused("localnet_history_lag", asked)["code"], -32602);
    }
}
