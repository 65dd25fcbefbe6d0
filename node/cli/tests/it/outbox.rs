//! `williw outbox`, and what a command leaves behind when it is killed.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr};
use williw_core::identity::ChainId;
use williw_daemon::outbox::NonceOwner;

use crate::home::Home;
use crate::node::{started, stop};
use crate::owners::{OWNER, Owner};

/// A loaded machine may take its time.
const WITHIN: Duration = Duration::from_secs(60);

impl Owner {
    async fn outbox(&self, arguments: &[&str]) -> Value {
        self.run(&[&["outbox"], arguments, &["--json"]].concat()).await.json()
    }

    /// Starts a command, and waits until it says this.
    async fn until_said(&self, arguments: &[&str], words: &str) -> Waiting {
        let variables = [("ETH_KEYSTORE", self.keystore.as_str()), ("ETH_PASSWORD", self.password.as_str())];
        let mut command = self.home.command(arguments, &variables);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said: Vec<String> = Vec::new();
        while !said.last().is_some_and(|line| line.starts_with(words)) {
            let line = tokio::time::timeout(WITHIN, lines.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("it does not say `{words}` in time, but {said:?}")).unwrap();
            said.push(line.unwrap_or_else(|| panic!("it never said `{words}`, but {said:?}")));
        }
        Waiting { child, lines, said }
    }

    async fn automine(&self, on: bool) {
        let _: Value = self.world.anvil.ask("evm_setAutomine", json!([on])).await;
    }

    /// Starts a command and kills it once its transaction is on its way.
    async fn interrupted(&self, arguments: &[&str]) {
        let variables = [("ETH_KEYSTORE", self.keystore.as_str()), ("ETH_PASSWORD", self.password.as_str())];
        let mut command = self.home.command(arguments, &variables);
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        while !lines.next_line().await.unwrap().expect("it sends something").starts_with("sending: ") {}
        let sent = async {
            while self.world.anvil.ask::<Value>("txpool_status", json!([])).await["pending"] != "0x1" {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), sent).await.expect("it is sent");
        child.kill().await.unwrap();
    }
}

/// A command that waits for something.
struct Waiting {
    child: Child,
    /// Open as long as it runs: whoever says something to nobody fails.
    lines: Lines<BufReader<ChildStderr>>,
    said: Vec<String>,
}

impl Waiting {
    async fn ends(mut self) -> Option<i32> {
        let ended = async {
            while self.lines.next_line().await.unwrap().is_some() {}
            self.child.wait().await.unwrap().code()
        };
        tokio::time::timeout(WITHIN, ended).await.expect("it ends in time")
    }
}

#[tokio::test]
async fn whoever_waits_is_told_what_for() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    let account = owner.world.owner(OWNER).account;

    // For another process.
    let other = NonceOwner::claim(&owner.home.folder(), ChainId::Base, account, WITHIN).await.unwrap();
    let others = format!("waiting: another process is at work with {}", owner.account());
    let waiting = owner.until_said(&["collect"], &others).await;
    assert_eq!(waiting.said.len(), 1, "{:?}", waiting.said);
    drop(other);
    assert_eq!(waiting.ends().await, Some(0));

    // For what was asked before, and then for a block.
    owner.automine(false).await;
    owner.interrupted(&["unstake", "--amount", "100ether"]).await;
    let before = "waiting: what was asked before comes first: intent 4 (unstake 100000000000000000000)";
    let waiting = owner.until_said(&["outbox", "retry", "4"], "waiting: until the endpoints agree").await;
    let behind = owner.until_said(&["restake", "--ticket", "0"], &others).await;
    owner.automine(true).await;
    owner.world.anvil.mine(1).await;
    assert_eq!((waiting.ends().await, behind.ends().await), (Some(0), Some(0)));
    owner.automine(false).await;
    owner.interrupted(&["unstake", "--amount", "100ether"]).await;
    let waiting = owner.until_said(&["collect"], &before.replace("intent 4", "intent 6")).await;
    owner.automine(true).await;
    owner.world.anvil.mine(1).await;
    assert_eq!(waiting.ends().await, Some(0));
}

