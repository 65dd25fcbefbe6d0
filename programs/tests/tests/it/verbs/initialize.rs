use anchor_lang::prelude::Pubkey;
use williw_core::fact::{Body, Fact};
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Head;
use williw_core::model::Block;
use williw_program::Plan;
use williw_program::rules::amounts::Amount;

use crate::world::deployment::{pool, program_data, vault};
use crate::world::{COIN, DAY, GENESIS, LENGTH, PER_CYCLE, World, calls, plan, tokens};

fn with(change: impl FnOnce(&mut Plan)) -> Plan {
    let mut plan = plan();
    change(&mut plan);
    plan
}

#[test]
fn the_first_facts_hold_the_parameters() {
    let mut world = World::bare();
    let Block { height, time } = world.block();
    let receipt = world.must(world.site.initialize(plan()));
    let config = Account(calls::config().to_bytes());
    let [vault, pool] = <[Fact; 2]>::try_from(receipt.facts()).expect("two facts");
    assert!(matches!(vault.body, Body::VaultParameters(terms) if terms.min_stake.0 == u128::from(1_000 * COIN)));
    assert!(matches!(pool.body, Body::PoolParameters(terms) if terms.max_per_cycle.0 == u128::from(PER_CYCLE)));
    let mut head = Head::empty(world.network, ChainId::Solana, config);
    for (seq, fact) in (1..).zip([vault, pool]) {
        assert_eq!((fact.journal, fact.seq, fact.time, fact.height), (config, seq, time, height));
        head = Head { seq, hash: fact.head_after(head.hash) };
    }
    assert_eq!(world.head(calls::config()), head);
}

#[test]
fn the_config_holds_what_never_changes() {
    let world = World::new();
    let config = world.config();
    assert_eq!(config.network, world.network.0, "the node computes the same network");
    assert_eq!((config.genesis, config.cycle_length), (GENESIS, LENGTH));
    assert_eq!((config.mint, config.token_program), (world.site.mint, tokens::LEGACY));
    assert_eq!((config.stake_tokens, config.reward_tokens), (calls::stake_tokens(), calls::reward_tokens()));
    assert_eq!((config.vault, config.pool), (plan().vault, plan().pool));
    assert_eq!((config.vault_bounds, config.pool_bounds), (plan().vault_bounds, plan().pool_bounds));
    assert_eq!((config.governor, config.guardian), (plan().governor, plan().guardian));
    assert_eq!(config.offered, Pubkey::default());
    assert_eq!((config.total.cycle, config.uncovered, config.first_open), (100, 100, 0));
    assert_eq!((config.operators, config.decimals, config.paused), (0, 9, 0));
    assert_eq!([config.has_active, config.has_pending, config.vetoes], [0; 3]);
}

/// Stake and rewards lie apart, and only the program can move them.
#[test]
fn the_token_accounts_belong_to_the_config() {
    use spl_token_2022_interface::extension::StateWithExtensions;
    use spl_token_2022_interface::state::Account as TokenAccount;

    let world = World::new();
    for address in [calls::stake_tokens(), calls::reward_tokens()] {
        let account = world.account(address).expect("it was made");
        assert_eq!(account.owner, tokens::LEGACY);
        assert_eq!(account.lamports, world.rent(account.data.len()));
        let tokens = StateWithExtensions::<TokenAccount>::unpack(&account.data).expect("a token account").base;
        assert_eq!((tokens.owner, tokens.mint, tokens.amount), (calls::config(), world.site.mint, 0));
        assert_eq!((tokens.delegate, tokens.close_authority), (None.into(), None.into()));
    }
}

#[test]
fn every_fault_of_a_plan_has_its_name() {
    let mut world = World::bare();
    let mut refused = |why: &str, plan: Plan| world.refuses(why, world.site.initialize(plan));
    refused("NameLength", with(|plan| plan.name = String::new()));
    refused("NameLength", with(|plan| plan.name = "a".repeat(33)));
    refused("NameCharacter", with(|plan| plan.name = "Upper".to_owned()));
    refused("HalfAbsent", with(|plan| plan.base_chain_id = 0));
    refused("HalfAbsent", with(|plan| plan.base_vault = [0; 20]));
    refused("HalfAbsent", with(|plan| plan.solana_genesis_hash = [0; 32]));
    refused("CycleTooShort", with(|plan| plan.cycle_length = 1));
    refused("Bps", with(|plan| plan.vault.slash_bps = 10_001));
    refused("Bps", with(|plan| plan.vault_bounds.most.slash_bps = 10_001));
    refused("OutOfBounds", with(|plan| plan.vault.min_stake = (1_000_000 * COIN + 1).into()));
    refused(
        "OutOfBounds",
        with(|plan| (plan.vault.min_stake, plan.vault_bounds.least.min_stake) = (0.into(), 0.into())),
    );
    refused("UnsoundPeriods", with(|plan| plan.vault.unstaking_period -= 1));
    let eternal = |plan: &mut Plan| {
        (plan.vault.evidence_cycles, plan.vault_bounds.most.evidence_cycles) = (u64::MAX, u64::MAX);
    };
    refused("UnsoundPeriods", with(eternal));
    refused(
        "OutOfBounds",
        with(|plan| (plan.pool.min_quorum, plan.pool_bounds.least.min_quorum) = (0.into(), 0.into())),
    );
    refused("UnsoundPeriods", with(|plan| (plan.pool.delay, plan.pool_bounds.most.delay) = (LENGTH / 2 + 1, LENGTH)));
    refused("BeforeGenesis", with(|plan| plan.genesis = GENESIS + 100 * LENGTH + 1));
    refused("NoGovernor", with(|plan| plan.governor = Pubkey::default()));
    assert!(world.account(calls::config()).is_none(), "a refusal leaves nothing behind");
    world.must(world.site.initialize(plan()));
}

