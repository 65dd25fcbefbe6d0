//! The reference model, told the same verbs, with a token beside it: the model itself moves none.

use std::collections::{BTreeMap, BTreeSet};

use super::token::Token;
use super::verb::{Answer, Claim, PoolVerb, Step, Terms, Told, VaultVerb, Verb};
use super::wide::Wide;
use crate::amount::{Amount, Bps};
use crate::cycle::{Cycle, Seconds};
use crate::fact::VaultParameters;
use crate::identity::Account;
use crate::link::SignerFault;
use crate::model::{Block, Contracts, Deployment, Refusal};
use crate::offence::{Acquittal, Evidence};
use crate::secp256k1::{Signature, SignatureFault};
use crate::sim::reasons::name_of;
use crate::statement::RewardRoot;

/// The model with its token.
#[derive(Debug)]
pub struct Reference {
    pub contracts: Contracts,
    pub token: Token,
    pub tills: Tills,
    /// How often each of its refusals was given, by the names of the simulator.
    pub refusals: BTreeMap<String, u64>,
    spelled: fn(&Why) -> String,
}

/// Whose tokens those are that were staked, and those that pay rewards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tills {
    pub stake: Account,
    pub rewards: Account,
}

/// Why a verb is refused: by the model, or by what only a chain has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Model(Refusal),
    /// So many bytes are no signature, or no whole number of them.
    Length(usize),
    /// A fraction above the whole, which the model cannot even be asked for.
    Bps(u16),
    /// The token does not wrap the chain's own coin.
    NotWrapped,
    Allowance {
        spender: Account,
        allowed: Wide,
        needed: Wide,
    },
    Balance {
        holder: Account,
        balance: Wide,
        needed: Wide,
    },
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        Self::Model(refusal)
    }
}

impl Reference {
    /// Deploys the model. `spelled` is how the chain beside it spells refusals.
    pub(super) fn deploy(
        deployment: Deployment,
        token: Token,
        tills: Tills,
        at: Block,
        spelled: fn(&Why) -> String,
    ) -> Result<Self, String> {
        let contracts = Contracts::deploy(deployment, at).map_err(|refusal| spelled(&refusal.into()))?;
        Ok(Self { contracts, token, tills, refusals: BTreeMap::new(), spelled })
    }

    /// Does what the step says; a refusal leaves no trace.
    pub(super) fn act(&mut self, step: &Step) -> Answer {
        let (contracts, token) = (self.contracts.clone(), self.token.clone());
        match self.run(step) {
            Ok(returned) => {
                let facts = self.contracts.take_facts().iter().map(Told::from).collect();
                Answer::Done { returned: returned.0, facts }
            }
            Err(why) => {
                (self.contracts, self.token) = (contracts, token);
                if let Why::Model(refusal) = &why {
                    *self.refusals.entry(name_of(refusal)).or_default() += 1;
                }
                Answer::Refused((self.spelled)(&why))
            }
        }
    }

    /// The cycle of a block.
    #[must_use]
    pub fn cycle(&self, at: Block) -> Cycle {
        self.contracts.deployment().clock.cycle(at.time).expect("nothing is deployed before genesis")
    }

    fn run(&mut self, step: &Step) -> Result<Amount, Why> {
        let (caller, c) = (step.caller, &mut self.contracts);
        match &step.verb {
            Verb::Vault(verb) => self.run_vault(step.at, caller, verb),
            Verb::Pool(verb) => self.run_pool(step.at, caller, verb),
            Verb::OfferGovernor { to } => Ok(c.offer_governor(caller, *to).map(nothing)?),
            Verb::AcceptGovernor => Ok(c.accept_governor(caller).map(nothing)?),
        }
    }

    fn run_vault(&mut self, at: Block, caller: Account, verb: &VaultVerb) -> Result<Amount, Why> {
        let (vault, c, token) = (self.tills.stake, &mut self.contracts, &mut self.token);
        Ok(match verb {
            VaultVerb::Register { amount, link, signature, pay } => {
                signed(signature, |signature| c.register(at, caller, *amount, *link, signature))?;
                token.deposit(caller, vault, *amount, *pay).map(nothing)?
            }
            VaultVerb::Stake { account, amount, pay } => {
                c.stake(at, *account, *amount)?;
                token.deposit(caller, vault, *amount, *pay).map(nothing)?
            }
            VaultVerb::Unstake { amount } => Amount(c.unstake(at, caller, *amount)?.into()),
            VaultVerb::Restake { ticket } => c.restake(at, caller, *ticket).map(nothing)?,
            VaultVerb::Withdraw { limit, is_native } => {
                let paid = c.withdraw(at, caller, usize::try_from(*limit).unwrap_or(usize::MAX))?;
                token.withdraw(vault, caller, paid, *is_native)?;
                paid
            }
            VaultVerb::Rotate { link, signature } => {
                signed(signature, |signature| c.rotate(at, caller, *link, signature)).map(nothing)?
            }
            VaultVerb::Slash { evidence, beneficiary } => {
                let evidence = Evidence::decode(evidence).map_err(|fault| Refusal::from(Acquittal::from(fault)))?;
                c.slash(at, &evidence, *beneficiary)?
            }
            VaultVerb::Unjail { link, signature } => {
                signed(signature, |signature| c.unjail(at, caller, *link, signature)).map(nothing)?
            }
            VaultVerb::Collect { beneficiary } => {
                let paid = c.collect(*beneficiary);
                token.push(vault, *beneficiary, paid);
                paid
            }
            VaultVerb::SetPaused { paused } => c.set_paused(caller, *paused).map(nothing)?,
            VaultVerb::ProposeVault(terms) => match terms.typed() {
                Some(parameters) => c.propose_vault(at, caller, parameters).map(nothing)?,
                None if caller == c.roles().governor => {
                    return Err(Why::Bps(terms.slash_bps));
                }
                None => return Err(Refusal::NotGovernor.into()),
            },
            VaultVerb::ApplyVault => c.apply_vault(at).map(nothing)?,
        })
    }

