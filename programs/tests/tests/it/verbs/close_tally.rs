use williw_core::cycle::Cycle;
use williw_core::statement::RewardRoot;

use crate::world::papers::root;
use crate::world::{COIN, LENGTH, PER_CYCLE, Person, World, calls};

/// Alice's vote alone was counted for a root of the cycle before.
fn counted() -> (World, [Person; 3], Cycle, RewardRoot) {
    let (mut world, people) = World::with_pool();
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &root, &[&people[0]]);
    (world, people, past, root)
}

#[test]
fn gives_the_rent_back_to_who_paid_it() {
    let (mut world, _, past, root) = counted();
    let (courier, tally) = (world.site.payer, calls::tally(past, &root));
    let (rent, before) = (world.lamports(tally), world.lamports(courier));
    world.skip(LENGTH);
    let receipt = world.must(world.site.close_tally(past, &root, courier));
    assert_eq!(receipt.events, [], "it is no fact, and nothing that anyone waits for");
    assert!(world.account(tally).is_none());
    assert_eq!(world.lamports(courier), before + rent - 5_000, "but for the fee of this transaction");
}

#[test]
fn votes_are_open_until_the_cycle_is_over_or_a_root_was_posted() {
    let (mut world, [alice, bob, _], past, root) = counted();
    let courier = world.site.payer;
    let close = world.site.close_tally(past, &root, courier);
    world.refuses("VotesOpen", close.clone());
    let mut later = world.clone();
    later.skip(LENGTH - 1);
    later.refuses("VotesOpen", close.clone());
    later.skip(1);
    later.must(close.clone());

    let other = RewardRoot { blob_hash: root.root, ..root };
    world.next_cycle();
    world.set_time(world.now() - LENGTH);
    world.vote(past, &other, &[&bob]);
    world.refuses("VotesOpen", close.clone());
    let carol = world.person("carol");
    world.vote(past, &root, &[&carol]);
    assert_ne!(world.config().has_pending, 0, "6,000 of 9,000");
    world.must(close);
    world.must(world.site.close_tally(past, &other, courier));
    world.refuses("CycleClosed", world.site.vote(past.0, &other, &[], &[]));
    assert_eq!(world.operator(&alice).active.0, u128::from(5_000 * COIN));
}

#[test]
fn refuses_anyone_but_who_paid() {
    let (mut world, [alice, ..], past, root) = counted();
    world.skip(LENGTH);
    world.refuses("ForeignAccount", world.site.close_tally(past, &root, alice.wallet));
}

#[test]
fn refuses_a_tally_that_never_was() {
    let (mut world, [alice, ..], past, _) = counted();
    world.skip(LENGTH);
    let never = world.site.close_tally(past, &root("never", 1), alice.wallet);
    world.refuses("AccountOwnedByWrongProgram", never);
}
