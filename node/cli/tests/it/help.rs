//! What `--help` says, word for word. `UPDATE_EXPECT=1` writes it anew.

use expect_test::expect_file;

use crate::home::Home;

/// Every command that there is; `help/williw.txt` lists them too, so a new one cannot be forgotten here.
const COMMANDS: [&str; 19] = [
    "init",
    "run",
    "status",
    "peers",
    "operator",
    "register",
    "stake",
    "unstake",
    "restake",
    "withdraw",
    "rotate",
    "unjail",
    "slash",
    "collect",
    "guard",
    "keys",
    "outbox",
    "deploy",
    "completions",
];

/// What can be done with the outbox; `help/outbox.txt` lists them too.
const OUTBOX: [&str; 4] = ["list", "show", "retry", "cancel"];

#[tokio::test]
async fn what_the_outbox_does_is_explained() {
    let home = Home::absent();
    let whole = home.run(&["outbox", "--help"]).await;
    let listed = whole.stdout.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: Vec<_> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed[..OUTBOX.len()], OUTBOX);
    for command in OUTBOX {
        let help = home.run(&["outbox", command, "--help"]).await;
        assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{command}");
        expect_file![format!("{}/tests/it/help/outbox-{command}.txt", env!("CARGO_MANIFEST_DIR"))]
            .assert_eq(&help.stdout);
    }
}

#[tokio::test]
async fn what_can_be_done_with_deployments_is_explained() {
    let help = Home::absent().run(&["deploy", "verify", "--help"]).await;
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    expect_file!["./help/deploy-verify.txt"].assert_eq(&help.stdout);
}

#[tokio::test]
async fn every_command_explains_itself() {
    let home = Home::absent();
    let whole = home.run(&["--help"]).await;
    assert_eq!((whole.code, whole.stderr.as_str()), (0, ""));
    let listed = whole.stdout.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let listed: Vec<_> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(listed[..COMMANDS.len()], COMMANDS);
    assert_eq!(listed[COMMANDS.len()..], ["help"]);
    expect_file!["./help/williw.txt"].assert_eq(&whole.stdout);
    for command in COMMANDS {
        let help = home.run(&[command, "--help"]).await;
        assert_eq!((help.code, help.stderr.as_str()), (0, ""), "{command}");
        assert!(help.stdout.contains("--json"), "{command}");
        expect_file![format!("{}/tests/it/help/{command}.txt", env!("CARGO_MANIFEST_DIR"))].assert_eq(&help.stdout);
    }
}

#[tokio::test]
async fn exit_codes_are_documented() {
    let help = Home::absent().run(&["--help"]).await.stdout;
    let codes = help.split("Exit codes:\n").nth(1).unwrap();
    let codes: Vec<_> = codes.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(codes, ["0", "1", "2", "3", "130"]);
}

#[tokio::test]
async fn shells_complete_every_command() {
    let home = Home::absent();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.run(&["completions", shell]).await;
        assert_eq!((script.code, script.stderr.as_str()), (0, ""));
        for command in COMMANDS {
            assert!(script.stdout.contains(command), "{shell}: {command}");
        }
    }
}

#[tokio::test]
async fn what_was_typed_wrong_ends_with_2() {
    let home = Home::absent();
    for arguments in [
        &["nothing"][..],
        &["stake"],
        &["stake", "--amount", "1.5"],
        &["stake", "--amount", "1ether", "--unsigned"],
        &["stake", "--amount", "1", "--unsigned", "--from", "0x5fAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"],
        &["restake"],
        &["completions", "nothing"],
    ] {
        let ended = home.run(arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
}

/// A private key of Base, one of Solana in base 58 and as a list, a phrase, and what looks like flags.
const SECRETS: [&str; 7] = [
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "4Z7cXSyeFR8wNGMVXUE1TwtKn5D5Vu7FzEv69dokLv7KrQk7h6pu4LF8ZRR9yQBhc7uSM6RTTZtU1fmaxiNrxXrs",
    "[157,97,177,157,239,253,90,96",
    "legal winner thank",
    "-Z59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "--Z59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "--[157,97,177,157,239,253,90,96",
];

#[tokio::test]
async fn what_may_be_a_secret_is_not_repeated_by_what_refuses_it() {
    let home = Home::absent();
    for secret in SECRETS {
        let attached = ["--amount=", "--chain=", "--json=", "--bounty="].map(|flag| format!("{flag}{secret}"));
        let [amount, chain, json, unknown] = attached.each_ref().map(String::as_str);
        for arguments in [
            &[secret][..],
            &["help", secret],
            &["stake", secret],
            &["stake", "--amount", "1", secret],
            &["stake", "--amount", "1", "--", secret],
            &["stake", "--amount", secret],
            &["stake", amount],
            &["stake", "--amount", "1", chain],
            &["stake", json],
            &["stake", unknown],
            &["stake", "--amount", "1", "--for", secret],
            &["restake", "--ticket", secret],
            &["init", "--deployment", "it.json", "--peer", secret],
            &["run", "-v", secret],
            &["outbox", secret],
            &["outbox", "show", secret],
            &["outbox", "show", "1", secret],
            &["completions", secret],
        ] {
            let ended = home.run(arguments).await;
            assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
            let letters = secret.trim_start_matches(['-', '[', '0', 'x']);
            for part in [&letters[..4], &letters[letters.len() - 4..], "'-Z"] {
                assert!(!ended.stderr.contains(part), "{arguments:?}: {part}: {}", ended.stderr);
            }
        }
    }
    let told = async |arguments: &[&str]| home.run(arguments).await.stderr.lines().next().unwrap().to_owned();
    for secret in SECRETS {
        assert_eq!(told(&["stake", secret]).await, "error: unexpected argument '...' found");
    }
    // Whatever is no secret is told as before: who mistyped it has to see it.
    let address = "0x5fAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    assert_eq!(told(&["stake", "--amuont=1"]).await, "error: unexpected argument '--amuont' found");
    assert_eq!(told(&["stake", address]).await, format!("error: unexpected argument '{address}' found"));
    assert_eq!(told(&["opeartor"]).await, "error: unrecognized subcommand 'opeartor'");
    let both = told(&["init", "--deployment", "my deployment.json", "--listen", "here"]).await;
    assert_eq!(both, "error: invalid value 'here' for '--listen <IP:PORT>': invalid socket address syntax");
    let twice = told(&["run", "--home", "a b", "--home", "c d"]).await;
    assert_eq!(twice, "error: the argument '--home <DIR>' cannot be used multiple times");
}
