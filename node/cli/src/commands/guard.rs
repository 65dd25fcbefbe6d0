//! `williw guard`

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};
use williw_chain::wallet::Wallet;
use williw_core::cycle::Cycle;
use williw_core::guard::{History, Interchange};
use williw_core::identity::Signer;
use williw_core::statement::Kind;
use williw_store::guard::{Guard, GuardError};

use super::status::{list, words};
use crate::exit::Failure;
use crate::flags;
use crate::home::Home;
use crate::keys::open as open_keys;
use crate::node::ask;
use crate::printer::{Printer, table};
use crate::signers::{finish, first_boot, wallets};

/// The longest file that is imported, in bytes.
pub(super) const FILE_CAP: u64 = 256 << 20;

pub(crate) async fn guard(command: flags::Guard, home: &Home, printer: &Printer) -> Result<(), Failure> {
    match command {
        flags::Guard::Status => status(home, printer).await,
        flags::Guard::Export { minimal } => {
            let mut guard = open(home).await?;
            let file = guard.export(minimal).await?;
            guard.close().await?;
            printer.file(&file);
            Ok(())
        }
        flags::Guard::Import { file, signers } => import(&file, signers, home, printer).await,
        flags::Guard::Prune { before } => {
            let mut guard = open(home).await?;
            let forgotten = guard.prune(Cycle(before)).await?;
            guard.close().await?;
            printer.result(&json!({ "forgotten": forgotten }), format_args!("{forgotten} statements forgotten"));
            Ok(())
        }
        flags::Guard::Accept { signer, heard } => accept(signer, heard, home, printer).await,
    }
}

async fn open(home: &Home) -> Result<Guard, Failure> {
    Ok(Guard::open(&home.guard(), home.read_settings()?.network.id()).await?)
}

#[derive(Serialize)]
struct SignerView {
    signer: Signer,
    /// How many statements of each kind are known.
    updates: usize,
    checkpoints: usize,
    root_votes: usize,
    proposals: usize,
    /// Everything of a kind through this slot or cycle counts as signed.
    floors: Value,
}

impl SignerView {
    fn of(signer: Signer, history: &History) -> Self {
        let count = |kind| history.taken().filter(|(key, _)| key.kind() == kind).count();
        let floors = history.floors().map(|(kind, through)| (name(kind).to_owned(), json!(through.to_string())));
        Self {
            signer,
            updates: count(Kind::Update),
            checkpoints: count(Kind::Checkpoint),
            root_votes: count(Kind::RootVote),
            proposals: count(Kind::Proposal),
            floors: Value::Object(floors.collect()),
        }
    }
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Update => "updates",
        Kind::Checkpoint => "checkpoints",
        Kind::RootVote => "root_votes",
        Kind::Proposal => "proposals",
    }
}

/// A signer that is to be replaced, as long as that has not come to its end.
#[derive(Serialize)]
struct Rotation {
    /// None while there is no key of it, or its key is being taken into use.
    next: Option<Signer>,
    /// Whether the guard until now is not gone on with.
    new_guard: bool,
}

impl Rotation {
    fn of(home: &Home) -> Result<Option<Self>, Failure> {
        let (keystore, password_file) = (home.next_signer(), home.next_signer_password());
        let new_guard = home.next_guard().exists();
        if !keystore.exists() && !new_guard {
            return Ok(None);
        }
        let is_waiting = keystore.exists() && password_file.exists();
        let next = is_waiting.then(|| open_keys(&keystore, &password_file)).transpose()?;
        Ok(Some(Self { next: next.map(|wallet| wallet.signer()), new_guard }))
    }
}

impl fmt::Display for Rotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.next {
            Some(next) => write!(f, "signer {next} waits to be named")?,
            None => f.write_str("a signer is being replaced")?,
        }
        f.write_str("; go on with `williw keys rotate`")
    }
}

