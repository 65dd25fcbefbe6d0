use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;
use williw_core::amount::Amount;
use williw_core::hash::{Hash, keccak};
use williw_core::identity::{ChainId, Owner};
use williw_core::merkle::{Entitlement, Proof, Tree};
use williw_core::statement::RewardRoot;

use crate::world::papers::{entitle, entitlement, root};
use crate::world::{COIN, DELAY, Event, FUNDS, PER_CYCLE, Person, World, calls};

fn claim(world: &World, owner: &Person, cumulative: u64, proof: &Proof) -> Instruction {
    world.site.claim(owner.wallet, owner.wallet, cumulative.into(), proof)
}

fn claimed(world: &World, owner: &Person) -> u128 {
    world.claimant(owner.wallet).map_or(0, |claimant| claimant.claimed.get())
}

/// Posts this tree with this total and waits until it pays.
fn activate(world: &mut World, tree: Hash, total: u64, voters: &[&Person]) {
    world.post(&RewardRoot { root: tree, ..root("", total) }, voters);
    world.skip(DELAY);
}

#[test]
fn pays_what_was_earned_since() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let proof = world.pay(&alice, 10 * COIN, &[&alice, &bob]);
    let first = claim(&world, &alice, 10 * COIN, &proof);
    let receipt = world.must(first);
    assert_eq!(receipt.number(), 10 * COIN);
    let (owner, recipient) = (alice.wallet, alice.wallet);
    let paid = |amount: u64, cumulative: u64| {
        [Event::Claimed { owner, recipient, amount, cumulative: Amount(cumulative.into()) }]
    };
    assert_eq!(receipt.events, paid(10 * COIN, 10 * COIN));
    assert_eq!(world.purse(alice.wallet), 10 * COIN);
    assert_eq!(claimed(&world, &alice), u128::from(10 * COIN));

    world.next_cycle();
    let proof = world.pay(&alice, 25 * COIN, &[&alice, &bob]);
    let second = claim(&world, &alice, 25 * COIN, &proof);
    let receipt = world.must(second);
    assert_eq!((receipt.number(), receipt.events), (15 * COIN, paid(15 * COIN, 25 * COIN).to_vec()));
    assert_eq!(world.purse(alice.wallet), 25 * COIN);
    assert_eq!(world.tokens_in(calls::reward_tokens()), FUNDS - 25 * COIN);
    assert_eq!(world.tokens_in(calls::stake_tokens()), 9_000 * COIN, "rewards are held apart from the stake");
}

/// Whoever pays the fee, the owner is not asked and no head changes.
#[test]
fn a_claim_is_no_fact() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let proof = world.pay(&alice, 10 * COIN, &[&alice, &bob]);
    let before = world.account(calls::config());
    let claim = claim(&world, &alice, 10 * COIN, &proof);
    assert!(claim.accounts.iter().all(|meta| meta.pubkey != alice.wallet), "not even named");
    assert!(!claim.accounts[1].is_writable, "claimants share no account that is written");
    world.must(claim);
    assert_eq!(world.account(calls::config()), before);
}

#[test]
fn nothing_to_claim_is_no_error() {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    let proof = world.pay(&alice, 10 * COIN, &[&alice, &bob]);
    let again = claim(&world, &alice, 10 * COIN, &proof);
    world.must(again.clone());
    world.freeze(world.site.purse(alice.wallet));
    let receipt = world.must(again);
    assert_eq!((receipt.number(), receipt.events.len()), (0, 0));

    let (tree, proof) = entitle(carol.wallet, 0, 1);
    world.next_cycle();
    activate(&mut world, tree, 10 * COIN, &[&alice, &bob]);
    let nothing = claim(&world, &carol, 0, &proof);
    assert_eq!(world.must(nothing).number(), 0);
    assert!(world.claimant(carol.wallet).is_none(), "nobody pays rent to remember nothing");
}

#[test]
fn a_leaf_below_what_was_paid_pays_nothing() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let proof = world.pay(&alice, 10 * COIN, &[&alice, &bob]);
    let first = claim(&world, &alice, 10 * COIN, &proof);
    world.must(first);
    world.next_cycle();
    let (tree, proof) = entitle(alice.wallet, 4 * COIN, 3);
    activate(&mut world, tree, 20 * COIN, &[&alice, &bob]);
    let less = claim(&world, &alice, 4 * COIN, &proof);
    assert_eq!(world.must(less).number(), 0);
    assert_eq!(claimed(&world, &alice), u128::from(10 * COIN));
}

