//! `williw peers`

use serde_json::Value;

use super::status::{list, stake, words};
use crate::exit::Failure;
use crate::home::Home;
use crate::node::ask;
use crate::printer::{Printer, table};

pub(crate) async fn peers(home: &Home, printer: &Printer) -> Result<(), Failure> {
    let peers = ask(home, "/v1/peers", |peers| {
        list(&peers["peers"]).iter().find(|peer| peer["me"].as_bool() == Some(true))?["peer"].as_str()
    })
    .await?;
    let rows: Vec<Vec<String>> = list(&peers["peers"]).iter().flat_map(rows).collect();
    printer.result(&peers, table(&["PEER", "STANDING", "RULE", "CHAIN", "AT", "LINKS", "WHY"], &rows));
    Ok(())
}

/// A row for the peer, and one below it for each of its owners.
fn rows(peer: &Value) -> Vec<Vec<String>> {
    let me = if peer["me"].as_bool() == Some(true) { " (this node)" } else { "" };
    let of_peer = [
        format!("{}{me}", words(&peer["peer"])),
        words(&peer["standing"]),
        words(&peer["rule"]),
        joined(&peer["places"], |place| words(&place["chain"])),
        joined(&peer["places"], at),
        words(&peer["connections"]),
        words(&peer["reason"]),
    ];
    let of_owner = |owner: &Value| {
        let name = format!("  owner {}", words(&owner["owner"]));
        let (standing, rule) = (words(&owner["standing"]), words(&owner["rule"]));
        let at = joined(&owner["places"], at);
        vec![name, standing, rule, words(&owner["chain"]), at, String::new(), stake(owner)]
    };
    std::iter::once(of_peer.to_vec()).chain(list(&peer["owners"]).iter().map(of_owner)).collect()
}

/// The height of a place, as people of its chain call it.
fn at(place: &Value) -> String {
    match &place["slot"] {
        Value::Null => format!("block {}", words(&place["block"])),
        slot => format!("slot {}", words(slot)),
    }
}

fn joined(places: &Value, word: impl Fn(&Value) -> String) -> String {
    let words: Vec<String> = list(places).iter().map(word).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}
