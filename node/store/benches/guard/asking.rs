//! A guard on the disk of the target folder, and those who ask it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio::task::{JoinHandle, JoinSet};
use williw_core::cycle::{Cycle, UnixSeconds};
use williw_core::guard::{LISTEN, Listening, digest_of};
use williw_core::network::NetworkId;
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{Kind, Statement};
use williw_store::guard::{Asked, Guard, GuardError, Keys, Signing};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// What nobody asked for before.
    New,
    /// What was signed before.
    Again,
    /// What contradicts something that was signed.
    Conflict,
}

/// So many statements are signed before anything is measured, to be asked for again and contradicted.
const SIGNED: u64 = 4_096;
const BYTES: &[u8] = b"what a vote is about, as long as it may be that somebody looks for it by its digest";
const OTHERS: &[u8] = b"something else";

pub(crate) struct Asking {
    folder: TempDir,
    signing: Signing,
    served: JoinHandle<Result<(), GuardError>>,
    key: SignerKey,
    /// The next cycle for which nothing was asked.
    next: u64,
}

impl Asking {
    pub(crate) async fn begin() -> Self {
        // Not where temporary files are: those may lie in memory, where a sync costs nothing.
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder can be written");
        let key = SignerKey::named("measured");
        let path = folder.path().join("guard.db");
        let mut guard = Guard::found(&path, NetworkId([1; 32]), 1).await.expect("there is no guard yet");
        guard.enroll(key.address()).await.expect("there is room on the disk");
        let listened =
            Listening::new((1, 0), UnixSeconds(0)).wait(LISTEN, true).expect("that is how long one has to listen");
        let signs = key.clone();
        let keys = Keys::default().with(key.address(), move |digest| Some(signs.sign(digest)));
        let (signing, served) = guard.serve(listened, keys).expect("its signer is enrolled");
        Self { folder, signing, served, key, next: 0 }
    }

    /// Has signed what is asked for again.
    pub(crate) async fn fill(&mut self) {
        let asked = self.prepare(Sort::New, usize::try_from(SIGNED).expect("it is a small number"));
        self.ask(Sort::New, 256, asked).await;
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn end(self) {
        drop(self.signing);
        self.served.await.expect("nobody stops it").expect("no write failed");
    }

    fn asked(&self, cycle: u64, bytes: &[u8]) -> Asked {
        let digest = digest_of(Kind::RootVote, bytes);
        let statement = Statement::new(Kind::RootVote, Cycle(cycle), 0, digest).expect("a vote has slot 0");
        Asked { signer: self.key.address(), statement, bytes: bytes.to_vec() }
    }

    /// So many requests.
    pub(crate) fn prepare(&mut self, sort: Sort, times: usize) -> Vec<Asked> {
        let one = |nth: u64| match sort {
            // Bytes of its own for each, as votes have.
            Sort::New => self.asked(self.next + nth, &own(self.next + nth)),
            Sort::Again => self.asked(nth % SIGNED, &own(nth % SIGNED)),
            Sort::Conflict => self.asked(nth % SIGNED, OTHERS),
        };
        let asked = (0..times as u64).map(one).collect();
        if sort == Sort::New {
            self.next += times as u64;
        }
        asked
    }

    /// Has so many ask at once until everything was asked.
    pub(crate) async fn ask(&self, sort: Sort, askers: usize, asked: Vec<Asked>) {
        let (asked, next, mut asking) = (Arc::new(asked), Arc::new(AtomicUsize::new(0)), JoinSet::new());
        for _ in 0..askers {
            let (asked, next, signing) = (Arc::clone(&asked), Arc::clone(&next), self.signing.clone());
            asking.spawn(async move {
                while let Some(one) = asked.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = signing.sign(one.clone()).await;
                    match (&answer, sort) {
                        (Ok(_), Sort::New | Sort::Again) | (Err(GuardError::Refused(_)), Sort::Conflict) => {}
                        _ => panic!("{sort:?}: {answer:?}"),
                    }
                }
            });
        }
        asking.join_all().await;
    }
}

fn own(cycle: u64) -> Vec<u8> {
    [BYTES, &cycle.to_be_bytes()].concat()
}
