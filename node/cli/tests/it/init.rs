//! Making a home.

use expect_test::expect;
use serde_json::{Value, json};
use williw_core::hash::Hash;
use williw_core::identity::Account;
use williw_core::network::{BaseSite, Network, SolanaSite};

use crate::home::{Home, NOBODY, deployment, mode};
use crate::world::CHAIN_ID;

const FILES: [&str; 4] = ["peer.json", "signer.json", "signer.password", "williw.toml"];
const GUARD: [&str; 3] = ["guard.db", "guard.db.lock", "guard.mark"];

fn names(home: &Home) -> Vec<String> {
    let entries = home.folder().read_dir().unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn contents(home: &Home) -> Vec<String> {
    FILES.map(|name| home.text(name)).to_vec()
}

#[tokio::test]
async fn a_home_is_private_and_whole() {
    let home = Home::absent();
    let file = home.note("deployment.json", &deployment(CHAIN_ID, [0x11; 20], 7).to_string());
    let peer = format!("0x{}@127.0.0.1:7", "22".repeat(32));
    let ended = home
        .run(&[
            "init",
            "--deployment",
            &file,
            "--rpc",
            NOBODY,
            "--rpc",
            "http://127.0.0.1:10/",
            "--listen",
            "127.0.0.1:1",
            "--http",
            "127.0.0.1:2",
            "--peer",
            &peer,
            "--json",
        ])
        .await;
    let made = ended.json();
    let keys: Vec<_> = made.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["home", "network_id", "peer", "signer"]);
    assert_eq!(made["network_id"], deployment(CHAIN_ID, [0x11; 20], 7)["network_id"]);
    assert_eq!(names(&home), [&GUARD[..], &FILES].concat());
    assert_eq!(mode(&home.folder()), 0o700);
    assert_eq!(FILES.map(|name| mode(&home.path(name))), [0o600; 4]);

    let settings = home.text("williw.toml");
    assert!(settings.matches("\n# ").count() > 8, "the comments come along");
    let values: Vec<_> = settings.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).collect();
    expect![[r#"
        name = "anvil"
        chain_id = 31337
        vault = "0x1111111111111111111111111111111111111111"
        from_height = 7
        rpcs = ["http://127.0.0.1:9/a-secret-key", "http://127.0.0.1:10/"]
        poll_ms = 2000
        listen = "127.0.0.1:1"
        peers = ["0x2222222222222222222222222222222222222222222222222222222222222222@127.0.0.1:7"]
        listen = "127.0.0.1:2"
    "#]]
    .assert_eq(&format!("{}\n", values.join("\n")));
}

#[tokio::test]
async fn nothing_is_overwritten() {
    let home = Home::lonely().await;
    let before = contents(&home);
    let file = home.note("deployment.json", &deployment(CHAIN_ID, [0x33; 20], 1).to_string());
    let again = home.run(&["init", "--deployment", &file, "--rpc", NOBODY]).await;
    assert_eq!(again.error(2), "~/home is a home already");
    assert_eq!(contents(&home), before);
}

#[tokio::test]
async fn keys_that_are_there_are_kept() {
    let home = Home::lonely().await;
    let before = contents(&home);
    std::fs::remove_file(home.path("williw.toml")).unwrap();
    let other = home.note("other.json", &deployment(CHAIN_ID, [0x33; 20], 1).to_string());
    let other = home.run(&["init", "--deployment", &other, "--rpc", NOBODY]).await;
    assert!(other.error(2).contains("guard.db is of network"), "{}", other.stderr);
    let file = home.note("deployment.json", &deployment(CHAIN_ID, [0x11; 20], 7).to_string());
    let again = home.run(&["init", "--deployment", &file, "--rpc", NOBODY]).await;
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stderr.contains("keeping the peer key that is there"), "{}", again.stderr);
    assert!(again.stderr.contains("keeping the signer that is there"), "{}", again.stderr);
    assert_eq!(contents(&home)[..3], before[..3]);
    assert_ne!(contents(&home)[3], before[3]);
}

