//! The instructions, each where it would go through.

use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;
use solana_sdk_ids::system_program;
use williw_core::cycle::Cycle;
use williw_core::merkle::{Proof, Tree};
use williw_core::sim::keys::SignerKey;
use williw_core::statement::RewardRoot;

use crate::world::papers::{entitlement, root};
use crate::world::{COIN, DELAY, FUNDS, PERIOD, Person, STAKE, World, calls, deployment, plan, tokens};

/// An instruction in a world where it goes through.
pub(super) struct Scene {
    /// The verb, and which of its ways if it has several.
    pub(super) name: &'static str,
    /// What each account is, in order.
    pub(super) accounts: Vec<&'static str>,
    pub(super) world: World,
    pub(super) instruction: Instruction,
}

impl Scene {
    pub(super) fn verb(&self) -> &'static str {
        self.name.split(',').next().expect("a name")
    }
}

/// A world in which there are two of everything.
pub(super) struct Town {
    pub(super) world: World,
    alice: Person,
    bob: Person,
    /// In jail, which may end.
    dave: Person,
    stranger: Person,
    /// A tree that pays, and two roots with votes.
    proofs: [Proof; 3],
    roots: [RewardRoot; 2],
    past: Cycle,
    other_mint: Pubkey,
}

impl Town {
    pub(super) fn new() -> Self {
        let (mut world, [alice, bob, carol]) = World::with_pool();
        let [dave, stranger, cold] = ["dave", "stranger", "cold"].map(|name| world.person(name));
        world.wallet("postman");
        world.register(&dave, STAKE);
        let ella = world.person("ella");
        world.register(&ella, STAKE);
        world.slash(&dave, &dave.signer, stranger.wallet);
        world.slash(&ella, &ella.signer, bob.wallet);
        for owner in [&alice, &bob] {
            world.unstake(owner, COIN);
            world.give(owner.wallet, STAKE);
        }
        let governor = world.wallet("governor");
        world.must(world.site.propose_vault(governor, plan().vault));
        world.must(world.site.propose_pool(governor, plan().pool));
        world.must(world.site.offer_governor(governor, stranger.wallet));
        world.skip(PERIOD);

        let leaves = [(&alice, 10), (&bob, 20), (&carol, 30)].map(|(who, coins)| entitlement(who.wallet, coins * COIN));
        let tree = Tree::build(&leaves).expect("three leaves");
        let proofs = leaves.map(|leaf| tree.proof(&leaf).expect("a leaf of it"));
        world.next_cycle();
        let first = world.pay(&alice, 4 * COIN, &[&alice, &bob]);
        world.must(world.site.claim(alice.wallet, alice.wallet, u128::from(4 * COIN), &first));
        world.next_cycle();
        world.post(&RewardRoot { root: tree.root(), ..root("", 60 * COIN) }, &[&alice, &bob]);
        world.skip(DELAY);
        world.must(world.site.claim(bob.wallet, bob.wallet, u128::from(20 * COIN), &proofs[1]));
        for owner in [&alice, &bob] {
            world.must(world.site.set_recipient(owner.wallet, cold.wallet));
        }

        world.next_cycle();
        let (past, roots) = (world.past(), ["one", "other"].map(|name| root(name, 60 * COIN)));
        world.vote(past, &roots[0], &[&carol]);
        world.vote(past, &roots[1], &[&bob]);
        let other_mint = world.create_mint("another mint", tokens::LEGACY, &[]);
        for who in [&alice, &bob, &stranger] {
            let purse = world.open(other_mint, who.wallet);
            world.mint_to(other_mint, purse, STAKE);
        }
        assert_eq!(world.config().funded.get(), u128::from(FUNDS));
        Self { world, alice, bob, dave, stranger, proofs, roots, past, other_mint }
    }

    /// Accounts that could be taken for the one of this name: of the same kind, but another's.
    pub(super) fn others(&self, name: &str) -> Vec<(&'static str, Pubkey)> {
        let (bob, site) = (self.bob.wallet, &self.world.site);
        let of_other_mint = |wallet| tokens::home(wallet, self.other_mint, tokens::LEGACY);
        match name {
            "owner" | "payer" | "funder" | "governor" | "guardian" | "recipient" | "authority" => {
                vec![("another wallet", bob)]
            }
            "config" | "program_data" | "event_authority" | "program" | "system_program" => vec![],
            "operator" => vec![("another operator", calls::operator(bob))],
            "tenure" | "next" => vec![("another tenure", calls::tenure(self.bob.signer.address()))],
            "bounty" => vec![("another bounty", calls::bounty(bob))],
            "claimant" => vec![("another claimant", calls::claimant(bob))],
            "tally" => vec![("another tally", calls::tally(self.past, &self.roots[1]))],
            "source" | "destination" => vec![
                ("another's tokens", site.purse(bob)),
                ("tokens of another mint", of_other_mint(self.alice.wallet)),
                ("another's tokens of another mint", of_other_mint(bob)),
            ],
            "stake_tokens" => vec![("the rewards", calls::reward_tokens()), ("another's tokens", site.purse(bob))],
            "reward_tokens" => vec![("the stake", calls::stake_tokens()), ("another's tokens", site.purse(bob))],
            "mint" => vec![("another mint", self.other_mint)],
            "token_program" => vec![("the other token program", tokens::TOKEN_2022)],
            _ => panic!("nobody said what could be taken for {name}"),
        }
    }

