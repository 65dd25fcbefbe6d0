//! What a peer's standing must be, worked out from the contracts themselves and without the census.
//!
//! Where the census keeps digests, indices and rows, the oracle asks the model of the contracts, as it was at the last
//! final block that was delivered: would this slash be taken? does this link verify? how much is active?

use std::collections::BTreeMap;

use super::chain::Chain;
use super::people::{clock, network, person};
use crate::cycle::UnixSeconds;
use crate::ed25519::verify_strict;
use crate::fact::Body;
use crate::identity::{Account, ChainId, Owner, PeerId, Signer};
use crate::ledger::Point;
use crate::link::LinkTerms;
use crate::model::{Block, Contracts};
use crate::offence::Evidence;
use crate::reputation::{Conduct, Score};
use crate::tail::{Rumour, Tail};

/// Good, doubtful or bad; the order is from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Member,
    Probation,
    Barred,
}

/// When a chain was read last, by the simulation's own book-keeping.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    /// The journal was delivered to the final head.
    pub(super) opened: bool,
    /// When a tail was delivered.
    pub(super) at: Option<UnixSeconds>,
}

/// What the node was told, by the simulation's own book-keeping.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) tails: BTreeMap<ChainId, Vec<Rumour>>,
    pub(super) evidence: BTreeMap<Owner, Evidence>,
    pub(super) readings: BTreeMap<ChainId, Reading>,
    /// Points and when they were given; nothing of an owner whose score was lost track of.
    pub(super) scores: BTreeMap<Owner, (f64, UnixSeconds)>,
    /// The clock was wrong once; what that gave or took of scores is not worth a second opinion.
    pub(super) wrong_clock: bool,
}

/// The state of the contracts at the cursor, and its block.
pub(super) fn delivered(chain: &Chain) -> (&Contracts, Block) {
    (&chain.cursor().after, Block { height: chain.through.height, time: chain.through.time })
}

/// Whether the contracts would slash this owner for this, asked of the contracts.
pub(super) fn slashes(chain: &Chain, owner: Owner, evidence: &Evidence) -> bool {
    let (contracts, at) = delivered(chain);
    let mut trial = contracts.clone();
    trial.slash(at, evidence, Account::default()).is_ok()
        && trial.vault().operators()[&owner.account].jailed_until.is_some()
        && contracts.vault().operators()[&owner.account].jailed_until.is_none()
}

/// The present link of every owner of a chain, by the last link that its facts carry.
pub(super) fn links(chain: &Chain) -> BTreeMap<Owner, LinkTerms> {
    let mut links = BTreeMap::new();
    for fact in &chain.delivered {
        if let (Body::Registered { link, .. } | Body::Rotated { link, .. } | Body::Unjailed { link, .. }, Some(owner)) =
            (&fact.body, fact.owner())
        {
            links.insert(owner, *link);
        }
    }
    links
}

/// Whether both halves of a link agree, as nodes must check.
fn names_its_peer(owner: Owner, link: &LinkTerms) -> bool {
    verify_strict(link.peer, &link.peer_message(network(), owner), &link.peer_signature).is_ok()
}

fn faded((points, since): (f64, UnixSeconds), now: UnixSeconds) -> f64 {
    let days = now.0.saturating_sub(since.0) as f64 / 86_400.0;
    points * (-days).exp2()
}

impl Told {
    /// Hears a tail. What was heard from above its head is not taken back by it, if a slash or two endpoints said so; but an
    /// unstake whose place in its journal two endpoints show to be taken will not happen.
    pub(super) fn hear(&mut self, tail: &Tail, through: Point, now: UnixSeconds) {
        let taken = |seq: u64, journal: Account| {
            let mut shown = tail.rumours.iter().filter(|rumour| rumour.fact.journal == journal);
            shown.any(|Rumour { fact, witnesses }| witnesses.count() >= 2 && fact.seq >= seq)
        };
        let stays = |Rumour { fact, witnesses }: &Rumour| {
            let attested = witnesses.count() >= 2 && !taken(fact.seq, fact.journal);
            // No chain here makes ten blocks in a second, so nothing further up is to come soon.
            let soon = 1_000 + 10 * (now.0 + 300).saturating_sub(through.time.0);
            fact.height > tail.head.height
                && fact.height.0 - through.height.0 <= soon
                && (attested || matches!(fact.body, Body::Slashed(_)))
        };
        let before = self.tails.remove(&tail.chain).unwrap_or_default();
        let above = before.into_iter().filter(stays);
        self.tails.insert(tail.chain, tail.rumours.iter().cloned().chain(above).collect());
    }

    /// Keeps score a second time, in floats.
    pub(super) fn behaved(&mut self, owner: Owner, conduct: Conduct, now: UnixSeconds) {
        let worth = match conduct {
            Conduct::TransferServed => 0.01,
            Conduct::TransferFailed => -0.05,
            Conduct::ValidMessage => 0.001,
            Conduct::InvalidMessage => -0.02,
            Conduct::PromiseKept => 0.02,
            Conduct::PromiseBroken => -0.1,
        };
        if let Some(score) = self.scores.get_mut(&owner) {
            *score = ((faded(*score, now) + worth).clamp(-2.0, 1.0), now);
        }
    }

    /// A score is what was kept. Of an owner whose score is not known, this is where it begins.
    pub(super) fn compare(&mut self, owner: Owner, score: Score, now: UnixSeconds) -> Result<(), String> {
        let found = score.0 as f64 / 1e6;
        let kept = self.scores.entry(owner).or_insert((found, now));
        let expected = faded(*kept, now);
        if self.wrong_clock || (found - expected).abs() < 1e-4 {
            Ok(())
        } else {
            Err(format!("the score of {owner} is {found}, not {expected}"))
        }
    }