/// As after a disk that failed at the very end, or a kill.
#[tokio::test]
async fn the_same_command_finishes_what_it_began() {
    let home = Home::absent();
    let file = home.note("deployment.json", &deployment(CHAIN_ID, [0x11; 20], 1).to_string());
    let command = ["init", "--deployment", &file, "--rpc", NOBODY, "--json"];
    let made = home.run(&command).await.json();
    let before = contents(&home);
    for name in ["peer.json", "signer.password", "signer.part", "williw.toml"] {
        std::fs::write(home.path(&format!(".{name}.0123456789abcdef")), "half").unwrap();
    }
    assert_eq!(home.run(&command).await.json(), made);
    assert_eq!(names(&home), [&GUARD[..], &FILES].concat());
    assert_eq!(contents(&home), before);
    for lost in ["guard.db"].iter().chain(&FILES[..3]) {
        std::fs::rename(home.path(lost), home.path("lost")).unwrap();
        assert_eq!(home.run(&command).await.error(2), "~/home is a home already", "without {lost}");
        assert!(!home.path(lost).exists(), "{lost} was made anew");
        std::fs::rename(home.path("lost"), home.path(lost)).unwrap();
    }
}

#[tokio::test]
async fn a_disk_that_fails_is_named_with_what_to_do() {
    let home = Home::absent();
    let file = home.note("deployment.json", &deployment(CHAIN_ID, [0x11; 20], 1).to_string());
    home.note("home", "a file where the folder should be");
    let ended = home.run(&["init", "--deployment", &file, "--rpc", NOBODY]).await;
    assert_eq!(ended.error(1), "~/home: File exists (os error 17)");
    let hint = "hint: run the same command again when that is mended; the keys that were made are kept";
    assert!(ended.stderr.contains(hint), "{}", ended.stderr);
}

/// The same vault in a network that has a Solana half.
fn with_a_solana_half(deployment: &Value) -> Value {
    let base = BaseSite { chain_id: CHAIN_ID, vault: [0x11; 20] };
    let solana = SolanaSite { genesis: Hash([1; 32]), program: Account([2; 32]) };
    let network = Network::new("anvil", Some(base), Some(solana)).unwrap();
    let mut half = deployment.clone();
    half["network_id"] = json!(network.id());
    half["solana_genesis_hash"] = json!(solana.genesis);
    half["solana_program_id"] = json!(solana.program);
    half
}

#[tokio::test]
async fn what_cannot_work_leaves_nothing_behind() {
    let good = deployment(CHAIN_ID, [0x11; 20], 1);
    let mut other = good.clone();
    other["vault"] = "0x2222222222222222222222222222222222222222".into();
    let mut short = good.clone();
    short.as_object_mut().unwrap().remove("vault");
    let mut poolless = good.clone();
    poolless.as_object_mut().unwrap().remove("pool");
    let half = with_a_solana_half(&good);
    for (deployment, flags, wrong) in [
        (&good, &["--rpc", NOBODY, "--http", "0.0.0.0:7475"][..], "[http] listen: expected an address of this machine"),
        (&good, &["--rpc", NOBODY, "--rpc", NOBODY], "[base] rpcs: expected addresses that differ"),
        (&good, &["--rpc", "ftp://127.0.0.1/a-secret-key"], "[base] rpcs: expected http or https"),
        (&good, &["--rpc", "127.0.0.1/a-secret-key"], "the address of rpc 1"),
        (&good, &["--rpc", NOBODY, "--rpc", "a-secret-key"], "the address of rpc 2"),
        (&other, &["--rpc", NOBODY], "its name, chains and vault make network"),
        (&short, &["--rpc", NOBODY], "is no deployment"),
        (&poolless, &["--rpc", NOBODY], "is no deployment"),
        (&half, &["--rpc", NOBODY], "this network is on solana, and no endpoint of it is named"),
        (&half, &["--solana-rpc", NOBODY], "this network is on base, and no endpoint of it is named"),
        (&half, &["--rpc", NOBODY, "--solana-rpc", "a-secret-key"], "the address of rpc 1"),
    ] {
        let home = Home::absent();
        let file = home.note("deployment.json", &deployment.to_string());
        let ended = home.run(&[&["init", "--deployment", &file][..], flags].concat()).await;
        assert!(ended.error(2).contains(wrong), "{wrong}: {}", ended.stderr);
        assert!(!home.folder().exists(), "{wrong}: {:?}", names(&home));
    }
    let home = Home::absent();
    let missing = home.run(&["init", "--deployment", "/nowhere.json", "--rpc", NOBODY]).await;
    assert!(missing.error(2).starts_with("/nowhere.json cannot be read"), "{}", missing.stderr);
}

