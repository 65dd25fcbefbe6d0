//! Giving a transaction to everybody. Nothing that they answer is believed.

use std::time::Duration;

use futures_util::future::join_all;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;
use williw_core::outbox::Answer;

use super::{Matter, Panel};
use crate::fault::{EndpointFault, Faults, Outage};

/// A transaction on its way, and how its chain speaks of it.
#[derive(Debug)]
pub(crate) struct Gift<T> {
    pub(crate) method: &'static str,
    pub(crate) params: Value,
    /// What whoever takes it answers with, and what that is.
    pub(crate) name: T,
    pub(crate) what: &'static str,
    /// What an endpoint means by not taking it.
    pub(crate) sorted: fn(&EndpointFault) -> Answer,
}

/// What the endpoints said to it.
#[derive(Debug)]
pub(crate) struct Given {
    /// The best of their answers.
    pub(crate) answer: Answer,
    /// Who did not take it, and why.
    pub(crate) faults: Faults,
    /// True if a quorum refused it and nobody took it or spoke of having it.
    pub(crate) refused: bool,
}

impl<S> Panel<S> {
    /// Gives the transaction to everybody who is sound. Whatever they answer, it may be taken or not.
    pub(crate) async fn give<T: DeserializeOwned + PartialEq>(
        &mut self,
        matter: Matter,
        patience: Duration,
        gift: &Gift<T>,
    ) -> Given {
        let ask = |index: usize| {
            let rpc = &self[index].rpc;
            async move {
                let answer = rpc.demand::<T>(gift.method, gift.params.clone());
                let late = EndpointFault::Unreachable(Outage::Timeout);
                (index, timeout(patience, answer).await.unwrap_or(Err(late)))
            }
        };
        let answers = join_all(self.sound(matter).into_iter().map(ask)).await;
        self.sum_up(matter, gift, answers)
    }

    /// What answers come to.
    fn sum_up<T: PartialEq>(
        &mut self,
        matter: Matter,
        gift: &Gift<T>,
        answers: Vec<(usize, Result<T, EndpointFault>)>,
    ) -> Given {
        let (mut faults, mut best, mut refusals) = (Faults::default(), Answer::Unclear, 0);
        for (index, answer) in answers {
            let fault = match answer {
                Ok(taken) if taken == gift.name => {
                    best = Answer::Taken;
                    continue;
                }
                Ok(_) => EndpointFault::Contradicts(gift.what),
                Err(fault) => fault,
            };
            let said = (gift.sorted)(&fault);
            if rank(said) > rank(best) {
                best = said;
            }
            refusals += usize::from(said == Answer::Refused);
            if fault.is_lie() {
                self.blame(matter, index, fault.clone());
            }
            faults.0.push((self[index].name.clone(), fault));
        }
        // Whoever broke off, lied or has no time may have passed it on all the same. Whoever speaks of its pin or of another
        // transaction with the same one says where to look, and not that it is refused for good.
        let refused = best == Answer::Refused && refusals >= self.quorum;
        Given { answer: best, faults, refused }
    }
}

/// Which of two answers says more.
const fn rank(answer: Answer) -> u8 {
    match answer {
        Answer::Unclear => 0,
        Answer::Refused => 1,
        Answer::Underpriced => 2,
        Answer::PinSpent => 3,
        Answer::Known => 4,
        Answer::Taken => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusing(message: &str) -> Result<u8, EndpointFault> {
        Err(EndpointFault::Refused { method: "send", code: -32_005, message: message.to_owned() })
    }

    /// What two endpoints' answers come to, where a quorum is both.
    fn given(one: Result<u8, EndpointFault>, other: Result<u8, EndpointFault>) -> (Answer, bool) {
        let urls = ["http://a.example/", "http://b.example/"].map(|url| url.parse().unwrap());
        let mut panel: Panel<()> = Panel::new(&urls).unwrap();
        let sorted = |fault: &EndpointFault| match fault {
            EndpointFault::Refused { message, .. } if message == "no money" => Answer::Refused,
            _ => Answer::Unclear,
        };
        let gift = Gift { method: "send", params: Value::Null, name: 7, what: "its name", sorted };
        let Given { answer, refused, .. } = panel.sum_up(Matter::Lookup, &gift, vec![(0, one), (1, other)]);
        (answer, refused)
    }

    #[test]
    fn a_quorum_refuses_for_good_and_whoever_has_no_time_does_not_count() {
        assert_eq!(given(refusing("no money"), refusing("no money")), (Answer::Refused, true));
        assert_eq!(given(refusing("no money"), refusing("no time")), (Answer::Refused, false));
        assert_eq!(given(refusing("no time"), refusing("no time")), (Answer::Unclear, false));
        assert_eq!(given(refusing("no money"), Err(EndpointFault::Slow)), (Answer::Refused, false));
        assert_eq!(given(refusing("no money"), Ok(7)), (Answer::Taken, false));
        assert_eq!(given(refusing("no money"), Ok(8)), (Answer::Refused, false), "another name is a lie");
    }
}
