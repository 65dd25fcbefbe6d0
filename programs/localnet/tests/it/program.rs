//! The real program, deployed as a deployer does it, and one of its instructions.

use anchor_lang::{AnchorDeserialize, Discriminator, InstructionData, ToAccountMetas, event::EVENT_IX_TAG_LE};
use serde_json::{Value, json};
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_loader_v3_interface::state::UpgradeableLoaderState;
use solana_loader_v3_interface::{get_program_data_address, instruction as loader};
use solana_sdk_ids::{bpf_loader_upgradeable, system_program};
use solana_signer::Signer;
use williw_program::events::Recorded;
use williw_program::rules::terms::{PoolBounds, PoolTerms, VaultBounds, VaultTerms};
use williw_program::{ID, Plan, accounts, instruction};

use crate::net::{Net, SOL, bytes, sending};

const BYTECODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bytecode/williw.so");
const PROBE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../bytecode/probe.so");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../localnet-keypair.json");
const TOKEN: Address = Address::from_str_const("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const DAY: u64 = 86_400;
/// What goes into one transaction.
const CHUNK: usize = 900;

fn program_key() -> Value {
    serde_json::from_str(&std::fs::read_to_string(KEY).expect("the key is checked in")).expect("64 numbers")
}

fn account(net: &Net, address: Address) -> Value {
    let config = json!({ "encoding": "base64", "commitment": "processed" });
    net.call("getAccountInfo", json!([address.to_string(), config]))["value"].clone()
}

fn must(net: &Net, instructions: &[Instruction], signers: &[&Keypair]) -> String {
    let signature = net.send(&net.signed(instructions, signers));
    assert_eq!(net.status(&signature)["err"], Value::Null);
    signature
}

/// By the network's own hands.
fn deployed(net: &Net, authority: &Keypair) {
    let authority = authority.pubkey().to_string();
    net.call("localnet_deploy", json!({ "program": program_key(), "so": BYTECODE, "authority": authority }));
}

fn pda(seed: &[u8]) -> Address {
    Address::find_program_address(&[seed], &ID).0
}

fn plan(governor: Address) -> Plan {
    let vault = |least: u64, period: u64, slash_bps: u64| VaultTerms {
        min_stake: least.into(),
        min_deposit: 1_u64.into(),
        unstaking_period: period,
        evidence_cycles: 12,
        slash_bps,
    };
    let pool = |least: u64, delay: u64| PoolTerms { min_quorum: least.into(), delay, max_per_cycle: 1_000_u64.into() };
    Plan {
        name: "localnet".to_owned(),
        base_chain_id: 8_453,
        base_vault: [0xba; 20],
        solana_genesis_hash: [7; 32],
        genesis: 1_700_000_000,
        cycle_length: DAY,
        governor,
        guardian: Address::new_unique(),
        vault: vault(1_000, 14 * DAY, 500),
        vault_bounds: VaultBounds { least: vault(1, DAY, 0), most: vault(1_000_000, 365 * DAY, 10_000) },
        pool: pool(2_000, 6 * 3_600),
        pool_bounds: PoolBounds { least: pool(1, 60), most: pool(1_000_000, DAY / 2) },
    }
}

fn initialize(payer: &Keypair, authority: &Keypair, mint: Address, plan: Plan) -> Instruction {
    let accounts = accounts::Initialize {
        payer: payer.pubkey(),
        authority: authority.pubkey(),
        config: pda(b"config"),
        mint,
        stake_tokens: pda(b"stake"),
        reward_tokens: pda(b"rewards"),
        program_data: get_program_data_address(&ID),
        token_program: TOKEN,
        system_program: system_program::ID,
        event_authority: pda(b"__event_authority"),
        program: ID,
    };
    let data = instruction::Initialize { plan }.data();
    Instruction { program_id: ID, accounts: accounts.to_account_metas(None), data }
}

fn mint(net: &Net) -> Address {
    let mint = net.call("localnet_mint", json!({ "decimals": 9 }))["mint"].clone();
    mint.as_str().and_then(|words| words.parse().ok()).expect("an address")
}

/// The facts that a transaction tells, and the slot under which it is shown.
fn facts(net: &Net, signature: &str) -> (u64, Vec<Recorded>) {
    let config = json!({ "commitment": "confirmed", "maxSupportedTransactionVersion": 0 });
    let shown = net.call("getTransaction", json!([signature, config]));
    let inner = shown["meta"]["innerInstructions"].as_array().expect("a list").iter();
    let inner = inner.flat_map(|list| list["instructions"].as_array().expect("a list"));
    let facts = inner.filter_map(|instruction| {
        let data = bs58::decode(instruction["data"].as_str().expect("text")).into_vec().expect("base 58");
        let mut fields = data.strip_prefix(EVENT_IX_TAG_LE)?.strip_prefix(Recorded::DISCRIMINATOR)?;
        Some(Recorded::deserialize(&mut fields).expect("a fact"))
    });
    (shown["slot"].as_u64().expect("a number"), facts.collect())
}

#[test]
fn a_deployer_deploys_with_transactions_of_its_own() {
    let net = Net::new();
    let (deployer, buffer) = (net.wallet(), Keypair::new());
    let program = Keypair::try_from(serde_json::from_value::<Vec<u8>>(program_key()).expect("numbers").as_slice());
    let program = program.expect("a key");
    let (me, so) = (deployer.pubkey(), std::fs::read(BYTECODE).expect("it is checked in"));
    let rent = |size: usize| net.call("getMinimumBalanceForRentExemption", json!([size])).as_u64().expect("a number");

    let size = UpgradeableLoaderState::size_of_buffer(so.len());
    let create = loader::create_buffer(&me, &buffer.pubkey(), &me, rent(size), so.len()).expect("instructions");
    must(&net, &create, &[&deployer, &buffer]);
    for (index, chunk) in so.chunks(CHUNK).enumerate() {
        let offset = u32::try_from(index * CHUNK).expect("it is short");
        must(&net, &[loader::write(&buffer.pubkey(), &me, offset, chunk.to_vec())], &[&deployer]);
    }
    let written = account(&net, buffer.pubkey());
    assert!(bytes(&written["data"][0]).ends_with(&so), "the buffer holds the bytecode");

    net.advance(1);
    let slot = net.slot("processed");
    let rent = rent(UpgradeableLoaderState::size_of_program());
    let deploy = loader::deploy_with_max_program_len(&me, &ID, &buffer.pubkey(), &me, rent, so.len(), true);
    must(&net, &deploy.expect("instructions"), &[&deployer, &program]);

    assert!(account(&net, buffer.pubkey()).is_null(), "the buffer is spent");
    let at = account(&net, ID);
    assert_eq!((&at["executable"], &at["owner"]), (&json!(true), &json!(bpf_loader_upgradeable::ID.to_string())));
    let kept = bytes(&account(&net, get_program_data_address(&ID))["data"][0]);
    let head = UpgradeableLoaderState::ProgramData { slot, upgrade_authority_address: Some(me) };
    let head = wincode::serialize(&head).expect("it is written like this");
    assert!(kept.starts_with(&head) && kept.ends_with(&so));

    // It can be called from the next slot on, and not before.
    let begin = initialize(&deployer, &deployer, mint(&net), plan(me));
    let signature = net.send(&net.signed(&[begin], &[&deployer]));
    assert!(net.status(&signature).is_null());
    net.advance(1);
    let status = net.status(&signature);
    assert_eq!((&status["slot"], &status["err"]), (&json!(slot + 1), &Value::Null));
}

#[test]
fn a_call_is_refused_and_another_one_succeeds() {
    let net = Net::new();
    let (payer, authority) = (net.wallet(), net.wallet());
    deployed(&net, &authority);
    let mint = mint(&net);
    let bad = initialize(&payer, &payer, mint, plan(authority.pubkey()));
    let signature = net.send(&net.signed(&[bad], &[&payer]));
    net.advance(1);
    let shown = net.call("getTransaction", json!([signature, { "commitment": "confirmed" }]));
    assert!(shown["meta"]["err"]["InstructionError"][1]["Custom"].is_u64(), "{}", shown["meta"]["err"]);
    assert!(shown["meta"]["logMessages"].to_string().contains("NotDeployer"), "{}", shown["meta"]["logMessages"]);
    assert!(account(&net, pda(b"config")).is_null());

    let good = initialize(&payer, &authority, mint, plan(authority.pubkey()));
    let signature = must(&net, &[good], &[&payer, &authority]);
    net.advance(1);
    let config = account(&net, pda(b"config"));
    assert_eq!(config["owner"], ID.to_string());
    let filters =
        json!([{ "dataSize": config["space"] }, { "memcmp": { "offset": 0, "bytes": first_bytes(&config) } }]);
    let owned = json!([ID.to_string(), { "encoding": "base64", "commitment": "confirmed", "filters": filters }]);
    assert_eq!(net.call("getProgramAccounts", owned)[0]["pubkey"], pda(b"config").to_string());
    assert!(!facts(&net, &signature).1.is_empty());
}

fn first_bytes(account: &Value) -> String {
    bs58::encode(&bytes(&account["data"][0])[..8]).into_string()
}

/// Programs read slot and time, and write them into their facts.
#[test]
fn facts_carry_the_slot_and_time_of_the_block_that_shows_them() {
    let net = Net::with(&["--slot-ms", "10"]);
    let authority = net.wallet();
    deployed(&net, &authority);
    let mint = mint(&net);
    let agree = |signature: &str, least: usize| {
        net.until("the transaction is confirmed", |net| net.status(signature)["confirmationStatus"] != "processed");
        let (slot, facts) = facts(&net, signature);
        assert_eq!(net.status(signature)["slot"], slot);
        let time = net.call("getBlockTime", json!([slot])).as_u64().expect("a number");
        assert!(facts.len() >= least, "{} facts", facts.len());
        assert!(facts.iter().all(|fact| (fact.slot, fact.time) == (slot, time)), "slot {slot}, time {time}");
        (slot, time)
    };
    let begin = initialize(&authority, &authority, mint, plan(authority.pubkey()));
    let (slot, time) = agree(&must(&net, &[begin], &[&authority]), 2);

    // A proposal is a fact too.
    let propose = |delay: u64| {
        let accounts = accounts::Propose {
            governor: authority.pubkey(),
            config: pda(b"config"),
            event_authority: pda(b"__event_authority"),
            program: ID,
        };
        let terms = PoolTerms { min_quorum: 2_000_u64.into(), delay, max_per_cycle: 1_000_u64.into() };
        let data = instruction::ProposePool { terms }.data();
        Instruction { program_id: ID, accounts: accounts.to_account_metas(None), data }
    };
    net.call("localnet_advance", json!({ "seconds": 14 * DAY }));
    let (later, then) = agree(&must(&net, &[propose(3_600)], &[&authority]), 1);
    assert!(then - time >= 14 * DAY && later > slot);

    let to = net.slot("confirmed");
    net.call("localnet_hold", json!({ "commitment": "finalized", "at": to }));
    let signature = must(&net, &[propose(7_200)], &[&authority]);
    agree(&signature, 1);
    net.call("localnet_revert", json!({ "toSlot": to }));
    assert!(net.status(&signature).is_null());
    let (after, _) = agree(&must(&net, &[propose(7_201)], &[&authority]), 1);
    assert!(after > to);
}

#[test]
fn a_deployment_can_be_taken_back_and_done_again() {
    let net = Net::new();
    let authority = net.wallet();
    let to = net.slot("processed");
    net.advance(1);
    deployed(&net, &authority);
    net.call("localnet_revert", json!({ "toSlot": to }));
    assert!(account(&net, ID).is_null() && account(&net, get_program_data_address(&ID)).is_null());
    let begin = || initialize(&authority, &authority, mint(&net), plan(authority.pubkey()));
    net.send(&net.signed(&[begin()], &[&authority]));
    assert!(account(&net, pda(b"config")).is_null());

    deployed(&net, &authority);
    let later = net.slot("processed");
    must(&net, &[begin()], &[&authority]);
    net.advance(1);
    net.call("localnet_revert", json!({ "toSlot": later - 1 }));
    assert!(account(&net, pda(b"config")).is_null());
    must(&net, &[begin()], &[&authority]);
}

/// Bytecode in a buffer that the authority may upgrade or deploy from.
fn buffered(net: &Net, authority: &Keypair, path: &str) -> (Address, usize) {
    let (me, buffer) = (authority.pubkey(), Keypair::new());
    let so = std::fs::read(path).expect("it is checked in");
    let rent = net.call("getMinimumBalanceForRentExemption", json!([UpgradeableLoaderState::size_of_buffer(so.len())]));
    let rent = rent.as_u64().expect("a number");
    let create = loader::create_buffer(&me, &buffer.pubkey(), &me, rent, so.len()).expect("instructions");
    must(net, &create, &[authority, &buffer]);
    for (index, chunk) in so.chunks(CHUNK).enumerate() {
        let offset = u32::try_from(index * CHUNK).expect("it is short");
        must(net, &[loader::write(&buffer.pubkey(), &me, offset, chunk.to_vec())], &[authority]);
    }
    (buffer.pubkey(), so.len())
}

#[test]
fn a_program_is_upgraded_and_the_upgrade_taken_back() {
    let net = Net::new();
    let authority = net.wallet();
    deployed(&net, &authority);
    let (me, mint) = (authority.pubkey(), mint(&net));
    let (same, _) = buffered(&net, &authority, BYTECODE);
    let (other, _) = buffered(&net, &authority, PROBE);
    must(&net, &[loader::upgrade(&ID, &same, &me, &me, true)], &[&authority]);
    net.advance(1);
    let to = net.slot("processed");
    let begin = || net.signed(&[initialize(&authority, &authority, mint, plan(me))], &[&authority]);
    let simulated = |commitment: &str| {
        let config = json!({ "commitment": commitment, "replaceRecentBlockhash": true });
        net.call("simulateTransaction", sending(&begin(), config))["value"]["err"].clone()
    };

    net.advance(1);
    must(&net, &[loader::upgrade(&ID, &other, &me, &me, true)], &[&authority]);
    net.advance(1);
    assert_eq!((simulated("processed").is_null(), simulated("confirmed").is_null()), (false, false));
    net.call("localnet_hold", json!({ "commitment": "confirmed", "at": to }));
    assert_eq!(simulated("confirmed"), Value::Null, "the bytecode of that slot is executed");
    net.call("localnet_release", json!({ "commitment": "confirmed" }));
    net.call("localnet_revert", json!({ "toSlot": to }));
    must(&net, &[initialize(&authority, &authority, mint, plan(me))], &[&authority]);
}

#[test]
fn a_program_is_closed_for_good() {
    let net = Net::new();
    let authority = net.wallet();
    deployed(&net, &authority);
    let (me, at, mint) = (authority.pubkey(), get_program_data_address(&ID), mint(&net));
    let (buffer, length) = buffered(&net, &authority, BYTECODE);
    let to = net.slot("processed");
    net.advance(1);
    let rent = account(&net, at)["lamports"].as_u64().expect("a number");
    let before = net.balance(me, "processed");
    must(&net, &[loader::close_any(&at, &me, Some(&me), Some(&ID), false)], &[&authority]);
    assert_eq!((account(&net, at), net.balance(me, "processed")), (Value::Null, before + rent - 5_000));
    assert_eq!(account(&net, ID)["executable"], true, "the id stays taken");

    net.advance(1);
    let begin = || net.send(&net.signed(&[initialize(&authority, &authority, mint, plan(me))], &[&authority]));
    let refused = net.status(&begin())["err"].clone();
    assert_eq!(refused, json!({ "InstructionError": [0, "UnsupportedProgramId"] }));
    let deploy = loader::deploy_with_max_program_len(&me, &ID, &buffer, &me, 1, length, true).expect("instructions");
    let again = net.send(&net.signed(&deploy[1..], &[&authority]));
    assert_eq!(net.status(&again)["err"], json!({ "InstructionError": [0, "AccountAlreadyInitialized"] }));

    net.call("localnet_revert", json!({ "toSlot": to }));
    assert_eq!(net.status(&begin())["err"], Value::Null);
    assert!(!account(&net, pda(b"config")).is_null());
}

/// Accounts are written in the order of the message, which is that of their addresses.
#[test]
fn a_program_is_closed_whichever_of_its_accounts_is_written_first() {
    let net = Net::new();
    let authority = net.wallet();
    let me = authority.pubkey();
    for is_first in [true, false] {
        let fits = |program: &Keypair| (program.pubkey() < get_program_data_address(&program.pubkey())) == is_first;
        let program = std::iter::repeat_with(Keypair::new).find(fits).expect("every second one fits");
        let (id, key) = (program.pubkey(), program.to_bytes().to_vec());
        net.call("localnet_deploy", json!({ "program": key, "so": PROBE, "authority": me.to_string() }));
        let closed = || {
            let call = Instruction { program_id: id, accounts: Vec::new(), data: Vec::new() };
            net.advance(1);
            let signature = net.send(&net.signed(&[call], &[&authority]));
            net.status(&signature)["err"] == json!({ "InstructionError": [0, "UnsupportedProgramId"] })
        };
        assert!(!closed());
        let close = loader::close_any(&get_program_data_address(&id), &me, Some(&me), Some(&id), false);
        must(&net, &[close], &[&authority]);
        assert!(closed());
    }
}

#[test]
fn a_program_without_a_key_is_written_as_the_loader_would_have_left_it() {
    let net = Net::new();
    let authority = net.wallet();
    let asked = json!({ "program": ID.to_string(), "so": BYTECODE, "authority": authority.pubkey().to_string() });
    let answer = net.call("localnet_deploy", asked.clone());
    assert_eq!(answer["programData"], get_program_data_address(&ID).to_string());
    must(&net, &[initialize(&authority, &authority, mint(&net), plan(authority.pubkey()))], &[&authority]);
    assert!(net.refused("localnet_deploy", asked)["message"].as_str().is_some_and(|words| words.contains("already")));
    let missing =
        json!({ "program": Address::new_unique().to_string(), "so": "/nowhere", "authority": ID.to_string() });
    assert_eq!(net.refused("localnet_deploy", missing)["code"], -32099);
    assert!(net.balance(authority.pubkey(), "processed") < 100 * SOL);
}
