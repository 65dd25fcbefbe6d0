//! A real deployment on Solana, made by scripts/deploy-program, compared with files that tell of it, truly and not.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect_file;
use serde_json::{Value, json};
use tokio::process::Command;
use williw_core::identity::Account;

use crate::home::{Ended, Home, NOBODY, RPC_KEY};
use crate::solana::localnet::Localnet;

const KEYGEN: &str = "
    import { base58 } from './programs/deploy/src/bytes.mjs';
    import { fileOf, newKey } from './programs/deploy/src/keys.mjs';
    const key = newKey();
    console.log(JSON.stringify({ file: fileOf(key), address: base58(key.address) }));
";

/// What the deployer does to a program that stands: `upgrade` or `extend`.
const CHANGE_PROGRAM: &str = "
    import { readFileSync } from 'node:fs';
    import { address } from './programs/deploy/src/bytes.mjs';
    import { readKey } from './programs/deploy/src/keys.mjs';
    import { Chain } from './programs/deploy/test/chain.mjs';
    const [what, url, program, deployer] = process.argv.slice(1);
    const [chain, id] = [new Chain(null, url), address(program)];
    const key = readKey(deployer, 'key', () => {});
    if (what === 'extend') await chain.extend(id, key);
    else await chain.upgrade(id, readFileSync('programs/bytecode/williw.so'), key);
    console.log('{}');
";

/// What anybody can do: name the account of a program's bytecode, so many times, in transactions that do nothing to it.
const NAME_PROGRAM: &str = "
    import { address, concat, little } from './programs/deploy/src/bytes.mjs';
    import { WELL_KNOWN, readKey } from './programs/deploy/src/keys.mjs';
    import { programDataOf } from './programs/deploy/src/loader.mjs';
    import { Rpc } from './programs/deploy/src/rpc.mjs';
    import * as transaction from './programs/deploy/src/transaction.mjs';
    const [times, url, program, payer] = process.argv.slice(1);
    const [rpc, key, { writable, readable }] = [new Rpc(url), readKey(payer, 'key', () => {}), transaction];
    const accounts = [
      transaction.signing(writable(key.address)), writable(key.address), readable(programDataOf(address(program))),
    ];
    for (let nth = 1, recent; nth <= Number(times); nth += 1) {
      if (nth % 50 === 1) recent = (await transaction.recentBlockhash(rpc, address)).bytes;
      const transfer = { program: WELL_KNOWN.system, accounts, data: concat(little(2, 4), little(BigInt(nth), 8)) };
      await transaction.submit(rpc, transaction.signed([key], [transfer], recent), { isTried: false });
    }
    console.log('{}');
";

const TOKEN_2022: &str = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb";

/// Where something lies in an account: the layouts of the loader and of the token programs.
const AUTHORITY_AT: usize = 12;
const CODE_AT: usize = 45;
const FREEZER_AT: usize = 46;
const DELEGATE_AT: usize = 72;
const CLOSER_AT: usize = 129;
const STATE_AT: usize = 108;

/// Makes the bytes of something other ones.
type Change = fn(&mut Vec<u8>);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Sets what a token account says of who else may do something.
fn give(bytes: &mut [u8], at: usize) {
    bytes[at] = 1;
    bytes[at + 4..at + 36].fill(0xcc);
}

fn nobody() -> String {
    Account([0xcc; 32]).base58()
}