/// Of the file itself, or, while a node has it, of the node.
async fn status(home: &Home, printer: &Printer) -> Result<(), Failure> {
    let network = home.read_settings()?.network.id();
    let rotation = Rotation::of(home)?;
    let pending = rotation.as_ref().map(|rotation| format!("\n{rotation}")).unwrap_or_default();
    let mut guard = match Guard::open(&home.guard(), network).await {
        Err(GuardError::InUse { .. }) => {
            let node = ask(home, "/v1/status", |status| status["peer"].as_str()).await?;
            let mut state = node["guard"].clone();
            let text = format!(
                "{}, boot {}, signers {}{pending}",
                words(&state["state"]),
                words(&state["boot"]),
                list(&state["signers"]).iter().map(words).collect::<Vec<_>>().join(", ")
            );
            if let Some(state) = state.as_object_mut() {
                state.insert("rotation".to_owned(), json!(rotation));
            }
            printer.result(&state, text);
            return Ok(());
        }
        opened => opened.inspect_err(|_| rotation.iter().for_each(|rotation| printer.warn(rotation)))?,
    };
    let histories = guard.histories().await?;
    let signers: Vec<_> = histories.iter().map(|(signer, history)| SignerView::of(*signer, history)).collect();
    let rows: Vec<_> = signers
        .iter()
        .map(|view| {
            let counts = [view.updates, view.checkpoints, view.root_votes, view.proposals];
            [view.signer.to_string()].into_iter().chain(counts.map(|count| count.to_string())).collect()
        })
        .collect();
    let text = table(&["SIGNER", "UPDATES", "CHECKPOINTS", "ROOT VOTES", "PROPOSALS"], &rows);
    let boot = guard.boot();
    guard.close().await?;
    printer.result(
        &json!({ "state": "stopped", "boot": boot, "network": network, "signers": signers, "rotation": rotation }),
        format_args!("stopped, boot {boot}\n{text}{pending}"),
    );
    Ok(())
}

/// Reads a file of histories, or stdin.
pub(super) fn read(path: &Path) -> Result<Interchange, Failure> {
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        stdin().take(FILE_CAP + 1).read_to_end(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(FILE_CAP + 1).read_to_end(&mut text))
    };
    read.map_err(|error| Failure::usage(format_args!("{} cannot be read: {error}", path.display())))?;
    if text.len() as u64 > FILE_CAP {
        return Err(Failure::usage(format_args!("{} is longer than {FILE_CAP} bytes", path.display())));
    }
    serde_json::from_slice(&text).map_err(|error| {
        Failure::usage(format_args!("{} is no history of signers: {error}", path.display()))
            .hint("expected what `williw guard export` prints")
    })
}

async fn import(path: &Path, newcomers: Vec<Signer>, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let file = read(path)?;
    let newcomers = BTreeSet::from_iter(newcomers);
    if let Some(signer) = newcomers.difference(&file.signers()).next() {
        return Err(Failure::usage(format_args!("{} holds nothing of signer {signer}", path.display())));
    }
    let mut guard = open(home).await?;
    let before = guard.signers().clone();
    let imported = guard.import(&file, &newcomers).await?;
    guard.close().await?;
    for signer in imported.keys().filter(|signer| !before.contains(signer)) {
        printer.warn(format_args!(
            "this guard answers for signer {signer} from now on; it is slashed if it signed anything that the file does not \
             hold, or signs anywhere else"
        ));
    }
    for (signer, merged) in imported.iter().filter(|(_, merged)| merged.closed > 0) {
        printer.warn(format_args!(
            "of signer {signer}, {} positions are closed now: what was signed there is not known, or was more than one thing",
            merged.closed
        ));
    }
    let view = |(signer, merged): (&Signer, &williw_core::guard::Merged)| json!({ "signer": signer, "added": merged.added, "closed": merged.closed, "raised": merged.raised });
    let views: Vec<_> = imported.iter().map(view).collect();
    let rows: Vec<_> = imported
        .iter()
        .map(|(signer, merged)| {
            vec![signer.to_string(), merged.added.to_string(), merged.closed.to_string(), merged.raised.to_string()]
        })
        .collect();
    printer.result(&json!({ "signers": views }), table(&["SIGNER", "ADDED", "CLOSED", "FLOORS RAISED"], &rows));
    Ok(())
}

async fn accept(signer: Signer, heard: u64, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let network = home.read_settings()?.network.id();
    finish(home, network).await?;
    // Not of one that was replaced: what it signed may be in a guard that was set aside, and nothing needs it any more.
    let current = open_keys(&home.signer(), &home.signer_password())?.signer();
    if current != signer {
        return Err(Failure::usage(format_args!(
            "the signer of {} is {current}, not {signer}",
            home.folder().display()
        ))
        .hint("a guard is accepted for the signer that its home signs with"));
    }
    let wallets = wallets(home)?;
    let mut guard = Guard::accept(&home.guard(), network, first_boot().max(heard)).await?;
    guard.enroll(signer).await?;
    let boot = guard.boot();
    // All of these sign with it, also those that nobody named.
    for signer in wallets.iter().map(Wallet::signer).filter(|signer| guard.answers_for(*signer).is_ok()) {
        printer.warn(format_args!("signer {signer} is slashed if it signed anything that this guard does not hold"));
    }
    guard.close().await?;
    printer.result(
        &json!({ "accepted": home.guard().display().to_string(), "signer": signer, "boot": boot }),
        format_args!("accepted {}", home.guard().display()),
    );
    Ok(())
}
