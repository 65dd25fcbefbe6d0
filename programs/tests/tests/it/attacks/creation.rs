//! Accounts that are made, and what somebody could do before and after.

use anchor_lang::prelude::Pubkey;
use solana_account::Account as SvmAccount;
use solana_instruction::Instruction;
use solana_sdk_ids::system_program;
use williw_program::ID;
use williw_program::state::{self, Bounty, Claimant, Config, Operator, Record, Tally, Tenure};

use crate::world::papers::root;
use crate::world::{COIN, PER_CYCLE, STAKE, World, calls};

/// What of an account's size could be sent to its address before it is made, of all that the runtime lets anybody send.
fn advances<T: Record>(world: &World) -> [u64; 4] {
    let rent = world.rent(state::space::<T>());
    [world.rent(0), rent - 1, rent, rent + COIN]
}

/// The table of sizes and rents that people calculate with.
#[test]
fn accounts_have_the_sizes_and_rents_that_are_published() {
    fn row<T: Record>(name: &str) -> (String, usize) {
        (name.to_owned(), state::space::<T>())
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let text = std::fs::read_to_string(path).expect("the README is beside the tests");
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().replace(',', "")).collect::<Vec<_>>();
    let table: Vec<Vec<String>> = text.lines().filter(|line| line.starts_with("| ")).map(cells).collect();
    let world = World::new();
    let rows = [
        row::<Config>("config"),
        row::<Operator>("operator"),
        row::<Tenure>("tenure"),
        row::<Bounty>("bounty"),
        row::<Tally>("tally"),
        row::<Claimant>("claimant"),
    ];
    for (name, space) in rows {
        let row = table.iter().find(|row| row[1] == name).unwrap_or_else(|| panic!("no row of the table is {name}"));
        let [bytes, rent] = [space.to_string(), world.rent(space).to_string()];
        assert!(row.contains(&bytes) && row.contains(&rent), "{name} has {bytes} bytes and {rent} lamports: {row:?}");
    }
}

fn assert_made<T: Record>(world: &World, address: Pubkey, advance: u64) {
    let account = world.account(address).expect("it was made");
    assert_eq!((account.owner, account.data.len()), (ID, state::space::<T>()));
    assert_eq!(account.lamports, world.rent(account.data.len()).max(advance));
    assert!(account.data.starts_with(T::DISCRIMINATOR));
}

#[test]
fn lamports_sent_to_an_operators_address_do_not_hinder_it() {
    for advance in advances::<Operator>(&World::new()) {
        let mut world = World::new();
        let alice = world.person("alice");
        let (operator, tenure) = (calls::operator(alice.wallet), calls::tenure(alice.signer.address()));
        world.send_lamports(operator, advance);
        world.send_lamports(tenure, advance);
        world.register(&alice, STAKE);
        assert_made::<Operator>(&world, operator, advance);
        assert_made::<Tenure>(&world, tenure, advance);
    }
}

#[test]
fn lamports_sent_to_a_signers_address_do_not_make_it_taken() {
    for advance in advances::<Tenure>(&World::new()) {
        let mut world = World::new();
        let alice = world.person("alice");
        let [second, third] = ["second", "third"].map(|which| alice.key(which));
        world.register(&alice, STAKE);
        for key in [&second, &third] {
            world.send_lamports(calls::tenure(key.address()), advance);
        }
        world.rotate(&alice, alice.signer.address(), &second, 2);
        assert_made::<Tenure>(&world, calls::tenure(second.address()), advance);
        world.slash(&alice, &alice.signer, alice.wallet);
        world.skip(crate::world::PERIOD);
        world.unjail(&alice, &third, 3);
        assert_made::<Tenure>(&world, calls::tenure(third.address()), advance);
    }
}

#[test]
fn lamports_sent_to_a_bountys_address_do_not_stop_a_slash() {
    for advance in advances::<Bounty>(&World::new()) {
        let mut world = World::new();
        let [alice, stranger] = ["alice", "stranger"].map(|name| world.person(name));
        world.register(&alice, STAKE);
        let bounty = calls::bounty(stranger.wallet);
        world.send_lamports(bounty, advance);
        assert_eq!(world.must(world.site.collect(stranger.wallet)).number(), 0, "lamports are no bounty");
        world.slash(&alice, &alice.signer, stranger.wallet);
        assert_made::<Bounty>(&world, bounty, advance);
        assert_ne!(world.must(world.site.collect(stranger.wallet)).number(), 0);
    }
}

#[test]
fn lamports_sent_to_the_addresses_of_the_pool_do_not_stop_votes_and_claims() {
    let (town, [alice, bob, carol]) = World::with_pool();
    for advance in advances::<Tally>(&town) {
        let mut world = town.clone();
        let (past, posted) = (world.past(), root("root", PER_CYCLE));
        let tally = calls::tally(past, &posted);
        world.send_lamports(tally, advance);
        world.vote(past, &posted, &[&carol]);
        assert_made::<Tally>(&world, tally, advance);
    }
    for advance in advances::<Claimant>(&town) {
        let mut world = town.clone();
        world.send_lamports(calls::claimant(alice.wallet), advance);
        world.send_lamports(calls::claimant(bob.wallet), advance);
        let proof = world.pay(&alice, COIN, &[&alice, &bob]);
        let claim = world.site.claim(alice.wallet, alice.wallet, u128::from(COIN), &proof);
        assert_eq!(world.must(claim).number(), COIN);
        world.must(world.site.set_recipient(bob.wallet, alice.wallet));
        assert_made::<Claimant>(&world, calls::claimant(alice.wallet), advance);
        assert_made::<Claimant>(&world, calls::claimant(bob.wallet), advance);
    }
}

