//! `williw peers`

use serde_json::Value;

use super::status::{list, words};
use crate::exit::Failure;
use crate::home::Home;
use crate::node::ask;
use crate::printer::{Printer, table};

pub(crate) async fn peers(home: &Home, printer: &Printer) -> Result<(), Failure> {
    let peers = ask(home, "/v1/peers", |peers| {
        list(&peers["peers"]).iter().find(|peer| peer["me"].as_bool() == Some(true))?["peer"].as_str()
    })
    .await?;
    let rows: Vec<Vec<String>> = list(&peers["peers"]).iter().map(row).collect();
    printer.result(&peers, table(&["PEER", "STANDING", "RULE", "CHAIN", "BLOCK", "LINKS", "WHY"], &rows));
    Ok(())
}

fn row(peer: &Value) -> Vec<String> {
    let me = if peer["me"].as_bool() == Some(true) { " (this node)" } else { "" };
    vec![
        format!("{}{me}", words(&peer["peer"])),
        words(&peer["standing"]),
        words(&peer["rule"]),
        words(&peer["chain"]),
        words(&peer["block"]),
        words(&peer["connections"]),
        words(&peer["reason"]),
    ]
}
