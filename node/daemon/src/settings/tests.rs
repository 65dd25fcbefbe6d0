use std::fs;

use super::*;

fn read(text: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("williw.toml");
    fs::write(&path, text).unwrap();
    let environment = environment.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Settings::read(&path, environment).map_err(|error| error.to_string().replace(path.to_str().unwrap(), "williw.toml"))
}

/// The example with one line instead of another.
fn with(line: &str, instead: &str) -> String {
    assert!(EXAMPLE.contains(line), "{line} is not in the example");
    EXAMPLE.replacen(line, instead, 1)
}

fn refused(text: &str, environment: &[(&str, &str)]) -> String {
    read(text, environment).expect_err("it was taken")
}

#[test]
fn the_example_is_complete() {
    let settings = read(EXAMPLE, &[]).unwrap();
    assert_eq!(settings.network.name(), "base-sepolia");
    let (base, solana) = (settings.base.clone().unwrap(), settings.solana.clone().unwrap());
    assert_eq!((base.chain_id, base.from_height, base.poll), (84_532, Height(1), Duration::from_secs(2)));
    assert_eq!(Account(solana.genesis.0).base58(), "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG");
    assert_eq!(solana.poll, Duration::from_secs(2));
    assert_eq!(settings.chains().collect::<Vec<_>>(), ChainId::ALL);
    assert_eq!(settings.gossip.listen.to_string(), "0.0.0.0:7474");
    assert_eq!(settings.http.listen.to_string(), "127.0.0.1:7475");
    let networks = [settings.of_base().unwrap().network, settings.of_solana().unwrap().network];
    assert_eq!(networks, [settings.network.id(); 2]);
}

#[test]
fn what_may_be_left_out() {
    let least = "[network]\nname = \"n\"\n[base]\nchain_id = 1\nvault = \"0x0101010101010101010101010101010101010101\"\n\
                 from_height = 0\nrpcs = [\"http://localhost:1/\"]\n";
    let on_solana = "[network]\nname = \"n\"\n[solana]\ngenesis = \"EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG\"\n\
                     program = \"HwphN8XBPEh6V5FQQiBhhkn8cPS2BXfKQ7ENb7HTUCPR\"\nrpcs = [\"http://localhost:1/\"]\n";
    for (text, chain) in [(least, ChainId::Base), (on_solana, ChainId::Solana)] {
        let settings = read(text, &[]).unwrap();
        assert_eq!(settings.chains().collect::<Vec<_>>(), [chain]);
        let polls = settings.base.iter().map(|base| base.poll).chain(settings.solana.iter().map(|solana| solana.poll));
        assert_eq!(polls.collect::<Vec<_>>(), [Duration::from_secs(2)]);
    }
    for line in on_solana.lines().filter(|line| line.contains('=')) {
        let key = line.split(' ').next().unwrap();
        let error = refused(&on_solana.replace(line, ""), &[]);
        assert!(error.contains(key) && error.contains("is missing; expected"), "{error}");
    }
    let settings = read(least, &[]).unwrap();
    assert_eq!((settings.gossip.listen.port(), settings.http.listen.port()), (7474, 7475));
    for line in least.lines().filter(|line| line.contains('=')) {
        let key = line.split(' ').next().unwrap();
        let error = refused(&least.replace(line, ""), &[]);
        assert!(error.contains(key) && error.contains("is missing; expected"), "{error}");
    }
}

#[test]
fn each_wrong_value_is_named() {
    let peer = format!("0x{}@1.2.3.4:5", "ab".repeat(32));
    let many = format!("peers = {:?}", vec![peer.clone(); PEERS_CAP + 1]);
    for (line, instead, error) in [
        ("poll_ms = 2000", "poll_ms = 49", "williw.toml: [base] poll_ms: expected milliseconds from 50 to 30000"),
        ("poll_ms = 2000", "poll_ms = 2.5", "williw.toml: [base] poll_ms: expected milliseconds from 50 to 30000"),
        (
            "poll_ms = 2000",
            "poll_mss = 2000",
            "williw.toml: [base] poll_mss: there is no such key; keys of [base] are rpcs, chain_id, vault, from_height, poll_ms",
        ),
        (
            "program = \"HwphN8XBPEh6V5FQQiBhhkn8cPS2BXfKQ7ENb7HTUCPR\"",
            "program = \"0x12\"",
            "williw.toml: [solana] program: expected an account of solana is 32 bytes in base58, 32 to 44 characters",
        ),
        (
            "[http]",
            "[https]",
            "williw.toml: [https]: there is no such key; sections are base, gossip, http, network, solana",
        ),
        ("[network]", "network = 1\n[x]", "williw.toml: [network]: expected a section with keys of its own"),
        (
            "chain_id = 84532",
            "chain_id = -1",
            "williw.toml: [base] chain_id: expected the chain's number, 8453 for Base, at least 1",
        ),
        (
            "name = \"base-sepolia\"",
            "name = \"Sepolia\"",
            "williw.toml: [network] name: expected a network's name is made of a-z, 0-9 and `-`",
        ),
        (
            "listen = \"127.0.0.1:7475\"",
            "listen = \"0.0.0.0:7475\"",
            "williw.toml: [http] listen: expected an address of this machine alone, such as 127.0.0.1:7475: what is told there is not for strangers",
        ),
        (
            "listen = \"0.0.0.0:7474\"",
            "listen = 7474",
            "williw.toml: [gossip] listen: expected `<ip>:<port>` in quotes, such as 0.0.0.0:7474",
        ),
        (
            "peers = []",
            "peers = [\"0x12@1.2.3.4:5\"]",
            "williw.toml: [gossip] peers: expected `0x<peer>@<ip>:<port>` as entry 1",
        ),
        ("peers = []", &many, "williw.toml: [gossip] peers: expected at most 64 of `0x<peer>@<ip>:<port>`, not 65"),
        ("peers = []", "peers = [", "williw.toml line 51, column 1: this is no TOML"),
        ("peers = []", "peers = []\npeers = []", "williw.toml line 48, column 1: this key stands here twice"),
    ] {
        assert_eq!(refused(&with(line, instead), &[]), error, "{instead}");
    }
    assert_eq!(
        read(&with("peers = []", &format!("peers = [{peer:?}]")), &[]).unwrap().gossip.peers[0].to_string(),
        peer
    );
}