/// Where something lies in the config, by the IDL.
fn config_at(path: &[&str]) -> usize {
    const KIND_LEN: usize = 8;
    let idl = std::fs::read(root().join("programs/idl/williw.json")).unwrap();
    let idl: Value = serde_json::from_slice(&idl).unwrap();
    let fields = |of: &str| {
        let kind = idl["types"].as_array().unwrap().iter().find(|kind| kind["name"] == of);
        kind.unwrap_or_else(|| panic!("there is no {of}"))["type"]["fields"].as_array().unwrap().clone()
    };
    fn size(kind: &Value, fields: &dyn Fn(&str) -> Vec<Value>) -> usize {
        match kind.as_str() {
            Some("u8") => 1,
            Some("u64") => 8,
            Some("pubkey") => 32,
            Some(other) => panic!("{other} is not known here"),
            None => match (&kind["array"], kind["defined"]["name"].as_str()) {
                (_, Some(name)) => fields(name).iter().map(|field| size(&field["type"], fields)).sum(),
                (array, None) => size(&array[0], fields) * usize::try_from(array[1].as_u64().unwrap()).unwrap(),
            },
        }
    }
    let (mut at, mut of) = (KIND_LEN, "Config".to_owned());
    for name in path {
        let fields_here = fields(&of);
        let place = fields_here.iter().position(|field| field["name"] == *name).unwrap();
        at += fields_here[..place].iter().map(|field| size(&field["type"], &fields)).sum::<usize>();
        of = fields_here[place]["type"]["defined"]["name"].as_str().unwrap_or_default().to_owned();
    }
    at
}

/// Runs one of the repository's own tools; what it printed.
async fn run(program: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(root()).stdin(Stdio::null()).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What scripts/deploy-program made of programs/deploy/localnet.json.
struct Deployed {
    net: Localnet,
    file: Value,
    home: Home,
    /// The file of the key that may upgrade the program.
    deployer: String,
    /// Who may mint its token.
    faucet: String,
}

impl Deployed {
    async fn new() -> Self {
        let net = Localnet::with(3, &["--slot-ms", "50", "--finalized-depth", "4"]).await;
        let home = Home::absent();
        let key = run("node", &["--input-type=module", "--eval", KEYGEN]).await;
        let address = key["address"].as_str().unwrap();
        let deployer = home.note("deployer.json", key["file"].as_str().unwrap());
        net.control("airdrop", json!({ "address": address, "lamports": 100_000_000_000_u64 })).await;
        let mint = net.control("mint", json!({ "decimals": 9 })).await;
        let mut plan: Value =
            serde_json::from_slice(&std::fs::read(root().join("programs/deploy/localnet.json")).unwrap()).unwrap();
        (plan["mint"], plan["governor"]) = (mint["mint"].clone(), json!(address));
        plan["guardian"] = json!(Account([7; 32]).base58());
        let plan = home.note("plan.json", &plan.to_string());
        let written = home.note("deployment.json", "");
        std::fs::remove_file(&written).unwrap();
        let program = root().join("programs/localnet-keypair.json");
        let script = root().join("scripts/deploy-program");
        let flags = ["--cluster", "localnet", "--url", net.rpcs[0].as_str(), "--yes", "--json"];
        let files = ["--plan", &plan, "--deployer", &deployer, "--deployment", &written];
        let program = ["--program", program.to_str().unwrap()];
        run(script.to_str().unwrap(), &[&flags[..], &files, &program].concat()).await;
        let file = serde_json::from_slice(&std::fs::read(&written).unwrap()).unwrap();
        let mut deployed = Self { net, file, home, deployer, faucet: String::new() };
        let key: [u8; 32] = deployed.bytes("mint").await[4..36].try_into().unwrap();
        deployed.faucet = Account(key).base58();
        deployed
    }

    /// An endpoint with a key in its address, counted from 1.
    fn rpc(&self, position: usize) -> String {
        format!("{}?key={RPC_KEY}", self.net.rpcs[position - 1])
    }

    async fn verify(&self, file: &Value, rpcs: &[&str], flags: &[&str]) -> Ended {
        let path = self.home.note("deployment.json", &file.to_string());
        let rpcs: Vec<&str> = rpcs.iter().flat_map(|rpc| ["--solana-rpc", *rpc]).collect();
        self.home.run(&[&["deploy", "verify", "--deployment", &path][..], &rpcs, flags].concat()).await
    }

    /// Through all three endpoints.
    async fn verify_by_all(&self) -> Ended {
        self.verify(&self.file, &[&self.rpc(1), &self.rpc(2), &self.rpc(3)], &[]).await
    }

    /// What is not as the file says.
    async fn differences(&self, file: &Value) -> Vec<String> {
        let ended = self.verify(file, &[&self.rpc(1)], &["--json"]).await;
        let verdict: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
        assert!(verdict["slot"].is_u64() && verdict.get("block").is_none(), "{verdict}");
        let checks = verdict["checks"].as_array().unwrap();
        assert_eq!(checks.len(), 70, "none is left out");
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

    async fn bytes(&self, of: &str) -> Vec<u8> {
        let terms = json!({ "encoding": "base64", "commitment": "finalized" });
        let shown: Value = self.net.ask("getAccountInfo", json!([self.file[of], terms])).await;
        STANDARD.decode(shown["value"]["data"][0].as_str().unwrap()).unwrap()
    }

    /// What a forged account shows instead.
    async fn forgery(&self, of: &str, change: impl FnOnce(&mut Vec<u8>)) -> Value {
        let mut bytes = self.bytes(of).await;
        change(&mut bytes);
        json!({ "account": self.file[of], "data": STANDARD.encode(bytes) })
    }

    /// Makes all endpoints show an account otherwise: the chain is so.
    async fn change(&self, of: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let forgery = self.forgery(of, change).await;
        for position in 1..=3 {
            self.net.lie(position, "forged", forgery.clone()).await;
        }
    }

    /// What is said besides that the deployer may upgrade, and the faucet mint.
    fn news<'a>(&self, ended: &'a Ended) -> Vec<&'a str> {
        let authority = self.file["in_force"]["upgrade_authority"].as_str().unwrap();
        let usual = [
            format!("warning: {authority}, a single key, can replace the program, and so take and lock everything"),
            format!("warning: {} can make more of the token", self.faucet),
        ];
        let (usual, news): (Vec<_>, Vec<_>) =
            ended.stderr.lines().partition(|line| usual.iter().any(|usual| line.starts_with(usual)));
        assert_eq!(usual.len(), 2, "{}", ended.stderr);
        news
    }

    async fn change_program(&self, what: &str) {
        self.script(CHANGE_PROGRAM, what).await;
    }

    async fn script(&self, script: &str, what: &str) {
        let program = self.file["program"].as_str().unwrap();
        let arguments = [what, self.net.rpcs[0].as_str(), program, &self.deployer];
        run("node", &[&["--input-type=module", "--eval", script][..], &arguments].concat()).await;
    }

    async fn honest(&self) {
        for position in 1..=3 {
            self.net.lie(position, "honest", json!({})).await;
        }
    }
}

