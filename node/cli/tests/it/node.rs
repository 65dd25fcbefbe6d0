//! A node that runs, is asked, and stops when it is told to.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::home::Home;
use crate::world::World;

/// A loaded machine may take its time.
const WITHIN: Duration = Duration::from_secs(60);

const ANYWHERE: [(&str, &str); 3] =
    [("WILLIW_HTTP_LISTEN", "127.0.0.1:0"), ("WILLIW_GOSSIP_LISTEN", "127.0.0.1:0"), ("WILLIW_BASE_POLL_MS", "50")];

/// Starts the node of this home and waits until it serves: the node, and what it said.
async fn started(home: &Home) -> (Child, Value) {
    let mut command = home.command(&["run", "--json"], &ANYWHERE);
    let mut node = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let line = timeout(WITHIN, lines.next_line()).await.expect("it is ready in time").unwrap();
    (node, serde_json::from_str(&line.expect("it says that it is ready")).unwrap())
}

async fn stop(node: &mut Child, signal: &str) -> Option<i32> {
    let pid = node.id().unwrap().to_string();
    let killed = Command::new("sh").args(["-c", "kill -\"$0\" \"$1\"", signal, &pid]).status().await.unwrap();
    assert!(killed.success());
    timeout(WITHIN, node.wait()).await.expect("it stops in time").unwrap().code()
}

/// Asks until the node has read its chain.
async fn until_fresh(home: &Home, variables: &[(&str, &str)]) -> Value {
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
