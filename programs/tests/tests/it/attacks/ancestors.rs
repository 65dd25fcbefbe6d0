//! Known defects of others who hold stake or pay rewards, and that we do not have them.

use williw_core::secp256k1::Signature;

use crate::world::papers::root;
use crate::world::{COIN, DAY, PERIOD, Person, STAKE, World, calls, plan};

fn staked() -> (World, [Person; 2]) {
    let mut world = World::new();
    let people = ["alice", "stranger"].map(|name| world.person(name));
    world.register(&people[0], STAKE);
    world.skip_cycles(2);
    (world, people)
}

#[test]
fn a_slash_does_not_skip_matured_unstakes_or_strand_them() {
    let (mut world, [alice, stranger]) = staked();
    world.unstake(&alice, 1_000 * COIN);
    world.skip(PERIOD + 1);
    let taken = world.slash(&alice, &alice.signer, stranger.wallet);
    assert_eq!(taken, 250 * COIN, "the matured entry pays like the rest");
    assert_eq!(world.withdraw(&alice, 8), 950 * COIN, "and what is left of it can be withdrawn");
}

#[test]
fn a_full_queue_resets_no_clock() {
    let (mut world, [alice, _]) = staked();
    world.unstake(&alice, COIN);
    let first = world.operator(&alice).queue[0];
    world.skip(DAY);
    for _ in 1..8 {
        world.unstake(&alice, COIN);
    }
    world.refuses("QueueFull", world.site.unstake(alice.wallet, COIN));
    assert_eq!(world.operator(&alice).queue[0], first);
    world.set_time(first.maturity.0);
    assert_eq!(world.withdraw(&alice, 8), COIN);
    world.unstake(&alice, COIN);
}

/// Her queue is full, deposits are paused, no token moves and her own purse is gone: still the slash goes through.
#[test]
fn nobody_makes_its_own_removal_fail() {
    let (mut world, [alice, stranger]) = staked();
    let governor = world.wallet("governor");
    for _ in 0..8 {
        world.unstake(&alice, COIN);
    }
    world.must(world.site.set_paused(governor, true));
    for account in [calls::stake_tokens(), world.site.purse(alice.wallet), world.site.purse(stranger.wallet)] {
        world.freeze(account);
    }
    assert_eq!(world.slash(&alice, &alice.signer, stranger.wallet), 250 * COIN);
}

#[test]
fn an_exit_does_not_fail_because_of_a_slash() {
    let (mut world, [alice, stranger]) = staked();
    world.unstake(&alice, 1_000 * COIN);
    world.slash(&alice, &alice.signer, stranger.wallet);
    world.skip(PERIOD);
    world.unstake(&alice, 3_800 * COIN);
    assert_eq!(world.withdraw(&alice, 8), 950 * COIN);
    world.skip(PERIOD);
    assert_eq!(world.withdraw(&alice, 8), 3_800 * COIN);
}

#[test]
fn no_capacity_is_left_of_who_has_gone() {
    let (mut world, [alice, _]) = staked();
    world.unstake(&alice, STAKE);
    world.assert_stake(&alice, [0, 0, STAKE]);
    world.skip_cycles(1);
    world.assert_stake(&alice, [0, 0, 0]);
    world.assert_total([0, 0, 0]);
}

#[test]
fn a_role_that_passed_leaves_nothing_with_the_old_holder() {
    let (mut world, [_, stranger]) = staked();
    let governor = world.wallet("governor");
    world.must(world.site.offer_governor(governor, stranger.wallet));
    world.must(world.site.accept_governor(stranger.wallet));
    for instruction in [
        world.site.set_paused(governor, true),
        world.site.propose_vault(governor, plan().vault),
        world.site.propose_pool(governor, plan().pool),
        world.site.set_guardian(governor, governor),
        world.site.offer_governor(governor, governor),
    ] {
        world.refuses("NotGovernor", instruction);
    }
    world.must(world.site.set_paused(stranger.wallet, true));
}

#[test]
fn empty_evidence_pays_nobody() {
    let (mut world, [alice, stranger]) = staked();
    for (why, evidence) in [("Length", vec![]), ("UnknownKind", vec![0; 228])] {
        let slash = world.site.slash(alice.signer.address(), alice.wallet, evidence, stranger.wallet);
        world.refuses(why, slash);
    }
    assert_eq!(world.bounty(stranger.wallet), 0);
}

