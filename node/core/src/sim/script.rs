//! What simulated people do on a chain: mostly what is allowed, and now and then everything that is not.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::SignerKey;
use super::people::{GUARDIAN, PEERS_EACH, PEOPLE, key_of, network, owner, people, person};
use super::reasons::reason;
use super::rng::Rng;
use super::rules;
use crate::amount::Amount;
use crate::cycle::{Cycle, UnixSeconds};
use crate::hash::Hash;
use crate::identity::{Account, ChainId, Owner, Signer};
use crate::link::LinkTerms;
use crate::merkle::Entitlement;
use crate::model::{Block, Contracts, Operator, Refusal};
use crate::offence::Evidence;
use crate::secp256k1::Signature;

/// What came of a verb; none if nobody was in a position to try it.
pub(super) type Tried = Option<Result<(), Refusal>>;

/// How often each thing took effect and was refused, and for which reasons.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    pub done: BTreeMap<&'static str, u64>,
    pub refused: BTreeMap<&'static str, u64>,
    pub reasons: BTreeMap<String, u64>,
}

impl Histogram {
    pub(super) fn count(&mut self, name: &'static str, result: &Result<(), String>) {
        let column = if result.is_ok() { &mut self.done } else { &mut self.refused };
        *column.entry(name).or_default() += 1;
        if let Err(reason) = result {
            *self.reasons.entry(reason.clone()).or_default() += 1;
        }
    }

    /// Adds another world's counts.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.done, &other.done), (&mut self.refused, &other.refused)] {
            theirs.iter().for_each(|(name, count)| *mine.entry(name).or_default() += count);
        }
        other.reasons.iter().for_each(|(name, count)| *self.reasons.entry(name.clone()).or_default() += count);
    }
}

#[derive(Debug)]
pub(super) struct Script {
    pub(super) rng: Rng,
    pub(super) histogram: Histogram,
    /// The leaves behind every root that was ever voted for.
    pub(super) trees: BTreeMap<Hash, Vec<Entitlement>>,
    /// Evidence that exists, whether or not anyone has used it.
    pub(super) evidence: Vec<Evidence>,
    /// Whose votes were brought for which root, on whatever fork.
    pub(super) voters: BTreeMap<(ChainId, Cycle, Hash), BTreeSet<Account>>,
    /// Who called the last verb that only some may call.
    pub(super) caller: Account,
    /// This world's guardian vetoes whatever it can.
    pub(super) hostile_guardian: bool,
}

impl Script {
    pub(super) fn new(mut rng: Rng) -> Self {
        let hostile_guardian = rng.chance(20);
        Self {
            rng,
            histogram: Histogram::default(),
            trees: BTreeMap::new(),
            evidence: Vec::new(),
            voters: BTreeMap::new(),
            caller: Account::default(),
            hostile_guardian,
        }
    }

    /// Tries a few verbs in one block.
    pub(super) fn block(&mut self, contracts: &mut Contracts, at: Block) -> Result<(), String> {
        for _ in 0..self.rng.within(0, 3) {
            let before = contracts.clone();
            self.caller = Account::default();
            let (name, tried) = self.verb(contracts, at);
            let Some(result) = tried else { continue };
            if result.is_err() && before != *contracts {
                return Err(format!("{name} was refused and left a trace"));
            }
            rules::check(&before, contracts, at, self.caller).map_err(|broken| format!("after {name}: {broken}"))?;
            self.histogram.count(name, &result.map_err(|refusal| reason(&refusal)));
            contracts.audit().map_err(|broken| format!("after {name}: {broken}"))?;
        }
        Ok(())
    }

    fn verb(&mut self, c: &mut Contracts, at: Block) -> (&'static str, Tried) {
        if self.hostile_guardian && c.pool().pending_at(at.time).is_some() && self.rng.chance(50) {
            return ("veto", self.veto(c, at));
        }
        match self.rng.below(100) {
            0..12 => ("register", self.register(c, at)),
            12..22 => ("stake", self.stake(c, at)),
            22..33 => ("unstake", self.unstake(c, at)),
            33..36 => ("restake", self.restake(c, at)),
            36..43 => ("withdraw", self.withdraw(c, at)),
            43..50 => ("rotate", self.rotate(c, at)),
            50..56 => ("slash", self.slash(c, at)),
            56..62 => ("unjail", self.unjail(c, at)),
            62..64 => ("collect", self.collect(c)),
            64..65 => ("pause", self.pause(c)),
            65..66 => ("role", self.role(c)),
            66..70 => ("terms", self.terms(c, at)),
            70..76 => ("fund", self.fund(c, at)),
            76..88 => ("vote", self.vote(c, at)),
            88..91 => ("veto", self.veto(c, at)),
            91..98 => ("claim", self.claim(c, at)),
            _ => ("recipient", self.recipient(c)),
        }
    }

    /// True when the next attempt shall be an honest one.
    pub(super) fn fair(&mut self) -> bool {
        self.rng.chance(86)
    }

