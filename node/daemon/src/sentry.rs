//! The sentry: listens whether another copy of this node runs, then lets its signers sign, and goes on listening.
//!
//! It has the guard and the keys from the start, so that a guard that is missing, older or a copy stops the node before it
//! speaks to anybody. But there is no [`Signing`] until the node has listened, and whoever finds another copy ends the node.

use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};
use williw_chain::wallet::Wallet;
use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::guard::{Echo, Listening, Pulse};
use williw_core::identity::Signer;
use williw_store::guard::{Guard, GuardError, Keys, Signing};

use crate::error::DaemonError;

/// How long after an answer a node is in company. It asks with every heartbeat.
const COMPANY: Duration = Duration::from_secs(10);

/// The longest time between two looks that counts as listening, in which all that was heard was taken.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What the heart says: the start it is of, and how many statements the guard has on disk, which grows with signing.
#[derive(Clone)]
pub(crate) struct Heart {
    boot: u64,
    /// Once it may sign, where the count is told; until then it stands.
    noted: Result<watch::Receiver<u64>, u64>,
}

impl Heart {
    pub(crate) fn count(&self) -> (u64, u64) {
        (self.boot, self.noted.as_ref().map_or_else(|noted| *noted, |noted| *noted.borrow()))
    }

    pub(crate) const fn pulse(&self) -> Pulse {
        if self.noted.is_ok() { Pulse::Beating } else { Pulse::Listening }
    }
}

/// The state of the guard, for people.
#[derive(Debug, Serialize)]
pub(crate) struct GuardStatus {
    pub(crate) state: &'static str,
    pub(crate) boot: u64,
    pub(crate) signers: Vec<Signer>,
    /// How long it still has to listen, with a neighbour.
    pub(crate) listening_seconds_left: u64,
}

pub(crate) struct Sentry {
    ear: Listening,
    boot: u64,
    signers: Vec<Signer>,
    post: Post,
    heart: watch::Sender<Heart>,
    waited: Instant,
    answers: u64,
    answered: Instant,
}

enum Post {
    Listening(Box<(Guard, Keys)>),
    Signing { signing: Signing, served: JoinHandle<Result<(), GuardError>> },
    Left,
}

impl Sentry {
    /// Counts the start and takes the keys. The guard has to answer for the first; others that it does not answer for sign
    /// nothing.
    pub(crate) async fn start(mut guard: Guard, wallets: Vec<Wallet>, now: UnixSeconds) -> Result<Self, GuardError> {
        let mut keys = Keys::default();
        for (nth, wallet) in wallets.into_iter().enumerate() {
            if let Err(unknown) = guard.answers_for(wallet.signer()) {
                if nth == 0 {
                    return Err(unknown);
                }
                warn!(%unknown, "it signs nothing here");
                continue;
            }
            keys = keys.with(wallet.signer(), move |digest| wallet.sign_digest(digest).ok());
        }
        let (boot, noted) = (guard.start().await?, guard.noted());
        Ok(Self {
            ear: Listening::new((boot, noted), now),
            boot,
            signers: keys.signers().collect(),
            post: Post::Listening(Box::new((guard, keys))),
            heart: watch::Sender::new(Heart { boot, noted: Err(noted) }),
            waited: Instant::now(),
            answers: 0,
            answered: Instant::now(),
        })
    }

    /// What the heart is to say.
    pub(crate) fn heart(&self) -> watch::Receiver<Heart> {
        self.heart.subscribe()
    }

    /// Lets time pass. `answers` is how often a member has said by now what it last heard in this node's name: while nobody
    /// does, the node is alone.
    pub(crate) async fn wait(&mut self, answers: u64) -> Result<(), DaemonError> {
        // Whoever was busy elsewhere has not listened meanwhile.
        let elapsed = self.waited.elapsed().min(LONGEST_WAIT).as_secs();
        if elapsed > 0 {
            self.waited = Instant::now();
        }
        if answers != self.answers {
            (self.answers, self.answered) = (answers, Instant::now());
        }
        let company = answers > 0 && self.answered.elapsed() <= COMPANY;
        let listened = self.ear.wait(Seconds(elapsed), company);
        self.post = match (std::mem::replace(&mut self.post, Post::Left), listened) {
            (Post::Listening(held), Some(listened)) => {
                let (guard, keys) = *held;
                let (signing, served) = guard.serve(listened, keys).map_err(|source| DaemonError::Guard { source })?;
                info!(boot = self.boot, "no other copy of this node was heard; its signers may sign");
                self.heart.send_replace(Heart { boot: self.boot, noted: Ok(signing.noted()) });
                Post::Signing { signing, served }
            }
            (Post::Signing { served, .. }, _) if served.is_finished() => {
                return Err(ended(served).await.err().unwrap_or(DaemonError::GuardEnded));
            }
            (post, _) => post,
        };
        Ok(())
    }

    /// Hears something in this node's own name.
    pub(crate) fn hear(&mut self, echo: Echo, now: UnixSeconds) -> Result<(), DaemonError> {
        self.ear.hear(echo, now).map_err(|twin| {
            // Also what was asked for already.
            if let Post::Signing { served, .. } = std::mem::replace(&mut self.post, Post::Left) {
                served.abort();
            }
            DaemonError::Twin { twin }
        })
    }

    pub(crate) fn status(&self) -> GuardStatus {
        let state = match self.post {
            Post::Listening(_) => "listening",
            Post::Signing { .. } => "signing",
            Post::Left => "stopped",
        };
        GuardStatus {
            state,
            boot: self.boot,
            signers: self.signers.clone(),
            listening_seconds_left: self.ear.remaining().0,
        }
    }

    /// Finishes what is being signed, and lets the guard go.
    pub(crate) async fn leave(self) -> Result<(), DaemonError> {
        match self.post {
            Post::Listening(held) => held.0.close().await.map_err(|source| DaemonError::Guard { source }),
            Post::Signing { signing, served } => {
                drop(signing);
                ended(served).await
            }
            Post::Left => Ok(()),
        }
    }
}

async fn ended(served: JoinHandle<Result<(), GuardError>>) -> Result<(), DaemonError> {
    match served.await {
        Ok(ended) => ended.map_err(|source| DaemonError::Guard { source }),
        Err(_panicked) => Err(DaemonError::GuardEnded),
    }
}

#[cfg(test)]
mod tests;
