use williw_core::amount::Amount;
use williw_core::fact::Body;

use crate::world::{COIN, GENESIS, PERIOD, Person, STAKE, World, calls, plan};

fn staked() -> (World, Person, Person) {
    let mut world = World::new();
    let (alice, stranger) = (world.person("alice"), world.person("stranger"));
    world.register(&alice, STAKE);
    world.give(stranger.wallet, 100 * COIN);
    (world, alice, stranger)
}

#[test]
fn anyone_stakes_for_any_owner() {
    let (mut world, alice, stranger) = staked();
    let body = Body::Staked { account: alice.account(), active: Amount(u128::from(STAKE + 10 * COIN)) };
    let stake = world.site.stake(stranger.wallet, alice.wallet, 10 * COIN);
    world.records(calls::operator(alice.wallet), body, stake);
    assert_eq!(world.operator(&alice).active, Amount(u128::from(STAKE + 10 * COIN)));
    assert_eq!(world.tokens_in(calls::stake_tokens()), STAKE + 10 * COIN);
    assert_eq!(world.purse(stranger.wallet), 90 * COIN);
    assert_eq!(world.config().deposited.get(), u128::from(STAKE + 10 * COIN));
}

#[test]
fn an_increase_raises_no_floor() {
    let (mut world, alice, stranger) = staked();
    let more = STAKE + 50 * COIN;
    world.skip_cycles(1);
    world.assert_stake(&alice, [STAKE, STAKE, 0]);
    world.must(world.site.stake(stranger.wallet, alice.wallet, 50 * COIN));
    world.assert_stake(&alice, [more, STAKE, 0]);
    world.skip_cycles(1);
    world.assert_stake(&alice, [more, more, STAKE]);
    world.assert_total([more, more, STAKE]);
}

#[test]
fn a_jailed_operator_counts_nothing() {
    let (mut world, alice, stranger) = staked();
    world.slash(&alice, &alice.signer, stranger.wallet);
    let left = world.operator(&alice).active;
    world.must(world.site.stake(stranger.wallet, alice.wallet, 10 * COIN));
    assert_eq!(world.operator(&alice).active.0, left.0 + u128::from(10 * COIN));
    world.assert_stake(&alice, [0, 0, 0]);
    world.assert_total([0, 0, 0]);
}

#[test]
fn refusals_come_in_order() {
    let (mut world, alice, stranger) = staked();
    let (bob, governor) = (world.person("bob"), world.wallet("governor"));
    let stake = |world: &World, owner: &Person, amount| world.site.stake(stranger.wallet, owner.wallet, amount);
    world.must(world.site.set_paused(governor, true));
    world.set_time(GENESIS - 1);
    world.refuses("Paused", stake(&world, &bob, 0));
    world.must(world.site.set_paused(governor, false));
    world.refuses("BeforeGenesis", stake(&world, &bob, 0));
    world.set_time(GENESIS + 101 * 86_400);
    world.refuses("NotRegistered", stake(&world, &bob, 0));
    world.refuses("BelowMinDeposit", stake(&world, &alice, 10 * COIN - 1));
    world.refuses("token: InsufficientFunds", stake(&world, &alice, 100 * COIN + 1));
    world.must(stake(&world, &alice, 100 * COIN));
}

#[test]
fn nothing_is_refused_even_without_a_least_deposit() {
    let (mut world, alice, stranger) = staked();
    let mut terms = plan().vault;
    terms.min_deposit = 0.into();
    world.change_vault(terms);
    world.refuses("BelowMinDeposit", world.site.stake(stranger.wallet, alice.wallet, 0));
    world.must(world.site.stake(stranger.wallet, alice.wallet, 1));
}

/// All the tokens there can be are still far from what an amount can be.
#[test]
fn as_much_as_a_token_account_holds_can_be_staked() {
    let (mut world, alice, stranger) = staked();
    let rest = u64::MAX - STAKE - 100 * COIN;
    world.give(stranger.wallet, rest);
    world.must(world.site.stake(stranger.wallet, alice.wallet, rest + 100 * COIN));
    assert_eq!(world.operator(&alice).active, Amount(u64::MAX.into()));
    world.assert_total([u64::MAX, 0, 0]);
    let slashed = world.slash(&alice, &alice.signer, stranger.wallet);
    assert_eq!(slashed, u64::MAX / 20 + 1);
    world.skip(PERIOD);
}
