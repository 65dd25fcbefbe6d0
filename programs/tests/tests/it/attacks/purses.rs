//! Token accounts that changed under everybody's feet, and gifts that nobody asked for.

use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;
use spl_token_2022_interface::instruction::{AuthorityType, close_account, set_authority, transfer_checked};
use williw_core::merkle::Tree;
use williw_core::statement::RewardRoot;

use crate::world::papers::{entitlement, root};
use crate::world::{COIN, DELAY, FUNDS, PERIOD, Person, STAKE, World, calls};

/// Alice has something to withdraw, to claim and to collect.
struct Owed {
    world: World,
    alice: Person,
    bob: Person,
    payments: [Instruction; 3],
}

fn owed() -> Owed {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    world.unstake(&alice, COIN);
    world.slash(&carol, &carol.signer, alice.wallet);
    world.skip(PERIOD);
    world.next_cycle();
    let proof = world.pay(&alice, COIN, &[&alice, &bob]);
    let payments = [
        world.site.withdraw(alice.wallet, 8),
        world.site.claim(alice.wallet, alice.wallet, u128::from(COIN), &proof),
        world.site.collect(alice.wallet),
    ];
    Owed { world, alice, bob, payments }
}

impl Owed {
    fn all_refused(&mut self, why: &str) {
        for payment in &self.payments {
            self.world.refuses(why, payment.clone());
        }
    }

    fn all_paid(&mut self) {
        for payment in &self.payments {
            assert_ne!(self.world.must(payment.clone()).number(), 0);
        }
    }
}

#[test]
fn a_purse_that_belongs_to_another_by_now() {
    let mut owed = owed();
    let (site, alice, bob) = (owed.world.site, owed.alice.wallet, owed.bob.wallet);
    let give = |from: &Pubkey, to: &Pubkey| {
        let (purse, kind) = (site.purse(alice), AuthorityType::AccountOwner);
        set_authority(&site.token_program, &purse, Some(to), kind, from, &[]).expect("a token program")
    };
    owed.world.must(give(&alice, &bob));
    owed.all_refused("ForeignTokens");
    // What was owed is still owed once it is hers again.
    owed.world.must(give(&bob, &alice));
    owed.all_paid();
}

/// The recipient owns the purse that was paid before, but it is not where the recipient is at home: nobody scatters what
/// another is owed.
#[test]
fn a_purse_that_was_paid_before() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let cold = world.person("cold");
    let (site, purse) = (world.site, world.site.purse(alice.wallet));
    let proof = world.pay(&alice, COIN, &[&alice, &bob]);
    world.must(site.claim(alice.wallet, alice.wallet, u128::from(COIN), &proof));
    let kind = AuthorityType::AccountOwner;
    let give = set_authority(&site.token_program, &purse, Some(&cold.wallet), kind, &alice.wallet, &[]);
    world.must(give.expect("a token program"));
    world.must(site.set_recipient(alice.wallet, cold.wallet));
    world.must(site.confirm_recipient(cold.wallet, alice.wallet));
    world.next_cycle();
    let proof = world.pay(&alice, 3 * COIN, &[&alice, &bob]);
    let mut astray = site.claim(alice.wallet, cold.wallet, u128::from(3 * COIN), &proof);
    let home = std::mem::replace(&mut astray.accounts[3].pubkey, purse);
    world.refuses("ForeignTokens", astray.clone());
    astray.accounts[3].pubkey = home;
    assert_eq!(world.must(astray).number(), 2 * COIN);
}

#[test]
fn a_purse_that_is_frozen() {
    let mut owed = owed();
    owed.world.freeze(owed.world.site.purse(owed.alice.wallet));
    owed.all_refused("token: AccountFrozen");
}

#[test]
fn a_purse_that_was_closed() {
    let mut owed = owed();
    let (site, alice) = (owed.world.site, owed.alice.wallet);
    let close = close_account(&site.token_program, &site.purse(alice), &alice, &alice, &[]).expect("a token program");
    owed.world.must(close);
    owed.all_refused("ForeignTokens");
    owed.world.open(site.mint, alice);
    owed.all_paid();
}

#[test]
fn a_purse_of_another_mint() {
    let mut owed = owed();
    let (alice, site) = (owed.alice.wallet, owed.world.site);
    let mint = owed.world.create_mint("another mint", site.token_program, &[]);
    let purse = owed.world.open(mint, alice);
    let [withdraw, claim, collect] = &mut owed.payments;
    (withdraw.accounts[3].pubkey, claim.accounts[3].pubkey, collect.accounts[2].pubkey) = (purse, purse, purse);
    owed.world.refuses("token: MintMismatch", owed.payments[0].clone());
    owed.world.refuses("ForeignTokens", owed.payments[1].clone());
    owed.world.refuses("ForeignTokens", owed.payments[2].clone());
}

