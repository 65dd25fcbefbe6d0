//! The contracts as they are deployed, told the same verbs as transactions.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol;
use alloy::sol_types::{SolCall, SolConstructor, SolEvent};
use serde_json::Value;
use williw_core::cycle::Cycle;
use williw_core::identity::{Account, ChainId};
use williw_core::journal::Site;
use williw_core::model::{Block, Deployment};
use williw_core::network::{BaseSite, Network, NetworkId};
use williw_core::sim::Rng;
use williw_core::sim::traces::{
    Answer, PoolVerb, Purse, Reference, Side, Step, Tills, Token, Told, Venue, Verb, Why, Wide,
};
use williw_core::statement::RewardRoot;

use super::agree;
use super::calls::{RewardPool, address, pool_input, pool_tuple, sent, vault_input, vault_tuple, wide};
use super::errors::{Named, errors, name, on_base};
use super::machine::{Done, Machine};
use crate::anvil::{artifact, bytecode};
use crate::world::{CHAIN_ID, Coin, StakeVault, account};

const NETWORK: &str = "traces";

/// Who deploys, and has no other part.
const DEPLOYER: Address = Address::repeat_byte(0xdd);

sol! {
    contract Wrapped {
        function deposit() external payable;
    }
}

/// Everything that was compiled, read once.
struct Codes {
    coin: Bytes,
    wrapped: Bytes,
    vault: Bytes,
    pool: Bytes,
    errors: Vec<Named>,
}

fn codes() -> &'static Codes {
    static CODES: OnceLock<Codes> = OnceLock::new();
    CODES.get_or_init(|| Codes {
        coin: bytecode("Coin"),
        wrapped: bytecode("Wrapped"),
        vault: bytecode("StakeVault"),
        pool: bytecode("RewardPool"),
        errors: ["StakeVault", "RewardPool", "Coin"].into_iter().flat_map(errors_of).collect(),
    })
}

fn errors_of(contract: &str) -> Vec<Named> {
    let Value::Array(abi) = &artifact(contract)["abi"] else { panic!("{contract} has no ABI") };
    errors(abi)
}

/// The names of what our contracts can refuse.
pub(super) fn all_refusals() -> Vec<String> {
    ["StakeVault", "RewardPool"].into_iter().flat_map(errors_of).map(|error| error.name).collect()
}

pub(super) struct Deployed {
    pub(super) machine: Machine,
    pub(super) token: Address,
    pub(super) vault: Address,
    pub(super) pool: Address,
    /// The roots that somebody voted for.
    pub(super) drafts: BTreeSet<(Cycle, RewardRoot)>,
}

fn evm(byte: u8) -> Account {
    Account::evm([byte; 20])
}

impl Side for Deployed {
    const VENUE: Venue = Venue {
        chain: ChainId::Base,
        named: evm,
        // From atoms to where sums leave 128 bits.
        units: &[1, 1, 1_000, 1_000_000_000_000_000_000, 1 << 100, u128::MAX / 100_000],
        most: u128::MAX,
        plenty: Wide::new(255, u128::MAX << 8),
        approves: true,
    };

    fn spelled(why: &Why) -> String {
        on_base(why)
    }

    fn ground(rng: &mut Rng, at: Block) -> (Self, Token) {
        let wraps = rng.chance(40);
        let mut machine = Machine::new();
        machine.enter(at);
        let token = machine.create(DEPLOYER, if wraps { &codes().wrapped } else { &codes().coin }.clone()).unwrap();
        let ground = Self {
            machine,
            token: token.created.unwrap(),
            vault: Address::ZERO,
            pool: Address::ZERO,
            drafts: BTreeSet::new(),
        };
        (ground, Token { wraps, ..Token::default() })
    }

    fn deploy(&mut self, plan: &Deployment) -> Result<(), String> {
        let (governor, bounds) = (address(plan.governor), &plan.bounds);
        let vault = StakeVault::constructorCall {
            d: (
                self.token,
                governor,
                NETWORK.to_owned(),
                B256::ZERO,
                B256::ZERO,
                plan.clock.genesis().0,
                plan.clock.length().0,
                vault_tuple(&plan.vault),
                (vault_tuple(&bounds.vault.0), vault_tuple(&bounds.vault.1)),
            ),
        };
        self.vault = self.create(&codes().vault, &vault.abi_encode())?;
        let pool = RewardPool::constructorCall {
            d: (
                self.vault,
                self.token,
                governor,
                address(plan.guardian),
                pool_tuple(&plan.pool),
                (pool_tuple(&bounds.pool.0), pool_tuple(&bounds.pool.1)),
            ),
        };
        self.pool = self.create(&codes().pool, &pool.abi_encode())?;
        Ok(())
    }

