//! A network on which the program runs, and the people around it.
//!
//! Time stands still until a test moves it. Whoever is named has one key for ever: the same name is the same wallet,
//! signer and peer in every test.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use anchor_lang::prelude::Pubkey;
use litesvm::LiteSVM;
use solana_account::Account as SvmAccount;
use solana_clock::Clock;
use solana_keypair::Keypair;
use williw_core::cycle::{Cycle, Height, UnixSeconds};
use williw_core::model::Block;
use williw_core::network::NetworkId;

pub(crate) mod books;
pub(crate) mod calls;
pub(crate) mod deployment;
pub(crate) mod events;
mod expectations;
pub(crate) mod papers;
pub(crate) mod people;
pub(crate) mod sending;
pub(crate) mod tokens;

pub(crate) use calls::Site;
pub(crate) use deployment::plan;
pub(crate) use events::Event;
pub(crate) use people::Person;
pub(crate) use sending::Receipt;

/// One whole token.
pub(crate) const COIN: u64 = 1_000_000_000;
pub(crate) const GENESIS: u64 = 1_800_000_000;
pub(crate) const DAY: u64 = 86_400;
pub(crate) const LENGTH: u64 = DAY;
/// The unstaking period, and so the notice of new parameters.
pub(crate) const PERIOD: u64 = 14 * DAY;
/// How long a root waits for a veto.
pub(crate) const DELAY: u64 = 6 * 3_600;
pub(crate) const STAKE: u64 = 5_000 * COIN;
pub(crate) const PER_CYCLE: u64 = 100 * COIN;
pub(crate) const FUNDS: u64 = 1_000 * COIN;

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) svm: LiteSVM,
    pub(crate) site: Site,
    pub(crate) network: NetworkId,
    /// Who signs when an instruction asks for a signature, by address.
    ring: BTreeMap<Pubkey, [u8; 32]>,
}

impl World {
    /// The program is initialised with [`plan`]; it is the first second of cycle 100.
    pub(crate) fn new() -> Self {
        let mut world = Self::bare();
        let initialize = world.site.initialize(plan());
        world.must(initialize);
        world
    }

    /// The program is deployed, and nobody has initialised it yet.
    pub(crate) fn bare() -> Self {
        static DEPLOYED: OnceLock<LiteSVM> = OnceLock::new();
        let svm = DEPLOYED.get_or_init(deployment::deployed).clone();
        let nobody = Pubkey::default();
        let site = Site { payer: nobody, authority: nobody, mint: nobody, token_program: tokens::LEGACY };
        let mut world = Self { svm, site, network: deployment::network(), ring: BTreeMap::new() };
        world.set_time(GENESIS + 100 * LENGTH);
        world.site.payer = world.wallet("courier");
        world.site.authority = world.wallet(deployment::AUTHORITY);
        for role in ["governor", "guardian"] {
            world.wallet(role);
        }
        world.site.mint = world.create_mint("mint", tokens::LEGACY, &[]);
        world
    }

    /// A world in which alice staked 5,000, bob 3,000 and carol 1,000 and the pool is funded. It is early in the cycle
    /// after the first of which all of them have the whole.
    pub(crate) fn with_pool() -> (Self, [Person; 3]) {
        let mut world = Self::new();
        let people = [("alice", 5_000), ("bob", 3_000), ("carol", 1_000)].map(|(name, coins)| {
            let person = world.person(name);
            world.register(&person, coins * COIN);
            person
        });
        world.skip_cycles(2);
        world.fund(FUNDS);
        (world, people)
    }

    // Time.

    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.clock().unix_timestamp).expect("block time is after 1970")
    }

    pub(crate) fn slot(&self) -> u64 {
        self.clock().slot
    }

    pub(crate) fn cycle(&self) -> u64 {
        (self.now() - GENESIS) / LENGTH
    }

    /// The cycle that is voted about.
    pub(crate) fn past(&self) -> Cycle {
        Cycle(self.cycle() - 1)
    }

    pub(crate) fn block(&self) -> Block {
        Block { height: Height(self.slot()), time: UnixSeconds(self.now()) }
    }

    pub(crate) fn skip(&mut self, seconds: u64) {
        self.set_time(self.now() + seconds);
    }

    pub(crate) fn skip_cycles(&mut self, cycles: u64) {
        self.skip(cycles * LENGTH);
    }

    /// To the first second of the next cycle.
    pub(crate) fn next_cycle(&mut self) {
        self.set_time(GENESIS + (self.cycle() + 1) * LENGTH);
    }

    /// Moves block time, and the slot with it as a chain would.
    pub(crate) fn set_time(&mut self, time: u64) {
        const SLOTS_PER_SECOND: (u64, u64) = (5, 2);
        let mut clock = self.clock();
        clock.unix_timestamp = i64::try_from(time).expect("the tests stay far from the end of time");
        clock.slot = 300_000_000 + (time - GENESIS / 2) * SLOTS_PER_SECOND.0 / SLOTS_PER_SECOND.1;
        self.svm.set_sysvar(&clock);
    }

    fn clock(&self) -> Clock {
        self.svm.get_sysvar()
    }

    // Accounts as the SVM keeps them.

    /// None for an address that holds nothing.
    pub(crate) fn account(&self, address: Pubkey) -> Option<SvmAccount> {
        self.svm.get_account(&address).filter(|account| account.lamports > 0)
    }

    pub(crate) fn set_account(&mut self, address: Pubkey, account: SvmAccount) {
        self.svm.set_account(address, account).expect("no program and no sysvar");
    }

    pub(crate) fn lamports(&self, address: Pubkey) -> u64 {
        self.account(address).map_or(0, |account| account.lamports)
    }

    /// What an account of this size has to hold.
    pub(crate) fn rent(&self, size: usize) -> u64 {
        self.svm.minimum_balance_for_rent_exemption(size)
    }

    /// What anybody can do to any address.
    pub(crate) fn send_lamports(&mut self, to: Pubkey, lamports: u64) {
        let from = self.wallet("somebody");
        self.must(solana_system_interface::instruction::transfer(&from, &to, lamports));
    }

    // Wallets.

    /// The wallet of this name, with enough lamports for everything.
    pub(crate) fn wallet(&mut self, name: &str) -> Pubkey {
        let (address, secret) = people::wallet(name);
        if self.ring.insert(address, secret).is_none() {
            let owner = solana_sdk_ids::system_program::ID;
            let account = SvmAccount { lamports: 1_000 * COIN, owner, ..SvmAccount::default() };
            self.set_account(address, account);
        }
        address
    }

    /// A wallet that holds nothing, so that an account can be made at its address.
    fn empty_wallet(&mut self, name: &str) -> Pubkey {
        let address = self.wallet(name);
        self.set_account(address, SvmAccount::default());
        address
    }

    fn key_of(&self, address: &Pubkey) -> Keypair {
        let secret = self.ring.get(address).unwrap_or_else(|| panic!("nobody here has the key of {address}"));
        Keypair::new_from_array(*secret)
    }
}