    /// One account of every kind there is.
    pub(super) fn kinds(&self) -> Vec<(&'static str, Pubkey)> {
        let stranger = &self.stranger;
        vec![
            ("nothing", Pubkey::new_from_array([9; 32])),
            ("a wallet", stranger.wallet),
            ("the config", calls::config()),
            ("an operator", calls::operator(self.dave.wallet)),
            ("a tenure", calls::tenure(self.dave.signer.address())),
            ("a bounty", calls::bounty(stranger.wallet)),
            ("a claimant", calls::claimant(self.alice.wallet)),
            ("a tally", calls::tally(self.past, &self.roots[0])),
            ("tokens", self.world.site.purse(stranger.wallet)),
            ("a mint", self.world.site.mint),
            ("the program data", deployment::program_data()),
            ("the program", williw_program::ID),
            ("the token program", tokens::LEGACY),
            ("the system program", system_program::ID),
            ("the clock", solana_sdk_ids::sysvar::clock::ID),
        ]
    }

    fn scene(&self, name: &'static str, accounts: &str, instruction: impl FnOnce(&World) -> Instruction) -> Scene {
        let world = self.world.clone();
        scene(name, accounts, world, instruction)
    }
}

/// The accounts are listed as the IDL has them; those with which nearly every instruction ends are added.
fn scene(name: &'static str, accounts: &str, world: World, instruction: impl FnOnce(&World) -> Instruction) -> Scene {
    const ALL: [&str; 24] = [
        "owner",
        "payer",
        "config",
        "operator",
        "tenure",
        "next",
        "source",
        "destination",
        "stake_tokens",
        "mint",
        "reward_tokens",
        "token_program",
        "system_program",
        "program_data",
        "authority",
        "bounty",
        "claimant",
        "tally",
        "funder",
        "governor",
        "guardian",
        "recipient",
        "event_authority",
        "program",
    ];
    let known = |name: &str| *ALL.iter().find(|known| **known == name).expect("a name of an account");
    let (before, behind) = accounts.split_once('|').unwrap_or((accounts, ""));
    let ends: &[&str] = if name == "close_tally" { &[] } else { &["event_authority", "program"] };
    let accounts =
        before.split_whitespace().chain(ends.iter().copied()).chain(behind.split_whitespace()).map(known).collect();
    let instruction = instruction(&world);
    Scene { name, accounts, world, instruction }
}

/// One or more for every instruction.
pub(super) fn all(town: &Town) -> Vec<Scene> {
    let mut scenes = vault(town);
    scenes.extend(keys(town));
    scenes.extend(roles(town));
    scenes.extend(pool(town));
    scenes
}

fn vault(town: &Town) -> Vec<Scene> {
    let (alice, stranger) = (town.alice.wallet, town.stranger.wallet);
    let mut newcomer = town.world.clone();
    newcomer.give(stranger, STAKE);
    let mut bare = World::bare();
    for name in ["postman", "bob", "stranger"] {
        bare.person(name);
    }
    vec![
        scene(
            "initialize",
            "payer authority config mint stake_tokens reward_tokens program_data token_program system_program",
            bare,
            |world| world.site.initialize(plan()),
        ),
        scene(
            "register",
            "owner payer config operator tenure source stake_tokens mint token_program system_program",
            newcomer,
            |world| {
                let (link, signature) = world.link(&town.stranger, &town.stranger.signer, 1);
                world.site.register(stranger, STAKE, &link, &signature.0)
            },
        ),
        town.scene("stake", "funder config operator source stake_tokens mint token_program", |world| {
            world.site.stake(alice, alice, 10 * COIN)
        }),
        town.scene("unstake", "owner config operator", |world| world.site.unstake(alice, COIN)),
        town.scene("restake", "owner config operator", |world| world.site.restake(alice, 0)),
        town.scene("withdraw", "owner config operator destination stake_tokens mint token_program", |world| {
            world.site.withdraw(alice, 8)
        }),
        town.scene("collect", "config bounty destination stake_tokens mint token_program", |world| {
            world.site.collect(stranger)
        }),
    ]
}