#[tokio::test]
async fn what_was_deployed_on_solana_is_as_its_file_says() {
    let deployed = Deployed::new().await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(deployed.news(&ended).is_empty(), "{}", ended.stderr);
    assert!(deployed.differences(&deployed.file).await.is_empty());
    // What differs from one deployment to the next, or with the bytecode, by its name.
    let mut text = ended.stdout;
    for key in ["genesis_hash", "network_id", "mint", "bytecode_sha256", "bytecode_bytes", "from_slot"] {
        let value = deployed.file[key].to_string();
        text = text.replace(value.trim_matches('"'), &format!("<{key}>"));
    }
    text = text.replace(deployed.file["in_force"]["governor"].as_str().unwrap(), "<governor>");
    let tidy = |line: &str| {
        let words: Vec<_> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        match words[..] {
            [mark, "config.domain", ..] => format!("{mark}  config.domain  <domain>"),
            [line] if line.starts_with("read at slot ") => "read at slot <slot>".to_owned(),
            _ => words.join("  "),
        }
    };
    let text: String = text.lines().map(|line| tidy(line) + "\n").collect();
    expect_file!["./deploy_solana/verified.txt"].assert_eq(&text);

    // The variable does as well, and the flag and the variable of Base are nobody's business.
    let path = deployed.home.note("deployment.json", &deployed.file.to_string());
    let variables = [("SOLANA_RPC_URL", format!("{},{}", deployed.rpc(1), deployed.rpc(2)))];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let ended = deployed.home.run_with(&["deploy", "verify", "--deployment", &path], &variables).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(deployed.news(&ended).is_empty(), "{}", ended.stderr);
    let ended = deployed.home.run(&["deploy", "verify", "--deployment", &path, "--rpc", NOBODY]).await;
    assert!(ended.error(2).contains("no endpoint of it is named"), "{}", ended.stderr);
    assert!(ended.stderr.contains("--solana-rpc"), "{}", ended.stderr);
}

