//! Mints that could take, freeze or shrink what is held of them.

use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;
use spl_token_2022_interface::extension::{
    ExtensionType, default_account_state, interest_bearing_mint, metadata_pointer, pausable, scaled_ui_amount,
    transfer_fee, transfer_hook,
};
use spl_token_2022_interface::instruction::{
    initialize_mint_close_authority, initialize_non_transferable_mint, initialize_permanent_delegate,
};
use spl_token_2022_interface::state::AccountState;

use crate::world::tokens::{Extension, TOKEN_2022};
use crate::world::{COIN, FUNDS, PERIOD, STAKE, World, calls, plan};

type Begin = fn(&Pubkey, &Pubkey) -> Instruction;

/// A world whose mint is of Token-2022 and has this extension.
fn with_mint(extensions: &[Extension]) -> World {
    let mut world = World::bare();
    world.site.mint = world.create_mint("a mint with more", TOKEN_2022, extensions);
    world.site.token_program = TOKEN_2022;
    world
}

#[test]
fn what_a_mint_may_not_have() {
    let unsound: [(&str, ExtensionType, Begin); 9] = [
        ("a fee", ExtensionType::TransferFeeConfig, |mint, who| {
            transfer_fee::instruction::initialize_transfer_fee_config(&TOKEN_2022, mint, Some(who), Some(who), 100, 9)
                .unwrap()
        }),
        ("a hook", ExtensionType::TransferHook, |mint, who| {
            transfer_hook::instruction::initialize(&TOKEN_2022, mint, Some(*who), None).unwrap()
        }),
        ("a permanent delegate", ExtensionType::PermanentDelegate, |mint, who| {
            initialize_permanent_delegate(&TOKEN_2022, mint, who).unwrap()
        }),
        ("accounts that begin frozen", ExtensionType::DefaultAccountState, |mint, _| {
            let frozen = AccountState::Frozen;
            default_account_state::instruction::initialize_default_account_state(&TOKEN_2022, mint, &frozen).unwrap()
        }),
        ("a pause", ExtensionType::Pausable, |mint, who| {
            pausable::instruction::initialize(&TOKEN_2022, mint, who).unwrap()
        }),
        ("no transfers", ExtensionType::NonTransferable, |mint, _| {
            initialize_non_transferable_mint(&TOKEN_2022, mint).unwrap()
        }),
        ("an end", ExtensionType::MintCloseAuthority, |mint, who| {
            initialize_mint_close_authority(&TOKEN_2022, mint, Some(who)).unwrap()
        }),
        ("interest", ExtensionType::InterestBearingConfig, |mint, who| {
            interest_bearing_mint::instruction::initialize(&TOKEN_2022, mint, Some(*who), 5).unwrap()
        }),
        ("a scale", ExtensionType::ScaledUiAmount, |mint, who| {
            scaled_ui_amount::instruction::initialize(&TOKEN_2022, mint, Some(*who), 2.0).unwrap()
        }),
    ];
    for (name, kind, begin) in unsound {
        let mut world = with_mint(&[Extension { kind, begin }]);
        let refused = world.send(&[world.site.initialize(plan())]).expect_err(name);
        assert_eq!(refused.why, "UnsoundMint", "{name}:\n{}", refused.logs.join("\n"));
        assert!(world.account(calls::config()).is_none());
    }
}

fn pointer() -> Extension {
    Extension {
        kind: ExtensionType::MetadataPointer,
        begin: |mint, who| {
            metadata_pointer::instruction::initialize(&TOKEN_2022, mint, Some(*who), Some(*mint)).unwrap()
        },
    }
}

/// An unsound extension beside a harmless one is as unsound.
#[test]
fn harmless_extensions_hide_nothing() {
    let delegate = Extension {
        kind: ExtensionType::PermanentDelegate,
        begin: |mint, who| initialize_permanent_delegate(&TOKEN_2022, mint, who).unwrap(),
    };
    let mut world = with_mint(&[pointer(), delegate]);
    world.refuses("UnsoundMint", world.site.initialize(plan()));
}

