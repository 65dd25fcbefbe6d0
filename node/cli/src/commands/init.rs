//! `williw init`
//!
//! The settings are written last and whole, so a home that has them has everything. One that was interrupted, by a full disk
//! for example, is taken up again by the same command: what is there already is kept.

use std::fs::{DirBuilder, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

use serde::Serialize;
use url::Url;
use williw_core::identity::{PeerId, Signer};
use williw_core::network::NetworkId;
use williw_daemon::keys::{KeyError, PeerKey, remove_parts, write_secret};
use williw_daemon::settings::{self, Settings};
use williw_store::guard::{Guard, GuardError};

use crate::deployment::Deployment;
use crate::exit::{ExitStatus, Failure};
use crate::flags;
use crate::home::Home;
use crate::keys;
use crate::printer::Printer;
use crate::signers::{self, PART, first_boot};

#[derive(Serialize)]
struct Made {
    home: String,
    peer: PeerId,
    signer: Signer,
    network_id: NetworkId,
}

pub(crate) async fn init(flags: flags::Init, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let deployment = read_deployment(&flags.deployment)?;
    let text = render(&deployment, &flags, &addresses(&flags.rpcs)?);
    // As the node will read them, before anything is made.
    Settings::parse(&home.settings(), &text, [])?;
    let (peer, signer) =
        make(home, &text, deployment.network_id, printer).await.map_err(|failure| match failure.hint {
            None => failure.hint("run the same command again when that is mended; the keys that were made are kept"),
            Some(_) => failure,
        })?;
    let made = Made { home: home.folder().display().to_string(), peer, signer, network_id: deployment.network_id };
    printer.say("made; next: `williw register` locks stake for these keys, `williw run` starts the node");
    let text = format!(
        "home     {}\npeer     {}\nsigner   {}\nnetwork  {}",
        made.home, made.peer, made.signer, made.network_id
    );
    printer.result(&made, text);
    Ok(())
}

/// Makes what is not there yet.
async fn make(home: &Home, settings: &str, network: NetworkId, printer: &Printer) -> Result<(PeerId, Signer), Failure> {
    let failed = |error| Failure::new(ExitStatus::Failed, format_args!("{}: {error}", home.folder().display()));
    DirBuilder::new().recursive(true).mode(0o700).create(home.folder()).map_err(failed)?;
    let complete = home.settings().exists();
    if complete && !is_of_this_command(home, settings).map_err(failed)? {
        return Err(Failure::usage(format_args!("{} is a home already", home.folder().display()))
            .hint("choose another with --home, or change its williw.toml"));
    }
    let peer = peer_key(&home.peer(), printer)?;
    let signer = signer_key(home, network, printer).await?;
    if !complete {
        // They may hold keys of endpoints.
        write_secret(&home.settings(), settings.as_bytes())?;
    }
    tidy_up(home).map_err(failed)?;
    Ok((peer.peer(), signer))
}

/// True if a home that has settings has these, with all keys: then the same command may have failed at its very end, where
/// nobody knows yet whether the disk has them. Keys that are missing were lost later, and are not replaced.
fn is_of_this_command(home: &Home, settings: &str) -> io::Result<bool> {
    let mut found = Vec::new();
    let cap = u64::try_from(settings.len()).unwrap_or(u64::MAX).saturating_add(1);
    File::open(home.settings())?.take(cap).read_to_end(&mut found)?;
    let keys = [home.peer(), home.signer(), home.signer_password(), home.guard()];
    Ok(found == settings.as_bytes() && keys.iter().all(|path| path.exists()))
}

/// Removes what runs before this one left half done, and waits until the disk has the rest: they may have failed to.
fn tidy_up(home: &Home) -> io::Result<()> {
    for path in [home.peer(), home.signer_password(), home.signer().with_extension(PART), home.settings()] {
        remove_parts(&path)?;
    }
    sync_names(home.folder())
}

/// Waits until the disk has the names in this folder, and those of the folder itself and of all above it on the same file
/// system: any of them may have been made by a run before this one, which came no further.
pub(super) fn sync_names(folder: &Path) -> io::Result<()> {
    let folder = folder.canonicalize()?;
    let disk = folder.metadata()?.dev();
    File::open(&folder)?.sync_all()?;
    for above in folder.ancestors().skip(1) {
        match File::open(above) {
            Ok(above) if above.metadata()?.dev() == disk => above.sync_all()?,
            // Where the file system was attached, or a folder of somebody else: no run of ours made what is above.
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A deployment that makes the network that it says it is.
fn read_deployment(path: &Path) -> Result<Deployment, Failure> {
    let deployment = Deployment::read(path)?;
    let network = deployment
        .network()
        .map_err(|failure| Failure { text: format!("{}: {}", path.display(), failure.text), ..failure })?;
    if network.id() != deployment.network_id {
        return Err(Failure::usage(format_args!(
            "{}: its name, chains and vault make network {}, not {}",
            path.display(),
            network.id(),
            deployment.network_id
        ))
        .hint("the file was changed; `williw deploy verify` compares it with the chain"));
    }
    if network.solana().is_some() {
        return Err(Failure::usage(format_args!(
            "{}: its network has a Solana half, which this node does not know yet",
            path.display()
        )));
    }
    Ok(deployment)
}

/// The addresses of the endpoints. What is wrong with one is said without it: it may hold a key.
pub(super) fn addresses(flags::Rpcs { rpcs }: &flags::Rpcs) -> Result<Vec<Url>, Failure> {
    let address = |(nth, text): (usize, &String)| {
        text.parse().map_err(|_| {
            Failure::usage(format_args!("the address of rpc {} cannot be read", nth + 1))
                .hint("write it as https://<host>/<path>")
        })
    };
    rpcs.iter().enumerate().map(address).collect()
}

/// The commented example with this deployment's values.
fn render(deployment: &Deployment, flags: &flags::Init, rpcs: &[Url]) -> String {
    let texts = |texts: Vec<String>| toml_list(&texts);
    let values = [
        ("name", quoted(&deployment.name)),
        ("chain_id", deployment.chain_id.to_string()),
        ("vault", quoted(&deployment.vault.to_string())),
        ("from_height", deployment.from_height.to_string()),
        ("rpcs", texts(rpcs.iter().map(ToString::to_string).collect())),
        ("peers", texts(flags.peers.iter().map(ToString::to_string).collect())),
    ];
    let mut section = String::new();
    let mut out = String::new();
    for line in settings::EXAMPLE.lines() {
        if line.starts_with('[') {
            section = line.to_owned();
        }
        let key = line.split_once(" = ").map(|(key, _)| key);
        let value = match (section.as_str(), key) {
            ("[gossip]", Some("listen")) => Some(quoted(&flags.listen.to_string())),
            ("[http]", Some("listen")) => Some(quoted(&flags.http.to_string())),
            (_, Some(key)) => values.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone()),
            (_, None) => None,
        };
        match (key, value) {
            (Some(key), Some(value)) => out.push_str(&format!("{key} = {value}\n")),
            _ => out.push_str(&format!("{line}\n")),
        }
    }
    out
}

/// A text as TOML writes it. JSON's way of quoting is one of TOML's.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

fn toml_list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}

fn peer_key(path: &Path, printer: &Printer) -> Result<PeerKey, Failure> {
    match PeerKey::create(path) {
        Err(KeyError::Exists { .. }) => {
            printer.say(format_args!("keeping the peer key that is there, {}", path.display()));
            Ok(PeerKey::read(path)?)
        }
        created => Ok(created?),
    }
}

/// The signer that is there, or a new one for which the guard answers.
async fn signer_key(home: &Home, network: NetworkId, printer: &Printer) -> Result<Signer, Failure> {
    let (keystore, password_file) = (home.signer(), home.signer_password());
    let mut guard = match Guard::found(&home.guard(), network, first_boot()).await {
        // An earlier attempt came further.
        Err(GuardError::Exists { .. }) => Guard::open(&home.guard(), network).await?,
        founded => founded?,
    };
    let signer = if keystore.exists() {
        if !password_file.exists() {
            return Err(Failure::usage(format_args!("{} is there without its password", keystore.display())).hint(
                format_args!("restore {}, or move the keystore away to have a new signer", password_file.display()),
            ));
        }
        printer.say(format_args!("keeping the signer that is there, {}", keystore.display()));
        let signer = keys::open(&keystore, &password_file)?.signer();
        if guard.answers_for(signer).is_err() {
            printer.warn(format_args!(
                "what signer {signer} signed before is not known here, and `williw run` needs it: name a new one with `williw \
                 keys rotate`, or see `williw guard import --help`"
            ));
        }
        signer
    } else {
        signers::make(&mut guard, &keystore, &password_file).await?
    };
    guard.close().await?;
    Ok(signer)
}