#[tokio::test]
async fn an_empty_outbox_needs_no_database() {
    let home = Home::lonely().await;
    assert_eq!(home.run(&["outbox", "list", "--json"]).await.json(), json!({ "intents": [] }));
    let plain = home.run(&["outbox", "list"]).await;
    assert_eq!((plain.code, plain.stdout.as_str()), (0, "ID  ACCOUNT  NONCE  STATE  WHAT\n"));
    assert!(!home.path("williw.db").exists(), "asking made a file");
    let none = home.run(&["outbox", "show", "7"]).await;
    assert_eq!(none.error(2), "there is no intent 7 in the outbox");
    assert!(none.stderr.contains("\nhint: see `williw outbox list`"), "{}", none.stderr);
    assert_eq!(home.run(&["outbox", "cancel", "7"]).await.error(2), "there is no intent 7 in the outbox");
}

#[tokio::test]
async fn what_was_sent_is_listed_and_shown() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    let listed = owner.outbox(&["list"]).await;
    let intents = listed["intents"].as_array().unwrap();
    let ids: Vec<_> = intents.iter().map(|intent| intent["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [2, 1], "the latest first");
    for intent in intents {
        assert_eq!((&intent["stage"], &intent["settled"]), (&json!("included"), &json!(false)), "{intent}");
    }
    assert_eq!(owner.outbox(&["list", "--limit", "1"]).await["intents"].as_array().unwrap().len(), 1);
    let shown = owner.outbox(&["show", "2"]).await;
    assert_eq!(shown, intents[0]);
    assert_eq!(shown["transactions"].as_array().unwrap().len(), 1);
    // The next command finds them final.
    let retried = owner.outbox(&["retry", "1"]).await;
    assert_eq!((&retried["stage"], &retried["settled"]), (&json!("done"), &json!(true)), "{retried}");
    let again = owner.run(&["outbox", "retry", "1"]).await;
    assert!(again.error(2).starts_with("intent 1 has ended: done in block "), "{}", again.stderr);
    let plain = owner.home.run(&["outbox", "show", "1"]).await;
    assert!(plain.stdout.starts_with("intent   1\nwhat     approve "), "{}", plain.stdout);
}

#[tokio::test]
async fn a_killed_command_is_gone_on_with_and_not_repeated() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    owner.automine(false).await;
    owner.interrupted(&["unstake", "--amount", "100ether"]).await;
    let left = owner.outbox(&["list", "--unsettled"]).await["intents"][0].clone();
    assert_eq!((&left["id"], &left["stage"]), (&json!(3), &json!("signed")), "{left}");
    owner.automine(true).await;
    owner.world.anvil.mine(1).await;
    // Whoever repeats a command until it succeeds gets what they wanted, once.
    let again = owner.run(&["unstake", "--amount", "100ether", "--json"]).await;
    assert_eq!(again.json()["transactions"][0]["intent"], 3);
    assert!(
        again.stderr.contains("this was asked before and nobody was told: intent 3 is in block "),
        "{}",
        again.stderr
    );
    assert!(again.stderr.contains("\nhint: if you want it twice, ask again"), "{}", again.stderr);
    owner.world.finalize().await;
    assert_eq!(owner.operator().await.unwrap().queue.len(), 1);
    owner.done(&["unstake", "--amount", "100ether"]).await;
    assert_eq!(owner.operator().await.unwrap().queue.len(), 2);
}

/// The first transaction of a cycle closes the books of the one before, which its estimate knew nothing of.
#[tokio::test]
async fn a_cycle_that_ends_before_a_transaction_is_mined_does_not_make_it_fail() {
    let owner = Owner::new().await;
    let clock = owner.world.clock;
    let fresh = clock.start(owner.world.cycle().await.plus(1));
    let _: Value = owner.world.anvil.ask("evm_setNextBlockTimestamp", json!([fresh.0])).await;
    owner.world.anvil.mine(1).await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    owner.done(&["unstake", "--amount", "100ether"]).await;
    owner.automine(false).await;
    owner.interrupted(&["unstake", "--amount", "50ether"]).await;
    let _: Value = owner.world.anvil.ask("evm_increaseTime", json!([clock.length().0])).await;
    owner.automine(true).await;
    owner.world.anvil.mine(1).await;
    owner.world.finalize().await;
    assert_eq!(owner.operator().await.unwrap().queue.len(), 2);
}