    /// The verdict on a peer.
    pub(super) fn verdict(
        &self,
        chains: &[Chain],
        peer: PeerId,
        now: UnixSeconds,
        score: impl Fn(Owner) -> Score,
    ) -> Verdict {
        let mut members: BTreeMap<Signer, Vec<(Verdict, Verdict)>> = BTreeMap::new();
        for chain in chains {
            for (owner, link) in links(chain).iter().filter(|(_, link)| link.peer == peer) {
                if names_its_peer(*owner, link) {
                    let bad = self.held_against(chain, *owner, score(*owner));
                    members.entry(link.signer).or_default().push((bad, self.word(chain, now)));
                }
            }
        }
        let of_member = |operators: &Vec<(Verdict, Verdict)>| {
            let bad = operators.iter().map(|(bad, _)| *bad).max();
            let word = operators.iter().map(|(_, word)| *word).min();
            bad.max(word).expect("a member has an operator")
        };
        members.values().map(of_member).max().unwrap_or(Verdict::Barred)
    }

    fn held_against(&self, chain: &Chain, owner: Owner, score: Score) -> Verdict {
        let (contracts, _) = delivered(chain);
        let operator = &contracts.vault().operators()[&owner.account];
        let needed = contracts.vault().parameters().min_stake;
        let mut verdict = match score.0 {
            ..=-1_000_000 => Verdict::Barred,
            -999_999..=-500_000 => Verdict::Probation,
            _ => Verdict::Member,
        };
        if operator.jailed_until.is_some() || operator.active < needed {
            verdict = Verdict::Barred;
        }
        if self.evidence.contains_key(&owner) {
            verdict = verdict.max(Verdict::Probation);
        }
        let tail = self.tails.get(&chain.id).map_or(&[][..], Vec::as_slice);
        // Stake that came in and left again is not final, so all that leaves counts against the final stake; the larger
        // of two that have the same place in the journal, on different forks.
        let mut leaving: BTreeMap<u64, (u128, u128)> = BTreeMap::new();
        for Rumour { fact, witnesses } in tail {
            let folded = contracts.heads().get(&fact.journal).is_some_and(|head| fact.seq <= head.seq);
            if folded || fact.owner() != Some(owner) {
                continue;
            }
            if let Body::Slashed(slashed) = &fact.body
                && slashes(chain, owner, &slashed.evidence)
            {
                verdict = Verdict::Barred;
            }
            if let Body::Unstaked { amount, .. } = &fact.body {
                let (told, witnessed) = leaving.entry(fact.seq).or_default();
                *told = amount.0.max(*told);
                *witnessed = if witnesses.count() >= 2 { amount.0.max(*witnessed) } else { *witnessed };
            }
        }
        let left = |pick: fn(&(u128, u128)) -> u128| operator.active.0.saturating_sub(leaving.values().map(pick).sum());
        let (told, witnessed) = (left(|leaving| leaving.0), left(|leaving| leaving.1));
        if witnessed < needed.0 {
            verdict = Verdict::Barred;
        } else if told < needed.0 {
            verdict = verdict.max(Verdict::Probation);
        }
        verdict
    }

    fn word(&self, chain: &Chain, now: UnixSeconds) -> Verdict {
        let reading = self.readings.get(&chain.id).copied().unwrap_or_default();
        match reading.at {
            Some(at) if reading.opened && now.0.saturating_sub(at.0) > 60 => Verdict::Probation,
            Some(_) if reading.opened => Verdict::Member,
            Some(_) | None => Verdict::Barred,
        }
    }
}

/// The ledger says of each owner what the contracts say.
pub(super) fn compare(ledger: &crate::ledger::Ledger, chain: &Chain) -> Result<(), String> {
    let (contracts, at) = delivered(chain);
    if at.height.0 == 0 {
        return Ok(()); // nothing was delivered yet
    }
    let now = clock().cycle(at.time).ok_or("a block before genesis")?;
    let (vault, books) = (contracts.vault(), ledger.chain(chain.id).ok_or("the ledger lost a chain")?);
    let check = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{}: {what} differ", chain.id)) };
    check(books.through == chain.through, "cursors")?;
    let operators = ledger.operators().iter().filter(|(owner, _)| owner.chain == chain.id);
    check(operators.clone().count() == vault.operators().len(), "numbers of operators")?;
    for (owner, known) in operators {
        let real = &vault.operators()[&owner.account];
        let same = (known.active, known.queued, known.signer, known.nonce, known.term, known.index)
            == (real.active, real.queued(), real.signer, real.nonce, real.term, real.index);
        check(same, &format!("records of person {}", person(owner.account)))?;
        check(known.jailed.is_some() == real.jailed_until.is_some(), "jails")?;
        check(known.stake.at(now) == real.stake.at(now), "cycle stakes")?;
    }
    check(books.total.at(now) == vault.total().at(now), "totals")?;
    let tenures = ledger.signers().iter().filter(|((id, _), _)| *id == chain.id);
    check(tenures.map(|((_, signer), tenure)| (signer, tenure)).eq(vault.signers()), "signers")?;
    check(contracts.heads().iter().all(|(journal, head)| ledger.head(chain.id, *journal) == *head), "heads")?;
    check(books.vault.as_ref().is_none_or(|known| known == vault.parameters()), "parameters")?;
    check(books.funded == contracts.pool().funded(), "funds")?;
    // Contracts that have seen a later time may have settled a root that a cursor taken back has still before it.
    let active = contracts.pool().active_at(at.time);
    let seen_later = chain.cursor().point.time > at.time;
    check(seen_later || books.active_root().map(|posted| posted.root) == active, "active roots")?;
    check(books.closed == contracts.pool().closed(), "closed cycles")
}
