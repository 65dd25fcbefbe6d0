//! The rules of standing, in one place.

use std::collections::BTreeMap;

use super::{Census, Freshness};
use crate::amount::Amount;
use crate::cycle::{Height, UnixSeconds};
use crate::identity::{ChainId, Owner, PeerId, Signer};
use crate::ledger::Operator;
use crate::reputation::{BARRED_AT, PROBATION_AT};
use crate::standing::{Bar, Doubt, Standing};

impl Census {
    /// Where the peer stands: the worst of what its members do.
    pub(super) fn judge(&self, peer: PeerId, now: UnixSeconds) -> Standing {
        let mut owners = self.roster.owners(peer);
        match (owners.next(), owners.next()) {
            (None, _) => Standing::Barred(Bar::Unknown),
            (Some(only), None) => self.judge_operator(only, now).worse(self.word_of(only.chain)),
            (Some(_), Some(_)) => self
                .explain(peer, now)
                .into_iter()
                .map(|(_, standing)| standing)
                .fold(Standing::Member, Standing::worse),
        }
    }

    /// Every owner behind a peer with what is held against it, for people who ask why.
    ///
    /// Bad facts count whether or not their chain can be read; for the good ones the word of one chain that can be read
    /// is enough for all operators of a member, that is, for those with the same signer.
    #[must_use]
    pub fn explain(&self, peer: PeerId, now: UnixSeconds) -> Vec<(Owner, Standing)> {
        let signer = |owner: Owner| self.ledger.operator(owner).map(|operator| operator.signer);
        let mut words: BTreeMap<Option<Signer>, Standing> = BTreeMap::new();
        for owner in self.roster.owners(peer) {
            let word = self.word_of(owner.chain);
            words.entry(signer(owner)).and_modify(|best| *best = best.better(word)).or_insert(word);
        }
        let standing = |owner: Owner| self.judge_operator(owner, now).worse(words[&signer(owner)]);
        self.roster.owners(peer).map(|owner| (owner, standing(owner))).collect()
    }

    /// What the word of a chain is worth to somebody of whom it says nothing bad.
    fn word_of(&self, chain: ChainId) -> Standing {
        match self.freshness(chain).unwrap_or_default() {
            Freshness::Fresh | Freshness::Halted => Standing::Member,
            Freshness::Stale => Standing::Probation(Doubt::Stale { chain }),
            Freshness::Unread => Standing::Barred(Bar::Unread { chain }),
        }
    }

    /// Everything that is held against one operator.
    fn judge_operator(&self, owner: Owner, now: UnixSeconds) -> Standing {
        let Some(operator) = self.ledger.operator(owner) else { return Standing::Barred(Bar::Unknown) };
        let accused = self.evidence.contains_key(&owner);
        [
            self.judge_stake(owner, operator),
            if accused { Standing::Probation(Doubt::Equivocated { chain: owner.chain }) } else { Standing::Member },
            self.judge_conduct(owner, now),
        ]
        .into_iter()
        .fold(Standing::Member, Standing::worse)
    }

    /// Final facts count as they are; of the unfinal ones only the bad.
    fn judge_stake(&self, owner: Owner, operator: &Operator) -> Standing {
        let chain = owner.chain;
        if let Some(jailed) = operator.jailed {
            return Standing::Barred(Bar::Jailed { chain, height: jailed.height });
        }
        let news = self.watches.get(&chain).and_then(|watch| watch.news.get(&owner));
        if let Some(height) = news.and_then(|news| news.slash) {
            return Standing::Barred(Bar::SlashPending { chain, height });
        }
        let Some(parameters) = self.ledger.chain(chain).and_then(|books| books.vault) else {
            return Standing::Barred(Bar::Unread { chain });
        };
        let needed = parameters.min_stake;
        if operator.active < needed {
            let (active, height) = (operator.active, operator.changed);
            return Standing::Barred(Bar::StakeTooSmall { chain, height, active, needed });
        }
        let left = |news: Option<(Amount, Height)>| {
            let (leaving, height) = news?;
            Some((operator.active.less(leaving), height)).filter(|(active, _)| *active < needed)
        };
        if let Some((active, height)) = news.and_then(|news| left(news.witnessed)) {
            return Standing::Barred(Bar::StakeTooSmall { chain, height, active, needed });
        }
        if let Some((active, height)) = news.and_then(|news| left(news.told)) {
            return Standing::Probation(Doubt::Unstaking { chain, height, active });
        }
        Standing::Member
    }

    fn judge_conduct(&self, owner: Owner, now: UnixSeconds) -> Standing {
        let Some(reputation) = self.reputation.get(&owner) else { return Standing::Member };
        let score = reputation.at(now);
        if score <= BARRED_AT {
            Standing::Barred(Bar::Disreputable { score })
        } else if score <= PROBATION_AT {
            Standing::Probation(Doubt::Disreputable { score })
        } else {
            Standing::Member
        }
    }

    /// Keeps an eye on those who stand badly only until something is forgotten.
    pub(super) fn note_ripening(&mut self, peer: PeerId, now: UnixSeconds) {
        let mut owners = self.roster.owners(peer);
        if owners.any(|owner| !self.judge_conduct(owner, now).is_member()) {
            self.ripening.insert(peer);
        } else {
            self.ripening.remove(&peer);
        }
    }
}
