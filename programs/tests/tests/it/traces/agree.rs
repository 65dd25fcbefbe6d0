//! Everything that the program's accounts hold, beside what the model holds.

use std::collections::BTreeSet;
use std::fmt::Debug;

use anchor_lang::prelude::Pubkey;
use williw_core::amount::Amount;
use williw_core::cycle::Cycle;
use williw_core::identity::{Account, Signer};
use williw_core::ledger::PostedRoot;
use williw_core::model::{Block, Pending, operator_account};
use williw_core::sim::traces::{Reference, Wide};
use williw_core::statement::RewardRoot;
use williw_program::rules::times::Moment;
use williw_program::state::{self, Config};

use super::calls::{key, pool_parameters, vault_parameters};
use super::deployed::Deployed;
use super::fold::Journal;
use crate::world::{books, calls};

/// What was found on Solana, and what the model has there.
fn same<T: PartialEq + Debug>(what: &str, on_solana: T, in_model: T) -> Result<(), String> {
    if on_solana == in_model {
        Ok(())
    } else {
        Err(format!("{what}: {on_solana:?} on Solana, {in_model:?} in the model"))
    }
}

/// What a verb may have changed: the config, and what the accounts that it names have.
pub(super) fn near(side: &Deployed, model: &Reference, at: Block, accounts: &[Account]) -> Result<(), String> {
    config(side, model, at)?;
    tills(side, model)?;
    accounts.iter().try_for_each(|who| person(side, model, *who))
}

/// Everything that there is to read, and that there is nothing else.
pub(super) fn whole(side: &mut Deployed, model: &Reference, at: Block, people: &[Account]) -> Result<(), String> {
    near(side, model, at, people)?;
    for (signer, tenure) in model.contracts.vault().signers() {
        same(&format!("the tenure of {signer}"), side.world.tenure(*signer), Some(*tenure))?;
    }
    let known: BTreeSet<Pubkey> = known(side, model, people).collect();
    let everything = side.world.svm.get_program_accounts(&williw_program::ID);
    if let Some((stray, _)) = everything.iter().find(|(address, _)| !known.contains(address)) {
        return Err(format!("nobody knows the account {stray}"));
    }
    for (cycle, root) in side.drafts.clone() {
        tally(side, model, at, cycle, &root)?;
    }
    Ok(())
}

/// Where the program may have accounts.
fn known<'a>(side: &'a Deployed, model: &'a Reference, people: &'a [Account]) -> impl Iterator<Item = Pubkey> + 'a {
    let of_person = |who: &Account| {
        let who = key(*who);
        [calls::operator(who), calls::claimant(who), calls::bounty(who)]
    };
    let signers = model.contracts.vault().signers().keys();
    let drafts = side.drafts.iter();
    std::iter::once(calls::config())
        .chain(people.iter().flat_map(of_person))
        .chain(signers.map(|signer| calls::tenure(*signer)))
        .chain(drafts.map(|(cycle, root)| calls::tally(*cycle, root)))
}

/// What an account holds, and what the facts that it told come to: who reads the one needs nothing of the other.
fn follows<T: PartialEq + Debug>(what: &str, account: T, facts: T) -> Result<(), String> {
    if account == facts { Ok(()) } else { Err(format!("{what}: {account:?} in the account, {facts:?} by its facts")) }
}

/// The journal of an account: as long as the model's, and its head is what was told, folded where it really is.
fn head<'a>(
    side: &'a Deployed,
    model: &Reference,
    journal: Pubkey,
    in_model: Account,
    head: &state::Head,
) -> Result<&'a Journal, String> {
    let seq = model.contracts.heads().get(&in_model).map_or(0, |head| head.seq);
    same(&format!("how many facts {journal} has"), head.seq, seq)?;
    let told = side.journals.get(&journal).ok_or_else(|| format!("{journal} told nothing"))?;
    follows(&format!("the head of {journal}"), books::head(head), told.head)?;
    let last = (head.last.slot, head.last.time);
    follows(&format!("the last fact of {journal}"), last, (told.last.height.0, told.last.time.0))?;
    Ok(told)
}

