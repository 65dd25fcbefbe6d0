//! How long anybody is waited for.
//!
//! Being slow is the cheapest way to keep bad news from a node: nothing it says is wrong, and while it is waited for the
//! chain grows stale. So nobody holds up what a quorum has said already, except where there is no way back from what it
//! said.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::{Endpoint, Matter, Panel};
use crate::fault::EndpointFault;

/// How long one step of a reading may take an endpoint, however many questions it is. A chain is stale after sixty seconds.
pub const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the others are waited for once those who have answered are enough.
pub const GRACE: Duration = Duration::from_millis(1_500);

/// The longest time for which an endpoint that was away again and again is not asked.
pub const AWAY_CAP: Duration = Duration::from_secs(60);

/// An endpoint that did not answer in time.
#[derive(Debug)]
pub(crate) struct Away {
    fault: EndpointFault,
    /// Not before this moment is it asked again, if the others are enough.
    until: Instant,
    times: u32,
}

impl<S> Endpoint<S> {
    /// Notes that it could not be waited for.
    pub(crate) fn leave(&mut self, fault: EndpointFault) {
        let times = self.away.as_ref().map_or(0, |away| away.times);
        // Once is nothing: it is asked again with the next reading.
        let pause = if times == 0 { Duration::ZERO } else { Duration::from_secs(1 << times.min(8)).min(AWAY_CAP) };
        self.away = Some(Away { fault, until: Instant::now() + pause, times: times.saturating_add(1) });
        // Who knows what comes back under this address.
        self.vetted = false;
    }

    fn is_away(&self) -> bool {
        self.away.as_ref().is_some_and(|away| away.until > Instant::now())
    }
}

impl<S> Panel<S> {
    /// Begins with whoever is worth waiting for. The fault of the others stays what it was.
    ///
    /// In a reading that takes its time everybody is asked, and waited for.
    pub(super) fn call(&mut self, matter: Matter) {
        self.patient = self.patiently.remove(&matter);
        let here = self.endpoints.iter().filter(|endpoint| !endpoint.is_away()).count();
        let everybody = self.patient || here < self.quorum;
        for endpoint in &mut self.endpoints {
            if endpoint.vetted && !endpoint.faults.values().any(EndpointFault::is_absence) {
                endpoint.away = None;
            }
            match &endpoint.away {
                Some(away) if !everybody && endpoint.is_away() => {
                    endpoint.faults.insert(matter, away.fault.clone());
                }
                _ => {
                    endpoint.faults.remove(&matter);
                }
            }
        }
    }

    /// Has the next reading of this matter ask everybody, and wait in every step until each has answered or its time is up.
    /// So it is after one that found no quorum: whoever was left out may be the one that was missing.
    pub(crate) fn take_time(&mut self, matter: Matter) {
        self.patiently.insert(matter);
    }

    /// Whoever may contradict what the others say. In a reading that takes its time that is also whoever could not be waited
    /// for in a step before, or could not say what it was about, but nobody who serves something else.
    pub(crate) fn witnesses(&self, matter: Matter) -> Vec<usize> {
        if !self.patient {
            return self.sound(matter);
        }
        let lies = |index: usize| self[index].faults.get(&matter).is_some_and(EndpointFault::is_lie);
        (0..self.endpoints.len()).filter(|&index| !lies(index)).collect()
    }

    /// The answers of all, or of those who were in time.
    pub(crate) async fn gather<T, F: Future<Output = Result<T, EndpointFault>>>(
        &self,
        asked: impl IntoIterator<Item = (usize, F)>,
        enough: impl Fn(&[(usize, T)]) -> bool,
    ) -> Vec<(usize, Result<T, EndpointFault>)> {
        self.gather_within(STEP_TIMEOUT, asked, enough).await
    }

    /// The same with a time of its own, for steps that are longer than most.
    pub(crate) async fn gather_within<T, F: Future<Output = Result<T, EndpointFault>>>(
        &self,
        time: Duration,
        asked: impl IntoIterator<Item = (usize, F)>,
        enough: impl Fn(&[(usize, T)]) -> bool,
    ) -> Vec<(usize, Result<T, EndpointFault>)> {
        let mut missing = Vec::new();
        let mut waiting: FuturesUnordered<_> = asked
            .into_iter()
            .map(|(index, answer)| {
                missing.push(index);
                async move { (index, answer.await) }
            })
            .collect();
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        let mut deadline = Instant::now() + time;
        let mut hurried = self.patient;
        loop {
            if !hurried && enough(&good) {
                hurried = true;
                deadline = deadline.min(Instant::now() + GRACE);
            }
            let Ok(Some((index, answer))) = timeout_at(deadline, waiting.next()).await else { break };
            missing.retain(|&other| other != index);
            match answer {
                Ok(answer) => good.push((index, answer)),
                Err(fault) => bad.push((index, Err(fault))),
            }
        }
        bad.extend(missing.into_iter().map(|index| (index, Err(EndpointFault::Slow))));
        bad.extend(good.into_iter().map(|(index, answer)| (index, Ok(answer))));
        // Whoever is quick is not heard first for it.
        bad.sort_by_key(|(index, _)| *index);
        bad
    }
}
