//! The endpoints of one chain, asked together.
//!
//! Whatever a chain is like, its endpoints are asked in readings: one *matter* at a time, each endpoint vetted before
//! anything else it says counts, those who fail named, and what a quorum of the others says believed. A reading uses no
//! endpoint that it found at fault; the next reading of the same matter asks it again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Index, IndexMut};

use url::Url;
use williw_core::cycle::Height;

use crate::endpoint::{EndpointName, SettingsFault, check, names};
use crate::fault::{ChainError, EndpointFault, Faults};
use crate::quorum::{agreed, quorum_of};
use crate::rpc::{self, Rpc};

mod give;
mod wait;

pub(crate) use give::{Gift, Given};
use wait::Away;
pub use wait::{AWAY_CAP, GRACE, STEP_TIMEOUT};

/// What a fault was found in. The next reading of the same matter takes it back unless it finds it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Matter {
    Finals,
    Tail,
    Lookup,
}

/// One endpoint, and what a chain's reader keeps of what it showed.
#[derive(Debug)]
pub(crate) struct Endpoint<S> {
    pub(crate) name: EndpointName,
    pub(crate) rpc: Rpc,
    /// It serves our chain and our network, as far as is known since it was last away.
    pub(crate) vetted: bool,
    pub(crate) away: Option<Away>,
    pub(crate) faults: BTreeMap<Matter, EndpointFault>,
    pub(crate) seen: S,
}

/// All endpoints of a chain. They are called by their place in the settings.
#[derive(Debug)]
pub(crate) struct Panel<S> {
    pub(crate) endpoints: Vec<Endpoint<S>>,
    pub(crate) quorum: usize,
    /// What is read with patience the next time: it could not be read the last time, or there is no way back from it.
    patiently: BTreeSet<Matter>,
    /// Whether this reading waits for everybody.
    patient: bool,
}

/// How an endpoint does, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointStatus {
    pub name: EndpointName,
    /// The newest block it showed.
    pub latest: Option<Height>,
    /// The newest block it called final.
    pub finalized: Option<Height>,
    /// What is wrong with it, as of the last reading of each matter.
    pub fault: Option<EndpointFault>,
    /// Whether it proved the vault's storage when it was last asked. One that does not is no liar for that.
    pub proven: bool,
    /// How many requests were sent to it.
    pub requests: u64,
}

impl<S: Default> Panel<S> {
    /// The endpoints at these addresses. Nobody is asked yet.
    pub(crate) fn new(rpcs: &[Url]) -> Result<Self, SettingsFault> {
        check(rpcs)?;
        let client = rpc::client().ok_or(SettingsFault::Client)?;
        let endpoint = |(name, url): (EndpointName, &Url)| Endpoint {
            name,
            rpc: Rpc::new(client.clone(), url.clone()),
            vetted: false,
            away: None,
            faults: BTreeMap::new(),
            seen: S::default(),
        };
        Ok(Self {
            endpoints: names(rpcs).into_iter().zip(rpcs).map(endpoint).collect(),
            quorum: quorum_of(rpcs.len()),
            patiently: BTreeSet::new(),
            patient: false,
        })
    }
}

impl<S> Endpoint<S> {
    /// What is worst about it: a lie is worth more attention than an outage.
    pub(crate) fn fault(&self) -> Option<EndpointFault> {
        self.faults.values().max_by_key(|fault| fault.is_lie()).cloned()
    }
}

impl<S> Panel<S> {
    /// Starts a reading: forgets what the last one of this matter found, and says who has to be vetted first, beside how
    /// many that are vetted.
    pub(crate) fn begin(&mut self, matter: Matter) -> (usize, Vec<usize>) {
        self.call(matter);
        let called = |index: &usize| !self[*index].faults.contains_key(&matter);
        let (vetted, unvetted): (Vec<_>, Vec<_>) =
            (0..self.endpoints.len()).filter(called).partition(|&index| self[index].vetted);
        (vetted.len(), unvetted)
    }

    /// Notes who stood the vetting.
    pub(crate) fn admit(&mut self, matter: Matter, answers: Vec<(usize, Result<(), EndpointFault>)>) {
        for (index, ()) in self.settle(matter, answers) {
            self[index].vetted = true;
        }
    }

    /// Notes the faults among some answers and gives the rest back.
    pub(crate) fn settle<T>(
        &mut self,
        matter: Matter,
        answers: Vec<(usize, Result<T, EndpointFault>)>,
    ) -> Vec<(usize, T)> {
        let mut good = Vec::with_capacity(answers.len());
        for (index, answer) in answers {
            match answer {
                Ok(answer) => good.push((index, answer)),
                Err(fault) => self.blame(matter, index, fault),
            }
        }
        good
    }

    /// Notes a fault; the first one found in a reading stays.
    pub(crate) fn blame(&mut self, matter: Matter, index: usize, fault: EndpointFault) {
        let endpoint = &mut self[index];
        if fault.is_absence() && !endpoint.faults.contains_key(&matter) {
            endpoint.leave(fault.clone());
        }
        endpoint.faults.entry(matter).or_insert(fault);
    }

