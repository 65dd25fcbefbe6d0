//! `williw keys`

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use williw_core::guard::Interchange;
use williw_core::identity::{ChainId, Signer};
use williw_core::network::NetworkId;
use williw_core::outbox::Stage;
use williw_daemon::keys::{KeyError, write_secret};
use williw_daemon::outbox::open_existing;
use williw_daemon::settings::Settings;
use williw_store::Which;
use williw_store::guard::{Guard, GuardError, Leaving};
use zeroize::Zeroizing;

use super::init::sync_names;
use super::jail::in_jail;
use super::{guard, stake};
use crate::chain::{Reader, chosen};
use crate::exit::{ExitStatus, Failure};
use crate::flags;
use crate::home::Home;
use crate::keys::{Sender, open};
use crate::printer::Printer;
use crate::signers::{self, PART, clear, finish, first_boot, is_lost, rename, take_into_use};

/// What a home can be made of.
const MOVED: &str = "name the folder that `williw keys move --to` made, with all that is in it";

/// How many intents are named that stand in the way.
const NAMED_CAP: u32 = 8;

pub(crate) async fn keys(command: flags::Keys, home: &Home, printer: &Printer) -> Result<(), Failure> {
    match command {
        flags::Keys::Rotate(arguments) => rotate(arguments, home, printer).await,
        flags::Keys::Move(flags::Move { to: Some(folder), again, .. }) => {
            let before = refuse_moved(home, again)?;
            move_to(&folder, before, home, printer).await
        }
        flags::Keys::Move(flags::Move { from: Some(folder), .. }) => move_from(&folder, home, printer).await,
        flags::Keys::Move(flags::Move { to: None, from: None, .. }) => {
            Err(Failure::usage("where to?").hint("give --to or --from"))
        }
    }
}

/// Makes a signer, has the owner name it, and signs with it from then on. Each step is taken up again where it was left, but
/// for the last: what was interrupted while its keys were put in their place is completed first, and then another is made.
async fn rotate(flags: flags::KeysRotate, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let network = settings.network.id();
    let chain = chosen(&flags.account, &settings)?;
    let sender = Sender::open(&flags.account, chain)?;
    finish(home, network).await?;
    let next = next_signer(home, network, flags.restored, printer).await?;
    let mut reader = Reader::new(chain, &settings)?;
    let found = reader.operator(sender.account(), printer).await?;
    if found.operator.as_ref().is_none_or(|operator| operator.signer != next) {
        if let Some(until) = found.operator.and_then(|operator| operator.jailed_until) {
            return Err(in_jail(next, until, chain, home));
        }
        let signer = flags::SignerKey {
            signer: Some(home.next_signer()),
            signer_password_file: Some(home.next_signer_password()),
        };
        let unsigned = flags.account.unsigned;
        stake::rotate(flags::Relink { signer, account: flags.account }, home, printer).await?;
        if unsigned {
            printer.say("when it is mined, run this again: it takes the new signer into use");
            return Ok(());
        }
    } else {
        printer.result(&json!({ "signer": next }), format_args!("{next} is the signer on the chain already"));
    }
    take_into_use(home, network).await
}

/// The signer that waits to be named, or a new one.
async fn next_signer(home: &Home, network: NetworkId, is_restored: bool, printer: &Printer) -> Result<Signer, Failure> {
    let (keystore, password_file) = (home.next_signer(), home.next_signer_password());
    let lost = match Guard::open(&home.guard(), network).await {
        // Only the network knows that, and it would not let this guard sign for the next signer either. What was begun with
        // a new guard goes on with it, whatever is said now.
        Ok(guard) if is_restored || home.next_guard().exists() => {
            guard.close().await?;
            Err(format!("{} is not gone on with", home.guard().display()))
        }
        Err(lost) if is_lost(&lost) => Err(lost.to_string()),
        opened => Ok(opened?),
    };
    let mut guard = match lost {
        Ok(guard) => guard,
        // This is the way out when its history is lost: of a new key nothing has to be known.
        Err(why) => {
            printer.warn(format_args!(
                "{why}; once the chain names the next signer, the one until now signs nothing more here"
            ));
            signers::next_guard(home, network).await?
        }
    };
    let signer = match keystore.exists().then(|| open(&keystore, &password_file)).transpose()? {
        Some(wallet) if guard.answers_for(wallet.signer()).is_ok() => wallet.signer(),
        // It may have signed while the guard was another.
        Some(wallet) => {
            signers::keep(home, wallet.signer(), &keystore, &password_file)?;
            // In this order: a next signer without a password would pass for one that is taken into use.
            for file in [&keystore, &password_file] {
                fs::remove_file(file).map_err(|error| failed(file, &error))?;
            }
            signers::make(&mut guard, &keystore, &password_file).await?
        }
        None => signers::make(&mut guard, &keystore, &password_file).await?,
    };
    guard.close().await?;
    Ok(signer)
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(ExitStatus::Failed, format_args!("{}: {error}", path.display()))
}

