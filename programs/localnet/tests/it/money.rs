//! Lamports and tokens for everybody.

use serde_json::json;
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::net::{Net, SOL};

const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";

#[test]
fn mints_of_both_token_programs_can_be_made_and_given_away() {
    let net = Net::new();
    let owner = Address::new_unique().to_string();
    for asked in [json!({ "decimals": 9 }), json!({ "decimals": 9, "tokenProgram": TOKEN_2022 })] {
        let mint = net.call("localnet_mint", asked)["mint"].clone();
        let fund = json!({ "mint": mint, "owner": owner, "amount": 1_500_000_000_u64 });
        let account = net.call("localnet_fund", fund.clone())["account"].clone();
        // Twice in one slot is twice.
        assert_eq!(net.call("localnet_fund", fund)["account"], account);
        let balance = net.call("getTokenAccountBalance", json!([account, { "commitment": "processed" }]));
        let amount = json!({ "amount": "3000000000", "decimals": 9, "uiAmount": 3.0, "uiAmountString": "3" });
        assert_eq!(balance["value"], amount);
        net.advance(1);
        let history =
            net.history(0, account.as_str().and_then(|words| words.parse().ok()).expect("an address"), "confirmed");
        let shown = net.call("getTransaction", json!([history[0], { "commitment": "confirmed" }]));
        let held = |when: &str| shown["meta"][when][0]["uiTokenAmount"]["uiAmountString"].clone();
        assert_eq!((held("preTokenBalances"), held("postTokenBalances")), (json!("1.5"), json!("3")));
        assert_eq!(shown["meta"]["postTokenBalances"][0]["owner"], owner);
    }
}

#[test]
fn a_mint_can_have_the_address_that_is_wanted() {
    let net = Net::new();
    let key = Keypair::new();
    let bare = Address::new_unique().to_string();
    let asked = [(json!(key.to_bytes().to_vec()), key.pubkey().to_string()), (json!(bare), bare.clone())];
    for (mint, address) in asked {
        assert_eq!(net.call("localnet_mint", json!({ "mint": mint, "decimals": 6 }))["mint"], address);
        let owner = Address::new_unique().to_string();
        net.call("localnet_fund", json!({ "mint": address, "owner": owner, "amount": 1 }));
        let again = net.refused("localnet_mint", json!({ "mint": mint, "decimals": 6 }));
        assert!(again["message"].as_str().expect("text").contains("already"), "{again}");
    }
}

#[test]
fn airdrops_are_transactions_like_any_other() {
    let net = Net::new();
    let to = Address::new_unique();
    let signature = net.call("requestAirdrop", json!([to.to_string(), SOL]));
    net.call("localnet_airdrop", json!({ "address": to.to_string(), "lamports": SOL }));
    assert_eq!(net.balance(to, "processed"), 2 * SOL);
    net.advance(1);
    assert_eq!(net.history(0, to, "confirmed").len(), 2);
    assert_eq!(net.status(signature.as_str().expect("text"))["confirmationStatus"], "confirmed");
}
