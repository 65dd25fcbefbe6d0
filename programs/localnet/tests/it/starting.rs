//! How it starts, how its time passes, and how it ends.

use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::net::Net;

#[test]
fn time_passes_by_itself_and_stays_with_the_time_of_day() {
    let net = Net::with(&["--slot-ms", "20"]);
    let start = net.slot("processed");
    net.until("the hundredth slot", |net| net.slot("processed") >= start + 100);
    let (slot, clock) = net.clock("processed");
    assert_eq!(slot, clock.slot);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    assert!(clock.unix_timestamp.unsigned_abs().abs_diff(now) <= 5, "{} {now}", clock.unix_timestamp);
}

#[test]
fn a_jump_moves_slots_and_clock_and_is_final_at_once() {
    let net = Net::with(&["--manual", "--time", "1800000000"]);
    let (before, clock) = net.clock("processed");
    assert_eq!(clock.unix_timestamp, 1_800_000_000);
    net.call("localnet_advance", json!({ "seconds": 86_400 }));
    let (after, clock) = net.clock("processed");
    assert_eq!((after - before, clock.unix_timestamp), (216_000, 1_800_086_400));
    assert!(net.clock("finalized").1.unix_timestamp > 1_800_086_300);
    net.call("localnet_advance", json!({ "slots": 2, "seconds": 10 }));
    assert_eq!(net.clock("processed").1.unix_timestamp, 1_800_086_410);
    for asked in [json!({ "slots": 0 }), json!({ "seconds": u64::MAX }), json!({ "slots": u64::MAX })] {
        assert_eq!(net.refused("localnet_advance", asked)["code"], -32602);
    }
}

#[test]
fn ports_are_as_asked_for_and_the_socket_is_above() {
    let net = Net::new();
    let port = |url: &serde_json::Value| url.as_str().and_then(|url| url.rsplit(':').next()?.parse::<u16>().ok());
    let (rpc, ws) = (port(&net.line["rpc"]), port(&net.line["ws"]));
    assert_eq!(rpc.map(|port| port + 1), ws);
    assert_eq!((&net.line["rpcs"][0], &net.line["wss"][0]), (&net.line["rpc"], &net.line["ws"]));
    let genesis = "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY";
    let other = Net::with(&["--genesis", genesis, "--faces", "3"]);
    assert_eq!((&other.line["genesis"], other.call("getGenesisHash", json!([]))), (&json!(genesis), json!(genesis)));
    assert_eq!(other.line["rpcs"].as_array().map(Vec::len), Some(3));
}

#[test]
fn it_ends_with_its_input_or_on_a_signal() {
    let mut net = Net::new();
    drop(net.input.take());
    assert!(net.child.wait().expect("it ends").success());

    let mut net = Net::new();
    let kill = Command::new("kill").args(["-TERM", &net.child.id().to_string()]).status();
    assert!(kill.expect("there is a `kill`").success());
    assert!(net.child.wait().expect("it ends").success());
}

#[test]
fn flags_that_mean_nothing_are_refused() {
    for flags in
        [&["--port"][..], &["--faces", "0"], &["--slot-ms", "x"], &["--port", "1", "--faces", "2"], &["--what", "1"]]
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_williw-localnet"));
        let output = command.args(flags).stdin(Stdio::null()).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2));
        let words = String::from_utf8(output.stderr).expect("text");
        assert!(words.starts_with("error: ") && words.contains("\nhint: "), "{words}");
    }
}