    /// Somebody for whom the condition holds; anybody at all when the attempt is not meant to be fair.
    pub(super) fn somebody(
        &mut self,
        c: &Contracts,
        fair: bool,
        fits: impl Fn(Option<&Operator>) -> bool,
    ) -> Option<Account> {
        let everybody = (0..PEOPLE).map(|who| owner(who, c.chain()).account);
        let choices: Vec<Account> =
            everybody.filter(|account| !fair || fits(c.vault().operators().get(account))).collect();
        self.rng.pick(&choices)
    }

    fn register(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair();
        let account = self.somebody(c, fair, |operator| operator.is_none())?;
        let amount = if fair { self.rng.within(1_000, 9_000) } else { self.rng.within(0, 2_000) };
        let (link, signature) = self.link(c, account, 0, fair)?;
        let at = if self.rng.chance(1) { Block { time: UnixSeconds(0), ..at } } else { at };
        Some(c.register(at, account, Amount(amount.into()), link, &signature))
    }

    fn stake(&mut self, c: &mut Contracts, at: Block) -> Tried {
        let fair = self.fair() && !c.vault().is_paused();
        let account = self.somebody(c, fair, |operator| operator.is_some())?;
        let amount = match (fair, self.rng.below(3)) {
            (true, _) => u128::from(self.rng.within(10, 3_000)),
            (false, 0) => u128::MAX,
            (false, _) => u128::from(self.rng.within(0, 20)),
        };
        Some(c.stake(at, account, Amount(amount)))
    }

    /// Links for an owner: the peer and signer that its twin on the other chain would use too, unless it tires of them.
    pub(super) fn link(
        &mut self,
        c: &Contracts,
        account: Account,
        nonce: u64,
        fair: bool,
    ) -> Option<(LinkTerms, Signature)> {
        let person = &people()[person(account)];
        let fresh = |key: &&SignerKey| !c.vault().signers().contains_key(&key.address());
        let signer = person.signers.iter().find(fresh).or_else(|| (!fair).then(|| &person.signers[0]))?;
        let peer = &person.peers[usize::try_from(self.rng.below(PEERS_EACH as u64)).expect("small")];
        let owner = Owner { account, chain: c.chain() };
        let (mut link, mut signature) = peer.link(signer, network(), owner, nonce + self.rng.within(1, 3));
        if self.rng.chance(4) {
            link.peer_signature.0[40] ^= 1; // the chain cannot see it, every node does
        }
        if !fair {
            match self.rng.below(6) {
                0 => link.nonce = nonce,
                1 => link.signer = Signer::default(),
                2 | 4 => signature = self.spoiled(signature),
                3 => link.peer.0[0] ^= 1,
                _ => {
                    let taken: Vec<Signer> = c.vault().signers().keys().copied().collect();
                    let key = self.rng.pick(&taken).and_then(key_of)?;
                    return Some(peer.link(key, network(), owner, nonce + 1));
                }
            }
        }
        Some((link, signature))
    }

    /// A signature in one of the forms that are refused unseen.
    pub(super) fn spoiled(&mut self, mut signature: Signature) -> Signature {
        match self.rng.below(4) {
            0 => signature.0[64] = 26,
            1 => signature.0[..32].fill(0),
            2 => signature.0[32] |= 0x80, // not quite its twin, but in the upper half
            _ => {
                // No point of the curve has the x coordinate 5.
                signature = Signature([0; 65]);
                (signature.0[31], signature.0[63], signature.0[64]) = (5, 1, 27);
            }
        }
        signature
    }

    fn collect(&mut self, c: &mut Contracts) -> Tried {
        let account = c.vault().bounties().keys().next().copied()?;
        c.collect(account);
        Some(Ok(()))
    }

    fn recipient(&mut self, c: &mut Contracts) -> Tried {
        let (fair, account) = (self.fair(), self.somebody(c, false, |_| true)?);
        if fair && self.rng.chance(50) {
            c.set_recipient(account, Account([0x77; 32]));
            return Some(Ok(()));
        }
        let named = c.pool().proposed_recipient(account).filter(|_| fair);
        Some(c.confirm_recipient(named.unwrap_or(Account([0x78; 32])), account))
    }

    fn role(&mut self, c: &mut Contracts) -> Tried {
        let (governor, stranger) = (c.roles().governor, Account([9; 32]));
        self.caller = if self.fair() { governor } else { stranger };
        let (caller, someone) = (self.caller, Account([0xa0 + u8::try_from(self.rng.below(3)).expect("small"); 32]));
        Some(match self.rng.below(3) {
            0 => c.offer_governor(caller, if caller == governor { someone } else { stranger }),
            1 => {
                self.caller = c.roles().offered.filter(|_| caller == governor).unwrap_or(stranger);
                c.accept_governor(self.caller)
            }
            _ => c.set_guardian(caller, if caller == governor { GUARDIAN } else { stranger }),
        })
    }
}
