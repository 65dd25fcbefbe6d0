use williw_core::amount::Amount;
use williw_core::cycle::UnixSeconds;
use williw_core::fact::Body;
use williw_core::model::Entry;

use crate::world::{COIN, GENESIS, PERIOD, Person, STAKE, World, calls, plan};

fn staked() -> (World, Person) {
    let mut world = World::new();
    let alice = world.person("alice");
    world.register(&alice, STAKE);
    world.skip_cycles(2);
    (world, alice)
}

#[test]
fn moves_stake_into_the_queue() {
    let (mut world, alice) = staked();
    let (amount, maturity) = (Amount(u128::from(7 * COIN)), UnixSeconds(world.now() + PERIOD));
    let active = Amount(u128::from(STAKE - 7 * COIN));
    let body = Body::Unstaked { account: alice.account(), active, queued: amount, amount, maturity };
    let unstake = world.site.unstake(alice.wallet, 7 * COIN);
    assert_eq!(world.records(calls::operator(alice.wallet), body, unstake).number(), 0);
    assert_eq!(world.operator(&alice).queue, [Entry { ticket: 0, amount, maturity }]);
    assert_eq!(world.operator(&alice).active, active);
    assert_eq!(world.tokens_in(calls::stake_tokens()), STAKE, "it stays where it is until it is withdrawn");
}

#[test]
fn lowers_the_floor_at_once() {
    let (mut world, alice) = staked();
    world.unstake(&alice, 7 * COIN);
    let left = STAKE - 7 * COIN;
    world.assert_stake(&alice, [left, left, STAKE]);
    world.assert_total([left, left, STAKE]);
}

#[test]
fn entries_never_merge_and_tickets_grow() {
    let (mut world, alice) = staked();
    assert_eq!(world.unstake(&alice, COIN), 0);
    assert_eq!(world.unstake(&alice, 2 * COIN), 1);
    let operator = world.operator(&alice);
    assert_eq!(operator.queue.len(), 2);
    assert_eq!((operator.queue[1].ticket, operator.queue[1].amount), (1, Amount(u128::from(2 * COIN))));
    assert_eq!(operator.queued(), Amount(u128::from(3 * COIN)));
}

#[test]
fn everything_may_go_even_while_jailed_and_paused() {
    let (mut world, alice) = staked();
    let governor = world.wallet("governor");
    world.slash(&alice, &alice.signer, governor);
    world.must(world.site.set_paused(governor, true));
    world.unstake(&alice, STAKE - STAKE / 20);
    assert_eq!(world.operator(&alice).active, Amount::ZERO);
    world.assert_total([0, 0, STAKE]);
}

#[test]
fn a_maturity_beyond_time_stays_at_its_end() {
    let mut world = World::bare();
    let mut plan = plan();
    (plan.vault.unstaking_period, plan.vault_bounds.most.unstaking_period) = (u64::MAX, u64::MAX);
    world.must(world.site.initialize(plan));
    let alice = world.person("alice");
    world.register(&alice, STAKE);
    world.unstake(&alice, 1);
    assert_eq!(world.operator(&alice).queue[0].maturity, UnixSeconds(u64::MAX));
}

#[test]
fn refusals_come_in_order() {
    let (mut world, alice) = staked();
    let bob = world.person("bob");
    let now = world.now();
    for _ in 0..8 {
        world.unstake(&alice, 1);
    }
    world.set_time(GENESIS - 1);
    world.refuses("BeforeGenesis", world.site.unstake(bob.wallet, 0));
    world.set_time(now);
    world.refuses("NotRegistered", world.site.unstake(bob.wallet, 0));
    world.refuses("QueueFull", world.site.unstake(alice.wallet, 0));
    world.must(world.site.restake(alice.wallet, 3));
    world.refuses("ZeroAmount", world.site.unstake(alice.wallet, 0));
    world.refuses("InsufficientStake", world.site.unstake(alice.wallet, STAKE - 6));
    assert_eq!(world.unstake(&alice, STAKE - 7), 8, "a ticket that was given back is not given again");
}
