//! Trying a transaction before it is signed, as a quorum comes to the same end.

use anchor_client::compat::solana_message::legacy::Message;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use williw_core::cycle::Height;

use crate::send::SendError;
use crate::solana::Solana;
use crate::solana::ask::AtSlot;

use super::message::unsigned;
use super::refusal::Failure;
use super::{COMPUTE_CAP, MATTER};

/// What every transaction gets on top of what it took when it was tried, beside a quarter: an address that has to be looked
/// for once more, or an account that somebody else made meanwhile, costs that.
const SPARE_UNITS: u64 = 6_000;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tried {
    err: Option<Value>,
    logs: Option<Vec<String>>,
    units_consumed: Option<u64>,
}

impl Solana {
    /// How many compute units the transaction is given. Fails in words if it would fail on the chain.
    pub(super) async fn trial(&mut self, message: &Message, behind: Height, what: &str) -> Result<u32, SendError> {
        let options = json!({
            "encoding": "base64",
            "commitment": "confirmed",
            // Nothing is signed yet, and blockhashes have been asked about.
            "sigVerify": false,
            "replaceRecentBlockhash": true,
            "minContextSlot": behind.0,
        });
        let params = json!([BASE64_STANDARD.encode(unsigned(message)), options]);
        let tried: Vec<(usize, AtSlot<Tried>)> = self.poll("simulateTransaction", params, behind).await;
        let failure = |tried: &Tried| tried.err.as_ref().map(|err| Failure::read(err, tried.logs.as_deref()));
        let failures = tried.iter().map(|(index, tried)| (*index, failure(&tried.value))).collect();
        if let Some(failure) = self.panel.agree_on(MATTER, "whether the call goes through", failures)? {
            let refusal = failure.in_words(&self.addresses.program);
            return Err(SendError::Refused { what: what.to_owned(), refusal });
        }
        let sound = self.panel.sound(MATTER);
        let units = tried.into_iter().filter(|(index, _)| sound.contains(index));
        let units = units.map(|(index, tried)| (index, tried.value.units_consumed.unwrap_or_default())).collect();
        let units = self.panel.middle_of(MATTER, "the compute units of the call", units)?;
        limit(units).ok_or_else(|| SendError::TooManyUnits { what: what.to_owned(), units })
    }
}

/// None if it is beyond what any verb needs.
fn limit(units: u64) -> Option<u32> {
    let units = units.saturating_add(units / 4).saturating_add(SPARE_UNITS);
    u32::try_from(units).ok().filter(|units| *units <= COMPUTE_CAP)
}

#[cfg(test)]
mod tests {
    use super::{COMPUTE_CAP, limit};

    #[test]
    fn a_transaction_gets_more_than_it_took_and_never_more_than_the_cap() {
        assert_eq!(limit(0), Some(6_000));
        assert_eq!(limit(80_000), Some(106_000));
        assert_eq!(limit(u64::from(COMPUTE_CAP)), None);
        assert_eq!(limit(u64::MAX), None);
    }
}
