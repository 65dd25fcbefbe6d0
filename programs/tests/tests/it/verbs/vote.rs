use solana_instruction::Instruction;
use williw_core::cycle::{Cycle, UnixSeconds};
use williw_core::fact::Body;
use williw_core::hash::Hash;
use williw_core::offence::Evidence;
use williw_core::secp256k1::Signature;
use williw_core::sim::keys::SignerKey;
use williw_core::statement::{RewardRoot, Signed};
use williw_program::state::PostedRoot;

use crate::world::deployment::pool;
use crate::world::papers::root;
use crate::world::{COIN, DELAY, FUNDS, GENESIS, LENGTH, PER_CYCLE, PERIOD, Person, World, books, calls, plan};

/// A vote of these signers, each for the owner that it serves.
fn ballots(world: &World, cycle: Cycle, root: &RewardRoot, voters: &[(&SignerKey, &Person)]) -> Instruction {
    let signatures: Vec<Signature> = voters.iter().map(|(key, _)| world.ballot(key, cycle, root)).collect();
    let seats: Vec<_> = voters.iter().map(|(key, owner)| (key.address(), owner.wallet)).collect();
    world.site.vote(cycle.0, root, &signatures, &seats)
}

fn is_pending(world: &World) -> bool {
    world.config().has_pending != 0
}

#[test]
fn two_thirds_post_a_root_that_pays_after_the_delay() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    let activates = UnixSeconds(world.now() + DELAY);
    let vote = ballots(&world, past, &root, &[(&alice.signer, &alice), (&bob.signer, &bob)]);
    world.records(calls::config(), Body::RootPending { cycle: past, root, activates }, vote);

    let config = world.config();
    let posted = PostedRoot::new(past.0, &calls::posted(&root), activates.0);
    assert_eq!(config.pending, posted);
    assert_eq!((config.has_pending, config.has_active), (1, 0), "nothing is paid before the delay is over");
    assert_eq!((config.first_open, config.uncovered), (past.0 + 1, past.0 - 1));
    assert_eq!(config.active, PostedRoot::default());

    // Active by time alone; the next verb of the pool writes it down.
    world.skip(DELAY);
    world.next_cycle();
    world.vote(world.past(), &root, &[]);
    let config = world.config();
    assert_eq!((config.active, config.has_active, config.has_pending), (posted, 1, 0));
    assert_eq!(config.uncovered, past.0 + 1);
}

#[test]
fn votes_come_in_parts_and_each_operator_counts_once() {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &root, &[]);
    assert!(world.account(calls::tally(past, &root)).is_none(), "nobody was counted: nothing to remember");
    world.vote(past, &root, &[&alice]);
    assert_eq!(world.counted(past, &root), 5_000 * COIN);
    // Whoever sent a part of it first spoils nothing.
    world.vote(past, &root, &[&alice, &alice]);
    assert_eq!(world.counted(past, &root), 5_000 * COIN);
    assert!(!is_pending(&world));
    world.vote(past, &root, &[&alice, &carol]);
    assert!(is_pending(&world), "6,000 of 9,000 are two thirds");
    assert_eq!(world.counted(past, &root), 0, "what is posted needs no tally");
    assert_eq!(voted(&world, &alice), Some(past));
    assert_eq!(voted(&world, &bob), None);
}

/// The last cycle in which an operator was counted.
fn voted(world: &World, owner: &Person) -> Option<Cycle> {
    let operator: williw_program::state::Operator = world.record(calls::operator(owner.wallet)).expect("an operator");
    operator.voted_before.checked_sub(1).map(Cycle)
}

#[test]
fn one_atom_less_than_two_thirds_is_too_little() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    world.stake(&bob, 500 * COIN + 1);
    world.stake(&alice, 4_000 * COIN);
    world.skip_cycles(2);
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &root, &[&alice]);
    assert!(!is_pending(&world), "9,000 of 13,500 and one");
    assert_eq!(world.counted(past, &root), 9_000 * COIN);
    assert_eq!(world.total().floor_prev().0, u128::from(13_500 * COIN + 1));
}

#[test]
fn an_operator_votes_for_one_root_of_a_cycle() {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    let (past, one, other) = (world.past(), root("root", PER_CYCLE), root("other", PER_CYCLE));
    world.vote(past, &one, &[&alice]);
    world.vote(past, &other, &[&alice]);
    assert_eq!(world.counted(past, &other), 0);
    world.vote(past, &other, &[&bob, &carol]);
    assert_eq!(world.counted(past, &other), 4_000 * COIN);
    assert!(!is_pending(&world), "a cycle whose votes split is skipped");
}

