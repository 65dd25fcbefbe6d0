//! A node that runs, is asked, and stops when it is told to.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::home::Home;
use crate::owners::Owner;
use crate::world::World;

/// A loaded machine may take its time.
const WITHIN: Duration = Duration::from_secs(60);

pub(crate) const ANYWHERE: [(&str, &str); 3] =
    [("WILLIW_HTTP_LISTEN", "127.0.0.1:0"), ("WILLIW_GOSSIP_LISTEN", "127.0.0.1:0"), ("WILLIW_BASE_POLL_MS", "50")];

/// Starts the node of this home and waits until it serves: the node, and what it said.
pub(crate) async fn started(home: &Home) -> (Child, Value) {
    let mut command = home.command(&["run", "--json"], &ANYWHERE);
    let mut node = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let line = timeout(WITHIN, lines.next_line()).await.expect("it is ready in time").unwrap();
    (node, serde_json::from_str(&line.expect("it says that it is ready")).unwrap())
}

pub(crate) async fn stop(node: &mut Child, signal: &str) -> Option<i32> {
    let pid = node.id().unwrap().to_string();
    let killed = Command::new("sh").args(["-c", "kill -\"$0\" \"$1\"", signal, &pid]).status().await.unwrap();
    assert!(killed.success());
    timeout(WITHIN, node.wait()).await.expect("it stops in time").unwrap().code()
}

/// Asks until the node has read its chain.
pub(crate) async fn until_fresh(home: &Home, variables: &[(&str, &str)]) -> Value {
    let asking = async {
        loop {
            let status = home.run_with(&["status", "--json"], variables).await.json();
            if status["chains"][0]["freshness"] == "fresh" {
                return status;
            }
        }
    };
    timeout(WITHIN, asking).await.expect("it reads the chain in time")
}

#[tokio::test]
async fn a_node_runs_is_asked_and_stops() {
    let world = World::new().await;
    world.register(1, 2_000).await;
    world.finalize().await;
    let home = Home::of(&world).await;
    for signal in ["TERM", "INT"] {
        let (mut node, ready) = started(&home).await;
        assert_eq!(ready["event"], "ready");
        assert_eq!(ready["network"], world.network.to_string());
        let http = ready["http"].as_str().unwrap();
        assert!(ready["gossip"][0].as_str().unwrap().starts_with("127.0.0.1:"), "{ready}");

        let variables = [("WILLIW_HTTP_LISTEN", http)];
        let status = until_fresh(&home, &variables).await;
        assert_eq!((&status["peer"], &status["network"]), (&ready["peer"], &ready["network"]));
        assert_eq!(status["chains"][0]["endpoints"][0]["name"], "rpc 1 (127.0.0.1)");
        let text = home.run_with(&["status"], &variables).await;
        assert_eq!((text.code, text.stderr.as_str()), (0, ""));
        assert!(text.stdout.contains(ready["peer"].as_str().unwrap()), "{}", text.stdout);
        assert!(text.stdout.contains("base     fresh, "), "{}", text.stdout);

        let peers = home.run_with(&["peers", "--json"], &variables).await.json();
        let staked = world.peer(1).id().to_string();
        let row = peers["peers"].as_array().unwrap().iter().find(|row| row["peer"] == staked.as_str());
        assert_eq!(row.expect("who staked is known")["standing"], "member", "{peers}");
        let table = home.run_with(&["peers"], &variables).await.stdout;
        assert!(table.starts_with("PEER ") && table.contains(&staked), "{table}");

        assert_eq!(stop(&mut node, signal).await, Some(0), "{signal}");
        let mut log = String::new();
        node.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
        home.assert_no_secret(&log);
        assert!(!log.contains("ERROR"), "{log}");
        assert_eq!(home.run_with(&["status"], &variables).await.code, 3);
    }
}

#[tokio::test]
async fn a_node_says_whose_stake_it_has() {
    let owner = Owner::new().await;
    owner.done(&["register", "--amount", "2000ether"]).await;
    owner.done(&["unstake", "--amount", "300ether"]).await;
    let (mut node, ready) = started(&owner.home).await;
    let variables = [("WILLIW_HTTP_LISTEN", ready["http"].as_str().unwrap())];
    let status = until_fresh(&owner.home, &variables).await;
    let [stake] = status["owners"].as_array().unwrap().as_slice() else { panic!("{status}") };
    assert_eq!((&stake["chain"], &stake["owner"]), (&json!("base"), &json!(owner.account())));
    assert_eq!((&stake["standing"], &stake["active"]), (&json!("member"), &json!("1700000000000000000000")));
    assert_eq!(stake["queued"], "300000000000000000000");
    assert_eq!(stake["places"], status["own"]["places"]);

    let text = owner.home.run_with(&["status"], &variables).await.stdout;
    let staked = "1700000000000000000000 staked, 300000000000000000000 on its way out";
    assert!(text.contains(&format!("\nowner    {} on base: member, {staked}\n", owner.account())), "{text}");
    let table = owner.home.run_with(&["peers"], &variables).await.stdout;
    let lines: Vec<_> = table.lines().collect();
    let block = stake["places"][0]["block"].as_u64().unwrap();
    assert!(
        lines[1].contains(" (this node)  member ") && lines[1].contains(&format!("base   block {block} ")),
        "{table}"
    );
    assert!(lines[2].starts_with(&format!("  owner {} ", owner.account())) && lines[2].ends_with(staked), "{table}");
    // Whose operator it is need not be typed while the node runs.
    let listed = owner.home.run_with(&["operator"], &variables).await;
    assert!(listed.stdout.starts_with(&format!("owner    {} on base, ", owner.account())), "{}", listed.stdout);
    assert!(
        listed.stdout.contains("\nTICKET  AMOUNT                 MATURES\n0       300000000000000000000  20"),
        "{}",
        listed.stdout
    );
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
}

