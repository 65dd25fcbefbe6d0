//! `williw`: flags in, data out. Whatever decides lives in the crates below; here it is asked and its answer printed.
//!
//! Data goes to stdout and words to stderr, so that one can be piped and the other read. How a command ended is in its exit
//! code ([`exit`]), and every error that a person can do something about says what.

mod amount;
mod chain;
mod commands;
mod deployment;
mod exit;
mod flags;
mod home;
mod keys;
mod node;
mod printer;
mod queue;
mod signers;
mod utc;

use std::process::ExitCode;

use flags::{Command, Flags};
use home::Home;
use printer::Printer;

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::typed();
    let printer = Printer::new(flags.json);
    let done = Home::find(flags.home.clone());
    let done = match done {
        Ok(home) => run(flags.command, &home, &printer).await,
        Err(failure) => Err(failure),
    };
    match done.and_then(|()| printer.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            printer.failure(&failure);
            failure.status.into()
        }
    }
}

async fn run(command: Command, home: &Home, printer: &Printer) -> Result<(), exit::Failure> {
    match command {
        Command::Init(arguments) => commands::init::init(arguments, home, printer).await,
        Command::Run(arguments) => commands::run::run(&arguments, home, printer).await,
        Command::Status => commands::status::status(home, printer).await,
        Command::Peers => commands::peers::peers(home, printer).await,
        Command::Operator(arguments) => commands::operator::operator(arguments, home, printer).await,
        Command::Register(arguments) => commands::stake::register(arguments, home, printer).await,
        Command::Stake(arguments) => commands::stake::stake(arguments, home, printer).await,
        Command::Unstake(arguments) => commands::stake::unstake(arguments, home, printer).await,
        Command::Restake(arguments) => commands::stake::restake(arguments, home, printer).await,
        Command::Withdraw(arguments) => commands::stake::withdraw(arguments, home, printer).await,
        Command::Rotate(arguments) => commands::stake::rotate(arguments, home, printer).await,
        Command::Unjail(arguments) => commands::jail::unjail(arguments, home, printer).await,
        Command::Slash(arguments) => commands::slash::slash(arguments, home, printer).await,
        Command::Collect(arguments) => commands::slash::collect(arguments, home, printer).await,
        Command::Guard { command } => commands::guard::guard(command, home, printer).await,
        Command::Keys { command } => commands::keys::keys(command, home, printer).await,
        Command::Outbox(arguments) => commands::outbox::outbox(arguments, home, printer).await,
        Command::Deploy(arguments) => commands::deploy::deploy(arguments, printer).await,
        Command::Completions { shell } => {
            printer.completions(shell);
            Ok(())
        }
    }
}
