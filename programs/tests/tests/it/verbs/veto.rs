use anchor_lang::prelude::Pubkey;
use williw_core::cycle::Cycle;
use williw_core::fact::Body;

use crate::world::papers::root;
use crate::world::{DELAY, Event, PER_CYCLE, Person, World, calls};

struct Bench {
    world: World,
    people: [Person; 3],
    guardian: Pubkey,
}

fn bench() -> Bench {
    let (mut world, people) = World::with_pool();
    let guardian = world.wallet("guardian");
    Bench { world, people, guardian }
}

impl Bench {
    /// A root for the next cycle.
    fn post_next(&mut self) -> Cycle {
        self.world.next_cycle();
        let past = self.world.past();
        let [alice, bob, _] = &self.people;
        self.world.post(&root(&past.to_string(), PER_CYCLE), &[alice, bob]);
        past
    }

    fn veto(&mut self) {
        self.world.must(self.world.site.veto(self.guardian));
    }

    #[track_caller]
    fn refused(&mut self, why: &str) {
        self.world.refuses(why, self.world.site.veto(self.guardian));
    }
}

#[test]
fn strikes_out_the_pending_root() {
    let mut bench = bench();
    let cycle = bench.post_next();
    let veto = bench.world.site.veto(bench.guardian);
    bench.world.records(calls::config(), Body::RootVetoed { cycle }, veto);
    let config = bench.world.config();
    assert_eq!((config.vetoes, config.has_pending, config.pending), (1, 0, Default::default()));
    bench.world.skip(DELAY);
    bench.world.next_cycle();
    bench.world.vote(bench.world.past(), &root("root", 0), &[]);
    let config = bench.world.config();
    assert_eq!((config.has_active, config.uncovered, config.first_open), (0, 100, cycle.0 + 1));
}

#[test]
fn leaves_the_root_that_pays() {
    let mut bench = bench();
    let [alice, bob, _] = bench.people.clone();
    let proof = bench.world.pay(&alice, PER_CYCLE, &[&alice, &bob]);
    bench.post_next();
    let before = bench.world.config().active;
    bench.veto();
    assert_eq!(bench.world.config().active, before);
    let claim = bench.world.site.claim(alice.wallet, alice.wallet, u128::from(PER_CYCLE), &proof);
    assert_eq!(bench.world.must(claim).number(), PER_CYCLE);
}

#[test]
fn the_delay_ends_a_veto() {
    let mut bench = bench();
    bench.post_next();
    bench.world.skip(DELAY - 1);
    let mut earlier = bench.world.clone();
    earlier.must(earlier.site.veto(bench.guardian));
    bench.world.skip(1);
    bench.refused("NothingPending");
}

#[test]
fn refusals_come_in_order() {
    let mut bench = bench();
    let stranger = bench.world.wallet("stranger");
    bench.world.refuses("NotGuardian", bench.world.site.veto(stranger));
    bench.refused("NothingPending");
    for _ in 0..3 {
        bench.post_next();
        bench.veto();
    }
    // Nothing pending is told before spent vetoes.
    bench.refused("NothingPending");
    bench.post_next();
    bench.refused("VetoesSpent");
}

#[test]
fn three_in_a_row_and_none_until_a_root_activates() {
    let mut bench = bench();
    for _ in 0..3 {
        bench.post_next();
        bench.veto();
    }
    bench.post_next();
    bench.refused("VetoesSpent");
    bench.world.skip(DELAY);
    bench.post_next();
    assert_eq!(bench.world.config().vetoes, 0);
    bench.veto();
    assert_eq!(bench.world.config().vetoes, 1);
}

#[test]
fn a_new_guardian_replaces_the_old_one_and_nobody_is_one_too() {
    let mut bench = bench();
    let [governor, stranger] = ["governor", "stranger"].map(|name| bench.world.wallet(name));
    bench.post_next();
    let nobody = Pubkey::default();
    let receipt = bench.world.must(bench.world.site.set_guardian(governor, nobody));
    assert_eq!(receipt.events, [Event::GuardianSet { guardian: nobody }]);
    bench.refused("NotGuardian");
    bench.world.must(bench.world.site.set_guardian(governor, stranger));
    bench.refused("NotGuardian");
    bench.world.must(bench.world.site.veto(stranger));
}
