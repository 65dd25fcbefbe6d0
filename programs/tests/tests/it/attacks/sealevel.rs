//! The classes of the well-known list of attacks on Solana programs.

use std::collections::BTreeSet;

use anchor_lang::Discriminator;
use anchor_lang::event::EVENT_IX_TAG_LE;
use anchor_lang::prelude::Pubkey;
use solana_account::Account as SvmAccount;
use solana_instruction::{AccountMeta, Instruction};
use williw_core::cycle::Cycle;
use williw_core::statement::RewardRoot;
use williw_program::ID;
use williw_program::rules::amounts::Amount;
use williw_program::state::{Bounty, Claimant, Config, Operator, Record, Tally, Tenure};

use crate::world::papers::{entitle, root};
use crate::world::{COIN, DELAY, LENGTH, PER_CYCLE, PERIOD, Person, STAKE, World, calls, deployment, plan, tokens};

/// Owns the accounts that an attacker forges.
const FORGER: Pubkey = Pubkey::new_from_array([6; 32]);

fn town() -> (World, [Person; 3], Person) {
    let (mut world, people) = World::with_pool();
    let mallory = world.person("mallory");
    world.give(mallory.wallet, STAKE);
    (world, people, mallory)
}

fn with(mut instruction: Instruction, place: usize, account: Pubkey) -> Instruction {
    instruction.accounts[place].pubkey = account;
    instruction
}

/// An account of the program, changed by hand and owned by somebody else.
fn forge<T: Record>(world: &mut World, real: Pubkey, change: impl FnOnce(&mut T)) -> Pubkey {
    let mut account = world.account(real).expect("there is one to copy");
    let fields = &mut account.data[T::DISCRIMINATOR.len()..];
    let mut record: T = bytemuck::pod_read_unaligned(fields);
    change(&mut record);
    fields.copy_from_slice(bytemuck::bytes_of(&record));
    let address = Pubkey::new_unique();
    world.set_account(address, SvmAccount { owner: FORGER, ..account });
    address
}

#[test]
fn signer_authorization() {
    let (mut world, [alice, ..], mallory) = town();
    world.unstake(&alice, COIN);
    world.skip(PERIOD);
    let (link, signature) = world.link(&alice, &alice.key("second"), 2);
    let [governor, guardian] = [plan().governor, plan().guardian];
    let site = world.site;
    let hers = [
        site.unstake(alice.wallet, COIN),
        site.restake(alice.wallet, 0),
        site.withdraw(alice.wallet, 8),
        site.rotate(alice.wallet, alice.signer.address(), &link, &signature.0),
        site.unjail(alice.wallet, &link, &signature.0),
        site.set_recipient(alice.wallet, mallory.wallet),
        site.stake(alice.wallet, alice.wallet, COIN),
        site.fund(alice.wallet, COIN),
        site.set_paused(governor, true),
        site.offer_governor(governor, mallory.wallet),
        site.accept_governor(mallory.wallet),
        site.set_guardian(governor, mallory.wallet),
        site.propose_vault(governor, plan().vault),
        site.propose_pool(governor, plan().pool),
        site.veto(guardian),
        site.confirm_recipient(mallory.wallet, alice.wallet),
    ];
    for mut instruction in hers {
        instruction.accounts[0].is_signer = false;
        world.refuses("AccountNotSigner", instruction);
    }
    // Mallory signs, and names what is not hers.
    for instruction in [
        site.unstake(alice.wallet, COIN),
        site.restake(alice.wallet, 0),
        site.withdraw(alice.wallet, 8),
        site.set_recipient(alice.wallet, mallory.wallet),
    ] {
        world.refuses("ForeignAccount", with(instruction, 0, mallory.wallet));
    }
}

