//! Signers that were made here, and the keys that a node signs with.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use williw_chain::wallet::Wallet;
use williw_core::identity::Signer;
use williw_core::network::NetworkId;
use williw_daemon::keys::{KeyError, read_secret, remove_parts, write_secret};
use williw_store::guard::{Guard, GuardError};
use zeroize::Zeroizing;

use crate::exit::{ExitStatus, Failure};
use crate::home::Home;
use crate::keys::open;

/// What the name of a keystore ends with until the guard answers for its signer.
pub(crate) const PART: &str = "part";

/// How many random bytes a signer's password has.
const PASSWORD_BYTES: usize = 32;

/// Makes a signer under a random password of its own, for which the guard answers from the beginning: nobody had its key
/// before. It appears at `keystore` only after that, so a keystore that is there was either noted or made by others.
pub(crate) async fn make(guard: &mut Guard, keystore: &Path, password_file: &Path) -> Result<Signer, Failure> {
    let failed = |path: &Path, error| Failure::new(ExitStatus::Failed, format_args!("{}: {error}", path.display()));
    // The password first: a keystore that nobody can open is worse than a password for nothing.
    match write_secret(password_file, &random_password()?) {
        Err(KeyError::Exists { .. }) => {}
        written => written?,
    }
    let bytes = read_secret(password_file)?;
    let password = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage(format_args!("{} is not text", password_file.display())))?
        .trim_end_matches(['\r', '\n']);
    let part = keystore.with_extension(PART);
    match fs::remove_file(&part) {
        // Somebody was interrupted, and this key was never used.
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(&part, error)),
    }
    let wallet = Wallet::create(&part, password);
    let wallet = wallet.map_err(|error| Failure::usage(format_args!("{}: {error}", part.display())))?;
    guard.enroll(wallet.signer()).await?;
    rename(&part, keystore)?;
    Ok(wallet.signer())
}

/// Gives a file another name, durably. What had that name before is gone.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let renamed = fs::rename(from, to).and_then(|()| fs::File::open(folder)?.sync_all());
    renamed.map_err(|error| Failure::new(ExitStatus::Failed, format_args!("{}: {error}", to.display())))
}

/// The keys of this home's signer and of those before it.
pub(crate) fn wallets(home: &Home) -> Result<Vec<Wallet>, Failure> {
    let mut wallets = vec![open(&home.signer(), &home.signer_password())?];
    for signer in home.past_signers()? {
        let wallet = open(&home.past_signer(signer), &home.past_signer_password(signer))?;
        if wallet.signer() != signer {
            return Err(Failure::usage(format_args!(
                "{} holds the key of signer {}",
                home.past_signer(signer).display(),
                wallet.signer()
            )));
        }
        wallets.push(wallet);
    }
    Ok(wallets)
}

/// True if nothing can be signed with this guard any more, unless a person accepts it.
pub(crate) const fn is_lost(error: &GuardError) -> bool {
    matches!(
        error,
        GuardError::Missing { .. }
            | GuardError::Older { .. }
            | GuardError::NoMark { .. }
            | GuardError::Copy { .. }
            | GuardError::Damaged { .. }
            | GuardError::Corrupt { .. }
            | GuardError::NotAGuard { .. }
    )
}

/// Keeps the files of a guard under other names. The mark before the file that it is of: see `finish`.
fn set_aside(guard: &Path) -> Result<(), Failure> {
    let now = first_boot();
    for extension in ["db-wal", "mark", "db"] {
        let file = guard.with_extension(extension);
        if file.exists() {
            rename(&file, &guard.with_extension(format!("{now}.{extension}")))?;
        }
    }
    Ok(())
}

/// A guard for the next signer alone, beside the one until now: that one may be the only record of what was signed, and
/// stays where it is until the chain names the next signer.
pub(crate) async fn next_guard(home: &Home, network: NetworkId) -> Result<Guard, Failure> {
    let path = home.next_guard();
    let opened = match Guard::found(&path, network, first_boot()).await {
        Err(GuardError::Exists { .. }) => Guard::open(&path, network).await,
        founded => founded,
    };
    match opened {
        Err(lost) if is_lost(&lost) => {
            set_aside(&path)?;
            Ok(Guard::found(&path, network, first_boot()).await?)
        }
        opened => Ok(opened?),
    }
}

