//! Trying a transaction before it is signed, as a quorum comes to the same end.

use anchor_client::compat::solana_message::legacy::Message;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::EndpointFault;
use crate::send::SendError;
use crate::solana::Solana;
use crate::solana::ask::AtSlot;

use super::message::unsigned;
use super::refusal::Failure;
use super::{COMPUTE_CAP, MATTER};

/// What every transaction gets on top of what it took when it was tried, beside a quarter: an address that has to be looked
/// for once more, or an account that somebody else made meanwhile, costs that.
const SPARE_UNITS: u32 = 6_000;

const METHOD: &str = "simulateTransaction";
const UNITS: &str = "the compute units of the call";

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    err: Option<Value>,
    logs: Option<Vec<String>>,
    units_consumed: Option<u64>,
}

impl Solana {
    /// How many compute units the transaction is given. Fails in words if it would fail on the chain.
    pub(super) async fn trial(&mut self, message: &Message, what: &str) -> Result<u32, SendError> {
        let options = json!({
            "encoding": "base64",
            "commitment": "confirmed",
            // Nothing is signed yet, and the blockhash is taken last of all.
            "sigVerify": false,
            "replaceRecentBlockhash": true,
        });
        let params = json!([BASE64_STANDARD.encode(unsigned(message)), options]);
        let tried: Vec<(usize, AtSlot<Tried>)> = self.poll(METHOD, params).await;
        let failure = |tried: &Tried| tried.err.as_ref().map(|err| Failure::read(err, tried.logs.as_deref()));
        let failures = tried.iter().map(|(index, tried)| (*index, failure(&tried.value))).collect();
        if let Some(failure) = self.panel.agree_on(MATTER, "whether the call goes through", failures)? {
            let refusal = failure.in_words(&self.addresses.program);
            return Err(SendError::Refused { what: what.to_owned(), refusal });
        }
        let sound = self.panel.sound(MATTER);
        let units = tried.into_iter().filter(|(index, _)| sound.contains(index));
        let units = units.map(|(index, tried)| (index, possible(tried.value.units_consumed))).collect();
        let units = self.panel.settle(MATTER, units);
        Ok(limit(self.panel.middle_of(MATTER, UNITS, units)?))
    }
}

/// What a trial took, if it can have: it was not given more than the cap.
fn possible(units: Option<u64>) -> Result<u32, EndpointFault> {
    let units = units.ok_or(EndpointFault::Undecodable(METHOD))?;
    u32::try_from(units).ok().filter(|units| *units <= COMPUTE_CAP).ok_or(EndpointFault::Contradicts(UNITS))
}

/// What a transaction is given that took so much.
fn limit(units: u32) -> u32 {
    units.saturating_add(units / 4).saturating_add(SPARE_UNITS).min(COMPUTE_CAP)
}

#[cfg(test)]
mod tests {
    use super::{COMPUTE_CAP, EndpointFault, METHOD, UNITS, limit, possible};

    #[test]
    fn a_transaction_gets_more_than_it_took_and_never_more_than_the_cap() {
        assert_eq!(limit(0), 6_000);
        assert_eq!(limit(80_000), 106_000);
        assert_eq!(limit(COMPUTE_CAP - 1), COMPUTE_CAP);
        assert_eq!(limit(u32::MAX), COMPUTE_CAP);
    }

    #[test]
    fn what_no_trial_can_have_taken_is_not_counted() {
        assert_eq!(possible(Some(u64::from(COMPUTE_CAP))), Ok(COMPUTE_CAP));
        for too_many in [u64::from(COMPUTE_CAP) + 1, u64::from(u32::MAX) + 2, u64::MAX] {
            assert_eq!(possible(Some(too_many)), Err(EndpointFault::Contradicts(UNITS)), "{too_many}");
        }
        assert_eq!(possible(None), Err(EndpointFault::Undecodable(METHOD)));
    }
}
