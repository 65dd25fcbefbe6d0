//! Every secp256k1 set against recovery.
//!
//! We hold no public keys, only addresses, so the question is: does the signature recover to the address of the key, with
//! `v` 27 or 28? That must be so exactly when Wycheproof calls the signature valid *and* it is in our one form: `r` and
//! `s` of 32 bytes each, `s` in the lower half, and `r` the whole x coordinate of the nonce point. The x coordinate may
//! exceed the group order by a little; then plain ECDSA accepts the remainder as `r`, and we (like Ethereum) do not.
//!
//! So each set has valid signatures of three kinds: those that recover; those with a high `s` whose twin with `n - s`
//! recovers; and those whose `r` is such a remainder, whatever their `s`. An invalid one never recovers to the address.

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use k256::ecdsa::{RecoveryId, Signature as Scalars, VerifyingKey};
use sha2::{Digest as _, Sha256, Sha512};
use sha3::{Sha3_256, Sha3_512};
use williw_core::hash::{self, Hash};
use williw_core::identity::Signer;
use williw_core::secp256k1::{Signature, SignatureFault};
use wycheproof::ecdsa::{TestGroup, TestGroupTypeId, TestName, TestSet};
use wycheproof::{HashFunction, TestResult};

use super::keccak;

/// The leading 32 bytes of the digest, which are what ECDSA takes on a curve of 256 bits.
fn digest(function: HashFunction, message: &[u8]) -> Hash {
    let first = |digest: &[u8]| Hash(*digest.first_chunk().expect("at least 32 bytes"));
    match function {
        HashFunction::Sha2_256 => first(&Sha256::digest(message)),
        HashFunction::Sha2_512 => first(&Sha512::digest(message)),
        HashFunction::Sha3_256 => first(&Sha3_256::digest(message)),
        HashFunction::Sha3_512 => first(&Sha3_512::digest(message)),
        HashFunction::Shake128 => Hash(keccak::shake128(message)),
        HashFunction::Shake256 => Hash(keccak::shake256(message)),
        HashFunction::Sha1
        | HashFunction::Sha2_224
        | HashFunction::Sha2_384
        | HashFunction::Sha2_512_224
        | HashFunction::Sha2_512_256
        | HashFunction::Sha3_224
        | HashFunction::Sha3_384 => panic!("no set is known that uses {function:?}"),
    }
}

/// One DER integer: not negative, as short as can be, at most 32 bytes.
fn integer(bytes: &[u8]) -> Option<([u8; 32], &[u8])> {
    let (&[tag, length], rest) = bytes.split_first_chunk()?;
    let (number, rest) = rest.split_at_checked(usize::from(length))?;
    let digits = match number {
        [] => return None,
        [0, next, ..] if *next < 0x80 => return None,
        [0, digits @ ..] if !digits.is_empty() => digits,
        [first, ..] if *first >= 0x80 => return None,
        digits => digits,
    };
    let mut padded = [0; 32];
    padded[32_usize.checked_sub(digits.len())?..].copy_from_slice(digits);
    (tag == 2).then_some((padded, rest))
}

/// `r || s`, if they are written as the set's format demands and fit 32 bytes each.
fn scalars(group: &TestGroup, signature: &[u8]) -> Option<[u8; 64]> {
    match group.test_type {
        TestGroupTypeId::EcdsaP1363 => signature.try_into().ok(),
        TestGroupTypeId::Ecdsa | TestGroupTypeId::EcdsaBitcoin => {
            let (&[tag, length], rest) = signature.split_first_chunk()?;
            let (r, after) = integer(rest)?;
            let (s, end) = integer(after)?;
            let mut both = [0; 64];
            both[..32].copy_from_slice(&r);
            both[32..].copy_from_slice(&s);
            (tag == 0x30 && usize::from(length) == rest.len() && end.is_empty()).then_some(both)
        }
    }
}

fn recover(scalars: &[u8; 64], v: u8, digest: Hash) -> Result<Signer, SignatureFault> {
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(scalars);
    bytes[64] = v;
    Signature(bytes).recover(digest)
}

