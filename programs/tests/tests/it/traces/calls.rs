//! Verbs as instructions, and what the program has to say about them beside facts.

use std::collections::BTreeMap;

use anchor_lang::InstructionData as _;
use anchor_lang::prelude::Pubkey;
use solana_instruction::Instruction;
use williw_core::amount::Amount;
use williw_core::cycle::Cycle;
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::identity::{Account, Signer};
use williw_core::model::Deployment;
use williw_core::offence::Evidence;
use williw_core::secp256k1::Signature;
use williw_core::sim::traces::{Claim, PoolVerb, Step, Terms, VaultVerb, Verb};
use williw_core::statement::RewardRoot;
use williw_program::rules::terms::{PoolBounds, PoolTerms, VaultBounds, VaultTerms};
use williw_program::{Plan, instruction, state};

use crate::world::{Event, World, calls};

pub(super) fn key(account: Account) -> Pubkey {
    Pubkey::new_from_array(account.0)
}

pub(super) fn vault_terms(terms: &Terms) -> VaultTerms {
    VaultTerms {
        min_stake: amount(terms.min_stake),
        min_deposit: amount(terms.min_deposit),
        unstaking_period: terms.unstaking_period,
        evidence_cycles: terms.evidence_cycles,
        slash_bps: terms.slash_bps.into(),
    }
}

pub(super) fn vault_parameters(parameters: &VaultParameters) -> VaultTerms {
    vault_terms(&Terms::untyped(parameters))
}

pub(super) fn pool_parameters(parameters: &PoolParameters) -> PoolTerms {
    PoolTerms {
        min_quorum: amount(parameters.min_quorum.0),
        delay: parameters.delay.0,
        max_per_cycle: amount(parameters.max_per_cycle.0),
    }
}

const fn amount(atoms: u128) -> williw_program::rules::amounts::Amount {
    williw_program::rules::amounts::Amount::new(atoms)
}

/// What the program is initialised with where the model is deployed with this.
pub(super) fn plan(plan: &Deployment, other: Plan) -> Plan {
    let (vault, pool) = (&plan.bounds.vault, &plan.bounds.pool);
    Plan {
        genesis: plan.clock.genesis().0,
        cycle_length: plan.clock.length().0,
        governor: key(plan.governor),
        guardian: key(plan.guardian),
        vault: vault_parameters(&plan.vault),
        vault_bounds: VaultBounds { least: vault_parameters(&vault.0), most: vault_parameters(&vault.1) },
        pool: pool_parameters(&plan.pool),
        pool_bounds: PoolBounds { least: pool_parameters(&pool.0), most: pool_parameters(&pool.1) },
        ..other
    }
}

/// What a token program can be asked to move.
fn tokens(amount: Amount) -> u64 {
    u64::try_from(amount.0).expect("the author knows how much an instruction can name")
}

/// One transaction that does what the step says. Nothing to claim takes no instruction at all.
pub(super) fn instructions(world: &World, step: &Step) -> Vec<Instruction> {
    let (site, caller) = (&world.site, key(step.caller));
    match &step.verb {
        Verb::Vault(verb) => vec![vault(world, caller, verb)],
        Verb::Pool(PoolVerb::ClaimMany(claims)) => claims.iter().map(|it| claim(world, it)).collect(),
        Verb::Pool(verb) => vec![pool(world, caller, verb)],
        Verb::OfferGovernor { to } => vec![site.offer_governor(caller, key(*to))],
        Verb::AcceptGovernor => vec![site.accept_governor(caller)],
    }
}

fn vault(world: &World, caller: Pubkey, verb: &VaultVerb) -> Instruction {
    let site = &world.site;
    match verb {
        VaultVerb::Register { amount, link, signature, .. } => site.register(caller, tokens(*amount), link, signature),
        VaultVerb::Stake { account, amount, .. } => site.stake(caller, key(*account), tokens(*amount)),
        VaultVerb::Unstake { amount } => site.unstake(caller, tokens(*amount)),
        VaultVerb::Restake { ticket } => site.restake(caller, *ticket),
        VaultVerb::Withdraw { limit, .. } => site.withdraw(caller, *limit),
        VaultVerb::Rotate { link, signature } => site.rotate(caller, present(world, caller), link, signature),
        VaultVerb::Slash { evidence, beneficiary } => {
            let signer = accused(world, evidence);
            site.slash(signer, owner_of(world, signer), evidence.clone(), key(*beneficiary))
        }
        VaultVerb::Unjail { link, signature } => site.unjail(caller, link, signature),
        VaultVerb::Collect { beneficiary } => site.collect(key(*beneficiary)),
        VaultVerb::SetPaused { paused } => site.set_paused(caller, *paused),
        VaultVerb::ProposeVault(terms) => site.propose_vault(caller, vault_terms(terms)),
        VaultVerb::ApplyVault => site.apply_vault(),
    }
}

fn pool(world: &World, caller: Pubkey, verb: &PoolVerb) -> Instruction {
    let site = &world.site;
    match verb {
        PoolVerb::Fund { amount } => site.fund(caller, tokens(*amount)),
        PoolVerb::Vote { cycle, root, signatures } => vote(world, *cycle, root, signatures),
        PoolVerb::Veto => site.veto(caller),
        PoolVerb::Claim(one) => claim(world, one),
        PoolVerb::ClaimMany(_) => unreachable!("one transaction, but several instructions"),
        PoolVerb::SetRecipient { recipient } => site.set_recipient(caller, key(*recipient)),
        PoolVerb::ConfirmRecipient { owner } => site.confirm_recipient(caller, key(*owner)),
        PoolVerb::SetGuardian { guardian } => site.set_guardian(caller, key(*guardian)),
        PoolVerb::ProposePool(parameters) => site.propose_pool(caller, pool_parameters(parameters)),
        PoolVerb::ApplyPool => site.apply_pool(),
    }
}

