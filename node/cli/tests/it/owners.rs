//! What owners do, through a real vault on anvil.

use std::path::Path;

use alloy::primitives::{Bytes, U256, hex};
use alloy::sol;
use alloy::sol_types::SolCall;
use expect_test::expect;
use serde_json::{Value, json};
use williw_chain::address;
use williw_chain::base::StandingOnChain;
use williw_chain::wallet::Wallet;
use williw_core::amount::Amount;
use williw_core::hash::Hash;
use williw_core::identity::Signer;
use williw_core::offence::Evidence;
use williw_core::statement::{Kind, Signed, Statement};

use crate::home::{Ended, Home, NOBODY};
use crate::node::{started, stop};
use crate::world::{StakeVault, TOKEN, World};

sol! {
    contract Balance {
        function balanceOf(address owner) external view returns (uint256);
    }
}

/// Anvil's account 8, as `cast wallet import --unsafe-password 'open sesame'` wrote it.
const KEYSTORE: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"55358f85f4c1b65bda6a81475e317596"},
"ciphertext":"1a8f2f2ed26703d78030a4ea5576e4167633d02a669e278721a6ddeffb9bfaf7","kdf":"scrypt","kdfparams":{"dklen":32,
"n":8192,"p":1,"r":8,"salt":"8a5534de25997695cdd27744a7e4b364b2fca36bea2653ea85542c0aa16c245d"},
"mac":"1644cf405e387984e8f06ac80e6643c4033fd0ecccdf783474b4506a53b5a241"},
"id":"ad7dc2d5-d73f-47ec-95d7-b20c935debf1","version":3}"#;
const PASSWORD: &str = "open sesame";
pub(crate) const OWNER: usize = 8;

/// A home, and the owner's wallet beside it.
pub(crate) struct Owner {
    pub(crate) world: World,
    pub(crate) home: Home,
    pub(crate) keystore: String,
    pub(crate) password: String,
}

impl Owner {
    pub(crate) async fn new() -> Self {
        let world = World::new().await;
        let home = Home::of(&world).await;
        let (keystore, password) = (home.note("owner", KEYSTORE), home.note("password", &format!("{PASSWORD}\n")));
        // The commands read the final head, and vaults are deployed long before anybody stakes.
        world.finalize().await;
        Self { world, home, keystore, password }
    }

    /// Runs a command with the owner's wallet.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        let variables = [("ETH_KEYSTORE", self.keystore.as_str()), ("ETH_PASSWORD", self.password.as_str())];
        let ended = self.home.run_with(arguments, &variables).await;
        assert!(!format!("{}{}", ended.stdout, ended.stderr).contains(PASSWORD));
        ended
    }

    /// Runs a command that has to go through; what it did, transaction by transaction.
    pub(crate) async fn done(&self, arguments: &[&str]) -> Vec<String> {
        let json = self.run(&[arguments, &["--json"]].concat()).await.json();
        assert_eq!(json["chain"], "base");
        let transactions = json["transactions"].as_array().unwrap().iter();
        let mut what = Vec::new();
        for transaction in transactions {
            let receipt: Value = self.world.anvil.ask("eth_getTransactionReceipt", json!([transaction["hash"]])).await;
            assert_eq!(receipt["status"], "0x1");
            let block = u64::from_str_radix(&receipt["blockNumber"].as_str().unwrap()[2..], 16).unwrap();
            assert_eq!(transaction["block"], block);
            what.push(transaction["what"].as_str().unwrap().to_owned());
        }
        self.world.finalize().await;
        what
    }

    pub(crate) fn account(&self) -> String {
        address::shown(self.world.owner(OWNER).account)
    }

    /// Sends what a command printed, as a Safe would.
    pub(crate) async fn send_unsigned(&self, printed: &Value) {
        assert_eq!(printed["chain"], "base");
        for call in printed["calls"].as_array().unwrap() {
            let keys: Vec<_> = call.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(keys, ["data", "to", "value", "what"]);
            assert_eq!(call["value"], "0");
            let to = call["to"].as_str().unwrap().parse().unwrap();
            let data = call["data"].as_str().unwrap().parse().unwrap();
            self.world.anvil.send(self.world.people[OWNER], Some(to), data).await;
        }
        self.world.finalize().await;
    }

    /// Another signer's keystore; the signer, and the flags that name it.
    pub(crate) fn next_signer(&self) -> (Signer, [String; 4]) {
        let password = self.home.note("next.password", "another");
        let keystore = self.home.path("next.json");
        let signer = Wallet::create(&keystore, "another").unwrap().signer();
        let keystore = keystore.to_str().unwrap().to_owned();
        (signer, ["--signer".to_owned(), keystore, "--signer-password-file".to_owned(), password])
    }

    pub(crate) async fn balance(&self) -> U256 {
        let question = Balance::balanceOfCall { owner: self.world.people[OWNER] }.abi_encode();
        let call = json!({ "to": self.world.token, "data": Bytes::from(question) });
        self.world.anvil.ask("eth_call", json!([call, "latest"])).await
    }

    pub(crate) async fn operator(&self) -> Option<StandingOnChain> {
        let mut base = self.world.base(&[&self.world.anvil.url]);
        let reading = base.snapshot(&[self.world.owner(OWNER).account]).await.unwrap();
        reading.value.into_iter().find_map(|snapshot| snapshot.operator)
    }
}