#[test]
fn account_data_matching() {
    let (mut world, [alice, bob, _], mallory) = town();
    world.unstake(&alice, COIN);
    let proof = world.pay(&alice, COIN, &[&alice, &bob]);
    world.slash(&bob, &bob.signer, alice.wallet);
    world.skip(PERIOD);
    let hers = world.site.purse(mallory.wallet);
    let site = world.site;
    world.refuses("ForeignTokens", with(site.withdraw(alice.wallet, 8), 3, hers));
    world.refuses("ForeignTokens", with(site.collect(alice.wallet), 2, hers));
    world.refuses("ForeignTokens", with(site.claim(alice.wallet, alice.wallet, u128::from(COIN), &proof), 3, hers));
    // One's own guilt, paid for by another; and one's own vote with another's weight.
    world.register(&mallory, STAKE);
    world.skip_cycles(2);
    let evidence = world.evidence(&mallory.signer, world.cycle()).encode().to_vec();
    let slash = site.slash(mallory.signer.address(), mallory.wallet, evidence, mallory.wallet);
    world.refuses("ForeignAccount", with(slash.clone(), 3, calls::operator(alice.wallet)));
    world.refuses("ForeignAccount", with(slash, 2, calls::tenure(alice.signer.address())));
    world.next_cycle();
    let (past, posted) = (world.past(), root("hers", PER_CYCLE));
    let ballot = world.ballot(&mallory.signer, past, &posted);
    for seat in [(mallory.signer.address(), alice.wallet), (alice.signer.address(), alice.wallet)] {
        world.refuses("ForeignAccount", site.vote(past.0, &posted, &[ballot], &[seat]));
    }
    // The claim of another, and its tokens.
    world.refuses("BadProof", site.claim(mallory.wallet, mallory.wallet, u128::from(COIN), &proof));
    assert_eq!(world.purse(mallory.wallet), STAKE, "what she was given for her stake");
}

#[test]
fn owner_checks() {
    let (mut world, [alice, bob, _], mallory) = town();
    world.register(&mallory, STAKE);
    world.slash(&bob, &bob.signer, mallory.wallet);
    let past = world.past();
    let posted = root("root", PER_CYCLE);
    world.vote(past, &posted, &[&alice]);
    world.must(world.site.set_recipient(mallory.wallet, mallory.wallet));
    let site = world.site;

    let rich = forge(&mut world, calls::operator(mallory.wallet), |operator: &mut Operator| {
        operator.active = Amount::new(u128::MAX);
    });
    world.refuses("ForeignAccount", with(site.unstake(mallory.wallet, STAKE + 1), 2, rich));
    let config = calls::config();
    let crowned = forge(&mut world, config, |config: &mut Config| config.governor = mallory.wallet);
    world.refuses("AccountOwnedByWrongProgram", with(site.set_paused(mallory.wallet, true), 1, crowned));
    let counted = forge(&mut world, calls::tally(past, &posted), |tally: &mut Tally| {
        tally.counted = Amount::new(u128::MAX);
    });
    world.refuses("ForeignAccount", with(site.vote(past.0, &posted, &[], &[]), 2, counted));
    let owed = forge(&mut world, calls::bounty(mallory.wallet), |bounty: &mut Bounty| {
        bounty.amount = Amount::new(u128::MAX);
    });
    world.refuses("ForeignAccount", with(site.collect(mallory.wallet), 1, owed));
    let hers = forge(&mut world, calls::tenure(alice.signer.address()), |tenure: &mut Tenure| {
        tenure.owner = bob.wallet;
    });
    let evidence = world.evidence(&alice.signer, world.cycle()).encode().to_vec();
    let slash = site.slash(alice.signer.address(), bob.wallet, evidence, mallory.wallet);
    world.refuses("ForeignAccount", with(slash, 2, hers));
    let asked = forge(&mut world, calls::claimant(mallory.wallet), |claimant: &mut Claimant| {
        (claimant.owner, claimant.proposed) = (alice.wallet, mallory.wallet);
    });
    world.refuses("ForeignAccount", with(site.confirm_recipient(mallory.wallet, alice.wallet), 1, asked));
    // Tokens of a token program of one's own.
    let mut coins = world.account(site.purse(mallory.wallet)).expect("a purse");
    coins.owner = FORGER;
    let address = Pubkey::new_unique();
    world.set_account(address, coins);
    world.refuses("ExternalAccountDataModified", with(site.fund(mallory.wallet, COIN), 2, address));
}

/// Every kind of account says what it is; `substituted` shows each of them every other.
#[test]
fn type_cosplay() {
    let kinds = [
        Config::DISCRIMINATOR,
        Operator::DISCRIMINATOR,
        Tenure::DISCRIMINATOR,
        Bounty::DISCRIMINATOR,
        Claimant::DISCRIMINATOR,
        Tally::DISCRIMINATOR,
    ];
    assert!(kinds.iter().all(|kind| kind.len() == 8), "too long to meet another by chance");
    assert_eq!(kinds.iter().collect::<BTreeSet<_>>().len(), kinds.len());
}