#[test]
fn a_vote_counts_for_exactly_what_was_signed() {
    let (mut world, [alice, ..]) = World::with_pool();
    let (past, good) = (world.past(), root("root", PER_CYCLE));
    let ballot = world.ballot(&alice.signer, past, &good);
    let seat = [(alice.signer.address(), alice.wallet)];
    let others = [
        RewardRoot { total_base: williw_core::amount::Amount(8), ..good },
        RewardRoot { total_solana: williw_core::amount::Amount(1), ..good },
        RewardRoot { blob_hash: Hash([1; 32]), ..good },
        RewardRoot { root: Hash([1; 32]), ..good },
    ];
    for other in others {
        // The signature recovers to somebody, but to nobody whose tenure this is.
        world.refuses("ForeignAccount", world.site.vote(past.0, &other, &[ballot], &seat));
        assert!(world.account(calls::tally(past, &other)).is_none());
    }
    world.must(world.site.vote(past.0, &good, &[ballot], &seat));
}

#[test]
fn stake_that_came_in_the_cycle_does_not_count() {
    let (mut world, _) = World::with_pool();
    let dave = world.person("dave");
    world.register(&dave, 100_000 * COIN);
    world.skip_cycles(1);
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &root, &[&dave]);
    assert_eq!(world.counted(past, &root), 0);
    assert_eq!(voted(&world, &dave), None);
    assert_eq!(world.total().floor_prev().0, u128::from(9_000 * COIN));
}

#[test]
fn a_jailed_operator_does_not_count_and_lowers_no_quorum() {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    world.slash(&bob, &bob.signer, alice.wallet);
    world.vote(past, &root, &[&alice, &bob]);
    assert_eq!(world.counted(past, &root), 5_000 * COIN);
    assert!(!is_pending(&world), "5,000 of 9,000");
    world.vote(past, &root, &[&carol]);
    assert!(is_pending(&world));
}

#[test]
fn whoever_left_since_still_counts_for_the_cycle() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    world.unstake(&alice, 5_000 * COIN);
    world.post(&root("root", PER_CYCLE), &[&alice, &bob]);
    assert!(is_pending(&world));
}

#[test]
fn the_old_signer_votes_for_its_cycles_and_the_new_one_for_the_others() {
    let (mut world, [alice, ..]) = World::with_pool();
    let second = alice.key("second");
    world.rotate(&alice, alice.signer.address(), &second, 2);
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    let by_second = ballots(&world, past, &root, &[(&second, &alice)]);
    world.refuses("OutsideTenure", by_second);
    world.vote(past, &root, &[&alice]);
    world.skip_cycles(3);
    let past = world.past();
    let by_first = ballots(&world, past, &root, &[(&alice.signer, &alice)]);
    world.refuses("OutsideTenure", by_first);
    let by_second = ballots(&world, past, &root, &[(&second, &alice)]);
    world.must(by_second);
    assert_eq!(world.counted(past, &root), 5_000 * COIN);
}

#[test]
fn a_signer_of_before_the_jail_votes_no_more() {
    let (mut world, [alice, ..]) = World::with_pool();
    let second = alice.key("second");
    world.slash(&alice, &alice.signer, alice.wallet);
    world.skip(PERIOD);
    world.unjail(&alice, &second, 2);
    world.skip_cycles(2);
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    let by_first = ballots(&world, past, &root, &[(&alice.signer, &alice)]);
    world.refuses("OutsideTenure", by_first);
    let by_second = ballots(&world, past, &root, &[(&second, &alice)]);
    world.must(by_second);
    assert_eq!(world.counted(past, &root), 4_750 * COIN);
}

/// New parameters hold for a cycle that is being counted, and a quorum of exactly all is one.
#[test]
fn fewer_than_the_quorum_post_nothing() {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    let governor = world.wallet("governor");
    world.must(world.site.propose_pool(governor, pool(9_000 * COIN + 1, DELAY, PER_CYCLE)));
    world.skip(PERIOD);
    world.must(world.site.apply_pool());
    world.must(world.site.propose_pool(governor, pool(9_000 * COIN, DELAY, PER_CYCLE)));
    world.skip(PERIOD);
    world.next_cycle();
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &root, &[&alice, &bob]);
    assert!(!is_pending(&world), "all of them are fewer than the quorum");
    assert_eq!(world.counted(past, &root), 8_000 * COIN);
    // Who comes later in the same cycle does not help: what counts is the cycle that is voted about.
    world.stake(&carol, 10 * COIN);
    world.vote(past, &root, &[&carol]);
    assert!(!is_pending(&world));
    world.must(world.site.apply_pool());
    world.vote(past, &root, &[]);
    assert!(is_pending(&world));
}

