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
    let codes: Vec<_> = codes.lines().map(|line| line.trim().chars().next().unwrap()).collect();
    assert_eq!(codes, ['0', '1', '2', '3']);
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
