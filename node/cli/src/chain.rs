//! Asking the chains and sending to them, as the commands do.

use williw_chain::address;
use williw_chain::base::{Base, ChainError, Deployment};
use williw_chain::snapshot::OperatorSnapshot;
use williw_chain::solana::Solana;
use williw_chain::verb::Verb;
use williw_chain::wallet::Payer;
use williw_chain::{Chain, Faults, Reading};
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::outbox::{Outcome, Pin, Place, Purpose, Stage, StageOn};
use williw_daemon::outbox::{self, Dispatch, Lane, Moment, OutboxError, Outgoing, Pace, Receipt, Tell};
use williw_daemon::settings::Settings;
use williw_store::{INTENTS_CAP, Intent, Outbox, Which};

use crate::exit::Failure;
use crate::flags;
use crate::home::Home;
use crate::keys::Sender;
use crate::printer::Printer;
use crate::queue::made_by;

mod sent;
mod unsigned;

use sent::Sent;

/// What is waited for while something is sent.
pub(crate) const UNTIL_SENT: &str = "until the endpoints agree that it is in a block";

/// How many intents are named that come first.
const NAMED_CAP: usize = 4;

/// A reader of a chain that the settings name.
pub(crate) enum Reader {
    Base(Box<Base>),
    Solana(Box<Solana>),
}

impl Reader {
    pub(crate) fn new(chain: ChainId, settings: &Settings) -> Result<Self, Failure> {
        let absent = || Failure::usage(format_args!("this network is not on {chain}"));
        let made = match chain {
            ChainId::Base => Base::new(&settings.of_base().ok_or_else(absent)?).map(|base| Self::Base(Box::new(base))),
            ChainId::Solana => {
                Solana::new(&settings.of_solana().ok_or_else(absent)?).map(|solana| Self::Solana(Box::new(solana)))
            }
        };
        made.map_err(|error| Failure::of(chain, error))
    }

    pub(crate) fn lane(&mut self) -> Lane<'_> {
        match self {
            Self::Base(base) => Lane::Base(base),
            Self::Solana(solana) => Lane::Solana(solana),
        }
    }

    pub(crate) async fn deployment(&mut self) -> Result<Reading<Deployment>, Failure> {
        let (chain, deployment) = match self {
            Self::Base(base) => (ChainId::Base, Chain::deployment(&mut **base).await),
            Self::Solana(solana) => (ChainId::Solana, Chain::deployment(&mut **solana).await),
        };
        deployment.map_err(|error| Failure::of(chain, error))
    }

    /// An operator as it stands now, before its last change is final: whoever has to replace a stolen key cannot wait.
    pub(crate) async fn operator(&mut self, owner: Account, printer: &Printer) -> Result<OperatorSnapshot, Failure> {
        let mut lane = self.lane();
        let reading = operator_at_tip(&mut lane, owner).await.map_err(|error| Failure::of(lane.chain(), error))?;
        warn_of(&reading.faults, printer);
        Ok(reading.value)
    }
}

/// An operator as a quorum has it now.
pub(crate) async fn operator_at_tip(
    lane: &mut Lane<'_>,
    owner: Account,
) -> Result<Reading<OperatorSnapshot>, ChainError> {
    match lane {
        Lane::Base(base) => base.operator_at_tip(owner).await,
        Lane::Solana(solana) => solana.operator_at_tip(owner).await,
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

/// Sends what carries the verb out and waits for it, or prints it for whoever will send it.
pub(crate) async fn carry_out(
    verb: &Verb,
    sender: &Sender,
    mut reader: Reader,
    (home, settings): (&Home, &Settings),
    printer: &Printer,
) -> Result<(), Failure> {
    let failed = |error: OutboxError| Failure::of(sender.owner().chain, error);
    let Sender::Key(key) = sender else {
        let reading = reader.lane().calls(verb, sender.account()).await.map_err(|error| failed(error.into()))?;
        warn_of(&reading.faults, printer);
        return unsigned::print(&reading.value, sender.owner(), printer);
    };
    let opened = outbox::open(&home.database(), settings).await?;
    warn_of(&opened.faults, printer);
    send(verb, key.payer(), reader.lane(), &opened.value, printer).await.map_err(failed)
}

/// Takes up what was left of the account, and then does what is asked for, if that was not done already.
async fn send(
    verb: &Verb,
    payer: Payer<'_>,
    lane: Lane<'_>,
    outbox: &Outbox,
    printer: &Printer,
) -> Result<(), OutboxError> {
    let mut tell = |moment: Moment<'_>| say(moment, printer);
    let mut dispatch = claim(lane, outbox, payer.account(), &mut tell, printer).await?;
    // Before it is asked what the verb takes: an approval that was left behind changes that.
    let left = left_of(payer, outbox).await?;
    let taken_up = printer.meanwhile(left, dispatch.take_up(Some(payer))).await;
    warn_of(&dispatch.take_faults(), printer);
    taken_up?;
    // And before what it takes is looked for: whoever has staked all tokens has none left to do it again.
    let own = dispatch.lane().own_call(verb, payer.account()).await?;
    warn_of(&own.faults, printer);
    match dispatch.refuse_what_was_asked(&[own.value]).await {
        Err(OutboxError::AskedBefore { receipt, what, stage }) => {
            return tell_of(&receipt, &what, &stage, verb, (payer, &mut dispatch), printer).await;
        }
        asked => asked?,
    }
    let reading = dispatch.lane().calls(verb, payer.account()).await?;
    warn_of(&reading.faults, printer);
    let calls = reading.value;
    match printer.meanwhile(UNTIL_SENT, dispatch.send(payer, &calls)).await {
        Ok(done) => {
            warn_of(&done.faults, printer);
            let entry = made_by(verb, payer.account(), &done.receipts, &mut dispatch, printer).await;
            Sent::of(payer.chain(), &calls, &done.receipts).with(entry).print(printer);
            told(&done.receipts, &mut dispatch, printer).await
        }
        Err(interrupted) => {
            warn_of(&interrupted.faults, printer);
            if let OutboxError::AskedBefore { receipt, what, stage } = &*interrupted.why {
                return tell_of(receipt, what, stage, verb, (payer, &mut dispatch), printer).await;
            }
            if !interrupted.done.is_empty() {
                printer.say("not everything was done; this is mined and stays:");
                Sent::of(payer.chain(), &calls, &interrupted.done).print(printer);
                if let Err(error) = told(&interrupted.done, &mut dispatch, printer).await {
                    printer.warn(format_args!("asked again, this will be told once more: {error}"));
                }
            }
            Err(*interrupted.why)
        }
    }
}

/// The outbox of an account, once nobody else is at work with it.
pub(crate) async fn claim<'a>(
    lane: Lane<'a>,
    outbox: &'a Outbox,
    account: Account,
    tell: &'a mut Tell<'a>,
    printer: &Printer,
) -> Result<Dispatch<'a>, OutboxError> {
    let chain = lane.chain();
    let others = format!("another process is at work with {}", address::shown_on(chain, account));
    printer.meanwhile(others, Dispatch::claim(lane, outbox, account, Pace::of(chain), tell)).await
}

