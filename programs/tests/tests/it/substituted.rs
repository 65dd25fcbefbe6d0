//! Every account of every instruction, replaced in turn.
//!
//! An instruction that would go through is changed in one place: another account of the same kind, an account of every
//! other kind, one that does not exist, the same bytes under another owner, a program, an account that the instruction
//! names already, a missing signature, a missing writable flag. What came of it is written in
//! `substituted/outcomes.txt`; `UPDATE=1` writes it anew. Every change is refused for a reason that has a name, or
//! stands in [`harmless::LISTED`] with the reason why it may go through, and then nobody but who signed is worse off.
//!
//! An instruction or an account that nobody covered here fails [`every_instruction_has_its_scene`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anchor_lang::Discriminator as _;
use anchor_lang::prelude::Pubkey;
use serde_json::Value;
use solana_account::Account as SvmAccount;
use solana_instruction::Instruction;
use solana_sdk_ids::system_program;
use williw_program::rules::cycle_stakes::CycleStake;
use williw_program::state::{Config, Tally};

use crate::world::{COIN, World, calls, tokens};

mod harmless;
mod scenes;

use scenes::{Scene, Town};

/// An instruction changed in one place.
struct Change {
    /// What the place holds now.
    label: String,
    instruction: Instruction,
    /// What stands there instead, if it is an account.
    substitute: Option<Pubkey>,
    /// An account that has to exist for it.
    planted: Option<(Pubkey, SvmAccount)>,
}

#[test]
fn every_instruction_has_its_scene() {
    let idl: Value = serde_json::from_str(include_str!("../../../idl/williw.json")).expect("the IDL is JSON");
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let verbs: BTreeMap<String, Vec<Value>> =
        list(&idl["instructions"]).iter().map(|verb| (name(verb), list(&verb["accounts"]))).collect();
    let town = Town::new();
    let scenes = scenes::all(&town);
    let covered: BTreeSet<&str> = scenes.iter().map(|scene| scene.verb()).collect();
    assert_eq!(covered, verbs.keys().map(String::as_str).collect());
    for scene in &scenes {
        let metas = scene.accounts.iter().zip(&scene.instruction.accounts);
        let found: Vec<_> = metas.map(|(name, meta)| ((*name).to_owned(), meta.is_signer, meta.is_writable)).collect();
        let is = |account: &Value, flag: &str| account[flag].as_bool().unwrap_or(false);
        let told = verbs[scene.verb()].iter();
        let told: Vec<_> = told.map(|it| (name(it), is(it, "signer"), is(it, "writable"))).collect();
        // The IDL does not list the seats of voters, which come behind.
        assert!(found.starts_with(&told), "{}: {found:?} are not {told:?}", scene.name);
        assert!(found.len() == told.len() || scene.verb() == "vote", "accounts that the IDL does not know");
        assert_eq!(found.len(), scene.instruction.accounts.len(), "the accounts of {}", scene.name);
        scene.world.clone().must(scene.instruction.clone());
    }
}

#[test]
fn every_substitution_is_refused_by_name_or_harmless() {
    let town = Town::new();
    let mut outcomes = String::new();
    let mut went_through = BTreeSet::new();
    for mut scene in scenes::all(&town) {
        writeln!(outcomes, "{}", scene.name).expect("text");
        let honest = after(&scene.world, &scene.instruction).expect("the scene goes through");
        for place in 0..scene.accounts.len() {
            let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for change in changes(&town, &scene, place) {
                let outcome = outcome(&mut scene, &change, place, &honest);
                if ["goes through", "does nothing"].contains(&outcome.as_str()) {
                    went_through.insert((scene.name, scene.accounts[place], change.label.clone()));
                }
                lines.entry(outcome).or_default().push(change.label);
            }
            writeln!(outcomes, "    {}", scene.accounts[place]).expect("text");
            for (outcome, labels) in lines {
                write_wrapped(&mut outcomes, &format!("{outcome}: {}", labels.join(", ")));
            }
        }
    }
    assert_written(&outcomes);
    harmless::assert_listed(&went_through);
}

/// One outcome and what led to it, in lines of a readable length.
fn write_wrapped(outcomes: &mut String, text: &str) {
    const WIDTH: usize = 120;
    let mut line = " ".repeat(7);
    for word in text.split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            writeln!(outcomes, "{line}").expect("text");
            line = " ".repeat(11);
        }
        write!(line, " {word}").expect("text");
    }
    writeln!(outcomes, "{line}").expect("text");
}

/// These are the outcomes that are written down.
fn assert_written(found: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/substituted/outcomes.txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, found).expect("the file can be written");
    }
    let written = std::fs::read_to_string(path).expect("the outcomes");
    let differing = written.lines().zip(found.lines()).position(|(written, found)| written != found);
    if let Some(line) = differing {
        let [written, found] = [&written, found].map(|text| text.lines().nth(line).expect("a line of both"));
        panic!("line {} of outcomes.txt: written is\n{written}\nfound is\n{found}", line + 1);
    }
    assert_eq!(written.lines().count(), found.lines().count(), "outcomes.txt ends elsewhere");
}