#[tokio::test]
async fn every_value_of_a_file_of_solana_that_is_not_so_is_named() {
    let deployed = Deployed::new().await;
    let nobody = json!(nobody());
    let word = json!(format!("0x{}", "11".repeat(32)));
    let length = deployed.file["bytecode_bytes"].as_u64().unwrap();
    let of_mint = ["config.mint", "stake_tokens.mint", "reward_tokens.mint"];
    let no_mint = ["mint.token_program", "mint.token_decimals", "mint.extensions"];
    let of_program =
        ["config.token_program", "stake_tokens.token_program", "reward_tokens.token_program", "mint.token_program"];
    let cases: &[(&str, Value, &[&str])] = &[
        ("/cluster", json!("devnet"), &["cluster"]),
        ("/name", json!("other"), &["network_id"]),
        ("/network_id", word.clone(), &["network_id", "config.network_id", "config.domain"]),
        ("/base_chain_id", json!("8453"), &["network_id"]),
        ("/base_vault", json!("0x00000000000000000000000000000000000000cc"), &["network_id"]),
        ("/program_data", nobody.clone(), &["program.program_data", "program_data.address"]),
        ("/config", nobody.clone(), &["config.address"]),
        ("/mint", nobody.clone(), &[&of_mint[..], &no_mint].concat()),
        ("/token_program", json!(TOKEN_2022), &of_program),
        ("/token_decimals", json!(8), &["config.token_decimals", "mint.token_decimals"]),
        ("/stake_tokens", nobody.clone(), &["config.stake_tokens", "stake_tokens.address"]),
        ("/reward_tokens", nobody.clone(), &["config.reward_tokens", "reward_tokens.address"]),
        ("/from_slot", json!(1), &["from_slot"]),
        ("/bytecode_sha256", json!("11".repeat(32)), &["bytecode_sha256"]),
        ("/bytecode_bytes", json!(length / 2), &["bytecode_sha256", "bytecode_bytes"]),
        ("/bytecode_bytes", json!(length + 1), &["bytecode_sha256", "bytecode_bytes"]),
        ("/deployed/genesis", json!("1"), &["config.genesis"]),
        ("/deployed/cycle_length", json!("61"), &["config.cycle_length"]),
        ("/in_force/governor", nobody.clone(), &["config.governor"]),
        ("/in_force/guardian", nobody.clone(), &["config.guardian"]),
        ("/in_force/upgrade_authority", nobody.clone(), &["upgrade_authority"]),
        ("/in_force/upgrade_authority", Value::Null, &["upgrade_authority"]),
    ];
    for (at, value, named) in cases {
        let mut found = deployed.differences(&deployed.with(at, value.clone())).await;
        let mut named = named.to_vec();
        found.sort();
        named.sort_unstable();
        assert_eq!(found, named, "{at}");
    }
    for (part, place) in [("parameters", "/in_force"), ("least", "/deployed"), ("most", "/deployed")] {
        for contract in ["vault", "pool"] {
            let at =
                if part == "parameters" { format!("{place}/{contract}") } else { format!("{place}/{contract}/{part}") };
            for key in deployed.file.pointer(&at).unwrap().as_object().unwrap().keys() {
                let found = deployed.differences(&deployed.with(&format!("{at}/{key}"), json!("77"))).await;
                assert_eq!(found, [format!("{contract}.{part}.{key}")]);
            }
        }
    }

    let hinted = async |at: &str, value: Value, hint: &str| {
        let refused = deployed.verify(&deployed.with(at, value), &[&deployed.rpc(1)], &[]).await;
        assert_eq!(refused.code, 1, "{at}: {}", refused.stderr);
        assert!(refused.stderr.contains(hint), "{at}: {}", refused.stderr);
    };
    let id = deployed.file["program"].as_str().unwrap();
    let how = format!("`scripts/build-program --id {id} --out build` makes it");
    hinted("/bytecode_sha256", json!("11".repeat(32)), &how).await;
    hinted("/name", json!("other"), "is not what it was deployed with").await;
    hinted("/bytecode_sha256", json!("11".repeat(32)), "another program runs there").await;
    hinted("/in_force/guardian", nobody.clone(), "change `in_force`").await;
    hinted("/program", nobody.clone(), "no program stands there").await;
    let elsewhere = deployed.differences(&deployed.with("/program", nobody)).await;
    for what in ["program.loader", "program.executable", "config.address", "config.owner", "stake_tokens.owner"] {
        assert!(elsewhere.contains(&what.to_owned()), "{elsewhere:?}");
    }
}