/// What we say of a signature that may be by `signer`; a refusal names the fault, which must not depend on `v`.
fn verdict(scalars: &[u8; 64], digest: Hash, signer: Signer) -> &'static str {
    let both = [27, 28].map(|v| recover(scalars, v, digest));
    match both {
        [Ok(even), Ok(odd)] => {
            assert_ne!(even, odd, "one of two nonce points made it");
            if even == signer || odd == signer { "recovered" } else { "by another key" }
        }
        [Ok(one), Err(SignatureFault::Unrecoverable)] | [Err(SignatureFault::Unrecoverable), Ok(one)] => {
            if one == signer { "recovered" } else { "by another key" }
        }
        [Err(even), Err(odd)] => {
            assert_eq!(even, odd);
            match even {
                SignatureFault::BadV => "BadV",
                SignatureFault::BadScalar => "BadScalar",
                SignatureFault::HighS => "HighS",
                SignatureFault::Unrecoverable => "Unrecoverable",
            }
        }
        [Ok(_), Err(fault)] | [Err(fault), Ok(_)] => panic!("{fault} depends on v"),
    }
}

/// The signature with `n - s`, which plain ECDSA accepts as well.
fn twin(scalars: &[u8; 64]) -> [u8; 64] {
    let parsed = Scalars::from_slice(scalars).expect("its scalars are in the group");
    let (r, s) = parsed.split_scalars();
    Scalars::from_scalars(r, -*s).expect("the negative of a scalar is one").to_bytes().into()
}

/// True if it is by `key` with a nonce point whose x coordinate is `r + n`.
fn is_wrapped(scalars: &[u8; 64], digest: Hash, key: &[u8]) -> bool {
    let parsed = Scalars::from_slice(scalars).expect("its scalars are in the group");
    [false, true].into_iter().any(|odd| {
        VerifyingKey::recover_from_prehash(&digest.0, &parsed, RecoveryId::new(odd, true))
            .is_ok_and(|found| found.to_sec1_point(false).as_bytes() == key)
    })
}

/// Counts what we say of each test, by what Wycheproof says of it.
fn check(name: TestName, counts: &Expect) {
    let mut found = BTreeMap::<String, u32>::new();
    for group in TestSet::load(name).unwrap().test_groups {
        let key = group.key.key.as_slice();
        let signer = Signer(*hash::keccak(&[&key[1..]]).0.last_chunk().unwrap());
        for test in &group.tests {
            let digest = digest(group.hash, &test.msg);
            let what = format!("{name:?} test {}: {} {:?}", test.tc_id, test.comment, test.flags);
            let valid = test.result == TestResult::Valid;
            let Some(scalars) = scalars(&group, &test.sig) else {
                assert!(!valid, "{what}: valid, but not in the form of its set");
                *found.entry(format!("{:?}: not r and s of 32 bytes", test.result)).or_default() += 1;
                continue;
            };
            let mut verdict = verdict(&scalars, digest, signer);
            if valid && verdict != "recovered" {
                // With s in the lower half nothing but a nonce point beyond the group order may keep it out.
                let low = if verdict == "HighS" { twin(&scalars) } else { scalars };
                if self::verdict(&low, digest, signer) != "recovered" {
                    assert!(is_wrapped(&low, digest, key), "{what}: {verdict}");
                    verdict = "r + n is the x coordinate";
                }
            }
            assert!(valid || verdict != "recovered", "{what}: invalid, but recovered");
            *found.entry(format!("{:?}: {verdict}", test.result)).or_default() += 1;
        }
    }
    counts.assert_debug_eq(&found);
}