#[tokio::test]
async fn an_owner_registers_stakes_leaves_and_comes_back() {
    let owner = Owner::new().await;
    let register = owner.done(&["register", "--amount", "2000ether"]).await;
    assert_eq!(register.len(), 2, "an approval goes in front: {register:?}");
    let operator = owner.operator().await.unwrap();
    assert_eq!((operator.active, operator.nonce), (Amount(2_000 * TOKEN), 1));
    assert!(register[1].contains(&operator.signer.to_string()), "{register:?}");

    assert_eq!(owner.done(&["stake", "--amount", "100.5ether"]).await.len(), 2);
    assert_eq!(owner.done(&["unstake", "--amount", "300000000000000000000"]).await.len(), 1);
    let operator = owner.operator().await.unwrap();
    assert_eq!((operator.active, operator.queue.len()), (Amount(1_800 * TOKEN + TOKEN / 2), 1));
    owner.done(&["restake", "--ticket", "0"]).await;
    assert_eq!(owner.operator().await.unwrap().queue, []);

    let unstaked = owner.run(&["unstake", "--amount", "200ether", "--json"]).await.json();
    owner.world.finalize().await;
    let [entry] = owner.operator().await.unwrap().queue[..] else { panic!("{unstaked}") };
    let shown = json!({ "ticket": 1, "amount": "200000000000000000000", "matures": entry.maturity.0 });
    assert_eq!((&unstaked["entry"], entry.ticket), (&shown, 1));
    let listed = owner.home.run(&["operator", "--owner", &owner.account(), "--json"]).await.json();
    let [listed] = listed["operators"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&listed["owner"], &listed["chain"]), (&json!(owner.account()), &json!("base")));
    assert_eq!((&listed["operator"]["queue"], &listed["operator"]["jailed_until"]), (&json!([shown]), &Value::Null));
    let early = owner.run(&["withdraw"]).await;
    assert!(early.error(3).contains("no entry of the queue has matured"), "{}", early.stderr);
    assert!(early.stderr.contains("\nhint: wait for the maturity"), "{}", early.stderr);
    let _: Value = owner.world.anvil.ask("evm_increaseTime", json!([840])).await;
    owner.world.anvil.mine(1).await;
    owner.done(&["withdraw", "--limit", "1"]).await;

    let (next, flags) = owner.next_signer();
    owner.done(&[&["rotate"][..], &flags.each_ref().map(String::as_str)].concat()).await;
    let operator = owner.operator().await.unwrap();
    assert_eq!((operator.signer, operator.nonce, operator.queued), (next, 2, Amount::ZERO));

    owner.done(&["collect"]).await;
    // People get a line per transaction on stdout, and the rest on stderr.
    let plain = owner.run(&["collect"]).await;
    assert_eq!((plain.code, plain.stdout.lines().count()), (0, 1), "{}", plain.stdout);
    assert!(plain.stdout.starts_with("0x") && plain.stderr.starts_with("sending: "), "{}", plain.stdout);
}