#[tokio::test]
async fn what_is_otherwise_on_solana_is_named() {
    let deployed = Deployed::new().await;
    let cases: &[(&str, Change, &[&str])] = &[
        ("program_data", |bytes| bytes.truncate(CODE_AT + 1_000), &["bytecode_sha256", "bytecode_bytes"]),
        ("config", |bytes| bytes[config_at(&["paused"])] = 1, &["vault.paused"]),
        ("stake_tokens", |bytes| bytes[STATE_AT] = 2, &["stake_tokens.frozen"]),
        ("reward_tokens", |bytes| bytes[40] ^= 1, &["reward_tokens.owner"]),
        ("stake_tokens", |bytes| give(bytes, DELEGATE_AT), &["stake_tokens.delegate"]),
        ("reward_tokens", |bytes| give(bytes, CLOSER_AT), &["reward_tokens.close_authority"]),
        ("mint", |bytes| bytes[44] = 6, &["mint.token_decimals"]),
        ("mint", |bytes| bytes[45] = 0, &["mint.token_decimals", "mint.extensions"]),
    ];
    for (of, change, named) in cases {
        deployed.change(of, change).await;
        assert_eq!(deployed.differences(&deployed.file).await, *named, "{of}");
        deployed.honest().await;
    }
    // Of Token-2022 an account can have extensions; this one demands a memo with every transfer.
    let mut forgery = deployed.forgery("stake_tokens", |bytes| bytes.extend([2, 7, 0, 0, 0, 8, 0, 1, 0, 1])).await;
    forgery["owner"] = json!(TOKEN_2022);
    deployed.net.lie(1, "forged", forgery).await;
    let extended = deployed.differences(&deployed.file).await;
    assert_eq!(extended, ["stake_tokens.token_program", "stake_tokens.extensions"]);
    let ended = deployed.verify(&deployed.file, &[&deployed.rpc(1)], &[]).await;
    assert!(ended.stdout.contains("[8] do more"), "{}", ended.stdout);
    assert!(ended.stderr.contains("others than the program can take or lock"), "{}", ended.stderr);
    deployed.honest().await;

    // No layout that is known: nothing of it is read, and every line stands.
    deployed.change("config", |bytes| bytes[config_at(&["version"])] = 2).await;
    let unknown = deployed.differences(&deployed.file).await;
    assert!(unknown.contains(&"config.version".to_owned()) && unknown.len() > 35, "{unknown:?}");
    assert!(!unknown.contains(&"config.owner".to_owned()), "{unknown:?}");
    deployed.honest().await;

    // Whoever nobody has the key of is no single key, and nobody can do nothing.
    let vault = Account::from_base58(deployed.file["config"].as_str().unwrap()).unwrap();
    for (authority, words) in [(Some(vault), "which a program signs for, can replace the program"), (None, "")] {
        let given = |bytes: &mut Vec<u8>| {
            bytes.truncate(CODE_AT + 1_000);
            bytes[AUTHORITY_AT] = u8::from(authority.is_some());
            bytes[AUTHORITY_AT + 1..][..32].copy_from_slice(&authority.unwrap_or_default().0);
        };
        deployed.change("program_data", given).await;
        let ended = deployed.verify_by_all().await;
        assert_eq!(ended.stderr.contains("can replace the program"), authority.is_some(), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        deployed.honest().await;
    }

    // Nothing is different yet, and it is said what will be, and what somebody can do.
    deployed
        .change("config", |bytes| {
            bytes[config_at(&["offered"])..][..32].fill(0xcc);
            bytes[config_at(&["vault_proposal", "effective"])] = 55;
            bytes[config_at(&["pool_proposal", "effective"])] = 66;
        })
        .await;
    deployed
        .change("mint", |bytes| {
            give(bytes, 0);
            give(bytes, FREEZER_AT);
        })
        .await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for warning in [
        format!("the governor's role is offered to {}", nobody()),
        "parameters of the vault are announced, and can be applied from 55".to_owned(),
        "parameters of the pool are announced, and can be applied from 66".to_owned(),
        format!("{} can freeze every account of this mint", nobody()),
        format!("{} can make more of the token, stake it and outvote everybody", nobody()),
    ] {
        assert!(ended.stderr.contains(&warning), "{warning}: {}", ended.stderr);
    }
}

/// At the program's address on the same cluster, as far as anybody can see; only that nobody began the network there.
#[tokio::test]
async fn other_bytecode_on_solana_is_named() {
    let mut deployed = Deployed::new().await;
    let bytecode = std::fs::read(root().join("programs/bytecode/williw.so")).unwrap();
    let cases: [(Change, &[&str]); 4] = [
        (|_| {}, &[]),
        (|code| code.extend([0; 99]), &[]),
        (|code| code.push(1), &["bytecode_bytes"]),
        (
            |code| *code = std::fs::read(root().join("programs/bytecode/probe.so")).unwrap(),
            &["bytecode_sha256", "bytecode_bytes"],
        ),
    ];
    for (nth, (change, named)) in cases.into_iter().enumerate() {
        let mut code = bytecode.clone();
        change(&mut code);
        let other = deployed.home.note("other.so", "");
        std::fs::write(&other, code).unwrap();
        let genesis = ["--genesis", deployed.file["genesis_hash"].as_str().unwrap()];
        deployed.net =
            Localnet::with(1, &[&genesis[..], &["--slot-ms", "50", "--finalized-depth", "4"]].concat()).await;
        let authority = &deployed.file["in_force"]["upgrade_authority"];
        let what = json!({ "program": deployed.file["program"], "so": other, "authority": authority });
        deployed.net.control("deploy", what).await;
        deployed.net.advance(8).await;
        let mut found = deployed.differences(&deployed.file).await;
        assert!(found.contains(&"config.owner".to_owned()), "{found:?}");
        // It was written there without a transaction.
        assert!(found.contains(&"program.replaced".to_owned()), "{found:?}");
        found.retain(|what| what != "program.replaced");
        found
            .retain(|what| what.starts_with("bytecode_") || what.starts_with("program") || what.starts_with("upgrade"));
        assert_eq!(found, named, "{nth}");
        let ended = deployed.verify(&deployed.file, &[&deployed.rpc(1)], &[]).await;
        assert!(ended.stderr.contains("the network has not begun there"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn only_the_one_deployment_vouches_for_what_stands_on_solana() {
    let deployed = Deployed::new().await;
    let from_slot = deployed.file["from_slot"].as_u64().unwrap();
    // Anybody can give the program more room. Its account then says another slot, and the code is the same.
    deployed.change_program("extend").await;
    assert!(deployed.differences(&deployed.file).await.is_empty());

    let hides = json!({ "account": deployed.file["program_data"] });
    deployed.net.lie(3, "hide_history", hides).await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(ended.stderr.contains("than the others about how the bytecode came there"), "{}", ended.stderr);
    deployed.honest().await;
    let pruned = json!({ "before_slot": from_slot + 1 });
    deployed.net.lie(1, "pruned", pruned.clone()).await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert!(ended.stderr.contains(&format!("it keeps no history before {}", from_slot + 1)), "{}", ended.stderr);
    deployed.net.lie(2, "pruned", pruned).await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 1, "what nobody can know is not as it should be: {}", ended.stdout);
    assert!(ended.stdout.contains("not known"), "{}", ended.stdout);
    assert!(ended.stderr.contains("too few endpoints show how the program came there"), "{}", ended.stderr);
    deployed.honest().await;

    // Other code, in which the authority can have written itself what it liked, and ours again.
    deployed.change_program("upgrade").await;
    let slot = u64::from_le_bytes(deployed.bytes("program_data").await[4..12].try_into().unwrap());
    assert!(slot > from_slot);
    let file = deployed.with("/from_slot", json!(slot));
    assert_eq!(deployed.differences(&file).await, ["program.replaced"]);
    let ended = deployed.verify(&file, &[&deployed.rpc(1)], &[]).await;
    assert!(ended.stdout.contains(&format!("other code until slot {slot}")), "{}", ended.stdout);
    assert!(ended.stderr.contains("could write itself stake and rewards"), "{}", ended.stderr);
}

/// Whatever a stranger pads: it was told to the loader of a buffer of the stranger's, and ours are named behind it.
#[tokio::test]
async fn what_strangers_tell_the_loader_at_length_hides_no_deployment() {
    const MOST: usize = 10 * 1024;
    let deployed = Deployed::new().await;
    let data = [&[4, 0, 0, 0][..], &[0; MOST - 4]].concat();
    let call = json!({ "programIdIndex": 2, "accounts": [0, 0, 0, 3, 4], "data": bs58::encode(data).into_string() });
    let slot = deployed.file["from_slot"].as_u64().unwrap() - 1;
    let (program, program_data) = (&deployed.file["program"], &deployed.file["program_data"]);
    let keys = json!([nobody(), nobody(), "BPFLoaderUpgradeab1e11111111111111111111111", program, program_data]);
    let padded = json!({
        "signature": bs58::encode([9; 64]).into_string(),
        "slot": slot,
        "accounts": [program, program_data],
        "transaction": {
            "slot": slot,
            "transaction": { "message": {
                "accountKeys": keys, "instructions": [{ "programIdIndex": 1, "accounts": [], "data": "" }],
            }},
            "meta": {
                "err": null, "innerInstructions": [{ "index": 0, "instructions": vec![call; 60] }],
                "loadedAddresses": { "writable": [], "readonly": [] },
            },
        },
    });
    for position in 1..=3 {
        deployed.net.lie(position, "invented", padded.clone()).await;
    }
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(deployed.news(&ended).is_empty(), "{}", ended.stderr);
}

#[tokio::test]
async fn strangers_who_name_the_program_too_often_are_not_the_endpoints_fault() {
    let deployed = Deployed::new().await;
    // Nothing that came after the slot in the account is read.
    deployed.script(NAME_PROGRAM, "1001").await;
    deployed.net.advance(8).await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(deployed.news(&ended).is_empty(), "{}", ended.stderr);

    // Somebody gives the program more room, and so each of them may be what put code there.
    deployed.change_program("extend").await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    // Both are in the history alone: the account says the slot of what came last.
    for what in ["from_slot", "program.replaced"] {
        let line = ended.stdout.lines().find(|line| line.contains(what)).unwrap();
        assert!(line.starts_with("DIFFERS") && line.ends_with("not known"), "{line}");
    }
    assert!(ended.stderr.contains("2 of 70 do not match: from_slot, program.replaced"), "{}", ended.stderr);
    let news = deployed.news(&ended);
    assert!(news.iter().all(|line| !line.starts_with("warning:")), "no endpoint is to blame: {news:?}");
    assert!(ended.stderr.contains("more transactions name the program than are looked through"), "{}", ended.stderr);

    // Nor do two who cannot show it make it so, and nobody is crowded out by one who says that it is.
    let hides = json!({ "account": deployed.file["program_data"] });
    for position in [1, 2] {
        deployed.net.lie(position, "hide_history", hides.clone()).await;
    }
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert!(ended.stderr.contains("too few endpoints show how the program came there"), "{}", ended.stderr);
}

#[tokio::test]
async fn an_endpoint_of_solana_that_lies_is_outvoted_and_named() {
    let deployed = Deployed::new().await;
    let cases: &[(&str, Change, &str)] = &[
        ("program", |bytes| bytes[5] ^= 1, "the program"),
        ("program_data", |bytes| bytes.truncate(CODE_AT + 1_000), "the program"),
        ("config", |bytes| bytes[config_at(&["paused"])] = 1, "the config"),
        ("stake_tokens", |bytes| bytes[40] ^= 1, "the stake tokens"),
        ("reward_tokens", |bytes| bytes[40] ^= 1, "the reward tokens"),
        ("mint", |bytes| bytes[44] = 6, "the mint"),
    ];
    for (nth, (of, change, what)) in cases.iter().enumerate() {
        let position = nth % 3 + 1;
        let forgery = deployed.forgery(of, change).await;
        deployed.net.lie(position, "forged", forgery.clone()).await;
        let ended = deployed.verify_by_all().await;
        let warnings = deployed.news(&ended);
        let [warning] = warnings[..] else { panic!("{of}: {}", ended.stderr) };
        assert_eq!(ended.code, 0, "{of}: {}", ended.stdout);
        assert!(
            warning.contains(&format!("rpc {position} ")) && warning.contains(&format!("than the others about {what}")),
            "{warning}"
        );
        // Of two nobody is outvoted.
        deployed.net.lie(position % 3 + 1, "down", json!({})).await;
        let ended = deployed.verify_by_all().await;
        assert!(ended.error(3).contains(&format!("agree on {what}")), "{}", ended.stderr);
        deployed.honest().await;
    }
    deployed.net.lie(2, "wrong_genesis", json!({})).await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("it serves another cluster"), "{}", ended.stderr);
}

#[tokio::test]
async fn whoever_is_slow_is_waited_for_while_the_quick_ones_disagree() {
    let deployed = Deployed::new().await;
    let forgery = deployed.forgery("mint", |bytes| bytes[44] = 6).await;
    deployed.net.lie(1, "forged", forgery).await;
    deployed.net.lie(3, "slow", json!({ "ms": 3_000 })).await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(deployed.news(&ended).len(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("rpc 1 ") && ended.stderr.contains("about the mint"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_file_or_a_cluster_that_is_none_is_no_difference() {
    let deployed = Deployed::new().await;
    let mut file = deployed.file.clone();
    file.as_object_mut().unwrap().remove("config");
    assert!(deployed.verify(&file, &[&deployed.rpc(1)], &[]).await.error(2).contains("missing field `config`"));
    for (at, value, words) in [
        ("/in_force/vault/slash_bps", json!("10001"), "10001 basis points are more than the whole"),
        ("/in_force/pool/delay", json!(31), "invalid type: integer `31`, expected a string"),
        ("/bytecode_sha256", json!("11"), "hex digits"),
        ("/in_force/governor", json!("0x11"), "32 bytes in base58"),
    ] {
        let ended = deployed.verify(&deployed.with(at, value), &[&deployed.rpc(1)], &[]).await;
        assert!(ended.error(2).contains(words), "{at}: {}", ended.stderr);
    }
    // Who reads it sees one guardian, and a program would take the other.
    let twice =
        deployed.file.to_string().replacen("{\"", &format!("{{\"in_force\":{{\"guardian\":\"{}\"}},\"", nobody()), 1);
    let path = deployed.home.note("deployment.json", &twice);
    let ended = deployed.home.run(&["deploy", "verify", "--deployment", &path, "--solana-rpc", NOBODY]).await;
    assert!(ended.error(2).contains("`in_force` is there twice in one place"), "{}", ended.stderr);
    let ended = deployed.verify(&deployed.with("/genesis_hash", json!(nobody())), &[&deployed.rpc(1)], &[]).await;
    assert!(ended.error(3).contains("it serves another cluster"), "{}", ended.stderr);
    assert!(ended.stderr.contains("who serves this cluster"), "{}", ended.stderr);
    let ended = deployed.verify(&deployed.file, &[NOBODY], &[]).await;
    assert!(ended.error(3).contains("no connection"), "{}", ended.stderr);

    // One that is down is named, two leave nobody to agree.
    deployed.net.lie(1, "down", json!({})).await;
    let ended = deployed.verify_by_all().await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("it cannot be reached"), "{}", ended.stderr);
    deployed.net.lie(2, "down", json!({})).await;
    assert!(deployed.verify_by_all().await.error(3).contains("fewer than 2 endpoints agree"));
}
