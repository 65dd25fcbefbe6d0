//! The two programs that `scripts/soak disk` runs: one writes while the disk fails, the other looks at what is left.

use std::ffi::OsString;
use std::path::Path;

use williw_store::{Store, StoreError};

use crate::made::{after, batch, blank, found_whole};

/// Where the file is.
const PATH: &str = "WILLIW_STORE_TEST_PATH";
/// How many batches the writer said that it had written.
const TOLD: &str = "WILLIW_STORE_TEST_TOLD";
const BATCHES: u64 = 4;
const FACTS: u64 = 50;

fn path() -> Option<OsString> {
    std::env::var_os(PATH)
}

/// Writes batches and says so, each on a line of its own. One that fails is not there as long as this runs, and is tried once
/// more.
#[expect(clippy::print_stdout, reason = "its output is how it tells what was written")]
async fn write(path: &Path) -> Result<(), StoreError> {
    let store = Store::open(path, &blank()).await?;
    for nth in 0..BATCHES {
        if let Err(error) = store.commit(&batch(nth, FACTS)).await {
            println!("failed {nth}: {error}");
            assert_eq!(store.checkpoint().await?, after(nth, FACTS), "what the disk did not confirm is shown");
            store.commit(&batch(nth, FACTS)).await?;
        }
        println!("written {nth}");
    }
    store.close().await
}

#[tokio::test]
#[ignore = "scripts/soak disk starts it as a process of its own"]
async fn a_child_that_writes_while_the_disk_fails() {
    let Some(path) = path() else { return };
    if let Err(error) = write(Path::new(&path)).await {
        println!("error: {error}");
        // Nothing is tidied up, as by a node that ends at once.
        std::process::exit(1);
    }
}

#[tokio::test]
#[ignore = "scripts/soak disk starts it as a process of its own"]
async fn a_child_that_finds_what_was_written() {
    let (Some(path), Ok(told)) = (path(), std::env::var(TOLD)) else { return };
    println!("found {}", found_whole(Path::new(&path), told.parse().unwrap(), FACTS).await);
}
