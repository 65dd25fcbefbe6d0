use williw_core::amount::Amount;
use williw_core::cycle::{Cycle, UnixSeconds};
use williw_core::fact::{Body, Slashed};
use williw_core::hash::keccak;
use williw_core::offence::Evidence;
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{Kind, Statement};

use crate::world::{COIN, GENESIS, PERIOD, Person, STAKE, World, calls, plan};

/// It is cycle 102.
fn staked() -> (World, [Person; 3]) {
    let mut world = World::new();
    let people = ["alice", "bob", "stranger"].map(|name| world.person(name));
    world.register(&people[0], STAKE);
    world.register(&people[1], STAKE);
    world.skip_cycles(2);
    (world, people)
}

fn atoms(amount: u64) -> Amount {
    Amount(amount.into())
}

#[test]
fn takes_of_everything_and_jails() {
    let (mut world, [alice, _, stranger]) = staked();
    world.unstake(&alice, 1_000 * COIN);
    world.unstake(&alice, 1); // a single atom: rounded up, all of it goes
    let taken = 200 * COIN + 50 * COIN + 1;
    let (active, bounty) = (3_800 * COIN - 1, taken / 20);
    let evidence = world.evidence(&alice.signer, 102);
    let body = Body::Slashed(Box::new(Slashed {
        account: alice.account(),
        active: atoms(active),
        queued: atoms(950 * COIN),
        taken: atoms(taken),
        bounty: atoms(bounty),
        beneficiary: stranger.account(),
        evidence,
    }));
    let bytes = evidence.encode().to_vec();
    let slash = world.site.slash(alice.signer.address(), alice.wallet, bytes, stranger.wallet);
    assert_eq!(world.records(calls::operator(alice.wallet), body, slash).number(), taken);

    let operator = world.operator(&alice);
    assert_eq!(operator.active, atoms(active));
    assert_eq!(operator.jailed_until, Some(UnixSeconds(world.now() + PERIOD)));
    assert_eq!(operator.queue.iter().map(|entry| entry.amount.0).collect::<Vec<_>>(), [u128::from(950 * COIN), 0]);
    assert_eq!(world.bounty(stranger.wallet), bounty);
}

#[test]
fn the_jailed_count_nothing_and_the_quorum_stays() {
    let (mut world, [alice, _, stranger]) = staked();
    world.slash(&alice, &alice.signer, stranger.wallet);
    world.assert_stake(&alice, [0, 0, 0]);
    world.assert_total([STAKE, STAKE, 2 * STAKE]);
    world.skip_cycles(1);
    world.assert_stake(&alice, [0, 0, 0]);
    world.assert_total([STAKE, STAKE, STAKE]);
}

#[test]
fn moves_no_token() {
    let (mut world, [alice, _, stranger]) = staked();
    world.freeze(calls::stake_tokens());
    world.slash(&alice, &alice.signer, stranger.wallet);
    assert_eq!(world.tokens_in(calls::stake_tokens()), 2 * STAKE);
    assert_eq!(world.purse(stranger.wallet), 0);
}

#[test]
fn works_while_deposits_are_paused() {
    let (mut world, [alice, _, stranger]) = staked();
    let governor = world.wallet("governor");
    world.must(world.site.set_paused(governor, true));
    world.slash(&alice, &alice.signer, stranger.wallet);
}

#[test]
fn the_order_of_the_statements_does_not_matter() {
    let (mut world, [alice, _, stranger]) = staked();
    let Evidence { first, second } = world.evidence(&alice.signer, 102);
    let turned = Evidence { first: second, second: first }.encode().to_vec();
    world.must(world.site.slash(alice.signer.address(), alice.wallet, turned, stranger.wallet));
}

#[test]
fn a_replaced_signer_still_answers_for_its_cycles() {
    let (mut world, [alice, _, stranger]) = staked();
    world.rotate(&alice, alice.signer.address(), &alice.key("second"), 2); // the first serves through 103
    world.skip_cycles(4);
    let evidence = world.evidence(&alice.signer, 103).encode().to_vec();
    world.must(world.site.slash(alice.signer.address(), alice.wallet, evidence, stranger.wallet));
}

#[test]
fn the_accused_and_the_beneficiary_may_be_the_same() {
    let (mut world, [alice, ..]) = staked();
    assert_eq!(world.slash(&alice, &alice.signer, alice.wallet), 250 * COIN);
    assert_eq!(world.must(world.site.collect(alice.wallet)).number(), 12_500_000_000);
}