#[test]
fn refuses_every_cycle_but_the_one_before_and_from_half_a_cycle_on() {
    let (mut world, _) = World::with_pool();
    let (past, root) = (world.past().0, root("root", PER_CYCLE));
    for cycle in [0, past - 1, past + 1, u64::MAX] {
        world.refuses("OutsideVoting", world.site.vote(cycle, &root, &[], &[]));
    }
    world.set_time(GENESIS + (past + 1) * LENGTH + LENGTH / 2 - 1);
    world.must(world.site.vote(past, &root, &[], &[]));
    world.skip(1);
    world.refuses("OutsideVoting", world.site.vote(past, &root, &[], &[]));
    world.set_time(GENESIS + LENGTH - 1);
    world.refuses("OutsideVoting", world.site.vote(0, &root, &[], &[]));
    world.refuses("OutsideVoting", world.site.vote(u64::MAX, &root, &[], &[]));
    world.set_time(GENESIS - 1);
    world.refuses("OutsideVoting", world.site.vote(0, &root, &[], &[]));
}

#[test]
fn refusals_come_in_order() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let bad = |world: &World, cycle: u64, total: u64| {
        let mut vote = world.site.vote(cycle, &root("bad", total), &[], &[]);
        // The last four bytes of the arguments count the signatures' bytes: one byte is no signature.
        let at = vote.data.len() - 4;
        vote.data[at..].copy_from_slice(&[1, 0, 0, 0]);
        vote.data.push(0);
        vote
    };
    let past = world.past().0;
    world.pay(&alice, PER_CYCLE, &[&alice, &bob]);
    world.refuses("OutsideVoting", bad(&world, past + 1, 0));
    world.refuses("CycleClosed", bad(&world, past, 0));
    world.next_cycle();
    world.refuses("TotalFell", bad(&world, past + 1, PER_CYCLE - 1));
    world.refuses("TotalTooHigh", bad(&world, past + 1, 2 * PER_CYCLE + 1));
    world.refuses("Length", bad(&world, past + 1, 2 * PER_CYCLE));
    world.skip_cycles(20);
    world.refuses("Unfunded", bad(&world, past + 21, FUNDS + 1));
    world.refuses("Length", bad(&world, past + 21, FUNDS));
    world.must(world.site.vote(past + 21, &root("bad", FUNDS), &[], &[]));
}

#[test]
fn a_cycle_is_closed_by_a_vetoed_root_too() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let (guardian, past) = (world.wallet("guardian"), world.past());
    world.post(&root("root", 1), &[&alice, &bob]);
    world.must(world.site.veto(guardian));
    world.refuses("CycleClosed", world.site.vote(past.0, &root("another", 1), &[], &[]));
}

#[test]
fn a_total_grows_by_so_much_for_each_cycle_that_is_covered() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    // The network began two cycles ago: that one and the one after it are covered.
    world.refuses("TotalTooHigh", world.site.vote(world.past().0, &root("root", 2 * PER_CYCLE + 1), &[], &[]));
    world.post(&root("root", 2 * PER_CYCLE), &[&alice, &bob]);
    world.skip(DELAY);
    world.skip_cycles(3);
    world.next_cycle();
    let past = world.past().0;
    world.refuses("TotalTooHigh", world.site.vote(past, &root("root", 6 * PER_CYCLE + 1), &[], &[]));
    world.post(&root("root", 6 * PER_CYCLE), &[&alice, &bob]);
}

#[test]
fn a_vetoed_root_leaves_its_allowance_to_the_next() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let guardian = world.wallet("guardian");
    world.post(&root("root", 2 * PER_CYCLE), &[&alice, &bob]);
    world.must(world.site.veto(guardian));
    world.next_cycle();
    world.post(&root("next", 3 * PER_CYCLE), &[&alice, &bob]);
    assert_eq!(world.config().pending.total_solana, (3 * PER_CYCLE).into());
}

#[test]
fn no_allowance_is_too_large() {
    let mut wide = plan();
    wide.pool.max_per_cycle = u64::MAX.into();
    let mut world = World::bare();
    world.must(world.site.initialize(wide));
    let (alice, _) = (world.person("alice"), world.fund(FUNDS));
    world.register(&alice, 5_000 * COIN);
    world.skip_cycles(12);
    world.post(&root("root", FUNDS), &[&alice]);
    assert_eq!(world.config().pending.total_solana, FUNDS.into());
}

