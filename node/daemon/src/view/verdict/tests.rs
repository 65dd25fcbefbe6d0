use std::collections::BTreeMap;

use serde_json::{Value, json};
use williw_core::amount::Amount;
use williw_core::census::Checkpoint;
use williw_core::cycle::{Cycle, CycleClock, Seconds, UnixSeconds};
use williw_core::cycle_stake::CycleStake;
use williw_core::fact::VaultParameters;
use williw_core::identity::{Account, PeerId, Signer};
use williw_core::journal::Site;
use williw_core::ledger::{Change, Ledger, Point};
use williw_core::link::Link;
use williw_core::network::NetworkId;

use super::*;

const PEER: PeerId = PeerId([9; 32]);
const NEEDED: Amount = Amount(1_000);

const fn owner(chain: ChainId, account: u8) -> Owner {
    Owner { chain, account: Account([account; 32]) }
}

fn operator(active: u128, changed: u64) -> Operator {
    Operator {
        index: 0,
        journal: Account([7; 32]),
        active: Amount(active),
        queued: Amount::ZERO,
        link: Some(Link::read_back(PEER, Signer([5; 20]))),
        signer: Signer([5; 20]),
        nonce: 1,
        term: 0,
        jailed: None,
        stake: CycleStake::empty(Cycle(0)),
        changed: Height(changed),
    }
}

/// A network on both chains, each read through height 50, in which the peer has these operators.
fn census(operators: &[(Owner, Operator)]) -> Census {
    let clock = CycleClock::new(UnixSeconds(0), Seconds(60)).unwrap();
    let sites = [Site::Base { vault: Account([1; 32]), pool: None }, Site::Solana { config: Account([2; 32]) }];
    let mut ledger = Ledger::new(NetworkId([1; 32]), clock, &sites);
    for chain in ChainId::ALL {
        let mut books = *ledger.chain(chain).unwrap();
        books.through = Point { height: Height(50), time: UnixSeconds(50) };
        books.vault = Some(VaultParameters {
            min_stake: NEEDED,
            min_deposit: Amount(1),
            unstaking_period: Seconds(600),
            slash: 500.try_into().unwrap(),
            evidence_cycles: 2,
        });
        let of_chain = operators.iter().filter(|(owner, _)| owner.chain == chain).cloned().collect();
        let (signers, journals, facts) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        ledger.commit(&Change { chain, books, operators: of_chain, signers, journals, facts });
    }
    Census::restore(Checkpoint { ledger, reputation: BTreeMap::new(), evidence: BTreeMap::new() }).unwrap()
}

fn check(operators: &[(Owner, Operator)], standing: Standing, expected: Value) {
    let census = census(operators);
    let verdict = verdict(&census, census.roster().owners(PEER), standing);
    assert_eq!(serde_json::to_value(verdict).unwrap(), expected);
}

#[test]
fn a_member_of_both_chains_has_a_reason_on_both() {
    let (base, solana) = (owner(ChainId::Base, 3), owner(ChainId::Solana, 4));
    let both = [(base, operator(7_000, 12)), (solana, operator(9_000_000, 40))];
    check(
        &both,
        Standing::Member,
        json!({
            "standing": "member",
            "rule": "stake",
            "reason": "7000 staked on base since block 12, at least 1000; 9000000 staked on solana since slot 40, at least 1000",
            "places": [{ "chain": "base", "block": 12 }, { "chain": "solana", "slot": 40 }],
        }),
    );
    let alone = verdict(&census(&both), std::iter::once(solana), Standing::Member);
    assert_eq!(alone.reason, "9000000 staked on solana since slot 40, at least 1000");
}

#[test]
fn of_several_operators_on_a_chain_the_largest_is_named() {
    let several = [(3, 2_000, 12), (4, 5_000, 20), (5, 3_000, 30)]
        .map(|(account, active, changed)| (owner(ChainId::Base, account), operator(active, changed)));
    check(
        &several,
        Standing::Member,
        json!({
            "standing": "member",
            "rule": "stake",
            "reason": "5000 staked on base since block 20, at least 1000",
            "places": [{ "chain": "base", "block": 20 }],
        }),
    );
}

#[test]
fn a_place_on_solana_is_a_slot() {
    let chain = ChainId::Solana;
    let (height, active) = (Height(40), Amount(3));
    for (standing, reason) in [
        (Standing::Barred(Bar::Jailed { chain, height }), "it was slashed in slot 40 of solana"),
        (
            Standing::Barred(Bar::SlashPending { chain, height }),
            "its slash in slot 40 of solana is on its way to being final",
        ),
        (
            Standing::Barred(Bar::StakeTooSmall { chain, height, active, needed: NEEDED }),
            "3 staked on solana since slot 40, less than 1000",
        ),
        (
            Standing::Probation(Doubt::Unstaking { chain, height, active }),
            "one endpoint of solana shows an unstake in slot 40 that leaves 3",
        ),
    ] {
        let verdict = verdict(&census(&[]), std::iter::empty(), standing);
        assert_eq!(verdict.reason, reason);
        assert_eq!(serde_json::to_value(verdict.places).unwrap(), json!([{ "chain": "solana", "slot": 40 }]));
    }
}

#[test]
fn of_a_stranger_every_chain_was_asked() {
    check(
        &[],
        Standing::Barred(Bar::Unknown),
        json!({
            "standing": "barred",
            "rule": "unknown",
            "reason": "no operator names it",
            "places": [{ "chain": "base", "block": 50 }, { "chain": "solana", "slot": 50 }],
        }),
    );
}
