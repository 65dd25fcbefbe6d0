//! The numbers that the local network's story expects on each chain are the model's.

use serde_json::Value;
use williw_core::amount::{Amount, Bps};
use williw_core::cycle::{CycleClock, Height, Seconds, UnixSeconds};
use williw_core::fact::{PoolParameters, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::{Account, Owner};
use williw_core::journal::Site;
use williw_core::model::{Block, Bounds, Contracts, Deployment};
use williw_core::network::NetworkId;
use williw_core::offence::Evidence;
use williw_core::sim::keys::{PeerKey, SignerKey};
use williw_core::statement::{Kind, Statement};

const NETWORK: NetworkId = NetworkId([7; 32]);
const GOVERNOR: Account = Account([8; 32]);

fn number(json: &Value, key: &str) -> u128 {
    json[key].as_str().unwrap().parse().unwrap()
}

fn small(json: &Value, key: &str) -> u64 {
    number(json, key).try_into().unwrap()
}

fn vault(json: &Value) -> VaultParameters {
    VaultParameters {
        min_stake: Amount(number(json, "min_stake")),
        min_deposit: Amount(number(json, "min_deposit")),
        unstaking_period: Seconds(small(json, "unstaking_period")),
        slash: Bps::try_from(u16::try_from(number(json, "slash_bps")).unwrap()).unwrap(),
        evidence_cycles: small(json, "evidence_cycles"),
    }
}

fn pool(json: &Value) -> PoolParameters {
    PoolParameters {
        min_quorum: Amount(number(json, "min_quorum")),
        delay: Seconds(small(json, "delay")),
        max_per_cycle: Amount(number(json, "max_per_cycle")),
    }
}

/// What a plan deploys.
fn deployed(plan: &Value, site: Site) -> Deployment {
    let of = |half: &'static str, what: &'static str| &plan[half][what];
    let clock = CycleClock::new(UnixSeconds(small(plan, "genesis")), Seconds(small(plan, "cycle_length")));
    Deployment {
        network: NETWORK,
        site,
        clock: clock.unwrap(),
        governor: GOVERNOR,
        guardian: Account([9; 32]),
        vault: vault(of("vault", "parameters")),
        pool: pool(of("pool", "parameters")),
        bounds: Bounds {
            vault: (vault(of("vault", "least")), vault(of("vault", "most"))),
            pool: (pool(of("pool", "least")), pool(of("pool", "most"))),
        },
    }
}

/// A number that the story is told with.
fn told(name: &str) -> u128 {
    let story = include_str!("../../../../scripts/devnet_parts/two_chains.py");
    let line = story.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
    line.unwrap_or_else(|| panic!("the story has no {name}")).parse().unwrap()
}

#[test]
fn what_is_left_of_who_is_slashed_on_both_chains_is_what_the_model_leaves() {
    let solana = Site::Solana { config: Account([5; 32]) };
    let base = Site::Base { vault: Account::evm([5; 20]), pool: Some(Account::evm([6; 20])) };
    let plans = [
        (base, include_str!("../../../../contracts/script/anvil.json")),
        (solana, include_str!("../../../../programs/deploy/localnet.json")),
    ];
    for (site, text) in plans {
        let plan: Value = serde_json::from_str(text).unwrap();
        let token = 10_u128.pow(u32::try_from(number(&plan, "token_decimals")).unwrap());
        let deployment = deployed(&plan, site);
        let at = |seconds| Block { height: Height(1 + seconds), time: UnixSeconds(small(&plan, "genesis") + seconds) };
        let mut contracts = Contracts::deploy(deployment, at(0)).unwrap();
        let (signer, account) = (SignerKey::named("F"), Account([1; 32]));
        let owner = Owner { chain: site.chain(), account };
        let (link, signature) = PeerKey::named("F").link(&signer, NETWORK, owner, 1);
        contracts.register(at(0), account, Amount(1_000 * token), link, &signature).unwrap();
        let cycle = deployment.clock.cycle(at(70).time).unwrap();
        let say = |byte| signer.state(NETWORK, Statement::new(Kind::Update, cycle, 1, Hash([byte; 32])).unwrap());
        contracts.slash(at(70), &Evidence { first: say(1), second: say(2) }, GOVERNOR).unwrap();
        let operator = &contracts.vault().operators()[&account];
        assert_eq!(operator.active, Amount(told("LEFT") * token), "{}", site.chain());
        assert!(operator.jailed_until.is_some());
        contracts.audit().unwrap();
    }
}
