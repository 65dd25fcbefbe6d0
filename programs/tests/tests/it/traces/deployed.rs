//! The program as it is deployed, told the same verbs as transactions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use anchor_lang::prelude::Pubkey;
use solana_clock::Clock;
use williw_core::cycle::Cycle;
use williw_core::fact::Fact;
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Site;
use williw_core::link::SignerFault;
use williw_core::model::{Block, Deployment, Refusal, operator_account};
use williw_core::network::NetworkId;
use williw_core::offence::Acquittal;
use williw_core::sim::Rng;
use williw_core::sim::traces::{
    Answer, GOVERNOR, GUARDIAN, PoolVerb, Purse, Reference, Side, Step, Tills, Token, Told, VaultVerb, Venue, Verb,
    Why, Wide,
};
use williw_core::statement::{RewardRoot, StatementFault};

use super::agree;
use super::calls::{announced, budget, instructions, key, plan};
use super::fold::Journal;
use crate::world::{Event, Receipt, World, calls, deployment, people, tokens};

/// What everybody begins with who lacks nothing. Together it is nearly as much as there can be of a token.
const PLENTY: u128 = u64::MAX as u128 / 11;

pub(super) struct Deployed {
    pub(super) world: World,
    /// How far each journal goes by what the program told.
    pub(super) journals: BTreeMap<Pubkey, Journal>,
    /// The roots that somebody voted for.
    pub(super) drafts: BTreeSet<(Cycle, RewardRoot)>,
}

/// The wallet that goes by a number.
fn named(number: u8) -> Account {
    static WALLETS: OnceLock<Vec<Account>> = OnceLock::new();
    let wallet = |number: u8| Account(people::wallet(&number.to_string()).0.to_bytes());
    WALLETS.get_or_init(|| (0..=u8::MAX).map(wallet).collect())[usize::from(number)]
}

/// A chain with the program on it, a mint of this token program, and everybody's wallets and purses.
fn ground(token_program: Pubkey) -> World {
    let mut world = World::bare();
    if token_program != world.site.token_program {
        world.site.mint = world.create_mint("mint of a trace", token_program, &[]);
        world.site.token_program = token_program;
    }
    let roles = [GOVERNOR + 1, GOVERNOR + 2, GUARDIAN, GUARDIAN + 1].map(named);
    for who in Deployed::VENUE.everybody().into_iter().chain(roles) {
        let number = (0..=u8::MAX).find(|number| named(*number) == who).expect("everybody has a number");
        let wallet = world.wallet(&number.to_string());
        world.open(world.site.mint, wallet);
    }
    world
}

impl Side for Deployed {
    const VENUE: Venue = Venue {
        chain: ChainId::Solana,
        named,
        // From atoms to where everybody together has all there is.
        units: &[1, 1, 1_000, 1_000_000_000, PLENTY / 100_000],
        most: u64::MAX as u128,
        plenty: Wide::new(0, PLENTY),
        approves: false,
    };

    fn spelled(why: &Why) -> String {
        on_solana(why)
    }

    fn ground(rng: &mut Rng, at: Block) -> (Self, Token) {
        static GROUNDS: OnceLock<[World; 2]> = OnceLock::new();
        let [legacy, newer] = GROUNDS.get_or_init(|| [tokens::LEGACY, tokens::TOKEN_2022].map(ground));
        let world = if rng.chance(50) { legacy } else { newer }.clone();
        let mut deployed = Self { world, journals: BTreeMap::new(), drafts: BTreeSet::new() };
        deployed.enter(at);
        (deployed, Token::default())
    }

    fn deploy(&mut self, deployment: &Deployment) -> Result<(), String> {
        let initialize = self.world.site.initialize(plan(deployment, deployment::plan()));
        let receipt = self.world.send_unpacked(&[initialize]).map_err(|refused| refused.why)?;
        self.fold(&receipt.facts())
    }

    fn deployed(&self) -> (NetworkId, Site, Tills) {
        let account = |address: Pubkey| Account(address.to_bytes());
        let tills = Tills { stake: account(calls::stake_tokens()), rewards: account(calls::reward_tokens()) };
        (self.world.network, Site::Solana { config: account(calls::config()) }, tills)
    }

    fn endow(&mut self, who: Account, purse: &Purse, _: &Token) {
        let tokens = u64::try_from(purse.tokens).expect("nobody has more than there can be");
        self.world.give(key(who), tokens);
    }

