//! The program's rules by themselves, so that the shared vectors can be put to the bytecode one by one.

use anchor_lang::prelude::*;
use williw_program::Refusal;
use williw_program::rules::amounts::Amount;
use williw_program::rules::cycle_stakes::CycleStake;
use williw_program::rules::facts::{self, Fact, Holdings};
use williw_program::rules::links::LinkTerms;
use williw_program::rules::network::Network;
use williw_program::rules::offences::{Accused, Contradiction};
use williw_program::rules::roots::{self, RewardRoot};
use williw_program::rules::signatures;
use williw_program::rules::slashes::Cut;
use williw_program::rules::statements::{self, Statement};
use williw_program::rules::tenures::Interval;
use williw_program::rules::terms::{PoolTerms, VaultTerms};
use williw_program::rules::times::Moment;

/// What follows every reply: the runtime leaves out zeros at the end of what is returned.
pub const END: u8 = 0xff;

/// Answers a question in Borsh: with the answer's own bytes, or with the name of a refusal.
pub fn reply(question: &[u8]) -> Vec<u8> {
    let question = Question::try_from_slice(question).expect("whoever asks knows how");
    let mut reply = bytes(&answer(question).map_err(|refusal| format!("{refusal:?}")));
    reply.push(END);
    reply
}

/// What can be asked.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub enum Question {
    /// Answered with the id.
    Network { name: String, chain_id: u64, vault: [u8; 20], genesis: [u8; 32], program: [u8; 32] },
    /// Answered with a [`Said`].
    Statement { network: [u8; 32], signed: Vec<u8> },
    /// Answered with the digest that its signer signed.
    Link { network: [u8; 32], chain: u8, owner: [u8; 32], link: LinkTerms, signature: Vec<u8> },
    /// Answered with the bytes of a link inside a fact.
    LinkBody { link: LinkTerms },
    /// Answered with nothing, if it convicts.
    Offence {
        network: [u8; 32],
        evidence: Vec<u8>,
        office: Option<Office>,
        term: u64,
        jailed: bool,
        cycle: u64,
        life: u64,
    },
    /// Answered with the digest of a vote for it.
    RootDigest { root: RewardRoot },
    /// Answered with the leaf.
    Leaf { chain: u8, owner: [u8; 32], cumulative: u128 },
    /// Answered with nothing, if it leads to the root.
    Proof { root: [u8; 32], leaf: [u8; 32], proof: Vec<u8> },
    /// Answered with the head of a journal that holds nothing.
    EmptyHead { network: [u8; 32], chain: u8, journal: [u8; 32] },
    /// Answered with the body and the head after it.
    Record { head: [u8; 32], seq: u64, time: u64, slot: u64, event: Event },
    /// Answered with a [`Left`].
    Slash { active: u128, queue: Vec<u128>, bps: u64 },
    /// Answered with what every operator and the total have in cycle `read`.
    CycleStakes { operators: u8, steps: Vec<Step>, read: u64 },
}

/// A statement, and what is signed for it by whom.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub kind: u8,
    pub cycle: u64,
    pub slot: u64,
    pub digest: [u8; 32],
    pub domain: [u8; 32],
    pub signing_digest: [u8; 32],
    pub signer: [u8; 20],
}

/// A signer in its interval.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct Office {
    pub signer: [u8; 20],
    pub from: u64,
    pub through: u64,
    pub term: u64,
}

/// What a slash took and left.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub taken: u128,
    pub bounty: u128,
    pub active: u128,
    pub queue: Vec<u128>,
}

/// One change of an operator's counted stake.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub struct Step {
    pub cycle: u64,
    pub operator: u8,
    pub counted: u128,
    pub jailed: bool,
}

/// What happened, as the verbs hand it to the facts.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Debug)]
pub enum Event {
    Registered {
        owner: [u8; 32],
        index: u64,
        active: u128,
        link: LinkTerms,
    },
    Staked {
        owner: [u8; 32],
        active: u128,
    },
    Unstaked {
        owner: [u8; 32],
        active: u128,
        queued: u128,
        amount: u128,
        maturity: u64,
    },
    Restaked {
        owner: [u8; 32],
        active: u128,
        queued: u128,
    },
    Withdrawn {
        owner: [u8; 32],
        queued: u128,
        amount: u128,
    },
    Rotated {
        owner: [u8; 32],
        link: LinkTerms,
    },
    Unjailed {
        owner: [u8; 32],
        active: u128,
        link: LinkTerms,
    },
    Slashed {
        owner: [u8; 32],
        active: u128,
        queued: u128,
        taken: u128,
        bounty: u128,
        beneficiary: [u8; 32],
        evidence: Vec<u8>,
    },
    VaultParameters {
        terms: VaultTerms,
    },
    VaultParametersProposed {
        terms: VaultTerms,
        effective: u64,
    },
    PoolParameters {
        terms: PoolTerms,
    },
    PoolParametersProposed {
        terms: PoolTerms,
        effective: u64,
    },
    Funded {
        funded: u128,
    },
    RootPending {
        cycle: u64,
        root: RewardRoot,
        activates: u64,
    },
    RootVetoed {
        cycle: u64,
    },
}

