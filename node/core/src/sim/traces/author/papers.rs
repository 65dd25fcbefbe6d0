//! Links, evidence and signatures, good ones and bad ones.

use super::plan::{key_of, keys_of};
use super::{Author, Choice};
use crate::cycle::Cycle;
use crate::hash::Hash;
use crate::identity::{Account, Signer};
use crate::link::LinkTerms;
use crate::model::Block;
use crate::network::NetworkId;
use crate::offence::Evidence;
use crate::secp256k1::Signature;
use crate::sim::keys::SignerKey;
use crate::sim::traces::reference::Reference;
use crate::sim::traces::verb::VaultVerb;
use crate::sim::traces::wide::Wide;
use crate::statement::{Kind, Signed, Statement};

/// The order of the group that signatures are made in.
const GROUP_ORDER: Wide =
    Wide::new(0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe, 0xbaae_dce6_af48_a03b_bfd2_5e8c_d036_4141);

fn network(model: &Reference) -> NetworkId {
    model.contracts.deployment().network
}

impl Author {
    /// A link with a signer that nobody had; a bad one has one or more things wrong with it.
    pub(super) fn link(&mut self, model: &Reference, who: Account, good: bool) -> Option<(LinkTerms, Vec<u8>)> {
        let vault = model.contracts.vault();
        let keys = keys_of(self.venue.number(who)?);
        let is_fresh = |key: &&SignerKey| !vault.signers().contains_key(&key.address());
        let mut key = keys.signers.iter().find(is_fresh).or_else(|| keys.signers.first().filter(|_| !good))?;
        let before = vault.operators().get(&who).map_or(0, |operator| operator.nonce);
        let taken: Vec<Signer> = vault.signers().keys().copied().collect();
        let mut wrong = |percent| !good && self.rng.chance(percent);
        let (is_taken, is_stale, is_zero) = (wrong(20), wrong(20), wrong(15));
        let (is_changed, is_spoiled) = (wrong(20), wrong(40));
        if is_taken {
            key = key_of(self.rng.pick(&taken)?);
        }
        let nonce = if is_stale { before.saturating_sub(self.rng.below(2)) } else { before + self.rng.within(1, 3) };
        let (mut link, signature) = keys.peer.link(key, network(model), self.owner(who), nonce);
        if is_zero {
            link.signer = Signer::default();
        }
        if is_changed {
            link.peer.0[0] ^= 1;
        }
        if is_spoiled {
            return Some((link, self.spoiled(signature)));
        }
        Some((link, signature.0.to_vec()))
    }

    /// A link with the signer that the owner has.
    pub(super) fn same_signer(&mut self, model: &Reference, who: Account) -> Option<(LinkTerms, Vec<u8>)> {
        let operator = model.contracts.vault().operators().get(&who)?;
        let (peer, key) = (&keys_of(self.venue.number(who)?).peer, key_of(operator.signer));
        let (link, signature) = peer.link(key, network(model), self.owner(who), operator.nonce + 1);
        Some((link, signature.0.to_vec()))
    }

    /// A signature that is refused, in one of the ways there are.
    pub(super) fn spoiled(&mut self, signature: Signature) -> Vec<u8> {
        let mut bytes = signature.0.to_vec();
        match self.rng.below(6) {
            0 => bytes[64] = self.rng.pick(&[0, 1, 26, 29]).expect("there are four"),
            1 => bytes[..32].fill(0),
            2 => bytes[32..64].copy_from_slice(&GROUP_ORDER.to_be_bytes()),
            3 => return twin(signature).0.to_vec(),
            4 => bytes.truncate(64),
            _ => {
                // No point of the curve has the x coordinate 5.
                bytes.fill(0);
                (bytes[31], bytes[63], bytes[64]) = (5, 1, 27);
            }
        }
        bytes
    }

    pub(super) fn slash(&mut self, model: &Reference, at: Block, fair: bool) -> Choice {
        let beneficiary = if self.rng.chance(20) { self.stranger() } else { self.someone() };
        let now = model.cycle(at);
        let (signer, cycles) = if fair { self.answerable(model, now)? } else { self.accused(model, now)? };
        let mut evidence = self.equivocation(network(model), key_of(signer), cycles);
        if self.rng.chance(if fair { 3 } else { 20 }) {
            evidence = self.rng.pick(&self.evidence.clone())?;
        }
        self.evidence.push(evidence);
        let evidence =
            if fair || self.rng.chance(40) { evidence.encode().to_vec() } else { self.worthless(model, evidence) };
        Some((self.someone(), VaultVerb::Slash { evidence, beneficiary }.into()))
    }