#[test]
fn initialization() {
    // Before the deployer: by somebody else, and with a program of somebody else's.
    let mut world = World::bare();
    let mallory = world.wallet("mallory");
    let site = world.site;
    let mut rushed = site.initialize(plan());
    rushed.accounts[1].pubkey = mallory;
    world.refuses("NotDeployer", rushed.clone());
    let hers =
        Pubkey::find_program_address(&[tokens::TOKEN_2022.as_ref()], &solana_sdk_ids::bpf_loader_upgradeable::ID).0;
    let mut data = world.account(deployment::program_data()).expect("the loader's account");
    data.data[13..45].copy_from_slice(mallory.as_ref());
    world.set_account(hers, data);
    world.refuses("ConstraintSeeds", with(rushed, 6, hers));

    // After the deployer, and by the deployer too.
    world.must(site.initialize(plan()));
    world.refuses("system: 0", site.initialize(plan()));

    // An operator and a tenure begin once.
    let alice = world.person("alice");
    world.register(&alice, STAKE);
    let before = world.account(calls::operator(alice.wallet));
    world.give(alice.wallet, STAKE);
    let (link, signature) = world.link(&alice, &alice.key("second"), 1);
    world.refuses("AlreadyRegistered", site.register(alice.wallet, STAKE, &link, &signature.0));
    assert_eq!(world.account(calls::operator(alice.wallet)), before);
}

/// A program that answers "done" to everything stands in for another's. Memo does not even need accounts.
#[test]
fn arbitrary_cpi() {
    const MEMO: Pubkey = Pubkey::from_str_const("Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo");
    let (mut world, [alice, bob, _], mallory) = town();
    world.unstake(&alice, COIN);
    let proof = world.pay(&alice, COIN, &[&alice, &bob]);
    world.slash(&bob, &bob.signer, alice.wallet);
    world.skip(PERIOD);
    let (link, signature) = world.link(&mallory, &mallory.signer, 1);
    let site = world.site;
    let evidence = world.evidence(&alice.signer, world.cycle()).encode().to_vec();
    for (place, instruction) in [
        (8, site.register(mallory.wallet, STAKE, &link, &signature.0)),
        (6, site.stake(mallory.wallet, alice.wallet, STAKE)),
        (6, site.withdraw(alice.wallet, 8)),
        (5, site.collect(alice.wallet)),
        (5, site.fund(mallory.wallet, STAKE)),
        (6, site.claim(alice.wallet, alice.wallet, u128::from(COIN), &proof)),
    ] {
        assert_eq!(instruction.accounts[place].pubkey, tokens::LEGACY);
        world.refuses("ForeignAccount", with(instruction, place, MEMO));
    }
    for (place, instruction) in [
        (9, site.register(mallory.wallet, STAKE, &link, &signature.0)),
        (5, site.slash(alice.signer.address(), alice.wallet, evidence, mallory.wallet)),
        (3, site.vote(world.past().0, &root("root", PER_CYCLE), &[], &[])),
        (3, site.set_recipient(alice.wallet, bob.wallet)),
    ] {
        assert_eq!(instruction.accounts[place].pubkey, solana_sdk_ids::system_program::ID);
        world.refuses("InvalidProgramId", with(instruction, place, MEMO));
    }
}