#[test]
fn refusals_come_in_order() {
    let (mut world, [alice, bob, stranger]) = staked();
    let now = world.now();
    let attempt = |world: &World, signer: &SignerKey, owner: &Person, evidence: &[u8]| {
        world.site.slash(signer.address(), owner.wallet, evidence.to_vec(), stranger.wallet)
    };
    let (nobody, good) = (SignerKey::named("nobody"), world.evidence(&alice.signer, 102));
    world.set_time(GENESIS - 1);
    world.refuses("BeforeGenesis", attempt(&world, &nobody, &alice, &[]));
    world.set_time(now);
    world.refuses("Length", attempt(&world, &nobody, &alice, &[]));
    world.refuses("Length", attempt(&world, &nobody, &alice, &good.first.encode()));
    let mut bytes = good.encode();
    bytes[0] = 5;
    world.refuses("UnknownKind", attempt(&world, &nobody, &alice, &bytes));
    bytes[0] = 4;
    bytes[16] = 1;
    world.refuses("SlotNotZero", attempt(&world, &nobody, &alice, &bytes));

    let mixed = Evidence { second: world.vote_for(&bob.signer, 102, "another"), ..good };
    world.refuses("DifferentSigners", attempt(&world, &nobody, &alice, &mixed.encode()));
    let same = Evidence { second: good.first, ..good };
    world.refuses("NoConflict", attempt(&world, &nobody, &alice, &same.encode()));
    let unknown = world.evidence(&nobody, 99);
    world.refuses("UnknownSigner", attempt(&world, &nobody, &alice, &unknown.encode()));
    let early = world.evidence(&alice.signer, 99);
    world.slash(&bob, &bob.signer, stranger.wallet);
    let early_bob = world.evidence(&bob.signer, 99);
    world.refuses("Jailed", attempt(&world, &bob.signer, &bob, &early_bob.encode()));
    world.refuses("OutsideTenure", attempt(&world, &alice.signer, &alice, &early.encode()));
    world.skip_cycles(13);
    world.refuses("TooOld", attempt(&world, &alice.signer, &alice, &good.encode()));
    world.set_time(now + 12 * 86_400);
    world.must(attempt(&world, &alice.signer, &alice, &good.encode()));
}

/// The first signature's faults come before the second's, and both before what the statements say.
#[test]
fn every_fault_of_each_signature_has_its_name() {
    let (mut world, [alice, _, stranger]) = staked();
    let good = world.evidence(&alice.signer, 102).encode();
    let mut with = |change: &dyn Fn(&mut [u8]), why: &str| {
        let mut bytes = good;
        change(&mut bytes);
        world.refuses(why, world.site.slash(alice.signer.address(), alice.wallet, bytes.to_vec(), stranger.wallet));
    };
    for at in [49, 114 + 49] {
        with(&|bytes| bytes[at + 64] = 0, "BadV");
        with(&|bytes| bytes[at..at + 32].fill(0xff), "BadScalar");
        with(&|bytes| bytes[at + 32] = 0x80, "HighS");
        with(
            &|bytes| {
                bytes[at..at + 31].fill(0);
                bytes[at + 31] = 5;
            },
            "Unrecoverable",
        );
    }
    with(
        &|bytes| {
            bytes[113] = 0;
            bytes[114 + 49 + 32] = 0x80;
        },
        "BadV",
    );
}

#[test]
fn each_kind_conflicts_by_its_own_key() {
    let (mut world, [alice, _, stranger]) = staked();
    let state = |world: &World, kind, cycle, slot, what: &str| {
        let statement = Statement::new(kind, Cycle(cycle), slot, keccak(&[what.as_bytes()])).expect("a statement");
        alice.signer.state(world.network, statement)
    };
    let slash = |world: &World, first, second| {
        let evidence = Evidence { first, second }.encode().to_vec();
        world.site.slash(alice.signer.address(), alice.wallet, evidence, stranger.wallet)
    };
    for kind in [Kind::Update, Kind::Checkpoint] {
        let (one, other_slot) = (state(&world, kind, 102, 7, "a"), state(&world, kind, 102, 8, "b"));
        world.refuses("NoConflict", slash(&world, one, other_slot));
        let mut another = world.clone();
        let other_cycle = state(&another, kind, 101, 7, "b");
        another.must(slash(&another, one, other_cycle));
    }
    for kind in [Kind::RootVote, Kind::Proposal] {
        let (one, other_cycle) = (state(&world, kind, 102, 0, "a"), state(&world, kind, 101, 0, "b"));
        world.refuses("NoConflict", slash(&world, one, other_cycle));
        let mut another = world.clone();
        let same_cycle = state(&another, kind, 102, 0, "b");
        another.must(slash(&another, one, same_cycle));
    }
    let (vote, proposal) = (state(&world, Kind::RootVote, 102, 0, "a"), state(&world, Kind::Proposal, 102, 0, "b"));
    world.refuses("NoConflict", slash(&world, vote, proposal));
}

#[test]
fn signers_of_before_a_jail_are_void() {
    let (mut world, [alice, _, stranger]) = staked();
    world.slash(&alice, &alice.signer, stranger.wallet);
    world.skip(PERIOD);
    world.unjail(&alice, &alice.key("second"), 2);
    // The old signer's statements of today are as void as those of before.
    for cycle in [world.cycle(), 102] {
        let evidence = world.evidence(&alice.signer, cycle).encode().to_vec();
        let slash = world.site.slash(alice.signer.address(), alice.wallet, evidence, stranger.wallet);
        world.refuses("OutsideTenure", slash);
    }
}

#[test]
fn takes_its_fraction_rounded_up() {
    for (amount, bps) in [(1_000 * COIN, 0), (1_000 * COIN + 1, 1), (1_234_567_890_123, 333), (1_000 * COIN + 7, 9_999)]
    {
        let (mut world, [.., stranger]) = staked();
        let mut terms = plan().vault;
        terms.slash_bps = bps;
        world.change_vault(terms);
        let carol = world.person("carol");
        world.register(&carol, amount);
        let taken = world.slash(&carol, &carol.signer, stranger.wallet);
        assert_eq!(u128::from(taken), (u128::from(amount) * u128::from(bps)).div_ceil(10_000));
        assert_eq!(world.operator(&carol).active, atoms(amount - taken));
        assert_eq!(world.bounty(stranger.wallet), taken / 20);
    }
}
