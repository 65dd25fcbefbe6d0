//! Processes that race for one guard and are killed with it, and what has to be true of all that they got.
//!
//! Each process waits for the guard, has many tasks ask it at once, most of them for what contradicts something else, and
//! leaves it to another after a while. The parent kills whoever has it at random moments. What a process got is in a log of
//! its own before it counts; so is every signature that its keys made, whether or not anybody got it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::task::JoinSet;
use williw_core::guard::Refusal;
use williw_core::identity::Signer;
use williw_core::sim::Rng;
use williw_core::statement::{ConflictKey, Signed};
use williw_store::guard::{Asked, Guard, GuardError, Keys, REQUESTS_CAP};

use super::{BOOT, NETWORK, open};
use logs::{Progress, acknowledged, made};
use questions::{RANKS, SIGNERS, VARIANTS, key, question};

mod asker;
mod logs;
mod questions;

/// How many processes race at any time.
const PROCESSES: usize = 3;
/// The longest that nothing is heard of any of them. They tell whenever one gets the guard, and of every thousandth answer.
const SILENCE: Duration = Duration::from_secs(120);
/// The latest moment for a kill after the number of requests that it was drawn for: longer than a batch takes.
const KILL_WITHIN_MICROS: u64 = 40_000;

/// A number from the environment, for longer runs than the usual one.
fn setting(name: &str, usual: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")),
        Err(_) => usual,
    }
}

/// What is heard of a process.
enum Heard {
    Has,
    Asked,
    Left,
    Ended,
}

struct Race<'a> {
    folder: &'a Path,
    requests: u64,
    rng: Rng,
    progress: Progress,
    running: BTreeMap<usize, Child>,
    started: usize,
    heard: Receiver<(usize, Heard)>,
    tell: Sender<(usize, Heard)>,
}

impl<'a> Race<'a> {
    fn new(folder: &'a Path, requests: u64, seed: u64) -> Self {
        let (tell, heard) = channel();
        let progress = Progress::open(folder);
        Self { folder, requests, rng: Rng::new(seed), progress, running: BTreeMap::new(), started: 0, heard, tell }
    }

    fn start(&mut self) {
        let nth = self.started;
        self.started += 1;
        let seed = self.rng.next();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", asker::NAME, "--nocapture"])
            .env(asker::FOLDER, self.folder)
            .env(asker::NTH, nth.to_string())
            .env(asker::SEED, seed.to_string())
            .env(asker::REQUESTS, self.requests.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let tell = self.tell.clone();
        thread::spawn(move || {
            for line in lines {
                let heard = match line.as_str() {
                    asker::HAS => Heard::Has,
                    asker::ASKED => Heard::Asked,
                    asker::LEFT => Heard::Left,
                    _ => continue,
                };
                tell.send((nth, heard)).unwrap();
            }
            tell.send((nth, Heard::Ended)).unwrap();
        });
        self.running.insert(nth, child);
    }

    /// Waits for the next word of any process.
    fn hear(&self) -> (usize, Heard) {
        self.heard.recv_timeout(SILENCE).expect("somebody gets the guard, and answers")
    }

    /// Lets them ask until there were enough requests and kills. Returns how many processes were killed.
    fn run(&mut self, kills: u64) -> u64 {
        // Not at the very end, where nobody may be left to be killed.
        let mut moments: Vec<u64> = (0..kills).map(|_| self.rng.below(self.requests / 10 * 9)).collect();
        moments.sort_unstable_by_key(|moment| std::cmp::Reverse(*moment));
        let (mut holder, mut killed) = (None, 0);
        (0..PROCESSES).for_each(|_| self.start());
        while !self.running.is_empty() {
            match self.hear() {
                (nth, Heard::Has) => holder = Some(nth),
                (_, Heard::Asked) => {}
                (nth, Heard::Left) => holder = holder.filter(|holder| *holder != nth),
                (nth, Heard::Ended) => {
                    let status = self.ended(nth);
                    assert!(status.success(), "process {nth} ended by itself: {status}");
                }
            }
            if let Some(nth) = holder
                && moments.last().is_some_and(|moment| *moment <= self.progress.asked())
            {
                moments.pop();
                // Not to wait for anything: this picks the moment to die.
                thread::sleep(Duration::from_micros(self.rng.below(KILL_WITHIN_MICROS)));
                killed += u64::from(self.kill(nth));
                holder = None;
            }
        }
        killed
    }

    /// Kills a process and starts another in its place. False if it came to its end before.
    #[expect(clippy::print_stdout, reason = "whoever reads of a failed test sees the moments")]
    fn kill(&mut self, nth: usize) -> bool {
        self.running.get_mut(&nth).expect("it has the guard").kill().unwrap();
        while !matches!(self.hear(), (ended, Heard::Ended) if ended == nth) {}
        let killed = !self.ended(nth).success();
        println!("killed process {nth} after {} requests", self.progress.asked());
        self.start();
        killed
    }

    fn ended(&mut self, nth: usize) -> ExitStatus {
        self.running.remove(&nth).expect("it ends once").wait().unwrap()
    }
}

impl Drop for Race<'_> {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            // After a failed test nobody waits for them any more, and it does not matter if one ended by itself.
            let _ended_already = child.kill();
            let _status = child.wait();
        }
    }
}