/// A key of the other chain is no reason to think that the fee was raised.
#[tokio::test]
async fn a_key_of_another_chain_is_not_taken_silently() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    let tried = owner.home.run(&["outbox", "retry", "1", "--keypair", "elsewhere.json"]).await;
    let warned = "intent 1 is of base, so only --keystore can name its key: it is not signed anew";
    assert!(tried.stderr.contains(warned), "{}", tried.stderr);
}

/// Whoever cannot read the result does not know, and a script that repeats the command must not do it twice.
#[tokio::test]
async fn a_result_that_nobody_can_read_is_told_again() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    let unstake = ["unstake", "--amount", "100ether", "--json"];
    let variables = [("ETH_KEYSTORE", owner.keystore.as_str()), ("ETH_PASSWORD", owner.password.as_str())];
    for _ in 0..2 {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = owner.home.command(&unstake, &variables);
        let child = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let ended = child.wait_with_output().await.unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(said.contains("error: the result could not be written"), "{said}");
        assert_eq!(ended.status.code(), Some(1));
    }
    // A reader that is gone read nothing either.
    let mut child = owner.home.command(&unstake, &variables).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert_eq!(owner.run(&unstake).await.json()["transactions"][0]["intent"], 3);
    owner.world.finalize().await;
    assert_eq!(owner.operator().await.unwrap().queue.len(), 1);
}

/// Whoever has staked everything has nothing left to stake, and is told that it is done.
#[tokio::test]
async fn what_was_done_is_told_also_when_it_could_not_be_done_again() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    let rest = owner.balance().await.to_string();
    let stake = ["stake", "--amount", &rest, "--json"];
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let variables = [("ETH_KEYSTORE", owner.keystore.as_str()), ("ETH_PASSWORD", owner.password.as_str())];
    let status = owner.home.command(&stake, &variables).stdout(full).status().await.unwrap();
    assert_eq!(status.code(), Some(1));
    assert_eq!(owner.balance().await.to_string(), "0");
    let again = owner.run(&stake).await;
    assert!(again.stderr.contains("this was asked before and nobody was told"), "{}", again.stderr);
    assert_eq!(again.code, 0);
}

/// A script that cancels and goes on must not go on when it was too late.
#[tokio::test]
async fn a_cancellation_that_came_too_late_is_no_success() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    owner.automine(false).await;
    owner.interrupted(&["unstake", "--amount", "100ether"]).await;
    owner.automine(true).await;
    owner.world.anvil.mine(1).await;
    let late = owner.run(&["outbox", "cancel", "3", "--json"]).await;
    assert_eq!(late.code, 3, "{}", late.stderr);
    assert!(late.stderr.contains("intent 3 ended otherwise: in block "), "{}", late.stderr);
    assert_eq!(owner.run(&["outbox", "retry", "3"]).await.code, 0);
}

