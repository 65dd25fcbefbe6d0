//! A real deployment, compared with files that tell of it, truly and not.

use std::process::Stdio;

use alloy::primitives::{Address, Bytes};
use alloy::sol_types::SolCall as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::anvil::{Anvil, bytecode, contracts, native};
use crate::home::{Ended, Home, NOBODY};
use crate::world::StakeVault;

/// What contracts/script/Deploy.s.sol made of contracts/script/anvil.json.
struct Deployed {
    anvil: Anvil,
    people: Vec<Address>,
    file: Value,
    home: Home,
}

impl Deployed {
    async fn new() -> Self {
        // forge writes its build to one place; the script then finds it there.
        bytecode("StakeVault");
        let anvil = Anvil::start().await;
        let people: Vec<Address> = anvil.ask("eth_accounts", json!([])).await;
        let broadcast = TempDir::new().unwrap();
        let name = format!("31337-{}-{}.json", std::process::id(), anvil.url.port().unwrap());
        let written = contracts().join("deployments").join(&name);
        let output = Command::new(native("forge"))
            .args(["script", "script/Deploy.s.sol", "--broadcast", "--unlocked"])
            .args(["--rpc-url", anvil.url.as_str(), "--sender", &people[0].to_string()])
            .envs([("PARAMETERS", "script/anvil.json"), ("DEPLOYMENT", &name)])
            .env("FOUNDRY_BROADCAST", broadcast.path())
            .current_dir(contracts())
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = serde_json::from_slice(&std::fs::read(&written).unwrap()).unwrap();
        std::fs::remove_file(&written).unwrap();
        Self { anvil, people, file, home: Home::absent() }
    }

    async fn verify(&self, file: &Value, flags: &[&str]) -> Ended {
        let path = self.home.note("deployment.json", &file.to_string());
        let flags =
            [&["deploy", "verify", "--deployment", &path, "--rpc", self.anvil.url.as_str()][..], flags].concat();
        self.home.run(&flags).await
    }

    /// What is not as the file says.
    async fn differences(&self, file: &Value) -> Vec<String> {
        let ended = self.verify(file, &["--json"]).await;
        let verdict: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
        let checks = verdict["checks"].as_array().unwrap();
        let wrong = checks.iter().filter(|check| check["matches"] == false);
        let wrong: Vec<String> = wrong.map(|check| check["what"].as_str().unwrap().to_owned()).collect();
        assert_eq!((ended.code, verdict["matches"].as_bool()), (i32::from(!wrong.is_empty()), Some(wrong.is_empty())));
        for what in &wrong {
            assert!(ended.stderr.contains(what), "{what} is not in the error: {}", ended.stderr);
        }
        wrong
    }

    /// The same file with another value at one place.
    fn with(&self, at: &str, value: Value) -> Value {
        let mut file = self.file.clone();
        let place = file.pointer_mut(at).unwrap_or_else(|| panic!("{at} is not in the file"));
        assert_ne!(*place, value, "{at}");
        *place = value;
        file
    }

    fn contract(&self, name: &str) -> Address {
        self.file[name].as_str().unwrap().parse().unwrap()
    }

    async fn govern(&self, contract: &str, call: Vec<u8>) {
        self.anvil.send(self.people[0], Some(self.contract(contract)), call.into()).await;
    }

    async fn set_code(&self, contract: &str, code: &Bytes) {
        let _: Value = self.anvil.ask("anvil_setCode", json!([self.contract(contract), code])).await;
        self.anvil.mine(1).await;
    }
}

