use williw_core::fact::Body;
use williw_core::identity::Signer;
use williw_core::sim::keys::SignerKey;

use crate::world::{GENESIS, Person, STAKE, World, calls};

/// Alice registered in cycle 100; it is cycle 105.
fn staked() -> (World, Person, SignerKey) {
    let mut world = World::new();
    let alice = world.person("alice");
    world.register(&alice, STAKE);
    world.skip_cycles(5);
    let second = alice.key("second");
    (world, alice, second)
}

#[track_caller]
fn assert_only(world: &World, alice: &Person, signer: Option<&SignerKey>, cycle: u64) {
    let (first, second) = (alice.signer.address(), alice.key("second").address());
    let speaks = |address| world.speaks_in(alice, address, cycle);
    let wanted = signer.map(SignerKey::address);
    assert_eq!(speaks(first), wanted == Some(first), "the first signer in {cycle}");
    assert_eq!(speaks(second), wanted == Some(second), "the second signer in {cycle}");
}

#[test]
fn the_new_signer_begins_after_the_next_cycle() {
    let (mut world, alice, second) = staked();
    let (link, signature) = world.link(&alice, &second, 2);
    let rotate = world.site.rotate(alice.wallet, alice.signer.address(), &link, &signature.0);
    world.records(calls::operator(alice.wallet), Body::Rotated { account: alice.account(), link }, rotate);
    assert_only(&world, &alice, None, 99);
    assert_only(&world, &alice, Some(&alice.signer), 100);
    assert_only(&world, &alice, Some(&alice.signer), 106);
    assert_only(&world, &alice, Some(&second), 107);
    assert_only(&world, &alice, Some(&second), u64::MAX);
    let operator = world.operator(&alice);
    assert_eq!((operator.signer, operator.nonce), (second.address(), 2));
}

#[test]
fn a_signer_replaced_before_its_first_cycle_never_serves() {
    let (mut world, alice, second) = staked();
    let third = alice.key("third");
    world.rotate(&alice, alice.signer.address(), &second, 2);
    world.rotate(&alice, second.address(), &third, 3);
    assert_only(&world, &alice, Some(&alice.signer), 106);
    assert_only(&world, &alice, None, 107);
    assert!(world.speaks_in(&alice, third.address(), 107));
}

#[test]
fn with_the_present_signer_only_the_peer_changes() {
    let (mut world, alice, _) = staked();
    let before = world.tenure(alice.signer.address());
    world.rotate(&alice, alice.signer.address(), &alice.signer, 7);
    assert_eq!(world.tenure(alice.signer.address()), before);
    assert_eq!(before.expect("her first signer").through, None);
    assert_eq!(world.operator(&alice).nonce, 7);
}

#[test]
fn refusals_come_in_order() {
    let (mut world, alice, second) = staked();
    let [bob, carol] = ["bob", "carol"].map(|name| world.person(name));
    world.register(&bob, STAKE);
    world.register(&carol, STAKE);
    world.slash(&carol, &carol.signer, bob.wallet);
    let now = world.now();
    let attempt = |world: &World, owner: &Person, to: &SignerKey, nonce, signature: &[u8]| {
        let (link, _) = world.link(owner, to, nonce);
        world.site.rotate(owner.wallet, owner.signer.address(), &link, signature)
    };
    let stranger = world.person("stranger");
    world.set_time(GENESIS - 1);
    world.refuses("BeforeGenesis", attempt(&world, &stranger, &bob.signer, 1, &[]));
    world.set_time(now);
    world.refuses("NotRegistered", attempt(&world, &stranger, &bob.signer, 1, &[]));
    world.refuses("Jailed", attempt(&world, &carol, &bob.signer, 1, &[]));
    world.refuses("StaleNonce", attempt(&world, &alice, &bob.signer, 1, &[]));
    world.refuses("SignerTaken", attempt(&world, &alice, &bob.signer, 2, &[]));
    world.refuses("Length", attempt(&world, &alice, &second, 2, &[]));
    let (_, of_bob) = world.link(&bob, &second, 2);
    world.refuses("WrongSigner", attempt(&world, &alice, &second, 2, &of_bob.0));

    let (mut link, signature) = world.link(&alice, &second, 2);
    link.signer = Signer([0; 20]);
    world.refuses("ZeroSigner", world.site.rotate(alice.wallet, alice.signer.address(), &link, &signature.0));
}

#[test]
fn a_signer_of_ones_own_past_is_taken() {
    let (mut world, alice, second) = staked();
    world.rotate(&alice, alice.signer.address(), &second, 2);
    let (link, signature) = world.link(&alice, &alice.signer, 3);
    world.refuses("SignerTaken", world.site.rotate(alice.wallet, second.address(), &link, &signature.0));
}
