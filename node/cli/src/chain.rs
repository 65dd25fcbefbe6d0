//! Asking Base and sending to it, as the commands do.

use serde::Serialize;
use williw_chain::base::{Base, Faults, OperatorSnapshot};
use williw_chain::verb::{Call, Verb};
use williw_core::identity::Account;
use williw_core::outbox::{Purpose, Stage};
use williw_daemon::outbox::{self, Dispatch, Moment, OutboxError, Outgoing, Pace, Receipt};
use williw_daemon::settings::Settings;

use crate::exit::Failure;
use crate::home::Home;
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
    intent: u64,
}

impl Transaction {
    fn of(what: &str, receipt: &Receipt) -> Self {
        let Receipt { intent, hash, block } = receipt;
        Self { what: what.to_owned(), hash: hash.to_string(), block: block.0, intent: intent.0 }
    }
}

/// Sends what carries the verb out and waits for it, or prints it for whoever will send it.
pub(crate) async fn carry_out(
    verb: &Verb,
    sender: &Sender,
    mut base: Base,
    (home, settings): (&Home, &Settings),
    printer: &Printer,
) -> Result<(), Failure> {
    let Sender::Wallet(wallet) = sender else {
        let reading = base.calls(verb, sender.account()).await?;
        warn_of(&reading.faults, printer);
        print_unsigned(&reading.value, printer);
        return Ok(());
    };
    let opened = outbox::open(&home.database(), settings, &mut base).await?;
    warn_of(&opened.faults, printer);
    let mut tell = |moment: Moment<'_>| say(moment, printer);
    let mut dispatch = Dispatch::claim(&mut base, &opened.value, wallet.account(), Pace::USUAL, &mut tell).await?;
    // Before it is asked what the verb takes: an approval that was left behind changes that.
    let taken_up = dispatch.take_up(Some(wallet)).await;
    warn_of(&dispatch.take_faults(), printer);
    taken_up?;
    // And before what it takes is looked for: whoever has staked all tokens has none left to do it again.
    let own = verb.call(settings.chain().vault)?;
    match dispatch.refuse_what_was_asked(&[own]).await {
        Err(OutboxError::AskedBefore { receipt, what, stage }) => {
            return tell_of(&receipt, &what, &stage, &mut dispatch, printer).await;
        }
        asked => asked?,
    }
    let reading = dispatch.base().calls(verb, wallet.account()).await?;
    warn_of(&reading.faults, printer);
    let calls = reading.value;
    let done = match dispatch.send(wallet, &calls).await {
        Ok(sent) => {
            warn_of(&sent.faults, printer);
            print_sent(&calls, &sent.receipts, printer);
            sent.receipts
        }
        Err(interrupted) => {
            warn_of(&interrupted.faults, printer);
            if let OutboxError::AskedBefore { receipt, what, stage } = &*interrupted.why {
                return tell_of(receipt, what, stage, &mut dispatch, printer).await;
            }
            if !interrupted.done.is_empty() {
                printer.say("not everything was done; this is mined and stays:");
                print_sent(&calls, &interrupted.done, printer);
                if let Err(error) = told(&interrupted.done, &mut dispatch, printer).await {
                    printer.warn(format_args!("asked again, this will be told once more: {error}"));
                }
            }
            return Err((*interrupted.why).into());
        }
    };
    Ok(told(&done, &mut dispatch, printer).await?)
}

/// Writes down who knows that these happened, after it was printed: what nobody could read is told before it is done again.
async fn told(done: &[Receipt], dispatch: &mut Dispatch<'_>, printer: &Printer) -> Result<(), OutboxError> {
    if printer.was_read() { dispatch.told(done).await } else { Ok(()) }
}

/// Answers with what was done before, and sends nothing. Whoever repeats a command until it succeeds has what they wanted.
async fn tell_of(
    receipt: &Receipt,
    what: &str,
    stage: &Stage,
    dispatch: &mut Dispatch<'_>,
    printer: &Printer,
) -> Result<(), Failure> {
    asked_before(receipt, stage, printer);
    print_done(vec![Transaction::of(what, receipt)], printer);
    Ok(told(&[*receipt], dispatch, printer).await?)
}

/// Says that nothing was sent, because the same was done and nobody knew.
pub(crate) fn asked_before(receipt: &Receipt, stage: &Stage, printer: &Printer) {
    let intent = receipt.intent;
    printer.say(format_args!(
        "this was asked before and nobody was told: intent {intent} is {stage}; nothing new was sent"
    ));
    printer.say("hint: if you want it twice, ask again");
}

/// Says what goes on while somebody waits.
pub(crate) fn say(moment: Moment<'_>, printer: &Printer) {
    match moment {
        // Before it leaves: whoever is interrupted can look it up.
        Moment::Leaving(Outgoing { what, nonce, hash, attempt, purpose, .. }) => {
            let again = match (purpose, attempt) {
                (Purpose::Cancel, _) => "to cancel: ",
                (Purpose::Call, 1) => "",
                (Purpose::Call, _) => "at a higher fee: ",
            };
            printer.say(format_args!("sending: {again}{what} (transaction {hash}, nonce {nonce})"));
        }
        Moment::NotRaised(intent, why) => {
            printer.say(format_args!("intent {intent} is not sent at a higher fee: {why}"))
        }
        Moment::Intended(_)
        | Moment::Drafted(_)
        | Moment::Signed(_)
        | Moment::Sent(_)
        | Moment::Seen(..)
        | Moment::Noted(..) => {}
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
    let sent = calls.iter().zip(receipts).map(|(call, receipt)| Transaction::of(&call.what, receipt));
    print_done(sent.collect(), printer);
}

fn print_done(transactions: Vec<Transaction>, printer: &Printer) {
    let text = |Transaction { what, hash, block, .. }: &Transaction| format!("{hash}  block {block}  {what}");
    let text: Vec<String> = transactions.iter().map(text).collect();
    printer.result(&Sent { transactions }, text.join("\n"));
}

/// The bytes as `0x` and hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
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