fn config(side: &Deployed, model: &Reference, at: Block) -> Result<(), String> {
    let found = side.world.config();
    let (deployment, journal) = (model.contracts.deployment(), Account(calls::config().to_bytes()));
    let told = head(side, model, calls::config(), journal, &found.head)?;
    same("the head of the config", books::head(&found.head), model.contracts.heads()[&journal])?;
    same("the network", found.network, deployment.network.0)?;
    let clock = (found.genesis, found.cycle_length);
    same("the clock", clock, (deployment.clock.genesis().0, deployment.clock.length().0))?;
    let roles = model.contracts.roles();
    let offered = key(roles.offered.unwrap_or_default());
    let found_roles = (found.governor, found.offered, found.guardian);
    same("the roles", found_roles, (key(roles.governor), offered, key(roles.guardian)))?;
    vault(&found, model)?;
    rewards(&found, model, at, told)
}

/// The vault's parameters and what it counts once.
fn vault(found: &Config, model: &Reference) -> Result<(), String> {
    let vault = model.contracts.vault();
    let count = u64::try_from(vault.operators().len()).expect("a usize fits 64 bits");
    same("the number of operators", found.operators, count)?;
    same("everything deposited", books::amount(found.deposited), vault.books().deposited)?;
    same("the total", books::cycle_stake(&found.total), *vault.total())?;
    same("whether deposits are paused", found.paused, u8::from(vault.is_paused()))?;
    same("the vault's parameters", found.vault, vault_parameters(vault.parameters()))?;
    let proposal =
        vault.proposed().map_or_else(Default::default, |next| (vault_parameters(&next.parameters), next.effective.0));
    let found = found.vault_proposal;
    same("the vault's proposal", (found.terms, found.effective), proposal)
}

/// What the pool has, owes and waits for, as of this block.
fn rewards(found: &Config, model: &Reference, at: Block, told: &Journal) -> Result<(), String> {
    let pool = model.contracts.pool();
    same("the pool's parameters", found.pool, pool_parameters(pool.parameters()))?;
    let wanted =
        pool.proposed().map_or_else(Default::default, |next| (pool_parameters(&next.parameters), next.effective.0));
    same("the pool's proposal", (found.pool_proposal.terms, found.pool_proposal.effective), wanted)?;
    same("what was funded", books::amount(found.funded), pool.funded())?;
    let open = pool.closed().map_or(0, |closed| closed.0 + 1);
    same("the first cycle that is not closed", found.first_open, open)?;

    let mut settled = *found;
    settled.settle(Moment { time: at.time.0, slot: at.height.0 });
    same("the vetoes", settled.vetoes, pool.vetoes_at(at.time))?;
    same("the first cycle that is not covered", settled.uncovered, pool.uncovered_at(at.time).0)?;
    let active = books::root(settled.has_active, &settled.active);
    same("the active root", active.map(|root| root.root), pool.active_at(at.time))?;
    let pending = books::root(settled.has_pending, &settled.pending);
    let wanted = |Pending { cycle, root, activates }| PostedRoot { cycle, root, activates };
    same("the pending root", pending, pool.pending_at(at.time).map(wanted))?;
    follows("the posted roots", [active, pending], told.roots_at(at.time))
}

/// The program's own token accounts.
fn tills(side: &Deployed, model: &Reference) -> Result<(), String> {
    let pool = model.contracts.pool();
    let rewards = side.world.tokens_in(calls::reward_tokens());
    for (address, found) in
        [(calls::stake_tokens(), side.world.tokens_in(calls::stake_tokens())), (calls::reward_tokens(), rewards)]
    {
        let wanted = model.token.balance(Account(address.to_bytes()));
        same(&format!("the tokens in {address}"), Wide::from(u128::from(found)), wanted)?;
    }
    same("what is left of the rewards", Ok(Amount(rewards.into())), pool.funded().minus(pool.paid()))
}