fn claim(world: &World, claim: &Claim) -> Instruction {
    let (owner, recipient) = (key(claim.owner), claimant(world, key(claim.owner)).recipient);
    world.site.claim(owner, recipient, claim.cumulative.0, &claim.proof)
}

fn claimant(world: &World, owner: Pubkey) -> state::Claimant {
    world.claimant(owner).unwrap_or_else(|| state::Claimant::new(owner))
}

/// The signer that an owner has; nobody's if it has no operator.
fn present(world: &World, owner: Pubkey) -> Signer {
    world.record::<state::Operator>(calls::operator(owner)).map_or(Signer::default(), |it| Signer(it.signer))
}

/// Whom a signer serves or served; nobody if nobody ever had it.
fn owner_of(world: &World, signer: Signer) -> Pubkey {
    world.record::<state::Tenure>(calls::tenure(signer)).map_or(Pubkey::default(), |tenure| tenure.owner)
}

/// Who signed the first statement. Nobody did if the program has to refuse the bytes before it looks who it was.
fn accused(world: &World, evidence: &[u8]) -> Signer {
    let evidence = Evidence::decode(evidence).ok();
    evidence.and_then(|evidence| evidence.first.signer(world.network).ok()).unwrap_or_default()
}

/// With a seat for every signature, whoever made it.
fn vote(world: &World, cycle: Cycle, root: &RewardRoot, signatures: &[u8]) -> Instruction {
    let digest = root.vote(cycle).signing_digest(world.network);
    let seat = |bytes: &[u8; 65]| {
        let signer = Signature(*bytes).recover(digest).unwrap_or_default();
        (signer, owner_of(world, signer))
    };
    let seats: Vec<(Signer, Pubkey)> = signatures.as_chunks().0.iter().map(seat).collect();
    // Bytes that are no whole number of signatures have to fit in too.
    let ballots = instruction::Vote { cycle: cycle.0, root: calls::posted(root), signatures: signatures.to_vec() };
    Instruction { data: ballots.data(), ..world.site.vote(cycle.0, root, &[], &seats) }
}

/// What the program tells beside facts if it does what the step says.
pub(super) fn announced(world: &World, step: &Step) -> Vec<Event> {
    let caller = key(step.caller);
    let pool = match &step.verb {
        Verb::Pool(verb) => verb,
        Verb::OfferGovernor { to } => return vec![Event::GovernorOffered { to: key(*to) }],
        Verb::AcceptGovernor => return vec![Event::GovernorAccepted { governor: caller }],
        Verb::Vault(VaultVerb::SetPaused { paused }) => return vec![Event::DepositsPaused { paused: *paused }],
        Verb::Vault(VaultVerb::Collect { beneficiary }) => {
            let (beneficiary, amount) = (key(*beneficiary), world.bounty(key(*beneficiary)));
            return if amount == 0 { Vec::new() } else { vec![Event::BountyCollected { beneficiary, amount }] };
        }
        Verb::Vault(_) => return Vec::new(),
    };
    match pool {
        PoolVerb::Claim(claim) => paid(world, std::slice::from_ref(claim)),
        PoolVerb::ClaimMany(claims) => paid(world, claims),
        PoolVerb::SetRecipient { recipient } => {
            vec![Event::RecipientProposed { owner: caller, recipient: key(*recipient) }]
        }
        PoolVerb::ConfirmRecipient { owner } => {
            vec![Event::RecipientConfirmed { owner: key(*owner), recipient: caller }]
        }
        PoolVerb::SetGuardian { guardian } => vec![Event::GuardianSet { guardian: key(*guardian) }],
        PoolVerb::Fund { .. }
        | PoolVerb::Vote { .. }
        | PoolVerb::Veto
        | PoolVerb::ProposePool(_)
        | PoolVerb::ApplyPool => Vec::new(),
    }
}

/// What claims pay one after the other: all that each owner has not had.
fn paid(world: &World, claims: &[Claim]) -> Vec<Event> {
    let mut had: BTreeMap<Account, u128> = BTreeMap::new();
    let mut events = Vec::new();
    for Claim { owner, cumulative, .. } in claims {
        let claimant = claimant(world, key(*owner));
        let had = had.entry(*owner).or_insert_with(|| claimant.claimed.get());
        let owed = cumulative.0.saturating_sub(*had);
        // What does not fit is more than there is, and refused.
        let Some(amount) = u64::try_from(owed).ok().filter(|amount| *amount != 0) else { continue };
        *had = cumulative.0;
        let (owner, recipient) = (key(*owner), claimant.recipient);
        events.push(Event::Claimed { owner, recipient, amount, cumulative: *cumulative });
    }
    events
}

/// A transaction may need more than what its instructions are granted unasked: a vote of everybody does.
pub(super) fn budget() -> Instruction {
    const SET_LIMIT: u8 = 2;
    const MOST: u32 = 1_400_000;
    let data = [&[SET_LIMIT][..], &MOST.to_le_bytes()].concat();
    Instruction { program_id: solana_sdk_ids::compute_budget::ID, accounts: Vec::new(), data }
}
