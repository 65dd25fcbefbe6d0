//! Everything that can be read of the contracts, beside what the model holds.

use std::fmt::Debug;

use alloy::primitives::{Address, B256, U256};
use williw_core::cycle::Cycle;
use williw_core::cycle_stake::CycleStake;
use williw_core::identity::{Account, Signer};
use williw_core::journal::{HEAD_SLOT, Head};
use williw_core::model::{Block, Operator, Pending};
use williw_core::sim::traces::{Reference, Step, Verb};
use williw_core::statement::RewardRoot;
use williw_core::tenure::Tenure;

use super::calls::{RewardPool, address, pool_tuple, root_tuple, vault_tuple, wide};
use super::deployed::Deployed;
use crate::world::{Coin, StakeVault, account};

/// What was found on Base, and what the model has there.
fn same<T: PartialEq + Debug>(what: &str, on_base: T, in_model: T) -> Result<(), String> {
    if on_base == in_model { Ok(()) } else { Err(format!("{what}: {on_base:?} on Base, {in_model:?} in the model")) }
}

type Floors = (u128, u128, u128, u64);

fn floors(stake: &CycleStake) -> Floors {
    (stake.value().0, stake.floor().0, stake.floor_prev().0, stake.cycle().0)
}

/// What a verb may have changed: the heads, and on the side of its contract what the accounts that it names have there.
pub(super) fn near(base: &mut Deployed, model: &Reference, step: &Step, accounts: &[Account]) -> Result<(), String> {
    heads(base, model)?;
    match &step.verb {
        Verb::Vault(_) => staked(base, model, step.at, accounts),
        Verb::Pool(_) => {
            rewards(base, model, step.at)?;
            accounts.iter().try_for_each(|who| claimant(base, model, step.at, *who))
        }
        Verb::OfferGovernor { .. } | Verb::AcceptGovernor => roles(base, model),
    }
}

/// Everything that there is to read.
pub(super) fn whole(base: &mut Deployed, model: &Reference, at: Block, people: &[Account]) -> Result<(), String> {
    heads(base, model)?;
    roles(base, model)?;
    staked(base, model, at, people)?;
    rewards(base, model, at)?;
    vault_terms(base, model, at)?;
    pool_terms(base, model)?;
    for (signer, tenure) in model.contracts.vault().signers() {
        office(base, model, model.cycle(at), *signer, tenure)?;
    }
    for who in people {
        let bounty = base.machine.view(base.vault, &StakeVault::bountyOfCall { beneficiary: address(*who) });
        same(
            &format!("the bounty of {who}"),
            bounty,
            model.contracts.vault().bounties().get(who).map_or(0, |it| it.0),
        )?;
        claimant(base, model, at, *who)?;
        let native = model.token.native.get(who).copied().unwrap_or_default();
        same(&format!("the chain's coins of {who}"), base.machine.balance(address(*who)), wide(native))?;
    }
    for who in people.iter().copied().chain([base.vault, base.pool].map(account)) {
        let found = base.machine.view(base.token, &Coin::balanceOfCall { account: address(who) });
        same(&format!("the tokens of {who}"), found, wide(model.token.balance(who)))?;
    }
    base.drafts.clone().iter().try_for_each(|(cycle, root)| tally(base, model, *cycle, root))
}

fn heads(base: &mut Deployed, model: &Reference) -> Result<(), String> {
    for journal in [base.vault, base.pool] {
        let head = base.machine.view(journal, &StakeVault::headCall {});
        let Head { seq, hash } = model.contracts.heads()[&account(journal)];
        same("the head", (head.hash, head.seq), (B256::from(hash.0), seq))?;
        same("the slot of the head", base.machine.slot(journal, HEAD_SLOT), U256::from_be_bytes(hash.0))?;
    }
    Ok(())
}

fn staked(base: &mut Deployed, model: &Reference, at: Block, accounts: &[Account]) -> Result<(), String> {
    let (vault, now) = (base.vault, model.cycle(at));
    let total = base.machine.view(vault, &StakeVault::totalCycleStakeCall {});
    same("the total", total, floors(&model.contracts.vault().total().at(now)))?;
    accounts.iter().try_for_each(|who| operator(base, model, now, *who))
}

