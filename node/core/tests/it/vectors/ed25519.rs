//! `ed25519.json`: the edge cases of strict verification.

use serde::Deserialize;
use serde_json::Value;
use williw_core::ed25519::{PeerSignature, verify_strict};
use williw_core::identity::PeerId;

use super::exact::{Bytes, Exact};
use super::faults::Named as _;
use super::{Vectors, Verdict, nothing_is_refused, parse, same};

pub(super) const VECTORS: Vectors = Vectors { file: "ed25519.json", case, refused: nothing_is_refused };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    public: Exact<PeerId>,
    message: Exact<Bytes>,
    signature: Exact<PeerSignature>,
    verdict: &'a str,
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    let verdict = match verify_strict(case.public.0, &case.message.0.0, &case.signature.0) {
        Ok(()) => "Ok",
        Err(fault) => fault.name(),
    };
    same("verdict", verdict, case.verdict)
}

#[test]
fn strict_ed25519() {
    VECTORS.hold(186, 0);
}