    fn act(&mut self, step: &Step) -> Result<Answer, String> {
        self.enter(step.at);
        if let Verb::Pool(PoolVerb::Vote { cycle, root, .. }) = &step.verb {
            self.drafts.insert((*cycle, *root));
        }
        let announced = announced(&self.world, step);
        let mut transaction = vec![budget()];
        transaction.extend(instructions(&self.world, step));
        let receipt = match self.world.send_unpacked(&transaction) {
            Ok(receipt) => receipt,
            Err(refused) => return Ok(Answer::Refused(refused.why)),
        };
        let (facts, others): (Vec<Event>, Vec<Event>) =
            receipt.events.iter().cloned().partition(|event| matches!(event, Event::Recorded(_)));
        if others != announced {
            return Err(format!("the program announced {others:?} instead of {announced:?}, beside {facts:?}"));
        }
        let facts = receipt.facts();
        self.fold(&facts)?;
        self.check_block(&facts, step.at)?;
        Ok(Answer::Done { returned: returned(step, &receipt)?, facts: facts.iter().map(told).collect() })
    }

    fn near(&mut self, model: &Reference, step: &Step, accounts: &[Account]) -> Result<(), String> {
        agree::near(self, model, step.at, accounts)
    }

    fn whole(&mut self, model: &Reference, at: Block) -> Result<(), String> {
        agree::whole(self, model, at, &Self::VENUE.everybody())
    }
}

impl Deployed {
    /// The block that what follows runs in.
    fn enter(&mut self, at: Block) {
        let mut clock: Clock = self.world.svm.get_sysvar();
        clock.slot = at.height.0;
        clock.unix_timestamp = i64::try_from(at.time.0).expect("traces stay far from the end of time");
        self.world.svm.set_sysvar(&clock);
    }

    /// Every fact goes into the journal of the account that tells it.
    fn fold(&mut self, facts: &[Fact]) -> Result<(), String> {
        facts.iter().try_for_each(|fact| {
            let empty = Journal::empty(self.world.network, fact.journal);
            self.journals.entry(key(fact.journal)).or_insert(empty).fold(fact)
        })
    }

    fn check_block(&self, facts: &[Fact], at: Block) -> Result<(), String> {
        let is_of = |fact: &&Fact| (fact.time, fact.height) == (at.time, at.height);
        facts.iter().find(|fact| !is_of(fact)).map_or(Ok(()), |fact| Err(format!("{fact:?} is of another block")))
    }
}

/// A fact as the model tells it, which knows only one half of where an operator's account is.
fn told(fact: &Fact) -> Told {
    let mut told = Told::from(fact);
    if told.journal.0 == calls::operator(key(told.account)).to_bytes() {
        told.journal = operator_account(told.account);
    }
    told
}

/// The number that a verb returned, 0 if it returns none.
fn returned(step: &Step, receipt: &Receipt) -> Result<u128, String> {
    match &step.verb {
        // Only the last of its instructions can be heard.
        Verb::Pool(PoolVerb::ClaimMany(_)) => {
            let paid = |event: &Event| if let Event::Claimed { amount, .. } = event { u128::from(*amount) } else { 0 };
            Ok(receipt.events.iter().map(paid).sum())
        }
        Verb::Pool(PoolVerb::Claim(_))
        | Verb::Vault(
            VaultVerb::Unstake { .. }
            | VaultVerb::Withdraw { .. }
            | VaultVerb::Slash { .. }
            | VaultVerb::Collect { .. },
        ) => Ok(receipt.number().into()),
        Verb::Pool(_) | Verb::Vault(_) | Verb::OfferGovernor { .. } | Verb::AcceptGovernor
            if receipt.returned.is_empty() =>
        {
            Ok(0)
        }
        _ => Err(format!("{} returned {:?}", step.verb.name(), receipt.returned)),
    }
}

/// What Solana calls a refusal: the innermost name.
fn on_solana(why: &Why) -> String {
    let refusal = match why {
        Why::Model(refusal) => refusal,
        Why::Length(_) => return "Length".to_owned(),
        Why::Bps(_) => return "Bps".to_owned(),
        Why::Balance { .. } => return "token: InsufficientFunds".to_owned(),
        Why::NotWrapped | Why::Allowance { .. } => unreachable!("there are no such tokens on Solana"),
    };
    match refusal {
        Refusal::Signer(SignerFault::WrongSigner(_)) => "WrongSigner".to_owned(),
        Refusal::Signer(SignerFault::Signature(fault))
        | Refusal::Signature(fault)
        | Refusal::Evidence(Acquittal::Signature(fault)) => format!("{fault:?}"),
        Refusal::Signer(fault @ SignerFault::ZeroSigner) => format!("{fault:?}"),
        Refusal::Evidence(Acquittal::Malformed(fault)) => match fault {
            StatementFault::Length(_) => "Length".to_owned(),
            StatementFault::UnknownKind(_) => "UnknownKind".to_owned(),
            StatementFault::SlotNotZero => format!("{fault:?}"),
        },
        Refusal::Evidence(acquittal) => format!("{acquittal:?}"),
        plain => format!("{plain:?}"),
    }
}
