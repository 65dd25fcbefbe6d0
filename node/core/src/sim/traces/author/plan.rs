//! With which keys and parameters a trace begins.

use std::sync::OnceLock;

use super::Author;
use crate::amount::{Amount, Bps};
use crate::cycle::{CycleClock, Seconds, UnixSeconds};
use crate::fact::{PoolParameters, VaultParameters};
use crate::identity::{Account, ChainId, Owner, Signer};
use crate::journal::Site;
use crate::model::{Bounds, Deployment};
use crate::network::NetworkId;
use crate::sim::keys::{PeerKey, SignerKey};
use crate::sim::traces::token::Purse;
use crate::sim::traces::venue::{GOVERNOR, GUARDIAN, PEOPLE};
use crate::sim::traces::wide::Wide;

const SIGNERS_EACH: u8 = 10;

pub(super) const GENESIS: UnixSeconds = UnixSeconds(1_000_000);
pub(super) const CYCLE: u64 = 240;

pub(super) struct Keys {
    pub(super) signers: Vec<SignerKey>,
    pub(super) peer: PeerKey,
}

/// The keys of the person with this number, the same in every trace, so they are derived once.
pub(super) fn keys_of(person: u8) -> &'static Keys {
    &all_keys()[usize::from(person) - 1]
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

impl Author {
    /// What is deployed. Where, and so on which network, is known only afterwards.
    pub(in crate::sim::traces) fn plan(&mut self) -> Deployment {
        let unit = self.unit;
        let vault = |min_stake, min_deposit, period, slash: u16, evidence_cycles| VaultParameters {
            min_stake: Amount(min_stake),
            min_deposit: Amount(min_deposit),
            unstaking_period: Seconds(period),
            slash: Bps::try_from(slash).expect("a part of the whole"),
            evidence_cycles,
        };
        let pool = |min_quorum, delay, max_per_cycle| PoolParameters {
            min_quorum: Amount(min_quorum),
            delay: Seconds(delay),
            max_per_cycle: Amount(max_per_cycle),
        };
        let evidence_cycles = self.rng.within(1, 3);
        let period = (evidence_cycles + 2) * CYCLE + if self.rng.chance(50) { 100 } else { 0 };
        let slash = self.rng.pick(&[1, 333, 1_000, 5_000, 9_999, 10_000]).expect("there are six");
        let small_deposit = if self.rng.chance(20) { 0 } else { 10 * unit };
        Deployment {
            network: NetworkId([0; 32]),
            site: nowhere(self.venue.chain),
            clock: clock(GENESIS),
            governor: self.venue.account(GOVERNOR),
            guardian: self.venue.account(GUARDIAN),
            vault: vault(1_000 * unit, small_deposit, period, slash, evidence_cycles),
            pool: pool(2_000 * unit, 60, 10_000 * unit),
            bounds: Bounds {
                vault: (vault(0, 0, CYCLE * 3, 1, 1), vault(2_000 * unit, 50 * unit, CYCLE * 12, 10_000, 6)),
                pool: (pool(1, 1, 1), pool(20_000 * unit, CYCLE, 20_000 * unit)),
            },
        }
    }

    /// The same, as nobody may deploy it.
    pub(in crate::sim::traces) fn unsound(&mut self, mut plan: Deployment) -> Deployment {
        match self.rng.below(9) {
            0 => plan.vault.min_stake = Amount::ZERO,
            1 => plan.vault.min_deposit = plan.bounds.vault.1.min_deposit.plus(Amount(1)).expect(SMALL),
            2 => plan.vault.unstaking_period = Seconds((plan.vault.evidence_cycles + 2) * CYCLE - 1),
            3 => plan.vault.evidence_cycles = plan.bounds.vault.1.evidence_cycles + 1,
            4 => plan.pool.min_quorum = Amount::ZERO,
            5 => plan.pool.delay = Seconds(CYCLE / 2 + 1),
            6 => plan.pool.max_per_cycle = plan.bounds.pool.1.max_per_cycle.plus(Amount(1)).expect(SMALL),
            7 => plan.pool.delay = Seconds(CYCLE + 1),
            _ => plan.clock = clock(GENESIS.plus(Seconds(1_000))),
        }
        plan
    }

    /// What somebody begins with. Of those who stake the last but one lacks tokens, and the last has not approved enough.
    pub(in crate::sim::traces) fn purse(&self, who: Account) -> Purse {
        let (plenty, little) = (self.venue.plenty, Wide::from(self.unit * 2_500));
        let rich = Purse { tokens: plenty, native: plenty, allowed: Wide::MAX };
        match self.venue.number(who) {
            Some(PEOPLE) if self.venue.approves => Purse { allowed: little, ..rich },
            Some(person) if person == PEOPLE - 1 => Purse { tokens: little, ..rich },
            _ => rich,
        }
    }

    pub(super) const fn owner(&self, account: Account) -> Owner {
        Owner { chain: self.venue.chain, account }
    }
}

const SMALL: &str = "the bounds lie far below what an amount can be";

fn clock(genesis: UnixSeconds) -> CycleClock {
    CycleClock::new(genesis, Seconds(CYCLE)).expect("a cycle lasts long enough")
}

/// In place of accounts that are known once something was deployed.
const fn nowhere(chain: ChainId) -> Site {
    let unknown = Account([0; 32]);
    match chain {
        ChainId::Base => Site::Base { vault: unknown, pool: Some(unknown) },
        ChainId::Solana => Site::Solana { config: unknown },
    }
}
