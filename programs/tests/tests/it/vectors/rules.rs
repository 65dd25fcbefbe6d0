//! What is taken, what counts, and what is claimed.

use serde_json::Value;
use williw_probe::rules::{Left, Step};
use williw_program::rules::cycle_stakes::CycleStake;
use williw_program::rules::roots::RewardRoot;

use super::{Answer, Question, Vectors, decoded, done, fixed, list, number, refused};

fn slash(case: &Value) -> Question {
    Question::Slash {
        active: number(&case["active"]),
        queue: list(&case["queue"]).iter().map(number).collect(),
        bps: number(&case["slash_bps"]),
    }
}

#[test]
fn slashes() {
    let vectors = Vectors::load("slash.json");
    vectors.each("cases", 61, |asked, case| {
        let left = Left {
            taken: number(&case["taken"]),
            bounty: number(&case["bounty"]),
            active: number(&case["left_active"]),
            queue: list(&case["left_queue"]).iter().map(number).collect(),
        };
        assert_eq!(asked.answer(&slash(case)), done(left));
    });
    vectors.each("refused", 7, |asked, case| assert_eq!(asked.answer(&slash(case)), refused(&case["refused"])));
}

#[test]
fn cycle_stakes() {
    let vectors = Vectors::load("cycle_stake.json");
    vectors.each("cases", 41, |asked, case| {
        let step = |step: &Value| Step {
            cycle: number(&step["cycle"]),
            operator: number(&step["operator"]),
            counted: number(&step["counted"]),
            jailed: step["jailed"].as_bool().unwrap(),
        };
        let steps: Vec<Step> = list(&case["steps"]).iter().map(step).collect();
        for read in list(&case["reads"]) {
            let done: usize = number(&read["after_step"]);
            let operators = list(&read["operators"]);
            let question = Question::CycleStakes {
                operators: u8::try_from(operators.len()).unwrap(),
                steps: steps[..done].to_vec(),
                read: number(&read["cycle"]),
            };
            let found: Vec<CycleStake> = decoded(asked.answer(&question));
            let (total, stakes) = found.split_last().unwrap();
            let floors = |stake: &CycleStake| (stake.floor.get(), stake.floor_prev.get());
            let wanted = |value: &Value| (number(&value["floor"]), number(&value["floor_prev"]));
            assert_eq!(
                stakes.iter().map(floors).collect::<Vec<_>>(),
                operators.iter().map(wanted).collect::<Vec<(u128, u128)>>()
            );
            assert_eq!(floors(total), wanted(&read["total"]));
            assert_eq!(total.value.get(), number::<u128>(&read["total"]["value"]));
        }
    });
}

#[test]
fn root_votes() {
    let vectors = Vectors::load("root_vote.json");
    vectors.each("cases", 13, |asked, case| {
        let root = RewardRoot {
            root: fixed(&case["root"]),
            total_base: number(&case["total_base"]),
            total_solana: number(&case["total_solana"]),
            blob_hash: fixed(&case["blob_hash"]),
        };
        assert_eq!(asked.answer(&Question::RootDigest { root }), done(fixed::<32>(&case["digest"])));
    });
}

fn leaf(chain: &Value, owner: &Value, cumulative: &Value) -> Question {
    Question::Leaf { chain: number(chain), owner: fixed(owner), cumulative: number(cumulative) }
}

fn proof(root: &Value, leaf: [u8; 32], proof: &Value) -> Question {
    Question::Proof { root: fixed(root), leaf, proof: list(proof).iter().flat_map(fixed::<32>).collect() }
}

#[test]
fn trees() {
    let vectors = Vectors::load("tree.json");
    vectors.each("cases", 10, |asked, case| {
        for (at, value) in list(&case["values"]).iter().enumerate() {
            let made: [u8; 32] = decoded(asked.answer(&leaf(&value[0], &value[1], &value[2])));
            assert_eq!(made, fixed::<32>(&case["leaves"][at]));
            let question = proof(&case["root"], made, &case["proofs"][at]);
            assert_eq!(asked.answer(&question), Answer::Done(Vec::new()));
        }
    });
    vectors.each("refused", 48, |asked, case| {
        let made = decoded(asked.answer(&leaf(&case["chain"], &case["owner"], &case["cumulative"])));
        assert_eq!(asked.answer(&proof(&case["root"], made, &case["proof"])), refused(&case["refused"]));
    });
}