    fn deployed(&self) -> (NetworkId, Site, Tills) {
        let base = BaseSite { chain_id: CHAIN_ID, vault: self.vault.into_array() };
        let [vault, pool] = [self.vault, self.pool].map(account);
        let site = Site::Base { vault, pool: Some(pool) };
        // The network as the node computes it from the deployment.
        (Network::new(NETWORK, Some(base), None).unwrap().id(), site, Tills { stake: vault, rewards: pool })
    }

    fn endow(&mut self, who: Account, purse: &Purse, token: &Token) {
        let (to, [tokens, native, allowed]) = (address(who), [purse.tokens, purse.native, purse.allowed].map(wide));
        if token.wraps {
            self.machine.endow(to, native + tokens);
            self.machine.call(to, self.token, tokens, Wrapped::depositCall {}.abi_encode().into()).unwrap();
        } else {
            self.machine.endow(to, native);
            let mint = Coin::mintCall { to, amount: tokens };
            self.machine.call(to, self.token, U256::ZERO, mint.abi_encode().into()).unwrap();
        }
        for spender in [self.vault, self.pool] {
            let approve = Coin::approveCall { spender, amount: allowed };
            self.machine.call(to, self.token, U256::ZERO, approve.abi_encode().into()).unwrap();
        }
    }

    fn act(&mut self, step: &Step) -> Result<Answer, String> {
        self.machine.enter(step.at);
        if let Verb::Pool(PoolVerb::Vote { cycle, root, .. }) = &step.verb {
            self.drafts.insert((*cycle, *root));
        }
        let (vault, pool) = (self.vault, self.pool);
        match &step.verb {
            Verb::Vault(verb) => Ok(self.tell(step.caller, vault, sent(verb), vault_input(verb))),
            Verb::Pool(verb) => Ok(self.tell(step.caller, pool, U256::ZERO, pool_input(verb))),
            Verb::OfferGovernor { to } => {
                let offer = StakeVault::transferOwnershipCall { newOwner: address(*to) };
                self.tell_both(step.caller, &offer.abi_encode())
            }
            Verb::AcceptGovernor => self.tell_both(step.caller, &StakeVault::acceptOwnershipCall {}.abi_encode()),
        }
    }

    fn near(&mut self, model: &Reference, step: &Step, accounts: &[Account]) -> Result<(), String> {
        agree::near(self, model, step, accounts)
    }

    fn whole(&mut self, model: &Reference, at: Block) -> Result<(), String> {
        agree::whole(self, model, at, &Self::VENUE.everybody())
    }
}

impl Deployed {
    fn create(&mut self, code: &Bytes, arguments: &[u8]) -> Result<Address, String> {
        let created = self.machine.create(DEPLOYER, [&code[..], arguments].concat().into());
        created.map(|done| done.created.unwrap()).map_err(|refused| name(&codes().errors, &refused))
    }

    fn tell(&mut self, caller: Account, to: Address, value: U256, input: Vec<u8>) -> Answer {
        match self.machine.call(address(caller), to, value, input.into()) {
            Ok(done) => Answer::Done { returned: returned(&done), facts: told(&done) },
            Err(refused) => Answer::Refused(name(&codes().errors, &refused)),
        }
    }

    /// The same to both contracts, which have to answer the same.
    fn tell_both(&mut self, caller: Account, input: &[u8]) -> Result<Answer, String> {
        let [vault, pool] = [self.vault, self.pool].map(|to| self.tell(caller, to, U256::ZERO, input.to_vec()));
        if vault == pool { Ok(vault) } else { Err(format!("{vault:?} by the vault, {pool:?} by the pool")) }
    }
}

fn told(done: &Done) -> Vec<Told> {
    let recorded = done.logs.iter().filter(|log| log.topics().first() == Some(&StakeVault::Recorded::SIGNATURE_HASH));
    recorded
        .map(|log| {
            let fact = StakeVault::Recorded::decode_log(log).unwrap();
            Told {
                journal: account(log.address),
                seq: fact.seq,
                kind: fact.kind,
                account: account(fact.account),
                body: fact.body.to_vec(),
            }
        })
        .collect()
}

fn returned(done: &Done) -> u128 {
    done.returned.first_chunk().map_or(0, |word: &[u8; 32]| U256::from_be_bytes(*word).to())
}
