//! The guard: what this node's signers signed, in a file that no crash, restored backup or copied disk turns back unnoticed.
//!
//! The rules are the core's ([`williw_core::guard`]). What is here makes them hold:
//!
//! - **Written before signed.** The bytes behind a digest and the row that says what is going to be signed are on disk
//!   before there is a signature, and the signature is on disk before anybody gets it. Requests that arrive together share
//!   these writes. After a write that failed nothing more is signed until the next start.
//! - **One at a time.** A lock beside the file keeps every other process out, and SQLite's own exclusive lock whoever does
//!   not know that one.
//! - **Never older.** How often the file was written also stands in a second file, `guard.mark`, before any signature
//!   leaves: a guard that was put back from before does not fit it.
//! - **Never a copy.** The guard knows which file it is in. One that was copied, with all of its folder or without, is
//!   another file, and refused.
//! - **Whole.** The sum over all that is known of what was signed stands in a row, so that a log of SQLite's that was
//!   left beside a file it does not belong to cannot bring back half a history.
//!
//! What none of these can see, a folder that was put back into the same files, a disk that was cloned block by block or a
//! machine that was set back to a snapshot, is left to the ear: [`Guard::serve`] asks for [`Listened`], and how many
//! statements are here is announced.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use williw_core::cycle::Cycle;
use williw_core::guard::{History, Interchange, Listened, Merged};
use williw_core::identity::Signer;
use williw_core::network::NetworkId;

mod error;
mod mark;
mod open;
mod rows;
mod sign;
mod site;

pub use error::GuardError;
pub use sign::{Asked, BEHIND_BYTES_CAP, Keys, REQUESTS_CAP, Signing};

use mark::Mark;
use rows::State;

/// The file, open and locked, before anything may be signed with it.
pub struct Guard {
    path: PathBuf,
    connection: SqliteConnection,
    mark: Mark,
    state: State,
    signers: BTreeSet<Signer>,
    /// How many statements are on disk, for whoever tells others.
    announced: watch::Sender<u64>,
    /// True from before a write until it is known to have come to an end: what is in memory may not be what is on disk.
    stopped: bool,
    /// Keeps others out. Last, so that it is given back after the connection.
    lock: Arc<File>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("path", &self.path).field("boot", &self.state.boot).finish_non_exhaustive()
    }
}

/// A guard whose history is about to go on elsewhere. Nothing can be signed with it.
#[derive(Debug)]
pub struct Leaving {
    guard: Guard,
    history: Interchange,
}

impl Leaving {
    /// The whole history, which the guard of another home can import.
    #[must_use]
    pub const fn history(&self) -> &Interchange {
        &self.history
    }

    /// Has the guard sign nothing more, ever, and gives its history.
    pub async fn retire(self) -> Result<Interchange, GuardError> {
        let Self { mut guard, history } = self;
        guard.finish().await?;
        guard.close().await?;
        Ok(history)
    }
}

/// What came of an import, for each signer that the file names.
pub type Imported = BTreeMap<Signer, Merged>;

impl Guard {
    /// Makes a guard where there is none, for a node whose signers are yet to be made. One that was founded and never
    /// started is taken up again.
    ///
    /// `boot` is where it begins to count starts and statements: above whatever a guard before it came to, as the time in milliseconds is.
    pub async fn found(path: &Path, network: NetworkId, boot: u64) -> Result<Self, GuardError> {
        open::found(open::connect(path).await?, network, boot, boot).await
    }

    /// The same for a home that goes on with another one's history: it has announced just as many statements as that one.
    /// If that one was put back from before, the network knows of more, and that has to stay so.
    pub async fn found_after(path: &Path, network: NetworkId, boot: u64, noted: u64) -> Result<Self, GuardError> {
        open::found(open::connect(path).await?, network, boot, noted).await
    }

    /// Opens the guard at `path` for a network, unless it is missing, older than it was, a copy, another network's, or
    /// retired.
    pub async fn open(path: &Path, network: NetworkId) -> Result<Self, GuardError> {
        open::open(path, network).await
    }

