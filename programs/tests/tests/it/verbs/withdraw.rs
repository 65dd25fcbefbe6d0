use williw_core::amount::Amount;
use williw_core::fact::Body;

use crate::world::{COIN, DAY, PERIOD, Person, STAKE, World, calls, plan};

/// It is day 3; the entries mature on days 14, 15 and 16.
fn queued() -> (World, Person) {
    let mut world = World::new();
    let alice = world.person("alice");
    world.register(&alice, STAKE);
    for coins in 1..=3 {
        world.unstake(&alice, coins * COIN);
        world.skip(DAY);
    }
    (world, alice)
}

#[test]
fn pays_the_matured_entries() {
    let (mut world, alice) = queued();
    world.skip(12 * DAY);
    let coins = Amount(u128::from(3 * COIN));
    let body = Body::Withdrawn { account: alice.account(), queued: coins, amount: coins };
    let withdraw = world.site.withdraw(alice.wallet, 8);
    assert_eq!(world.records(calls::operator(alice.wallet), body, withdraw).number(), 3 * COIN);
    assert_eq!(world.purse(alice.wallet), 3 * COIN);
    assert_eq!(world.tokens_in(calls::stake_tokens()), STAKE - 3 * COIN);
    let queue = world.operator(&alice).queue;
    assert_eq!(queue.len(), 1);
    assert_eq!((queue[0].ticket, queue[0].amount), (2, coins));
}

#[test]
fn pays_at_the_second_of_maturity_and_not_before() {
    let (mut world, alice) = queued();
    world.skip(11 * DAY - 1);
    world.refuses("NothingMatured", world.site.withdraw(alice.wallet, 8));
    world.skip(1);
    assert_eq!(world.withdraw(&alice, 8), COIN);
}

#[test]
fn pays_the_oldest_and_at_most_the_limit() {
    let (mut world, alice) = queued();
    world.skip(30 * DAY);
    world.refuses("NothingMatured", world.site.withdraw(alice.wallet, 0));
    assert_eq!(world.withdraw(&alice, 1), COIN);
    assert_eq!(world.withdraw(&alice, 2), 5 * COIN);
    assert_eq!(world.operator(&alice).queue, []);
}

#[test]
fn a_thawing_entry_blocks_none_behind_it() {
    let (mut world, alice) = queued();
    world.skip(30 * DAY);
    world.withdraw(&alice, 8);
    let with = |period| {
        let mut terms = plan().vault;
        (terms.unstaking_period, terms.evidence_cycles) = (period, 0);
        terms
    };
    world.change_vault(with(100 * DAY));
    let governor = world.wallet("governor");
    world.must(world.site.propose_vault(governor, with(2 * DAY)));
    world.skip(99 * DAY);
    world.unstake(&alice, 5 * COIN); // thaws for 100 days
    world.skip(DAY);
    world.must(world.site.apply_vault());
    world.unstake(&alice, 7 * COIN); // thaws for two
    world.skip(2 * DAY);
    assert_eq!(world.withdraw(&alice, 8), 7 * COIN);
    assert_eq!(world.operator(&alice).queue[0].amount, Amount(u128::from(5 * COIN)));
    world.skip(97 * DAY);
    assert_eq!(world.withdraw(&alice, 8), 5 * COIN);
}

#[test]
fn a_jailed_owner_leaves_with_what_is_left_even_while_paused() {
    let (mut world, alice) = queued();
    let governor = world.wallet("governor");
    world.slash(&alice, &alice.signer, governor);
    world.must(world.site.set_paused(governor, true));
    world.skip(30 * DAY);
    assert_eq!(world.withdraw(&alice, 8), 5_700_000_000);
}

/// Nothing moves then, so nothing asks the token account whether it can be paid.
#[test]
fn entries_of_zero_can_be_cleared() {
    let (mut world, alice) = queued();
    let mut everything = plan().vault;
    everything.slash_bps = 10_000;
    world.change_vault(everything);
    world.slash(&alice, &alice.signer, alice.wallet);
    world.freeze(world.site.purse(alice.wallet));
    world.skip(PERIOD);
    assert_eq!(world.operator(&alice).queue.len(), 3);
    assert_eq!(world.withdraw(&alice, 8), 0);
    assert_eq!(world.operator(&alice).queue, []);
}

#[test]
fn pays_into_any_token_account_of_the_owner() {
    let (mut world, alice) = queued();
    world.skip(30 * DAY);
    let second = world.open_plain(world.site.mint, alice.wallet, "alice's second purse");
    let mut withdraw = world.site.withdraw(alice.wallet, 8);
    withdraw.accounts[3].pubkey = second;
    world.must(withdraw);
    assert_eq!(world.tokens_in(second), 6 * COIN);
}

#[test]
fn refusals_come_in_order() {
    let (mut world, alice) = queued();
    let bob = world.person("bob");
    let to_bob = |world: &World| {
        let mut withdraw = world.site.withdraw(alice.wallet, 8);
        withdraw.accounts[3].pubkey = world.site.purse(bob.wallet);
        withdraw
    };
    world.refuses("NotRegistered", world.site.withdraw(bob.wallet, 8));
    world.skip(30 * DAY);
    world.refuses("ForeignTokens", to_bob(&world));
    world.freeze(world.site.purse(alice.wallet));
    world.refuses("token: AccountFrozen", world.site.withdraw(alice.wallet, 8));
    assert_eq!(world.operator(&alice).queue.len(), 3, "what was refused is still there");
}

#[test]
fn steps_of_any_size_pay_everything() {
    for limit in 1..=4 {
        let (mut world, alice) = queued();
        world.skip(30 * DAY);
        while !world.operator(&alice).queue.is_empty() {
            world.withdraw(&alice, limit);
        }
        assert_eq!(world.purse(alice.wallet), 6 * COIN);
    }
}
