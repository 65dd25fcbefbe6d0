//! Every interleaving of register, judge, bar, close and drop. The two orders that look as good and are not are here too:
//! the search has to find what is wrong with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use shuttle::thread;
use williw_core::cycle::Height;
use williw_core::identity::ChainId;
use williw_core::standing::Doubt;

use super::*;

const PEER: PeerId = PeerId([7; 32]);
const JAILED: Bar = Bar::Jailed { chain: ChainId::Base, height: Height(1) };
const DOUBT: Doubt = Doubt::Stale { chain: ChainId::Base };

/// A connection: all that matters is whether it is still open.
#[derive(Clone, Default)]
struct Wire(Arc<AtomicBool>);

impl Wire {
    fn close(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_open(&self) -> bool {
        !self.0.load(Ordering::SeqCst)
    }
}

type Enter = fn(&Registry<Wire>, Wire) -> Result<Ticket, Refusal>;
type Evict = fn(&Registry<Wire>);

/// As the hook does: a refused connection is closed after the door has answered.
fn arrive(registry: &Registry<Wire>, wire: &Wire, enter: Enter) -> Option<Ticket> {
    let entered = enter(registry, wire.clone());
    if entered.is_err() {
        wire.close();
    }
    entered.ok()
}

fn enter(registry: &Registry<Wire>, wire: Wire) -> Result<Ticket, Refusal> {
    registry.enter(PEER, wire)
}

fn evict(registry: &Registry<Wire>) {
    registry.evict(PEER, JAILED, |wire| wire.close());
}

/// What must hold when everybody is done.
fn settled(registry: &Registry<Wire>, wires: &[Wire]) {
    let open = wires.iter().filter(|wire| wire.is_open()).count();
    let registered = registry.live().get(&PEER).copied().unwrap_or_default();
    assert!(!registry.standing(PEER).is_barred() || open == 0, "a barred peer keeps {open} connections");
    assert_eq!(open, registered, "what is open is registered, and nothing else");
}

/// Runs a story under every interleaving and says how many there were.
fn every_interleaving(story: impl Fn() + Send + Sync + 'static) -> usize {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    shuttle::check_dfs(
        move || {
            count.fetch_add(1, Ordering::SeqCst);
            story();
        },
        None,
    );
    runs.load(Ordering::SeqCst)
}

/// One connection is open already, one arrives, and the peer is evicted. (Two arrivals at once pass too, but
/// searching their interleavings takes twenty minutes.)
fn an_arrival_against_an_eviction(enter: Enter, evict: Evict) -> usize {
    every_interleaving(move || {
        let registry = Arc::new(Registry::default());
        registry.place(PEER, Standing::Member);
        let (old, new) = (Wire::default(), Wire::default());
        arrive(&registry, &old, enter).expect("a member is let in");
        let arrival = {
            let (registry, new) = (Arc::clone(&registry), new.clone());
            thread::spawn(move || arrive(&registry, &new, enter))
        };
        evict(&registry);
        arrival.join().unwrap();
        settled(&registry, &[old, new]);
    })
}

#[test]
fn an_arrival_never_survives_an_eviction() {
    assert!(an_arrival_against_an_eviction(enter, evict) >= 10);
}

#[test]
#[should_panic(expected = "a barred peer keeps 1 connections")]
fn judging_before_registering_is_found_out() {
    let judge_first: Enter = |registry, wire| {
        registry.judge(PEER)?;
        registry.register(PEER, wire)
    };
    an_arrival_against_an_eviction(judge_first, evict);
}

#[test]
#[should_panic(expected = "a barred peer keeps 1 connections")]
fn closing_before_barring_is_found_out() {
    let close_first: Evict = |registry| {
        registry.take(PEER).into_iter().for_each(|(_, wire)| wire.close());
        registry.bar(PEER, JAILED);
    };
    an_arrival_against_an_eviction(enter, close_first);
}

#[test]
fn an_arrival_an_eviction_and_a_readmission_leave_nothing_half_done() {
    let runs = every_interleaving(|| {
        let registry = Arc::new(Registry::default());
        registry.place(PEER, Standing::Member);
        let wire = Wire::default();
        let arrival = {
            let (registry, wire) = (Arc::clone(&registry), wire.clone());
            thread::spawn(move || arrive(&registry, &wire, enter))
        };
        evict(&registry);
        registry.place(PEER, Standing::Member);
        arrival.join().unwrap();
        settled(&registry, &[wire]);
    });
    assert!(runs >= 10);
}

/// A connection ends by itself while its peer is evicted and comes back: the late farewell strikes off nobody else.
/// (Without the first look of `enter`, which changes nothing but would multiply the interleavings.)
#[test]
fn an_end_an_eviction_and_an_arrival_do_not_mix_up_connections() {
    let runs = every_interleaving(|| {
        let registry = Arc::new(Registry::default());
        registry.place(PEER, Standing::Member);
        let (old, new) = (Wire::default(), Wire::default());
        let ticket = arrive(&registry, &old, enter).expect("a member is let in");
        let end = {
            let (registry, old) = (Arc::clone(&registry), old.clone());
            thread::spawn(move || {
                old.close();
                registry.leave(PEER, ticket);
            })
        };
        let arrival = {
            let (registry, new) = (Arc::clone(&registry), new.clone());
            thread::spawn(move || arrive(&registry, &new, |registry, wire| registry.register_and_judge(PEER, wire)))
        };
        evict(&registry);
        end.join().unwrap();
        arrival.join().unwrap();
        settled(&registry, &[old, new]);
    });
    assert!(runs > 100);
}

#[test]
fn a_suspension_keeps_what_is_open_and_lets_in_nothing_new() {
    let runs = every_interleaving(|| {
        let registry = Arc::new(Registry::default());
        registry.place(PEER, Standing::Member);
        let (old, racing, late) = (Wire::default(), Wire::default(), Wire::default());
        arrive(&registry, &old, enter).expect("a member is let in");
        let arrival = {
            let (registry, racing) = (Arc::clone(&registry), racing.clone());
            thread::spawn(move || arrive(&registry, &racing, enter))
        };
        registry.place(PEER, Standing::Probation(DOUBT));
        assert_eq!(enter(&registry, late.clone()), Err(Refusal::Suspended));
        late.close();
        arrival.join().unwrap();
        assert!(old.is_open());
        settled(&registry, &[old, racing, late]);
    });
    assert!(runs >= 6);
}

#[test]
fn a_peer_has_so_many_connections_and_no_more() {
    shuttle::check_dfs(
        || {
            let registry = Registry::default();
            registry.place(PEER, Standing::Member);
            let tickets: Vec<_> =
                (0..CONNECTIONS_PER_PEER_CAP).map(|_| enter(&registry, Wire::default()).unwrap()).collect();
            assert_eq!(enter(&registry, Wire::default()), Err(Refusal::Crowded));
            registry.leave(PEER, tickets[3]);
            assert!(enter(&registry, Wire::default()).is_ok());
        },
        None,
    );
}

#[test]
fn the_unknown_leave_no_trace() {
    shuttle::check_dfs(
        || {
            let registry = Registry::default();
            assert_eq!(enter(&registry, Wire::default()), Err(Refusal::Barred(Bar::Unknown)));
            registry.place(PEER, Standing::Member);
            registry.evict(PEER, Bar::Unknown, |wire: Wire| wire.close());
            assert_eq!(registry.standing(PEER), Standing::Barred(Bar::Unknown));
            assert!(registry.standings().is_empty() && registry.open().of.is_empty());
        },
        None,
    );
}
