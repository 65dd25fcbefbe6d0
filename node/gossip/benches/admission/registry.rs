//! What happens to connections in the registry, beside finding their peer in a plain map.

use std::collections::BTreeMap;
use std::hint::black_box;

use serde_json::{Value, json};
use williw_core::identity::PeerId;
use williw_core::standing::Standing;
use williw_gossip::bench::Registrations;

use crate::peers::{COUNTED, JAILED, PEERS, name};
use crate::{Best, LOOKUP, ROUNDS};

const ITERATIONS: usize = 10_000;

/// What is done with one peer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// One more connection of a member comes and goes.
    Visit,
    /// A connection of a stranger comes and is refused.
    Refuse,
    /// A member is admitted, enters and is evicted: registered, judged, barred, closed.
    Evict,
}

impl Step {
    const ALL: [Self; 3] = [Self::Visit, Self::Refuse, Self::Evict];

    const fn name(self) -> &'static str {
        match self {
            Self::Visit => "registry: enter and leave",
            Self::Refuse => "registry: enter, refused",
            Self::Evict => "registry: admit, enter, evict",
        }
    }

    fn counted(self) -> String {
        format!("{}, instructions", self.name())
    }
}

/// A registry in which every member has one connection already.
struct House {
    registrations: Registrations,
    members: Vec<PeerId>,
    /// Not in the registry.
    others: Vec<PeerId>,
    plain: BTreeMap<PeerId, Standing>,
}

impl House {
    fn new() -> Self {
        let registrations = Registrations::default();
        let members: Vec<_> = (0..PEERS).map(name).collect();
        let others = (PEERS..2 * PEERS).map(name).collect();
        for member in &members {
            registrations.place(*member, Standing::Member);
            registrations.enter(*member).expect("a member is let in");
        }
        let plain = members.iter().map(|peer| (*peer, Standing::Member)).collect();
        Self { registrations, members, others, plain }
    }

    fn take(&self, step: Step, times: usize, among: usize) {
        let Self { registrations, members, others, .. } = self;
        let peers = if step == Step::Visit { members } else { others };
        for peer in peers[..among].iter().cycle().take(times) {
            let peer = *black_box(peer);
            match step {
                Step::Visit => {
                    let entered = registrations.enter(peer).expect("a member is let in");
                    registrations.leave(peer, entered);
                }
                Step::Refuse => assert!(registrations.enter(peer).is_err(), "a stranger is refused"),
                Step::Evict => {
                    registrations.place(peer, Standing::Member);
                    registrations.enter(peer).expect("it was admitted");
                    assert_eq!(registrations.evict(peer, JAILED), 1);
                }
            }
        }
    }

    /// Forgets whom the last turn barred.
    fn forget_others(&self) {
        for peer in &self.others {
            assert_eq!(self.registrations.evict(*peer, williw_core::standing::Bar::Unknown), 0);
        }
    }

    fn look_up(&self, step: Step) {
        let peers = if step == Step::Visit { &self.members } else { &self.others };
        let found = peers.iter().filter(|peer| self.plain.contains_key(black_box(*peer))).count();
        assert_eq!(found, if step == Step::Visit { PEERS } else { 0 });
    }
}

pub(crate) fn rows() -> Vec<Value> {
    let house = House::new();
    let mut rows = Vec::new();
    for step in Step::ALL {
        let (mut taken, mut floor) = (Best::NONE, Best::NONE);
        for _ in 0..ROUNDS {
            taken.turn(|| house.take(step, PEERS, PEERS));
            house.forget_others();
            floor.turn(|| house.look_up(step));
        }
        let unit = if step == Step::Evict { "life" } else { "connection" };
        rows.extend(taken.rows(step.name(), unit, PEERS, floor));
    }
    rows
}

pub(crate) fn counts() -> Vec<Value> {
    let count = |step: Step| {
        let unit = if step == Step::Evict { "per life" } else { "per connection" };
        json!({ "name": step.counted(), "unit": unit, "iterations": ITERATIONS, "floor": LOOKUP })
    };
    Step::ALL.into_iter().map(count).collect()
}

/// Takes a step so many times; false if there is no such step.
pub(crate) fn count(name: &str, iterations: usize) -> bool {
    let Some(step) = Step::ALL.into_iter().find(|step| step.counted() == name) else { return false };
    let house = House::new();
    house.take(step, iterations, COUNTED);
    std::mem::forget(house);
    true
}