/// The files of keys and settings that a home consists of.
fn belongings(home: &Home) -> Result<Vec<PathBuf>, Failure> {
    let past = home.past_signers()?;
    let past = past.into_iter().flat_map(|signer| [home.past_signer_password(signer), home.past_signer(signer)]);
    // A keystore always after its password: see `finish`.
    let next = [home.next_signer_password(), home.next_signer()].into_iter().filter(|file| file.exists());
    // Whatever makes a home complete comes last.
    let now = [home.peer(), home.signer_password(), home.signer(), home.settings()];
    Ok(past.chain(next).chain(now).collect())
}

/// Copies private files of these names from folder to folder.
fn carry(files: &[PathBuf], to: &Path) -> Result<(), Failure> {
    for file in files {
        write_secret(&namesake(file, to), &bytes(file)?)?;
    }
    Ok(())
}

fn namesake(file: &Path, folder: &Path) -> PathBuf {
    folder.join(file.file_name().expect("files of a home have names"))
}

fn bytes(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unread = |error| Failure::usage(format_args!("{} cannot be read: {error}", file.display()));
    fs::read(file).map(Zeroizing::new).map_err(unread)
}

/// Refuses to move what was moved: two folders make two homes, and neither knows what the other signs. Returns where it was
/// moved to, if it is to be moved all the same.
fn refuse_moved(home: &Home, again: bool) -> Result<Option<String>, Failure> {
    let before = read_mark(&home.moved_to())?;
    let to = match &before {
        Some(to) if !again => to,
        Some(_) | None => return Ok(before),
    };
    Err(Failure::usage(format_args!("this home was moved to {} already", to.trim_end())).hint(
        "make a home of that folder with `williw keys move --from`; if it is lost and nobody did, see `williw keys move --help`",
    ))
}

/// What a file says that marks a folder, if it is there.
fn read_mark(mark: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(mark) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(mark, &error)),
    }
}

/// Has the file say this, or nothing.
fn set_mark(mark: &Path, text: Option<&str>) -> Result<(), Failure> {
    match fs::remove_file(mark) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(mark, &error)),
        Ok(()) | Err(_) => {}
    }
    text.map_or(Ok(()), |text| Ok(write_secret(mark, text.as_bytes())?))
}

async fn move_to(folder: &Path, before: Option<String>, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let network = settings.network.id();
    if folder.symlink_metadata().is_ok() {
        return Err(Failure::usage(format_args!("{} is there already", folder.display())).hint("choose a new folder"));
    }
    finish(home, network).await?;
    if home.next_guard().exists() {
        return Err(Failure::usage("a signer is being replaced in this home")
            .hint("finish that with `williw keys rotate`, and move it then"));
    }
    // Held from here on: a node that runs is refused before a key is written anywhere.
    let leaving = Guard::leave(&home.guard(), network).await?;
    let text = serde_json::to_vec_pretty(leaving.history()).expect("a history has text keys and no failing parts");
    if text.len() as u64 > guard::FILE_CAP {
        return Err(Failure::usage(format_args!("the history is longer than {} bytes", guard::FILE_CAP))
            .hint("forget what is long final with `williw guard prune`, and move it then"));
    }
    refuse_unsettled(home, &settings).await?;
    signers::wallets(home)?;
    if home.next_signer().exists() {
        open(&home.next_signer(), &home.next_signer_password())?;
    }
    let part = make_part(folder)?;
    if let Err(failure) = fill(&part, folder, home, leaving, &text).await {
        // It holds keys, and nobody was told of it.
        if let Err(error) = fs::remove_dir_all(&part) {
            printer.warn(format_args!("{} may hold keys and could not be removed: {error}", part.display()));
        } else if read_mark(&home.moved_to())? != before {
            // Nobody can make a home of a folder that is gone.
            set_mark(&home.moved_to(), before.as_deref())?;
        }
        return Err(failure);
    }
    clear(home)?;
    printer.say("this home signs nothing any more; next: `williw keys move --from` on the other machine");
    printer.say("its database stays here: the new home reads the chains anew");
    let view = json!({ "home": home.folder().display().to_string(), "moved_to": folder.display().to_string() });
    printer.result(&view, folder.display());
    Ok(())
}

