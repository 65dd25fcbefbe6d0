//! `williw run`

use std::io::IsTerminal as _;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use williw_daemon::keys::PeerKey;
use williw_daemon::{Ready, Start};

use crate::exit::{ExitStatus, Failure};
use crate::flags;
use crate::home::Home;
use crate::printer::Printer;
use crate::signers::{finish, wallets};

/// How a shell sees a program that an interrupt ended.
const IMPATIENT: i32 = 130;

pub(crate) async fn run(flags: &flags::Run, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let secret = PeerKey::read(&home.peer())?.secret();
    finish(home, settings.network.id()).await?;
    let signers = wallets(home)?;
    log(flags.verbose)?;
    let failed = |error| Failure::new(ExitStatus::Failed, format_args!("signals cannot be heard: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let stop = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        // Asked once it ends in order; asked twice, at once. What counts is in the database either way.
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            std::process::exit(IMPATIENT);
        });
    };
    let ready = |ready: &Ready| {
        printer.event(&json!({
            "event": "ready",
            "peer": ready.peer,
            "network": ready.network,
            "gossip": ready.gossip,
            "http": ready.http,
        }));
        if !printer.is_json() {
            printer.say(format_args!("serving as {}; see http://{}/v1/status", ready.peer, ready.http));
        }
    };
    let start = Start { settings, secret, signers, guard: home.guard(), database: home.database() };
    Ok(Box::pin(williw_daemon::run(start, ready, stop)).await?)
}

/// Logs to stderr. However much is asked for, nothing says addresses of endpoints, which hold keys: the libraries below the
/// http client print whole requests.
fn log(verbose: u8) -> Result<(), Failure> {
    let default = match verbose {
        // The libraries of the network warn of whatever strangers send, and those may send as much as they like.
        0 => {
            "warn,iroh=error,iroh_gossip=error,noq=error,noq_proto=error,noq_udp=error,williw_daemon=info,williw_gossip=info"
        }
        1 => "info,williw_daemon=debug,williw_gossip=debug,williw_chain=debug,williw_store=debug",
        _ => "debug",
    };
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) if !text.is_empty() => EnvFilter::try_new(text)
            .map_err(|_| Failure::usage("RUST_LOG is no filter").hint("try RUST_LOG=williw_gossip=debug"))?,
        _ => EnvFilter::new(default),
    };
    let quiet = |filter: EnvFilter, target: &str| {
        filter.add_directive(format!("{target}=info").parse().expect("it is a directive"))
    };
    let filter = ["hyper", "hyper_util", "reqwest"].into_iter().fold(filter, quiet);
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    Ok(())
}