type Kept = BTreeMap<(Signer, ConflictKey), Signed>;

/// Files what was signed under its key; there is one thing under each.
fn file(kept: &mut Kept, signer: Signer, signed: Signed) {
    let before = *kept.entry((signer, signed.statement.conflict_key())).or_insert(signed);
    assert_eq!(before.statement, signed.statement, "{signer} signed both");
    assert_eq!(before.signature, signed.signature, "{signer} signed {} twice", signed.statement);
}

/// All that was acknowledged by any process, and all that their keys made.
fn read(folder: &Path, processes: usize) -> (Kept, Kept, u64) {
    let mut statements = BTreeMap::new();
    for (rank, variant) in (0..RANKS).flat_map(|rank| (0..VARIANTS).map(move |variant| (rank, variant))) {
        let asked = question(rank, variant);
        statements.insert((asked.signer, asked.statement.signing_digest(NETWORK)), asked.statement);
    }
    let (mut got, mut signed, mut answers) = (Kept::new(), Kept::new(), 0);
    for nth in 0..processes {
        for (signer, digest, signature) in made(folder, nth) {
            let statement = statements[&(signer, digest)];
            file(&mut signed, signer, Signed { statement, signature });
        }
        for (signer, acknowledged) in acknowledged(folder, nth) {
            file(&mut got, signer, acknowledged);
            answers += 1;
        }
    }
    (got, signed, answers)
}

/// The question that was answered with this.
fn again(signer: Signer, signed: Signed, ranks: &BTreeMap<(Signer, ConflictKey), u64>) -> (u64, Asked) {
    let rank = ranks[&(signer, signed.statement.conflict_key())];
    let mut asked = (0..VARIANTS).map(|variant| question(rank, variant));
    (rank, asked.find(|asked| asked.statement == signed.statement).expect("it was asked for"))
}

/// Asks for everything once more, with keys that sign otherwise: what comes back was kept. What contradicts it is refused.
async fn ask_again(guard: Guard, got: &Kept) {
    let of = |rank| {
        let asked = question(rank, 0);
        ((asked.signer, asked.statement.conflict_key()), rank)
    };
    let ranks = (0..RANKS).map(of).collect();
    let listened = super::listened();
    let keys = (0..SIGNERS)
        .fold(Keys::default(), |keys, nth| keys.with(key(nth).address(), |digest| Some(key(SIGNERS).sign(digest))));
    let (signing, served) = guard.serve(listened, keys).unwrap();
    let all: Vec<_> = got.iter().map(|((signer, _), signed)| (*signer, *signed)).collect();
    for some in all.chunks(REQUESTS_CAP) {
        let mut asking = JoinSet::new();
        for (signer, signed) in some {
            let (rank, same) = again(*signer, *signed, &ranks);
            let other = (0..VARIANTS).map(|variant| question(rank, variant)).find(|other| other != &same).unwrap();
            let (signing, signed) = (signing.clone(), *signed);
            asking.spawn(async move {
                assert_eq!(signing.sign(same).await.unwrap(), signed.signature, "{}", signed.statement);
                let refused = signing.sign(other).await.unwrap_err();
                assert!(matches!(refused, GuardError::Refused(Refusal::Conflict { .. })), "{refused}");
            });
        }
        asking.join_all().await;
    }
    drop(signing);
    served.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_race_and_no_kill_gets_two_signatures_for_one_key() {
    let (requests, kills) = (setting("GUARD_REQUESTS", 1_000_000), setting("GUARD_KILLS", 20));
    let seed = setting("SEED", 1);
    println!("SEED={seed} GUARD_REQUESTS={requests} GUARD_KILLS={kills}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guard.db");
    let mut guard = Guard::found(&path, NETWORK, BOOT).await.unwrap();
    for nth in 0..SIGNERS {
        guard.enroll(key(nth).address()).await.unwrap();
    }
    guard.close().await.unwrap();
    let mut race = Race::new(folder.path(), requests, seed);
    let killed = race.run(kills);
    let (asked, processes) = (race.progress.asked(), race.started);
    let (got, signed, answers) = read(folder.path(), processes);
    println!("{asked} requests, {answers} signatures for {} keys, {killed} kills, {processes} processes", got.len());
    assert!(asked >= requests, "{asked} requests");
    assert_eq!(killed, kills, "some came to their end before they were killed");
    let distinct = requests.min(RANKS) * 9 / 10;
    assert!(got.len() as u64 >= distinct, "signatures for only {} keys", got.len());
    for (place, acknowledged) in &got {
        assert_eq!(signed.get(place), Some(acknowledged), "nobody made this signature");
    }
    for ((signer, _), signed) in &signed {
        assert_eq!(signed.signer(NETWORK), Ok(*signer), "{}", signed.statement);
    }
    ask_again(open(&path).await.unwrap(), &got).await;
}