    /// Takes back what was found in look-ups against those who did well in a later reading: a look-up may never come again.
    pub(crate) fn clear_lookups(&mut self, matter: Matter) {
        for index in self.sound(matter) {
            self[index].faults.remove(&Matter::Lookup);
        }
    }

    /// The endpoints that this reading has found nothing against.
    pub(crate) fn sound(&self, matter: Matter) -> Vec<usize> {
        (0..self.endpoints.len()).filter(|&index| self.is_sound(matter, index)).collect()
    }

    pub(crate) fn is_sound(&self, matter: Matter, index: usize) -> bool {
        let endpoint = &self[index];
        endpoint.vetted && !endpoint.faults.contains_key(&matter)
    }

    /// The sound endpoints, beginning with the one whose turn it is.
    pub(crate) fn in_turn(&self, matter: Matter, turn: usize) -> Vec<usize> {
        let count = self.endpoints.len();
        let order = (0..count).map(|step| (turn + step) % count);
        order.filter(|&index| self.is_sound(matter, index)).collect()
    }

    /// What this reading has found.
    pub(crate) fn faults(&self, matter: Matter) -> Faults {
        let fault = |endpoint: &Endpoint<S>| Some((endpoint.name.clone(), endpoint.faults.get(&matter)?.clone()));
        Faults(self.endpoints.iter().filter_map(fault).collect())
    }

    /// An error unless a quorum of these heights is near the one on which they agreed. One that stands still may be among a
    /// bare quorum: then the others are far above what it lets them agree on, and nobody can say who is right.
    pub(crate) fn near(
        &mut self,
        matter: Matter,
        what: &'static str,
        heights: impl IntoIterator<Item = Height>,
        (agreed, lag): (Height, u64),
    ) -> Result<(), ChainError> {
        let near = heights.into_iter().filter(|height| height.0.abs_diff(agreed.0) <= lag).count();
        if near >= self.quorum { Ok(()) } else { Err(self.no_quorum(matter, what)) }
    }

    pub(crate) fn no_quorum(&mut self, matter: Matter, what: &'static str) -> ChainError {
        self.take_time(matter);
        ChainError::NoQuorum { what, quorum: self.quorum, faults: self.faults(matter) }
    }

    /// What a quorum says. Whoever says something else is named; where no quorum agrees, all of them are.
    pub(crate) fn agree_on<T: Ord>(
        &mut self,
        matter: Matter,
        what: &'static str,
        claims: Vec<(usize, T)>,
    ) -> Result<T, ChainError> {
        let compared: Vec<_> = claims.iter().map(|(index, claim)| (*index, claim)).collect();
        let truth = agreed(&compared, self.quorum);
        let others: Vec<usize> =
            compared.iter().filter(|(_, claim)| Some(*claim) != truth).map(|(index, _)| *index).collect();
        // Too few that say the same contradict nobody.
        let differ = compared.windows(2).any(|pair| pair[0].1 != pair[1].1);
        for index in others.iter().filter(|_| differ) {
            self.blame(matter, *index, EndpointFault::Contradicts(what));
        }
        let agreeing = claims.into_iter().find(|(index, _)| !others.contains(index));
        agreeing.map(|(_, claim)| claim).ok_or_else(|| self.no_quorum(matter, what))
    }

    /// The middle of what everybody says, for numbers that honest endpoints may differ in. Of two the higher one.
    pub(crate) fn middle_of<T: Ord>(
        &mut self,
        matter: Matter,
        what: &'static str,
        claims: Vec<(usize, T)>,
    ) -> Result<T, ChainError> {
        let enough = claims.len() >= self.quorum;
        let middle = enough.then(|| middle(claims.into_iter().map(|(_, claim)| claim).collect())).flatten();
        middle.ok_or_else(|| self.no_quorum(matter, what))
    }
}

impl<S> Index<usize> for Panel<S> {
    type Output = Endpoint<S>;

    fn index(&self, index: usize) -> &Self::Output {
        &self.endpoints[index]
    }
}

impl<S> IndexMut<usize> for Panel<S> {
    fn index_mut(&mut self, index: usize) -> &mut Self::Output {
        &mut self.endpoints[index]
    }
}

/// While the liars are fewer than the honest, honest answers lie on both sides of this, or it is one. Only of two it is
/// whatever the higher one says.
fn middle<T: Ord>(mut answers: Vec<T>) -> Option<T> {
    answers.sort_unstable();
    let middle = answers.len() / 2;
    answers.into_iter().nth(middle)
}

#[cfg(test)]
mod tests {
    use super::middle;

    #[test]
    fn one_liar_among_three_moves_no_number_beyond_the_honest_ones() {
        assert_eq!(middle(vec![0, 21, 20]), Some(20));
        assert_eq!(middle(vec![20, 99, 21]), Some(21));
        assert_eq!(
            middle(vec![20, 0]),
            Some(20),
            "of two the higher one: too little gas fails, too much costs nothing"
        );
        assert_eq!(middle(vec![20]), Some(20));
        assert_eq!(middle::<u64>(vec![]), None);
    }
}
