//! `williw outbox`: what was asked of the chains, and what became of it.

use serde::Serialize;
use williw_chain::address;
use williw_core::cycle::At;
use williw_core::identity::ChainId;
use williw_core::outbox::{IntentId, Outcome, Pin, Purpose, Stage};
use williw_daemon::outbox::{Dispatch, Moment, OutboxError, open_existing};
use williw_store::{Attempt, Intent, Outbox, Which};

use crate::chain::{Reader, UNTIL_SENT, asked_before, claim, hex, place, say, warn_of};
use crate::exit::{ExitStatus, Failure};
use crate::flags;
use crate::home::Home;
use crate::keys::Key;
use crate::printer::{Printer, table};

#[derive(Serialize)]
struct Listed {
    intents: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    id: u64,
    chain: String,
    account: String,
    what: String,
    to: String,
    value: String,
    data: String,
    asked: u64,
    /// One word for programs.
    stage: &'static str,
    /// The same for people.
    state: String,
    settled: bool,
    nonce: Option<u64>,
    /// Where it is, or where its pin was seen to be of no use any more.
    #[serde(flatten)]
    at: Option<At>,
    transactions: Vec<Transaction>,
}

#[derive(Serialize)]
struct Transaction {
    hash: String,
    purpose: &'static str,
    max_fee_per_gas: Option<String>,
    max_priority_fee_per_gas: Option<String>,
    signed: u64,
    raw: String,
}

pub(crate) async fn outbox(flags: flags::Outbox, home: &Home, printer: &Printer) -> Result<(), Failure> {
    match flags {
        flags::Outbox::List { unsettled, limit } => list(unsettled, limit, home, printer).await,
        flags::Outbox::Show { id } => {
            let (_, intent) = find(id, home).await?;
            print(&intent, printer);
            Ok(())
        }
        flags::Outbox::Retry { id, key } => {
            let (outbox, intent) = find(id, home).await?;
            let (named, chain) = (&key, intent.call.chain);
            let key = Key::named(named, chain)?;
            if key.is_none() && (named.keystore.is_some() || named.keypair.is_some()) {
                let flag = if chain == ChainId::Base { "--keystore" } else { "--keypair" };
                printer.warn(format_args!(
                    "intent {id} is of {chain}, so only {flag} can name its key: it is not signed anew"
                ));
            }
            let wanted = |stage: Stage| matches!(outcome(stage), None | Some(Outcome::Done(_)));
            let payer = key.as_ref().map(Key::payer);
            act((outbox, intent), home, printer, wanted, async |dispatch| dispatch.retry(IntentId(id), payer).await)
                .await
        }
        flags::Outbox::Cancel { id, key } => {
            let (outbox, intent) = find(id, home).await?;
            let Some(key) = Key::named(&key, intent.call.chain)? else {
                return Err(Failure::usage("a cancellation is signed by the account that it is of")
                    .hint("name its key with --keystore or --keypair"));
            };
            let wanted = |stage: Stage| match outcome(stage) {
                Some(Outcome::Cancelled(_) | Outcome::NotSent(_)) => true,
                // It is acknowledged then.
                Some(Outcome::Failed(_)) => stage.is_settled(),
                // Without an end it may still happen: its nonce seems to be used, and nobody can say by what.
                None | Some(Outcome::Done(_) | Outcome::Overtaken(_) | Outcome::Expired(_)) => false,
            };
            act((outbox, intent), home, printer, wanted, async |dispatch| cancel(dispatch, id, &key).await).await
        }
    }
}

async fn cancel(dispatch: &mut Dispatch<'_>, id: u64, key: &Key) -> Result<Intent, OutboxError> {
    dispatch.cancel(IntentId(id), key.payer()).await
}