fn operator(base: &mut Deployed, model: &Reference, now: Cycle, who: Account) -> Result<(), String> {
    let (vault, owner) = (base.vault, address(who));
    let found = base.machine.try_view(vault, &StakeVault::operatorOfCall { account: owner });
    let Some(wanted) = model.contracts.vault().operators().get(&who) else {
        return same(&format!("whether {who} is registered"), found.is_ok(), false);
    };
    let found = found.map_err(|refused| format!("{who} has no operator on Base: {refused}"))?;
    let Operator { index, active, queue, next_ticket, signer, nonce, term, jailed_until, stake } = wanted;
    let jailed_until = jailed_until.map_or(0, |until| until.0);
    let signer = Address::from(signer.0);
    let wanted = (*index, active.0, wanted.queued().0, signer, *nonce, *term, jailed_until, *next_ticket);
    same(&format!("the operator of {who}"), found, wanted)?;

    let found = base.machine.view(vault, &StakeVault::queueOfCall { account: owner });
    let wanted: Vec<_> = queue.iter().map(|entry| (entry.amount.0, entry.maturity.0, entry.ticket)).collect();
    same(&format!("the queue of {who}"), found, wanted)?;
    let found = base.machine.view(vault, &StakeVault::cycleStakeOfCall { account: owner });
    same(&format!("the cycle stake of {who}"), found, floors(&stake.at(now)))
}

/// Whose a signer is, and in which cycles around the ends of its time it speaks.
fn office(base: &mut Deployed, model: &Reference, now: Cycle, signer: Signer, tenure: &Tenure) -> Result<(), String> {
    let (vault, address_) = (base.vault, Address::from(signer.0));
    let found = base.machine.view(vault, &StakeVault::tenureOfCall { signer: address_ });
    let through = tenure.through.map_or(0, |through| through.0);
    let wanted = (address(tenure.owner.account), tenure.from.0, u32::try_from(tenure.term).unwrap(), through);
    same(&format!("the tenure of {signer}"), found, wanted)?;
    let term = model.contracts.vault().operators()[&tenure.owner.account].term;
    let ends = [tenure.from.0.saturating_sub(1), tenure.from.0, through, through + 1, now.0];
    for cycle in ends {
        let found = base.machine.view(vault, &StakeVault::speaksInCall { signer: address_, cycle });
        same(&format!("whether {signer} speaks in cycle {cycle}"), found, tenure.covers(Cycle(cycle), term))?;
    }
    let found = base.machine.try_view(vault, &StakeVault::voterOfCall { signer: address_ }).ok();
    let votes = now.previous().is_some_and(|before| tenure.covers(before, term));
    let owner = &model.contracts.vault().operators()[&tenure.owner.account];
    let wanted = votes.then(|| (address(tenure.owner.account), owner.stake.at(now).floor_prev().0));
    same(&format!("how {signer} votes"), found.map(|found| (found.account, found.weight)), wanted)
}

fn roles(base: &mut Deployed, model: &Reference) -> Result<(), String> {
    let (machine, roles) = (&mut base.machine, model.contracts.roles());
    for contract in [base.vault, base.pool] {
        same("the governor", machine.view(contract, &StakeVault::ownerCall {}), address(roles.governor))?;
        let offered = roles.offered.map_or(Address::ZERO, address);
        same("to whom that is offered", machine.view(contract, &StakeVault::pendingOwnerCall {}), offered)?;
    }
    same("the guardian", machine.view(base.pool, &RewardPool::guardianCall {}), address(roles.guardian))
}

/// The vault's parameters and what it counts once.
fn vault_terms(base: &mut Deployed, model: &Reference, at: Block) -> Result<(), String> {
    let (on_base, vault, machine) = (base.vault, model.contracts.vault(), &mut base.machine);
    same("the cycle", machine.view(on_base, &StakeVault::currentCycleCall {}), model.cycle(at).0)?;
    let count = u64::try_from(vault.operators().len()).unwrap();
    same("the number of operators", machine.view(on_base, &StakeVault::operatorCountCall {}), count)?;
    same("everything deposited", machine.view(on_base, &StakeVault::depositedCall {}), vault.books().deposited.0)?;
    same("whether deposits are paused", machine.view(on_base, &StakeVault::pausedCall {}), vault.is_paused())?;
    let found = machine.view(on_base, &StakeVault::parametersCall {});
    same("the vault's parameters", found, vault_tuple(vault.parameters()))?;
    let wanted =
        vault.proposed().map_or_else(Default::default, |next| (vault_tuple(&next.parameters), next.effective.0));
    same("the vault's proposal", machine.view(on_base, &StakeVault::proposalCall {}), wanted)
}