#[test]
fn the_root_before_pays_until_the_next_is_active() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let first = world.pay(&alice, 10 * COIN, &[&alice, &bob]);
    world.next_cycle();
    let (tree, second) = entitle(alice.wallet, 30 * COIN, 2);
    world.post(&RewardRoot { root: tree, ..root("", 30 * COIN) }, &[&alice, &bob]);
    world.skip(DELAY - 1);
    let [old, new] = [(10 * COIN, &first), (30 * COIN, &second)].map(|(sum, proof)| claim(&world, &alice, sum, proof));
    world.refuses("BadProof", new.clone());
    assert_eq!(world.must(old.clone()).number(), 10 * COIN);
    world.skip(1);
    world.refuses("BadProof", old);
    assert_eq!(world.must(new).number(), 20 * COIN);
}

#[test]
fn a_jailed_owner_is_paid_what_it_earned() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let proof = world.pay(&alice, 10 * COIN, &[&alice, &bob]);
    world.slash(&alice, &alice.signer, bob.wallet);
    let claim = claim(&world, &alice, 10 * COIN, &proof);
    assert_eq!(world.must(claim).number(), 10 * COIN);
}

#[test]
fn an_owner_without_an_operator_is_paid_too() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let dave = world.person("dave");
    let proof = world.pay(&dave, 10 * COIN, &[&alice, &bob]);
    let claim = claim(&world, &dave, 10 * COIN, &proof);
    assert_eq!(world.must(claim).number(), 10 * COIN);
}

#[test]
fn refusals_come_in_order() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let (tree, proof) = entitle(alice.wallet, 10 * COIN, 5);
    let good = claim(&world, &alice, 10 * COIN, &proof);
    let bad = claim(&world, &bob, 10 * COIN, &proof);
    world.refuses("NoRoot", bad.clone());
    world.post(&RewardRoot { root: tree, ..root("", 10 * COIN - 1) }, &[&alice, &bob]);
    world.refuses("NoRoot", bad.clone());
    world.skip(DELAY);
    world.refuses("BadProof", bad);
    let mut elsewhere = good.clone();
    elsewhere.accounts[3].pubkey = world.site.purse(bob.wallet);
    world.refuses("AboveTotal", elsewhere.clone());
    world.refuses("AboveTotal", good.clone());
    assert_eq!(claimed(&world, &alice), 0);
    world.next_cycle();
    activate(&mut world, tree, 10 * COIN, &[&alice, &bob]);
    world.refuses("ForeignTokens", elsewhere);
    world.freeze(world.site.purse(alice.wallet));
    world.refuses("token: AccountFrozen", good);
    assert!(world.claimant(alice.wallet).is_none(), "what was refused was not paid");
}

#[test]
fn refuses_every_proof_but_the_right_one() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let proof = world.pay(&alice, 10 * COIN, &[&alice, &bob]);
    let mut wrong = vec![(10 * COIN + 1, proof.clone()), (10 * COIN - 1, proof.clone()), (10 * COIN, Proof(vec![]))];
    for level in 0..proof.0.len() {
        let mut other = proof.clone();
        other.0[level].0[31] ^= 1;
        wrong.push((10 * COIN, other));
    }
    let mut longer = proof.clone();
    longer.0.push(Hash([0; 32]));
    wrong.push((10 * COIN, longer));
    for (cumulative, proof) in wrong {
        world.refuses("BadProof", claim(&world, &alice, cumulative, &proof));
    }
    // More than 64 bits hold, with the same low half.
    let high = world.site.claim(alice.wallet, alice.wallet, u128::from(10 * COIN) | 1 << 64, &proof);
    world.refuses("BadProof", high);
}

/// What a token cannot even count is above every total.
#[test]
fn an_entitlement_beyond_all_tokens_is_above_the_total() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let cumulative = 1 << 64 | u128::from(COIN);
    let leaf = Entitlement { owner: alice.owner(), cumulative: Amount(cumulative) }.leaf();
    activate(&mut world, leaf, PER_CYCLE, &[&alice, &bob]);
    world.refuses("AboveTotal", world.site.claim(alice.wallet, alice.wallet, cumulative, &Proof(vec![])));
}

#[test]
fn a_leaf_of_the_other_chain_pays_nothing_here() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let owner = Owner { chain: ChainId::Base, account: alice.account() };
    let leaf = Entitlement { owner, cumulative: Amount(u128::from(10 * COIN)) }.leaf();
    activate(&mut world, leaf, 10 * COIN, &[&alice, &bob]);
    world.refuses("BadProof", claim(&world, &alice, 10 * COIN, &Proof(vec![])));
}

#[test]
fn an_inner_node_is_no_leaf() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let (tree, _) = entitle(alice.wallet, 10 * COIN, 1);
    activate(&mut world, tree, 10 * COIN, &[&alice, &bob]);
    // Whoever calls a node a leaf needs an owner and an amount with that hash.
    let inner = entitlement(alice.wallet, 10 * COIN).leaf();
    let owner = Pubkey::new_from_array(inner.0);
    let mut claim = world.site.claim(owner, alice.wallet, u128::from(10 * COIN), &Proof(vec![keccak(&[b"sibling"])]));
    claim.accounts[3].pubkey = world.site.purse(alice.wallet);
    world.refuses("BadProof", claim);
}