    /// Takes a guard as it is: founds it if it is missing, and believes it if it is older than it was or a copy. Only a
    /// person can know that nothing was signed that it does not hold, and no other copy runs.
    ///
    /// It counts its starts and statements from `boot` on, if that is more.
    pub async fn accept(path: &Path, network: NetworkId, boot: u64) -> Result<Self, GuardError> {
        open::accept(path, network, boot).await
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How often it was started.
    #[must_use]
    pub const fn boot(&self) -> u64 {
        self.state.boot
    }

    /// How many statements it has on disk, from where it began to count.
    #[must_use]
    pub const fn noted(&self) -> u64 {
        self.state.noted
    }

    /// The signers whose history is here.
    #[must_use]
    pub const fn signers(&self) -> &BTreeSet<Signer> {
        &self.signers
    }

    /// Refuses a signer whose history is not here: it may have signed anything.
    pub fn answers_for(&self, signer: Signer) -> Result<(), GuardError> {
        if self.signers.contains(&signer) { Ok(()) } else { Err(GuardError::UnknownSigner { signer }) }
    }

    /// Answers for a signer from now on, as for one that signed nothing yet: its key was made a moment ago, and nobody has
    /// it.
    pub async fn enroll(&mut self, signer: Signer) -> Result<(), GuardError> {
        if self.signers.contains(&signer) {
            return Ok(());
        }
        self.write("noting a signer", async |change| change.signer(signer).await).await?;
        self.signers.insert(signer);
        Ok(())
    }

    /// Counts a start.
    pub async fn start(&mut self) -> Result<u64, GuardError> {
        let boot = self.state.boot.checked_add(1).ok_or(GuardError::Exhausted)?;
        self.write("counting a start", async |change| {
            change.state.boot = boot;
            Ok(())
        })
        .await?;
        Ok(boot)
    }

    /// What every signer signed.
    pub async fn histories(&mut self) -> Result<BTreeMap<Signer, History>, GuardError> {
        rows::histories(&mut self.connection, &self.signers).await
    }

    /// The whole history, or the least that protects as much.
    pub async fn export(&mut self, minimal: bool) -> Result<Interchange, GuardError> {
        let histories = self.histories().await?;
        let export = if minimal { Interchange::minimal } else { Interchange::complete };
        Ok(export(self.state.network, self.state.boot, &histories).noting(self.state.noted))
    }

    /// Knows what the file knows too: all of it, or nothing if it is not for this network or tells of a signer that this
    /// guard neither answers for nor is to answer for from now on. Nobody can see in a file whether it is the whole history,
    /// so of itself it only ever makes the guard refuse more.
    pub async fn import(&mut self, file: &Interchange, newcomers: &BTreeSet<Signer>) -> Result<Imported, GuardError> {
        let theirs = file.histories(self.state.network)?;
        let is_expected = |signer: &&Signer| self.signers.contains(signer) || newcomers.contains(signer);
        if let Some(signer) = theirs.keys().find(|signer| !is_expected(signer)) {
            return Err(GuardError::Newcomer { signer: *signer });
        }
        let mut histories = self.histories().await?;
        let mut imported = Imported::new();
        let mut joined = self.signers.clone();
        self.write("importing", async |change| {
            if let Some(boot) = file.boot() {
                change.state.boot = change.state.boot.max(boot);
            }
            for (signer, theirs) in &theirs {
                if joined.insert(*signer) {
                    change.signer(*signer).await?;
                }
                let before = histories.entry(*signer).or_default();
                let mut after = before.clone();
                imported.insert(*signer, after.merge(theirs));
                change.history(*signer, before, &after).await?;
            }
            Ok(())
        })
        .await?;
        self.signers = joined;
        Ok(imported)
    }

    /// Forgets what was signed in cycles before `cycle`, where nothing younger lies below it; all that is forgotten counts
    /// as signed. Returns how many statements that were.
    pub async fn prune(&mut self, cycle: Cycle) -> Result<u64, GuardError> {
        let histories = self.histories().await?;
        let mut forgotten = 0;
        self.write("pruning", async |change| {
            for (signer, before) in &histories {
                let prunable = before.prunable(cycle);
                let mut after = before.clone();
                for (kind, through) in &prunable {
                    after.raise(*kind, *through);
                }
                change.history(*signer, before, &after).await?;
                forgotten += change.forget(*signer, before, &prunable).await?;
            }
            Ok(())
        })
        .await?;
        Ok(forgotten)
    }

    /// Opens the guard at `path` to go on with its history in another home, and keeps everybody else out until then. One
    /// that is retired already is opened again.
    pub async fn leave(path: &Path, network: NetworkId) -> Result<Leaving, GuardError> {
        let mut guard = open::open_even_moved(path, network).await?;
        let history = guard.export(false).await?;
        match history.histories(network) {
            Ok(_) => Ok(Leaving { guard, history }),
            Err(fault) => Err(GuardError::Unmovable { path: guard.path, fault }),
        }
    }

    /// Has the guard at `path` sign nothing more, ever, and gives its whole history to go on with in another home. One that
    /// is retired already gives it again.
    pub async fn retire(path: &Path, network: NetworkId) -> Result<Interchange, GuardError> {
        Self::leave(path, network).await?.retire().await
    }

    async fn finish(&mut self) -> Result<(), GuardError> {
        self.write("retiring the guard", async |change| {
            change.state.moved = true;
            Ok(())
        })
        .await
    }

    /// Signs with `keys` what the rules allow, until the last [`Signing`] is gone or a write failed; the task then ends,
    /// with what went wrong.
    pub fn serve(
        self,
        listened: Listened,
        keys: Keys,
    ) -> Result<(Signing, JoinHandle<Result<(), GuardError>>), GuardError> {
        if self.stopped {
            return Err(GuardError::Stopped);
        }
        for signer in keys.signers() {
            self.answers_for(signer)?;
        }
        Ok(sign::serve(self, &listened, keys))
    }

    /// Lets the file go.
    pub async fn close(self) -> Result<(), GuardError> {
        self.connection.close().await.map_err(error::failed("closing the guard"))?;
        let release = |source| GuardError::File { path: self.path.clone(), doing: "released", source };
        // A mark that nobody waited for is still being written, and gives it back after that.
        Arc::into_inner(self.lock).map_or(Ok(()), |lock| lock.unlock().map_err(release))
    }

    /// Carries `work` out in one transaction, and has it in the mark too before it returns. After one that failed there is
    /// no other: whether it is on disk is known at the next start.
    async fn write<F>(&mut self, doing: &'static str, work: F) -> Result<(), GuardError>
    where
        F: AsyncFnOnce(&mut rows::Change<'_>) -> Result<(), GuardError>,
    {
        if std::mem::replace(&mut self.stopped, true) {
            return Err(GuardError::Stopped);
        }
        let failed = || error::failed(doing);
        let mut transaction = self.connection.begin_with("begin immediate").await.map_err(failed())?;
        let mut change = rows::Change { connection: &mut transaction, state: self.state.clone() };
        work(&mut change).await?;
        let state = change.settle().await?;
        transaction.commit().await.map_err(failed())?;
        self.state = state;
        self.mark.write(self.state.seq, &self.lock).await?;
        self.stopped = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
