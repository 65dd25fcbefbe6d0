use williw_core::amount::Amount;
use williw_core::cycle::Cycle;
use williw_core::fact::Body;
use williw_core::link::LinkTerms;
use williw_core::secp256k1::Signature;
use williw_core::sim::keys::SignerKey;
use williw_core::tenure::Tenure;

use crate::world::{COIN, GENESIS, Person, STAKE, World, calls};

struct Newcomer {
    world: World,
    alice: Person,
    link: LinkTerms,
    signature: Signature,
}

fn newcomer() -> Newcomer {
    let mut world = World::new();
    let alice = world.person("alice");
    world.give(alice.wallet, STAKE);
    let (link, signature) = world.link(&alice, &alice.signer, 1);
    Newcomer { world, alice, link, signature }
}

impl Newcomer {
    fn refused(&mut self, why: &str) {
        let register = self.world.site.register(self.alice.wallet, STAKE, &self.link, &self.signature.0);
        self.world.refuses(why, register);
    }
}

#[test]
fn records_and_counts() {
    let Newcomer { mut world, alice, link, signature } = newcomer();
    let body = Body::Registered { account: alice.account(), index: 0, active: Amount(STAKE.into()), link };
    let register = world.site.register(alice.wallet, STAKE, &link, &signature.0);
    world.records(calls::operator(alice.wallet), body, register);

    let operator = world.operator(&alice);
    assert_eq!(operator.active, Amount(STAKE.into()));
    assert_eq!((operator.signer, operator.nonce, operator.term), (link.signer, 1, 0));
    assert_eq!(operator.jailed_until, None);
    world.assert_stake(&alice, [STAKE, 0, 0]);
    world.assert_total([STAKE, 0, 0]);
    assert_eq!(world.config().operators, 1);
    assert_eq!(world.config().deposited.get(), STAKE.into());
    assert_eq!(world.tenure(link.signer), Some(Tenure::begin(alice.owner(), Cycle(100), 0)));
    assert_eq!(world.tokens_in(calls::stake_tokens()), STAKE);
    assert_eq!(world.purse(alice.wallet), 0);
}

#[test]
fn indexes_grow_by_one() {
    let mut world = World::new();
    for (index, name) in ["alice", "bob", "carol"].into_iter().enumerate() {
        let person = world.person(name);
        world.register(&person, STAKE);
        assert_eq!(world.operator(&person).index, index as u64);
    }
    assert_eq!(world.config().operators, 3);
}

#[test]
fn refusals_come_in_order() {
    let Newcomer { mut world, alice, link, .. } = newcomer();
    let (bob, governor) = (world.person("bob"), world.wallet("governor"));
    world.register(&alice, STAKE);
    // Everything is wrong at once; then one fault after the other is mended.
    let taken = LinkTerms { nonce: 0, ..link };
    let attempt = |world: &World, owner: &Person, link: &LinkTerms, signature: &[u8], amount| {
        world.site.register(owner.wallet, amount, link, signature)
    };
    world.must(world.site.set_paused(governor, true));
    world.set_time(GENESIS - 1);
    world.refuses("Paused", attempt(&world, &alice, &taken, &[], 0));
    world.must(world.site.set_paused(governor, false));
    world.refuses("AlreadyRegistered", attempt(&world, &alice, &taken, &[], 0));
    world.refuses("StaleNonce", attempt(&world, &bob, &taken, &[], 0));
    world.refuses("SignerTaken", attempt(&world, &bob, &link, &[], 0));
    let (mut link, _) = world.link(&bob, &bob.signer, 1);
    world.refuses("Length", attempt(&world, &bob, &link, &[], 0));
    let signed =
        |world: &World, link: &LinkTerms, by: &SignerKey| by.sign(link.signing_digest(world.network, bob.owner()));
    world.refuses("WrongSigner", attempt(&world, &bob, &link, &signed(&world, &link, &alice.signer).0, 0));
    let signature = signed(&world, &link, &bob.signer).0;
    world.refuses("BelowMinStake", attempt(&world, &bob, &link, &signature, 1_000 * COIN - 1));
    world.refuses("BeforeGenesis", attempt(&world, &bob, &link, &signature, 1_000 * COIN));
    world.set_time(GENESIS);
    world.refuses("token: InsufficientFunds", attempt(&world, &bob, &link, &signature, 1_000 * COIN));
    world.give(bob.wallet, 1_000 * COIN);
    link.signer = williw_core::identity::Signer([0; 20]);
    world.refuses("ZeroSigner", attempt(&world, &bob, &link, &signature, 0));
}