#[test]
fn sha256_bitcoin() {
    check(
        TestName::EcdsaSecp256k1Sha256Bitcoin,
        &expect![[r#"
        {
            "Invalid: BadScalar": 50,
            "Invalid: HighS": 4,
            "Invalid: Unrecoverable": 5,
            "Invalid: by another key": 10,
            "Invalid: not r and s of 32 bytes": 232,
            "Valid: r + n is the x coordinate": 1,
            "Valid: recovered": 161,
        }
    "#]],
    );
}

#[test]
fn sha256_p1363() {
    check(
        TestName::EcdsaSecp256k1Sha256P1363,
        &expect![[r#"
        {
            "Invalid: BadScalar": 50,
            "Invalid: HighS": 8,
            "Invalid: Unrecoverable": 3,
            "Invalid: by another key": 6,
            "Invalid: not r and s of 32 bytes": 18,
            "Valid: HighS": 70,
            "Valid: r + n is the x coordinate": 2,
            "Valid: recovered": 95,
        }
    "#]],
    );
}

#[test]
fn sha256() {
    check(
        TestName::EcdsaSecp256k1Sha256,
        &expect![[r#"
        {
            "Invalid: BadScalar": 52,
            "Invalid: HighS": 8,
            "Invalid: Unrecoverable": 5,
            "Invalid: by another key": 9,
            "Invalid: not r and s of 32 bytes": 234,
            "Valid: HighS": 70,
            "Valid: r + n is the x coordinate": 2,
            "Valid: recovered": 96,
        }
    "#]],
    );
}

#[test]
fn sha3_256() {
    check(
        TestName::EcdsaSecp256k1Sha3_256,
        &expect![[r#"
        {
            "Invalid: BadScalar": 51,
            "Invalid: HighS": 3,
            "Invalid: Unrecoverable": 6,
            "Invalid: by another key": 9,
            "Invalid: not r and s of 32 bytes": 233,
            "Valid: HighS": 78,
            "Valid: r + n is the x coordinate": 1,
            "Valid: recovered": 93,
        }
    "#]],
    );
}

#[test]
fn sha3_512() {
    check(
        TestName::EcdsaSecp256k1Sha3_512,
        &expect![[r#"
        {
            "Invalid: BadScalar": 51,
            "Invalid: HighS": 9,
            "Invalid: Unrecoverable": 2,
            "Invalid: by another key": 8,
            "Invalid: not r and s of 32 bytes": 233,
            "Valid: HighS": 95,
            "Valid: r + n is the x coordinate": 1,
            "Valid: recovered": 141,
        }
    "#]],
    );
}

#[test]
fn sha512_p1363() {
    check(
        TestName::EcdsaSecp256k1Sha512P1363,
        &expect![[r#"
        {
            "Invalid: BadScalar": 50,
            "Invalid: HighS": 8,
            "Invalid: Unrecoverable": 4,
            "Invalid: by another key": 6,
            "Invalid: not r and s of 32 bytes": 18,
            "Valid: HighS": 105,
            "Valid: r + n is the x coordinate": 2,
            "Valid: recovered": 129,
        }
    "#]],
    );
}

#[test]
fn sha512() {
    check(
        TestName::EcdsaSecp256k1Sha512,
        &expect![[r#"
        {
            "Invalid: BadScalar": 52,
            "Invalid: HighS": 12,
            "Invalid: Unrecoverable": 4,
            "Invalid: by another key": 7,
            "Invalid: not r and s of 32 bytes": 234,
            "Valid: HighS": 106,
            "Valid: r + n is the x coordinate": 2,
            "Valid: recovered": 129,
        }
    "#]],
    );
}

#[test]
fn shake128_p1363() {
    check(
        TestName::EcdsaSecp256k1Shake128P1363,
        &expect![[r#"
        {
            "Invalid: BadScalar": 49,
            "Invalid: HighS": 4,
            "Invalid: Unrecoverable": 2,
            "Invalid: by another key": 6,
            "Invalid: not r and s of 32 bytes": 18,
            "Valid: HighS": 72,
            "Valid: r + n is the x coordinate": 1,
            "Valid: recovered": 96,
        }
    "#]],
    );
}

#[test]
fn shake128() {
    check(
        TestName::EcdsaSecp256k1Shake128,
        &expect![[r#"
        {
            "Invalid: BadScalar": 51,
            "Invalid: HighS": 7,
            "Invalid: Unrecoverable": 2,
            "Invalid: by another key": 7,
            "Invalid: not r and s of 32 bytes": 235,
            "Valid: HighS": 73,
            "Valid: r + n is the x coordinate": 1,
            "Valid: recovered": 96,
        }
    "#]],
    );
}

#[test]
fn shake256_p1363() {
    check(
        TestName::EcdsaSecp256k1Shake256P1363,
        &expect![[r#"
        {
            "Invalid: BadScalar": 49,
            "Invalid: HighS": 4,
            "Invalid: Unrecoverable": 6,
            "Invalid: by another key": 3,
            "Invalid: not r and s of 32 bytes": 18,
            "Valid: HighS": 97,
            "Valid: r + n is the x coordinate": 1,
            "Valid: recovered": 140,
        }
    "#]],
    );
}

#[test]
fn shake256() {
    check(
        TestName::EcdsaSecp256k1Shake256,
        &expect![[r#"
        {
            "Invalid: BadScalar": 51,
            "Invalid: HighS": 7,
            "Invalid: Unrecoverable": 6,
            "Invalid: by another key": 4,
            "Invalid: not r and s of 32 bytes": 235,
            "Valid: HighS": 98,
            "Valid: r + n is the x coordinate": 1,
            "Valid: recovered": 140,
        }
    "#]],
    );
}
