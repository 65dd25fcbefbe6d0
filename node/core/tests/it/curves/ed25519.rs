//! The ed25519 set against strict verification.
//!
//! Nothing that Wycheproof calls valid breaks one of our stricter rules; the signatures that do are in the shared vectors.

use std::collections::BTreeMap;

use expect_test::expect;
use williw_core::ed25519::{PeerSignature, verify_strict};
use williw_core::identity::PeerId;
use wycheproof::TestResult;
use wycheproof::eddsa::{TestName, TestSet};

#[test]
fn strict_verification_agrees_with_every_verdict() {
    let mut counts = BTreeMap::<String, u32>::new();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let peer = PeerId(group.key.pk.as_slice().try_into().expect("a key has 32 bytes"));
        for test in group.tests {
            // A signature of another length has no form here: the type has 64 bytes.
            let verdict = match <[u8; 64]>::try_from(test.sig.as_slice()) {
                Err(_) => "wrong length".to_owned(),
                Ok(bytes) => match verify_strict(peer, &test.msg, &PeerSignature(bytes)) {
                    Ok(()) => "accepted".to_owned(),
                    Err(fault) => format!("{fault:?}"),
                },
            };
            let accepted = verdict == "accepted";
            assert_eq!(accepted, test.result == TestResult::Valid, "test {}: {}", test.tc_id, test.comment);
            *counts.entry(format!("{:?}: {verdict}", test.result)).or_default() += 1;
        }
    }
    expect![[r#"
        {
            "Invalid: BadS": 17,
            "Invalid: Mismatch": 12,
            "Invalid: NonCanonicalR": 4,
            "Invalid: NotAPoint": 10,
            "Invalid: SmallOrderR": 8,
            "Invalid: wrong length": 12,
            "Valid: accepted": 88,
        }
    "#]]
    .assert_debug_eq(&counts);
}
