//! One of the processes.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;
use williw_core::guard::Refusal;
use williw_core::sim::Rng;
use williw_core::statement::Signed;
use williw_store::guard::{Guard, GuardError, Keys, REQUESTS_CAP, Signing};

use super::logs::{Logs, Progress};
use super::questions::{self, SIGNERS, key};
use crate::guard::{listened, open};

pub(crate) const NAME: &str = "guard::race::asker::asks_until_it_is_killed";
pub(crate) const FOLDER: &str = "WILLIW_GUARD_TEST_FOLDER";
pub(crate) const NTH: &str = "WILLIW_GUARD_TEST_NTH";
pub(crate) const SEED: &str = "WILLIW_GUARD_TEST_SEED";
pub(crate) const REQUESTS: &str = "WILLIW_GUARD_TEST_REQUESTS";

/// What it tells its parent: that it has the guard, that it asked another thousand, and that it lets the guard go.
pub(crate) const HAS: &str = "has";
pub(crate) const ASKED: &str = "asked";
pub(crate) const LEFT: &str = "left";
const TELL_EVERY: u64 = 1_024;

/// More than are written together, so that there are always some that wait.
const ASKERS: u64 = REQUESTS_CAP as u64 + 64;
/// After so many answers the guard is left to whoever else wants it.
const TURN: u64 = 40_000;

#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn tell(word: &str) {
    println!("{word}");
}

/// One turn with the guard, for all who ask.
struct Turn {
    logs: Arc<Logs>,
    progress: Progress,
    requests: u64,
    answered: AtomicU64,
    frontier: AtomicU64,
}

impl Turn {
    /// Asks until the turn is over or there were enough requests in all.
    async fn ask(&self, signing: Signing, mut rng: Rng) {
        while self.answered.load(Ordering::Relaxed) < TURN && self.progress.asked() < self.requests {
            let asked = questions::any(&mut rng, self.frontier.load(Ordering::Relaxed));
            let (signer, statement) = (asked.signer, asked.statement);
            match signing.sign(asked).await {
                Ok(signature) => self.logs.acknowledge(signer, Signed { statement, signature }),
                Err(GuardError::Refused(Refusal::Conflict { asked, signed })) => {
                    assert_eq!((asked, signed.conflict_key()), (statement, statement.conflict_key()));
                }
                Err(other) => panic!("{statement}: {other}"),
            }
            let nth = self.answered.fetch_add(1, Ordering::Relaxed) + 1;
            if self.progress.count(nth) {
                let frontier = questions::frontier(self.progress.asked(), self.requests);
                self.frontier.store(frontier, Ordering::Relaxed);
            }
            if nth.is_multiple_of(TELL_EVERY) {
                tell(ASKED);
            }
        }
    }
}

/// Waits until whoever has the guard lets it go, or dies. Others wait too.
fn wait(path: &Path) {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let lock = OpenOptions::new().read(true).write(true).open(lock).unwrap();
    lock.lock().unwrap();
}

async fn get(path: &Path) -> Guard {
    loop {
        match open(path).await {
            Ok(guard) => return guard,
            Err(GuardError::InUse { .. }) => wait(path),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
#[ignore = "the race starts it as processes of their own"]
async fn asks_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let number = |name| std::env::var(name).unwrap().parse::<u64>().unwrap();
    let (nth, requests, mut rng) = (number(NTH), number(REQUESTS), Rng::new(number(SEED)));
    let logs = Arc::new(Logs::open(&folder, usize::try_from(nth).unwrap()));
    // Behind whatever the test runner has written so far.
    tell("");
    while Progress::open(&folder).asked() < requests {
        let guard = get(&folder.join("guard.db")).await;
        tell(HAS);
        let keys = (0..SIGNERS).fold(Keys::default(), |keys, nth| {
            let (key, logs) = (key(nth), Arc::clone(&logs));
            keys.with(key.address(), move |digest| {
                let signature = key.sign(digest);
                logs.make(key.address(), digest, signature);
                Some(signature)
            })
        });
        let (signing, served) = guard.serve(listened(), keys).unwrap();
        let progress = Progress::open(&folder);
        let frontier = AtomicU64::new(questions::frontier(progress.asked(), requests));
        let turn = Turn { logs: Arc::clone(&logs), progress, requests, answered: AtomicU64::new(0), frontier };
        let (turn, mut askers) = (Arc::new(turn), JoinSet::new());
        for _ in 0..ASKERS {
            let (turn, signing, rng) = (Arc::clone(&turn), signing.clone(), Rng::new(rng.next()));
            askers.spawn(async move { turn.ask(signing, rng).await });
        }
        drop(signing);
        askers.join_all().await;
        tell(LEFT);
        served.await.unwrap().unwrap();
    }
}