#[test]
fn the_bounds_themselves_are_allowed() {
    let mut least = plan();
    (least.vault, least.pool) = (vault(COIN, 0, 2 * DAY, 0, 0), pool(COIN, 60, 1));
    let mut most = plan();
    (most.vault, most.pool) = (most.vault_bounds.most, most.pool_bounds.most);
    for plan in [least, most] {
        let mut world = World::bare();
        world.must(world.site.initialize(plan));
    }
}

#[test]
fn a_network_of_this_chain_alone() {
    let mut world = World::bare();
    let alone = with(|plan| (plan.base_chain_id, plan.base_vault) = (0, [0; 20]));
    world.must(world.site.initialize(alone));
    assert_ne!(world.config().network, world.network.0);
}

#[test]
fn only_the_upgrade_authority_begins_a_network() {
    let mut world = World::bare();
    world.site.authority = world.wallet("stranger");
    world.refuses("NotDeployer", world.site.initialize(plan()));
}

#[test]
fn a_program_that_nobody_may_upgrade_begins_no_network() {
    let mut world = World::bare();
    let mut data = world.account(program_data()).expect("the loader's account");
    data.data[12] = 0;
    world.set_account(program_data(), data);
    world.refuses("NotDeployer", world.site.initialize(plan()));
}

#[test]
fn a_network_begins_once() {
    let mut world = World::new();
    let before = world.account(calls::config());
    let again = world.site.initialize(with(|plan| plan.governor = plan.guardian));
    world.refuses("system: 0", again);
    assert_eq!(world.account(calls::config()), before);
}

/// Lamports that somebody sent to the addresses before cannot stop the deployer.
#[test]
fn nobody_hinders_the_beginning_by_paying_in_advance() {
    let least = World::bare().rent(0);
    for lamports in [least, 10 * COIN] {
        let mut world = World::bare();
        for address in [calls::config(), calls::stake_tokens(), calls::reward_tokens()] {
            world.send_lamports(address, lamports);
        }
        world.must(world.site.initialize(plan()));
        let config = world.account(calls::config()).expect("the network has begun");
        assert_eq!(config.lamports, world.rent(config.data.len()).max(lamports));
    }
}

#[test]
fn refuses_what_is_no_mint() {
    let mut world = World::bare();
    let alice = world.person("alice");
    let purse = world.site.purse(alice.wallet);
    let mut initialize = world.site.initialize(plan());
    initialize.accounts[3].pubkey = purse;
    world.refuses("InvalidAccountData", initialize);
}

/// The numbers of a token with 18 decimals, taken over from the other chain, would make a network that nobody can enter.
#[test]
fn refuses_amounts_that_no_token_account_holds() {
    let too_much = Amount::new(u128::from(u64::MAX) + 1);
    let plans: [fn(&mut Plan, Amount); 3] = [
        |plan, amount| {
            (plan.vault.min_stake, plan.vault_bounds.most.min_stake) = (amount, amount);
        },
        |plan, amount| {
            plan.vault.min_deposit = amount;
            (plan.vault_bounds.least.min_deposit, plan.vault_bounds.most.min_deposit) = (amount, amount);
        },
        |plan, amount| {
            plan.pool.min_quorum = amount;
            (plan.pool_bounds.least.min_quorum, plan.pool_bounds.most.min_quorum) = (amount, amount);
        },
    ];
    for change in plans {
        let mut world = World::bare();
        let initialize = |amount| world.site.initialize(with(|plan| change(plan, amount)));
        let (above, at_most) = (initialize(too_much), initialize(u64::MAX.into()));
        world.refuses("OutOfBounds", above);
        world.must(at_most);
    }
}
