//! The state of the node as Prometheus reads it: base units, `_total` on what only grows, one family after the other.

use std::fmt::{Display, Write as _};

use crate::view::{ChainStatus, Status};

/// All metrics of a node.
pub(crate) fn text(status: &Status) -> String {
    let mut page = Page(String::new());
    page.family("williw_build_info", "gauge", "The version of this node.", [(label("version", status.version), 1)]);
    page.single("process_start_time_seconds", "gauge", "When this node started.", status.started);
    if let Some(bytes) = resident_bytes() {
        page.single("process_resident_memory_bytes", "gauge", "Memory that this node has in RAM.", bytes);
    }
    page.single("williw_ready", "gauge", "1 if every chain can be read.", u64::from(status.ready));
    let member = u64::from(status.own.standing == "member");
    page.single("williw_member", "gauge", "1 if this node itself is a member, as far as it knows.", member);
    let signing = u64::from(status.guard.state == "signing");
    page.single("williw_signing", "gauge", "1 if this node has listened for copies of itself, and may sign.", signing);
    page.single("williw_boots_total", "counter", "How often this node's guard was started.", status.guard.boot);
    chains(&mut page, &status.chains);
    let peers = status.peers.iter().map(|(standing, count)| (label("standing", standing), *count as u64));
    page.family("williw_peers", "gauge", "Peers that any link names, by standing.", peers);
    door(&mut page, status);
    gossip(&mut page, status);
    page.0
}

fn chains(page: &mut Page, chains: &[ChainStatus]) {
    let of =
        |value: fn(&ChainStatus) -> u64| chains.iter().map(move |chain| (label("chain", &chain.chain), value(chain)));
    let readable = |chain: &ChainStatus| u64::from(matches!(chain.freshness.as_str(), "fresh" | "halted"));
    page.family("williw_chain_readable", "gauge", "1 if the chain's word counts.", of(readable));
    page.family("williw_chain_height", "gauge", "The last block written down.", of(|chain| chain.height));
    page.family("williw_chain_facts_total", "counter", "Final facts written down.", of(|chain| chain.facts));
    page.family("williw_chain_operators", "gauge", "Operators on the chain.", of(|chain| chain.operators));
    let endpoints = || {
        let named =
            |chain: &ChainStatus, name: &str| format!("chain=\"{}\",endpoint=\"{}\"", chain.chain, escaped(name));
        chains.iter().flat_map(move |chain| chain.endpoints.iter().map(move |one| (named(chain, &one.name), one)))
    };
    let well = endpoints().map(|(name, one)| (name, u64::from(one.fault.is_none())));
    page.family("williw_endpoint_well", "gauge", "1 if nothing is held against the endpoint.", well);
    let lying = endpoints().map(|(name, one)| (name, u64::from(one.lie)));
    page.family("williw_endpoint_lying", "gauge", "1 if the endpoint said what is not so.", lying);
    let requests = endpoints().map(|(name, one)| (name, one.requests));
    page.family("williw_endpoint_requests_total", "counter", "Requests sent to the endpoint.", requests);
}

fn door(page: &mut Page, status: &Status) {
    let door = &status.door;
    page.single("williw_door_admitted_total", "counter", "Connections let through.", door.admitted);
    let refused = [
        (label("stage", "dial"), door.refused_dials),
        (label("stage", "arrival"), door.refused_arrivals),
        (label("stage", "departure"), door.refused_departures),
    ];
    page.family("williw_door_refused_total", "counter", "Connections refused, and dials not made.", refused);
    page.single("williw_door_closed_total", "counter", "Live connections closed for an eviction.", door.closed);
}

fn gossip(page: &mut Page, status: &Status) {
    let gossip = &status.gossip;
    let neighbours = gossip.neighbours.len() as u64;
    page.single("williw_gossip_neighbours", "gauge", "Neighbours in gossip.", neighbours);
    let beats = &gossip.heartbeats;
    let heard = [
        ("heard", beats.heard),
        ("malformed", beats.malformed),
        ("own", beats.own),
        ("echo", beats.echoes),
        ("stranger", beats.strangers),
        ("untimely", beats.untimely),
        ("repeated", beats.repeated),
        ("hasty", beats.hasty),
        ("forged", beats.forged),
        ("crowded", beats.crowded),
    ];
    let heard = heard.map(|(outcome, count)| (label("outcome", outcome), count));
    page.family("williw_heartbeats_total", "counter", "Heartbeats that arrived, by what became of them.", heard);
    page.single("williw_gossip_lagged_total", "counter", "Times that gossip dropped messages unread.", gossip.lagged);
    page.single("williw_gossip_stalls_total", "counter", "Times that a neighbour held gossip up.", gossip.stalls);
    page.single("williw_gossip_restarts_total", "counter", "Times that gossip was replaced for it.", gossip.restarts);
    page.single("williw_beats_lost_total", "counter", "Own heartbeats that could not be sent.", gossip.beats_lost);
    page.single(
        "williw_answers_total",
        "counter",
        "Times that a member said what it heard in this name.",
        gossip.answers,
    );
    let dropped = gossip.events_dropped;
    page.single("williw_events_dropped_total", "counter", "News of the network dropped for want of room.", dropped);
}

struct Page(String);

impl Page {
    fn single(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help, [(String::new(), value)]);
    }

    fn family(&mut self, name: &str, kind: &str, help: &str, rows: impl IntoIterator<Item = (String, u64)>) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
        for (labels, value) in rows {
            if labels.is_empty() {
                self.line(format_args!("{name} {value}"));
            } else {
                self.line(format_args!("{name}{{{labels}}} {value}"));
            }
        }
    }

    fn line(&mut self, line: impl Display) {
        writeln!(self.0, "{line}").expect("a string takes every line");
    }
}

fn label(name: &str, value: &str) -> String {
    format!("{name}=\"{}\"", escaped(value))
}

fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

/// What the kernel says; none where it does not say it this way.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels_cannot_break_out() {
        assert_eq!(label("name", "a\"b\\c\nd"), r#"name="a\"b\\c\nd""#);
    }
}
