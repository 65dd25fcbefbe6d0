//! Who takes part in a trace, and with which parameters its contracts begin.

use std::sync::OnceLock;

use alloy::primitives::U256;
use williw_core::amount::{Amount, Bps};
use williw_core::cycle::{CycleClock, Seconds, UnixSeconds};
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::identity::{Account, Signer};
use williw_core::journal::Site;
use williw_core::model::{Bounds, Deployment};
use williw_core::network::NetworkId;
use williw_core::sim::keys::{PeerKey, SignerKey};

use super::{Author, STRANGER};

/// How many people stake. The last but one lacks coins, the last has not approved enough of them.
pub(super) const PEOPLE: u8 = 7;
const SIGNERS_EACH: u8 = 10;

pub(super) const GENESIS: UnixSeconds = UnixSeconds(1_000_000);
pub(super) const CYCLE: u64 = 240;

pub(super) struct Keys {
    pub(super) signers: Vec<SignerKey>,
    pub(super) peer: PeerKey,
}

/// The keys of a person, the same in every trace, so they are derived once.
pub(super) fn keys(who: Account) -> &'static Keys {
    &all_keys()[usize::from(who.0[31]) - 1]
}

fn all_keys() -> &'static [Keys] {
    static KEYS: OnceLock<Vec<Keys>> = OnceLock::new();
    let signers = |who| (0..SIGNERS_EACH).map(move |nth| SignerKey::named(&format!("{who}/{nth}"))).collect();
    let of_one = |who: u8| Keys { signers: signers(who), peer: PeerKey::named(&who.to_string()) };
    KEYS.get_or_init(|| (1..=PEOPLE).map(of_one).collect())
}

/// The key behind an address.
pub(super) fn key_of(signer: Signer) -> &'static SignerKey {
    let mut all = all_keys().iter().flat_map(|keys| &keys.signers);
    all.find(|key| key.address() == signer).expect("only people register signers")
}

pub(super) fn evm(byte: u8) -> Account {
    Account::evm([byte; 20])
}

/// Everybody who may own or be paid anything.
pub(crate) fn everybody() -> Vec<Account> {
    (1..=PEOPLE).chain([STRANGER, 0xa1, 0xb1, 0xb2]).map(evm).collect()
}

impl Author {
    /// What is deployed. Where, and so on which network, is known only afterwards.
    pub(crate) fn plan(&mut self) -> Deployment {
        let unit = self.unit;
        let vault = |min_stake, min_deposit, period, slash: u16, evidence_cycles| VaultParameters {
            min_stake: Amount(min_stake),
            min_deposit: Amount(min_deposit),
            unstaking_period: Seconds(period),
            slash: Bps::try_from(slash).unwrap(),
            evidence_cycles,
        };
        let pool = |min_quorum, delay, max_per_cycle| PoolParameters {
            min_quorum: Amount(min_quorum),
            delay: Seconds(delay),
            max_per_cycle: Amount(max_per_cycle),
        };
        let evidence_cycles = self.rng.within(1, 3);
        let period = (evidence_cycles + 2) * CYCLE + self.rng.pick(&[0, 100]).unwrap();
        let slash = self.rng.pick(&[1, 333, 1_000, 5_000, 9_999, 10_000]).unwrap();
        let small_deposit = if self.rng.chance(20) { 0 } else { 10 * unit };
        Deployment {
            network: NetworkId([0; 32]),
            site: Site::Base { vault: Account::default(), pool: Some(Account::default()) },
            clock: CycleClock::new(GENESIS, Seconds(CYCLE)).unwrap(),
            governor: evm(0xa1),
            guardian: evm(0xa2),
            vault: vault(1_000 * unit, small_deposit, period, slash, evidence_cycles),
            pool: pool(2_000 * unit, 60, 10_000 * unit),
            bounds: Bounds {
                vault: (vault(0, 0, CYCLE * 3, 1, 1), vault(2_000 * unit, 50 * unit, CYCLE * 12, 10_000, 6)),
                pool: (pool(1, 1, 1), pool(20_000 * unit, CYCLE, 20_000 * unit)),
            },
        }
    }

    /// The same, as nobody may deploy it.
    pub(crate) fn unsound(&mut self, mut plan: Deployment) -> Deployment {
        match self.rng.below(9) {
            0 => plan.vault.min_stake = Amount::ZERO,
            1 => plan.vault.min_deposit = plan.bounds.vault.1.min_deposit.plus(Amount(1)).unwrap(),
            2 => plan.vault.unstaking_period = Seconds((plan.vault.evidence_cycles + 2) * CYCLE - 1),
            3 => plan.vault.evidence_cycles = plan.bounds.vault.1.evidence_cycles + 1,
            4 => plan.pool.min_quorum = Amount::ZERO,
            5 => plan.pool.delay = Seconds(CYCLE / 2 + 1),
            6 => plan.pool.max_per_cycle = plan.bounds.pool.1.max_per_cycle.plus(Amount(1)).unwrap(),
            7 => plan.pool.delay = Seconds(CYCLE + 1),
            _ => plan.clock = CycleClock::new(GENESIS.plus(Seconds(1_000)), Seconds(CYCLE)).unwrap(),
        }
        plan
    }

    /// What somebody begins with: tokens, coins of the chain, and how many of the tokens the contracts may take.
    pub(crate) fn purse(&self, who: Account) -> (U256, U256, U256) {
        let plenty = U256::from(u128::MAX) << 8;
        let little = U256::from(self.unit) * U256::from(2_500);
        match who.0[31] {
            PEOPLE => (plenty, plenty, little),
            byte if byte == PEOPLE - 1 => (little, plenty, U256::MAX),
            _ => (plenty, plenty, U256::MAX),
        }
    }
}