#[test]
fn the_environment_has_the_last_word() {
    let overrides = [
        ("WILLIW_BASE_POLL_MS", "500"),
        ("WILLIW_NETWORK_NAME", "other"),
        ("WILLIW_HTTP_LISTEN", "127.0.0.1:9"),
        ("WILLIW_BASE_RPCS", "[\"http://one.example/\", \"http://two.example/\"]"),
        ("WILLIW_HOME", "/somewhere"),
        ("PATH", "/bin"),
    ];
    let settings = read(EXAMPLE, &overrides).unwrap();
    assert_eq!(settings.base.as_ref().unwrap().poll, Duration::from_millis(500));
    assert_eq!(
        (settings.network.name(), settings.http.listen.port(), settings.base.unwrap().rpcs.len()),
        ("other", 9, 2)
    );

    let error = refused(EXAMPLE, &[("WILLIW_BASE_POL_MS", "1")]);
    assert!(
        error.starts_with("environment variable WILLIW_BASE_POL_MS: there is no such key; keys of [base]"),
        "{error}"
    );
    let error = refused(EXAMPLE, &[("WILLIW_BASE_POLL_MS", "soon")]);
    assert_eq!(error, "environment variable WILLIW_BASE_POLL_MS: expected milliseconds from 50 to 30000");
    // A value cannot smuggle further keys in.
    let error = refused(EXAMPLE, &[("WILLIW_BASE_POLL_MS", "1\nvalues = 2")]);
    assert_eq!(error, "environment variable WILLIW_BASE_POLL_MS: expected milliseconds from 50 to 30000");
}

#[test]
fn no_error_and_no_debug_text_shows_an_address_with_its_key() {
    let secret = "https://user:hunter2@rpc.example/v2/s3cr3t-key?token=t0k3n";
    let rpcs = "rpcs = [\"https://sepolia.base.org/\"]";
    let wrongs = [
        format!("rpcs = {secret:?}"),
        format!("rpcs = [{secret:?}, 5]"),
        format!("rpcs = [{secret:?}, \"http//{secret}\"]"),
        format!("rpcs = [{secret:?}"),
        format!("rpcs = {secret}"),
        format!("rpcs = [{secret:?}]\n{secret:?} = 1 ="),
    ];
    for wrong in wrongs {
        let error = refused(&with(rpcs, &wrong), &[]);
        assert!(!["hunter2", "s3cr3t", "t0k3n"].iter().any(|part| error.contains(part)), "{error}");
    }
    let error = refused(EXAMPLE, &[("WILLIW_BASE_RPCS", secret)]);
    assert!(!error.contains("hunter2"), "{error}");
    let settings = read(&with(rpcs, &format!("rpcs = [{secret:?}]")), &[]).unwrap();
    let shown = format!("{settings:?}");
    assert!(shown.contains("rpc.example") && !shown.contains("s3cr3t") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("williw.toml");
    let error = Settings::read(&path, []).unwrap_err().to_string();
    assert!(error.ends_with("williw.toml; make one with `williw init`"), "{error}");
    let error = Settings::read(folder.path(), []).unwrap_err();
    assert!(matches!(error, SettingsError::Unreadable { .. }), "{error}");
    fs::write(&path, "#".repeat(70_000)).unwrap();
    assert!(matches!(Settings::read(&path, []).unwrap_err(), SettingsError::TooLong { .. }));
}

#[test]
fn endpoints_that_cannot_be_used_are_refused_at_once() {
    let rpcs = "rpcs = [\"https://sepolia.base.org/\"]";
    for (instead, expected) in [
        ("rpcs = [\"https://a/k\", \"ftp://b/k\"]", "http or https as entry 2"),
        // The same address, though not the same text.
        (
            "rpcs = [\"https://a\", \"https://b/\", \"https://A/\"]",
            "addresses that differ: entries 1 and 3 would count for two",
        ),
    ] {
        assert_eq!(refused(&with(rpcs, instead), &[]), format!("williw.toml: [base] rpcs: expected {expected}"));
    }
}

#[test]
fn names_that_are_no_plain_words_are_not_repeated() {
    for name in ["k3y", "Key", "a-b", "\"https://a/k\"", "\"x\\nerror: y\"", "aaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let error = refused(&with("[http]", &format!("[http]\n{name} = 1")), &[]);
        assert_eq!(
            error,
            "williw.toml: [http] (a name that is not shown): there is no such key; keys of [http] are listen"
        );
        let error = refused(&with("[http]", &format!("[{name}]")), &[]);
        assert!(error.starts_with("williw.toml: [(a name that is not shown)]: there is no such key; "), "{error}");
    }
}

#[test]
fn a_variables_text_needs_no_quotes() {
    let vault = format!("0x{}1", "0".repeat(39));
    let environment = [("WILLIW_NETWORK_NAME", "2026"), ("WILLIW_BASE_VAULT", vault.as_str())];
    let settings = read(EXAMPLE, &environment).unwrap();
    assert_eq!((settings.network.name(), settings.base.unwrap().vault[19]), ("2026", 1));
    // In the file it does.
    assert!(refused(&with("name = \"base-sepolia\"", "name = 2026"), &[]).contains("[network] name: expected "));
}
