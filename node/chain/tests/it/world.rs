//! A vault on a chain of its own, and people who stake in it.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol;
use alloy::sol_types::{SolCall, SolConstructor};
use serde_json::{Value, json};
use url::Url;
use williw_chain::base::{Base, BaseSettings};
use williw_chain::verb::Verb;
use williw_core::amount::Amount;
use williw_core::cycle::{Cycle, CycleClock, Height, Seconds, UnixSeconds};
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, Owner};
use williw_core::link::LinkTerms;
use williw_core::network::{BaseSite, Network, NetworkId, SolanaSite};
use williw_core::offence::Evidence;
use williw_core::secp256k1::Signature;
use williw_core::sim::keys::{PeerKey, SignerKey};
use williw_core::statement::{Kind, Statement};

use crate::anvil::{Anvil, bytecode};

sol!(StakeVault, "../../contracts/abi/StakeVault.json");
sol! {
    contract Coin {
        function mint(address to, uint256 amount) external;
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
    }
}

pub(crate) const CHAIN_ID: u64 = 31_337;

/// A whole token, as the parameters count.
pub(crate) const TOKEN: u128 = 1_000_000_000_000_000_000;

pub(crate) struct World {
    pub(crate) anvil: Anvil,
    pub(crate) vault: Address,
    pub(crate) token: Address,
    pub(crate) network: NetworkId,
    pub(crate) clock: CycleClock,
    pub(crate) from_height: Height,
    pub(crate) people: Vec<Address>,
}

fn parameters(json: &Value) -> (u128, u128, u64, u16, u64) {
    let text = |key: &str| json[key].as_str().unwrap();
    (
        text("min_stake").parse().unwrap(),
        text("min_deposit").parse().unwrap(),
        text("unstaking_period").parse().unwrap(),
        text("slash_bps").parse().unwrap(),
        text("evidence_cycles").parse().unwrap(),
    )
}

pub(crate) fn account(address: Address) -> Account {
    Account::evm(address.into_array())
}

impl World {
    /// A vault with the parameters that anvil deployments have.
    pub(crate) async fn new() -> Self {
        Self::beside(None).await
    }

    /// The same, of a network that is on Solana too.
    pub(crate) async fn beside(solana: Option<SolanaSite>) -> Self {
        let anvil = Anvil::start().await;
        let people: Vec<Address> = anvil.ask("eth_accounts", json!([])).await;
        let text = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/script/anvil.json");
        let file: Value = serde_json::from_slice(&std::fs::read(text).unwrap()).unwrap();
        let number = |key: &str| file[key].as_str().unwrap().parse::<u64>().unwrap();

        let coin = anvil.send(people[0], None, bytecode("Coin")).await;
        let token: Address = serde_json::from_value(coin["contractAddress"].clone()).unwrap();
        let (genesis, cycle_length) = (number("genesis"), number("cycle_length"));
        let constructor = StakeVault::constructorCall {
            d: (
                token,
                people[0],
                file["name"].as_str().unwrap().to_owned(),
                solana.map_or(B256::ZERO, |site| B256::from(site.genesis.0)),
                solana.map_or(B256::ZERO, |site| B256::from(site.program.0)),
                genesis,
                cycle_length,
                parameters(&file["vault"]["parameters"]),
                (parameters(&file["vault"]["least"]), parameters(&file["vault"]["most"])),
            ),
        };
        let creation: Bytes = [&bytecode("StakeVault")[..], &constructor.abi_encode()].concat().into();
        let receipt = anvil.send(people[0], None, creation).await;
        let vault: Address = serde_json::from_value(receipt["contractAddress"].clone()).unwrap();
        let site = BaseSite { chain_id: CHAIN_ID, vault: vault.into_array() };
        let network = Network::new(file["name"].as_str().unwrap(), Some(site), solana).unwrap().id();
        let clock = CycleClock::new(UnixSeconds(genesis), Seconds(cycle_length)).unwrap();
        let world = Self { from_height: Height(anvil.height().await), anvil, vault, token, network, clock, people };
        for person in &world.people {
            let mint = Coin::mintCall { to: *person, amount: U256::from(1_000_000 * TOKEN) };
            world.anvil.send(*person, Some(token), mint.abi_encode().into()).await;
            // The last two have approved nothing, for those who try what comes of it.
            if *person != world.people[9] && *person != world.people[8] {
                let approve = Coin::approveCall { spender: vault, amount: U256::MAX };
                world.anvil.send(*person, Some(token), approve.abi_encode().into()).await;
            }
        }
        world
    }

