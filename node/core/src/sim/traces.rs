//! Random traces of verbs, told to the reference model and to what a chain really runs: the same numbers, the same facts,
//! the same refusals, and the same state behind them.
//!
//! Who writes them, what they are made of and what the model makes of them is the same for both chains; a [`Venue`] says
//! what differs for the author. Each chain is a [`Side`] in the tests of its own crate, where its machine is.

use super::Rng;
use crate::identity::Account;
use crate::journal::Site;
use crate::model::{Block, Deployment};
use crate::network::NetworkId;

mod author;
mod histogram;
mod reference;
mod token;
mod venue;
mod verb;
mod wide;

use author::{Author, first_block};
pub use histogram::{Histogram, Refusals};
pub use reference::{Reference, Tills, Why};
pub use token::{Purse, Token};
pub use venue::{GOVERNOR, GUARDIAN, PEOPLE, RECIPIENT, STRANGER, Venue};
pub use verb::{Answer, Claim, Pay, PoolVerb, Step, Terms, Told, VaultVerb, Verb};
pub use wide::{TooWide, Wide};

const STEPS: u64 = 50;

/// After so many verbs everything is compared, not only what they touched.
const LOOK_AROUND: u64 = 25;

/// A chain with everything deployed on it, to be compared with the model.
pub trait Side: Sized {
    const VENUE: Venue;

    /// A refusal as this side spells it: its name, and its numbers if it has any.
    fn spelled(why: &Why) -> String;

    /// A chain with a token, and nothing else yet.
    fn ground(rng: &mut Rng, at: Block) -> (Self, Token);

    /// Deploys what the model would.
    fn deploy(&mut self, plan: &Deployment) -> Result<(), String>;

    /// Where that was, and so on which network.
    fn deployed(&self) -> (NetworkId, Site, Tills);

    fn endow(&mut self, who: Account, purse: &Purse, token: &Token);

    /// Does what the step says. An error is no refusal: what came of it contradicts itself.
    fn act(&mut self, step: &Step) -> Result<Answer, String>;

    /// Compares what a verb may have changed: the heads, and what the accounts that it names have.
    fn near(&mut self, model: &Reference, step: &Step, accounts: &[Account]) -> Result<(), String>;

    /// Compares everything that there is to read.
    fn whole(&mut self, model: &Reference, at: Block) -> Result<(), String>;
}

/// Runs the trace of a seed. The error shows it as far as it went, and what did not hold.
pub fn run<S: Side>(seed: u64) -> Result<Histogram, String> {
    let mut trace = Trace { author: Author::new(S::VENUE, seed), steps: Vec::new(), histogram: Histogram::default() };
    match trace.play::<S>() {
        Ok(()) => Ok(trace.histogram),
        Err(broken) => {
            let steps: Vec<String> =
                trace.steps.iter().enumerate().map(|(at, step)| format!("{at:3} {step:?}")).collect();
            Err(format!("seed {seed}:\n{}\n{broken}", steps.join("\n")))
        }
    }
}

/// A trace as far as it went.
struct Trace {
    author: Author,
    steps: Vec<Step>,
    histogram: Histogram,
}

impl Trace {
    fn play<S: Side>(&mut self) -> Result<(), String> {
        let mut at = first_block();
        let (mut side, mut model) = self.deploy::<S>(at)?;
        for step in 1..=STEPS {
            at = self.author.pass(at);
            let next = self.author.write(&model, at);
            self.steps.push(next.clone());
            let (on_chain, in_model) = (side.act(&next)?, model.act(&next));
            if on_chain != in_model {
                return Err(format!("on the chain {on_chain:?}\nin the model {in_model:?}"));
            }
            self.histogram.count(&next.verb, &on_chain);
            if step % LOOK_AROUND == 0 {
                side.whole(&model, at)?;
            } else {
                side.near(&model, &next, &touched(&next, &on_chain))?;
            }
        }
        model.contracts.audit()?;
        for (name, count) in model.refusals {
            self.histogram.refuse_in_model(name, count);
        }
        Ok(())
    }

    /// Both sides begin with the same parameters, and refuse the same ones before that.
    fn deploy<S: Side>(&mut self, at: Block) -> Result<(S, Reference), String> {
        let plan = self.author.plan();
        let (mut side, mut token) = S::ground(&mut self.author.rng, at);
        if self.author.rng.chance(20) {
            let unsound = self.author.unsound(plan);
            let in_model = Reference::deploy(unsound, Token::default(), Tills::default(), at, S::spelled).map(|_| ());
            let on_chain = side.deploy(&unsound);
            if on_chain != in_model {
                return Err(format!("deployed {unsound:?}: {on_chain:?} on the chain, {in_model:?} in the model"));
            }
            if let Err(refused) = on_chain {
                self.histogram.refuse_in_model(refused.clone(), 1);
                self.histogram.refuse(&refused);
            }
        }
        side.deploy(&plan)?;
        let (network, site, tills) = side.deployed();
        for who in S::VENUE.everybody() {
            let purse = self.author.purse(who);
            side.endow(who, &purse, &token);
            token.balances.insert(who, purse.tokens);
            token.native.insert(who, purse.native);
            token.allowances.extend([tills.stake, tills.rewards].map(|spender| ((spender, who), purse.allowed)));
        }
        let mut model = Reference::deploy(Deployment { network, site, ..plan }, token, tills, at, S::spelled)?;
        model.contracts.take_facts();
        Ok((side, model))
    }
}

/// The accounts that a step may have changed.
fn touched(step: &Step, answer: &Answer) -> Vec<Account> {
    let claimants = match &step.verb {
        Verb::Pool(PoolVerb::Claim(claim)) => vec![claim.owner],
        Verb::Pool(PoolVerb::ClaimMany(claims)) => claims.iter().map(|claim| claim.owner).collect(),
        Verb::Pool(PoolVerb::ConfirmRecipient { owner }) => vec![*owner],
        Verb::Pool(_) | Verb::Vault(_) | Verb::OfferGovernor { .. } | Verb::AcceptGovernor => Vec::new(),
    };
    let told: Vec<Account> = match answer {
        Answer::Done { facts, .. } => {
            facts.iter().map(|fact| fact.account).filter(|it| *it != Account::default()).collect()
        }
        Answer::Refused(_) => Vec::new(),
    };
    std::iter::once(step.caller).chain(claimants).chain(told).collect()
}
