//! Signing: requests that arrive together are written together, in two transactions around the signatures.

use std::collections::BTreeMap;
use std::fmt;

use sqlx::Connection as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use williw_core::guard::{Listened, Verdict, digest_of, judge};
use williw_core::hash::Hash;
use williw_core::identity::Signer;
use williw_core::secp256k1::Signature;
use williw_core::statement::Statement;

use super::Guard;
use super::error::{GuardError, failed};
use super::rows;

/// The most requests that wait, and the most that are written together. Whoever brings one more waits.
pub const REQUESTS_CAP: usize = 256;

/// The most bytes behind one statement. What is longer is to be named by a list of its parts.
pub const BEHIND_BYTES_CAP: usize = 1 << 20;

type Key = Box<dyn Fn(Hash) -> Option<Signature> + Send + Sync>;

/// The keys that sign: each a function from the digest to its signature, none if it fails. The same digest has to give the
/// same signature each time.
#[derive(Default)]
pub struct Keys(BTreeMap<Signer, Key>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Keys {
    #[must_use]
    pub fn with(mut self, signer: Signer, sign: impl Fn(Hash) -> Option<Signature> + Send + Sync + 'static) -> Self {
        self.0.insert(signer, Box::new(sign));
        self
    }

    pub fn signers(&self) -> impl Iterator<Item = Signer> {
        self.0.keys().copied()
    }
}

/// What somebody wants signed, with the bytes that its digest stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub signer: Signer,
    pub statement: Statement,
    pub bytes: Vec<u8>,
}

struct Request {
    asked: Asked,
    answer: oneshot::Sender<Result<Signature, GuardError>>,
}

/// The right to have statements signed. A clone is the same right.
#[derive(Clone, Debug)]
pub struct Signing {
    requests: mpsc::Sender<Request>,
    noted: watch::Receiver<u64>,
}

impl Signing {
    /// How many statements are on disk, from where the guard began to count.
    #[must_use]
    pub fn noted(&self) -> watch::Receiver<u64> {
        self.noted.clone()
    }

    /// Signs a statement, or gives the signature that there is, or says why not. Once it returns a signature, that and what
    /// it signs are on disk. A caller that stops waiting does not know whether it was signed; asking again tells.
    pub async fn sign(&self, asked: Asked) -> Result<Signature, GuardError> {
        let (got, cap) = (asked.bytes.len(), BEHIND_BYTES_CAP);
        if got > cap {
            return Err(GuardError::TooManyBytes { got, cap });
        }
        let found = digest_of(asked.statement.kind(), &asked.bytes);
        if found != asked.statement.digest() {
            return Err(GuardError::OtherBytes { statement: asked.statement, found });
        }
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request { asked, answer }).await.map_err(|_| GuardError::Stopped)?;
        answered.await.map_err(|_| GuardError::Stopped)?
    }
}

pub(super) fn serve(guard: Guard, _listened: &Listened, keys: Keys) -> (Signing, JoinHandle<Result<(), GuardError>>) {
    let (requests, inbox) = mpsc::channel(REQUESTS_CAP);
    let noted = guard.announced.subscribe();
    (Signing { requests, noted }, tokio::spawn(work(guard, keys, inbox)))
}

/// Signs until nobody can ask any more.
async fn work(mut guard: Guard, keys: Keys, mut inbox: mpsc::Receiver<Request>) -> Result<(), GuardError> {
    let mut requests = Vec::with_capacity(REQUESTS_CAP);
    loop {
        // Whoever was answered a moment ago may ask for the next thing at once: then that is written with the others'.
        tokio::task::yield_now().await;
        if inbox.recv_many(&mut requests, REQUESTS_CAP).await == 0 {
            return guard.close().await;
        }
        // Whoever is not answered because of an error here is told that the guard stopped.
        for (answer, signed) in guard.sign_all(&keys, requests.drain(..)).await? {
            let _asker_left = answer.send(signed);
        }
    }
}