#[tokio::test]
async fn an_unstake_says_which_ticket_it_got_and_from_when_on_it_can_be_withdrawn() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    for (ticket, amount) in [(0, "300"), (1, "200"), (2, "300")] {
        let ended = owner.run(&["unstake", "--amount", amount]).await;
        let (transaction, entry) = ended.stdout.trim_end().split_once('\n').unwrap();
        assert!(transaction.ends_with(&format!("unstake {amount}")), "{}", ended.stdout);
        assert!(entry.starts_with(&format!("ticket {ticket}: {amount} can be withdrawn from 20")), "{entry}");
        assert!(entry.ends_with(" UTC on"), "{entry}");
    }
    let listed = owner.home.run(&["operator", "--owner", &owner.account()]).await;
    let lines: Vec<_> = listed.stdout.lines().collect();
    assert!(lines[0].starts_with(&format!("owner    {} on base, as of block ", owner.account())), "{}", listed.stdout);
    assert_eq!(lines[1], "stake    1999999999999999999200 staked, 800 on its way out");
    assert!(lines[2].starts_with("signer   0x") && lines[2].ends_with(", named by link 1"), "{}", listed.stdout);
    assert_eq!(lines[3], "TICKET  AMOUNT  MATURES");
    assert!(
        lines[4].starts_with("0       300     20") && lines[6].starts_with("2       300     20"),
        "{}",
        listed.stdout
    );
    assert_eq!((lines.len(), listed.stderr.as_str()), (7, ""));
    // Of a stranger there is nothing, and nobody's own are known while no node runs.
    let stranger = owner.home.run(&["operator", "--owner", "0x1111111111111111111111111111111111111111"]).await;
    assert!(stranger.stdout.ends_with("\nstake    it has no operator\n"), "{}", stranger.stdout);
    let nobody = owner.home.run(&["operator"]).await;
    assert!(nobody.error(3).ends_with(" does not answer"), "{}", nobody.stderr);
    assert!(nobody.stderr.contains("or name an owner with --owner"), "{}", nobody.stderr);
}

#[tokio::test]
async fn a_second_link_follows_the_first_at_once() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    // Whoever has to replace a key again cannot wait until the last change is final.
    owner.done(&["rotate"]).await;
    owner.done(&["rotate"]).await;
    owner.world.finalize().await;
    assert_eq!(owner.operator().await.unwrap().nonce, 3);
}

