use crate::world::{Event, Person, STAKE, World, calls};

fn slashed() -> (World, [Person; 3]) {
    let mut world = World::new();
    let [alice, bob, stranger] = ["alice", "bob", "stranger"].map(|name| world.person(name));
    world.register(&alice, STAKE);
    world.register(&bob, STAKE);
    world.slash(&alice, &alice.signer, stranger.wallet);
    (world, [alice, bob, stranger])
}

/// A twentieth of what was taken, which was a twentieth.
const BOUNTY: u64 = STAKE / 20 / 20;

#[test]
fn anyone_has_the_beneficiary_paid() {
    let (mut world, [.., stranger]) = slashed();
    let receipt = world.must(world.site.collect(stranger.wallet));
    assert_eq!(receipt.number(), BOUNTY);
    assert_eq!(receipt.events, [Event::BountyCollected { beneficiary: stranger.wallet, amount: BOUNTY }]);
    assert_eq!(world.purse(stranger.wallet), BOUNTY);
    assert_eq!(world.bounty(stranger.wallet), 0);
    assert_eq!(world.tokens_in(calls::stake_tokens()), 2 * STAKE - BOUNTY);
}

#[test]
fn bounties_add_up_and_are_paid_once() {
    let (mut world, [_, bob, stranger]) = slashed();
    world.slash(&bob, &bob.signer, stranger.wallet);
    assert_eq!(world.must(world.site.collect(stranger.wallet)).number(), 2 * BOUNTY);
    assert_eq!(world.must(world.site.collect(stranger.wallet)).number(), 0);
    assert_eq!(world.purse(stranger.wallet), 2 * BOUNTY);
}

/// Neither somebody without a bounty nor one who was paid needs a token account that can be paid.
#[test]
fn nothing_to_pay_is_no_error_and_no_event() {
    let (mut world, [_, bob, stranger]) = slashed();
    world.must(world.site.collect(stranger.wallet));
    for nobody in [bob, stranger] {
        world.freeze(world.site.purse(nobody.wallet));
        let receipt = world.must(world.site.collect(nobody.wallet));
        assert_eq!((receipt.number(), receipt.events.len()), (0, 0));
    }
}

#[test]
fn a_bounty_is_no_fact() {
    let (mut world, [alice, _, stranger]) = slashed();
    let journals = [calls::config(), calls::operator(alice.wallet)];
    let before = journals.map(|journal| world.head(journal));
    world.must(world.site.collect(stranger.wallet));
    assert_eq!(journals.map(|journal| world.head(journal)), before);
}

#[test]
fn refuses_any_account_but_the_beneficiarys_own() {
    let (mut world, [_, bob, stranger]) = slashed();
    let to = |world: &World, destination| {
        let mut collect = world.site.collect(stranger.wallet);
        collect.accounts[2].pubkey = destination;
        collect
    };
    world.refuses("ForeignTokens", to(&world, world.site.purse(bob.wallet)));
    let second = world.open_plain(world.site.mint, stranger.wallet, "the stranger's second purse");
    world.refuses("ForeignTokens", to(&world, second));
    assert_eq!(world.must(world.site.collect(stranger.wallet)).number(), BOUNTY);
    assert_eq!(world.purse(stranger.wallet), BOUNTY);
}
