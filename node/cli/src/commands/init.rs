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
use williw_core::identity::{Account, ChainId, PeerId, Signer};
use williw_core::network::NetworkId;
use williw_daemon::keys::{KeyError, PeerKey, remove_parts, write_secret};
use williw_daemon::settings::{self, Settings};
use williw_store::guard::{Guard, GuardError};

use crate::deployment::Deployed;
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
    let deployed = Deployed::read(&flags.deployments)?;
    let network = deployed.network.id();
    let text = render(&deployed, &flags)?;
    // As the node will read them, before anything is made.
    Settings::parse(&home.settings(), &text, [])?;
    let (peer, signer) = make(home, &text, network, printer).await.map_err(|failure| match failure.hint {
        None => failure.hint("run the same command again when that is mended; the keys that were made are kept"),
        Some(_) => failure,
    })?;
    let made = Made { home: home.folder().display().to_string(), peer, signer, network_id: network };
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

/// The addresses of the endpoints. What is wrong with one is said without it: it may hold a key.
fn addresses(rpcs: &[String]) -> Result<Vec<Url>, Failure> {
    let address = |(nth, text): (usize, &String)| {
        text.parse().map_err(|_| {
            Failure::usage(format_args!("the address of rpc {} cannot be read", nth + 1))
                .hint("write it as https://<host>/<path>")
        })
    };
    rpcs.iter().enumerate().map(address).collect()
}

/// The endpoints of a chain that the network is on.
pub(super) fn endpoints(rpcs: &[String], chain: ChainId, flag: &str) -> Result<Vec<Url>, Failure> {
    if rpcs.is_empty() {
        return Err(Failure::usage(format_args!("this network is on {chain}, and no endpoint of it is named"))
            .hint(format_args!("name one with {flag} URL, better three by different operators")));
    }
    if let [only] = rpcs {
        let variable = match chain {
            ChainId::Base => "ETH_RPC_URL",
            ChainId::Solana => "SOLANA_RPC_URL",
        };
        flags::refuse_empty(only.as_ref(), [flag, variable], "the address of an endpoint")?;
    }
    addresses(rpcs)
}

/// The commented example with this deployment's values, without the chain that the network is not on.
fn render(deployed: &Deployed, flags: &flags::Init) -> Result<String, Failure> {
    let network = &deployed.network;
    let mut values = vec![
        ("[network]", "name", quoted(network.name())),
        ("[gossip]", "listen", quoted(&flags.listen.to_string())),
        ("[gossip]", "peers", toml_list(&flags.peers)),
        ("[http]", "listen", quoted(&flags.http.to_string())),
    ];
    let (base, solana) = (network.base(), network.solana());
    if let Some(base) = base {
        values.extend([
            ("[base]", "chain_id", base.chain_id.to_string()),
            ("[base]", "vault", quoted(&Signer(base.vault).to_string())),
            ("[base]", "from_height", deployed.from_height.unwrap_or_default().to_string()),
            ("[base]", "rpcs", toml_list(&endpoints(&flags.rpcs.rpcs, ChainId::Base, "--rpc")?)),
        ]);
    }
    if let Some(solana) = solana {
        values.extend([
            ("[solana]", "genesis", quoted(&Account(solana.genesis.0).base58())),
            ("[solana]", "program", quoted(&solana.program.base58())),
            ("[solana]", "rpcs", toml_list(&endpoints(&flags.rpcs.solana_rpcs, ChainId::Solana, "--solana-rpc")?)),
        ]);
    }
    let mut section = "";
    let mut out = String::new();
    for line in settings::EXAMPLE.lines() {
        if line.starts_with('[') {
            section = line;
        }
        if section == "[base]" && base.is_none() || section == "[solana]" && solana.is_none() {
            continue;
        }
        let key = line.split_once(" = ").map(|(key, _)| key);
        match values.iter().find(|(of, name, _)| *of == section && Some(*name) == key) {
            Some((_, key, value)) => out.push_str(&format!("{key} = {value}\n")),
            None => out.push_str(&format!("{line}\n")),
        }
    }
    Ok(out)
}

/// A text as TOML writes it. JSON's way of quoting is one of TOML's.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

fn toml_list(values: &[impl ToString]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| quoted(&value.to_string())).collect();
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