#[tokio::test]
async fn a_slashed_owner_unjails_and_collects_the_bounty() {
    let owner = Owner::new().await;
    let world = &owner.world;
    owner.done(&["register", "--amount", "2000ether"]).await;
    let free = owner.run(&["unjail"]).await;
    assert!(free.error(3).contains("[NotJailed]"), "{}", free.stderr);

    // What the signer of this home would have to say twice.
    let password = owner.home.text("signer.password");
    let signer = Wallet::open(&owner.home.path("signer.json"), password.trim()).unwrap();
    let cycle = world.cycle().await;
    let say = |byte| {
        let statement = Statement::new(Kind::Update, cycle, 7, Hash([byte; 32])).unwrap();
        let signature = signer.sign_digest(statement.signing_digest(world.network)).unwrap();
        Signed { statement, signature }
    };
    let evidence = Evidence { first: say(1), second: say(2) }.encode();
    let hex = owner.home.note("evidence.hex", &format!("{}\n", hex::encode_prefixed(evidence)));
    let raw = owner.home.path("evidence");
    std::fs::write(&raw, evidence).unwrap();
    owner.done(&["slash", "--evidence", raw.to_str().unwrap()]).await;
    assert!(owner.operator().await.unwrap().jailed_until.is_some());
    let again = owner.run(&["slash", "--evidence", &hex]).await;
    assert!(again.error(3).contains("[Jailed]"), "{}", again.stderr);

    let before = owner.balance().await;
    owner.done(&["collect"]).await;
    assert_eq!(owner.balance().await - before, U256::from(5 * TOKEN), "a twentieth of five hundredths of 2000");

    // What every refusal leads to, as it is told.
    let same = owner.run(&["unjail"]).await;
    assert!(same.error(2).ends_with(" already, and a jail ends with another"), "{}", same.stderr);
    assert!(same.stderr.contains("\nhint: `williw keys rotate` makes one, and says how to name it"), "{}", same.stderr);
    let jailed = owner.run(&["rotate"]).await;
    assert!(jailed.error(3).contains("[Jailed]"), "{}", jailed.stderr);
    assert!(jailed.stderr.contains("with a new signer: `williw keys rotate` makes one"), "{}", jailed.stderr);
    let made = owner.run(&["keys", "rotate"]).await;
    assert!(made.error(3).starts_with("this operator is jailed; the next signer, 0x"), "{}", made.stderr);
    let [next, password] = ["signer.next.json", "signer.next.password"].map(|name| owner.home.path(name));
    let next = [next.to_str().unwrap(), "--signer-password-file", password.to_str().unwrap()];
    let unjail = [&["unjail", "--chain", "base", "--signer"][..], &next].concat();
    let hint = unjail.join(" ").replace(owner.home.folder().to_str().unwrap(), "~/home");
    assert!(made.stderr.contains(&format!("on with `williw {hint}`")), "{}", made.stderr);
    let again = owner.run(&["keys", "rotate"]).await;
    assert_eq!(again.stderr, made.stderr, "one signer is made, however often it is asked for");
    let early = owner.run(&unjail).await;
    assert!(early.error(3).contains("[StillJailed]"), "{}", early.stderr);
    assert!(early.stderr.contains("\nhint: `williw operator` says until when"), "{}", early.stderr);
    let until = owner.home.run(&["operator", "--owner", &owner.account()]).await.stdout;
    assert!(until.contains("\njailed   `williw unjail` ends it from 20"), "{until}");

    let _: Value = world.anvil.ask("evm_increaseTime", json!([840])).await;
    world.anvil.mine(1).await;
    let signer = Wallet::open(Path::new(next[0]), owner.home.text("signer.next.password").trim()).unwrap().signer();
    owner.done(&unjail).await;
    let operator = owner.operator().await.unwrap();
    assert_eq!((operator.jailed_until, operator.signer, operator.nonce), (None, signer, 2));
    // The home signs with it from now on, and may: its guard answers for it.
    let password = owner.home.text("signer.password");
    assert_eq!(Wallet::open(&owner.home.path("signer.json"), password.trim()).unwrap().signer(), signer);
    assert!(!Path::new(next[0]).exists());
    let (mut node, _) = started(&owner.home).await;
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
}

