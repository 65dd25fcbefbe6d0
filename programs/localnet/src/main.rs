//! Solana on loopback, with commitments that mean something.
//!
//! A node believes nothing of Solana that is not final, so it can only be tested on a chain on which things become
//! final: not at once, not under another label, and sometimes not at all. Here a transaction is executed in the slot in
//! which it comes, and everything that it changed is kept under that slot. What an endpoint answers at a commitment is
//! what was at the slot that stands for it: `processed` is the newest one, `confirmed` has one block above it,
//! `finalized` has 32. A slot can be held back, and it can be taken back.
//!
//! The SVM is that of the tests (LiteSVM), with mainnet's features. [`chain`] keeps what happened, [`face`] is an
//! endpoint with its lies, [`rpc`] spells answers, [`server`] and [`socket`] carry them. There is no stake, no vote and
//! no other validator, and nothing outlives the process.
//!
//! # Starting it
//!
//! `williw-localnet` prints one line when it can be asked, `{"rpc", "ws", "rpcs": [..], "wss": [..], "genesis",
//! "slot"}`, and ends when its input ends or on SIGTERM. `rpc` and `ws` are those of the first face. A websocket
//! listens on the port above its HTTP. Flags are in [`settings`]. The first slot is 1000 and the first height 700; 64
//! blocks are there from the start.
//!
//! # Solana's methods
//!
//! `getAccountInfo`, `getBalance`, `getMultipleAccounts`, `getProgramAccounts` (`memcmp`, `dataSize`, `dataSlice`,
//! `withContext`), `getTokenAccountBalance`, `getMinimumBalanceForRentExemption`; `getSlot`, `getBlockHeight`,
//! `getBlockTime`, `getEpochInfo`, `getEpochSchedule`, `getGenesisHash`, `getFirstAvailableBlock`, `getHealth`,
//! `getTransactionCount`, `getVersion`; `getClusterNodes`, `getSlotLeaders`, `getVoteAccounts` of a cluster of one;
//! `getLatestBlockhash`, `isBlockhashValid`, `getFeeForMessage`, `getRecentPrioritizationFees`;
//! `getSignaturesForAddress`, `getSignatureStatuses`, `getTransaction` (`json`, `base64`, `base58`); `sendTransaction`,
//! `simulateTransaction`, `requestAirdrop`. By websocket: `logsSubscribe`, `accountSubscribe`, `signatureSubscribe`,
//! `slotSubscribe`, `slotsUpdatesSubscribe`.
//!
//! Errors have the codes and words of a validator, `minContextSlot` (-32016) among them. Where no commitment is asked
//! for it is `finalized`, the preflight of `sendTransaction` included: a blockhash that is not final yet needs
//! `preflightCommitment`. Without a preflight a transaction that cannot be executed is answered with its signature and
//! thrown away, as a validator does. A blockhash is valid for 150 blocks after its own, and a transaction with it is
//! still executed in the block after those. Durable nonces are not known, and such transactions are refused. A program
//! can be called from the slot after the one that it came in; who calls it sooner waits for that slot.
//!
//! # Control
//!
//! JSON-RPC methods on the same ports, with one object as parameters (by itself, or alone in a list). A key is the 64
//! numbers of a keypair file. Those that change endpoints, or time, answer with the same as `localnet_state`.
//!
//! - `localnet_airdrop {address, lamports}` -> `{signature}`
//! - `localnet_mint {decimals, mint?: key or address, tokenProgram?}` -> `{mint}`; the authority is the faucet
//! - `localnet_fund {mint, owner, amount}` -> `{account}`: the associated account, made if need be
//! - `localnet_deploy {program: key or address, so: path, authority: key or address}` -> `{program, programData,
//!   slot}`: by transactions of the upgradeable loader, after which a slot ends. At an address without a key accounts
//!   are written instead.
//! - `localnet_advance {slots?, seconds?}`: so many slots pass (one, if nothing is said), and so much time. `seconds`
//!   alone lets as many slots pass as fit. Of a jump only the last 300 slots have blocks: all blockhashes from before
//!   it expire, and everything from before it is final, unless it is held.
//! - `localnet_hold {commitment: "confirmed" or "finalized", at?: slot, face?}`: nothing above that slot is shown at
//!   that commitment; without a slot, nothing above what is shown now. `finalized` is never above `confirmed`.
//! - `localnet_release {commitment, face?}`; `localnet_release_all {face?}` ends what is held, withheld, late and lost
//! - `localnet_revert {toSlot, force?}`: slots above are gone. Accounts are as they were, transactions are unknown and
//!   can be sent again, blockhashes of those slots too. A new slot begins with a number that was never used; time goes
//!   on. What some endpoint showed as final is only taken back with `force`.
//! - `localnet_withhold {signature? | account?, face?}`: left out of every answer
//! - `localnet_history_lag {slots, face?}`: `getSignaturesForAddress` and `getTransaction` know nothing of the newest
//!   so many slots, whatever the commitment. That is no lie: a validator answers them from a store that it writes when
//!   accounts and statuses can be seen already. Those come at once here too. 0 ends it.
//! - `localnet_drop {next, face?}`: the next transactions are answered with their signature and thrown away;
//!   `localnet_mute {next, face?}`: they are executed, and the connection breaks before the answer; `localnet_delay
//!   {next, slots, face?}`: they are executed so many slots later, if they still can be
//! - `localnet_lie {kind, .., face?}`, see [`face::Lie`]; lies add up until `honest`: `omit_operator {account}`,
//!   `old_set {slot}`, `mixed {account, slot}`, `forged {account, owner?, lamports?, data?: base 64}`, `wrong_genesis`,
//!   `down`, `slow {ms}`, `hide_history {account}`, `pruned {before_slot}`, `hole {from_slot, through_slot}`,
//!   `silent_tail`, `invented {signature, slot, accounts: [..], transaction}`, `false_status {signature, status?}`,
//!   `false_answer {method, result}`, `honest`
//! - `localnet_state {}` -> `{slot, height, time, blockhash, faces: [{confirmed, finalized}, ..]}`
//!
//! Whoever talks to a face that is `down` cannot call it to be honest again; another face can, with `face`.