/// What was asked of the chains is in the database, which is not moved: somebody has to see it through here.
async fn refuse_unsettled(home: &Home, settings: &Settings) -> Result<(), Failure> {
    let Some(outbox) = open_existing(&home.database(), settings).await? else { return Ok(()) };
    let which = Which { unsettled: true, account: None };
    let intents = outbox.intents(which, NAMED_CAP).await?;
    let Some(last) = intents.last() else { return Ok(()) };
    let ids: Vec<_> = intents.iter().rev().map(|intent| intent.id.0.to_string()).collect();
    let unsettled = Failure::usage(format_args!("it is not settled yet what becomes of intent {}", ids.join(", ")));
    let id = last.id;
    Err(match (last.call.chain, last.stage) {
        // Nothing takes its place there.
        (ChainId::Solana, Stage::Signed(_) | Stage::Included(..) | Stage::Spent(..)) => unsettled.hint(format_args!(
            "on Solana it is final or has expired within a minute or two, and nothing can cancel it: run `williw outbox retry {id}` until it is settled"
        )),
        _ => unsettled.hint(format_args!("run `williw outbox retry {id}` until it is, or `williw outbox cancel {id}`")),
    })
}

/// A new folder beside another, under a name that nobody else has.
fn make_part(folder: &Path) -> Result<PathBuf, Failure> {
    let Some(name) = folder.file_name() else {
        return Err(Failure::usage(format_args!("{} names no new folder", folder.display())));
    };
    let mut unique = [0; 8];
    getrandom::fill(&mut unique).map_err(KeyError::Random)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{:016x}.{PART}", u64::from_be_bytes(unique)));
    let part = folder.with_file_name(hidden);
    DirBuilder::new().mode(0o700).create(&part).map_err(|error| failed(&part, &error))?;
    Ok(part)
}

/// Writes the home into `part`, retires it, and gives the folder its name.
async fn fill(part: &Path, folder: &Path, home: &Home, leaving: Leaving, history: &[u8]) -> Result<(), Failure> {
    carry(&belongings(home)?, part)?;
    // From here on nothing is signed in this home, whatever becomes of the folder; if that fails it is written again. Before,
    // there is no history in the folder, so that nobody can take half of a move for a whole one.
    leaving.retire().await?;
    // Before anybody can make a home of it.
    set_mark(&home.moved_to(), Some(&format!("{}\n", absolute(folder)?.display())))?;
    write_secret(&Home::find(Some(part.to_owned()))?.history(), history)?;
    File::open(part).and_then(|part| part.sync_all()).map_err(|error| failed(part, &error))?;
    rename(part, folder)
}

async fn move_from(folder: &Path, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let there = Home::find(Some(folder.to_owned()))?;
    let is_ours = refuse_taken(&there, home)?;
    let is_complete = home.settings().exists();
    if is_complete && !(is_ours && there.history().exists()) {
        return Err(Failure::usage(format_args!("{} is a home already", home.folder().display()))
            .hint("choose another with --home"));
    }
    refuse_incomplete(&there)?;
    let network = Settings::read(&there.settings(), [])?.network.id();
    let history = guard::read(&there.history())?;
    history.histories(network).map_err(GuardError::from)?;
    let make = DirBuilder::new().recursive(true).mode(0o700).create(home.folder());
    make.map_err(|error| failed(home.folder(), &error))?;
    refuse_strangers(home, &there)?;
    if !is_ours {
        // Of two who try, one is the first, and nobody else makes a home of it from here on.
        write_secret(&there.taken_by(), absolute(home.folder())?.as_os_str().as_encoded_bytes())?;
    }
    // An earlier attempt that came to a whole home may have signed with it since.
    if !is_complete {
        furnish(&there, &history, home, network).await?;
    }
    // Before anybody deletes the folder that all this came from.
    sync_names(home.folder()).map_err(|error| failed(home.folder(), &error))?;
    rename(&there.history(), &there.taken_history())?;
    clear(home)?;
    printer.say(format_args!("delete {} now: it holds the keys; next: `williw run`", folder.display()));
    let signers = history.signers();
    printer
        .result(&json!({ "home": home.folder().display().to_string(), "signers": signers }), home.folder().display());
    Ok(())
}

