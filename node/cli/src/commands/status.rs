//! `williw status`

use serde_json::Value;

use crate::exit::Failure;
use crate::home::Home;
use crate::node::ask;
use crate::printer::{Printer, table};

pub(crate) async fn status(home: &Home, printer: &Printer) -> Result<(), Failure> {
    let status = ask(home, "/v1/status", |status| status["peer"].as_str()).await?;
    if let Some(words) = two_signers(&status) {
        printer.warn(words);
    }
    printer.result(&status, text(&status));
    Ok(())
}

fn text(status: &Value) -> String {
    let mut lines = vec![
        format!("peer     {}", words(&status["peer"])),
        format!("stands   {}: {}", words(&status["own"]["standing"]), words(&status["own"]["reason"])),
    ];
    lines.extend(list(&status["owners"]).iter().map(|owner| format!("owner    {}", of_owner(owner))));
    lines.extend([
        format!("network  {}", words(&status["network"])),
        format!("listens  {}", list(&status["gossip"]["listen"]).iter().map(words).collect::<Vec<_>>().join(", ")),
        format!("up       {} s, williw {}", words(&status["uptime_seconds"]), words(&status["version"])),
    ]);
    for chain in list(&status["chains"]) {
        lines.push(format!(
            "{:<8} {}, {} facts of {} operators through {} {}",
            words(&chain["chain"]),
            words(&chain["freshness"]),
            words(&chain["facts"]),
            words(&chain["operators"]),
            height_of(chain),
            words(&chain["height"])
        ));
        for endpoint in list(&chain["endpoints"]) {
            let state = match (&endpoint["fault"], endpoint["lie"].as_bool()) {
                (Value::Null, _) if endpoint["proven"].as_bool() == Some(true) => "well, gives proofs".to_owned(),
                // Nobody can prove anything of Solana.
                (Value::Null, _) if chain["chain"] == "base" => "well, gives no proofs".to_owned(),
                (Value::Null, _) => "well".to_owned(),
                (fault, Some(true)) => format!("LIES: {}", words(fault)),
                (fault, _) => words(fault),
            };
            let (name, at) = (words(&endpoint["name"]), words(&endpoint["latest"]));
            lines.push(format!("  {name} at {} {at}: {state}", height_of(chain)));
        }
    }
    let guard = &status["guard"];
    let left = &guard["listening_seconds_left"];
    lines.push(match guard["state"].as_str() {
        Some("listening") => format!("signs    not yet: it listens for copies of itself, {left} s more in company"),
        _ => format!("signs    as {}", list(&guard["signers"]).iter().map(words).collect::<Vec<_>>().join(", ")),
    });
    let peers = &status["peers"];
    lines.push(format!(
        "peers    {} members, {} on probation, {} barred; {} neighbours",
        words(&peers["member"]),
        words(&peers["probation"]),
        words(&peers["barred"]),
        list(&status["gossip"]["neighbours"]).len()
    ));
    let door = &status["door"];
    lines.push(format!(
        "door     {} let in, {} turned away, {} not dialled, {} closed",
        words(&door["admitted"]),
        words(&door["refused_arrivals"]),
        words(&door["refused_dials"]),
        words(&door["closed"])
    ));
    let alarms = list(&status["alarms"]);
    if !alarms.is_empty() {
        let row = |alarm: &Value| vec![words(&alarm["time"]), words(&alarm["times"]), words(&alarm["text"])];
        lines.push(table(&["LAST", "TIMES", "ALARM"], &alarms.iter().map(row).collect::<Vec<_>>()));
    }
    lines.join("\n")
}

/// Words for a node that has stake on both chains, which name no signer in common: to the others it is two members then.
fn two_signers(status: &Value) -> Option<String> {
    let of = |chain: &str| -> Vec<String> {
        let owners = list(&status["owners"]).iter().filter(|owner| owner["chain"] == chain);
        owners.map(|owner| words(&owner["signer"])).collect()
    };
    let (base, solana) = (of("base"), of("solana"));
    if base.is_empty() || solana.is_empty() || base.iter().any(|signer| solana.contains(signer)) {
        return None;
    }
    Some(format!(
        "the chains name different signers of this node, base {} and solana {}: what either signs counts on one chain only; \
         `williw rotate --chain CHAIN` names the one of this home where it is not named yet",
        base.join(", "),
        solana.join(", ")
    ))
}

/// An operator of this node: whose it is, what it has, and where the node would stand by it alone.
fn of_owner(owner: &Value) -> String {
    format!("{} on {}: {}, {}", words(&owner["owner"]), words(&owner["chain"]), words(&owner["standing"]), stake(owner))
}

/// What an operator has, and what is held against it.
pub(super) fn stake(owner: &Value) -> String {
    let has = format!("{} staked, {} on its way out", words(&owner["active"]), words(&owner["queued"]));
    match owner["standing"].as_str() {
        Some("member") => has,
        _ => format!("{has}; {}", words(&owner["reason"])),
    }
}

/// What the heights of a chain are heights of.
fn height_of(chain: &Value) -> &'static str {
    if chain["chain"] == "solana" { "slot" } else { "block" }
}

/// A value without quotation marks; `-` where there is none.
pub(super) fn words(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::two_signers;

    #[test]
    fn chains_that_name_different_signers_are_told_of() {
        let status = |owners: &[(&str, &str)]| {
            let owner = |(chain, signer): &(&str, &str)| json!({ "chain": chain, "signer": signer });
            json!({ "owners": owners.iter().map(owner).collect::<Vec<_>>() })
        };
        let words = two_signers(&status(&[("base", "0xaa"), ("solana", "0xbb")])).unwrap();
        assert!(words.contains("base 0xaa and solana 0xbb: "), "{words}");
        for owners in [
            &[][..],
            &[("base", "0xaa")],
            &[("solana", "0xaa")],
            &[("base", "0xaa"), ("solana", "0xaa")],
            // Somebody else's operator that names this peer is another member anyway.
            &[("base", "0xaa"), ("base", "0xbb"), ("solana", "0xaa")],
        ] {
            assert_eq!(two_signers(&status(owners)), None, "{owners:?}");
        }
    }
}