#[test]
fn each_signature_in_turn_has_its_fault() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    let nobody = SignerKey::named("nobody");
    let [good, of_bob, of_nobody] = [&alice.signer, &bob.signer, &nobody].map(|key| world.ballot(key, past, &root));
    let seats = [&alice, &bob].map(|voter| (voter.signer.address(), voter.wallet));
    let mut refused = |why: &str, change: &dyn Fn(&mut [u8; 65])| {
        let mut bad = of_bob;
        change(&mut bad.0);
        world.refuses(why, world.site.vote(past.0, &root, &[good, bad], &seats));
    };
    refused("BadV", &|bytes| bytes[64] = 29);
    refused("BadScalar", &|bytes| bytes[32..64].fill(0));
    refused("HighS", &|bytes| bytes[32] = 0x80);
    refused("Unrecoverable", &|bytes| {
        bytes[..31].fill(0);
        bytes[31] = 5;
    });
    let with_nobody = [seats[0], (nobody.address(), bob.wallet)];
    world.refuses("UnknownSigner", world.site.vote(past.0, &root, &[good, of_nobody], &with_nobody));
    // The first fault is told, not the worst.
    let mut bad = of_bob;
    bad.0[64] = 0;
    let three = [with_nobody[1], seats[1]];
    world.refuses("UnknownSigner", world.site.vote(past.0, &root, &[of_nobody, bad], &three));
    world.refuses("BadV", world.site.vote(past.0, &root, &[bad, of_nobody], &[seats[1], with_nobody[1]]));

    assert_eq!(world.counted(past, &root), 0, "a refusal leaves no trace");
    assert_eq!(voted(&world, &alice), None);
}

/// Two accounts for each signature, no more and no fewer.
#[test]
fn every_signature_has_its_seat() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    let ballot = world.ballot(&alice.signer, past, &root);
    let seats = [&alice, &bob].map(|voter| (voter.signer.address(), voter.wallet));
    world.refuses("ForeignAccount", world.site.vote(past.0, &root, &[ballot], &seats));
    world.refuses("ForeignAccount", world.site.vote(past.0, &root, &[ballot], &[]));
    let mut half = world.site.vote(past.0, &root, &[ballot], &seats[..1]);
    half.accounts.pop();
    world.refuses("ForeignAccount", half);
}

#[test]
fn a_vote_is_evidence_against_another() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let past = world.past();
    let [first, second] = [root("root", PER_CYCLE), root("other", 1)]
        .map(|root| Signed { statement: root.vote(past), signature: world.ballot(&alice.signer, past, &root) });
    let evidence = Evidence { first, second }.encode().to_vec();
    let slash = world.site.slash(alice.signer.address(), alice.wallet, evidence, bob.wallet);
    assert_eq!(world.must(slash).number(), 250 * COIN);
}

#[test]
fn two_thirds_of_the_largest_stake() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    world.must_spend_all(&bob);
    world.skip_cycles(2);
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &root, &[&alice]);
    assert!(!is_pending(&world));
    world.vote(past, &root, &[&bob]);
    assert!(is_pending(&world));
}

#[test]
fn a_cycle_of_an_odd_length_takes_votes_through_its_shorter_half() {
    let mut world = World::bare();
    let mut odd = plan();
    (odd.genesis, odd.cycle_length) = (world.now(), 101);
    (odd.pool.delay, odd.pool_bounds.least.delay) = (50, 50);
    world.must(world.site.initialize(odd));
    let (begun, root) = (world.now(), root("root", 0));
    world.set_time(begun + 101 + 49);
    world.must(world.site.vote(0, &root, &[], &[]));
    world.skip(1);
    world.refuses("OutsideVoting", world.site.vote(0, &root, &[], &[]));
}

/// The courier who brought the first counted ballot lent the tally its rent.
#[test]
fn the_tally_remembers_who_paid_for_it() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let (past, root) = (world.past(), root("root", PER_CYCLE));
    let mut vote = ballots(&world, past, &root, &[(&alice.signer, &alice)]);
    vote.accounts[0].pubkey = bob.wallet;
    let before = world.lamports(bob.wallet);
    world.must(vote);
    let tally: williw_program::state::Tally = world.record(calls::tally(past, &root)).expect("a tally");
    assert_eq!((tally.cycle, tally.digest, tally.payer), (past.0, root.digest().0, bob.wallet));
    assert_eq!(books::amount(tally.counted).0, u128::from(5_000 * COIN));
    assert_eq!(world.lamports(bob.wallet), before - world.lamports(calls::tally(past, &root)));
}
