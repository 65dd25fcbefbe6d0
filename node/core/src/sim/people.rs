//! Who lives in a simulated world, and what its contracts demand.

use std::sync::OnceLock;

use super::keys::{PeerKey, SignerKey};
use crate::amount::{Amount, Bps};
use crate::cycle::{Cycle, CycleClock, Seconds, UnixSeconds};
use crate::fact::{PoolParameters, VaultParameters};
use crate::hash::Hash;
use crate::identity::{Account, ChainId, Owner, Signer};
use crate::journal::Site;
use crate::model::{Bounds, Deployment};
use crate::network::{BaseSite, Network, NetworkId, SolanaSite};

/// How many stakers there are.
pub(super) const PEOPLE: usize = 7;
/// How many signers each has for its whole life.
pub(super) const SIGNERS_EACH: usize = 12;
/// How many peer keys each has.
pub(super) const PEERS_EACH: usize = 2;

pub(super) const GENESIS: UnixSeconds = UnixSeconds(1_000_000);
pub(super) const CYCLE: Seconds = Seconds(240);
pub(super) const GOVERNOR: Account = Account([0xa1; 32]);
pub(super) const GUARDIAN: Account = Account([0xa2; 32]);

/// A staker with an account on each chain.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) signers: Vec<SignerKey>,
    pub(super) peers: Vec<PeerKey>,
}

/// Keys are the same in every world, so they are derived once.
pub(super) fn people() -> &'static [Person] {
    static PEOPLE_ONCE: OnceLock<Vec<Person>> = OnceLock::new();
    PEOPLE_ONCE.get_or_init(|| {
        (0..PEOPLE)
            .map(|who| Person {
                signers: (0..SIGNERS_EACH).map(|nth| SignerKey::named(&format!("{who}/{nth}"))).collect(),
                peers: (0..PEERS_EACH).map(|nth| PeerKey::named(&format!("{who}/{nth}"))).collect(),
            })
            .collect()
    })
}

/// The account of a person on a chain.
pub(super) fn owner(who: usize, chain: ChainId) -> Owner {
    let byte = u8::try_from(who + 1).expect("there are few people");
    let account = match chain {
        ChainId::Base => Account::evm([byte; 20]),
        ChainId::Solana => Account([byte; 32]),
    };
    Owner { chain, account }
}

/// The person behind an account.
pub(super) fn person(account: Account) -> usize {
    usize::from(account.0[31]) - 1
}

/// The key behind an address.
pub(super) fn key_of(signer: Signer) -> Option<&'static SignerKey> {
    people().iter().flat_map(|person| &person.signers).find(|key| key.address() == signer)
}

pub(super) fn network() -> NetworkId {
    let base = BaseSite { chain_id: 8453, vault: [0xaa; 20] };
    let solana = SolanaSite { genesis: Hash([0xbb; 32]), program: Account([0xcc; 32]) };
    Network::new("sim", Some(base), Some(solana)).expect("a sound description").id()
}

pub(super) fn site(chain: ChainId) -> Site {
    match chain {
        ChainId::Base => Site::Base { vault: Account::evm([0xaa; 20]), pool: Some(Account::evm([0xab; 20])) },
        ChainId::Solana => Site::Solana { config: Account([0xcd; 32]) },
    }
}

pub(super) fn clock() -> CycleClock {
    CycleClock::new(GENESIS, CYCLE).expect("a cycle lasts long enough")
}

/// Votes for a cycle are taken in the first half of the next one. Said a second time, because the contracts are asked whether
/// they hold it.
pub(super) const fn votes_open(cycle: Cycle, time: UnixSeconds) -> bool {
    let since = time.0.saturating_sub(GENESIS.0);
    since / CYCLE.0 == cycle.0 + 1 && since % CYCLE.0 < CYCLE.0 / 2
}

pub(super) fn deployment(chain: ChainId) -> Deployment {
    let (small, large) = (Amount(1), Amount(1_000_000));
    let vault = |min_stake, min_deposit, period, slash: u16, evidence_cycles| VaultParameters {
        min_stake,
        min_deposit,
        unstaking_period: Seconds(period),
        slash: Bps::try_from(slash).expect("a fraction"),
        evidence_cycles,
    };
    let pool = |min_quorum, delay, max_per_cycle| PoolParameters { min_quorum, delay: Seconds(delay), max_per_cycle };
    Deployment {
        network: network(),
        site: site(chain),
        clock: clock(),
        governor: GOVERNOR,
        guardian: GUARDIAN,
        vault: vault(Amount(1_000), Amount(10), CYCLE.0 * 4, 1_000, 2),
        // On Base a cycle often ends with too little stake for any root.
        pool: pool(Amount(if chain == ChainId::Base { 8_000 } else { 500 }), 60, Amount(10_000)),
        bounds: Bounds {
            vault: (vault(small, small, CYCLE.0 * 3, 1, 1), vault(large, large, CYCLE.0 * 12, 5_000, 6)),
            pool: (pool(small, 1, small), pool(large, CYCLE.0, large)),
        },
    }
}