/// What of an account is gone after before anything new is done, for whoever waits behind it.
async fn left_of(payer: Payer<'_>, outbox: &Outbox) -> Result<String, OutboxError> {
    let which = Which { unsettled: true, account: Some((payer.chain(), payer.account())) };
    let mut left = outbox.intents(which, INTENTS_CAP).await?;
    left.retain(|intent| matches!(intent.stage, Stage::Signed(_) | Stage::Spent(..)));
    let words = |intent: &Intent| format!("intent {} ({})", intent.id, intent.call.what);
    let named: Vec<String> = left.iter().rev().take(NAMED_CAP).map(words).collect();
    Ok(match left.len() {
        0 => "until the endpoints agree on what became of what was asked before".to_owned(),
        1..=NAMED_CAP => format!("what was asked before comes first: {}", named.join(", ")),
        more => format!("what was asked before comes first: {} and {} more", named.join(", "), more - NAMED_CAP),
    })
}

/// Writes down who knows that these happened, after it was printed: what nobody could read is told before it is done again.
async fn told(done: &[Receipt], dispatch: &mut Dispatch<'_>, printer: &Printer) -> Result<(), OutboxError> {
    if printer.was_read() { dispatch.told(done).await } else { Ok(()) }
}

/// Answers with what was done before, and sends nothing. Whoever repeats a command until it succeeds has what they wanted.
async fn tell_of(
    receipt: &Receipt,
    what: &str,
    stage: &StageOn,
    verb: &Verb,
    (payer, dispatch): (Payer<'_>, &mut Dispatch<'_>),
    printer: &Printer,
) -> Result<(), OutboxError> {
    asked_before(receipt, stage, printer);
    let entry = made_by(verb, payer.account(), &[*receipt], dispatch, printer).await;
    Sent::one(payer.chain(), what, receipt).with(entry).print(printer);
    told(&[*receipt], dispatch, printer).await
}

/// Says that nothing was sent, because the same was done and nobody knew.
pub(crate) fn asked_before(receipt: &Receipt, stage: &StageOn, printer: &Printer) {
    printer.say(format_args!(
        "this was asked before and nobody was told: intent {} is {stage}; nothing new was sent",
        receipt.intent
    ));
    printer.say("hint: if you want it twice, ask again");
}

/// The block that it is in, or that showed its pin to be of no use any more.
pub(crate) const fn place(stage: Stage) -> Option<Place> {
    match stage {
        Stage::Included(_, inclusion) => Some(inclusion.place),
        Stage::Spent(_, place) => Some(place),
        Stage::Settled(Outcome::Overtaken(place) | Outcome::Expired(place)) => Some(place),
        Stage::Settled(Outcome::Done(inclusion) | Outcome::Failed(inclusion) | Outcome::Cancelled(inclusion)) => {
            Some(inclusion.place)
        }
        Stage::Intended | Stage::Signed(_) | Stage::Settled(Outcome::NotSent(_)) => None,
    }
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

/// The bytes as `0x` and hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every line");
        text
    })
}