/// No transaction holds proofs of such a length; the rule is the same as on the other chain.
#[test]
fn refuses_a_proof_that_is_deeper_than_any_tree() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    for (levels, cumulative) in [(64, COIN), (65, 2 * COIN)] {
        let (tree, proof) = entitle(alice.wallet, cumulative, levels);
        activate(&mut world, tree, cumulative, &[&alice, &bob]);
        let outcome = world.send_unpacked(&[claim(&world, &alice, cumulative, &proof)]);
        let why = outcome.map(|receipt| receipt.number()).map_err(|refused| refused.why);
        assert_eq!(why, if levels == 64 { Ok(COIN) } else { Err("BadProof".to_owned()) });
        world.next_cycle();
    }
}

#[test]
fn refuses_a_proof_of_broken_siblings() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let proof = world.pay(&alice, COIN, &[&alice, &bob]);
    let good = claim(&world, &alice, COIN, &proof);
    // The length of the proof lies in front of it: tag, owner, amount.
    let at = 8 + 32 + 16;
    let count = u32::try_from(proof.0.len() * 32).expect("a short proof");
    assert_eq!(good.data[at..at + 4], count.to_le_bytes());
    for (change, length) in [(-1, count - 1), (1, count + 1)] {
        let mut broken = good.clone();
        broken.data[at..at + 4].copy_from_slice(&length.to_le_bytes());
        if change > 0 {
            broken.data.push(0);
        }
        world.refuses("BadProof", broken);
    }
    world.must(good);
}

/// A proof of twenty levels fits a transaction with room to spare; one of thirty-two does not.
#[test]
fn a_proof_is_as_long_as_a_transaction_allows() {
    let (mut world, [alice, bob, _]) = World::with_pool();
    let (tree, proof) = entitle(alice.wallet, COIN, 20);
    activate(&mut world, tree, COIN, &[&alice, &bob]);
    let claim = claim(&world, &alice, COIN, &proof);
    let receipt = world.must(claim);
    assert!(receipt.bytes < 1_150, "{}", receipt.bytes);
    assert_eq!(receipt.number(), COIN);
}

/// A tree of three leaves with this total, and everybody's claim.
fn three(world: &mut World, people: &[Person; 3], total: u64) -> [Instruction; 3] {
    let [alice, bob, carol] = people;
    let leaves = [(alice, 10), (bob, 20), (carol, 30)].map(|(owner, coins)| entitlement(owner.wallet, coins * COIN));
    let tree = Tree::build(&leaves).expect("three leaves");
    activate(world, tree.root(), total, &[alice, bob]);
    leaves.map(|leaf| {
        let owner = Pubkey::new_from_array(leaf.owner.account.0);
        world.site.claim(owner, owner, leaf.cumulative.0, &tree.proof(&leaf).expect("a leaf of it"))
    })
}

#[test]
fn many_are_paid_by_one_transaction() {
    let (mut world, people) = World::with_pool();
    let claims = three(&mut world, &people, 60 * COIN);
    world.must(claims[1].clone());
    world.send(&claims).expect("all of them are paid");
    let purses = [&people[0], &people[1], &people[2]].map(|owner| world.purse(owner.wallet));
    assert_eq!(purses, [10 * COIN, 20 * COIN, 30 * COIN]);
    world.send(&claims).expect("there is nothing to claim");
    assert_eq!(world.tokens_in(calls::reward_tokens()), FUNDS - 60 * COIN);
}

#[test]
fn the_same_claim_twice_is_paid_once() {
    let (mut world, people) = World::with_pool();
    let [of_alice, ..] = three(&mut world, &people, 60 * COIN);
    world.send(&[of_alice.clone(), of_alice.clone(), of_alice]).expect("paid, and then nothing to claim");
    assert_eq!(world.purse(people[0].wallet), 10 * COIN);
}

#[test]
fn all_of_them_or_none() {
    let (mut world, people) = World::with_pool();
    let [first, second, mut third] = three(&mut world, &people, 60 * COIN);
    let last = third.data.len() - 1;
    third.data[last] ^= 1;
    let refused = world.send(&[first, second, third]).expect_err("one proof is bad");
    assert_eq!(refused.why, "BadProof");
    assert_eq!(world.tokens_in(calls::reward_tokens()), FUNDS);
}

#[test]
fn many_do_not_exceed_the_total_together() {
    let (mut world, people) = World::with_pool();
    let [first, second, third] = three(&mut world, &people, 59 * COIN);
    let refused = world.send(&[first.clone(), second.clone(), third.clone()]).expect_err("one coin too much");
    assert_eq!(refused.why, "AboveTotal");
    world.must(third);
    world.must(second);
    world.refuses("AboveTotal", first);
    assert_eq!(world.tokens_in(calls::reward_tokens()), FUNDS - 50 * COIN);
}