    /// A signer who answers for statements of these cycles now.
    fn answerable(&mut self, model: &Reference, now: Cycle) -> Option<(Signer, [Cycle; 2])> {
        let vault = model.contracts.vault();
        let oldest = now.0.saturating_sub(vault.parameters().evidence_cycles);
        let mut choices = Vec::new();
        for (signer, tenure) in vault.signers() {
            let operator = &vault.operators()[&tenure.owner.account];
            let cycles: Vec<Cycle> =
                (oldest..=now.0 + 1).map(Cycle).filter(|cycle| tenure.covers(*cycle, operator.term)).collect();
            if let (Some(first), Some(last), None) = (cycles.first(), cycles.last(), operator.jailed_until) {
                choices.extend([(*signer, [*first; 2]), (*signer, [*last; 2]), (*signer, [*first, *last])]);
            }
        }
        self.rng.pick(&choices)
    }

    /// Any signer, and cycles around those for which it answers.
    fn accused(&mut self, model: &Reference, now: Cycle) -> Option<(Signer, [Cycle; 2])> {
        let vault = model.contracts.vault();
        let signers: Vec<Signer> = vault.signers().keys().copied().collect();
        let signer = self.rng.pick(&signers)?;
        let tenure = vault.signers()[&signer];
        let through = tenure.through.map_or(now.0, |through| through.0);
        let oldest = now.0.saturating_sub(vault.parameters().evidence_cycles);
        let edges =
            [tenure.from.0, tenure.from.0.saturating_sub(1), through, through + 1, oldest, oldest.saturating_sub(1)];
        let (first, second) = (self.rng.pick(&edges)?, self.rng.pick(&edges)?);
        let second = if self.rng.chance(60) { first } else { second };
        Some((signer, [Cycle(first), Cycle(second)]))
    }

    /// Two statements of one signer that contradict each other, if both may be of these cycles.
    fn equivocation(&mut self, network: NetworkId, key: &SignerKey, cycles: [Cycle; 2]) -> Evidence {
        let kinds = if cycles[0] == cycles[1] { &Kind::ALL[..] } else { &[Kind::Update, Kind::Checkpoint] };
        let kind = self.rng.pick(kinds).expect("there are kinds");
        let slot = if matches!(kind, Kind::Update | Kind::Checkpoint) { self.rng.below(1 << 40) } else { 0 };
        let [first, second] = cycles.map(|cycle| self.state(network, key, kind, cycle, slot));
        Evidence { first, second }
    }

    fn state(&mut self, network: NetworkId, key: &SignerKey, kind: Kind, cycle: Cycle, slot: u64) -> Signed {
        let statement = Statement::new(kind, cycle, slot, Hash(self.rng.bytes()));
        key.state(network, statement.expect("votes and proposals are given slot 0"))
    }

    /// Evidence with something wrong in it.
    fn worthless(&mut self, model: &Reference, mut evidence: Evidence) -> Vec<u8> {
        let (network, stranger, honest) = (network(model), SignerKey::named("stranger"), evidence.encode().to_vec());
        let first = evidence.first.statement;
        let change = self.rng.below(8);
        match change {
            0 => evidence.second = evidence.first,
            1 => evidence.second = self.state(network, &stranger, first.kind(), first.cycle(), first.slot()),
            2 => return self.equivocation(network, &stranger, [first.cycle(); 2]).encode().to_vec(),
            // The same words about another network are no words about this one.
            3 => evidence.second = stranger.state(NetworkId([7; 32]), first),
            _ => {
                let mut bytes = honest;
                let half = if self.rng.chance(50) { 0 } else { Signed::LEN };
                match change {
                    4 => bytes[half] = self.rng.pick(&[0, 5, 255]).expect("there are three"),
                    5 => (bytes[half], bytes[half + 16]) = (3, 1),
                    6 => bytes.truncate(bytes.len() - 1),
                    _ => {
                        let signature = half + Statement::LEN..half + Signed::LEN;
                        let good = if half == 0 { evidence.first } else { evidence.second };
                        let spoiled = self.spoiled(good.signature);
                        bytes.splice(signature, spoiled);
                    }
                }
                return bytes;
            }
        }
        evidence.encode().to_vec()
    }
}

/// The other signature of the same hash by the same key: the one that is not accepted.
fn twin(signature: Signature) -> Signature {
    let mut bytes = signature.0;
    let s = Wide::from_be_bytes(*bytes[32..].first_chunk().expect("the scalar and a byte follow"));
    let other = GROUP_ORDER.minus(s).expect("a scalar is below the order");
    bytes[32..64].copy_from_slice(&other.to_be_bytes());
    bytes[64] = 55 - bytes[64];
    Signature(bytes)
}