type Answers = Vec<(oneshot::Sender<Result<Signature, GuardError>>, Result<Signature, GuardError>)>;

/// A request that was not refused.
struct Granted {
    signer: Signer,
    statement: Statement,
    stored: Option<Signature>,
    answer: oneshot::Sender<Result<Signature, GuardError>>,
}

impl Guard {
    async fn sign_all(&mut self, keys: &Keys, requests: impl Iterator<Item = Request>) -> Result<Answers, GuardError> {
        let (mut answers, mut granted) = (Answers::new(), Vec::new());
        self.note(keys, requests, &mut granted, &mut answers).await?;
        let network = self.state.network;
        let mut fresh = Vec::new();
        for Granted { signer, statement, stored, answer } in granted {
            let signed = match (stored, keys.0.get(&signer)) {
                (Some(stored), _) => Ok(stored),
                (None, None) => Err(GuardError::NoKey { signer }),
                (None, Some(key)) => match key(statement.signing_digest(network)) {
                    Some(signature) => {
                        fresh.push((signer, statement, signature));
                        Ok(signature)
                    }
                    None => Err(GuardError::KeyFailed { signer }),
                },
            };
            answers.push((answer, signed));
        }
        self.keep(&fresh).await?;
        Ok(answers)
    }

    /// Judges each request, and has what is new on disk before it returns.
    async fn note(
        &mut self,
        keys: &Keys,
        requests: impl Iterator<Item = Request>,
        granted: &mut Vec<Granted>,
        answers: &mut Answers,
    ) -> Result<(), GuardError> {
        let doing = "noting what is signed";
        let mut transaction = self.connection.begin_with("begin immediate").await.map_err(failed(doing))?;
        let mut change = rows::Change { connection: &mut transaction, state: self.state.clone() };
        let mut new = false;
        for Request { asked: Asked { signer, statement, bytes }, answer } in requests {
            if !keys.0.contains_key(&signer) {
                answers.push((answer, Err(GuardError::NoKey { signer })));
                continue;
            }
            let key = statement.conflict_key();
            let row = rows::taken(&mut *change.connection, signer, key).await?;
            let floor = match row {
                Some(_) => None,
                None => rows::floor(&mut *change.connection, signer, key.kind()).await?,
            };
            match judge(&statement, row.map(|row| row.taken), floor) {
                Err(refusal) => {
                    answers.push((answer, Err(refusal.into())));
                    continue;
                }
                Ok(Verdict::Same) if row.is_some_and(|row| row.signature.is_some()) => {}
                // Noted elsewhere, or without the bytes: they may not be here yet.
                Ok(Verdict::Same) => {
                    change.keep(statement, &bytes).await?;
                    new = true;
                }
                Ok(Verdict::New) => {
                    change.take(signer, statement, &bytes).await?;
                    new = true;
                }
            }
            granted.push(Granted { signer, statement, stored: row.and_then(|row| row.signature), answer });
        }
        if !new {
            return transaction.rollback().await.map_err(failed(doing));
        }
        let state = change.settle().await?;
        transaction.commit().await.map_err(failed(doing))?;
        self.state = state;
        self.mark.write(self.state.seq, &self.lock).await?;
        self.announced.send_replace(self.state.noted);
        Ok(())
    }

    /// Has signatures on disk before anybody gets them.
    async fn keep(&mut self, fresh: &[(Signer, Statement, Signature)]) -> Result<(), GuardError> {
        if fresh.is_empty() {
            return Ok(());
        }
        let doing = "keeping signatures";
        let mut transaction = self.connection.begin_with("begin immediate").await.map_err(failed(doing))?;
        for (signer, statement, signature) in fresh {
            rows::keep(&mut transaction, *signer, statement.conflict_key(), *signature).await?;
        }
        transaction.commit().await.map_err(failed(doing))
    }
}
