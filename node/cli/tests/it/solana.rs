//! What owners do on Solana, through the real program on a localnet.

use anchor_client::compat::solana_message::legacy::Message;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use williw_chain::wallet::Wallet;
use williw_core::hash::Hash;
use williw_core::offence::Evidence;
use williw_core::statement::{Kind, Signed, Statement};

use crate::home::{Ended, Home, RPC_KEY, set_mode};

#[path = "../../../chain/tests/it/solana/calls.rs"]
#[expect(dead_code, reason = "shared with the tests of the chain, which do more with it")]
mod calls;
#[path = "../../../chain/tests/it/solana/localnet.rs"]
#[expect(dead_code, reason = "as above")]
pub(crate) mod localnet;
#[path = "../../../daemon/tests/it/solana/network.rs"]
#[expect(dead_code, reason = "shared with the tests of the outbox, which do more with it")]
mod network;

use network::{OnSolana, UNSTAKING, keypair, keypair_file};

const SECRET: [u8; 32] = [3; 32];

/// Commands look once a second, so a blockhash has to live for longer than in other tests.
const SLOT_MS: u64 = 200;

/// A home, and the owner's keypair beside it.
struct Owner {
    world: OnSolana,
    home: Home,
    keypair: String,
}

impl Owner {
    async fn new() -> Self {
        let world = OnSolana::begin(1, SLOT_MS).await;
        let deployment = json!({
            "name": world.network.name(),
            "network_id": world.network.id(),
            "genesis_hash": world.genesis.base58(),
            "program": world.program.base58(),
            "base_chain_id": "0",
            "base_vault": "0x0000000000000000000000000000000000000000",
        });
        let rpc = format!("{}?key={RPC_KEY}", world.net.rpcs[0]);
        let home = Home::made_with(&deployment, ["--solana-rpc", &rpc]).await;
        let keypair_path = home.note("owner.json", &keypair_file(&SECRET));
        world.enrich(keypair(&SECRET).account()).await;
        world.finalize().await;
        Self { world, home, keypair: keypair_path }
    }

    fn address() -> String {
        keypair(&SECRET).account().base58()
    }