#[test]
fn duplicate_mutable_accounts() {
    let (mut world, [alice, bob, carol], mallory) = town();
    let site = world.site;
    let (link, signature) = world.link(&mallory, &mallory.signer, 1);
    let register = site.register(mallory.wallet, STAKE, &link, &signature.0);
    world.refuses("ForeignAccount", with(register.clone(), 4, calls::operator(mallory.wallet)));
    world.refuses("ForeignAccount", with(register, 3, calls::tenure(mallory.signer.address())));
    // What is paid in would come from what was paid in.
    world.refuses("ForeignAccount", with(site.stake(mallory.wallet, alice.wallet, STAKE), 3, calls::stake_tokens()));
    world.refuses("ForeignAccount", with(site.fund(mallory.wallet, STAKE), 2, calls::reward_tokens()));
    // What is paid out would stay.
    world.unstake(&alice, COIN);
    let proof = world.pay(&alice, COIN, &[&alice, &bob]);
    world.slash(&bob, &bob.signer, alice.wallet);
    world.skip(PERIOD);
    world.refuses("ForeignTokens", with(site.withdraw(alice.wallet, 8), 3, calls::stake_tokens()));
    world.refuses("ForeignTokens", with(site.collect(alice.wallet), 2, calls::stake_tokens()));
    let claim = site.claim(alice.wallet, alice.wallet, u128::from(COIN), &proof);
    world.refuses("ForeignTokens", with(claim, 3, calls::reward_tokens()));
    let (link, signature) = world.link(&alice, &alice.key("second"), 2);
    let rotate = site.rotate(alice.wallet, alice.signer.address(), &link, &signature.0);
    world.refuses("ForeignAccount", with(rotate, 5, calls::tenure(alice.signer.address())));
    // One seat taken three times is one vote.
    world.next_cycle();
    let (past, posted) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &posted, &[&carol, &carol, &carol]);
    assert_eq!(world.counted(past, &posted), 1_000 * COIN);
}

/// Addresses that the same seeds lead to with another bump are nobody's.
#[test]
fn bump_seed_canonicalization() {
    let second = |seeds: &[&[u8]]| {
        let (_, bump) = Pubkey::find_program_address(seeds, &ID);
        let with = |bump: u8| Pubkey::create_program_address(&[seeds, &[&[bump]]].concat(), &ID).ok();
        (0..bump).rev().find_map(with).expect("half of all addresses are off the curve")
    };
    let (mut world, [alice, bob, carol], mallory) = town();
    let site = world.site;
    let (link, signature) = world.link(&mallory, &mallory.signer, 1);
    let register = site.register(mallory.wallet, STAKE, &link, &signature.0);
    let wallet = mallory.wallet.to_bytes();
    world.refuses("ForeignAccount", with(register.clone(), 3, second(&[b"operator", &wallet])));
    world.refuses("ForeignAccount", with(register, 4, second(&[b"signer", &mallory.signer.address().0])));
    let (past, posted) = (world.past(), root("root", PER_CYCLE));
    let ballot = world.ballot(&carol.signer, past, &posted);
    let vote = site.vote(past.0, &posted, &[ballot], &[(carol.signer.address(), carol.wallet)]);
    let digest = posted.digest().0;
    world.refuses("ForeignAccount", with(vote, 2, second(&[b"tally", &past.0.to_le_bytes(), &digest])));
    let (tree, proof) = entitle(alice.wallet, COIN, 20);
    world.post(&RewardRoot { root: tree, ..root("", PER_CYCLE) }, &[&alice, &bob]);
    world.skip(DELAY);
    let claim = site.claim(alice.wallet, alice.wallet, u128::from(COIN), &proof);
    // A second claimant of the same owner would be paid a second time.
    world.must(claim.clone());
    let again = second(&[b"claimant", alice.wallet.as_ref()]);
    world.refuses("ForeignAccount", with(claim, 2, again));
    world.refuses("ForeignAccount", with(site.set_recipient(alice.wallet, mallory.wallet), 2, again));
    let evidence = world.evidence(&alice.signer, world.cycle()).encode().to_vec();
    let slash = site.slash(alice.signer.address(), alice.wallet, evidence, mallory.wallet);
    world.refuses("ForeignAccount", with(slash, 4, second(&[b"bounty", &wallet])));
}

/// One address signs for both token accounts; no verb of the one reaches into the other.
#[test]
fn pda_sharing() {
    let (mut world, [alice, bob, _], mallory) = town();
    world.unstake(&alice, COIN);
    let proof = world.pay(&alice, COIN, &[&alice, &bob]);
    world.slash(&bob, &bob.signer, alice.wallet);
    world.skip(PERIOD);
    let (stake, rewards) = (calls::stake_tokens(), calls::reward_tokens());
    let (link, signature) = world.link(&mallory, &mallory.signer, 1);
    let site = world.site;
    for (place, other, instruction) in [
        (6, rewards, site.register(mallory.wallet, STAKE, &link, &signature.0)),
        (4, rewards, site.stake(mallory.wallet, alice.wallet, STAKE)),
        (4, rewards, site.withdraw(alice.wallet, 8)),
        (3, rewards, site.collect(alice.wallet)),
        (3, stake, site.fund(mallory.wallet, STAKE)),
        (4, stake, site.claim(alice.wallet, alice.wallet, u128::from(COIN), &proof)),
    ] {
        assert!([stake, rewards].contains(&instruction.accounts[place].pubkey));
        world.refuses("ForeignAccount", with(instruction, place, other));
    }
}

