use anchor_lang::prelude::Pubkey;
use williw_core::amount::Amount;

use crate::world::{COIN, Event, Person, World};

fn people() -> (World, [Person; 4]) {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let [cold, stranger] = ["cold", "stranger"].map(|name| world.person(name));
    (world, [alice, bob, cold, stranger])
}

fn propose(world: &mut World, owner: &Person, recipient: Pubkey) {
    let receipt = world.must(world.site.set_recipient(owner.wallet, recipient));
    assert_eq!(receipt.events, [Event::RecipientProposed { owner: owner.wallet, recipient }]);
}

fn confirm(world: &mut World, owner: &Person, by: &Person) {
    let receipt = world.must(world.site.confirm_recipient(by.wallet, owner.wallet));
    assert_eq!(receipt.events, [Event::RecipientConfirmed { owner: owner.wallet, recipient: by.wallet }]);
}

/// Posts a root that pays alice this in all, and claims it for whoever is to have it.
fn paid(world: &mut World, [alice, bob]: [&Person; 2], recipient: &Person, cumulative: u64) -> u64 {
    world.next_cycle();
    let proof = world.pay(alice, cumulative, &[alice, bob]);
    let receipt = world.must(world.site.claim(alice.wallet, recipient.wallet, cumulative.into(), &proof));
    let [Event::Claimed { owner, recipient: to, amount, cumulative: sum }] = receipt.events[..] else {
        panic!("one event, and not {:?}", receipt.events)
    };
    assert_eq!((owner, to, amount), (alice.wallet, recipient.wallet, receipt.number()));
    assert_eq!(sum, Amount(cumulative.into()));
    amount
}

#[test]
fn is_the_owner_until_another_confirms() {
    let (mut world, [alice, bob, cold, _]) = people();
    propose(&mut world, &alice, cold.wallet);
    let claimant = world.claimant(alice.wallet).expect("the offer is stored");
    assert_eq!((claimant.recipient, claimant.proposed), (alice.wallet, cold.wallet));
    assert_eq!(paid(&mut world, [&alice, &bob], &alice, 10 * COIN), 10 * COIN);

    confirm(&mut world, &alice, &cold);
    let claimant = world.claimant(alice.wallet).expect("a claimant");
    assert_eq!((claimant.recipient, claimant.proposed), (cold.wallet, Pubkey::default()));
    assert_eq!(paid(&mut world, [&alice, &bob], &cold, 15 * COIN), 5 * COIN);
    assert_eq!((world.purse(alice.wallet), world.purse(cold.wallet)), (10 * COIN, 5 * COIN));
    assert_eq!(paid(&mut world, [&alice, &bob], &cold, 18 * COIN), 3 * COIN);
}

#[test]
fn nobody_else_is_paid_once_another_confirmed() {
    let (mut world, [alice, bob, cold, _]) = people();
    propose(&mut world, &alice, cold.wallet);
    confirm(&mut world, &alice, &cold);
    let proof = world.pay(&alice, 10 * COIN, &[&alice, &bob]);
    for other in [&alice, &bob] {
        let claim = world.site.claim(alice.wallet, other.wallet, u128::from(10 * COIN), &proof);
        world.refuses("ForeignTokens", claim);
    }
}

#[test]
fn the_owner_can_be_it_again() {
    let (mut world, [alice, bob, cold, _]) = people();
    propose(&mut world, &alice, cold.wallet);
    confirm(&mut world, &alice, &cold);
    assert_eq!(paid(&mut world, [&alice, &bob], &cold, COIN), COIN);
    propose(&mut world, &alice, alice.wallet);
    confirm(&mut world, &alice, &alice);
    assert_eq!(paid(&mut world, [&alice, &bob], &alice, 10 * COIN), 9 * COIN);
}

#[test]
fn an_offer_is_replaced_and_taken_back() {
    let (mut world, [alice, _, cold, stranger]) = people();
    propose(&mut world, &alice, cold.wallet);
    propose(&mut world, &alice, stranger.wallet);
    world.refuses("NotRecipient", world.site.confirm_recipient(cold.wallet, alice.wallet));
    propose(&mut world, &alice, Pubkey::default());
    world.refuses("NotRecipient", world.site.confirm_recipient(stranger.wallet, alice.wallet));
}

#[test]
fn an_offer_is_confirmed_once() {
    let (mut world, [alice, _, cold, stranger]) = people();
    propose(&mut world, &alice, cold.wallet);
    confirm(&mut world, &alice, &cold);
    propose(&mut world, &alice, stranger.wallet);
    confirm(&mut world, &alice, &stranger);
    world.refuses("NotRecipient", world.site.confirm_recipient(cold.wallet, alice.wallet));
    assert_eq!(world.claimant(alice.wallet).expect("a claimant").recipient, stranger.wallet);
}

#[test]
fn refuses_whoever_was_not_named() {
    let (mut world, [alice, bob, cold, _]) = people();
    world.refuses("NotRecipient", world.site.confirm_recipient(cold.wallet, alice.wallet));
    propose(&mut world, &alice, cold.wallet);
    world.refuses("NotRecipient", world.site.confirm_recipient(alice.wallet, alice.wallet));
    // One owner names nothing for another.
    world.refuses("NotRecipient", world.site.confirm_recipient(cold.wallet, bob.wallet));
    let mut of_alice = world.site.confirm_recipient(cold.wallet, bob.wallet);
    of_alice.accounts[1].pubkey = world.site.confirm_recipient(cold.wallet, alice.wallet).accounts[1].pubkey;
    world.refuses("ForeignAccount", of_alice);
}
