use williw_core::amount::Bps;
use williw_core::cycle::{Seconds, UnixSeconds};
use williw_core::fact::{Body, PoolParameters, VaultParameters};
use williw_program::rules::terms::{PoolTerms, VaultTerms};

use crate::world::books::amount;
use crate::world::deployment::{pool, vault};
use crate::world::{COIN, DAY, GENESIS, LENGTH, PERIOD, STAKE, World, calls, papers, plan};

const HOUR: u64 = 3_600;

fn next_vault() -> VaultTerms {
    vault(2_000 * COIN, 20 * COIN, 30 * DAY, 20, 1_000)
}

fn next_pool() -> PoolTerms {
    pool(3_000 * COIN, HOUR, 7 * COIN)
}

fn of_vault(terms: VaultTerms) -> VaultParameters {
    VaultParameters {
        min_stake: amount(terms.min_stake),
        min_deposit: amount(terms.min_deposit),
        unstaking_period: Seconds(terms.unstaking_period),
        slash: Bps::try_from(u16::try_from(terms.slash_bps).expect("a fraction")).expect("a fraction"),
        evidence_cycles: terms.evidence_cycles,
    }
}

fn of_pool(terms: PoolTerms) -> PoolParameters {
    PoolParameters {
        min_quorum: amount(terms.min_quorum),
        delay: Seconds(terms.delay),
        max_per_cycle: amount(terms.max_per_cycle),
    }
}

#[test]
fn the_vaults_change_after_their_notice() {
    let mut world = World::new();
    let (governor, effective) = (world.wallet("governor"), world.now() + PERIOD);
    let announced =
        Body::VaultParametersProposed { parameters: of_vault(next_vault()), effective: UnixSeconds(effective) };
    let propose = world.site.propose_vault(governor, next_vault());
    world.records(calls::config(), announced, propose);
    assert_eq!(world.config().vault, plan().vault);
    assert_eq!(world.config().vault_proposal.effective, effective);
    world.set_time(effective - 1);
    world.refuses("NoticeRunning", world.site.apply_vault());
    world.skip(1);
    let apply = world.site.apply_vault();
    world.records(calls::config(), Body::VaultParameters(of_vault(next_vault())), apply);
    assert_eq!(world.config().vault, next_vault());
    assert_eq!(world.config().vault_proposal.effective, 0);
    world.refuses("NothingProposed", world.site.apply_vault());
}

#[test]
fn the_pools_change_after_their_notice() {
    let mut world = World::new();
    let (governor, effective) = (world.wallet("governor"), world.now() + PERIOD);
    let announced =
        Body::PoolParametersProposed { parameters: of_pool(next_pool()), effective: UnixSeconds(effective) };
    let propose = world.site.propose_pool(governor, next_pool());
    world.records(calls::config(), announced, propose);
    world.set_time(effective - 1);
    world.refuses("NoticeRunning", world.site.apply_pool());
    world.skip(1);
    let apply = world.site.apply_pool();
    world.records(calls::config(), Body::PoolParameters(of_pool(next_pool())), apply);
    assert_eq!(world.config().pool, next_pool());
    world.refuses("NothingProposed", world.site.apply_pool());
}

#[test]
fn a_new_proposal_starts_the_notice_anew() {
    let mut world = World::new();
    let governor = world.wallet("governor");
    for _ in 0..2 {
        world.must(world.site.propose_vault(governor, next_vault()));
        world.must(world.site.propose_pool(governor, next_pool()));
        world.skip(PERIOD - 1);
    }
    world.refuses("NoticeRunning", world.site.apply_vault());
    world.refuses("NoticeRunning", world.site.apply_pool());
    world.skip(1);
    world.must(world.site.apply_vault());
    world.must(world.site.apply_pool());
}

#[test]
fn the_notice_is_the_unstaking_period_of_then() {
    let mut world = World::new();
    let governor = world.wallet("governor");
    world.must(world.site.propose_vault(governor, next_vault()));
    world.skip(PERIOD);
    world.must(world.site.propose_pool(governor, next_pool()));
    assert_eq!(world.config().pool_proposal.effective, world.now() + PERIOD);
    world.must(world.site.apply_vault());
    world.must(world.site.propose_pool(governor, next_pool()));
    assert_eq!(world.config().pool_proposal.effective, world.now() + 30 * DAY);
}