#[tokio::test]
async fn what_was_deployed_is_as_its_file_says() {
    let deployed = Deployed::new().await;
    assert!(deployed.differences(&deployed.file).await.is_empty());
    let twin = format!("{}?twin", deployed.anvil.url);
    let ended = deployed.verify(&deployed.file, &["--rpc", &twin]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert!(lines[0].contains("FILE") && lines[0].contains("FOUND"), "{}", ended.stdout);
    let (last, checks) = lines[1..].split_last().unwrap();
    assert!(last.starts_with("read at block "), "{last}");
    assert_eq!(checks.len(), 42, "{}", ended.stdout);
    assert!(checks.iter().all(|line| line.starts_with("ok ")), "{}", ended.stdout);
    // A node can be made with it.
    let path = deployed.home.note("deployment.json", &deployed.file.to_string());
    let made = deployed.home.run(&["init", "--deployment", &path, "--rpc", NOBODY, "--json"]).await;
    assert_eq!(made.json()["network_id"], deployed.file["network_id"]);
}

#[tokio::test]
async fn every_value_that_is_not_so_is_named() {
    let deployed = Deployed::new().await;
    let nobody = json!("0x00000000000000000000000000000000000000cc");
    let word = json!(format!("0x{}", "11".repeat(32)));
    let cases: &[(&str, Value, &[&str])] = &[
        ("/network_id", word.clone(), &["network_id", "vault.network_id"]),
        ("/name", json!("other"), &["network_id", "vault.address"]),
        ("/from_height", json!(1_000_000), &["from_height"]),
        ("/salt", word.clone(), &["vault.address", "pool.address"]),
        ("/token", nobody.clone(), &["vault.address", "vault.token"]),
        ("/reward_token", nobody.clone(), &["pool.address", "pool.token"]),
        ("/deployed/governor", nobody.clone(), &["vault.address", "pool.address"]),
        ("/deployed/guardian", nobody.clone(), &["pool.address"]),
        ("/deployed/genesis", json!("1"), &["vault.address", "vault.genesis"]),
        ("/deployed/cycle_length", json!("61"), &["vault.address", "vault.cycle_length"]),
        ("/deployed/vault/parameters/min_stake", json!("1"), &["vault.address"]),
        ("/deployed/vault/least/slash_bps", json!("2"), &["vault.address", "vault.least.slash_bps"]),
        ("/deployed/vault/most/min_deposit", json!("2"), &["vault.address", "vault.most.min_deposit"]),
        ("/deployed/pool/parameters/delay", json!("1"), &["pool.address"]),
        ("/deployed/pool/least/min_quorum", json!("1"), &["pool.address", "pool.least.min_quorum"]),
        ("/deployed/pool/most/delay", json!("1"), &["pool.address", "pool.most.delay"]),
        ("/in_force/owner", nobody.clone(), &["vault.owner", "pool.owner"]),
        ("/in_force/guardian", nobody.clone(), &["pool.guardian"]),
        ("/in_force/vault/min_stake", json!("1"), &["vault.parameters.min_stake"]),
        ("/in_force/vault/min_deposit", json!("1"), &["vault.parameters.min_deposit"]),
        ("/in_force/vault/unstaking_period", json!("1"), &["vault.parameters.unstaking_period"]),
        ("/in_force/vault/slash_bps", json!("1"), &["vault.parameters.slash_bps"]),
        ("/in_force/vault/evidence_cycles", json!("1"), &["vault.parameters.evidence_cycles"]),
        ("/in_force/pool/min_quorum", json!("1"), &["pool.parameters.min_quorum"]),
        ("/in_force/pool/delay", json!("1"), &["pool.parameters.delay"]),
        ("/in_force/pool/max_per_cycle", json!("1"), &["pool.parameters.max_per_cycle"]),
    ];
    let hinted = async |at: &str, value: &Value, hint: &str| {
        let refused = deployed.verify(&deployed.with(at, value.clone()), &[]).await;
        assert!(refused.stderr.contains(hint), "{at}: {}", refused.stderr);
    };
    hinted("/salt", &word, "is not what it was created with").await;
    hinted("/vault", &nobody, "nothing stands there").await;
    hinted("/from_height", &json!(1_000_000), "in which the vault was created").await;
    hinted("/in_force/owner", &nobody, "change `in_force`").await;
    for (at, value, named) in cases {
        assert_eq!(deployed.differences(&deployed.with(at, value.clone())).await, *named, "{at}");
    }
    let mut both = deployed.with("/solana_genesis_hash", word.clone());
    both["solana_program_id"] = word;
    assert_eq!(deployed.differences(&both).await, ["network_id", "vault.address"]);
    for contract in ["vault", "pool"] {
        let missing = deployed.differences(&deployed.with(&format!("/{contract}"), nobody.clone())).await;
        for what in ["address", "code", "owner", "head", "token"] {
            assert!(missing.contains(&format!("{contract}.{what}")), "{missing:?}");
        }
    }
}

#[tokio::test]
async fn what_changed_on_the_chain_is_named() {
    let deployed = Deployed::new().await;
    let heir = deployed.people[5];
    for contract in ["vault", "pool"] {
        let offer = StakeVault::transferOwnershipCall { newOwner: heir };
        deployed.govern(contract, offer.abi_encode()).await;
    }
    let parameters = (2_000_000_000_000_000_000_000, 0, 900, 500, 12);
    deployed.govern("vault", StakeVault::proposeCall { next: parameters }.abi_encode()).await;
    // Nothing is different yet, and it is said what will be.
    let ended = deployed.verify(&deployed.file, &[]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for warning in ["the vault is offered to", "the pool is offered to", "other parameters of the vault are announced"]
    {
        assert!(ended.stderr.contains(warning), "{}", ended.stderr);
    }

    deployed.govern("vault", StakeVault::setPausedCall { stopped: true }.abi_encode()).await;
    let accept: Bytes = StakeVault::acceptOwnershipCall {}.abi_encode().into();
    deployed.anvil.send(heir, Some(deployed.contract("vault")), accept).await;
    assert_eq!(deployed.differences(&deployed.file).await, ["vault.owner", "vault.paused"]);

    let no_fact = json!([deployed.contract("pool"), format!("{:#066x}", 3), format!("{:#066x}", 0)]);
    let _: Value = deployed.anvil.ask("anvil_setStorageAt", no_fact).await;
    deployed.anvil.mine(1).await;
    assert_eq!(deployed.differences(&deployed.file).await, ["vault.owner", "vault.paused", "pool.head"]);
}

#[tokio::test]
async fn a_contract_with_other_code_is_named() {
    let deployed = Deployed::new().await;
    for contract in ["vault", "pool"] {
        let code: Bytes = deployed.anvil.ask("eth_getCode", json!([deployed.contract(contract), "latest"])).await;
        // The last bytes name the compiler and are never run: it does all that ours does.
        let mut other = code.to_vec();
        *other.last_mut().unwrap() ^= 1;
        deployed.set_code(contract, &other.into()).await;
        assert_eq!(deployed.differences(&deployed.file).await, [format!("{contract}.code")]);
        // It fails at once, and endpoints say so in different ways.
        deployed.set_code(contract, &Bytes::from_static(&[0xfe])).await;
        let silent = deployed.differences(&deployed.file).await;
        assert!(silent.contains(&format!("{contract}.code")) && silent.len() >= 15, "{silent:?}");
        assert!(silent.iter().all(|what| what.starts_with(contract) && !what.ends_with("address")), "{silent:?}");
        deployed.set_code(contract, &code).await;
    }
    assert!(deployed.differences(&deployed.file).await.is_empty());
}

/// Code says nothing of the storage beside it. Whoever prepared that did it at another address.
#[tokio::test]
async fn the_right_code_at_an_address_that_nothing_leads_to_is_named() {
    let deployed = Deployed::new().await;
    let elsewhere = "0x00000000000000000000000000000000000000cc";
    for contract in ["vault", "pool"] {
        let code: Bytes = deployed.anvil.ask("eth_getCode", json!([deployed.contract(contract), "latest"])).await;
        let _: Value = deployed.anvil.ask("anvil_setCode", json!([elsewhere, code])).await;
        deployed.anvil.mine(1).await;
        let found = deployed.differences(&deployed.with(&format!("/{contract}"), json!(elsewhere))).await;
        assert!(found.contains(&format!("{contract}.address")), "{found:?}");
        assert!(!found.contains(&format!("{contract}.code")), "{found:?}");
    }
}

#[tokio::test]
async fn a_file_or_a_chain_that_is_none_is_no_difference() {
    let deployed = Deployed::new().await;
    let mut file = deployed.file.clone();
    file.as_object_mut().unwrap().remove("pool");
    assert!(deployed.verify(&file, &[]).await.error(2).contains("missing field `pool`"));
    let ended = deployed.verify(&deployed.with("/in_force/vault/slash_bps", json!("10001")), &[]).await;
    assert!(ended.error(2).contains("10001 basis points are more than the whole"), "{}", ended.stderr);
    let ended = deployed.verify(&deployed.with("/in_force/pool/delay", json!(30)), &[]).await;
    assert!(ended.error(2).contains("invalid type: integer `30`, expected a string"), "{}", ended.stderr);

    let ended = deployed.verify(&deployed.with("/chain_id", json!(8453)), &[]).await;
    assert!(ended.error(3).contains("it serves chain 31337"), "{}", ended.stderr);
    let path = deployed.home.note("deployment.json", &deployed.file.to_string());
    let ended = deployed.home.run(&["deploy", "verify", "--deployment", &path, "--rpc", NOBODY]).await;
    assert!(ended.error(3).contains("no connection"), "{}", ended.stderr);
}