/// Everything about somebody: the operator, rewards, bounties and tokens.
fn person(side: &Deployed, model: &Reference, who: Account) -> Result<(), String> {
    operator(side, model, who)?;
    claimant(side, model, who)?;
    let bounty = model.contracts.vault().bounties().get(&who).map_or(0, |bounty| bounty.0);
    same(&format!("the bounty of {who}"), u128::from(side.world.bounty(key(who))), bounty)?;
    let tokens = u128::from(side.world.purse(key(who)));
    same(&format!("the tokens of {who}"), Wide::from(tokens), model.token.balance(who))
}

fn operator(side: &Deployed, model: &Reference, who: Account) -> Result<(), String> {
    let address = calls::operator(key(who));
    let found = side.world.record::<state::Operator>(address);
    let wanted = model.contracts.vault().operators().get(&who).cloned();
    same(&format!("the operator of {who}"), found.as_ref().map(books::operator), wanted)?;
    let Some(found) = found else { return Ok(()) };
    same("whose operator this is", found.owner, key(who))?;
    let told = head(side, model, address, operator_account(who), &found.head)?;
    follows(&format!("the link of {who}"), Some(books::link(&found)), told.link)?;
    let voted = model.contracts.pool().last_vote(who).map_or(0, |cycle| cycle.0 + 1);
    same(&format!("when {who} was counted last"), found.voted_before, voted)?;
    let signer = Signer(found.signer);
    let wanted = model.contracts.vault().signers().get(&signer).copied();
    same(&format!("the tenure of {signer}"), side.world.tenure(signer), wanted)
}

/// What somebody has claimed, and where the rest would go.
fn claimant(side: &Deployed, model: &Reference, who: Account) -> Result<(), String> {
    let (pool, owner) = (model.contracts.pool(), key(who));
    let found = side.world.claimant(owner);
    let is_known = !pool.claimed(who).is_zero() || pool.proposed_recipient(who).is_some() || pool.recipient(who) != who;
    if is_known && found.is_none() {
        return Err(format!("{who} is no claimant"));
    }
    let found = found.unwrap_or_else(|| state::Claimant::new(owner));
    let recipient = key(pool.recipient(who));
    let wanted = (owner, pool.claimed(who), recipient, key(pool.proposed_recipient(who).unwrap_or_default()));
    let claimed = books::amount(found.claimed);
    same(&format!("the rewards of {who}"), (found.owner, claimed, found.recipient, found.proposed), wanted)?;
    let home = [Pubkey::default(), side.world.site.purse(recipient)];
    if home.contains(&found.tokens) { Ok(()) } else { Err(format!("{who} is paid in {}", found.tokens)) }
}

/// How much counts for a root, as long as votes for its cycle are taken. After that anybody may close the tally, which
/// gives back what it cost, and not before.
fn tally(side: &mut Deployed, model: &Reference, at: Block, cycle: Cycle, root: &RewardRoot) -> Result<(), String> {
    let (pool, address) = (model.contracts.pool(), calls::tally(cycle, root));
    let is_closed = pool.closed().is_some_and(|closed| cycle <= closed);
    let is_over = is_closed || model.cycle(at) > cycle.plus(1);
    if !is_over {
        let counted = u128::from(side.world.counted(cycle, root));
        same(&format!("the tally in cycle {cycle}"), counted, pool.tally(cycle, root).0)?;
    }
    let Some(before) = side.world.record::<state::Tally>(address) else { return Ok(()) };
    same("whose tally this is", (before.cycle, before.digest), (cycle.0, root.digest().0))?;
    let close = side.world.site.close_tally(cycle, root, before.payer);
    let refused = side.world.send_unpacked(&[close]).err().map(|refused| refused.why);
    let wanted = (!is_over).then(|| "VotesOpen".to_owned());
    same(&format!("why the tally of cycle {cycle} cannot be closed"), refused, wanted)?;
    same("whether the tally is there", side.world.account(address).is_some(), !is_over)
}