    /// Runs a command with the owner's keypair.
    async fn run(&self, arguments: &[&str]) -> Ended {
        let ended = self.home.run_with(arguments, &[("SOLANA_KEYPAIR", &self.keypair)]).await;
        let secret = keypair_file(&SECRET);
        let part = &secret[1..secret.match_indices(',').nth(5).unwrap().0];
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(part), "the secret is shown");
        ended
    }

    /// Runs a command that has to go through.
    async fn done(&self, arguments: &[&str]) -> Value {
        let json = self.run(&[arguments, &["--json"]].concat()).await.json();
        let [transaction] = json["transactions"].as_array().unwrap().as_slice() else { panic!("{json}") };
        let statuses: Value = self.world.net.ask("getSignatureStatuses", json!([[transaction["hash"]]])).await;
        assert_eq!(statuses["value"][0]["slot"], transaction["slot"]);
        assert_eq!((&json["chain"], transaction.get("block")), (&json!("solana"), None));
        self.world.finalize().await;
        json
    }

    async fn refused(&self, arguments: &[&str], code: i32, words: &str) {
        let ended = self.run(arguments).await;
        assert!(ended.error(code).contains(words), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn an_owner_registers_stakes_leaves_and_is_slashed_on_solana() {
    let owner = Owner::new().await;
    owner.refused(&["unstake", "--amount", "5"], 3, "[NotRegistered]").await;
    owner.done(&["register", "--amount", "2000"]).await;
    owner.refused(&["register", "--amount", "2000"], 3, "[AlreadyRegistered]").await;
    owner.done(&["stake", "--amount", "500", "--chain", "solana"]).await;
    owner.done(&["unstake", "--amount", "300"]).await;
    let more = owner.run(&["unstake", "--amount", "2201"]).await;
    assert!(more.error(3).ends_with(" [InsufficientStake]"), "{}", more.stderr);
    let staked = format!("\nhint: 2200 was staked a moment ago; `williw operator --owner {}` says", Owner::address());
    assert!(more.stderr.contains(&staked), "{}", more.stderr);
    let none = owner.run(&["restake", "--ticket", "77"]).await;
    assert!(none.error(3).ends_with(" [NoSuchEntry]"), "{}", none.stderr);
    assert!(none.stderr.contains("\nhint: `williw operator` lists the queue"), "{}", none.stderr);
    owner.done(&["restake", "--ticket", "0"]).await;
    let unstaked = owner.done(&["unstake", "--amount", "200"]).await;
    let listed = owner.home.run(&["operator", "--owner", &Owner::address(), "--json"]).await.json();
    let [listed] = listed["operators"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&listed["chain"], &listed["operator"]["queued"]), (&json!("solana"), &json!("200")));
    assert!(listed["slot"].is_u64(), "{listed}");
    assert_eq!(listed["operator"]["queue"], json!([unstaked["entry"]]));
    assert_eq!((&unstaked["entry"]["ticket"], &unstaked["entry"]["amount"]), (&json!(1), &json!("200")));
    owner.refused(&["withdraw"], 3, "[NothingMatured]").await;
    owner.world.wait(UNSTAKING + 10).await;
    owner.done(&["withdraw", "--limit", "1"]).await;
    assert_eq!(owner.world.staked().await, 2_300);

    let next = owner.home.path("next.json");
    let password = owner.home.note("next.password", "another");
    Wallet::create(&next, "another").unwrap();
    let evidence = owner.home.path("evidence");
    std::fs::write(&evidence, owner.contradiction().await).unwrap();
    let rotate = ["rotate", "--signer", next.to_str().unwrap(), "--signer-password-file", &password];
    owner.done(&rotate).await;
    // The first signer still serves.
    owner.done(&["slash", "--evidence", evidence.to_str().unwrap()]).await;
    owner.refused(&["slash", "--evidence", evidence.to_str().unwrap()], 3, "[Jailed]").await;
    owner.done(&["collect"]).await;
    assert_eq!(owner.world.staked().await, 2_300 - 2_300 / 20 / 20);

    owner.refused(&["unjail"], 3, "[SignerTaken]").await;
    let made = owner.run(&["keys", "rotate"]).await;
    assert!(made.error(3).starts_with("this operator is jailed; the next signer, 0x"), "{}", made.stderr);
    assert!(made.stderr.contains("`williw unjail --chain solana --signer ~/home/signer.next.json "), "{}", made.stderr);
    owner.world.wait(UNSTAKING + 10).await;
    let [next, password] = ["signer.next.json", "signer.next.password"].map(|name| owner.home.path(name));
    let next = [next.to_str().unwrap(), "--signer-password-file", password.to_str().unwrap()];
    owner.done(&[&["unjail", "--signer"][..], &next].concat()).await;
    let free = owner.home.run(&["operator", "--owner", &Owner::address(), "--json"]).await.json();
    assert_eq!(free["operators"][0]["operator"]["jailed_until"], Value::Null, "{free}");
    assert!(!owner.home.path("signer.next.json").exists(), "it is in use");

    let listed = owner.run(&["outbox", "list", "--json"]).await.json();
    let intents = listed["intents"].as_array().unwrap();
    assert_eq!(intents.len(), 10);
    assert!(intents.iter().all(|intent| intent["chain"] == "solana" && intent["account"] == Owner::address()));
    assert!(intents.iter().skip(1).all(|intent| intent["stage"] == "done"), "{listed}");
    let shown = owner.run(&["outbox", "show", "1"]).await;
    assert!(shown.stdout.contains("register with 2000") && !shown.stdout.contains("gas"), "{}", shown.stdout);
    assert!(shown.stdout.contains("\nstate    done in slot "), "{}", shown.stdout);
    let slot = listed["intents"][9]["slot"].as_u64().unwrap();
    assert!(shown.stdout.contains(&format!(" slot {slot}\n")), "{}", shown.stdout);
}

impl Owner {
    /// What the signer of this home would have to say twice.
    async fn contradiction(&self) -> [u8; Evidence::LEN] {
        let password = self.home.text("signer.password");
        let signer = Wallet::open(&self.home.path("signer.json"), password.trim()).unwrap();
        let (cycle, network) = (self.world.cycle().await, self.world.network.id());
        let say = |byte| {
            let statement = Statement::new(Kind::Update, cycle, 7, Hash([byte; 32])).unwrap();
            let signature = signer.sign_digest(statement.signing_digest(network)).unwrap();
            Signed { statement, signature }
        };
        Evidence { first: say(1), second: say(2) }.encode()
    }
}

#[tokio::test]
async fn what_is_printed_unsigned_is_taken_once_its_owner_has_signed_it() {
    let owner = Owner::new().await;
    let address = Owner::address();
    let arguments = ["register", "--amount", "1500", "--unsigned", "--from", &address, "--json"];
    // Without any key.
    let printed = owner.home.run(&arguments).await.json();
    assert_eq!(printed["chain"], "solana");
    let [transaction] = printed["transactions"].as_array().unwrap().as_slice() else { panic!("{printed}") };
    let [instruction] = transaction["instructions"].as_array().unwrap().as_slice() else { panic!("{printed}") };
    assert_eq!(instruction["program"], owner.world.program.base58());
    assert_eq!(instruction["accounts"][0], json!({ "address": address, "signer": true, "writable": true }));

    let bytes = bs58::decode(transaction["message"].as_str().unwrap()).into_vec().unwrap();
    let mut message: Message = bincode::deserialize(&bytes).unwrap();
    assert_eq!(message.recent_blockhash.to_bytes(), [0; 32]);
    let latest: Value = owner.world.net.ask("getLatestBlockhash", json!([{ "commitment": "finalized" }])).await;
    message.recent_blockhash = latest["value"]["blockhash"].as_str().unwrap().parse().unwrap();
    let signature = SigningKey::from_bytes(&SECRET).sign(&message.serialize()).to_bytes();
    let signed = [&[1], &signature[..], &message.serialize()].concat();
    let (_, failed) = owner.world.net.send(&signed).await;
    assert!(failed.is_null(), "{failed}");
    assert_eq!(owner.world.staked().await, 1_500);
    // Nothing of it is this home's.
    assert_eq!(owner.run(&["outbox", "list", "--json"]).await.json(), json!({ "intents": [] }));
}

#[tokio::test]
async fn a_chain_that_cannot_be_read_is_named_with_its_own_section() {
    let owner = Owner::new().await;
    let nobody = [("WILLIW_SOLANA_RPCS", r#"["http://127.0.0.1:9/"]"#), ("SOLANA_KEYPAIR", &owner.keypair)];
    let address = Owner::address();
    let unsigned = ["withdraw", "--unsigned", "--from", &address];
    // One whose database says already how time is divided, so that nothing is asked before the verb is.
    owner.done(&["register", "--amount", "2000"]).await;
    for arguments in
        [&["unstake", "--amount", "5"][..], &["rotate"], &["collect"], &unsigned, &["operator", "--owner", &address]]
    {
        let ended = owner.home.run_with(arguments, &nobody).await;
        let error = ended.error(3);
        assert!(error.starts_with("solana cannot be read: the only endpoint does not say "), "{arguments:?}: {error}");
        assert!(ended.stderr.contains("\nhint: see `[solana]` in williw.toml: "), "{arguments:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn what_is_typed_wrongly_is_refused_before_anybody_is_asked() {
    let owner = Owner::new().await;
    let base = "0x1111111111111111111111111111111111111111";
    for (arguments, words) in [
        (&["stake", "--amount", "5", "--chain", "base"][..], "this network is not on base"),
        (&["stake", "--amount", "5ether"], "ether is a unit of base"),
        (&["stake", "--amount", "18446744073709551616"], "is more than any token account of solana can hold"),
        (&["unstake", "--amount", "18446744073709551616"], "is more than any token account of solana can hold"),
        (&["stake", "--amount", "5", "--for", base], "is an address of base"),
        (&["unstake", "--amount", "5", "--unsigned", "--from", base], "is an address of base"),
    ] {
        let ended = owner.run(arguments).await;
        assert!(ended.error(2).contains(words), "{arguments:?}: {}", ended.stderr);
    }
    let unnamed = owner.home.run(&["unstake", "--amount", "5"]).await;
    assert!(unnamed.error(2).contains("whose stake is it?"), "{}", unnamed.stderr);
    assert!(unnamed.stderr.contains("--keypair or SOLANA_KEYPAIR"), "{}", unnamed.stderr);

    let none = owner.home.run_with(&["unstake", "--amount", "5"], &[("SOLANA_KEYPAIR", "")]).await;
    assert_eq!(none.error(2), "environment variable SOLANA_KEYPAIR: expected the file of a keypair, and it is empty");
    // Those of another chain are nobody's business.
    let empty = [("SOLANA_KEYPAIR", owner.keypair.as_str()), ("ETH_KEYSTORE", ""), ("ETH_PASSWORD", "")];
    assert_eq!(owner.home.run_with(&["collect"], &empty).await.code, 0);

    let numbers = keypair_file(&SECRET);
    for secret in [&numbers, "sesame"] {
        let mistaken = owner.home.run_with(&["unstake", "--amount", "5"], &[("SOLANA_KEYPAIR", secret)]).await;
        assert!(mistaken.error(2).starts_with("the file with the keypair "), "{}", mistaken.stderr);
        assert!(mistaken.stderr.contains("name a file that holds it, not what the file holds"), "{}", mistaken.stderr);
        assert!(!mistaken.stderr.contains(secret), "{}", mistaken.stderr);
    }

    set_mode(owner.keypair.as_ref(), 0o644);
    owner.refused(&["unstake", "--amount", "5"], 2, "can be read by others").await;
    set_mode(owner.keypair.as_ref(), 0o600);
    let other = keypair_file(&SECRET).replace(']', "1]");
    std::fs::write(&owner.keypair, other).unwrap();
    owner.refused(&["unstake", "--amount", "5"], 2, "owner.json: ").await;
}

#[tokio::test]
async fn what_is_asked_of_solana_is_told_in_slots_and_waited_for_not_cancelled() {
    let owner = Owner::new().await;
    assert_eq!(owner.run(&["register", "--amount", "2000"]).await.code, 0);
    let to = owner.home.path("elsewhere");
    let moved = owner.home.run(&["keys", "move", "--to", to.to_str().unwrap()]).await;
    assert_eq!(moved.error(2), "it is not settled yet what becomes of intent 1");
    let hint = "hint: on Solana it is final or has expired within a minute or two, and nothing can cancel it: run `williw outbox retry 1` until it is settled\n";
    assert!(moved.stderr.ends_with(hint), "{}", moved.stderr);
    // As the hint says.
    owner.world.finalize().await;
    let slot = owner.home.run(&["outbox", "retry", "1", "--json"]).await.json()["slot"].clone();
    let ended = format!("intent 1 has ended: done in slot {slot}");
    assert_eq!(owner.run(&["outbox", "retry", "1"]).await.error(2), ended);
    assert_eq!(owner.run(&["outbox", "cancel", "1"]).await.error(2), ended);
    assert_eq!(owner.home.run(&["keys", "move", "--to", to.to_str().unwrap()]).await.code, 0);
}
