use williw_core::amount::Amount;
use williw_core::fact::Body;
use williw_core::sim::keys::SignerKey;

use crate::world::{COIN, GENESIS, LENGTH, PERIOD, Person, STAKE, World, calls, plan};

const LEFT: u64 = STAKE - 250 * COIN;

/// Alice was slashed in cycle 102.
fn jailed() -> (World, Person, SignerKey) {
    let mut world = World::new();
    let (alice, stranger) = (world.person("alice"), world.person("stranger"));
    world.register(&alice, STAKE);
    world.skip_cycles(2);
    world.slash(&alice, &alice.signer, stranger.wallet);
    let second = alice.key("second");
    (world, alice, second)
}

#[test]
fn ends_the_jail_with_a_new_signer() {
    let (mut world, alice, second) = jailed();
    world.skip(PERIOD);
    let (link, signature) = world.link(&alice, &second, 2);
    let body = Body::Unjailed { account: alice.account(), active: Amount(LEFT.into()), link };
    let unjail = world.site.unjail(alice.wallet, &link, &signature.0);
    world.records(calls::operator(alice.wallet), body, unjail);
    let operator = world.operator(&alice);
    assert_eq!((operator.jailed_until, operator.term), (None, 1));
    assert_eq!((operator.signer, operator.nonce), (second.address(), 2));
    world.assert_stake(&alice, [LEFT, 0, 0]);
    world.assert_total([LEFT, 0, 0]);
}

#[test]
fn the_new_signer_speaks_at_once_and_every_earlier_one_is_void() {
    let (mut world, alice, second) = jailed();
    world.skip(PERIOD);
    world.unjail(&alice, &second, 2);
    assert!(world.speaks_in(&alice, second.address(), 116));
    assert!(!world.speaks_in(&alice, second.address(), 115));
    assert!(!world.speaks_in(&alice, alice.signer.address(), 101));
}

#[test]
fn a_second_offence_is_slashed_again() {
    let (mut world, alice, second) = jailed();
    world.skip(PERIOD);
    world.unjail(&alice, &second, 2);
    assert_eq!(world.slash(&alice, &second, alice.wallet), LEFT / 20);
    assert!(world.operator(&alice).jailed_until.is_some());
}

/// The end was fixed by the slash: a longer period that comes into force meanwhile changes nothing.
#[test]
fn a_jail_keeps_its_length() {
    let (mut world, alice, second) = jailed();
    let mut longer = plan().vault;
    longer.unstaking_period = 2 * PERIOD;
    world.change_vault(longer);
    world.unjail(&alice, &second, 2);
    assert_eq!(world.operator(&alice).jailed_until, None);
}

#[test]
fn refusals_come_in_order() {
    let (mut world, alice, second) = jailed();
    let [bob, stranger] = ["bob", "stranger"].map(|name| world.person(name));
    world.register(&bob, STAKE);
    let now = world.now();
    let attempt = |world: &World, owner: &Person, to: &SignerKey, nonce, signature: &[u8]| {
        let (link, _) = world.link(owner, to, nonce);
        world.site.unjail(owner.wallet, &link, signature)
    };
    world.set_time(GENESIS - 1);
    world.refuses("BeforeGenesis", attempt(&world, &stranger, &bob.signer, 1, &[]));
    world.set_time(now);
    world.refuses("NotRegistered", attempt(&world, &stranger, &bob.signer, 1, &[]));
    world.refuses("NotJailed", attempt(&world, &bob, &alice.signer, 1, &[]));
    world.unstake(&alice, LEFT - 1_000 * COIN + 1);
    world.refuses("StaleNonce", attempt(&world, &alice, &alice.signer, 1, &[]));
    // Even the present signer is: whoever was slashed needs a new one.
    world.refuses("SignerTaken", attempt(&world, &alice, &alice.signer, 2, &[]));
    world.refuses("Length", attempt(&world, &alice, &second, 2, &[]));
    let (_, of_bob) = world.link(&bob, &second, 2);
    world.refuses("WrongSigner", attempt(&world, &alice, &second, 2, &of_bob.0));
    let good = world.link(&alice, &second, 2).1.0;
    world.refuses("BelowMinStake", attempt(&world, &alice, &second, 2, &good));
    world.must(world.site.restake(alice.wallet, 0));
    world.set_time(now + PERIOD - 1);
    world.refuses("StillJailed", attempt(&world, &alice, &second, 2, &good));
    world.skip(1);
    world.must(attempt(&world, &alice, &second, 2, &good));
}

#[test]
fn the_quorum_grows_again_with_the_next_cycle() {
    let (mut world, alice, second) = jailed();
    world.skip(PERIOD);
    world.unjail(&alice, &second, 2);
    world.skip(2 * LENGTH);
    world.assert_stake(&alice, [LEFT, LEFT, LEFT]);
    world.assert_total([LEFT, LEFT, LEFT]);
}