/// What failed may happen after all until its block is final; then it counts until somebody wants it no more.
#[tokio::test]
async fn a_failure_keeps_the_same_from_being_asked_until_it_is_final() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    owner.automine(false).await;
    let unstake = ["unstake", "--amount", "100ether"];
    owner.interrupted(&unstake).await;
    // Its trial went well; while it is mined the vault refuses everything.
    let (anvil, vault) = (&owner.world.anvil, owner.world.vault);
    let code: Value = anvil.ask("eth_getCode", json!([vault, "latest"])).await;
    let _: Value = anvil.ask("anvil_setCode", json!([vault, "0x5f5ffd"])).await;
    owner.automine(true).await;
    anvil.mine(1).await;
    let _: Value = anvil.ask("anvil_setCode", json!([vault, code])).await;
    let early = owner.run(&unstake).await;
    let error = early.error(3);
    assert!(error.contains(": the same was asked before (intent 3) and is failed in block "), "{error}");
    assert!(early.stderr.contains("\nhint: ask again once it is final: see `williw outbox show`"), "{}", early.stderr);
    let early = owner.run(&["outbox", "cancel", "3"]).await;
    assert_eq!(early.code, 3, "{}", early.stderr);
    assert!(early.stderr.contains("error: intent 3 ended otherwise: failed in block "), "{}", early.stderr);
    owner.world.finalize().await;
    let known = owner.run(&["outbox", "cancel", "3", "--json"]).await;
    assert_eq!((known.code, &known.json()["stage"]), (0, &json!("failed")), "{}", known.stderr);
    owner.done(&unstake).await;
    assert_eq!(owner.operator().await.unwrap().queue.len(), 1);
    // It was asked for anew and done: retrying what failed would do it a second time.
    let again = owner.run(&["outbox", "retry", "3"]).await;
    assert!(again.error(2).contains("was asked for anew as intent"), "{}", again.stderr);
    assert_eq!(owner.operator().await.unwrap().queue.len(), 1);
}

#[tokio::test]
async fn what_waits_is_cancelled_or_sent_at_a_higher_fee() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    for (command, stage, unstaked) in [("cancel", "cancelled", 0), ("retry", "done", 1)] {
        owner.automine(false).await;
        owner.interrupted(&["unstake", "--amount", "100ether"]).await;
        let id = owner.outbox(&["list"]).await["intents"][0]["id"].to_string();
        // A block is mined once there is something that pays more.
        let mine = async {
            let before = owner.outbox(&["show", &id]).await["transactions"].as_array().unwrap().len();
            while owner.outbox(&["show", &id]).await["transactions"].as_array().unwrap().len() == before {}
            owner.automine(true).await;
            owner.world.anvil.mine(1).await;
        };
        let arguments = ["outbox", command, &id, "--json"];
        let (ended, ()) = tokio::join!(owner.run(&arguments), mine);
        let after = ended.json();
        assert_eq!(after["transactions"].as_array().unwrap().len(), 2, "{after}");
        let purpose = if command == "cancel" { "cancel" } else { "sent" };
        assert_eq!(after["transactions"][1]["purpose"], purpose);
        owner.world.finalize().await;
        // A look at the final block needs no key.
        let settled = owner.home.run(&["outbox", "retry", &id, "--json"]).await;
        // What was cancelled did not happen, however often it is asked for.
        assert_eq!(settled.code, if command == "cancel" { 3 } else { 0 }, "{}", settled.stderr);
        let settled: serde_json::Value = serde_json::from_str(&settled.stdout).unwrap();
        assert_eq!(settled["stage"], stage, "{settled}");
        assert_eq!(owner.operator().await.unwrap().queue.len(), unstaked);
    }
}

#[tokio::test]
async fn the_wrong_key_cancels_nothing() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    let (_, [_, keystore, _, password]) = owner.next_signer();
    let cancel = ["outbox", "cancel", "1", "--keystore", &keystore, "--password-file", &password];
    let ended = owner.home.run(&cancel).await;
    assert!(ended.error(2).contains("intent 1 is of account"), "{}", ended.stderr);
    assert!(ended.stderr.contains("\nhint: name the key of that account"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_command_sends_while_the_node_runs() {
    let owner = Owner::new().await;
    let (mut node, _) = started(&owner.home).await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    owner.done(&["unstake", "--amount", "100ether"]).await;
    assert_eq!(owner.outbox(&["list"]).await["intents"].as_array().unwrap().len(), 3);
    // Without a key, and without being asked, the node writes down what is final.
    let settled = async { while owner.outbox(&["list", "--unsettled"]).await != json!({ "intents": [] }) {} };
    tokio::time::timeout(std::time::Duration::from_secs(60), settled).await.expect("the node looks after the outbox");
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
    for intent in owner.outbox(&["list"]).await["intents"].as_array().unwrap() {
        assert_eq!(intent["stage"], "done", "{intent}");
    }
}