/// Answers the question.
fn answer(question: Question) -> core::result::Result<Vec<u8>, Refusal> {
    Ok(match question {
        Question::Network { name, chain_id, vault, genesis, program } => {
            let network = Network {
                name: &name,
                base_chain_id: chain_id,
                base_vault: &vault,
                solana_genesis: &genesis,
                solana_program: &program,
            };
            network.id()?.to_vec()
        }
        Question::Statement { network, signed } => bytes(&said(&network, &signed)?),
        Question::Link { network, chain, owner, link, signature } => {
            let domain = signatures::domain_separator(&network);
            link.check_signer(&domain, chain, &owner, &signature)?;
            link.digest(&domain, chain, &owner).to_vec()
        }
        Question::LinkBody { link } => link.encode().to_vec(),
        Question::Offence { network, evidence, office, term, jailed, cycle, life } => {
            let contradiction = Contradiction::prove(&evidence, &signatures::domain_separator(&network))?;
            let office = office.filter(|office| office.signer == contradiction.signer).ok_or(Refusal::UnknownSigner)?;
            let interval = Interval { from: office.from, through: office.through, term: office.term };
            contradiction.convict(&Accused { interval, term, is_jailed: jailed }, cycle, life)?;
            Vec::new()
        }
        Question::RootDigest { root } => root.digest().to_vec(),
        Question::Leaf { chain, owner, cumulative } => roots::leaf(chain, &owner, cumulative).to_vec(),
        Question::Proof { root, leaf, proof } => {
            roots::check(&root, leaf, &proof)?;
            Vec::new()
        }
        Question::EmptyHead { network, chain, journal } => facts::empty_head(&network, chain, &journal).to_vec(),
        Question::Record { head, seq, time, slot, event } => {
            let fact = fact(event);
            let head = facts::head_after(&head, seq, Moment { time, slot }, &fact);
            bytes(&(fact.body, head))
        }
        Question::Slash { active, queue, bps } => bytes(&slash(active, &queue, bps)?),
        Question::CycleStakes { operators, steps, read } => bytes(&cycle_stakes(operators, &steps, read)?),
    })
}

fn bytes(answer: &impl AnchorSerialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    answer.serialize(&mut bytes).expect("memory takes everything");
    bytes
}

fn said(network: &[u8; 32], signed: &[u8]) -> core::result::Result<Said, Refusal> {
    let (encoded, signature) = signed.split_at(signed.len().min(statements::LEN));
    // Both lengths are looked at before the fields, as a reader of a signed statement does.
    if signature.len() != signatures::LEN {
        return Err(Refusal::Length);
    }
    let statement = Statement::decode(encoded)?;
    let domain = signatures::domain_separator(network);
    Ok(Said {
        kind: statement.kind,
        cycle: statement.cycle,
        slot: statement.slot,
        digest: statement.digest,
        domain,
        signing_digest: statement.signing_digest(&domain),
        signer: statement.signer(&domain, signature)?,
    })
}

fn slash(active: u128, queue: &[u128], bps: u64) -> core::result::Result<Left, Refusal> {
    let mut cut = Cut::default();
    let mut take = |part: u128| {
        let mut part = Amount::new(part);
        cut.take(&mut part, bps)?;
        Ok(part.get())
    };
    let active = take(active)?;
    let queue = queue.iter().map(|part| take(*part)).collect::<core::result::Result<_, Refusal>>()?;
    Ok(Left { taken: cut.taken.get(), bounty: cut.bounty().get(), active, queue })
}

fn cycle_stakes(operators: u8, steps: &[Step], read: u64) -> core::result::Result<Vec<CycleStake>, Refusal> {
    let mut stakes = vec![CycleStake::default(); usize::from(operators)];
    let mut total = CycleStake::default();
    for step in steps {
        let operator = &mut stakes[usize::from(step.operator)];
        if step.jailed {
            operator.jail(&mut total, step.cycle)?;
        } else {
            operator.set(&mut total, step.cycle, Amount::new(step.counted))?;
        }
    }
    stakes.push(total);
    Ok(stakes.into_iter().map(|stake| stake.at(read)).collect())
}

fn fact(event: Event) -> Fact {
    let holdings = |active, queued| Holdings { active: Amount::new(active), queued: Amount::new(queued) };
    match event {
        Event::Registered { owner, index, active, link } => {
            facts::registered(&owner, index, Amount::new(active), &link)
        }
        Event::Staked { owner, active } => facts::staked(&owner, Amount::new(active)),
        Event::Unstaked { owner, active, queued, amount, maturity } => {
            facts::unstaked(&owner, holdings(active, queued), Amount::new(amount), maturity)
        }
        Event::Restaked { owner, active, queued } => facts::restaked(&owner, holdings(active, queued)),
        Event::Withdrawn { owner, queued, amount } => {
            facts::withdrawn(&owner, Amount::new(queued), Amount::new(amount))
        }
        Event::Rotated { owner, link } => facts::rotated(&owner, &link),
        Event::Unjailed { owner, active, link } => facts::unjailed(&owner, Amount::new(active), &link),
        Event::Slashed { owner, active, queued, taken, bounty, beneficiary, evidence } => {
            let [taken, bounty] = [taken, bounty].map(Amount::new);
            facts::slashed(&owner, holdings(active, queued), taken, bounty, &beneficiary, &evidence)
        }
        Event::VaultParameters { terms } => facts::vault_parameters(&terms),
        Event::VaultParametersProposed { terms, effective } => facts::vault_parameters_proposed(&terms, effective),
        Event::PoolParameters { terms } => facts::pool_parameters(&terms),
        Event::PoolParametersProposed { terms, effective } => facts::pool_parameters_proposed(&terms, effective),
        Event::Funded { funded } => facts::funded(Amount::new(funded)),
        Event::RootPending { cycle, root, activates } => facts::root_pending(cycle, &root, activates),
        Event::RootVetoed { cycle } => facts::root_vetoed(cycle),
    }
}
