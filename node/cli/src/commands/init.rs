//! `williw init`
//!
//! The settings are written last and whole, so a home that has them is complete, and one that was interrupted is taken up
//! again: keys that are there already are kept.

use std::fs::{DirBuilder, File};
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use url::Url;
use williw_chain::wallet::Wallet;
use williw_core::identity::{PeerId, Signer};
use williw_core::network::{BaseSite, Network, NetworkId};
use williw_daemon::keys::{KeyError, PeerKey, read_secret, write_secret};
use williw_daemon::settings::{self, Settings};
use zeroize::Zeroizing;

use crate::exit::{ExitStatus, Failure};
use crate::flags;
use crate::home::Home;
use crate::printer::Printer;

/// The largest deployment file that is read, in bytes.
const DEPLOYMENT_CAP: u64 = 64 * 1024;

/// How many random bytes the signer's password has.
const PASSWORD_BYTES: usize = 32;

/// What the deployment script writes.
#[derive(Deserialize)]
struct Deployment {
    chain_id: u64,
    name: String,
    from_height: u64,
    network_id: NetworkId,
    vault: Signer,
}

#[derive(Serialize)]
struct Made {
    home: String,
    peer: PeerId,
    signer: Signer,
    network_id: NetworkId,
}

pub(crate) fn init(flags: flags::Init, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let deployment = read_deployment(&flags.deployment)?;
    if home.settings().exists() {
        return Err(Failure::usage(format_args!("{} is a home already", home.folder().display()))
            .hint("choose another with --home, or change its williw.toml"));
    }
    let text = render(&deployment, &flags, &addresses(&flags.rpcs)?);
    // As the node will read them, before anything is made.
    Settings::parse(&home.settings(), &text, [])?;
    let failed = |error| Failure::new(ExitStatus::Failed, format_args!("{}: {error}", home.folder().display()));
    DirBuilder::new().recursive(true).mode(0o700).create(home.folder()).map_err(failed)?;
    let peer = peer_key(&home.peer(), printer)?;
    let signer = signer_key(home, printer)?;
    // They may hold keys of endpoints.
    write_secret(&home.settings(), text.as_bytes())?;
    let made = Made {
        home: home.folder().display().to_string(),
        peer: peer.peer(),
        signer,
        network_id: deployment.network_id,
    };
    printer.say("made; next: `williw register` locks stake for these keys, `williw run` starts the node");
    let text = format!(
        "home     {}\npeer     {}\nsigner   {}\nnetwork  {}",
        made.home, made.peer, made.signer, made.network_id
    );
    printer.result(&made, text);
    Ok(())
}

fn read_deployment(path: &Path) -> Result<Deployment, Failure> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(DEPLOYMENT_CAP).read_to_end(&mut text));
    read.map_err(|error| Failure::usage(format_args!("{} cannot be read: {error}", path.display())))?;
    let deployment: Deployment = serde_json::from_slice(&text).map_err(|error| {
        Failure::usage(format_args!("{} is no deployment: {error}", path.display()))
            .hint("expected what contracts/script/Deploy.s.sol writes to contracts/deployments")
    })?;
    let site = BaseSite { chain_id: deployment.chain_id, vault: deployment.vault.0 };
    let network = Network::new(&deployment.name, Some(site), None);
    let network = network.map_err(|fault| Failure::usage(format_args!("{}: {fault}", path.display())))?;
    if network.id() != deployment.network_id {
        return Err(Failure::usage(format_args!(
            "{}: its name, chain and vault make network {}, not {}",
            path.display(),
            network.id(),
            deployment.network_id
        ))
        .hint("the file was changed, or its network has a Solana half, which this node does not know yet"));
    }
    Ok(deployment)
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

/// A signer under a random password of its own. The password is written first: a keystore that nobody can open is worse
/// than a password for nothing.
fn signer_key(home: &Home, printer: &Printer) -> Result<Signer, Failure> {
    let (keystore, password_file) = (home.signer(), home.signer_password());
    if keystore.exists() && !password_file.exists() {
        return Err(Failure::usage(format_args!("{} is there without its password", keystore.display())).hint(
            format_args!("restore {}, or move the keystore away to have a new signer", password_file.display()),
        ));
    }
    match write_secret(&password_file, &random_password()?) {
        Err(KeyError::Exists { .. }) => {}
        written => written?,
    }
    let bytes = read_secret(&password_file)?;
    let password = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage(format_args!("{} is not text", password_file.display())))?
        .trim_end_matches(['\r', '\n']);
    let wallet = if keystore.exists() {
        printer.say(format_args!("keeping the signer that is there, {}", keystore.display()));
        Wallet::open(&keystore, password)
    } else {
        Wallet::create(&keystore, password)
    };
    let wallet = wallet.map_err(|error| Failure::usage(format_args!("{}: {error}", keystore.display())))?;
    Ok(wallet.signer())
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
