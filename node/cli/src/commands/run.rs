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

pub(crate) async fn run(flags: &flags::Run, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let secret = PeerKey::read(&home.peer())?.secret();
    log(flags.verbose)?;
    let failed = |error| Failure::new(ExitStatus::Failed, format_args!("signals cannot be heard: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let stop = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
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
    let start = Start { settings, secret, database: home.database() };
    Ok(Box::pin(williw_daemon::run(start, ready, stop)).await?)
}

/// Logs to stderr.
fn log(verbose: u8) -> Result<(), Failure> {
    let default = match verbose {
        // iroh warns of every connection that the door refuses, and strangers may knock as often as they like.
        0 => "warn,iroh::protocol=error,williw_daemon=info,williw_gossip=info",
        1 => "info,williw_daemon=debug,williw_gossip=debug,williw_chain=debug,williw_store=debug",
        _ => "debug",
    };
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) if !text.is_empty() => EnvFilter::try_new(text)
            .map_err(|_| Failure::usage("RUST_LOG is no filter").hint("try RUST_LOG=williw_gossip=debug"))?,
        _ => EnvFilter::new(default),
    };
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    Ok(())
}