/// Payments to one do not depend on anything that another holds or does.
#[test]
fn nobody_stops_another_ones_payment() {
    let mut owed = owed();
    let mallory = owed.world.person("mallory");
    // Somebody claims and collects first, sends dust, and names a recipient for herself.
    owed.world.give(mallory.wallet, 2);
    let site = owed.world.site;
    for to in [site.purse(owed.alice.wallet), calls::stake_tokens()] {
        let dust = transfer_checked(
            &site.token_program,
            &site.purse(mallory.wallet),
            &site.mint,
            &to,
            &mallory.wallet,
            &[],
            1,
            9,
        );
        owed.world.must(dust.expect("a token program"));
    }
    owed.world.must(site.set_recipient(mallory.wallet, owed.alice.wallet));
    for payment in &mut owed.payments[1..] {
        for meta in &mut payment.accounts {
            if meta.pubkey == site.payer {
                meta.pubkey = mallory.wallet;
            }
        }
    }
    owed.all_paid();
}

/// A gift that was not funded pays nobody by itself and changes no head; it only lets a bad root go as far beyond its total.
#[test]
fn a_gift_to_the_rewards() {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    let gift = 5 * COIN;
    let leaves = [(&alice, 10), (&bob, 20), (&carol, 30)].map(|(who, coins)| entitlement(who.wallet, coins * COIN));
    let tree = Tree::build(&leaves).expect("three leaves");
    world.post(&RewardRoot { root: tree.root(), ..root("", 55 * COIN) }, &[&alice, &bob]);
    world.skip(DELAY);
    let claims = leaves.map(|leaf| {
        let owner = Pubkey::new_from_array(leaf.owner.account.0);
        world.site.claim(owner, owner, leaf.cumulative.0, &tree.proof(&leaf).expect("a leaf of it"))
    });
    world.must(claims[2].clone());
    world.must(claims[1].clone());
    world.refuses("AboveTotal", claims[0].clone());

    let head = world.head(calls::config());
    world.mint_to(world.site.mint, calls::reward_tokens(), gift - 1);
    world.refuses("AboveTotal", claims[0].clone());
    world.mint_to(world.site.mint, calls::reward_tokens(), 1);
    world.must(claims[0].clone());
    assert_eq!(world.tokens_in(calls::reward_tokens()), FUNDS - 55 * COIN, "what was funded for others is there");
    assert_eq!(world.head(calls::config()), head);
    assert_eq!(world.config().funded.get(), u128::from(FUNDS));
    // What was given is not funded: no root can promise it.
    world.skip_cycles(20);
    world.next_cycle();
    world.refuses("Unfunded", world.site.vote(world.past().0, &root("", FUNDS + 1), &[], &[]));
}

#[test]
fn a_gift_to_the_stake_is_nobodys() {
    let mut world = World::new();
    let alice = world.person("alice");
    world.register(&alice, STAKE);
    world.mint_to(world.site.mint, calls::stake_tokens(), COIN);
    world.unstake(&alice, STAKE);
    world.skip(PERIOD);
    assert_eq!(world.withdraw(&alice, 8), STAKE);
    assert_eq!(world.tokens_in(calls::stake_tokens()), COIN);
    assert_eq!(world.config().deposited.get(), u128::from(STAKE));
}

/// Whoever may spend from an account by its owner's leave stakes with it; what becomes of the stake is the operator's.
#[test]
fn a_delegate_stakes_what_it_may_spend_and_no_more() {
    use spl_token_2022_interface::instruction::approve;

    let mut world = World::new();
    let [alice, bob] = ["alice", "bob"].map(|name| world.person(name));
    world.register(&alice, STAKE);
    world.give(bob.wallet, STAKE);
    let (site, purse) = (world.site, world.site.purse(bob.wallet));
    world.must(approve(&site.token_program, &purse, &alice.wallet, &bob.wallet, &[], 20 * COIN).expect("a program"));
    let mut stake = site.stake(alice.wallet, alice.wallet, 20 * COIN);
    stake.accounts[3].pubkey = purse;
    world.must(stake.clone());
    world.refuses("token: OwnerMismatch", stake);
}