#[test]
fn closing_accounts() {
    let (mut world, [alice, bob, carol], mallory) = town();
    let (past, posted) = (world.past(), root("root", PER_CYCLE));
    world.vote(past, &posted, &[&carol]);
    world.slash(&bob, &bob.signer, mallory.wallet);
    world.must(world.site.set_recipient(alice.wallet, mallory.wallet));
    world.skip(LENGTH);
    let (site, tally) = (world.site, calls::tally(past, &posted));
    let close = site.close_tally(past, &posted, site.payer);

    // Nothing else can be closed, not even to the benefit of whom it belongs to.
    for (kept, owner) in [
        (calls::operator(alice.wallet), alice.wallet),
        (calls::tenure(alice.signer.address()), alice.wallet),
        (calls::bounty(mallory.wallet), mallory.wallet),
        (calls::claimant(alice.wallet), alice.wallet),
        (calls::config(), plan().governor),
    ] {
        world.refuses("AccountDiscriminatorMismatch", with(with(close.clone(), 1, kept), 2, owner));
    }

    // Closed and paid for again in one transaction: what is left is an empty address.
    let revive = solana_system_interface::instruction::transfer(&site.payer, &tally, COIN);
    world.send(&[close.clone(), revive]).expect("anybody may send lamports anywhere");
    let left = world.account(tally).expect("the lamports");
    assert_eq!((left.owner, left.data.len(), left.lamports), (solana_sdk_ids::system_program::ID, 0, COIN));
    world.refuses("AccountOwnedByWrongProgram", close);
    // It counts for nobody, and the cycle that it was of is over.
    world.refuses("OutsideVoting", site.vote(past.0, &posted, &[], &[]));
    assert_eq!(Cycle(past.0 + 1), world.past());
}

/// Time comes from the runtime: no verb takes a sysvar that somebody could make up.
#[test]
fn sysvar_address_checking() {
    use solana_sdk_ids::sysvar;

    let (world, [alice, bob, _], _) = town();
    let (link, signature) = world.link(&alice, &alice.key("second"), 2);
    let (site, posted) = (world.site, root("root", 1));
    let proof = williw_core::merkle::Proof(Vec::new());
    let sysvars = [sysvar::clock::ID, sysvar::rent::ID, sysvar::instructions::ID, sysvar::slot_hashes::ID];
    for instruction in [
        site.initialize(plan()),
        site.register(alice.wallet, STAKE, &link, &signature.0),
        site.stake(alice.wallet, alice.wallet, 1),
        site.unstake(alice.wallet, 1),
        site.withdraw(alice.wallet, 1),
        site.rotate(alice.wallet, alice.signer.address(), &link, &signature.0),
        site.slash(alice.signer.address(), alice.wallet, vec![], bob.wallet),
        site.unjail(alice.wallet, &link, &signature.0),
        site.apply_vault(),
        site.vote(1, &posted, &[], &[]),
        site.veto(bob.wallet),
        site.claim(alice.wallet, alice.wallet, 1, &proof),
        site.close_tally(Cycle(1), &posted, bob.wallet),
    ] {
        assert!(instruction.accounts.iter().all(|meta| !sysvars.contains(&meta.pubkey)));
    }
}

/// An event is an instruction that only the program itself can sign for.
#[test]
fn forged_events() {
    let (mut world, _, mallory) = town();
    let mut data = EVENT_IX_TAG_LE.to_vec();
    data.extend(anchor_lang::Event::data(&williw_program::events::BountyCollected {
        beneficiary: mallory.wallet,
        amount: u64::MAX,
    }));
    let forged = |authority: Pubkey, is_signer| Instruction {
        program_id: ID,
        accounts: vec![AccountMeta::new_readonly(authority, is_signer)],
        data: data.clone(),
    };
    world.refuses("ConstraintSeeds", forged(mallory.wallet, true));
    world.refuses("ConstraintSigner", forged(calls::event_authority(), false));
    let nobody = Instruction { program_id: ID, accounts: vec![], data: data.clone() };
    world.refuses("NotEnoughAccountKeys", nobody);
}
