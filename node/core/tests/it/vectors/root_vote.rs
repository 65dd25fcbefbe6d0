//! `root_vote.json`: the digest that votes and proposals carry.

use serde::Deserialize;
use serde_json::Value;
use williw_core::amount::Amount;
use williw_core::cycle::Cycle;
use williw_core::hash::Hash;
use williw_core::statement::{Kind, RewardRoot};

use super::exact::Exact;
use super::{Vectors, Verdict, nothing_is_refused, parse, same};

pub(super) const VECTORS: Vectors = Vectors { file: "root_vote.json", case, refused: nothing_is_refused };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    root: Exact<Hash>,
    total_base: Exact<u128>,
    total_solana: Exact<u128>,
    blob_hash: Exact<Hash>,
    digest: Exact<Hash>,
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    let root = RewardRoot {
        root: case.root.0,
        total_base: Amount(case.total_base.0),
        total_solana: Amount(case.total_solana.0),
        blob_hash: case.blob_hash.0,
    };
    same("digest", root.digest(), case.digest.0)?;
    let vote = root.vote(Cycle(7));
    same("vote", (vote.kind(), vote.cycle(), vote.slot(), vote.digest()), (Kind::RootVote, Cycle(7), 0, case.digest.0))
}

#[test]
fn root_votes() {
    VECTORS.hold(13, 0);
}
