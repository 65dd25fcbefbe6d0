//! `williw operator`: how owners stand on the chains themselves, with the queue of what is on its way out.

use serde::Serialize;
use williw_chain::address;
use williw_chain::snapshot::OperatorSnapshot;
use williw_core::cycle::{At, UnixSeconds};
use williw_core::identity::Owner;

use super::status::list;
use crate::chain::Reader;
use crate::exit::Failure;
use crate::flags;
use crate::home::Home;
use crate::node::ask;
use crate::printer::{Printer, table};
use crate::queue::Entry;
use crate::utc::utc;

#[derive(Serialize)]
struct Shown {
    operators: Vec<View>,
}

#[derive(Serialize)]
struct View {
    chain: String,
    owner: String,
    #[serde(flatten)]
    at: At,
    /// None if it is not registered.
    operator: Option<Record>,
}

#[derive(Serialize)]
struct Record {
    active: String,
    queued: String,
    signer: String,
    nonce: u64,
    /// Before this second since 1970 its jail cannot end; none if it is free.
    jailed_until: Option<u64>,
    queue: Vec<Entry>,
}

pub(crate) async fn operator(flags: flags::Operator, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let owners = if flags.owners.is_empty() { own(home).await? } else { flags.owners };
    let (mut operators, mut unread) = (Vec::new(), None::<Failure>);
    for owner in owners {
        // What one chain cannot say is no reason not to say what the other does.
        match Reader::new(owner.chain, &settings)?.operator(owner.account, printer).await {
            Ok(snapshot) => operators.push(View::of(owner, snapshot)),
            Err(failure) => {
                if let Some(before) = unread.replace(failure) {
                    printer.warn(before.text);
                }
            }
        }
    }
    if !operators.is_empty() {
        let text: Vec<String> = operators.iter().map(text).collect();
        printer.result(&Shown { operators }, text.join("\n\n"));
    }
    unread.map_or(Ok(()), Err)
}

/// The owners whose links name this node, as the node itself knows them.
async fn own(home: &Home) -> Result<Vec<Owner>, Failure> {
    let status = ask(home, "/v1/status", |status| status["peer"].as_str()).await;
    let status = status.map_err(|failure| failure.hint("start it with `williw run`, or name an owner with --owner"))?;
    let named = list(&status["owners"]).iter().filter_map(|owner| owner["owner"].as_str());
    let owners: Vec<Owner> = named.filter_map(|owner| address::of_any_chain(owner).ok()).collect();
    if owners.is_empty() {
        return Err(Failure::usage("no owner's link names this node, as far as it has read the chains")
            .hint("register first, or name an owner with --owner"));
    }
    Ok(owners)
}

impl View {
    fn of(Owner { chain, account }: Owner, snapshot: OperatorSnapshot) -> Self {
        let record = |operator: williw_chain::snapshot::StandingOnChain| Record {
            active: operator.active.to_string(),
            queued: operator.queued.to_string(),
            signer: operator.signer.to_string(),
            nonce: operator.nonce,
            jailed_until: operator.jailed_until.map(|until| until.0),
            queue: operator.queue.iter().map(Entry::of).collect(),
        };
        Self {
            chain: chain.to_string(),
            owner: address::shown_on(chain, account),
            at: snapshot.at.on(chain),
            operator: snapshot.operator.map(record),
        }
    }
}

fn text(view: &View) -> String {
    let View { chain, owner, at, operator } = view;
    let head = format!("owner    {owner} on {chain}, as of {at}");
    let Some(Record { active, queued, signer, nonce, jailed_until, queue }) = operator else {
        return format!("{head}\nstake    it has no operator");
    };
    let mut lines = vec![
        head,
        format!("stake    {active} staked, {queued} on its way out"),
        format!("signer   {signer}, named by link {nonce}"),
    ];
    if let Some(until) = jailed_until {
        lines.push(format!("jailed   `williw unjail` ends it from {} on", utc(UnixSeconds(*until))));
    }
    if !queue.is_empty() {
        let row = |entry: &Entry| vec![entry.ticket.to_string(), entry.amount.clone(), entry.matures()];
        let rows: Vec<Vec<String>> = queue.iter().map(row).collect();
        lines.push(table(&["TICKET", "AMOUNT", "MATURES"], &rows));
    }
    lines.join("\n")
}
