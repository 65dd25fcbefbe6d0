//! A guard in a file beside the core's rules in memory: whatever is done to both, they say and know the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::{JoinSet, LocalSet};
use williw_core::cycle::Cycle;
use williw_core::guard::{History, Interchange, Refusal, Taken, Verdict, digest_of};
use williw_core::identity::Signer;
use williw_core::network::NetworkId;
use williw_core::sim::Rng;
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{ConflictKey, Kind, Statement};
use williw_store::guard::{Asked, Guard, GuardError, Keys, Signing};

use super::{BOOT, NETWORK, Served, listened};

/// Signs for every address: whose key it is does not matter to the guard.
fn key() -> SignerKey {
    SignerKey::named("beside")
}

pub(crate) struct Beside {
    _folder: TempDir,
    path: PathBuf,
    network: NetworkId,
    signers: BTreeSet<Signer>,
    serving: Option<(Signing, Served)>,
    histories: BTreeMap<Signer, History>,
}

impl Beside {
    /// Both know nothing, and answer for these signers.
    pub(crate) async fn new(network: NetworkId, signers: BTreeSet<Signer>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guard.db");
        let mut guard = Guard::found(&path, network, BOOT).await.unwrap();
        for signer in &signers {
            guard.enroll(*signer).await.unwrap();
        }
        guard.close().await.unwrap();
        let histories = signers.iter().map(|signer| (*signer, History::default())).collect();
        Self { _folder: folder, path, network, signers, serving: None, histories }
    }

    /// Opens the guard, which serves nobody then.
    async fn open(&mut self) -> Guard {
        if let Some((signing, served)) = self.serving.take() {
            drop(signing);
            served.await.unwrap().unwrap();
        }
        Guard::open(&self.path, self.network).await.unwrap()
    }

    async fn signing(&mut self) -> Signing {
        if self.serving.is_none() {
            let guard = self.open().await;
            let sign = |keys: Keys, signer: &Signer| keys.with(*signer, |digest| Some(key().sign(digest)));
            let keys = self.signers.iter().fold(Keys::default(), sign);
            self.serving = Some(guard.serve(listened(), keys).unwrap());
        }
        self.serving.as_ref().map(|(signing, _)| signing.clone()).unwrap()
    }

    pub(crate) async fn sign(&mut self, asked: Asked) -> Result<Verdict, Refusal> {
        let (statement, history) = (asked.statement, self.histories.get_mut(&asked.signer).unwrap());
        let verdict = history.judge(&statement);
        if verdict.is_ok() {
            history.note(statement.conflict_key(), Taken::By(statement));
        }
        match (self.signing().await.sign(asked).await, verdict) {
            (Ok(signature), Ok(_)) => assert_eq!(signature, key().sign(statement.signing_digest(self.network))),
            (Err(GuardError::Refused(refusal)), Err(expected)) => assert_eq!(refusal, expected),
            (answer, verdict) => panic!("{statement}: the file says {answer:?}, the rules {verdict:?}"),
        }
        verdict
    }

    /// True if the file was taken. Whoever it is about has to be named, if the guard does not answer for them.
    pub(crate) async fn import(&mut self, file: &Interchange) -> bool {
        let mut guard = self.open().await;
        let strangers: BTreeSet<_> = file.signers().difference(guard.signers()).copied().collect();
        if let Some(stranger) = strangers.first().filter(|_| file.histories(self.network).is_ok()) {
            let refused = guard.import(file, &strangers.iter().skip(1).copied().collect()).await.unwrap_err();
            assert!(matches!(refused, GuardError::Newcomer { signer } if signer == *stranger), "{refused}");
            assert!(strangers.is_disjoint(guard.signers()));
            assert_eq!(guard.histories().await.unwrap(), self.histories);
        }
        let imported = guard.import(file, &strangers).await;
        guard.close().await.unwrap();
        match (imported, file.histories(self.network)) {
            (Ok(imported), Ok(theirs)) => {
                let merge = |(signer, theirs)| (signer, self.histories.entry(signer).or_default().merge(&theirs));
                let merged = theirs.into_iter().map(merge).collect();
                assert_eq!(imported, merged);
                true
            }
            (Err(GuardError::Interchange(fault)), Err(expected)) => {
                assert_eq!(fault, expected);
                false
            }
            (imported, expected) => panic!("the file says {imported:?}, the rules {expected:?}"),
        }
    }

