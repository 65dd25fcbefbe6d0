//! Asking the chains and sending to them, as the commands do.

use serde::Serialize;
use williw_chain::address;
use williw_chain::base::{Base, Deployment};
use williw_chain::snapshot::OperatorSnapshot;
use williw_chain::solana::Solana;
use williw_chain::solana::send as unsigned;
use williw_chain::verb::{Call, Verb};
use williw_chain::{Chain, Faults, Reading};
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::outbox::{Pin, Purpose, Stage};
use williw_daemon::outbox::{self, Dispatch, Lane, Moment, OutboxError, Outgoing, Pace, Receipt};
use williw_daemon::settings::Settings;

use crate::exit::Failure;
use crate::flags;
use crate::home::Home;
use crate::keys::Sender;
use crate::printer::Printer;

/// A reader of a chain that the settings name.
pub(crate) enum Reader {
    Base(Box<Base>),
    Solana(Box<Solana>),
}

impl Reader {
    pub(crate) fn new(chain: ChainId, settings: &Settings) -> Result<Self, Failure> {
        let absent = || Failure::usage(format_args!("this network is not on {chain}"));
        match chain {
            ChainId::Base => Ok(Self::Base(Box::new(Base::new(&settings.of_base().ok_or_else(absent)?)?))),
            ChainId::Solana => Ok(Self::Solana(Box::new(Solana::new(&settings.of_solana().ok_or_else(absent)?)?))),
        }
    }

    pub(crate) fn lane(&mut self) -> Lane<'_> {
        match self {
            Self::Base(base) => Lane::Base(base),
            Self::Solana(solana) => Lane::Solana(solana),
        }
    }

    pub(crate) async fn deployment(&mut self) -> Result<Reading<Deployment>, Failure> {
        Ok(match self {
            Self::Base(base) => Chain::deployment(&mut **base).await?,
            Self::Solana(solana) => Chain::deployment(&mut **solana).await?,
        })
    }

    /// An operator as it stands now, before its last change is final: whoever has to replace a stolen key cannot wait.
    pub(crate) async fn operator(&mut self, owner: Account, printer: &Printer) -> Result<OperatorSnapshot, Failure> {
        let reading = match self {
            Self::Base(base) => base.operator_at_tip(owner).await?,
            Self::Solana(solana) => solana.operator_at_tip(owner).await?,
        };
        warn_of(&reading.faults, printer);
        Ok(reading.value)
    }
}

/// The chain that the flags name, or the only one there is.
pub(crate) fn chosen(flags: &flags::Account, settings: &Settings) -> Result<ChainId, Failure> {
    let there: Vec<ChainId> = settings.chains().collect();
    match (flags.chain.map(ChainId::from), &there[..]) {
        (Some(chain), there) if there.contains(&chain) => Ok(chain),
        (Some(chain), _) => Err(Failure::usage(format_args!("this network is not on {chain}"))
            .hint("its chains are the sections of williw.toml")),
        (None, [only]) => Ok(*only),
        (None, _) => Err(Failure::usage("this network is on both chains, and which one is meant is not said")
            .hint("add --chain base or --chain solana")),
    }
}

/// An account that was typed, if it is one of this chain.
pub(crate) fn on_same(typed: Option<Owner>, chain: ChainId) -> Result<Option<Account>, Failure> {
    match typed {
        Some(Owner { chain: other, .. }) if other != chain => {
            Err(Failure::usage(format_args!("that is an address of {other}, not of {chain}")))
        }
        typed => Ok(typed.map(|owner| owner.account)),
    }
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
struct UnsignedTransactions {
    transactions: Vec<UnsignedTransaction>,
}

#[derive(Serialize)]
struct UnsignedTransaction {
    what: String,
    /// In base64, without signatures and with a blockhash of zeros.
    transaction: String,
    /// Its message in base58, as Squads imports it.
    message: String,
    instructions: Vec<UnsignedInstruction>,
}

#[derive(Serialize)]
struct UnsignedInstruction {
    program: String,
    accounts: Vec<UnsignedAccount>,
    data: String,
}

#[derive(Serialize)]
struct UnsignedAccount {
    address: String,
    signer: bool,
    writable: bool,
}

impl UnsignedInstruction {
    fn of(instruction: unsigned::UnsignedInstruction) -> Self {
        let account = |account: &unsigned::NamedAccount| UnsignedAccount {
            address: account.address.base58(),
            signer: account.is_signer,
            writable: account.is_writable,
        };
        Self {
            program: instruction.program.base58(),
            accounts: instruction.accounts.iter().map(account).collect(),
            data: hex(&instruction.data),
        }
    }
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
        let Receipt { intent, name, block } = receipt;
        Self { what: what.to_owned(), hash: name.to_string(), block: block.0, intent: intent.0 }
    }
}