    pub(crate) fn settings(&self, rpcs: &[&Url]) -> BaseSettings {
        BaseSettings {
            rpcs: rpcs.iter().map(|url| (*url).clone()).collect(),
            chain_id: CHAIN_ID,
            vault: self.vault.into_array(),
            network: self.network,
            from_height: self.from_height,
        }
    }

    pub(crate) fn base(&self, rpcs: &[&Url]) -> Base {
        Base::new(&self.settings(rpcs)).unwrap()
    }

    /// The same endpoint under another name: settings refuse the same address twice.
    pub(crate) fn twin(&self) -> Url {
        let mut url = self.anvil.url.clone();
        url.set_query(Some("twin"));
        url
    }

    pub(crate) fn owner(&self, who: usize) -> Owner {
        Owner { chain: ChainId::Base, account: account(self.people[who]) }
    }

    pub(crate) fn signer(&self, who: usize) -> SignerKey {
        SignerKey::named(&format!("signer of {who}"))
    }

    pub(crate) fn peer(&self, who: usize) -> PeerKey {
        PeerKey::named(&format!("peer of {who}"))
    }

    pub(crate) fn link(&self, who: usize, nonce: u64) -> (LinkTerms, Signature) {
        self.peer(who).link(&self.signer(who), self.network, self.owner(who), nonce)
    }

    pub(crate) fn registration(&self, who: usize, tokens: u128) -> Verb {
        let (link, signature) = self.link(who, 1);
        Verb::Register { amount: Amount(tokens * TOKEN), link, signature }
    }

    /// Two statements of one signer that contradict each other.
    pub(crate) fn evidence(&self, who: usize, cycle: Cycle) -> Evidence {
        let say = |byte| {
            let statement = Statement::new(Kind::Update, cycle, 7, Hash([byte; 32])).unwrap();
            self.signer(who).state(self.network, statement)
        };
        Evidence { first: say(1), second: say(2) }
    }

    /// The cycle of the newest block.
    pub(crate) async fn cycle(&self) -> Cycle {
        let block: Value = self.anvil.ask("eth_getBlockByNumber", json!(["latest", false])).await;
        let time: alloy::primitives::U64 = serde_json::from_value(block["timestamp"].clone()).unwrap();
        self.clock.cycle(UnixSeconds(time.to())).unwrap()
    }

    pub(crate) async fn act(&self, who: usize, verb: &Verb) {
        let call = verb.call(self.vault.into_array()).unwrap();
        self.anvil.send(self.people[who], Some(self.vault), call.data.into()).await;
    }

    pub(crate) async fn register(&self, who: usize, tokens: u128) {
        self.act(who, &self.registration(who, tokens)).await;
    }

    pub(crate) async fn stake(&self, who: usize, tokens: u128) {
        let account = account(self.people[who]);
        self.act(who, &Verb::Stake { account, amount: Amount(tokens * TOKEN) }).await;
    }

    pub(crate) async fn unstake(&self, who: usize, tokens: u128) {
        self.act(who, &Verb::Unstake { amount: Amount(tokens * TOKEN) }).await;
    }

    /// Mines until everything so far is final.
    pub(crate) async fn finalize(&self) {
        self.anvil.mine(8).await;
    }
}
