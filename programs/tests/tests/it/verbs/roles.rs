use anchor_lang::prelude::Pubkey;

use crate::world::deployment::{pool, vault};
use crate::world::{COIN, Event, PERIOD, STAKE, World, plan};

struct Roles {
    world: World,
    governor: Pubkey,
    guardian: Pubkey,
    stranger: Pubkey,
}

fn roles() -> Roles {
    let mut world = World::new();
    let [governor, guardian, stranger] = ["governor", "guardian", "stranger"].map(|name| world.wallet(name));
    Roles { world, governor, guardian, stranger }
}

#[test]
fn the_governors_role_passes_in_two_steps() {
    let Roles { mut world, governor, stranger, .. } = roles();
    let receipt = world.must(world.site.offer_governor(governor, stranger));
    assert_eq!(receipt.events, [Event::GovernorOffered { to: stranger }]);
    assert_eq!((world.config().governor, world.config().offered), (governor, stranger));
    world.refuses("NotOffered", world.site.accept_governor(governor));
    let receipt = world.must(world.site.accept_governor(stranger));
    assert_eq!(receipt.events, [Event::GovernorAccepted { governor: stranger }]);
    assert_eq!((world.config().governor, world.config().offered), (stranger, Pubkey::default()));
    world.refuses("NotOffered", world.site.accept_governor(stranger));
}

#[test]
fn the_old_governor_has_nothing_left() {
    let Roles { mut world, governor, stranger, .. } = roles();
    world.must(world.site.offer_governor(governor, stranger));
    world.must(world.site.accept_governor(stranger));
    world.refuses("NotGovernor", world.site.set_paused(governor, true));
    world.refuses("NotGovernor", world.site.offer_governor(governor, governor));
    world.refuses("NotGovernor", world.site.set_guardian(governor, governor));
    world.refuses("NotGovernor", world.site.propose_vault(governor, plan().vault));
    world.refuses("NotGovernor", world.site.propose_pool(governor, plan().pool));
    world.must(world.site.set_paused(stranger, true));
    world.must(world.site.set_guardian(stranger, stranger));
}

#[test]
fn an_offer_is_replaced_and_taken_back() {
    let Roles { mut world, governor, guardian, stranger } = roles();
    world.must(world.site.offer_governor(governor, stranger));
    world.must(world.site.offer_governor(governor, guardian));
    world.refuses("NotOffered", world.site.accept_governor(stranger));
    world.must(world.site.offer_governor(governor, Pubkey::default()));
    world.refuses("NotOffered", world.site.accept_governor(guardian));
    assert_eq!(world.config().governor, governor);
}

#[test]
fn only_the_governor_pauses_and_only_deposits() {
    let Roles { mut world, governor, stranger, .. } = roles();
    let alice = world.person("alice");
    world.refuses("NotGovernor", world.site.set_paused(stranger, true));
    let receipt = world.must(world.site.set_paused(governor, true));
    assert_eq!(receipt.events, [Event::DepositsPaused { paused: true }]);
    assert_eq!(world.config().paused, 1);
    world.fund(COIN);
    let receipt = world.must(world.site.set_paused(governor, false));
    assert_eq!(receipt.events, [Event::DepositsPaused { paused: false }]);
    world.register(&alice, STAKE);
}

#[test]
fn only_the_governor_names_the_guardian() {
    let Roles { mut world, governor, guardian, stranger } = roles();
    world.refuses("NotGovernor", world.site.set_guardian(guardian, stranger));
    let receipt = world.must(world.site.set_guardian(governor, stranger));
    assert_eq!(receipt.events, [Event::GuardianSet { guardian: stranger }]);
    world.refuses("NotGuardian", world.site.veto(guardian));
    world.refuses("NothingPending", world.site.veto(stranger));
}

/// No role reaches stake or rewards; nothing a role does is a fact but what it announces.
#[test]
fn roles_are_no_facts() {
    let Roles { mut world, governor, stranger, .. } = roles();
    let before = world.config().head;
    world.must(world.site.set_paused(governor, true));
    world.must(world.site.set_guardian(governor, stranger));
    world.must(world.site.offer_governor(governor, stranger));
    world.must(world.site.accept_governor(stranger));
    assert_eq!(world.config().head, before);
}

#[test]
fn announcing_is_for_the_governor_and_applying_for_anyone() {
    let Roles { mut world, governor, guardian, stranger } = roles();
    let (new_vault, new_pool) = (vault(COIN, 0, PERIOD, 12, 0), pool(COIN, 60, 1));
    for other in [guardian, stranger] {
        world.refuses("NotGovernor", world.site.propose_vault(other, new_vault));
        world.refuses("NotGovernor", world.site.propose_pool(other, new_pool));
    }
    world.must(world.site.propose_vault(governor, new_vault));
    world.must(world.site.propose_pool(governor, new_pool));
    world.skip(PERIOD);
    world.must(world.site.apply_vault());
    world.must(world.site.apply_pool());
    assert_eq!((world.config().vault, world.config().pool), (new_vault, new_pool));
}