async fn list(unsettled: bool, limit: u32, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let intents = match open_existing(&home.database(), &home.read_settings()?).await? {
        Some(outbox) => outbox.intents(Which { unsettled, account: None }, limit).await?,
        None => Vec::new(),
    };
    let shown: Vec<Shown> = intents.iter().map(shown).collect();
    let row = |shown: &Shown| {
        let nonce = shown.nonce.map_or_else(|| "-".to_owned(), |nonce| nonce.to_string());
        vec![shown.id.to_string(), shown.account.clone(), nonce, shown.state.clone(), shown.what.clone()]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let text = table(&["ID", "ACCOUNT", "NONCE", "STATE", "WHAT"], &rows);
    printer.result(&Listed { intents: shown }, text);
    Ok(())
}

/// The intent, and the outbox that it is in.
async fn find(id: u64, home: &Home) -> Result<(Outbox, Intent), Failure> {
    let none = || {
        let none = OutboxError::NoIntent(IntentId(id));
        Failure { hint: none.hint().map(str::to_owned), ..Failure::usage(none) }
    };
    let outbox = open_existing(&home.database(), &home.read_settings()?).await?.ok_or_else(none)?;
    let intent = outbox.intent(IntentId(id)).await?.ok_or_else(none)?;
    Ok((outbox, intent))
}

/// Does something about an intent as the one owner of its account's nonces, and prints what it is then. Fails if that is
/// another end than the wanted one, even if it is not final yet.
async fn act(
    (outbox, intent): (Outbox, Intent),
    home: &Home,
    printer: &Printer,
    wanted: impl Fn(Stage) -> bool,
    action: impl AsyncFnOnce(&mut Dispatch<'_>) -> Result<Intent, OutboxError>,
) -> Result<(), Failure> {
    let (chain, account) = (intent.call.chain, intent.call.account);
    let mut reader = Reader::new(chain, &home.read_settings()?)?;
    let mut tell = |moment: Moment<'_>| say(moment, printer);
    let failed = |error| Failure::of(chain, error);
    let mut dispatch = claim(reader.lane(), &outbox, account, &mut tell, printer).await.map_err(failed)?;
    let done = printer.meanwhile(UNTIL_SENT, action(&mut dispatch)).await;
    warn_of(&dispatch.take_faults(), printer);
    let intent = match done {
        Err(OutboxError::AskedBefore { receipt, stage, .. }) => {
            asked_before(&receipt, &stage, printer);
            outbox.intent(receipt.intent).await?.ok_or(OutboxError::NoIntent(receipt.intent)).map_err(failed)?
        }
        done => done.map_err(failed)?,
    };
    print(&intent, printer);
    if let (Some(Outcome::Done(_)), true) = (outcome(intent.stage), printer.was_read()) {
        outbox.tell(&[intent.id]).await?;
    }
    if wanted(intent.stage) {
        return Ok(());
    }
    let so_far = if outcome(intent.stage).is_some() { "ended otherwise" } else { "has not ended" };
    let state = intent.stage.on(chain);
    Err(Failure::new(ExitStatus::Outside, format_args!("intent {} {so_far}: {state}", intent.id)))
}

/// How it ends if its block becomes final, as far as it has come to a block.
fn outcome(stage: Stage) -> Option<Outcome> {
    match stage {
        Stage::Included(_, inclusion) => Some(Outcome::of(inclusion)),
        Stage::Settled(outcome) => Some(outcome),
        Stage::Intended | Stage::Signed(_) | Stage::Spent(..) => None,
    }
}

fn print(intent: &Intent, printer: &Printer) {
    let shown = shown(intent);
    let mut lines = vec![
        format!("intent   {}", shown.id),
        format!("what     {}", shown.what),
        format!("state    {}", shown.state),
        format!("account  {} on {}", shown.account, shown.chain),
        format!("to       {}", shown.to),
        format!("value    {}", shown.value),
        format!("data     {}", shown.data),
    ];
    if let Some(nonce) = shown.nonce {
        lines.push(format!("nonce    {nonce}"));
    }
    for transaction in &shown.transactions {
        let fee = transaction.max_fee_per_gas.as_deref().map(|fee| format!("  at most {fee} wei for each gas"));
        lines.push(format!("{:<8} {}{}", transaction.purpose, transaction.hash, fee.unwrap_or_default()));
    }
    printer.result(&shown, lines.join("\n"));
}

fn shown(intent: &Intent) -> Shown {
    let call = &intent.call;
    let account = |account| address::shown_on(call.chain, account);
    Shown {
        id: intent.id.0,
        chain: call.chain.to_string(),
        account: account(call.account),
        what: call.what.clone(),
        to: account(call.target),
        value: call.value.to_string(),
        data: hex(&call.input),
        asked: call.asked.0,
        stage: word(intent.stage),
        state: intent.stage.on(call.chain).to_string(),
        settled: intent.stage.is_settled(),
        nonce: intent.pin.and_then(|pin| match pin {
            Pin::Nonce(nonce) => Some(nonce),
            Pin::Blockhash { .. } => None,
        }),
        at: place(intent.stage).map(|place| place.height.on(call.chain)),
        transactions: intent.attempts.iter().map(transaction).collect(),
    }
}

fn transaction(attempt: &Attempt) -> Transaction {
    Transaction {
        hash: attempt.name.to_string(),
        purpose: match attempt.purpose {
            Purpose::Call => "sent",
            Purpose::Cancel => "cancel",
        },
        max_fee_per_gas: attempt.fees.map(|fees| fees.max.to_string()),
        max_priority_fee_per_gas: attempt.fees.map(|fees| fees.tip.to_string()),
        signed: attempt.signed.0,
        raw: hex(&attempt.bytes),
    }
}

const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Intended => "intended",
        Stage::Signed(_) => "signed",
        Stage::Included(..) => "included",
        Stage::Spent(..) => "spent",
        Stage::Settled(Outcome::Done(_)) => "done",
        Stage::Settled(Outcome::Failed(_)) => "failed",
        Stage::Settled(Outcome::Cancelled(_)) => "cancelled",
        Stage::Settled(Outcome::Overtaken(_)) => "overtaken",
        Stage::Settled(Outcome::Expired(_)) => "expired",
        Stage::Settled(Outcome::NotSent(_)) => "not-sent",
    }
}