#[tokio::test]
async fn unsigned_calls_need_no_wallet_and_work() {
    let owner = Owner::new().await;
    let from = owner.account();
    let before = owner.world.anvil.height().await;
    // A wallet in the environment changes nothing: nobody is asked for its password.
    let variables = [("ETH_KEYSTORE", "/nowhere")];
    let register = ["register", "--amount", "2000ether", "--unsigned", "--from", &from, "--json"];
    let json = owner.home.run_with(&register, &variables).await.json();
    assert_eq!(owner.world.anvil.height().await, before, "nothing was sent");
    let calls = json["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    owner.send_unsigned(&json).await;
    assert_eq!(owner.operator().await.unwrap().active, Amount(2_000 * TOKEN));

    let plain = owner.home.run(&["unstake", "--amount", "1ether", "--unsigned", "--from", &from]).await;
    let data = hex::encode_prefixed(StakeVault::unstakeCall { amount: TOKEN }.abi_encode());
    assert_eq!(plain.code, 0, "{}", plain.stderr);
    assert!(plain.stdout.contains(&data), "{}", plain.stdout);
}

#[tokio::test]
async fn whoever_leaves_too_little_is_told_so_before() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    let enough = owner.run(&["unstake", "--amount", "1000ether"]).await;
    assert_eq!(enough.code, 0);
    assert!(!enough.stderr.contains("warning: "), "{}", enough.stderr);
    let before = owner.world.anvil.height().await;
    let from = owner.account();
    let printed = owner.home.run(&["unstake", "--amount", "1", "--unsigned", "--from", &from]).await;
    assert_eq!(printed.code, 0);
    expect![[r#"
        warning: this leaves 999999999999999999999 staked, less than the smallest stake of 1000000000000000000000: the node will be no member
        nothing was sent; send these in this order
    "#]]
    .assert_eq(&printed.stderr);
    assert_eq!(owner.world.anvil.height().await, before);
    let sent = owner.run(&["unstake", "--amount", "1000ether"]).await;
    let lines: Vec<_> = sent.stderr.lines().filter(|line| !line.starts_with("waiting: ")).collect();
    assert_eq!((sent.code, lines.len()), (0, 2), "{}", sent.stderr);
    assert!(lines[0].starts_with("warning: this leaves 0 staked, "), "{}", sent.stderr);
    assert!(lines[1].starts_with("sending: unstake "), "{}", sent.stderr);
    // What the vault refuses is not warned of.
    let refused = owner.run(&["unstake", "--amount", "1"]).await;
    assert!(refused.error(3).ends_with(" [InsufficientStake]"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("warning: "), "{}", refused.stderr);
    let hint = format!("\nhint: 0 was staked a moment ago; `williw operator --owner {from}` says what is now\n");
    assert!(refused.stderr.ends_with(&hint), "{}", refused.stderr);
    let none = owner.run(&["restake", "--ticket", "77"]).await;
    assert!(none.error(3).ends_with(" [NoSuchEntry]"), "{}", none.stderr);
    assert!(none.stderr.ends_with("\nhint: `williw operator` lists the queue with its tickets\n"), "{}", none.stderr);
    // Of what is not settled, and may be cancelled here.
    let to = owner.home.path("elsewhere");
    let moved = owner.home.run(&["keys", "move", "--to", to.to_str().unwrap()]).await;
    assert!(moved.error(2).starts_with("it is not settled yet what becomes of intent "), "{}", moved.stderr);
    assert!(moved.stderr.contains(" until it is, or `williw outbox cancel "), "{}", moved.stderr);
}

#[tokio::test]
async fn refusals_come_in_words_and_before_anything_is_sent() {
    let owner = Owner::new().await;
    let before = owner.world.anvil.height().await;
    let little = owner.run(&["register", "--amount", "999ether"]).await;
    assert!(little.error(3).contains("less than the smallest stake [BelowMinStake]"), "{}", little.stderr);
    let nobody = owner.run(&["unstake", "--amount", "1"]).await;
    assert!(nobody.error(3).contains("[NotRegistered]"), "{}", nobody.stderr);
    assert!(nobody.stderr.contains("\nhint: "), "{}", nobody.stderr);
    let rotate = owner.run(&["rotate"]).await;
    assert!(rotate.error(2).contains("no operator"), "{}", rotate.stderr);
    let wrong = owner.home.note("wrong", "open sesam");
    let closed = owner.run(&["unstake", "--amount", "1", "--password-file", &wrong]).await;
    assert!(closed.error(2).ends_with("the password does not open the keystore"), "{}", closed.stderr);
    assert_eq!(owner.world.anvil.height().await, before);
}

#[tokio::test]
async fn an_endpoint_at_fault_is_named_while_the_others_do() {
    let owner = Owner::new().await;
    let (url, twin) = (owner.world.anvil.url.to_string(), owner.world.twin().to_string());
    let rpcs = json!([url, NOBODY, twin]).to_string();
    let from = address::shown(owner.world.owner(OWNER).account);
    for arguments in [
        &["stake", "--amount", "100ether", "--unsigned", "--from", &from][..],
        &["withdraw", "--unsigned", "--from", &from],
    ] {
        let ended = owner.home.run_with(arguments, &[("WILLIW_BASE_RPCS", &rpcs)]).await;
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let warned = ended.stderr.lines().filter(|line| line.starts_with("warning: rpc 2 (127.0.0.1): ")).count();
        let asked = arguments[0] == "stake";
        assert_eq!(warned, usize::from(asked), "{}", ended.stderr);
    }
    let variables =
        [("WILLIW_BASE_RPCS", rpcs.as_str()), ("ETH_KEYSTORE", &owner.keystore), ("ETH_PASSWORD", &owner.password)];
    let sent = owner.home.run_with(&["collect"], &variables).await;
    assert_eq!(sent.code, 0, "{}", sent.stderr);
    assert_eq!(sent.stderr.matches("warning: rpc 2 (127.0.0.1): it cannot be reached").count(), 1, "{}", sent.stderr);
}