/// Keeps the keys of a signer that is replaced, by its name. They are copied, so that no keystore is ever parted from its
/// password.
pub(crate) fn keep(home: &Home, signer: Signer, keystore: &Path, password_file: &Path) -> Result<(), Failure> {
    let (kept, kept_password) = (home.past_signer(signer), home.past_signer_password(signer));
    for (from, to) in [(password_file, kept_password), (keystore, kept)] {
        if !to.exists() {
            write_secret(&to, &read_secret(from)?)?;
        }
    }
    Ok(())
}

/// Takes the next signer into use, and leaves nothing unfinished.
pub(crate) async fn take_into_use(home: &Home, network: NetworkId) -> Result<(), Failure> {
    install(home, network).await?;
    clear(home)
}

/// Removes what writers of secrets left unfinished.
pub(crate) fn clear(home: &Home) -> Result<(), Failure> {
    let next = home.next_signer();
    let now = [home.peer(), home.signer_password(), home.signer(), home.signer().with_extension(PART)];
    let soon = [home.next_signer_password(), next.with_extension(PART), next];
    let cleared = now.iter().chain(&soon).try_for_each(|path| remove_parts(path));
    cleared.map_err(|error| Failure::new(ExitStatus::Failed, format_args!("{}: {error}", home.folder().display())))
}

/// Puts the keys of the next signer in their place, and keeps the one before, which speaks for its operator for a while.
async fn install(home: &Home, network: NetworkId) -> Result<(), Failure> {
    let (keystore, password_file) = (home.signer(), home.signer_password());
    // Keys that are lost are no reason to stay without new ones.
    if keystore.exists() && password_file.exists() {
        keep(home, open(&keystore, &password_file)?.signer(), &keystore, &password_file)?;
    }
    rename(&home.next_signer_password(), &password_file)?;
    finish(home, network).await
}

/// Completes what was interrupted while the next signer was taken into use. Whoever uses the keys of a home comes here
/// first.
pub(crate) async fn finish(home: &Home, network: NetworkId) -> Result<(), Failure> {
    refuse_bundle(home)?;
    // A next signer without a password is one whose password has its place already.
    if home.next_signer().exists() && !home.next_signer_password().exists() {
        rename(&home.next_signer(), &home.signer())?;
    }
    let (guard, next) = (home.guard(), home.next_guard());
    if is_in_use(home, network).await? {
        set_aside(&guard)?;
        rename(&next, &guard)?;
    }
    // A mark is only made beside its guard, so the guard of this one has its place already.
    let (mark, next_mark) = (guard.with_extension("mark"), next.with_extension("mark"));
    if !next.exists() && next_mark.exists() && !mark.exists() {
        rename(&next_mark, &mark)?;
    }
    Ok(())
}

/// True if the guard of the next signer waits while that one's keys have their place. It is closed again, which leaves
/// nothing of it in a log.
async fn is_in_use(home: &Home, network: NetworkId) -> Result<bool, Failure> {
    let keys = [home.signer(), home.signer_password()];
    if !home.next_guard().exists() || home.next_signer().exists() || !keys.iter().all(|file| file.exists()) {
        return Ok(false);
    }
    let guard = match Guard::open(&home.next_guard(), network).await {
        // It was about to be founded.
        Err(GuardError::Missing { .. } | GuardError::NoMark { .. }) => return Ok(false),
        opened => opened?,
    };
    let answers = guard.answers_for(open(&home.signer(), &home.signer_password())?.signer()).is_ok();
    guard.close().await?;
    Ok(answers)
}

/// Refuses a folder that a home is moved with: in there a guard could only be made that knows of nothing.
fn refuse_bundle(home: &Home) -> Result<(), Failure> {
    let histories = [home.history(), home.taken_history()];
    match histories.iter().find(|history| history.exists()) {
        Some(history) if !home.guard().exists() && !home.next_guard().exists() => {
            Err(Failure::usage(format_args!("{} is of a home on its way to another place", history.display()))
                .hint("make a home of its folder with `williw keys move --from`"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Where a guard begins to count its starts: above any that began before.
pub(crate) fn first_boot() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    u64::try_from(since).unwrap_or(u64::MAX)
}

fn random_password() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut bytes = Zeroizing::new([0; PASSWORD_BYTES]);
    getrandom::fill(&mut *bytes).map_err(KeyError::Random)?;
    let mut text = Zeroizing::new(Vec::with_capacity(2 * PASSWORD_BYTES + 1));
    for byte in bytes.iter() {
        for digit in [byte >> 4, byte & 15] {
            text.push(b"0123456789abcdef"[usize::from(digit)]);
        }
    }
    text.push(b'\n');
    Ok(text)
}
