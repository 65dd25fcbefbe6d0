//! What happens to connections in the registry, beside finding their peer in a plain map.

use std::collections::HashMap;
use std::hint::black_box;

use serde_json::{Value, json};
use williw_core::identity::PeerId;
use williw_core::standing::Standing;
use williw_gossip::bench::{Entered, Registrations};

use crate::peers::{JAILED, PEERS, name};
use crate::{Best, LOOKUP, ROUNDS};

const ITERATIONS: usize = 10_000;

/// What happens to one connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A member's is judged and registered, beside the one that it has.
    Enter,
    /// It ends by itself.
    Leave,
    /// A stranger's is judged.
    Refuse,
    /// Its peer is barred, and it is closed.
    Evict,
}

impl Step {
    const ALL: [Self; 4] = [Self::Enter, Self::Leave, Self::Refuse, Self::Evict];

    const fn name(self) -> &'static str {
        match self {
            Self::Enter => "registry: a member enters",
            Self::Leave => "registry: a member leaves",
            Self::Refuse => "registry: a stranger is refused",
            Self::Evict => "registry: a member is evicted",
        }
    }

    fn counted(self) -> String {
        format!("{}, instructions", self.name())
    }
}

/// A registry in which every member has one connection, and what is needed to take steps in it.
struct House {
    registrations: Registrations,
    members: Vec<PeerId>,
    strangers: Vec<PeerId>,
    /// The second connections.
    entered: Vec<(PeerId, Entered)>,
    plain: HashMap<PeerId, Standing>,
}

impl House {
    fn new() -> Self {
        let members: Vec<_> = (0..PEERS).map(name).collect();
        let plain = members.iter().map(|peer| (*peer, Standing::Member)).collect();
        let house = Self {
            registrations: Registrations::default(),
            members,
            strangers: (PEERS..2 * PEERS).map(name).collect(),
            entered: Vec::with_capacity(PEERS),
            plain,
        };
        house.fill();
        house
    }

    /// Lets everybody in, with one connection.
    fn fill(&self) {
        for member in &self.members {
            self.registrations.place(*member, Standing::Member);
            self.registrations.enter(*member).expect("a member is let in");
        }
    }

    /// Takes a step for each of the first so many peers. A step needs the one before it in [`Step::ALL`].
    fn take(&mut self, step: Step, times: usize) {
        let Self { registrations, members, strangers, entered, .. } = self;
        match step {
            Step::Enter => entered.extend(members[..times].iter().map(|peer| {
                let peer = *black_box(peer);
                (peer, registrations.enter(peer).expect("a member is let in"))
            })),
            Step::Leave => entered.drain(..).for_each(|(peer, entered)| registrations.leave(black_box(peer), entered)),
            Step::Refuse => {
                for peer in &strangers[..times] {
                    assert!(registrations.enter(*black_box(peer)).is_err(), "a stranger is refused");
                }
            }
            Step::Evict => {
                for peer in &members[..times] {
                    assert_eq!(registrations.evict(*black_box(peer), JAILED), 1);
                }
            }
        }
    }

    fn look_up(&self, step: Step) {
        let (peers, there) = if step == Step::Refuse { (&self.strangers, 0) } else { (&self.members, PEERS) };
        assert_eq!(peers.iter().filter(|peer| self.plain.contains_key(black_box(*peer))).count(), there);
    }
}

pub(crate) fn rows() -> Vec<Value> {
    let mut house = House::new();
    let mut bests = [(Best::NONE, Best::NONE); Step::ALL.len()];
    for _ in 0..ROUNDS {
        for (step, (taken, floor)) in Step::ALL.into_iter().zip(&mut bests) {
            taken.turn(|| house.take(step, PEERS));
            floor.turn(|| house.look_up(step));
        }
        house.fill();
    }
    let named = Step::ALL.into_iter().zip(bests);
    named.flat_map(|(step, (taken, floor))| taken.rows(step.name(), "decision", PEERS, floor)).collect()
}

pub(crate) fn counts() -> Vec<Value> {
    let count = |step: Step| json!({ "name": step.counted(), "unit": "per decision", "iterations": ITERATIONS, "floor": LOOKUP });
    Step::ALL.into_iter().map(count).collect()
}

/// Takes a step so many times; false if there is no such step.
pub(crate) fn count(name: &str, iterations: usize) -> bool {
    let Some(step) = Step::ALL.into_iter().find(|step| step.counted() == name) else { return false };
    let mut house = House::new();
    if step == Step::Leave {
        // As many enter however many leave, so that entering cancels out.
        house.take(Step::Enter, 2 * ITERATIONS);
        house.entered.truncate(iterations);
    }
    house.take(step, iterations);
    std::mem::forget(house);
    true
}
