//! The reference model, told the same verbs, with a token beside it: the model itself moves none.

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::{Address, U256};
use williw_core::amount::{Amount, Bps};
use williw_core::cycle::{Cycle, Seconds};
use williw_core::fact::VaultParameters;
use williw_core::identity::Account;
use williw_core::link::SignerFault;
use williw_core::model::{Block, Contracts, Deployment, Refusal};
use williw_core::offence::{Acquittal, Evidence};
use williw_core::secp256k1::{Signature, SignatureFault};
use williw_core::sim::reasons::name_of;
use williw_core::statement::{RewardRoot, StatementFault};

use super::errors::spelled;
use super::verb::{Answer, Claim, Pay, PoolVerb, Step, Terms, Told, VaultVerb, Verb};

pub(super) struct Reference {
    pub(super) contracts: Contracts,
    pub(super) token: Token,
    /// How often each of its refusals was given, by the names of the simulator.
    pub(super) refusals: BTreeMap<String, u64>,
}

/// A token that does what it is asked to, with the refusals of OpenZeppelin's.
#[derive(Clone, Debug, Default)]
pub(super) struct Token {
    /// Whether it wraps the chain's own coin.
    pub(super) wraps: bool,
    pub(super) balances: BTreeMap<Account, U256>,
    /// What people have of the chain's own coin.
    pub(super) native: BTreeMap<Account, U256>,
    /// What the first may take from the second.
    pub(super) allowances: BTreeMap<(Account, Account), U256>,
}

/// Why a verb is refused: by the model, or by what only Base has.
enum Why {
    Model(Refusal),
    Base(String),
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        Self::Model(refusal)
    }
}

pub(super) fn number(account: Account) -> U256 {
    U256::from_be_bytes(account.0)
}

impl Token {
    pub(super) fn balance(&self, of: Account) -> U256 {
        self.balances.get(&of).copied().unwrap_or_default()
    }

    fn push(&mut self, from: Account, to: Account, amount: Amount) {
        let amount = U256::from(amount.0);
        *self.balances.entry(from).or_default() -= amount;
        *self.balances.entry(to).or_default() += amount;
    }

    fn deposit(&mut self, from: Account, to: Account, amount: Amount, pay: Pay) -> Result<(), Why> {
        match pay {
            Pay::Token | Pay::Permit => self.pull(from, to, amount),
            Pay::Native if !self.wraps => Err(Why::Base("NotWrapped".to_owned())),
            Pay::Native => {
                *self.native.entry(from).or_default() -= U256::from(amount.0);
                *self.balances.entry(to).or_default() += U256::from(amount.0);
                Ok(())
            }
        }
    }

    fn withdraw(&mut self, from: Account, to: Account, amount: Amount, is_native: bool) -> Result<(), Why> {
        match is_native && !amount.is_zero() {
            false => self.push(from, to, amount),
            true if !self.wraps => return Err(Why::Base("NotWrapped".to_owned())),
            true => {
                *self.balances.entry(from).or_default() -= U256::from(amount.0);
                *self.native.entry(to).or_default() += U256::from(amount.0);
            }
        }
        Ok(())
    }

    fn pull(&mut self, from: Account, to: Account, amount: Amount) -> Result<(), Why> {
        let (units, amount) = (amount, U256::from(amount.0));
        let balance = self.balance(from);
        let allowed = self.allowances.entry((to, from)).or_default();
        if *allowed < amount {
            return Err(Why::Base(spelled("ERC20InsufficientAllowance", &[number(to), *allowed, amount])));
        }
        if balance < amount {
            return Err(Why::Base(spelled("ERC20InsufficientBalance", &[number(from), balance, amount])));
        }
        // An allowance of everything is never used up.
        if *allowed != U256::MAX {
            *allowed -= amount;
        }
        self.push(from, to, units);
        Ok(())
    }
}