fn pool_terms(base: &mut Deployed, model: &Reference) -> Result<(), String> {
    let (on_base, pool, machine) = (base.pool, model.contracts.pool(), &mut base.machine);
    let found = machine.view(on_base, &RewardPool::parametersCall {});
    same("the pool's parameters", found, pool_tuple(pool.parameters()))?;
    let wanted = pool.proposed().map_or_else(Default::default, |next| (pool_tuple(&next.parameters), next.effective.0));
    same("the pool's proposal", machine.view(on_base, &RewardPool::proposalCall {}), wanted)
}

/// What the pool has, owes and waits for, as of this block.
fn rewards(base: &mut Deployed, model: &Reference, at: Block) -> Result<(), String> {
    let (on_base, pool, machine) = (base.pool, model.contracts.pool(), &mut base.machine);
    same("what was funded", machine.view(on_base, &RewardPool::fundedCall {}), pool.funded().0)?;
    same("what was paid", machine.view(on_base, &RewardPool::paidCall {}), pool.paid().0)?;
    same("the vetoes", machine.view(on_base, &RewardPool::vetoesCall {}), pool.vetoes_at(at.time))?;
    same(
        "the first cycle that is not covered",
        machine.view(on_base, &RewardPool::uncoveredCall {}),
        pool.uncovered_at(at.time).0,
    )?;
    let open = pool.closed().map_or(0, |closed| closed.0 + 1);
    same("the first cycle that is not closed", machine.view(on_base, &RewardPool::firstOpenCall {}), open)?;
    let found = machine.view(on_base, &RewardPool::activeRootCall {});
    let wanted =
        pool.active_at(at.time).map_or_else(Default::default, |root| (B256::from(root.root.0), root.total_base.0));
    same("the active root", (found.root, found.total), wanted)?;
    let wanted = pool.pending_at(at.time).map_or_else(Default::default, |pending| {
        let Pending { cycle, root, activates } = pending;
        (B256::from(root.root.0), root.total_base.0, cycle.0, activates.0)
    });
    same("the pending root", machine.view(on_base, &RewardPool::pendingRootCall {}), wanted)
}

/// What somebody has claimed, and where the rest would go; and whether it was counted lately.
fn claimant(base: &mut Deployed, model: &Reference, at: Block, who: Account) -> Result<(), String> {
    let (on_base, pool, machine) = (base.pool, model.contracts.pool(), &mut base.machine);
    let owner = address(who);
    let found = machine.view(on_base, &RewardPool::claimedOfCall { account: owner });
    same(&format!("what {who} claimed"), found, pool.claimed(who).0)?;
    let found = machine.view(on_base, &RewardPool::recipientOfCall { account: owner });
    same(&format!("the recipient of {who}"), found, address(pool.recipient(who)))?;
    let found = machine.view(on_base, &RewardPool::proposedRecipientOfCall { account: owner });
    same(
        &format!("who may become the recipient of {who}"),
        found,
        pool.proposed_recipient(who).map_or(Address::ZERO, address),
    )?;
    let now = model.cycle(at).0;
    for cycle in now.saturating_sub(1)..=now {
        let found = machine.view(on_base, &RewardPool::hasVotedCall { account: owner, cycle });
        same(&format!("whether {who} was counted in cycle {cycle}"), found, pool.last_vote(who) == Some(Cycle(cycle)))?;
    }
    Ok(())
}

/// How much counts for a root, as long as votes for its cycle are taken. Base forgets it when the root has its votes.
fn tally(base: &mut Deployed, model: &Reference, cycle: Cycle, root: &RewardRoot) -> Result<(), String> {
    let pool = model.contracts.pool();
    if pool.closed().is_some_and(|closed| cycle <= closed) {
        return Ok(());
    }
    let call = RewardPool::tallyOfCall { cycle: cycle.0, root: root_tuple(root) };
    same(&format!("the tally in cycle {cycle}"), base.machine.view(base.pool, &call), pool.tally(cycle, root).0)
}