#[test]
fn nothing_signed_for_one_deployment_is_worth_anything_for_another() {
    let (world, [alice, stranger]) = staked();
    let evidence = world.evidence(&alice.signer, 102).encode().to_vec();
    let (link, half) = world.link(&alice, &alice.signer, 1);
    let slash = world.site.slash(alice.signer.address(), alice.wallet, evidence, stranger.wallet);

    let mut other = World::bare();
    let mut renamed = plan();
    renamed.name = "another".to_owned();
    other.must(other.site.initialize(renamed));
    other.network = williw_core::network::NetworkId(other.config().network);
    let [alice, stranger] = ["alice", "stranger"].map(|name| other.person(name));
    other.give(alice.wallet, STAKE);
    other.refuses("WrongSigner", other.site.register(alice.wallet, STAKE, &link, &half.0));
    other.register(&alice, STAKE);
    other.skip_cycles(2);
    // Both signatures recover to somebody there, but not to the same, and not to her.
    other.refuses("DifferentSigners", slash);
    assert_eq!(other.bounty(stranger.wallet), 0);
}

#[test]
fn no_vote_is_worth_anything_for_another_deployment() {
    let (world, [alice, bob, _]) = World::with_pool();
    let (past, posted) = (world.past(), root("root", 0));
    let ballots: Vec<Signature> =
        [&alice, &bob].iter().map(|voter| world.ballot(&voter.signer, past, &posted)).collect();
    let seats = [&alice, &bob].map(|voter| (voter.signer.address(), voter.wallet));
    let mut other = World::bare();
    let mut renamed = plan();
    renamed.name = "another".to_owned();
    other.must(other.site.initialize(renamed));
    other.network = williw_core::network::NetworkId(other.config().network);
    for (name, coins) in [("alice", 5_000), ("bob", 3_000)] {
        let person = other.person(name);
        other.register(&person, coins * COIN);
    }
    other.skip_cycles(2);
    other.refuses("ForeignAccount", other.site.vote(past.0, &posted, &ballots, &seats));
    let [alice, bob] = ["alice", "bob"].map(|name| other.person(name));
    other.post(&posted, &[&alice, &bob]);
    assert_eq!(other.config().has_pending, 1);
}

#[test]
fn a_link_cannot_be_used_twice() {
    let (mut world, [alice, _]) = staked();
    let (link, half) = world.link(&alice, &alice.key("second"), 2);
    let rotate = world.site.rotate(alice.wallet, alice.signer.address(), &link, &half.0);
    world.must(rotate.clone());
    world.refuses("StaleNonce", rotate);
}

#[test]
fn dust_on_behalf_of_others_resets_no_clock() {
    let (mut world, [alice, stranger]) = staked();
    world.unstake(&alice, COIN);
    let first = world.operator(&alice).queue[0];
    world.skip(PERIOD - 1);
    world.give(stranger.wallet, 10 * COIN);
    world.must(world.site.stake(stranger.wallet, alice.wallet, 10 * COIN));
    assert_eq!(world.operator(&alice).queue, [first]);
    world.skip(1);
    assert_eq!(world.withdraw(&alice, 8), COIN);
}

#[test]
fn dust_on_behalf_of_others_ends_and_lengthens_no_jail() {
    let (mut world, [alice, stranger]) = staked();
    world.slash(&alice, &alice.signer, stranger.wallet);
    world.skip(PERIOD - 1);
    world.give(stranger.wallet, 10 * COIN);
    world.must(world.site.stake(stranger.wallet, alice.wallet, 10 * COIN));
    world.skip(1);
    world.unjail(&alice, &alice.key("second"), 2);
}

#[test]
fn a_quorum_of_nobody_decides_nothing() {
    let (mut world, people) = World::with_pool();
    for (person, coins) in people.iter().zip([5_000, 3_000, 1_000]) {
        world.unstake(person, coins * COIN);
    }
    world.skip_cycles(2);
    let posted = root("all of it", 1);
    world.vote(world.past(), &posted, &[]);
    world.vote(world.past(), &posted, &[&people[0], &people[1]]);
    assert_eq!(world.config().has_pending, 0);
    assert_eq!(world.total().floor_prev().0, 0);
}

#[test]
fn the_smallest_reward_is_not_rounded_away() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let proof = world.pay(&alice, 1, &[&alice, &bob]);
    assert_eq!(world.must(world.site.claim(alice.wallet, alice.wallet, 1, &proof)).number(), 1);
}

#[test]
fn an_unstake_or_slash_during_the_vote_moves_no_goal() {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    let (past, posted) = (world.past(), root("root", 1));
    world.vote(past, &posted, &[&bob]);
    world.slash(&alice, &alice.signer, bob.wallet);
    world.unstake(&carol, 1_000 * COIN);
    assert_eq!(world.total().floor_prev().0, u128::from(9_000 * COIN));
    world.vote(past, &posted, &[&carol]);
    assert_eq!(world.counted(past, &posted), 4_000 * COIN);
    assert_eq!(world.config().has_pending, 0);
}