mod chain;
mod deploy;
mod engine;
mod face;
mod faucet;
mod rpc;
mod server;
mod settings;
mod socket;
mod tokens;

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use chain::{Chain, Pace};
use face::{Commitment, Face};
use rpc::Network;
use server::Localnet;
use settings::Settings;

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().skip(1).any(|argument| ["-h", "--help"].contains(&argument.as_str())) {
        println!("{}", settings::USAGE);
        return ExitCode::SUCCESS;
    }
    let settings = match Settings::parse(std::env::args().skip(1)) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("error: {error}\nhint: williw-localnet --help");
            return ExitCode::from(2);
        }
    };
    end_on_panic();
    match run(&settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// After a panic nobody knows what the chain is like, so there is none any more.
fn end_on_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(101);
    }));
}

async fn run(settings: &Settings) -> std::io::Result<()> {
    let chain = Chain::new(settings.genesis, Pace { slot_ms: settings.slot_ms }, settings.time_ms);
    let mut network = Network { chain, faces: (0..settings.faces).map(|_| Face::new(settings.depths)).collect() };
    network.settle();
    let slot = network.view(0, Commitment::Processed).slot;
    let localnet = Localnet::new(network);

    let (mut rpcs, mut wss) = (Vec::new(), Vec::new());
    for face in 0..settings.faces {
        let (http, ws) = ports(settings).await?;
        rpcs.push(format!("http://{}", http.local_addr()?));
        wss.push(format!("ws://{}", ws.local_addr()?));
        tokio::spawn(server::listen(localnet.clone(), face, http, server::serve_http));
        tokio::spawn(server::listen(localnet.clone(), face, ws, socket::serve));
    }
    // Before anybody can know that it runs, and so end it.
    let signals = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let genesis = settings.genesis.to_string();
    let line = json!({ "rpc": rpcs[0], "ws": wss[0], "rpcs": rpcs, "wss": wss, "genesis": genesis, "slot": slot });
    println!("{line}");
    tokio::select! {
        () = time(localnet, settings) => {}
        ended = input_ends() => ended?,
        () = terminated(signals) => {}
    }
    Ok(())
}

async fn time(localnet: Arc<Localnet>, settings: &Settings) {
    if settings.manual {
        std::future::pending::<()>().await;
    }
    match server::pass_time(localnet, Duration::from_millis(settings.slot_ms)).await {}
}

/// Two listeners on loopback, the second one on the port above the first where that is free: Solana's clients look for
/// the websocket there.
async fn ports(settings: &Settings) -> std::io::Result<(TcpListener, TcpListener)> {
    const TRIES: usize = 20;
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    if let Some(ws_port) = settings.ws_port {
        return Ok((bind(settings.port).await?, bind(ws_port).await?));
    }
    for _ in 0..TRIES {
        let http = bind(settings.port).await?;
        let Some(above) = http.local_addr()?.port().checked_add(1) else { continue };
        match bind(above).await {
            Ok(ws) => return Ok((http, ws)),
            Err(error) if settings.port != 0 => return Err(error),
            Err(_) => {}
        }
    }
    Err(std::io::Error::other(format!("no two free ports in a row in {TRIES} tries")))
}

/// Whoever started it is gone, or wants no more of it.
async fn input_ends() -> std::io::Result<()> {
    // A thread of its own, because a read that waits cannot be called off: it would keep the runtime from ending.
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let read = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        // Nobody may be waiting any more.
        let _ = ended.send(read.map(drop));
    });
    end.await.expect("the thread sends before it ends")
}

async fn terminated((mut term, mut int): (Signal, Signal)) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
