//! The hook that is asked before every dial.

use std::collections::HashMap;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use iroh::EndpointAddr;
use iroh::endpoint::{BeforeConnectOutcome, EndpointHooks as _};
use serde_json::{Value, json};
use williw_core::identity::PeerId;
use williw_core::standing::Standing;
use williw_gossip::Door;

use crate::peers::{COUNTED, PEERS, address, name, peer, plain, standing};
use crate::{Best, LOOKUP, ROUNDS};

const ALPN: &[u8] = b"/iroh-gossip/1";
const COUNT: &str = "before_connect: mixed, instructions";
/// Enough that the door has stopped to count refused peers one by one.
const ITERATIONS: usize = 10_000;

struct Dials {
    door: Door,
    plain: HashMap<PeerId, Standing>,
    addresses: Vec<EndpointAddr>,
}

impl Dials {
    /// So many addresses, and other peers to make up for the rest.
    fn new(addresses: usize) -> Self {
        let addresses: Vec<_> = (0..addresses).map(address).collect();
        let peers: Vec<_> = addresses.iter().map(peer).chain((addresses.len()..PEERS).map(name)).collect();
        let door = Door::new();
        for (nth, peer) in peers.iter().enumerate() {
            match standing(nth) {
                Some(Standing::Member) => door.admit(*peer),
                Some(Standing::Barred(bar)) => door.evict(*peer, bar),
                Some(Standing::Probation(doubt)) => door.suspend(*peer, doubt),
                None => {}
            }
        }
        Self { door, plain: plain(peers), addresses }
    }

    fn decide(&self, address: &EndpointAddr) -> bool {
        let hook = pin!(self.door.before_connect(address, ALPN));
        match hook.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => matches!(outcome, BeforeConnectOutcome::Accept),
            Poll::Pending => unreachable!("the hook waits for nothing"),
        }
    }

    fn look_up(&self, address: &EndpointAddr) -> bool {
        self.plain.get(&peer(address)).is_some_and(|standing| standing.is_member())
    }
}

fn count_of(addresses: &[&EndpointAddr], decide: impl Fn(&EndpointAddr) -> bool) -> usize {
    addresses.iter().filter(|address| decide(black_box(address))).count()
}

pub(crate) fn rows() -> Vec<Value> {
    let dials = Dials::new(PEERS);
    let mut rows = Vec::new();
    for (kind, quarters, members) in
        [("mixed", 0..4, PEERS / 2), ("members", 0..2, PEERS / 2), ("barred", 2..3, 0), ("strangers", 3..4, 0)]
    {
        let all = dials.addresses.iter().enumerate();
        let addresses: Vec<_> = all.filter(|(nth, _)| quarters.contains(&(nth % 4))).map(|(_, it)| it).collect();
        let (mut hook, mut floor) = (Best::NONE, Best::NONE);
        for _ in 0..ROUNDS {
            hook.turn(|| assert_eq!(count_of(&addresses, |address| dials.decide(address)), members));
            floor.turn(|| assert_eq!(count_of(&addresses, |address| dials.look_up(address)), members));
        }
        rows.extend(hook.rows(&format!("before_connect: {kind}"), "decision", addresses.len(), floor));
    }
    rows
}

pub(crate) fn counts() -> Vec<Value> {
    vec![
        json!({ "name": LOOKUP, "unit": "per lookup", "iterations": ITERATIONS }),
        json!({ "name": COUNT, "unit": "per decision", "iterations": ITERATIONS, "floor": LOOKUP }),
    ]
}

/// Takes so many decisions; false if this is not the place that counts them.
pub(crate) fn count(name: &str, iterations: usize) -> bool {
    if ![LOOKUP, COUNT].contains(&name) {
        return false;
    }
    let dials = Dials::new(COUNTED);
    let asked: Vec<_> = dials.addresses.iter().cycle().take(iterations).collect();
    let members = if name == LOOKUP {
        count_of(&asked, |address| dials.look_up(address))
    } else {
        count_of(&asked, |address| dials.decide(address))
    };
    assert_eq!(members, iterations / 2);
    std::mem::forget(asked);
    std::mem::forget(dials);
    true
}