impl Reference {
    pub(super) fn deploy(deployment: Deployment, token: Token, at: Block) -> Result<Self, String> {
        let contracts = Contracts::deploy(deployment, at).map_err(|refusal| on_base(&refusal))?;
        Ok(Self { contracts, token, refusals: BTreeMap::new() })
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
                Answer::Refused(match why {
                    Why::Model(refusal) => {
                        *self.refusals.entry(name_of(&refusal)).or_default() += 1;
                        on_base(&refusal)
                    }
                    Why::Base(name) => name,
                })
            }
        }
    }

    /// The cycle of a block.
    pub(super) fn cycle(&self, at: Block) -> Cycle {
        self.contracts.deployment().clock.cycle(at.time).unwrap()
    }

    pub(super) fn vault(&self) -> Account {
        self.contracts.deployment().site.standing_journals()[0]
    }

    pub(super) fn pool(&self) -> Account {
        self.contracts.deployment().site.standing_journals()[1]
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
        let (vault, c, token) = (self.vault(), &mut self.contracts, &mut self.token);
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
                    return Err(Why::Base(spelled("Bps", &[U256::from(terms.slash_bps)])));
                }
                None => return Err(Refusal::NotGovernor.into()),
            },
            VaultVerb::ApplyVault => c.apply_vault(at).map(nothing)?,
        })
    }

    fn run_pool(&mut self, at: Block, caller: Account, verb: &PoolVerb) -> Result<Amount, Why> {
        let (pool, c, token) = (self.pool(), &mut self.contracts, &mut self.token);
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

/// Votes come as one string of signatures. Base refuses what is no whole number of them before it looks at any.
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
    refused.map_err(|refusal| match refusal {
        Refusal::Signature(SignatureFault::BadV) | Refusal::Signer(SignerFault::Signature(SignatureFault::BadV)) => {
            Why::Base(spelled("Length", &[U256::from(bytes.len())]))
        }
        other => other.into(),
    })
}

/// Signatures are 65 bytes in the model. Base refuses any other length, where the model would look at `v`.
fn signed<T>(bytes: &[u8], verb: impl FnOnce(&Signature) -> Result<T, Refusal>) -> Result<T, Why> {
    match <[u8; 65]>::try_from(bytes) {
        Ok(bytes) => Ok(verb(&Signature(bytes))?),
        Err(_) => in_place_of_length(verb(&BAD_V), bytes),
    }
}

impl Terms {
    /// As the model has them, where no fraction is more than the whole.
    pub(super) fn typed(&self) -> Option<VaultParameters> {
        Some(VaultParameters {
            min_stake: Amount(self.min_stake),
            min_deposit: Amount(self.min_deposit),
            unstaking_period: Seconds(self.unstaking_period),
            slash: Bps::try_from(self.slash_bps).ok()?,
            evidence_cycles: self.evidence_cycles,
        })
    }

    pub(super) fn untyped(parameters: &VaultParameters) -> Self {
        Self {
            min_stake: parameters.min_stake.0,
            min_deposit: parameters.min_deposit.0,
            unstaking_period: parameters.unstaking_period.0,
            slash_bps: parameters.slash.get(),
            evidence_cycles: parameters.evidence_cycles,
        }
    }
}

/// What Base calls a refusal: the innermost name, with its numbers.
fn on_base(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Signer(SignerFault::WrongSigner(signed_by)) => {
            spelled("WrongSigner", &[number(Account::evm(signed_by.0))])
        }
        Refusal::Signer(SignerFault::Signature(fault))
        | Refusal::Signature(fault)
        | Refusal::Evidence(Acquittal::Signature(fault)) => format!("{fault:?}"),
        Refusal::Signer(fault @ SignerFault::ZeroSigner) => format!("{fault:?}"),
        Refusal::Evidence(Acquittal::Malformed(fault)) => match fault {
            StatementFault::Length(wrong) => spelled("Length", &[U256::from(wrong.got)]),
            StatementFault::UnknownKind(kind) => spelled("UnknownKind", &[U256::from(*kind)]),
            StatementFault::SlotNotZero => format!("{fault:?}"),
        },
        Refusal::Evidence(acquittal) => format!("{acquittal:?}"),
        plain => format!("{plain:?}"),
    }
}

/// The address of an account that only Base has.
pub(super) fn address(account: Account) -> Address {
    assert!(account.exists_on(williw_core::identity::ChainId::Base), "{account} is no account of Base");
    Address::from_slice(&account.0[12..])
}