#[test]
fn an_account_without_its_rent_is_not_made() {
    let mut world = World::new();
    let alice = world.person("alice");
    world.give(alice.wallet, STAKE);
    let poor = world.wallet("poor");
    let (link, signature) = world.link(&alice, &alice.signer, 1);
    let mut register = world.site.register(alice.wallet, STAKE, &link, &signature.0);
    register.accounts[1].pubkey = poor;
    let rents = world.rent(state::space::<Operator>()) + world.rent(state::space::<Tenure>());
    let purse = |lamports| SvmAccount { lamports, owner: system_program::ID, ..SvmAccount::default() };
    world.set_account(poor, purse(rents - 1));
    world.refuses("system: 1", register.clone());
    // The payer's own account would be left below its rent.
    world.set_account(poor, purse(rents + 1));
    world.refuses("InsufficientFundsForRent { account_index: 1 }", register.clone());
    world.set_account(poor, purse(rents));
    world.must(register);
    assert_eq!(world.lamports(poor), 0);
}

/// An account of a layout that a later release wrote is left alone by this one.
#[test]
fn accounts_of_another_layout_are_refused() {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    let (past, posted) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &posted, &[&carol]);
    world.slash(&bob, &bob.signer, alice.wallet);
    world.must(world.site.set_recipient(alice.wallet, bob.wallet));
    let site = world.site;
    let evidence = world.evidence(&alice.signer, world.cycle()).encode().to_vec();
    let slash = site.slash(alice.signer.address(), alice.wallet, evidence, bob.wallet);
    let touched: [(Pubkey, Vec<Instruction>); 6] = [
        (
            calls::config(),
            vec![
                site.unstake(alice.wallet, COIN),
                site.fund(alice.wallet, COIN),
                site.apply_vault(),
                site.close_tally(past, &posted, site.payer),
                slash.clone(),
            ],
        ),
        (calls::operator(alice.wallet), vec![site.unstake(alice.wallet, COIN), slash.clone()]),
        (calls::tenure(alice.signer.address()), vec![slash]),
        (calls::bounty(alice.wallet), vec![site.collect(alice.wallet)]),
        (calls::claimant(alice.wallet), vec![site.confirm_recipient(bob.wallet, alice.wallet)]),
        (
            calls::tally(past, &posted),
            vec![site.vote(past.0, &posted, &[], &[]), site.close_tally(past, &posted, site.payer)],
        ),
    ];
    for (address, instructions) in touched {
        let mut later = world.clone();
        let mut account = later.account(address).expect("it exists");
        account.data[8] = state::VERSION + 1;
        later.set_account(address, account);
        for instruction in instructions {
            later.refuses("UnknownVersion", instruction);
        }
    }
}

/// Accounts have the size that they were made with and hold exactly its rent, whatever happens to them.
#[test]
fn nothing_grows_shrinks_or_is_drained() {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    for _ in 0..8 {
        world.unstake(&alice, COIN);
    }
    world.rotate(&alice, alice.signer.address(), &alice.key("second"), 2);
    world.rotate(&alice, alice.key("second").address(), &alice.key("third"), 3);
    world.slash(&alice, &alice.signer, bob.wallet);
    world.must(world.site.collect(bob.wallet));
    world.skip(crate::world::PERIOD);
    world.withdraw(&alice, 8);
    world.unjail(&alice, &alice.key("fourth"), 4);
    world.next_cycle();
    let (past, posted) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &posted, &[&carol]);
    let proof = world.pay(&carol, COIN, &[&bob, &carol]);
    world.must(world.site.claim(carol.wallet, carol.wallet, u128::from(COIN), &proof));
    world.must(world.site.set_recipient(carol.wallet, bob.wallet));
    world.must(world.site.confirm_recipient(bob.wallet, carol.wallet));

    let accounts = world.svm.get_program_accounts(&ID);
    let of_kind = |space: usize| accounts.iter().filter(|(_, account)| account.data.len() == space).count();
    let sizes = [
        (state::space::<Config>(), 1),
        (state::space::<Operator>(), 3),
        (state::space::<Tenure>(), 6),
        (state::space::<Bounty>(), 1),
        (state::space::<Claimant>(), 1),
        (state::space::<Tally>(), 1),
    ];
    for (space, wanted) in sizes {
        let same = sizes.iter().filter(|(other, _)| *other == space).map(|(_, wanted)| wanted).sum::<usize>();
        assert_eq!(of_kind(space), same.max(wanted), "accounts of {space} bytes");
    }
    assert_eq!(accounts.len(), 13);
    for (address, account) in accounts {
        assert_eq!(account.lamports, world.rent(account.data.len()), "{address}");
    }
}