    async fn prune(&mut self, cycle: Cycle) {
        let mut guard = self.open().await;
        let pruned = guard.prune(cycle).await.unwrap();
        guard.close().await.unwrap();
        let mut forgotten = 0;
        for history in self.histories.values_mut() {
            let through = history.prunable(cycle);
            for (kind, through) in &through {
                history.raise(*kind, *through);
            }
            let stays = |key: &ConflictKey| through.get(&key.kind()).is_none_or(|through| *through < key.position());
            let (kept, gone): (BTreeMap<_, _>, BTreeMap<_, _>) = history.taken().partition(|(key, _)| stays(key));
            *history = History::new(history.floors().collect(), kept);
            forgotten += gone.len() as u64;
        }
        assert_eq!(pruned, forgotten);
    }

    /// Compares all that they know.
    pub(crate) async fn check(&mut self) {
        let mut guard = self.open().await;
        assert_eq!(guard.histories().await.unwrap(), self.histories);
        guard.close().await.unwrap();
    }
}

const SIGNERS: [Signer; 2] = [Signer([1; 20]), Signer([2; 20])];
/// Those that files tell of: one more, which the guard does not answer for.
const TOLD: [Signer; 3] = [SIGNERS[0], SIGNERS[1], Signer([3; 20])];
/// So few that they often meet, and both ends of the range.
const POSITIONS: [u64; 7] = [0, 1, 2, 3, 4, u64::MAX - 1, u64::MAX];
const CYCLES: u64 = 3;
const BYTES: [&str; 3] = ["one", "two", "three"];

fn some(rng: &mut Rng) -> Asked {
    let (signer, kind) = (rng.pick(&SIGNERS).unwrap(), rng.pick(&Kind::ALL).unwrap());
    let (position, bytes) = (rng.pick(&POSITIONS).unwrap(), rng.pick(&BYTES).unwrap());
    let (cycle, slot) = match kind {
        Kind::Update | Kind::Checkpoint => (rng.below(CYCLES), position),
        Kind::RootVote | Kind::Proposal => (position, 0),
    };
    let statement = Statement::new(kind, Cycle(cycle), slot, digest_of(kind, bytes.as_bytes())).unwrap();
    Asked { signer, statement, bytes: bytes.into() }
}

/// A file with entries in any order, twice, in contradiction, of a signer in several parts.
fn some_file(rng: &mut Rng) -> Interchange {
    let mut parts = vec![];
    for _ in 0..rng.within(1, 3) {
        let signer = rng.pick(&TOLD).unwrap();
        let mut lists: [Vec<Value>; 4] = Default::default();
        for _ in 0..rng.below(5) {
            let said = some(rng).statement;
            let (position, digest) = (said.conflict_key().position().to_string(), said.digest().to_string());
            let slotted = matches!(said.kind(), Kind::Update | Kind::Checkpoint);
            let entry = match (slotted, rng.chance(75)) {
                (true, true) => json!({"slot": position, "cycle": said.cycle().to_string(), "digest": digest}),
                (true, false) => json!({"slot": position}),
                (false, true) => json!({"cycle": position, "digest": digest}),
                (false, false) => json!({"cycle": position}),
            };
            lists[usize::from(said.kind().byte()) - 1].push(entry);
        }
        let [updates, checkpoints, root_votes, proposals] = lists;
        parts.push(json!({"signer": signer, "updates": updates, "checkpoints": checkpoints,
            "root_votes": root_votes, "proposals": proposals}));
    }
    // Some are of another network.
    let network = if rng.chance(90) { NETWORK } else { NetworkId([9; 32]) };
    let metadata = json!({"interchange_format_version": "1", "network_id": network});
    serde_json::from_value(json!({"metadata": metadata, "data": parts})).unwrap()
}

/// One sequence of whatever can be done to a guard.
async fn play(seed: u64) {
    let mut rng = Rng::new(seed);
    let mut both = Beside::new(NETWORK, SIGNERS.into()).await;
    for _ in 0..40 {
        match rng.below(100) {
            0..78 => drop(both.sign(some(&mut rng)).await),
            78..86 => drop(both.import(&some_file(&mut rng)).await),
            86..94 => both.prune(Cycle(rng.below(CYCLES + 2))).await,
            _ => both.check().await,
        }
    }
    both.check().await;
}

const SEEDS: u64 = 48;

#[tokio::test]
async fn the_file_and_the_rules_agree_whatever_happens() {
    if let Ok(seed) = std::env::var("SEED") {
        return play(seed.parse().unwrap()).await;
    }
    let (local, mut playing, mut seeds) = (LocalSet::new(), JoinSet::new(), BTreeMap::new());
    for seed in 0..SEEDS {
        seeds.insert(playing.spawn_local_on(play(seed), &local).id(), seed);
    }
    let ended = async {
        while let Some(played) = playing.join_next_with_id().await {
            if let Err(error) = played {
                eprintln!("replay with SEED={}", seeds[&error.id()]);
                std::panic::resume_unwind(error.into_panic());
            }
        }
    };
    local.run_until(ended).await;
}