/// What scripts/deploy-program writes, of the same network or of one without a Base half.
fn on_solana(deployment: Option<&Value>) -> Value {
    let solana = SolanaSite { genesis: Hash([1; 32]), program: Account([2; 32]) };
    let base = deployment.map(|_| BaseSite { chain_id: CHAIN_ID, vault: [0x11; 20] });
    let network = Network::new("anvil", base, Some(solana)).unwrap();
    json!({
        "name": "anvil",
        "network_id": network.id(),
        "genesis_hash": Account(solana.genesis.0).base58(),
        "program": solana.program.base58(),
        "base_chain_id": base.map_or(0, |base| base.chain_id).to_string(),
        "base_vault": williw_core::identity::Signer(base.map_or([0; 20], |base| base.vault)),
    })
}

#[tokio::test]
async fn a_network_may_be_on_either_chain_or_on_both() {
    let half = with_a_solana_half(&deployment(CHAIN_ID, [0x11; 20], 7));
    let (both, alone) = (on_solana(Some(&half)), on_solana(None));
    let solana = ["--solana-rpc", "http://127.0.0.1:11/"];
    let base = ["--rpc", NOBODY];
    for (files, endpoints, sections) in [
        (vec![&half], [&base[..], &solana].concat(), ["[base]", "[solana]"].as_slice()),
        (vec![&both, &half], [&base[..], &solana].concat(), &["[base]", "[solana]"]),
        (vec![&alone], solana.to_vec(), &["[solana]"]),
    ] {
        let home = Home::absent();
        let named = |(nth, file): (usize, &&Value)| home.note(&format!("{nth}.json"), &file.to_string());
        let paths: Vec<_> = files.iter().enumerate().map(named).collect();
        let paths = paths.iter().flat_map(|path| ["--deployment", path.as_str()]);
        let command: Vec<_> = ["init", "--json"].into_iter().chain(paths).chain(endpoints).collect();
        let made = home.run(&command).await.json();
        assert_eq!(made["network_id"], files[0]["network_id"]);
        let settings = home.text("williw.toml");
        let found: Vec<_> = ["[base]", "[solana]"].into_iter().filter(|section| settings.contains(section)).collect();
        assert_eq!(found, sections);
        let program = format!("program = \"{}\"\n", Account([2; 32]).base58());
        assert!(settings.contains(&program) && settings.contains("http://127.0.0.1:11/"), "{settings}");
    }
    let home = Home::absent();
    let (one, other) = (home.note("1.json", &both.to_string()), home.note("2.json", &alone.to_string()));
    let lonely = [&["init", "--deployment", &one][..], &base, &solana].concat();
    assert!(home.run(&lonely).await.error(2).contains("this network is on Base too"));
    let strangers = [&["init", "--deployment", &other, "--deployment", &one][..], &base, &solana].concat();
    assert!(home.run(&strangers).await.error(2).contains("it is of network"));
    assert!(!home.folder().exists());
}

#[tokio::test]
async fn endpoints_come_from_the_environment_too() {
    let home = Home::absent();
    let file = home.note("deployment.json", &deployment(CHAIN_ID, [0x11; 20], 1).to_string());
    let arguments = ["init", "--deployment", &file];
    let ended = home.run_with(&arguments, &[("ETH_RPC_URL", "127.0.0.1/a-secret-key")]).await;
    assert!(ended.error(2).contains("the address of rpc 1"), "{}", ended.stderr);
    let ended = home.run_with(&arguments, &[("ETH_RPC_URL", "")]).await;
    assert_eq!(
        ended.error(2),
        "environment variable ETH_RPC_URL: expected the address of an endpoint, and it is empty"
    );
    let solana = home.note("solana.json", &on_solana(None).to_string());
    let ended = home.run_with(&["init", "--deployment", &solana], &[("SOLANA_RPC_URL", "")]).await;
    assert!(ended.error(2).starts_with("environment variable SOLANA_RPC_URL: "), "{}", ended.stderr);
    let ended = home.run_with(&arguments, &[("ETH_RPC_URL", NOBODY)]).await;
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(home.text("williw.toml").contains(NOBODY));
}