/// What came of a change. If it went through, it did what the honest call does, or nothing, to everybody but those who
/// signed and the two accounts that changed places.
fn outcome(scene: &mut Scene, change: &Change, place: usize, honest: &Books) -> String {
    let mut world = scene.world.clone();
    if let Some((address, account)) = &change.planted {
        world.set_account(*address, account.clone());
    }
    let courier = world.wallet("postman");
    match world.send_paid_by(courier, std::slice::from_ref(&change.instruction)) {
        Err(refused) => {
            let unnamed = ["ProgramFailedToComplete", "ProgramEnvironmentSetupFailure", "ComputationalBudgetExceeded"];
            assert!(!unnamed.contains(&refused.why.as_str()), "{}: {}: {refused:#?}", scene.name, change.label);
            refused.why
        }
        Ok(_) => {
            let involved: BTreeSet<Pubkey> = change
                .instruction
                .accounts
                .iter()
                .filter(|meta| meta.is_signer)
                .map(|meta| meta.pubkey)
                .chain([courier, scene.instruction.accounts[place].pubkey])
                .chain(change.substitute)
                .collect();
            let found = books(&world);
            let others = |books: &Books| -> Books {
                let others = books.iter().filter(|(address, _)| !involved.contains(address));
                others.map(|(address, account)| (*address, essence(address, account))).collect()
            };
            let (found, before, honest) = (others(&found), others(&books(&scene.world)), others(honest));
            if found == before {
                return "does nothing".to_owned();
            }
            let differ = found.iter().filter(|(address, account)| honest.get(address) != Some(account));
            let strangers: Vec<_> = differ.map(|(address, _)| address).collect();
            assert!(strangers.is_empty(), "{}: {}: changed {strangers:?}", scene.name, change.label);
            "goes through".to_owned()
        }
    }
}

/// Everything that a verb could change.
type Books = BTreeMap<Pubkey, SvmAccount>;

/// An account but for what another choice of accounts changes as it should: whoever adds to one operator instead of another
/// changes how much stake counts, and a tally remembers who paid for it.
fn essence(address: &Pubkey, account: &SvmAccount) -> SvmAccount {
    let mut account = account.clone();
    let forgotten = if *address == calls::config() {
        Some((std::mem::offset_of!(Config, total), size_of::<CycleStake>()))
    } else {
        let is_tally = account.data.starts_with(Tally::DISCRIMINATOR);
        is_tally.then_some((std::mem::offset_of!(Tally, payer), size_of::<Pubkey>()))
    };
    if let Some((at, size)) = forgotten {
        account.data[Tally::DISCRIMINATOR.len() + at..][..size].fill(0);
    }
    account
}

fn books(world: &World) -> Books {
    let owners = [williw_program::ID, tokens::LEGACY, tokens::TOKEN_2022, system_program::ID];
    owners.iter().flat_map(|owner| world.svm.get_program_accounts(owner)).collect()
}

fn after(world: &World, instruction: &Instruction) -> Option<Books> {
    let mut world = world.clone();
    let courier = world.wallet("postman");
    world.send_paid_by(courier, std::slice::from_ref(instruction)).ok()?;
    Some(books(&world))
}

/// Everything that is tried in one place of an instruction.
fn changes(town: &Town, scene: &Scene, place: usize) -> Vec<Change> {
    let (honest, name) = (&scene.instruction.accounts[place], scene.accounts[place]);
    let replaced = |label: String, substitute: Pubkey| {
        let mut instruction = scene.instruction.clone();
        instruction.accounts[place].pubkey = substitute;
        Change { label, instruction, substitute: Some(substitute), planted: None }
    };
    let mut changes = Vec::new();
    for (label, substitute) in town.others(name) {
        if substitute != honest.pubkey {
            changes.push(replaced(label.to_owned(), substitute));
        }
    }
    if !honest.is_signer {
        for (kind, substitute) in town.kinds() {
            if substitute != honest.pubkey && !changes.iter().any(|change| change.substitute == Some(substitute)) {
                changes.push(replaced(kind.to_owned(), substitute));
            }
        }
        changes.extend(twins(scene, place));
    }
    for (other, meta) in scene.instruction.accounts.iter().enumerate() {
        // A signature cannot be had for an address without a key.
        if other != place && meta.pubkey != honest.pubkey && (meta.is_signer || !honest.is_signer) {
            changes.push(replaced(format!("twice {}", scene.accounts[other]), meta.pubkey));
        }
    }
    for (label, wanted) in [("no signature", honest.is_signer), ("not writable", honest.is_writable)] {
        if wanted {
            let mut instruction = scene.instruction.clone();
            let meta = &mut instruction.accounts[place];
            if label == "no signature" {
                meta.is_signer = false
            } else {
                meta.is_writable = false
            }
            changes.push(Change { label: label.to_owned(), instruction, substitute: None, planted: None });
        }
    }
    changes
}

/// The very bytes of the account, at another address and under each owner that could not have written them there; and an
/// account of the right owner that holds nothing.
fn twins(scene: &Scene, place: usize) -> Vec<Change> {
    let honest = scene.instruction.accounts[place].pubkey;
    let Some(account) = scene.world.account(honest).filter(|account| !account.executable) else { return Vec::new() };
    let address = Pubkey::new_from_array([7; 32]);
    let planted = |label: &str, account: SvmAccount| {
        let mut instruction = scene.instruction.clone();
        instruction.accounts[place].pubkey = address;
        Change { label: label.to_owned(), instruction, substitute: Some(address), planted: Some((address, account)) }
    };
    let stranger = Pubkey::new_from_array([8; 32]);
    let empty = SvmAccount { data: vec![0; account.data.len()], ..account.clone() };
    let short = SvmAccount { data: account.data[..account.data.len().min(8)].to_vec(), ..account.clone() };
    vec![
        planted("a stranger's twin", SvmAccount { owner: stranger, ..account.clone() }),
        planted("the system's twin", SvmAccount { owner: system_program::ID, ..account }),
        planted("zeros", empty),
        planted("eight bytes", SvmAccount { lamports: COIN, ..short }),
    ]
}

#[test]
fn the_town_has_every_kind_of_account() {
    let town = Town::new();
    for (kind, address) in town.kinds() {
        let is_absent = kind == "nothing";
        assert_eq!(town.world.account(address).is_none(), is_absent, "{kind}");
    }
    assert_ne!(calls::config(), calls::stake_tokens());
}
