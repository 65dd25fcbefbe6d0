//! The two programs that `scripts/soak disk` runs on a guard: one signs while the disk fails, the other asks for all of it
//! again.

use std::path::{Path, PathBuf};

use williw_core::statement::Kind;
use williw_store::guard::{Asked, Guard, GuardError};

use super::{BOOT, NETWORK, asked, serve, signer};

/// Where the file is.
const PATH: &str = "WILLIW_STORE_TEST_PATH";
/// What the signer said that it had signed, separated by commas: `<cycle> <signature>`.
const TOLD: &str = "WILLIW_STORE_TEST_TOLD";
const VOTES: u64 = 6;

fn path() -> Option<PathBuf> {
    std::env::var_os(PATH).map(PathBuf::from)
}

fn vote(cycle: u64, root: &str) -> Asked {
    asked(Kind::RootVote, cycle, 0, root)
}

/// The guard as `williw init` makes it, or as it was left.
async fn taken_up(path: &Path) -> Result<Guard, GuardError> {
    let mut guard = match Guard::found(path, NETWORK, BOOT).await {
        Err(GuardError::Exists { .. }) => Guard::open(path, NETWORK).await?,
        founded => founded?,
    };
    guard.enroll(signer().address()).await?;
    guard.start().await?;
    Ok(guard)
}

/// Signs and says so, each on a line of its own, until it is refused.
#[expect(clippy::print_stdout, reason = "its output is how it tells what was signed")]
async fn sign(path: &Path) -> Result<(), GuardError> {
    let (signing, served) = serve(taken_up(path).await?);
    for cycle in 0..VOTES {
        match signing.sign(vote(cycle, "a root")).await {
            Ok(signature) => println!("signed {cycle} {signature}"),
            Err(error) => {
                // Nobody else gets anything either.
                assert!(signing.sign(vote(cycle + VOTES, "another root")).await.is_err(), "it signs on after {error}");
                break;
            }
        }
    }
    drop(signing);
    served.await.expect("the guard does not panic")
}

#[tokio::test]
#[ignore = "scripts/soak disk starts it as a process of its own"]
async fn a_child_that_signs_while_the_disk_fails() {
    let Some(path) = path() else { return };
    println!();
    if let Err(error) = sign(&path).await {
        println!("error: {error}");
        // Nothing is tidied up, as by a node that ends at once.
        std::process::exit(1);
    }
}

#[tokio::test]
#[ignore = "scripts/soak disk starts it as a process of its own"]
async fn a_child_that_asks_for_what_was_signed() {
    let (Some(path), Ok(told)) = (path(), std::env::var(TOLD)) else { return };
    let told: Vec<&str> = told.split(',').filter(|line| !line.is_empty()).collect();
    if !told.is_empty() {
        Guard::open(&path, NETWORK).await.unwrap().close().await.unwrap();
    }
    let (signing, served) = serve(taken_up(&path).await.unwrap());
    for line in told {
        let (cycle, signature) = line.split_once(' ').unwrap();
        let cycle = cycle.parse().unwrap();
        signing.sign(vote(cycle, "another root")).await.unwrap_err();
        assert_eq!(signing.sign(vote(cycle, "a root")).await.unwrap().to_string(), signature, "cycle {cycle}");
        println!("found {cycle}");
    }
    signing.sign(vote(100, "a root")).await.unwrap();
    println!("goes on");
    drop(signing);
    served.await.unwrap().unwrap();
}
