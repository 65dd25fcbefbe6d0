use williw_core::amount::Amount;
use williw_core::fact::Body;

use crate::world::{COIN, FUNDS, World, calls};

#[test]
fn records_the_sum_and_takes_the_tokens() {
    let mut world = World::new();
    world.fund(FUNDS);
    let stranger = world.person("stranger");
    world.give(stranger.wallet, 5);
    let fund = world.site.fund(stranger.wallet, 5);
    world.records(calls::config(), Body::Funded { funded: Amount(u128::from(FUNDS + 5)) }, fund);
    assert_eq!(world.config().funded.get(), u128::from(FUNDS + 5));
    assert_eq!(world.tokens_in(calls::reward_tokens()), FUNDS + 5);
    assert_eq!(world.tokens_in(calls::stake_tokens()), 0, "rewards are held apart from the stake");
    assert_eq!(world.purse(stranger.wallet), 0);
}

#[test]
fn takes_as_much_as_there_can_be() {
    let mut world = World::new();
    world.fund(COIN);
    world.fund(u64::MAX - COIN);
    assert_eq!(world.config().funded.get(), u128::from(u64::MAX));
}

#[test]
fn refusals_come_in_order() {
    let mut world = World::new();
    let stranger = world.person("stranger");
    world.refuses("ZeroAmount", world.site.fund(stranger.wallet, 0));
    world.refuses("token: InsufficientFunds", world.site.fund(stranger.wallet, 1));
    let alice = world.person("alice");
    world.give(alice.wallet, COIN);
    let mut with_hers = world.site.fund(stranger.wallet, 1);
    with_hers.accounts[2].pubkey = world.site.purse(alice.wallet);
    world.refuses("token: OwnerMismatch", with_hers);
}

/// Funding is no deposit: it does not need a cycle and does not stop with deposits.
#[test]
fn works_while_deposits_are_paused() {
    let mut world = World::new();
    let governor = world.wallet("governor");
    world.must(world.site.set_paused(governor, true));
    world.fund(COIN);
}
