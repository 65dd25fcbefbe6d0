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
