//! Asking Base and sending to it, as the commands do.

use serde::Serialize;
use williw_chain::base::{Base, Faults, OperatorSnapshot};
use williw_chain::send::{Outgoing, Receipt};
use williw_chain::verb::{Call, Verb};
use williw_core::identity::Account;
use williw_daemon::settings::Settings;

use crate::exit::Failure;
use crate::keys::Sender;
use crate::printer::Printer;

/// A reader of the chain that the settings name.
pub(crate) fn base(settings: &Settings) -> Result<Base, Failure> {
    Ok(Base::new(&settings.chain())?)
}

/// Says which endpoints were found at fault while others could be believed.
pub(crate) fn warn_of(faults: &Faults, printer: &Printer) {
    for (name, fault) in &faults.0 {
        printer.warn(format_args!("{name}: {fault}"));
    }
}

#[derive(Serialize)]
struct Unsigned {
    calls: Vec<UnsignedCall>,
}

#[derive(Serialize)]
struct UnsignedCall {
    what: String,
    to: String,
    value: String,
    data: String,
}

#[derive(Serialize)]
struct Sent {
    transactions: Vec<Transaction>,
}

#[derive(Serialize)]
struct Transaction {
    what: String,
    hash: String,
    block: u64,
}

/// Sends what carries the verb out and waits for it, or prints it for whoever will send it.
pub(crate) async fn carry_out(verb: &Verb, sender: &Sender, mut base: Base, printer: &Printer) -> Result<(), Failure> {
    let reading = base.calls(verb, sender.account()).await?;
    warn_of(&reading.faults, printer);
    let calls = reading.value;
    let Sender::Wallet(wallet) = sender else {
        print_unsigned(&calls, printer);
        return Ok(());
    };
    // Before it leaves: whoever is interrupted can look it up.
    let mut tell = |Outgoing { what, nonce, hash }: Outgoing<'_>| {
        printer.say(format_args!("sending: {what} (transaction {hash}, nonce {nonce})"));
    };
    match base.send(wallet, &calls, &mut tell).await {
        Ok(sent) => {
            warn_of(&sent.faults, printer);
            print_sent(&calls, &sent.receipts, printer);
            Ok(())
        }
        Err(interrupted) => {
            warn_of(&interrupted.faults, printer);
            if !interrupted.done.is_empty() {
                printer.say("not everything was done; this is mined and stays:");
                print_sent(&calls, &interrupted.done, printer);
            }
            Err((*interrupted.why).into())
        }
    }
}

fn print_unsigned(calls: &[Call], printer: &Printer) {
    let unsigned = |call: &Call| UnsignedCall {
        what: call.what.clone(),
        to: hex(&call.to),
        value: call.value.to_string(),
        data: hex(&call.data),
    };
    let calls: Vec<UnsignedCall> = calls.iter().map(unsigned).collect();
    let text = |UnsignedCall { what, to, value, data }: &UnsignedCall| {
        format!("{what}\n  to     {to}\n  value  {value}\n  data   {data}")
    };
    let text: Vec<String> = calls.iter().map(text).collect();
    printer.say("nothing was sent; send these in this order");
    printer.result(&Unsigned { calls }, text.join("\n"));
}

fn print_sent(calls: &[Call], receipts: &[Receipt], printer: &Printer) {
    let sent = |(call, receipt): (&Call, &Receipt)| Transaction {
        what: call.what.clone(),
        hash: receipt.hash.to_string(),
        block: receipt.block.0,
    };
    let transactions: Vec<Transaction> = calls.iter().zip(receipts).map(sent).collect();
    let text = |Transaction { what, hash, block }: &Transaction| format!("{hash}  block {block}  {what}");
    let text: Vec<String> = transactions.iter().map(text).collect();
    printer.result(&Sent { transactions }, text.join("\n"));
}

/// The bytes as `0x` and hex.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every line");
        text
    })
}

/// An operator as it stands now, before its last change is final: whoever has to replace a stolen key cannot wait.
pub(crate) async fn operator(base: &mut Base, owner: Account, printer: &Printer) -> Result<OperatorSnapshot, Failure> {
    let reading = base.operator_at_tip(owner).await?;
    warn_of(&reading.faults, printer);
    Ok(reading.value)
}