#[test]
fn the_smallest_stake_is_enough() {
    let Newcomer { mut world, alice, link, signature } = newcomer();
    world.must(world.site.register(alice.wallet, 1_000 * COIN, &link, &signature.0));
    assert_eq!(world.operator(&alice).active, Amount(u128::from(1_000 * COIN)));
}

#[test]
fn every_fault_of_the_signature_has_its_name() {
    let mut newcomer = newcomer();
    let good = newcomer.signature.0;
    let mut with = |change: &dyn Fn(&mut [u8; 65]), why: &str| {
        newcomer.signature.0 = good;
        change(&mut newcomer.signature.0);
        newcomer.refused(why);
    };
    with(&|signature| signature[64] = 29, "BadV");
    with(&|signature| signature[64] = 0, "BadV");
    with(&|signature| signature[..32].fill(0), "BadScalar");
    with(&|signature| signature[..32].fill(0xff), "BadScalar");
    with(&|signature| signature[32..64].fill(0), "BadScalar");
    with(&|signature| signature[32] = 0x80, "HighS");
    // No point of the curve has this x coordinate.
    with(
        &|signature| {
            signature[..31].fill(0);
            signature[31] = 5;
        },
        "Unrecoverable",
    );
    with(&|signature| signature[64] ^= 7, "WrongSigner");
    let short = newcomer.world.site.register(newcomer.alice.wallet, STAKE, &newcomer.link, &good[..64]);
    newcomer.world.refuses("Length", short);
}

#[test]
fn a_link_for_another_owner_is_refused() {
    let Newcomer { mut world, link, signature, .. } = newcomer();
    let bob = world.person("bob");
    world.give(bob.wallet, STAKE);
    world.refuses("WrongSigner", world.site.register(bob.wallet, STAKE, &link, &signature.0));
}

#[test]
fn a_link_for_the_other_chain_is_refused() {
    let mut newcomer = newcomer();
    let owner = williw_core::identity::Owner { chain: williw_core::identity::ChainId::Base, ..newcomer.alice.owner() };
    let signer = &newcomer.alice.signer;
    (newcomer.link, newcomer.signature) = newcomer.alice.peer.link(signer, newcomer.world.network, owner, 1);
    newcomer.refused("WrongSigner");
}

/// Keys cannot be squatted: the program leaves the peer's half to the nodes.
#[test]
fn a_peer_may_be_named_twice() {
    let mut world = World::new();
    let (alice, mut bob) = (world.person("alice"), world.person("bob"));
    world.register(&alice, STAKE);
    bob.peer = alice.peer.clone();
    world.register(&bob, STAKE);
}

#[test]
fn only_the_owner_pays_and_only_the_owner_registers() {
    let Newcomer { mut world, alice, link, signature } = newcomer();
    let bob = world.person("bob");
    world.give(bob.wallet, STAKE);
    // Bob would pay with alice's tokens.
    let mut register = world.site.register(bob.wallet, STAKE, &link, &signature.0);
    register.accounts[5].pubkey = world.site.purse(alice.wallet);
    world.refuses("WrongSigner", register);
    let (link, signature) = world.link(&bob, &bob.signer, 1);
    let mut register = world.site.register(bob.wallet, STAKE, &link, &signature.0);
    register.accounts[5].pubkey = world.site.purse(alice.wallet);
    world.refuses("token: OwnerMismatch", register);
}