/// The whole way of a token of the newer program that only says where it is described.
#[test]
fn a_mint_that_says_what_it_is() {
    let mut world = with_mint(&[pointer()]);
    world.must(world.site.initialize(plan()));
    let [alice, stranger] = ["alice", "stranger"].map(|name| world.person(name));
    world.register(&alice, STAKE);
    world.fund(FUNDS);
    world.stake(&alice, STAKE);
    world.unstake(&alice, COIN);
    world.skip(PERIOD);
    assert_eq!(world.withdraw(&alice, 8), COIN);
    world.next_cycle();
    let proof = world.pay(&alice, 7 * COIN, &[&alice]);
    let claim = world.site.claim(alice.wallet, alice.wallet, u128::from(7 * COIN), &proof);
    assert_eq!(world.must(claim).number(), 7 * COIN);
    assert_eq!(world.purse(alice.wallet), 8 * COIN);
    let bounty = world.slash(&alice, &alice.signer, stranger.wallet) / 20;
    assert_eq!(world.must(world.site.collect(stranger.wallet)).number(), bounty);
    assert_eq!(world.purse(stranger.wallet), bounty);
    assert_eq!(world.tokens_in(calls::stake_tokens()), 2 * STAKE - COIN - bounty);
    assert_eq!(world.tokens_in(calls::reward_tokens()), FUNDS - 7 * COIN);
}

/// Whoever makes its own purse harder to pay waits for its own money, and nobody else does.
#[test]
fn a_purse_that_wants_a_memo() {
    use spl_token_2022_interface::extension::memo_transfer::instruction::{
        disable_required_transfer_memos, enable_required_transfer_memos,
    };
    use spl_token_2022_interface::instruction::reallocate;

    let mut world = with_mint(&[]);
    world.must(world.site.initialize(plan()));
    let [alice, bob] = ["alice", "bob"].map(|name| world.person(name));
    for person in [&alice, &bob] {
        world.register(person, STAKE);
        world.unstake(person, COIN);
    }
    world.skip(PERIOD);
    let (purse, wallet) = (world.site.purse(alice.wallet), alice.wallet);
    let memo = [ExtensionType::MemoTransfer];
    world.must(reallocate(&TOKEN_2022, &purse, &wallet, &wallet, &[], &memo).expect("the newer program"));
    world.must(enable_required_transfer_memos(&TOKEN_2022, &purse, &wallet, &[]).expect("the newer program"));
    world.refuses("token: NoMemo", world.site.withdraw(wallet, 8));
    assert_eq!(world.withdraw(&bob, 8), COIN);
    world.must(disable_required_transfer_memos(&TOKEN_2022, &purse, &wallet, &[]).expect("the newer program"));
    assert_eq!(world.withdraw(&alice, 8), COIN);
}

/// Token programs can be upgraded. Should one ever let a mint that was taken learn to take a fee, less comes in than is said,
/// and nothing that arrives short is booked.
#[test]
fn a_mint_that_learns_to_take_a_fee() {
    let mut world = with_mint(&[]);
    world.must(world.site.initialize(plan()));
    let [alice, bob] = ["alice", "bob"].map(|name| world.person(name));
    world.register(&alice, STAKE);
    world.give(alice.wallet, STAKE);
    world.give(bob.wallet, STAKE);

    // As an upgrade would have to: the mint has the extension by now, and so has the account of the stake.
    let fee = Extension {
        kind: ExtensionType::TransferFeeConfig,
        begin: |mint, who| {
            transfer_fee::instruction::initialize_transfer_fee_config(&TOKEN_2022, mint, Some(who), None, 100, u64::MAX)
                .unwrap()
        },
    };
    let model = world.create_mint("a mint with a fee", TOKEN_2022, &[fee]);
    for (ours, name) in [(calls::stake_tokens(), "a stake"), (calls::reward_tokens(), "a reward")] {
        let taking = world.open_plain(model, calls::config(), name);
        let mut account = world.account(taking).expect("it was made");
        let held = world.account(ours).expect("the program's tokens");
        account.data[..held.data.len()].copy_from_slice(&held.data);
        world.set_account(ours, account);
    }
    let mut mint = world.account(model).expect("it was made");
    let plain = world.account(world.site.mint).expect("the mint");
    mint.data[..plain.data.len()].copy_from_slice(&plain.data);
    world.set_account(world.site.mint, mint);

    let (link, signature) = world.link(&bob, &bob.signer, 1);
    for deposit in [
        world.site.stake(alice.wallet, alice.wallet, STAKE),
        world.site.register(bob.wallet, STAKE, &link, &signature.0),
        world.site.fund(alice.wallet, STAKE),
    ] {
        world.refuses("InexactTransfer", deposit);
    }
    assert_eq!(world.config().deposited.get(), u128::from(STAKE));
    assert_eq!(world.purse(alice.wallet), STAKE);
}

/// A plain mint of the newer program too.
#[test]
fn a_mint_without_extensions() {
    let mut world = with_mint(&[]);
    world.must(world.site.initialize(plan()));
    let alice = world.person("alice");
    world.register(&alice, STAKE);
    assert_eq!(world.config().token_program, TOKEN_2022);
}