/// Gives a home its guard and then its files, of which the last makes it a home.
async fn furnish(there: &Home, history: &Interchange, home: &Home, network: NetworkId) -> Result<(), Failure> {
    // Above what the other home came to, also if this clock is behind that one's. But with just as many statements: if that
    // home was put back from before, the network knows of more.
    let (Some(boot), Some(noted)) = (history.boot(), history.noted()) else {
        return Err(Failure::usage(format_args!("{} does not say how far it had counted", there.history().display()))
            .hint("move the home anew, with this version of williw on both machines"));
    };
    let mut guard = match Guard::found_after(&home.guard(), network, first_boot().max(boot), noted).await {
        // An earlier attempt came further.
        Err(GuardError::Exists { .. }) => Guard::open(&home.guard(), network).await?,
        founded => founded?,
    };
    // One that was there before would announce what that home never did, or answer for others.
    let is_its_own = guard.noted() == noted && guard.signers().is_subset(&history.signers());
    let imported = if is_its_own { guard.import(history, &history.signers()).await.map(drop) } else { Ok(()) };
    guard.close().await?;
    imported?;
    if !is_its_own {
        return Err(Failure::usage(format_args!(
            "{} is there already, and is of another home",
            home.guard().display()
        ))
        .hint("keep it elsewhere, with the files named like it, or choose another place with --home"));
    }
    let missing = |file: &PathBuf| !namesake(file, home.folder()).exists();
    let belongings: Vec<_> = belongings(there)?.into_iter().filter(missing).collect();
    carry(&belongings, home.folder())
}

/// Refuses a folder that another home was made of, or begun to be. True if it is this one.
fn refuse_taken(there: &Home, home: &Home) -> Result<bool, Failure> {
    let by = match fs::read(there.taken_by()) {
        Ok(by) => by,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(&there.taken_by(), &error)),
    };
    if by == absolute(home.folder())?.as_os_str().as_encoded_bytes() {
        return Ok(true);
    }
    let by = String::from_utf8_lossy(&by).into_owned();
    Err(Failure::usage(format_args!("{} was taken to {by} already", there.folder().display())).hint(format_args!(
        "run that home, or move it with `williw keys move --to`; if it was left unfinished, go on with --home {by}"
    )))
}

/// The same path for whoever reads it from elsewhere.
fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| failed(path, &error))
}

/// Refuses a folder that is not what a home was moved to, or not all of it.
fn refuse_incomplete(there: &Home) -> Result<(), Failure> {
    let folder = there.folder();
    if !folder.is_dir() {
        return Err(Failure::usage(format_args!("there is no folder {}", folder.display())).hint(MOVED));
    }
    let needed = [there.settings(), there.peer(), there.signer(), there.signer_password(), there.history()];
    let missing = needed.iter().filter(|file| !file.exists()).filter_map(|file| file.file_name()?.to_str());
    let missing: Vec<_> = missing.collect();
    if missing.is_empty() {
        return Ok(());
    }
    let failure = Failure::usage(format_args!("in {} there is no {}", folder.display(), missing.join(", no ")));
    Err(if there.guard().exists() {
        failure.hint("this is a home itself: move it to a folder of its own first, with `williw keys move --to`")
    } else {
        failure.hint(MOVED)
    })
}

/// Refuses a place with keys that are not those of the home to come.
fn refuse_strangers(home: &Home, there: &Home) -> Result<(), Failure> {
    for here in belongings(home)?.into_iter().filter(|file| file.exists()) {
        let theirs = match fs::read(namesake(&here, there.folder())).map(Zeroizing::new) {
            Ok(theirs) => Some(theirs),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(there.folder(), &error)),
        };
        if theirs != Some(bytes(&here)?) {
            return Err(Failure::usage(format_args!(
                "{} is there already, and is not the one of {}",
                here.display(),
                there.folder().display()
            ))
            .hint("choose another place with --home"));
        }
    }
    Ok(())
}
