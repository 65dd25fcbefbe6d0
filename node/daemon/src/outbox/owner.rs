//! Who may use an account's nonces: one process at a time, whatever it is.
//!
//! Two that both read the same nonce would sign two intents with it, and one of them would be lost. So whoever signs, sends
//! or settles anything of an account holds a lock on a file of that account. The system gives it back when the process
//! ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use williw_chain::address;
use williw_core::identity::{Account, ChainId};

use super::OutboxError;

/// How often it is asked again for an account that somebody else has.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// More than any process number has digits.
const HOLDER_CAP: u64 = 32;

/// The right to use an account's nonces.
#[derive(Debug)]
pub struct NonceOwner {
    account: Account,
    _lock: File,
}

impl NonceOwner {
    /// Waits up to `within` for whoever has the account.
    pub async fn claim(folder: &Path, chain: ChainId, account: Account, within: Duration) -> Result<Self, OutboxError> {
        let deadline = Instant::now() + within;
        loop {
            match Self::try_claim(folder, chain, account) {
                Err(OutboxError::Owned { .. }) if Instant::now() + ASK_AGAIN <= deadline => sleep(ASK_AGAIN).await,
                claimed => return claimed,
            }
        }
    }

    /// Takes the account if nobody has it.
    pub(crate) fn try_claim(folder: &Path, chain: ChainId, account: Account) -> Result<Self, OutboxError> {
        let shown = address::shown_on(chain, account);
        // Not in base58, of which some disks take two accounts for one.
        let named = match chain {
            ChainId::Base => shown.to_lowercase(),
            ChainId::Solana => account.to_string(),
        };
        let path = folder.join(format!("outbox-{chain}-{named}.lock"));
        let unusable = |source: io::Error| OutboxError::Lock { path: path.clone(), source };
        let mut lock = open(&path).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OutboxError::Owned { account: shown, by: holder(&mut lock) });
            }
            Err(TryLockError::Error(source)) => return Err(unusable(source)),
        }
        // For people only: the lock itself is the system's, and is given up by death.
        write_holder(&mut lock).map_err(unusable)?;
        Ok(Self { account, _lock: lock })
    }

    #[must_use]
    pub const fn account(&self) -> Account {
        self.account
    }
}

fn open(path: &PathBuf) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_holder(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    lock.write_all(std::process::id().to_string().as_bytes())
}

/// The process that has the lock, as it wrote itself down; none if it did not yet.
fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.take(HOLDER_CAP).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
