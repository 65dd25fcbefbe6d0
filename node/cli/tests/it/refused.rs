//! What cannot work, and how it is told: one line, what to do, and a code that says whose move it is.

use std::net::TcpListener;

use expect_test::{Expect, expect};

use crate::anvil::Anvil;
use crate::home::{Ended, Home, RPC_KEY, deployment, set_mode};
use crate::node::{ANYWHERE, started, stop, until_fresh};
use crate::world::World;

fn check(ended: &Ended, code: i32, expected: Expect) {
    ended.error(code);
    expected.assert_eq(&ended.stderr);
}

/// Every command that reads settings refuses them alike.
const READERS: [&[&str]; 4] = [
    &["run"],
    &["status"],
    &["peers"],
    &["withdraw", "--unsigned", "--from", "0x1111111111111111111111111111111111111111"],
];

#[tokio::test]
async fn without_a_home_there_is_a_hint() {
    let home = Home::absent();
    for arguments in READERS {
        let ended = home.run(arguments).await;
        check(
            &ended,
            2,
            expect![[r#"
            error: there is no ~/home/williw.toml; make one with `williw init`
        "#]],
        );
    }
}

#[tokio::test]
async fn an_unknown_key_is_refused() {
    let home = Home::lonely().await;
    home.alter("poll_ms = ", "pol_ms = ");
    for arguments in READERS {
        check(
            &home.run(arguments).await,
            2,
            expect![[r#"
            error: ~/home/williw.toml: [base] pol_ms: there is no such key; keys of [base] are rpcs, chain_id, vault, from_height, poll_ms
        "#]],
        );
    }
}

#[tokio::test]
async fn an_unknown_section_is_refused() {
    let home = Home::lonely().await;
    home.alter("[gossip]", "[gosip]");
    check(
        &home.run(&["status"]).await,
        2,
        expect![[r#"
        error: ~/home/williw.toml: [gosip]: there is no such key; sections are base, gossip, http, network, solana
    "#]],
    );
}

#[tokio::test]
async fn no_key_of_the_file_can_say_something_of_its_own() {
    // Part of an address that lost its quotes, and a line that looks like ours.
    for (key, section) in [("\"a-secret-key/v2\" = 1", "[gossip]"), ("\"x\\nerror: a-secret-key\" = 1", "[gossip]")] {
        let home = Home::lonely().await;
        home.alter(section, &format!("{section}\n{key}"));
        let ended = home.run(&["status"]).await;
        assert!(ended.error(2).contains("there is no such key; keys of [gossip] are"), "{}", ended.stderr);
    }
    let home = Home::lonely().await;
    home.alter("[gossip]", "[\"x\\nerror: a-secret-key\"]");
    assert!(home.run(&["status"]).await.error(2).contains("sections are"));
}

#[tokio::test]
async fn broken_toml_is_told_by_its_place() {
    let home = Home::lonely().await;
    home.alter("chain_id = 31337", "chain_id = a-secret-key");
    let line = home.text("williw.toml").lines().position(|line| line.starts_with("chain_id")).unwrap() + 1;
    let ended = home.run(&["status"]).await;
    assert_eq!(ended.error(2), format!("~/home/williw.toml line {line}, column 12: this is no TOML"));
}

#[tokio::test]
async fn http_listens_on_this_machine_only() {
    let home = Home::lonely().await;
    home.alter("127.0.0.1:0", "0.0.0.0:7475");
    check(
        &home.run(&["run"]).await,
        2,
        expect![[r#"
        error: ~/home/williw.toml: [http] listen: expected an address of this machine alone, such as 127.0.0.1:7475: what is told there is not for strangers
    "#]],
    );
}

#[tokio::test]
async fn variables_are_named_when_they_are_wrong() {
    let home = Home::lonely().await;
    let secret_list = format!("[\"{RPC_KEY}\"]");
    for (name, value) in [
        ("WILLIW_BASE_POLL", "500"),
        ("WILLIW_GOSIP_LISTEN", "127.0.0.1:0"),
        ("WILLIW_BASE_POLL_MS", "49"),
        ("WILLIW_BASE_POLL_MS", RPC_KEY),
        ("WILLIW_BASE_RPCS", RPC_KEY),
        ("WILLIW_BASE_RPCS", &secret_list),
        ("WILLIW_BASE_VAULT", "0x11"),
        ("WILLIW_HTTP_LISTEN", "0.0.0.0:7475"),
        ("WILLIW_GOSSIP_PEERS", &secret_list),
    ] {
        let ended = home.run_with(&["status"], &[(name, value)]).await;
        assert!(ended.error(2).starts_with(&format!("environment variable {name}: ")), "{}", ended.stderr);
    }
    // A text is a text, also when TOML would take it for a number.
    let numbers = [("WILLIW_BASE_VAULT", "0x0000000000000000000000000000000000000001"), ("WILLIW_NETWORK_NAME", "7")];
    assert!(home.run_with(&["status"], &numbers).await.error(3).contains("does not answer"));
}

#[tokio::test]
async fn key_files_have_to_be_there_and_private() {
    let home = Home::lonely().await;
    for (name, arguments) in [
        ("peer.json", &["run"][..]),
        ("peer.json", &["register", "--amount", "1", "--unsigned", "--from", FROM]),
        ("signer.password", &["register", "--amount", "1", "--unsigned", "--from", FROM]),
    ] {
        let path = home.path(name);
        for mode in [0o644, 0o640, 0o602] {
            set_mode(&path, mode);
            let ended = home.run(arguments).await;
            assert!(ended.error(2).contains(&format!("run `chmod 600 ~/home/{name}`")), "{}", ended.stderr);
        }
        set_mode(&path, 0o600);
        let away = home.path("away");
        std::fs::rename(&path, &away).unwrap();
        let ended = home.run(arguments).await;
        let wanted = format!("~/home/{name}");
        assert!(ended.error(2).starts_with("there is no ") && ended.error(2).contains(&wanted), "{}", ended.stderr);
        std::fs::rename(&away, &path).unwrap();
    }
}

const FROM: &str = "0x1111111111111111111111111111111111111111";

#[tokio::test]
async fn a_broken_peer_key_is_refused() {
    let home = Home::lonely().await;
    let numbers = home.text("peer.json");
    let swapped = numbers.replacen('[', "[1,", 1).rsplit_once(',').unwrap().0.to_owned() + "]";
    for text in [&numbers[..numbers.len() / 2], "[1,2,3]", "", &swapped] {
        std::fs::write(home.path("peer.json"), text).unwrap();
        assert!(home.run(&["run"]).await.error(2).starts_with("~/home/peer.json "), "{text}");
    }
}

#[tokio::test]
async fn nobody_answers_at_the_endpoint() {
    let home = Home::lonely().await;
    check(
        &home.run(&["run"]).await,
        3,
        expect![[r#"
        error: base cannot be read: the only endpoint does not say the vault's numbers: rpc 1 (127.0.0.1): it cannot be reached: no connection
        hint: see `[base]` in williw.toml: `rpcs` must serve chain `chain_id` with the vault
    "#]],
    );
    let stake = home.run(&["stake", "--amount", "1", "--unsigned", "--from", FROM]).await;
    check(
        &stake,
        3,
        expect![[r#"
            error: base cannot be read: the only endpoint does not say the vault's numbers: rpc 1 (127.0.0.1): it cannot be reached: no connection
            hint: see `[base]` in williw.toml: `rpcs` must serve chain `chain_id` with the vault
        "#]],
    );
}

#[tokio::test]
async fn the_endpoint_serves_another_chain() {
    let anvil = Anvil::start().await;
    let home = Home::made(&deployment(1, [0x11; 20], 1), &format!("{}?key={RPC_KEY}", anvil.url)).await;
    for arguments in [&["run"][..], &["stake", "--amount", "1", "--unsigned", "--from", FROM]] {
        let ended = home.run(arguments).await;
        assert!(ended.error(3).ends_with("rpc 1 (127.0.0.1): it serves chain 31337"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn the_endpoint_has_no_such_vault() {
    let anvil = Anvil::start().await;
    let home = Home::made(&deployment(31_337, [0x11; 20], 1), &format!("{}?key={RPC_KEY}", anvil.url)).await;
    assert!(home.run(&["run"]).await.error(3).ends_with("rpc 1 (127.0.0.1): it has no vault at this address"));
}

#[tokio::test]
async fn the_node_is_not_running() {
    let home = Home::lonely().await;
    for command in ["status", "peers"] {
        let ended = home.run(&[command]).await;
        assert_eq!(ended.error(3), "the node at http://127.0.0.1:0 does not answer");
        assert!(ended.stderr.contains("hint: start it with `williw run`"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_port_is_taken() {
    let home = Home::lonely().await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let ended = home.run_with(&["run"], &[("WILLIW_HTTP_LISTEN", &listen)]).await;
    assert!(ended.error(2).starts_with(&format!("cannot listen on {listen} for http: ")), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: another program has that port"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_database_that_is_none_is_refused() {
    let home = Home::lonely().await;
    std::fs::write(home.path("williw.db"), vec![7; 5000]).unwrap();
    let ended = home.run(&["run"]).await;
    assert!(ended.error(2).contains("~/home/williw.db"), "{}", ended.stderr);
    assert_eq!(std::fs::read(home.path("williw.db")).unwrap(), vec![7; 5000], "it is left as it is");
}

#[tokio::test]
async fn half_a_database_is_refused() {
    let world = World::new().await;
    world.finalize().await;
    let home = Home::of(&world).await;
    let (mut node, ready) = started(&home).await;
    until_fresh(&home, &[("WILLIW_HTTP_LISTEN", ready["http"].as_str().unwrap())]).await;
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
    let whole = std::fs::read(home.path("williw.db")).unwrap();
    std::fs::write(home.path("williw.db"), &whole[..whole.len() / 2]).unwrap();
    let ended = home.run_with(&["run"], &ANYWHERE).await;
    assert!(ended.error(2).contains("the database is damaged"), "{}", ended.stderr);
    assert!(ended.stderr.contains("restore a backup, or move it away"), "{}", ended.stderr);
    assert_eq!(std::fs::read(home.path("williw.db")).unwrap().len(), whole.len() / 2, "it is left as it is");
}

#[tokio::test]
async fn a_result_that_cannot_be_written_is_no_success() {
    let home = Home::lonely().await;
    let mut command = home.command(&["withdraw", "--unsigned", "--from", FROM, "--json"], &[]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let node = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let ended = node.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("error: the result could not be written"));
}

#[tokio::test]
async fn evidence_that_proves_nothing_costs_no_gas() {
    let home = Home::lonely().await;
    let slash = |file: &str| ["slash", "--evidence", file, "--unsigned", "--from", FROM].map(str::to_owned);
    for (name, text) in
        [("short", "0x00"), ("odd", "0x0"), ("words", "not hex"), ("zero", &format!("0x{}", "00".repeat(228)))]
    {
        let file = home.note(name, text);
        let arguments = slash(&file);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let ended = home.run(&arguments).await;
        assert!(ended.error(2).contains("evidence"), "{name}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_wallet_has_to_be_named() {
    let home = Home::lonely().await;
    let none = home.run(&["unstake", "--amount", "1"]).await;
    check(
        &none,
        2,
        expect![[r#"
        error: whose stake is it?
        hint: name a keystore with --keystore or ETH_KEYSTORE, or use --unsigned --from ADDRESS
    "#]],
    );
    let keystore = home.note("owner", "{}");
    for (variables, arguments, place) in [
        (&[("ETH_KEYSTORE", "")][..], &[][..], "environment variable ETH_KEYSTORE: expected the file of a keystore"),
        (
            &[("ETH_KEYSTORE", &keystore), ("ETH_PASSWORD", "")],
            &[],
            "environment variable ETH_PASSWORD: expected a file with a password",
        ),
        (&[], &["--keystore", ""], "--keystore: expected the file of a keystore"),
        (&[("WILLIW_HOME", "")], &[], "environment variable WILLIW_HOME: expected a folder"),
    ] {
        let empty = home.run_with(&[&["unstake", "--amount", "1"], arguments].concat(), variables).await;
        assert_eq!(empty.error(2), format!("{place}, and it is empty"));
        assert!(empty.stderr.ends_with("\nhint: name one, or leave it unset\n"), "{}", empty.stderr);
    }
    let silent = home.run(&["unstake", "--amount", "1", "--keystore", &keystore]).await;
    assert!(silent.stderr.contains("hint: name a file that holds it with --password-file or ETH_PASSWORD"));
    silent.error(2);
    // A secret in place of the name of its file, also one that is too long for a name, is not said.
    let endless = "sesame".repeat(1_000);
    for (variables, arguments, said) in [
        (
            vec![("ETH_KEYSTORE", keystore.as_str()), ("ETH_PASSWORD", "open sesame")],
            vec![],
            "the file with the keystore's password is not there",
        ),
        (
            vec![("ETH_KEYSTORE", keystore.as_str()), ("ETH_PASSWORD", &endless)],
            vec![],
            "the file with the keystore's password cannot be found: invalid filename",
        ),
        (vec![("ETH_KEYSTORE", "sesame")], vec!["--password-file", &keystore], "the file of the keystore is not there"),
    ] {
        let mistaken = home.run_with(&[&["unstake", "--amount", "1"][..], &arguments].concat(), &variables).await;
        assert_eq!(mistaken.error(2), said);
        assert!(mistaken.stderr.contains(" a file that holds it, not what the file holds"), "{}", mistaken.stderr);
        assert!(!mistaken.stderr.contains("sesame"), "{}", mistaken.stderr);
    }
    let password = home.note("password", "open sesame\n");
    set_mode(password.as_ref(), 0o644);
    let variables = [("ETH_KEYSTORE", keystore.as_str()), ("ETH_PASSWORD", password.as_str())];
    let exposed = home.run_with(&["unstake", "--amount", "1"], &variables).await;
    assert!(exposed.error(2).contains("run `chmod 600 ~/password`"), "{}", exposed.stderr);
    set_mode(password.as_ref(), 0o600);
    let broken = home.run_with(&["unstake", "--amount", "1"], &variables).await;
    assert!(broken.error(2).starts_with("~/owner: the file is no keystore"), "{}", broken.stderr);
}