/// Sends what carries the verb out and waits for it, or prints it for whoever will send it.
pub(crate) async fn carry_out(
    verb: &Verb,
    sender: &Sender,
    mut reader: Reader,
    (home, settings): (&Home, &Settings),
    printer: &Printer,
) -> Result<(), Failure> {
    let Sender::Key(key) = sender else {
        let reading = reader.lane().calls(verb, sender.account()).await?;
        warn_of(&reading.faults, printer);
        return print_unsigned(&reading.value, sender.owner(), printer);
    };
    let payer = key.payer();
    let opened = outbox::open(&home.database(), settings).await?;
    warn_of(&opened.faults, printer);
    let mut tell = |moment: Moment<'_>| say(moment, printer);
    let pace = Pace::of(payer.chain());
    let mut dispatch = Dispatch::claim(reader.lane(), &opened.value, payer.account(), pace, &mut tell).await?;
    // Before it is asked what the verb takes: an approval that was left behind changes that.
    let taken_up = dispatch.take_up(Some(payer)).await;
    warn_of(&dispatch.take_faults(), printer);
    taken_up?;
    // And before what it takes is looked for: whoever has staked all tokens has none left to do it again.
    let own = dispatch.lane().own_call(verb, payer.account()).await?;
    warn_of(&own.faults, printer);
    match dispatch.refuse_what_was_asked(&[own.value]).await {
        Err(OutboxError::AskedBefore { receipt, what, stage }) => {
            return tell_of(&receipt, &what, &stage, &mut dispatch, printer).await;
        }
        asked => asked?,
    }
    let reading = dispatch.lane().calls(verb, payer.account()).await?;
    warn_of(&reading.faults, printer);
    let calls = reading.value;
    let done = match dispatch.send(payer, &calls).await {
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
        Moment::Leaving(Outgoing { what, pin, name, attempt, purpose, .. }) => {
            let again = match (purpose, attempt) {
                (Purpose::Cancel, _) => "to cancel: ",
                (Purpose::Call, 1) => "",
                (Purpose::Call, _) => "at a higher fee: ",
            };
            let pinned = match pin {
                Pin::Nonce(nonce) => format!("nonce {nonce}"),
                Pin::Blockhash { last_valid, .. } => format!("through block height {last_valid} or never"),
            };
            printer.say(format_args!("sending: {again}{what} (transaction {name}, {pinned})"));
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

fn print_unsigned(calls: &[Call], from: Owner, printer: &Printer) -> Result<(), Failure> {
    match from.chain {
        ChainId::Base => print_calldata(calls, printer),
        ChainId::Solana => print_transactions(calls, from.account, printer)?,
    }
    Ok(())
}

fn print_calldata(calls: &[Call], printer: &Printer) {
    let unsigned = |call: &Call| UnsignedCall {
        what: call.what.clone(),
        to: address_of(call.to),
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

/// An address of Base without capitals, as other programs compare it.
fn address_of(account: Account) -> String {
    address::shown(account).to_lowercase()
}

fn print_transactions(calls: &[Call], from: Account, printer: &Printer) -> Result<(), Failure> {
    let mut transactions = Vec::new();
    for call in calls {
        let unsigned::Unsigned { transaction, message, instructions } = unsigned::unsigned(call, from)?;
        let instructions = instructions.into_iter().map(UnsignedInstruction::of).collect();
        transactions.push(UnsignedTransaction { what: call.what.clone(), transaction, message, instructions });
    }
    let text = |unsigned: &UnsignedTransaction| {
        let UnsignedTransaction { what, transaction, message, .. } = unsigned;
        format!("{what}\n  transaction  {transaction}\n  message      {message}")
    };
    let text: Vec<String> = transactions.iter().map(text).collect();
    printer.say("nothing was sent; whoever signs this puts a fresh blockhash in");
    printer.result(&UnsignedTransactions { transactions }, text.join("\n"));
    Ok(())
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