#[tokio::test]
async fn the_most_talkative_node_says_nothing_secret() {
    let world = World::new().await;
    world.finalize().await;
    let home = Home::of(&world).await;
    let mut node = home.command(&["run", "-vv"], &ANYWHERE).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(node.stderr.take().unwrap()).lines();
    let mut log = String::new();
    let serving = async {
        while !log.contains("serving as 0x") {
            log.push_str(&lines.next_line().await.unwrap().expect("it says that it serves"));
            log.push('\n');
        }
    };
    timeout(WITHIN, serving).await.expect("it serves in time");
    let rest = tokio::spawn(async move {
        let mut log = String::new();
        while let Some(line) = lines.next_line().await.unwrap() {
            log.push_str(&line);
        }
        log
    });
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
    log.push_str(&rest.await.unwrap());
    assert!(log.contains("DEBUG"), "{log}");
    home.assert_no_secret(&log);
}

#[tokio::test]
async fn a_filter_of_the_log_that_is_none_is_refused() {
    let home = Home::lonely().await;
    let ended = home.run_with(&["run"], &[("RUST_LOG", "williw=loudly")]).await;
    assert_eq!(ended.error(2), "RUST_LOG is no filter");
}

/// What the node answers to a request with these headers, headers and all.
async fn answer(http: &str, path: &str, headers: &str) -> String {
    let mut connection = TcpStream::connect(http).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_node_answers_its_owner_and_no_page_of_a_browser() {
    let world = World::new().await;
    world.register(1, 2_000).await;
    world.finalize().await;
    let home = Home::of(&world).await;
    let (mut node, ready) = started(&home).await;
    let http = ready["http"].as_str().unwrap();
    until_fresh(&home, &[("WILLIW_HTTP_LISTEN", http)]).await;

    let own = format!("Host: {http}\r\n");
    for path in ["/v1/status", "/v1/peers", "/health", "/metrics"] {
        let says = answer(http, path, &own).await;
        assert!(says.starts_with("HTTP/1.1 200 "), "{path}: {says}");
        for foreign in [
            "Host: evil.example\r\n".to_owned(),
            "Host: 127.0.0.1.evil.example:80\r\n".to_owned(),
            String::new(),
            format!("{own}Sec-Fetch-Site: cross-site\r\n"),
            format!("{own}Sec-Fetch-Site: same-site\r\n"),
        ] {
            let says = answer(http, path, &foreign).await;
            let refused = says.starts_with("HTTP/1.1 403 ") || says.starts_with("HTTP/1.1 400 ");
            assert!(refused && !says.contains("0x"), "{path}, {foreign:?}: {says}");
        }
    }
    assert!(answer(http, "/", &own).await.starts_with("HTTP/1.1 404 "));

    let metrics = answer(http, "/metrics", &own).await;
    for line in ["williw_ready 1", "williw_peers{standing=\"member\"} 1", "williw_chain_facts_total{chain=\"base\"} 2"]
    {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
    // Every row belongs to a family that was announced just above it.
    let (_, body) = metrics.split_once("\r\n\r\n").unwrap();
    let mut family = "";
    for line in body.lines() {
        match line.strip_prefix("# TYPE ") {
            Some(kind) => family = kind.split(' ').next().unwrap(),
            None if line.starts_with("# HELP ") => {}
            None => assert_eq!(line.split(['{', ' ']).next(), Some(family), "{line}"),
        }
    }
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
}

#[tokio::test]
async fn a_node_whose_chain_is_gone_says_so_and_lets_nobody_in() {
    let world = World::new().await;
    world.register(1, 2_000).await;
    world.finalize().await;
    let home = Home::of(&world).await;
    let (mut node, ready) = started(&home).await;
    until_fresh(&home, &[("WILLIW_HTTP_LISTEN", ready["http"].as_str().unwrap())]).await;
    assert_eq!(stop(&mut node, "TERM").await, Some(0));

    // Started again while nobody answers for the chain, it serves what it wrote down, and trusts none of it.
    let mut variables = ANYWHERE.to_vec();
    variables.push(("WILLIW_BASE_RPCS", "[\"http://127.0.0.1:9/\"]"));
    let mut command = home.command(&["run", "--json"], &variables);
    let mut node = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let line = timeout(WITHIN, lines.next_line()).await.expect("it serves in time").unwrap().unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let http = ready["http"].as_str().unwrap();
    let health = answer(http, "/health", &format!("Host: {http}\r\n")).await;
    assert!(health.starts_with("HTTP/1.1 503 ") && health.contains("base is unread"), "{health}");
    let peers = home.run_with(&["peers", "--json"], &[("WILLIW_HTTP_LISTEN", http)]).await.json();
    let staked = world.peer(1).id().to_string();
    let row = peers["peers"].as_array().unwrap().iter().find(|row| row["peer"] == staked.as_str());
    let row = row.expect("who staked is remembered");
    assert_eq!((&row["standing"], &row["rule"]), (&"barred".into(), &"unread".into()));
    assert_eq!(row["places"][0]["chain"], "base");
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
}
