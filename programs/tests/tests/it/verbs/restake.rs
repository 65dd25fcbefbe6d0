use williw_core::amount::Amount;
use williw_core::fact::Body;

use crate::world::{COIN, GENESIS, Person, STAKE, World, calls, plan};

fn queued() -> (World, Person) {
    let mut world = World::new();
    let alice = world.person("alice");
    world.register(&alice, STAKE);
    world.skip_cycles(2);
    for coins in 1..=3 {
        world.unstake(&alice, coins * COIN);
    }
    (world, alice)
}

#[test]
fn takes_one_entry_back_and_keeps_the_order_of_the_rest() {
    let (mut world, alice) = queued();
    let [active, queued] = [STAKE - 4 * COIN, 4 * COIN].map(|atoms| Amount(atoms.into()));
    let restake = world.site.restake(alice.wallet, 1);
    world.records(calls::operator(alice.wallet), Body::Restaked { account: alice.account(), active, queued }, restake);
    let tickets: Vec<u64> = world.operator(&alice).queue.iter().map(|entry| entry.ticket).collect();
    assert_eq!(tickets, [0, 2]);
    assert_eq!(world.operator(&alice).queue[1].amount, Amount(u128::from(3 * COIN)));
    // The floor fell with the unstake and does not come back in this cycle.
    world.assert_stake(&alice, [STAKE - 4 * COIN, STAKE - 6 * COIN, STAKE]);
}

#[test]
fn gives_back_only_what_a_slash_left() {
    let (mut world, alice) = queued();
    world.slash(&alice, &alice.signer, alice.wallet);
    let active = world.operator(&alice).active.0;
    world.must(world.site.restake(alice.wallet, 2));
    assert_eq!(world.operator(&alice).active.0, active + 2_850_000_000);
    world.assert_total([0, 0, STAKE]);
}

#[test]
fn a_ticket_is_never_given_twice() {
    let (mut world, alice) = queued();
    world.must(world.site.restake(alice.wallet, 2));
    assert_eq!(world.unstake(&alice, 1), 3);
}

#[test]
fn works_while_deposits_are_paused() {
    let (mut world, alice) = queued();
    let governor = world.wallet("governor");
    world.must(world.site.set_paused(governor, true));
    world.must(world.site.restake(alice.wallet, 0));
}

#[test]
fn refusals_come_in_order() {
    let (mut world, alice) = queued();
    let bob = world.person("bob");
    let now = world.now();
    world.set_time(GENESIS - 1);
    world.refuses("BeforeGenesis", world.site.restake(bob.wallet, 9));
    world.set_time(now);
    world.refuses("NotRegistered", world.site.restake(bob.wallet, 9));
    world.refuses("NoSuchEntry", world.site.restake(alice.wallet, 3));
    world.must(world.site.restake(alice.wallet, 1));
    world.refuses("NoSuchEntry", world.site.restake(alice.wallet, 1));

    let mut everything = plan().vault;
    everything.slash_bps = 10_000;
    world.change_vault(everything);
    world.slash(&alice, &alice.signer, bob.wallet);
    world.refuses("ZeroAmount", world.site.restake(alice.wallet, 0));
}
