//! A node that is killed in the middle of a batch starts again before or after it, never in between.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use williw_store::Store;

use crate::made::{batch, blank, found_whole, place};

/// Where the child finds its file.
const PATH: &str = "WILLIW_STORE_TEST_PATH";
const CHILD: &str = "killed::a_child_that_writes_until_it_is_killed";
/// So many that most of the child's time is spent inside a transaction.
const FACTS: u64 = 1_000;
const BATCHES: u64 = 10_000;
/// At how many moments of a batch a child is killed.
const MOMENTS: u32 = 12;

#[tokio::test]
#[ignore = "the other test starts it as a process of its own"]
async fn a_child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let store = Store::open(Path::new(&path), &blank()).await.unwrap();
    for nth in 0..BATCHES {
        store.commit(&batch(nth, FACTS)).await.unwrap();
        println!("written {nth}");
    }
}

/// Starts a child, kills it `moment` / `MOMENTS` into a batch, and returns the number of the last batch it told of.
fn kill_a_child(path: &Path, moment: u32) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", CHILD, "--nocapture"])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    // It ends with the child, so a child that writes too little fails the test instead of hanging it.
    let mut told = lines.filter_map(|line| line.strip_prefix("written ").map(|nth| nth.parse::<u64>().unwrap()));
    told.next().expect("the child writes");
    let first = Instant::now();
    told.next().expect("the child goes on writing");
    let a_batch = first.elapsed();
    // Not to wait for anything: this picks the moment to die.
    std::thread::sleep(a_batch * moment / MOMENTS);
    child.kill().unwrap();
    let last = told.last().unwrap_or(1);
    assert!(!child.wait().unwrap().success());
    last
}

#[tokio::test]
async fn a_killed_node_starts_before_or_after_a_batch() {
    for moment in 0..MOMENTS {
        let (_folder, path) = place();
        let last = kill_a_child(&path, moment);
        found_whole(&path, last + 1, FACTS).await;
    }
}