fn keys(town: &Town) -> Vec<Scene> {
    let (alice, dave) = (&town.alice, &town.dave);
    let rotate = |name: &'static str, to: SignerKey| {
        town.scene(name, "owner payer config operator tenure next system_program", |world| {
            let (link, signature) = world.link(alice, &to, 2);
            world.site.rotate(alice.wallet, alice.signer.address(), &link, &signature.0)
        })
    };
    let slash = |name: &'static str, beneficiary: Pubkey| {
        town.scene(name, "payer config tenure operator bounty system_program", |world| {
            let evidence = world.evidence(&alice.signer, world.cycle()).encode().to_vec();
            world.site.slash(alice.signer.address(), alice.wallet, evidence, beneficiary)
        })
    };
    vec![
        rotate("rotate, to another signer", alice.key("second")),
        rotate("rotate, to another peer", alice.signer.clone()),
        slash("slash, for a first bounty", alice.wallet),
        slash("slash, for another bounty", town.stranger.wallet),
        town.scene("unjail", "owner payer config operator tenure system_program", |world| {
            let (link, signature) = world.link(dave, &dave.key("second"), 2);
            world.site.unjail(dave.wallet, &link, &signature.0)
        }),
    ]
}

fn roles(town: &Town) -> Vec<Scene> {
    let (governor, stranger) = (plan().governor, town.stranger.wallet);
    vec![
        town.scene("set_paused", "governor config", |world| world.site.set_paused(governor, true)),
        town.scene("offer_governor", "governor config", |world| world.site.offer_governor(governor, governor)),
        town.scene("accept_governor", "governor config", |world| world.site.accept_governor(stranger)),
        town.scene("set_guardian", "governor config", |world| world.site.set_guardian(governor, governor)),
        town.scene("propose_vault", "governor config", |world| world.site.propose_vault(governor, plan().vault)),
        town.scene("propose_pool", "governor config", |world| world.site.propose_pool(governor, plan().pool)),
        town.scene("apply_vault", "config", |world| world.site.apply_vault()),
        town.scene("apply_pool", "config", |world| world.site.apply_pool()),
    ]
}

fn pool(town: &Town) -> Vec<Scene> {
    let (alice, bob, past, roots) = (&town.alice, &town.bob, town.past, &town.roots);
    let vote = |name: &'static str, root: RewardRoot| {
        town.scene(name, "payer config tally system_program | tenure operator", |world| {
            let ballot = world.ballot(&alice.signer, past, &root);
            world.site.vote(past.0, &root, &[ballot], &[(alice.signer.address(), alice.wallet)])
        })
    };
    let claim = |name: &'static str, owner: Pubkey, coins: u64, proof: &Proof| {
        let accounts = "payer config claimant destination reward_tokens mint token_program system_program";
        town.scene(name, accounts, |world| world.site.claim(owner, owner, u128::from(coins * COIN), proof))
    };
    let [carol, cold] = ["carol", "cold"].map(|name| town.world.clone().wallet(name));
    let mut pending = town.world.clone();
    pending.vote(past, &roots[0], &[alice]);
    let mut over = town.world.clone();
    over.next_cycle();
    vec![
        town.scene("fund", "funder config source reward_tokens mint token_program", |world| {
            world.site.fund(alice.wallet, COIN)
        }),
        vote("vote, for a new root", root("third", 60 * COIN)),
        vote("vote, and post", roots[0]),
        scene("veto", "guardian config", pending, |world| world.site.veto(plan().guardian)),
        claim("claim, again", alice.wallet, 10, &town.proofs[0]),
        claim("claim, for the first time", carol, 30, &town.proofs[2]),
        claim("claim, of nothing", bob.wallet, 20, &town.proofs[1]),
        town.scene("set_recipient, again", "owner payer claimant system_program", |world| {
            world.site.set_recipient(alice.wallet, bob.wallet)
        }),
        town.scene("set_recipient, for the first time", "owner payer claimant system_program", |world| {
            world.site.set_recipient(town.dave.wallet, bob.wallet)
        }),
        town.scene("confirm_recipient", "recipient claimant", |world| world.site.confirm_recipient(cold, alice.wallet)),
        scene("close_tally", "config tally payer", over, |world| {
            world.site.close_tally(past, &roots[0], world.site.payer)
        }),
    ]
}