#[test]
fn vault_refusals_come_in_order() {
    let mut world = World::new();
    let (governor, stranger) = (world.wallet("governor"), world.wallet("stranger"));
    let most = 1_000_000 * COIN;
    world.refuses("NotGovernor", world.site.propose_vault(stranger, vault(0, 0, 0, 0, 10_001)));
    for (why, terms) in [
        ("Bps", vault(0, 0, 0, 0, 10_001)),
        ("OutOfBounds", vault(COIN - 1, 20 * COIN, 30 * DAY, 20, 1_000)),
        ("OutOfBounds", vault(most + 1, 20 * COIN, 30 * DAY, 20, 1_000)),
        ("OutOfBounds", vault(2_000 * COIN, most + 1, 30 * DAY, 20, 1_000)),
        ("OutOfBounds", vault(2_000 * COIN, 20 * COIN, DAY - 1, 0, 1_000)),
        ("OutOfBounds", vault(2_000 * COIN, 20 * COIN, 365 * DAY + 1, 20, 1_000)),
        ("OutOfBounds", vault(2_000 * COIN, 20 * COIN, 365 * DAY, 301, 1_000)),
        ("UnsoundPeriods", vault(2_000 * COIN, 20 * COIN, 22 * DAY - 1, 20, 1_000)),
    ] {
        world.refuses(why, world.site.propose_vault(governor, terms));
    }
    for terms in [vault(2_000 * COIN, 20 * COIN, 22 * DAY, 20, 1_000), vault(COIN, 0, 2 * DAY, 0, 0)] {
        world.must(world.site.propose_vault(governor, terms));
    }
    world.must(world.site.propose_vault(governor, plan().vault_bounds.most));
}

#[test]
fn pool_refusals_come_in_order() {
    let mut world = World::bare();
    let mut wide = plan();
    wide.pool_bounds.most.delay = LENGTH;
    wide.pool_bounds.most.max_per_cycle = (1_000_000 * COIN).into();
    wide.pool_bounds.least.max_per_cycle = 5.into();
    world.must(world.site.initialize(wide));
    let (governor, stranger) = (world.wallet("governor"), world.wallet("stranger"));
    world.refuses("NotGovernor", world.site.propose_pool(stranger, pool(0, 0, 0)));
    let most = 1_000_000 * COIN;
    for (why, terms) in [
        ("OutOfBounds", pool(0, HOUR, 7)),
        ("OutOfBounds", pool(COIN - 1, HOUR, 7)),
        ("OutOfBounds", pool(most + 1, HOUR, 7)),
        ("OutOfBounds", pool(COIN, 59, 7)),
        ("OutOfBounds", pool(COIN, LENGTH + 1, 7)),
        ("OutOfBounds", pool(COIN, HOUR, 4)),
        ("OutOfBounds", pool(COIN, HOUR, most + 1)),
        ("UnsoundPeriods", pool(COIN, LENGTH / 2 + 1, 7)),
    ] {
        world.refuses(why, world.site.propose_pool(governor, terms));
    }
    world.must(world.site.propose_pool(governor, pool(COIN, 60, 5)));
    world.must(world.site.propose_pool(governor, pool(most, LENGTH / 2, most)));
}

#[test]
fn an_unstake_keeps_the_maturity_it_was_created_with() {
    let mut world = World::new();
    let alice = world.person("alice");
    world.register(&alice, STAKE);
    world.unstake(&alice, COIN);
    world.change_vault(next_vault());
    assert_eq!(world.withdraw(&alice, 1), COIN);
}

#[test]
fn a_pending_root_keeps_the_delay_it_was_posted_with() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let governor = world.wallet("governor");
    world.must(world.site.propose_pool(governor, next_pool()));
    world.skip(PERIOD);
    world.next_cycle();
    world.post(&papers::root("root", 1), &[&alice, &bob]);
    let activates = world.config().pending.activates;
    world.must(world.site.apply_pool());
    assert_eq!(world.config().pending.activates, activates);
}

/// Parameters may be announced and applied before the network begins to count cycles: nothing about them needs one.
#[test]
fn terms_need_no_cycle() {
    let mut world = World::new();
    let governor = world.wallet("governor");
    world.set_time(GENESIS - PERIOD);
    world.must(world.site.propose_vault(governor, next_vault()));
    world.set_time(GENESIS);
    world.must(world.site.apply_vault());
}