    fn run_pool(&mut self, at: Block, caller: Account, verb: &PoolVerb) -> Result<Amount, Why> {
        let (pool, c, token) = (self.tills.rewards, &mut self.contracts, &mut self.token);
        Ok(match verb {
            PoolVerb::Fund { amount } => {
                c.fund(at, *amount)?;
                token.pull(caller, pool, *amount).map(nothing)?
            }
            PoolVerb::Vote { cycle, root, signatures } => vote(c, at, *cycle, *root, signatures).map(nothing)?,
            PoolVerb::Veto => c.veto(at, caller).map(nothing)?,
            PoolVerb::Claim(Claim { owner, cumulative, proof }) => {
                let paid = c.claim(at, *owner, *cumulative, proof)?;
                token.push(pool, c.pool().recipient(*owner), paid);
                paid
            }
            PoolVerb::ClaimMany(claims) => {
                let owners: BTreeSet<Account> = claims.iter().map(|claim| claim.owner).collect();
                let before: Vec<Amount> = owners.iter().map(|owner| c.pool().claimed(*owner)).collect();
                let claims: Vec<_> =
                    claims.iter().map(|claim| (claim.owner, claim.cumulative, claim.proof.clone())).collect();
                let paid = c.claim_many(at, &claims)?;
                for (owner, before) in owners.into_iter().zip(before) {
                    token.push(pool, c.pool().recipient(owner), c.pool().claimed(owner).less(before));
                }
                paid
            }
            PoolVerb::SetRecipient { recipient } => {
                c.set_recipient(caller, *recipient);
                Amount::ZERO
            }
            PoolVerb::ConfirmRecipient { owner } => c.confirm_recipient(caller, *owner).map(nothing)?,
            PoolVerb::SetGuardian { guardian } => c.set_guardian(caller, *guardian).map(nothing)?,
            PoolVerb::ProposePool(parameters) => c.propose_pool(at, caller, *parameters).map(nothing)?,
            PoolVerb::ApplyPool => c.apply_pool(at).map(nothing)?,
        })
    }
}

/// What most verbs return.
const fn nothing((): ()) -> Amount {
    Amount::ZERO
}

/// Votes come as one string of signatures. Chains refuse what is no whole number of them before it looks at any.
fn vote(c: &mut Contracts, at: Block, cycle: Cycle, root: RewardRoot, bytes: &[u8]) -> Result<(), Why> {
    let (signatures, rest) = bytes.as_chunks::<65>();
    if rest.is_empty() {
        let signatures: Vec<Signature> = signatures.iter().copied().map(Signature).collect();
        return Ok(c.vote(at, cycle, root, &signatures)?);
    }
    in_place_of_length(c.vote(at, cycle, root, &[BAD_V]), bytes)
}

/// Refused for its `v`, which is looked at first.
const BAD_V: Signature = Signature([0; 65]);

fn in_place_of_length<T>(refused: Result<T, Refusal>, bytes: &[u8]) -> Result<T, Why> {
    let bad_v =
        [Refusal::Signature(SignatureFault::BadV), Refusal::Signer(SignerFault::Signature(SignatureFault::BadV))];
    refused.map_err(|refusal| if bad_v.contains(&refusal) { Why::Length(bytes.len()) } else { refusal.into() })
}

/// Signatures are 65 bytes in the model. Chains refuse any other length, where the model would look at `v`.
fn signed<T>(bytes: &[u8], verb: impl FnOnce(&Signature) -> Result<T, Refusal>) -> Result<T, Why> {
    match <[u8; 65]>::try_from(bytes) {
        Ok(bytes) => Ok(verb(&Signature(bytes))?),
        Err(_) => in_place_of_length(verb(&BAD_V), bytes),
    }
}

impl Terms {
    /// As the model has them, where no fraction is more than the whole.
    fn typed(&self) -> Option<VaultParameters> {
        Some(VaultParameters {
            min_stake: Amount(self.min_stake),
            min_deposit: Amount(self.min_deposit),
            unstaking_period: Seconds(self.unstaking_period),
            slash: Bps::try_from(self.slash_bps).ok()?,
            evidence_cycles: self.evidence_cycles,
        })
    }

    #[must_use]
    pub fn untyped(parameters: &VaultParameters) -> Self {
        Self {
            min_stake: parameters.min_stake.0,
            min_deposit: parameters.min_deposit.0,
            unstaking_period: parameters.unstaking_period.0,
            slash_bps: parameters.slash.get(),
            evidence_cycles: parameters.evidence_cycles,
        }
    }
}
