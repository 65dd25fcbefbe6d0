//! `statement.json`: bytes, hashes and signatures of statements.

use k256::ecdsa::SigningKey;
use serde::Deserialize;
use serde_json::Value;
use williw_core::cycle::Cycle;
use williw_core::hash::Hash;
use williw_core::identity::Signer;
use williw_core::network::NetworkId;
use williw_core::secp256k1::Signature;
use williw_core::statement::{Kind, Signed, Statement};
use williw_core::typed::domain_separator;

use super::exact::{Bytes, Exact, nullable};
use super::faults::Named as _;
use super::{Vectors, Verdict, parse, same};

pub(super) const VECTORS: Vectors = Vectors { file: "statement.json", case, refused };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    network_id: Exact<NetworkId>,
    kind: Exact<u8>,
    cycle: Exact<u64>,
    slot: Exact<u64>,
    digest: Exact<Hash>,
    bytes: Exact<Bytes>,
    struct_hash: Exact<Hash>,
    domain_separator: Exact<Hash>,
    signing_digest: Exact<Hash>,
    #[serde(deserialize_with = "nullable")]
    private_key: Option<Exact<Hash>>,
    signer: Exact<Signer>,
    signature: Exact<Signature>,
    signed: Exact<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    network_id: Exact<NetworkId>,
    signer: Exact<Signer>,
    signed: Exact<Bytes>,
    refused: &'a str,
}

/// The deterministic signature of `key` (RFC 6979, low s) in our form.
pub(super) fn sign(key: Hash, digest: Hash) -> Result<Signature, String> {
    let key = SigningKey::from_slice(&key.0).map_err(|error| error.to_string())?;
    let (scalars, recovery) = key.sign_prehash_recoverable(&digest.0);
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&scalars.to_bytes());
    bytes[64] = 27 + recovery.to_byte();
    Ok(Signature(bytes))
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    let network = case.network_id.0;
    let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == case.kind.0).ok_or("an unknown kind")?;
    let statement = Statement::new(kind, Cycle(case.cycle.0), case.slot.0, case.digest.0)
        .map_err(|fault| fault.name().to_owned())?;
    same("fields", (statement.kind(), statement.cycle()), (kind, Cycle(case.cycle.0)))?;
    same("fields", (statement.slot(), statement.digest()), (case.slot.0, case.digest.0))?;
    same("bytes", statement.encode().as_slice(), &case.bytes.0.0)?;
    same("bytes read", Statement::decode(&case.bytes.0.0), Ok(statement))?;
    same("struct hash", statement.struct_hash(), case.struct_hash.0)?;
    same("domain separator", domain_separator(network), case.domain_separator.0)?;
    same("signing digest", statement.signing_digest(network), case.signing_digest.0)?;
    let signed = Signed { statement, signature: case.signature.0 };
    same("signed", signed.encode().as_slice(), &case.signed.0.0)?;
    same("signed read", Signed::decode(&case.signed.0.0), Ok(signed))?;
    same("signer", signed.signer(network), Ok(case.signer.0))?;
    let Some(Exact(key)) = case.private_key else { return Ok(()) };
    same("signature made", sign(key, case.signing_digest.0)?, case.signature.0)
}

/// What is wrong with a signed statement that should be by `signer`.
fn judge(case: &Refused<'_>) -> Result<Signed, &'static str> {
    let signed = Signed::decode(&case.signed.0.0).map_err(|fault| fault.name())?;
    let signer = signed.signer(case.network_id.0).map_err(|fault| fault.name())?;
    if signer == case.signer.0 { Ok(signed) } else { Err("WrongSigner") }
}

fn refused(value: &Value) -> Verdict {
    let case: Refused<'_> = parse(value)?;
    match judge(&case) {
        Ok(signed) => Err(format!("accepted: {signed:?}")),
        Err(refusal) => same("refusal", refusal, case.refused),
    }
}

#[test]
fn statements() {
    VECTORS.hold(25, 59);
}
