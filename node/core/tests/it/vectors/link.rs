//! `link.json`: links, with the half of the signer and that of the peer.

use ed25519_dalek::{Signer as _, SigningKey};
use serde::Deserialize;
use serde_json::Value;
use williw_core::amount::Amount;
use williw_core::ed25519::PeerSignature;
use williw_core::fact::Body;
use williw_core::hash::Hash;
use williw_core::identity::{Account, ChainId, Owner, PeerId, Signer};
use williw_core::link::{Link, LinkTerms};
use williw_core::network::NetworkId;
use williw_core::secp256k1::Signature;

use super::exact::{Bytes, Exact, chain};
use super::faults::Named as _;
use super::statement::sign;
use super::{Vectors, Verdict, parse, same};

pub(super) const VECTORS: Vectors = Vectors { file: "link.json", case, refused };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    network_id: Exact<NetworkId>,
    #[serde(deserialize_with = "chain")]
    chain: ChainId,
    owner: Exact<Account>,
    nonce: Exact<u64>,
    peer_seed: Exact<Hash>,
    peer: Exact<PeerId>,
    signer_key: Exact<Hash>,
    signer: Exact<Signer>,
    struct_hash: Exact<Hash>,
    signing_digest: Exact<Hash>,
    signature: Exact<Signature>,
    peer_message: Exact<Bytes>,
    peer_signature: Exact<PeerSignature>,
    body: Exact<Bytes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused<'a> {
    #[serde(rename = "name")]
    _name: &'a str,
    network_id: Exact<NetworkId>,
    #[serde(deserialize_with = "chain")]
    chain: ChainId,
    owner: Exact<Account>,
    signature: Exact<Signature>,
    body: Exact<Bytes>,
    refused: &'a str,
}

/// Reads the bytes of a link, which the core does only inside the body of a fact.
fn read(owner: Owner, bytes: &[u8]) -> Result<LinkTerms, String> {
    let mut body = owner.account.0.to_vec();
    body.extend_from_slice(bytes);
    match Body::decode(owner.chain, 6, &body) {
        Ok(Body::Rotated { account, link }) if account == owner.account => Ok(link),
        other => Err(format!("no link: {other:?}")),
    }
}

fn case(value: &Value) -> Verdict {
    let case: Case<'_> = parse(value)?;
    let (network, owner) = (case.network_id.0, Owner { chain: case.chain, account: case.owner.0 });
    let terms = LinkTerms {
        peer: case.peer.0,
        signer: case.signer.0,
        nonce: case.nonce.0,
        peer_signature: case.peer_signature.0,
    };
    same("body", terms.encode().as_slice(), &case.body.0.0)?;
    same("body read", read(owner, &case.body.0.0)?, terms)?;
    let registered = Body::Registered { account: owner.account, index: 1, active: Amount(2), link: terms };
    same("registration read", Body::decode(owner.chain, 1, &registered.encode()), Ok(registered))?;
    same("struct hash", terms.struct_hash(owner), case.struct_hash.0)?;
    same("signing digest", terms.signing_digest(network, owner), case.signing_digest.0)?;
    same("peer message", terms.peer_message(network, owner).as_slice(), &case.peer_message.0.0)?;
    same("signer's half", terms.check_signer(network, owner, &case.signature.0), Ok(()))?;
    let link = Link::verify(network, owner, &terms).map_err(|fault| fault.name().to_owned())?;
    same("link", (link.peer(), link.signer()), (case.peer.0, case.signer.0))?;

    same("signature made", sign(case.signer_key.0, case.signing_digest.0)?, case.signature.0)?;
    let key = SigningKey::from_bytes(&case.peer_seed.0.0);
    same("peer", PeerId(key.verifying_key().to_bytes()), case.peer.0)?;
    let made = PeerSignature(key.sign(&case.peer_message.0.0).to_bytes());
    same("peer signature made", made, case.peer_signature.0)
}

/// What is wrong with a link, the signer's half first.
fn judge(network: NetworkId, owner: Owner, terms: &LinkTerms, signature: &Signature) -> Result<Link, &'static str> {
    terms.check_signer(network, owner, signature).map_err(|fault| fault.name())?;
    Link::verify(network, owner, terms).map_err(|fault| fault.name())
}

fn refused(value: &Value) -> Verdict {
    let case: Refused<'_> = parse(value)?;
    let owner = Owner { chain: case.chain, account: case.owner.0 };
    match judge(case.network_id.0, owner, &read(owner, &case.body.0.0)?, &case.signature.0) {
        Ok(link) => Err(format!("accepted: {link:?}")),
        Err(refusal) => same("refusal", refusal, case.refused),
    }
}

#[test]
fn links() {
    VECTORS.hold(11, 53);
}
